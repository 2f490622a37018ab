//! `#get`: the file itself, enclosed. A document in the version that was asked for, a bill as its PDF; a folder is answered
//! with what is in it. What is too large for a mail, or of a restricted matter, is not sent.

use super::lists::PAGE;
use super::show::{RESTRICTED, contents};
use super::words::{self, called, one_line, withheld};
use super::{Question, not_visible, refuse};
use crate::blobs::Blobs;
use crate::domain::{Item, Kind};
use crate::outbound::page::{Enclosure, Page};
use crate::outbound::reader::Reader;
use crate::outbound::templates::{items, news};
use crate::sharing::Ability;
use crate::store::Result;

/// All files of one mail together are at most this large, in bytes; most mail servers take 25 MB with the encoding.
const LARGEST: u64 = 20_000_000;

/// Encloses what was asked for and gives a title; none if it was refused.
pub(super) fn get(
    reader: &Reader<'_>,
    blobs: &Blobs,
    question: &Question<'_>,
    page: &mut Page,
) -> Result<Option<String>> {
    let Some(item) = question.item else { return Ok(None) };
    if !reader.verdict(Ability::Download, item)?.is_allowed() {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    let file = match item.kind {
        Kind::Folder => return folder(reader, item, question, page),
        Kind::Document => document(reader, item, question.version)?,
        Kind::Bill => {
            let Some(bill) = bill(reader, item)? else { return Ok(not_visible(reader, question, item.kind, page)) };
            match bill {
                Some(file) => Some(file),
                None => return Ok(refuse(question, "The firm has not entered a file for this bill.", page)),
            }
        }
        _ => None,
    };
    let Some(file) = file else { return Ok(not_visible(reader, question, item.kind, page)) };
    if withheld(reader, item)? {
        return Ok(refuse(question, RESTRICTED, page));
    }
    enclose(reader, blobs, item, file, question, page)
}

/// A file to be enclosed.
struct File {
    name: String,
    mime: String,
    sha256: String,
    size: u64,
    version: Option<u32>,
}

fn document(reader: &Reader<'_>, item: Item, wanted: Option<u32>) -> Result<Option<File>> {
    let (store, firm) = (reader.store, reader.firm.id);
    let Some(row) = store.document(firm, item.id)? else { return Ok(None) };
    let current = store.current_version(firm, item.id)?;
    let latest = current.as_ref().map(|v| v.number);
    let version = match wanted {
        Some(number) => store.version(firm, item.id, number)?,
        None => current,
    };
    Ok(version.map(|v| File {
        name: file_name(&row.name, &v.filename, (latest != Some(v.number)).then_some(v.number)),
        mime: v.content_type,
        sha256: v.sha256,
        size: v.size,
        version: Some(v.number),
    }))
}

/// None: the bill is gone; none within: it has no file.
fn bill(reader: &Reader<'_>, item: Item) -> Result<Option<Option<File>>> {
    let Some(bill) = reader.store.bill(reader.firm.id, item.id)? else { return Ok(None) };
    Ok(Some(bill.pdf.map(|pdf| File {
        name: file_name(&format!("Bill {}.pdf", bill.bill_number), "", None),
        mime: "application/pdf".into(),
        sha256: pdf.sha256,
        size: pdf.size,
        version: None,
    })))
}

fn enclose(
    reader: &Reader<'_>,
    blobs: &Blobs,
    item: Item,
    file: File,
    question: &Question<'_>,
    page: &mut Page,
) -> Result<Option<String>> {
    let enclosed = page
        .enclosures
        .iter()
        .fold(0_u64, |sum, e| sum.saturating_add(u64::try_from(e.bytes.len()).unwrap_or(u64::MAX)));
    if file.size.saturating_add(enclosed) > LARGEST {
        let together = if enclosed > 0 { " together with the others of this mail" } else { "" };
        let why = format!(
            "The file has {}{together}; more than {} can't be sent in one mail. Ask for it alone, or ask the firm.",
            news::size(file.size),
            news::size(LARGEST)
        );
        return Ok(refuse(question, &why, page));
    }
    let bytes = match blobs.get(&file.sha256) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(item.kind = item.kind.stored(), item.id, kind = ?error.kind(), "a file of the store can't be read");
            return Ok(refuse(question, "The file can't be read at the moment. Ask the firm.", page));
        }
    };
    if !reader.may(Ability::Download, item)? {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    if file.version.is_some() {
        reader.note(Ability::Download, item, file.version);
    }
    let id = reader.id(item)?;
    let version = file.version.map(|v| format!(", version {v}")).unwrap_or_default();
    page.text(format!("{id} \"{}\"{version}, {}, is attached.", file.name, news::size(file.size)));
    let title = items::subject(reader, item)?;
    page.enclosures.push(Enclosure { name: file.name, mime: safe_type(&file.mime), bytes });
    Ok(Some(title))
}

