//! `docketpost event`: events are entered, changed and called off, and people invited to them (CAL-08). Here is what was
//! typed, made into a time or into a sentence why not, and what is told back; what it means is for `actions::calendar`.

use anyhow::{Context as _, Result, bail};
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use serde_json::{Value, json};

use super::share::cause;
use super::show::{named, table};
use super::{Office, Refused, Told};
use crate::actions::calendar;
use crate::domain::dates::{self, Direction};
use crate::domain::recurrence::{self, End, Rule};
use crate::domain::zones::{self, Named};
use crate::domain::{Item, Kind, PersonId, duration};
use crate::language::Locale;
use crate::outbound::words;
use crate::sharing::{Ability, Refusal};
use crate::store::calendar::{Event as Row, EventDetails, Instead, NewEvent, Occurrence, PartStat};
use crate::store::firms;
use crate::store::people::Person;
use crate::store::shares::Subject;

/// The longest event, in days.
const LONGEST_DAYS: i64 = 60;

/// Events, and who is invited to them.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum Event {
    /// Enters an event: event add Hearing --matter M-1 --on "16 March" --at 14:00 --for 1h --invite jane@x.example
    Add {
        /// What it is
        title: String,
        /// On which matter: M-12, or the firm's own number
        #[arg(long)]
        matter: Option<String>,
        /// When and where
        #[command(flatten)]
        wish: Wish,
        /// Invite them: mail address, P-7, or a name that only one person has; may be repeated
        #[arg(long = "invite", value_name = "PERSON")]
        invite: Vec<String>,
        /// Do not tell them
        #[arg(long)]
        quietly: bool,
    },
    /// Changes what is given and keeps the rest; whoever is invited gets it, and is asked anew if the time changed
    Change {
        /// EV-5
        event: String,
        /// What it is
        #[arg(long)]
        title: Option<String>,
        /// When and where
        #[command(flatten)]
        wish: Wish,
        /// It takes place once
        #[arg(long, conflicts_with = "repeat")]
        once: bool,
        /// Only this time of a series: the day on which it takes place
        #[arg(long, value_name = "DAY", conflicts_with_all = ["once", "repeat", "until", "count", "zone", "all_day"])]
        occurrence: Option<String>,
    },
    /// Calls an event off and takes it out of all calendars
    Cancel {
        /// EV-5
        event: String,
        /// Only this time of a series: the day on which it takes place
        #[arg(long, value_name = "DAY")]
        occurrence: Option<String>,
    },
    /// Invites people to an event
    Invite {
        /// EV-5
        event: String,
        /// Mail address, P-7, or a name that only one person has
        #[arg(required = true)]
        people: Vec<String>,
        /// Do not tell them
        #[arg(long)]
        quietly: bool,
    },
    /// Takes somebody off an event, and the event out of their calendar
    Remove {
        /// EV-5
        event: String,
        /// Mail address, P-7, or a name that only one person has
        person: String,
    },
    /// Lists the events to come
    List {
        /// Of this matter only
        #[arg(long)]
        matter: Option<String>,
        /// Those that are over or were called off
        #[arg(long)]
        past: bool,
    },
    /// Tells all of an event, and what the people invited have answered
    Show {
        /// EV-5
        event: String,
    },
}

/// When and where, as typed.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Wish {
    /// On which day: 16 March 2026, friday, 2026-03-16
    #[arg(long, value_name = "DAY")]
    pub on: Option<String>,
    /// At what time: 14:00, 2pm
    #[arg(long, value_name = "TIME", conflicts_with = "all_day")]
    pub at: Option<String>,
    /// How long: 1h, 90m, 1h30 [default: 1h]
    #[arg(long = "for", value_name = "LENGTH", conflicts_with = "all_day")]
    pub length: Option<String>,
    /// By the clock of which place: London, New York, Europe/Paris [default: the firm's]
    #[arg(long, value_name = "ZONE")]
    pub zone: Option<String>,
    /// Whole days, so many of them: --all-day, --all-day 3
    #[arg(long, value_name = "DAYS", num_args = 0..=1, default_missing_value = "1")]
    pub all_day: Option<i64>,
    /// How it repeats: weekly, every 2 weeks, weekly on mon and wed, monthly on the second tuesday, or an RRULE
    #[arg(long, value_name = "RULE")]
    pub repeat: Option<String>,
    /// The last day on which it repeats
    #[arg(long, value_name = "DAY", conflicts_with = "count")]
    pub until: Option<String>,
    /// How many times it takes place
    #[arg(long, value_name = "TIMES")]
    pub count: Option<u32>,
    /// Where
    #[arg(long)]
    pub place: Option<String>,
    /// Link of the meeting: https://…
    #[arg(long)]
    pub link: Option<String>,
    /// More than the title says
    #[arg(long)]
    pub description: Option<String>,
}

