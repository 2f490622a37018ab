//! `docketpost inbox`: the mail that came in, why it waits, and its ways out. Held mail is released, given a matter, or put
//! aside by an administrator; nothing here carries a mail out, the daemon does (decisions.md 6).

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

use super::document::write_new;
use super::show::{moment, named, one_line, table};
use super::who::number_after;
use super::{Office, Told, administrator};
use crate::actions::Act;
use crate::allowed;
use crate::domain::likeness::{Circle, Known, Likeness};
use crate::domain::{Address, InboxId};
use crate::inbound::extract::{SpanKind, extract};
use crate::inbound::names::safe_name;
use crate::inbound::secrets::{Kept, without_passwords};
use crate::inbound::{cards, limits};
use crate::proof::{DkimFinding, Proof, Verdict};
use crate::sharing::Ability;
use crate::store::audit::Entry;
use crate::store::inbox::{Inbox, InboxState, Wanted};

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
        /// Only of this person: mail address, P-7, or a name that only one person has
        #[arg(long)]
        person: Option<String>,
        /// Only about this matter
        #[arg(long)]
        matter: Option<String>,
        /// Only for this reason: CONTEXT_NONE, RATE_LIMITED …
        #[arg(long, value_name = "CODE")]
        reason: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        limit: u32,
    },
    /// Shows a mail, what proves its sender, and what was read of it
    Show {
        /// Q-7
        mail: String,
    },
    /// Prints the whole text of a mail, with its history and signature, and nothing else
    Text {
        /// Q-7
        mail: String,
    },
    /// Writes the files of a mail into a folder, such as those that were not filed
    Save {
        /// Q-7
        mail: String,
        /// The folder, which is there
        folder: PathBuf,
    },
    /// Tries a mail again that could not be processed
    Retry {
        /// Q-7
        mail: String,
    },
    /// Takes a held mail as proved
    Release {
        /// Q-7
        mail: String,
    },
    /// Takes all mails of somebody that were held because too many came
    Braked {
        /// Mail address, P-7, or a name that only one person has
        person: String,
        /// Puts them aside instead; they are kept, and have no effect
        #[arg(long)]
        dismiss: bool,
    },
    /// Takes a held mail as proved, for this matter
    Assign {
        /// Q-7
        mail: String,
        /// M-12, or the firm's own number
        matter: String,
    },
    /// Puts a held mail aside; it is kept, and has no effect
    Dismiss {
        /// Q-7
        mail: String,
        /// For the audit: why
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Takes back that a mail was put aside: it waits again
    Restore {
        /// Q-7
        mail: String,
    },
}

/// Does it; only for administrators.
pub fn run(office: &Office, what: &What) -> Result<Told> {
    match what {
        What::List { state, person, matter, reason, limit } => {
            let wanted = Wanted {
                state: state.as_deref().map(state_of).transpose()?,
                person: person.as_deref().map(|p| office.person(p)).transpose()?.map(|p| p.id),
                matter: matter.as_deref().map(|m| office.matter(m)).transpose()?.map(|m| m.id),
                reason: reason.as_deref().map(str::to_uppercase),
            };
            list(office, &wanted, *limit)
        }
        What::Show { mail } => show(office, mail),
        What::Text { mail } => whole_text(office, mail),
        What::Save { mail, folder } => save(office, mail, folder),
        What::Retry { mail } => retry(office, mail),
        What::Release { mail } => release(office, mail, None),
        What::Braked { person, dismiss } => braked(office, person, *dismiss),
        What::Assign { mail, matter } => release(office, mail, Some(matter)),
        What::Dismiss { mail, reason } => dismiss(office, mail, reason),
        What::Restore { mail } => restore(office, mail),
    }
}

fn state_of(word: &str) -> Result<InboxState> {
    let found = InboxState::from_word(word);
    found.with_context(|| format!("--state {word}: no such state; it is one of {}", states()))
}

