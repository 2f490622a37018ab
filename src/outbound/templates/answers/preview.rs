//! `#preview`: the first page of a document within the mail: a PDF and a picture as a picture, drawn anew; a text as text.
//! For everything else it is said what works. What is of a restricted matter is not shown (mails.md d0).

use super::show::RESTRICTED;
use super::words::called;
use super::{Question, not_visible, refuse};
use crate::blobs::Blobs;
use crate::language::{phrase, say, sentence};
use crate::outbound::page::{Block, Enclosure, Page};
use crate::outbound::preview::Kind;
use crate::outbound::reader::Reader;
use crate::outbound::templates::{items, news};
use crate::sharing::Ability;
use crate::store::Result;
use crate::store::documents::Version;

/// What is called the first page of a text.
const LINES: usize = 50;
const CHARACTERS: usize = 3000;

/// Shows the first page and gives a title; none if it was refused.
pub(super) fn preview(
    reader: &Reader<'_>,
    blobs: &Blobs,
    question: &Question<'_>,
    page: &mut Page,
) -> Result<Option<String>> {
    let Some(item) = question.item else { return Ok(None) };
    if !reader.verdict(Ability::Preview, item)?.is_allowed() {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    let version = reader.version_asked(item.id, question.version)?;
    let (Some(row), Some(version)) = (reader.document(item.id)?, version) else {
        return Ok(not_visible(reader, question, item.kind, page));
    };
    if reader.withholds(item)? {
        return Ok(refuse(reader, question, &phrase(reader, RESTRICTED), page));
    }
    let id = reader.id(item)?;
    let shown = match first_page(reader, blobs, &version, &id) {
        Ok(shown) => shown,
        Err(why) => {
            let instead = say!(
                reader,
                "#get {id} sends the whole file, {size}.",
                id = &id,
                size = news::size(reader, version.size)
            );
            return Ok(refuse(reader, question, &format!("{} {instead}", phrase(reader, why)), page));
        }
    };
    if !reader.may(Ability::Preview, item)? {
        return Ok(not_visible(reader, question, item.kind, page));
    }
    reader.note(Ability::Preview, item, Some(version.number));
    let name = called(reader, item, &row.name)?;
    let file = items::file(reader, &version);
    page.text(say!(reader, "{id} {name}, {file}. Its first page:", id = &id, name = name, file = file));
    page.blocks.push(shown.0);
    page.enclosures.extend(shown.1);
    page.text(say!(reader, "For the whole file, reply #get {id}", id = &id));
    items::subject(reader, item).map(Some)
}

fn first_page(
    reader: &Reader<'_>,
    blobs: &Blobs,
    version: &Version,
    id: &str,
) -> std::result::Result<(Block, Option<Enclosure>), &'static str> {
    if let Some(kind) = Kind::of(&version.content_type) {
        let Some(picture) = reader.picture(&version.sha256, kind) else {
            return Err(match kind {
                Kind::Pdf if reader.gateway.drawing.pdftoppm.is_none() => sentence!("PDFs have no preview here."),
                Kind::Pdf => {
                    sentence!("The first page of this PDF can't be drawn; it may need a password, or be damaged.")
                }
                Kind::Picture => sentence!("This picture can't be drawn; it may be damaged, or too large."),
            });
        };
        let name = format!("{id}.{}", picture.ending());
        let words = say!(reader, "the first page of {id}, as a picture", id = id);
        let enclosure = Enclosure {
            name: name.clone(),
            mime: picture.mime().to_owned(),
            bytes: picture.bytes.clone(),
            is_shown: true,
        };
        return Ok((Block::Picture { name, words }, Some(enclosure)));
    }
    if !is_text(version) {
        return Err(sentence!("Only PDFs, pictures and plain texts have a preview."));
    }
    let unread = sentence!("The file can't be read at the moment.");
    let bytes = blobs.get(&version.sha256).map_err(|_| unread)?;
    Ok((Block::Quote(beginning(&bytes)), None))
}

/// True for a file of which there is a first page to show, as far as its type tells.
pub(in crate::outbound::templates) fn has_preview(reader: &Reader<'_>, version: &Version) -> bool {
    match Kind::of(&version.content_type) {
        Some(Kind::Pdf) => reader.gateway.drawing.pdftoppm.is_some(),
        Some(Kind::Picture) => true,
        None => is_text(version),
    }
}

fn is_text(version: &Version) -> bool {
    matches!(version.content_type.as_str(), "text/plain" | "text/csv" | "text/markdown")
}

/// The first lines of a text; what is not UTF-8 is read as Latin-1.
fn beginning(bytes: &[u8]) -> String {
    let start = bytes.get(..CHARACTERS.saturating_mul(4)).unwrap_or(bytes);
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start);
    let text = match std::str::from_utf8(start) {
        Ok(text) => text.to_owned(),
        // Cut within a character.
        Err(error) if error.valid_up_to() >= start.len().saturating_sub(4) => {
            String::from_utf8_lossy(start.get(..error.valid_up_to()).unwrap_or_default()).into_owned()
        }
        Err(_) => start.iter().copied().map(char::from).collect(),
    };
    let mut lines: Vec<&str> = text.lines().take(LINES).collect();
    if text.lines().count() > LINES || text.chars().count() > CHARACTERS || bytes.len() > start.len().saturating_add(3)
    {
        lines.push("…");
    }
    lines.join("\n").chars().take(CHARACTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_page_of_a_text_is_short_and_read_in_its_letters() {
        assert_eq!(beginning("Müller\nzwei".as_bytes()), "Müller\nzwei");
        assert_eq!(beginning(b"M\xfcller"), "Müller");
        let long = "line\n".repeat(500);
        assert_eq!(beginning(long.as_bytes()).lines().count(), LINES + 1);
        assert!(beginning(&b"\xc3\xbc".repeat(9000)).chars().count() <= CHARACTERS);
    }
}
