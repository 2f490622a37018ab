//! One mail, from bytes to receipt; one file per step, in the order they run. [`read`] takes bytes and needs nothing
//! else; [`receive`] takes what was read into one transaction, in which everything about the mail happens or nothing.

pub mod limits;
pub mod parse;
pub mod names;
pub mod charset;
pub mod uuencode;
pub mod tnef;
pub mod sealed;
pub mod pattern;
pub mod screen;
pub mod bounce;
pub mod extract;
pub mod command;
pub mod resolve;
pub mod zip;
pub mod files;
pub mod run;
pub mod outcome;
pub mod inspect;

use jiff::{Timestamp, Zoned};
use sha2::{Digest, Sha256};

use crate::actions::Act;
use crate::actions::documents::File;
use crate::domain::utbms::Code;
use crate::domain::{FirmId, InboxId, PersonId};
use crate::outbound::compose::OWN_MARK;
use crate::outbound::gateway::Gateway;
use crate::outbound::letter::{Letter, Line};
use crate::proof::{CommandClass, Level, Permit, Proof, TokenStanding};
use crate::store::firms::Firm;
use crate::store::inbox::{Findings, Inbox, InboxState, Staged};
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Snapshot, Store, StoreError, Tx};
use command::{Commands, Reading, Verb};
use extract::Extract;
use files::LeftOut;
use parse::Mail;
use resolve::{Resolved, Situation};
use run::Words;
use screen::{Class, OwnMarks};

pub use outcome::Outcome;

/// How much of a subject is kept beside the mail, in characters.
const SUBJECT_CHARS: usize = 200;

/// What the mail of one firm is received with.
#[derive(Clone, Debug)]
pub struct Desk {
    /// The firm's addresses.
    pub gateway: Gateway,
    /// The largest mail that is read, in bytes.
    pub mail_bytes: u64,
}

/// What stands in a mail, before anybody asks whose it is.
#[derive(Clone, Debug)]
pub struct Read {
    /// Its parts.
    pub mail: Mail,
    /// A person, or which machine.
    pub class: Class,
    /// What its sender newly wrote.
    pub extract: Extract,
    /// Canonical hash over From, Date, Message-ID, Subject and the decoded parts (decisions.md 40).
    pub content_hash: String,
    /// Files to be filed, by their place in `mail.attachments`.
    pub files: Vec<(usize, File)>,
    /// Files that are not filed, and why.
    pub left_out: Vec<LeftOut>,
    /// For a bounce: Message-IDs of ours that it names, without host.
    pub bounced: Vec<String>,
}

/// Reads a mail; total on any bytes.
pub fn read(raw: &[u8], desk: &Desk) -> Read {
    let mail = parse::parse(raw);
    let class = screen::screen(&mail, &own_marks(&desk.gateway));
    let extract = extract::extract(&mail);
    let (files, left_out) = files::select(&mail, &extract);
    let content_hash = content_hash(&mail);
    let bounced = match class {
        Class::Bounce => outcome::our_message_ids(raw, desk.gateway.address.domain()),
        _ => Vec::new(),
    };
    Read { mail, class, extract, content_hash, files, left_out, bounced }
}

fn own_marks(gateway: &Gateway) -> OwnMarks {
    OwnMarks {
        header: OWN_MARK.to_ascii_lowercase(),
        message_id_domains: vec![gateway.address.domain().to_owned()],
        addresses: vec![gateway.address.as_str().to_owned()],
    }
}

fn content_hash(mail: &Mail) -> String {
    let mut hash = Sha256::new();
    let date = mail.header("date").unwrap_or_default();
    let texts = [mail.text.as_deref(), mail.html.as_deref()].map(Option::unwrap_or_default);
    let from = mail.from_raw.join("\n");
    let head = [&from, date, mail.message_id.as_deref().unwrap_or_default(), &mail.subject];
    for part in head.into_iter().chain(texts).chain(mail.attachments.iter().map(|a| a.sha256.as_str())) {
        // Blanks may be changed on the way without a signature noticing (RFC 6376 3.4.2, 3.4.4).
        let part = single_spaced(part);
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    data_encoding::HEXLOWER.encode(&hash.finalize())
}

fn single_spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        spaced.push_str(word);
        spaced.push(' ');
    }
    spaced
}

