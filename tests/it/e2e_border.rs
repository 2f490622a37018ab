//! `docketpost check --border` against real servers: a border that takes forged results away, and two that leave them.

use crate::gateway::Gateway;
use crate::servers::{Servers, postfix::Border};
use serde_json::Value;
use std::{fs, process::Stdio};

/// What the command says, and whether all is well.
fn checked(gateway: &Gateway<'_>) -> (String, bool) {
    let mut command = gateway.command(&["check", "--border", "--wait", "30", "--json"]);
    let out = command.stdout(Stdio::piped()).output().unwrap();
    let told: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(told.as_array().unwrap().len(), 1, "{told}");
    (told[0]["text"].as_str().unwrap().to_owned(), told[0]["ok"] == true && out.status.success())
}

/// Takes the lines that the command gave into the configuration.
fn configure(gateway: &Gateway<'_>, said: &str) {
    let lines = said.split("[mailbox.auth_results] ").nth(1).unwrap();
    let toml =
        lines.replace(", received_by", "\nreceived_by").replace(", hops", "\nhops").replace(", fields", "\nfields");
    let toml = toml.replace(", layout", "\nlayout");
    let config = fs::read_to_string(gateway.config()).unwrap();
    fs::write(gateway.config(), format!("{config}[mailbox.auth_results]\n{toml}\n")).unwrap();
}

fn status(gateway: &Gateway<'_>) -> String {
    let out = gateway.command(&["status"]).stdout(Stdio::piped()).output().unwrap();
    String::from_utf8(out.stdout).unwrap()
}

/// Whether the daemon would use the border's results on that day.
fn is_believed(gateway: &Gateway<'_>, days: i64) -> bool {
    let config = docketpost::config::Config::load(&gateway.config()).unwrap();
    let mailbox = &config.mailboxes[0];
    let at = jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_hours(24 * days)).unwrap();
    let believed = |view: &docketpost::store::Snapshot<'_>| {
        view.believed(&mailbox.name, mailbox.auth_results.as_ref(), at).map(|p| p.is_some())
    };
    gateway.store.read(believed).unwrap()
}

/// Nothing was made of the mail but a row that says that it is our own.
fn nothing_came_of_it(gateway: &Gateway<'_>, mails: i64) {
    gateway.run();
    let ignored = "SELECT count(*) FROM inbox WHERE state = 'IGNORED' AND class = 'loop'";
    crate::servers::wait_until("our own mail is known", crate::servers::DEADLINE, || {
        (gateway.count(ignored) == mails).then_some(())
    });
    assert!(gateway.stop().success());
    assert_eq!(gateway.count("SELECT count(*) FROM inbox"), mails);
    assert_eq!(gateway.count("SELECT count(*) FROM outbox"), 0);
}

#[test]
fn t10_a_border_below_is_believed_only_while_a_fresh_test_shows_that_it_takes_forged_results_away() {
    let servers = Servers::with_border(Border::BelowAndStrips);
    let gateway = Gateway::at(&servers);
    let (said, is_well) = checked(&gateway);
    assert!(is_well && said.contains("run this again") && said.contains("layout = \"below\""), "{said}");
    configure(&gateway, &said);
    assert!(!is_believed(&gateway, 0), "before any test of what is configured");
    let (said, is_well) = checked(&gateway);
    assert!(is_well && said == "forged results were taken away", "{said}");
    assert_eq!([0, 30, 32].map(|days| is_believed(&gateway, days)), [true, true, false]);
    assert!(status(&gateway).contains("Border:    main holds: forged results were taken away"), "{}", status(&gateway));
    // It was of what was configured then.
    let config = fs::read_to_string(gateway.config()).unwrap();
    fs::write(gateway.config(), config.replace("fields = 1", "fields = 2")).unwrap();
    assert!(!is_believed(&gateway, 0));
    fs::write(gateway.config(), config).unwrap();
    nothing_came_of_it(&gateway, 2);
    assert!(is_believed(&gateway, 0));
    // One mail in which they were left ends it.
    gateway.store.write(|tx| tx.border_let_through("main")).unwrap();
    assert!(!is_believed(&gateway, 0) && status(&gateway).contains("main FAILED"), "{}", status(&gateway));
}

#[test]
fn t10_a_border_below_that_leaves_forged_results_is_never_believed() {
    let servers = Servers::with_border(Border::Below);
    let gateway = Gateway::at(&servers);
    // While the daemon runs, it may have the mail first.
    gateway.run();
    let (said, is_well) = checked(&gateway);
    assert!(is_well && said.contains("layout = \"below\""), "{said}");
    assert!(gateway.stop().success());
    configure(&gateway, &said);
    let (said, is_well) = checked(&gateway);
    assert!(!is_well && said.contains("were left"), "{said}");
    assert!(!is_believed(&gateway, 0) && status(&gateway).contains("main FAILED"));
    nothing_came_of_it(&gateway, 2);
}

#[test]
fn t10_a_border_above_is_told_by_its_place_though_forged_results_are_left() {
    let servers = Servers::with_border(Border::Above);
    let gateway = Gateway::at(&servers);
    let (said, is_well) = checked(&gateway);
    assert!(is_well && said.contains("layout = \"above\""), "{said}");
    configure(&gateway, &said);
    let (said, is_well) = checked(&gateway);
    assert!(is_well && said.contains("where they are not read"), "{said}");
    assert!(is_believed(&gateway, 400), "position is proof, whenever it was tested");
    // A server that is not on the way is named as what it is.
    let folder = servers.dovecot.maildir(&gateway.mailbox);
    let config = fs::read_to_string(gateway.config()).unwrap();
    let (before, after) = config.split_once("[mailbox.imap]").unwrap();
    let (_, after) = after.split_once("[mailbox.auth_results]").unwrap();
    let after = after.replace("\"mx.firm.example\"]\nhops", "\"mx2.firm.example\"]\nhops");
    fs::write(gateway.config(), format!("{before}maildir = {folder:?}\n[mailbox.auth_results]{after}")).unwrap();
    let (said, is_well) = checked(&gateway);
    assert!(!is_well && said.contains("shows nothing"), "{said}");
    // No daemon ever took the mails in.
    gateway.leave_unchecked();
}
