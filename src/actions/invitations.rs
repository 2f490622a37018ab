//! Invitations (ACC-02, gateway.md N1): the first share of a person sends one, and only after it is accepted do they see
//! anything. It is bound to one address, ends after 14 days, is answered once, and a newer one ends it. Nothing of a
//! matter is said here: the invitation's letter shows a number at most, and the welcome what is shared when it leaves.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Act, Answer};
use crate::blobs::sha256;
use crate::domain::{Address, FirmId, IdentityId, Item, Kind, PersonId};
use crate::outbound::letter::{self, Addressed, InvitationOutcome, Letter, TaskNews};
use crate::sharing::{Ability, Refusal};
use crate::store::audit::Entry;
use crate::store::invitations::{Invitation, NewInvitation};
use crate::store::people::Person;
use crate::store::shares::{Circumstances, Subject};
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Snapshot};

/// How long an invitation is open (decisions.md 28).
const OPEN_FOR: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Why a person can't be invited; in words for the firm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotInvite {
    /// They accepted before.
    #[error("They accepted the firm's invitation before; nothing more is needed.")]
    Accepted,
    /// Nothing is shared with them (the first share invites by itself).
    #[error("Nothing is shared with them. Share something first; that sends the invitation.")]
    NothingShared,
    /// Their card has no mail address (ACC-19).
    #[error("Their contact card has no mail address. Add one first.")]
    NoAddress,
    /// Another contact of the firm already writes from that address (ACC-01).
    #[error("Another contact of the firm already uses that mail address.")]
    AddressOfAnother,
}

/// What an answer to an invitation came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answered {
    /// It was accepted now.
    Accepted,
    /// It was accepted before.
    Before,
    /// It was declined now.
    Declined,
    /// It had expired, and a fresh one was sent (decisions.md 18).
    Renewed,
    /// It is not open any more.
    Over,
}

/// Says whether a person has an address that an invitation can go to; the command line asks before it shares.
pub fn address_of(
    view: &Snapshot<'_>,
    firm: FirmId,
    person: &Person,
) -> Result<std::result::Result<Address, CannotInvite>> {
    let Some(card) = view.card_address(firm, person.id)? else { return Ok(Err(CannotInvite::NoAddress)) };
    let others = view.people_writing_from(firm, &card)?;
    let taken = others.iter().any(|p| p.id != person.id && !p.is_user());
    Ok(if taken { Err(CannotInvite::AddressOfAnother) } else { Ok(card) })
}

/// Sees to it that the person has an open invitation. A person without an address of their own gets none; the audit
/// says so, and [`invite`] says why.
pub fn ensure(act: &Act<'_>, person: &Person, message: &str) -> Result<()> {
    if act.tx.open_invitation(act.firm.id, person.id, act.now)?.is_some() {
        return Ok(());
    }
    if open(act, person, "", message)?.is_err() {
        note(act, "invite.impossible", json!({"person": person.id}))?;
    }
    Ok(())
}

/// Invites a person anew; an open invitation is withdrawn. The names are for the conflict check (decisions.md 28).
pub fn invite(
    act: &Act<'_>,
    person: PersonId,
    conflict_names: &str,
    message: &str,
) -> Answer<std::result::Result<i64, CannotInvite>> {
    let Some(person) = act.tx.person(act.firm.id, person)?.filter(|p| !p.is_user()) else {
        return Ok(Err(Refusal::NotVisible));
    };
    if person.accepted_at.is_some() {
        return Ok(Ok(Err(CannotInvite::Accepted)));
    }
    let shares = act.tx.live_shares(act.firm.id, person.id, act.now)?;
    let Some(first) = shares.first() else { return Ok(Ok(Err(CannotInvite::NothingShared))) };
    // Whoever may share the thing may repeat the invitation that its share sent.
    let receiver = Circumstances { receiver: Some(person.id), ..Circumstances::default() };
    let ability = match first.item.kind {
        Kind::Task => Ability::Assign,
        Kind::Conversation => Ability::AddMember,
        _ => Ability::Share,
    };
    allowed!(act.ask_about(ability, Subject::Item(first.item), receiver));
    Ok(Ok(open(act, &person, conflict_names, message)?))
}

