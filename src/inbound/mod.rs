//! One mail, from bytes to receipt; one file per step, in the order they run. [`read`] takes bytes and needs nothing
//! else; [`receive`] takes what was read into one transaction, in which everything about the mail happens or nothing.

pub mod limits;
pub mod burden;
pub mod parse;
pub mod cards;
pub mod names;
pub mod words;
pub mod charset;
pub mod transfer;
pub mod recoding;
pub mod uuencode;
pub mod tnef;
pub mod rtf;
pub mod sealed;
pub mod pattern;
pub mod calendar;
pub mod screen;
pub mod bounce;
pub mod extract;
pub mod command;
pub mod roles;
pub mod resolve;
pub mod ends;
pub mod zip;
pub mod files;
pub mod picture;
pub mod secrets;
pub mod unpack;
pub mod links;
pub mod brakes;
pub mod run;
pub mod outcome;
pub mod unregistered;
pub mod inspect;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;

use jiff::{Timestamp, Zoned};
use sha2::{Digest, Sha256};

use crate::actions::Act;
use crate::actions::challenges::CONFIRMED;
use crate::actions::documents::File;
use crate::actions::profile;
use crate::config::{FileRules, Limits};
use crate::domain::card;
use crate::domain::leap::Doubt;
use crate::domain::token::Token;
use crate::domain::utbms::Code;
use crate::domain::{FirmId, InboxId, Kind, PersonId};
use crate::language::{Locale, phrase, sentence};
use crate::outbound::compose::OWN_MARK;
use crate::outbound::gateway::Gateway;
use crate::outbound::letter::{Letter, Line, Notice};
use crate::proof::{CommandClass, Level, Permit, Proof, TokenStanding};
use crate::store::firms::Firm;
use crate::store::inbox::{Findings, Inbox, InboxState, Staged};
use crate::store::threads::{About, Found, Purpose, Thread};
use crate::store::{Result, Snapshot, Store, StoreError, Tx};
use brakes::Brakes;
use command::{Commands, Reading, Verb};
use extract::Extract;
use files::LeftOut;
use parse::{Attachment, Mail};
use resolve::{Resolved, RoleIs, Situation};
use roles::Role;
use run::Words;
use screen::{Class, OwnMarks};
use unpack::{Keep, Kept, Unfit, Unpacked};
use unregistered::has_one_author;

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
    /// Other firms that have the same address (ACC-16); none, almost always.
    pub neighbours: Vec<FirmId>,
    /// How many mails are taken in an hour.
    pub brakes: Brakes,
    /// What becomes of files that may do harm.
    pub files: FileRules,
}

impl Desk {
    /// The desk of a firm with these addresses.
    pub fn new(gateway: Gateway, limits: Limits) -> Desk {
        let brakes = Brakes { per_sender: limits.mails_per_sender, per_matter: limits.mails_per_matter };
        Desk { gateway, mail_bytes: limits.mail_bytes, neighbours: Vec::new(), brakes, files: FileRules::default() }
    }

    /// The structure limits of the mails that are read here.
    pub fn limits(&self) -> limits::Limits {
        limits::Limits::up_to(self.mail_bytes)
    }
}

/// What stands in a mail, before anybody asks whose it is; its Debug says none of that.
#[derive(Clone)]
pub struct Read {
    /// Its parts.
    pub mail: Mail,
    /// A person, or which machine.
    pub class: Class,
    /// Only its words make it a machine's: from a known person it waits for the firm.
    pub is_doubtful: bool,
    /// What its sender newly wrote.
    pub extract: Extract,
    /// The words after `#as`.
    pub role_word: Option<String>,
    /// Canonical hash over From, Date, Message-ID, Subject and the decoded parts (decisions.md 40).
    pub content_hash: String,
    /// Files to be filed, by their place in `mail.attachments`.
    pub files: Vec<(usize, File)>,
    /// Files that are not filed, and why.
    pub left_out: Vec<LeftOut>,
    /// With `#picture`, once [`picture::prepare`] was called: the picture made anew and its place, or why there is none.
    pub picture: Option<std::result::Result<(usize, File), picture::NoPicture>>,
    /// What came out of the zips that are to be unpacked, by their place in `files`.
    pub unpacked: BTreeMap<usize, Result<Unpacked, Unfit>>,
    /// Services that the text links to for a file that did not come.
    pub links: Vec<&'static str>,
    /// Why the mail waits for the firm because of its files.
    pub waits: Option<Waits>,
    /// What a calendar says in it.
    pub calendar: Option<calendar::Object>,
    /// For a bounce: what it says of our mails.
    pub bounced: outcome::Bounced,
    /// Reply addresses that somebody would find in its files.
    pub in_files: Vec<Token>,
    /// What is kept in place of the raw mail, because there was a card number in it.
    pub instead: Option<Instead>,
}

impl fmt::Debug for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Read").field("mail", &self.mail).field("class", &self.class).finish_non_exhaustive()
    }
}

/// A mail without its card numbers, to be kept in place of the one that came.
#[derive(Clone)]
pub struct Instead {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Blob.
    pub sha256: String,
}

