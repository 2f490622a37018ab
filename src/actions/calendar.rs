//! Events: entered, changed and called off by the firm, answered by those who are invited (CAL-01–08, REV-08). Each change
//! goes to the calendars of the people invited; whoever is not invited any more has the event taken out of theirs. What
//! leaves is a reference: what may be said of an event is asked again when it leaves.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::json;

use super::{Act, Answer, shares};
use crate::domain::{InboxId, Item, Kind, PersonId};
use crate::outbound::letter::{self, Addressed, EventNews, Letter, WhyWithdrawn, Withdrawn};
use crate::sharing::{Ability, Refusal, Thing};
use crate::store::Result;
use crate::store::calendar::{Attendee, Event, EventDetails, Instead, NewEvent, PartStat, SentInvitation};
use crate::store::shares::{Circumstances, NewShare, Source, Subject};
use crate::store::threads::{About, Purpose};

/// Enters an event (CAL-08); nobody is invited yet.
pub fn create(act: &Act<'_>, new: &NewEvent) -> Answer<Item> {
    let subject = match new.matter {
        Some(matter) => Subject::Item(Item::new(Kind::Matter, matter)),
        None => Subject::Other(Thing::Home, None),
    };
    allowed!(act.ask_about(Ability::CreateEvent, subject, Circumstances::default()));
    let event = act.tx.add_event(act.firm.id, new, act.now)?;
    act.audit("event.create", event, json!({}))?;
    Ok(Ok(event))
}

/// Changes what an event says, and tells whoever has it in their calendar; where its time changed, they are asked anew.
/// False if nothing changed, or it was called off.
pub fn change(act: &Act<'_>, event: Item, details: &EventDetails) -> Answer<bool> {
    allowed!(act.ask(Ability::Edit, event));
    let Some(before) = act.tx.event(act.firm.id, event.id)? else { return Ok(Ok(false)) };
    if before.details == *details || !act.tx.edit_event(act.firm.id, event.id, details)? {
        return Ok(Ok(false));
    }
    let same_time = before.details.same_time(details);
    if !same_time {
        act.tx.forget_answers(act.firm.id, event.id)?;
        // A series with other times has other days; calendars forget what was said of the old ones, too.
        act.tx.forget_exceptions(act.firm.id, event.id)?;
    }
    act.audit("event.change", event, json!({"time": !same_time}))?;
    for attendee in act.tx.attendees(act.firm.id, event.id)? {
        // Whoever has none yet gets the event as it is when their invitation leaves.
        if attendee.sent.is_some() {
            tell(act, attendee.person, event, EventNews::Changed)?;
        }
    }
    Ok(Ok(true))
}

/// Changes one time of a series, or calls it off, and tells whoever has the series in their calendar; where its hours
/// changed, they are asked anew for that time. False if nothing changed, or the series has no such time.
pub fn change_once(act: &Act<'_>, event: Item, day: Date, instead: Option<&Instead>) -> Answer<bool> {
    allowed!(act.ask(if instead.is_some() { Ability::Edit } else { Ability::Delete }, event));
    let Some(row) = act.tx.event(act.firm.id, event.id)?.filter(|e| e.cancelled_at.is_none()) else {
        return Ok(Ok(false));
    };
    let Some(regular) = row.details.of_series(day) else { return Ok(Ok(false)) };
    let before = row.details.exceptions.iter().find(|e| e.day == day);
    if before.is_some_and(|e| e.instead.as_ref() == instead) {
        return Ok(Ok(false));
    }
    act.tx.set_exception(act.firm.id, event.id, day, instead)?;
    let hours = |i: &Instead| (i.start_at, i.end_at);
    let was = before.map_or(Some((regular.start_at, regular.end_at)), |e| e.instead.as_ref().map(hours));
    let same_time = was == instead.map(hours);
    if !same_time {
        act.tx.forget_occurrence_answers(act.firm.id, event.id, day)?;
    }
    let action = if instead.is_some() { "event.change_once" } else { "event.cancel_once" };
    act.audit(action, event, json!({"day": day.to_string(), "time": !same_time}))?;
    let is_over = was.is_some_and(|(_, end)| end <= act.now);
    for attendee in act.tx.attendees(act.firm.id, event.id)? {
        let Some(sent) = attendee.sent.as_ref() else { continue };
        if instead.is_some() {
            let key = format!("{}:{day}", key(act, event, Some(row.sequence.saturating_add(1))));
            queue(act, attendee.person, Letter::EventOnce { event, day }, key, About::Item(event))?;
        } else if !is_over {
            let said = was.map_or(regular.start_at, |(start, _)| start);
            let beginning = row.details.beginning_at(said).word();
            let only = Some(row.details.beginning_at(regular.start_at).word());
            let letter = withdrawn(act, &row, &attendee, sent, WhyWithdrawn::CalledOff)?;
            let sequence = row.sequence_for(&attendee).saturating_add(1);
            let letter = Letter::EventWithdrawn(Withdrawn { only, beginning, sequence, also: Vec::new(), ..letter });
            queue(act, attendee.person, letter, format!("{}:{day}", key(act, event, None)), About::Firm)?;
        }
    }
    Ok(Ok(true))
}

