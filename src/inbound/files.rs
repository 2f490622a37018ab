//! A mail comes in; which of its attachments are files to be filed comes out, and which are not and why: pictures of a
//! signature, calendar entries, empty parts, and what the firm's rules refuse. Nothing is unpacked, run, written or asked.

use super::command::{self, Verb};
use super::extract::Extract;
use super::names::safe_name;
use super::parse::{Attachment, Mail};
use super::{cards, sealed, zip};
use crate::actions::documents::File;
use crate::config::{FileRule, FileRules};
use crate::language::{Reads, Unsaid, say, sentence};

pub(super) const ZIP: &str = "application/zip";
/// Whatever the program that encrypted it calls it.
const ENCRYPTED: &str = "application/pkcs7-mime";
/// An Office file that needs a password.
const LOCKED_OFFICE: &str = "application/encrypted";
pub(super) const UNKNOWN: &str = "application/octet-stream";
/// An old Office file, or another compound file.
const OLE: &str = "application/x-ole-storage";
const WORD: &str = "application/msword";
const EXCEL: &str = "application/vnd.ms-excel";
const POWERPOINT: &str = "application/vnd.ms-powerpoint";
const CARD: &str = sentence!("it has a payment card number in it. Take the number out and send the file again.");
const PICTURE: &str =
    sentence!("it looks like part of a signature or of an earlier mail. To file it, send it again with #keep.");

/// An attachment that is not filed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its safe name.
    pub name: String,
    /// Why.
    pub why: Unsaid,
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
    /// The virus scanner found something in it.
    Infected,
}

/// What a mail brings, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// The files, by their place in the mail.
    pub files: Vec<(usize, File)>,
    /// What is not filed, and why.
    pub left_out: Vec<LeftOut>,
    /// One of the files waits for the firm, and so does its mail.
    pub waits: bool,
}

/// Which attachments are files, by their place, and which are not and why; every attachment is in one of the two, but for
/// signatures and reports of machines. With `#keep` in the mail the pictures of its signature are files too.
pub fn select(mail: &Mail, extract: &Extract, rules: FileRules) -> Selected {
    let keeps = !extract.ambiguous && command::says(&extract.lines, Verb::Keep);
    let mut selected = Selected::default();
    for (place, part) in mail.attachments.iter().enumerate().filter(|(_, a)| !is_machinery(a)) {
        let name = safe_name(&part.name);
        let mime = sniff(&name, &part.mime, &part.bytes);
        let no = match not_a_file(part) {
            None if cards::is_in_file(part) => Some((Reason::Policy, CARD)),
            None if !keeps && extract.is_signature_image(part) => Some((Reason::Picture, PICTURE)),
            None => match judge(&name, &mime, &part.bytes, rules) {
                Judged::Refused(why) => Some((Reason::Policy, why)),
                Judged::Waits => {
                    selected.waits = true;
                    None
                }
                Judged::Fine => None,
            },
            no => no,
        };
        match no {
            Some((reason, why)) => selected.left_out.push(LeftOut { name, why: why.into(), reason }),
            None => {
                let file = File { name, mime, sha256: part.sha256.clone(), size: size(&part.bytes) };
                selected.files.push((place, file));
            }
        }
    }
    selected
}

/// What the firm's rules say of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judged {
    /// It is filed.
    Fine,
    /// Its mail waits for the firm.
    Waits,
    /// It is not filed, for this reason.
    Refused(&'static str),
}

/// Holds a file of this (safe) name, type and content against the firm's rules.
pub(super) fn judge(name: &str, mime: &str, bytes: &[u8], rules: FileRules) -> Judged {
    let Some((danger, why)) = danger(name, mime, bytes) else { return Judged::Fine };
    let rule = match danger {
        Danger::Program => rules.programs,
        Danger::Macros => rules.macros,
        Danger::Encrypted => rules.encrypted,
    };
    match rule {
        FileRule::File => Judged::Fine,
        FileRule::Hold => Judged::Waits,
        FileRule::Refuse => Judged::Refused(why),
    }
}

/// A file of this name and type that the firm adds itself, from the command line or an import.
pub fn file(name: &str, sha256: &str, bytes: &[u8]) -> File {
    let name = safe_name(name);
    let mime = sniff(&name, UNKNOWN, bytes);
    File { name, mime, sha256: sha256.to_owned(), size: size(bytes) }
}