/// Does it.
pub fn run(office: &Office, what: &Event) -> Result<Told> {
    match what {
        Event::Add { title, matter, wish, invite, quietly } => {
            add(office, title, matter.as_deref(), wish, invite, *quietly)
        }
        Event::Change { event, title, wish, occurrence: Some(day), .. } => {
            change_once(office, event, day, title.as_deref(), wish)
        }
        Event::Change { event, title, wish, once, occurrence: None } => {
            change(office, event, title.as_deref(), wish, *once)
        }
        Event::Cancel { event, occurrence: Some(day) } => cancel_once(office, event, day),
        Event::Cancel { event, occurrence: None } => cancel(office, event),
        Event::Invite { event, people, quietly } => invite(office, event, people, *quietly),
        Event::Remove { event, person } => remove(office, event, person),
        Event::List { matter, past } => list(office, matter.as_deref(), *past),
        Event::Show { event } => show(office, event),
    }
}

fn add(
    office: &Office,
    title: &str,
    matter: Option<&str>,
    wish: &Wish,
    people: &[String],
    quietly: bool,
) -> Result<Told> {
    if wish.on.is_none() {
        bail!("--on: say on which day, such as --on \"16 March 2026\"");
    }
    if wish.at.is_none() && wish.all_day.is_none() {
        bail!("--at: say at what time, such as --at 14:00, or --all-day");
    }
    let matter = matter.map(|m| office.matter(m)).transpose()?;
    let people = people.iter().map(|p| office.person(p)).collect::<Result<Vec<_>>>()?;
    let empty = EventDetails {
        summary: String::new(),
        description: String::new(),
        location: String::new(),
        conference_url: String::new(),
        start_at: office.now,
        end_at: office.now,
        all_day: false,
        time_zone: office.firm.time_zone.clone(),
        recurrence_rule: None,
        exceptions: Vec::new(),
    };
    let details = wished(office, &empty, Some(title), wish)?;
    let uid = data_encoding::HEXLOWER.encode(&crate::ids::random::<16>());
    let domain = office.gateway.as_ref().map_or("docketpost", |g| g.address.domain());
    let new = NewEvent {
        uid: format!("{uid}@{domain}"),
        details: details.clone(),
        matter: matter.map(|m| m.id),
        organizer: office.actor.id,
    };
    let ids: Vec<PersonId> = people.iter().map(|p| p.id).collect();
    let (event, asked) = office.act("event.add", move |act| {
        let event = crate::allowed!(calendar::create(act, &new));
        let asked =
            ids.iter().map(|person| calendar::invite(act, event, *person, !quietly, "")).collect::<Result<_, _>>()?;
        Ok(Ok((event, asked)))
    })?;
    let asked: Vec<std::result::Result<bool, Refusal>> = asked;
    let number = office.number(event)?;
    let mut text = format!("{number}: {}, {}.\n", details.summary, said(office, &details));
    let mut code = 0;
    for (person, asked) in people.iter().zip(asked) {
        match asked {
            Ok(_) => text.push_str(&invited(person, quietly)),
            Err(refusal) => {
                code = 1;
                text.push_str(&format!("{} is not invited: {}\n", named(person), Refused(refusal, office.firm.locale)));
            }
        }
    }
    let told = Told::new(text, described(office, event)?);
    Ok(Told { note: past(office, &details), ..told.failed(code) })
}

fn change(office: &Office, event: &str, title: Option<&str>, wish: &Wish, once: bool) -> Result<Told> {
    let (item, row) = visible(office, event)?;
    if row.cancelled_at.is_some() {
        bail!("{event} was called off; enter a new event: docketpost event add");
    }
    let mut before = row.details.clone();
    if once {
        before.recurrence_rule = None;
    }
    let details = wished(office, &before, title, wish)?;
    let new = details.clone();
    let changed = office.act(&format!("event.change:{}", item.id), move |act| calendar::change(act, item, &new))?;
    let number = office.number(item)?;
    if !changed {
        let text = format!("{number} says that already; nothing was changed.\n");
        return Ok(Told::new(text, described(office, item)?));
    }
    let has_it =
        office.store.read(|s| s.attendees(office.firm.id, item.id))?.iter().filter(|a| a.sent.is_some()).count();
    let told = match (has_it, row.details.same_time(&details)) {
        (0, _) => String::new(),
        (n, true) => format!("{} told.\n", people(n)),
        (n, false) => format!("{} told, and asked anew.\n", people(n)),
    };
    let text = format!("{number}: {}, {}.\n{told}", details.summary, said(office, &details));
    Ok(Told { note: past(office, &details), ..Told::new(text, described(office, item)?) })
}

