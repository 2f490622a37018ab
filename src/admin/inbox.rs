//! `docketpost inbox`: the mail that came in, why it waits, and its ways out. Held mail is released, given a matter, or put
//! aside by an administrator; nothing here carries a mail out, the daemon does (decisions.md 6).

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::show::{moment, named, one_line, table};
use super::who::number_after;
use super::{Office, Told, administrator};
use crate::actions::Act;
use crate::allowed;
use crate::domain::InboxId;
use crate::inbound::extract::{SpanKind, extract};
use crate::inbound::{limits, parse};
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::inbox::{Inbox, InboxState};

/// How much of a mail's text is shown.
const MOST_TEXT: usize = 4_000;

/// The level that a person's release gives a mail.
const RELEASED: &str = "released";

/// The mail that came in.
#[derive(Clone, Debug, clap::Subcommand)]
pub enum What {
    /// Lists mails, the newest first
    List {
        /// Only in this state: received, proved, applied, held, refused, ignored, dead
        #[arg(long)]
        state: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Shows a mail, what proves its sender, and what was read of it
    Show {
        ///
        mail: String,
    },
    /// Tries a mail again that could not be processed
    Retry {
        ///
        mail: String,
    },
    /// Takes a held mail as proved
    Release {
        ///
        mail: String,
    },
    /// Takes a held mail as proved, for this matter
    Assign {
        ///
        mail: String,
        /// M-12, or the firm's own number
        matter: String,
    },
    /// Puts a held mail aside; it is kept, and has no effect
    Dismiss {
        ///
        mail: String,
    },
}

/// Does it; only for administrators.
pub fn run(office: &Office, what: &What) -> Result<Told> {
    match what {
        What::List { state, limit } => list(office, state.as_deref(), *limit),
        What::Show { mail } => show(office, mail),
        What::Retry { mail } => retry(office, mail),
        What::Release { mail } => release(office, mail, None),
        What::Assign { mail, matter } => release(office, mail, Some(matter)),
        What::Dismiss { mail } => dismiss(office, mail),
    }
}

fn list(office: &Office, state: Option<&str>, limit: u32) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let state = match state {
        Some(word) => Some(InboxState::from_word(word).with_context(|| format!("--state {word}: no such state"))?),
        None => None,
    };
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    for mail in office.store.read(|s| s.inbox_list(office.firm.id, state, limit))? {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        objects.push(object(&mail));
        rows.push([
            format!("Q-{}", mail.id),
            mail.state.word().to_owned(),
            or_none(&mail.reason),
            or_none(&mail.level),
            moment(office, mail.received_at),
            or_none(&mail.from_address),
            or_none(&mail.subject),
        ]);
    }
    Ok(Told::new(table(["mail", "state", "reason", "level", "received", "from", "subject"], &rows), json!(objects)))
}

fn object(mail: &Inbox) -> Value {
    json!({"mail": format!("Q-{}", mail.id), "state": mail.state.word(), "reason": mail.reason, "level": mail.level,
        "class": mail.class, "mailbox": mail.mailbox, "received_at": mail.received_at.to_string(),
        "arrived_at": mail.arrived_at.to_string(), "from": mail.from_address, "subject": mail.subject,
        "person": mail.person, "size": mail.size, "sha256": mail.sha256, "tries": mail.tries})
}

fn find(office: &Office, text: &str) -> Result<Inbox> {
    let id = InboxId(number_after("q-", text)?);
    let found = office.store.read(|s| s.inbox(office.firm.id, id))?;
    found.with_context(|| format!("there is no mail Q-{id}"))
}

