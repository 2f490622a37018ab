//! Mail 6: an invitation to an event, its change and its withdrawal, in words and for the reader's calendar; and, to the
//! firm, that somebody answered one. What a matter's mails may not carry is left out of both; the withdrawal says nothing
//! of the event but when it was to begin, as its reader had been told.

use jiff::Timestamp;
use jiff::civil::Date;

use super::items;
use crate::domain::recurrence::End;
use crate::domain::{Address, InboxId, Item, ItemId, Kind, PersonId};
use crate::language::{phrase, say};
use crate::outbound::calendar::{self, Cancelled, Method, Once, Parties, Said};
use crate::outbound::letter::{EventNews, WhyWithdrawn, Withdrawn};
use crate::outbound::page::{ForCalendar, Page};
use crate::outbound::reader::Reader;
use crate::outbound::words;
use crate::sharing::Ability;
use crate::store::calendar::{Attendee, Beginning, Event, EventDetails, Exception, Instead, PartStat, SentInvitation};
use crate::store::firms::zone;
use crate::store::matters::Sensitivity;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, StoreError};

/// The invitation, or what the event is now; none if the reader may not see it, it is over, or they have it already.
pub fn event(reader: &Reader<'_>, item: Item, news: EventNews) -> Result<Option<Page>> {
    let may = reader.may(Ability::View, item)? && reader.may(Ability::SeeDetails, item)?;
    let (Some(row), true) = (reader.event(item.id)?, may) else { return Ok(None) };
    let Some(attendee) = reader.store.attendee(reader.firm.id, item.id, reader.person.id)? else { return Ok(None) };
    let Some(to) = reader.store.mail_address(reader.firm.id, reader.person)? else { return Ok(None) };
    let is_over = row.cancelled_at.is_some() || row.details.next(reader.now).is_none();
    if is_over || (news != EventNews::Asked && has_it(&attendee, &row, &to)) {
        return Ok(None);
    }
    let shown = Shown::of(reader, &row)?;
    let id = reader.id(item)?;
    let mut page = Page::new(match news {
        EventNews::Changed => say!(reader, "Changed: {event}", event = items::subject(reader, item)?),
        EventNews::Invited | EventNews::Asked | EventNews::Readdressed => items::subject(reader, item)?,
    });
    let (organizer, firm) = (reader.name_of(row.organizer)?, &reader.firm.name);
    page.text(match news {
        EventNews::Invited => {
            say!(reader, "{name} of {firm} invites you to this event.", name = &organizer, firm = firm)
        }
        EventNews::Changed => say!(reader, "{name} of {firm} changed this event.", name = &organizer, firm = firm),
        EventNews::Asked => say!(reader, "Your calendar asked for this event. This is how it is now."),
        EventNews::Readdressed => {
            say!(reader, "You are invited to this event; from now on its mails come to this address.")
        }
    });
    let moved = attendee.sent.as_ref().map(|sent| sent.beginning).filter(|b| *b != row.details.beginning());
    let matter = reader.visible_matter(item)?;
    page.facts([
        (say!(reader, "Event"), if shown.title.is_empty() { id.clone() } else { format!("{id}: {}", shown.title) }),
        (say!(reader, "When"), when(reader, &row.details)),
        (say!(reader, "Single times"), exceptions(reader, &row.details)),
        (say!(reader, "It was to begin"), moved.map(|b| beginning(reader, b)).unwrap_or_default()),
        (say!(reader, "Where"), shown.location.clone()),
        (say!(reader, "Meeting link"), shown.link.clone()),
        (say!(reader, "Organiser"), organizer.clone()),
        (say!(reader, "Matter"), matter.map(|m| format!("M-{} ({})", m.number, m.display_number)).unwrap_or_default()),
        (say!(reader, "Details"), shown.description.clone()),
    ]);
    if reader.withholds(item)? {
        page.text(items::how_to_see(reader, item)?);
    } else if shown.is_neutral {
        page.text(say!(
            reader,
            "This mail leaves out what the event is about. To see all of it, reply #show {id}",
            id = &id
        ));
    }
    page.text(match moved.is_some() {
        true => say!(reader, "Please answer anew, with the buttons of your calendar, or reply to this mail:"),
        false => say!(reader, "Answer with the buttons of your calendar, or reply to this mail:"),
    });
    page.examples(&[
        (say!(reader, "#yes"), say!(reader, "you will come")),
        (say!(reader, "#no"), say!(reader, "you will not come; #maybe if you don't know yet")),
        (say!(reader, "your text"), say!(reader, "goes to the firm as a message")),
    ]);
    page.calendar = Some(for_calendar(reader, &row, &attendee, &shown, &to, None)?);
    Ok(Some(page))
}

