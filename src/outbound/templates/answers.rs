//! Answers to lists and look-ups: `#tasks`, `#show T-12`, `#get D-4`, `#help`.

use crate::blobs::Blobs;
use crate::domain::Item;
use crate::outbound::page::Page;
use crate::outbound::reader::Reader;
use crate::store::Result;

/// Adds the answer to `page`, and gives a title for the subject.
pub fn answer(
    _reader: &Reader<'_>,
    _blobs: &Blobs,
    verb: &str,
    _item: Option<Item>,
    _version: Option<u32>,
    _words: &str,
    page: &mut Page,
) -> Result<String> {
    page.text(verb);
    Ok(verb.to_owned())
}
