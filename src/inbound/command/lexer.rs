//! Lines as they were typed come in; lines with their wrapping undone, phones' characters made plain, and the verb at
//! their start found go out. Never looks at a command's arguments.

use super::Line;
use super::verbs::{Verb, foreign, known, nearest};
use crate::domain::dates::Locale;

/// What of a line is looked at, in characters (threats.md T54).
pub(super) const LONGEST_LINE: usize = 10_000;

/// A text twice, character for character: as it is shown, and with the characters of phones made plain.
#[derive(Clone, Debug, Default)]
pub(super) struct Text {
    /// As typed, without invisible characters.
    pub shown: String,
    /// With ASCII dashes, quotation marks, blanks and `#`.
    pub plain: String,
    /// Marks that turn the direction of writing were there.
    pub bidi: bool,
    /// It was longer than is looked at.
    pub cut: bool,
}

impl Text {
    /// Reads a raw text; zero-width characters are dropped (decisions.md 8). Control characters are in no text that somebody
    /// typed: they count as marks that turn the writing (threats T60).
    pub fn new(raw: &str) -> Text {
        let mut text = Text::default();
        for (at, c) in raw.chars().enumerate() {
            if at >= LONGEST_LINE {
                text.cut = true;
                break;
            }
            match c {
                '\u{61C}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => text.bidi = true,
                '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2065}' | '\u{FEFF}' => {}
                '\t' => text.push(' ', ' '),
                c if is_unseen_control(c) => text.bidi = true,
                c if c.is_control() => {}
                c if c.is_whitespace() => text.push(' ', ' '),
                c => text.push(c, plain(c)),
            }
        }
        text
    }

    fn push(&mut self, shown: char, plain: char) {
        self.shown.push(shown);
        self.plain.push(plain);
    }

    /// The text without its first `count` characters.
    fn skip(&self, count: usize) -> Text {
        let rest = |s: &str| s.chars().skip(count).collect();
        Text { shown: rest(&self.shown), plain: rest(&self.plain), ..*self }
    }
}

/// NUL, backspace, escape and their kin; not the ends of lines and pages.
pub fn is_unseen_control(c: char) -> bool {
    c.is_ascii_control() && !c.is_ascii_whitespace() && c != '\u{b}'
}

fn plain(c: char) -> char {
    match c {
        '＃' | '﹟' => '#',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
        '‘' | '’' | '‚' | '‛' | '′' | '＇' => '\'',
        '“' | '”' | '„' | '‟' | '″' | '＂' => '"',
        // East Asian keyboards write signs, digits and letters as wide as their own.
        '\u{ff01}'..='\u{ff5e}' => u32::from(c).checked_sub(0xfee0).and_then(char::from_u32).unwrap_or(c),
        c => c,
    }
}

/// One line as its writer meant it: what the mail client broke is joined again.
#[derive(Clone, Debug)]
pub(super) struct Logical {
    /// The index of its first line.
    pub first: usize,
    /// As typed, joined.
    pub raw: String,
    /// How far it is indented, a tab being eight.
    pub indent: usize,
}

/// Undoes the wrapping of the mail client.
pub(super) fn unwrap(lines: &[Line]) -> Vec<Logical> {
    let mut all: Vec<Logical> = Vec::new();
    let mut open = false;
    for (first, line) in lines.iter().enumerate() {
        match all.last_mut().filter(|_| open) {
            Some(last) => {
                if !last.raw.ends_with(char::is_whitespace) {
                    last.raw.push(' ');
                }
                last.raw.push_str(line.text.trim_start());
            }
            None => all.push(Logical { first, raw: line.text.clone(), indent: indent(&line.text) }),
        }
        open = line.wrapped;
    }
    all
}

fn indent(text: &str) -> usize {
    let blanks = text.chars().take_while(|c| c.is_whitespace());
    blanks.fold(0, |sum, c| sum.saturating_add(if c == '\t' { 8 } else { 1 }))
}