fn open(
    act: &Act<'_>,
    person: &Person,
    conflict_names: &str,
    message: &str,
) -> Result<std::result::Result<i64, CannotInvite>> {
    let (identity, address) = match address_of(act.tx, act.firm.id, person)? {
        Ok(card) => identity(act, person, &card)?,
        Err(why) => return Ok(Err(why)),
    };
    send(act, person, Some(identity), &address, conflict_names, message).map(Ok)
}

/// Invites an assistant whom the firm lets in; they have no card, only the mailbox that was named, which is nobody's until
/// it answers.
pub(super) fn invite_assistant(act: &Act<'_>, person: &Person) -> Result<()> {
    if let Some(address) = act.tx.mail_address(act.firm.id, person)? {
        send(act, person, person.identity, &address, "", "")?;
    }
    Ok(())
}

fn send(
    act: &Act<'_>,
    person: &Person,
    identity: Option<IdentityId>,
    address: &Address,
    conflict_names: &str,
    message: &str,
) -> Result<i64> {
    let new = NewInvitation {
        person: person.id,
        invited_by: inviting(act)?,
        address: address.clone(),
        conflict_names: conflict_names.to_owned(),
        personal_message: message.to_owned(),
        expires_at: act.now.saturating_add(OPEN_FOR).unwrap_or(Timestamp::MAX),
    };
    let id = act.tx.add_invitation(act.firm.id, &new, act.now)?;
    note(act, "invite", json!({"person": person.id, "identity": identity, "invitation": id}))?;
    // A mail makes the same letter again after a restore; a command never does.
    let key = match act.inbox {
        Some(_) => act.cause.to_owned(),
        None => format!("{}:{id}:{}", act.cause, act.now.as_millisecond()),
    };
    let reply = Some((Purpose::Invite, About::Invitation(id)));
    let addressed = Addressed {
        only_to: Some(address.as_str().to_owned()),
        ..Addressed::new(person.id, Letter::Invitation { invitation: id }, key, reply)
    };
    letter::queue(act.tx, act.firm.id, addressed.caused_by(act.inbox), act.now)?;
    Ok(id)
}

/// The identity of the card's address, and where its mail goes: the login address, which may differ (ACC-11).
fn identity(act: &Act<'_>, person: &Person, card: &Address) -> Result<(IdentityId, Address)> {
    let identity = act.tx.identity_for(card, act.now)?;
    if person.identity != Some(identity) {
        act.tx.set_identity(act.firm.id, person.id, identity)?;
    }
    let login = act.tx.identity(identity)?.map_or_else(|| card.clone(), |i| i.address);
    Ok((identity, login))
}

/// Who invites: the user who acts, or, when a contact's mail renews an invitation, the first administrator.
fn inviting(act: &Act<'_>) -> Result<PersonId> {
    if act.actor.is_user() {
        return Ok(act.actor.id);
    }
    Ok(act.tx.first_admin(act.firm.id)?.map_or(act.actor.id, |p| p.id))
}

/// Ends the invitation of a person with whom nothing is shared any more.
pub fn withdraw_if_nothing_is_shared(act: &Act<'_>, person: PersonId) -> Result<()> {
    let Some(open) = act.tx.open_invitation(act.firm.id, person, act.now)? else { return Ok(()) };
    if act.tx.live_shares(act.firm.id, person, act.now)?.is_empty() {
        act.tx.withdraw_invitation(act.firm.id, open.id, act.now)?;
        note(act, "invite.withdraw", json!({"person": person, "invitation": open.id}))?;
    }
    Ok(())
}

/// Takes `#accept` of the actor; `text` is what else was written, `pin` the actor's own domain if it signed without a DMARC
/// record that says it may: their mailbox has answered, so from now on it does. It binds nobody else's domain, though
/// decisions.md 3 would have it: an invitation that was forwarded can be answered by anybody who signs for himself, and a
/// bound signer speaks for this person from then on. The first question "was this you?", which only their own mailbox can
/// answer, binds it.
pub fn accept(act: &Act<'_>, invitation: i64, text: Option<String>, pin: Option<&str>) -> Result<Answered> {
    let Some(invitation) = own(act, invitation)? else { return over(act, invitation) };
    if act.actor.accepted_at.is_some() {
        return Ok(Answered::Before);
    }
    if !super::assistants::answered(act)? {
        return over(act, invitation.id);
    }
    if act.tx.accept_invitation(act.firm.id, invitation.id, act.now)? {
        act.tx.set_accepted(act.firm.id, act.actor.id, act.now)?;
        if let Some(domain) = pin {
            super::challenges::bind(act, domain, None)?;
        }
        // What they accepted is the mail that they answered, as it was sent.
        let terms = act.tx.last_sent_bytes(act.firm.id, act.actor.id, "invitation")?.map(|mail| sha256(&mail));
        note(act, "invite.accept", json!({"invitation": invitation.id, "terms": terms}))?;
        super::assistants::tell_begun(act)?;
        welcome(act)?;
        tell_tasks(act)?;
        super::calendar::invite_to_all(act, act.actor.id)?;
        let lawyer = lawyer(act, &invitation)?;
        tell_firm(act, &invitation, lawyer, text)?;
        return Ok(Answered::Accepted);
    }
    renew(act, &invitation)
}

