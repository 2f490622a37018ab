//! Names of documents: whatever a mail calls a file comes in, a name that is safe to show, store and save comes out.
//! Never a path, a control or invisible character, a reserved name or an empty one (gateway.md D1, threats.md T67, T68).

use unicode_normalization::UnicodeNormalization;

/// The most octets of UTF-8 that a document's name keeps, so that every file system takes it; longer ones lose the end of
/// their stem, never their extension.
pub const MAX_NAME: usize = 240;

/// A safe name for a document: the last path segment without control, bidi and invisible characters, composed (NFC), so
/// that what a Mac and a Windows machine call the same is one name, without what Windows reserves, at most [`MAX_NAME`] octets long; `attachment` if nothing is left.
pub fn safe_name(name: &str) -> String {
    let visible: String = name
        .chars()
        .take(8 * MAX_NAME)
        .map(|c| if c.is_ascii_whitespace() || c == '\u{a0}' { ' ' } else { c })
        .collect();
    // Composed once nothing invisible parts the letters, and before anything is judged by what it reads.
    let visible: String = visible.chars().filter(|c| !is_invisible(*c)).nfc().take(8 * MAX_NAME).collect();
    let last = visible.rsplit(['/', '\\']).find(|s| !s.trim().is_empty()).unwrap_or_default();
    let plain: String = last.chars().map(|c| if "<>:\"|?*".contains(c) { '_' } else { c }).collect();
    let words = plain.split(' ').filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    let trimmed = words.trim_matches(['.', ' ']);
    let dotted = if words.starts_with('.') && !trimmed.is_empty() { format!("_{trimmed}") } else { trimmed.to_owned() };
    let short = shorten(&dotted);
    match short.as_str() {
        "" => String::from("attachment"),
        s if is_reserved(s) => format!("_{s}"),
        _ => short,
    }
}

fn shorten(name: &str) -> String {
    if name.len() <= MAX_NAME {
        return name.to_owned();
    }
    let (stem, ext) = match name.rsplit_once('.') {
        Some((stem, ext)) if ext.len() <= 16 => (stem, format!(".{ext}")),
        _ => (name, String::new()),
    };
    let room = MAX_NAME.saturating_sub(ext.len());
    let fits = |(at, c): &(usize, char)| at.saturating_add(c.len_utf8()) <= room;
    let kept: String = stem.char_indices().take_while(fits).map(|(_, c)| c).collect();
    format!("{}{ext}", kept.trim_end())
}

/// Control, zero-width, bidi and other characters that change how a name looks without being seen (Unicode Cc, Cf and
/// the fillers).
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Characters that turn the direction of text: a name loses them, a command with one is refused (decisions.md 8).
pub fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether a body's text is read as if the character were not there: invisible, but turning nothing.
pub fn is_dropped(c: char) -> bool {
    !matches!(c, ' '..='~') && is_invisible(c) && !is_bidi_control(c)
}

/// Whether the character joins or parts letters of a script that is written so (Arabic, Persian, those of India): there it
/// is part of the word, elsewhere it hides.
pub fn is_spelling(c: char, before: Option<char>) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}') && before.is_some_and(|b| matches!(b, '\u{600}'..='\u{dff}'))
}

/// Names that Windows keeps for devices, with any ending.
pub(super) fn is_reserved(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_uppercase();
    let numbered = |device: &str| stem.strip_prefix(device).is_some_and(|n| n.len() == 1 && n != "0");
    matches!(stem.as_str(), "CON" | "PRN" | "AUX" | "NUL" | "CONIN$" | "CONOUT$") || numbered("COM") || numbered("LPT")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_ordinary_name_stays_as_it_is() {
        assert_eq!(safe_name("Reply brief (final) – Müller.docx"), "Reply brief (final) – Müller.docx");
    }

    #[test]
    fn t67_a_path_leaves_only_its_last_segment() {
        assert_eq!(safe_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_name("C:\\Users\\me\\brief.pdf"), "brief.pdf");
        assert_eq!(safe_name("folder/"), "folder");
        for name in ["../../etc/passwd", "..", "/", "\\\\server\\share", "a/../b", "C:", "\0/\0", "....//x"] {
            let safe = safe_name(name);
            assert!(!safe.is_empty() && !safe.contains(['/', '\\', '\0', ':']) && safe != "..", "{name:?}: {safe:?}");
        }
    }

    #[test]
    fn t68_characters_that_hide_the_extension_are_dropped() {
        assert_eq!(safe_name("invoice\u{202e}fdp.exe"), "invoicefdp.exe");
        assert_eq!(safe_name(".ht\u{200b}access"), "_htaccess");
        assert_eq!(safe_name("a\0b\r\nc.txt"), "ab c.txt");
    }

    #[test]
    fn t68_a_name_is_composed_before_it_is_judged() {
        assert_eq!(safe_name("Mu\u{308}ller.pdf"), "M\u{fc}ller.pdf", "as a Mac writes it");
        assert_eq!(safe_name("u\u{200d}\u{308}.pdf"), "\u{fc}.pdf", "though something invisible parted it");
        assert_eq!(safe_name("\u{1112}\u{1161}\u{11ab}.docx"), "\u{d55c}.docx");
        // What composes to a sign that means something is judged as that sign: a Greek question mark is a semicolon, and the
        // Kelvin sign a K.
        assert_eq!(safe_name("a\u{37e}b \u{212a}.txt"), "a;b K.txt");
        assert_eq!(safe_name("\u{212a}.txt"), safe_name("K.txt"));
        let long = safe_name(&format!("{}.pdf", "\u{1112}\u{1161}\u{11ab}".repeat(5_000)));
        assert!(long.len() <= MAX_NAME && !long.is_empty());
    }

    #[test]
    fn names_that_windows_reserves_are_marked() {
        assert_eq!(safe_name("con.txt"), "_con.txt");
        assert_eq!(safe_name("LPT1"), "_LPT1");
        assert_eq!(safe_name("contract.txt"), "contract.txt");
    }

    #[test]
    fn a_long_name_keeps_its_extension() {
        let name = safe_name(&format!("{}.pdf", "x".repeat(5000)));
        assert!(name.len() <= MAX_NAME);
        let with_ext = safe_name(&format!("{}.pdf", "x".repeat(500)));
        assert!(with_ext.ends_with(".pdf") && with_ext.len() == MAX_NAME);
    }

    #[test]
    fn a_name_of_nothing_gets_a_name() {
        for nothing in ["", "..", "/", "\u{200b}", " . "] {
            assert_eq!(safe_name(nothing), "attachment", "{nothing:?}");
        }
    }

    proptest! {
        #[test]
        fn every_name_becomes_safe(name in any::<String>()) {
            let safe = safe_name(&name);
            prop_assert!(!safe.is_empty() && safe.len() <= MAX_NAME + 1);
            prop_assert!(!safe.chars().any(|c| is_invisible(c) || "/\\<>:\"|?*".contains(c)));
            prop_assert!(!safe.starts_with('.') && !safe.ends_with('.'));
            prop_assert_eq!(safe_name(&safe), safe.clone());
            prop_assert!(unicode_normalization::is_nfc(&safe));
        }
    }
}
