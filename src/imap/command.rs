//! One command, all of its answers, and what its tagged line said: OK is the only success. A command that was given up
//! half-way leaves its answers on the connection, so the session is of no use after it and says so.

use super::{
    ImapError, Mailbox, Timeouts,
    cursor::Cursor,
    wire::{Wire, literal_after},
};
use imap_proto::{AttributeValue, MailboxDatum, Response};
use std::collections::BTreeSet;

/// How many hits of a SEARCH are asked for at once.
const SLICE: u32 = 5_000;
/// How often a server may ask for another line of an authentication.
const MAX_CHALLENGES: usize = 4;

/// A logged-in connection.
pub struct Session {
    pub(super) wire: Wire,
    pub(super) timeouts: Timeouts,
    pub(super) folder: String,
    pub(super) capabilities: BTreeSet<String>,
    tag: u32,
    /// A command was begun and its end not seen.
    busy: bool,
    /// How many mails the selected folder holds.
    mails: u32,
    /// Mails came since the last listing.
    pub(super) news: bool,
    /// Mails went since the last listing began, so sequence numbers mean others.
    shifted: bool,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("busy", &self.busy).field("mails", &self.mails).finish_non_exhaustive()
    }
}

/// An untagged answer that is of use to some command.
pub(super) enum Answer<'a> {
    /// The text of a status line, starting with its response code if it has one.
    Note(&'a str),
    Search(Vec<u32>),
    Fetch(Vec<AttributeValue<'a>>),
    /// What was said of a folder that isn't open.
    Status(&'a str),
}

/// Any answer, understood.
pub(super) enum Heard<'a> {
    Done(Status, &'a str),
    GoOn,
    PreAuth,
    Bye(String),
    Capabilities(&'a str),
    Exists(u32),
    Expunge,
    Answer(Answer<'a>),
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Ok,
    No,
    Bad,
}

impl Session {
    pub(super) fn new(wire: Wire, timeouts: Timeouts, folder: String) -> Session {
        let capabilities = BTreeSet::new();
        Session { wire, timeouts, folder, capabilities, tag: 0, busy: false, mails: 0, news: false, shifted: false }
    }

    /// Tells whether the server offers this capability.
    pub fn can(&self, capability: &str) -> bool {
        self.capabilities.contains(capability)
    }

    /// Opens the account's folder for reading and writing.
    pub async fn select(&mut self) -> Result<Mailbox, ImapError> {
        self.open("SELECT").await
    }

    /// Opens the account's folder for reading alone.
    pub async fn examine(&mut self) -> Result<Mailbox, ImapError> {
        self.open("EXAMINE").await
    }

    pub(super) async fn open(&mut self, command: &'static str) -> Result<Mailbox, ImapError> {
        let folder = self.folder.clone();
        self.enter(command, &folder).await
    }

    /// Opens any folder.
    pub(super) async fn enter(&mut self, command: &'static str, folder: &str) -> Result<Mailbox, ImapError> {
        let folder = mailbox_name(folder);
        let (mut uid_validity, mut uid_next) = (None, None);
        self.mails = 0;
        self.command(command, &folder, 0, |answer| {
            if let Answer::Note(text) = answer {
                uid_validity = number_in_code(text, "UIDVALIDITY").filter(|v| *v > 0).or(uid_validity);
                uid_next = number_in_code(text, "UIDNEXT").filter(|v| *v > 0).or(uid_next);
            }
        })
        .await?;
        self.news = false;
        Ok(Mailbox { uid_validity, uid_next, mails: self.mails })
    }

    /// Gives the UIDs in the folder which the cursor doesn't know, lowest first, and lets the cursor take notice of the
    /// listing.
    pub async fn new_uids(&mut self, cursor: &mut Cursor) -> Result<Vec<u32>, ImapError> {
        self.command("NOOP", "", 0, |_| {}).await?;
        self.news = false;
        self.shifted = false;
        let from = cursor.floor();
        let mut hits = Vec::new();
        let mut first = 1;
        // By sequence numbers, so that no answer is longer than a slice however the UIDs lie.
        while first <= self.mails {
            let last = first.saturating_add(SLICE).saturating_sub(1).min(self.mails);
            self.search(&format!("{first}:{last} UID {from}:*"), &mut hits).await?;
            first = last.saturating_add(1);
        }
        let unknown = cursor.unknown(&hits);
        if !self.shifted {
            cursor.listed(&hits);
        }
        Ok(unknown)
    }

    /// Tells whether the last listing is sure to be whole: no mail went away while it was made.
    pub fn has_listed_all(&self) -> bool {
        !self.shifted
    }

    async fn search(&mut self, what: &str, hits: &mut Vec<u32>) -> Result<(), ImapError> {
        let on = |answer: Answer<'_>| {
            if let Answer::Search(uids) = answer {
                hits.extend(uids);
            }
        };
        self.command("UID SEARCH", what, 0, on).await.map(drop)
    }

    /// Says goodbye; the connection is gone after that, whatever the server answers.
    pub async fn logout(mut self) {
        let _ = self.command("LOGOUT", "", 0, |_| {}).await;
    }

    /// Runs a command to its end, for answers of about this many bytes besides short lines; gives the text of its OK.
    pub(super) async fn command(
        &mut self,
        name: &'static str,
        rest: &str,
        bytes: usize,
        on: impl FnMut(Answer<'_>),
    ) -> Result<String, ImapError> {
        self.converse(name, rest, bytes, on, || None).await
    }

    /// As `command`, for one that the server may ask more lines of: `reply` gives them, or `None` if there are none.
    pub(super) async fn converse(
        &mut self,
        name: &'static str,
        rest: &str,
        bytes: usize,
        mut on: impl FnMut(Answer<'_>),
        mut reply: impl FnMut() -> Option<String>,
    ) -> Result<String, ImapError> {
        let tag = self.begin(name, rest, bytes).await?;
        let mut challenges = 0usize;
        loop {
            let answer = self.wire.answer().await?;
            match self.notice(hear(&answer, &tag)?)? {
                Heard::Done(status, text) => {
                    self.busy = false;
                    return outcome(status, text, name);
                }
                Heard::GoOn => {
                    challenges = challenges.saturating_add(1);
                    let line = reply().filter(|_| challenges <= MAX_CHALLENGES);
                    self.wire.send(&line.ok_or(ImapError::Nonsense("it asks for more"))?).await?;
                }
                Heard::Answer(answer) => on(answer),
                _ => {}
            }
        }
    }

    /// Sends a command; until `end` is called or the tagged line is heard, nothing else can be sent.
    pub(super) async fn begin(&mut self, name: &str, rest: &str, bytes: usize) -> Result<String, ImapError> {
        if self.busy {
            return Err(ImapError::Lost);
        }
        self.busy = true;
        self.tag = self.tag.saturating_add(1);
        let tag = format!("A{}", self.tag);
        let gap = if rest.is_empty() { "" } else { " " };
        self.wire.allow(bytes);
        self.wire.send(&format!("{tag} {name}{gap}{rest}")).await?;
        Ok(tag)
    }

    pub(super) fn end(&mut self) {
        self.busy = false;
    }

    /// Takes in what concerns the session as a whole, and gives on the rest.
    pub(super) fn notice<'a>(&mut self, heard: Heard<'a>) -> Result<Heard<'a>, ImapError> {
        match &heard {
            Heard::Bye(text) => return Err(ImapError::Bye(text.clone())),
            Heard::Capabilities(text) => self.learn(text),
            Heard::Exists(mails) => {
                self.news |= *mails > self.mails;
                self.mails = *mails;
            }
            Heard::Expunge => {
                self.mails = self.mails.saturating_sub(1);
                self.shifted = true;
            }
            Heard::Answer(Answer::Note(text)) | Heard::Done(Status::Ok, text) => {
                capabilities_in(text).into_iter().for_each(|list| self.learn(list));
            }
            _ => {}
        }
        Ok(heard)
    }

    fn learn(&mut self, list: &str) {
        self.capabilities = list.split_ascii_whitespace().map(str::to_ascii_uppercase).collect();
    }
}

pub(super) fn outcome(status: Status, text: &str, command: &'static str) -> Result<String, ImapError> {
    match status {
        Status::Ok => Ok(short(text)),
        Status::No => Err(ImapError::No { command, text: short(text) }),
        Status::Bad => Err(ImapError::Bad { command, text: short(text) }),
    }
}

/// Understands one whole answer to the command with this tag.
pub(super) fn hear<'a>(answer: &'a [u8], tag: &str) -> Result<Heard<'a>, ImapError> {
    if answer.starts_with(b"+") {
        return Ok(Heard::GoOn);
    }
    let Some(data) = answer.strip_prefix(b"* ") else {
        let line = std::str::from_utf8(answer).map_err(|_| ImapError::Nonsense("a line that is no text"))?;
        let (theirs, rest) = line.split_once(' ').ok_or(ImapError::Nonsense("a line without a tag"))?;
        let status = status_in(rest).filter(|_| theirs == tag);
        let (status, text) = status.ok_or(ImapError::Nonsense("a tag that was not used"))?;
        return Ok(Heard::Done(status, text));
    };
    if let Ok(line) = std::str::from_utf8(data) {
        if let Some((_, text)) = status_in(line) {
            return Ok(Heard::Answer(Answer::Note(text)));
        }
        if let Some(text) = after_word(line, "BYE") {
            return Ok(Heard::Bye(short(text)));
        }
        if after_word(line, "PREAUTH").is_some() {
            return Ok(Heard::PreAuth);
        }
        if let Some(text) = after_word(line, "STATUS") {
            return Ok(Heard::Answer(Answer::Status(text)));
        }
        if let Some(list) = after_word(line, "CAPABILITY") {
            return Ok(Heard::Capabilities(list));
        }
    }
    parse(answer)
}

/// The parser calls itself for each bracket that it meets; in an answer to what is asked here there are three.
const MOST_BRACKETS: usize = 100;

fn parse(answer: &[u8]) -> Result<Heard<'_>, ImapError> {
    if brackets(answer) > MOST_BRACKETS {
        return Err(ImapError::Nonsense("an answer with too many brackets"));
    }
    match Response::parse(answer) {
        // What follows a literal that was longer than announced looks like an attribute nobody knows.
        Ok(([], Response::Fetch(_, attributes))) if attributes.contains(&AttributeValue::Unknown) => {
            Err(ImapError::Nonsense("a mail with something unknown"))
        }
        Ok(([], Response::Fetch(_, attributes))) => Ok(Heard::Answer(Answer::Fetch(attributes))),
        Ok(([], Response::MailboxData(MailboxDatum::Search(uids)))) => Ok(Heard::Answer(Answer::Search(uids))),
        Ok(([], Response::MailboxData(MailboxDatum::Exists(mails)))) => Ok(Heard::Exists(mails)),
        Ok(([], Response::Expunge(_))) => Ok(Heard::Expunge),
        Ok(([], _)) => Ok(Heard::Unknown),
        // What was never asked for may be of a kind that the parser doesn't know; what matters must be understood.
        _ if matters(answer) => Err(ImapError::Nonsense("an answer that can't be read")),
        _ => Ok(Heard::Unknown),
    }
}