/// Takes `#decline` of the actor.
pub fn decline(act: &Act<'_>, invitation: i64, text: Option<String>) -> Result<Answered> {
    let Some(invitation) = own(act, invitation)? else { return over(act, invitation) };
    if !act.tx.decline_invitation(act.firm.id, invitation.id, act.now)? {
        return over(act, invitation.id);
    }
    note(act, "invite.decline", json!({"invitation": invitation.id}))?;
    tell_firm(act, &invitation, lawyer(act, &invitation)?, text)?;
    tell_invited(act, invitation.id, InvitationOutcome::Declined)?;
    super::assistants::end_own(act)?;
    Ok(Answered::Declined)
}

/// Passes any other answer on to the firm's lawyer; nothing is accepted or declined (decisions.md 18).
pub fn pass_on(act: &Act<'_>, invitation: i64, text: String) -> Result<()> {
    let Some(invitation) = own(act, invitation)? else { return Ok(()) };
    note(act, "invite.other_answer", json!({"invitation": invitation.id}))?;
    tell_firm(act, &invitation, lawyer(act, &invitation)?, Some(text))?;
    tell_invited(act, invitation.id, InvitationOutcome::PassedOn)
}

/// The invitation, if it is the actor's and came to the address they have now.
fn own(act: &Act<'_>, invitation: i64) -> Result<Option<Invitation>> {
    let address = act.tx.mail_address(act.firm.id, act.actor)?;
    let found = act.tx.invitation(act.firm.id, invitation)?;
    Ok(found.filter(|i| i.person == act.actor.id && address.is_some_and(|address| address == i.address)))
}

/// Answers an expired invitation by a fresh one, if nobody ended it and something still waits for it.
fn renew(act: &Act<'_>, old: &Invitation) -> Result<Answered> {
    let ended = old.accepted_at.or(old.declined_at).or(old.withdrawn_at).is_some();
    if !ended && act.actor.acts_for.is_some() && !act.actor.disabled {
        invite_assistant(act, act.actor)?;
        return Ok(Answered::Renewed);
    }
    if ended || act.tx.live_shares(act.firm.id, act.actor.id, act.now)?.is_empty() {
        return over(act, old.id);
    }
    let inviting = act.tx.person(act.firm.id, old.invited_by)?.filter(|p| !p.disabled);
    let again = match &inviting {
        Some(lawyer) => Act { actor: lawyer, ..*act },
        None => *act,
    };
    Ok(match open(&again, act.actor, &old.conflict_names, &old.personal_message)? {
        Ok(_) => Answered::Renewed,
        Err(_) => over(act, old.id)?,
    })
}

fn over(act: &Act<'_>, invitation: i64) -> Result<Answered> {
    if act.actor.accepted_at.is_none() {
        tell_invited(act, invitation, InvitationOutcome::Over)?;
    }
    Ok(Answered::Over)
}

/// A reply to the welcome is about the one matter, or the one thing, that is shared; with several it names its own.
fn welcome(act: &Act<'_>) -> Result<()> {
    let shares = act.tx.live_shares(act.firm.id, act.actor.id, act.now)?;
    let matters: Vec<Item> = shares.iter().map(|s| s.item).filter(|i| i.kind == Kind::Matter).collect();
    let about = match (matters.as_slice(), shares.as_slice()) {
        ([one], _) => About::Item(*one),
        ([], [one]) => About::Item(one.item),
        _ => About::Firm,
    };
    act.tell(act.actor.id, Letter::Welcome, about)
}