/// Reads a mail; total on any bytes.
pub fn read(raw: &[u8], desk: &Desk) -> Read {
    let (mut mail, mut instead) = cards::read(raw, &desk.limits());
    let mut extract = extract::extract(&mail);
    if card::is_in(&extract.whole) {
        // A number that only reading put together.
        (mail, instead) = cards::bare(instead.as_deref().unwrap_or(raw));
        extract = extract::extract(&mail);
    }
    mail.is_recoded = is_recoded(&mail, &extract);
    mail.is_recut |= was_text(&mail, &extract);
    mail.subject = desk.gateway.without_reply_addresses(&mail.subject);
    let class = screen::screen(&mail, &own_marks(&desk.gateway));
    let is_doubtful = screen::is_doubtful(&mail, class);
    let selected = files::select(&mail, &extract, desk.files);
    let links = links::services(&mail, &extract);
    let content_hash = content_hash(&mail);
    let bounced = match class {
        Class::Bounce => outcome::our_mails(raw, desk.gateway.address.domain()),
        _ => outcome::Bounced::default(),
    };
    let in_files = match class.is_machine() && !is_doubtful {
        true => Vec::new(),
        false => {
            selected.files.iter().flat_map(|(index, _)| mail.attachments.get(*index)).flat_map(tokens_in).collect()
        }
    };
    let instead = instead.map(|bytes| Instead { sha256: crate::blobs::sha256(&bytes), bytes });
    let role_word = role_word(&mail, &extract);
    let calendar = calendar::read(&mail.calendar);
    Read {
        mail,
        class,
        is_doubtful,
        extract,
        role_word,
        content_hash,
        files: selected.files,
        left_out: selected.left_out,
        unpacked: BTreeMap::new(),
        links,
        waits: selected.waits.then_some(Waits::ForTheFirm),
        picture: None,
        calendar,
        bounced,
        in_files,
        instead,
    }
}

/// The reply addresses in a file, and in the mail that it is: that may be encoded.
fn tokens_in(file: &Attachment) -> Vec<Token> {
    let mut found = Gateway::reply_addresses_in(&file.bytes);
    if file.mime == "message/rfc822" {
        let within = parse::parse(&file.bytes);
        let texts = within.text.iter().chain(&within.html);
        found.extend(texts.flat_map(|text| Gateway::reply_addresses_in(text.as_bytes())));
    }
    found
}

/// Why a mail waits because of its files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waits {
    /// The firm's rules say so; its release lets them pass.
    ForTheFirm,
    /// The virus scanner gave no verdict; nothing lets them pass but that.
    ForTheScanner,
}

/// Puts the mail's files on disk before [`receive`], each by `keep`; and those of a zip that its sender wants unpacked.
/// What is infected is no file any more.
pub fn keep_files(read: &mut Read, desk: &Desk, keep: &mut Keep<'_>) -> std::io::Result<()> {
    picture::prepare(read);
    let unzips = wants_unpacking(read);
    let mut kept = Vec::new();
    for (place, file) in std::mem::take(&mut read.files) {
        let bytes = read.mail.attachments.get(place).map(|a| a.bytes.as_slice()).unwrap_or_default();
        if let Kept::Infected(found) = keep(bytes)? {
            let why = unpack::infected(&found);
            read.left_out.push(LeftOut { name: file.name, why, reason: files::Reason::Infected });
            continue;
        }
        if unzips && file.mime == files::ZIP {
            let unpacked = unpack::unpack(bytes, unpack::Limits::default(), desk.files, keep)?;
            if unpacked.as_ref().is_ok_and(|u| u.waits) {
                read.waits = read.waits.or(Some(Waits::ForTheFirm));
            }
            read.unpacked.insert(kept.len(), unpacked);
        }
        kept.push((place, file));
    }
    read.files = kept;
    if let Some(Ok((place, _))) = read.picture
        && !read.files.iter().any(|(p, _)| *p == place)
    {
        read.picture = Some(Err(picture::NoPicture::Broken));
    }
    Ok(())
}

/// Whether the mail says `#unzip`, in a line or in its subject.
fn wants_unpacking(read: &Read) -> bool {
    let in_subject = command::says(&[extract::Line { text: read.mail.subject.clone(), wrapped: false }], Verb::Unzip);
    !read.extract.ambiguous && (in_subject || command::says(&read.extract.lines, Verb::Unzip))
}

/// True if the mail says commands that it does not say in the encoding in which it may have been written.
fn is_recoded(mail: &Mail, extract: &Extract) -> bool {
    let Some(text) = mail.recoded.clone().filter(|_| !extract.ambiguous) else { return false };
    let (text, html) = if mail.html.is_some() { (None, Some(text)) } else { (Some(text), None) };
    says_more(mail, extract, text, html)
}

/// True if a page that may have been plain text says commands that it does not say as such.
fn was_text(mail: &Mail, extract: &Extract) -> bool {
    parse::is_no_page(mail) && says_more(mail, extract, mail.html.clone(), None)
}

