//! One line of a receipt in words.

use crate::language::{Reads, say};
use crate::outbound::page::Mark;

/// What a line of the receipt comes to.
pub struct Said {
    /// How it went.
    pub mark: Mark,
    /// What is said.
    pub text: String,
    /// What belongs to it.
    pub more: Vec<String>,
    /// The number for the subject.
    pub id: Option<String>,
    /// Whether `#undo` reverses it.
    pub undoable: bool,
    /// Whether it was taken back by this mail.
    pub taken_back: bool,
}

impl Said {
    /// A line with nothing more to it.
    pub fn new(mark: Mark, text: impl Into<String>) -> Said {
        Said { mark, text: text.into(), more: Vec::new(), id: None, undoable: false, taken_back: false }
    }
}

/// What was not done, why, and what would work, one suggestion to a line.
pub fn refused(to: impl Reads, typed: &str, why: &str, instead: Option<&str>) -> Said {
    let mut said = Said::new(Mark::Refused, if typed.is_empty() { why.to_owned() } else { format!("{typed} – {why}") });
    for (place, line) in instead.into_iter().flat_map(str::lines).enumerate() {
        said.more.push(match place {
            0 => say!(to, "This would work: {line}", line = line),
            _ => say!(to, "Or: {line}", line = line),
        });
    }
    said
}
