//! Changes of address (ACC-10 to ACC-14) and further addresses (decisions.md 4). A change takes effect when both mailboxes
//! have confirmed it, each with a code of its own that was sent there and nowhere else; one that the firm asks for, when the
//! new mailbox has. The contact card stays as it is, reply addresses and threads stay alive, queued mail follows, and each
//! firm that has a live share is told for itself. Never says whose an address is that can't be used.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Act, Answer, calendar, responsible};
use crate::domain::leap::is_over;
use crate::domain::{Address, FirmId, IdentityId, InboxId, PersonId};
use crate::outbound::letter::{self, AddressStep, Addressed, Letter, Notice};
use crate::sharing::{Ability, Role, Thing};
use crate::store::addresses::{AddressChange, ChangeKind, NewChange, Side};
use crate::store::audit::Entry;
use crate::store::firms::Firm;
use crate::store::keys::Question;
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};
use crate::store::threads::{About, Purpose, Thread};
use crate::store::{Result, Tx};

/// How long the codes of a change are good.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How long the question whether an address is theirs is open.
const ASKED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// How many changes, and how many questions, a person can cause in a day: each sends mail to a mailbox of somebody's choice.
const PER_DAY: u32 = 3;
/// How many wrong codes from one side end a change.
const WRONG_CODES: u32 = 5;

/// What asking for a change came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Both mailboxes were asked; for the firm's own change the new one.
    Sent,
    /// It is their address already.
    Same,
    /// Somebody else has it; nobody is told who (ACC-13).
    Taken,
    /// Too many changes were asked for today.
    TooOften,
    /// They have no mailbox of their own, or have not accepted yet.
    NoLogin,
}

/// What a typed code, or a yes, came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirmed {
    /// It took effect now.
    Done,
    /// The other mailbox has still to confirm.
    Waits,
    /// The code is wrong; so many more may be tried.
    Wrong {
        /// Codes left.
        left: u32,
    },
    /// It is over: replaced by a newer one, too many wrong codes, or none of theirs.
    Over,
    /// It was confirmed before.
    Before,
    /// Its time was over; new codes were sent.
    Renewed,
    /// Somebody has the address by now.
    Taken,
}

/// Asks for another login address of the actor's (`#email`): a code goes to the present one, another to the new one.
pub fn ask(act: &Act<'_>, new: &Address) -> Answer<Asked> {
    allowed!(act.ask_about(Ability::Edit, Subject::Other(Thing::Profile, None), Circumstances::default()));
    let Some(old) = login(act.tx, act.actor)? else { return Ok(Ok(Asked::NoLogin)) };
    Ok(Ok(start(act, act.actor, &old, new, ChangeKind::Own)?))
}

/// Asks, as the firm, for another login address of a contact (ACC-14): the old one is told, the new one confirms.
pub fn ask_for(act: &Act<'_>, person: &Person, new: &Address) -> Answer<Asked> {
    let about = Circumstances { receiver: Some(person.id), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Edit, Subject::Other(Thing::Profile, None), about));
    let Some(old) = login(act.tx, person)?.filter(|_| person.accepted_at.is_some() && !person.is_user()) else {
        return Ok(Ok(Asked::NoLogin));
    };
    Ok(Ok(start(act, person, &old, new, ChangeKind::Firm)?))
}

/// The identity and the login address of a person.
fn login(tx: &Tx<'_>, person: &Person) -> Result<Option<(IdentityId, Address)>> {
    let Some(id) = person.identity else { return Ok(None) };
    Ok(tx.identity(id)?.map(|identity| (id, identity.address)))
}

fn start(
    act: &Act<'_>,
    person: &Person,
    (identity, old): &(IdentityId, Address),
    new: &Address,
    kind: ChangeKind,
) -> Result<Asked> {
    let (tx, firm) = (act.tx, act.firm.id);
    if old == new {
        return Ok(Asked::Same);
    }
    let by_firm = kind == ChangeKind::Firm;
    let day_ago = act.now.saturating_sub(GOOD_FOR).unwrap_or(Timestamp::MIN);
    if !by_firm && tx.address_changes_since(*identity, kind, day_ago)? >= PER_DAY {
        return Ok(Asked::TooOften);
    }
    let asked = NewChange {
        person: person.id,
        identity: *identity,
        kind,
        old: old.clone(),
        new: new.clone(),
        asked_by: by_firm.then_some(act.actor.id),
        expires_at: act.now.saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX),
    };
    // Who writes to other firms is not theirs to find out: such an address is asked like any other, and taken in the end.
    let is_free = if by_firm { is_free(tx, firm, *identity, new)? } else { is_free_here(tx, firm, *identity, new)? };
    // Nor whom an address looks like, so they hear no more than of one that is taken (threats.md T07).
    let looks_like = !by_firm && tx.circle(firm)?.looks_like(new, |known| known.person != person.id).is_some();
    if !is_free || looks_like {
        if !by_firm {
            // It counts: whoever tries one address after the other soon learns nothing more.
            tx.add_refused_address_change(firm, &asked, act.now)?;
        }
        return Ok(Asked::Taken);
    }
    let change = tx.add_address_change(firm, &asked, act.now)?;
    note(act, "address.ask", json!({"of": person.id, "change": change, "kind": kind.word()}))?;
    let to_old = if by_firm { AddressStep::FirmAsks } else { AddressStep::AskOld };
    for step in [to_old, AddressStep::AskNew] {
        tell(tx, firm, person.id, change, step, act.inbox, Some(old), act.now)?;
    }
    Ok(Asked::Sent)
}

