//! Giving and ending access (REV-01–11). The first share of a person makes their identity and sends an invitation; later
//! ones are told by mail. What ends, ends at once: reading, commands, reply addresses, queued mail.

use serde_json::json;

use super::{Act, Answer};
use crate::domain::{Item, Kind, PersonId};
use crate::outbound::letter::Letter;
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
        let letter = match new.item.kind {
            Kind::Task => Letter::TaskAssigned { task: new.item },
            _ => Letter::Shared { items: vec![new.item], by: new.by, message: new.message.clone() },
        };
        act.tell(new.person, letter, About::Item(new.item))?;
    }
    Ok(true)
}

/// Ends a person's access to a thing (REV-02); false if they had none.
pub fn unshare(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Answer<bool> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Unshare, Subject::Item(item), receiver));
    Ok(Ok(end(act, person, item, reason)?))
}

/// As [`unshare`], without telling the person: the caller ends several things and tells them once ([`tell_ended`]).
pub fn unshare_untold(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Answer<bool> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Unshare, Subject::Item(item), receiver));
    Ok(Ok(take(act, person, item, reason)?))
}

/// Ends the share and tells the person, without asking.
pub(super) fn end(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Result<bool> {
    let ended = take(act, person, item, reason)?;
    if ended {
        // Each thing that ends is told, though one act ends several and the answers go to the firm.
        let cause = format!("{}:{}-{}", act.cause, item.kind.prefix(), item.id);
        tell_ended(&Act { cause: &cause, ..*act }, person, &[item])?;
    }
    Ok(ended)
}

/// Tells the person, in one letter, that their access to these things ended; nobody who never accepted.
pub fn tell_ended(act: &Act<'_>, person: PersonId, items: &[Item]) -> Result<()> {
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

fn take(act: &Act<'_>, person: PersonId, item: Item, reason: &str) -> Result<bool> {
    if !act.tx.end_share(act.firm.id, person, item, act.actor.id, reason, act.now)? {
        return Ok(false);
    }
    match item.kind {
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
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::super::post::{Mail, Post, new_matter, now};
    use super::*;
    use crate::store::matters::Sensitivity;
    use crate::store::tasks::NewTask;

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
        assert!(!mail.text.contains("Reed"), "{}", mail.text);
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
        assert!(!mail.text.contains("Reed") && !mail.text.contains("2026-00") && !mail.text.contains("Anna"));
    }
}
