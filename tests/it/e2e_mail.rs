//! What co-counsel's mails do: each goes in by SMTP, and what came of it is read from people's mailboxes by IMAP.

use crate::gateway::{Door, Gateway, Ways};
use crate::servers::Servers;
use docketpost::domain::Item;

#[test]
fn a_reply_becomes_a_message_for_the_firms_lawyer_whose_plain_reply_reaches_co_counsel() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    gateway.reply(&gateway.jane, &assigned, "Shall I cover the limitation point too?").send();
    let news = gateway.wait_for_words(&gateway.anna, "limitation point");
    assert!(news.says("Jane Roe wrote:"), "{}", news.text());
    assert!(!news.says("assigned this task"), "the quoted mail went along: {}", news.text());
    gateway.reply(&gateway.anna, &news, "Yes please, two pages at most.").send();
    let answer = gateway.wait_for_words(&gateway.jane, "two pages at most");
    gateway.reply(&gateway.jane, &answer, "Will do by Friday.").send();
    gateway.wait_for_words(&gateway.anna, "Will do by Friday");
    let bodies = gateway.words("SELECT body FROM conversation_messages ORDER BY id");
    let said = ["Shall I cover the limitation point too?", "Yes please, two pages at most.", "Will do by Friday."];
    assert_eq!(bodies, said);
    assert_eq!(gateway.count("SELECT count(*) FROM conversations"), 1);
}

#[test]
fn a_new_mail_to_the_matters_address_becomes_a_message() {
    let gateway = Gateway::start();
    gateway.share(&gateway.jane, gateway.matter);
    gateway.write(&gateway.jane, &gateway.matter_address(), "Hearing", "The hearing was moved to 3 May.").send();
    let news = gateway.wait_for_words(&gateway.anna, "moved to 3 May");
    assert!(news.subject().contains("Jane Roe"), "{}", news.subject());
}

#[test]
fn time_and_done_in_one_mail_are_both_carried_out_and_confirmed_in_one_receipt() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    gateway.reply(&gateway.jane, &assigned, "#time 1.5h A103 Drafted reply brief\n#done").send();
    let receipt = gateway.wait_for_words(&gateway.jane, "Your mail came on");
    for words in ["TE-1: 1.5 h on", "A103", "Drafted reply brief", "completed", "#undo"] {
        assert!(receipt.says(words), "no {words} in {}", receipt.text());
    }
    assert!(receipt.header("in-reply-to").is_some());
    assert!(!receipt.text().contains(['£', '$', '€']));
    gateway.wait_for_words(&gateway.anna, "Jane Roe completed task");
    assert_eq!(gateway.words("SELECT quantity_seconds || ' ' || utbms_activity_code FROM activities"), ["5400 A103"]);
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE status = 'complete' AND completed_by = assignee_id"), 1);
}

#[test]
fn undo_in_reply_to_a_receipt_takes_the_time_back() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    gateway.reply(&gateway.jane, &assigned, "#time 2h Read the file").send();
    let receipt = gateway.wait_for_words(&gateway.jane, "TE-1: 2 h");
    gateway.reply(&gateway.jane, &receipt, "#undo").send();
    gateway.wait_for_words(&gateway.jane, "TE-1: time entry taken back");
    assert_eq!(gateway.count("SELECT count(*) FROM activities WHERE deleted_at IS NULL"), 0);
}

#[test]
fn an_attachment_becomes_a_document_and_the_receipt_says_so() {
    let gateway = Gateway::start();
    gateway.share(&gateway.jane, gateway.matter);
    let shared = gateway.wait_for_words(&gateway.jane, "M-1");
    let exhibit = b"%PDF-1.4\nan exhibit\n%%EOF\n".repeat(500);
    gateway.reply(&gateway.jane, &shared, "").attach("Exhibit A.pdf", &exhibit).send();
    let receipt = gateway.wait_for_words(&gateway.jane, "filed");
    assert!(receipt.says("D-1 \"Exhibit A.pdf\""), "{}", receipt.text());
    gateway.wait_for_words(&gateway.anna, "Exhibit A.pdf");
    let version = gateway.words("SELECT sha256 FROM document_versions");
    assert_eq!(gateway.store.blobs().get(&version[0]).unwrap(), exhibit);
}

#[test]
fn a_file_in_reply_to_a_documents_mail_becomes_its_next_version() {
    let gateway = Gateway::start();
    let brief = gateway.document("Brief.pdf", b"%PDF-1.4\nfirst\n%%EOF\n");
    gateway.share(&gateway.jane, brief);
    let shared = gateway.wait_for_words(&gateway.jane, "Brief.pdf");
    gateway.reply(&gateway.jane, &shared, "").attach("Brief.pdf", b"%PDF-1.4\nsecond\n%%EOF\n").send();
    gateway.wait_for_words(&gateway.jane, "version 2 filed");
    gateway.wait_for_words(&gateway.anna, "version 2");
    let versions = gateway.words("SELECT document_id || ' ' || version_number FROM document_versions ORDER BY id");
    assert_eq!(versions, [format!("{} 1", brief.id), format!("{} 2", brief.id)]);
}