fn list(office: &Office, wanted: &Wanted, limit: u32) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let (mut rows, mut objects) = (Vec::new(), Vec::new());
    let circle = office.store.read(|s| s.circle(office.firm.id))?;
    for mail in office.store.read(|s| s.inbox_listed(office.firm.id, wanted, limit))? {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        let proof = proof_of(&mail);
        let mark = match proof.as_ref().and_then(|p| p.taken_for(&circle)) {
            Some(Likeness::Address(known)) => format!(" (! looks like {})", known.address),
            Some(Likeness::Name(known)) => format!(" (! not {})", known.name),
            None => String::new(),
        };
        objects.push(object(&mail));
        if let (Some(map), false) = (objects.last_mut().and_then(Value::as_object_mut), mark.is_empty()) {
            map.insert("beware".into(), json!(warning(proof.as_ref(), &circle)));
        }
        rows.push([
            format!("Q-{}", mail.id),
            mail.state.word().to_owned(),
            or_none(&mail.reason),
            or_none(&mail.level),
            moment(office, mail.received_at),
            or_none(&mail.from_address) + &mark,
            or_none(&mail.subject),
        ]);
    }
    Ok(Told::new(table(["mail", "state", "reason", "level", "received", "from", "subject"], &rows), json!(objects)))
}

fn proof_of(mail: &Inbox) -> Option<Proof> {
    mail.proof.as_deref().and_then(|facts| serde_json::from_str(facts).ok())
}

/// Whom the sender of a mail could be taken for, in a sentence; empty if for nobody (threats.md T06, T07).
fn warning(proof: Option<&Proof>, circle: &Circle) -> String {
    match proof.and_then(|p| p.taken_for(circle)) {
        Some(Likeness::Address(known)) => {
            format!("its address looks like {} of {}, and is another", known.address, named_as(known))
        }
        Some(Likeness::Name(known)) => {
            format!("it bears the name of {}, and is from none of their addresses", named_as(known))
        }
        None => String::new(),
    }
}

fn named_as(known: &Known) -> String {
    format!("{} (P-{})", known.name, known.person)
}

