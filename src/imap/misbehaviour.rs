//! What is made of servers that break off, lie, refuse or are hostile (faults.md F20–F31, threats.md T88, T89, T96).
//! Each test writes the server's part as a script: the answer to each command, `TAG` standing for its tag.

use super::*;
use jiff::Timestamp;
use proptest::prelude::*;
use std::future::pending;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    task::JoinHandle,
};

const GREETING: &str = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE UIDPLUS] ready\r\n";
const SELECTED: &str = "* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 30] x\r\nTAG OK [READ-WRITE] done\r\n";

/// A server for one connection: after the greeting, `script` answers each line; an answer that ends in `HANGUP` is
/// followed by the end of the connection. The commands it heard are given by the task.
async fn server(
    greeting: &'static str,
    mut script: impl FnMut(&str) -> String + Send + 'static,
) -> (ImapAccount, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut heard = Vec::new();
        let _ = write.write_all(greeting.as_bytes()).await;
        while let Ok(Some(line)) = lines.next_line().await {
            let (tag, command) = line.split_once(' ').unwrap_or(("", &line));
            let answer = script(command).replace("TAG", tag);
            heard.push(command.to_owned());
            let _ = write.write_all(answer.trim_end_matches("HANGUP").as_bytes()).await;
            if answer.ends_with("HANGUP") {
                break;
            }
        }
        heard
    });
    let timeouts = Timeouts { answer: Duration::from_secs(20), ..Timeouts::default() };
    let account = ImapAccount {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        user: "gateway".into(),
        auth: Auth::Password("hush".to_owned().into()),
        folder: "INBOX".into(),
        extra_ca: None,
        timeouts,
    };
    (account, task)
}

/// A session in a selected folder of such a server, which answers the usual commands by itself.
async fn selected(mut script: impl FnMut(&str) -> String + Send + 'static) -> (Session, JoinHandle<Vec<String>>) {
    let (account, task) = server(GREETING, move |command| match command.split(' ').next().unwrap() {
        "AUTHENTICATE" => "TAG OK [CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS] in\r\n".into(),
        "CAPABILITY" | "NOOP" => "TAG OK done\r\n".into(),
        "SELECT" => SELECTED.into(),
        _ => script(command),
    })
    .await;
    let mut session = Session::connect(&account, Timestamp::UNIX_EPOCH).await.unwrap();
    let mailbox = session.select().await.unwrap();
    assert_eq!(mailbox, Mailbox { uid_validity: Some(7), uid_next: Some(30), mails: 3 });
    (session, task)
}

fn sizes(command: &str) -> Option<String> {
    let list = "* 1 FETCH (UID 11 RFC822.SIZE 5 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")\r\n\
        * 2 FETCH (UID 12 RFC822.SIZE 5 INTERNALDATE \"odd\")\r\nTAG OK done\r\n";
    command.contains("RFC822.SIZE").then(|| list.into())
}

/// Fetches the mails 11 and 12 of five bytes from a server that answers with `bodies`.
async fn fetch(bodies: impl Into<String>) -> (Vec<(u32, Content)>, Result<Vec<u32>, ImapError>) {
    let bodies = bodies.into();
    let (mut session, task) = selected(move |command| sizes(command).unwrap_or_else(|| bodies.clone())).await;
    let mut got = Vec::new();
    let end = session.fetch(&[11, 12], Limits { mail: 1000 }, |mail| got.push((mail.uid, mail.content))).await;
    drop(session);
    task.await.unwrap();
    (got, end)
}

fn whole(bytes: &[u8]) -> Content {
    Content::Whole(bytes.to_vec())
}

#[tokio::test]
async fn f20_an_answer_cut_off_anywhere_gives_an_error_and_no_short_mail() {
    let answer = "* 1 FETCH (UID 11 BODY[] {5}\r\nabcde)\r\n* 2 FETCH (UID 12 BODY[] {5}\r\nfghij)\r\nTAG OK done\r\n";
    let in_full = [(11, whole(b"abcde")), (12, whole(b"fghij"))];
    for cut in 0..answer.len() {
        let (got, end) = fetch(format!("{}HANGUP", &answer[..cut])).await;
        assert!(matches!(end, Err(ImapError::Lost)), "{cut}: {end:?}");
        assert!(in_full.starts_with(&got), "{cut}: {got:?}");
    }
    let (got, end) = fetch(answer).await;
    assert_eq!((got.as_slice(), end.unwrap()), (&in_full[..], vec![]));
}

