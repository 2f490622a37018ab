//! `docketpost share`, `unshare`, `invite`: access is given and ended by the firm (REV-01–11). What it means is for
//! `actions`; here is only what was typed and what is told back.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use jiff::Timestamp;
use serde_json::json;

use super::show::{moment, named};
use super::{Office, Told};
use crate::actions::shares::{self, Ended};
use crate::actions::{Act, Answer, calendar, invitations, tasks};
use crate::allowed;
use crate::domain::{Item, Kind, PersonId};
use crate::sharing::Ability;
use crate::store::matters::Sensitivity;
use crate::store::outbox::SentDisclosure;
use crate::store::people::Person;
use crate::store::shares::{Circumstances, NewShare, Source, Subject};

/// The most things that are listed as still shared.
const MOST_LEFT: usize = 10;

/// Shares a thing with a person; the first time, this sends an invitation.
#[derive(Clone, Debug, clap::Args)]
pub struct ShareArgs {
    /// M-12, D-4, F-3, T-7, BILL-17, EV-5, MSG-8, or the firm's own number of a matter
    pub thing: String,
    /// The word "with"
    #[arg(value_parser = |typed: &str| joins(typed, "with", "share M-12 with jane@x.example"))]
    pub with: String,
    /// Mail address, P-7, or a name that only one person has
    pub person: String,
    /// Do not tell them
    #[arg(long)]
    pub quietly: bool,
    /// A personal message in the mail
    #[arg(long, default_value = "")]
    pub message: String,
    /// Names for the conflict check, shown in the invitation before anything else is
    #[arg(long, default_value = "")]
    pub conflict_names: String,
    /// Their hourly rate on this matter, such as 250.00; they never see it
    #[arg(long, value_parser = super::money::parse)]
    pub rate: Option<i64>,
}

/// Ends a share at once: reading, commands, reply addresses, queued mails.
#[derive(Clone, Debug, clap::Args)]
pub struct UnshareArgs {
    /// What was shared, or "all"
    pub thing: String,
    /// The word "from"
    #[arg(value_parser = |typed: &str| joins(typed, "from", "unshare M-12 from jane@x.example"))]
    pub from: String,
    /// Mail address, P-7, or a name that only one person has
    pub person: String,
    /// For the firm's file; never shown to them
    #[arg(long, default_value = "")]
    pub reason: String,
    /// List every mail by which they had been sent something of it
    #[arg(long)]
    pub disclosures: bool,
}

/// Sends a person their invitation, again if it ran out.
#[derive(Clone, Debug, clap::Args)]
pub struct InviteArgs {
    /// Mail address, P-7, or a name that only one person has
    pub person: String,
    /// A personal message in the mail
    #[arg(long, default_value = "")]
    pub message: String,
    /// Names for the conflict check, shown in the invitation before anything else is
    #[arg(long, default_value = "")]
    pub conflict_names: String,
}

/// The little word between what and whom; where it is missing, how the whole is written.
pub(super) fn joins(typed: &str, word: &str, whole: &str) -> Result<String, String> {
    if typed == word { Ok(typed.to_owned()) } else { Err(format!("write \"{word}\" before the person: {whole}")) }
}

