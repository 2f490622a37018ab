//! Being let in, being told, and being asked "was this you?", from end to end.

use crate::gateway::{Gateway, Received};
use crate::servers::Servers;

/// A gateway whose co-counsel Max has not been invited yet.
fn before_max() -> Gateway<'static> {
    let gateway = Gateway::at(Servers::shared());
    let database = rusqlite::Connection::open(gateway.store.folder().join("docketpost.sqlite")).unwrap();
    database
        .execute("UPDATE people SET accepted_at = NULL, identity_id = NULL WHERE id = ?1", [gateway.max.id.0])
        .unwrap();
    gateway.run();
    gateway
}

#[test]
fn acc_02_an_invitation_is_accepted_by_a_reply_and_only_then_is_anything_shown() {
    let gateway = before_max();
    let (anna, max) = (gateway.anna.clone(), gateway.max.clone());
    gateway.share(&max, gateway.matter);
    let invitation = gateway.wait_for_words(&max, "invites you");
    assert!(!invitation.says("Reed") && !invitation.says("2026-0012"), "{}", invitation.text());
    // Before the yes nothing is carried out, and nothing but an answer to the invitation is answered (ACC-04).
    gateway.write(&max, &gateway.matter_address(), "Hours", "#time 1h Too early").send();
    gateway.reply(&max, &invitation, "We may have a conflict. Who is the client?").send();
    gateway.wait_for_words(&anna, "Who is the client?");
    gateway.wait_for_words(&max, "Nothing was accepted");
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM activities"), 0);
    assert_eq!(gateway.mails(&max).len(), 2);
    gateway.reply(&max, &invitation, "#accept\n\nThanks!").send();
    gateway.wait_for_words(&anna, "Max Weber accepted");
    let welcome = gateway.wait_for_words(&max, "Welcome");
    assert!(welcome.says("M-1: 2026-0012, Reed v. Marsh") && welcome.says("(London)"), "{}", welcome.text());
    // A reply to the welcome is about the one matter that is shared.
    gateway.reply(&max, &welcome, "#time 1.5h Read the file").send();
    gateway.wait_for_words(&max, "TE-1: 1.5 h");
    gateway.reply(&max, &invitation, "#accept").send();
    gateway.wait_for_words(&max, "nothing more is needed");
}

#[test]
fn acc_02_who_declines_is_shown_nothing_and_the_firm_hears() {
    let gateway = before_max();
    let (anna, max) = (gateway.anna.clone(), gateway.max.clone());
    gateway.share(&max, gateway.matter);
    let invitation = gateway.wait_for_words(&max, "invites you");
    gateway.reply(&max, &invitation, "#decline\n\nWe act for Marsh.").send();
    assert!(gateway.wait_for_words(&anna, "Max Weber declined").says("We act for Marsh."));
    gateway.wait_for_words(&max, "nothing was shown to you");
    gateway.reply(&max, &invitation, "#accept").send();
    gateway.wait_for_words(&max, "no longer open");
    assert_eq!(gateway.count("SELECT count(*) FROM people WHERE last_name = 'Weber' AND accepted_at IS NOT NULL"), 0);
}

#[test]
fn wishes_are_confirmed_and_a_pause_keeps_all_but_the_necessary_back_until_it_is_lifted() {
    let gateway = Gateway::start();
    let (anna, jane) = (gateway.anna.clone(), gateway.jane.clone());
    gateway.share(&jane, gateway.matter);
    let shared = gateway.wait_for_words(&jane, "shared this matter");
    gateway.reply(&jane, &shared, "#timezone New York\n#digest weekly fri 8am\n#notify everything off").send();
    let receipt = gateway.wait_for_words(&jane, "America/New_York");
    assert!(receipt.says("every Friday at 08:00") && receipt.says("#notify tasks off"), "{}", receipt.text());
    gateway.reply(&jane, &shared, "#stop").send();
    gateway.wait_for_words(&jane, "Paused.");
    gateway.wait_for_words(&anna, "Jane Roe paused our mails");
    gateway.task(&jane, "Waiting task");
    gateway.settle();
    assert!(gateway.mails(&jane).iter().all(|m| !m.says("Waiting task")));
    gateway.reply(&jane, &shared, "#start").send();
    gateway.wait_for_words(&jane, "Your pause is lifted");
    gateway.wait_for_words(&jane, "Waiting task");
    gateway.task(&jane, "Heard task");
    gateway.wait_for_words(&jane, "Heard task");
}

/// The line that the question asks for.
fn answer(question: &Received) -> String {
    question.text().lines().find(|l| l.trim().starts_with("#confirm")).unwrap().trim().to_owned()
}

#[test]
fn a_mail_that_nothing_proves_is_carried_out_after_its_owner_confirmed_it_from_their_mailbox() {
    let gateway = Gateway::start();
    let jane = gateway.jane.clone();
    let (_, assigned) = gateway.task_mail(&jane, "Draft reply brief");
    let unsigned = gateway.reply(&jane, &assigned, "#done").unsigned();
    gateway.submit(&jane.address, assigned.reply_to(), &unsigned);
    let question = gateway.wait_for_words(&jane, "Please confirm a mail");
    assert!(!question.says("Draft reply brief") && !question.says("T-1"), "{}", question.text());
    // A code counts only at the address that asked for it, and what stands beside it is not carried out.
    gateway.reply(&jane, &assigned, &answer(&question)).send();
    gateway.wait_for_words(&jane, "to the mail that asked for it");
    gateway.reply(&jane, &question, "#confirm AAAA-AAAA").send();
    gateway.wait_for_words(&jane, "This code is wrong");
    gateway.reply(&jane, &question, &format!("{}\n\nIt was me.", answer(&question))).send();
    gateway.wait_for_words(&gateway.anna, "completed task");
    gateway.wait_for_words(&jane, "T-1 \"Draft reply brief\" completed");
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL"), 1);
}