/// Many files as one are for later: each can be had by its number.
fn folder(reader: &Reader<'_>, item: Item, question: &Question<'_>, page: &mut Page) -> Result<Option<String>> {
    if !reader.may(Ability::Download, item)? {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    let Some(row) = reader.store.folder(reader.firm.id, item.id)? else {
        return Ok(not_visible(reader, question, item.kind, page));
    };
    let inside = contents(reader, item)?;
    page.heading(format!("{} {}", reader.id(item)?, called(reader, item, &row.name)?));
    if inside.is_empty() {
        page.text("Nothing in it is shared with you.");
    } else {
        page.text("A folder can't be sent as a whole yet. Write one or more of these:");
        page.examples(&lines(reader, &inside)?.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect::<Vec<_>>());
    }
    if inside.len() > PAGE {
        page.text(format!("There is more in it: #show {}", reader.id(item)?));
    }
    items::subject(reader, item).map(Some)
}

fn lines(reader: &Reader<'_>, inside: &[Item]) -> Result<Vec<(String, String)>> {
    let mut lines = Vec::new();
    for found in inside.iter().take(PAGE) {
        if reader.may(Ability::View, *found)?
            && let Some(line) = words::line(reader, *found)?
        {
            lines.push((format!("#get {}", reader.id(*found)?), line));
        }
    }
    Ok(lines)
}

/// The document's name with the ending that its file came with; an earlier version says its number.
fn file_name(name: &str, came_as: &str, earlier: Option<u32>) -> String {
    let plain = |text: &str| one_line(&text.replace(['/', '\\', ':'], "_"));
    let name = plain(name);
    let (stem, ending) = match split(&name) {
        (stem, Some(ending)) => (stem.to_owned(), Some(ending.to_owned())),
        (stem, None) => (stem.to_owned(), split(&plain(came_as)).1.map(str::to_owned)),
    };
    let number = earlier.map(|v| format!(" (v{v})")).unwrap_or_default();
    let ending = ending.map(|e| format!(".{e}")).unwrap_or_default();
    format!("{stem}{number}{ending}")
}

fn split(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((stem, ending))
            if !stem.is_empty() && (1..=5).contains(&ending.len()) && ending.chars().all(char::is_alphanumeric) =>
        {
            (stem, Some(ending))
        }
        _ => (name, None),
    }
}

/// A type that can't end a header line; anything odd is bytes.
fn safe_type(mime: &str) -> String {
    let is_token =
        |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'+' | b'-'));
    match mime.split_once('/') {
        Some((kind, sub)) if is_token(kind) && is_token(sub) && kind != "multipart" && kind != "message" => {
            mime.to_owned()
        }
        _ => "application/octet-stream".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_keeps_its_ending_and_says_which_earlier_version_it_is() {
        assert_eq!(file_name("Reply brief.docx", "brief-final.docx", None), "Reply brief.docx");
        assert_eq!(file_name("Reply brief", "brief-final.docx", None), "Reply brief.docx");
        assert_eq!(file_name("Reply brief.docx", "x.docx", Some(2)), "Reply brief (v2).docx");
        assert_eq!(file_name("../../etc/passwd", "", None), ".._.._etc_passwd");
        assert_eq!(file_name("Smith v. Jones", "scan.pdf", None), "Smith v. Jones.pdf");
    }

    #[test]
    fn t72_no_type_of_a_file_can_end_a_header_line() {
        assert_eq!(safe_type("application/pdf"), "application/pdf");
        for odd in ["text/html\r\nBcc: x", "pdf", "", "message/rfc822", "a/b; name=x"] {
            assert_eq!(safe_type(odd), "application/octet-stream", "{odd:?}");
        }
    }
}
