//! The embedded way out: a folder that gets one file per mail, complete or not at all. It never overwrites one, so a
//! mail that is sent twice is seen twice.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;

use super::{Outcome, Outgoing, Trouble};

/// Writes `mail` as `0001-message-id.eml`, numbered in the order of sending; a Message-ID that is there already gets
/// `-again` behind it.
pub(super) fn put(folder: &Path, mail: &Outgoing) -> Outcome {
    match write(folder, mail) {
        Ok(name) => Outcome::Sent { reply: format!("250 written as {name}") },
        Err(error) => Outcome::NotSent(Trouble::Io(error.kind())),
    }
}

fn write(folder: &Path, mail: &Outgoing) -> io::Result<String> {
    std::fs::create_dir_all(folder)?;
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").tempfile_in(folder)?;
    file.write_all(&mail.bytes)?;
    file.as_file().sync_all()?;
    let id = message_id(&mail.bytes);
    loop {
        let name = free_name(folder, &id)?;
        match file.persist_noclobber(folder.join(&name)) {
            Ok(_) => {
                File::open(folder)?.sync_all()?;
                return Ok(name);
            }
            // another process took the number in between
            Err(e) if e.error.kind() == io::ErrorKind::AlreadyExists => file = e.file,
            Err(e) => return Err(e.error),
        }
    }
}

/// The next number, with the id, which is marked if a file has it already.
fn free_name(folder: &Path, id: &str) -> io::Result<String> {
    let (mut last, mut times) = (0u64, 0u32);
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let Some((number, rest)) = name.to_str().and_then(|n| n.strip_suffix(".eml")).and_then(|n| n.split_once('-'))
        else {
            continue;
        };
        last = last.max(number.parse().unwrap_or(0));
        if rest == id || rest.strip_suffix("-again") == Some(id) {
            times = times.saturating_add(1);
        }
    }
    let again = if times == 0 { "" } else { "-again" };
    Ok(format!("{:04}-{id}{again}.eml", last.saturating_add(1)))
}

/// The mail's Message-ID as a part of a file name: its letters, digits, dots, hyphens and `@`; `mail` if it has none.
fn message_id(bytes: &[u8]) -> String {
    let header = bytes.split(|b| *b == b'\n').take_while(|line| !matches!(line, [] | [b'\r']));
    let mut text = String::new();
    let mut inside = false;
    for line in header {
        let folded = matches!(line.first(), Some(b' ' | b'\t'));
        let name = line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case(b"Message-ID:"));
        inside = name || (inside && folded);
        if inside {
            text.push_str(&String::from_utf8_lossy(if name { line.get(11..).unwrap_or_default() } else { line }));
        }
    }
    let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let id: String = text.chars().filter(kept).take(120).collect();
    if id.is_empty() { "mail".to_owned() } else { id }
}