/// True if this version of the event left for this address before.
fn has_it(attendee: &Attendee, event: &Event, to: &Address) -> bool {
    let current = attendee.sent.as_ref().is_some_and(|sent| sent.sequence == event.sequence_for(attendee));
    current && attendee.invited_address == to.as_str()
}

/// What the mails of the event's matter may carry.
struct Shown {
    title: String,
    description: String,
    location: String,
    link: String,
    is_neutral: bool,
}

impl Shown {
    fn of(reader: &Reader<'_>, row: &Event) -> Result<Shown> {
        let EventDetails { summary, description, location, conference_url, .. } = row.details.clone();
        Shown::as_far_as(
            reader,
            row,
            Shown { title: summary, description, location, link: conference_url, is_neutral: false },
        )
    }

    fn of_once(reader: &Reader<'_>, row: &Event, instead: &Instead) -> Result<Shown> {
        let Instead { summary, description, location, conference_url, .. } = instead.clone();
        Shown::as_far_as(
            reader,
            row,
            Shown { title: summary, description, location, link: conference_url, is_neutral: false },
        )
    }

    /// All of it, or what the matter's mails may carry.
    fn as_far_as(reader: &Reader<'_>, row: &Event, all: Shown) -> Result<Shown> {
        Ok(match reader.sensitivity(row.item())? {
            Sensitivity::Standard => all,
            Sensitivity::Confidential => {
                Shown { title: String::new(), description: String::new(), is_neutral: true, ..all }
            }
            Sensitivity::Restricted => Shown {
                title: String::new(),
                description: String::new(),
                location: String::new(),
                link: String::new(),
                is_neutral: true,
            },
        })
    }
}

fn for_calendar(
    reader: &Reader<'_>,
    row: &Event,
    attendee: &Attendee,
    shown: &Shown,
    to: &Address,
    only: Option<Date>,
) -> Result<ForCalendar> {
    let about = About::Item(row.item());
    let thread = reader.store.thread_about(reader.firm.id, reader.person.id, Purpose::Reply, about)?;
    let thread = thread.ok_or_else(|| StoreError::Content("an invitation without its reply address".into()))?;
    let number = ItemId::new(Kind::Event, row.number);
    let neutral = say!(reader, "Event {number} ({firm})", number = number.to_string(), firm = &reader.firm.name);
    let link = match shown.link.as_str() {
        "" => String::new(),
        link => format!("{link}\n\n"),
    };
    let sequence = row.sequence_for(attendee);
    let parties = Parties {
        uid: &row.uid,
        sequence,
        stamp: reader.now,
        organizer: &format!("{}, {}", reader.name_of(row.organizer)?, reader.firm.name),
        answers_to: &reader.gateway.reply_address(&reader.store.token_of(&thread)?),
        name: &reader.person.name(),
        attendee: to,
    };
    let said = Said {
        summary: if shown.is_neutral { &neutral } else { &shown.title },
        description: &format!("{link}{}", shown.description),
        location: &shown.location,
        link: &shown.link,
        private: shown.is_neutral,
        answer: attendee.partstat,
    };
    let sent = SentInvitation { sequence, beginning: row.details.beginning(), at: reader.now, only };
    let of_series = |day: Date| row.details.of_series(day).map(|o| o.start_at);
    if let Some((day, start_at, end_at)) = only.and_then(|day| time_of(row, day)) {
        let once = Once { of_series: of_series(day).unwrap_or(start_at), start_at, end_at, said };
        let object = calendar::request_once(&parties, &row.details, &once);
        return Ok(ForCalendar { method: Method::Request, object, sent: Some((row.id, sent)) });
    }
    let answers = reader.store.occurrence_answers(reader.firm.id, row.id)?;
    let answer_of = |day: Date| {
        answers.iter().find(|a| a.day == day && a.person == attendee.person).map_or(attendee.partstat, |a| a.partstat)
    };
    let mut others = Vec::new();
    for (exception, instead) in changed(&row.details, reader.now) {
        others.push((exception.day, instead, Shown::of_once(reader, row, instead)?));
    }
    let times = others.iter().filter_map(|(day, instead, shown)| {
        let said = Said {
            summary: if shown.is_neutral { &neutral } else { &shown.title },
            description: &shown.description,
            location: &shown.location,
            link: &shown.link,
            private: shown.is_neutral,
            answer: answer_of(*day),
        };
        Some(Once { of_series: of_series(*day)?, start_at: instead.start_at, end_at: instead.end_at, said })
    });
    let object = calendar::request(&parties, &row.details, &said, &times.collect::<Vec<_>>());
    Ok(ForCalendar { method: Method::Request, object, sent: Some((row.id, sent)) })
}