/// Sends a person the event as it is now, because their calendar asked (RFC 5546 3.2.6); once a day for each state of it.
pub fn send_again(act: &Act<'_>, event: Item) -> Answer<()> {
    allowed!(act.ask(Ability::View, event));
    let Some(row) = act.tx.event(act.firm.id, event.id)? else { return Ok(Err(Refusal::NotVisible)) };
    let attendee = act.tx.attendee(act.firm.id, row.id, act.actor.whose())?;
    let sequence = attendee.map_or(row.sequence, |a| row.sequence_for(&a));
    let key = format!("asked:EV-{}:{sequence}:{}", row.id, act.today()?);
    let letter = Letter::Event { event, news: EventNews::Asked };
    queue(act, act.actor.whose(), letter, key, About::Item(event))?;
    Ok(Ok(()))
}

/// Calls an event off, and takes it out of all calendars; false if it was called off before.
pub fn call_off(act: &Act<'_>, event: Item) -> Answer<bool> {
    allowed!(act.ask(Ability::Delete, event));
    if !act.tx.cancel_event(act.firm.id, event.id, act.now)? {
        return Ok(Ok(false));
    }
    act.audit("event.cancel", event, json!({}))?;
    let Some(row) = act.tx.event(act.firm.id, event.id)? else { return Ok(Ok(true)) };
    for attendee in act.tx.attendees(act.firm.id, event.id)? {
        take_out(act, &row, &attendee, WhyWithdrawn::CalledOff)?;
    }
    Ok(Ok(true))
}

/// Invites somebody, which for a contact is the grant (CAL-01); true if they were not invited before.
pub fn invite(act: &Act<'_>, event: Item, person: PersonId, notify: bool, message: &str) -> Answer<bool> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Share, Subject::Item(event), receiver));
    let Some(found) = act.tx.person(act.firm.id, person)? else { return Ok(Ok(false)) };
    let is_new = if found.is_user() {
        act.tx.attendee(act.firm.id, event.id, person)?.is_none()
    } else {
        let source = Source::Attendance;
        let share = NewShare { person, item: event, source, notify, message: message.to_owned(), by: act.actor.id };
        shares::grant(act, &share)?
    };
    let address = act.tx.mail_address(act.firm.id, &found)?.map(String::from).unwrap_or_default();
    let joins = act.tx.add_attendee(act.firm.id, event.id, person, &address, act.now)?;
    if joins {
        act.audit("event.invite", event, json!({"person": person}))?;
    }
    if (joins || is_new) && notify && (found.is_user() || found.accepted_at.is_some()) {
        tell(act, person, event, EventNews::Invited)?;
    }
    Ok(Ok(joins || is_new))
}

/// Takes somebody off an event (REV-08); false if they were not invited.
pub fn remove(act: &Act<'_>, event: Item, person: PersonId) -> Answer<bool> {
    let is_user = act.tx.person(act.firm.id, person)?.is_some_and(|p| p.is_user());
    if !is_user {
        return shares::unshare(act, person, event, "not invited any more");
    }
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    allowed!(act.ask_about(Ability::Unshare, Subject::Item(event), receiver));
    let invited = act.tx.attendee(act.firm.id, event.id, person)?.is_some();
    withdraw(act, person, event)?;
    Ok(Ok(invited))
}

/// An answer to an invitation, and what else is known of it.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// Yes, no, or perhaps.
    pub answer: PartStat,
    /// When it was written: a later answer stands against an earlier one that comes after it.
    pub written_at: Timestamp,
    /// Only for this time of a series, in words.
    pub only: Option<&'a str>,
    /// The day on which the series has that time, if it is one of its own.
    pub day: Option<Date>,
    /// The mail has words that nothing proves to be theirs.
    pub unproved: Option<InboxId>,
}