/// The mail of each open task that was assigned before; its own could not be sent to somebody who was not let in.
fn tell_tasks(act: &Act<'_>) -> Result<()> {
    for row in act.tx.tasks_assigned_to(act.firm.id, act.actor.id)? {
        let task = row.item();
        if row.completed_at.is_none() && act.ask(Ability::View, task)?.is_ok() {
            act.tell(act.actor.id, Letter::Task { task, news: TaskNews::Assigned }, About::Item(task))?;
        }
    }
    Ok(())
}

/// The lawyer who hears of the answer: who invited, or the first administrator if they are gone.
fn lawyer(act: &Act<'_>, invitation: &Invitation) -> Result<Option<PersonId>> {
    let inviting = act.tx.person(act.firm.id, invitation.invited_by)?.filter(|p| !p.disabled);
    match inviting {
        Some(person) => Ok(Some(person.id)),
        None => act.responsible(None),
    }
}

fn tell_firm(act: &Act<'_>, invitation: &Invitation, lawyer: Option<PersonId>, text: Option<String>) -> Result<()> {
    let Some(lawyer) = lawyer else { return Ok(()) };
    act.tell(lawyer, Letter::InvitationAnswered { invitation: invitation.id, text }, About::Firm)
}

fn tell_invited(act: &Act<'_>, invitation: i64, outcome: InvitationOutcome) -> Result<()> {
    let letter = Letter::InvitationNote { invitation, outcome };
    act.tell_as(act.actor.id, letter, Purpose::Invite, About::Invitation(invitation))
}

fn note(act: &Act<'_>, action: &'static str, facts: serde_json::Value) -> Result<()> {
    let entry = Entry::new(Some(act.actor.id), action).by(act.inbox).with(facts);
    act.tx.audit(act.firm.id, &entry, act.now)
}

#[cfg(test)]
mod tests {
    use super::super::post::{Post, later, now, person};
    use super::*;
    use crate::domain::leap::SLACK;
    use crate::sharing::Role;

    /// What is shared with Jane first, and the invitation that it sends.
    fn invited(post: &Post) -> i64 {
        post.share(post.matter);
        post.read(|r| r.open_invitation(post.firm.id, post.jane, now())).unwrap().id
    }

    fn accepts(post: &Post, invitation: i64, at: Timestamp) -> Answered {
        post.act(post.jane, at, "yes", move |act| accept(act, invitation, None, None))
    }

    fn subjects(post: &Post, at: Timestamp) -> Vec<(String, String)> {
        let mut found: Vec<_> = post.deliver(at).into_iter().map(|m| (m.to, m.subject)).collect();
        found.sort();
        found
    }

    fn to_jane(subject: &str) -> (String, String) {
        ("jane@roe.example".into(), subject.into())
    }

    #[test]
    fn acc_02_the_first_share_invites_and_shows_no_substance() {
        let post = Post::new();
        invited(&post);
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        post.share(post.document("Reed deposition.pdf", None));
        let mails = post.deliver(now());
        assert_eq!(mails.len(), 1, "one invitation, and nothing of what is shared");
        let mail = mails.first().unwrap();
        assert_eq!(
            (mail.to.as_str(), mail.subject.as_str()),
            ("jane@roe.example", "Anna Smith of Hale & Partners invites you to work with them")
        );
        assert!(mail.text.contains("Matter M-1, one task, one document"), "{}", mail.text);
        assert!(mail.text.contains("28 March 2026, 10:00 (London)"), "{}", mail.text);
        for hidden in ["Reed", "Marsh", "2026-00", "brief", "deposition"] {
            assert!(!mail.text.contains(hidden) && !mail.html.contains(hidden), "{hidden}: {}", mail.text);
        }
    }

    #[test]
    fn acc_02_accepting_brings_the_welcome_with_what_is_shared_then_and_tells_the_lawyer() {
        let post = Post::new();
        let invitation = invited(&post);
        let (kept, ended) = (post.document("Kept.pdf", None), post.document("Ended.pdf", None));
        post.share(kept);
        post.share(ended);
        post.deliver(now());
        assert_eq!(accepts(&post, invitation, later(1)), Answered::Accepted);
        post.unshare(ended);
        let mails = post.deliver(later(2));
        let welcome = mails.iter().find(|m| m.to == "jane@roe.example" && m.subject.starts_with("Welcome")).unwrap();
        assert!(welcome.text.contains("M-1: ") && welcome.text.contains("Kept.pdf"), "{}", welcome.text);
        assert!(!welcome.text.contains("Ended.pdf"));
        assert!(welcome.text.contains("14 March 2026, 12:00 (London)"), "{}", welcome.text);
        assert!(mails.iter().any(|m| m.to == "anna@hale.example" && m.subject == "Jane Roe accepted"));
        assert_eq!(accepts(&post, invitation, later(3)), Answered::Before);
        assert!(post.deliver(later(3)).is_empty());
    }