fn cancel(office: &Office, event: &str) -> Result<Told> {
    let (item, row) = visible(office, event)?;
    let has_it =
        office.store.read(|s| s.attendees(office.firm.id, item.id))?.iter().filter(|a| a.sent.is_some()).count();
    let is_over = row.details.next(office.now).is_none();
    let cancelled = office.act(&format!("event.cancel:{}", item.id), move |act| calendar::call_off(act, item))?;
    let number = office.number(item)?;
    let text = match (cancelled, has_it) {
        (false, _) => format!("{number} was called off before; nothing was changed.\n"),
        (true, n) if n > 0 && !is_over => {
            format!("{number} is called off. {} told, and it goes out of their calendars.\n", people(n))
        }
        (true, _) => {
            format!("{number} is called off. Nobody had it in their calendar, or it was over: nobody is told.\n")
        }
    };
    Ok(Told::new(text, described(office, item)?))
}

/// One time of a series, as it is now.
struct Single {
    item: Item,
    row: Row,
    /// The day on which the series has it.
    day: Date,
    now: EventDetails,
}

fn single(office: &Office, event: &str, typed: &str) -> Result<Single> {
    let (item, row) = visible(office, event)?;
    if row.cancelled_at.is_some() {
        bail!("{event} was called off");
    }
    if row.details.rule().is_none() {
        bail!("--occurrence: {event} takes place once; leave it out");
    }
    let asked = office.day(typed, Direction::Future).context("--occurrence")?;
    let details = &row.details;
    let found = details.day_meant(asked).and_then(|day| Some((day, details.of_series(day)?)));
    let Some((day, regular)) = found else {
        bail!("--occurrence: {event} does not take place on {}", office.firm.locale.display(asked));
    };
    let mut now = EventDetails {
        start_at: regular.start_at,
        end_at: regular.end_at,
        recurrence_rule: None,
        exceptions: Vec::new(),
        ..details.clone()
    };
    let changed = details.exceptions.iter().find(|e| e.day == day).and_then(|e| e.instead.clone());
    if let Some(i) = changed {
        (now.summary, now.description, now.location) = (i.summary, i.description, i.location);
        (now.conference_url, now.start_at, now.end_at) = (i.conference_url, i.start_at, i.end_at);
    }
    Ok(Single { item, day, now, row })
}

fn change_once(office: &Office, event: &str, day: &str, title: Option<&str>, wish: &Wish) -> Result<Told> {
    let Single { item, row, day, now } = single(office, event, day)?;
    let new = wished(office, &now, title, wish)?;
    if new.all_day != now.all_day {
        bail!("--occurrence: one time of a series of whole days stays a day; say --on only");
    }
    let instead = Instead {
        summary: new.summary.clone(),
        description: new.description.clone(),
        location: new.location.clone(),
        conference_url: new.conference_url.clone(),
        start_at: new.start_at,
        end_at: new.end_at,
    };
    let is_called_off = row.details.exceptions.iter().any(|e| e.day == day && e.instead.is_none());
    let changed = (new != now || is_called_off)
        && office.act(&format!("event.once:{}", item.id), move |act| {
            calendar::change_once(act, item, day, Some(&instead))
        })?;
    let number = office.number(item)?;
    let text = match changed {
        true => format!("{number}: {}, {}; the other times stay as they are.\n", new.summary, said(office, &new)),
        false => format!("{number} says that already; nothing was changed.\n"),
    };
    Ok(Told { note: past(office, &new), ..Told::new(text, described(office, item)?) })
}

fn cancel_once(office: &Office, event: &str, day: &str) -> Result<Told> {
    let Single { item, day, .. } = single(office, event, day)?;
    let done =
        office.act(&format!("event.once:{}", item.id), move |act| calendar::change_once(act, item, day, None))?;
    let (number, day) = (office.number(item)?, office.firm.locale.display(day));
    let text = match done {
        true => format!("{number} is called off on {day}; the other times stay as they are.\n"),
        false => format!("{number} was called off on {day} before; nothing was changed.\n"),
    };
    Ok(Told::new(text, described(office, item)?))
}

