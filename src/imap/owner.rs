//! Whose mailbox it is: a folder beside the watched one holds a note with the identity of the store that takes its mail,
//! so that a second gateway is told before it takes any (fault F49). A note and no keyword, because many servers keep no
//! keywords of ours, and all keep mails. In go a folder, an identity and the note's text; out comes who says that it is
//! theirs. No mail of the watched folder is touched.

use super::{
    ImapError, Mailbox, Session,
    command::{Answer, mailbox_name},
    cursor::uid_set,
    fetch::{header_in, uid_in},
    says_temporary,
};

/// The header field of a note that names the store.
const FIELD: &str = "X-Docketpost-Store";
/// How many notes are looked at; there is one, or two at odds.
const MOST: u32 = 50;
const HEADER: usize = 4096;

/// A note in the folder.
struct Note {
    uid: u32,
    identity: String,
}

impl Session {
    /// Gives the identities of the stores that say in this folder that the mailbox is theirs; none where there is no such
    /// folder. After it another folder is open than the watched one.
    pub async fn owners(&mut self, notes: &str) -> Result<Option<Vec<String>>, ImapError> {
        let found = self.notes("EXAMINE", notes).await?;
        Ok(found.map(|notes| notes.into_iter().map(|note| note.identity).collect()))
    }

    /// Says in this folder, which is made if it is missing, that the mailbox is this store's.
    pub async fn claim(&mut self, notes: &str, identity: &str, text: &str) -> Result<(), ImapError> {
        match self.append(notes, identity, text).await {
            Err(ImapError::No { .. }) => {
                self.command("CREATE", &mailbox_name(notes), 0, |_| {}).await?;
                self.append(notes, identity, text).await
            }
            done => done,
        }
    }

    /// As [`Session::claim`], and takes away what others say; gives who they were.
    pub async fn take_over(&mut self, notes: &str, identity: &str, text: &str) -> Result<Vec<String>, ImapError> {
        self.claim(notes, identity, text).await?;
        let found = self.notes("SELECT", notes).await?.unwrap_or_default();
        let others: Vec<Note> = found.into_iter().filter(|note| note.identity != identity).collect();
        if !others.is_empty() {
            let uids: Vec<u32> = others.iter().map(|note| note.uid).collect();
            let deleted = format!("{} +FLAGS.SILENT (\\Deleted)", uid_set(&uids));
            self.command("UID STORE", &deleted, 0, |_| {}).await?;
            self.command("EXPUNGE", "", 0, |_| {}).await?;
        }
        Ok(others.into_iter().map(|note| note.identity).collect())
    }

    /// Gives what changes when a note comes or goes, while the watched folder stays open; none if the server won't say.
    pub async fn notes_stand(&mut self, notes: &str) -> Result<Option<String>, ImapError> {
        let mut stand = None;
        let on = |answer: Answer<'_>| {
            if let Answer::Status(text) = answer {
                stand = text.rsplit_once('(').map(|(_, counts)| counts.to_owned());
            }
        };
        let what = format!("{} (MESSAGES UIDNEXT UIDVALIDITY)", mailbox_name(notes));
        match self.command("STATUS", &what, 0, on).await {
            Ok(_) => Ok(stand),
            Err(ImapError::No { .. } | ImapError::Bad { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn append(&mut self, notes: &str, identity: &str, text: &str) -> Result<(), ImapError> {
        let note = format!("{FIELD}: {identity}\r\n{text}");
        let line = format!("{} (\\Seen) {{{}}}", mailbox_name(notes), note.len());
        let mut unsent = Some(note);
        self.converse("APPEND", &line, 0, |_| {}, move || unsent.take()).await.map(drop)
    }

    async fn notes(&mut self, command: &'static str, notes: &str) -> Result<Option<Vec<Note>>, ImapError> {
        let mails = match self.enter(command, notes).await {
            Ok(Mailbox { mails, .. }) => mails.min(MOST),
            Err(ImapError::No { text, .. }) if !says_temporary(&text) => return Ok(None),
            Err(ImapError::Bad { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut found = Vec::new();
        if mails > 0 {
            let on = |answer: Answer<'_>| {
                if let Answer::Fetch(attributes) = answer
                    && let Some((uid, header)) = uid_in(&attributes).zip(header_in(&attributes))
                    && let Some(identity) = identity_in(header)
                {
                    found.push(Note { uid, identity });
                }
            };
            let what = format!("1:{mails} (UID BODY.PEEK[HEADER]<0.{HEADER}>)");
            self.command("FETCH", &what, HEADER.saturating_mul(100), on).await?;
        }
        Ok(Some(found))
    }
}

fn identity_in(header: &[u8]) -> Option<String> {
    let header = String::from_utf8_lossy(header);
    let mut fields = header.lines().filter_map(|line| line.split_once(':'));
    let (_, identity) = fields.find(|(name, _)| name.eq_ignore_ascii_case(FIELD))?;
    Some(identity.trim().to_owned())
}