/// True if nobody else writes from this address, in whatever firm, and no other card of this firm has it (ACC-13).
fn is_free(tx: &Tx<'_>, firm: FirmId, identity: IdentityId, address: &Address) -> Result<bool> {
    let writes = tx.identity_by_address(address)?.is_none_or(|found| found.id == identity);
    Ok(writes && is_free_here(tx, firm, identity, address)?)
}

/// True if nobody else at this firm writes from this address or has it on a card.
fn is_free_here(tx: &Tx<'_>, firm: FirmId, identity: IdentityId, address: &Address) -> Result<bool> {
    Ok(tx.people_by_address(firm, address)?.iter().all(|p| p.identity == Some(identity)))
}

#[expect(clippy::too_many_arguments, reason = "everything that tells one letter from another")]
fn tell(
    tx: &Tx<'_>,
    firm: FirmId,
    person: PersonId,
    change: i64,
    step: AddressStep,
    inbox: Option<InboxId>,
    old: Option<&Address>,
    now: Timestamp,
) -> Result<()> {
    let reply = match step {
        AddressStep::AskOld | AddressStep::AskFurther => Some((Purpose::Confirm, About::Address(change))),
        AddressStep::AskNew | AddressStep::NewWaits | AddressStep::NewWrong(_) => {
            Some((Purpose::NewAddress, About::Address(change)))
        }
        AddressStep::FirmAsks | AddressStep::DoneNew => Some((Purpose::Reply, About::Firm)),
        // Whoever reads that mailbox from now on gets no reply address of this person.
        AddressStep::NewOver | AddressStep::DoneOld => None,
    };
    let only_to = match step {
        AddressStep::AskOld => old.map(|a| a.as_str().to_owned()),
        _ => None,
    };
    let addressed = Addressed {
        only_to,
        ..Addressed::new(person, Letter::Address { change, step }, format!("{change}:{step:?}"), reply)
    };
    // A mailbox that is not known to be theirs is told of no mail of theirs, not even its Message-ID.
    let inbox = inbox.filter(|_| !step.is_to_new());
    letter::queue(tx, firm, addressed.caused_by(inbox), now)?;
    Ok(())
}

/// Takes a code that the actor typed, in a mail from the address that is theirs now.
pub fn confirm(act: &Act<'_>, change: i64, typed: &str) -> Result<Confirmed> {
    let found = act.tx.address_change(act.firm.id, change)?;
    let Some(change) = found.filter(|c| c.person == act.actor.id && c.kind == ChangeKind::Own) else {
        return Ok(Confirmed::Over);
    };
    let confirmed = take_code(act.tx, act.firm, &change, Side::Old, typed, act.inbox, act.now)?;
    if confirmed == Confirmed::Over && has_expired(&change, act.now) {
        return renew(act, &change);
    }
    Ok(confirmed)
}

fn has_expired(change: &AddressChange, now: Timestamp) -> bool {
    change.done_at.is_none() && !change.ended && is_over(change.expires_at, now)
}

/// Codes that were too old are answered by fresh ones (REV-07): who wrote is as sure as when they asked.
fn renew(act: &Act<'_>, old: &AddressChange) -> Result<Confirmed> {
    Ok(match ask(act, &old.new)? {
        Ok(Asked::Sent) => Confirmed::Renewed,
        _ => Confirmed::Over,
    })
}

/// Takes a code that came from the new mailbox. What it came to is told there, for there is no receipt yet.
pub fn confirm_new(
    tx: &Tx<'_>,
    firm: &Firm,
    change: &AddressChange,
    typed: &str,
    inbox: InboxId,
    now: Timestamp,
) -> Result<Confirmed> {
    let confirmed = take_code(tx, firm, change, Side::New, typed, Some(inbox), now)?;
    let step = match confirmed {
        Confirmed::Waits => AddressStep::NewWaits,
        Confirmed::Wrong { left } => AddressStep::NewWrong(left),
        Confirmed::Over | Confirmed::Renewed | Confirmed::Taken => AddressStep::NewOver,
        Confirmed::Done | Confirmed::Before => return Ok(confirmed),
    };
    tell(tx, firm.id, change.person, change.id, step, None, None, now)?;
    Ok(confirmed)
}