#[test]
fn the_logo_of_a_signature_is_left_out_and_the_receipt_says_so() {
    let gateway = Gateway::start();
    gateway.share(&gateway.jane, gateway.matter);
    let shared = gateway.wait_for_words(&gateway.jane, "M-1");
    let reply = gateway.reply(&gateway.jane, &shared, "The exhibit is attached.").signature("Jane Roe, Roe & Co");
    reply.attach("Exhibit A.pdf", b"%PDF-1.4\nexhibit\n%%EOF\n").send();
    let receipt = gateway.wait_for_words(&gateway.jane, "\"Exhibit A.pdf\" filed");
    assert!(receipt.says("\"image001.gif\" was not filed"), "{}", receipt.text());
    assert_eq!(gateway.words("SELECT name FROM documents"), ["Exhibit A.pdf"]);
    assert_eq!(gateway.words("SELECT body FROM conversation_messages"), ["The exhibit is attached."]);
}

#[test]
fn get_brings_a_shared_file_and_once_unshared_it_is_as_if_it_had_never_been() {
    let gateway = Gateway::start();
    let bytes = b"%PDF-1.4\nthe brief\n%%EOF\n".repeat(100);
    let brief = gateway.document("Brief.pdf", &bytes);
    gateway.share(&gateway.jane, brief);
    let shared = gateway.wait_for_words(&gateway.jane, "Brief.pdf");
    gateway.reply(&gateway.jane, &shared, "#get D-1").send();
    let answer = gateway.wait_for(&gateway.jane, "the file", |m| !m.files().is_empty());
    assert_eq!(answer.files(), [("Brief.pdf".to_owned(), bytes)]);
    gateway.unshare(&gateway.jane, brief);
    gateway.reply(&gateway.jane, &shared, "#get D-1").send();
    gateway.write(&gateway.jane, &format!("r@{}", gateway.domain), "Documents", "#get D-1").send();
    gateway.settle();
    let mails = gateway.mails(&gateway.jane);
    assert_eq!(mails.iter().filter(|m| !m.files().is_empty()).count(), 1);
    assert!(mails.last().unwrap().says("I find no document D-1 shared with you"), "{}", mails.last().unwrap().text());
}

#[test]
fn a_file_that_was_sent_for_comes_back_changed_as_its_next_version() {
    let gateway = Gateway::start();
    let brief = gateway.document("Brief.pdf", b"%PDF-1.4\nthe brief\n%%EOF\n");
    gateway.share(&gateway.jane, brief);
    let shared = gateway.wait_for_words(&gateway.jane, "Brief.pdf");
    gateway.reply(&gateway.jane, &shared, "#get D-1").send();
    let answer = gateway.wait_for(&gateway.jane, "the file", |m| !m.files().is_empty());
    assert!(
        answer.says("Reply with the changed file, under the same name, to file it as version 2."),
        "{}",
        answer.text()
    );
    gateway.reply(&gateway.jane, &answer, "").attach("Brief.pdf", b"%PDF-1.4\nchanged\n%%EOF\n").send();
    gateway.wait_for_words(&gateway.jane, "version 2 filed");
    assert_eq!(gateway.words("SELECT name FROM documents"), ["Brief.pdf"]);
}

/// What is refused says the same of what is not shared as of what is not there.
#[test]
fn an_unshared_item_is_refused_in_the_words_for_an_absent_one() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let hidden = gateway.task(&gateway.max, "Settlement figures");
    let refusal = |task: i64| {
        gateway.reply(&gateway.jane, &assigned, &format!("#done T-{task}")).send();
        let receipt = gateway.wait_for_words(&gateway.jane, &format!("T-{task}"));
        let text = receipt.text().replace(&format!("T-{task}"), "T-?");
        text.lines().filter(|l| !l.contains("Your mail came on")).map(|l| format!("{l}\n")).collect::<String>()
    };
    let (unshared, absent) = (refusal(hidden.id), refusal(77));
    assert_eq!(unshared, absent);
    assert!(!unshared.contains("Settlement"), "{unshared}");
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL"), 0);
}

/// A gateway whose letters are queued and can't leave until the door is opened.
fn held_back() -> (Gateway<'static>, Door) {
    let servers = Servers::shared();
    let door = Door::before(servers.postfix.smtps);
    let ways = Ways { smtp: (door.port, "implicit"), ..Ways::usual(servers) };
    (Gateway::with(servers, &ways), door)
}

