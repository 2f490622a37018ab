//! The commands as an operator types them: the built binary, a configuration in a folder, exit codes, and what reaches the
//! terminal.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// A firm in a folder of its own; nothing of it is outside.
struct Firm {
    folder: tempfile::TempDir,
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
    std::fs::write(firm.path("config.toml"), "stoer = 1\n").unwrap();
    let wrong = firm.run(&["matter", "list"]);
    assert_eq!(code(&wrong), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("config.toml:1"), "{wrong:?}");
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
    std::fs::remove_file(firm.path("store/reply.key")).unwrap();
    assert_eq!(code(&firm.run_with(&["ingest"], MAIL)), Some(75));
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