/// How many brackets open outside of its literals.
fn brackets(answer: &[u8]) -> usize {
    let (mut found, mut rest) = (0_usize, answer);
    while let Some(end) = rest.iter().position(|b| *b == b'\n') {
        let (line, after) = rest.split_at(end.saturating_add(1));
        found = found.saturating_add(line.iter().filter(|b| **b == b'(').count());
        rest = literal_after(line).and_then(|length| after.get(length..)).unwrap_or(after);
    }
    found
}

fn matters(answer: &[u8]) -> bool {
    let start = String::from_utf8_lossy(answer.get(..40).unwrap_or(answer)).to_ascii_uppercase();
    let mut words = start.split_ascii_whitespace().skip(1);
    let first = words.next().unwrap_or_default();
    first == "SEARCH" || first.bytes().all(|b| b.is_ascii_digit())
}

fn status_in(line: &str) -> Option<(Status, &str)> {
    [("OK", Status::Ok), ("NO", Status::No), ("BAD", Status::Bad)]
        .into_iter()
        .find_map(|(word, status)| Some((status, after_word(line, word)?)))
}

/// What follows this word at the start of a line, if it is there.
fn after_word<'a>(line: &'a str, word: &str) -> Option<&'a str> {
    let (start, rest) = line.split_at_checked(word.len())?;
    let ends = rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace());
    (start.eq_ignore_ascii_case(word) && ends).then(|| rest.trim())
}