/// Shares.
pub fn share(office: &Office, args: &ShareArgs) -> Result<Told> {
    let item = office.thing(&args.thing)?;
    let person = contact(office, &args.person)?;
    if args.rate.is_some() && item.kind != Kind::Matter {
        bail!("--rate: a rate belongs to the share of a matter");
    }
    let sensitivity = office.store.read(|s| s.sensitivity(office.firm.id, item))?;
    if sensitivity == Sensitivity::Restricted && !args.message.is_empty() {
        bail!(
            "--message: mails about a restricted matter don't show it; share without it, and write to them in a conversation"
        );
    }
    let (wish, id, accepted) = (args.clone(), person.id, person.accepted_at.is_some());
    let (is_new, rate_changed) = office.act(&cause("share", item, id), move |act| {
        if wish.rate.is_some() {
            // Asked first: a share without its rate is not what was wanted.
            allowed!(act.ask(Ability::SetRate, item));
        }
        let is_new = allowed!(give(act, id, item, &wish));
        if !accepted && !wish.conflict_names.is_empty() {
            // It takes the place of the one that the share opened (decisions.md 28).
            let _ = allowed!(invitations::invite(act, id, &wish.conflict_names, &wish.message));
        }
        let rate_changed = match wish.rate {
            Some(rate) => set_rate(act, id, item, rate)?,
            None => false,
        };
        Ok(Ok((is_new, rate_changed)))
    })?;
    let thing = office.number(item)?;
    let invited = office.store.read(|s| s.open_invitation(office.firm.id, id, office.now))?.is_some();
    let mut text = match (is_new, rate_changed) {
        (true, _) => format!("{thing} is shared with {}", named(&person)),
        (false, true) => format!("{thing} was shared with {} before; only their rate was changed", named(&person)),
        (false, false) => format!("{thing} was shared with {} before; nothing was changed", named(&person)),
    };
    text.push_str(match (is_new, person.accepted_at.is_some(), args.quietly) {
        (true, false, false) => ". They see it once they accept the invitation that goes to them.\n",
        (true, false, true) if !invited => {
            ". They were not told, and see it once they are invited: docketpost invite.\n"
        }
        (true, false, true) => ". They were not told, and see it once they accept their invitation.\n",
        (true, true, true) => ". They were not told.\n",
        (true, true, false) => ". They are told by mail.\n",
        (false, ..) => ".\n",
    });
    if item.kind == Kind::Task && office.store.read(|s| s.matter_of(office.firm.id, item))?.is_some() {
        text.push_str("Only the task is shared, not its matter.\n");
    }
    if let Some(rate) = args.rate {
        let (rate, currency) = (super::money::show(rate), &office.firm.currency);
        text.push_str(&format!("Their rate on it is {rate} {currency}, which they never see.\n"));
    }
    if item.kind == Kind::Bill {
        text.push_str("A bill shows what it shows: the rates and the time of others too, if they stand on it.\n");
    }
    let object = json!({"thing": thing, "person": person.id, "new": is_new, "rate_changed": rate_changed});
    Ok(Told::new(text, object))
}

/// Each kind is given in its own way: a task is assigned, an event attended, a conversation joined.
fn give(act: &Act<'_>, person: PersonId, item: Item, wish: &ShareArgs) -> Answer<bool> {
    let receiver = Circumstances { receiver: Some(person), ..Circumstances::default() };
    match item.kind {
        Kind::Task => {
            let before = act.tx.task(act.firm.id, item.id)?.and_then(|t| t.assignee);
            allowed!(tasks::assign(act, item, person, !wish.quietly));
            Ok(Ok(before != Some(person)))
        }
        Kind::Event => calendar::invite(act, item, person, !wish.quietly, &wish.message),
        Kind::Conversation => {
            allowed!(act.ask_about(Ability::AddMember, Subject::Item(item), receiver));
            let is_new = act.tx.add_member(act.firm.id, item.id, person, act.now)?;
            let share = NewShare {
                person,
                item,
                source: Source::Membership,
                notify: !wish.quietly,
                message: wish.message.clone(),
                by: act.actor.id,
            };
            act.tx.add_share(act.firm.id, &share, act.now)?;
            act.audit("share", item, json!({"with": person, "source": Source::Membership.word()}))?;
            if let Some(found) =
                act.tx.person(act.firm.id, person)?.filter(|p| !wish.quietly && p.accepted_at.is_none())
            {
                invitations::ensure(act, &found, &wish.message)?;
            }
            Ok(Ok(is_new))
        }
        _ => shares::share(act, person, item, !wish.quietly, &wish.message),
    }
}

/// True if it was another rate, or none, before.
fn set_rate(act: &Act<'_>, person: PersonId, item: Item, rate_minor: i64) -> crate::store::Result<bool> {
    let shares = act.tx.live_shares_of(act.firm.id, item, act.now)?;
    let Some(share) = shares.iter().find(|s| s.person == person) else { return Ok(false) };
    let changed = act.tx.set_share_rate(share.id, rate_minor, &act.firm.currency)?;
    if changed {
        act.audit("rate.set", item, json!({"share": share.id}))?;
    }
    Ok(changed)
}

