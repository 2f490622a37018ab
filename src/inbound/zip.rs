//! The bytes of a zip come in; the names in its directory come out, whether anything in it is encrypted, and whether other
//! programs may see other names. Nothing is unpacked here (decisions.md 30); `unpack` does that, on request.

const LOCAL: &[u8] = b"PK\x03\x04";
const END: &[u8] = b"PK\x05\x06";
const ENTRY: &[u8] = b"PK\x01\x02";
/// The end record without and with the longest comment (APPNOTE 4.3.16).
const END_LEN: usize = 22;
const LONGEST_TAIL: usize = END_LEN + 65_535;

/// What the directory of a zip says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// The names of its entries as they stand there: data, never paths.
    pub names: Vec<String>,
    /// Whether an entry can't be read without a password.
    pub is_encrypted: bool,
    /// Whether another program may read other names in it: it has a second directory, or its entries bear two names
    /// (threats T57, T63).
    pub is_ambiguous: bool,
}

/// Reads the directory; none if these bytes are no zip, or its directory is not where it should be.
pub fn directory(bytes: &[u8]) -> Option<Directory> {
    let tail_at = bytes.len().saturating_sub(LONGEST_TAIL);
    let tail = bytes.get(tail_at..)?;
    // Some programs take the last such mark, some the last whose comment reaches the end of the file.
    let marks = tail.windows(END.len()).enumerate().filter(|(_, w)| *w == END).map(|(at, _)| at);
    let (mut last, mut fitting) = (None, 0usize);
    for at in marks {
        last = Some(at);
        let reach =
            number(tail, at.saturating_add(20)).map(|comment| at.saturating_add(END_LEN).saturating_add(comment));
        fitting = fitting.saturating_add(usize::from(reach == Some(tail.len())));
    }
    let last = last?;
    let end = tail.get(last..)?;
    let count = number(end, 10)?;
    let start = offset(end, 16)?;
    let mut rest = bytes.get(start..)?;
    let ends_the_file = number(end, 20)?.saturating_add(END_LEN) == end.len();
    let mut found = Directory { is_ambiguous: fitting > 1 || (fitting == 1 && !ends_the_file), ..Directory::default() };
    for _ in 0..count {
        if !rest.starts_with(ENTRY) {
            return None;
        }
        let (name, extra, comment) = (number(rest, 28)?, number(rest, 30)?, number(rest, 32)?);
        found.is_encrypted |= number(rest, 8)? & 1 == 1;
        let after = rest.get(46..)?;
        let named = after.get(..name)?;
        found.is_ambiguous |= local_name(bytes, offset(rest, 42)?).is_some_and(|local| local != named);
        found.names.push(String::from_utf8_lossy(named).into_owned());
        rest = after.get(name.saturating_add(extra).saturating_add(comment)..)?;
    }
    // Where the entries do not reach up to the end record, programs that count back from it read other ones.
    let reached = bytes.len().saturating_sub(rest.len());
    let zip64 = rest.starts_with(b"PK\x06\x06");
    found.is_ambiguous |= reached != tail_at.saturating_add(last) && !zip64;
    Some(found)
}

/// The name of the entry that begins there, as programs see it that read a zip from its beginning.
fn local_name(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let entry = bytes.get(at..).filter(|e| e.starts_with(LOCAL))?;
    entry.get(30..)?.get(..number(entry, 26)?)
}

fn offset(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk::<4>().and_then(|b| usize::try_from(u32::from_le_bytes(*b)).ok())
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    bytes.get(at..)?.first_chunk::<2>().map(|b| usize::from(u16::from_le_bytes(*b)))
}