fn states() -> String {
    InboxState::ALL.iter().map(|s| s.word().to_lowercase()).collect::<Vec<_>>().join(", ")
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
    let (person, matter, effects, circle) = office.store.read(|s| {
        let person = mail.person.map(|p| s.person(firm, p)).transpose()?.flatten();
        let matter = mail.assigned_matter.or(mail.matter).map(|m| s.matter(firm, m)).transpose()?.flatten();
        Ok((person, matter, s.effects(firm, mail.id)?, s.circle(firm)?))
    })?;
    let evidence = proof_of(&mail);
    let warning = warning(evidence.as_ref(), &circle);
    let proof: Value = mail.proof.as_deref().and_then(|p| serde_json::from_str(p).ok()).unwrap_or_default();
    let words = words(office, &mail)?;
    let facts = [
        ("State", mail.state.word().to_owned()),
        ("Why", mail.reason.clone().unwrap_or_default()),
        ("Proof", mail.level.clone().unwrap_or_default()),
        ("Class", mail.class.clone().unwrap_or_default()),
        ("From", mail.from_address.clone().unwrap_or_else(|| "no address that can be trusted".into())),
        ("Beware", warning.clone()),
        ("Person", person.map(|p| named(&p)).unwrap_or_default()),
        ("Matter", matter.map(|m| format!("M-{} {}", m.number, m.display_number)).unwrap_or_default()),
        ("Subject", mail.subject.clone().unwrap_or_default()),
        ("Arrived", moment(office, mail.arrived_at)),
        ("Mailbox", format!("{} ({} bytes, {})", mail.mailbox, mail.size, tried(mail.tries))),
        ("Cut", words.cut()),
        ("Files", words.files.join(", ")),
        (
            "",
            if words.files.is_empty() {
                String::new()
            } else {
                format!("docketpost inbox save Q-{} FOLDER gets them out", mail.id)
            },
        ),
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
    let evidence = in_words(evidence.as_ref(), mail.level.as_deref());
    out.push_str(&format!("\nWhat was written:\n{}\n", words.reply));
    if words.pieces.len() > 1 {
        out.push_str(&format!("\nHow the mail was cut:\n{}", words.marked()));
    }
    out.push_str("\nWhat proves its sender:\n");
    evidence.iter().for_each(|line| out.push_str(&format!("  {}\n", one_line(line))));
    if mail.state == InboxState::Held {
        out.push_str(&format!("\nWhat to do next: {}\n", next_step(office, &mail)));
    }
    let mut told = object(&mail);
    if let Some(map) = told.as_object_mut() {
        if !warning.is_empty() {
            map.insert("beware".into(), json!(warning));
        }
        map.insert("reply".into(), json!(words.reply));
        map.insert("confidence".into(), json!(words.confidence));
        map.insert("defects".into(), json!(words.defects));
        let piece = |(kind, text): &(SpanKind, String)| json!({"kind": kind.word(), "text": text});
        map.insert("pieces".into(), words.pieces.iter().map(piece).collect());
        map.insert("proof".into(), proof);
        map.insert("proof_in_words".into(), json!(evidence));
        map.insert("files".into(), json!(words.files));
        map.insert("effects".into(), json!(done));
    }
    Ok(Told::new(out, told))
}

fn tried(tries: u32) -> String {
    match tries {
        0 => "not tried yet".to_owned(),
        1 => "tried once".to_owned(),
        n => format!("tried {n} times"),
    }
}

/// The facts of a proof, a line each: who signed, whether that speaks for the author, what it amounts to.
fn in_words(proof: Option<&Proof>, level: Option<&str>) -> Vec<String> {
    let Some(proof) = proof else { return vec!["It was not examined yet.".to_owned()] };
    let mut lines = Vec::new();
    for fact in &proof.dkim {
        let result = match fact.result {
            DkimFinding::Pass => "signed it, and the signature holds",
            DkimFinding::Broken => "seems to have signed it, but the signature does not fit this mail",
            DkimFinding::Void(_) => "signed it in a way that does not count",
            DkimFinding::KeyAbsent => "seems to have signed it, but publishes no such key",
            DkimFinding::TempError => "seems to have signed it, but DNS did not give its key",
        };
        lines.push(format!("{} {result}.", fact.domain));
    }
    if proof.dkim.is_empty() {
        lines.push("Nobody signed it.".to_owned());
    }
    lines.push(match (&proof.aligned, proof.address()) {
        (Some(domain), _) => format!("{domain} speaks for the sender's address."),
        (None, Some(address)) => format!("No signature that holds speaks for {address}."),
        (None, None) => "It names no single sender.".to_owned(),
    });
    if let Some(domain) = proof.pin() {
        lines.push(format!("{domain} publishes no DMARC record, so it counts once the sender has confirmed it."));
    }
    if proof.verdict == Verdict::Forged {
        lines.push("The sender's domain says that mail like this is not theirs.".to_owned());
    }
    if proof.verdict == Verdict::SpfOnlyTrusted {
        lines.push("The mail provider says that it came from a server of the sender's domain.".to_owned());
    }
    if proof.sources_disagree {
        lines.push("The mail provider says otherwise, so neither is believed.".to_owned());
    }
    lines.push(match level.unwrap_or_default().to_ascii_lowercase().as_str() {
        "strong" => "Together with a reply address that only they have: proved (strong).".to_owned(),
        "good" => "This is proof enough (good).".to_owned(),
        "weak" => "Too little to act on unasked (weak).".to_owned(),
        "fail" => "The evidence is against it (fail).".to_owned(),
        "none" => "Nothing proves who wrote it (none).".to_owned(),
        "" => "It was not judged yet.".to_owned(),
        other => format!("Level: {other}."),
    });
    lines
}

/// What an administrator can do about a held mail.
fn next_step(office: &Office, mail: &Inbox) -> String {
    let id = mail.id;
    match (can_be_released(office, mail, false), mail.reason.as_deref().unwrap_or_default()) {
        (Err(why), _) => why.to_string(),
        (Ok(()), "AUTH_WEAK" | "AUTH_NONE" | "AUTH_FAIL") => format!(
            "ask them by telephone whether they wrote it; if so: docketpost inbox release Q-{id}, if not: \
             docketpost inbox dismiss Q-{id}"
        ),
        (Ok(()), _) => format!("docketpost inbox release Q-{id}, or docketpost inbox dismiss Q-{id}"),
    }
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

/// Its sender has roles at several firms, one of them another's, and was asked in which they wrote it: until they say, it is
/// nobody's to read (ACC-16).
fn may_be_another_firms(mail: &Inbox) -> bool {
    mail.state == InboxState::Held && mail.reason.as_deref() == Some("ROLE_UNKNOWN") && mail.subject.is_none()
}

/// The words of a mail, its text cut, and the names of its files; mail beyond the limits is not opened.
fn words(office: &Office, mail: &Inbox) -> Result<Words> {
    if may_be_another_firms(mail) {
        let reply = "(not shown: it may be another firm's; its sender was asked)".to_owned();
        return Ok(Words { reply, ..Words::default() });
    }
    if mail.is_purged() {
        return Ok(Words { reply: "(the mail was purged)".to_owned(), ..Words::default() });
    }
    let raw = office.store.blobs().get(mail.blob()).with_context(|| format!("blob {}", mail.blob()))?;
    if let Err(limit) = limits::check(&raw, &office.limits) {
        return Ok(Words { reply: format!("(not read: {})", limit.code()), ..Words::default() });
    }
    let (read, _) = cards::read(&raw, &office.limits);
    let extract = extract(&read);
    let mut left = MOST_TEXT;
    let mut pieces = Vec::new();
    for (kind, text) in extract.pieces() {
        let text = &without_passwords(text, Kept::None).0;
        let shown = shortened(text, left);
        left = left.saturating_sub(text.chars().count());
        pieces.push((kind, shown));
        if left == 0 {
            break;
        }
    }
    Ok(Words {
        // Whoever must see a password that was sent can open the raw mail (ACC-08).
        reply: shortened(&without_passwords(&extract.reply, Kept::None).0, MOST_TEXT),
        confidence: extract.confidence.word(),
        defects: read.defects.iter().map(|d| d.code()).collect(),
        pieces,
        files: read.attachments.iter().map(|a| a.name.clone()).collect(),
    })
}

fn whole_text(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let mail = find(office, text)?;
    let whole = extract(&cards::read(&readable(office, &mail)?, &office.limits).0).whole;
    Ok(Told::new(whole.clone(), json!({"mail": format!("Q-{}", mail.id), "text": whole})))
}

fn save(office: &Office, text: &str, folder: &Path) -> Result<Told> {
    office.ask_administrator(Ability::View)?;
    let mail = find(office, text)?;
    let id = mail.id;
    let raw = readable(office, &mail)?;
    let (mut told, mut paths) = (String::new(), Vec::new());
    for (place, file) in cards::read(&raw, &office.limits).0.attachments.iter().enumerate() {
        // Two files of a mail may have one name.
        let path = folder.join(format!("Q-{id}-{}-{}", place.saturating_add(1), safe_name(&file.name)));
        write_new(&path, &file.bytes)?;
        told.push_str(&format!("{} ({} bytes)\n", path.display(), file.bytes.len()));
        paths.push(path.display().to_string());
    }
    if paths.is_empty() {
        bail!("Q-{id} has no files");
    }
    change(office, id, "inbox.save", |_| Ok(true))?;
    Ok(Told::new(told, json!({"mail": format!("Q-{id}"), "files": paths})))
}

/// The bytes of a mail, if it is this firm's to read and can be read safely.
fn readable(office: &Office, mail: &Inbox) -> Result<Vec<u8>> {
    let id = mail.id;
    if mail.is_purged() {
        bail!("Q-{id} was purged; it is kept no longer");
    }
    if may_be_another_firms(mail) {
        bail!("Q-{id} may be another firm's; its sender was asked, and until they answer it is not shown");
    }
    let raw = office.store.blobs().get(mail.blob()).with_context(|| format!("blob {}", mail.blob()))?;
    if let Err(limit) = limits::check(&raw, &office.limits) {
        bail!("Q-{id} is beyond what can be read safely ({})", limit.code());
    }
    Ok(raw)
}

fn shortened(text: &str, most: usize) -> String {
    let mut cut: String = text.chars().take(most).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    cut
}

fn retry(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let mail = find(office, text)?;
    let id = mail.id;
    let done = change(office, id, "inbox.retry", move |act| act.tx.revive(act.firm.id, id))?;
    if !done {
        bail!("Q-{id} is {}; only a dead mail is tried again", mail.state.word());
    }
    Ok(Told::new(format!("Q-{id} is tried again.\n"), json!({"mail": format!("Q-{id}")})))
}

fn release(office: &Office, text: &str, matter: Option<&str>) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let mail = find(office, text)?;
    let matter = matter.map(|m| office.matter(m)).transpose()?;
    if mail.state == InboxState::Held {
        can_be_released(office, &mail, matter.is_some())?;
    }
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
    let when = match crate::daemon::is_running(office.store.folder()) {
        true => "the daemon carries it out",
        false => "no daemon runs now: it is carried out when the daemon runs",
    };
    Ok(Told::new(
        format!("Q-{id} is taken as proved{on}; {when}.\n"),
        json!({"mail": format!("Q-{id}"), "matter": matter}),
    ))
}

fn braked(office: &Office, text: &str, dismiss: bool) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let person = office.person(text)?;
    let id = person.id;
    let action = if dismiss { "inbox.dismiss" } else { "inbox.release" };
    let done = office.act(&format!("inbox.braked:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let firm = act.firm.id;
        let mut done = 0_u32;
        for mail in act.tx.inbox_braked(firm, id)? {
            let changed = match dismiss {
                true => act.tx.dismiss(firm, mail, act.actor.id, act.now)?,
                false => act.tx.release(firm, mail, RELEASED, None, Some(act.actor.id))?,
            };
            let entry = Entry::new(Some(act.actor.id), action).by(Some(mail)).with(json!({"done": changed}));
            act.tx.audit(firm, &entry, act.now)?;
            done = done.saturating_add(u32::from(changed));
        }
        Ok(Ok(done))
    })?;
    let mails = if done == 1 { "one mail".to_owned() } else { format!("{done} mails") };
    let what = if dismiss { "put aside; they are kept" } else { "taken; they are carried out when the daemon runs" };
    Ok(Told::new(format!("{}: {mails} {what}.\n", named(&person)), json!({"person": id, "mails": done})))
}