/// Ends access to one thing, or to all; tells what they had been sent before (REV-02).
pub fn unshare(office: &Office, args: &UnshareArgs) -> Result<Told> {
    let person = office.person(&args.person)?;
    let id = person.id;
    let is_all = args.thing.eq_ignore_ascii_case("all");
    let items: Vec<Item> = match is_all {
        true => {
            let shares = office.store.read(|s| s.live_shares(office.firm.id, id, office.now))?;
            shares.iter().map(|s| s.item).collect()
        }
        false => vec![office.thing(&args.thing)?],
    };
    let reason = args.reason.clone();
    let ended = office.act(&format!("unshare:{id}"), move |act| shares::unshare_all(act, id, &items, &reason))?;
    let things = ended.things.iter().map(|i| office.number(*i)).collect::<Result<Vec<_>>>()?;
    let now = moment(office, office.now);
    let mut text = match (things.is_empty(), is_all) {
        (false, _) => {
            format!("{} no longer has {}, as of {now}.{}\n", named(&person), things.join(", "), told_as_ended(&ended))
        }
        (true, true) => format!("Nothing was shared with {}.\n", named(&person)),
        (true, false) => format!("{} was not shared with {}; nothing was changed.\n", args.thing, named(&person)),
    };
    let left = still_reached(office, &person, &ended.things)?;
    text.push_str(&told_as_left(&person, &left));
    let sent = delivered(office, &person, &ended.things)?;
    text.push_str(&told_as_sent(office, &sent, args.disclosures));
    let sent: Vec<_> = sent
        .iter()
        .map(|(thing, at, letter)| json!({"thing": thing, "at": at.to_string(), "letter": letter}))
        .collect();
    let object = json!({"person": id, "ended": things, "at": office.now.to_string(), "dropped": ended.dropped,
        "cancelled": ended.cancelled, "unassigned": ended.unassigned, "still_shared": left, "delivered": sent});
    Ok(Told::new(text, object))
}

/// What else came of it, in numbers.
pub(super) fn told_as_ended(ended: &Ended) -> String {
    let Ended { dropped, cancelled, unassigned, .. } = ended;
    format!(" Waiting mails dropped: {dropped}. Events cancelled: {cancelled}. Tasks unassigned: {unassigned}.")
}

/// What else is shared with the person on the matters that ended: each has a share of its own.
fn still_reached(office: &Office, person: &Person, ended: &[Item]) -> Result<Vec<String>> {
    let firm = office.firm.id;
    let mut left = Vec::new();
    for share in office.store.read(|s| s.live_shares(firm, person.id, office.now))? {
        let matter = office.store.read(|s| s.matter_of(firm, share.item))?;
        if matter.is_some_and(|m| ended.contains(&Item::new(Kind::Matter, m))) {
            let number = office.number(share.item)?;
            left.push(match share.item.kind {
                Kind::Folder => format!("{number} (a folder, with what is in it)"),
                kind => format!("{number} (a {})", kind.word()),
            });
        }
    }
    Ok(left)
}

fn told_as_left(person: &Person, left: &[String]) -> String {
    if left.is_empty() {
        return String::new();
    }
    let mut text = format!("{} can still reach, of the same matter:\n", person.name());
    for line in left.iter().take(MOST_LEFT) {
        text.push_str(&format!("  {line}\n"));
    }
    if left.len() > MOST_LEFT {
        text.push_str(&format!("  and {} more\n", left.len().saturating_sub(MOST_LEFT)));
    }
    text.push_str(&format!("To end all of it: docketpost unshare all from P-{}\n", person.id));
    text
}

/// What they had been sent of these things and of what came with them: the thing, when, by which letter.
fn delivered(office: &Office, person: &Person, ended: &[Item]) -> Result<Vec<(String, Timestamp, String)>> {
    let firm = office.firm.id;
    let mut of_ended = Vec::new();
    for sent in office.store.read(|s| s.sent_disclosures(firm, Some(person.id)))? {
        let item = sent.shown.item;
        let came_with = !ended.contains(&item)
            && comes_with(office, item, ended)?
            && !office.store.read(|s| s.ask(firm, person.id, Ability::View, item, office.now))?.is_allowed();
        if ended.contains(&item) || came_with {
            of_ended.push(sent);
        }
    }
    let mut told = Vec::new();
    for sent in &of_ended {
        let of_same_mail = |o: &&SentDisclosure| o.message_id == sent.message_id && o.shown.item == sent.shown.item;
        // A mail that shows a version shows the document as well.
        if sent.shown.version.is_none() && of_ended.iter().filter(of_same_mail).any(|o| o.shown.version.is_some()) {
            continue;
        }
        let number = office.number(sent.shown.item)?;
        let version = sent.shown.version.map(|v| format!("v{v}")).unwrap_or_default();
        let what = match sent.shown.ability.as_str() {
            "download" => " (the file)",
            "preview" => " (its first page)",
            _ => "",
        };
        told.push((format!("{number}{version}{what}"), sent.at, sent.template.clone()));
    }
    told.dedup();
    Ok(told)
}

