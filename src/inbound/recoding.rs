//! How a text reads if its Content-Transfer-Encoding was changed on the way. Many providers do not sign that field, and a
//! body can be read in each: what stands in a quoted line as `=0A#done T-1` is a line of its own once the mail is said to be
//! quoted-printable. In come the bytes of the body, the encoding that is claimed and what it holds; out go the bytes as they
//! read in the encoding in which they may have been written, so that the two readings can be compared. Decides nothing.

use super::transfer::{self, Claim};

/// What a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Plain text, of lines.
    Text,
    /// HTML, in which ends of lines mean nothing.
    Page,
}

/// The other reading; none if the claim is the only one in which a program could have written the body.
pub fn otherwise(body: &[u8], claim: Claim, kind: Kind) -> Option<Vec<u8>> {
    match claim {
        Claim::Plain => is_quoted_printable(body).then(|| Claim::Quoted.decode(body)),
        Claim::Quoted => Some(as_typed(body, kind)),
        Claim::Base64 => (!is_base64(body)).then(|| body.to_vec()),
        Claim::Uuencoded => Some(body.to_vec()),
    }
}

/// What a program has to encode (RFC 2045, 6.7) is decoded, what none does stays: ends of lines, and the signs with which
/// commands and tags begin. A line broken softly is two, as it would be if nobody had meant it to be one; not in HTML,
/// where that would break tags.
fn as_typed(body: &[u8], kind: Kind) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii_end();
        match text.strip_suffix(b"=") {
            Some(text) => {
                unescape(text, &mut out);
                out.extend_from_slice(if kind == Kind::Text { b"\n" } else { b"" });
            }
            None => {
                unescape(text, &mut out);
                out.extend_from_slice(if line.ends_with(b"\n") { b"\n" } else { b"" });
            }
        }
    }
    out
}

fn unescape(text: &[u8], out: &mut Vec<u8>) {
    const KEPT: [&[u8]; 5] = [b"0A", b"0D", b"23", b"3C", b"3E"];
    let mut pieces = text.split(|b| *b == b'=');
    out.extend_from_slice(pieces.next().unwrap_or_default());
    for piece in pieces {
        let code = piece.get(..2).unwrap_or_default();
        match KEPT.iter().any(|kept| kept.eq_ignore_ascii_case(code)) {
            true => out.extend_from_slice(&[b"=", piece].concat()),
            false => transfer::unescape(&[b"=", piece].concat(), out),
        }
    }
}

/// True if every `=` begins a code or ends a line, and there is one: no program writes another into quoted-printable.
fn is_quoted_printable(body: &[u8]) -> bool {
    let pieces: Vec<&[u8]> = body.split(|b| *b == b'=').skip(1).collect();
    let Some((last, others)) = pieces.split_last() else { return false };
    let is_code = |piece: &[u8]| piece.get(..2).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit));
    let ends_line = |piece: &[u8]| {
        let mut lines = piece.splitn(2, |b| *b == b'\n');
        lines.next().is_some_and(|rest| rest.trim_ascii().is_empty()) && lines.next().is_some()
    };
    let is_fit = |piece: &[u8]| is_code(piece) || ends_line(piece);
    others.iter().all(|piece| is_fit(piece)) && (is_fit(last) || last.trim_ascii().is_empty())
}

/// True if there is nothing but base64 in it, as a program writes it.
fn is_base64(body: &[u8]) -> bool {
    body.trim_ascii().iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'=' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str, claim: Claim, kind: Kind) -> Option<String> {
        otherwise(body.as_bytes(), claim, kind).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn quoted_printable_is_read_as_it_was_typed_but_for_what_no_program_encodes() {
        let typed = |body| read(body, Claim::Quoted, Kind::Text).unwrap();
        assert_eq!(typed("#time 1h f=C3=BCr =E2=82=AC 5 =3D x=20\r\n"), "#time 1h für € 5 = x \n");
        assert_eq!(typed("> The list:=0A#done T-1=0d=23x\r\n"), "> The list:=0A#done T-1=0d=23x\n");
        assert_eq!(typed("> a long =\r\n#done T-1\r\n"), "> a long \n#done T-1\n");
        let page = read("<bl=\r\nockquote class=3D\"x\">=3Cbr=3E</blockquote>", Claim::Quoted, Kind::Page).unwrap();
        assert_eq!(page, "<blockquote class=\"x\">=3Cbr=3E</blockquote>");
    }

    #[test]
    fn what_may_be_quoted_printable_is_read_as_that_and_nothing_else_is() {
        let plain = |body| read(body, Claim::Plain, Kind::Text);
        assert_eq!(plain("> a long =\r\n#done T-1\r\n").as_deref(), Some("> a long #done T-1\r\n"));
        assert_eq!(plain("caf=C3=A9=").as_deref(), Some("café"));
        for none in ["no sign at all", "==========\r\n#time 1h", "a = b\r\n", "x=y\r\n", "a==\r\n"] {
            assert_eq!(plain(none), None, "{none}");
        }
    }

    #[test]
    fn base64_with_words_in_it_is_a_text() {
        assert_eq!(read("SGVs\r\nbG8=\r\n", Claim::Base64, Kind::Text), None);
        assert_eq!(read("Dear Bob\r\n", Claim::Base64, Kind::Text).as_deref(), Some("Dear Bob\r\n"));
    }
}