/// Takes the actor's answer to an invitation, or to one time of a series, and tells who invited (CAL-07); false if it was
/// their answer before. An answer to a time that the series does not have is told and not recorded.
pub fn answer(act: &Act<'_>, event: Item, reply: &Reply<'_>) -> Answer<bool> {
    allowed!(act.ask(Ability::Rsvp, event));
    let (firm, person) = (act.firm.id, act.actor.whose());
    let is_new = match (reply.day, reply.only) {
        (Some(day), _) => act.tx.set_occurrence_answer(firm, event.id, day, person, reply.answer, reply.written_at)?,
        (None, Some(_)) => true,
        (None, None) => act.tx.set_answer(firm, event.id, person, reply.answer, reply.written_at)?,
    };
    if !is_new && reply.unproved.is_none() {
        return Ok(Ok(false));
    }
    act.audit("event.answer", event, json!({"answer": reply.answer.word(), "once": reply.only.is_some()}))?;
    if let Some(lawyer) = organizer(act, event)?.filter(|lawyer| *lawyer != act.actor.id) {
        let (answer, only) = (reply.answer, reply.only.map(str::to_owned));
        let letter = Letter::EventAnswered { event, by: act.actor.id, answer, only, unproved: reply.unproved };
        act.tell(lawyer, letter, About::Item(event))?;
    }
    Ok(Ok(is_new))
}

/// Who hears of answers: who invites, or the responsible lawyer if they are gone or may not see the event any more.
fn organizer(act: &Act<'_>, event: Item) -> Result<Option<PersonId>> {
    let Some(row) = act.tx.event(act.firm.id, event.id)? else { return Ok(None) };
    let may = act.tx.ask(act.firm.id, row.organizer, Ability::View, event, act.now)?.is_allowed();
    if may { Ok(Some(row.organizer)) } else { act.responsible(row.matter) }
}

/// Ends a person's invitation, and takes the event out of their calendar; the caller has asked, and ends the share.
pub(super) fn withdraw(act: &Act<'_>, person: PersonId, event: Item) -> Result<()> {
    let Some(attendee) = act.tx.raise_sequence_for(act.firm.id, event.id, person)? else { return Ok(()) };
    act.tx.remove_attendee(act.firm.id, event.id, person, act.now)?;
    act.audit("event.remove", event, json!({"person": person}))?;
    match act.tx.event(act.firm.id, event.id)? {
        Some(row) => take_out(act, &row, &attendee, WhyWithdrawn::NotInvited),
        None => Ok(()),
    }
}

/// True if a mail of this act takes the event out of the person's calendar.
pub(super) fn was_withdrawn(act: &Act<'_>, person: PersonId, event: Item) -> Result<bool> {
    act.tx.is_queued(act.firm.id, &letter::key_of("event_withdrawn", person, &key(act, event, None)))
}

/// Takes an event that is still to come out of a calendar that it was put into.
fn take_out(act: &Act<'_>, row: &Event, attendee: &Attendee, why: WhyWithdrawn) -> Result<()> {
    let Some(sent) = attendee.sent.as_ref().filter(|_| row.details.next(act.now).is_some()) else { return Ok(()) };
    let letter = Letter::EventWithdrawn(withdrawn(act, row, attendee, sent, why)?);
    act.tx.forget_invitation_sent(act.firm.id, row.id, attendee.person)?;
    queue(act, attendee.person, letter, key(act, row.item(), None), About::Firm)
}

fn withdrawn(
    act: &Act<'_>,
    row: &Event,
    attendee: &Attendee,
    sent: &SentInvitation,
    why: WhyWithdrawn,
) -> Result<Withdrawn> {
    let about = About::Item(row.item());
    let thread = act.tx.thread_about(act.firm.id, attendee.person, Purpose::Reply, about)?;
    // Times that were changed stand in the calendar by themselves (mails.md d2).
    let changed = row.details.exceptions.iter().filter(|e| e.instead.as_ref().is_some_and(|i| i.end_at > act.now));
    let of_series = changed.filter_map(|e| row.details.of_series(e.day));
    Ok(Withdrawn {
        address: attendee.invited_address.clone(),
        number: row.number,
        uid: row.uid.clone(),
        sequence: row.sequence_for(attendee),
        beginning: sent.beginning.word(),
        only: None,
        also: of_series.map(|o| row.details.beginning_at(o.start_at).word()).collect(),
        thread: thread.map(|t| (t.id, t.generation)),
        invited_at: sent.at,
        why,
    })
}