fn show(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let mail = find(office, text)?;
    let firm = office.firm.id;
    let (person, matter, effects) = office.store.read(|s| {
        let person = mail.person.map(|p| s.person(firm, p)).transpose()?.flatten();
        let matter = mail.assigned_matter.or(mail.matter).map(|m| s.matter(firm, m)).transpose()?.flatten();
        Ok((person, matter, s.effects(firm, mail.id)?))
    })?;
    let proof: Value = mail.proof.as_deref().and_then(|p| serde_json::from_str(p).ok()).unwrap_or_default();
    let words = words(office, &mail)?;
    let facts = [
        ("State", mail.state.word().to_owned()),
        ("Why", mail.reason.clone().unwrap_or_default()),
        ("Proof", mail.level.clone().unwrap_or_default()),
        ("Class", mail.class.clone().unwrap_or_default()),
        ("From", mail.from_address.clone().unwrap_or_else(|| "no address that can be trusted".into())),
        ("Person", person.map(|p| named(&p)).unwrap_or_default()),
        ("Matter", matter.map(|m| format!("M-{} {}", m.number, m.display_number)).unwrap_or_default()),
        ("Subject", mail.subject.clone().unwrap_or_default()),
        ("Arrived", moment(office, mail.arrived_at)),
        ("Mailbox", format!("{} ({} bytes, tried {} times)", mail.mailbox, mail.size, mail.tries)),
        ("Cut", words.cut()),
        ("Files", words.files.join(", ")),
        ("Released", mail.released_level.clone().unwrap_or_default()),
    ];
    let mut out = format!("Q-{}\n", mail.id);
    for (name, value) in facts.iter().filter(|(_, v)| !v.is_empty()) {
        out.push_str(&format!("{name:9} {}\n", one_line(value)));
    }
    let mut done = Vec::new();
    for effect in &effects {
        let number = effect.item.map(|i| office.number(i)).transpose()?.unwrap_or_default();
        let undone = if effect.undone { " (undone)" } else { "" };
        out.push_str(&format!("Effect    {} {number}{undone}\n", effect.verb));
        done.push(json!({"verb": effect.verb, "item": number, "undone": effect.undone}));
    }
    out.push_str(&format!("\nWhat was written:\n{}\n", words.reply));
    if words.pieces.len() > 1 {
        out.push_str(&format!("\nHow the mail was cut:\n{}", words.marked()));
    }
    out.push_str(&format!("\nWhat proves its sender:\n{proof:#}\n"));
    let mut told = object(&mail);
    if let Some(map) = told.as_object_mut() {
        map.insert("reply".into(), json!(words.reply));
        map.insert("confidence".into(), json!(words.confidence));
        map.insert("defects".into(), json!(words.defects));
        let piece = |(kind, text): &(SpanKind, String)| json!({"kind": kind.word(), "text": text});
        map.insert("pieces".into(), words.pieces.iter().map(piece).collect());
        map.insert("proof".into(), proof);
        map.insert("files".into(), json!(words.files));
        map.insert("effects".into(), json!(done));
    }
    Ok(Told::new(out, told))
}

/// What stands in a mail, as far as it is shown.
#[derive(Default)]
struct Words {
    reply: String,
    confidence: &'static str,
    defects: Vec<&'static str>,
    pieces: Vec<(SpanKind, String)>,
    files: Vec<String>,
}

impl Words {
    /// How sure the cut is, and what makes it doubtful.
    fn cut(&self) -> String {
        let defects =
            self.defects.iter().filter(|d| matches!(**d, "ENCRYPTED_BODY" | "BROKEN_ENCODING" | "BROKEN_PACKET"));
        let words: Vec<&str> =
            std::iter::once(&self.confidence).chain(defects).copied().filter(|w| !w.is_empty()).collect();
        words.join(", ")
    }

    /// Every line with what it was taken for.
    fn marked(&self) -> String {
        let lines = |(kind, text): &(SpanKind, String)| {
            text.lines().map(|l| format!("{:9} | {}\n", kind.word(), l.trim_end())).collect::<String>()
        };
        self.pieces.iter().map(lines).collect()
    }
}