/// What a release can't mend is not released: who wrote it, and what it is about, must be known first.
fn can_be_released(office: &Office, mail: &Inbox, has_matter: bool) -> Result<()> {
    let id = mail.id;
    if may_be_another_firms(mail) {
        bail!(
            "Q-{id} may be another firm's; its sender was asked which one they wrote to, and it goes on when they answer"
        );
    }
    match mail.reason.as_deref().unwrap_or_default() {
        "CONTEXT_NONE" | "CONTEXT_CONFLICT" if !has_matter && mail.assigned_matter.is_none() => {
            bail!("Q-{id} does not say clearly which matter it is about: docketpost inbox assign Q-{id} M-12")
        }
        "PLACE_UNKNOWN" if !has_matter && mail.assigned_matter.is_none() => {
            bail!(
                "the files of Q-{id} are for a place that its sender does not have; to file them: docketpost inbox assign Q-{id} M-12"
            )
        }
        "NO_SENDER" | "MULTI_FROM" => {
            bail!("Q-{id} names no single sender, so it can be nobody's: docketpost inbox dismiss Q-{id}")
        }
        "UNKNOWN_SENDER" | "SENDER_MISMATCH" if !is_from_somebody(office, mail)? => bail!(
            "nobody the firm works with writes from this address: `docketpost person add` and `docketpost share` first, \
             or docketpost inbox dismiss Q-{id}"
        ),
        _ => Ok(()),
    }
}

