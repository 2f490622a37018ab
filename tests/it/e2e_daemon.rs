//! The daemon among its servers: ways to log in, servers that die, signals, a second daemon.

use crate::gateway::{Door, Gateway, Login, Ways, token_endpoint};
use crate::servers::{DEADLINE, Servers, ended, wait_until};
use std::{process::Child, time::Duration};

/// A task's mail out, a message in, its news out.
fn works(gateway: &Gateway<'_>) {
    gateway.run();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    gateway.reply(&gateway.jane, &assigned, "I will start on Monday.").send();
    gateway.wait_for_words(&gateway.anna, "start on Monday");
}

#[test]
fn starttls_serves_as_well_as_tls_from_the_first_byte() {
    let servers = Servers::shared();
    let ways = Ways {
        smtp: (servers.postfix.smtp, "starttls"),
        imap: (servers.dovecot.imap, "starttls"),
        login: Login::Password,
    };
    works(&Gateway::with(servers, &ways));
}

#[test]
fn tokens_serve_where_passwords_are_not_taken() {
    let servers = Servers::shared();
    let mailbox = crate::servers::fresh_gateway();
    let token = servers.dovecot.token(&mailbox.1, Duration::from_secs(3600));
    let ways = Ways { login: Login::Tokens(token_endpoint(token)), ..Ways::usual(servers) };
    let gateway = Gateway::named(servers, &ways, mailbox);
    works(&gateway);
    assert!(servers.dovecot.log().contains(&format!("user=<{}>, method=XOAUTH2", gateway.mailbox)));
}

#[test]
fn a_dovecot_killed_in_mid_stream_of_sixty_mails_costs_none_and_doubles_none() {
    let servers = Servers::start();
    let door = Door::before(servers.dovecot.imaps);
    // No letter leaves while Dovecot is down: a mail that Postfix was just handing to it would be doubled by Postfix.
    let way_out = Door::before(servers.postfix.smtps);
    let ways =
        Ways { smtp: (way_out.port, "implicit"), imap: (door.port, "implicit"), login: Login::PasswordForReading };
    let gateway = Gateway::with(&servers, &ways);
    gateway.share(&gateway.jane, gateway.matter);
    let texts: Vec<String> = (1..=60).map(|n| format!("Point {n} of sixty. {}", "More of it. ".repeat(200))).collect();
    for text in &texts {
        gateway.write(&gateway.jane, &gateway.matter_address(), "Points", text).send();
    }
    gateway.wait_for_delivery();
    door.open_for(150_000);
    gateway.run();
    wait_until("the stream breaks", DEADLINE, || door.has_fallen().then_some(()));
    servers.dovecot.kill_imap();
    servers.dovecot.restart();
    way_out.open();
    gateway.settle();
    let said = gateway.words("SELECT trim(body) FROM conversation_messages ORDER BY inbox_id");
    let numbers = |texts: &[String]| {
        let mut numbers: Vec<String> = texts.iter().map(|t| t.split('.').next().unwrap().to_owned()).collect();
        numbers.sort();
        numbers
    };
    assert_eq!(numbers(&said), numbers(&texts));
    assert!(gateway.log().contains("the mailbox can't be read now"));
}

#[test]
fn f48_of_daemons_started_at_once_on_one_store_one_runs_and_the_others_refuse() {
    let gateway = Gateway::at(Servers::shared());
    let mut daemons: Vec<Child> = (0..20).map(|_| gateway.command(&["run"]).spawn().unwrap()).collect();
    let mut refused = Vec::new();
    wait_until("nineteen refuse", DEADLINE, || {
        daemons.retain_mut(|daemon| match daemon.try_wait().unwrap() {
            Some(ended) => {
                refused.push(ended.code());
                false
            }
            None => true,
        });
        (daemons.len() <= 1).then_some(())
    });
    assert_eq!(refused, [Some(1); 19], "{}", gateway.log());
    assert_eq!(gateway.log().matches("another docketpost daemon runs").count(), 19);
    gateway.adopt(daemons.pop().unwrap());
    gateway.task_mail(&gateway.jane, "Draft reply brief");
}

#[test]
fn mail_that_somebody_read_on_their_phone_is_taken_all_the_same() {
    let gateway = Gateway::at(Servers::shared());
    gateway.share(&gateway.jane, gateway.matter);
    gateway.write(&gateway.jane, &gateway.matter_address(), "Hearing", "The hearing was moved to 3 May.").send();
    gateway.wait_for_delivery();
    let mut phone = gateway.imap();
    phone.say("SELECT INBOX");
    phone.say("UID STORE 1:* +FLAGS (\\Seen \\Flagged)");
    gateway.run();
    gateway.wait_for_words(&gateway.anna, "moved to 3 May");
}

