//! `docketpost ingest`: one mail from standard input, as mail servers deliver it to a program. It is on disk when this
//! returns 0; the daemon takes it through. The exit codes are those of sysexits.h, and what may heal is always a
//! temporary failure, so that the mail server keeps the mail (gateway.md I14).

use std::io::Read;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use serde_json::json;

use super::{Chosen, Told, choose_firm};
use crate::blobs::sha256;
use crate::config::Config;
use crate::daemon::{House, Lock, process, watch};
use crate::inbound::{Arrived, stage};
use crate::store::{Store, StoreError};

/// EX_DATAERR: there is no mail.
pub const NO_MAIL: u8 = 65;
/// EX_TEMPFAIL: try again later.
pub const LATER: u8 = 75;
/// EX_NOPERM: this user may not.
pub const NOT_ALLOWED: u8 = 77;

/// Takes in one mail from standard input; exit codes as mail servers expect them.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The mailbox it is for [default: the firm's first]
    #[arg(long)]
    pub mailbox: Option<String>,
    /// Take it through at once, unless the daemon runs, which does
    #[arg(long)]
    pub now: bool,
}

/// Takes it in; never fails but with an exit code.
pub fn run(chosen: &Chosen, args: &Args, mail: &mut impl Read, now: Timestamp) -> Told {
    take(chosen, args, mail, now).unwrap_or_else(|error| {
        let note = format!("docketpost: {error:#}\n");
        Told { note, ..Told::default() }.failed(exit_code(&error))
    })
}

fn exit_code(error: &anyhow::Error) -> u8 {
    let denied = error.chain().any(|cause| {
        let io = cause.downcast_ref::<std::io::Error>();
        io.is_some_and(|e| e.kind() == std::io::ErrorKind::PermissionDenied)
            || matches!(cause.downcast_ref(), Some(StoreError::Readable(..)))
            || matches!(cause.downcast_ref(), Some(StoreError::Io(_, e)) if e.kind() == std::io::ErrorKind::PermissionDenied)
    });
    if denied { NOT_ALLOWED } else { LATER }
}

fn take(chosen: &Chosen, args: &Args, input: &mut impl Read, now: Timestamp) -> Result<Told> {
    let config = Config::load_offline(&chosen.config)?;
    let mut mailboxes = config.mailboxes.iter().filter(|m| chosen.firm.as_ref().is_none_or(|f| m.firm == *f));
    let mailbox = match &args.mailbox {
        Some(name) => {
            mailboxes.find(|m| m.name == *name).with_context(|| format!("--mailbox {name}: not configured"))?
        }
        None => mailboxes.next().context("no mailbox is configured for the firm")?,
    };
    let (bytes, size) = read(input, config.limits.mail_bytes)?;
    if bytes.is_empty() {
        return Ok(
            Told { note: "docketpost: there is no mail on standard input\n".into(), ..Told::default() }.failed(NO_MAIL)
        );
    }
    let store = Store::configured(&config)?;
    let firm = choose_firm(&store, &Chosen { firm: Some(mailbox.firm.clone()), ..Chosen::default() })?;
    let uid = sha256(&bytes);
    let arrived = Arrived { mailbox: mailbox.name.clone(), uid_validity: 0, uid, size, arrived_at: now, bytes };
    let staged = stage(&store, firm.id, arrived, now)?;
    drop(store);
    if args.now {
        take_through(&config, now)?;
    }
    let number = staged.map(|id| format!("Q-{id}"));
    let text = match &number {
        Some(number) => format!("{number} was taken in.\n"),
        None => "This mail was taken in before.\n".to_owned(),
    };
    Ok(Told::new(text, json!({"mail": number})))
}

/// Does the daemon's work once, if no daemon does it.
fn take_through(config: &Config, now: Timestamp) -> Result<()> {
    let Ok(_lock) = Lock::take(&config.store) else { return Ok(()) };
    let house = std::sync::Arc::new(House::open(config)?);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(async {
        watch::look(&house, now, crate::clock::since_boot()).await?;
        while process::all_due(&house, now).await? > 0 {}
        anyhow::Ok(())
    })
}

/// The mail without the line that mail servers put before it, and its size; of one that is too large only the header.
fn read(input: &mut impl Read, limit: u64) -> std::io::Result<(Vec<u8>, u64)> {
    let mut bytes = Vec::new();
    // Room for the line before the mail.
    input.take(limit.saturating_add(1_000)).read_to_end(&mut bytes)?;
    if bytes.starts_with(b"From ") {
        let end = bytes.iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| n.saturating_add(1));
        bytes.drain(..end);
    }
    let rest = std::io::copy(input, &mut std::io::sink())?;
    let size = (bytes.len() as u64).saturating_add(rest);
    if size > limit {
        let end = header_end(&bytes);
        bytes.truncate(end);
    }
    Ok((bytes, size))
}

fn header_end(bytes: &[u8]) -> usize {
    let blank = |pattern: &[u8]| {
        bytes.windows(pattern.len()).position(|w| w == pattern).map(|n| n.saturating_add(pattern.len()))
    };
    blank(b"\r\n\r\n").or_else(|| blank(b"\n\n")).unwrap_or(bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_before_a_mail_is_no_part_of_it() {
        let (bytes, size) =
            read(&mut &b"From jane@doe.example Sat Mar 14 10:00:00 2026\nSubject: x\n\nhi\n"[..], 1_000).unwrap();
        assert_eq!(bytes, b"Subject: x\n\nhi\n");
        assert_eq!(size, 15);
        let (bytes, _) = read(&mut &b"From: jane@doe.example\n\nhi\n"[..], 1_000).unwrap();
        assert!(bytes.starts_with(b"From: "));
    }

    #[test]
    fn of_a_mail_that_is_too_large_only_the_header_is_kept() {
        let mail = [b"Subject: x\r\n\r\n".as_slice(), &[b'y'; 5_000]].concat();
        let (bytes, size) = read(&mut mail.as_slice(), 2_000).unwrap();
        assert_eq!((bytes.as_slice(), size), (b"Subject: x\r\n\r\n".as_slice(), 5_014));
    }

    #[test]
    fn what_may_heal_is_tried_again() {
        let busy = anyhow::Error::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(exit_code(&busy), LATER);
        let denied = anyhow::Error::from(std::io::Error::from(std::io::ErrorKind::PermissionDenied)).context("store");
        assert_eq!(exit_code(&denied), NOT_ALLOWED);
    }
}