/// True if a mail of this person with the same Message-ID, Date and Subject took effect before: all of them are signed,
/// and what is not, such as the Content-Type by which the body is read, may have been changed since.
fn is_replay(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, read: &Read, proof: &Proof, person: PersonId) -> Result<bool> {
    let (Some(id), Some(date)) = (&read.mail.message_id, proof.date) else { return Ok(false) };
    let subject: String = read.mail.subject.chars().take(SUBJECT_CHARS).collect();
    for earlier in tx.applied_with_message_id(firm.id, person, id)? {
        let facts = earlier.proof.as_deref().and_then(|facts| serde_json::from_str::<Proof>(facts).ok());
        let same_date = facts.is_some_and(|facts| facts.date == Some(date));
        let same_subject = single_spaced(earlier.subject.as_deref().unwrap_or_default()) == single_spaced(&subject);
        if earlier.id != inbox.id && same_date && same_subject {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps a raw mail and its row; when it returns, both are on disk. A second time under the same UID gives none.
pub fn stage(store: &Store, firm: FirmId, mail: Arrived, now: Timestamp) -> Result<Option<InboxId>> {
    let sha256 = store.blobs().put(&mail.bytes).map_err(|e| StoreError::Io(store.folder().to_owned(), e))?;
    let staged = mail.staged(sha256);
    store.write(move |tx| tx.stage(firm, &staged, now))
}

/// A mail as it came from a mailbox.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// Name of the mailbox in the configuration.
    pub mailbox: String,
    /// Of the mailbox; 0 for folders and standard input.
    pub uid_validity: u32,
    /// UID, file name, or hash.
    pub uid: String,
    /// Bytes as the server counts them; more than `bytes` if only the header was taken.
    pub size: u64,
    /// INTERNALDATE.
    pub arrived_at: Timestamp,
    /// The mail.
    pub bytes: Vec<u8>,
}

impl Arrived {
    /// The row for it, once its blob is on disk.
    pub fn staged(&self, sha256: String) -> Staged {
        Staged {
            mailbox: self.mailbox.clone(),
            uid_validity: self.uid_validity,
            uid: self.uid.clone(),
            sha256,
            size: self.size,
            arrived_at: self.arrived_at,
        }
    }
}

/// True if the mail's files should be put on disk before [`receive`]: its sender is proved and known (decisions.md 37).
pub fn wants_files(
    view: &Snapshot<'_>,
    desk: &Desk,
    inbox: &Inbox,
    read: &Read,
    proof: Option<&Proof>,
    now: Timestamp,
) -> Result<bool> {
    let (Some(proof), Some(firm)) = (proof, view.firm(inbox.firm)?) else { return Ok(false) };
    if read.files.is_empty() || read.class.is_machine() {
        return Ok(false);
    }
    let found = resolve::resolve(view, &firm, &desk.gateway, inbox, &read.mail, proof, &mut Findings::default(), now)?;
    Ok(matches!(found, Resolved::Known(s) if matches!(s.level, Level::Strong | Level::Good)))
}

/// What [`receive`] needs to know of a mail beside its row.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// What stands in it.
    pub read: &'a Read,
    /// Who wrote it; none for mails whose structure is beyond the limits: they are held unread.
    pub proof: Option<&'a Proof>,
    /// Its files are on disk ([`wants_files`]).
    pub files_kept: bool,
}

/// Takes a mail through: whose it is, what it says, what may be done of it, and what is answered. One transaction; the
/// outcome is written in it.
pub fn receive(tx: &Tx<'_>, desk: &Desk, inbox: &Inbox, taken: &Taken<'_>, now: Timestamp) -> Result<Outcome> {
    let Some(firm) = tx.firm(inbox.firm)? else { return Err(StoreError::Content("a mail without its firm".into())) };
    let read = taken.read;
    let mut found = findings(read);
    let outcome = decide(tx, &firm, desk, inbox, taken, &mut found, now)?;
    outcome::record(tx, &firm, inbox, &outcome, &found, now)?;
    outcome::note_bounce(tx, &firm, inbox, read, now)?;
    Ok(outcome)
}

fn findings(read: &Read) -> Findings {
    Findings {
        message_id: read.mail.message_id.clone(),
        content_hash: Some(read.content_hash.clone()),
        subject: Some(read.mail.subject.chars().take(SUBJECT_CHARS).collect()),
        class: Some(read.class.name().to_owned()),
        ..Findings::default()
    }
}

fn decide(
    tx: &Tx<'_>,
    firm: &Firm,
    desk: &Desk,
    inbox: &Inbox,
    taken: &Taken<'_>,
    found: &mut Findings,
    now: Timestamp,
) -> Result<Outcome> {
    let Taken { read, proof, files_kept } = *taken;
    if inbox.size > desk.mail_bytes {
        return Ok(Outcome::hold("TOO_LARGE"));
    }
    if let Some(limit) = read.mail.limit() {
        return Ok(Outcome::hold(limit.code()));
    }
    if let Some(ignored) = machine(read.class) {
        return Ok(ignored);
    }
    let Some(proof) = proof else { return Ok(Outcome::hold("UNREADABLE_MIME")) };
    if tx.inbox_repeats(firm.id, inbox)? && inbox.released_level.is_none() {
        return Ok(Outcome::ignore("DUPLICATE_MAIL"));
    }
    let situation = match resolve::resolve(tx, firm, &desk.gateway, inbox, &read.mail, proof, found, now)? {
        Resolved::Known(situation) => *situation,
        Resolved::Held { reason, misused, claimed } => {
            return Ok(Outcome::hold(reason).misused(misused).claimed(claimed));
        }
    };
    if let Some(waits) = waits(tx, firm, inbox, read, proof, &situation)? {
        return Ok(waits);
    }
    let words = words(tx, firm, &desk.gateway, read, &situation, inbox)?;
    if let Some(held) = unproved(&situation, &words.commands, !read.files.is_empty()) {
        return Ok(held.claimed(Some(situation.person.clone())).misused(situation.misused.clone()).signed_by(proof));
    }
    let is_copy = !situation.is_addressed && inbox.released_level.is_none();
    if is_copy && !(situation.context_is_signed && situation.matter.is_some()) {
        // Whoever has a copy of a mail can send it on to us; its author did not (sender-proof.md 5.6).
        return Ok(Outcome::hold("NOT_ADDRESSED").claimed(Some(situation.person.clone())));
    }
    let answers_us = matches!(situation.purpose(), Some(Purpose::Invite | Purpose::Confirm));
    if !read.files.is_empty() && !files_kept && !answers_us && !is_copy {
        // Rights changed since the snapshot that said no file was wanted: the next attempt keeps them first.
        return Err(StoreError::Content("the mail's files are not on disk yet".into()));
    }
    let cause = cause(inbox);
    let act = Act { tx, firm, actor: &situation.person, inbox: Some(inbox.id), cause: &cause, now };
    let ran = match is_copy {
        true => run::log_copy(act, &situation, &words)?,
        false => run::run(act, &situation, &words)?,
    };
    Ok(Outcome::of_run(ran, &situation))
}

/// Machines are never executed and never answered, whatever they carry (threats T26).
fn machine(class: Class) -> Option<Outcome> {
    match class {
        Class::Own => Some(Outcome::ignore("OWN_MAIL")),
        Class::Bounce | Class::Delay => Some(Outcome::ignore("BOUNCE")),
        Class::Spam => Some(Outcome::hold("SPAM_FLAGGED")),
        other if other.is_machine() => Some(Outcome::ignore("AUTOMATIC")),
        _ => None,
    }
}

/// Reasons to wait, or to do nothing, that do not depend on what the mail says.
fn waits(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    read: &Read,
    proof: &Proof,
    situation: &Situation,
) -> Result<Option<Outcome>> {
    let person = &situation.person;
    let claimed = |reason| Ok(Some(Outcome::hold(reason).claimed(Some(person.clone()))));
    let strict = proof.from.as_ref().ok().cloned();
    let parsed = read.mail.from.iter().map(|m| m.address.as_str());
    if strict.is_some_and(|author| crate::proof::from::agreed(author, parsed).is_err()) {
        return claimed("NO_SENDER");
    }
    if read.mail.list_id().is_some() && inbox.released_level.is_none() {
        return claimed("VIA_LIST");
    }
    let answers_us = matches!(situation.purpose(), Some(Purpose::Invite | Purpose::Confirm));
    if !person.is_user() && person.accepted_at.is_none() && !answers_us {
        return claimed("NOT_ACCEPTED");
    }
    let same = tx.inbox_with_content(firm.id, person.id, &read.content_hash, inbox.id)?.is_some();
    if same || is_replay(tx, firm, inbox, read, proof, person.id)? {
        return Ok(Some(Outcome::ignore("DUPLICATE_MAIL")));
    }
    Ok(None)
}

/// What the level of the proof does not carry waits; who can be asked is asked (decisions.md 2).
fn unproved(situation: &Situation, commands: &Commands, has_files: bool) -> Option<Outcome> {
    let class = command_class(situation, commands, has_files);
    if class.is_none() && situation.level != Level::Fail {
        return None;
    }
    match crate::proof::permits(situation.level, class.unwrap_or(CommandClass::Write)) {
        Permit::Allow | Permit::Confirm => None,
        Permit::Challenge => Some(Outcome::hold("AUTH_WEAK").asking()),
        Permit::Hold | Permit::Refuse => Some(Outcome::hold("AUTH_NONE")),
        Permit::HoldAsForged => {
            let held = Outcome::hold("AUTH_FAIL");
            Some(if crate::proof::challenges(situation.level, situation.token) { held.asking() } else { held })
        }
    }
}

/// The class that the whole mail needs; none for the answer to "was this you?", which its own code proves
/// (sender-proof.md 5.10).
fn command_class(situation: &Situation, commands: &Commands, has_files: bool) -> Option<CommandClass> {
    let only = |verb: Verb| !commands.requests.is_empty() && commands.requests.iter().all(|r| r.verb == verb);
    let by_token = situation.token == TokenStanding::ValidForThisPerson;
    if by_token && situation.purpose() == Some(Purpose::Confirm) && only(Verb::Confirm) {
        return None;
    }
    Some(match situation.purpose() {
        // The answer to an invitation is a yes or a no from the invited mailbox (decisions.md 3).
        Some(Purpose::Invite) if by_token => CommandClass::Rsvp,
        _ if only(Verb::Stop) && commands.text.trim().is_empty() && !has_files => CommandClass::Stop,
        _ => CommandClass::Write,
    })
}

/// What tells the letters of this mail from all others; after a release the same mail speaks again.
fn cause(inbox: &Inbox) -> String {
    match &inbox.released_level {
        Some(level) => format!("{}:{level}", inbox.sha256),
        None => inbox.sha256.clone(),
    }
}

/// The commands and the text, read in the sender's zone and the firm's order of dates.
fn words(
    tx: &Tx<'_>,
    firm: &Firm,
    gateway: &Gateway,
    read: &Read,
    situation: &Situation,
    inbox: &Inbox,
) -> Result<Words> {
    let zone = tx.zone_of(firm, &situation.person)?;
    let now = written_at(&read.mail, inbox).with_time_zone(zone);
    let codes: Vec<Code> = tx.utbms_codes(firm.id)?.iter().filter_map(|(code, _)| Code::parse(code)).collect();
    let about = match (situation.purpose(), situation.item) {
        (Some(Purpose::Invite), _) => command::About::Invitation,
        (_, Some(item)) => command::About::Item(item.kind),
        _ => command::About::Other,
    };
    let reading = Reading { now: &now, order: firm.locale.order(), about, firm_codes: &codes };
    // Whatever others will read is cleaned of reply addresses, here and nowhere else.
    let clean = |text: &str| gateway.without_reply_addresses(text);
    let mut commands = commands(&read.mail, &read.extract, situation, &reading);
    commands.text = clean(&commands.text);
    commands.requests.iter_mut().for_each(|request| request.narrative = clean(&request.narrative));
    let forwarded = forwarded(&read.mail, &read.extract).as_deref().map(clean);
    if let Some(subject) = subject_as_text(read, situation, &commands).filter(|_| forwarded.is_none()) {
        commands.text = clean(subject);
    }
    let (senders, receivers) = correspondents(&read.extract.quoted);
    Ok(Words {
        commands,
        files: read.files.iter().map(|(_, file)| file.clone()).collect(),
        left_out: read.left_out.clone(),
        subject: clean(&read.mail.subject),
        forwarded,
        all_quoted: read.extract.reply.trim().is_empty()
            && !read.extract.quoted.trim().is_empty()
            && read.extract.confidence == extract::Confidence::Low,
        correspondents: (clean(&senders), clean(&receivers)),
        content_hash: read.content_hash.clone(),
    })
}

/// The subject of a new mail in which nothing else stands: its writer put the whole message there. The tag of a matter is
/// no message.
fn subject_as_text<'m>(read: &'m Read, situation: &Situation, commands: &Commands) -> Option<&'m str> {
    let is_empty = commands.requests.is_empty()
        && commands.text.trim().is_empty()
        && read.files.is_empty()
        && read.extract.quoted.trim().is_empty();
    let mut subject = read.mail.subject.trim();
    while let Some((_, rest)) = subject.strip_prefix('[').and_then(|s| s.split_once(']')) {
        subject = rest.trim_start();
    }
    let prefix = subject.split_once(':').map(|(prefix, _)| prefix.trim().to_lowercase()).unwrap_or_default();
    let answers = ["re", "aw", "sv", "rv", "fw", "fwd", "wg", "tr"].contains(&prefix.as_str());
    (situation.is_new && is_empty && !answers && !subject.is_empty()).then_some(subject)
}