#[test]
fn f34_a_mail_moved_back_into_the_mailbox_is_not_carried_out_again() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    gateway.reply(&gateway.jane, &assigned, "#time 1h Read the file").send();
    gateway.wait_for_words(&gateway.jane, "TE-1");
    let mut client = gateway.imap();
    client.say("SELECT Processed");
    client.say("UID MOVE 1:* INBOX");
    gateway.wait_for_rows("SELECT 1 FROM inbox WHERE reason = 'DUPLICATE_MAIL'");
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM activities"), 1);
    assert_eq!(gateway.mails(&gateway.jane).len(), 2);
    // One mail, staged twice: what the checker must not see elsewhere.
    gateway.leave_unchecked();
}

#[test]
fn f33_a_mail_that_came_on_two_ways_is_carried_out_once() {
    let gateway = Gateway::start();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let mail = gateway.reply(&gateway.jane, &assigned, "#time 1h Read the file").signed();
    for _ in 0..2 {
        gateway.submit(&gateway.jane.address, assigned.reply_to(), &mail);
    }
    gateway.settle();
    assert_eq!(gateway.words("SELECT reason FROM inbox ORDER BY id"), ["APPLIED", "DUPLICATE_MAIL"]);
    assert_eq!(gateway.count("SELECT count(*) FROM activities"), 1);
    assert_eq!(gateway.mails(&gateway.jane).len(), 2);
}

#[test]
fn f33_a_mail_that_came_into_two_mailboxes_is_carried_out_once() {
    let gateway = Gateway::at(Servers::shared());
    let second = crate::servers::fresh_user("mailbox");
    gateway.watch_also(&second);
    gateway.run();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let mail = gateway.reply(&gateway.jane, &assigned, "#time 1h Read the file").signed();
    gateway.submit(&gateway.jane.address, assigned.reply_to(), &mail);
    gateway.servers.dovecot.drop_mail(&second, &mail);
    gateway.wait_for_rows("SELECT 1 FROM inbox WHERE mailbox = 'second' AND reason IS NOT NULL");
    gateway.settle();
    assert_eq!(gateway.words("SELECT mailbox FROM inbox ORDER BY mailbox"), ["main", "second"]);
    assert_eq!(gateway.words("SELECT reason FROM inbox ORDER BY reason"), ["APPLIED", "DUPLICATE_MAIL"]);
    assert_eq!(gateway.count("SELECT count(*) FROM activities"), 1);
    assert_eq!(gateway.mails(&gateway.jane).len(), 2);
}

#[test]
fn f46_sigterm_ends_the_daemon_within_ten_seconds_and_a_restart_goes_on_where_it_was() {
    let servers = Servers::shared();
    let door = Door::before(servers.postfix.smtps);
    let ways = Ways { smtp: (door.port, "implicit"), ..Ways::usual(servers) };
    let gateway = Gateway::with(servers, &ways);
    gateway.share(&gateway.jane, gateway.matter);
    for n in 1..=20 {
        gateway.write(&gateway.jane, &gateway.matter_address(), "Points", &format!("Point {n}.")).send();
    }
    gateway.run();
    gateway.wait_for_rows("SELECT 1 FROM inbox");
    // The submission server does not answer: the sender is waiting for it.
    assert!(gateway.stop_within(Duration::from_secs(10)).success(), "{}", gateway.log());
    door.open();
    gateway.run();
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM conversation_messages"), 20);
    assert_eq!(gateway.count("SELECT count(*) FROM outbox WHERE template = 'news' AND state = 'SENT'"), 20);
}

#[test]
fn f46_sigterm_ends_a_daemon_whose_mailbox_has_fallen_silent_in_mid_mail() {
    let servers = Servers::shared();
    let door = Door::before(servers.dovecot.imaps);
    let ways = Ways { imap: (door.port, "implicit"), ..Ways::usual(servers) };
    let gateway = Gateway::with(servers, &ways);
    gateway.share(&gateway.jane, gateway.matter);
    let text = "More of it. ".repeat(4000);
    gateway.write(&gateway.jane, &gateway.matter_address(), "Points", &text).send();
    gateway.wait_for_delivery();
    door.open_for(20_000);
    gateway.run();
    wait_until("the silence", DEADLINE, || door.has_fallen().then_some(()));
    assert!(gateway.stop_within(Duration::from_secs(10)).success(), "{}", gateway.log());
    // The door lets everybody else through.
    gateway.run();
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM conversation_messages"), 1);
}

#[test]
fn a_wrong_configuration_is_refused_with_line_and_key() {
    let gateway = Gateway::at(Servers::shared());
    let config = std::fs::read_to_string(gateway.config()).unwrap();
    std::fs::write(gateway.config(), config.replace("resolver =", "resolvers =")).unwrap();
    assert_eq!(ended(&mut gateway.command(&["run"]).spawn().unwrap()).code(), Some(2));
    assert!(gateway.log().contains("config.toml:2: resolvers"), "{}", gateway.log());
    gateway.leave_unchecked();
}