/// True if the mail says commands that it does not say with this text or page.
fn says_more(mail: &Mail, extract: &Extract, text: Option<String>, html: Option<String>) -> bool {
    let now = Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let about = command::About::Other;
    let reading = Reading { now: &now, locale: Locale::British, about, firm_codes: &[] };
    let said = |extract: &Extract| command::read(&extract.lines, &reading).requests;
    let said_here = said(extract);
    if said_here.is_empty() {
        return false;
    }
    let otherwise = Mail { text, html, flow: mail.flow, from: mail.from.clone(), ..Mail::default() };
    let mut otherwise = said(&extract::extract(&otherwise)).into_iter();
    let is_same = |a: &command::Request, b: &command::Request| {
        (a.verb, &a.ids, &a.matter, a.duration) == (b.verb, &b.ids, &b.matter, b.duration)
    };
    !said_here.iter().all(|here| otherwise.any(|there| is_same(&there, here)))
}

/// What is written after `#as`, read as any other command: the role is needed before it is known whose zone a date means.
fn role_word(mail: &Mail, extract: &Extract) -> Option<String> {
    if extract.ambiguous {
        return None;
    }
    let now = Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC);
    let about = command::About::Other;
    let reading = Reading { now: &now, locale: Locale::British, about, firm_codes: &[] };
    let read = match mail.in_reply_to.is_empty() {
        true => command::read_mail(&mail.subject, &extract.lines, &reading),
        false => command::read(&extract.lines, &reading),
    };
    let found = read.requests.into_iter().find(|r| r.verb == Verb::As)?;
    Some(found.narrative.trim().chars().take(100).collect())
}

/// The firm that a mail to an address of several is for: that of its reply address, or of what it answers, or the one that
/// `#as` names, or the only one that knows its sender. Where that is not sure, one that knows the sender; they are asked.
pub fn route(
    view: &Snapshot<'_>,
    desk: &Desk,
    inbox: &Inbox,
    read: &Read,
    proof: Option<&Proof>,
    now: Timestamp,
) -> Result<FirmId> {
    let firms: Vec<FirmId> = std::iter::once(inbox.firm).chain(desk.neighbours.iter().copied()).collect();
    if let Some(firm) = resolve::firm_answered(view, &desk.gateway, &read.mail, &firms, now)? {
        return Ok(firm);
    }
    let Some(author) = proof.and_then(|p| p.from.as_ref().ok()) else { return Ok(inbox.firm) };
    let known = roles::of_address(view, &firms, &author.address)?;
    let named = roles::meant(&known, read.role_word.as_deref());
    let is_here = known.iter().any(|role| role.firm == inbox.firm);
    Ok(match (named.as_slice(), known.as_slice()) {
        ([one], _) => one.firm,
        (_, [first, ..]) if !is_here => first.firm,
        _ => inbox.firm,
    })
}

