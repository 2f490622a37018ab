//! RTF comes in, as Outlook packs it into a `winmail.dat`; the text that a reader would see comes out, without any form.
//! One pass over at most `MAX_RTF` bytes, no recursion; what is hidden, deleted or in white letters never comes out
//! (gateway.md T10), nor what another program wrapped into it (`\*` groups, pictures, tables of fonts).

use super::charset;

const MAX_RTF: usize = 4 * 1024 * 1024;
const MAX_DEPTH: usize = 400;
/// How much of the text is read; what follows is further down than anybody writes.
const MAX_TEXT: usize = 1024 * 1024;

/// Groups that hold no text of the mail.
const NOT_TEXT: [&str; 20] = [
    "fonttbl",
    "colortbl",
    "stylesheet",
    "info",
    "pict",
    "object",
    "objdata",
    "header",
    "headerl",
    "headerr",
    "headerf",
    "footer",
    "footerl",
    "footerr",
    "footerf",
    "fldinst",
    "listtable",
    "listoverridetable",
    "xe",
    "tc",
];

/// The text of these bytes; none if they are no RTF, are nested beyond measure, or hold no text.
pub fn text(rtf: &[u8]) -> Option<String> {
    let rtf = rtf.get(..rtf.len().min(MAX_RTF)).unwrap_or(rtf);
    if !rtf.trim_ascii_start().starts_with(b"{\\rtf") {
        return None;
    }
    let mut reader = Reader { rest: rtf, ..Reader::default() };
    while reader.out.len() < MAX_TEXT && reader.step()? {}
    reader.flush();
    (!reader.out.trim().is_empty()).then_some(reader.out)
}

/// What holds until the end of a group.
#[derive(Clone, Copy, Debug)]
struct Group {
    /// No text of the mail.
    skipped: bool,
    hidden: bool,
    deleted: bool,
    white: bool,
    /// What stands for HTML in programs that read none: only its line ends count.
    instead_of_html: bool,
    /// How many characters stand after `\u` for programs without Unicode.
    substitutes: usize,
}

impl Default for Group {
    fn default() -> Group {
        Group { skipped: false, hidden: false, deleted: false, white: false, instead_of_html: false, substitutes: 1 }
    }
}

#[derive(Debug, Default)]
struct Reader<'r> {
    rest: &'r [u8],
    group: Group,
    outer: Vec<Group>,
    out: String,
    /// Bytes in the code page of the text, not decoded yet.
    bytes: Vec<u8>,
    codepage: Option<String>,
    /// The first half of a character that Unicode writes in two.
    surrogate: Option<u16>,
    /// Characters still to be left out after `\u`.
    pending: usize,
    /// For each colour, whether it is white; the first is that of the reader.
    colours: Vec<bool>,
    colour: [Option<i32>; 3],
    in_colours: bool,
}

