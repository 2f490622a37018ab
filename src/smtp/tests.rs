//! Tests against servers that follow a script: what they say, what they must hear, and how they misbehave.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::session::check;
use super::wire::{Stream, body, command};
use super::*;
use crate::config::{EnvelopeSender, Login, Smtp, Tls};

const HELLO: &str = "250-mx.example\r\n250-PIPELINING\r\n250-SIZE 1000000\r\n250 8BITMIME\r\n";
const MAIL: &[u8] = b"From: r@gw.hale.example\r\nMessage-ID: <1@gw>\r\n\r\nHello\r\n";

/// One step of a scripted server.
#[derive(Clone)]
enum Step {
    /// Writes these bytes.
    Say(String),
    /// Reads one line, which must begin so.
    Hear(&'static str),
    /// Reads until the line that is a dot.
    HearMail,
    /// Reads this many bytes.
    HearBytes(usize),
    /// Keeps the other side waiting.
    Linger(Duration),
    /// Closes the connection with a reset.
    Reset,
    /// Closes the connection.
    HangUp,
    /// Writes this line for ever.
    Flood(&'static str),
    /// Goes on in TLS, with the certificate of this name.
    Encrypt(&'static str),
}
use Step::*;

fn say(text: &str) -> Step {
    Say(text.to_owned())
}

/// Greeting and EHLO with pipelining.
fn welcome() -> Vec<Step> {
    vec![say("220 mx.example\r\n"), Hear("EHLO gw.hale.example"), say(HELLO)]
}

/// A server which follows `steps` on one connection and gives back all it read.
async fn server(steps: Vec<Step>) -> (u16, JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        if steps.iter().any(|s| matches!(s, Reset)) {
            tcp.set_zero_linger().unwrap();
        }
        let mut seen = Vec::new();
        follow(steps, Box::new(tcp), &mut seen).await;
        seen
    });
    (port, task)
}

async fn follow(steps: Vec<Step>, stream: Box<dyn Stream>, seen: &mut Vec<u8>) {
    let mut stream = BufReader::new(stream);
    for step in steps {
        match step {
            Say(text) => {
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.flush().await;
            }
            Hear(start) => {
                let from = seen.len();
                stream.read_until(b'\n', seen).await.unwrap();
                let line = String::from_utf8_lossy(&seen[from..]);
                assert!(line.starts_with(start), "heard {line:?} instead of {start:?}");
            }
            HearMail => loop {
                let from = seen.len();
                stream.read_until(b'\n', seen).await.unwrap();
                if &seen[from..] == b".\r\n" || seen.len() == from {
                    break;
                }
            },
            HearBytes(count) => {
                let mut bytes = vec![0; count];
                stream.read_exact(&mut bytes).await.unwrap();
                seen.extend(bytes);
            }
            Linger(time) => tokio::time::sleep(time).await,
            Reset | HangUp => return,
            Flood(line) => while stream.write_all(line.as_bytes()).await.is_ok() {},
            Encrypt(certificate) => {
                let acceptor = tokio_rustls::TlsAcceptor::from(server_tls(certificate));
                match acceptor.accept(stream.into_inner()).await {
                    Ok(tls) => stream = BufReader::new(Box::new(tls)),
                    Err(_) => return,
                }
            }
        }
    }
    let _ = stream.read_to_end(seen).await;
}

fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/tls").join(name)
}

fn server_tls(name: &str) -> Arc<rustls::ServerConfig> {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = CertificateDer::pem_file_iter(fixture(&format!("{name}.pem"))).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(fixture(&format!("{name}.key"))).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap())
}

fn smtp(port: u16) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        ca_file: None,
        login: None,
        envelope_sender: EnvelopeSender::Plain,
        hello_name: "gw.hale.example".into(),
        timeout: Duration::from_secs(20),
        final_timeout: Duration::from_secs(20),
    }
}

fn with_login(mut smtp: Smtp) -> Smtp {
    smtp.login = Some(Login { user: "gw".into(), auth: config::Auth::Password("hunter2".into()) });
    smtp
}

fn password() -> Credentials {
    Credentials::Password { user: "gw".into(), password: "hunter2".into() }
}

async fn connect(smtp: Smtp) -> Connection {
    Transport::Smtp(Box::new(smtp)).connect(None).await.unwrap()
}