#[tokio::test]
async fn f21_a_literal_shorter_or_longer_than_said_gives_an_error_and_no_mail() {
    for body in ["abcd", "abcdef", "abcde f", "abcde\r\n", "abcde FOO x", ""] {
        let (got, end) = fetch(format!("* 1 FETCH (UID 11 BODY[] {{5}}\r\n{body})\r\nTAG OK done\r\nHANGUP")).await;
        assert!(got.is_empty(), "{body:?}: {got:?}");
        assert!(matches!(end, Err(ImapError::Nonsense(_) | ImapError::Lost)), "{body:?}: {end:?}");
    }
}

#[tokio::test]
async fn t96_f22_only_what_was_asked_for_is_taken_and_only_once() {
    let (got, end) = fetch(
        "* 9 FETCH (UID 99 BODY[] {3}\r\nxyz)\r\n* 2 FETCH (BODY[] {5}\r\nfghij UID 12)\r\n* 2 FETCH (FLAGS (\\Seen))\r\n\
         * 2 FETCH (UID 12 BODY[] {5}\r\nagain)\r\nTAG OK done\r\n",
    )
    .await;
    assert_eq!(got, [(12, whole(b"fghij"))]);
    assert_eq!(end.unwrap(), [11], "what is missing is told");
}

#[tokio::test]
async fn a_refused_or_misunderstood_fetch_is_an_error() {
    let (got, end) = fetch("TAG NO [INUSE] later\r\n").await;
    assert!(got.is_empty() && end.unwrap_err().is_temporary());
    let (_, end) = fetch("TAG BAD what?\r\n").await;
    assert_eq!(end.unwrap_err().trouble(), Trouble::Permanent);
    let (_, end) = fetch("* BYE shutting down\r\n").await;
    assert!(matches!(end, Err(ImapError::Bye(_))));
    let (_, end) = fetch("A999 OK done\r\n").await;
    assert!(matches!(end, Err(ImapError::Nonsense(_))));
}

#[tokio::test]
async fn t55_a_literal_beyond_all_announcements_is_refused_without_being_kept() {
    let (got, end) = fetch("* 1 FETCH (UID 11 BODY[] {500000000}\r\nabc").await;
    assert!(got.is_empty() && matches!(end, Err(ImapError::TooMuch)));
}

#[tokio::test]
async fn a_mail_larger_than_its_size_said_is_taken_as_too_large() {
    let long = "x".repeat(1001);
    let (mut session, _task) = selected(move |command| match command {
        c if c.contains("HEADER") => "* 1 FETCH (UID 11 BODY[HEADER]<0> {4}\r\nA: b)\r\nTAG OK done\r\n".into(),
        c => sizes(c).unwrap_or_else(|| format!("* 1 FETCH (UID 11 BODY[] {{1001}}\r\n{long})\r\nTAG OK done\r\n")),
    })
    .await;
    let mut got = Vec::new();
    session.fetch(&[11], Limits { mail: 1000 }, |mail| got.push(mail.content)).await.unwrap();
    assert_eq!(got, [Content::HeaderOnly(b"A: b".to_vec())]);
}

#[tokio::test]
async fn a_refused_search_is_an_error_and_not_an_empty_mailbox() {
    for (answer, temporary) in [("TAG NO [UNAVAILABLE] x\r\n", true), ("TAG BAD x\r\n", false), ("HANGUP", true)] {
        let (mut session, _task) = selected(move |_| answer.into()).await;
        let mut cursor = Cursor::new(Some(7), []);
        let error = session.new_uids(&mut cursor).await.unwrap_err();
        assert_eq!(error.is_temporary(), temporary, "{error}");
        assert_eq!(cursor, Cursor::new(Some(7), []));
    }
}