/// What programs and people put before the points of a list; the last is Word's, in a font of its own.
pub const BULLETS: [char; 14] = ['*', '-', '•', '·', '◦', '▪', '‣', '●', '○', '■', '⁃', '∙', '►', '\u{f0b7}'];

/// What stands at the start of a line.
#[derive(Clone, Debug)]
pub(super) enum Head {
    /// A verb, and what follows it.
    Command {
        /// The verb.
        verb: Verb,
        /// The word as typed, in lower case.
        word: String,
        /// What follows.
        rest: Text,
    },
    /// A word after `#` that does not make the line a command; it may have been meant to.
    Word(String),
    /// Text.
    Plain,
}

/// Looks for a verb at the start of a line: blanks and bullets may stand before it (commands.md c2).
pub(super) fn head(raw: &str) -> Head {
    // Most lines are text; they are told by their first few characters.
    if !raw.chars().take(40).any(|c| matches!(c, '#' | '＃' | '﹟')) {
        return Head::Plain;
    }
    let raw = without_quotes(raw);
    let text = Text::new(raw);
    let start = text.plain.trim_start_matches(|c| c == ' ' || BULLETS.contains(&c));
    let Some(after) = start.strip_prefix('#') else { return Head::Plain };
    let before = text.plain.len().saturating_sub(start.len());
    let bold = text.plain.get(..before).is_some_and(|b| b.ends_with('*'));
    verb_at(&text, after, bold)
}

/// A line without the quotation marks around all of it: so people copy a line from the help.
fn without_quotes(raw: &str) -> &str {
    const PAIRS: [(char, char); 6] = [('“', '”'), ('„', '“'), ('«', '»'), ('"', '"'), ('‘', '’'), ('\'', '\'')];
    let line = raw.trim();
    let inside = PAIRS.iter().find_map(|(open, close)| line.strip_prefix(*open)?.strip_suffix(*close));
    inside.map(str::trim).filter(|inside| inside.starts_with(['#', '＃', '﹟'])).unwrap_or(raw)
}

fn verb_at(text: &Text, after: &str, bold: bool) -> Head {
    if let Some(rest) = after.strip_prefix('?').filter(|rest| rest.is_empty() || rest.starts_with(' ')) {
        let rest = text.skip(text.plain.chars().count().saturating_sub(rest.chars().count()));
        return Head::Command { verb: Verb::Help, word: "?".to_owned(), rest };
    }
    let end = after.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(after.len());
    let (Some(word), Some(rest)) = (after.get(..end), after.get(end..)) else { return Head::Plain };
    if !word.starts_with(char::is_alphabetic) {
        return Head::Plain;
    }
    let word = word.to_lowercase();
    let marks = rest.len().saturating_sub(rest.trim_start_matches(['*', ':', ',', '.', ';', '!']).len());
    let ends = rest.starts_with(':') || rest.get(marks..).is_some_and(|r| r.is_empty() || r.starts_with(' '));
    match Verb::of(&word) {
        Some(verb) if ends => {
            let left = rest.get(marks..).map_or(0, |r| r.chars().count());
            let mut rest = text.skip(text.plain.chars().count().saturating_sub(left));
            if bold {
                // Bold text is shown as *#done T-12* in the plain part.
                for s in [&mut rest.shown, &mut rest.plain] {
                    s.truncate(s.trim_end().trim_end_matches('*').len());
                }
            }
            Head::Command { verb, word, rest }
        }
        _ => Head::Word(word),
    }
}

/// A verb with a blank between it and its `#`, and what follows it: `# time 1.5h` may have been meant as a command.
pub(super) fn spaced(raw: &str) -> Option<(&'static str, String)> {
    let plain = Text::new(raw).plain;
    let after = plain.trim_start().strip_prefix("# ")?;
    let (word, rest) = after.trim_start().split_once(' ')?;
    Some((known(word.trim_end_matches(':'))?, rest.to_owned()))
}

/// The verb that a word at the start of a line may have been meant for (decisions.md 17): a slip, or a right word with
/// something stuck to it, as in `#time1.5h`.
pub(super) fn meant(word: &str, locale: Locale) -> Option<&'static str> {
    known(word.trim_end_matches('-')).or_else(|| foreign(word)).or_else(|| nearest(word, locale))
}