/// The mail's Date, but never later than its arrival.
fn written_at(mail: &Mail, inbox: &Inbox) -> Zoned {
    let arrived = inbox.arrived_at.to_zoned(jiff::tz::TimeZone::UTC);
    match &mail.date {
        Some(date) if date.timestamp() <= inbox.arrived_at => date.clone(),
        _ => arrived,
    }
}

/// The commands of the new text; of the subject and the address too, if the mail answers nothing. Where text and HTML
/// say different commands, none is carried out, and its sender is asked (decisions.md 8).
pub fn commands(mail: &Mail, extract: &Extract, situation: &Situation, reading: &Reading<'_>) -> Commands {
    if extract.ambiguous {
        let mut read = command::read(&extract.lines, reading);
        read.mid_line =
            read.requests.iter().map(|r| command::MidLine { word: r.verb.name().to_owned(), line: r.line }).collect();
        read.requests.clear();
        read.text = extract.reply.clone();
        return read;
    }
    let mut read = if situation.is_new {
        command::read_mail(&mail.subject, &extract.lines, reading)
    } else {
        command::read(&extract.lines, reading)
    };
    if let (Some(word), true) = (&situation.address_word, read.requests.is_empty()) {
        read.requests.extend(command::read_address_form(word));
    }
    read
}