async fn connect_error(smtp: Smtp, credentials: Option<&Credentials>) -> ConnectError {
    match Transport::Smtp(Box::new(smtp)).connect(credentials).await {
        Ok(_) => panic!("connected"),
        Err(error) => error,
    }
}

fn outgoing() -> Outgoing {
    Outgoing {
        envelope_from: Some(Address::parse("r@gw.hale.example").unwrap()),
        to: Address::parse("jane@co.example").unwrap(),
        bytes: MAIL.to_vec(),
    }
}

/// What a mail comes to when the server goes on so after EHLO, and whether a next one could be sent.
async fn outcome(hello: &str, rest: Vec<Step>) -> (Outcome, bool) {
    outcome_of(&outgoing(), hello, rest).await
}

/// As `outcome`, with little patience.
async fn soon(rest: Vec<Step>) -> (Outcome, bool) {
    outcome_within(Duration::from_millis(100), &outgoing(), HELLO, rest).await
}

async fn outcome_of(mail: &Outgoing, hello: &str, rest: Vec<Step>) -> (Outcome, bool) {
    outcome_within(Duration::from_secs(20), mail, hello, rest).await
}

async fn outcome_within(limit: Duration, mail: &Outgoing, hello: &str, rest: Vec<Step>) -> (Outcome, bool) {
    let mut steps = vec![say("220 mx.example\r\n"), Hear("EHLO"), say(hello)];
    steps.extend(rest);
    let (port, task) = server(steps).await;
    let mut connection = connect(smtp(port)).await;
    if let Way::Smtp(session) = &mut connection.0 {
        session.hurry(limit);
    }
    let outcome = connection.send(mail).await;
    let open = match &mut connection.0 {
        Way::Smtp(session) => session.has_wire(),
        _ => unreachable!(),
    };
    drop(connection);
    task.await.unwrap();
    (outcome, open)
}

/// The commands of one mail, pipelined, with these answers.
fn opening(answers: &str) -> Vec<Step> {
    vec![Hear("MAIL FROM:<r@gw.hale.example>"), Hear("RCPT TO:<jane@co.example>\r\n"), Hear("DATA\r\n"), say(answers)]
}

const GO: &str = "250 ok\r\n250 ok\r\n354 go\r\n";