fn invite(office: &Office, event: &str, names: &[String], quietly: bool) -> Result<Told> {
    let (item, row) = visible(office, event)?;
    if row.cancelled_at.is_some() {
        bail!("{event} was called off; nobody can be invited to it");
    }
    let guests = names.iter().map(|p| office.person(p)).collect::<Result<Vec<_>>>()?;
    let ids: Vec<PersonId> = guests.iter().map(|p| p.id).collect();
    let new = office.act(&format!("event.invite:{}", item.id), move |act| {
        let mut new = Vec::new();
        for person in &ids {
            if crate::allowed!(calendar::invite(act, item, *person, !quietly, "")) {
                new.push(*person);
            }
        }
        Ok(Ok(new))
    })?;
    let (fresh, before): (Vec<_>, Vec<_>) = guests.into_iter().partition(|p| new.contains(&p.id));
    let mut text: String = fresh.iter().map(|person| invited(person, quietly)).collect();
    for person in before {
        text.push_str(&format!("{} was invited before; nothing was changed.\n", named(&person)));
    }
    Ok(Told { note: past(office, &row.details), ..Told::new(text, described(office, item)?) })
}

fn remove(office: &Office, event: &str, name: &str) -> Result<Told> {
    let (item, _) = visible(office, event)?;
    let person = office.person(name)?;
    let id = person.id;
    let removed = office.act(&cause("event.remove", item, id), move |act| calendar::remove(act, item, id))?;
    let number = office.number(item)?;
    let text = match removed {
        true => format!("{} is no longer invited to {number}.\n", named(&person)),
        false => format!("{} was not invited to {number}; nothing was changed.\n", named(&person)),
    };
    Ok(Told::new(text, described(office, item)?))
}

fn list(office: &Office, matter: Option<&str>, past: bool) -> Result<Told> {
    let matter = matter.map(|m| office.matter(m)).transpose()?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for row in office.store.read(|s| s.events(office.firm.id))? {
        let is_past = row.cancelled_at.is_some() || row.details.next(office.now).is_none();
        let elsewhere = matter.is_some_and(|m| row.matter != Some(m.id));
        if is_past != past || elsewhere || !office.may(Ability::View, Subject::Item(row.item()))? {
            continue;
        }
        let guests = office.store.read(|s| s.attendees(office.firm.id, row.id))?;
        let mut answers: Vec<String> = Vec::new();
        for guest in &guests {
            answers.push(format!("{}: {}", name_of(office, guest.person)?, words::answer(guest.partstat)));
        }
        let number = office.number(row.item())?;
        objects.push((row.details.next(office.now).map(|o| o.start_at), described(office, row.item())?));
        let state = if row.cancelled_at.is_some() { "called off" } else { "" };
        rows.push((
            row.details.next(office.now).map(|o| o.start_at),
            [number, said(office, &row.details), state.to_owned(), answers.join(", "), row.details.summary.clone()],
        ));
    }
    rows.sort_by_key(|(next, _)| *next);
    objects.sort_by_key(|(next, _)| *next);
    let rows: Vec<_> = rows.into_iter().map(|(_, row)| row).collect();
    let objects: Vec<Value> = objects.into_iter().map(|(_, object)| object).collect();
    if rows.is_empty() {
        let which = if past { "over" } else { "to come" };
        return Ok(Told::new(format!("No events {which}.\n"), json!(objects)));
    }
    Ok(Told::new(table(["event", "when", "", "answers", "title"], &rows), json!(objects)))
}

fn show(office: &Office, event: &str) -> Result<Told> {
    let (item, row) = visible(office, event)?;
    let details = &row.details;
    let mut text = format!("{}: {}\n{}\n", office.number(item)?, details.summary, said(office, details));
    if let Some(at) = row.cancelled_at {
        text.push_str(&format!("called off {}\n", super::show::moment(office, at)));
    }
    let matter = match row.matter {
        Some(matter) => office.number(Item::new(Kind::Matter, matter))?,
        None => String::new(),
    };
    for (name, value) in [
        ("place", &details.location),
        ("link", &details.conference_url),
        ("matter", &matter),
        ("organiser", &name_of(office, row.organizer)?),
        ("description", &details.description),
    ] {
        if !value.is_empty() {
            text.push_str(&format!("{name}: {value}\n"));
        }
    }
    let answers = office.store.read(|s| s.occurrence_answers(office.firm.id, item.id))?;
    let mut days: std::collections::BTreeSet<Date> = details.exceptions.iter().map(|e| e.day).collect();
    days.extend(answers.iter().filter(|a| a.partstat != PartStat::NeedsAction).map(|a| a.day));
    for day in days {
        let exception = details.exceptions.iter().find(|e| e.day == day);
        let mut parts: Vec<String> = Vec::new();
        parts.extend(exception.map(|e| match &e.instead {
            Some(i) => said(
                office,
                &EventDetails {
                    start_at: i.start_at,
                    end_at: i.end_at,
                    recurrence_rule: None,
                    exceptions: Vec::new(),
                    ..details.clone()
                },
            ),
            None => "called off".to_owned(),
        }));
        for answer in answers.iter().filter(|a| a.day == day && a.partstat != PartStat::NeedsAction) {
            parts.push(format!("{}: {}", name_of(office, answer.person)?, words::answer(answer.partstat)));
        }
        text.push_str(&format!("on {}: {}\n", office.firm.locale.display(day), parts.join("; ")));
    }
    for guest in office.store.read(|s| s.attendees(office.firm.id, item.id))? {
        let sent = match &guest.sent {
            Some(sent) => format!(", invitation sent {}", super::show::moment(office, sent.at)),
            None if row.cancelled_at.is_some() => String::new(),
            None => ", no invitation sent".to_owned(),
        };
        let answer = words::answer(guest.partstat);
        text.push_str(&format!("invited: {}, {answer}{sent}\n", name_of(office, guest.person)?));
    }
    Ok(Told::new(text, described(office, item)?))
}

