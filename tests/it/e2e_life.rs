//! A matter's whole life in one run over real servers: the firm is set up and acts by the command line alone, everybody
//! else by mail, and what came of it is looked for in the mailboxes and in what the commands list.

use std::path::Path;

use docketpost::demo::letters::{Letters, fill};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use crate::gateway::{Gateway, Person, Received};
use crate::servers::{DEADLINE, Servers, wait_until};

/// The line with the code that a mail asks for.
fn code(asked: &Received) -> String {
    asked.text().lines().map(str::trim).find(|l| l.starts_with("#confirm")).unwrap().to_owned()
}

/// Jane's calendar answers the invitation by itself, as the sample of this name does.
fn calendar_answers(gateway: &Gateway<'_>, sample: &str, day: &str) {
    let jane = &gateway.jane;
    let mut letters = Letters::default();
    gateway.servers.dovecot.imap_mails(&jane.address).iter().for_each(|raw| letters.note("events", raw));
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/calendar").join(sample);
    let mail = std::fs::read_to_string(file).unwrap();
    let mail = mail.replace("jane@roe.example", &jane.address).replace("20260420", day);
    let mail = fill(mail.as_bytes(), &letters, Timestamp::now()).unwrap();
    gateway.submit_signed(jane, &letters.get("EV-1").unwrap().reply_to, &mail);
}

/// The next full minute, in London.
fn soon() -> String {
    let at = Timestamp::now() + 1.minutes();
    at.to_zoned(TimeZone::get("Europe/London").unwrap()).strftime("%H:%M").to_string()
}

