//! Giving and ending access (REV-01–11). The first share of a person makes their identity and sends an invitation; later
//! ones are told by mail. What ends, ends at once: reading, commands, reply addresses, queued mail.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Act, Answer, calendar};
use crate::domain::{Item, Kind, PersonId};
use crate::outbound::letter::{self, Letter, Notice, SharedThing, TaskNews};
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::numbers::Reader;
use crate::store::shares::{Circumstances, NewShare, Source, Subject};
use crate::store::threads::About;

/// Shares a thing with a contact (REV-10); true if it was not shared before.
pub fn share(act: &Act<'_>, person: PersonId, item: Item, notify: bool, message: &str) -> Answer<bool> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Share, Subject::Item(item), receiver));
    let share =
        NewShare { person, item, source: Source::Direct, notify, message: message.to_owned(), by: act.actor.id };
    Ok(Ok(grant(act, &share)?))
}

/// Makes the share and tells the person, without asking: the caller has asked for the act that implies it.
pub(super) fn grant(act: &Act<'_>, new: &NewShare) -> Result<bool> {
    let Some(row) = act.tx.add_share(act.firm.id, new, act.now)? else { return Ok(false) };
    act.audit("share", new.item, json!({"with": new.person, "share": row, "source": new.source.word()}))?;
    let Some(person) = act.tx.person(act.firm.id, new.person)? else { return Ok(true) };
    if person.accepted_at.is_none() {
        // Nothing is told before the invitation is accepted; the welcome then lists all that is shared. A quiet share waits
        // for an invitation that somebody sends.
        if new.notify {
            super::invitations::ensure(act, &person, &new.message)?;
        }
    } else if new.notify {
        match new.item.kind {
            // Its invitation tells of it, and is the caller's.
            Kind::Event => {}
            Kind::Task => {
                let letter = Letter::Task { task: new.item, news: TaskNews::Assigned };
                act.tell(new.person, letter, About::Item(new.item))?;
            }
            _ => {
                let things = vec![SharedThing { share: row, item: new.item, message: new.message.clone() }];
                let letter = Letter::Shared { things, by: new.by };
                act.tell_with_others(new.person, letter, About::Item(new.item), format!("shared:{}", new.by))?;
            }
        }
    }
    Ok(true)
}

/// Ends a person's access to a thing (REV-02); false if they had none.
pub fn unshare(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Answer<bool> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Unshare, Subject::Item(item), receiver));
    Ok(Ok(end(act, person, item, reason)?))
}

/// What came of ending several things of one person's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ended {
    /// What they had and have no more, matters first.
    pub things: Vec<Item>,
    /// How many mails about it waited to leave, and do not leave any more.
    pub dropped: u32,
    /// How many events are taken out of their calendar.
    pub cancelled: u32,
    /// How many tasks are nobody's now.
    pub unassigned: u32,
}

/// Ends a person's access to several things, and tells them once (REV-02).
pub fn unshare_all(act: &Act<'_>, person: PersonId, items: &[Item], reason: &str) -> Answer<Ended> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    let mut ended = Ended::default();
    for item in items {
        allowed!(act.ask_about(Ability::Unshare, Subject::Item(*item), receiver));
        let Some(dropped) = take(act, person, *item, reason)? else { continue };
        ended.dropped = ended.dropped.saturating_add(dropped);
        let (is_event, is_task) = (item.kind == Kind::Event, item.kind == Kind::Task);
        if is_event && calendar::was_withdrawn(act, person, *item)? {
            ended.cancelled = ended.cancelled.saturating_add(1);
        }
        ended.unassigned = ended.unassigned.saturating_add(u32::from(is_task));
        ended.things.push(*item);
    }
    // The letter begins with what they know best.
    ended.things.sort_by_key(|i| i.kind != Kind::Matter);
    tell_ended(act, person, &ended.things)?;
    Ok(Ok(ended))
}

