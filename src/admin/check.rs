//! `docketpost check`: does everything work that docketpost needs: configuration, store, mailboxes, ways out, clock. One
//! line for each; it logs in and out again, reads, and changes nothing.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Chosen, Told};
use crate::config::{Config, Mailbox, Smtp, WayIn, WayOut};
use crate::daemon::accounts::{self, SenderLogin};
use crate::imap;
use crate::proof::{Verifier, VerifierSettings};
use crate::smtp;
use crate::store::examine::{Examined, examine};

/// How far the clock may lie before the last stored moment (fault F42).
const CLOCK_TOLERANCE: SignedDuration = SignedDuration::from_mins(10);
/// After so long without any entry a clock is more likely wrong than a firm idle (fault F42).
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How long one question to a DNS server may take.
const DNS_PATIENCE: Duration = Duration::from_secs(2);

/// One check.
struct Check {
    what: String,
    result: std::result::Result<String, String>,
}

impl Check {
    fn new(what: impl Into<String>, result: std::result::Result<String, String>) -> Check {
        Check { what: what.into(), result }
    }
}

/// Checks everything; fails if anything does.
pub fn run(chosen: &Chosen, now: Timestamp) -> Result<Told> {
    let config = Config::load(&chosen.config)?;
    let well = format!("{} is well written", chosen.config.display());
    let mut checks = vec![Check::new("configuration", Ok(well))];
    let examined = examine(&config.store).map_err(|e| e.to_string());
    checks.push(Check::new("store", examined.as_ref().map_err(Clone::clone).and_then(|e| store(&config, e))));
    if let Ok(examined) = &examined {
        checks.push(Check::new("clock", clock(examined.last_moment, now)));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        checks.push(Check::new("DNS servers", resolver(&config).await));
        for mailbox in &config.mailboxes {
            checks.push(Check::new(format!("mailbox {}", mailbox.name), way_in(mailbox, now).await));
        }
        for firm in &config.firms {
            let result = match &firm.way_out {
                WayOut::Smtp(smtp) => way_out(smtp, &config.store, now).await,
                WayOut::Directory(folder) => writable(folder),
            };
            checks.push(Check::new(format!("sending for {}", firm.slug), result));
        }
    });
    Ok(tell(&checks))
}

fn tell(checks: &[Check]) -> Told {
    let mut text = String::new();
    let mut objects = Vec::new();
    let mut failed = false;
    for check in checks {
        let (word, said) = match &check.result {
            Ok(said) => ("ok", said),
            Err(said) => ("FAILED", said),
        };
        failed |= check.result.is_err();
        text.push_str(&format!("{word:6} {}: {}\n", check.what, super::show::one_line(said)));
        objects.push(json!({"check": check.what, "ok": check.result.is_ok(), "text": said}));
    }
    Told::new(text, json!(objects)).failed(u8::from(failed))
}

fn store(config: &Config, found: &Examined) -> std::result::Result<String, String> {
    if found.version > found.known {
        return Err(format!("is of a later docketpost (version {}, this one knows {})", found.version, found.known));
    }
    let missing: Vec<&str> =
        config.firms.iter().map(|f| f.slug.as_str()).filter(|slug| !found.firms.iter().any(|f| f == slug)).collect();
    if !missing.is_empty() {
        return Err(format!("knows no firm {}; `docketpost init` makes it", missing.join(", ")));
    }
    let older = if found.version < found.known { "; it is brought up to date at the next start" } else { "" };
    Ok(format!("{} is whole, nobody else can read it, version {}{older}", config.store.display(), found.version))
}

/// The clock against the last moment that the store knows (fault F42).
fn clock(last: Option<Timestamp>, now: Timestamp) -> std::result::Result<String, String> {
    let Some(last) = last else { return Ok(format!("{now}; nothing is stored to compare it with")) };
    let since = now.duration_since(last);
    if since < -CLOCK_TOLERANCE {
        return Err(format!("{now} is before the last entry in the store ({last}): the clock went back"));
    }
    if since > LONGEST_SILENCE {
        return Err(format!(
            "{now} is more than a year after the last entry in the store ({last}): is the clock right?"
        ));
    }
    Ok(format!("{now}, after the last entry in the store"))
}

/// Asks for a record that any working resolver has an answer about, even if the answer is that there is none.
async fn resolver(config: &Config) -> std::result::Result<String, String> {
    let resolver = Some(config.resolver.clone()).filter(|servers| !servers.is_empty());
    let which = if resolver.is_some() { "as configured" } else { "the system's" };
    let settings = VerifierSettings { resolver, timeout: DNS_PATIENCE, tries: 2 };
    let verifier = Verifier::new(&settings).map_err(|e| e.to_string())?;
    let firm = config.firms.first();
    let domain = firm.and_then(|f| f.domains.first().cloned()).unwrap_or_else(|| "example.com".to_owned());
    let name = format!("_dmarc.{}.", domain.trim_end_matches('.'));
    match verifier.answers(&name).await {
        true => Ok(format!("{which}; they answer")),
        false => {
            Err(format!("{which}; no answer about {name}: without DNS no mail can be proved, and all of it waits"))
        }
    }
}

async fn way_in(mailbox: &Mailbox, now: Timestamp) -> std::result::Result<String, String> {
    let imap = match &mailbox.way_in {
        WayIn::Maildir(folder) => return maildir(folder),
        WayIn::Imap(imap) => imap,
    };
    let account = accounts::imap(imap).map_err(|e| e.to_string())?;
    let at = (imap.host.as_str(), imap.port);
    let report = imap::check(&account, now).await.map_err(|e| connection(at, &e.to_string()))?;
    let folder = report.folder.map_err(|e| format!("logged in, but the folder {}: {e}", imap.folder))?;
    let idle = if report.idle { "IDLE" } else { "no IDLE: it is looked at regularly" };
    let moves = match (report.can_move, report.uid_plus) {
        (true, _) => "MOVE",
        (false, true) => "no MOVE: mails are copied and removed",
        (false, false) => "neither MOVE nor UIDPLUS: mails stay",
    };
    Ok(format!("logged in to {}, {} has {} mails; {idle}; {moves}", imap.host, imap.folder, folder.mails))
}

