//! The commands as an operator types them: the built binary, a configuration in a folder, exit codes, and what reaches the
//! terminal.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use docketpost::config::Config;
use docketpost::store::Store;
use serde_json::Value;

use crate::gateway::conserved;
use crate::servers::{DEADLINE, ended, signal, wait_for};

/// A firm in a folder of its own; nothing of it is outside.
struct Firm {
    folder: tempfile::TempDir,
}

impl Drop for Firm {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let config = Config::load_offline(&self.path("config.toml")).unwrap();
            conserved(&Store::configured(&config).unwrap());
        }
    }
}

impl Firm {
    fn new() -> Firm {
        let firm = Firm { folder: tempfile::tempdir().unwrap() };
        let place = |name: &str| firm.path(name).display().to_string();
        let config = format!(
            "store = {:?}\nresolver = [\"127.0.0.1:9\"]\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\n\
             addressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = {:?}\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = {:?}\n",
            place("store"),
            place("out"),
            place("in")
        );
        std::fs::write(firm.path("config.toml"), config).unwrap();
        let made = firm.run(&[
            "init",
            "--slug",
            "hale",
            "--name",
            "Hale & Partners",
            "--user-name",
            "Anna Hale",
            "--user-address",
            "anna@hale.example",
        ]);
        assert!(made.status.success(), "{made:?}");
        firm
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, b"")
    }

    fn run_with(&self, args: &[&str], input: &[u8]) -> Output {
        let mut child = Command::new(env!("CARGO_BIN_EXE_docketpost"))
            .env("DOCKETPOST_CONFIG", self.path("config.toml"))
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have ended before.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn text(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.text(&[args, &["--json"]].concat())).unwrap()
    }

    fn with_jane_and_a_matter() -> Firm {
        let firm = Firm::new();
        firm.text(&["person", "add", "--name", "Jane Doe", "--address", "jane@doe.example", "--co-counsel"]);
        std::fs::write(firm.path("matters.csv"), "display_number,status,description\n2026-0012,Open,Reed v. Marsh\n")
            .unwrap();
        firm.text(&["import", firm.path("matters.csv").to_str().unwrap()]);
        firm
    }
}

fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn the_exit_code_says_what_kind_of_trouble_it_was() {
    let firm = Firm::new();
    let again = ["init", "--slug", "hale", "--name", "x", "--user-name", "y z", "--user-address", "y@hale.example"];
    assert_eq!(code(&firm.run(&again)), Some(1));
    assert_eq!(code(&firm.run(&["--config", "/nowhere.toml", "matter", "list"])), Some(2));
    let file = firm.path("wrong.toml");
    std::fs::write(&file, "stoer = 1\n").unwrap();
    let wrong = firm.run(&["--config", file.to_str().unwrap(), "matter", "list"]);
    assert_eq!(code(&wrong), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("wrong.toml:1"), "{wrong:?}");
}

#[test]
fn a_share_is_given_explained_and_ended_and_all_of_it_is_audited() {
    let firm = Firm::with_jane_and_a_matter();
    firm.text(&["share", "2026-0012", "with", "Jane Doe", "--rate", "250.00", "--conflict-names", "Reed; Marsh"]);
    assert!(firm.text(&["who", "M-1"]).contains("Jane Doe: shared, but nothing is theirs until"));
    assert_eq!(firm.json(&["matter", "list"])[0]["shares"], 1);
    let letters = firm.json(&["outbox", "list"]);
    assert!(
        letters.as_array().unwrap().iter().any(|l| l["template"] == "invitation" && l["to"] == "Jane Doe"),
        "{letters}"
    );
    assert!(
        firm.text(&["unshare", "all", "from", "jane@doe.example", "--reason", "conflict"])
            .contains("no longer has M-1")
    );
    let audit = firm.json(&["audit", "list"]);
    let actions: Vec<&str> = audit.as_array().unwrap().iter().map(|e| e["action"].as_str().unwrap()).collect();
    for action in ["init", "person.add", "import", "share", "rate.set", "unshare"] {
        assert!(actions.contains(&action), "{action} is not in {actions:?}");
    }
}