/// The argument of a response code at the start of a text: `[NAME argument] …`.
fn in_code<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (inside, _) = text.strip_prefix('[')?.split_once(']')?;
    after_word(inside, name)
}

fn number_in_code(text: &str, name: &str) -> Option<u32> {
    in_code(text, name)?.parse().ok()
}

fn capabilities_in(text: &str) -> Option<&str> {
    in_code(text, "CAPABILITY")
}

/// A server's text, as far as it is worth repeating.
pub(super) fn short(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// A string in quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A mailbox name in quotes and modified UTF-7 (RFC 3501, section 5.1.3), whatever characters it has.
pub(super) fn mailbox_name(name: &str) -> String {
    let mut encoded = String::new();
    let mut foreign = Vec::new();
    for c in name.chars() {
        if !matches!(c, ' '..='~') {
            foreign.extend(c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()));
            continue;
        }
        end_foreign(&mut encoded, &mut foreign);
        encoded.push(c);
        if c == '&' {
            encoded.push('-');
        }
    }
    end_foreign(&mut encoded, &mut foreign);
    quoted(&encoded)
}

fn end_foreign(encoded: &mut String, foreign: &mut Vec<u8>) {
    if !foreign.is_empty() {
        let base64 = data_encoding::BASE64_NOPAD.encode(foreign).replace('/', ",");
        encoded.push_str(&format!("&{base64}-"));
        foreign.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn mailbox_names_are_written_as_rfc_3501_shows() {
        assert_eq!(mailbox_name("~peter/mail/台北/日本語"), "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"");
        assert_eq!(mailbox_name("Müller & \"Co\"\r\n"), "\"M&APw-ller &- \\\"Co\\\"&AA0ACg-\"");
    }

    #[test]
    fn only_the_own_tag_ends_a_command() {
        assert!(matches!(hear(b"A2 OK done\r\n", "A2"), Ok(Heard::Done(Status::Ok, _))));
        assert!(matches!(hear(b"A2 NO\r\n", "A2"), Ok(Heard::Done(Status::No, _))));
        assert!(matches!(hear(b"A1 OK done\r\n", "A2"), Err(ImapError::Nonsense(_))));
        assert!(matches!(hear(b"A2 OKAY\r\n", "A2"), Err(ImapError::Nonsense(_))));
        assert!(matches!(hear(b"* ok [UIDNEXT 4] x\r\n", "A2"), Ok(Heard::Answer(Answer::Note("[UIDNEXT 4] x")))));
        assert!(matches!(hear(b"* ESEARCH (TAG \"A2\") UID\r\n", "A2"), Ok(Heard::Unknown)));
        assert!(matches!(hear(b"* 1 FETCH (UID x)\r\n", "A2"), Err(ImapError::Nonsense(_))));
        assert!(matches!(hear(b"* SEARCH 1 x\r\n", "A2"), Err(ImapError::Nonsense(_))));
    }

    #[test]
    fn numbers_in_response_codes_are_read() {
        assert_eq!(number_in_code("[UIDVALIDITY 3857529045] UIDs valid", "UIDVALIDITY"), Some(3_857_529_045));
        assert_eq!(number_in_code("[UIDVALIDITY -1] UIDs valid", "UIDVALIDITY"), None);
        assert_eq!(number_in_code("UIDVALIDITY 4", "UIDVALIDITY"), None);
    }

    #[test]
    fn t55_brackets_within_brackets_end_the_session_and_not_the_program() {
        let deep = "(".repeat(400_000);
        for before in ["", "BODY[] {3}\r\n({5 ", "FLAGS () BODY[] {5}\r\n{5}\r\n "] {
            let answer = format!("* 1 FETCH ({before}BODYSTRUCTURE {deep}\r\n");
            assert!(matches!(hear(answer.as_bytes(), "A1"), Err(ImapError::Nonsense(_))), "{before}");
        }
        // A mail's own brackets are none of the answer's.
        let mail = format!("* 1 FETCH (UID 7 BODY[] {{{}}}\r\n{deep})\r\n", deep.len());
        assert!(matches!(hear(mail.as_bytes(), "A1"), Ok(Heard::Answer(Answer::Fetch(_)))));
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = hear(&answer, "A1");
        }

        #[test]
        fn no_mailbox_name_ends_its_line_or_its_quotes(name in any::<String>()) {
            let written = mailbox_name(&name);
            prop_assert!(written.bytes().all(|b| (b' '..=b'~').contains(&b)));
            let inside = &written[1..written.len() - 1];
            prop_assert!(!inside.replace("\\\\", "").replace("\\\"", "").contains('"'));
        }
    }
}