fn take_code(
    tx: &Tx<'_>,
    firm: &Firm,
    change: &AddressChange,
    side: Side,
    typed: &str,
    inbox: Option<InboxId>,
    now: Timestamp,
) -> Result<Confirmed> {
    if change.done_at.is_some() {
        return Ok(Confirmed::Before);
    }
    let (tries, confirmed) = match side {
        Side::Old => (change.old_tries, change.old_confirmed),
        Side::New => (change.new_tries, change.new_confirmed),
    };
    if !change.is_open(now) || tries >= WRONG_CODES || tx.codes_have_ended(change.asked_at, now)? {
        return Ok(Confirmed::Over);
    }
    if confirmed {
        return Ok(Confirmed::Waits);
    }
    let entry = |action| Entry::new(Some(change.person), action).by(inbox);
    if !tx.is_code(typed, question(side), change.id, change.asked_at)? {
        let tries = tx.count_wrong_address_code(firm.id, change.id, side)?;
        tx.audit(firm.id, &entry("address.wrong_code").with(json!({"change": change.id, "tries": tries})), now)?;
        return Ok(match WRONG_CODES.saturating_sub(tries) {
            0 => {
                tx.end_address_change(firm.id, change.id, now)?;
                Confirmed::Over
            }
            left => Confirmed::Wrong { left },
        });
    }
    tx.confirm_address(firm.id, change.id, side, now)?;
    tx.audit(firm.id, &entry("address.confirm").with(json!({"change": change.id})), now)?;
    let other = match side {
        Side::Old => change.new_confirmed,
        Side::New => change.old_confirmed || change.kind == ChangeKind::Firm,
    };
    if other { take_effect(tx, firm, change, now) } else { Ok(Confirmed::Waits) }
}

const fn question(side: Side) -> Question {
    match side {
        Side::Old => Question::OldAddress,
        Side::New => Question::NewAddress,
    }
}

/// From now on the new address is theirs, and only it. Both mailboxes and each firm with a live share are told.
fn take_effect(tx: &Tx<'_>, firm: &Firm, change: &AddressChange, now: Timestamp) -> Result<Confirmed> {
    let moved_meanwhile = tx.identity(change.identity)?.is_none_or(|i| i.address != change.old);
    if moved_meanwhile || !is_free(tx, firm.id, change.identity, &change.new)? {
        tx.end_address_change(firm.id, change.id, now)?;
        return Ok(Confirmed::Taken);
    }
    if !tx.finish_address_change(firm.id, change.id, now)? {
        return Ok(Confirmed::Over);
    }
    let moved = move_login(tx, firm.id, change, now)?;
    let facts = json!({"change": change.id, "kind": change.kind.word()});
    tx.audit(firm.id, &Entry::new(Some(change.person), "address.change").with(facts), now)?;
    for step in [AddressStep::DoneOld, AddressStep::DoneNew] {
        tell(tx, firm.id, change.person, change.id, step, None, None, now)?;
    }
    for (its_firm, person) in &moved {
        if let Some(its_firm) = tx.firm(*its_firm)? {
            let cause = format!("address:{}", change.id);
            let act = Act { tx, firm: &its_firm, actor: person, inbox: None, cause: &cause, now };
            calendar::follow_address(&act, person.id)?;
        }
        let notice = Notice::AddressChanged { to: change.new.as_str().to_owned() };
        tell_firm(tx, *its_firm, person, notice, &format!("address:{}", change.id), None, now)?;
    }
    Ok(Confirmed::Done)
}

/// Moves whoever the change is about and gives everybody that it moved. A firm moves its own contact only: somebody whom
/// another firm knows too gets a login of their own here, so that no firm can take over what another one shares.
fn move_login(tx: &Tx<'_>, firm: FirmId, change: &AddressChange, now: Timestamp) -> Result<Vec<(FirmId, Person)>> {
    let people = tx.people_of_identity(change.identity)?;
    if change.kind == ChangeKind::Firm && people.len() > 1 {
        let identity = tx.split_identity(change.identity, &change.new, now)?;
        tx.set_identity(firm, change.person, identity)?;
        tx.readdress(firm, change.person, Some(&change.old), &change.new)?;
        return Ok(people.into_iter().filter(|(f, p)| *f == firm && p.id == change.person).collect());
    }
    tx.set_login_address(change.identity, &change.new)?;
    if change.kind == ChangeKind::Firm {
        // Whoever had the old mailbox could say yes to addresses of their own there.
        tx.remove_further_addresses(change.identity)?;
    }
    Ok(people)
}

/// Tells the lawyers of everything that one firm shares with a person; nobody where nothing is shared any more.
fn tell_firm(
    tx: &Tx<'_>,
    firm: FirmId,
    about: &Person,
    notice: Notice,
    key: &str,
    inbox: Option<InboxId>,
    now: Timestamp,
) -> Result<()> {
    let mut lawyers = BTreeSet::new();
    for share in tx.live_shares(firm, about.id, now)? {
        let matter = tx.matter_of(firm, share.item)?;
        lawyers.extend(responsible(tx, firm, matter)?);
    }
    for lawyer in lawyers {
        let letter = Letter::Notice { notice: notice.clone(), about: about.id };
        let addressed =
            Addressed::new(lawyer, letter, format!("{key}:{}", about.id), Some((Purpose::Reply, About::Firm)));
        letter::queue(tx, firm, addressed.caused_by(inbox), now)?;
    }
    Ok(())
}

