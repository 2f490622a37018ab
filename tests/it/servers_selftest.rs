//! The servers of the tests do what the tests take for granted.

use crate::servers::{Servers, dovecot::Dovecot, fresh_gateway, fresh_user, raw};

#[test]
fn a_submitted_mail_is_read_by_imap_from_the_mailbox_of_its_user() {
    let servers = Servers::shared();
    let user = fresh_user("ada");
    servers.postfix.submit("leo@firm.example", &[&user], b"Subject: one\n\n.dots are kept\n");
    let mails = servers.dovecot.wait_for_mails(&user, 1);
    assert!(servers.postfix.log().contains(&format!("to=<{user}>")));
    assert!(servers.dovecot.log().contains(&format!("lmtp({user})")));
    assert!(String::from_utf8_lossy(&mails[0]).contains("\r\n.dots are kept\r\n"));
}

#[test]
fn postfix_takes_mail_over_tls_from_the_first_byte_too() {
    let servers = Servers::shared();
    let user = fresh_user("smtps");
    let mut smtp = raw::Smtp::connect_tls(servers.postfix.smtps, &servers.dovecot.certificates.ca);
    smtp.send("leo@firm.example", &[&user], b"Subject: one\n\ntext\n");
    servers.dovecot.wait_for_mails(&user, 1);
}

#[test]
fn a_plus_address_lands_in_the_mailbox_before_the_plus() {
    let servers = Servers::shared();
    let user = fresh_user("plus");
    servers.postfix.submit("leo@firm.example", &[&user.replace('@', "+tag@")], b"Subject: one\n\ntext\n");
    servers.dovecot.wait_for_mails(&user, 1);
}

#[test]
fn every_address_of_a_gateways_domain_lands_in_its_one_mailbox() {
    let servers = Servers::shared();
    let (domain, user) = fresh_gateway();
    for local in ["r+xyz", "m-12"] {
        let rcpt = format!("{local}@{domain}");
        servers.postfix.submit("leo@firm.example", &[&rcpt], format!("To: {rcpt}\n\ncatch\n").as_bytes());
    }
    servers.dovecot.wait_for_mails(&user, 2);
}

#[test]
fn a_killed_dovecot_comes_back_with_its_mails() {
    let dovecot = Dovecot::start();
    let user = fresh_user("kill");
    dovecot.drop_mail(&user, b"Subject: one\n\ntext\n");
    assert_eq!(dovecot.imap_mails(&user).len(), 1);
    dovecot.kill_imap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", dovecot.imap)).is_err());
    dovecot.restart();
    assert_eq!(dovecot.imap_mails(&user).len(), 1);
}
