//! A mail comes in; which of its attachments are files to be filed comes out, and which are not and why: pictures of a
//! signature, calendar entries, empty parts, and what the policy refuses. Nothing is unpacked, run, written or asked.

use super::command::{Commands, Verb};
use super::extract::Extract;
use super::names::safe_name;
use super::parse::{Attachment, Mail};
use super::zip;
use crate::actions::documents::File;

const ZIP: &str = "application/zip";
const UNKNOWN: &str = "application/octet-stream";

/// An attachment that is a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selected {
    /// Its place among the mail's attachments.
    pub attachment: usize,
    /// Its safe name.
    pub name: String,
    /// Its type, as sniffed.
    pub mime: String,
}

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

/// What becomes of the pictures of signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pictures {
    /// They are left out.
    LeaveOut,
    /// They are filed: the mail says `#keep`.
    Keep,
}

impl Pictures {
    /// What the commands of a mail ask for.
    pub fn wanted(commands: &Commands) -> Pictures {
        match commands.requests.iter().any(|r| r.verb == Verb::Keep) {
            true => Pictures::Keep,
            false => Pictures::LeaveOut,
        }
    }
}

/// Tells files from what is none; every attachment is in one of the two, but for signatures and reports of machines.
pub fn select(mail: &Mail, extract: &Extract, pictures: Pictures) -> (Vec<Selected>, Vec<LeftOut>) {
    let (mut selected, mut left_out) = (Vec::new(), Vec::new());
    for (attachment, part) in mail.attachments.iter().enumerate().filter(|(_, a)| !is_machinery(a)) {
        let name = safe_name(&part.name);
        let mime = sniff(&name, &part.mime, &part.bytes);
        match reason(part, &name, &mime, extract, pictures) {
            Some((reason, why)) => left_out.push(LeftOut { name, why, reason }),
            None => selected.push(Selected { attachment, name, mime }),
        }
    }
    (selected, left_out)
}

/// The files with their bytes, in the order of selection; a row may name them once the bytes are on disk.
pub fn files<'m>(mail: &'m Mail, selected: &[Selected]) -> Vec<(File, &'m [u8])> {
    let file = |s: &Selected| {
        let part = mail.attachments.get(s.attachment)?;
        let size = u64::try_from(part.bytes.len()).unwrap_or(u64::MAX);
        let file = File { name: s.name.clone(), mime: s.mime.clone(), sha256: part.sha256.clone(), size };
        Some((file, part.bytes.as_slice()))
    };
    selected.iter().filter_map(file).collect()
}

/// A file of this name and type that the firm adds itself, from the command line or an import.
pub fn file(name: &str, sha256: &str, bytes: &[u8]) -> File {
    let name = safe_name(name);
    let mime = sniff(&name, UNKNOWN, bytes);
    File { name, mime, sha256: sha256.to_owned(), size: u64::try_from(bytes.len()).unwrap_or(u64::MAX) }
}

/// Signatures and reports that mail programs add; nobody attached them.
fn is_machinery(part: &Attachment) -> bool {
    matches!(
        part.mime.as_str(),
        "application/pgp-signature"
            | "application/pgp-encrypted"
            | "application/pkcs7-signature"
            | "application/x-pkcs7-signature"
            | "message/delivery-status"
            | "message/disposition-notification"
            | "text/rfc822-headers"
    )
}

fn reason(
    part: &Attachment,
    name: &str,
    mime: &str,
    extract: &Extract,
    pictures: Pictures,
) -> Option<(Reason, String)> {
    if part.bytes.is_empty() {
        return Some((Reason::NoFile, "it is empty.".into()));
    }
    if part.mime == "text/calendar" {
        return Some((Reason::NoFile, "it is a calendar entry.".into()));
    }
    if pictures == Pictures::LeaveOut && extract.is_signature_image(part) {
        let why = "it looks like part of a signature or of an earlier mail. To file it, send it again with #keep.";
        return Some((Reason::Picture, why.into()));
    }
    let no = refused_content(mime, &part.bytes).or_else(|| refused_name(name));
    no.map(|why| (Reason::Policy, why.to_owned()))
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
    "apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "exe", "hta", "img", "iso", "jar", "lnk", "msi", "msp", "pif",
    "reg", "scr", "vhd",
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

/// What should be said of a file of this type that is filed all the same.
pub fn hint(mime: &str) -> Option<&'static str> {
    match mime {
        m if m.ends_with(".macroenabled.12") => Some("it contains macros. Nothing was opened or run."),
        ZIP => Some("it is a zip; it was filed as it is and not unpacked."),
        "application/ms-tnef" => {
            Some("Outlook wrapped the attachments into this one file. Send them again as plain text or HTML mail.")
        }
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

    fn of(mail: &Mail, pictures: Pictures) -> (Vec<String>, Vec<(String, Reason)>) {
        let (files, left) = select(mail, &extract(mail), pictures);
        let files = files.into_iter().map(|s| s.name).collect();
        (files, left.into_iter().map(|l| (l.name, l.reason)).collect())
    }

    fn judged(attachment: Attachment) -> Option<Reason> {
        let mail = Mail { attachments: vec![attachment], ..Mail::default() };
        of(&mail, Pictures::LeaveOut).1.first().map(|l| l.1)
    }

    fn with_pictures() -> Mail {
        Mail {
            html: Some(
                "<p>The page is this:</p><p><img src='cid:page.png'></p><p>-- <br>Jane Doe<br><img src='cid:logo.png'></p>"
                    .into(),
            ),
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
        let (files, left) = of(&with_pictures(), Pictures::LeaveOut);
        assert_eq!(files, ["page.png", "Brief.pdf"]);
        assert_eq!(left, [("logo.png".to_owned(), Reason::Picture)]);
    }

    #[test]
    fn doc_09_keep_files_what_was_taken_for_a_signature() {
        assert_eq!(of(&with_pictures(), Pictures::Keep).0, ["page.png", "logo.png", "Brief.pdf"]);
    }

    #[test]
    fn a_picture_that_is_attached_and_shown_nowhere_is_a_file() {
        let logo = Attachment { inline: false, ..picture("photo.png", 200, 60, 4_000) };
        assert_eq!(judged(logo), None);
    }

    #[test]
    fn calendar_entries_and_empty_parts_are_no_files() {
        assert_eq!(judged(part("invite.ics", "text/calendar", b"BEGIN:VCALENDAR")), Some(Reason::NoFile));
        assert_eq!(judged(part("a.pdf", "application/pdf", b"")), Some(Reason::NoFile));
    }

    #[test]
    fn signatures_of_mail_programs_are_not_spoken_of() {
        let mail =
            Mail { attachments: vec![part("smime.p7s", "application/pkcs7-signature", b"x")], ..Mail::default() };
        assert_eq!(of(&mail, Pictures::LeaveOut), (vec![], vec![]));
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
        let mail = with_pictures();
        let (selected, _) = select(&mail, &extract(&mail), Pictures::LeaveOut);
        let files = files(&mail, &selected);
        assert_eq!(files[1].0.sha256, sha256(PDF));
        assert_eq!((files[1].0.size, files[1].1), (9, PDF));
    }
}