fn unshare_from_outside(gateway: &Gateway<'_>, item: Item, number: &str) {
    let ended = gateway.command(&["unshare", number, "from", &gateway.jane.address]).status().unwrap();
    assert!(ended.success(), "{}", gateway.log());
    let live =
        "SELECT count(*) FROM shares WHERE revoked_at IS NULL AND resource_type = '{kind}' AND resource_id = {id}";
    let live = live.replace("{kind}", item.kind.stored()).replace("{id}", &item.id.to_string());
    assert_eq!(gateway.count(&live), 0);
}

#[test]
fn t80_a_mail_about_a_single_item_that_was_unshared_after_queueing_does_not_arrive() {
    let (gateway, door) = held_back();
    gateway.run();
    let secret = gateway.document("Secret memo.pdf", b"%PDF-1.4\nsecret\n%%EOF\n");
    let open = gateway.document("Open memo.pdf", b"%PDF-1.4\nopen\n%%EOF\n");
    gateway.share(&gateway.jane, secret);
    gateway.share(&gateway.jane, open);
    unshare_from_outside(&gateway, secret, "D-1");
    door.open();
    gateway.wait_for_words(&gateway.jane, "Open memo.pdf");
    gateway.settle();
    for mail in gateway.mails(&gateway.jane) {
        assert!(!mail.says("Secret memo"), "{}", mail.text());
    }
    // Both were to be told of in one mail, which was written without it.
    assert_eq!(gateway.count("SELECT count(*) FROM outbox WHERE state = 'CANCELLED'"), 0);
}

#[test]
fn a_task_that_is_taken_away_after_queueing_is_not_told_of() {
    let (gateway, door) = held_back();
    gateway.run();
    let secret = gateway.task(&gateway.jane, "Secret task");
    gateway.task(&gateway.jane, "Open task");
    unshare_from_outside(&gateway, secret, "T-1");
    door.open();
    gateway.wait_for_words(&gateway.jane, "Open task");
    gateway.settle();
    assert!(gateway.mails(&gateway.jane).iter().all(|mail| !mail.says("Secret task")));
}

#[test]
fn t81_a_digest_of_three_items_of_which_one_was_unshared_after_queueing_arrives_with_two() {
    let (gateway, door) = held_back();
    let tasks = ["First task", "Second task", "Third task"].map(|name| gateway.task_quietly(&gateway.jane, name));
    gateway.wants_digests(&gateway.jane);
    gateway.run();
    gateway.wait_for_rows("SELECT 1 FROM outbox WHERE template = 'digest' AND state = 'QUEUED'");
    unshare_from_outside(&gateway, tasks[1], "T-2");
    door.open();
    let digest = gateway.wait_for_words(&gateway.jane, "First task");
    assert!(digest.says("Third task") && !digest.says("Second task"), "{}", digest.text());
    assert_eq!(digest.header("precedence"), Some("bulk"));
}

#[test]
fn an_invitation_shows_nothing_and_its_acceptance_opens_what_was_shared() {
    let gateway = Gateway::start();
    let ben = gateway.stranger("Ben", "ben", "other.example");
    let said =
        |arguments: &[&str]| assert!(gateway.command(arguments).status().unwrap().success(), "{}", gateway.log());
    said(&["person", "add", "--name", "Ben Ford", "--address", &ben.address, "--co-counsel"]);
    said(&["share", "M-1", "with", &ben.address]);
    let invitation = gateway.wait_for(&ben, "the invitation", |_| true);
    assert!(!invitation.says("Reed v. Marsh") && !invitation.says("2026-0012"), "{}", invitation.text());
    gateway.reply(&ben, &invitation, "#accept").send();
    let welcome = gateway.wait_for_words(&ben, "2026-0012");
    gateway.reply(&ben, &welcome, "#matters").send();
    gateway.wait_for(&ben, "the list of matters", |m| m.header("in-reply-to").is_some() && m.says("M-1"));
}

#[test]
fn a_new_mail_with_words_in_its_subject_alone_is_a_message_of_them() {
    let gateway = Gateway::start();
    gateway.share(&gateway.jane, gateway.matter);
    gateway.write(&gateway.jane, &gateway.matter_address(), "[M-1] The hearing was moved to 3 May", "").send();
    gateway.wait_for_words(&gateway.anna, "moved to 3 May");
    let bodies = gateway.words("SELECT body FROM conversation_messages");
    assert_eq!(bodies, ["The hearing was moved to 3 May"]);
}

#[test]
fn the_firms_lawyer_writes_to_a_matter_of_one_and_is_told_who_got_it() {
    let gateway = Gateway::start();
    gateway.share(&gateway.jane, gateway.matter);
    gateway.write(&gateway.anna, &gateway.matter_address(), "Order", "The new order is out.").send();
    gateway.wait_for_words(&gateway.jane, "The new order is out.");
    gateway.wait_for_words(&gateway.anna, "Message sent to Jane Roe");
}
