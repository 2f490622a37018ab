//! Files that old programs write into the text itself (uuencode): a text comes in, the text without them and the files
//! come out. What does not decode stays text.

/// A file found in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The name as it was written.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Files that are taken out of one text; what looks like a further one stays text.
const MOST_FILES: usize = 100;

/// Takes every `begin 644 name` … `end` block out of `text`; linear.
pub fn split(text: &str) -> (String, Vec<File>) {
    if !text.contains("begin ") {
        return (text.to_owned(), Vec::new());
    }
    let mut kept = String::with_capacity(text.len());
    let mut files = Vec::new();
    let mut open: Option<(File, String)> = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\r', '\n']);
        open = match open.take() {
            None => match begin(bare).filter(|_| files.len() < MOST_FILES) {
                Some(name) => Some((File { name, bytes: Vec::new() }, line.to_owned())),
                None => {
                    kept.push_str(line);
                    None
                }
            },
            Some((file, _)) if bare.trim_end() == "end" => {
                files.push(file);
                None
            }
            Some((mut file, mut seen)) => {
                seen.push_str(line);
                if decode_line(bare, &mut file.bytes) {
                    Some((file, seen))
                } else {
                    kept.push_str(&seen);
                    None
                }
            }
        };
    }
    if let Some((_, seen)) = open {
        kept.push_str(&seen);
    }
    (kept, files)
}

fn begin(line: &str) -> Option<String> {
    let (mode, name) = line.strip_prefix("begin ")?.split_once(' ')?;
    let octal = matches!(mode.len(), 3 | 4) && mode.bytes().all(|b| (b'0'..=b'7').contains(&b));
    (octal && !name.trim().is_empty()).then(|| name.trim().to_owned())
}

fn decode_line(line: &str, out: &mut Vec<u8>) -> bool {
    let bytes = line.as_bytes();
    let Some((first, data)) = bytes.split_first() else { return true };
    if !(0x20..=0x60).contains(first) || data.len() > 90 || data.iter().any(|b| !(0x20..=0x60).contains(b)) {
        return false;
    }
    let wanted = usize::from(six(*first));
    let mut decoded = Vec::with_capacity(wanted.saturating_add(3));
    for group in data.chunks(4) {
        let mut word = 0u32;
        for at in 0..4 {
            word = (word << 6) | u32::from(group.get(at).map_or(0, |b| six(*b)));
        }
        let [_, a, b, c] = word.to_be_bytes();
        decoded.extend_from_slice(&[a, b, c]);
    }
    let enough = decoded.len() >= wanted;
    decoded.truncate(wanted);
    out.extend_from_slice(&decoded);
    enough
}

fn six(byte: u8) -> u8 {
    byte.wrapping_sub(0x20) & 0x3f
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_file_in_the_text_is_taken_out() {
        let (text, files) = split("Please see below.\nbegin 644 note.txt\n#0V%T\n`\nend\nRegards\n");
        assert_eq!(text, "Please see below.\nRegards\n");
        assert_eq!(files, [File { name: "note.txt".into(), bytes: b"Cat".to_vec() }]);
    }

    #[test]
    fn prose_that_begins_like_a_file_stays_text() {
        let prose = "begin 644 the discussion\nas soon as you can, please\nend\n";
        assert_eq!(split(prose), (prose.to_owned(), Vec::new()));
    }

    #[test]
    fn a_file_that_never_ends_stays_text() {
        let cut = "begin 644 note.txt\n#0V%T\n";
        assert_eq!(split(cut), (cut.to_owned(), Vec::new()));
    }

    proptest! {
        #[test]
        fn any_text_is_split(text in "(begin 644 a\n|[ -`]{0,20}\n|end\n|.)*") {
            let _ = split(&text);
        }
    }
}
