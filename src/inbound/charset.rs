//! Bytes and what they claim to be written in come in, text comes out; never an error (gateway.md T1).
//! The claim is believed only where the bytes agree with it.

use mail_parser::decoders::charsets::map::charset_decoder;

/// The text of `bytes` in the character set `claimed`, or in the likeliest one when the claim is missing, unknown or
/// contradicted by the bytes: UTF-8 where it is valid, ISO-2022-JP where its escapes stand, Windows-1252 otherwise.
pub fn decode(bytes: &[u8], claimed: Option<&str>) -> String {
    let name = claimed.map(|c| c.trim().trim_matches(['"', '\'']).to_ascii_lowercase()).unwrap_or_default();
    if let Some(text) = as_seven_bits(bytes, &name).or_else(|| as_multibyte(bytes, &name)) {
        return text;
    }
    // UTF-7 makes other text of plain letters, and is written by nobody but who wants that (threats T60).
    let name = if name.contains("utf-7") || name.contains("utf7") { String::new() } else { name };
    let wide = name.starts_with("utf-16") || name.starts_with("utf-32");
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

/// The same for an encoded word of a header, which is shown and never obeyed: there UTF-7 is what old programs wrote.
pub fn decode_word(bytes: &[u8], claimed: &str) -> String {
    let decoder = Some(claimed).filter(|c| c.eq_ignore_ascii_case("utf-7")).and_then(|_| charset_decoder(b"utf-7"));
    decoder.map_or_else(|| decode(bytes, Some(claimed)), |decoder| decoder(bytes))
}

/// Chinese and Korean in seven bits (RFC 1843, RFC 1557): letters between two marks lack their eighth bit. The library refuses
/// both.
fn as_seven_bits(bytes: &[u8], name: &str) -> Option<String> {
    let (is_chinese, decoder) = match name {
        "hz-gb-2312" | "hz" => (true, charset_decoder(b"gb18030")?),
        "iso-2022-kr" | "csiso2022kr" => (false, charset_decoder(b"euc-kr")?),
        _ => return None,
    };
    let mut out = Vec::with_capacity(bytes.len());
    let mut is_wide = false;
    let mut rest = bytes;
    while let Some((first, more)) = rest.split_first() {
        rest = more;
        let mark = match (is_chinese, first) {
            (true, b'~') => rest.split_first().map_or(b'~', |(mark, _)| *mark),
            (false, 0x0e) => b'{',
            (false, 0x0f) => b'}',
            (false, 0x1b) if rest.starts_with(b"$)C") => b'$',
            (_, b'\n') => {
                is_wide = false;
                0
            }
            _ => 0,
        };
        match mark {
            b'{' | b'}' => is_wide = mark == b'{',
            b'~' => out.push(b'~'),
            b'$' | b'\n' => {}
            _ if is_wide && matches!(first, 0x21..=0x7e) => out.push(*first | 0x80),
            _ => out.push(*first),
        }
        let skipped = match (is_chinese, mark) {
            (true, b'{' | b'}' | b'~' | b'\n') => 1,
            (false, b'$') => 3,
            _ => 0,
        };
        rest = rest.get(skipped..).unwrap_or_default();
    }
    Some(decoder(&out))
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
        let stateful = name.starts_with("iso-2022") || name.starts_with("hz");
        if escapes && !stateful {
            return charset_decoder(b"iso-2022-jp").map(|decoder| decoder(bytes));
        }
        return (!stateful).then(|| String::from_utf8_lossy(bytes).into_owned());
    }
    let text = std::str::from_utf8(bytes).ok()?;
    Some(text.trim_start_matches('\u{feff}').to_owned())
}

fn alias(name: &str) -> std::borrow::Cow<'_, str> {
    let known = match name {
        "iso-2022-jp-ms" | "cp50220" | "cp50221" => "iso-2022-jp",
        "gb2312" | "gb-2312" | "x-gbk" | "cp936" => "gb18030",
        "ks_c_5601-1987" | "ksc5601" | "cp949" => "euc-kr",
        "cp932" | "ms932" | "windows-31j" | "x-sjis" => "shift_jis",
        "latin1" | "latin-1" | "iso8859-1" | "8859_1" => "windows-1252",
        // The letters of both stand in the same places.
        "cp437" | "ibm437" | "cp-437" | "437" => "ibm850",
        other => other,
    };
    for prefix in ["cp-", "cp_", "win-", "windows_", "windows1"] {
        let number = known.strip_prefix(prefix.trim_end_matches('1')).filter(|_| known.starts_with(prefix));
        if let Some(number) = number {
            return format!("cp{number}").into();
        }
    }
    known.into()
}

/// The character set that a page names for itself, near its top; mails are often made of pages.
pub fn of_page(bytes: &[u8]) -> Option<String> {
    const HEAD: usize = 2048;
    let head = String::from_utf8_lossy(bytes.get(..HEAD).unwrap_or(bytes)).to_ascii_lowercase();
    let meta = head.split("<meta").skip(1).find(|tag| tag.split('>').next().is_some_and(|t| t.contains("charset")))?;
    let value = meta.split_once("charset")?.1.trim_start().strip_prefix('=')?;
    let name = value.trim_start().trim_start_matches(['"', '\'']);
    let name: String =
        name.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect();
    // A page that says so of itself in these would not be readable.
    (!name.is_empty() && !name.starts_with("utf-16")).then_some(name)
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
    fn chinese_and_korean_in_seven_bits_are_read() {
        assert_eq!(decode(b"~{M,Rb~} ok ~~", Some("hz-gb-2312")), "同意 ok ~");
        assert_eq!(decode(b"\x1b$)C\x0e5?@G\x0f ok", Some("iso-2022-kr")), "동의 ok");
        assert_eq!(decode(b"~{M,Rb\nplain", Some("hz-gb-2312")), "同意\nplain");
        assert_eq!(decode(b"~", Some("hz")), "~");
    }

    #[test]
    fn the_names_of_code_pages_are_written_in_many_ways() {
        for name in ["cp850", "cp-850", "ibm850", "cp437", "IBM437"] {
            assert_eq!(decode(b"\x82", Some(name)), "é", "{name}");
        }
        for name in ["windows-1251", "windows1251", "win-1251", "cp-1251", "cp1251"] {
            assert_eq!(decode(b"\xd1", Some(name)), "С", "{name}");
        }
    }

    #[test]
    fn a_page_names_its_charset() {
        for page in
            ["<meta charset=\"windows-1251\">", "<html><META http-equiv=x content='text/html; charset=windows-1251'>"]
        {
            assert_eq!(of_page(page.as_bytes()).as_deref(), Some("windows-1251"));
        }
        for page in ["<p>charset=x", "<meta name=x><p>charset=y", "", "<meta charset=utf-16>"] {
            assert_eq!(of_page(page.as_bytes()), None, "{page}");
        }
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