#[test]
fn t85_of_two_people_of_one_name_neither_is_guessed() {
    let firm = Firm::with_jane_and_a_matter();
    firm.text(&["person", "add", "--name", "Jane Doe", "--address", "jane@other.example", "--co-counsel"]);
    let asked = firm.run(&["share", "M-1", "with", "Jane Doe"]);
    let said = String::from_utf8_lossy(&asked.stderr).into_owned();
    assert_eq!(code(&asked), Some(1));
    assert!(said.contains("<jane@doe.example>") && said.contains("<jane@other.example>"), "{said}");
    assert_eq!(firm.json(&["matter", "list"])[0]["shares"], 0);
}

#[test]
fn a_command_acts_as_somebody_and_is_refused_and_audited_as_them() {
    let firm = Firm::with_jane_and_a_matter();
    firm.text(&["user", "add", "--name", "Bob Hale", "--address", "bob@hale.example"]);
    let refused = firm.run(&["inbox", "list", "--as", "bob@hale.example"]);
    assert_eq!(code(&refused), Some(1));
    let audit = firm.json(&["audit", "list"]);
    let last = audit.as_array().unwrap().last().unwrap().clone();
    assert_eq!((last["action"].as_str(), last["name"].as_str()), (Some("refused"), Some("Bob Hale")));
    assert!(
        firm.text(&["task", "--as", "bob@hale.example", "--for", "jane@doe.example", "--matter", "M-1", "Draft reply"])
            .contains("T-1: Draft reply")
    );
    assert_eq!(code(&firm.run(&["matter", "list", "--as", "jane@doe.example"])), Some(1));
}

#[test]
fn t74_what_strangers_wrote_cannot_steer_the_terminal() {
    let firm = Firm::with_jane_and_a_matter();
    firm.text(&["person", "add", "--name", "Eve\u{1b}[31m \u{9b}2JRed\u{202e}", "--address", "eve@eve.example"]);
    for args in [&["person", "list"][..], &["person", "list", "--json"]] {
        let said = firm.text(args);
        assert!(said.contains("eve@eve.example"));
        assert!(!said.chars().any(|c| c.is_control() && c != '\n') && !said.contains('\u{202e}'), "{said:?}");
    }
    let asked = firm.run(&["share", "M-1", "with", "\u{1b}]0;x\u{7}"]);
    assert!(!asked.stderr.contains(&0x1b), "{asked:?}");
}

#[test]
fn inspect_gives_each_file_its_line_whatever_is_in_it() {
    let firm = Firm::new();
    let junk = firm.path("junk.eml");
    std::fs::write(&junk, [0, 1, 2, 0xff, b'\r']).unwrap();
    let junk = junk.display().to_string();
    let output =
        firm.run_with(&["inspect", "--json", &junk, "/nowhere.eml", "-"], b"From: jane@doe.example\n\n#done T-1\n");
    assert_eq!(code(&output), Some(1));
    let lines: Vec<Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.iter().map(|l| l["file"].as_str().unwrap()).collect::<Vec<_>>(), [&junk, "/nowhere.eml", "-"]);
    assert_eq!(lines[2]["commands"][0]["verb"], "done");
}

const MAIL: &[u8] = b"From jane@doe.example Sat Mar 14 10:00:00 2026\nSubject: nobody wrote this\n\nhi\n";

#[test]
fn i14_ingest_has_the_mail_on_disk_when_it_says_so_and_takes_it_once() {
    let firm = Firm::new();
    assert_eq!(code(&firm.run_with(&["ingest", "--mailbox", "main"], MAIL)), Some(0));
    assert_eq!(code(&firm.run_with(&["ingest"], MAIL)), Some(0));
    let mails = firm.json(&["inbox", "list"]);
    assert_eq!(mails.as_array().unwrap().len(), 1);
    assert_eq!(mails[0]["state"], "RECEIVED");
    assert!(firm.text(&["inbox", "show", "Q-1"]).contains("What was written:\nhi\n"));
    assert_eq!(code(&firm.run_with(&["ingest"], b"")), Some(65));
    assert_eq!(code(&firm.run_with(&["ingest", "--mailbox", "other"], MAIL)), Some(75));
    std::fs::rename(firm.path("store/reply.key"), firm.path("reply.key")).unwrap();
    assert_eq!(code(&firm.run_with(&["ingest"], MAIL)), Some(75));
    std::fs::rename(firm.path("reply.key"), firm.path("store/reply.key")).unwrap();
}