/// Invites a person, by mail, to all that they are invited to and do not have in their calendar: after they accepted the
/// firm's invitation, or were let in again.
pub fn invite_to_all(act: &Act<'_>, person: PersonId) -> Result<()> {
    for row in act.tx.events_of(act.firm.id, person)? {
        let attendee = act.tx.attendee(act.firm.id, row.id, person)?;
        if attendee.is_some_and(|a| a.sent.is_none()) {
            tell(act, person, row.item(), EventNews::Invited)?;
        }
    }
    Ok(())
}

/// Takes all events out of a person's calendar: they lose their access, and keep their invitations for the day on which
/// they are let in again ([`invite_to_all`]).
pub fn suspend(act: &Act<'_>, person: PersonId) -> Result<()> {
    for row in act.tx.events_of(act.firm.id, person)? {
        take_over(act, person, row.item(), WhyWithdrawn::NotInvited)?;
    }
    Ok(())
}

/// Lets all invitations follow a person whose mail goes to another address now: the events are taken out of the calendar
/// of the old one, and put into that of the new one under the same UID (mails.md d2). Changes nothing where the address
/// is the same.
pub fn follow_address(act: &Act<'_>, person: PersonId) -> Result<()> {
    let Some(found) = act.tx.person(act.firm.id, person)? else { return Ok(()) };
    let Some(now_at) = act.tx.mail_address(act.firm.id, &found)? else { return Ok(()) };
    for row in act.tx.events_of(act.firm.id, person)? {
        let attendee = act.tx.attendee(act.firm.id, row.id, person)?;
        let elsewhere = attendee.is_some_and(|a| a.sent.is_some() && a.invited_address != now_at.as_str());
        if elsewhere && take_over(act, person, row.item(), WhyWithdrawn::Readdressed)? {
            tell(act, person, row.item(), EventNews::Readdressed)?;
        }
    }
    Ok(())
}

/// Takes an event out of a calendar whose owner stays invited; false if it is not in it, or over.
fn take_over(act: &Act<'_>, person: PersonId, event: Item, why: WhyWithdrawn) -> Result<bool> {
    let is_in_it = act.tx.attendee(act.firm.id, event.id, person)?.is_some_and(|a| a.sent.is_some());
    let row = act.tx.event(act.firm.id, event.id)?;
    let Some(row) = row.filter(|r| is_in_it && r.details.next(act.now).is_some()) else { return Ok(false) };
    let Some(attendee) = act.tx.raise_sequence_for(act.firm.id, event.id, person)? else { return Ok(false) };
    take_out(act, &row, &attendee, why)?;
    Ok(true)
}

fn tell(act: &Act<'_>, person: PersonId, event: Item, news: EventNews) -> Result<()> {
    let attendee = act.tx.attendee(act.firm.id, event.id, person)?;
    let row = act.tx.event(act.firm.id, event.id)?;
    let sequence = row.zip(attendee).map(|(row, attendee)| row.sequence_for(&attendee));
    let letter = Letter::Event { event, news };
    queue(act, person, letter, key(act, event, sequence), About::Item(event))
}

fn queue(act: &Act<'_>, person: PersonId, letter: Letter, key: String, about: About) -> Result<()> {
    let addressed = Addressed::new(person, letter, key, Some((Purpose::Reply, about))).caused_by(act.inbox);
    letter::queue(act.tx, act.firm.id, addressed, act.now)?;
    Ok(())
}

fn key(act: &Act<'_>, event: Item, sequence: Option<u32>) -> String {
    let sequence = sequence.map(|s| format!(":{s}")).unwrap_or_default();
    format!("{}:{}-{}{sequence}", act.cause, event.kind.prefix(), event.id)
}

#[cfg(test)]
mod tests {
    use super::super::post::{Mail, Post, later, now};
    use super::super::{invitations, shares};
    use super::*;
    use crate::domain::Address;

    fn hearing() -> EventDetails {
        EventDetails {
            summary: "Hearing".into(),
            description: String::new(),
            location: "Court 4".into(),
            conference_url: String::new(),
            start_at: later(48),
            end_at: later(49),
            all_day: false,
            time_zone: "Europe/London".into(),
            recurrence_rule: None,
            exceptions: Vec::new(),
        }
    }

    fn event(post: &Post) -> Item {
        let new = NewEvent {
            uid: "1@gw.hale.example".into(),
            details: hearing(),
            matter: Some(post.matter.id),
            organizer: post.anna,
        };
        post.act(post.anna, now(), "create", move |act| create(act, &new)).unwrap()
    }