#[tokio::test]
async fn f26_a_listing_in_which_mails_went_away_does_not_move_the_cursor() {
    for (expunge, floor) in [("", 13), ("* 1 EXPUNGE\r\n", 1)] {
        let answer = format!("* SEARCH 12 3 12\r\n* SEARCH 11\r\n{expunge}TAG OK done\r\n");
        let (mut session, task) = selected(move |_| answer.clone()).await;
        let mut cursor = Cursor::new(Some(7), [3, 11, 12]);
        assert!(session.new_uids(&mut cursor).await.unwrap().is_empty());
        assert_eq!(cursor.floor(), floor);
        drop(session);
        assert_eq!(task.await.unwrap().last().unwrap(), "UID SEARCH 1:3 UID 1:*");
    }
}

#[tokio::test]
async fn after_a_command_that_was_given_up_the_session_is_of_no_use() {
    let (mut session, _task) = selected(|_| String::new()).await;
    let mut cursor = Cursor::new(Some(7), []);
    tokio::select! {
        biased;
        _ = session.new_uids(&mut cursor) => unreachable!("it never answers"),
        () = std::future::ready(()) => {}
    }
    assert!(matches!(session.new_uids(&mut cursor).await, Err(ImapError::Lost)));
}

#[tokio::test]
async fn a_session_can_live_in_a_task_of_its_own() {
    let (account, _server) = server(GREETING, |_| "TAG NO no\r\n".into()).await;
    let task = tokio::spawn(async move {
        let mut session = Session::connect(&account, Timestamp::UNIX_EPOCH).await?;
        let mailbox = session.select().await?;
        let mut cursor = Cursor::new(mailbox.uid_validity, []);
        let uids = session.new_uids(&mut cursor).await?;
        let mut mails = Vec::new();
        session.fetch(&uids, Limits { mail: 1 }, |mail| mails.push(mail)).await?;
        session.move_to(&uids, "Done").await?;
        session.mark(&uids, "Done").await?;
        session.wait(pending()).await?;
        session.logout().await;
        Ok::<_, ImapError>(mails)
    });
    assert!(matches!(task.await.unwrap(), Err(ImapError::AuthRefused(_))));
}

#[tokio::test]
async fn f27_a_silent_server_is_given_up() {
    let (mut session, _task) = selected(|_| "* OK still here\r\n".into()).await;
    session.wire.patience = Duration::from_millis(20);
    let error = session.new_uids(&mut Cursor::new(Some(7), [])).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::Lost);
    assert!(matches!(error, ImapError::Timeout(_)));
}

#[tokio::test]
async fn idle_that_is_refused_becomes_polling() {
    for answer in ["TAG NO not now\r\n", "TAG BAD what?\r\n", "TAG OK finished\r\n"] {
        let (mut session, task) = selected(move |_| answer.into()).await;
        session.timeouts.poll = Duration::ZERO;
        assert_eq!(session.wait(pending()).await.unwrap(), Wake::Timeout);
        assert_eq!(session.wait(pending()).await.unwrap(), Wake::Timeout);
        drop(session);
        assert_eq!(task.await.unwrap().iter().filter(|c| *c == "IDLE").count(), 1);
    }
}

#[tokio::test]
async fn mail_that_comes_before_idle_begins_wakes_all_the_same() {
    let (mut session, _task) = selected(|command| match command {
        "IDLE" => "* 4 EXISTS\r\n+ idling\r\n".into(),
        _ => "A3 OK done\r\n".into(),
    })
    .await;
    assert_eq!(session.wait(pending()).await.unwrap(), Wake::Mail);
    assert_eq!(session.wait(pending()).await.unwrap(), Wake::Mail, "until it was listed");
}

#[tokio::test]
async fn idle_ends_when_stopped_when_its_time_is_over_and_when_the_connection_is_gone() {
    let script = |command: &str| match command {
        "IDLE" => "+ idling\r\n".to_owned(),
        _ => "A3 OK done\r\n".into(),
    };
    let (mut session, _task) = selected(script).await;
    assert_eq!(session.wait(async {}).await.unwrap(), Wake::Stopped);
    let (mut session, _task) = selected(script).await;
    session.timeouts.renew = Duration::ZERO;
    assert_eq!(session.wait(pending()).await.unwrap(), Wake::Timeout);
    let (mut session, _task) = selected(|_| "+ idling\r\nHANGUP".into()).await;
    assert!(matches!(session.wait(pending()).await, Err(ImapError::Lost)));
    let (mut session, _task) = selected(|_| "+ idling\r\n* BYE timeout\r\n".into()).await;
    assert!(matches!(session.wait(pending()).await, Err(ImapError::Bye(_))));
}