/// The times of a series that were changed and are not over.
fn changed(details: &EventDetails, now: Timestamp) -> impl Iterator<Item = (&Exception, &Instead)> {
    let all = details.exceptions.iter().filter_map(|e| Some((e, e.instead.as_ref()?)));
    all.filter(move |(_, instead)| instead.end_at > now)
}

fn time_of(row: &Event, day: Date) -> Option<(Date, Timestamp, Timestamp)> {
    let exception = row.details.exceptions.iter().find(|e| e.day == day)?;
    exception.instead.as_ref().map(|i| (day, i.start_at, i.end_at))
}

/// The times of a series that differ from the others and are not over, a line each.
pub fn exceptions(reader: &Reader<'_>, details: &EventDetails) -> String {
    let mut lines = Vec::new();
    for exception in &details.exceptions {
        let ends = exception.instead.as_ref().map(|i| i.end_at);
        if ends.or(details.of_series(exception.day).map(|o| o.end_at)).is_none_or(|end| end <= reader.now) {
            continue;
        }
        let day = reader.day(exception.day);
        lines.push(match &exception.instead {
            Some(i) => {
                say!(reader, "{day}: instead {when}", day = day, when = span(reader, details, i.start_at, i.end_at))
            }
            None => say!(reader, "{day}: called off", day = day),
        });
    }
    lines.join("\n")
}

fn span(reader: &Reader<'_>, details: &EventDetails, start: Timestamp, end: Timestamp) -> String {
    if details.all_day { days(reader, details, start, end) } else { hours(reader, start, end) }
}

/// One time of a series was changed; none if the reader may not see it, it is over, or they have it already.
pub fn once(reader: &Reader<'_>, item: Item, day: Date) -> Result<Option<Page>> {
    let may = reader.may(Ability::View, item)? && reader.may(Ability::SeeDetails, item)?;
    let (Some(row), true) = (reader.event(item.id)?, may) else { return Ok(None) };
    let Some(attendee) = reader.store.attendee(reader.firm.id, item.id, reader.person.id)? else { return Ok(None) };
    let Some(to) = reader.store.mail_address(reader.firm.id, reader.person)? else { return Ok(None) };
    let Some(exception) = row.details.exceptions.iter().find(|e| e.day == day) else { return Ok(None) };
    let Some(instead) = exception.instead.as_ref().filter(|i| i.end_at > reader.now) else { return Ok(None) };
    let answers = reader.store.occurrence_answers(reader.firm.id, row.id)?;
    let own = answers.iter().find(|a| a.day == day && a.person == attendee.person);
    let has_it = own.is_some_and(|a| a.sent_sequence == Some(attendee.sequence(exception.sequence)));
    if row.cancelled_at.is_some() || attendee.sent.is_none() || has_it {
        return Ok(None);
    }
    let shown = Shown::of_once(reader, &row, instead)?;
    let id = reader.id(item)?;
    let mut page = Page::new(say!(reader, "Changed: {event}", event = items::subject(reader, item)?));
    let (organizer, firm) = (reader.name_of(row.organizer)?, &reader.firm.name);
    page.text(say!(reader, "{name} of {firm} changed one time of this series.", name = &organizer, firm = firm));
    let before = row.details.of_series(day).map(|o| row.details.beginning_at(o.start_at));
    let moved = before.filter(|b| *b != row.details.beginning_at(instead.start_at));
    page.facts([
        (say!(reader, "Event"), if shown.title.is_empty() { id.clone() } else { format!("{id}: {}", shown.title) }),
        (say!(reader, "When"), span(reader, &row.details, instead.start_at, instead.end_at)),
        (say!(reader, "It was to begin"), moved.map(|b| beginning(reader, b)).unwrap_or_default()),
        (say!(reader, "Where"), shown.location.clone()),
        (say!(reader, "Meeting link"), shown.link.clone()),
        (say!(reader, "Details"), shown.description.clone()),
    ]);
    page.text(say!(
        reader,
        "The other times stay as they are. For this one, answer with the buttons of your calendar; #yes and #no answer the whole series."
    ));
    let invited = Attendee { partstat: own.map_or(attendee.partstat, |a| a.partstat), ..attendee };
    page.calendar = Some(for_calendar(reader, &row, &invited, &shown, &to, Some(day))?);
    Ok(Some(page))
}