    /// An event to which Jane is invited.
    fn invited(post: &Post) -> Item {
        let (event, jane) = (event(post), post.jane);
        assert_eq!(post.act(post.anna, now(), "invite", move |act| invite(act, event, jane, true, "")), Ok(true));
        event
    }

    fn only(mails: Vec<Mail>) -> Mail {
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        mail.clone()
    }

    /// The value of a property in what a mail says to the calendar.
    fn said<'m>(mail: &'m Mail, name: &str) -> &'m str {
        let lines: Vec<&str> = mail.calendar.split("\r\n").collect();
        let event = lines.iter().position(|l| *l == "BEGIN:VEVENT").unwrap_or_else(|| panic!("{mail:?}"));
        let method = lines.iter().find_map(|l| l.strip_prefix("METHOD:")).unwrap();
        if name == "METHOD" {
            return method;
        }
        lines[event..]
            .iter()
            .find_map(|l| l.strip_prefix(name)?.strip_prefix(':'))
            .unwrap_or_else(|| panic!("{mail:?}"))
    }

    fn move_to(post: &Post, address: &'static str) {
        let (firm, jane) = (post.firm.id, post.jane);
        post.write(move |tx| {
            let identity = tx.identity_for(&Address::parse(address).unwrap(), now())?;
            tx.set_identity(firm, jane, identity)
        });
        post.act(post.anna, later(1), "moved", move |act| follow_address(act, jane));
    }

    /// Shows CAL-08.
    #[test]
    fn changes_before_an_invitation_leaves_go_with_it_and_later_ones_each_by_a_mail() {
        let post = Post::with_jane();
        let event = invited(&post);
        let at_five = EventDetails { start_at: later(55), end_at: later(56), ..hearing() };
        let sooner = at_five.clone();
        assert_eq!(post.act(post.anna, now(), "five", move |act| change(act, event, &sooner)), Ok(true));
        let first = only(post.deliver(now()));
        assert_eq!((said(&first, "METHOD"), said(&first, "SEQUENCE")), ("REQUEST", "1"));
        let same = at_five.clone();
        assert_eq!(post.act(post.anna, now(), "same", move |act| change(act, event, &same)), Ok(false));
        let court_7 = EventDetails { location: "Court 7".into(), ..at_five };
        for cause in ["seven", "eight"] {
            let place = format!("Court {cause}");
            let new = EventDetails { location: place, ..court_7.clone() };
            assert_eq!(post.act(post.anna, later(1), cause, move |act| change(act, event, &new)), Ok(true));
        }
        let second = only(post.deliver(later(1)));
        assert_eq!((said(&second, "SEQUENCE"), said(&second, "LOCATION")), ("3", "Court eight"));
        assert_eq!(said(&first, "UID"), said(&second, "UID"));
        let organizer =
            |mail: &Mail| mail.calendar.split("ORGANIZER").nth(1).unwrap().split("\r\nATT").next().unwrap().to_owned();
        assert_eq!(organizer(&first), organizer(&second), "the address that takes the answers stays");
    }

    /// Shows CAL-07.
    #[test]
    fn a_new_time_asks_anew_and_a_new_place_does_not() {
        let post = Post::with_jane();
        let (event, firm, jane) = (invited(&post), post.firm.id, post.jane);
        post.deliver(now());
        let reply = Reply { answer: PartStat::Accepted, written_at: now(), only: None, day: None, unproved: None };
        assert_eq!(post.act(jane, now(), "yes", move |act| answer(act, event, &reply)), Ok(true));
        assert_eq!(post.act(jane, now(), "again", move |act| answer(act, event, &reply)), Ok(false));
        assert_eq!(only(post.deliver(now())).subject, "Jane Roe said yes: Event EV-1: Hearing");
        let partstat = |post: &Post| post.read(|r| r.attendee(firm, event.id, jane)).unwrap().partstat;
        let elsewhere = EventDetails { location: "Court 7".into(), ..hearing() };
        let place = elsewhere.clone();
        post.act(post.anna, now(), "place", move |act| change(act, event, &place)).unwrap();
        assert_eq!(partstat(&post), PartStat::Accepted);
        let time = EventDetails { start_at: later(50), end_at: later(51), ..elsewhere };
        post.act(post.anna, later(1), "time", move |act| change(act, event, &time)).unwrap();
        assert_eq!(partstat(&post), PartStat::NeedsAction);
    }

    /// Shows REV-08.
    #[test]
    fn rev_08_what_never_left_is_not_taken_back_and_what_left_is_taken_back_once() {
        let post = Post::with_jane();
        let (event, jane) = (invited(&post), post.jane);
        assert_eq!(post.act(post.anna, now(), "off", move |act| remove(act, event, jane)), Ok(true));
        assert!(post.deliver(now()).is_empty(), "nor is it said that it ended");

        assert_eq!(post.act(post.anna, now(), "again", move |act| invite(act, event, jane, true, "")), Ok(true));
        let invitation = only(post.deliver(now()));
        assert_eq!(post.act(post.anna, later(1), "off again", move |act| remove(act, event, jane)), Ok(true));
        assert_eq!(post.act(post.anna, later(1), "off again", move |act| remove(act, event, jane)), Ok(false));
        let taken = only(post.deliver(later(1)));
        assert_eq!((taken.subject.as_str(), said(&taken, "METHOD")), ("No longer invited: event EV-1", "CANCEL"));
        let number = |mail: &Mail| said(mail, "SEQUENCE").parse::<u32>().unwrap();
        assert!(number(&taken) > number(&invitation), "{taken:?}");
        assert!(!taken.text.contains("Hearing") && !taken.calendar.contains("Court"), "{taken:?}");
        let address = |mail: &Mail| {
            mail.calendar.replace("\r\n ", "").split("mailto:").nth(1).unwrap().split("\r\n").next().unwrap().to_owned()
        };
        assert_eq!(address(&taken), address(&invitation), "the calendar knows it by who invited");
    }

    #[test]
    fn rev_08_what_is_over_is_left_in_the_calendar() {
        let post = Post::with_jane();
        let (event, jane) = (invited(&post), post.jane);
        post.deliver(now());
        assert_eq!(post.act(post.anna, later(50), "late", move |act| shares::unshare(act, jane, event, "")), Ok(true));
        assert_eq!(only(post.deliver(later(50))).subject, "Access ended: event EV-1");
    }

    /// Shows ACC-12.
    #[test]
    fn a_new_login_address_gets_the_event_and_the_old_one_loses_it() {
        let post = Post::with_jane();
        invited(&post);
        let before = only(post.deliver(now()));
        move_to(&post, "jane@new.example");
        let mut mails = post.deliver(later(1));
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        let [new, old] = mails.as_slice() else { panic!("{mails:?}") };
        assert_eq!((new.to.as_str(), said(new, "METHOD")), ("jane@new.example", "REQUEST"));
        assert_eq!((old.to.as_str(), said(old, "METHOD")), ("jane@roe.example", "CANCEL"));
        assert!(!old.text.contains("new.example") && !old.text.contains("Hearing"), "{}", old.text);
        assert!(!old.calendar.contains("new.example") && new.calendar.contains("mailto:jane@new.example"));
        assert_eq!((said(new, "UID"), said(old, "UID")), (said(&before, "UID"), said(&before, "UID")));
        move_to(&post, "jane@new.example");
        assert!(post.deliver(later(2)).is_empty(), "the address is the same");
    }

    #[test]
    fn whoever_is_let_out_loses_all_events_and_whoever_is_let_in_again_gets_them_back() {
        let post = Post::with_jane();
        invited(&post);
        post.deliver(now());
        let jane = post.jane;
        post.act(post.anna, later(1), "out", move |act| suspend(act, jane));
        assert_eq!(said(&only(post.deliver(later(1))), "METHOD"), "CANCEL");
        post.act(post.anna, later(2), "in", move |act| invite_to_all(act, jane));
        assert_eq!(said(&only(post.deliver(later(2))), "METHOD"), "REQUEST");
    }

    #[test]
    fn nobody_is_told_of_an_event_before_they_accepted_and_then_they_are() {
        let post = Post::new();
        invited(&post);
        assert!(post.deliver(now()).iter().all(|m| m.calendar.is_empty()));
        let invitation = post.read(|r| r.open_invitation(post.firm.id, post.jane, now())).unwrap().id;
        post.act(post.jane, later(1), "yes", move |act| invitations::accept(act, invitation, None, None));
        let mails = post.deliver(later(1));
        let events: Vec<&Mail> = mails.iter().filter(|m| !m.calendar.is_empty()).collect();
        assert_eq!(events.len(), 1, "{mails:?}");
        assert_eq!((events[0].to.as_str(), said(events[0], "METHOD")), ("jane@roe.example", "REQUEST"));
    }
}
