//! Zips as people make them, and zips as nobody should: every limit, every name that must not pass.

use std::io::Write;

use ::zip::ZipWriter;
use ::zip::write::SimpleFileOptions;
use proptest::prelude::*;

use super::*;
use crate::blobs::sha256;
use crate::language::Locale;

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn run(zip: &[u8], limits: Limits) -> Result<Unpacked, String> {
    let unpacked = unpack(zip, limits, FileRules::default(), &mut |bytes| Ok(Kept::Safe(sha256(bytes))));
    unpacked.unwrap().map_err(|why| why.says(Locale::British))
}

fn unpacked(files: &[(&str, &[u8])]) -> Unpacked {
    run(&zip(files), Limits::default()).unwrap()
}

fn paths(unpacked: &Unpacked) -> Vec<String> {
    let path = |p: &Packed| p.folders.iter().chain([&p.file.name]).cloned().collect::<Vec<_>>().join("/");
    unpacked.files.iter().map(path).collect()
}

/// Why the one entry of this name is not taken.
fn skipped(name: &str) -> String {
    let found = unpacked(&[("a.txt", b"a"), (name, b"b")]);
    assert_eq!(paths(&found), ["a.txt"], "{name:?}");
    found.skipped[0].1.says(Locale::British)
}

/// Shows DOC-08.
#[test]
fn folders_are_kept_and_what_systems_leave_is_skipped_by_name() {
    let found = unpacked(&[
        ("Exhibits/A.pdf", b"%PDF-1.7 a"),
        ("Exhibits/Photos/B.txt", b"b"),
        ("Exhibits/Thumbs.db", b"x"),
        ("__MACOSX/Exhibits/._A.pdf", b"x"),
        ("Exhibits/.DS_Store", b"x"),
        ("Exhibits/~$Brief.docx", b"x"),
        ("Exhibits/empty.txt", b""),
    ]);
    assert_eq!(paths(&found), ["Exhibits/A.pdf", "Exhibits/Photos/B.txt"]);
    assert_eq!(found.files[0].file.mime, "application/pdf");
    let skipped: Vec<&str> = found.skipped.iter().map(|s| s.0.as_str()).collect();
    let expected = [
        "Exhibits/Thumbs.db",
        "__MACOSX/Exhibits/._A.pdf",
        "Exhibits/.DS_Store",
        "Exhibits/~$Brief.docx",
        "Exhibits/empty.txt",
    ];
    assert_eq!(skipped, expected);
}

#[test]
fn t63_no_name_in_a_zip_leads_out_of_it() {
    for name in ["../../etc/passwd", "a/../../b", "..\\..\\b", ".. /b"] {
        assert!(skipped(name).contains("leads out"), "{name}");
    }
    for name in ["/etc/passwd", "\\\\server\\share\\x", "C:\\x.txt", "c:x.txt"] {
        assert!(skipped(name).contains("begins outside"), "{name}");
    }
    for name in ["CON", "nul.txt", "x/COM1.pdf", "Aux /b.txt", "lpt9.tar.gz"] {
        assert!(skipped(name).contains("device"), "{name}");
    }
    for name in ["a\u{202e}fdp.exe", "x/\u{200b}b.txt", "a\nb.txt"] {
        assert!(skipped(name).contains("hidden"), "{name:?}");
    }
}

#[test]
fn names_of_windows_are_folders_too_and_odd_letters_are_cleaned() {
    let found = unpacked(&[("Exhibits\\A.txt", b"a"), ("./b?.txt", b"b"), ("Pièces/é.txt", b"c")]);
    assert_eq!(paths(&found), ["Exhibits/A.txt", "b_.txt", "Pièces/é.txt"]);
}

#[test]
fn t63_links_are_not_followed() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.add_symlink("passwd", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    zip.start_file("a.txt", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"a").unwrap();
    let found = run(&zip.finish().unwrap().into_inner(), Limits::default()).unwrap();
    assert_eq!(paths(&found), ["a.txt"]);
    assert_eq!(found.skipped, [("passwd".to_owned(), "it is a link, not a file.".into())]);
}