/// What went wrong, and where; a server that speaks in clear where TLS was begun is named as that.
fn connection((host, port): (&str, u16), error: &str) -> String {
    let is_no_tls = error.contains("InvalidContentType") || error.contains("corrupt message");
    let hint = if is_no_tls { " (no TLS on this port; is it starttls?)" } else { "" };
    format!("{host} port {port}: {error}{hint}")
}

fn maildir(folder: &Path) -> std::result::Result<String, String> {
    for name in ["new", "cur"] {
        std::fs::read_dir(folder.join(name)).map_err(|e| format!("{}/{name}: {e}", folder.display()))?;
    }
    Ok(format!("{} can be read", folder.display()))
}

async fn way_out(smtp: &Smtp, store: &Path, now: Timestamp) -> std::result::Result<String, String> {
    let login = SenderLogin::new(smtp.login.as_ref(), store).map_err(|e| e.to_string())?;
    let credentials = login.credentials(now).await.map_err(|e| e.to_string())?;
    let at = (smtp.host.as_str(), smtp.port);
    let report = smtp::check(smtp, credentials.as_ref()).await.map_err(|e| connection(at, &e.to_string()))?;
    let login = if report.logged_in { "logged in to" } else { "reached, without a log-in," };
    let pipelining = if report.pipelining { "; PIPELINING" } else { "" };
    let size = report.size_limit.map(|s| format!("; mails up to {s} bytes")).unwrap_or_default();
    Ok(format!("{login} {}{pipelining}{size}", smtp.host))
}

fn writable(folder: &Path) -> std::result::Result<String, String> {
    let found = std::fs::metadata(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    match found.is_dir() && !found.permissions().readonly() {
        true => Ok(format!("mails are written into {}", folder.display())),
        false => Err(format!("{} is no folder that can be written into", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;

    fn checked(s: &Sample, way_in: &Path, way_out: &Path, now: Timestamp) -> Told {
        let dns = crate::demo::zone::Zone::start([]).unwrap();
        let file = s.folder.path().join("config.toml");
        let text = format!(
            "store = {:?}\nresolver = [{:?}]\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\naddressing = \"subdomain\"\n\
             domains = [\"hale.example\"]\ndirectory = {way_out:?}\n[[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = {way_in:?}\n",
            s.folder.path(),
            dns.address().to_string()
        );
        std::fs::write(&file, text).unwrap();
        run(&Chosen { config: file, ..Chosen::default() }, now).unwrap()
    }

    #[test]
    fn what_works_and_what_does_not_is_told_line_by_line() {
        let s = Sample::new();
        let place = tempfile::tempdir().unwrap();
        let (way_in, way_out) = (place.path().join("in"), place.path().join("out"));
        let told = checked(&s, &way_in, &way_out, now());
        assert_eq!(told.code, 1);
        assert!(told.text.contains("ok     store:"), "{}", told.text);
        assert!(
            told.text.contains("FAILED mailbox main:") && told.text.contains("FAILED sending for hale:"),
            "{}",
            told.text
        );
        assert!(!way_in.exists() && !way_out.exists());
        crate::maildir::Maildir::open(&way_in).unwrap();
        std::fs::create_dir(&way_out).unwrap();
        let told = checked(&s, &way_in, &way_out, now());
        assert_eq!(told.code, 0, "{}", told.text);
    }

    #[test]
    fn no_such_name_is_an_answer_and_silence_is_none() {
        use crate::demo::zone::{Says, Zone};
        let dns = Zone::start([]).unwrap();
        let s = Sample::new();
        let file = s.folder.path().join("config.toml");
        let text = format!(
            "store = {:?}\nresolver = [{:?}]\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\n\
             addressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = \"out\"\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = \"in\"\n",
            s.folder.path(),
            dns.address().to_string()
        );
        std::fs::write(&file, text).unwrap();
        let config = Config::load(&file).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(resolver(&config)).is_ok());
        dns.say("_dmarc.hale.example", Says::Failure);
        let error = runtime.block_on(resolver(&config)).unwrap_err();
        assert!(error.contains("no answer about _dmarc.hale.example"), "{error}");
    }

    #[test]
    fn a_store_folder_that_others_can_read_is_refused_with_the_way_to_mend_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let s = Sample::new();
        std::fs::set_permissions(s.folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let error = crate::store::Store::open(s.folder.path()).err().unwrap().to_string();
        assert!(error.contains("chmod 700"), "{error}");
    }

    #[test]
    fn a_connection_error_names_the_server_and_a_port_without_tls() {
        let said = connection(("mx.hale.example", 993), "received corrupt message of type InvalidContentType");
        assert!(said.starts_with("mx.hale.example port 993:") && said.contains("is it starttls?"), "{said}");
        assert!(!connection(("mx.hale.example", 993), "refused").contains("starttls"));
    }

    #[test]
    fn f42_a_clock_that_went_back_or_leapt_is_noticed() {
        let last = Some(now());
        let at = |seconds: i64| clock(last, now().checked_add(SignedDuration::from_secs(seconds)).unwrap());
        assert!(at(60).is_ok() && at(-300).is_ok() && clock(None, now()).is_ok());
        assert!(at(-3_600).is_err() && at(400 * 86_400).is_err());
    }
}
