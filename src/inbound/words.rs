//! Header values with encoded words (RFC 2047) come in, text comes out; never an error. Words that stand side by side are
//! joined before their characters are read: many programs split a character between two of them.

use super::charset;
use super::transfer::{Claim, unescape};

/// The text of a value on one line; what is no encoded word stays as it is. Linear.
pub fn decode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut open: Option<(String, Vec<u8>)> = None;
    let mut rest = value;
    while let Some((before, at)) = rest.split_once("=?") {
        let Some((word, after)) = Word::read(at) else {
            close(&mut out, &mut open);
            out.push_str(before);
            out.push_str("=?");
            rest = at;
            continue;
        };
        if !before.trim().is_empty() || open.is_none() {
            close(&mut out, &mut open);
            out.push_str(before);
        }
        let bytes = word.bytes();
        match &mut open {
            Some((charset, joined)) if charset.eq_ignore_ascii_case(word.charset) => joined.extend(bytes),
            _ => {
                close(&mut out, &mut open);
                open = Some((word.charset.to_owned(), bytes));
            }
        }
        rest = after;
    }
    close(&mut out, &mut open);
    out.push_str(rest);
    out
}

fn close(out: &mut String, open: &mut Option<(String, Vec<u8>)>) {
    let Some((charset, bytes)) = open.take() else { return };
    let utf8 = charset.to_ascii_lowercase().starts_with("utf");
    match std::str::from_utf8(&bytes) {
        // A name that was cut to a length may end amid a character.
        Err(cut) if utf8 && cut.error_len().is_none() && cut.valid_up_to() > 0 => {
            out.push_str(&String::from_utf8_lossy(bytes.get(..cut.valid_up_to()).unwrap_or_default()));
        }
        _ => out.push_str(&charset::decode_word(&bytes, &charset)),
    }
}

struct Word<'v> {
    charset: &'v str,
    is_base64: bool,
    text: &'v str,
}

/// No charset has a longer name; looking further would take long where there are many beginnings and no end.
const MAX_LABEL: usize = 64;
const MAX_WORD: usize = 4000;

impl<'v> Word<'v> {
    /// A word whose `=?` was read, and what stands behind it.
    fn read(value: &'v str) -> Option<(Word<'v>, &'v str)> {
        let label = value.get(..value.floor_char_boundary(MAX_LABEL))?;
        let (charset, _) = label.split_once('?')?;
        let rest = value.get(charset.len().saturating_add(1)..)?;
        let is_base64 = match rest.get(..2)? {
            "B?" | "b?" => true,
            "Q?" | "q?" => false,
            _ => return None,
        };
        let text = rest.get(2..)?;
        let within = text.get(..text.floor_char_boundary(MAX_WORD))?;
        let (text, _) = within.split_once("?=")?;
        let after = rest.get(text.len().saturating_add(4)..)?;
        // A language may stand behind the charset (RFC 2231, 5).
        let charset = charset.split('*').next().unwrap_or_default();
        (!charset.is_empty()).then_some((Word { charset, is_base64, text }, after))
    }

    fn bytes(&self) -> Vec<u8> {
        if self.is_base64 {
            let text: Vec<u8> = self.text.bytes().filter(|b| *b != b' ').collect();
            return Claim::Base64.decode(&text);
        }
        let mut out = Vec::with_capacity(self.text.len());
        unescape(self.text.replace('_', " ").as_bytes(), &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_read_and_what_is_none_stays() {
        for (value, text) in [
            ("=?utf-8?Q?R=C3=A9ponse?=", "Réponse"),
            ("=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"),
            ("=?utf-8?B?R3LDvMOfZQ?=", "Grüße"),
            ("=?iso-8859-1*de?q?Gr=FC=DFe_an_alle?= (x)", "Grüße an alle (x)"),
            ("Re: =?utf-8?Q?a?= =?utf-8?Q?b?= c", "Re: ab c"),
            ("=?utf-8?Q?a_?= =?iso-8859-1?Q?=FC?=", "a ü"),
            ("=?utf-8?B?5pel5pys6Kqe4w==?= =?utf-8?B?ga7lpZHntITmm7g=?=", "日本語の契約書"),
            ("=?utf-8?B?5pel5pys6Kqe4w==?=  =?UTF-8?Q?=81=AE?=", "日本語の"),
            ("=?utf-8?B?5pel4w==?=", "日"),
            ("=?utf-7?Q?Fr+APY-sche?=", "Frösche"),
            ("=?utf-8?Q?a b?=", "a b"),
            ("=?utf-8?Q??=", ""),
            ("What =? this", "What =? this"),
            ("=?utf-8?X?a?=", "=?utf-8?X?a?="),
            ("=?utf-8?Q?open", "=?utf-8?Q?open"),
            ("plain", "plain"),
        ] {
            assert_eq!(decode(value), text, "{value}");
        }
    }

    #[test]
    fn many_beginnings_take_no_long_time() {
        let value = "=?utf-8?Q?a".repeat(5000);
        assert_eq!(decode(&value), value);
    }

    proptest! {
        #[test]
        fn any_value_is_read(value in "(=\\?|\\?=|utf-8|\\?[BQ]\\?|[a-zA-Z0-9+/=_ ]{0,5}|\\PC{0,3}){0,20}") {
            let _ = decode(&value);
        }
    }
}