fn is_from_somebody(office: &Office, mail: &Inbox) -> Result<bool> {
    let address = mail.from_address.as_deref().and_then(|a| Address::parse(a).ok());
    let Some(address) = address else { return Ok(false) };
    Ok(!office.store.read(|s| s.people_writing_from(office.firm.id, &address))?.is_empty())
}

fn dismiss(office: &Office, text: &str, why: &str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let mail = find(office, text)?;
    let (id, why) = (mail.id, why.to_owned());
    let done = office.act(&format!("inbox.dismiss:{id}"), move |act| {
        allowed!(administrator(act, Ability::Edit));
        let done = act.tx.dismiss(act.firm.id, id, act.actor.id, act.now)?;
        let facts = if why.is_empty() { json!({"done": done}) } else { json!({"done": done, "reason": why}) };
        act.tx.audit(
            act.firm.id,
            &Entry::new(Some(act.actor.id), "inbox.dismiss").by(Some(id)).with(facts),
            act.now,
        )?;
        Ok(Ok(done))
    })?;
    if !done {
        bail!("Q-{id} is {}; only a held mail is put aside", mail.state.word());
    }
    let text = format!("Q-{id} was put aside; it is kept. To take that back: docketpost inbox restore Q-{id}\n");
    Ok(Told::new(text, json!({"mail": format!("Q-{id}")})))
}