fn name_of(office: &Office, person: PersonId) -> Result<String> {
    let found = office.store.read(|s| s.person(office.firm.id, person))?;
    Ok(found.map_or_else(|| "nobody".to_owned(), |p| named(&p)))
}

/// The event of this number, if the actor may see it.
fn visible(office: &Office, text: &str) -> Result<(Item, Row)> {
    let item = office.thing(text)?;
    if item.kind != Kind::Event {
        bail!("{text} is a {}; an event such as EV-5 is needed", item.kind.word());
    }
    if !office.may(Ability::View, Subject::Item(item))? {
        bail!("{text}: there is nothing of that number");
    }
    let row = office.store.read(|s| s.event(office.firm.id, item.id))?;
    Ok((item, row.with_context(|| format!("{text}: there is nothing of that number"))?))
}

fn people(count: usize) -> String {
    if count == 1 { "One person is".into() } else { format!("{count} people are") }
}

fn invited(person: &Person, quietly: bool) -> String {
    let told = match (quietly, person.is_user() || person.accepted_at.is_some()) {
        (true, _) => "They were not told.",
        (false, true) => "The invitation goes to them by mail.",
        (false, false) => "They get the invitation once they accept the firm's.",
    };
    format!("{} is invited. {told}\n", named(person))
}

fn past(office: &Office, details: &EventDetails) -> String {
    match details.next(office.now) {
        Some(_) => String::new(),
        None => "Warning: it is over already, so no invitation goes out.\n".to_owned(),
    }
}

/// When it is, by the clock of its own zone.
fn said(office: &Office, details: &EventDetails) -> String {
    let zone = firms::zone(&details.time_zone);
    let day = |date: Date| office.firm.locale.display(date);
    let once = Occurrence { start_at: details.start_at, end_at: details.end_at };
    let at = details.next(office.now).unwrap_or(once);
    let (start, end) = (at.start_at.to_zoned(zone.clone()), at.end_at.to_zoned(zone.clone()));
    let weekday = recurrence::name(start.weekday());
    let when = if details.all_day {
        let last = end.date().yesterday().unwrap_or(end.date());
        let until = if last > start.date() { format!(" to {}", day(last)) } else { String::new() };
        format!("{weekday}, {}{until}, all day", day(start.date()))
    } else {
        let until = if start.date() == end.date() { String::new() } else { format!("{}, ", day(end.date())) };
        let (from, to) = (start.strftime("%H:%M"), end.strftime("%H:%M"));
        format!("{weekday}, {}, {from}–{until}{to} ({})", day(start.date()), details.time_zone)
    };
    let Some(rule) = details.rule() else { return when };
    let end = match rule.end() {
        End::Never => String::new(),
        End::After(times) => format!(", {times} times"),
        End::On(last) => format!(" until {}", day(last)),
        End::At(moment) => format!(" until {}", day(moment.to_zoned(zone).date())),
    };
    format!("{when}, {}{end}", rule.in_words(Locale::British))
}

fn described(office: &Office, item: Item) -> Result<Value> {
    let Some(row) = office.store.read(|s| s.event(office.firm.id, item.id))? else { return Ok(Value::Null) };
    let mut guests = Vec::new();
    for guest in office.store.read(|s| s.attendees(office.firm.id, item.id))? {
        guests.push(json!({"person": guest.person, "answer": guest.partstat.word(),
            "answered_at": guest.answered_at.map(|at| at.to_string()), "sent_at": guest.sent.map(|s| s.at.to_string())}));
    }
    let matter = match row.matter {
        Some(matter) => Some(office.number(Item::new(Kind::Matter, matter))?),
        None => None,
    };
    let details = &row.details;
    Ok(json!({"event": office.number(item)?, "uid": row.uid, "sequence": row.sequence, "title": details.summary,
        "start_at": details.start_at.to_string(), "end_at": details.end_at.to_string(), "all_day": details.all_day,
        "time_zone": details.time_zone, "repeats": details.recurrence_rule, "place": details.location,
        "link": details.conference_url, "description": details.description, "matter": matter,
        "next_at": details.next(office.now).map(|o| o.start_at.to_string()),
        "cancelled_at": row.cancelled_at.map(|at| at.to_string()), "people": guests}))
}