#[test]
fn mail_in_several_mailboxes_is_taken_by_one_daemon() {
    let gateway = Gateway::at(Servers::shared());
    let mailbox = crate::servers::fresh_user("mailbox");
    gateway.watch_also(&mailbox);
    gateway.share(&gateway.jane, gateway.matter);
    gateway.run();
    let draft = gateway.write(&gateway.jane, &gateway.matter_address(), "Hearing", "The hearing was moved to 3 May.");
    gateway.servers.dovecot.drop_mail(&mailbox, &draft.signed());
    gateway.wait_for_words(&gateway.anna, "moved to 3 May");
    assert_eq!(gateway.words("SELECT mailbox FROM inbox"), ["second"]);
}

#[test]
fn two_firms_in_one_daemon_hear_only_what_is_theirs() {
    let gateway = Gateway::at(Servers::shared());
    let moss = gateway.second_firm();
    gateway.run();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");
    let theirs = format!("m-1@{}", moss.domain);
    gateway.write(&gateway.jane, &theirs, "Hearing", "The hearing was moved to 3 May.").send();
    gateway.wait_for_words(&moss.lawyer, "moved to 3 May");
    // A reply address of one firm means nothing at the other.
    let token = assigned.reply_to().replace(&gateway.domain, &moss.domain);
    gateway.write(&gateway.jane, &token, "Re: Task T-1", "#done").send();
    gateway.write(&gateway.jane, &theirs, "Task", "#done T-1").send();
    gateway.settle();
    assert_eq!(gateway.count("SELECT count(*) FROM tasks WHERE completed_at IS NOT NULL"), 0);
    assert!(gateway.mails(&gateway.anna).is_empty());
    assert_eq!(gateway.count("SELECT count(*) FROM inbox WHERE firm_id = 1"), 0);
}

/// Shows ACC-15, ACC-16.
#[test]
fn acc_16_two_firms_at_one_address_hear_only_what_is_meant_for_them() {
    let gateway = Gateway::at(Servers::shared());
    let moss = gateway.neighbour();
    gateway.share(&gateway.jane, gateway.matter);
    gateway.run();
    let (_, assigned) = gateway.task_mail(&gateway.jane, "Draft reply brief");

    // M-1 is a matter of both, and Jane works with both: she is asked, and nobody else hears of it.
    gateway.write(&gateway.jane, &gateway.matter_address(), "Hearing", "The hearing was moved to 3 May.").send();
    let question = gateway.wait_for_words(&gateway.jane, "As whom did you write");
    assert!(question.says("#as Hale & Partners") && question.says("#as Moss LLP"), "{}", question.text());
    assert!(!question.says("3 May") && !question.says("Reed"), "{}", question.text());
    gateway.settle();
    assert!(gateway.mails(&gateway.anna).is_empty() && gateway.mails(&moss.lawyer).is_empty());

    // Her answer lets the mail go on where it belongs, and the other firm keeps nothing of it.
    gateway.reply(&gateway.jane, &question, "#as Moss LLP").send();
    gateway.wait_for_words(&moss.lawyer, "moved to 3 May");
    let kept = "SELECT coalesce(subject, '-') FROM inbox WHERE reason = 'FOR_ANOTHER_FIRM'";
    assert_eq!(gateway.words(kept), ["-"]);

    // A word in the mail, or the mail that it answers, decides without a question.
    let named = "#as Hale & Partners\n\nThe witness can come on 4 June.";
    gateway.write(&gateway.jane, &gateway.matter_address(), "Witness", named).send();
    gateway.wait_for_words(&gateway.anna, "4 June");
    gateway.reply(&gateway.jane, &assigned, "#done").send();
    gateway.wait_for_rows("SELECT 1 FROM tasks WHERE completed_at IS NOT NULL");
    gateway.write(&gateway.jane, &gateway.matter_address(), "Roles", "#accounts").send();
    let roles = gateway.wait_for_words(&gateway.jane, "Your roles");
    assert!(roles.says("Hale & Partners, Moss LLP"), "{}", roles.text());
    gateway.settle();
    assert!(gateway.mails(&gateway.anna).iter().all(|m| !m.says("3 May")));
    assert!(gateway.mails(&moss.lawyer).iter().all(|m| !m.says("4 June") && !m.says("Draft reply brief")));
    let mails = gateway.mails(&gateway.jane);
    let both = mails.iter().filter(|m| m.says("Hale") && m.says("Moss"));
    assert_eq!(both.count(), 2, "only the question and the list name two firms");
}
