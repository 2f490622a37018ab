//! A mail comes in; which of its attachments are files to be filed comes out, and which are not and why: pictures of a
//! signature, calendar entries, empty parts, and what the policy refuses. Nothing is unpacked, run, written or asked.

use super::command::{self, Verb};
use super::extract::Extract;
use super::names::safe_name;
use super::parse::{Attachment, Mail};
use super::{sealed, zip};
use crate::actions::documents::File;

const ZIP: &str = "application/zip";
/// Whatever the program that encrypted it calls it.
const ENCRYPTED: &str = "application/pkcs7-mime";
const UNKNOWN: &str = "application/octet-stream";
const PICTURE: &str = "it looks like part of a signature or of an earlier mail. To file it, send it again with #keep.";

/// An attachment that is not filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its safe name.
    pub name: String,
    /// Why, in words.
    pub why: String,
    /// Why, as a kind.
    pub reason: Reason,
}

/// Why an attachment is not filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A picture of a signature or of the history; `#keep` files it.
    Picture,
    /// It is no file.
    NoFile,
    /// It is refused, whoever sends it.
    Policy,
}

/// Which attachments are files, by their place, and which are not and why; every attachment is in one of the two, but for
/// signatures and reports of machines. With `#keep` in the mail the pictures of its signature are files too.
pub fn select(mail: &Mail, extract: &Extract) -> (Vec<(usize, File)>, Vec<LeftOut>) {
    let keeps = !extract.ambiguous && command::says(&extract.lines, Verb::Keep);
    let (mut selected, mut left_out) = (Vec::new(), Vec::new());
    for (place, part) in mail.attachments.iter().enumerate().filter(|(_, a)| !is_machinery(a)) {
        let name = safe_name(&part.name);
        let mime = sniff(&name, &part.mime, &part.bytes);
        let no = match not_a_file(part) {
            None if !keeps && extract.is_signature_image(part) => Some((Reason::Picture, PICTURE)),
            None => refused(&name, &mime, &part.bytes).map(|why| (Reason::Policy, why)),
            no => no,
        };
        match no {
            Some((reason, why)) => left_out.push(LeftOut { name, why: why.to_owned(), reason }),
            None => selected.push((place, File { name, mime, sha256: part.sha256.clone(), size: size(&part.bytes) })),
        }
    }
    (selected, left_out)
}

/// A file of this name and type that the firm adds itself, from the command line or an import.
pub fn file(name: &str, sha256: &str, bytes: &[u8]) -> File {
    let name = safe_name(name);
    let mime = sniff(&name, UNKNOWN, bytes);
    File { name, mime, sha256: sha256.to_owned(), size: size(bytes) }
}

fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Signatures and reports that mail programs add; nobody attached them.
fn is_machinery(part: &Attachment) -> bool {
    let is_control = part.mime == "application/pgp-encrypted" && !part.bytes.starts_with(b"-----BEGIN PGP");
    is_control
        || matches!(
            part.mime.as_str(),
            "application/pgp-signature"
                | "application/pkcs7-signature"
                | "application/x-pkcs7-signature"
                | "message/delivery-status"
                | "message/disposition-notification"
                | "text/rfc822-headers"
        )
}

fn not_a_file(part: &Attachment) -> Option<(Reason, &'static str)> {
    if part.bytes.is_empty() {
        // Whoever attached it thinks that it was sent; what a mail program puts in by itself is nobody's file.
        let by_program = part.inline || part.name.starts_with("ATT0");
        return Some((if by_program { Reason::NoFile } else { Reason::Policy }, "the file is empty."));
    }
    (part.mime == "text/calendar").then_some((Reason::NoFile, "it is a calendar entry."))
}

fn refused(name: &str, mime: &str, bytes: &[u8]) -> Option<&'static str> {
    refused_content(mime, bytes).or_else(|| refused_name(name))
}