/// A zip of empty files with these names.
#[cfg(test)]
pub(super) fn sample(names: &[&str], is_encrypted: bool) -> Vec<u8> {
    let flags = u16::from(is_encrypted).to_le_bytes();
    let (mut zip, mut directory) = (Vec::new(), Vec::new());
    for name in names {
        let len = u16::try_from(name.len()).unwrap().to_le_bytes();
        let at = u32::try_from(zip.len()).unwrap().to_le_bytes();
        zip.extend([&b"PK\x03\x04\x14\0"[..], &flags, &[0; 18], &len, &[0; 2], name.as_bytes()].concat());
        directory
            .extend([&b"PK\x01\x02\x14\0\x14\0"[..], &flags, &[0; 18], &len, &[0; 12], &at, name.as_bytes()].concat());
    }
    let count = u16::try_from(names.len()).unwrap().to_le_bytes();
    let (size, start) = (u32::try_from(directory.len()).unwrap(), u32::try_from(zip.len()).unwrap());
    let end = [&b"PK\x05\x06\0\0\0\0"[..], &count, &count, &size.to_le_bytes(), &start.to_le_bytes(), &[0, 0]].concat();
    [zip, directory, end].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_names_in_a_zip_are_read() {
        let found = directory(&sample(&["a.pdf", "x/../b.exe"], false)).unwrap();
        let names = vec!["a.pdf".into(), "x/../b.exe".into()];
        assert_eq!(found, Directory { names, ..Directory::default() });
    }

    /// The end record of a zip as it would stand at another place: its entries moved by so many bytes.
    fn moved(end: &[u8], by: usize) -> Vec<u8> {
        let start = u32::from_le_bytes(*end[16..].first_chunk::<4>().unwrap()) + u32::try_from(by).unwrap();
        [&end[..16], &start.to_le_bytes(), &end[20..]].concat()
    }

    #[test]
    fn t63_a_zip_with_two_end_records_shows_nobody_knows_which_names() {
        let (one, two) = (sample(&["a.pdf"], false), sample(&["vbaProject.bin"], false));
        let (body, end) = two.split_at(two.len() - END_LEN);
        // The second zip stands in the comment of the first, so that both end where the file ends.
        let mut both = [&one[..], body, &moved(end, one.len())].concat();
        both[one.len() - 2..one.len()].copy_from_slice(&u16::try_from(two.len()).unwrap().to_le_bytes());
        assert!(directory(&both).unwrap().is_ambiguous);
        // The last mark is no end of the file, but the first is.
        let mut hidden = [&one[..], END, &[0; 30]].concat();
        hidden[one.len() - 2..one.len()].copy_from_slice(&34u16.to_le_bytes());
        assert!(directory(&hidden).unwrap().is_ambiguous);
    }

    #[test]
    fn t63_a_zip_whose_entries_bear_two_names_is_ambiguous() {
        let mut zip = sample(&["a.pdf"], false);
        zip[30..35].copy_from_slice(b"a.exe");
        assert!(directory(&zip).unwrap().is_ambiguous);
        let gap = sample(&["a.pdf"], false);
        let (body, end) = gap.split_at(gap.len() - END_LEN);
        assert!(directory(&[body, &b"PK\x01\x02 more"[..], end].concat()).unwrap().is_ambiguous);
    }

    #[test]
    fn a_zip_that_holds_a_zip_has_one_directory() {
        let inner = sample(&["a.pdf"], false);
        let mut outer = sample(&["b.zip"], false);
        let at = 35;
        outer.splice(at..at, inner.iter().copied());
        let end = outer.len() - END_LEN;
        let moved = moved(&outer[end..], inner.len());
        outer.splice(end.., moved);
        let found = directory(&outer).unwrap();
        assert_eq!((found.names, found.is_ambiguous), (vec!["b.zip".to_owned()], false));
    }

    #[test]
    fn an_encrypted_zip_is_told() {
        assert!(directory(&sample(&["a.pdf"], true)).unwrap().is_encrypted);
    }

    #[test]
    fn what_is_no_zip_has_no_directory() {
        assert_eq!(directory(b"%PDF-1.7"), None);
        assert_eq!(directory(&sample(&["a.pdf"], false)[..40]), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = directory(&bytes);
            let _ = directory(&[&bytes[..], END, &bytes[..]].concat());
        }
    }
}