/// The words of a mail, its text cut, and the names of its files; mail beyond the limits is not opened.
fn words(office: &Office, mail: &Inbox) -> Result<Words> {
    let raw = office.store.blobs().get(&mail.sha256).with_context(|| format!("blob {}", mail.sha256))?;
    if let Err(limit) = limits::check(&raw, &limits::Limits::default()) {
        return Ok(Words { reply: format!("(not read: {})", limit.code()), ..Words::default() });
    }
    let read = parse::parse(&raw);
    let extract = extract(&read);
    let mut left = MOST_TEXT;
    let mut pieces = Vec::new();
    for (kind, text) in extract.pieces() {
        let shown = shortened(text, left);
        left = left.saturating_sub(text.chars().count());
        pieces.push((kind, shown));
        if left == 0 {
            break;
        }
    }
    Ok(Words {
        reply: shortened(&extract.reply, MOST_TEXT),
        confidence: extract.confidence.word(),
        defects: read.defects.iter().map(|d| d.code()).collect(),
        pieces,
        files: read.attachments.iter().map(|a| a.name.clone()).collect(),
    })
}

fn shortened(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn retry(office: &Office, text: &str) -> Result<Told> {
    let mail = find(office, text)?;
    let id = mail.id;
    let done = change(office, id, "inbox.retry", move |act| act.tx.revive(act.firm.id, id))?;
    if !done {
        bail!("Q-{id} is {}; only a dead mail is tried again", mail.state.word());
    }
    Ok(Told::new(format!("Q-{id} is tried again.\n"), json!({"mail": format!("Q-{id}")})))
}

fn release(office: &Office, text: &str, matter: Option<&str>) -> Result<Told> {
    let mail = find(office, text)?;
    let matter = matter.map(|m| office.matter(m)).transpose()?;
    let id = mail.id;
    let done = office.act(&format!("inbox.release:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        if let Some(matter) = matter {
            allowed!(act.ask(Ability::View, matter));
        }
        let done = act.tx.release(act.firm.id, id, RELEASED, matter.map(|m| m.id), Some(act.actor.id))?;
        let facts = json!({"done": done, "matter": matter.map(|m| m.id)});
        let entry = Entry::new(Some(act.actor.id), "inbox.release").by(Some(id)).with(facts);
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(done))
    })?;
    if !done {
        bail!("Q-{id} is {}; only a held mail is released", mail.state.word());
    }
    let matter = matter.map(|m| office.number(m)).transpose()?;
    let on = matter.as_ref().map(|m| format!(" for {m}")).unwrap_or_default();
    Ok(Told::new(
        format!("Q-{id} is taken as proved{on}; the daemon carries it out.\n"),
        json!({"mail": format!("Q-{id}"), "matter": matter}),
    ))
}

fn dismiss(office: &Office, text: &str) -> Result<Told> {
    let mail = find(office, text)?;
    let id = mail.id;
    let done = change(office, id, "inbox.dismiss", move |act| act.tx.dismiss(act.firm.id, id, act.actor.id, act.now))?;
    if !done {
        bail!("Q-{id} is {}; only a held mail is put aside", mail.state.word());
    }
    Ok(Told::new(format!("Q-{id} was put aside; it is kept.\n"), json!({"mail": format!("Q-{id}")})))
}