/// Why content of this type is never filed.
fn refused_content(mime: &str, bytes: &[u8]) -> Option<&'static str> {
    match mime {
        "application/wasm"
        | "application/x-executable"
        | "application/vnd.microsoft.portable-executable"
        | "application/java"
        | "application/x-llvm"
        | "application/x-mach-binary"
        | "application/vnd.android.dex"
        | "application/vnd.android.dey"
        | "application/x-google-chrome-extension"
        | "application/vnd.debian.binary-package"
        | "application/x-rpm" => Some("it is a program."),
        "text/x-shellscript" => Some("it is a script."),
        _ if is_zip(bytes) && zip::directory(bytes).is_some_and(|d| d.is_encrypted) => {
            Some("it is an encrypted zip. Send it without a password, or its files by themselves.")
        }
        _ => None,
    }
}

const PROGRAMS: [&str; 20] = [
    "apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "exe", "hta", "img", "iso", "jar", "lnk", "msi", "msp",
    "pif", "reg", "scr", "vhd",
];
const SCRIPTS: [&str; 14] =
    ["bash", "command", "js", "jse", "php", "pl", "ps1", "psm1", "py", "sh", "vbe", "vbs", "wsf", "wsh"];

/// Why a file of this (safe) name is never filed.
pub fn refused_name(name: &str) -> Option<&'static str> {
    let (stem, ext) = name.rsplit_once('.')?;
    let ext = ext.trim().to_ascii_lowercase();
    let is_program = PROGRAMS.contains(&ext.as_str());
    if !is_program && !SCRIPTS.contains(&ext.as_str()) {
        return None;
    }
    Some(match extension(stem) {
        Some(_) => "its name hides that it is a program.",
        None if is_program => "it is a program.",
        None => "it is a script.",
    })
}

/// What should be said of a file of this type that is filed all the same; the file is the subject of the sentence.
pub fn hint(mime: &str) -> Option<&'static str> {
    match mime {
        m if m.ends_with(".macroenabled.12") => Some("contains macros. Nothing was opened or run."),
        ZIP => Some("is a zip; it was filed as it is and not unpacked."),
        "application/ms-tnef" => {
            Some("holds attachments that Outlook packed together. Send them again by a mail in HTML or plain text.")
        }
        ENCRYPTED => Some("is encrypted. It was filed unread; send what the firm should read without encryption."),
        _ => None,
    }
}

/// The ending of a name in lower case: one to five letters and digits, not digits alone.
pub fn extension(name: &str) -> Option<String> {
    let (stem, ext) = name.rsplit_once('.')?;
    let is_one = (1..=5).contains(&ext.len())
        && ext.bytes().all(|b| b.is_ascii_alphanumeric())
        && ext.bytes().any(|b| b.is_ascii_alphabetic());
    (is_one && !stem.is_empty()).then(|| ext.to_ascii_lowercase())
}

/// The type of these bytes; where they tell nothing, the name's, then the claimed one if it is harmless text.
fn sniff(name: &str, claimed: &str, bytes: &[u8]) -> String {
    let ext = extension(name).unwrap_or_default();
    if is_zip(bytes) {
        return inside_zip(bytes).to_owned();
    }
    if bytes.starts_with(&[0x78, 0x9f, 0x3e, 0x22]) {
        return "application/ms-tnef".into();
    }
    if bytes.starts_with(b"-----BEGIN PGP MESSAGE-----") || sealed::open(bytes) == Some(sealed::Content::Encrypted) {
        return ENCRYPTED.into();
    }
    if claimed.starts_with("message/") {
        return claimed.to_owned();
    }
    match infer::get(bytes).map(|t| t.mime_type()) {
        Some("application/x-ole-storage") => match ext.as_str() {
            "doc" => "application/msword".into(),
            "xls" => "application/vnd.ms-excel".into(),
            "ppt" => "application/vnd.ms-powerpoint".into(),
            "msg" => "application/vnd.ms-outlook".into(),
            _ => "application/x-ole-storage".into(),
        },
        Some(known) => known.to_owned(),
        None => match ext.as_str() {
            "txt" | "log" => "text/plain".into(),
            "csv" => "text/csv".into(),
            "md" => "text/markdown".into(),
            "htm" | "html" => "text/html".into(),
            "xml" => "text/xml".into(),
            "vcf" => "text/vcard".into(),
            "eml" => "message/rfc822".into(),
            _ if claimed.starts_with("text/") => claimed.to_owned(),
            _ => UNKNOWN.into(),
        },
    }
}

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06")
}

