//! A mail comes in, the JSON object that `docketpost inspect --json` prints for it comes out. It changes nothing.

use super::bounce;
use super::extract::{Extract, extract};
use super::parse::{Attachment, Mail, Mailbox, parse};
use super::screen::{OwnMarks, screen};
use serde_json::{Value, json};

/// The object for the mail `raw` of the file `file`; `commands` gives the commands of its new text.
pub fn inspect(file: &str, raw: &[u8], commands: impl FnOnce(&Mail, &Extract) -> Vec<Value>) -> Value {
    let mail = parse(raw);
    let extract = extract(&mail);
    let class = screen(&mail, &OwnMarks::default());
    let mut object = json!({
        "file": file,
        "message_id": mail.message_id.as_deref().unwrap_or_default(),
        "from": mail.from.as_ref().map(shown).unwrap_or_default(),
        "to": mail.to.iter().map(shown).collect::<Vec<_>>(),
        "subject": mail.subject,
        "date": mail.date.as_ref().map(|d| d.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()).unwrap_or_default(),
        "class": class.name(),
        "kind": class.kind(),
        "confidence": extract.confidence.word(),
        "defects": mail.defects.iter().map(|d| d.code()).collect::<Vec<_>>(),
        "reply": extract.reply,
        "signature": extract.signature,
        "quoted": extract.quoted,
        "commands": commands(&mail, &extract),
        "attachments": mail.attachments.iter().map(file_of).collect::<Vec<_>>(),
    });
    if class.name() == "bounce"
        && let (Some(bounce), Some(map)) = (bounce::read(&mail), object.as_object_mut())
    {
        let told = json!({"recipients": bounce.recipients, "permanent": bounce.permanent, "status": bounce.status.unwrap_or_default()});
        map.insert(String::from("bounce"), told);
    }
    object
}

fn shown(mailbox: &Mailbox) -> String {
    match &mailbox.name {
        Some(name) => format!("{name} <{}>", mailbox.address),
        None => mailbox.address.clone(),
    }
}

fn file_of(a: &Attachment) -> Value {
    json!({"name": a.name, "mime": a.mime, "size": a.bytes.len(), "sha256": a.sha256, "inline": a.inline})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_there_and_none_is_null() {
        for raw in [&b""[..], b"\xff\0", b"From: Jane <j@d.example>\r\nDate: Tue, 14 Apr 2026 09:30:00 +0200\r\n\r\nHi"]
        {
            let object = inspect("a.eml", raw, |_, _| Vec::new());
            let keys: Vec<&String> = object.as_object().unwrap().keys().collect();
            let mut wanted = [
                "file",
                "message_id",
                "from",
                "to",
                "subject",
                "date",
                "class",
                "kind",
                "confidence",
                "defects",
                "reply",
                "signature",
                "quoted",
                "commands",
                "attachments",
            ];
            wanted.sort_unstable();
            assert_eq!(keys, wanted);
            assert!(object.as_object().unwrap().values().all(|v| !v.is_null()));
        }
    }

    #[test]
    fn a_bounce_is_told_with_its_recipients() {
        let raw = b"From: MAILER-DAEMON@x.example\r\nSubject: failure notice\r\n\r\n<j@d.example>: 550 5.1.1 user unknown\r\n";
        let object = inspect("a.eml", raw, |_, _| Vec::new());
        assert_eq!(object["class"], "bounce");
        assert_eq!(object["bounce"], json!({"recipients": ["j@d.example"], "permanent": true, "status": "5.1.1"}));
    }

    #[test]
    fn commands_come_from_the_new_text() {
        let raw = b"From: j@d.example\r\n\r\n#done T-1\r\n> #done T-2\r\n";
        let object = inspect("a.eml", raw, |_, e| {
            e.lines.iter().filter(|l| l.text.starts_with('#')).map(|l| json!(l.text)).collect()
        });
        assert_eq!(object["commands"], json!(["#done T-1"]));
    }
}