/// Asks the owner of a reply address, at their registered one, whether the address is theirs too from which a mail came to
/// it; the mail joins a question that is open. False if they are not asked: somebody else has the address, it looks like one
/// that the firm knows, their own too, so that they could say yes to a stranger's (threats.md T07), they said no before, or
/// were asked often today.
pub fn ask_whether_theirs(
    tx: &Tx<'_>,
    firm: &Firm,
    thread: &Thread,
    address: &Address,
    inbox: InboxId,
    now: Timestamp,
) -> Result<bool> {
    let owner = tx.person(firm.id, thread.person)?;
    let Some(owner) =
        owner.filter(|p| matches!(p.role, Role::CoCounsel | Role::Contact) && !p.disabled && p.accepted_at.is_some())
    else {
        return Ok(false);
    };
    let Some((identity, old)) = login(tx, &owner)? else { return Ok(false) };
    let asked = tx.question_about(identity, address)?;
    if let Some(open) = asked.as_ref().filter(|q| q.is_open(now) && q.firm == firm.id) {
        tx.add_mail_to_address(firm.id, open.id, inbox, thread.id)?;
        return Ok(true);
    }
    let said_no = asked.is_some_and(|q| q.ended);
    let day_ago = now.saturating_sub(GOOD_FOR).unwrap_or(Timestamp::MIN);
    let often = tx.address_changes_since(identity, ChangeKind::Further, day_ago)? >= PER_DAY;
    let looks_alike = tx.circle(firm.id)?.looks_like(address, |_| true).is_some();
    if said_no || often || looks_alike || !is_free(tx, firm.id, identity, address)? {
        return Ok(false);
    }
    let question = NewChange {
        person: owner.id,
        identity,
        kind: ChangeKind::Further,
        old,
        new: address.clone(),
        asked_by: None,
        expires_at: now.saturating_add(ASKED_FOR).unwrap_or(Timestamp::MAX),
    };
    let change = tx.add_address_change(firm.id, &question, now)?;
    tx.add_mail_to_address(firm.id, change, inbox, thread.id)?;
    tell(tx, firm.id, owner.id, change, AddressStep::AskFurther, None, None, now)?;
    let facts = json!({"of": owner.id, "change": change});
    tx.audit(firm.id, &Entry::new(None, "address.question").by(Some(inbox)).with(facts), now)?;
    Ok(true)
}

/// Takes the actor's yes to that question: the address is theirs from now on, and what waits is judged as their mail.
pub fn add(act: &Act<'_>, change: i64) -> Result<Confirmed> {
    let Some(question) = own_question(act, change)? else { return Ok(Confirmed::Over) };
    if question.done_at.is_some() {
        return Ok(Confirmed::Before);
    }
    if !is_free(act.tx, act.firm.id, question.identity, &question.new)? {
        act.tx.end_address_change(act.firm.id, change, act.now)?;
        return Ok(Confirmed::Taken);
    }
    if !act.tx.finish_address_change(act.firm.id, change, act.now)? {
        return Ok(Confirmed::Over);
    }
    if !act.tx.add_further_address(question.identity, &question.new, act.now)? {
        return Ok(Confirmed::Taken);
    }
    note(act, "address.add", json!({"change": change}))?;
    for (inbox, _) in act.tx.mails_of_address(act.firm.id, change)? {
        act.tx.judge_again(act.firm.id, inbox)?;
    }
    for (firm, person) in act.tx.people_of_identity(question.identity)? {
        let notice = Notice::AddressAdded { address: question.new.as_str().to_owned() };
        tell_firm(
            act.tx,
            firm,
            &person,
            notice,
            &format!("address:{change}"),
            act.inbox.filter(|_| firm == act.firm.id),
            act.now,
        )?;
    }
    Ok(Confirmed::Done)
}

/// Takes the actor's no: somebody got hold of their reply addresses, so these are replaced, and the firm is told.
pub fn disown(act: &Act<'_>, change: i64) -> Result<Confirmed> {
    let Some(question) = own_question(act, change)? else { return Ok(Confirmed::Over) };
    if !act.tx.end_address_change(act.firm.id, change, act.now)? {
        return Ok(if question.done_at.is_some() { Confirmed::Before } else { Confirmed::Over });
    }
    note(act, "address.disown", json!({"change": change}))?;
    let threads: BTreeSet<_> =
        act.tx.mails_of_address(act.firm.id, change)?.into_iter().map(|(_, thread)| thread).collect();
    for thread in threads {
        if let Some(thread) = act.tx.thread(thread)? {
            act.tx.replace_address(&thread)?;
        }
    }
    let notice = Notice::NotTheirs { address: question.new.as_str().to_owned() };
    tell_firm(act.tx, act.firm.id, act.actor, notice, &format!("address:{change}"), act.inbox, act.now)?;
    Ok(Confirmed::Done)
}

fn own_question(act: &Act<'_>, change: i64) -> Result<Option<AddressChange>> {
    let found = act.tx.address_change(act.firm.id, change)?;
    Ok(found.filter(|c| c.person == act.actor.id && c.kind == ChangeKind::Further))
}

/// Takes a further address of the actor's away; false if it is none of theirs.
pub fn remove(act: &Act<'_>, address: &Address) -> Answer<bool> {
    allowed!(act.ask_about(Ability::Edit, Subject::Other(Thing::Profile, None), Circumstances::default()));
    let Some(identity) = act.actor.identity else { return Ok(Ok(false)) };
    let removed = act.tx.remove_further_address(identity, address)?;
    if removed {
        note(act, "address.remove", json!({"identity": identity}))?;
    }
    Ok(Ok(removed))
}

