//! The bytes of a part and what its header says of their encoding (RFC 2045, 6) come in, what they encode comes out.
//! It is for what the parser gave up on: a mail that was cut off, a footer that somebody put below, a label in quotes.

use super::uuencode;

/// The encoding that a part claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// None, or one that changes nothing.
    Plain,
    /// `base64`.
    Base64,
    /// `quoted-printable`.
    Quoted,
    /// `x-uuencode`.
    Uuencoded,
}

impl Claim {
    /// Reads the value of a Content-Transfer-Encoding: its first word, without quotes, hyphens and what stands behind.
    pub fn of(value: &str) -> Claim {
        let word = value.trim().trim_start_matches(['"', '\'']).split([' ', '\t', ';', '(', '"', '\'', ',']).next();
        let letters: String = word.unwrap_or_default().chars().filter(char::is_ascii_alphanumeric).collect();
        match letters.to_ascii_lowercase().as_str() {
            "base64" => Claim::Base64,
            "quotedprintable" => Claim::Quoted,
            "xuuencode" | "uuencode" | "xuue" | "uue" => Claim::Uuencoded,
            _ => Claim::Plain,
        }
    }

    /// Decodes as much of `bytes` as is so encoded; what can't be stays as it is. Linear.
    pub fn decode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Claim::Plain => bytes.to_vec(),
            Claim::Base64 => Some(base64(bytes)).filter(|out| !out.is_empty()).unwrap_or_else(|| bytes.to_vec()),
            Claim::Quoted => quoted(bytes),
            Claim::Uuencoded => uuencoded(bytes),
        }
    }
}

/// Whether base64 ends amid a group of four without the `=` that would fill it: the parser drops such an end.
pub fn lacks_padding(bytes: &[u8]) -> bool {
    let closed = bytes.trim_ascii_end().ends_with(b"=");
    !closed && bytes.iter().filter(|b| sextet(**b).is_some()).count() % 4 != 0
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte.saturating_sub(b'A'),
        b'a'..=b'z' => byte.saturating_sub(b'a').saturating_add(26),
        b'0'..=b'9' => byte.saturating_sub(b'0').saturating_add(52),
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Up to the first line that is no base64: a footer stands below the last group, or below a blank line.
fn base64(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut group, mut count) = (0u32, 0u32);
    let mut ended = false;
    for line in bytes.split(|b| *b == b'\n').map(<[u8]>::trim_ascii).filter(|l| !l.is_empty()) {
        // Single bytes may be damaged; words are somebody's.
        let strange = line.iter().filter(|b| **b != b'=' && sextet(**b).is_none()).count();
        if ended || line.contains(&b' ') || strange.saturating_mul(10) > line.len() {
            break;
        }
        for value in line.iter().filter_map(|b| sextet(*b)) {
            group = group << 6 | value;
            count = count.saturating_add(1);
            if count == 4 {
                out.extend(group.to_be_bytes().into_iter().skip(1));
                (group, count) = (0, 0);
            }
        }
        ended = line.ends_with(b"=");
    }
    match count {
        2 => out.extend((group << 12).to_be_bytes().into_iter().skip(1).take(1)),
        3 => out.extend((group << 6).to_be_bytes().into_iter().skip(1).take(2)),
        _ => {}
    }
    out
}

fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|b| *b == b'\n') {
        let text = line.trim_ascii_end();
        let (text, end) = match text.strip_suffix(b"=") {
            Some(text) => (text, &b""[..]),
            None if line.ends_with(b"\r\n") => (text, &b"\r\n"[..]),
            None => (text, if line.ends_with(b"\n") { &b"\n"[..] } else { b"" }),
        };
        unescape(text, &mut out);
        out.extend_from_slice(end);
    }
    out
}

/// Replaces `=C3` and its like; an equals sign that begins no such code stays.
pub fn unescape(text: &[u8], out: &mut Vec<u8>) {
    let mut pieces = text.split(|b| *b == b'=');
    out.extend_from_slice(pieces.next().unwrap_or_default());
    for piece in pieces {
        let hex = piece.split_first_chunk::<2>().filter(|(hex, _)| hex.iter().all(u8::is_ascii_hexdigit));
        let code =
            hex.and_then(|(hex, rest)| Some((u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()?, rest)));
        match code {
            Some((byte, rest)) => {
                out.push(byte);
                out.extend_from_slice(rest);
            }
            None => {
                out.push(b'=');
                out.extend_from_slice(piece);
            }
        }
    }
}

fn uuencoded(bytes: &[u8]) -> Vec<u8> {
    let (_, files) = uuencode::split(&String::from_utf8_lossy(bytes));
    files.into_iter().next().map_or_else(|| bytes.to_vec(), |file| file.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_label_is_known_in_quotes_and_with_more_behind_it() {
        for value in ["base64", "BASE64;", " base64 (x)", "\"base64\"", "base-64", "Base64, x"] {
            assert_eq!(Claim::of(value), Claim::Base64, "{value}");
        }
        assert_eq!(Claim::of("quoted-printable;"), Claim::Quoted);
        assert_eq!(Claim::of("x-uuencode"), Claim::Uuencoded);
        for value in ["", "7bit", "8bit", "binary", "none", "base64x"] {
            assert_eq!(Claim::of(value), Claim::Plain, "{value}");
        }
    }

    #[test]
    fn base64_is_read_up_to_what_is_none() {
        for (coded, plain) in [
            ("SGVsbG8=", "Hello"),
            ("SGVsbG8", "Hello"),
            ("SGVs\r\nbG8=\r\n\r\n____\r\nTeam mailing list\r\n", "Hello"),
            ("SGVs\r\n\r\nbG8=\r\n", "Hello"),
            ("SGVsbG8=\r\nFooter", "Hello"),
            ("SGVsbG8gd29ybGQgYW5k\x01IGFsbA==", "Hello world and all"),
            ("SGVsbG8g\r\nThis was scanned by us\r\n", "Hello "),
            ("Dear Bob,\r\nplease see below.", "Dear Bob,\r\nplease see below."),
            ("", ""),
        ] {
            assert_eq!(String::from_utf8_lossy(&Claim::Base64.decode(coded.as_bytes())), plain, "{coded}");
        }
        assert!(lacks_padding(b"SGVsbG8\r\n") && !lacks_padding(b"SGVsbG8=\r\n") && !lacks_padding(b"SGVs"));
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_code() {
        let coded = b"Gr=C3=BC=C3=9Fe =\r\nand 1=1 =ZZ =\r\nend=";
        assert_eq!(String::from_utf8_lossy(&Claim::Quoted.decode(coded)), "Grüße and 1=1 =ZZ end");
    }

    #[test]
    fn a_uuencoded_part_is_its_file() {
        assert_eq!(Claim::Uuencoded.decode(b"begin 644 a.txt\r\n#0V%T\r\n`\r\nend\r\n"), b"Cat");
        assert_eq!(Claim::Uuencoded.decode(b"nothing"), b"nothing");
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for claim in [Claim::Plain, Claim::Base64, Claim::Quoted, Claim::Uuencoded] {
                prop_assert!(claim.decode(&bytes).len() <= bytes.len().saturating_add(300));
            }
            let coded = data_encoding::BASE64_MIME.encode(&bytes);
            prop_assert_eq!(Claim::Base64.decode(coded.as_bytes()), bytes);
        }
    }
}
