//! Mails that must do nothing and get no answer: forged, automatic, from strangers.

use crate::gateway::Gateway;

/// Nothing happened and nobody was written to, except by the letters that there were before.
fn nothing_happened(gateway: &Gateway<'_>, letters_before: usize) {
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM effects"), 0);
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL"), 0);
    assert_eq!(gateway.mails(&gateway.jane).len(), letters_before, "{}", gateway.log());
}

#[test]
fn t01_a_forged_sender_has_no_effect_and_gets_no_answer() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    // Signed by another domain than the one it claims, and not signed at all.
    let stranger = gateway.stranger("Mallory", "mallory", "other.example");
    gateway.reply(&stranger, &assigned, "#done").claiming(&gateway.jane).send();
    let unsigned = gateway.reply(&gateway.jane, &assigned, "#done");
    gateway.submit(&gateway.jane.address, assigned.reply_to(), &unsigned.unsigned());
    let to_matter = gateway.write(&gateway.jane, &gateway.matter_address(), "Hello", "#done T-1");
    gateway.submit(&gateway.jane.address, &gateway.matter_address(), &to_matter.unsigned());
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM effects"), 0);
    assert_eq!(gateway.count("SELECT count(*) FROM inbox WHERE state = 'HELD'"), 3);
    // Only the question at the registered address, whether this was them; never an answer to what was asked.
    let answered =
        gateway.words("SELECT template FROM outbox WHERE template NOT IN ('tasks','held','challenge','notice')");
    assert!(answered.is_empty(), "{answered:?}");
    let told = gateway.mails(&gateway.jane);
    assert!(told.iter().all(|m| m.header("in-reply-to").is_none() || !m.says("Not done")));
}

#[test]
fn one_flipped_byte_of_the_signature_takes_all_effect_away() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let draft = gateway.reply(&gateway.jane, &assigned, "#done");
    let mut mail = draft.signed();
    let at = mail.windows(4).position(|w| w == b"\tb=a" || w.starts_with(b"\tb=")).unwrap() + 8;
    mail[at] = if mail[at] == b'A' { b'B' } else { b'A' };
    gateway.submit(&gateway.jane.address, assigned.reply_to(), &mail);
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM effects"), 0);
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL"), 0);
    assert_eq!(gateway.words("SELECT state FROM inbox"), ["HELD"]);
    // The same mail as it was signed does what it says.
    gateway.submit(&gateway.jane.address, assigned.reply_to(), &draft.signed());
    gateway.wait_for_words(&gateway.anna, "completed task");
}

#[test]
fn t26_an_out_of_office_reply_is_neither_executed_nor_answered() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let away = gateway.reply(&gateway.jane, &assigned, "#done\nI am out of the office until 3 May.");
    away.clone().header("Auto-Submitted", "auto-replied").bounceless().send();
    gateway
        .write(&gateway.jane, assigned.reply_to(), "Automatic reply: Task T-1", "I am away. #done T-1")
        .header("X-Auto-Response-Suppress", "All")
        .header("Auto-Submitted", "auto-generated (vacation)")
        .send();
    nothing_happened(&gateway, 1);
    assert_eq!(gateway.words("SELECT DISTINCT state || ' ' || reason FROM inbox"), ["IGNORED AUTOMATIC"]);
    // Its firm hears once that Jane is away.
    let told = gateway.words("SELECT template || ' to ' || p.first_name FROM outbox JOIN people p ON p.id = person_id WHERE template <> 'tasks'");
    assert_eq!(told, ["notice to Anna"]);
}

#[test]
fn t94_an_unknown_sender_is_never_answered() {
    let gateway = Gateway::start();
    let stranger = gateway.stranger("Mallory", "mallory", "other.example");
    gateway.write(&stranger, &gateway.matter_address(), "Hello", "#matters").send();
    gateway.write(&stranger, &format!("r@{}", gateway.domain), "Hello", "Who are you?").send();
    nothing_happened(&gateway, 0);
    assert_eq!(gateway.words("SELECT DISTINCT reason FROM inbox"), ["UNKNOWN_SENDER"]);
    assert_eq!(gateway.count("SELECT count(*) FROM outbox"), 0);
    assert!(gateway.servers.dovecot.mails(&stranger.address).is_empty());
}

#[test]
fn t32_a_reply_address_in_the_hands_of_another_does_nothing_and_its_owner_hears_of_it() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let stranger = gateway.stranger("Mallory", "mallory", "other.example");
    gateway.reply(&stranger, &assigned, "#done").send();
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM effects"), 0);
    assert_eq!(gateway.words("SELECT state || ' ' || reason FROM inbox"), ["HELD SECOND_ADDRESS"]);
    assert!(gateway.servers.dovecot.mails(&stranger.address).is_empty());
    // It may be their own second address: they are asked where the firm knows them (decisions.md 4).
    let question = gateway.wait_for_words(&gateway.jane, "#yes");
    assert!(!question.says("Draft reply brief"), "{}", question.text());
}

/// Sends an unsigned mail for a task; it waits.
fn unproved(gateway: &Gateway<'_>) -> crate::gateway::Received {
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let mail = gateway.reply(&gateway.jane, &assigned, "#done");
    gateway.submit(&gateway.jane.address, assigned.reply_to(), &mail.unsigned());
    let held = gateway.wait_for_words(&gateway.anna, "Held mail Q-1");
    assert_eq!(gateway.words("SELECT state FROM inbox"), ["HELD"]);
    held
}

#[test]
fn mail_that_nothing_proves_waits_until_its_owner_confirms_it_from_the_registered_address() {
    let gateway = Gateway::start();
    unproved(&gateway);
    let question = gateway.wait_for_words(&gateway.jane, "#confirm");
    assert!(!question.says("Draft reply brief"), "{}", question.text());
    let text = question.text();
    let command = text.lines().map(str::trim).find(|l| l.starts_with("#confirm")).unwrap();
    gateway.reply(&gateway.jane, &question, command).send();
    gateway.wait_for_words(&gateway.anna, "Jane Roe completed task");
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL"), 1);
}

#[test]
fn a_held_mail_is_told_to_the_firm_at_once_and_released_or_dismissed_from_the_command_line() {
    let gateway = Gateway::start();
    let held = unproved(&gateway);
    assert!(held.says("docketpost inbox release Q-1") || held.says("docketpost inbox release 1"), "{}", held.text());
    let released = gateway.command(&["inbox", "release", "Q-1"]).status().unwrap();
    assert!(released.success(), "{}", gateway.log());
    gateway.wait_for_words(&gateway.anna, "Jane Roe completed task");
    let stranger = gateway.stranger("Mallory", "mallory", "other.example");
    gateway.write(&stranger, &gateway.matter_address(), "Hello", "Let me in.").send();
    gateway.wait_for_rows("SELECT 1 FROM inbox WHERE reason = 'UNKNOWN_SENDER'");
    let dismissed = gateway.command(&["inbox", "dismiss", "Q-2"]).status().unwrap();
    assert!(dismissed.success(), "{}", gateway.log());
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM inbox WHERE state = 'HELD'"), 0);
}
