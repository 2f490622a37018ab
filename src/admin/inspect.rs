//! `docketpost inspect`: what stands in mails, one JSON object per file and line, in order. It needs no store and no
//! configuration, changes nothing, and no file can stop it.

use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use anyhow::Result;
use jiff::Zoned;
use serde_json::{Value, json};

use super::show::harmless_json;
use crate::domain::dates::Locale;
use crate::inbound::command::{About, Reading, read, read_mail, to_json};
use crate::inbound::extract::Extract;
use crate::inbound::inspect::inspect;
use crate::inbound::parse::Mail;

/// Tells what stands in mails: JSON, one line for each file.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Mails; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Whose words and order of day and month are expected
    #[arg(long, value_parser = Locale::ALL.map(Locale::word), default_value = "en-GB")]
    pub locale: String,
}

/// Writes a line for each file; the exit code says whether all could be read.
pub fn run(args: &Args, now: &Zoned, out: &mut impl Write) -> Result<u8> {
    let locale = Locale::from_word(&args.locale).unwrap_or_default();
    let mut code = 0;
    for file in &args.files {
        let name = file.to_string_lossy();
        let object = match bytes(file) {
            Ok(raw) => of_mail(&name, &raw, locale, now),
            Err(error) => {
                code = 1;
                broken(&name, &error.to_string())
            }
        };
        writeln!(out, "{}", harmless_json(&object.to_string()))?;
    }
    out.flush()?;
    Ok(code)
}

/// The object of one mail.
pub fn of_mail(name: &str, raw: &[u8], locale: Locale, now: &Zoned) -> Value {
    let looked = || inspect(name, raw, |mail, extract| commands(mail, extract, locale, now));
    // A bug in reading is one file's trouble.
    catch_unwind(AssertUnwindSafe(looked)).unwrap_or_else(|_| broken(name, "reading failed"))
}

fn bytes(file: &Path) -> std::io::Result<Vec<u8>> {
    if file.as_os_str() != "-" {
        return std::fs::read(file);
    }
    let mut raw = Vec::new();
    std::io::stdin().read_to_end(&mut raw)?;
    Ok(raw)
}

/// Commands as the daemon reads them, as far as the mail alone tells: of the subject too if it answers nothing, and none
/// where its two parts command different things (decisions.md 8).
fn commands(mail: &Mail, extract: &Extract, locale: Locale, now: &Zoned) -> Vec<Value> {
    if extract.ambiguous {
        return Vec::new();
    }
    let written = mail.date.as_ref().unwrap_or(now);
    let reading = Reading { now: written, locale, about: About::Unknown, firm_codes: &[] };
    let answers = !mail.in_reply_to.is_empty() || !mail.references.is_empty();
    let found = match answers {
        true => read(&extract.lines, &reading),
        false => read_mail(&mail.subject, &extract.lines, &reading),
    };
    found.requests.iter().map(to_json).collect()
}

fn broken(name: &str, why: &str) -> Value {
    json!({"file": name, "message_id": "", "from": "", "to": [], "subject": "", "date": "", "class": "empty", "kind": "empty",
        "confidence": "low", "defects": [], "reply": "", "signature": "", "quoted": "", "commands": [], "attachments": [], "error": why})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(files: Vec<PathBuf>) -> (u8, Vec<Value>) {
        let mut out = Vec::new();
        let now: Zoned = "2026-03-14T10:00:00Z[UTC]".parse().unwrap();
        let code = run(&Args { files, locale: "en-GB".into() }, &now, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        (code, text.lines().map(|l| serde_json::from_str(l).unwrap()).collect())
    }

    #[test]
    fn every_file_has_its_line_in_order_and_a_missing_one_stops_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let one = folder.path().join("one.eml");
        let mail = "From: jane@doe.example\r\nSubject: T-1\r\nDate: Sat, 14 Mar 2026 09:00:00 +0000\r\n\r\n\
            #time 1.5h yesterday Drafted brief\r\n#done T-1\r\n";
        std::fs::write(&one, mail).unwrap();
        let junk = folder.path().join("junk.eml");
        std::fs::write(&junk, [0, 255, 13, 10, 27]).unwrap();
        let (code, found) = lines(vec![one.clone(), folder.path().join("none.eml"), junk, one]);
        assert_eq!(code, 1);
        assert_eq!(found.len(), 4);
        assert_eq!(found[0]["commands"][0]["verb"], "time");
        assert_eq!(found[0]["commands"][0]["seconds"], 5_400);
        assert_eq!(found[0]["commands"][0]["date"], "2026-03-13");
        assert_eq!(found[0]["commands"][1]["ids"], json!(["T-1"]));
        assert!(found[1]["error"].is_string() && found[1]["commands"].is_array());
        assert_eq!(found[3], found[0]);
    }
}
