//! What a command prints: strangers' words come in, lines that can do a terminal no harm go out (threats T74).
//! Never prints by itself.

use serde_json::Value;

use super::Office;
use crate::store::people::Person;

/// What a command has to say when it is through.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    /// Lines for people.
    pub text: String,
    /// The same for machines; null where there is nothing to list.
    pub json: Value,
    /// A remark for people that is no part of it; goes to standard error.
    pub note: String,
    /// The exit code.
    pub code: u8,
}

impl Told {
    /// One or more lines and an object.
    pub fn new(text: impl Into<String>, json: Value) -> Told {
        Told { text: text.into(), json, ..Told::default() }
    }

    /// As this, but failed.
    pub fn failed(self, code: u8) -> Told {
        Told { code, ..self }
    }

    /// What is printed, made harmless; ends with a newline unless it is empty.
    pub fn printed(&self, as_json: bool) -> String {
        let mut text = match (&self.json, as_json) {
            (Value::Null, _) | (_, false) => harmless(&self.text),
            (json, true) => harmless_json(&format!("{json:#}")),
        };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        text
    }
}

/// `text` with everything escaped that steers a terminal, or turns the direction of what is read; lines and tabs stay.
pub fn harmless(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        if !matches!(c, '\n' | '\t') && steers(c) {
            out.extend(c.escape_unicode())
        } else {
            out.push(c)
        }
        out
    })
}

/// As [`harmless`], on one line.
pub fn one_line(text: &str) -> String {
    harmless(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// JSON text in which nothing steers a terminal; it says the same.
pub fn harmless_json(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut out, c| {
        // outside strings JSON has no control characters but newlines, and inside strings serde has escaped those below U+0020
        if c != '\n' && steers(c) {
            out.push_str(&format!("\\u{:04x}", u32::from(c)))
        } else {
            out.push(c)
        }
        out
    })
}

fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Rows under a heading, in columns; each cell on one line.
pub fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> = std::iter::once(heading.map(str::to_owned))
        .chain(rows.iter().map(|r| r.each_ref().map(|c| one_line(c))))
        .collect();
    let widths: [usize; N] =
        std::array::from_fn(|n| rows.iter().filter_map(|r| r.get(n)).map(|c| c.chars().count()).max().unwrap_or(0));
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        out.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        out.push('\n');
    }
    out
}

/// A moment in the firm's zone.
pub fn moment(office: &Office, moment: jiff::Timestamp) -> String {
    moment.to_zoned(office.firm.zone()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The name and the row of a person.
pub fn named(person: &Person) -> String {
    format!("{} (P-{})", person.name(), person.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn t74_a_name_cannot_steer_the_terminal() {
        assert_eq!(harmless("a\u{1b}[31mb\u{9b}c\r\u{202e}d\n\te"), "a\\u{1b}[31mb\\u{9b}c\\u{d}\\u{202e}d\n\te");
        assert_eq!(one_line("two\nlines\u{7}"), "two lines\\u{7}");
        let told = Told::new("", json!({"name": "\u{1b}\u{9b}\u{2028}x\n"}));
        let printed = told.printed(true);
        assert!(!printed.chars().any(|c| c != '\n' && steers(c)), "{printed}");
        let back: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(back, told.json);
    }

    #[test]
    fn a_table_stands_in_columns_and_a_cell_cannot_make_a_row() {
        let rows = [["M-1".to_owned(), "Reed\nM-2  faked".to_owned()], ["M-10".into(), "x".into()]];
        assert_eq!(table(["no", "about"], &rows), "no    about\nM-1   Reed M-2 faked\nM-10  x\n");
    }
}