fn note(act: &Act<'_>, action: &'static str, facts: serde_json::Value) -> Result<()> {
    let entry = Entry::new(Some(act.actor.id), action).by(act.inbox).with(facts);
    act.tx.audit(act.firm.id, &entry, act.now)
}

#[cfg(test)]
mod tests {
    use super::super::post::{Mail, Post, later, now, person};
    use super::super::{people, shares};
    use super::*;
    use crate::domain::dates::Locale;
    use crate::outbound::deliver::{self, Ready};
    use crate::sharing::Refusal;
    use crate::store::firms::NewFirm;
    use crate::store::matters::NewMatter;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    /// Jane asks for another address.
    fn asks(post: &Post, new: &'static str, at: Timestamp) -> Asked {
        post.act(post.jane, at, new, move |act| ask(act, &address(new))).unwrap()
    }

    fn newest(post: &Post) -> AddressChange {
        post.read(|r| {
            let mut found = None;
            for id in 1..50 {
                found = r.address_change(post.firm.id, id)?.or(found);
            }
            Ok(found)
        })
        .unwrap()
    }

    fn right(post: &Post, side: Side) -> String {
        let newest = newest(post);
        post.read(|r| r.code(question(side), newest.id, newest.asked_at))
    }

    fn confirms_old(post: &Post, code: &str, at: Timestamp) -> Confirmed {
        let (id, code) = (newest(post).id, code.to_owned());
        post.act(post.jane, at, "old", move |act| confirm(act, id, &code))
    }

    fn confirms_new(post: &Post, code: &str, at: Timestamp) -> Confirmed {
        let (change, code, firm) = (newest(post), code.to_owned(), post.firm.clone());
        let inbox = post.held(&format!("{at}{code}"));
        post.write(move |tx| confirm_new(tx, &firm, &change, &code, inbox, at))
    }

    fn login_of(post: &Post, who: PersonId) -> String {
        let person = post.person(who);
        post.read(|r| r.mail_address(post.firm.id, &person)).unwrap().to_string()
    }