/// What is typed, laid over what the event says.
fn wished(office: &Office, before: &EventDetails, title: Option<&str>, wish: &Wish) -> Result<EventDetails> {
    let zone_name = match wish.zone.as_deref() {
        Some(typed) => zone_called(typed)?,
        None => before.time_zone.clone(),
    };
    let zone = firms::zone(&zone_name);
    let mut details = EventDetails { time_zone: zone_name, ..before.clone() };
    if let Some(title) = title {
        details.summary = short("the title", title, 200)?;
        if details.summary.is_empty() {
            bail!("the title is empty");
        }
    }
    for (flag, typed, field) in [
        ("--place", &wish.place, &mut details.location),
        ("--description", &wish.description, &mut details.description),
    ] {
        if let Some(typed) = typed {
            *field = short(flag, typed, if flag == "--place" { 300 } else { 8_000 })?;
        }
    }
    if let Some(link) = wish.link.as_deref() {
        details.conference_url = checked_link(link)?;
    }
    let moves = wish.on.is_some() || wish.at.is_some() || wish.length.is_some() || wish.all_day.is_some();
    if moves || wish.zone.is_some() {
        place_in_time(office, before, wish, &zone, &mut details)?;
    }
    if let Some(typed) = wish.repeat.as_deref() {
        let rule = Rule::read(typed).map_err(|why| anyhow::anyhow!("--repeat {typed}: {why}"))?;
        details.recurrence_rule = Some(rule.stored());
    }
    end_of_series(office, wish, &mut details)?;
    if let Some(rule) = details.rule() {
        let first = details.first_day();
        if !rule.fits(first) {
            let weekday = recurrence::name(first.weekday());
            let day = office.firm.locale.display(first);
            bail!(
                "--repeat: {day} is a {weekday}, which is not one of \"{}\"; begin on a day of the series",
                rule.in_words(Locale::British)
            );
        }
    }
    Ok(details)
}

fn place_in_time(
    office: &Office,
    before: &EventDetails,
    wish: &Wish,
    zone: &TimeZone,
    details: &mut EventDetails,
) -> Result<()> {
    let old_zone = firms::zone(&before.time_zone);
    let (old_start, old_end) = (before.start_at.to_zoned(old_zone.clone()), before.end_at.to_zoned(old_zone));
    let day = match wish.on.as_deref() {
        Some(typed) => office.day(typed, Direction::Future).context("--on")?,
        None => old_start.date(),
    };
    details.all_day = match (wish.all_day, &wish.at) {
        (Some(_), _) => true,
        (None, Some(_)) => false,
        (None, None) => before.all_day,
    };
    if details.all_day {
        let days = match wish.all_day {
            Some(days) if (1..=LONGEST_DAYS).contains(&days) => days,
            Some(days) => bail!("--all-day {days}: between 1 and {LONGEST_DAYS} days"),
            None => i64::from(old_start.date().until(old_end.date())?.get_days()).max(1),
        };
        details.start_at = day.to_zoned(zone.clone())?.timestamp();
        details.end_at = day.checked_add(days.days())?.to_zoned(zone.clone())?.timestamp();
        return Ok(());
    }
    let time = match wish.at.as_deref() {
        Some(typed) => time_typed(typed)?,
        None if before.all_day => bail!("--at: say at what time, such as --at 14:00"),
        None => old_start.time(),
    };
    let length = match wish.length.as_deref() {
        Some(typed) => length_typed(typed)?,
        None if before.end_at > before.start_at && !before.all_day => before.end_at.duration_since(before.start_at),
        None => SignedDuration::from_hours(1),
    };
    details.start_at = moment_of(office, day.to_datetime(time), zone, &details.time_zone)?;
    details.end_at = details.start_at.checked_add(length)?;
    Ok(())
}

/// The moment at which a clock shows this; where clocks change it may show it never, or twice (then the first is meant).
fn moment_of(office: &Office, at: DateTime, zone: &TimeZone, name: &str) -> Result<Timestamp> {
    let found = zone.to_ambiguous_timestamp(at);
    if matches!(found.offset(), jiff::tz::AmbiguousOffset::Gap { .. }) {
        let day = office.firm.locale.display(at.date());
        bail!("--at {}: on {day} the clocks of {name} go forward past it; choose an hour later", at.strftime("%H:%M"));
    }
    Ok(found.compatible()?)
}

