//! The program's IMAP against a real Dovecot: ways in, bulk, waiting, and a server that dies.

use crate::servers::{Certificates, PASSWORD, dovecot::Dovecot, fresh_user, raw, shared_dovecot};
use docketpost::config::{Grant, OAuth, Tls};
use docketpost::{
    imap::{Auth, Content, Cursor, Fetched, ImapAccount, ImapError, Limits, Session, Timeouts, Trouble, Wake, check},
    oauth::TokenSource,
};
use jiff::Timestamp;
use std::{
    collections::BTreeSet,
    future::pending,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

const LIMITS: Limits = Limits { mail: 50 << 20 };

fn account(dovecot: &Dovecot, user: &str) -> ImapAccount {
    ImapAccount {
        host: "localhost".into(),
        port: dovecot.imaps,
        tls: Tls::Implicit,
        user: user.into(),
        auth: Auth::Password(PASSWORD.to_owned().into()),
        folder: "INBOX".into(),
        extra_ca: Some(dovecot.certificates.ca.clone()),
        timeouts: Timeouts::default(),
    }
}

async fn connect(account: &ImapAccount) -> Result<Session, ImapError> {
    Session::connect(account, Timestamp::UNIX_EPOCH).await
}

/// A session in the INBOX of a user who has mails of these sizes, and the mails.
async fn inbox(dovecot: &Dovecot, user: &str, sizes: &[usize]) -> (Session, Vec<Vec<u8>>) {
    let mails: Vec<Vec<u8>> = sizes.iter().enumerate().map(|(n, size)| mail(n, *size)).collect();
    mails.iter().for_each(|mail| dovecot.drop_mail(user, mail));
    let mut session = connect(&account(dovecot, user)).await.unwrap();
    assert_eq!(session.select().await.unwrap().mails as usize, sizes.len());
    (session, mails)
}

fn mail(number: usize, size: usize) -> Vec<u8> {
    let mut mail = format!("Subject: mail {number}\r\nFrom: Ada <ada@counsel.example>\r\n\r\n").into_bytes();
    let line = format!("line of mail {number}, not too short, {{17}} and so on\r\n");
    while mail.len() < size {
        mail.extend_from_slice(line.as_bytes());
    }
    mail
}

async fn fetch_all(session: &mut Session, cursor: &mut Cursor) -> Vec<Fetched> {
    let uids = session.new_uids(cursor).await.unwrap();
    let mut got = Vec::new();
    let missing = session.fetch(&uids, LIMITS, |mail| got.push(mail)).await.unwrap();
    assert!(missing.is_empty());
    got
}

fn wholes(fetched: Vec<Fetched>) -> Vec<Vec<u8>> {
    let whole = |mail: Fetched| if let Content::Whole(bytes) = mail.content { bytes } else { panic!("not whole") };
    fetched.into_iter().map(whole).collect()
}

#[tokio::test]
async fn a_password_opens_the_mailbox_over_tls_from_the_first_byte_and_after_starttls() {
    let dovecot = shared_dovecot();
    let implicit = account(dovecot, &fresh_user("tls"));
    let start = ImapAccount { tls: Tls::StartTls, port: dovecot.imap, ..implicit.clone() };
    let clear = ImapAccount { tls: Tls::None, port: dovecot.imap, ..implicit.clone() };
    for account in [implicit, start, clear] {
        let mut session = connect(&account).await.unwrap();
        assert!(session.can("IDLE") && session.can("MOVE") && session.can("UIDPLUS"));
        assert!(session.select().await.unwrap().uid_validity.is_some());
        session.logout().await;
    }
}

#[tokio::test]
async fn a_wrong_password_is_refused_as_such() {
    let wrong = Auth::Password("wrong".to_owned().into());
    let account = ImapAccount { auth: wrong, ..account(shared_dovecot(), &fresh_user("wrong")) };
    assert_eq!(connect(&account).await.unwrap_err().trouble(), Trouble::AuthRefused);
}

#[tokio::test]
async fn t88_a_certificate_of_an_unknown_authority_or_for_another_name_is_refused() {
    let dovecot = shared_dovecot();
    let folder = tempfile::tempdir().unwrap();
    let trusted = account(dovecot, &fresh_user("ca"));
    let other = Certificates::make(folder.path());
    let unknown = ImapAccount { extra_ca: Some(other.ca), ..trusted.clone() };
    let unknown_later = ImapAccount { tls: Tls::StartTls, port: dovecot.imap, ..unknown.clone() };
    let elsewhere = ImapAccount { host: "127.0.0.2".into(), ..trusted };
    for account in [unknown, unknown_later] {
        let error = connect(&account).await.unwrap_err();
        assert!(matches!(error, ImapError::Tls(_)) && error.trouble() == Trouble::Permanent, "{error}");
    }
    // Dovecot listens on 127.0.0.1 only, so another name for it is stood in for by a way through.
    let way = TcpListener::bind(("127.0.0.2", 0)).unwrap();
    let account = ImapAccount { port: way.local_addr().unwrap().port(), ..elsewhere };
    let target = dovecot.imaps;
    thread::spawn(move || {
        let (mut theirs, _) = way.accept().unwrap();
        let mut ours = std::net::TcpStream::connect(("127.0.0.1", target)).unwrap();
        let (mut back, mut to) = (ours.try_clone().unwrap(), theirs.try_clone().unwrap());
        thread::spawn(move || std::io::copy(&mut back, &mut to));
        let _ = std::io::copy(&mut theirs, &mut ours);
    });
    assert!(matches!(connect(&account).await, Err(ImapError::Tls(_))));
}

#[tokio::test]
async fn t88_f31_an_expired_certificate_is_refused_before_anything_is_said() {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let fixture = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name);
    let chain = CertificateDer::pem_file_iter(fixture("expired.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(fixture("expired.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = thread::spawn(move || {
        let (tcp, _) = listener.accept().unwrap();
        let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(tls).unwrap(), tcp);
        let _ = stream.write_all(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n");
        let mut heard = Vec::new();
        let _ = stream.read_to_end(&mut heard);
        heard
    });
    let trusted = account(shared_dovecot(), "nobody");
    let account = ImapAccount { port, extra_ca: Some(fixture("expired-ca.pem")), ..trusted };
    let error = connect(&account).await.unwrap_err();
    assert!(matches!(error, ImapError::Tls(_)) && error.trouble() == Trouble::Permanent, "{error}");
    assert!(error.to_string().contains("expired"), "{error}");
    assert!(server.join().unwrap().is_empty(), "it logged in");
}

/// A token endpoint that answers each request with the next of these access tokens.
fn token_source(tokens: Vec<String>) -> TokenSource {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/token", listener.local_addr().unwrap());
    thread::spawn(move || {
        for token in tokens {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            let mut piece = [0; 1024];
            while !String::from_utf8_lossy(&request).contains("client_id=gateway") {
                let read = stream.read(&mut piece).unwrap();
                request.extend_from_slice(&piece[..read]);
            }
            let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer","expires_in":3600}}"#);
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close";
            write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
        }
    });
    TokenSource::new(OAuth {
        token_url: endpoint,
        client_id: "gateway".into(),
        client_secret: None,
        scope: None,
        grant: Grant::ClientCredentials,
    })
    .unwrap()
}

#[tokio::test]
async fn a_token_opens_the_mailbox_and_a_refused_one_is_replaced_at_the_next_attempt() {
    let dovecot = shared_dovecot();
    let user = fresh_user("token");
    let good = dovecot.token(&user, Duration::from_secs(600));
    let tokens = vec![dovecot.expired_token(&user), dovecot.forged_token(&user), good];
    let account = ImapAccount { auth: Auth::XOAuth2(token_source(tokens)), ..account(dovecot, &user) };
    for _ in ["expired", "forged"] {
        let error = connect(&account).await.unwrap_err();
        assert!(matches!(error, ImapError::AuthRefused(_)), "{error}");
    }
    for _ in ["fetched", "kept"] {
        connect(&account).await.unwrap().select().await.unwrap();
    }
}

#[tokio::test]
async fn two_hundred_mails_come_in_bulk_whole_in_order_and_unseen() {
    let dovecot = shared_dovecot();
    let user = fresh_user("bulk");
    let (mut session, mails) = inbox(dovecot, &user, &[3000; 200]).await;
    let mut cursor = Cursor::new(None, []);
    let got = fetch_all(&mut session, &mut cursor).await;
    assert!(got.iter().all(|mail| mail.received_at.is_some()));
    assert!(got.windows(2).all(|pair| pair[0].uid < pair[1].uid));
    got.iter().for_each(|mail| cursor.insert(mail.uid));
    assert_eq!(wholes(got), mails);
    assert!(session.new_uids(&mut cursor).await.unwrap().is_empty());
    assert_eq!(raw_flags(dovecot, &user), BTreeSet::from([String::new()]));
    dovecot.drop_mail(&user, b"Subject: late\r\n\r\nx\r\n");
    assert_eq!(wholes(fetch_all(&mut session, &mut cursor).await), [b"Subject: late\r\n\r\nx\r\n"]);
}

/// All different sets of flags in a user's INBOX, without \Recent.
fn raw_flags(dovecot: &Dovecot, user: &str) -> BTreeSet<String> {
    let mut imap = raw::Imap::login(dovecot.imaps, &dovecot.certificates.ca, user, PASSWORD);
    imap.say("EXAMINE INBOX");
    let flags = |line: &str| line.split_once("FLAGS (")?.1.split_once(')').map(|(f, _)| f.replace("\\Recent", ""));
    imap.say("FETCH 1:* (FLAGS)").iter().filter_map(|(line, _)| flags(line)).map(|f| f.trim().to_owned()).collect()
}

#[tokio::test]
async fn a_large_mail_comes_in_parts_and_one_beyond_the_limit_as_its_header() {
    let dovecot = shared_dovecot();
    let part = 1 << 20;
    let (mut session, mails) = inbox(dovecot, &fresh_user("large"), &[100, 9 * part, 12 * part, 200]).await;
    let uids = session.new_uids(&mut Cursor::new(None, [])).await.unwrap();
    let mut got = Vec::new();
    session.fetch(&uids, Limits { mail: 11 << 20 }, |mail| got.push(mail.content)).await.unwrap();
    let header = b"Subject: mail 2\r\nFrom: Ada <ada@counsel.example>\r\n\r\n";
    assert!(got[1] == Content::Whole(mails[1].clone()), "the large one is whole");
    assert_eq!(got[2], Content::HeaderOnly(header.to_vec()));
    assert_eq!([&got[0], &got[3]], [&Content::Whole(mails[0].clone()), &Content::Whole(mails[3].clone())]);
}

#[tokio::test]
async fn a_mail_of_exactly_some_parts_is_whole() {
    let dovecot = shared_dovecot();
    let user = fresh_user("exact");
    let mut exact = mail(0, 9 << 20);
    exact.truncate((9 << 20) - 2);
    exact.extend_from_slice(b"\r\n");
    dovecot.drop_mail(&user, &exact);
    let mut session = connect(&account(dovecot, &user)).await.unwrap();
    session.select().await.unwrap();
    let got = wholes(fetch_all(&mut session, &mut Cursor::new(None, [])).await);
    assert!(got == [exact]);
}

#[tokio::test]
async fn many_mails_are_moved_by_one_command_into_a_folder_that_is_made() {
    let dovecot = shared_dovecot();
    let user = fresh_user("move");
    let (mut session, mails) = inbox(dovecot, &user, &[500; 120]).await;
    let uids = session.new_uids(&mut Cursor::new(None, [])).await.unwrap();
    session.move_to(&uids[..100], "Gateway/Done & filed").await.unwrap();
    session.move_to(&uids[..100], "Gateway/Done & filed").await.unwrap();
    session.mark(&uids[100..], "$DocketpostStored").await.unwrap();
    let mut imap = raw::Imap::login(dovecot.imaps, &dovecot.certificates.ca, &user, PASSWORD);
    assert_eq!(imap.mails("Gateway/Done &- filed"), mails[..100]);
    assert_eq!(imap.mails("INBOX"), mails[100..]);
    assert_eq!(raw_flags(dovecot, &user), BTreeSet::from(["$DocketpostStored".to_owned()]));
    // What went away has not confused the session.
    dovecot.drop_mail(&user, b"Subject: late\r\n\r\nx\r\n");
    let mut cursor = Cursor::new(None, uids);
    assert_eq!(wholes(fetch_all(&mut session, &mut cursor).await), [b"Subject: late\r\n\r\nx\r\n"]);
}

#[tokio::test]
async fn mails_that_are_gone_are_told_and_the_others_come() {
    let dovecot = shared_dovecot();
    let user = fresh_user("gone");
    let (mut session, mails) = inbox(dovecot, &user, &[500; 4]).await;
    let uids = session.new_uids(&mut Cursor::new(None, [])).await.unwrap();
    let mut imap = raw::Imap::login(dovecot.imaps, &dovecot.certificates.ca, &user, PASSWORD);
    imap.say("SELECT INBOX");
    imap.say(&format!("UID STORE {} +FLAGS.SILENT (\\Deleted)", uids[1]));
    imap.say("EXPUNGE");
    let mut got = Vec::new();
    let missing = session.fetch(&uids, LIMITS, |mail| got.push(mail)).await.unwrap();
    assert_eq!(missing, [uids[1]]);
    assert_eq!(wholes(got), [&mails[0], &mails[2], &mails[3]].map(Clone::clone));
}

#[tokio::test]
async fn a_new_mail_wakes_the_one_who_waits() {
    let dovecot = shared_dovecot();
    let user = fresh_user("idle");
    let (mut session, _) = inbox(dovecot, &user, &[100]).await;
    let mut cursor = Cursor::new(None, []);
    let known = fetch_all(&mut session, &mut cursor).await;
    known.iter().for_each(|mail| cursor.insert(mail.uid));
    let deliver = async {
        dovecot.drop_mail(&user, b"Subject: wake\r\n\r\nx\r\n");
    };
    let (woken, ()) = tokio::join!(session.wait(pending()), deliver);
    assert_eq!(woken.unwrap(), Wake::Mail);
    assert_eq!(wholes(fetch_all(&mut session, &mut cursor).await), [b"Subject: wake\r\n\r\nx\r\n"]);
    assert_eq!(session.wait(std::future::ready(())).await.unwrap(), Wake::Stopped);
    session.logout().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_mid_fetch_gives_an_error_and_no_short_mail() {
    let dovecot = Dovecot::start();
    let user = fresh_user("killed");
    let (mut session, mails) = inbox(&dovecot, &user, &[200_000; 60]).await;
    let mut cursor = Cursor::new(None, []);
    let uids = session.new_uids(&mut cursor).await.unwrap();
    let mut got = Vec::new();
    let fetching = session.fetch(&uids, LIMITS, |mail| {
        got.push(mail);
        if got.len() == 5 {
            tokio::task::block_in_place(|| dovecot.kill_imap());
        }
    });
    let error = fetching.await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::Lost, "{error}");
    let before = wholes(got.clone());
    assert!((5..60).contains(&before.len()) && mails.starts_with(&before), "{} mails", before.len());
    assert_eq!(connect(&account(&dovecot, &user)).await.unwrap_err().trouble(), Trouble::Temporary);

    dovecot.restart();
    let mut session = connect(&account(&dovecot, &user)).await.unwrap();
    let mailbox = session.select().await.unwrap();
    let mut cursor = Cursor::new(mailbox.uid_validity, got.iter().map(|mail| mail.uid));
    let rest = wholes(fetch_all(&mut session, &mut cursor).await);
    assert_eq!([before, rest].concat(), mails);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_one_waits_is_an_error_at_once() {
    let dovecot = Dovecot::start();
    let (mut session, _) = inbox(&dovecot, &fresh_user("waits"), &[100]).await;
    let waiting = tokio::spawn(async move { session.wait(pending()).await });
    dovecot.kill_imap();
    assert_eq!(waiting.await.unwrap().unwrap_err().trouble(), Trouble::Lost);
}

#[tokio::test]
async fn a_check_tells_what_the_server_can_do_and_changes_nothing() {
    let dovecot = shared_dovecot();
    let user = fresh_user("check");
    let (_session, mails) = inbox(dovecot, &user, &[100, 100]).await;
    let report = check(&account(dovecot, &user), "docketpost-owner", Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(report.idle && report.can_move && report.uid_plus);
    assert_eq!(report.folder.unwrap().mails, 2);
    let missing = ImapAccount { folder: "Nowhere".into(), ..account(dovecot, &user) };
    let report = check(&missing, "docketpost-owner", Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(report.folder.unwrap_err().trouble(), Trouble::Permanent);
    let mut imap = raw::Imap::login(dovecot.imaps, &dovecot.certificates.ca, &user, PASSWORD);
    assert_eq!(imap.mails("INBOX"), mails);
    assert_eq!(imap.say("LIST \"\" *").len(), 1);
}

#[tokio::test]
async fn an_appended_mail_with_latin_1_and_nul_free_bytes_comes_back_as_it_is() {
    let dovecot = shared_dovecot();
    let user = fresh_user("bytes");
    let mut mail = b"Subject: caf\xe9\r\n\r\n".to_vec();
    mail.extend(1..=255u8);
    mail.extend_from_slice(b"\r\n");
    raw::Imap::login(dovecot.imaps, &dovecot.certificates.ca, &user, PASSWORD).append("INBOX", &mail);
    let mut session = connect(&account(dovecot, &user)).await.unwrap();
    session.select().await.unwrap();
    let got = wholes(fetch_all(&mut session, &mut Cursor::new(None, [])).await);
    assert!(got[0].starts_with(b"Subject: caf\xe9\r\n\r\n\x01\x02") && got == dovecot.imap_mails(&user));
}