/// True for what one sees because something else is shared: what lies in a folder, and the notes and logs of a matter.
fn comes_with(office: &Office, item: Item, ended: &[Item]) -> Result<bool> {
    let firm = office.firm.id;
    Ok(match item.kind {
        Kind::Document | Kind::Folder => {
            let above = office.store.read(|s| s.folders_above(firm, item))?;
            above.iter().any(|folder| ended.contains(folder))
        }
        Kind::Note | Kind::Communication => {
            let matter = office.store.read(|s| s.matter_of(firm, item))?;
            matter.is_some_and(|m| ended.contains(&Item::new(Kind::Matter, m)))
        }
        _ => false,
    })
}

fn told_as_sent(office: &Office, sent: &[(String, Timestamp, String)], all: bool) -> String {
    if all {
        let line = |(thing, at, letter): &(String, Timestamp, String)| {
            format!("They had been sent {thing} on {} ({letter}).\n", moment(office, *at))
        };
        return sent.iter().map(line).collect();
    }
    let mut by_thing: BTreeMap<&str, Vec<Timestamp>> = BTreeMap::new();
    for (thing, at, _) in sent {
        by_thing.entry(thing).or_default().push(*at);
    }
    let mut text = String::new();
    for (thing, times) in &by_thing {
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else { continue };
        let (first, last) = (moment(office, *first), moment(office, *last));
        text.push_str(&match times.len() {
            1 => format!("They had been sent {thing} once, on {first}.\n"),
            n => format!("They had been sent {thing} in {n} mails, from {first} to {last}.\n"),
        });
    }
    if !text.is_empty() {
        text.push_str("The mails one by one: --disclosures, or --json.\n");
    }
    text
}

/// Sends the invitation of somebody with whom something is shared already; an open one is replaced.
pub fn invite(office: &Office, args: &InviteArgs) -> Result<Told> {
    let person = office.person(&args.person)?;
    let (wish, id) = (args.clone(), person.id);
    let invited = office
        .act(&format!("invite:{id}"), move |act| invitations::invite(act, id, &wish.conflict_names, &wish.message))?;
    match invited {
        Ok(_) => Ok(Told::new(format!("The invitation goes to {}.\n", named(&person)), json!({"person": id}))),
        Err(why) => bail!("{}: {why}", named(&person)),
    }
}

/// A contact to share with: it must have a mail address that no other contact writes from (ACC-01).
fn contact(office: &Office, text: &str) -> Result<Person> {
    let person = office.person(text)?;
    if person.is_user() {
        bail!("{} is one of the firm's own people; things are shared with contacts", named(&person));
    }
    if person.accepted_at.is_none()
        && let Err(why) = office.store.read(|s| invitations::address_of(s, office.firm.id, &person))?
    {
        bail!("{}: {why}", named(&person));
    }
    Ok(person)
}