fn time_typed(typed: &str) -> Result<Time> {
    match dates::time_of_day(typed.trim()) {
        Some((end, time)) if end == typed.trim().len() => Ok(time),
        _ => bail!("--at {typed}: that is no time of day; write 14:00 or 2pm"),
    }
}

fn length_typed(typed: &str) -> Result<SignedDuration> {
    let quantity = duration::parse(typed.trim()).map_err(|why| why.to_string()).map_err(|why| {
        anyhow::anyhow!("--for {typed}: {}; lengths are such as 1h, 90m or 1h30", why.trim_end_matches('.'))
    })?;
    Ok(SignedDuration::from_secs(i64::from(quantity.seconds())))
}

fn zone_called(typed: &str) -> Result<String> {
    match zones::find(typed) {
        Named::Zone(zone) => Ok(zone),
        Named::Several(zones) => bail!("--zone {typed} may mean any of {}; say which", zones.join(", ")),
        Named::Unknown => bail!("--zone {typed}: no such zone is known; name a large city, such as London"),
    }
}

fn end_of_series(office: &Office, wish: &Wish, details: &mut EventDetails) -> Result<()> {
    let end = match (wish.until.as_deref(), wish.count) {
        (Some(typed), _) => End::On(office.day(typed, Direction::Future).context("--until")?),
        (None, Some(times)) if (1..=1_000).contains(&times) => End::After(times),
        (None, Some(times)) => bail!("--count {times}: between 1 and 1000 times"),
        (None, None) => return Ok(()),
    };
    let Some(rule) = details.rule() else {
        bail!("--until and --count end a series; say how it repeats, such as --repeat weekly");
    };
    if let End::On(last) = end
        && last < details.first_day()
    {
        let (last, first) = (office.firm.locale.display(last), office.firm.locale.display(details.first_day()));
        bail!("--until {last}: the series would end before it begins, on {first}");
    }
    details.recurrence_rule = Some(rule.ending(end).stored());
    Ok(())
}

fn short(flag: &str, typed: &str, most: usize) -> Result<String> {
    let kept: String = typed.trim().chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let length = kept.chars().count();
    if length > most {
        bail!("{flag}: {length} characters are too many; at most {most}");
    }
    Ok(kept)
}