/// The verbs that stand in the middle of a text, as typed: they are not carried out, and asked about (decisions.md 13).
pub(super) fn in_mid_line(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut before = 'x';
    for (at, c) in text.char_indices() {
        if matches!(c, '#' | '＃' | '﹟') && (before.is_whitespace() || matches!(before, '(' | ',' | ';')) {
            let after = text.get(at.saturating_add(c.len_utf8())..).unwrap_or_default();
            let word: String = after.chars().take(24).take_while(|c| c.is_alphabetic() || *c == '-').collect();
            let next = after.get(word.len()..).and_then(|r| r.chars().next());
            let ends = next.is_none_or(|c| c.is_whitespace() || matches!(c, ':' | ',' | '.' | ';' | '!' | '?' | ')'));
            if ends && word.chars().count() >= 3 && Verb::of(&word).is_some() {
                found.push(word.to_lowercase());
            }
        }
        before = c;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn verb(raw: &str) -> Option<(&'static str, String)> {
        match head(raw) {
            Head::Command { verb, rest, .. } => Some((verb.name(), rest.shown.trim().to_owned())),
            _ => None,
        }
    }

    #[test]
    fn a_verb_is_found_whatever_a_phone_made_of_it() {
        for (raw, name, rest) in [
            ("#done", "done", ""),
            ("  #Done T-12", "done", "T-12"),
            ("* #DONE T-12", "done", "T-12"),
            ("- #done", "done", ""),
            ("• #done", "done", ""),
            ("＃done T‑12", "done", "T‑12"),
            ("\u{a0}#time\u{a0}1.5h", "time", "1.5h"),
            ("#log–time 1h", "time", "1h"),
            ("#d\u{200b}one", "done", ""),
            ("\u{feff}#done", "done", ""),
            ("#time: 1.5h Drafted", "time", "1.5h Drafted"),
            ("#time:1.5h", "time", "1.5h"),
            ("#done.", "done", ""),
            ("#done!", "done", ""),
            ("*#done T-12*", "done", "T-12"),
            ("**#done**", "done", ""),
            ("*#time* 1h x", "time", "1h x"),
            ("#?", "help", ""),
        ] {
            assert_eq!(verb(raw), Some((name, rest.to_owned())), "{raw}");
        }
    }

    #[test]
    fn t61_a_heading_a_number_and_prose_are_text() {
        for raw in [
            "# Heading",
            "# done",
            "#4",
            "#12345",
            "#metoo",
            "# of pages: 5",
            "> #done",
            "done",
            "I am #done",
            "##done",
            "#",
            "#-",
            "1. #done",
            "#done?",
            "#time1.5h",
            "#done/#time",
            "#time's up",
            "",
        ] {
            assert_eq!(verb(raw), None, "{raw}");
        }
    }

    #[test]
    fn a_line_that_the_client_broke_is_one_line() {
        let line = |text: &str, wrapped| Line { text: text.to_owned(), wrapped };
        let lines = [line("#time 1h Drafted ", true), line("brief", false), line("Then", true), line("#done", false)];
        let joined: Vec<(usize, String)> = unwrap(&lines).into_iter().map(|l| (l.first, l.raw)).collect();
        assert_eq!(joined, [(0, "#time 1h Drafted brief".to_owned()), (2, "Then #done".to_owned())]);
    }

    #[test]
    fn a_verb_in_mid_line_is_noticed_and_an_address_is_not() {
        assert_eq!(in_mid_line("I worked #time 1h (#done) today"), ["time", "done"]);
        assert!(in_mid_line("see https://example.com/#home and page #4, #t #metoo x#done").is_empty());
    }

    proptest! {
        #[test]
        fn both_readings_have_the_same_number_of_characters(raw in "\\PC{0,60}") {
            let text = Text::new(&raw);
            prop_assert_eq!(text.shown.chars().count(), text.plain.chars().count());
            let _ = (head(&raw), head(&format!("#{raw}")), in_mid_line(&raw));
        }
    }
}