pub(super) fn size(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Signatures, keys and reports that mail programs add; nobody attached them.
fn is_machinery(part: &Attachment) -> bool {
    let is_control = part.mime == "application/pgp-encrypted" && !part.bytes.starts_with(b"-----BEGIN PGP");
    // Some systems name files of other programs so.
    let is_key = part.mime == "application/pgp-keys" && part.bytes.starts_with(b"-----BEGIN PGP PUBLIC KEY");
    is_control
        || is_key
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
        return Some((if by_program { Reason::NoFile } else { Reason::Policy }, sentence!("the file is empty.")));
    }
    (part.mime == "text/calendar").then_some((Reason::NoFile, sentence!("it is a calendar entry.")))
}

/// How a file may do harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Danger {
    Program,
    Macros,
    Encrypted,
}

fn danger(name: &str, mime: &str, bytes: &[u8]) -> Option<(Danger, &'static str)> {
    danger_of_content(mime, bytes).or_else(|| Some((Danger::Program, refused_name(name)?)))
}

fn danger_of_content(mime: &str, bytes: &[u8]) -> Option<(Danger, &'static str)> {
    let listed = Some(bytes).filter(|b| is_zip(b)).and_then(zip::directory);
    if listed.as_ref().is_some_and(|d| d.is_ambiguous) {
        let why =
            sentence!("its list of contents can be read in two ways. Pack it anew, or send its files by themselves.");
        return Some((Danger::Program, why));
    }
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
        | "application/x-rpm" => Some((Danger::Program, sentence!("it is a program."))),
        "text/x-shellscript" => Some((Danger::Program, sentence!("it is a script."))),
        LOCKED_OFFICE => {
            let why = sentence!("it needs a password. Send it without one, or agree another way with the firm.");
            Some((Danger::Encrypted, why))
        }
        _ if has_macros(mime, bytes) => Some((
            Danger::Macros,
            sentence!("it contains macros. Save it without them, or as a PDF, and send it again."),
        )),
        _ if listed.is_some_and(|d| d.is_encrypted) => Some((
            Danger::Encrypted,
            sentence!("it is an encrypted zip. Send it without a password, or its files by themselves."),
        )),
        _ => None,
    }
}

/// Told by the names inside, which both kinds of Office files write in the open (decisions.md 30).
fn has_macros(mime: &str, bytes: &[u8]) -> bool {
    let storages = ["_VBA_PROJECT", "_VBA_PROJECT_CUR"];
    mime.ends_with(".macroenabled.12") || (is_ole(bytes) && storages.iter().any(|name| names_storage(bytes, name)))
}

fn is_ole(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])
}

/// True if a compound file has an entry of this name: the directory writes names in UTF-16 (MS-CFB 2.6.1).
fn names_storage(bytes: &[u8], name: &str) -> bool {
    let wide: Vec<u8> = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
    // A directory entry is 128 bytes long and begins with its name.
    bytes.chunks(128).any(|entry| entry.starts_with(&wide))
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
        Some(_) => sentence!("its name hides that it is a program."),
        None if is_program => sentence!("it is a program."),
        None => sentence!("it is a script."),
    })
}