fn checked_link(typed: &str) -> Result<String> {
    let link = typed.trim();
    let plain = link.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '\\'));
    let web = link.starts_with("https://") || link.starts_with("http://");
    if link.is_empty() || (plain && web && link.len() <= 1_000) {
        return Ok(link.to_owned());
    }
    bail!("--link {link}: a link begins with https:// and has no blanks")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::sample::{Sample, now};
    use super::*;
    use crate::store::calendar::PartStat;

    #[derive(clap::Parser)]
    struct Line {
        #[command(subcommand)]
        event: Event,
    }

    fn typed(s: &Sample, words: &[&str]) -> Result<Told> {
        let line = Line::try_parse_from(["event"].iter().chain(words))?;
        run(&s.office, &line.event)
    }

    fn error(s: &Sample, words: &[&str]) -> String {
        format!("{:#}", typed(s, words).unwrap_err())
    }

    const HEARING: [&str; 10] =
        ["add", "Hearing", "--matter", "M-1", "--on", "16 March 2026", "--at", "14:00", "--for", "90m"];

    fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
        HEARING.iter().copied().chain(more.iter().copied()).collect()
    }

    #[test]
    fn cal_08_an_event_is_entered_changed_and_called_off_and_each_says_what_it_came_to() {
        let s = Sample::new();
        s.jane_accepts();
        let told = typed(&s, &with(&["--invite", "jane@doe.example", "--place", "Court 4"])).unwrap();
        assert_eq!(
            told.text,
            "EV-1: Hearing, Monday, 16 March 2026, 14:00–15:30 (Europe/London).\n\
             Jane Doe (P-2) is invited. The invitation goes to them by mail.\n"
        );
        assert_eq!(told.json["place"], "Court 4");
        let told = typed(&s, &["change", "EV-1", "--at", "3pm"]).unwrap();
        assert!(told.text.contains("15:00–16:30") && told.json["sequence"] == 1, "{told:?}");
        assert!(typed(&s, &["change", "EV-1", "--at", "15:00"]).unwrap().text.contains("nothing was changed"));
        assert!(typed(&s, &["list"]).unwrap().text.contains("EV-1"), "listed");
        assert!(typed(&s, &["invite", "EV-1", "P-2"]).unwrap().text.contains("was invited before"));
        assert!(typed(&s, &["remove", "EV-1", "P-2"]).unwrap().text.contains("no longer invited to EV-1"));
        assert!(typed(&s, &["cancel", "EV-1"]).unwrap().text.contains("called off"));
        assert!(typed(&s, &["cancel", "EV-1"]).unwrap().text.contains("before; nothing was changed"));
        assert_eq!(typed(&s, &["list"]).unwrap().text, "No events to come.\n");
        assert!(typed(&s, &["show", "EV-1"]).unwrap().text.contains("called off 2026-03-14"), "shown");
        assert!(error(&s, &["change", "EV-1", "--at", "16:00"]).contains("called off"));
    }

    #[test]
    fn a_series_keeps_the_local_hour_and_whole_days_their_days() {
        let s = Sample::new();
        let told = typed(&s, &with(&["--repeat", "weekly", "--until", "6 April 2026"])).unwrap();
        assert!(told.text.contains("every week until 6 April 2026"), "{}", told.text);
        assert_eq!(told.json["repeats"], "FREQ=WEEKLY;UNTIL=20260406");
        let days = ["add", "Trial", "--on", "28 March 2026", "--all-day", "3"];
        let told = typed(&s, &days).unwrap();
        assert_eq!(told.json["end_at"], "2026-03-30T23:00:00Z", "the clocks change within it");
        assert!(told.text.contains("28 March 2026 to 30 March 2026, all day"), "{}", told.text);
        let told = typed(&s, &["change", "EV-2", "--on", "4 May 2026"]).unwrap();
        assert!(told.text.contains("4 May 2026 to 6 May 2026"), "{}", told.text);
        let abroad = typed(&s, &["add", "Call", "--on", "16 Mar 2026", "--at", "9am", "--zone", "New York"]).unwrap();
        assert_eq!(abroad.json["start_at"], "2026-03-16T13:00:00Z");
    }

    #[test]
    fn what_was_wrong_is_said_with_what_would_work() {
        let s = Sample::new();
        for (words, why) in [
            (vec!["add", "Hearing", "--at", "14:00"], "--on \"16 March 2026\""),
            (vec!["add", "Hearing", "--on", "16 March"], "--at 14:00, or --all-day"),
            (vec!["add", "Hearing", "--on", "16 March", "--at", "25:00"], "write 14:00 or 2pm"),
            (vec!["add", "Hearing", "--on", "31 February 2026", "--at", "14:00"], "there is no such day"),
            (with(&["--zone", "EST"]), "may mean any of New York"),
            (with(&["--until", "1 June 2026"]), "--repeat weekly"),
            (with(&["--repeat", "now and then"]), "every 3 weeks"),
            (with(&["--repeat", "weekly on tue"]), "16 March 2026 is a Monday"),
            (with(&["--repeat", "weekly", "--until", "15 March 2026"]), "before it begins"),
            (with(&["--link", "javascript:alert(1)"]), "begins with https://"),
            (with(&["--invite", "nobody@x.example"]), "knows nobody"),
            (vec!["add", "Call", "--on", "29 March 2026", "--at", "01:30"], "the clocks of Europe/London go forward"),
            (vec!["show", "M-1"], "an event such as EV-5 is needed"),
        ] {
            let said = error(&s, &words);
            assert!(said.contains(why), "{words:?}: {said}");
        }
        assert!(s.office.store.read(|r| r.events(s.office.firm.id)).unwrap().is_empty(), "nothing was entered");
    }

    #[test]
    fn rev_11_nobody_is_invited_past_a_screen() {
        let s = Sample::new();
        s.jane_accepts();
        let (firm, matter, jane) = (s.office.firm.id, s.matter.id, s.jane);
        s.office.store.write(move |tx| tx.screen(firm, matter, jane, "", now())).unwrap();
        let told = typed(&s, &with(&["--invite", "P-2"])).unwrap();
        assert!(told.code == 1 && told.text.contains("is not invited: Blocked by a screen"), "{told:?}");
        assert!(s.office.store.read(|r| r.attendees(firm, 1)).unwrap().is_empty());
        assert!(error(&s, &["invite", "EV-1", "P-2"]).contains("Blocked by a screen"));
    }

    #[test]
    fn the_firms_own_people_are_invited_too_and_get_no_share() {
        let s = Sample::new();
        let anna = s.office.actor.id;
        typed(&s, &with(&["--invite", "Anna Hale"])).unwrap();
        let guest = s.office.store.read(|r| r.attendee(s.office.firm.id, 1, anna)).unwrap().unwrap();
        assert_eq!(guest.partstat, PartStat::NeedsAction);
        assert!(s.office.store.read(|r| r.live_shares(s.office.firm.id, anna, now())).unwrap().is_empty());
        assert!(typed(&s, &["remove", "EV-1", "Anna Hale"]).unwrap().text.contains("no longer invited"));
    }
}