/// An event is taken out of a calendar.
pub fn withdrawn(reader: &Reader<'_>, withdrawn: &Withdrawn) -> Result<Page> {
    let id = ItemId::new(Kind::Event, withdrawn.number);
    let firm = &reader.firm.name;
    let mut page = Page::new(match withdrawn.why {
        WhyWithdrawn::CalledOff => say!(reader, "Cancelled: event {id}", id = id.to_string()),
        WhyWithdrawn::NotInvited => say!(reader, "No longer invited: event {id}", id = id.to_string()),
        WhyWithdrawn::Readdressed => say!(reader, "Moved to another address: event {id}", id = id.to_string()),
    });
    page.text(match withdrawn.why {
        WhyWithdrawn::CalledOff if withdrawn.only.is_some() => {
            say!(reader, "{firm} cancelled this one time of a series. The other times stay as they are.", firm = firm)
        }
        WhyWithdrawn::CalledOff => say!(reader, "{firm} cancelled this event.", firm = firm),
        WhyWithdrawn::NotInvited => say!(reader, "{firm} no longer invites you to this event.", firm = firm),
        WhyWithdrawn::Readdressed => {
            say!(reader, "The invitation of {firm} to this event goes to another address from now on.", firm = firm)
        }
    });
    let begins = Beginning::from_word(&withdrawn.beginning);
    page.facts([
        (say!(reader, "Event"), id.to_string()),
        (say!(reader, "It was to begin"), begins.map(|b| beginning(reader, b)).unwrap_or_default()),
    ]);
    page.text(say!(reader, "Your calendar takes it out by itself, or asks you to. Nothing has to be answered."));
    let then = withdrawn.invited_at;
    let token =
        withdrawn.thread.map(|(thread, generation)| reader.store.token_then(thread, generation, then)).transpose()?;
    let answers_to = match token {
        Some(token) => reader.gateway.reply_address(&token),
        None => reader.gateway.address.to_string(),
    };
    let attendee = Address::parse(&withdrawn.address).map_err(|e| StoreError::Content(e.to_string()))?;
    let parties = Parties {
        uid: &withdrawn.uid,
        sequence: withdrawn.sequence,
        stamp: reader.now,
        organizer: firm,
        answers_to: &answers_to,
        name: &reader.person.name(),
        attendee: &attendee,
    };
    let only = withdrawn.only.as_deref().and_then(Beginning::from_word);
    let also = withdrawn.also.iter().filter_map(|word| Beginning::from_word(word)).collect();
    let begins = begins.unwrap_or(Beginning::Moment(reader.now));
    let object = calendar::cancel(&parties, begins, &Cancelled { only, also }, &say!(reader, "Cancelled"));
    page.calendar = Some(ForCalendar { method: Method::Cancel, object, sent: None });
    Ok(page)
}