    #[test]
    fn tasks_that_were_assigned_before_acceptance_come_right_after_the_welcome() {
        let post = Post::new();
        let invitation = invited(&post);
        post.assign(post.task("Draft the reply brief", "2026-03-20"));
        post.deliver(now());
        assert_eq!(accepts(&post, invitation, later(1)), Answered::Accepted);
        let mails: Vec<_> = post.deliver(later(1)).into_iter().filter(|m| m.to == "jane@roe.example").collect();
        let subjects: Vec<&str> = mails.iter().map(|m| m.subject.as_str()).collect();
        assert_eq!(subjects, ["Welcome: how to work with Hale & Partners by mail", "Task T-1: Draft the reply brief"]);
        let welcome = &mails.first().unwrap().text;
        assert!(welcome.contains("Task T-1: Draft the reply brief, due 20 March 2026"), "{welcome}");
        assert!(welcome.contains("#done T-1\r\n"), "{welcome}");
    }

    #[test]
    fn acc_03_later_shares_need_no_acceptance() {
        let post = Post::with_jane();
        post.share(post.document("Order.pdf", None));
        assert_eq!(subjects(&post, now()), [to_jane("Document D-1: Order.pdf")]);
    }

    #[test]
    fn n1_a_newer_invitation_ends_the_older_and_tells_so() {
        let post = Post::new();
        let older = invited(&post);
        let jane = post.jane;
        let newer = post.act(post.anna, later(1), "invite", move |act| invite(act, jane, "Reed; Marsh", "Once more"));
        assert!(matches!(newer, Ok(Ok(id)) if id != older));
        let mails = post.deliver(later(1));
        assert_eq!(mails.len(), 1, "the older one was not sent yet, and is not any more");
        assert!(mails.iter().all(|m| m.text.contains("Conflict check: Reed; Marsh")));
        assert_eq!(accepts(&post, older, later(2)), Answered::Over);
        let notes = post.deliver(later(2));
        assert!(notes.iter().all(|m| m.text.contains("replaced by a newer one")) && notes.len() == 1);
        assert!(post.person(post.jane).accepted_at.is_none());
    }

    #[test]
    fn acc_02_an_invitation_whose_share_ended_is_no_longer_open() {
        let post = Post::new();
        let invitation = invited(&post);
        post.deliver(now());
        post.unshare(post.matter);
        assert_eq!(accepts(&post, invitation, later(1)), Answered::Over);
        let mails = post.deliver(later(1));
        assert!(mails.iter().any(|m| m.text.contains("This invitation is no longer open. Ask the firm.")));
        assert!(post.person(post.jane).accepted_at.is_none());
    }

    #[test]
    fn t40_f42_an_expired_invitation_is_answered_by_a_fresh_one() {
        let (post, over) = (Post::new(), later(14 * 24) + SLACK);
        let invitation = invited(&post);
        post.deliver(now());
        assert_eq!(accepts(&post, invitation, over), Answered::Renewed);
        assert_eq!(subjects(&post, over), [to_jane("Anna Smith of Hale & Partners invites you to work with them")]);
        let fresh = post.read(|r| r.open_invitation(post.firm.id, post.jane, over)).unwrap();
        assert_eq!((fresh.invited_by, fresh.expires_at), (post.anna, over + OPEN_FOR));
        // Clocks differ: a little later than its end is not too late.
        assert_eq!(accepts(&post, fresh.id, over + OPEN_FOR + SignedDuration::from_mins(9)), Answered::Accepted);
    }