/// What should be said of a file of this name and type that is filed all the same.
pub fn hint(to: impl Reads, name: &str, mime: &str) -> Option<String> {
    match mime {
        m if m.ends_with(".macroenabled.12") => {
            Some(say!(to, "\"{name}\" contains macros. Nothing was opened or run.", name = name))
        }
        ZIP => Some(say!(to, "\"{name}\" is a zip; it was filed as it is and not unpacked.", name = name)),
        "application/ms-tnef" => Some(say!(
            to,
            "\"{name}\" holds attachments that Outlook packed together. Send them again by a mail in HTML or plain text.",
            name = name
        )),
        ENCRYPTED => Some(say!(
            to,
            "\"{name}\" is encrypted. It was filed unread; send what the firm should read without encryption.",
            name = name
        )),
        LOCKED_OFFICE => Some(say!(
            to,
            "\"{name}\" needs a password. It was filed unread; the firm needs the password too.",
            name = name
        )),
        _ if danger(name, mime, b"").is_some() => {
            Some(say!(to, "\"{name}\" is a program. Nothing was opened or run.", name = name))
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
pub(super) fn sniff(name: &str, claimed: &str, bytes: &[u8]) -> String {
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
    if is_ole(bytes) && names_storage(bytes, "EncryptedPackage") {
        return LOCKED_OFFICE.into();
    }
    match told_by(bytes) {
        Some(OLE) => match ext.as_str() {
            "doc" => WORD.into(),
            "xls" => EXCEL.into(),
            "ppt" => POWERPOINT.into(),
            "msg" => "application/vnd.ms-outlook".into(),
            _ => OLE.into(),
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

/// The type that these bytes tell by themselves. Compound files are not given to `infer`: what it opens them with takes
/// thousandfold memory for one whose tables name the same sector again and again (threats T54).
pub fn told_by(bytes: &[u8]) -> Option<&'static str> {
    if is_ole(bytes) {
        return Some(of_class(bytes).unwrap_or(OLE));
    }
    infer::get(bytes).map(|t| t.mime_type())
}

/// The program that a compound file says it was made with: the class of its root entry, which is the first of its
/// directory (MS-CFB 2.2, 2.6.1). Two places are looked at, wherever the file says that they are.
fn of_class(bytes: &[u8]) -> Option<&'static str> {
    let number = |at: usize| -> Option<u32> {
        let four = bytes.get(at..at.saturating_add(4))?.first_chunk::<4>()?;
        Some(u32::from_le_bytes(*four))
    };
    let shift = bytes.get(30..32)?.first_chunk::<2>().map(|two| u16::from_le_bytes(*two))?;
    let sector = match shift {
        9 => 512_usize,
        12 => 4096,
        _ => return None,
    };
    // Sectors are counted from behind the header, which takes the room of one.
    let root = usize::try_from(number(48)?).ok()?.saturating_add(1).saturating_mul(sector);
    let class = root.saturating_add(80);
    let middle = bytes.get(class.saturating_add(4)..class.saturating_add(16))?;
    let of_office = middle == [0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
    match number(class)? {
        0x0002_0906 if of_office => Some(WORD),
        0x0002_0810 | 0x0002_0820 if of_office => Some(EXCEL),
        0x6481_8d10 if middle == [0x9b, 0x4f, 0xcf, 0x11, 0x86, 0xea, 0, 0xaa, 0, 0xb9, 0x29, 0xe8] => Some(POWERPOINT),
        _ => None,
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
        return match told_by(bytes) {
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
    use crate::language::Locale;

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
        let Selected { files, left_out, .. } = select(mail, &extract(mail), FileRules::default());
        let files = files.into_iter().map(|(_, file)| file.name).collect();
        (files, left_out.into_iter().map(|l| (l.name, l.reason)).collect())
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
        for (name, kind) in
            [("smime.p7s", "application/pkcs7-signature"), ("publickey - jane@roe.example.asc", "application/pgp-keys")]
        {
            let key = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
            let mail = Mail { attachments: vec![part(name, kind, key)], ..Mail::default() };
            assert_eq!(of(&mail), (vec![], vec![]), "{name}");
        }
        let slides =
            Mail { attachments: vec![part("closing.key", "application/pgp-keys", b"PK slides")], ..Mail::default() };
        assert_eq!(of(&slides).0, ["closing.key"], "a file of another program, by its ending");
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
    fn t63_a_file_whose_contents_can_be_read_in_two_ways_is_refused() {
        let mut twice = zip::sample(&["a.pdf"], false);
        twice[30..35].copy_from_slice(b"a.exe");
        for name in ["a.zip", "a.docx"] {
            assert_eq!(judged(part(name, ZIP, &twice)), Some(Reason::Policy));
        }
    }

    #[test]
    fn an_encrypted_zip_is_refused_and_an_open_one_is_filed_with_a_word() {
        let closed = zip::sample(&["a.pdf"], true);
        assert_eq!(judged(part("a.zip", ZIP, &closed)), Some(Reason::Policy));
        let open = zip::sample(&["a.pdf"], false);
        assert_eq!(judged(part("a.zip", ZIP, &open)), None);
        assert!(hint(Locale::British, "a.zip", &sniff("a.zip", ZIP, &open)).is_some());
    }

    #[test]
    fn t64_macros_are_told_by_the_names_inside_and_nothing_is_opened() {
        let plain = zip::sample(&["[Content_Types].xml", "word/document.xml"], false);
        let macros = zip::sample(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"], false);
        assert_eq!(hint(Locale::British, "a.docx", &sniff("a.docx", UNKNOWN, &plain)), None);
        assert!(sniff("a.docx", UNKNOWN, &plain).ends_with("wordprocessingml.document"));
        assert!(hint(Locale::British, "a.docm", &sniff("a.docm", UNKNOWN, &macros)).is_some());
    }

    /// A compound file whose directory has an entry of this name.
    fn compound(name: &str) -> Vec<u8> {
        let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        bytes.resize(1024, 0);
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes.resize(2048, 0);
        bytes
    }

    #[test]
    fn old_office_files_tell_their_macros_and_passwords_by_the_names_inside() {
        let locked = compound("EncryptedPackage");
        assert_eq!(sniff("a.docx", UNKNOWN, &locked), LOCKED_OFFICE);
        assert_eq!(danger("a.docx", LOCKED_OFFICE, &locked).unwrap().0, Danger::Encrypted);
        let macros = compound("_VBA_PROJECT");
        let mime = sniff("a.doc", UNKNOWN, &macros);
        assert_eq!((mime.as_str(), danger("a.doc", &mime, &macros).unwrap().0), ("application/msword", Danger::Macros));
        let plain = compound("WordDocument");
        assert_eq!(danger("a.doc", &sniff("a.doc", UNKNOWN, &plain), &plain), None);
    }

    /// A compound file of sectors of 4096 bytes, whose root entry has this class. Every one of its `tables` of sectors
    /// names one and the same sector a thousand times.
    fn hostile(class: &[u8; 16], tables: u32) -> Vec<u8> {
        let (last, directory) = (tables, tables + 1);
        let mut bytes = vec![0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
        bytes.resize(24, 0);
        for short in [0x3e_u16, 4, 0xfffe, 12, 6] {
            bytes.extend(short.to_le_bytes());
        }
        bytes.resize(40, 0);
        for number in [0, 0, directory, 0, 4096, 0xffff_fffe, 0, 0, tables] {
            bytes.extend(u32::to_le_bytes(number));
        }
        bytes.extend(last.to_le_bytes().repeat(109));
        bytes.resize(4096, 0);
        for table in 0..tables {
            bytes.extend(last.to_le_bytes().repeat(1023));
            let next = if table + 1 < tables { table + 1 } else { 0xffff_fffe };
            bytes.extend(next.to_le_bytes());
        }
        bytes.extend(1_u32.to_le_bytes().repeat(1024));
        let root = bytes.len();
        bytes.extend("Root Entry".encode_utf16().flat_map(u16::to_le_bytes));
        bytes.resize(root + 80, 0);
        bytes.extend(class);
        bytes.resize(root + 4096, 0);
        bytes
    }

    /// Threat T54: a compound file of 4 MB took 4 GB. Read as far as its class, it takes nothing; opened, it is no file.
    #[test]
    fn t54_a_compound_file_is_told_by_its_class_and_its_tables_are_not_followed() {
        let office = |first: [u8; 4]| {
            let mut class = [0, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46];
            class[..4].copy_from_slice(&first);
            class
        };
        let powerpoint = [0x10, 0x8d, 0x81, 0x64, 0x9b, 0x4f, 0xcf, 0x11, 0x86, 0xea, 0, 0xaa, 0, 0xb9, 0x29, 0xe8];
        for (class, mime) in [
            (office([6, 9, 2, 0]), WORD),
            (office([0x10, 8, 2, 0]), EXCEL),
            (office([0x20, 8, 2, 0]), EXCEL),
            (powerpoint, POWERPOINT),
            ([0; 16], OLE),
        ] {
            let file = hostile(&class, 32);
            assert_eq!(sniff("brief", UNKNOWN, &file), mime);
            assert_eq!(told_by(&file), Some(mime));
            // Wherever it ends, and wherever it says its directory is.
            for end in [8, 30, 31, 48, 51, 512, file.len() - 4096 + 80, file.len() - 4096 + 95] {
                assert_eq!(told_by(&file[..end]), Some(OLE), "{end}");
            }
            let mut far = file;
            far[48..52].copy_from_slice(&[0xff; 4]);
            assert_eq!(told_by(&far), Some(OLE));
        }
    }

    #[test]
    fn the_firm_says_whether_a_file_is_filed_refused_or_holds_its_mail() {
        let macros = zip::sample(&["[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"], false);
        let exe = [&b"MZ"[..], &[0; 200]].concat();
        let closed = zip::sample(&["a.pdf"], true);
        for (danger, attachment) in [
            ("programs", part("run.exe", UNKNOWN, &exe)),
            ("macros", part("a.docm", UNKNOWN, &macros)),
            ("encrypted", part("a.zip", ZIP, &closed)),
        ] {
            let name = attachment.name.clone();
            let mail = Mail { attachments: vec![attachment], ..Mail::default() };
            for rule in [FileRule::File, FileRule::Hold, FileRule::Refuse] {
                let mut rules = FileRules::default();
                match danger {
                    "programs" => rules.programs = rule,
                    "macros" => rules.macros = rule,
                    _ => rules.encrypted = rule,
                }
                let selected = select(&mail, &extract(&mail), rules);
                let refused = rule == FileRule::Refuse;
                assert_eq!((selected.files.is_empty(), selected.waits), (refused, rule == FileRule::Hold), "{name}");
                for (_, file) in &selected.files {
                    assert!(hint(Locale::British, &file.name, &file.mime).is_some(), "{name} is filed without a word");
                }
            }
        }
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
        let selected = select(&mail, &extract(&mail), FileRules::default()).files;
        let (place, file) = &selected[1];
        assert_eq!((*place, file.sha256.as_str(), file.size), (2, sha256(PDF).as_str(), 9));
    }
}