#[test]
fn f27_a_mailbox_is_looked_at_each_five_minutes_however_silent_idle_is() {
    let timeouts = super::Timeouts::default();
    let longest = Duration::from_secs(300);
    assert!(timeouts.renew <= longest && timeouts.poll <= longest, "{timeouts:?}");
}

#[tokio::test]
async fn f28_refused_log_ins_are_told_from_servers_in_trouble() {
    for (answer, trouble) in [
        ("TAG NO [AUTHENTICATIONFAILED] no\r\n", Trouble::AuthRefused),
        ("TAG NO LOGIN failed.\r\n", Trouble::AuthRefused),
        ("TAG NO [UNAVAILABLE] Temporary authentication failure\r\n", Trouble::Temporary),
        ("* BYE too many\r\n", Trouble::Lost),
        ("+ \r\n+ \r\n+ \r\n+ \r\n+ \r\n+ \r\n", Trouble::Lost),
    ] {
        let (account, _task) = server(GREETING, move |_| answer.into()).await;
        let error = Session::connect(&account, Timestamp::UNIX_EPOCH).await.unwrap_err();
        assert_eq!(error.trouble(), trouble, "{answer}");
        assert!(!format!("{error} {error:?} {account:?}").contains("hush"));
    }
}

#[tokio::test]
async fn a_server_without_sasl_ir_gets_the_proof_when_it_asks() {
    let bare = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n";
    let (account, task) = server(bare, |command| match command {
        "AUTHENTICATE PLAIN" => "* OK Waiting for authentication process to respond..\r\n+ \r\n".into(),
        _ => "A1 OK [CAPABILITY IMAP4rev1] in\r\n".into(),
    })
    .await;
    drop(Session::connect(&account, Timestamp::UNIX_EPOCH).await.unwrap());
    assert_eq!(task.await.unwrap(), ["AUTHENTICATE PLAIN", "AGdhdGV3YXkAaHVzaA=="]);
}

#[tokio::test]
async fn a_server_without_plain_gets_login_unless_it_forbids_that() {
    let (account, task) = server("* OK [CAPABILITY IMAP4rev1] hi\r\n", |command| match command {
        "CAPABILITY" => "* CAPABILITY IMAP4rev1 MOVE\r\nTAG OK done\r\n".into(),
        _ => "TAG OK in\r\n".into(),
    })
    .await;
    let session = Session::connect(&account, Timestamp::UNIX_EPOCH).await.unwrap();
    assert!(session.can("MOVE"));
    drop(session);
    assert_eq!(task.await.unwrap(), ["LOGIN \"gateway\" \"hush\"", "CAPABILITY"]);
    let (account, task) = server("* OK [CAPABILITY IMAP4rev1 LOGINDISABLED] hi\r\n", |_| "TAG OK in\r\n".into()).await;
    assert!(matches!(Session::connect(&account, Timestamp::UNIX_EPOCH).await, Err(ImapError::Lacks(_))));
    assert!(task.await.unwrap().is_empty());
}

