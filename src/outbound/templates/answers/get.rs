//! `#get`: the file itself, enclosed. A document in the version that was asked for, a bill as its PDF, a folder as a zip of
//! what its reader may have. What is too large for a mail, or of a restricted matter, is not sent.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Write};

use super::show::RESTRICTED;
use super::words::{called, one_line};
use super::{Question, not_visible, refuse};
use crate::blobs::Blobs;
use crate::domain::{Item, Kind};
use crate::language::{count, phrase, say};
use crate::outbound::letter::Piece;
use crate::outbound::page::{Block, Enclosure, Mark, Page};
use crate::outbound::parcel::{self, Content, LARGEST};
use crate::outbound::reader::Reader;
use crate::outbound::templates::{self, items, news};
use crate::sharing::Ability;
use crate::store::Result;

/// So many documents are named one by one.
const MOST_NAMED: usize = 40;

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
        Kind::Folder => return folder(reader, blobs, item, question, page),
        Kind::Document => document(reader, item, question.version)?,
        Kind::Bill => {
            let Some(bill) = bill(reader, item)? else { return Ok(not_visible(reader, question, item.kind, page)) };
            match bill {
                Some(file) => Some(file),
                None => {
                    let why = say!(reader, "The firm has not entered a file for this bill.");
                    return Ok(refuse(reader, question, &why, page));
                }
            }
        }
        _ => None,
    };
    let Some(file) = file else { return Ok(not_visible(reader, question, item.kind, page)) };
    if reader.withholds(item)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
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
    let Some(row) = reader.document(item.id)? else { return Ok(None) };
    let latest = reader.current_version(item.id)?.map(|v| v.number);
    let version = reader.version_asked(item.id, wanted)?;
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
    let Some(bill) = reader.bill(item.id)? else { return Ok(None) };
    Ok(Some(bill.pdf.map(|pdf| File {
        name: file_name(&say!(reader, "Bill {number}.pdf", number = &bill.bill_number), "", None),
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
        let why = too_large(reader, item, file.size, enclosed)?;
        return Ok(refuse(reader, question, &why, page));
    }
    let bytes = match blobs.get(&file.sha256) {
        Ok(bytes) => bytes,
        Err(error) => {
            tracing::error!(item.kind = item.kind.stored(), item.id, kind = ?error.kind(), "a file of the store can't be read");
            let why = say!(reader, "The file can't be read at the moment. Ask the firm.");
            return Ok(refuse(reader, question, &why, page));
        }
    };
    if !reader.may(Ability::Download, item)? {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    if file.version.is_some() {
        reader.note(Ability::Download, item, file.version);
    }
    let id = reader.id(item)?;
    let size = news::size(reader, file.size);
    page.text(match file.version {
        Some(version) => say!(
            reader,
            "{id} \"{name}\", version {version}, {size}, is attached.",
            id = id,
            name = &file.name,
            version = version,
            size = size
        ),
        None => {
            say!(reader, "{id} \"{name}\", {size}, is attached.", id = id, name = &file.name, size = size)
        }
    });
    let title = items::subject(reader, item)?;
    page.enclosures.push(Enclosure { name: file.name, mime: safe_type(&file.mime), bytes, is_shown: false });
    Ok(Some(title))
}

/// How large it is, what a mail can carry, and who can help.
fn too_large(reader: &Reader<'_>, item: Item, size: u64, enclosed: u64) -> Result<String> {
    let (size, most) = (news::size(reader, size), news::size(reader, LARGEST));
    if enclosed > 0 {
        return Ok(say!(
            reader,
            "The file has {size}; together with the others of this mail that is more than the {most} that a mail can carry. Ask for it alone.",
            size = size,
            most = most
        ));
    }
    let lawyer = templates::lawyer(reader, reader.visible_matter(item)?)?;
    let lawyer = lawyer.map_or_else(|| reader.firm.name.clone(), |(name, _)| name);
    Ok(say!(
        reader,
        "The file has {size}; a mail can carry {most}. Ask {lawyer} to send it another way; a plain reply to this mail reaches them.",
        size = size,
        most = most,
        lawyer = lawyer
    ))
}

/// A folder as a zip, its folders kept. What is in it by now may be more than one mail carries: then it is said how to ask
/// again, and the answer comes in parts.
fn folder(
    reader: &Reader<'_>,
    blobs: &Blobs,
    item: Item,
    question: &Question<'_>,
    page: &mut Page,
) -> Result<Option<String>> {
    if reader.withholds(item)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let inside = parcel::in_folder(reader.store, reader.firm.id, reader.person.id, item, reader.now)?;
    let Some(row) = reader.folder(item.id)? else {
        return Ok(not_visible(reader, question, item.kind, page));
    };
    if !reader.may(Ability::Download, item)? {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    let (fitting, large): (Vec<Content>, Vec<Content>) = inside.into_iter().partition(|c| c.size <= LARGEST);
    page.heading(format!("{} {}", reader.id(item)?, called(reader, item, &row.name)?));
    if fitting.is_empty() && large.is_empty() {
        page.text(say!(reader, "Nothing in it is shared with you."));
    }
    let enclosed = page.enclosures.iter().map(|e| u64::try_from(e.bytes.len()).unwrap_or(u64::MAX));
    let total = fitting.iter().map(|c| c.size).chain(enclosed).fold(0_u64, u64::saturating_add);
    if total > LARGEST {
        let why = say!(reader, "This is more by now than one mail can carry. Ask again for this folder alone.");
        return Ok(refuse(reader, question, &why, page));
    }
    zip_up(reader, blobs, item, &row.name, &fitting, page)?;
    for content in &large {
        let why = too_large(reader, content.piece.item, content.size, 0)?;
        let id = reader.id(content.piece.item)?;
        page.blocks.push(Block::Marked(Mark::Refused, say!(reader, "{id} is not in the zip.", id = id), vec![why]));
    }
    items::subject(reader, item).map(Some)
}

/// Encloses a zip of these files, named and sorted as they lie below the folder, and says what is in it.
fn zip_up(
    reader: &Reader<'_>,
    blobs: &Blobs,
    folder: Item,
    name: &str,
    contents: &[Content],
    page: &mut Page,
) -> Result<()> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let (mut taken, mut points, mut unread) = (BTreeSet::new(), Vec::new(), Vec::new());
    for content in contents {
        let document = content.piece.item;
        let Some(version) = reader.version_asked(content.piece.item.id, content.piece.version)? else { continue };
        let Some(row) = reader.document(document.id)? else { continue };
        let Ok(bytes) = blobs.get(&version.sha256) else {
            unread.push(reader.id(document)?);
            continue;
        };
        if !reader.may(Ability::Download, document)? {
            continue;
        }
        reader.note(Ability::Download, document, content.piece.version);
        let path = path_in_zip(&content.folders, &file_name(&row.name, &version.filename, None), &mut taken);
        if add(&mut zip, &path, &bytes).is_none() {
            unread.push(reader.id(document)?);
            continue;
        }
        points.push(format!("{} {path}, {}", reader.id(document)?, news::size(reader, version.size)));
    }
    if !unread.is_empty() {
        tracing::error!(folder.id = folder.id, files = unread.len(), "files of the store can't be read");
        let text = count!(
            reader,
            unread.len(),
            "{ids} can't be read at the moment. Ask the firm.",
            "{ids} can't be read at the moment. Ask the firm.",
            ids = unread.join(", ")
        );
        page.blocks.push(Block::Marked(Mark::Refused, text, Vec::new()));
    }
    let Some(bytes) = zip.finish().ok().map(Cursor::into_inner).filter(|_| !points.is_empty()) else { return Ok(()) };
    let name = format!("{}.zip", file_name(name, "", None).trim_end_matches('.'));
    page.text(count!(
        reader,
        points.len(),
        "\"{name}\" with 1 file is attached:",
        "\"{name}\" with {n} files is attached:",
        name = &name
    ));
    let more = points.len().saturating_sub(MOST_NAMED);
    points.truncate(MOST_NAMED);
    if more > 0 {
        points.push(count!(reader, more, "and 1 more", "and {n} more"));
    }
    page.blocks.push(Block::List(points));
    page.enclosures.push(Enclosure { name, mime: "application/zip".into(), bytes, is_shown: false });
    Ok(())
}

fn add(zip: &mut zip::ZipWriter<Cursor<Vec<u8>>>, path: &str, bytes: &[u8]) -> Option<()> {
    zip.start_file(path, zip::write::SimpleFileOptions::default()).ok()?;
    zip.write_all(bytes).ok()
}

/// A path that no program takes for anything but folders and a name, and that no other file of the zip has.
fn path_in_zip(folders: &[String], name: &str, taken: &mut BTreeSet<String>) -> String {
    let folders: String = folders.iter().map(|f| format!("{}/", file_name(f, "", None).trim_matches('.'))).collect();
    let mut path = format!("{folders}{name}");
    let mut number = 2_u32;
    while !taken.insert(path.to_lowercase()) {
        let (stem, ending) = split(name);
        let ending = ending.map(|e| format!(".{e}")).unwrap_or_default();
        path = format!("{folders}{stem} ({number}){ending}");
        number = number.saturating_add(1);
    }
    path
}

/// One of several mails that bring what was asked for together; none if nothing of it may be had any more.
pub(super) fn parcel(
    reader: &Reader<'_>,
    blobs: &Blobs,
    pieces: &[Piece],
    (part, of): (u32, u32),
) -> Result<Option<Page>> {
    let mut page = Page { is_answer: true, ..Page::default() };
    page.text(say!(reader, "Part {part} of {of} of what you asked for.", part = part, of = of));
    let begun = page.blocks.len();
    let mut folders: BTreeMap<Item, Vec<Content>> = BTreeMap::new();
    for piece in pieces {
        if piece.asked.kind == Kind::Folder {
            folders.entry(piece.asked).or_default().extend(still_there(reader, *piece)?);
            continue;
        }
        let words = Vec::new();
        let question = Question { item: Some(piece.item), version: piece.version, words, typed: "" };
        get(reader, blobs, &question, &mut page)?;
    }
    for (folder, contents) in &folders {
        if reader.withholds(*folder)? || !reader.may(Ability::Download, *folder)? {
            continue;
        }
        let Some(row) = reader.folder(folder.id)? else { continue };
        let name = say!(reader, "{name} ({part} of {of})", name = &row.name, part = part, of = of);
        page.heading(format!("{} {}", reader.id(*folder)?, called(reader, *folder, &row.name)?));
        zip_up(reader, blobs, *folder, &name, contents, &mut page)?;
    }
    if page.blocks.len() == begun {
        return Ok(None);
    }
    let name = match pieces.first() {
        Some(first) if first.asked.kind == Kind::Folder => items::subject(reader, first.asked)?,
        _ => say!(reader, "What you asked for"),
    };
    page.subject = say!(reader, "{name} ({part} of {of})", name = name, part = part, of = of);
    Ok(Some(page))
}

/// Where a file of a folder lies now, if it still may be had with it.
fn still_there(reader: &Reader<'_>, piece: Piece) -> Result<Option<Content>> {
    let inside = parcel::in_folder(reader.store, reader.firm.id, reader.person.id, piece.asked, reader.now)?;
    Ok(inside.into_iter().find(|c| c.piece.item == piece.item).map(|c| Content { piece, ..c }))
}

/// The document's name with the ending of what is in it, which is the one that its file came with; an earlier version says
/// its number.
fn file_name(name: &str, came_as: &str, earlier: Option<u32>) -> String {
    let plain = |text: &str| one_line(&text.replace(['/', '\\', ':'], "_"));
    let (name, came_as) = (plain(name), plain(came_as));
    let came_as = split(&came_as).1;
    let (stem, ending) = match (split(&name), came_as) {
        ((stem, Some(own)), Some(came_as)) if !own.eq_ignore_ascii_case(came_as) => {
            (if is_of_files(own) { stem } else { name.as_str() }, Some(came_as))
        }
        ((stem, Some(own)), _) => (stem, Some(own)),
        ((stem, None), came_as) => (stem, came_as),
    };
    let number = earlier.map(|v| format!(" (v{v})")).unwrap_or_default();
    let ending = ending.map(|e| format!(".{e}")).unwrap_or_default();
    format!("{stem}{number}{ending}")
}

/// True for the endings that programs give; another may be part of a name.
fn is_of_files(ending: &str) -> bool {
    const ENDINGS: [&str; 20] = [
        "csv", "doc", "docm", "docx", "eml", "jpeg", "jpg", "msg", "odt", "pdf", "png", "ppt", "pptx", "rtf", "tif",
        "tiff", "txt", "xls", "xlsx", "zip",
    ];
    ENDINGS.contains(&ending.to_ascii_lowercase().as_str())
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

/// The types that a file is sent under. None of them acts by itself where it is shown; whatever else it is, such as a page
/// or a drawing that may have a script in it, goes as bytes to be saved (threats T69).
const TYPES: [&str; 28] = [
    "application/msword",
    "application/pdf",
    "application/pkcs7-mime",
    "application/rtf",
    "application/vnd.ms-excel",
    "application/vnd.ms-excel.sheet.macroenabled.12",
    "application/vnd.ms-outlook",
    "application/vnd.ms-powerpoint",
    "application/vnd.ms-powerpoint.presentation.macroenabled.12",
    "application/vnd.ms-word.document.macroenabled.12",
    "application/vnd.oasis.opendocument.presentation",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/zip",
    "image/bmp",
    "image/gif",
    "image/heif",
    "image/jpeg",
    "image/png",
    "image/tiff",
    "image/webp",
    "text/csv",
    "text/markdown",
    "text/plain",
    "text/vcard",
];

/// The type that a file of this one is sent under; sound and film as they are.
fn safe_type(mime: &str) -> String {
    let plain = |name: &str| name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    let played = ["audio/", "video/"].iter().find_map(|kind| mime.strip_prefix(kind));
    match TYPES.contains(&mime) || played.is_some_and(|name| !name.is_empty() && plain(name)) {
        true => mime.to_owned(),
        false => "application/octet-stream".into(),
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
        assert_eq!(file_name("Reply brief.docx", "scan.pdf", None), "Reply brief.pdf", "a version in another form");
        assert_eq!(file_name("Reply brief 1.2", "brief.docx", None), "Reply brief 1.2.docx");
    }

    #[test]
    fn t69_what_could_act_where_it_is_shown_is_sent_as_bytes() {
        for mime in TYPES.into_iter().chain(["audio/mpeg", "video/mp4", "audio/x-wav"]) {
            assert_eq!(safe_type(mime), mime);
        }
        for active in [
            "text/html",
            "TEXT/HTML",
            "image/svg+xml",
            "application/xhtml+xml",
            "text/xml",
            "application/xml",
            "text/javascript",
            "application/javascript",
            "application/x-shockwave-flash",
            "application/vnd.mozilla.xul+xml",
            "message/rfc822",
            "multipart/mixed",
            "text/calendar",
            "text/html; charset=utf-8",
            "text/plain\r\nX-Evil: 1",
            "audio/",
            "video/svg+xml",
            "",
        ] {
            assert_eq!(safe_type(active), "application/octet-stream", "{active:?}");
        }
    }

    #[test]
    fn a_path_in_a_zip_stays_below_it_and_is_its_own() {
        let mut taken = BTreeSet::new();
        let folders = ["../Exhibits".to_owned(), "C:".to_owned()];
        assert_eq!(path_in_zip(&folders, "A.pdf", &mut taken), "_Exhibits/C_/A.pdf");
        assert_eq!(path_in_zip(&folders, "a.pdf", &mut taken), "_Exhibits/C_/a (2).pdf");
    }

    #[test]
    fn t72_no_type_of_a_file_can_end_a_header_line() {
        assert_eq!(safe_type("application/pdf"), "application/pdf");
        for odd in ["text/html\r\nBcc: x", "pdf", "", "message/rfc822", "a/b; name=x"] {
            assert_eq!(safe_type(odd), "application/octet-stream", "{odd:?}");
        }
    }
}