    #[test]
    fn decision_18_a_no_and_any_other_answer_reach_the_lawyer_and_accept_nothing() {
        let post = Post::new();
        let invitation = invited(&post);
        post.deliver(now());
        post.act(post.jane, later(1), "what", move |act| pass_on(act, invitation, "Who is the other side?".into()));
        let mails = post.deliver(later(1));
        let to_anna = mails.iter().find(|m| m.to == "anna@hale.example").unwrap();
        assert!(to_anna.text.contains("Who is the other side?") && to_anna.text.contains("jane@roe.example"));
        assert!(mails.iter().any(|m| m.to == "jane@roe.example" && m.text.contains("Nothing was accepted")));
        let answered = post.act(post.jane, later(2), "no", move |act| decline(act, invitation, None));
        assert_eq!(answered, Answered::Declined);
        assert_eq!(
            subjects(&post, later(2)),
            [("anna@hale.example".into(), "Jane Roe declined".into()), to_jane("Your answer to Hale & Partners"),]
        );
        assert_eq!(accepts(&post, invitation, later(3)), Answered::Over);
        assert!(post.person(post.jane).accepted_at.is_none());
    }

    #[test]
    fn t40_a_yes_binds_no_signer_for_an_invitation_may_have_been_forwarded() {
        let post = Post::new();
        let invitation = invited(&post);
        post.deliver(now());
        assert_eq!(accepts(&post, invitation, later(1)), Answered::Accepted);
        let identity = post.person(post.jane).identity.unwrap();
        assert!(post.read(|r| r.bound_signers(identity)).is_empty());
    }

    /// sender-proof.md 5.9: nobody who was invited at a domain without DMARC is asked again whether they write from it.
    #[test]
    fn a_yes_that_the_domain_of_the_invited_signed_confirms_that_domain() {
        let post = Post::new();
        let invitation = invited(&post);
        let yes = move |act: &Act<'_>| accept(act, invitation, None, Some("roe.example"));
        assert_eq!(post.act(post.jane, later(1), "yes", yes), Answered::Accepted);
        let identity = post.person(post.jane).identity.unwrap();
        assert_eq!(post.read(|r| r.bound_signers(identity)), ["roe.example"]);
    }

    #[test]
    fn t40_an_invitation_is_bound_to_its_address() {
        let post = Post::new();
        let invitation = invited(&post);
        let tom = person(Role::CoCounsel, "Tom", "Fry", "tom@fry.example");
        let firm = post.firm.id;
        let tom = post.write(move |tx| {
            let tom = tx.add_person(firm, &tom, now())?;
            let address = Address::parse("tom@fry.example").unwrap();
            tx.set_identity(firm, tom, tx.identity_for(&address, now())?)?;
            Ok(tom)
        });
        assert_eq!(post.act(tom, later(1), "yes", move |act| accept(act, invitation, None, None)), Answered::Over);
        assert!(post.person(tom).accepted_at.is_none() && post.person(post.jane).accepted_at.is_none());
    }

    #[test]
    fn acc_01_nothing_is_shared_with_who_has_no_address_of_their_own() {
        let post = Post::new();
        let (firm, matter) = (post.firm.id, post.matter);
        let jane = post.jane;
        invited(&post);
        let moved = person(Role::CoCounsel, "Tom", "Fry", "tom@fry.example");
        let twin = person(Role::CoCounsel, "Tom", "Twin", "tom@new.example");
        let none = person(Role::CoCounsel, "Ann", "None", "");
        let (twin, none) = post.write(move |tx| {
            let moved = tx.add_person(firm, &moved, now())?;
            tx.set_identity(firm, moved, tx.identity_for(&Address::parse("tom@new.example").unwrap(), now())?)?;
            Ok((tx.add_person(firm, &twin, now())?, tx.add_person(firm, &none, now())?))
        });
        for (who, why) in [(twin, Refusal::AddressOfAnother), (none, Refusal::ReceiverHasNoAddress)] {
            let answer = post.act(post.anna, now(), "share", move |act| {
                let shared = super::super::shares::share(act, who, matter, true, "")?;
                assert_eq!(invite(act, who, "", "")?, Ok(Err(CannotInvite::NothingShared)));
                Ok(shared)
            });
            assert_eq!(answer, Err(why));
        }
        assert_eq!(post.deliver(now()).len(), 1);
        post.write(move |tx| tx.set_accepted(firm, jane, now()));
        let again = post.act(post.anna, now(), "invite", move |act| invite(act, jane, "", ""));
        assert_eq!(again, Ok(Err(CannotInvite::Accepted)));
    }
}