/// True if anybody may wait for this mail: its author's address is a person's of these firms, or it bears a reply address
/// in use. Nothing that DNS could still say makes more of any other than a stranger's mail.
pub fn is_awaited(
    view: &Snapshot<'_>,
    desk: &Desk,
    inbox: &Inbox,
    raw: &[u8],
    proof: &Proof,
    now: Timestamp,
) -> Result<bool> {
    let Ok(author) = &proof.from else { return Ok(false) };
    let mail = parse::parse_within(raw, &desk.limits());
    for firm in std::iter::once(inbox.firm).chain(desk.neighbours.iter().copied()) {
        let Some(firm) = view.firm(firm)? else { continue };
        if resolve::may_be_somebodys(view, &firm, &desk.gateway, &mail, &author.address, now)? {
            return Ok(true);
        }
    }
    Ok(false)
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

/// True if a mail of this person with the same Message-ID, Date and Subject took effect before, or waits: all of them are
/// signed, and what is not, such as the encoding by which the body is read, was changed on the way of one of them.
fn is_changed_copy(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    read: &Read,
    proof: &Proof,
    person: PersonId,
) -> Result<bool> {
    let (Some(id), Some(date)) = (&read.mail.message_id, proof.date) else { return Ok(false) };
    let subject = kept_subject(read);
    for earlier in tx.inbox_with_message_id(firm.id, person, id, &read.content_hash, inbox.id)? {
        let facts = earlier.proof.as_deref().and_then(|facts| serde_json::from_str::<Proof>(facts).ok());
        let same_date = facts.is_some_and(|facts| facts.date == Some(date));
        let same_subject = single_spaced(earlier.subject.as_deref().unwrap_or_default()) == single_spaced(&subject);
        if same_date && same_subject {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps a raw mail and its row; when it returns, both are on disk. A second time under the same UID gives none.
pub fn stage(store: &Store, firm: FirmId, mail: Arrived, now: Timestamp) -> Result<Option<InboxId>> {
    let io = |e| StoreError::Io(store.folder().to_owned(), e);
    let held = store.hold_blobs()?;
    let staged = mail.staged(store.blobs().put(&mail.bytes).map_err(io)?);
    let row = store.write(move |tx| tx.stage(firm, &staged, now));
    drop(held);
    row
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
    /// The row for it, once its blob is on disk, if no server's folder counts it.
    pub fn staged(&self, sha256: String) -> Staged {
        Staged {
            mailbox: self.mailbox.clone(),
            source: String::new(),
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
    if (read.files.is_empty() && !picture::is_asked_for(read)) || (read.class.is_machine() && !read.is_doubtful) {
        return Ok(false);
    }
    let (gateway, word, mut found) = (&desk.gateway, read.role_word.as_deref(), Findings::default());
    let found = resolve::resolve(view, &firm, gateway, inbox, &read.mail, word, proof, &mut found, now)?;
    Ok(matches!(found, Resolved::Known(s) if matches!(s.level, Level::Strong | Level::Good)))
}

/// Puts on disk what is kept in place of a mail with a card number in it; to be done before [`receive`].
pub fn keep_instead(store: &Store, read: &Read) -> Result<()> {
    if let Some(instead) = &read.instead {
        store.blobs().put(&instead.bytes).map_err(|e| StoreError::Io(store.folder().to_owned(), e))?;
    }
    Ok(())
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
    /// The clock leapt: between these moments lies the right time (fault F42).
    pub doubt: Option<Doubt>,
}

/// Takes a mail through: whose it is, what it says, what may be done of it, and what is answered. One transaction; the
/// outcome is written in it.
pub fn receive(tx: &Tx<'_>, desk: &Desk, inbox: &Inbox, taken: &Taken<'_>, now: Timestamp) -> Result<Outcome> {
    let Some(firm) = tx.firm(inbox.firm)? else { return Err(StoreError::Content("a mail without its firm".into())) };
    let read = taken.read;
    let mut found = findings(read);
    if let Some(instead) = &read.instead {
        tx.replace_raw(firm.id, inbox, &instead.sha256)?;
    }
    let outcome = decide(tx, &firm, desk, inbox, taken, &mut found, now)?;
    outcome::record(tx, &firm, inbox, &outcome, &found, now)?;
    outcome::note_bounce(tx, &firm, read, now)?;
    Ok(outcome)
}

fn findings(read: &Read) -> Findings {
    Findings {
        message_id: read.mail.message_id.clone(),
        content_hash: Some(read.content_hash.clone()),
        subject: Some(kept_subject(read)),
        class: Some(read.class.name().to_owned()),
        unsure: read.extract.may_lack_text(),
        ..Findings::default()
    }
}

/// The subject as it is kept beside the mail, cut, and without a password (ACC-08).
fn kept_subject(read: &Read) -> String {
    let subject: String = read.mail.subject.chars().take(SUBJECT_CHARS).collect();
    match secrets::without_passwords(&subject, secrets::Kept::None) {
        (_, true) => secrets::REMOVED.to_owned(),
        (subject, false) => subject,
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
    let Taken { read, proof, doubt, .. } = *taken;
    if inbox.size > desk.mail_bytes {
        return Ok(Outcome::hold("TOO_LARGE"));
    }
    if let Some(limit) = read.mail.limit() {
        return Ok(Outcome::hold(limit.code()));
    }
    let spoken = spoken(read);
    let let_through = read.class == Class::Spam && inbox.released_level.is_some();
    let by_machine = machine(read.class).filter(|_| spoken.is_none() && !let_through);
    if let Some(ignored) = by_machine.as_ref().filter(|_| !read.is_doubtful) {
        if let (Class::AutoReply, Some(proof)) = (read.class, proof) {
            tell_of_absence(tx, firm, inbox, read, proof, now)?;
        }
        return Ok(ignored.clone());
    }
    let Some(proof) = proof else { return Ok(Outcome::hold("UNREADABLE_MIME")) };
    if tx.inbox_repeats(firm.id, inbox)? && inbox.released_level.is_none() {
        return Ok(Outcome::ignore("DUPLICATE_MAIL"));
    }
    let word = read.role_word.as_deref();
    let situation = match resolve::resolve(tx, firm, &desk.gateway, inbox, &read.mail, word, proof, found, now)? {
        Resolved::Known(situation) => *situation,
        _ if let Some(ignored) = &by_machine => return Ok(ignored.clone()),
        Resolved::NewMailbox { .. } | Resolved::Held { second: Some(_), .. } if !has_one_author(read, proof) => {
            return Ok(Outcome::hold("NO_SENDER"));
        }
        Resolved::NewMailbox { change, .. } if doubt.is_some_and(|doubt| doubt.is_about(change.expires_at)) => {
            return Ok(Outcome::hold("CLOCK_LEAPT").telling_firm());
        }
        Resolved::NewMailbox { change, level } => {
            return unregistered::new_mailbox(tx, firm, inbox, read, &change, level, found, now);
        }
        Resolved::Held { reason, misused, claimed, second } => {
            if let (Some(address), Some(thread)) = (&second, &misused)
                && let Some(asked) = unregistered::second_address(tx, firm, inbox, read, thread, address, now)?
            {
                return Ok(asked.telling_firm());
            }
            return Ok(Outcome::hold(reason).misused(misused).claimed(claimed.map(|person| *person)));
        }
    };
    let open = role_is_open(tx, desk, inbox, &situation, proof)?;
    if open.iter().flatten().any(|role| role.firm != firm.id) {
        // It may be another firm's mail: until its writer has said, this one keeps nothing of it but the mail itself,
        // whatever else it waits for.
        (found.subject, found.matter, found.unseen_matter) = (None, None, None);
    }
    if let Some(waits) = waits(tx, firm, inbox, read, proof, &situation)? {
        return Ok(waits);
    }
    if inbox.released_level.is_none() && ends::is_in_doubt(tx, &situation, doubt)? {
        // Of what nothing proves, nobody hears before it is judged.
        let is_proved = matches!(situation.level, Level::Strong | Level::Good);
        return Ok(Outcome::hold("CLOCK_LEAPT").claimed(is_proved.then_some(situation.person)));
    }
    if let Some(object) = spoken {
        return hear(tx, firm, inbox, read, proof, &situation, object, now);
    }
    let words = words(tx, firm, desk, read, &situation, inbox)?;
    if let Some(held) = unproved(&situation, &words.commands, !read.files.is_empty()) {
        return Ok(held.claimed(Some(situation.person.clone())).misused(situation.misused.clone()).signed_by(proof));
    }
    let open = open.filter(|_| !is_the_same_in_every_role(&words.commands, read));
    let outcome = carry_out(tx, firm, desk, inbox, taken, &situation, &words, open, now)?;
    // Also of what waits: whoever got a copy of it has the address.
    guard_addresses(tx, firm, read, &situation, now)?;
    Ok(outcome)
}

/// Does what a proved mail says, unless it has to wait.
#[expect(clippy::too_many_arguments, reason = "everything that is known of one mail")]
fn carry_out(
    tx: &Tx<'_>,
    firm: &Firm,
    desk: &Desk,
    inbox: &Inbox,
    taken: &Taken<'_>,
    situation: &Situation,
    words: &Words,
    open: Option<Vec<Role>>,
    now: Timestamp,
) -> Result<Outcome> {
    let Taken { read, files_kept, .. } = *taken;
    // Which firm decides about its files, its writer says first.
    if let Some(reason) = waits_for_files(inbox, read.waits).filter(|_| open.is_none()) {
        let held = Outcome::hold(reason).claimed(Some(situation.person.clone()));
        return Ok(held.saying(Line::Question { text: phrase(situation.person.locale(firm), why_files_wait(reason)) }));
    }
    let is_copy = !situation.is_addressed && inbox.released_level.is_none();
    let logs = is_copy && words.commands.requests.iter().any(|r| r.verb == Verb::Log && !r.ids.is_empty());
    if is_copy && !logs && !(situation.context_is_signed && situation.matter.is_some()) {
        // Whoever has a copy of a mail can send it on to us; its author did not (sender-proof.md 5.6).
        return Ok(Outcome::hold("NOT_ADDRESSED").claimed(Some(situation.person.clone())));
    }
    if brakes::is_too_many(tx, firm, desk.brakes, inbox, situation)? {
        return Ok(Outcome::hold("RATE_LIMITED").claimed(Some(situation.person.clone())));
    }
    if let Some(open) = open {
        return Ok(Outcome::hold("ROLE_UNKNOWN").claimed(Some(situation.person.clone())).in_one_of(open));
    }
    let answers_us = matches!(situation.purpose(), Some(Purpose::Invite | Purpose::Confirm | Purpose::Role));
    if !read.files.is_empty() && !files_kept && !answers_us && !is_copy {
        // Rights changed since the snapshot that said no file was wanted: the next attempt keeps them first.
        return Err(StoreError::Content("the mail's files are not on disk yet".into()));
    }
    let cause = cause(inbox);
    let act = Act { tx, firm, actor: &situation.person, inbox: Some(inbox.id), cause: &cause, now };
    let is_trial = !answers_us && words.commands.requests.iter().any(|r| r.verb == Verb::DryRun);
    let ran = match is_copy {
        true => run::log_copy(act, situation, words)?,
        false if is_trial => run::rehearse(act, &desk.gateway, situation, words)?,
        false => run::run(act, situation, words)?,
    };
    let has_effect = ran.effects > 0;
    let in_a_row = brakes::receipts_in_a_row(tx, firm, situation)?;
    let outcome = Outcome::of_run(ran, situation).answering(in_a_row);
    let is_answered = matches!(outcome.kind, outcome::Kind::Refused | outcome::Kind::Held);
    let is_plain = words.commands.requests.is_empty() && read.files.is_empty();
    let is_in_vain = !has_effect && is_answered && is_plain && inbox.released_level.is_none();
    if is_in_vain && (in_a_row > 1 || brakes::was_told_twice(tx, firm, inbox, situation)?) {
        // Asked twice, it says nothing that helps: the firm sees whether a person wrote it.
        return Ok(Outcome::hold("LOOKS_AUTOMATIC").claimed(Some(situation.person.clone())));
    }
    if !has_effect && is_answered && brakes::is_refused_too_often(tx, firm, desk.brakes, inbox, situation)? {
        return Ok(Outcome::hold("RATE_LIMITED").claimed(Some(situation.person.clone())));
    }
    Ok(outcome)
}

/// Notes that the sender's reply address is in use; and replaces every address that somebody else gets to see with this
/// mail: an outsider to whom it went as well, or whoever reads its files (decisions.md 5, threats T33, T36). Files are kept as
/// they were sent; what they show proves nothing any more.
fn guard_addresses(tx: &Tx<'_>, firm: &Firm, read: &Read, situation: &Situation, now: Timestamp) -> Result<()> {
    let own = situation.thread.as_ref().filter(|_| situation.token == TokenStanding::ValidForThisPerson);
    if let Some(thread) = own {
        tx.touch_thread(thread.id, now)?;
    }
    let mut seen: Vec<Thread> = own.filter(|_| !situation.outsiders.is_empty()).cloned().into_iter().collect();
    for token in &read.in_files {
        if let Some(Found::Present(thread)) = tx.thread_by_token(token, now)? {
            seen.push(thread);
        }
    }
    for thread in seen.iter().filter(|thread| thread.firm == firm.id) {
        // Its row may have been replaced above: what it is now counts.
        if tx.thread(thread.id)?.is_some_and(|present| present.generation == thread.generation) {
            tx.replace_address(thread)?;
        }
    }
    Ok(())
}

/// What a calendar wrote by itself, without a person's words: the one kind of machine's mail that acts (decisions.md 11).
fn spoken(read: &Read) -> Option<&calendar::Object> {
    let object = read.calendar.as_ref().filter(|o| o.is_by_machine())?;
    let is_withdrawal = object.method == calendar::Method::Cancel && matches!(read.class, Class::Person | Class::Empty);
    (read.class == Class::CalendarAnswer || is_withdrawal).then_some(object)
}

/// Takes what a calendar says: an answer to an invitation needs the reply address of that invitation, or a proof that
/// carries any command (decisions.md 2).
#[expect(clippy::too_many_arguments, reason = "everything that is known of one mail")]
fn hear(
    tx: &Tx<'_>,
    firm: &Firm,
    inbox: &Inbox,
    read: &Read,
    proof: &Proof,
    situation: &Situation,
    object: &calendar::Object,
    now: Timestamp,
) -> Result<Outcome> {
    let is_answer = object.method == calendar::Method::Reply && is_of_an_event(situation);
    let class = if is_answer { CommandClass::Rsvp } else { CommandClass::Write };
    if let Some(held) = permitted(situation, class) {
        return Ok(held.claimed(Some(situation.person.clone())).misused(situation.misused.clone()).signed_by(proof));
    }
    if !situation.is_addressed && inbox.released_level.is_none() {
        return Ok(Outcome::hold("NOT_ADDRESSED").claimed(Some(situation.person.clone())));
    }
    let cause = cause(inbox);
    let act = Act { tx, firm, actor: &situation.person, inbox: Some(inbox.id), cause: &cause, now };
    Ok(match run::hear(act, situation, &read.content_hash, object)? {
        Ok(ran) => Outcome::of_run(ran, situation),
        Err(reason) => Outcome::ignore(reason),
    })
}

/// True if the mail came to the live reply address of an invitation to an event.
fn is_of_an_event(situation: &Situation) -> bool {
    let about = situation.thread.as_ref().map(|t| t.about);
    let is_event = matches!(about, Some(About::Item(item)) if item.kind == Kind::Event);
    situation.token == TokenStanding::ValidForThisPerson && situation.purpose() == Some(Purpose::Reply) && is_event
}

/// A file for the firm to decide about holds its mail until somebody of the firm releases it; its sender's own
/// confirmation does not. A file that was not scanned holds it in any case.
fn waits_for_files(inbox: &Inbox, waits: Option<Waits>) -> Option<&'static str> {
    let released = inbox.released_level.as_deref().is_some_and(|level| level != CONFIRMED);
    match waits? {
        Waits::ForTheFirm => (!released).then_some("FILE_RULE"),
        Waits::ForTheScanner => Some("NOT_SCANNED"),
    }
}

const fn why_files_wait(reason: &str) -> &str {
    match reason.as_bytes() {
        b"NOT_SCANNED" => sentence!("Your mail waits: its files could not be checked for viruses yet."),
        _ => sentence!(
            "Your mail waits: the firm looks itself at programs, macros and files with a password before they are filed."
        ),
    }
}

/// The firm hears once a day that somebody's mailbox says they are away; only if their domain signed it.
fn tell_of_absence(tx: &Tx<'_>, firm: &Firm, inbox: &Inbox, read: &Read, proof: &Proof, now: Timestamp) -> Result<()> {
    const MOST_CHARS: usize = 600;
    let (Ok(author), Some(_)) = (&proof.from, &proof.aligned) else { return Ok(()) };
    let text: String = read.extract.reply.trim().chars().take(MOST_CHARS).collect();
    for person in tx.people_writing_from(firm.id, &author.address)? {
        let bound = person.identity.map_or(Ok(Vec::new()), |identity| tx.bound_signers(identity))?;
        if person.is_user() || person.accepted_at.is_none() || text.is_empty() || !proof.is_pinned(&bound) {
            continue;
        }
        let cause = format!("away:{}:{}", person.id, now.to_zoned(firm.zone()).date());
        let act = Act { tx, firm, actor: &person, inbox: Some(inbox.id), cause: &cause, now };
        profile::tell_lawyers(&act, &Notice::Away { text: text.clone() })?;
    }
    Ok(())
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
    if !has_one_author(read, proof) {
        return claimed("NO_SENDER");
    }
    if read.is_doubtful && inbox.released_level.is_none() {
        // The firm hears of it at once, its writer nothing: a machine may have written it after all.
        return claimed("LOOKS_AUTOMATIC");
    }
    if read.mail.list_id().is_some() && inbox.released_level.is_none() {
        return claimed("VIA_LIST");
    }
    let answers_us = matches!(situation.purpose(), Some(Purpose::Invite | Purpose::Confirm | Purpose::Role));
    if !person.is_user() && person.accepted_at.is_none() && !answers_us {
        return claimed("NOT_ACCEPTED");
    }
    let same = tx.inbox_with_content(firm.id, person.id, &read.content_hash, inbox.id)?.is_some();
    if same {
        return Ok(Some(Outcome::ignore("DUPLICATE_MAIL")));
    }
    if inbox.released_level.is_none() && is_changed_copy(tx, firm, inbox, read, proof, person.id)? {
        // One of two that are both proved is not as it was written, and which one, nobody here can tell: the firm sees both,
        // once. A copy that nothing proves, such as a list's with its footer, is just that.
        let is_proved = matches!(situation.level, Level::Strong | Level::Good);
        let id = read.mail.message_id.as_deref().unwrap_or_default();
        return match is_proved && !tx.holds_changed_copy(firm.id, person.id, id)? {
            true => claimed("CHANGED_COPY"),
            false => Ok(Some(Outcome::ignore("DUPLICATE_MAIL"))),
        };
    }
    Ok(None)
}

/// Who asks for nothing but their roles need not say first which one they have.
fn is_the_same_in_every_role(commands: &Commands, read: &Read) -> bool {
    let only_accounts = !commands.requests.is_empty() && commands.requests.iter().all(|r| r.verb == Verb::Accounts);
    only_accounts && commands.text.trim().is_empty() && read.files.is_empty()
}

/// The roles in which a mail may be written, if its writer has several and did not say.
fn role_is_open(
    tx: &Tx<'_>,
    desk: &Desk,
    inbox: &Inbox,
    situation: &Situation,
    proof: &Proof,
) -> Result<Option<Vec<Role>>> {
    let Ok(author) = &proof.from else { return Ok(None) };
    if situation.role == RoleIs::Sure || (situation.role == RoleIs::OnlyHere && desk.neighbours.is_empty()) {
        return Ok(None);
    }
    let firms: Vec<FirmId> = std::iter::once(inbox.firm).chain(desk.neighbours.iter().copied()).collect();
    Ok(Some(roles::of_address(tx, &firms, &author.address)?).filter(|open| open.len() > 1))
}

/// What the level of the proof does not carry waits; who can be asked is asked (decisions.md 2).
fn unproved(situation: &Situation, commands: &Commands, has_files: bool) -> Option<Outcome> {
    let class = command_class(situation, commands, has_files);
    if class.is_none() && situation.level != Level::Fail {
        return None;
    }
    permitted(situation, class.unwrap_or(CommandClass::Write))
}

fn permitted(situation: &Situation, class: CommandClass) -> Option<Outcome> {
    // Not even the answers that a reply address is enough for.
    let class = match class {
        CommandClass::Rsvp | CommandClass::Stop if situation.is_disowned => CommandClass::Write,
        class => class,
    };
    match crate::proof::permits(situation.level, class) {
        Permit::Hold | Permit::Refuse if situation.is_disowned => Some(Outcome::hold("AUTH_FAIL")),
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
    let is_bare = commands.text.trim().is_empty() && !has_files;
    let all = |class: CommandClass| is_bare && commands.requests.iter().all(|r| r.verb.class() == class);
    let by_token = situation.token == TokenStanding::ValidForThisPerson;
    // A change of address takes more than its code: the mail must be proved as well.
    let answers_challenge = !matches!(situation.thread.as_ref().map(|t| t.about), Some(About::Address(_)));
    if by_token && answers_challenge && situation.purpose() == Some(Purpose::Confirm) && only(Verb::Confirm) {
        return None;
    }
    Some(match situation.purpose() {
        // The answer to an invitation is a yes or a no from the invited mailbox (decisions.md 3); once it was given, its
        // address is a reply address like any other (threats T40).
        Some(Purpose::Invite) if by_token && situation.person.accepted_at.is_none() => CommandClass::Rsvp,
        // Weak is also who is signed by a provider that signs everybody's mail: without a token anybody could end it.
        _ if by_token && only(Verb::Stop) && is_bare => CommandClass::Stop,
        _ if is_of_an_event(situation) && is_bare && is_answer(commands) => CommandClass::Rsvp,
        _ if all(CommandClass::Look) => CommandClass::Look,
        _ if all(CommandClass::Preferences) => CommandClass::Preferences,
        // What takes more than this is asked for each command when its turn comes.
        _ => CommandClass::Write,
    })
}

/// `#yes`, `#no`, `#maybe` and nothing else, not even the number of another event.
fn is_answer(commands: &Commands) -> bool {
    let is_answer = |r: &command::Request| {
        r.verb.class() == CommandClass::Rsvp && r.ids.is_empty() && r.narrative.trim().is_empty()
    };
    !commands.requests.is_empty() && commands.requests.iter().all(is_answer)
}

/// What tells the letters of this mail from all others; after a release the same mail speaks again.
fn cause(inbox: &Inbox) -> String {
    match (&inbox.released_level, inbox.assigned_matter) {
        (Some(level), _) => format!("{}:{level}", inbox.sha256),
        (None, Some(matter)) => format!("{}:matter {matter}", inbox.sha256),
        (None, None) => inbox.sha256.clone(),
    }
}

/// The commands and the text, read in the sender's zone and the firm's order of dates.
fn words(tx: &Tx<'_>, firm: &Firm, desk: &Desk, read: &Read, situation: &Situation, inbox: &Inbox) -> Result<Words> {
    let gateway = &desk.gateway;
    let zone = tx.zone_of(firm, &situation.person)?;
    let now = written_at(&read.mail, inbox.arrived_at).with_time_zone(zone);
    let codes: Vec<Code> = tx.utbms_codes(firm.id)?.iter().filter_map(|(code, _)| Code::parse(code)).collect();
    let about = match (situation.purpose(), situation.item) {
        (Some(Purpose::Invite), _) => command::About::Invitation,
        (_, Some(item)) => command::About::Item(item.kind),
        // What is answered to a receipt or a digest is for the gateway, whatever matter that was about.
        (None | Some(Purpose::Reply), None) if situation.matter.is_some() => command::About::Item(Kind::Matter),
        _ => command::About::Other,
    };
    let locale = situation.person.locale(firm);
    let reading = Reading { now: &now, locale, about, firm_codes: &codes };
    let mut commands = commands(&read.mail, &read.extract, situation, &reading);
    let wants_picture = commands.requests.iter().any(|r| r.verb == Verb::Picture);
    let place = read.picture.as_ref().and_then(|p| p.as_ref().ok()).map(|(place, _)| *place);
    let mut files: Vec<(usize, File)> = read.files.clone();
    files.retain(|(p, _)| Some(*p) != place);
    // Whatever others will read or is kept is cleaned of reply addresses and of passwords, here and nowhere else. What the
    // firm's people write goes to others, not to us.
    let kept = if files.is_empty() { secrets::Kept::None } else { secrets::Kept::OfFiles };
    let is_user = situation.person.is_user();
    let had_password = Cell::new(false);
    let clean = |text: &str| {
        let text = gateway.without_reply_addresses(text);
        if is_user {
            return text;
        }
        let (text, found) = secrets::without_passwords(&text, kept);
        had_password.set(had_password.get() || found);
        text
    };
    if let Some(subject) = subject_as_text(read, situation, &commands) {
        commands.requests.extend(command::read_sole_word(subject, &reading));
    }
    commands.text = clean(&commands.text);
    for unmarked in &mut commands.unmarked {
        (unmarked.line, unmarked.command) = (clean(&unmarked.line), clean(&unmarked.command));
    }
    for request in &mut commands.requests {
        request.narrative = clean(&request.narrative);
        let original = clean(&request.original);
        request.original = if original.is_empty() { format!("#{}", request.typed) } else { original };
    }
    let forwarded = forwarded(&read.mail, &read.extract).as_deref().map(clean);
    if let Some(subject) = subject_as_text(read, situation, &commands).filter(|_| forwarded.is_none()) {
        commands.text = clean(subject);
    }
    let (senders, receivers) = correspondents(&read.extract.quoted);
    Ok(Words {
        commands,
        files: files.into_iter().map(|(_, file)| file).collect(),
        left_out: left_out(read),
        picture: read.picture.clone().filter(|_| wants_picture).map(|p| p.map(|(_, file)| file)),
        unpacked: read.unpacked.clone(),
        links: read.links.clone(),
        subject: clean(&read.mail.subject),
        had_password: had_password.get(),
        forwarded,
        all_quoted: read.extract.reply.trim().is_empty()
            && !read.extract.quoted.trim().is_empty()
            && read.extract.confidence == extract::Confidence::Low,
        correspondents: (clean(&senders), clean(&receivers)),
        calendar: read.calendar.clone(),
        content_hash: read.content_hash.clone(),
        has_card: read.instead.is_some(),
        neighbours: desk.neighbours.clone(),
    })
}

/// What was not filed; an event that came with the mail is spoken of by itself.
fn left_out(read: &Read) -> Vec<LeftOut> {
    let is_spoken_of = |left: &LeftOut| read.calendar.is_some() && left.name.to_ascii_lowercase().ends_with(".ics");
    read.left_out.iter().filter(|left| !is_spoken_of(left)).cloned().collect()
}

/// The subject of a new mail in which nothing else stands: its writer put the whole message there. The tag of a matter is
/// no message.
fn subject_as_text<'m>(read: &'m Read, situation: &Situation, commands: &Commands) -> Option<&'m str> {
    let is_empty = commands.requests.is_empty()
        && commands.text.trim().is_empty()
        && read.files.is_empty()
        && read.calendar.is_none()
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
fn written_at(mail: &Mail, arrived: Timestamp) -> Zoned {
    match &mail.date {
        Some(date) if date.timestamp() <= arrived => date.clone(),
        _ => arrived.to_zoned(jiff::tz::TimeZone::UTC),
    }
}

/// The commands of the new text; of the subject and the address too, if the mail answers nothing. Where text and HTML
/// say different commands, none is carried out, and its sender is asked (decisions.md 8).
pub fn commands(mail: &Mail, extract: &Extract, situation: &Situation, reading: &Reading<'_>) -> Commands {
    if extract.ambiguous {
        let mut read = command::read(&extract.lines, reading);
        // Whichever of the two says one: its sender is asked about it.
        let other = extract.other_lines.as_deref().unwrap_or_default();
        read.requests.extend(command::read(other, reading).requests);
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