#[tokio::test]
async fn t88_t89_f31_nothing_is_said_in_clear_when_starttls_is_stripped_or_poisoned() {
    for (greeting, starttls) in [
        ("* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] hi\r\n", "TAG OK go\r\n"),
        ("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "TAG NO not today\r\n"),
        ("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "TAG OK go\r\nA2 OK [CAPABILITY IMAP4rev1] injected\r\n"),
        ("* OK [CAPABILITY IMAP4rev1 STARTTLS] hi\r\n", "TAG OK go\r\nHANGUP"),
        ("* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] come in\r\n", ""),
        ("* BYE busy\r\n", ""),
    ] {
        let (account, task) = server(greeting, move |_| starttls.into()).await;
        let account = ImapAccount { tls: Tls::StartTls, ..account };
        assert!(Session::connect(&account, Timestamp::UNIX_EPOCH).await.is_err(), "{greeting}");
        let heard = task.await.unwrap().join("\n");
        assert!(!heard.contains("AUTHENTICATE") && !heard.contains("LOGIN"), "{heard}");
    }
}

#[tokio::test]
async fn without_move_mails_are_copied_and_only_the_own_ones_removed() {
    let (mut session, task) = selected(|_| "TAG OK done\r\n".into()).await;
    session.capabilities.remove("MOVE");
    session.move_to(&[4, 5, 9], "Done").await.unwrap();
    drop(session);
    let heard = task.await.unwrap();
    assert_eq!(
        heard[2..],
        ["UID COPY 4:5,9 \"Done\"", "UID STORE 4:5,9 +FLAGS.SILENT (\\Deleted)", "UID EXPUNGE 4:5,9"]
    );
}

#[tokio::test]
async fn f29_a_refused_move_is_tried_again_after_the_folder_was_made() {
    let mut made = false;
    let (mut session, task) = selected(move |command| match command.split_once(' ').unwrap() {
        ("CREATE", _) => {
            made = true;
            "TAG OK made\r\n".into()
        }
        _ if made => "* OK [COPYUID 7 4:5 1:2] moved\r\n* 1 EXPUNGE\r\nTAG OK done\r\n".into(),
        _ => "TAG NO [TRYCREATE] no such folder\r\n".into(),
    })
    .await;
    session.move_to(&[4, 5], "Done/2026").await.unwrap();
    drop(session);
    assert_eq!(
        task.await.unwrap()[2..],
        ["UID MOVE 4:5 \"Done/2026\"", "CREATE \"Done/2026\"", "UID MOVE 4:5 \"Done/2026\""]
    );
}

#[tokio::test]
async fn a_keyword_that_is_none_is_never_sent() {
    let (mut session, task) = selected(|_| "TAG OK done\r\n".into()).await;
    session.mark(&[4], "$DocketpostStored").await.unwrap();
    assert!(session.mark(&[4], "x) \\Deleted (").await.is_err());
    drop(session);
    assert_eq!(task.await.unwrap()[2..], ["UID STORE 4 +FLAGS.SILENT ($DocketpostStored)"]);
}

#[tokio::test]
async fn t88_a_server_beyond_this_machine_is_never_spoken_to_in_clear() {
    // A name for this machine's own address on the network; where there is none the rule can't be shown.
    let own = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let Ok(address) = own.connect("192.0.2.1:9").and_then(|()| own.local_addr()) else { return };
    if address.ip().is_loopback() {
        return;
    }
    let listener = TcpListener::bind((address.ip(), 0)).await.unwrap();
    let (account, _task) = server(GREETING, |_| String::new()).await;
    let account =
        ImapAccount { host: address.ip().to_string(), port: listener.local_addr().unwrap().port(), ..account };
    assert!(matches!(Session::connect(&account, Timestamp::UNIX_EPOCH).await, Err(ImapError::InClear)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Whatever pieces a server's answer to a fetch is made of: no panic, and nothing that it did not frame.
    #[test]
    fn no_answer_breaks_it(pieces in prop::collection::vec(prop::sample::select(vec![
        "* 1 FETCH (UID 11 BODY[] {5}\r\nabcde)\r\n", "* 2 FETCH (UID 12 BODY[] \"fghij\")\r\n", "* 1 FETCH (", "UID 11 ", "{5}\r\n",
        "abcde", ")", "\r\n", "TAG OK x\r\n", "* BYE\r\n", "+ \r\n", "TAG ", "* SEARCH 1\r\n", "* 5 EXISTS\r\n", "\0", "BODY[] NIL", "(",
    ]), 0..9)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (got, _) = runtime.block_on(fetch(format!("{}HANGUP", pieces.concat())));
        for (_, content) in got {
            let Content::Whole(bytes) = content else { unreachable!() };
            prop_assert_eq!(bytes.len(), 5);
        }
    }
}
