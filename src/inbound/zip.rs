//! The bytes of a zip come in; the names in its directory come out, and whether anything in it is encrypted. Nothing is
//! ever unpacked (decisions.md 30).

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
}

/// Reads the directory; none if these bytes are no zip, or its directory is not where it should be.
pub fn directory(bytes: &[u8]) -> Option<Directory> {
    let tail = bytes.get(bytes.len().saturating_sub(LONGEST_TAIL)..)?;
    let end = tail.get(tail.windows(END.len()).rposition(|w| w == END)?..)?;
    let count = number(end, 10)?;
    let start = usize::try_from(u32::from_le_bytes(*end.get(16..)?.first_chunk::<4>()?)).ok()?;
    let mut rest = bytes.get(start..)?;
    let mut found = Directory::default();
    for _ in 0..count {
        if !rest.starts_with(ENTRY) {
            return None;
        }
        let (name, extra, comment) = (number(rest, 28)?, number(rest, 30)?, number(rest, 32)?);
        found.is_encrypted |= number(rest, 8)? & 1 == 1;
        let after = rest.get(46..)?;
        found.names.push(String::from_utf8_lossy(after.get(..name)?).into_owned());
        rest = after.get(name.saturating_add(extra).saturating_add(comment)..)?;
    }
    Some(found)
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
        assert_eq!(found, Directory { names: vec!["a.pdf".into(), "x/../b.exe".into()], is_encrypted: false });
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