#[test]
fn t63_past_a_limit_nothing_of_a_zip_is_taken() {
    let deep = zip(&[("a/b/c/d/e/f/g/h/i/j.txt", b"x")]);
    assert!(run(&deep, Limits::default()).unwrap_err().contains("8 deep"));
    let names: Vec<String> = (0..1001).map(|n| format!("{n}.txt")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b"x"[..])).collect();
    assert!(run(&zip(&many), Limits::default()).unwrap_err().contains("more than 1000 files"));
    assert_eq!(run(&zip(&many[1..]), Limits::default()).unwrap().files.len(), 1000);
    let noise: Vec<u8> = (0..3_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let small = Limits { bytes: 2 << 20, ..Limits::default() };
    assert!(run(&zip(&[("a.bin", &noise)]), small).unwrap_err().contains("more than 2 MB"));
    assert!(run(&zip(&[("a.bin", &noise)]), Limits::default()).is_ok());
    let bomb = zip(&[("a.bin", &vec![0; 8 << 20]), ("b.bin", &vec![1; 8 << 20])]);
    assert!(run(&bomb, Limits::default()).unwrap_err().contains("100 times its size"));
}

#[test]
fn t63_what_a_zip_says_of_its_sizes_is_not_believed() {
    let honest = zip(&[("a.bin", &vec![0; 8 << 20])]);
    let size = u32::to_le_bytes(8 << 20);
    let mut lying = honest;
    let places: Vec<usize> = lying.windows(4).enumerate().filter(|(_, w)| *w == size).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 2, "the size stands in the file's header and in the directory");
    for at in places {
        lying[at..at + 4].copy_from_slice(&10_u32.to_le_bytes());
    }
    match run(&lying, Limits::default()) {
        Err(why) => assert!(why.contains("100 times its size"), "{why}"),
        Ok(found) => assert!(found.files.is_empty(), "{found:?}"),
    }
}

#[test]
fn a_zip_with_a_password_with_a_name_twice_or_cut_off_is_not_unpacked() {
    let closed = super::super::zip::sample(&["a.pdf"], true);
    assert!(run(&closed, Limits::default()).unwrap_err().contains("password"));
    let twice = super::super::zip::sample(&["a.pdf", "a.pdf"], false);
    assert!(run(&twice, Limits::default()).unwrap_err().contains("same name, \"a.pdf\""));
    let whole = zip(&[("a.txt", b"some text")]);
    assert!(run(&whole[..whole.len() - 10], Limits::default()).is_err());
    let mut broken = whole;
    broken[36] ^= 0x55;
    let found = run(&broken, Limits::default()).unwrap();
    assert!(found.files.is_empty() && found.skipped[0].1.says(Locale::British).contains("damaged"), "{found:?}");
}

#[test]
fn a_program_in_a_zip_is_refused_as_by_itself_and_a_zip_in_it_stays_one() {
    let inner = zip(&[("x.txt", b"x")]);
    let found = unpacked(&[("run.exe", b"MZ"), ("inner.zip", &inner)]);
    assert_eq!(paths(&found), ["inner.zip"]);
    assert!(found.skipped[0].1.says(Locale::British).contains("program"));
}

#[test]
fn what_the_scanner_finds_is_not_taken() {
    let zip = zip(&[("a.txt", b"a"), ("bad.txt", b"bad")]);
    let mut keep =
        |bytes: &[u8]| Ok(if bytes == b"bad" { Kept::Infected("Eicar".into()) } else { Kept::Safe(sha256(bytes)) });
    let found = unpack(&zip, Limits::default(), FileRules::default(), &mut keep).unwrap().unwrap();
    assert_eq!((paths(&found), found.skipped[0].0.as_str()), (vec!["a.txt".to_owned()], "bad.txt"));
}

proptest! {
    #[test]
    fn any_bytes_are_unpacked_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400), at in 0..200_usize) {
        let _ = run(&bytes, Limits::default());
        let mut changed = zip(&[("a/b.txt", b"some text"), ("c.txt", b"more")]);
        for (n, byte) in bytes.iter().take(4).enumerate() {
            let at = (at + n) % changed.len();
            changed[at] = *byte;
        }
        if let Ok(found) = run(&changed, Limits::default()) {
            for packed in &found.files {
                prop_assert!(packed.folders.iter().chain([&packed.file.name]).all(|name| *name == safe_name(name)));
            }
        }
    }
}