pub(super) fn cause(verb: &str, item: Item, person: PersonId) -> String {
    format!("{verb}:{}:{}:{person}", item.kind.stored(), item.id)
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;
    use crate::sharing::Role;
    use crate::store::calendar::{EventDetails, NewEvent};
    use crate::store::conversations::NewConversation;
    use crate::store::matters::NewMatter;

    fn with(thing: &str, person: &str) -> ShareArgs {
        ShareArgs {
            thing: thing.into(),
            with: "with".into(),
            person: person.into(),
            quietly: false,
            message: String::new(),
            conflict_names: String::new(),
            rate: None,
        }
    }

    fn from(thing: &str) -> UnshareArgs {
        UnshareArgs {
            thing: thing.into(),
            from: "from".into(),
            person: "jane@doe.example".into(),
            reason: String::new(),
            disclosures: false,
        }
    }

    fn letters(s: &Sample) -> Vec<String> {
        let found = s.office.store.read(|r| r.outbox_list(s.office.firm.id, None, 50)).unwrap();
        found.into_iter().rev().map(|l| l.template).collect()
    }

    #[test]
    fn a_message_that_no_mail_would_show_is_refused() {
        let s = Sample::new();
        let (firm, anna) = (s.office.firm.id, s.office.actor.id);
        let row = NewMatter {
            sensitivity: Sensitivity::Restricted,
            responsible: Some(anna),
            ..NewMatter::new("2026-0099", "Project Heron")
        };
        s.office.store.write(move |tx| tx.add_matter(firm, &row, now())).unwrap();
        let args = ShareArgs { message: "The bank is Northbank.".into(), ..with("2026-0099", "Jane Doe") };
        let refused = share(&s.office, &args).unwrap_err().to_string();
        assert!(refused.starts_with("--message: mails about a restricted matter don't show it"), "{refused}");
        assert!(letters(&s).is_empty());
        assert!(share(&s.office, &with("2026-0099", "Jane Doe")).is_ok());
    }

    #[test]
    fn acc_02_the_first_share_invites_and_the_names_for_the_conflict_check_are_in_the_invitation() {
        let s = Sample::new();
        let args = ShareArgs { conflict_names: "Reed; Marsh".into(), ..with("2026-0012", "Jane Doe") };
        assert!(share(&s.office, &args).unwrap().text.contains("once they accept"));
        let open = s.office.store.read(|r| r.open_invitation(s.office.firm.id, s.jane, now())).unwrap().unwrap();
        assert_eq!(open.conflict_names, "Reed; Marsh");
        let again = share(&s.office, &with("M-1", "P-2")).unwrap();
        assert!(again.text.contains("was shared with Jane Doe (P-2) before"), "{}", again.text);
    }

    #[test]
    fn rev_10_who_accepted_is_told_unless_it_is_done_quietly() {
        let s = Sample::new();
        s.jane_accepts();
        let quietly = ShareArgs { quietly: true, ..with("M-1", "P-2") };
        assert!(share(&s.office, &quietly).unwrap().text.contains("not told"));
        assert!(letters(&s).is_empty());
        unshare(&s.office, &from("M-1")).unwrap();
        share(&s.office, &with("M-1", "P-2")).unwrap();
        assert!(letters(&s).contains(&"shared".to_owned()), "{:?}", letters(&s));
    }

    #[test]
    fn tim_12_a_rate_takes_the_billing_permission_and_nothing_is_shared_without_it() {
        let s = Sample::new();
        s.add(
            Role::User { admin: true, accounts: true, reports: true, billing: false },
            "Bob",
            "Hale",
            "bob@hale.example",
        );
        let bob = s.acting_as("bob@hale.example");
        let args = ShareArgs { rate: Some(25_000), ..with("M-1", "P-2") };
        assert!(share(&bob, &args).unwrap_err().to_string().contains("BILLING_PERMISSION_NEEDED"));
        assert!(s.office.store.read(|r| r.live_shares(s.office.firm.id, s.jane, now())).unwrap().is_empty());
        share(&s.office, &args).unwrap();
    }

    #[test]
    fn rev_11_a_screened_person_is_given_nothing() {
        let s = Sample::new();
        let (firm, matter, jane) = (s.office.firm.id, s.matter.id, s.jane);
        s.office.store.write(move |tx| tx.screen(firm, matter, jane, "conflict", now())).unwrap();
        assert!(share(&s.office, &with("M-1", "P-2")).unwrap_err().to_string().contains("BLOCKED_BY_SCREEN"));
    }

    #[test]
    fn an_event_is_shared_by_inviting_and_a_conversation_by_joining() {
        let s = Sample::new();
        s.jane_accepts();
        let (firm, matter, anna) = (s.office.firm.id, s.matter.id, s.office.actor.id);
        s.office
            .store
            .write(move |tx| {
                let details = EventDetails {
                    summary: "Hearing".into(),
                    description: String::new(),
                    location: String::new(),
                    conference_url: String::new(),
                    start_at: now(),
                    end_at: now(),
                    all_day: false,
                    time_zone: "Europe/London".into(),
                    recurrence_rule: None,
                    exceptions: Vec::new(),
                };
                tx.add_event(
                    firm,
                    &NewEvent { uid: "1@x".into(), details, matter: Some(matter), organizer: anna },
                    now(),
                )?;
                let talk = NewConversation { matter: Some(matter), subject: "Brief".into(), about: None };
                let talk = tx.add_conversation(firm, &talk, now())?;
                tx.add_member(firm, talk.id, anna, now())
            })
            .unwrap();
        for thing in ["EV-1", "MSG-1"] {
            share(&s.office, &with(thing, "P-2")).unwrap();
            let item = s.office.thing(thing).unwrap();
            assert!(
                s.office.store.read(|r| r.ask(firm, s.jane, Ability::View, item, now())).unwrap().is_allowed(),
                "{thing}"
            );
        }
        let told = unshare(&s.office, &from("all")).unwrap();
        assert!(told.text.contains("EV-1") && told.text.contains("MSG-1"), "{}", told.text);
        assert!(s.office.store.read(|r| r.attendees(firm, 1)).unwrap().is_empty());
        assert_eq!(letters(&s).iter().filter(|l| *l == "access_ended").count(), 0, "no mail had told of them");
        assert!(unshare(&s.office, &from("all")).unwrap().text.contains("Nothing was shared"));
    }

    #[test]
    fn rev_02_what_of_a_matter_is_still_shared_when_the_matter_is_not_is_said() {
        let s = Sample::new();
        s.jane_accepts();
        let (firm, matter, anna) = (s.office.firm.id, s.matter.id, s.office.actor.id);
        let new = crate::store::tasks::NewTask {
            name: "Draft".into(),
            matter: Some(matter),
            assigner: Some(anna),
            ..Default::default()
        };
        s.office.store.write(move |tx| tx.add_task(firm, &new, now())).unwrap();
        share(&s.office, &with("M-1", "P-2")).unwrap();
        share(&s.office, &with("T-1", "P-2")).unwrap();
        let told = unshare(&s.office, &from("M-1")).unwrap();
        assert!(told.text.contains("can still reach") && told.text.contains("  T-1 (a task)\n"), "{}", told.text);
        assert!(told.text.contains("unshare all from P-2"), "{}", told.text);
        assert_eq!(told.json["still_shared"], json!(["T-1 (a task)"]));
    }

    #[test]
    fn what_was_sent_before_is_told_as_a_count_and_in_full_when_asked() {
        let s = Sample::new();
        let sent: Vec<_> =
            (0..3).map(|n| ("D-1v1".to_owned(), now() + jiff::Span::new().hours(n), "shared".to_owned())).collect();
        let short = told_as_sent(&s.office, &sent, false);
        assert!(short.contains("D-1v1 in 3 mails, from 2026-03-14 10:00 to 2026-03-14 12:00"), "{short}");
        assert_eq!(told_as_sent(&s.office, &sent, true).lines().count(), 3);
        assert!(told_as_sent(&s.office, &[], false).is_empty());
    }

    #[test]
    fn a_user_of_the_firm_is_not_shared_with_and_told_apart_from_a_contact() {
        let s = Sample::new();
        let error = share(&s.office, &with("M-1", "anna@hale.example")).unwrap_err().to_string();
        assert!(error.contains("one of the firm's own people; things are shared with contacts"), "{error}");
    }

    #[test]
    fn acc_19_a_card_without_an_address_is_given_nothing() {
        let s = Sample::new();
        let firm = s.office.firm.id;
        let nobody = crate::store::people::NewPerson {
            first_name: "Ivy".into(),
            last_name: "Reed".into(),
            ..crate::store::people::NewPerson::new(Role::CoCounsel)
        };
        let ivy = s.office.store.write(move |tx| tx.add_person(firm, &nobody, now())).unwrap();
        let refused = share(&s.office, &with("M-1", "Ivy Reed")).unwrap_err().to_string();
        assert!(refused.contains("no mail address"), "{refused}");
        assert!(s.office.store.read(|r| r.live_shares(firm, ivy, now())).unwrap().is_empty());
    }

    #[test]
    fn an_invitation_needs_a_share_and_is_not_repeated_after_it_was_accepted() {
        let s = Sample::new();
        let args = InviteArgs { person: "P-2".into(), message: String::new(), conflict_names: String::new() };
        assert!(invite(&s.office, &args).unwrap_err().to_string().contains("Nothing is shared"));
        share(&s.office, &with("M-1", "P-2")).unwrap();
        invite(&s.office, &args).unwrap();
        s.jane_accepts();
        assert!(invite(&s.office, &args).unwrap_err().to_string().contains("accepted"));
        assert!(share(&s.office, &with("M-1", "anna@hale.example")).is_err());
    }
}