/// Office files are zips; which one, and whether it has macros, is told by the names inside (decisions.md 30).
fn inside_zip(bytes: &[u8]) -> &'static str {
    let Some(directory) = zip::directory(bytes) else { return ZIP };
    let starts = |folder: &str| directory.names.iter().any(|n| n.starts_with(folder));
    let has_macros = directory.names.iter().any(|n| n.to_ascii_lowercase().ends_with("vbaproject.bin"));
    if !directory.names.iter().any(|n| n == "[Content_Types].xml") {
        return match infer::get(bytes).map(|t| t.mime_type()) {
            Some(mime) if mime.contains("opendocument") || mime.contains("epub") => mime,
            _ => ZIP,
        };
    }
    match (starts("word/"), starts("xl/"), starts("ppt/"), has_macros) {
        (true, _, _, false) => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        (true, _, _, true) => "application/vnd.ms-word.document.macroenabled.12",
        (_, true, _, false) => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (_, true, _, true) => "application/vnd.ms-excel.sheet.macroenabled.12",
        (_, _, true, false) => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        (_, _, true, true) => "application/vnd.ms-powerpoint.presentation.macroenabled.12",
        _ => ZIP,
    }
}

#[cfg(test)]
mod tests {
    use super::super::extract::extract;
    use super::*;
    use crate::blobs::sha256;

    const PDF: &[u8] = b"%PDF-1.7\n";

    fn part(name: &str, mime: &str, bytes: &[u8]) -> Attachment {
        Attachment {
            name: name.into(),
            mime: mime.into(),
            bytes: bytes.to_vec(),
            sha256: sha256(bytes),
            inline: false,
            content_id: None,
        }
    }