/// To the firm: somebody answered, and what everybody has answered so far.
pub fn answered(
    reader: &Reader<'_>,
    item: Item,
    by: PersonId,
    answer: PartStat,
    only: Option<&str>,
    unproved: Option<InboxId>,
) -> Result<Option<Page>> {
    let (Some(row), true) = (reader.event(item.id)?, reader.may(Ability::View, item)?) else {
        return Ok(None);
    };
    let name = reader.name_of(by)?;
    let mut page = Page::new(say!(
        reader,
        "{name} said {answer}: {event}",
        name = &name,
        answer = phrase(reader, words::answer(answer)),
        event = items::subject(reader, item)?
    ));
    page.text(match answer {
        PartStat::Accepted => say!(reader, "{name} will come to this event.", name = &name),
        PartStat::Declined => say!(reader, "{name} will not come to this event.", name = &name),
        PartStat::Tentative => say!(reader, "{name} may come to this event.", name = &name),
        PartStat::NeedsAction => {
            say!(reader, "{name} took back the answer to the invitation to this event.", name = &name)
        }
    });
    if let Some(only) = only {
        page.text(say!(
            reader,
            "That is for one time of the series only: {only}. The answer to the whole series stays what it was.",
            only = only
        ));
    }
    let mut answers = Vec::new();
    for attendee in reader.store.attendees(reader.firm.id, item.id)? {
        answers.push(say!(
            reader,
            "{name}: {value}",
            name = reader.name_of(attendee.person)?,
            value = phrase(reader, words::answer(attendee.partstat))
        ));
    }
    page.facts([
        (say!(reader, "Event"), format!("{}: {}", reader.id(item)?, row.details.summary)),
        (say!(reader, "When"), when(reader, &row.details)),
        (say!(reader, "Answers so far"), answers.join("\n")),
    ]);
    if let Some(mail) = unproved {
        page.text(say!(
            reader,
            "Words came with the answer. Nothing proves that they are theirs, so they are not shown here: {command}",
            command = format!("docketpost inbox show {}", mail.0)
        ));
    }
    Ok(Some(page))
}

/// When an event is, in the reader's zone; whole days by their days, a series by its next time and how it repeats.
pub fn when(reader: &Reader<'_>, details: &EventDetails) -> String {
    let next = details.next(reader.now);
    let (start, end) = next.map_or((details.start_at, details.end_at), |o| (o.start_at, o.end_at));
    let once = if details.all_day { days(reader, details, start, end) } else { hours(reader, start, end) };
    match details.rule() {
        Some(_) => format!("{once}, {}", repeats(reader, details)),
        None => once,
    }
}

fn days(reader: &Reader<'_>, details: &EventDetails, start: Timestamp, end: Timestamp) -> String {
    let home = zone(&details.time_zone);
    let first = start.to_zoned(home.clone()).date();
    let last = end.to_zoned(home).date().yesterday().unwrap_or(first);
    match last > first {
        true => {
            say!(reader, "{first} to {last} (all day)", first = reader.day(first), last = reader.day(last))
        }
        false => say!(reader, "{day} (all day)", day = reader.day(first)),
    }
}

fn hours(reader: &Reader<'_>, start: Timestamp, end: Timestamp) -> String {
    let (start, end) = (start.to_zoned(reader.zone.clone()), end.to_zoned(reader.zone.clone()));
    let time = |at: &jiff::Zoned| reader.locale.clock(at.time());
    let until = match start.date() == end.date() {
        true => time(&end),
        false => say!(reader, "{day}, {time}", day = reader.day(end.date()), time = time(&end)),
    };
    say!(
        reader,
        "{day}, {start}–{end} ({zone})",
        day = reader.day(start.date()),
        start = time(&start),
        end = until,
        zone = reader.zone_name()
    )
}

/// "every week on Monday, until 1 June 2026"; by whose clock, if that is not the reader's.
fn repeats(reader: &Reader<'_>, details: &EventDetails) -> String {
    let Some(rule) = details.rule() else { return String::new() };
    let home = zone(&details.time_zone);
    let elsewhere = !details.all_day && reader.zone.iana_name() != Some(details.time_zone.as_str());
    let often = rule.in_words(reader.locale);
    let often = match elsewhere {
        true => say!(reader, "{often} by the clock of {city}", often = often, city = reader.city(&details.time_zone)),
        false => often,
    };
    let last = match rule.end() {
        End::Never => return often,
        End::After(1) => return say!(reader, "{often}, once", often = often),
        End::After(times) => {
            let first = reader.day(details.first_day());
            return say!(reader, "{often}, {times} times from {day}", often = often, times = times, day = first);
        }
        End::On(day) => day,
        End::At(moment) => moment.to_zoned(home).date(),
    };
    say!(reader, "{often}, until {day}", often = often, day = reader.day(last))
}

/// A beginning that was told before.
fn beginning(reader: &Reader<'_>, beginning: Beginning) -> String {
    match beginning {
        Beginning::Day(day) => reader.day(day),
        Beginning::Moment(moment) => reader.moment(moment),
    }
}
