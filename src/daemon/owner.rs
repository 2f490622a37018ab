//! Whose mail a mailbox's is: one store's. Two gateways at one mailbox would both carry out its mail; so each says in
//! the mailbox that it is its own, looks whether another says so too, before it takes any mail, and takes none then
//! (fault F49). `docketpost mailbox take` gives a mailbox to another store, as after a restore. A server that lets no
//! note be kept is told of in the log and by `docketpost check`: there only the operator can see to it.

use jiff::Timestamp;

use super::accounts;
use crate::config::{Imap, Mailbox, WayIn};
use crate::imap::{ImapError, Session, Trouble};
use crate::maildir::{Maildir, MaildirError};

/// How much of an identity people are shown.
const SHOWN: usize = 8;

/// Why no mail is taken from a mailbox.
#[derive(Debug, thiserror::Error)]
pub enum NotOurs {
    /// It is another store's.
    #[error("{}", said_by_another(.0))]
    Another(String),
    /// Whose it is can't be found out.
    #[error(transparent)]
    Imap(#[from] ImapError),
    /// Whose it is can't be found out.
    #[error(transparent)]
    Maildir(#[from] MaildirError),
}

/// What is told where another store has a mailbox.
pub fn said_by_another(identity: &str) -> String {
    format!(
        "the gateway of the store {} takes this mailbox's mail, and two would carry out each mail twice; \
         if it is to be this one's, stop the other for good and type: docketpost mailbox take NAME",
        short(identity)
    )
}

/// An identity as people are shown it.
pub fn short(identity: &str) -> String {
    identity.chars().take(SHOWN).collect()
}

/// The folder for the notes of whose mailbox it is, under what the folder for processed mail lies under.
pub fn notes_folder(imap: &Imap) -> String {
    let processed = imap.processed_folder.as_deref().unwrap_or_default();
    let under = processed.rfind(['/', '.']).and_then(|at| processed.get(..=at)).unwrap_or_default();
    format!("{under}docketpost-owner")
}

/// Says that the mailbox is this store's if nobody says otherwise; gives how the notes stand then, none if the server
/// keeps none. After it another folder is open than the watched one.
pub async fn own(session: &mut Session, imap: &Imap, ours: &str, now: Timestamp) -> Result<Option<String>, NotOurs> {
    let notes = notes_folder(imap);
    let mut found = session.owners(&notes).await?.unwrap_or_default();
    if found.is_empty() {
        match session.claim(&notes, ours, &mail(ours, now)).await {
            Ok(()) => found = session.owners(&notes).await?.unwrap_or_default(),
            Err(error) if error.trouble() == Trouble::Lost => return Err(error.into()),
            // No reason to leave mail lying: most servers keep folders, and there is mostly one gateway.
            Err(_) => {}
        }
    }
    if found.is_empty() {
        tracing::warn!(
            "the server keeps no note of whose mailbox this is; see to it that no other gateway takes its mail"
        );
        return Ok(None);
    }
    match found.into_iter().find(|identity| identity != ours) {
        Some(other) => Err(NotOurs::Another(other)),
        None => Ok(session.notes_stand(&notes).await?),
    }
}

/// Says that the Maildir is this store's if nobody says otherwise.
pub fn own_folder(maildir: &Maildir, ours: &str, now: Timestamp) -> Result<(), NotOurs> {
    let owner = match maildir.owner()? {
        Some(owner) => owner,
        None => maildir.claim(ours, &about(ours, now))?,
    };
    if owner == ours { Ok(()) } else { Err(NotOurs::Another(owner)) }
}

/// Gives the mailbox to this store; gives those it was taken from.
pub async fn take(mailbox: &Mailbox, ours: &str, now: Timestamp) -> anyhow::Result<Vec<String>> {
    match &mailbox.way_in {
        WayIn::Maildir(folder) => {
            let before = Maildir::open(folder)?.take_over(ours, &about(ours, now))?;
            Ok(before.into_iter().filter(|owner| owner != ours).collect())
        }
        WayIn::Imap(imap) => {
            let mut session = Session::connect(&accounts::imap(imap)?, now).await?;
            let before = session.take_over(&notes_folder(imap), ours, &mail(ours, now)).await?;
            session.logout().await;
            Ok(before)
        }
    }
}

/// The note as a mail, but for the field that names the store.
fn mail(ours: &str, now: Timestamp) -> String {
    let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
    format!(
        "From: docketpost <docketpost@localhost>\r\nSubject: This mailbox belongs to the docketpost store {}\r\n\
         Date: {date}\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
        short(ours),
        about(ours, now).replace('\n', "\r\n")
    )
}

fn about(ours: &str, now: Timestamp) -> String {
    format!(
        "The docketpost gateway with the store {} takes the mail of this mailbox,\nsince {}.\n\
         Please leave this note here: a second gateway would carry out each mail twice,\n\
         and takes none while it finds the note.",
        short(ours),
        now.strftime("%-d %B %Y, %H:%M UTC")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f49_the_notes_lie_where_the_server_lets_folders_be() {
        let at = |processed: Option<&str>| {
            let config = crate::config::Imap {
                host: "localhost".into(),
                port: 993,
                tls: crate::config::Tls::Implicit,
                ca_file: None,
                user: "gateway".into(),
                auth: crate::config::Auth::Password("hush".into()),
                folder: "INBOX".into(),
                processed_folder: processed.map(str::to_owned),
                poll: std::time::Duration::from_secs(60),
            };
            notes_folder(&config)
        };
        assert_eq!(at(Some("Processed")), "docketpost-owner");
        assert_eq!(at(Some("INBOX.Processed")), "INBOX.docketpost-owner");
        assert_eq!(at(Some("Gateway/Done")), "Gateway/docketpost-owner");
        assert_eq!(at(None), "docketpost-owner");
    }
}