    fn picture(name: &str, width: u32, height: u32, len: usize) -> Attachment {
        let mut png = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &width.to_be_bytes(), &height.to_be_bytes()].concat();
        png.resize(len, 0);
        Attachment { inline: true, content_id: Some(name.into()), ..part(name, "image/png", &png) }
    }

    fn of(mail: &Mail) -> (Vec<String>, Vec<(String, Reason)>) {
        let (files, left) = select(mail, &extract(mail));
        let files = files.into_iter().map(|(_, file)| file.name).collect();
        (files, left.into_iter().map(|l| (l.name, l.reason)).collect())
    }

    fn judged(attachment: Attachment) -> Option<Reason> {
        let mail = Mail { attachments: vec![attachment], ..Mail::default() };
        of(&mail).1.first().map(|l| l.1)
    }

    fn with_pictures(first_line: &str) -> Mail {
        Mail {
            html: Some(format!(
                "<p>{first_line}</p><p><img src='cid:page.png'></p><p>-- <br>Jane Doe<br><img src='cid:logo.png'></p>"
            )),
            attachments: vec![
                picture("page.png", 1200, 900, 200_000),
                picture("logo.png", 200, 60, 4_000),
                part("Brief.pdf", "application/pdf", PDF),
            ],
            ..Mail::default()
        }
    }

    #[test]
    fn doc_09_the_logo_of_a_signature_is_left_out_and_a_pasted_page_is_kept() {
        let (files, left) = of(&with_pictures("The page is this:"));
        assert_eq!(files, ["page.png", "Brief.pdf"]);
        assert_eq!(left, [("logo.png".to_owned(), Reason::Picture)]);
    }

    #[test]
    fn doc_09_keep_files_what_was_taken_for_a_signature() {
        assert_eq!(of(&with_pictures("#keep")).0, ["page.png", "logo.png", "Brief.pdf"]);
    }

    #[test]
    fn a_picture_that_is_attached_and_shown_nowhere_is_a_file() {
        let logo = Attachment { inline: false, ..picture("photo.png", 200, 60, 4_000) };
        assert_eq!(judged(logo), None);
    }

    #[test]
    fn calendar_entries_and_empty_parts_are_no_files() {
        assert_eq!(judged(part("invite.ics", "text/calendar", b"BEGIN:VCALENDAR")), Some(Reason::NoFile));
        assert_eq!(judged(part("ATT00001.txt", "text/plain", b"")), Some(Reason::NoFile));
    }

    #[test]
    fn an_attached_file_without_a_byte_is_refused_by_name() {
        for encoding in ["base64", "7bit"] {
            let raw = format!(
                "From: jane@roe.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\
                 Content-Type: text/plain\r\n\r\nThe brief.\r\n--b\r\nContent-Type: application/pdf; name=\"empty.pdf\"\r\n\
                 Content-Disposition: attachment; filename=\"empty.pdf\"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n\
                 --b--\r\n"
            );
            let mail = super::super::parse::parse(raw.as_bytes());
            assert_eq!(of(&mail).1, [("empty.pdf".to_owned(), Reason::Policy)], "{encoding}");
        }
    }

    #[test]
    fn signatures_of_mail_programs_are_not_spoken_of() {
        let mail =
            Mail { attachments: vec![part("smime.p7s", "application/pkcs7-signature", b"x")], ..Mail::default() };
        assert_eq!(of(&mail), (vec![], vec![]));
    }

    #[test]
    fn programs_and_scripts_are_refused_by_content_and_by_name() {
        let exe = [&b"MZ"[..], &[0; 200]].concat();
        for refused in [
            part("Brief.pdf", "application/pdf", &exe),
            part("brief", UNKNOWN, b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"),
            part("notes.txt", "text/plain", b"#!/bin/sh\nrm -r /\n"),
            part("a.pdf.exe", "application/pdf", PDF),
            part("a.pdf\u{202e}.exe", "application/pdf", PDF),
            part("run.JS", "text/plain", b"x"),
        ] {
            assert_eq!(judged(refused.clone()), Some(Reason::Policy), "{}", refused.name);
        }
        assert_eq!(refused_name("a.pdf.exe"), Some("its name hides that it is a program."));
    }

    #[test]
    fn an_encrypted_zip_is_refused_and_an_open_one_is_filed_with_a_word() {
        let closed = zip::sample(&["a.pdf"], true);
        assert_eq!(judged(part("a.zip", ZIP, &closed)), Some(Reason::Policy));
        let open = zip::sample(&["a.pdf"], false);
        assert_eq!(judged(part("a.zip", ZIP, &open)), None);
        assert!(hint(&sniff("a.zip", ZIP, &open)).is_some());
    }

    #[test]
    fn macros_are_told_by_the_names_inside() {
        let plain = zip::sample(&["[Content_Types].xml", "word/document.xml"], false);
        let macros = zip::sample(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"], false);
        assert_eq!(hint(&sniff("a.docx", UNKNOWN, &plain)), None);
        assert!(sniff("a.docx", UNKNOWN, &plain).ends_with("wordprocessingml.document"));
        assert!(hint(&sniff("a.docm", UNKNOWN, &macros)).is_some());
    }

    #[test]
    fn a_type_comes_from_the_bytes_before_the_name_and_the_claim() {
        assert_eq!(sniff("a.txt", "text/plain", PDF), "application/pdf");
        assert_eq!(sniff("a.csv", UNKNOWN, b"a;b\n"), "text/csv");
        assert_eq!(sniff("x", "application/x-msdownload", b"abc"), UNKNOWN);
        assert_eq!(sniff("mail.eml", "message/rfc822", b"From: a@b.example\n\nHello"), "message/rfc822");
    }

    #[test]
    fn an_extension_is_short_and_no_number() {
        assert_eq!(extension("Brief.DOCX").as_deref(), Some("docx"));
        assert_eq!(extension("Reply brief v1.2"), None);
        assert_eq!(extension(".pdf"), None);
    }

    #[test]
    fn files_carry_the_hash_and_size_of_their_attachment() {
        let mail = with_pictures("Here.");
        let (selected, _) = select(&mail, &extract(&mail));
        let (place, file) = &selected[1];
        assert_eq!((*place, file.sha256.as_str(), file.size), (2, sha256(PDF).as_str(), 9));
    }
}
