//! Answers to lists and look-ups: `#tasks`, `#show T-12`, `#get D-4`, `#help`.

use crate::blobs::Blobs;
use crate::domain::Item;
use crate::outbound::page::{Mark, Page};
use crate::outbound::reader::Reader;
use crate::store::Result;

use super::receipt::Said;

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

/// Asks which matter was meant, naming those that are shared now.
pub fn which_matter(_reader: &Reader<'_>, typed: &str) -> Result<Said> {
    Ok(Said::new(Mark::Refused, typed))
}

/// Asks which task was meant, naming those that are open now.
pub fn which_task(_reader: &Reader<'_>, typed: &str) -> Result<Said> {
    Ok(Said::new(Mark::Refused, typed))
}