fn restore(office: &Office, text: &str) -> Result<Told> {
    office.ask_administrator(Ability::Edit)?;
    let mail = find(office, text)?;
    let (id, firm) = (mail.id, office.firm.id);
    if !change(office, id, "inbox.restore", move |act| act.tx.restore(firm, id, act.now))? {
        match mail.reason.as_deref() {
            Some("DISMISSED") => bail!("Q-{id} was purged since; it can't wait again"),
            _ => bail!("Q-{id} is {}; only a mail that was put aside waits again", mail.state.word()),
        }
    }
    let again = find(office, text)?;
    let next = next_step(office, &again);
    Ok(Told::new(
        format!("Q-{id} waits again ({}). What to do next: {next}\n", again.reason.unwrap_or_default()),
        json!({"mail": format!("Q-{id}")}),
    ))
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
        held_for(s, "AUTH_NONE")
    }

    /// That Jane's provider signed.
    const PROOF: &str = r#"{"from":{"Ok":{"address":"jane@doe.example","display_name":null}},"arrived":"2026-03-14T10:00:00Z",
        "date":null,"dkim":[{"domain":"doe.example","selector":"s","key_sha256":null,"signed":["from"],"result":"pass"}],
        "dmarc":{"policy":null,"strict":false,"temporary":false},"border":null,"aligned":"doe.example",
        "other_signers":[],"to_signed":true,"cc_signed":true,"sources_disagree":false,"verdict":"aligned"}"#;

    fn held_for(s: &Sample, reason: &'static str) -> InboxId {
        held_with(s, reason, "jane@doe.example", "{\"verdict\":\"none\"}")
    }

    fn held_with(s: &Sample, reason: &'static str, from: &str, proof: &str) -> InboxId {
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
            from_address: Some(from.into()),
            ..Findings::default()
        };
        let proof = proof.to_owned();
        s.office
            .store
            .write(move |tx| {
                tx.set_proved(id, &proof)?;
                tx.decide(id, InboxState::Held, reason, &found, now())
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
        let list = run(
            &s.office,
            &What::List { state: Some("held".into()), person: None, matter: None, reason: None, limit: 9 },
        )
        .unwrap();
        assert!(list.text.contains("Q-1") && list.text.contains("AUTH_NONE"), "{}", list.text);
        let show = run(&s.office, &What::Show { mail: "1".into() }).unwrap();
        for part in ["AUTH_NONE", "jane@doe.example", "Please see the draft.", "What to do next: ask them"] {
            assert!(show.text.contains(part), "{part} is missing in {}", show.text);
        }
        for told in [list, show] {
            assert!(!told.printed(false).contains('\u{1b}') && !told.printed(true).contains('\u{1b}'));
        }
    }

    #[test]
    fn t06_t07_a_strangers_mail_that_could_be_taken_for_a_known_persons_is_marked() {
        for (address, name, mark, why) in [
            (
                "jane@d0e.example",
                None,
                "jane@d0e.example (! looks like jane@doe.example)",
                "looks like jane@doe.example of Jane Doe (P-",
            ),
            ("x@evil.example", Some("Doe, Jane"), "x@evil.example (! not Jane Doe)", "bears the name of Jane Doe (P-"),
            ("x@evil.example", Some("Eve Doe"), "", ""),
            ("jane@doe.example", Some("Jane Doe"), "", ""),
        ] {
            let s = Sample::new();
            let author = crate::proof::Author {
                address: Address::parse(address).unwrap(),
                display_name: name.map(str::to_owned),
            };
            let proof: Proof = serde_json::from_str(PROOF).unwrap();
            held_with(
                &s,
                "UNKNOWN_SENDER",
                address,
                &serde_json::to_string(&Proof { from: Ok(author), ..proof }).unwrap(),
            );
            let list = What::List { state: None, person: None, matter: None, reason: None, limit: 9 };
            let list = run(&s.office, &list).unwrap();
            let show = run(&s.office, &What::Show { mail: "1".into() }).unwrap();
            if mark.is_empty() {
                assert!(!list.text.contains("(!") && !show.text.contains("Beware"), "{}{}", list.text, show.text);
                continue;
            }
            assert!(list.text.contains(mark), "{}", list.text);
            assert!(show.text.contains("Beware") && show.text.contains(why), "{}", show.text);
            assert!(show.json["beware"].as_str().unwrap().contains(why) && list.json[0]["beware"].is_string());
        }
    }

    #[test]
    fn a_proof_is_told_in_words() {
        let proof: Proof = serde_json::from_str(PROOF).unwrap();
        let told = in_words(Some(&proof), Some("good")).join("\n");
        for part in
            ["doe.example signed it, and the signature holds.", "speaks for the sender's address", "proof enough"]
        {
            assert!(told.contains(part), "{told}");
        }
        assert_eq!(in_words(None, None), ["It was not examined yet."]);
        assert_eq!(tried(1), "tried once");
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
        assert!(run(&s.office, &What::Dismiss { mail: "Q-1".into(), reason: String::new() }).is_err());
        assert!(run(&s.office, &What::Release { mail: "Q-2".into() }).is_err());
        let audited = s.office.store.read(|r| r.audited(s.office.firm.id, 10)).unwrap();
        assert!(audited.iter().any(|e| e.action == "inbox.release" && e.inbox == Some(id)));
    }

    #[test]
    fn dismissed_mail_is_kept_and_dead_mail_is_tried_again() {
        let s = Sample::new();
        let id = held(&s);
        run(&s.office, &What::Dismiss { mail: "q-1".into(), reason: "spam".into() }).unwrap();
        assert_eq!(state(&s, id).state, InboxState::Ignored);
        assert!(run(&s.office, &What::Retry { mail: "q-1".into() }).is_err());
    }

    #[test]
    fn a_mail_that_was_put_aside_can_be_taken_back_and_waits_for_what_it_waited_for() {
        let s = Sample::new();
        let id = held_for(&s, "CONTEXT_NONE");
        let restore = || run(&s.office, &What::Restore { mail: "Q-1".into() });
        assert!(restore().unwrap_err().to_string().contains("only a mail that was put aside"));
        let told = run(&s.office, &What::Dismiss { mail: "Q-1".into(), reason: "spam".into() }).unwrap();
        assert!(told.text.contains("docketpost inbox restore Q-1"), "{}", told.text);
        let told = restore().unwrap();
        assert!(told.text.contains("CONTEXT_NONE") && told.text.contains("inbox assign Q-1"), "{}", told.text);
        let mail = state(&s, id);
        assert_eq!((mail.state, mail.reason.as_deref()), (InboxState::Held, Some("CONTEXT_NONE")));
        assert!(restore().is_err(), "once");
        let audited = s.office.store.read(|r| r.audited(s.office.firm.id, 10)).unwrap();
        assert!(audited.iter().any(|e| e.action == "inbox.restore" && e.inbox == Some(id)));
        // What was purged is not there any more.
        run(&s.office, &What::Dismiss { mail: "Q-1".into(), reason: String::new() }).unwrap();
        let firm = s.office.firm.id;
        let later = s.office.store.read(|r| r.purgeable(firm, jiff::Timestamp::MAX)).unwrap();
        s.office.store.write(move |tx| tx.purge(firm, &later)).unwrap();
        assert!(restore().unwrap_err().to_string().contains("purged"));
    }

    #[test]
    fn a_release_promises_nothing_that_it_can_not_do() {
        for (reason, needed) in [
            ("CONTEXT_NONE", "inbox assign Q-1"),
            ("CONTEXT_CONFLICT", "inbox assign Q-1"),
            ("NO_SENDER", "inbox dismiss Q-1"),
            ("UNKNOWN_SENDER", "nobody the firm works with writes from this address"),
        ] {
            let s = Sample::new();
            let id = held_for(&s, reason);
            let error = run(&s.office, &What::Release { mail: "1".into() }).unwrap_err().to_string();
            assert!(error.contains(needed), "{reason}: {error}");
            assert_eq!(state(&s, id).state, InboxState::Held);
        }
        let s = Sample::new();
        held_for(&s, "UNKNOWN_SENDER");
        s.jane_accepts();
        run(&s.office, &What::Release { mail: "1".into() }).unwrap();
        let s = Sample::new();
        held(&s);
        let told = run(&s.office, &What::Release { mail: "1".into() }).unwrap();
        assert!(told.text.contains("when the daemon runs"), "{}", told.text);
    }

    #[test]
    fn only_an_administrator_sees_the_inbox() {
        let s = Sample::new();
        held(&s);
        let user = crate::sharing::Role::User { admin: false, accounts: true, reports: true, billing: true };
        s.add(user, "Bob", "Hale", "bob@hale.example");
        let bob = s.acting_as("bob@hale.example");
        assert!(run(&bob, &What::List { state: None, person: None, matter: None, reason: None, limit: 9 }).is_err());
        assert!(run(&bob, &What::Release { mail: "1".into() }).is_err());
    }
}
