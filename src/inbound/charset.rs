//! Bytes and what they claim to be written in come in, text comes out; never an error (gateway.md T1).
//! The claim is believed only where the bytes agree with it.

use mail_parser::decoders::charsets::map::charset_decoder;

/// The text of `bytes` in the character set `claimed`, or in the likeliest one when the claim is missing, unknown or
/// contradicted by the bytes: UTF-8 where it is valid, ISO-2022-JP where its escapes stand, Windows-1252 otherwise.
pub fn decode(bytes: &[u8], claimed: Option<&str>) -> String {
    let name = claimed.map(|c| c.trim().trim_matches(['"', '\'']).to_ascii_lowercase()).unwrap_or_default();
    if let Some(text) = as_multibyte(bytes, &name) {
        return text;
    }
    let wide = name.starts_with("utf-16") || name.starts_with("utf-7") || name.starts_with("utf-32");
    if !wide && let Some(text) = as_utf8(bytes, &name) {
        return text;
    }
    let generic = matches!(name.as_str(), "" | "us-ascii" | "ascii" | "utf-8" | "utf8" | "unknown-8bit" | "x-unknown");
    let decoder = if generic { None } else { charset_decoder(alias(&name).as_bytes()) };
    match decoder.or_else(|| charset_decoder(b"windows-1252")) {
        Some(decoder) => decoder(bytes),
        None => String::from_utf8_lossy(bytes).into_owned(),
    }
}

/// East Asian text may look like UTF-8 by chance, so its claim is tried first; it fails loudly where it is wrong.
fn as_multibyte(bytes: &[u8], name: &str) -> Option<String> {
    let asian = ["gb", "big5", "euc-", "shift", "sjis", "x-sjis", "ks_c", "iso-2022", "cp932", "cp936", "cp949", "hz"];
    let claimed = asian.iter().any(|prefix| name.starts_with(prefix));
    let decoder = if claimed { charset_decoder(alias(name).as_bytes()) } else { None };
    decoder.map(|decoder| decoder(bytes)).filter(|text| !text.contains('\u{fffd}'))
}

/// Valid UTF-8 with a letter beyond ASCII is hardly ever anything else; plain ASCII with escapes may be Japanese.
fn as_utf8(bytes: &[u8], name: &str) -> Option<String> {
    if bytes.is_ascii() {
        let escapes = bytes.contains(&0x1b) && bytes.windows(2).any(|w| matches!(w, b"\x1b$" | b"\x1b("));
        let stateful = name.starts_with("iso-2022") || name.starts_with("hz") || name == "utf-7";
        if escapes && !stateful {
            return charset_decoder(b"iso-2022-jp").map(|decoder| decoder(bytes));
        }
        return (!stateful).then(|| String::from_utf8_lossy(bytes).into_owned());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

fn alias(name: &str) -> &str {
    match name {
        "iso-2022-jp-ms" | "cp50220" | "cp50221" => "iso-2022-jp",
        "gb2312" | "gb-2312" | "x-gbk" | "cp936" => "gb18030",
        "ks_c_5601-1987" | "ksc5601" | "cp949" => "euc-kr",
        "cp932" | "ms932" | "windows-31j" | "x-sjis" => "shift_jis",
        "latin1" | "latin-1" | "iso8859-1" | "8859_1" => "windows-1252",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_claimed_character_set_is_used() {
        assert_eq!(decode(b"caf\xe9", Some("iso-8859-1")), "café");
        assert_eq!(decode(b"\x1b$B%F%9%H\x1b(B", Some("iso-2022-jp")), "テスト");
    }

    #[test]
    fn utf8_is_recognised_whatever_is_claimed() {
        assert_eq!(decode("naïve".as_bytes(), Some("us-ascii")), "naïve");
        assert_eq!(decode("naïve".as_bytes(), None), "naïve");
    }

    #[test]
    fn east_asian_text_that_looks_like_utf8_is_read_as_claimed() {
        assert_eq!(decode(b"\xc4\xa3", Some("gb2312")), "模");
    }

    #[test]
    fn a_wrong_or_unknown_claim_falls_back_to_windows_1252() {
        assert_eq!(decode(b"\x93quoted\x94", Some("utf-8")), "“quoted”");
        assert_eq!(decode(b"caf\xe9", Some("x-nonsense")), "café");
        assert_eq!(decode(b"caf\xe9", None), "café");
    }

    #[test]
    fn japanese_escapes_are_read_without_a_claim() {
        assert_eq!(decode(b"\x1b$B%F%9%H\x1b(B", None), "テスト");
    }

    proptest! {
        #[test]
        fn any_bytes_become_text(bytes in proptest::collection::vec(any::<u8>(), 0..300), name in "[a-z0-9-]{0,12}") {
            let _ = decode(&bytes, Some(&name));
        }
    }
}