#[test]
fn ingest_takes_a_mail_through_where_no_daemon_runs() {
    let firm = Firm::new();
    assert_eq!(code(&firm.run_with(&["ingest", "--now"], MAIL)), Some(0));
    let mails = firm.json(&["inbox", "list"]);
    assert_eq!((mails[0]["state"].as_str(), mails[0]["reason"].as_str()), (Some("HELD"), Some("NO_SENDER")));
    firm.text(&["inbox", "dismiss", "1"]);
    assert_eq!(firm.json(&["inbox", "list", "--state", "ignored"])[0]["reason"], "DISMISSED");
}

#[test]
fn explain_says_what_would_happen_and_changes_nothing() {
    let firm = Firm::new();
    let file = firm.path("mail.eml");
    std::fs::write(&file, "Subject: nobody wrote this\n\nhi\n").unwrap();
    let audited = firm.text(&["audit", "list"]);
    let told = firm.json(&["explain", file.to_str().unwrap()]);
    assert_eq!((told[0]["outcome"].as_str(), told[0]["reason"].as_str()), (Some("HELD"), Some("NO_SENDER")));
    assert_eq!(firm.json(&["inbox", "list"]), serde_json::json!([]));
    assert_eq!(firm.json(&["outbox", "list"]), serde_json::json!([]));
    assert_eq!(firm.text(&["audit", "list"]), audited);
}