    fn to<'m>(mails: &'m [Mail], address: &str) -> Vec<&'m Mail> {
        mails.iter().filter(|m| m.to == address).collect()
    }

    #[test]
    fn five_wrong_codes_from_either_side_end_a_change_and_the_right_one_comes_too_late() {
        for side in [Side::Old, Side::New] {
            let post = Post::with_jane();
            assert_eq!(asks(&post, "jane@new.example", now()), Asked::Sent);
            let (old, new) = (right(&post, Side::Old), right(&post, Side::New));
            assert_ne!(old, new, "the code of one side is none of the other");
            let tries = |code: &str| match side {
                Side::Old => confirms_old(&post, code, later(1)),
                Side::New => confirms_new(&post, code, later(1)),
            };
            let other = if side == Side::Old { &new } else { &old };
            for (place, wrong) in [other, "AAAA-AAAA", "", "0"].into_iter().enumerate() {
                let left = 4 - u32::try_from(place).unwrap();
                assert_eq!(tries(wrong), Confirmed::Wrong { left }, "{wrong}");
            }
            assert_eq!(tries("x"), Confirmed::Over);
            assert_eq!(tries(if side == Side::Old { &old } else { &new }), Confirmed::Over);
            assert_eq!(login_of(&post, post.jane), "jane@roe.example");
        }
    }

    #[test]
    fn both_codes_take_effect_once_in_any_order_and_are_worth_nothing_after() {
        for new_first in [false, true] {
            let post = Post::with_jane();
            asks(&post, "jane@new.example", now());
            let (old, new) = (right(&post, Side::Old), right(&post, Side::New));
            let mut came = Vec::new();
            for side in if new_first { [Side::New, Side::Old] } else { [Side::Old, Side::New] } {
                came.push(match side {
                    Side::Old => confirms_old(&post, &old.to_lowercase().replace('-', " "), later(1)),
                    Side::New => confirms_new(&post, &new, later(1)),
                });
            }
            assert_eq!(came, [Confirmed::Waits, Confirmed::Done]);
            assert_eq!(login_of(&post, post.jane), "jane@new.example");
            assert_eq!(confirms_old(&post, &old, later(2)), Confirmed::Before);
            assert_eq!(confirms_new(&post, &new, later(2)), Confirmed::Before);
        }
    }

    #[test]
    fn acc_13_nobody_gets_the_address_of_another_whoever_that_is() {
        let post = Post::with_jane();
        let firm = post.firm.id;
        let (max, ivy) = (
            person(Role::CoCounsel, "Max", "Oduya", "max@oduya.example"),
            person(Role::Contact, "Ivy", "Reed", "ivy@reed.example"),
        );
        post.write(move |tx| {
            let max = tx.add_person(firm, &max, now())?;
            let identity = tx.identity_for(&address("max@login.example"), now())?;
            tx.add_further_address(identity, &address("max@home.example"), now())?;
            tx.set_identity(firm, max, identity)?;
            tx.add_person(firm, &ivy, now())
        });
        for (hour, taken) in (0..).zip([
            "anna@hale.example",
            "max@login.example",
            "max@home.example",
            "max@oduya.example",
            "ivy@reed.example",
        ]) {
            assert_eq!(asks(&post, taken, later(10 * hour)), Asked::Taken, "{taken}");
        }
        assert_eq!(asks(&post, "jane@roe.example", now()), Asked::Same);
        assert!(post.deliver(later(1)).is_empty(), "nobody is written to");
    }

    #[test]
    fn t07_an_address_that_looks_like_anothers_is_refused_as_one_that_is_taken() {
        let post = Post::with_jane();
        for alike in ["anna@ha1e.example", "anna@xn--hle-6cd.example"] {
            assert_eq!(asks(&post, alike, now()), Asked::Taken, "{alike}");
        }
        assert_eq!(asks(&post, "jane@r0e.example", now()), Asked::Sent, "it looks like her own");
    }

    #[test]
    fn acc_13_whose_addresses_there_are_is_asked_three_times_a_day_and_no_more() {
        let post = Post::with_jane();
        asks(&post, "one@new.example", now());
        for _ in 0..2 {
            assert_eq!(asks(&post, "anna@hale.example", later(1)), Asked::Taken);
        }
        let code = post.read(|r| r.code(Question::OldAddress, 1, now()));
        let open = post.act(post.jane, later(1), "old", move |act| confirm(act, 1, &code));
        assert_eq!(open, Confirmed::Waits, "what was refused ends nothing");
        for address in ["anna@hale.example", "nobody@new.example"] {
            assert_eq!(asks(&post, address, later(2)), Asked::TooOften, "{address}");
        }
        assert_eq!(asks(&post, "two@new.example", later(26)), Asked::Sent);
    }

    #[test]
    fn acc_13_who_writes_to_another_firm_only_shows_to_nobody_and_keeps_the_address() {
        let post = Post::with_jane();
        post.write(|tx| tx.identity_for(&address("kim@elsewhere.example"), now()));
        assert_eq!(asks(&post, "kim@elsewhere.example", now()), Asked::Sent);
        assert_eq!(to(&post.deliver(now()), "kim@elsewhere.example").len(), 1, "as to any other mailbox");
        assert_eq!(confirms_old(&post, &right(&post, Side::Old), later(1)), Confirmed::Waits);
        assert_eq!(confirms_new(&post, &right(&post, Side::New), later(1)), Confirmed::Taken);
        assert_eq!(login_of(&post, post.jane), "jane@roe.example");
    }

    #[test]
    fn of_two_who_want_one_address_the_first_to_confirm_gets_it() {
        let post = Post::with_jane();
        let firm = post.firm.id;
        let max = person(Role::CoCounsel, "Max", "Oduya", "max@oduya.example");
        let max = post.write(move |tx| {
            let max = tx.add_person(firm, &max, now())?;
            tx.set_identity(firm, max, tx.identity_for(&address("max@oduya.example"), now())?)?;
            tx.set_accepted(firm, max, now())?;
            Ok(max)
        });
        asks(&post, "both@new.example", now());
        confirms_old(&post, &right(&post, Side::Old), now());
        let janes = newest(&post);
        let theirs = post.act(max, now(), "max", |act| ask(act, &address("both@new.example")));
        assert_eq!(theirs, Ok(Asked::Sent));
        let (id, code) = (newest(&post).id, right(&post, Side::Old));
        post.act(max, now(), "max", move |act| confirm(act, id, &code));
        assert_eq!(confirms_new(&post, &right(&post, Side::New), later(1)), Confirmed::Done);
        assert_eq!(login_of(&post, max), "both@new.example");
        let (shared_firm, inbox) = (post.firm.clone(), post.held("late"));
        let late = post.write(move |tx| {
            let code = tx.code(Question::NewAddress, janes.id, janes.asked_at)?;
            confirm_new(tx, &shared_firm, &janes, &code, inbox, later(1))
        });
        assert_eq!((late, login_of(&post, post.jane).as_str()), (Confirmed::Taken, "jane@roe.example"));
    }

    #[test]
    fn a_newer_change_ends_the_older_and_three_a_day_are_enough() {
        let post = Post::with_jane();
        asks(&post, "one@new.example", now());
        let (older, code) = (newest(&post).id, right(&post, Side::Old));
        asks(&post, "two@new.example", now());
        let late = post.act(post.jane, now(), "old", move |act| confirm(act, older, &code));
        assert_eq!(late, Confirmed::Over);
        assert_eq!(asks(&post, "three@new.example", now()), Asked::Sent);
        assert_eq!(asks(&post, "four@new.example", now()), Asked::TooOften);
        assert_eq!(asks(&post, "four@new.example", later(25)), Asked::Sent);
        let mails = post.deliver(later(26));
        assert!(to(&mails, "one@new.example").is_empty(), "what is over is not sent any more");
    }

    #[test]
    fn nobody_else_confirms_for_the_old_mailbox() {
        let post = Post::with_jane();
        asks(&post, "jane@new.example", now());
        let (id, code) = (newest(&post).id, right(&post, Side::Old));
        assert_eq!(post.act(post.anna, now(), "anna", move |act| confirm(act, id, &code)), Confirmed::Over);
    }

    #[test]
    fn acc_10_the_new_mailbox_is_shown_no_name_and_no_matter_and_the_old_one_the_new_address_cut() {
        let post = Post::with_jane();
        asks(&post, "jane.roe@new.example", now());
        let mails = post.deliver(now());
        let [new] = to(&mails, "jane.roe@new.example")[..] else { panic!("{mails:?}") };
        for hidden in ["Jane", "Roe", "Anna", "M-1", "2026-00", "Reed", "co-counsel"] {
            assert!(!new.text.contains(hidden) && !new.subject.contains(hidden), "{hidden}: {}", new.text);
        }
        let [old] = to(&mails, "jane@roe.example")[..] else { panic!("{mails:?}") };
        assert!(old.text.contains("j***@new.example") && !old.text.contains("jane.roe@new.example"), "{}", old.text);
    }

    /// Mail that was written to the old address and did not leave is written anew, to the new one.
    #[test]
    fn acc_12_queued_mail_goes_to_the_new_address_even_if_it_was_tried_before() {
        let post = Post::with_jane();
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        let due = post.read(|r| r.outbox_due(post.firm.id, now(), 10)).remove(0);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let claimed = runtime.block_on(deliver::claim(&post.store, &post.firm, &post.gateway, &due, now())).unwrap();
        let Ready::Send(mail) = claimed else { panic!("{claimed:?}") };
        assert_eq!(mail.to.as_str(), "jane@roe.example");
        post.write(move |tx| tx.set_deferred(mail.id, "451 later", now()));
        asks(&post, "jane@new.example", now());
        confirms_old(&post, &right(&post, Side::Old), now());
        confirms_new(&post, &right(&post, Side::New), now());
        let mails = post.deliver(later(1));
        let task = mails.iter().find(|m| m.subject.starts_with("Task T-1")).unwrap();
        assert_eq!(task.to, "jane@new.example", "envelope and To alike");
    }

    /// Another firm that knows Jane by the same mailbox and shares a matter with her; its lawyer's letters are read there.
    fn second_firm(post: &Post) -> (Firm, PersonId) {
        let new = NewFirm {
            slug: "moss".into(),
            name: "Moss LLP".into(),
            locale: Locale::British,
            time_zone: "Europe/London".into(),
            currency: "GBP".into(),
            rounding_minutes: 6,
        };
        post.write(move |tx| {
            let id = tx.add_firm(&new, now())?;
            let firm = tx.firm(id)?.unwrap();
            let admin = Role::User { admin: true, accounts: true, reports: true, billing: true };
            let olga = tx.add_person(id, &person(admin, "Olga", "Moss", "olga@moss.example"), now())?;
            let jane = tx.add_person(id, &person(Role::CoCounsel, "Jane", "Roe", "jane@roe.example"), now())?;
            let matter = NewMatter { responsible: Some(olga), ..NewMatter::new("77", "Heron") };
            let matter = tx.add_matter(id, &matter, now())?;
            tx.set_identity(id, jane, tx.identity_for(&address("jane@roe.example"), now())?)?;
            tx.set_accepted(id, jane, now())?;
            let olga = tx.person(id, olga)?.unwrap();
            let act = Act { tx, firm: &firm, actor: &olga, inbox: None, cause: "share", now: now() };
            shares::share(&act, jane, matter, false, "")?.unwrap();
            Ok((firm, jane))
        })
    }

    #[test]
    fn acc_11_each_firm_with_a_live_share_is_told_for_itself_and_no_card_changes() {
        let post = Post::with_jane();
        let (moss, _) = second_firm(&post);
        asks(&post, "jane@new.example", now());
        confirms_old(&post, &right(&post, Side::Old), now());
        confirms_new(&post, &right(&post, Side::New), now());
        let told = post.read(|r| r.outbox_list(moss.id, None, 10));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].content.contains("address_changed") && !told[0].content.contains("Hale"),
            "{}",
            told[0].content
        );
        let here = post.deliver(later(1));
        let anna = to(&here, "anna@hale.example");
        assert!(anna.iter().any(|m| m.text.contains("still says jane@roe.example")), "{anna:?}");
        assert!(anna.iter().all(|m| !m.text.contains("Moss")));
        let card = post.read(|r| r.card_address(post.firm.id, post.jane)).unwrap();
        assert_eq!(card.as_str(), "jane@roe.example");
    }

    #[test]
    fn acc_14_a_firm_moves_its_own_contact_and_nothing_of_another_firm() {
        let post = Post::with_jane();
        let (moss, janes_there) = second_firm(&post);
        let jane = post.person(post.jane);
        let asked = post.act(post.anna, now(), "move", move |act| ask_for(act, &jane, &address("jane@new.example")));
        assert_eq!(asked, Ok(Asked::Sent));
        assert_eq!(confirms_new(&post, &right(&post, Side::New), now()), Confirmed::Done);
        assert_eq!(login_of(&post, post.jane), "jane@new.example");
        let there = post.read(|r| r.person(moss.id, janes_there)).unwrap();
        assert_eq!(post.read(|r| r.mail_address(moss.id, &there)).unwrap().as_str(), "jane@roe.example");
        assert!(post.read(|r| r.outbox_list(moss.id, None, 10)).is_empty(), "the other firm hears nothing");
        let mails = post.deliver(later(1));
        assert!(to(&mails, "jane@roe.example").iter().any(|m| m.subject.contains("no longer come")), "{mails:?}");
    }

    #[test]
    fn acc_14_only_an_administrator_moves_a_contact_and_nobody_where_it_is_locked() {
        let post = Post::with_jane();
        let firm = post.firm.id;
        let clerk = Role::User { admin: false, accounts: false, reports: false, billing: false };
        let clerk = person(clerk, "Cleo", "Clerk", "cleo@hale.example");
        let clerk = post.write(move |tx| tx.add_person(firm, &clerk, now()));
        let (one, two, id) = (post.person(post.jane), post.person(post.jane), post.jane);
        let new = || address("jane@new.example");
        let refused = post.act(clerk, now(), "move", move |act| ask_for(act, &one, &new()));
        assert_eq!(refused, Err(Refusal::NotPermitted));
        assert_eq!(post.act(post.anna, now(), "lock", move |act| people::lock_address(act, id, true)), Ok(()));
        let locked = post.act(post.anna, now(), "move", move |act| ask_for(act, &two, &new()));
        assert_eq!(locked, Err(Refusal::AddressLocked));
        assert_eq!(asks(&post, "jane@new.example", now()), Asked::Sent, "the lock is for the firm");
    }

    /// Whoever had the old mailbox said yes there to an address of their own: the firm's move ends that too.
    #[test]
    fn acc_14_the_firms_move_leaves_only_the_new_address() {
        let post = Post::with_jane();
        let identity = post.person(post.jane).identity.unwrap();
        let (one, two) = (post.person(post.jane), post.jane);
        assert!(post.write(move |tx| tx.add_further_address(identity, &address("eve@evil.example"), now())));
        let asked = post.act(post.anna, now(), "move", move |act| ask_for(act, &one, &address("jane@new.example")));
        assert_eq!(asked, Ok(Asked::Sent));
        assert_eq!(confirms_new(&post, &right(&post, Side::New), now()), Confirmed::Done);
        assert_eq!(login_of(&post, two), "jane@new.example");
        assert!(post.read(|r| r.further_addresses(identity)).is_empty());
    }

    #[test]
    fn no_domain_that_signed_for_the_old_address_signs_for_the_new_one() {
        let post = Post::with_jane();
        let identity = post.person(post.jane).identity.unwrap();
        post.write(move |tx| tx.bind_signer(identity, "roe.onmicrosoft.com", now()));
        asks(&post, "jane@new.example", now());
        confirms_old(&post, &right(&post, Side::Old), now());
        confirms_new(&post, &right(&post, Side::New), now());
        assert!(post.read(|r| r.bound_signers(identity)).is_empty());
    }

    /// Where Jane answers about the matter.
    fn thread_of_jane(post: &Post) -> Thread {
        let (firm, jane, matter) = (post.firm.id, post.jane, post.matter);
        post.write(move |tx| {
            let id = tx.thread_for(firm, jane, Purpose::Reply, About::Item(matter), None, now())?;
            Ok(tx.thread(id)?.unwrap())
        })
    }

    /// She could take the stranger's for her own, and say yes.
    #[test]
    fn t07_nobody_is_asked_whether_an_address_that_looks_like_theirs_is_theirs() {
        let post = Post::with_jane();
        let thread = thread_of_jane(&post);
        for (uid, from) in [("1", "jane@r0e.example"), ("2", "anna@ha1e.example")] {
            let (inbox, firm, thread) = (post.held(uid), post.firm.clone(), thread.clone());
            let asked = post.write(move |tx| ask_whether_theirs(tx, &firm, &thread, &address(from), inbox, now()));
            assert!(!asked, "{from}");
        }
        assert!(to(&post.deliver(now()), "jane@roe.example").is_empty());
    }

    #[test]
    fn a_second_address_is_asked_about_once_and_never_after_a_no() {
        let post = Post::with_jane();
        let thread = thread_of_jane(&post);
        let asked = |uid: &str, from: &'static str| {
            let (inbox, firm, thread) = (post.held(uid), post.firm.clone(), thread.clone());
            post.write(move |tx| ask_whether_theirs(tx, &firm, &thread, &address(from), inbox, now()))
        };
        assert!(asked("1", "jane@home.example") && asked("2", "jane@home.example"));
        assert!(!asked("3", "anna@hale.example"), "somebody's address is nobody else's");
        let mails = post.deliver(now());
        assert_eq!(to(&mails, "jane@roe.example").len(), 1, "{mails:?}");
        let id = newest(&post).id;
        let before = thread.generation;
        assert_eq!(post.act(post.jane, now(), "no", move |act| disown(act, id)), Confirmed::Done);
        let after = post.read(|r| r.thread(thread.id)).unwrap().generation;
        assert!(after > before, "the reply address was replaced");
        assert!(!asked("4", "jane@home.example"), "never after a no");
        assert_eq!(post.act(post.jane, now(), "yes", move |act| add(act, id)), Confirmed::Over);
        let mails = post.deliver(now());
        assert!(to(&mails, "anna@hale.example").iter().any(|m| m.text.contains("not theirs")), "{mails:?}");
    }
}