#[test]
fn a_matter_is_lived_through_from_its_entry_to_the_end_of_the_access() {
    let gateway = Gateway::by_the_command_line(Servers::shared());
    gateway.run();
    let (anna, jane) = (gateway.anna.clone(), gateway.jane.clone());
    let file = |name: &str, bytes: &[u8]| {
        let path = gateway.config().with_file_name(name);
        std::fs::write(&path, bytes).unwrap();
        path.display().to_string()
    };

    // Invitation and welcome.
    gateway.says(&["share", "M-1", "with", &jane.address]);
    let invitation = gateway.wait_for_words(&jane, "invites you");
    assert!(!invitation.says("Reed") && !invitation.says("2026-0012"), "{}", invitation.text());
    gateway.reply(&jane, &invitation, "#accept").send();
    let welcome = gateway.wait_for_words(&jane, "Welcome");
    assert!(welcome.says("M-1: 2026-0012, Reed v. Marsh"), "{}", welcome.text());
    gateway.wait_for_words(&anna, "Jane Roe accepted");

    // Two tasks, one of them with time on it; a digest is to tell of the other.
    gateway.says(&["task", "--matter", "M-1", "--for", &jane.address, "Draft reply brief"]);
    let task = gateway.wait_for_words(&jane, "Task T-1");
    gateway.says(&["task", "--matter", "M-1", "--for", &jane.address, "Check the exhibits"]);
    gateway.reply(&jane, &welcome, &format!("#digest daily {}", soon())).send();
    gateway.wait_for_words(&jane, "You get a digest every day");
    gateway.reply(&jane, &task, "#time 1.5h A103 Drafted reply brief\n#done").send();
    let receipt = gateway.wait_for_words(&jane, "TE-1: 1.5 h");
    assert!(receipt.says("completed"), "{}", receipt.text());
    gateway.wait_for_words(&anna, "completed task");
    let times = gateway.says(&["time", "list"]);
    assert!(times.contains("TE-1") && times.contains("Drafted reply brief"), "{times}");

    // A hearing, answered by three calendars.
    let day = (Timestamp::now() + (30 * 24).hours()).strftime("%Y-%m-%d").to_string();
    gateway.says(&[
        "event",
        "add",
        "Hearing",
        "--matter",
        "M-1",
        "--on",
        &day,
        "--at",
        "14:00",
        "--place",
        "Court 4, Strand",
        "--invite",
        &jane.address,
    ]);
    let event = gateway.wait_for_words(&jane, "Event EV-1: Hearing");
    assert!(event.says("Court 4, Strand"), "{}", event.text());
    for (sample, words, answer) in [
        ("outlook_accepts.eml", "Jane Roe said yes", "yes"),
        ("gmail_declines_with_words.eml", "Jane Roe said no", "no"),
        ("apple_perhaps_without_sequence.eml", "Jane Roe said maybe", "maybe"),
    ] {
        calendar_answers(&gateway, sample, &day.replace('-', ""));
        gateway.wait_for_words(&anna, words);
        let shown = gateway.says(&["event", "show", "EV-1"]);
        assert!(shown.contains(&format!("Jane Roe (P-2), {answer}")), "{shown}");
    }
    gateway.wait_for_words(&anna, "I am in court in Leeds that day");

    // An assistant, named by Jane and let in by the firm.
    let paula = gateway.stranger("Paula Berg", "paula", "other.example");
    gateway.reply(&jane, &welcome, &format!("#assistant add Paula Berg {}", paula.address)).send();
    let asked = gateway.wait_for_words(&jane, "Please confirm Paula Berg");
    gateway.reply(&jane, &asked, &code(&asked)).send();
    gateway.wait_for_words(&anna, "Jane Roe names an assistant");
    gateway.says(&["assistant", "approve", &paula.address]);
    let invitation = gateway.wait_for_words(&paula, "asks you to act for them");
    gateway.reply(&paula, &invitation, "#accept").send();
    gateway.wait_for_words(&paula, "You now act for Jane Roe");
    let exhibit = b"%PDF-1.4\nan exhibit\n%%EOF\n".repeat(50);
    let uploaded = gateway.write(&paula, &gateway.matter_address(), "[M-1] Exhibit", "For the bundle.");
    uploaded.attach("Exhibit A.pdf", &exhibit).send();
    gateway.wait_for_words(&paula, "D-1 \"Exhibit A.pdf\"");
    assert!(gateway.wait_for_words(&anna, "Exhibit A.pdf").says("Paula Berg for Jane Roe"));

    // A document, and its next version.
    gateway.says(&["document", "add", "M-1", &file("Brief.pdf", b"%PDF-1.4\nthe brief\n%%EOF\n")]);
    gateway.says(&["share", "D-2", "with", &jane.address]);
    let shared = gateway.wait_for_words(&jane, "Brief.pdf");
    gateway.reply(&jane, &shared, "").attach("Brief.pdf", b"%PDF-1.4\nchanged\n%%EOF\n").send();
    gateway.wait_for_words(&jane, "version 2 filed");
    gateway.wait_for_words(&anna, "version 2");

    // Messages both ways.
    gateway.reply(&jane, &task, "Shall I cover the limitation point too?").send();
    let news = gateway.wait_for_words(&anna, "limitation point");
    gateway.reply(&anna, &news, "Yes please, two pages at most.").send();
    gateway.wait_for_words(&jane, "two pages at most");

    // A bill.
    let bill = file("Bill.pdf", b"%PDF-1.4\na bill\n%%EOF\n");
    let bill = [
        "bill",
        "add",
        "2026-0417",
        "--matter",
        "M-1",
        "--total",
        "1200.00",
        "--state",
        "awaiting_payment",
        "--file",
        &bill,
    ];
    gateway.says(&bill);
    gateway.says(&["share", "BILL-1", "with", &jane.address]);
    assert!(gateway.wait_for_words(&jane, "Bill BILL-1").says("GBP 1,200.00"));

    // The digest that was asked for at the beginning.
    let came = || gateway.mails(&jane).into_iter().find(|mail| mail.says("your digest of"));
    let digest = wait_until("the digest", DEADLINE * 4, came);
    assert!(digest.says("Check the exhibits"), "{}", digest.text());
    gateway.reply(&jane, &welcome, "#digest off").send();
    gateway.wait_for_words(&jane, "You get no digest any more");

    // Another address: nothing changes before both mailboxes have confirmed it.
    let moved = Person { id: jane.id, ..gateway.stranger("Jane Roe", "jane", "other.example") };
    gateway.reply(&jane, &welcome, &format!("#email {}", moved.address)).send();
    let (old, new) = (
        gateway.wait_for_words(&jane, "Confirm your change of address"),
        gateway.wait_for_words(&moved, "Confirm this mail address"),
    );
    gateway.reply(&moved, &new, &code(&new)).send();
    gateway.wait_for_words(&moved, "this address is confirmed");
    gateway.reply(&jane, &old, &code(&old)).send();
    gateway.wait_for_words(&jane, "no longer come to this address");
    gateway.wait_for_words(&moved, "was changed");
    gateway.wait_for_words(&anna, "Jane Roe's mail address was changed");
    let card = gateway.says(&["person", "show", &format!("P-{}", jane.id.0)]);
    assert!(card.contains(&moved.address) && card.contains(&jane.address), "{card}");
    gateway.reply(&moved, &task, "#time 0.5h Read the order").send();
    gateway.wait_for_words(&moved, "TE-2: 0.5 h");

    // The end: out of the calendar, told once, and silence from then on.
    gateway.says(&["unshare", "all", "from", &moved.address]);
    let cancelled = gateway.wait_for(&moved, "the cancellation", is_cancellation);
    assert!(!cancelled.says("Reed") && !cancelled.says("Court 4"), "{}", cancelled.text());
    gateway.wait_for_words(&moved, "Access ended");
    gateway.settle();
    let heard = || [&jane, &moved, &paula].map(|p| gateway.mails(p).len());
    let before = heard();
    gateway.says(&["document", "version", "D-2", &file("Brief.pdf", b"%PDF-1.4\nthird\n%%EOF\n")]);
    gateway.says(&["event", "change", "EV-1", "--place", "Court 7, Strand"]);
    gateway.says(&["bill", "state", "BILL-1", "paid"]);
    gateway.reply(&moved, &task, "Still there?").send();
    gateway.write(&paula, &gateway.matter_address(), "[M-1] Exhibit", "One more.").send();
    gateway.settle();
    let after = heard();
    // What they write themselves may be answered, in words that say nothing of the matter.
    for (person, old) in [&jane, &moved, &paula].into_iter().zip(before) {
        for mail in &gateway.mails(person)[old..] {
            for hidden in ["Reed", "Brief.pdf", "Court 7", "BILL-1", "Hearing"] {
                assert!(!mail.says(hidden), "{} heard {hidden}: {}", person.address, mail.text());
            }
        }
    }
    assert!(after[0] == before[0] && after[1] <= before[1] + 1 && after[2] <= before[2] + 1, "{before:?} {after:?}");
    assert_eq!(gateway.count("SELECT count(*) FROM documents"), 2);
    assert_eq!(gateway.count("SELECT count(*) FROM activities WHERE deleted_at IS NULL"), 2);

    // What the firm keeps, and who may see it now.
    let times = gateway.says(&["time", "list"]);
    assert!(times.contains("TE-1") && times.contains("TE-2"), "{times}");
    assert!(gateway.says(&["matter", "list"]).contains("2026-0012"));
    let who = gateway.says(&["who", "M-1"]);
    assert!(!who.contains("Jane Roe: shared"), "{who}");
}

/// Whether a mail takes an event out of the calendar.
fn is_cancellation(mail: &Received) -> bool {
    mail.calendars().iter().any(|object| object.contains("METHOD:CANCEL"))
}