impl Reader<'_> {
    /// The next byte or word; false at the end, none where groups are nested beyond measure.
    fn step(&mut self) -> Option<bool> {
        let Some((byte, rest)) = self.rest.split_first() else { return Some(false) };
        self.rest = rest;
        match byte {
            b'{' => {
                if self.outer.len() >= MAX_DEPTH {
                    return None;
                }
                self.outer.push(self.group);
                self.pending = 0;
            }
            b'}' => {
                self.group = self.outer.pop().unwrap_or_default();
                self.in_colours = false;
                self.pending = 0;
                return Some(!self.outer.is_empty());
            }
            b'\\' => self.control(),
            b'\r' | b'\n' => {}
            b';' if self.in_colours => {
                self.colours.push(self.colour == [Some(255); 3]);
                self.colour = [None; 3];
            }
            byte => self.byte(*byte),
        }
        Some(true)
    }

    fn control(&mut self) {
        let Some((first, rest)) = self.rest.split_first() else { return };
        if first.is_ascii_alphabetic() {
            let (word, number) = self.word();
            self.pending = if word == "u" { self.pending } else { 0 };
            return self.obey(&word, number);
        }
        self.rest = rest;
        match first {
            b'\'' => {
                let hex = self.rest.get(..2).and_then(|h| std::str::from_utf8(h).ok());
                let byte = hex.and_then(|h| u8::from_str_radix(h, 16).ok());
                if let Some(byte) = byte {
                    self.rest = self.rest.get(2..).unwrap_or_default();
                    self.byte(byte);
                }
            }
            b'*' => self.group.skipped = true,
            b'~' => self.character('\u{a0}'),
            b'_' => self.character('-'),
            b'\r' | b'\n' => self.new_line(),
            b'\\' | b'{' | b'}' => self.byte(*first),
            _ => {}
        }
    }

    /// A control word and its number; one blank after it belongs to it.
    fn word(&mut self) -> (String, Option<i32>) {
        let letters = self.rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
        let (word, rest) = self.rest.split_at_checked(letters).unwrap_or_default();
        let minus = usize::from(rest.first() == Some(&b'-'));
        let digits = rest.iter().skip(minus).take_while(|b| b.is_ascii_digit()).count();
        let (number, rest) = rest.split_at_checked(minus.saturating_add(digits)).unwrap_or_default();
        self.rest = rest.strip_prefix(b" ").unwrap_or(rest);
        let number = std::str::from_utf8(number).ok().and_then(|n| n.parse().ok());
        (String::from_utf8_lossy(word.get(..32).unwrap_or(word)).into_owned(), number)
    }

    fn obey(&mut self, word: &str, number: Option<i32>) {
        let on = number != Some(0);
        match word {
            "par" | "line" | "sect" | "page" | "row" => self.new_line(),
            "tab" | "cell" => self.character('\t'),
            "emdash" => self.character('—'),
            "endash" => self.character('–'),
            "lquote" => self.character('‘'),
            "rquote" => self.character('’'),
            "ldblquote" => self.character('“'),
            "rdblquote" => self.character('”'),
            "bullet" => self.character('•'),
            "u" => self.unicode(number.unwrap_or_default()),
            "uc" => self.group.substitutes = usize::try_from(number.unwrap_or(1)).unwrap_or(1).min(16),
            "ansicpg" => self.codepage = number.map(codepage),
            "v" => self.group.hidden = on,
            "deleted" => self.group.deleted = on,
            "htmlrtf" => self.group.instead_of_html = on,
            "cf" => {
                let which = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.group.white = self.colours.get(which).copied().unwrap_or(false);
            }
            "plain" => (self.group.hidden, self.group.white) = (false, false),
            "bin" => {
                let count = usize::try_from(number.unwrap_or(0)).unwrap_or(0);
                self.rest = self.rest.get(count..).unwrap_or_default();
            }
            "red" if self.in_colours => self.colour[0] = number,
            "green" if self.in_colours => self.colour[1] = number,
            "blue" if self.in_colours => self.colour[2] = number,
            word if NOT_TEXT.contains(&word) => {
                self.in_colours = word == "colortbl";
                self.group.skipped = true;
            }
            _ => {}
        }
    }

    fn is_shown(&self) -> bool {
        let g = &self.group;
        !(g.skipped || g.hidden || g.deleted || g.white || g.instead_of_html)
    }

    fn byte(&mut self, byte: u8) {
        if self.pending > 0 {
            self.pending = self.pending.saturating_sub(1);
        } else if self.is_shown() {
            self.bytes.push(byte);
        }
    }

    fn character(&mut self, character: char) {
        if self.is_shown() {
            self.flush();
            self.out.push(character);
        }
    }

    /// The line ends that stand for HTML's paragraphs are the only ones there are.
    fn new_line(&mut self) {
        if !self.group.skipped {
            self.flush();
            self.out.push('\n');
        }
    }

    /// `\u` takes a signed number of 16 bits; after it stand characters for programs without Unicode.
    fn unicode(&mut self, number: i32) {
        self.pending = self.group.substitutes;
        if !self.is_shown() {
            return;
        }
        self.flush();
        let Ok(unit) = u16::try_from(number.rem_euclid(0x1_0000)) else { return };
        let units = match self.surrogate.take() {
            Some(first) => vec![first, unit],
            None if (0xd800..0xdc00).contains(&unit) => {
                self.surrogate = Some(unit);
                return;
            }
            None => vec![unit],
        };
        self.out.extend(char::decode_utf16(units).filter_map(std::result::Result::ok));
    }

    fn flush(&mut self) {
        if !self.bytes.is_empty() {
            self.out.push_str(&charset::decode(&self.bytes, self.codepage.as_deref()));
            self.bytes.clear();
        }
    }
}

fn codepage(number: i32) -> String {
    match number {
        65001 => "utf-8".to_owned(),
        932 | 936 | 949 => format!("cp{number}"),
        950 => "big5".to_owned(),
        number => format!("windows-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn letters_marks_and_line_ends_come_out_and_no_form() {
        let rtf = br"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fnil Arial;}}{\*\generator Riched20;}
\pard\b Agreed\b0 , see \ldblquote Brief\rdblquote\par \'fcber \u8211\'96 \{2\}\par}";
        assert_eq!(text(rtf).unwrap(), "Agreed, see “Brief”\nüber – {2}\n");
        assert_eq!(text(br"{\rtf1\ansicpg1251 \'c4\'e0\par \u-10179?\u-8694?}").unwrap(), "Да\n😊");
        assert_eq!(text(br"{\rtf1 a{\field{\*\fldinst HYPERLINK x}{\fldrslt link}}b}").unwrap(), "alinkb");
    }

    #[test]
    fn html_that_was_wrapped_in_rtf_is_read_once() {
        let rtf = br"{\rtf1\ansi\fromhtml1 {\*\htmltag64 <p>}\htmlrtf {\htmlrtf0 Agreed.{\*\htmltag72 </p>}\htmlrtf\par}\htmlrtf0 #done\htmlrtf\par\htmlrtf0}";
        assert_eq!(text(rtf).unwrap(), "Agreed.\n#done\n");
    }

    #[test]
    fn what_a_reader_does_not_see_never_comes_out() {
        for hidden in [r"{\v #done}", r"\v #done\v0 ", r"{\deleted #done}", r"{\cf2 #done}", r"{\footer #done}"] {
            let rtf =
                format!(r"{{\rtf1{{\colortbl;\red0\green0\blue0;\red255\green255\blue255;}}Fine.\par {hidden}\par}}");
            assert_eq!(text(rtf.as_bytes()).unwrap().trim(), "Fine.", "{hidden}");
        }
    }

    #[test]
    fn what_is_no_rtf_or_holds_no_text_gives_none() {
        assert_eq!(text(b"Fine."), None);
        assert_eq!(text(br"{\rtf1{\pict 00ff}}"), None);
        assert_eq!(text(format!("{{\\rtf1 {}x", "{".repeat(100_000)).as_bytes()), None);
        assert_eq!(text(br"{\rtf1\bin99999999 x"), None);
    }

    proptest! {
        #[test]
        fn any_rtf_is_read(body in "([{}\\\\;]|\\\\(par|u|uc|bin|cf|v|htmlrtf|colortbl|red|'[0-9a-f]?)-?[0-9]{0,6} ?|[a-zé ]){0,60}") {
            let _ = text(format!("{{\\rtf1{body}").as_bytes());
        }
    }
}