fn change(
    office: &Office,
    id: InboxId,
    action: &'static str,
    mut job: impl FnMut(&Act<'_>) -> crate::store::Result<bool> + Send + 'static,
) -> Result<bool> {
    office.act(&format!("{action}:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let done = job(act)?;
        let entry = Entry::new(Some(act.actor.id), action).by(Some(id)).with(json!({"done": done}));
        act.tx.audit(act.firm.id, &entry, act.now)?;
        Ok(Ok(done))
    })
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;
    use crate::inbound::{Arrived, stage};
    use crate::store::inbox::Findings;

    const MAIL: &str = "From: Jane Doe <jane@doe.example>\r\nTo: r@gw.hale.example\r\nSubject: Draft \x1b[31m\r\n\
        Date: Sat, 14 Mar 2026 09:00:00 +0000\r\nMessage-ID: <1@doe.example>\r\n\r\nPlease see the draft.\x1b[2J\r\n";

    fn held(s: &Sample) -> InboxId {
        let mail = Arrived {
            mailbox: "main".into(),
            uid_validity: 1,
            uid: "1".into(),
            size: MAIL.len() as u64,
            arrived_at: now(),
            bytes: MAIL.into(),
        };
        let id = stage(&s.office.store, s.office.firm.id, mail, now()).unwrap().unwrap();
        let found = Findings {
            subject: Some("Draft \u{1b}[31m".into()),
            level: Some("NONE".into()),
            from_address: Some("jane@doe.example".into()),
            ..Findings::default()
        };
        s.office
            .store
            .write(move |tx| {
                tx.set_proved(id, "{\"verdict\":\"none\"}")?;
                tx.decide(id, InboxState::Held, "AUTH_NONE", &found, now())
            })
            .unwrap();
        id
    }

    fn state(s: &Sample, id: InboxId) -> Inbox {
        s.office.store.read(|r| r.inbox(s.office.firm.id, id)).unwrap().unwrap()
    }

    #[test]
    fn t74_held_mail_is_shown_with_its_evidence_and_steers_nothing() {
        let s = Sample::new();
        held(&s);
        let list = run(&s.office, &What::List { state: Some("held".into()), limit: 9 }).unwrap();
        assert!(list.text.contains("Q-1") && list.text.contains("AUTH_NONE"), "{}", list.text);
        let show = run(&s.office, &What::Show { mail: "1".into() }).unwrap();
        for part in ["AUTH_NONE", "jane@doe.example", "Please see the draft.", "\"verdict\": \"none\""] {
            assert!(show.text.contains(part), "{part} is missing in {}", show.text);
        }
        for told in [list, show] {
            assert!(!told.printed(false).contains('\u{1b}') && !told.printed(true).contains('\u{1b}'));
        }
    }

    #[test]
    fn a_held_mail_has_three_ways_out_and_each_is_gone_once() {
        let s = Sample::new();
        let id = held(&s);
        run(&s.office, &What::Assign { mail: "Q-1".into(), matter: "2026-0012".into() }).unwrap();
        let mail = state(&s, id);
        assert_eq!(
            (mail.state, mail.assigned_matter, mail.released_level.as_deref()),
            (InboxState::Proved, Some(s.matter.id), Some("released"))
        );
        assert!(run(&s.office, &What::Dismiss { mail: "Q-1".into() }).is_err());
        assert!(run(&s.office, &What::Release { mail: "Q-2".into() }).is_err());
        let audited = s.office.store.read(|r| r.audited(s.office.firm.id, 10)).unwrap();
        assert!(audited.iter().any(|e| e.action == "inbox.release" && e.inbox == Some(id)));
    }

    #[test]
    fn dismissed_mail_is_kept_and_dead_mail_is_tried_again() {
        let s = Sample::new();
        let id = held(&s);
        run(&s.office, &What::Dismiss { mail: "q-1".into() }).unwrap();
        assert_eq!(state(&s, id).state, InboxState::Ignored);
        assert!(run(&s.office, &What::Retry { mail: "q-1".into() }).is_err());
    }

    #[test]
    fn only_an_administrator_sees_the_inbox() {
        let s = Sample::new();
        held(&s);
        let user = crate::sharing::Role::User { admin: false, accounts: true, reports: true, billing: true };
        s.add(user, "Bob", "Hale", "bob@hale.example");
        let bob = s.acting_as("bob@hale.example");
        assert!(run(&bob, &What::List { state: None, limit: 9 }).is_err());
        assert!(run(&bob, &What::Release { mail: "1".into() }).is_err());
    }
}