/// Ends everything of a matter, for everybody outside the firm who has something of it (REV-09).
pub fn end_matter(act: &Act<'_>, matter: Item, reason: &str) -> Answer<Vec<(PersonId, Ended)>> {
    let mut by_person: BTreeMap<PersonId, Vec<Item>> = BTreeMap::new();
    for share in act.tx.live_shares_in(act.firm.id, matter.id, act.now)? {
        by_person.entry(share.person).or_default().push(share.item);
    }
    let mut all = Vec::new();
    for (person, items) in by_person {
        all.push((person, allowed!(unshare_all(act, person, &items, reason))));
    }
    Ok(Ok(all))
}

/// Ends the share and tells the person, without asking.
pub(super) fn end(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Result<bool> {
    // Each thing that ends is told, though one act ends several and the answers go to the firm.
    let cause = format!("{}:{}-{}", act.cause, item.kind.prefix(), item.id);
    let act = &Act { cause: &cause, ..*act };
    let ended = take(act, person, item, reason)?.is_some();
    if ended {
        tell_ended(act, person, &[item])?;
    }
    Ok(ended)
}

/// Ends the actor's own access to what was not meant for them, at once: to the thing, to the folders that reach it, and
/// with a matter to everything of it (practice.md, Rule 4.4(b)). The firm hears of it; gives what ended.
pub fn give_back(act: &Act<'_>, item: Item) -> Answer<Vec<Item>> {
    allowed!(act.ask(Ability::GiveBack, item));
    let (firm, person) = (act.firm.id, act.actor.whose());
    let matter = act.tx.matter_of(firm, item)?;
    let mut reaching = vec![item];
    match item.kind {
        Kind::Matter => {
            for share in act.tx.live_shares(firm, person, act.now)? {
                if act.tx.matter_of(firm, share.item)? == Some(item.id) && share.item != item {
                    reaching.push(share.item);
                }
            }
        }
        Kind::Note | Kind::Communication => reaching.extend(matter.map(|row| Item::new(Kind::Matter, row))),
        _ => reaching.extend(act.tx.folders_above(firm, item)?),
    }
    let mut ended = Vec::new();
    for thing in reaching {
        if take(act, person, thing, "given back")?.is_some() {
            ended.push(thing);
        }
    }
    act.audit("give_back", item, json!({"ended": ended.len()}))?;
    if let Some(lawyer) = act.responsible(matter)? {
        let letter = Letter::Notice {
            notice: Notice::GivenBack { item, ended: ended.clone(), inbox: act.inbox },
            about: person,
        };
        act.tell(lawyer, letter, About::Firm)?;
    }
    Ok(Ok(ended))
}

/// Tells the person, in one letter, that their access to these things ended; nobody who never accepted, and nothing of what
/// no mail ever showed them. An event that stands in their calendar is taken out of it by a mail of its own, which says it.
pub fn tell_ended(act: &Act<'_>, person: PersonId, items: &[Item]) -> Result<()> {
    let mut untold = Vec::new();
    for item in items {
        let is_told_apart = item.kind == Kind::Event && calendar::was_withdrawn(act, person, *item)?;
        if !is_told_apart && was_told(act, person, *item)? {
            untold.push(*item);
        }
    }
    let items = untold.as_slice();
    let accepted = act.tx.person(act.firm.id, person)?.is_some_and(|p| p.accepted_at.is_some());
    let Some((first, others)) = items.split_first().filter(|_| accepted) else { return Ok(()) };
    let number = |item: &Item| -> Result<Option<u32>> {
        Ok(act.tx.number(act.firm.id, Reader::Contact(person), *item)?.map(|id| id.number))
    };
    let letter = Letter::AccessEnded {
        kind: first.kind,
        number: number(first)?,
        others: others.iter().map(|i| Ok((i.kind, number(i)?))).collect::<Result<_>>()?,
    };
    act.tell(person, letter, About::Firm)
}

/// True if a mail showed the person this thing, or something that lies in it.
fn was_told(act: &Act<'_>, person: PersonId, item: Item) -> Result<bool> {
    let (tx, firm) = (act.tx, act.firm.id);
    let mut open = vec![item];
    // Folders are made in folders that are there, so that there is no ring; the bound is for a store that was damaged.
    for _ in 0..10_000 {
        let Some(next) = open.pop() else { return Ok(false) };
        if tx.was_shown(firm, person, next)? {
            return Ok(true);
        }
        if next.kind == Kind::Folder {
            open.extend(tx.folder_children(firm, next.id)?.iter().map(|f| f.item()));
            open.extend(tx.documents_in_folder(firm, next.id)?.iter().map(|d| d.item()));
        }
    }
    Ok(false)
}

/// Ends the share, and what hangs on it, untold; gives how many mails that waited are dropped, none if there was no share.
pub(super) fn take(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Result<Option<u32>> {
    if !act.tx.end_share(act.firm.id, person, item, act.actor.id, reason, act.now)? {
        return Ok(None);
    }
    match item.kind {
        Kind::Event => calendar::withdraw(act, person, item)?,
        Kind::Conversation => {
            act.tx.remove_member(act.firm.id, item.id, person, act.now)?;
        }
        Kind::Task => {
            let assigned = act.tx.task(act.firm.id, item.id)?.and_then(|t| t.assignee);
            if assigned == Some(person) {
                act.tx.assign_task(act.firm.id, item.id, None)?;
            }
        }
        _ => {}
    }
    act.tx.revoke_threads(act.firm.id, person, item, act.now)?;
    act.audit("unshare", item, json!({"from": person}))?;
    super::invitations::withdraw_if_nothing_is_shared(act, person)?;
    super::assistants::end_if_nothing_is_shared(act, person)?;
    Ok(Some(drop_waiting(act, person)?))
}

/// Drops the mails that wait to leave for a person and would show nothing that they may still see; those that were
/// written already, if they show anything that they may not. What is mixed is written when it leaves, without it.
fn drop_waiting(act: &Act<'_>, person: PersonId) -> Result<u32> {
    let firm = act.firm.id;
    let gone =
        |item: &Item| -> Result<bool> { Ok(!act.tx.ask(firm, person, Ability::View, *item, act.now)?.is_allowed()) };
    let mut dropped = 0_u32;
    for waiting in act.tx.queued_letters(firm, person)? {
        let shown: Vec<Item> = act.tx.disclosures(waiting.id)?.iter().map(|d| d.item).collect();
        let about = letter::read(&waiting.content)?.items();
        let is_over = match shown.is_empty() {
            true => !about.is_empty() && about.iter().map(gone).collect::<Result<Vec<_>>>()?.into_iter().all(|g| g),
            false => shown.iter().map(gone).collect::<Result<Vec<_>>>()?.into_iter().any(|g| g),
        };
        if is_over && act.tx.cancel_letter(waiting.id, "RIGHT_ENDED")? {
            dropped = dropped.saturating_add(1);
        }
    }
    Ok(dropped)
}

#[cfg(test)]
mod tests {
    use super::super::post::{Mail, Post, new_matter, now};
    use super::*;
    use crate::store::matters::Sensitivity;
    use crate::store::tasks::NewTask;
    use jiff::SignedDuration;

    fn only(mails: Vec<Mail>) -> Mail {
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        mail.clone()
    }

    fn matter(post: &Post, sensitivity: Sensitivity) -> Item {
        let (firm, anna) = (post.firm.id, post.anna);
        post.write(move |tx| tx.add_matter(firm, &new_matter(anna, sensitivity), now()))
    }

    #[test]
    fn a_matters_mail_says_what_comes_with_it_and_where_to_write() {
        let post = Post::with_jane();
        post.share(matter(&post, Sensitivity::Confidential));
        let mail = only(post.deliver(now()));
        assert_eq!(mail.subject, "Matter M-2: 2026-00confidential");
        assert!(mail.text.contains("M-2: 2026-00confidential, Reed v. Marsh"), "{}", mail.text);
        assert!(mail.text.contains("m-2@gw.hale.example") && mail.text.contains("Responsible: Anna Smith"));
        assert!(mail.text.contains("Its tasks, documents, events and bills do not"), "{}", mail.text);
    }

    #[test]
    fn a_restricted_matters_mails_carry_no_name_and_no_description() {
        let post = Post::with_jane();
        let restricted = matter(&post, Sensitivity::Restricted);
        post.share(restricted);
        let mail = only(post.deliver(now()));
        assert!(!mail.text.contains("Reed") && !mail.text.contains("I look forward"), "{}", mail.text);
        assert!(
            mail.text.contains("Anna Smith added a message that mails about this matter do not show."),
            "{}",
            mail.text
        );
        let (firm, anna) = (post.firm.id, post.anna);
        let (name, matter) = ("Draft plea".to_owned(), Some(restricted.id));
        let task = NewTask { name, matter, assigner: Some(anna), ..NewTask::default() };
        post.assign(post.write(move |tx| tx.add_task(firm, &task, now())));
        assert_eq!(only(post.deliver(now())).subject, "Task T-1");
    }

    #[test]
    fn a_folders_mail_lists_what_is_in_it_and_nothing_beside_it() {
        let post = Post::with_jane();
        let folder = post.folder("Pleadings");
        post.document("Claim.pdf", Some(folder.id));
        post.document("Elsewhere.pdf", None);
        post.share(folder);
        let mail = only(post.deliver(now()));
        assert_eq!(mail.subject, "Folder F-1: Pleadings");
        assert!(
            mail.text.contains("D-1: Claim.pdf (PDF, 212 kB)") && !mail.text.contains("Elsewhere"),
            "{}",
            mail.text
        );
    }

    #[test]
    fn rev_02_the_mail_about_an_ended_access_shows_a_number_and_nothing_else() {
        let post = Post::with_jane();
        post.unshare(post.matter);
        let mail = only(post.deliver(now()));
        assert_eq!(mail.subject, "Access ended: matter M-1");
        let (body, whom) = mail.text.split_once("Your contact at the firm:").unwrap();
        assert!(!body.contains("Reed") && !body.contains("2026-00") && !body.contains("Anna"), "{body}");
        assert_eq!(whom.trim(), "Anna Smith, anna@hale.example.");
    }

    #[test]
    fn quick_shares_are_one_mail_a_minute_later_without_what_was_taken_back() {
        let mut post = Post::with_jane();
        post.gateway.shares_wait = SignedDuration::from_secs(60);
        let names = ["Alpha.pdf", "Beta.pdf", "Gamma.pdf"];
        let documents = names.map(|name| post.document(name, None));
        documents.iter().for_each(|d| post.share(*d));
        assert_eq!(post.deliver(now()).len(), 0, "more may come");
        post.unshare(documents[1]);
        post.deliver(now());
        let mail = only(post.deliver(now() + SignedDuration::from_secs(60)));
        assert_eq!(mail.subject, "2 things were shared with you");
        assert!(mail.text.contains("Alpha.pdf") && mail.text.contains("Gamma.pdf"), "{}", mail.text);
        assert!(!mail.text.contains("Beta"), "{}", mail.text);
        assert_eq!(mail.text.matches("I look forward").count(), 1, "{}", mail.text);
    }

    #[test]
    fn what_was_said_with_a_share_stands_with_it_and_goes_with_it() {
        let mut post = Post::with_jane();
        post.gateway.shares_wait = SignedDuration::from_secs(60);
        let (jane, anna) = (post.jane, post.anna);
        let said = [("Alpha.pdf", "Of Alpha."), ("Beta.pdf", "Of Beta."), ("Gamma.pdf", "")];
        let documents = said.map(|(name, message)| {
            let document = post.document(name, None);
            assert_eq!(post.act(anna, now(), "say", move |act| share(act, jane, document, true, message)), Ok(true));
            document
        });
        post.unshare(documents[1]);
        post.deliver(now());
        let mail = only(post.deliver(now() + SignedDuration::from_secs(60)));
        assert!(!mail.text.contains("Of Beta"), "{}", mail.text);
        let at = |words: &str| mail.text.find(words).unwrap_or_else(|| panic!("{words}: {}", mail.text));
        assert!(at("Alpha.pdf") < at("Of Alpha.") && at("Of Alpha.") < at("Gamma.pdf"), "{}", mail.text);
    }

    #[test]
    fn a_share_that_was_taken_back_is_not_told_of_though_its_thing_is_seen_otherwise() {
        let mut post = Post::with_jane();
        post.gateway.shares_wait = SignedDuration::from_secs(60);
        let (jane, anna) = (post.jane, post.anna);
        let folder = post.folder("Pleadings");
        let document = post.document("Claim.pdf", Some(folder.id));
        post.share(folder);
        post.deliver(now() + SignedDuration::from_secs(60));
        let words = "The client will fold.";
        assert_eq!(post.act(anna, now(), "say", move |act| share(act, jane, document, true, words)), Ok(true));
        post.unshare(document);
        let mails = post.deliver(now() + SignedDuration::from_secs(120));
        assert!(mails.iter().all(|mail| !mail.text.contains(words)), "{mails:?}");
    }

    #[test]
    fn what_was_shared_after_the_mail_was_written_is_a_mail_of_its_own() {
        let mut post = Post::with_jane();
        post.gateway.shares_wait = SignedDuration::from_secs(60);
        let minute = now() + SignedDuration::from_secs(60);
        post.share(post.document("Alpha.pdf", None));
        post.deliver(now());
        only(post.deliver(minute));
        post.share(post.document("Beta.pdf", None));
        let mail = only(post.deliver(minute));
        assert!(mail.text.contains("Beta.pdf") && !mail.text.contains("Alpha.pdf"), "{}", mail.text);
    }

    #[test]
    fn tasks_and_the_end_of_an_access_wait_for_nothing() {
        let mut post = Post::with_jane();
        post.gateway.shares_wait = SignedDuration::from_secs(60);
        post.assign(post.task("Draft brief", "2026-03-18"));
        post.unshare(post.matter);
        assert_eq!(post.deliver(now()).len(), 2);
    }

    #[test]
    fn nothing_is_said_of_the_end_of_what_was_never_told() {
        let post = Post::with_jane();
        let (document, jane) = (post.document("Quiet.pdf", None), post.jane);
        let shared = post.act(post.anna, now(), "quietly", move |act| share(act, jane, document, false, ""));
        assert_eq!(shared, Ok(true));
        post.unshare(document);
        assert!(post.deliver(now()).is_empty());
    }

    #[test]
    fn rev_02_what_waits_to_leave_and_would_show_nothing_else_is_dropped_and_counted() {
        let post = Post::with_jane();
        let (jane, task) = (post.jane, post.task("Draft brief", "2026-03-20"));
        let (folder, kept) = (post.folder("Pleadings"), post.document("Kept.pdf", None));
        [folder, kept].iter().for_each(|thing| post.share(*thing));
        post.assign(task);
        let ended = post.act(post.anna, now(), "end", move |act| unshare_all(act, jane, &[folder, task], "over"));
        let ended = ended.unwrap();
        // One mail tells of the folder and of what stays: that one is written without the folder.
        assert_eq!((ended.dropped, ended.cancelled, ended.unassigned), (1, 0, 1));
        let mails = post.deliver(now());
        assert!(mails.iter().all(|m| !m.text.contains("Pleadings") && !m.text.contains("Draft brief")), "{mails:?}");
        assert!(mails.iter().any(|m| m.text.contains("Kept.pdf")), "{mails:?}");
    }
}