#[test]
fn a_backup_is_restored_by_unpacking_it() {
    let firm = Firm::with_jane_and_a_matter();
    firm.run_with(&["ingest"], MAIL);
    let file = firm.path("backup.tar");
    firm.text(&["backup", file.to_str().unwrap()]);
    let before = firm.text(&["matter", "list"]);
    std::fs::remove_dir_all(firm.path("store")).unwrap();
    std::fs::create_dir(firm.path("store")).unwrap();
    std::fs::set_permissions(firm.path("store"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let tar = Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(firm.path("store")).status().unwrap();
    assert!(tar.success());
    assert_eq!(firm.text(&["matter", "list"]), before);
    assert!(firm.text(&["inbox", "show", "1"]).contains("hi"));
}

#[test]
fn check_tells_each_thing_and_fails_if_one_does() {
    let firm = Firm::new();
    let checked = firm.run(&["check"]);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(code(&checked), Some(1));
    assert!(said.contains("ok     store:") && said.contains("FAILED mailbox main:"), "{said}");
    assert!(!firm.path("in").exists());
}

/// systemd kills what says that it stops and goes on: a reload says that it reloads, and then that it is ready.
#[test]
fn f47_a_reload_tells_systemd_so_and_only_the_end_says_stopping() {
    use std::os::unix::net::UnixDatagram;
    let firm = Firm::new();
    for folder in ["out", "in/new", "in/cur", "in/tmp"] {
        std::fs::create_dir_all(firm.path(folder)).unwrap();
    }
    let socket = UnixDatagram::bind(firm.path("notify")).unwrap();
    socket.set_read_timeout(Some(DEADLINE)).unwrap();
    let heard = || {
        let mut buffer = [0; 512];
        let length = socket.recv(&mut buffer).expect("the daemon says nothing");
        let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
        said.lines().next().unwrap_or_default().to_owned()
    };
    let next = || {
        let mut said = heard();
        while said == "WATCHDOG=1" {
            said = heard();
        }
        said
    };
    let config = std::fs::read_to_string(firm.path("config.toml")).unwrap();
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_docketpost"))
        .env("DOCKETPOST_CONFIG", firm.path("config.toml"))
        .env("NOTIFY_SOCKET", firm.path("notify"))
        .arg("run")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    assert_eq!(next(), "READY=1");
    for text in ["stoer = 1\n", config.as_str()] {
        std::fs::write(firm.path("config.toml"), text).unwrap();
        signal("HUP", daemon.id());
        assert_eq!((next().as_str(), next().as_str()), ("RELOADING=1", "READY=1"));
    }
    signal("TERM", daemon.id());
    assert_eq!(next(), "STOPPING=1");
    assert!(ended(&mut daemon).success());
}

/// A daemon that runs until a letter lies in `out`; gives the address that an answer to it goes to.
fn answered_at(firm: &Firm) -> String {
    for folder in ["out", "in/new", "in/cur", "in/tmp"] {
        std::fs::create_dir_all(firm.path(folder)).unwrap();
    }
    let mut daemon = Command::new(env!("CARGO_BIN_EXE_docketpost"))
        .env("DOCKETPOST_CONFIG", firm.path("config.toml"))
        .arg("run")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let letter = wait_for(DEADLINE, || {
        let mut files = std::fs::read_dir(firm.path("out")).unwrap().map(|f| f.unwrap().path());
        files.find(|f| f.extension().is_some_and(|e| e == "eml"))
    });
    signal("TERM", daemon.id());
    ended(&mut daemon);
    let text = std::fs::read_to_string(letter.expect("no letter left")).unwrap();
    let reply = text.split("Reply-To:").nth(1).unwrap();
    reply.split('<').nth(1).unwrap().split('>').next().unwrap().to_owned()
}

#[test]
fn check_reads_answers_that_are_sealed() {
    let firm = Firm::with_jane_and_a_matter();
    // A resolver that answers: without one no mail is taken through.
    let dns = docketpost::demo::zone::Zone::start([]).unwrap();
    let config = std::fs::read_to_string(firm.path("config.toml")).unwrap();
    std::fs::write(firm.path("config.toml"), config.replace("127.0.0.1:9", &dns.address().to_string())).unwrap();
    firm.text(&["share", "M-1", "with", "jane@doe.example"]);
    let to = answered_at(&firm);
    let mail =
        format!("From: Jane Doe <jane@doe.example>\nTo: {to}\nSubject: Re: x\nMessage-ID: <1@doe.example>\n\nhi\n");
    assert_eq!(code(&firm.run_with(&["ingest", "--now"], mail.as_bytes())), Some(0));
    let said = |firm: &Firm| String::from_utf8_lossy(&firm.run(&["check"]).stdout).into_owned();
    assert!(said(&firm).contains("ok     answers to hale: of the last 1"), "{}", said(&firm));
    let key = firm.path("blob-key");
    std::fs::write(&key, "7".repeat(64)).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let config = std::fs::read_to_string(firm.path("config.toml")).unwrap();
    std::fs::write(firm.path("config.toml"), format!("blob_key_file = \"blob-key\"\n{config}")).unwrap();
    assert!(firm.text(&["seal"]).contains("all of them are now"));
    assert!(said(&firm).contains("ok     answers to hale: of the last 1"), "{}", said(&firm));
}

#[test]
fn a_copy_is_not_laid_into_the_store_that_it_is_of() {
    let firm = Firm::new();
    let refused = firm.run(&["backup", firm.path("store/copy.tar").to_str().unwrap()]);
    assert_eq!(code(&refused), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("in the store itself"), "{refused:?}");
    assert!(!firm.path("store/copy.tar").exists());
    let nowhere = firm.run(&["backup", firm.path("nowhere/copy.tar").to_str().unwrap()]);
    assert!(!String::from_utf8_lossy(&nowhere.stderr).contains(".docketpost-backup-"), "{nowhere:?}");
    let audit = firm.text(&["audit", "list"]);
    assert!(!audit.contains("backup"), "{audit}");
}

#[test]
fn every_command_that_the_pages_for_administrators_name_is_there() {
    let firm = Firm::new();
    let page = |name: &str| std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
    let (readme, administration) = (page("README.md"), page("docs/administration.md"));
    let lines = readme.lines().filter_map(|l| l.strip_prefix("       docketpost "));
    let spans = administration.split('`').skip(1).step_by(2).map(|s| s.trim_start_matches("docketpost "));
    let is_word = |w: &&str| w.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') && !w.starts_with('-');
    let named: BTreeSet<Vec<&str>> = lines
        .chain(spans.filter(|s| s.contains(' ')))
        .map(|typed| typed.split_whitespace().take_while(is_word).take(2).collect::<Vec<_>>())
        .filter(|words| !words.is_empty())
        .collect();
    assert!(named.len() > 50, "{named:?}");
    for words in named {
        let alone = firm.text(&["help", words[0]]);
        // Where the second word is no name of a command, what is typed after the first is its arguments.
        if words.len() > 1 && alone.contains("<COMMAND>") {
            firm.text(&["help", words[0], words[1]]);
        }
    }
}

#[test]
fn the_columns_of_an_import_are_told_before_there_is_a_configuration() {
    let firm = Firm::new();
    let told = firm.text(&["--config", "/nowhere.toml", "import", "--columns"]);
    assert!(told.contains("contacts.csv"), "{told}");
}

#[test]
fn an_import_as_spreadsheets_of_a_firm_write_it_names_line_column_and_what_would_work() {
    let firm = Firm::new();
    let contacts = "\u{feff}Name;E-Mail;Co-Counsel;Firm;Remark\r\nJane Roe;jane@roe.example;yes;Roe LLP;\r\n\r\n\
                    Bad Man;bad;yes;;x\r\nReed Ltd;;;Reed Ltd;\r\n";
    std::fs::write(firm.path("contacts.csv"), contacts).unwrap();
    let told = firm.run(&[
        "import",
        firm.path("contacts.csv").to_str().unwrap(),
        "--errors",
        firm.path("errors.csv").to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert_eq!(code(&told), Some(1));
    assert!(said.contains("contacts.csv:4: email: bad: is not a plain mail address"), "{said}");
    assert!(said.contains("not read: Firm, Remark"), "{said}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(firm.path("errors.csv")).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    let people = firm.text(&["person", "list"]);
    assert!(people.contains("Jane Roe") && people.contains("co-counsel"), "{people}");
    std::fs::write(firm.path("matters.csv"), "display_number,status,description,client\n2026-1,Open,Lease,Redd Ltd\n")
        .unwrap();
    let told = firm.run(&["import", firm.path("matters.csv").to_str().unwrap()]);
    let said = String::from_utf8_lossy(&told.stdout).into_owned();
    assert!(said.contains("matters.csv:2: client: nobody is known as \"Redd Ltd\""), "{said}");
    std::fs::write(firm.path("notes.csv"), "Titel,Text\na,b\n").unwrap();
    std::fs::write(firm.path("clients.csv"), "a,b\n").unwrap();
    let told = firm.run(&["import", firm.folder.path().to_str().unwrap()]);
    let (said, note) = (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(said.contains("notes.csv: has no column matter"), "{said}");
    assert!(note.contains("clients.csv: left out, its name tells no kind; take it in with --kind"), "{note}");
}

#[test]
fn shells_and_man_know_every_command() {
    let firm = Firm::new();
    for shell in ["bash", "zsh", "fish"] {
        assert!(firm.text(&["completions", shell]).contains("unshare"));
    }
    let folder = firm.path("man");
    firm.text(&["man", folder.to_str().unwrap()]);
    assert!(folder.join("docketpost.1").exists() && folder.join("docketpost-inbox-release.1").exists());
}

/// A bug in reading says what it stumbled over: that is a mail, and reaches neither the log nor the terminal.
#[cfg(feature = "crash-points")]
#[test]
fn t78_a_panic_tells_its_place_and_nothing_of_the_mail() {
    let firm = Firm::new();
    let mail = b"From: Jane jane@roe.example\r\nTo: r@gw.hale.example\r\nSubject: Settlement\r\nX-Test-Crash: panic\r\n\r\nWe would take 40,000.\r\n";
    let told = firm.run_with(&["ingest", "--now"], mail);
    let said = format!("{}{}", String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
    assert!(said.contains("failed unexpectedly at src"), "{said}");
    for word in ["40,000", "Settlement", "jane@roe.example", "asked for it"] {
        assert!(!said.contains(word), "{said}");
    }
}

/// A mail of the row's own size, and the limit that it breaks.
fn bombs() -> Vec<(&'static str, String, &'static str)> {
    let head = "From: Jane Doe <jane@doe.example>\r\nTo: r@gw.hale.example\r\nSubject: Brief\r\n\
                Date: Sat, 14 Mar 2026 09:00:00 +0000\r\nMessage-ID: <bomb@doe.example>\r\nMIME-Version: 1.0\r\n";
    let parts = format!(
        "{head}Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n{}--b--\r\n",
        "--b\r\n\r\nxxx\r\n".repeat(1_000_000)
    );
    let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n:05}\r\n\r\n--b{n:05}\r\n");
    let levels = format!("{head}{}\r\n#done T-1\r\n", (0..20_000).map(level).collect::<String>());
    let fields = format!("{head}{}\r\n#done T-1\r\n", "X-A: b\r\n".repeat(200_000));
    let segments: String = (0..200_000).map(|n| format!(";\r\n name*{n}*=a")).collect();
    let name = format!("{head}Content-Type: text/plain{segments}\r\n\r\n#done T-1\r\n");
    let colons = format!("{head}X-A{}\r\n\r\n#done T-1\r\n", ":".repeat(1_000_000));
    let comments =
        format!("{}\r\n#done T-1\r\n", head.replace("jane@doe", &format!("{}jane@doe", "(".repeat(1_000_000))));
    let all = format!("{head}{}\r\n#done T-1\r\n", format!("X-A: {}\r\n", "a".repeat(60_000)).repeat(100));
    assert!(parts.len() >= 12_000_000 && levels.len() >= 1_200_000);
    vec![
        ("parts", parts, "TOO_MANY_PARTS"),
        ("levels", levels, "TOO_DEEP"),
        ("fields", fields, "TOO_MANY_HEADERS"),
        ("segments", name, "HEADER_TOO_LONG"),
        ("colons", colons, "HEADER_TOO_LONG"),
        ("comments", comments, "HEADER_TOO_LONG"),
        ("all", all, "HEADERS_TOO_LONG"),
    ]
}

/// Through the whole way of a mail as the daemon takes it: held unread under the name of its limit, kept whole, answered to
/// nobody, and the next mail goes on. And `inspect`, with an address space in which a bomb that goes off has no room, and
/// with so many seconds of the processor, which a busy machine does not shorten.
#[test]
fn t50_t52_t53_no_bomb_goes_off_on_the_way_of_a_mail() {
    let firm = Firm::with_jane_and_a_matter();
    let letters = firm.json(&["outbox", "list"]);
    for (what, mail, limit) in bombs() {
        let file = firm.path(what);
        std::fs::write(&file, &mail).unwrap();
        let bounded = "ulimit -v 524288; ulimit -t 60; exec \"$0\" inspect \"$1\"";
        let inspected =
            Command::new("sh").args(["-c", bounded, env!("CARGO_BIN_EXE_docketpost")]).arg(&file).output().unwrap();
        assert!(inspected.status.success(), "{what}: {inspected:?}");
        let object: Value = serde_json::from_slice(&inspected.stdout).unwrap();
        assert_eq!(
            (object["defects"][0].as_str(), object["reply"].as_str()),
            (Some(limit), Some("")),
            "{what}: {object}"
        );
        assert_eq!(
            (object["commands"].to_string(), object["attachments"].to_string()),
            ("[]".into(), "[]".into()),
            "{what}"
        );
        assert!(inspected.stdout.len() < 100_000, "{what}");

        let taken = firm.run_with(&["ingest", "--now"], mail.as_bytes());
        assert!(taken.status.success(), "{what}: {taken:?}");
        let held = firm.json(&["inbox", "list"]);
        let number = |m: &&Value| m["mail"].as_str().unwrap()[2..].parse::<u32>().unwrap();
        let newest = held.as_array().unwrap().iter().max_by_key(number).unwrap();
        assert_eq!(
            (newest["state"].as_str(), newest["reason"].as_str()),
            (Some("HELD"), Some(limit)),
            "{what}: {newest}"
        );
        let shown = firm.text(&["inbox", "show", newest["mail"].as_str().unwrap()]);
        assert!(shown.contains(limit) && shown.contains(&format!("{} bytes", mail.len())), "{what}: {shown}");
    }
    assert_eq!(firm.json(&["outbox", "list"]), letters, "nobody is told anything by a bomb");
    // Of nobody, so that no name server need be asked.
    let next =
        b"From: jane@doe.example\r\nFrom: max@doe.example\r\nTo: r@gw.hale.example\r\nSubject: Next\r\n\r\nHello\r\n";
    assert!(firm.run_with(&["ingest", "--now"], next).status.success());
    let list = firm.json(&["inbox", "list"]);
    assert!(list.as_array().unwrap().iter().any(|m| m["subject"] == "Next" && m["state"] == "HELD"), "{list}");
}
