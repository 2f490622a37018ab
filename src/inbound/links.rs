//! A mail comes in; the services come out to which its new text links for a file: mail programs and gateways put a link
//! where the sender attached a file (OneDrive, Box, Large File Send). No link is ever opened; who sent it is told that the
//! file itself did not come.

use super::extract::Extract;
use super::parse::Mail;

/// Hosts, with the beginning of the path where the host has other pages too, and what people call the service.
const SERVICES: &[(&str, &str)] = &[
    ("1drv.ms/", "OneDrive"),
    ("onedrive.live.com/", "OneDrive"),
    ("-my.sharepoint.com/", "OneDrive"),
    (".sharepoint.com/:", "SharePoint"),
    (".sharepoint.com/sites/", "SharePoint"),
    ("drive.google.com/", "Google Drive"),
    ("docs.google.com/document/", "Google Drive"),
    ("docs.google.com/spreadsheets/", "Google Drive"),
    ("app.box.com/", "Box"),
    (".box.com/s/", "Box"),
    ("dropbox.com/s/", "Dropbox"),
    ("dropbox.com/scl/", "Dropbox"),
    ("dropbox.com/t/", "Dropbox"),
    ("dropboxusercontent.com/", "Dropbox"),
    ("wetransfer.com/downloads/", "WeTransfer"),
    ("we.tl/t-", "WeTransfer"),
    (".sharefile.com/", "ShareFile"),
    (".sharefile.eu/", "ShareFile"),
    (".egnyte.com/dl/", "Egnyte"),
    (".imanage.work/", "iManage Share"),
    ("icloud.com/attachment", "iCloud Mail Drop"),
    ("hightail.com/", "Hightail"),
    ("tresorit.com/l", "Tresorit"),
    ("transfernow.net/", "TransferNow"),
    ("largefilesend", "Mimecast Large File Send"),
    (".mimecast.com/s/lfs", "Mimecast Large File Send"),
    (".mimecastcybergraph.com/", "Mimecast"),
    (".egress.com/", "Egress"),
    ("switch.egress.com/", "Egress"),
    ("securemail.proofpoint.com/", "Proofpoint"),
];
/// Where the history of a mail begins in the HTML of the usual programs.
const HISTORY: &[&str] =
    &["gmail_quote", "<blockquote", "divrplyfwdmsg", "appendonsend", "olk_src_body_section", "moz-cite-prefix"];
/// At most so much of each body is looked at, in bytes.
const MOST: usize = 1 << 20;

/// The services that the new text links to for a file, each once.
pub fn services(mail: &Mail, extract: &Extract) -> Vec<&'static str> {
    let html = mail.html.as_deref().map(new_html).unwrap_or_default();
    let text = flat(cut(&extract.reply));
    let mut found: Vec<&str> = Vec::new();
    for (sign, name) in SERVICES {
        let linked = [&text, &html].iter().any(|body| links_to(body, sign));
        // A OneDrive of a firm is a SharePoint too.
        let is_said = found.contains(name) || (*name == "SharePoint" && found.contains(&"OneDrive"));
        if linked && !is_said {
            found.push(name);
        }
    }
    found
}

fn new_html(html: &str) -> String {
    let html = flat(cut(html));
    let end = HISTORY.iter().filter_map(|sign| html.find(sign)).min().unwrap_or(html.len());
    html.get(..end).unwrap_or_default().to_owned()
}

/// Small letters, and what links inside links write for their own marks (Safe Links).
fn flat(text: &str) -> String {
    text.to_lowercase().replace("%2f", "/").replace("%3a", ":")
}

fn cut(text: &str) -> &str {
    let mut end = text.len().min(MOST);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).unwrap_or_default()
}

/// True if the sign stands in a web address: after `//` without a blank or quotation mark between.
fn links_to(body: &str, sign: &str) -> bool {
    body.match_indices(sign).any(|(at, _)| {
        let before = body.get(..at).unwrap_or_default();
        let word = before.rsplit(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>')).next();
        word.is_some_and(|word| {
            let Some((scheme, host)) = word.rsplit_once("//") else { return false };
            // "dropbox.com" is not the end of another name.
            let is_whole = host.is_empty() || host.ends_with('.') || sign.starts_with(['.', '-', 'l']);
            (scheme.ends_with("http:") || scheme.ends_with("https:")) && is_whole
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::extract::extract;
    use super::*;

    fn found(text: &str, html: Option<&str>) -> Vec<&'static str> {
        let mail = Mail {
            text: Some(text.to_owned()).filter(|t| !t.is_empty()),
            html: html.map(str::to_owned),
            ..Mail::default()
        };
        services(&mail, &extract(&mail))
    }

    #[test]
    fn links_that_stand_for_files_are_told_by_their_service() {
        for (text, name) in [
            ("The brief:\nBrief.docx<https://roe-my.sharepoint.com/:w:/g/personal/jane/Eabc>", "OneDrive"),
            ("https://1drv.ms/b/s!Aabc", "OneDrive"),
            ("See https://app.box.com/s/abc123", "Box"),
            ("https://www.dropbox.com/scl/fi/x/Brief.pdf?dl=0", "Dropbox"),
            ("Download it at https://we.tl/t-AbCd", "WeTransfer"),
            ("https://login-us.mimecast.com/u/login/?g=1#/largefilesend/x", "Mimecast Large File Send"),
            (
                "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fdrive.google.com%2Ffile%2Fd%2Fx",
                "Google Drive",
            ),
        ] {
            assert_eq!(found(text, None), [name], "{text}");
        }
        let chip = "<p>Here it is.</p><a href='https://drive.google.com/file/d/x/view'>Brief.pdf</a>";
        assert_eq!(found("", Some(chip)), ["Google Drive"]);
    }

    #[test]
    fn other_links_and_those_of_the_history_say_nothing() {
        for text in [
            "See https://www.supremecourt.uk/cases/uksc-2024-0001.html",
            "Ask notdropbox.com/s/ people",
            "https://notdropbox.com/s/x",
            "I like Dropbox, OneDrive and box.com.",
        ] {
            assert!(found(text, None).is_empty(), "{text}");
        }
        let history = "<p>Thanks</p><div class=\"gmail_quote\"><a href=\"https://1drv.ms/b/x\">Brief</a></div>";
        assert!(found("", Some(history)).is_empty());
    }
}