/// The forwarded mail's own text, if this is a forward.
fn forwarded(mail: &Mail, extract: &Extract) -> Option<String> {
    let prefix = mail.subject.trim_start().split_once(':').map(|(p, _)| p.trim().to_lowercase())?;
    let forward = ["fw", "fwd", "wg", "tr", "rv", "i", "vs", "enc", "doorst"].contains(&prefix.as_str());
    (forward && !extract.quoted.trim().is_empty()).then(|| extract.quoted.clone())
}

/// From and To of a forwarded mail, as its header block writes them; nobody has verified them.
fn correspondents(quoted: &str) -> (String, String) {
    let field = |names: &[&str]| {
        let lines = quoted.lines().take(40).filter_map(|l| l.trim_start_matches(['>', ' ', '*']).split_once(':'));
        let mut hits = lines.filter(|(name, _)| names.contains(&name.trim_matches(['*', ' ']).to_lowercase().as_str()));
        hits.next().map(|(_, value)| value.trim_matches(['*', ' ']).chars().take(200).collect()).unwrap_or_default()
    };
    (field(&["from", "von", "de"]), field(&["to", "an", "à", "para"]))
}

/// The letter that answers a mail, if its sender wants one now.
fn receipt(inbox: &Inbox, lines: &[Line]) -> Letter {
    Letter::Receipt { inbox: inbox.id, lines: lines.to_vec() }
}

/// Where an answer to the receipt belongs.
const fn receipt_thread(inbox: &Inbox) -> (Purpose, About) {
    (Purpose::Receipt, About::Mail(inbox.id))
}

/// The state that a mail ends in.
const fn state(kind: outcome::Kind) -> InboxState {
    match kind {
        outcome::Kind::Applied => InboxState::Applied,
        outcome::Kind::Held => InboxState::Held,
        outcome::Kind::Refused => InboxState::Refused,
        outcome::Kind::Ignored => InboxState::Ignored,
        outcome::Kind::Dead => InboxState::Dead,
    }
}