fn refused(outcome: &Outcome) -> (bool, u16, Whose) {
    match outcome {
        Outcome::Refused(r) => (r.permanent, r.code, r.whose),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn a_mail_that_the_server_took_is_sent() {
    let mut steps = opening(GO);
    steps.extend([HearMail, say("250 2.0.0 queued as 4F\r\n")]);
    assert_eq!(outcome(HELLO, steps).await, (Outcome::Sent { reply: "250 2.0.0 queued as 4F".into() }, true));
}

#[tokio::test]
async fn without_pipelining_each_command_waits_for_its_answer() {
    let steps = vec![
        Hear("MAIL FROM:<r@gw.hale.example>\r\n"),
        say("250 ok\r\n"),
        Hear("RCPT"),
        say("250-ok\r\n250 really\r\n"),
        Hear("DATA"),
        say("354 go\r\n"),
        HearMail,
        say("250 ok\r\n"),
    ];
    assert!(matches!(outcome("250 mx.example\r\n", steps).await, (Outcome::Sent { .. }, true)));
}

#[tokio::test]
async fn refusals_are_laid_at_the_right_door() {
    use Whose::*;
    // answers to MAIL, RCPT, DATA, then to the dot or to RSET; what is expected
    let table = [
        ("550 no\r\n503 no\r\n503 no\r\n", "250 reset\r\n", (true, 550, Account), true),
        ("451 later\r\n503 no\r\n503 no\r\n", "250 reset\r\n", (false, 451, Account), true),
        ("530 5.7.0 log in\r\n503 no\r\n503 no\r\n", "250 reset\r\n", (true, 530, Account), true),
        ("552 5.3.4 too big\r\n503 no\r\n503 no\r\n", "250 reset\r\n", (true, 552, Content), true),
        ("250 ok\r\n550 5.1.1 unknown\r\n554 none\r\n", "250 reset\r\n", (true, 550, Recipient), true),
        ("250 ok\r\n450 4.7.1 greylisted\r\n554 none\r\n", "250 reset\r\n", (false, 450, Recipient), true),
        ("250 ok\r\n552 5.2.2 full\r\n554 none\r\n", "250 reset\r\n", (false, 552, Recipient), true),
        (
            "250 ok\r\n553 5.7.1 <r@x>: Sender address rejected: not owned\r\n554 no\r\n",
            "250 r\r\n",
            (true, 553, Account),
            true,
        ),
        ("250 ok\r\n554 5.7.1 <j@x>: Relay access denied\r\n554 no\r\n", "250 reset\r\n", (true, 554, Account), true),
        ("250 ok\r\n250 ok\r\n451 later\r\n", "250 reset\r\n", (false, 451, Content), true),
        ("250 ok\r\n250 ok\r\n554 5.7.1 no\r\n", "250 reset\r\n", (true, 554, Content), true),
        ("250 ok\r\n550 no\r\n554 none\r\n", "500 what\r\n", (true, 550, Recipient), false),
    ];
    for (answers, reset, expected, usable) in table {
        let mut steps = opening(answers);
        steps.extend([Hear("RSET"), say(reset)]);
        let (outcome, open) = outcome(HELLO, steps).await;
        assert_eq!((refused(&outcome), open), (expected, usable), "{answers:?}");
    }
}

#[tokio::test]
async fn a_refusal_after_the_dot_is_about_the_mail_or_its_recipient() {
    use Whose::*;
    let table = [
        ("550 5.7.1 spam\r\n", (true, 550, Content), true),
        ("554 refused\r\n", (true, 554, Content), true),
        ("550 5.1.1 unknown\r\n", (true, 550, Recipient), true),
        ("552 5.2.2 full\r\n", (false, 552, Recipient), true),
        ("452 4.3.1 disk full\r\n", (false, 452, Content), true),
        ("421 4.3.2 closing\r\n", (false, 421, Content), false),
    ];
    for (answer, expected, usable) in table {
        let mut steps = opening(GO);
        steps.extend([HearMail, say(answer)]);
        let (outcome, open) = outcome(HELLO, steps).await;
        assert_eq!((refused(&outcome), open), (expected, usable), "{answer:?}");
    }
}

#[tokio::test]
async fn a_421_anywhere_is_a_refusal_for_now_and_the_end_of_the_connection() {
    for answers in ["421 bye\r\n", "250 ok\r\n421 bye\r\n", "250 ok\r\n250 ok\r\n421 bye\r\n"] {
        let mut steps = opening(answers);
        steps.push(HangUp);
        let (outcome, open) = outcome(HELLO, steps).await;
        let (permanent, code, _) = refused(&outcome);
        assert_eq!((permanent, code, open), (false, 421, false), "{answers:?}");
    }
}

#[tokio::test]
async fn a_refusal_that_was_read_counts_though_the_server_then_hung_up() {
    let mut steps = opening("550 not you\r\n");
    steps.push(HangUp);
    let (outcome, open) = outcome(HELLO, steps).await;
    assert_eq!((refused(&outcome), open), ((true, 550, Whose::Account), false));
}

#[tokio::test]
async fn a_server_that_wants_a_mail_without_a_recipient_gets_an_empty_one() {
    for end in ["554 no valid recipients\r\n", "250 thanks\r\n"] {
        let mut steps = opening("250 ok\r\n550 unknown\r\n354 go\r\n");
        steps.extend([Hear(".\r\n"), say(end)]);
        let (outcome, open) = outcome(HELLO, steps).await;
        assert_eq!((refused(&outcome), open), ((true, 550, Whose::Recipient), true));
    }
}

#[tokio::test]
async fn only_354_lets_the_mail_out_and_only_250_means_sent() {
    let (early, open) = outcome(HELLO, opening("250 ok\r\n250 ok\r\n250 ok\r\n")).await;
    assert!(matches!(early, Outcome::NotSent(Trouble::Protocol(_))), "{early:?}");
    assert!(!open);
    let mut steps = opening(GO);
    steps.extend([HearMail, say("354 go\r\n")]);
    let (late, open) = outcome(HELLO, steps).await;
    assert!(matches!(late, Outcome::Unknown(Trouble::Protocol(_))), "{late:?}");
    assert!(!open);
}

#[tokio::test]
async fn f19_a_mail_is_sent_if_its_250_was_read_before_the_reset() {
    let mut steps = opening(GO);
    steps.extend([HearMail, say("250 ok\r\n"), Reset]);
    let (port, task) = server([welcome(), steps].concat()).await;
    let mut connection = connect(smtp(port)).await;
    let first = connection.send(&outgoing()).await;
    task.await.unwrap();
    // on loopback the reset may overtake the answer; a 250 that was never read is no 250
    assert!(matches!(first, Outcome::Sent { .. } | Outcome::Unknown(_)), "{first:?}");
    assert!(!connection.is_open());
    assert_eq!(connection.send(&outgoing()).await, Outcome::NotSent(Trouble::Closed));
}

#[tokio::test]
async fn after_the_dot_a_lost_connection_leaves_the_outcome_unknown() {
    for end in [HangUp, Reset] {
        let mut steps = opening(GO);
        steps.extend([HearMail, end]);
        let (outcome, open) = outcome(HELLO, steps).await;
        assert!(matches!(outcome, Outcome::Unknown(Trouble::Closed)), "{outcome:?}");
        assert!(!open);
    }
}

#[tokio::test]
async fn a_connection_lost_in_the_middle_of_a_mail_leaves_the_server_without_it() {
    let mut big = outgoing();
    big.bytes.extend(b"0123456789012345678901234567890123456789\r\n".repeat(500_000));
    let hello = "250-mx\r\n250-PIPELINING\r\n250 SIZE 0\r\n";
    let steps = [opening(GO), vec![HearBytes(1000), Reset]].concat();
    let (outcome, open) = outcome_of(&big, hello, steps).await;
    assert!(matches!(outcome, Outcome::NotSent(_)), "{outcome:?}");
    assert!(!open);
}

#[tokio::test]
async fn a_connection_lost_before_the_mail_leaves_the_server_without_it() {
    for answers in ["", "250 ok\r\n", "250 ok\r\n250 ok\r\n", "250 ok\r\n250 o"] {
        let steps = [opening(answers), vec![HangUp]].concat();
        let (outcome, open) = outcome(HELLO, steps).await;
        assert_eq!((outcome, open), (Outcome::NotSent(Trouble::Closed), false), "{answers:?}");
    }
}

#[tokio::test]
async fn f18_a_server_that_falls_silent_is_given_up() {
    for answers in ["", "250 ok\r\n", "250 ok\r\n250 ok\r\n", "250 ok"] {
        let (outcome, open) = soon(opening(answers)).await;
        assert_eq!((outcome, open), (Outcome::NotSent(Trouble::Timeout), false), "{answers:?}");
    }
    let (outcome, open) = soon([opening(GO), vec![HearMail]].concat()).await;
    assert_eq!((outcome, open), (Outcome::Unknown(Trouble::Timeout), false));
}

#[tokio::test]
async fn f18_after_the_dot_a_server_may_take_far_longer_than_for_any_other_answer() {
    let timeout = Duration::from_millis(300);
    let steps = [welcome(), opening(GO), vec![HearMail, Linger(timeout * 3), say("250 2.0.0 queued\r\n")]].concat();
    let (port, task) = server(steps).await;
    let mut connection = connect(Smtp { timeout, ..smtp(port) }).await;
    assert!(matches!(connection.send(&outgoing()).await, Outcome::Sent { .. }));
    drop(connection);
    task.await.unwrap();
}

#[tokio::test]
async fn f17_an_endless_or_unreadable_answer_is_cut_short() {
    for flood in ["250-and so on\r\n", "250 no line end "] {
        let (outcome, open) = outcome(HELLO, [opening(""), vec![Flood(flood)]].concat()).await;
        assert!(matches!(outcome, Outcome::NotSent(Trouble::Protocol(_))), "{flood:?}: {outcome:?}");
        assert!(!open);
        let steps = [opening(GO), vec![HearMail, Flood(flood)]].concat();
        let (outcome, _) = self::outcome(HELLO, steps).await;
        assert!(matches!(outcome, Outcome::Unknown(Trouble::Protocol(_))), "{flood:?}: {outcome:?}");
    }
    for answer in ["hello\r\n", "99 x\r\n", "250x\r\n", "\r\n", "250-a\r\n550 b\r\n", "777 x\r\n", "2\u{b2}0 x\r\n"] {
        let (outcome, _) = outcome(HELLO, [opening(GO), vec![HearMail, say(answer)]].concat()).await;
        assert!(matches!(outcome, Outcome::Unknown(Trouble::Protocol(_))), "{answer:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_server_that_says_more_than_it_was_asked_is_not_used_again() {
    let steps = [opening(GO), vec![HearMail, say("250 ok\r\n250 ok\r\n")]].concat();
    let (outcome, open) = outcome(HELLO, steps).await;
    assert!(matches!(outcome, Outcome::Sent { .. }));
    assert!(!open, "the second 250 would have been the answer to the next mail");
}

#[tokio::test]
async fn a_connection_whose_mail_was_abandoned_half_way_is_closed() {
    let (port, task) = server([welcome(), opening("250 ok\r\n")].concat()).await;
    let mut connection = connect(smtp(port)).await;
    let mail = outgoing();
    assert!(tokio::time::timeout(Duration::from_millis(100), connection.send(&mail)).await.is_err());
    assert!(!connection.is_open());
    assert_eq!(connection.send(&mail).await, Outcome::NotSent(Trouble::Closed));
    task.await.unwrap();
}

#[tokio::test]
async fn a_server_that_hung_up_while_idle_is_noticed_before_the_next_mail() {
    for end in [vec![HangUp], vec![say("421 idle too long\r\n"), HangUp]] {
        let (port, task) = server([welcome(), end].concat()).await;
        let mut connection = connect(smtp(port)).await;
        task.await.unwrap();
        while connection.is_open() {
            tokio::task::yield_now().await;
        }
        assert_eq!(connection.send(&outgoing()).await, Outcome::NotSent(Trouble::Closed));
    }
}

#[tokio::test]
async fn a_thousand_mails_go_over_one_connection() {
    let one = [vec![Hear("MAIL"), Hear("RCPT"), Hear("DATA"), say(GO), HearMail, say("250 ok\r\n")]].concat();
    let mut steps = welcome();
    for _ in 0..1000 {
        steps.extend(one.clone());
    }
    steps.extend([Hear("QUIT"), say("221 bye\r\n")]);
    let (port, task) = server(steps).await;
    let mut connection = connect(smtp(port)).await;
    for _ in 0..1000 {
        assert!(matches!(connection.send(&outgoing()).await, Outcome::Sent { .. }));
    }
    assert!(connection.is_open());
    connection.quit().await;
    task.await.unwrap();
}

#[tokio::test]
async fn a_refused_mail_does_not_stop_the_next() {
    let refused_one = [opening("250 ok\r\n550 no\r\n554 none\r\n"), vec![Hear("RSET"), say("250 ok\r\n")]].concat();
    let good_one = [opening(GO), vec![HearMail, say("250 ok\r\n")]].concat();
    let (port, task) = server([welcome(), good_one.clone(), refused_one, good_one].concat()).await;
    let mut connection = connect(smtp(port)).await;
    assert!(matches!(connection.send(&outgoing()).await, Outcome::Sent { .. }));
    assert_eq!(refused(&connection.send(&outgoing()).await).1, 550);
    assert!(matches!(connection.send(&outgoing()).await, Outcome::Sent { .. }));
    drop(connection);
    task.await.unwrap();
}

#[tokio::test]
async fn t73_on_the_wire_dots_are_doubled_and_no_line_feed_is_bare() {
    let steps = [opening(GO), vec![HearMail, say("250 ok\r\n"), Hear("QUIT"), HangUp]].concat();
    let (port, task) = server([welcome(), steps].concat()).await;
    let mut mail = outgoing();
    mail.bytes = b"Subject: x\r\n\r\n.\n.\r\n..two\rMAIL FROM:<a@b.c>\n.\n\r\n.\r.\r\nend".to_vec();
    let mut connection = connect(smtp(port)).await;
    assert!(matches!(connection.send(&mail).await, Outcome::Sent { .. }));
    connection.quit().await;
    let seen = task.await.unwrap();
    let (_, data) = std::str::from_utf8(&seen).unwrap().split_once("DATA\r\n").unwrap();
    let expected =
        "Subject: x\r\n\r\n..\r\n..\r\n...two\r\nMAIL FROM:<a@b.c>\r\n..\r\n\r\n..\r\n..\r\nend\r\n.\r\nQUIT\r\n";
    assert_eq!(data, expected);
    for (at, byte) in seen.iter().enumerate() {
        match byte {
            b'\n' => assert_eq!(seen[at - 1], b'\r'),
            b'\r' => assert_eq!(seen[at + 1], b'\n'),
            _ => {}
        }
    }
}

proptest::proptest! {
    #[test]
    fn t73_no_body_ends_early_or_has_a_bare_line_end(bytes in proptest::collection::vec(
        proptest::prop_oneof![proptest::prelude::Just(b'.'), proptest::prelude::Just(b'\r'),
            proptest::prelude::Just(b'\n'), proptest::prelude::any::<u8>()], 0..200)) {
        let wire = body(&bytes);
        let mut lines: Vec<&[u8]> = Vec::new();
        let mut rest = &wire[..];
        while let Some(end) = rest.windows(2).position(|w| w == b"\r\n") {
            lines.push(&rest[..end]);
            rest = &rest[end + 2..];
        }
        assert!(rest.is_empty());
        assert!(lines.iter().all(|l| *l != b"." && !l.contains(&b'\r') && !l.contains(&b'\n')));
        // what the server takes off again is the mail with its line ends made one kind
        let got: Vec<&[u8]> = lines.iter().map(|l| l.strip_prefix(b".").unwrap_or(l)).collect();
        let text = bytes.iter().map(|b| *b as char).collect::<String>().replace("\r\n", "\n").replace('\r', "\n");
        let want: Vec<Vec<u8>> = text.split_terminator('\n').map(|l| l.chars().map(|c| c as u8).collect()).collect();
        assert_eq!(got, want);
    }
}

#[test]
fn t73_a_command_is_one_line_whatever_stands_in_it() {
    assert_eq!(command("EHLO a\r\nMAIL FROM:<x@y.z>\0"), "EHLO aMAIL FROM:<x@y.z>\r\n");
}

#[tokio::test]
async fn the_null_sender_and_the_size_are_said() {
    let steps =
        vec![Hear("MAIL FROM:<> SIZE=54\r\n"), Hear("RCPT"), Hear("DATA"), say(GO), HearMail, say("250 ok\r\n")];
    let mut mail = outgoing();
    mail.envelope_from = None;
    assert!(matches!(outcome_of(&mail, HELLO, steps).await.0, Outcome::Sent { .. }));
}

#[tokio::test]
async fn t87_a_bounce_is_asked_to_bring_the_header_only() {
    let steps = vec![Hear("MAIL FROM:<r@gw.hale.example> RET=HDRS\r\n"), HangUp];
    let _ = outcome("250-mx\r\n250 DSN\r\n", steps).await;
}

#[tokio::test]
async fn a_mail_beyond_what_the_server_takes_is_refused_without_asking() {
    let (outcome, open) = outcome("250-mx\r\n250 SIZE 10\r\n", vec![]).await;
    assert_eq!((refused(&outcome), open), ((true, 552, Whose::Content), true));
    let mut mail = outgoing();
    mail.bytes.extend("é".bytes());
    let (outcome, _) = outcome_of(&mail, "250 mx\r\n", vec![]).await;
    assert_eq!(refused(&outcome), (true, 554, Whose::Content));
    let steps = vec![Hear("MAIL FROM:<r@gw.hale.example> SIZE=56 BODY=8BITMIME"), HangUp];
    outcome_of(&mail, HELLO, steps).await;
}

#[tokio::test]
async fn nothing_is_anybodys_fault_when_the_server_wont_talk() {
    let greeting = |text: &str| vec![say(text)];
    let hello = |text: &str| vec![say("220 mx\r\n"), Hear("EHLO"), say(text)];
    let table = [
        (greeting("421 busy\r\n"), Stage::Greeting, false, 421),
        (greeting("554 not you\r\n"), Stage::Greeting, true, 554),
        (hello("451 later\r\n"), Stage::Hello, false, 451),
        (hello("550 no\r\n"), Stage::Hello, true, 550),
    ];
    for (steps, stage, lasting, digits) in table {
        let (port, _task) = server(steps).await;
        match connect_error(smtp(port), None).await {
            ConnectError::Refused { at, permanent, code, .. } => {
                assert_eq!((at, permanent, code), (stage, lasting, digits));
            }
            other => panic!("{other:?}"),
        }
    }
    let (port, _task) = server(vec![HangUp]).await;
    assert!(connect_error(smtp(port), None).await.is_temporary());
    let (port, _task) = server(vec![Flood("220-welcome\r\n")]).await;
    let error = connect_error(smtp(port), None).await;
    assert!(matches!(error, ConnectError::Trouble(Trouble::Protocol(_))), "{error:?}");
}

fn hello_with(line: &str) -> Vec<Step> {
    vec![say("220 mx\r\n"), Hear("EHLO"), say(&format!("250-mx\r\n250 {line}\r\n"))]
}

#[tokio::test]
async fn each_way_to_log_in_is_spoken_as_its_standard_says() {
    // "\0gw\0hunter2"; then "gw" and "hunter2"
    let plain = vec![Hear("AUTH PLAIN AGd3AGh1bnRlcjI=\r\n"), say("235 ok\r\n")];
    let login = vec![
        Hear("AUTH LOGIN\r\n"),
        say("334 VXNlcm5hbWU6\r\n"),
        Hear("Z3c=\r\n"),
        say("334 UGFzc3dvcmQ6\r\n"),
        Hear("aHVudGVyMg==\r\n"),
        say("235 ok\r\n"),
    ];
    for (offer, steps) in [("AUTH LOGIN PLAIN", plain.clone()), ("AUTH=PLAIN", plain), ("auth login", login)] {
        let (port, task) = server([hello_with(offer), steps, vec![Hear("QUIT"), HangUp]].concat()).await;
        let report = check(&with_login(smtp(port)), Some(&password())).await.unwrap();
        assert!(report.logged_in && !report.pipelining);
        task.await.unwrap();
    }
    let token = Credentials::XOAuth2 { user: "gw".into(), token: "tok".into() };
    let steps =
        vec![Hear("AUTH XOAUTH2 dXNlcj1ndwFhdXRoPUJlYXJlciB0b2sBAQ==\r\n"), say("235 ok\r\n"), Hear("QUIT"), HangUp];
    let (port, task) = server([hello_with("AUTH XOAUTH2 PLAIN"), steps].concat()).await;
    check(&with_login(smtp(port)), Some(&token)).await.unwrap();
    task.await.unwrap();
}

#[tokio::test]
async fn a_refused_log_in_is_the_accounts_fault() {
    for (answer, lasting, digits) in [("535 5.7.8 no\r\n", true, 535), ("454 4.7.0 later\r\n", false, 454)] {
        let (port, _task) = server([hello_with("AUTH PLAIN"), vec![Hear("AUTH"), say(answer)]].concat()).await;
        match connect_error(with_login(smtp(port)), Some(&password())).await {
            ConnectError::Refused { at: Stage::Auth, permanent, code, .. } => {
                assert_eq!((permanent, code), (lasting, digits));
            }
            other => panic!("{other:?}"),
        }
    }
    let steps = vec![Hear("AUTH XOAUTH2"), say("334 eyJzdGF0dXMiOiI0MDEifQ==\r\n"), Hear("\r\n"), say("535 no\r\n")];
    let (port, _task) = server([hello_with("AUTH XOAUTH2"), steps].concat()).await;
    let token = Credentials::XOAuth2 { user: "gw".into(), token: "old".into() };
    let error = connect_error(with_login(smtp(port)), Some(&token)).await;
    assert!(matches!(error, ConnectError::Refused { at: Stage::Auth, permanent: true, code: 535, .. }));
    assert!(!format!("{error} {token:?}").contains("old"));
}

#[tokio::test]
async fn without_a_common_way_to_log_in_nothing_is_said() {
    for offer in ["AUTH CRAM-MD5", "SIZE 10", "AUTH XOAUTH2"] {
        let (port, task) = server(hello_with(offer)).await;
        let error = connect_error(with_login(smtp(port)), Some(&password())).await;
        assert!(matches!(error, ConnectError::NoMechanism));
        assert!(!String::from_utf8(task.await.unwrap()).unwrap().contains("AUTH"));
    }
    let (port, _task) = server(hello_with("AUTH PLAIN")).await;
    assert!(matches!(connect_error(with_login(smtp(port)), None).await, ConnectError::NoCredentials));
}

/// Settings for a server with TLS, known by the name and the authority of the fixtures.
fn secure(port: u16, tls: Tls) -> Smtp {
    Smtp { host: "localhost".into(), tls, ca_file: Some(fixture("ca.pem")), ..with_login(smtp(port)) }
}

#[tokio::test]
async fn a_mail_goes_through_implicit_tls_and_through_starttls() {
    let inside = [
        vec![
            Hear("EHLO"),
            say("250-mx\r\n250-PIPELINING\r\n250 AUTH PLAIN\r\n"),
            Hear("AUTH PLAIN"),
            say("235 ok\r\n"),
        ],
        opening(GO),
        vec![HearMail, say("250 ok\r\n")],
    ]
    .concat();
    let implicit = [vec![Encrypt("localhost"), say("220 mx\r\n")], inside.clone()].concat();
    let upgraded =
        [hello_with("STARTTLS"), vec![Hear("STARTTLS"), say("220 go\r\n"), Encrypt("localhost")], inside].concat();
    for (tls, steps) in [(Tls::Implicit, implicit), (Tls::StartTls, upgraded)] {
        let (port, task) = server(steps).await;
        let transport = Transport::Smtp(Box::new(secure(port, tls)));
        let mut connection = transport.connect(Some(&password())).await.unwrap();
        assert!(matches!(connection.send(&outgoing()).await, Outcome::Sent { .. }));
        assert!(connection.is_open());
        drop(connection);
        task.await.unwrap();
    }
}

#[tokio::test]
async fn t88_f31_without_a_good_certificate_nothing_is_sent_and_nobody_logs_in() {
    let good = |port| secure(port, Tls::Implicit);
    let unknown_authority = |port| Smtp { ca_file: None, ..good(port) };
    let other_name = |port| Smtp { host: "127.0.0.1".into(), ..good(port) };
    // Of an authority that is trusted, for the right name, and over.
    let expired = |port| Smtp { ca_file: Some(fixture("expired-ca.pem")), ..good(port) };
    type Make<'m> = &'m dyn Fn(u16) -> Smtp;
    let settings: [(Make<'_>, &str, &str); 3] = [
        (&unknown_authority, "localhost", "UnknownIssuer"),
        (&other_name, "localhost", "name"),
        (&expired, "expired", "expired"),
    ];
    for (make, certificate, why) in settings {
        let (port, task) = server(vec![Encrypt(certificate), say("220 mx\r\n")]).await;
        let error = connect_error(make(port), Some(&password())).await;
        assert!(matches!(&error, ConnectError::Handshake(said) if said.contains(why)), "{why}: {error:?}");
        assert!(!error.is_temporary());
        assert!(task.await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn t88_if_starttls_was_taken_away_nobody_logs_in() {
    let (port, task) = server(hello_with("AUTH PLAIN")).await;
    let error = connect_error(secure(port, Tls::StartTls), Some(&password())).await;
    assert!(matches!(error, ConnectError::NoStartTls));
    assert_eq!(task.await.unwrap(), b"EHLO gw.hale.example\r\n");
}

#[tokio::test]
async fn t89_text_between_starttls_and_tls_ends_the_connection() {
    let injected = "220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n";
    let (port, task) = server([hello_with("STARTTLS"), vec![Hear("STARTTLS"), say(injected)]].concat()).await;
    let error = connect_error(secure(port, Tls::StartTls), Some(&password())).await;
    assert!(matches!(error, ConnectError::Injected), "{error:?}");
    assert_eq!(task.await.unwrap(), b"EHLO gw.hale.example\r\nSTARTTLS\r\n");
}

#[tokio::test]
async fn a_folder_gets_one_whole_file_per_mail_and_shows_what_was_sent_twice() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let mut connection = Transport::Directory(out.clone()).connect(None).await.unwrap();
    let mut other = outgoing();
    other.bytes = b"Subject: x\r\nMessage-Id:\r\n <../../2/b@gw>\r\n\r\nMessage-ID: <no@gw>\r\n".to_vec();
    for mail in [&outgoing(), &other, &outgoing(), &outgoing()] {
        assert!(matches!(connection.send(mail).await, Outcome::Sent { .. }));
    }
    let mut names: Vec<_> = std::fs::read_dir(&out).unwrap().map(|e| e.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["0001-1@gw.eml", "0002-....2b@gw.eml", "0003-1@gw-again.eml", "0004-1@gw-again.eml"]);
    assert_eq!(std::fs::read(out.join("0003-1@gw-again.eml")).unwrap(), MAIL);
}

#[tokio::test]
async fn a_folder_that_cant_be_written_sends_nothing() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut connection = Transport::Directory(file.path().join("x")).connect(None).await.unwrap();
    assert!(matches!(connection.send(&outgoing()).await, Outcome::NotSent(Trouble::Io(_))));
}

#[tokio::test]
async fn memory_keeps_what_was_sent() {
    let mails = Arc::new(Mutex::new(Vec::new()));
    let mut connection = Transport::Memory(mails.clone()).connect(None).await.unwrap();
    assert!(matches!(connection.send(&outgoing()).await, Outcome::Sent { .. }));
    assert_eq!(*mails.lock().unwrap(), [outgoing()]);
}
