//! Servers by script, one line each: what they say in place of the usual, and what a whole session comes to (faults.md
//! F20–F31). A session logs in, selects, lists, fetches, moves away what it got, waits for mail, says goodbye. The usual
//! server has two mails, 11 (`abcde`) and 12 (`fghij`). In an answer `TAG` stands for the command's tag, a `HANGUP` at its
//! end hangs up, `SILENCE` says nothing; lines are written with `|` for their ends.

use super::*;
use jiff::Timestamp;
use std::future::pending;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
};

/// How long a script waits whose server falls silent.
const IMPATIENT: Duration = Duration::from_millis(400);

const GREETING: &str = "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE UIDPLUS] ready|";

/// What the usual server says.
const USUAL: [(&str, &str); 12] = [
    ("AUTHENTICATE", "TAG OK [CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS] in|"),
    ("LOGIN", "TAG OK in|"),
    ("SELECT", "* 2 EXISTS|* OK [UIDVALIDITY 7] x|* OK [UIDNEXT 13] x|TAG OK [READ-WRITE] done|"),
    ("UID SEARCH", "* SEARCH 11 12|TAG OK done|"),
    (
        "UID FETCH 11:12 (UID RFC822.SIZE",
        "* 1 FETCH (UID 11 RFC822.SIZE 5 INTERNALDATE \"17-Jul-1996 02:44:25 -0700\")|* 2 FETCH (UID 12 RFC822.SIZE 5)|TAG OK done|",
    ),
    (
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {5}|abcde)|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
    ),
    ("UID MOVE", "TAG OK done|"),
    ("IDLE", "+ idling|* 3 EXISTS|"),
    ("DONE", "TAG OK done|"),
    ("LOGOUT", "* BYE bye|TAG OK done|"),
    ("NOOP", "TAG OK done|"),
    ("CAPABILITY", "* CAPABILITY IMAP4rev1 MOVE IDLE|TAG OK done|"),
];

/// Name; to which command it answers otherwise (`GREETING` is one), and how; the mails that were got, and how it ended:
/// `well`, or the step and the word for the trouble.
type Script = (&'static str, &'static str, &'static str, &'static str);

const SCRIPTS: [Script; 92] = [
    ("nothing odd", "", "", "11 12 well"),
    // the greeting
    ("BYE for a greeting", "GREETING", "* BYE too many connections|", "connect bye"),
    ("a greeting of another protocol", "GREETING", "220 mx ESMTP|", "connect nonsense"),
    ("a tagged greeting", "GREETING", "A1 OK hello|", "connect nonsense"),
    ("no greeting at all", "GREETING", "SILENCE", "connect timeout"),
    ("half a greeting", "GREETING", "* OK [CAPABILITY IMAPHANGUP", "connect lost"),
    ("hung up at once", "GREETING", "HANGUP", "connect lost"),
    ("let in without a log-in", "GREETING", "* PREAUTH [CAPABILITY IMAP4rev1] come in|", "connect nonsense"),
    ("NO for a greeting", "GREETING", "* NO go away|HANGUP", "connect lost"),
    (
        "two greetings",
        "GREETING",
        "* OK wait|* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR IDLE MOVE] ready|",
        "11 12 well",
    ),
    (
        "a greeting of bytes that are no text",
        "GREETING",
        "* OK \u{fffd}\u{0}|* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN SASL-IR MOVE IDLE] x|",
        "11 12 well",
    ),
    // the log-in
    ("a wrong password", "AUTHENTICATE", "TAG NO [AUTHENTICATIONFAILED] no|", "connect auth_refused"),
    ("a refusal without a code", "AUTHENTICATE", "TAG NO LOGIN failed.|", "connect auth_refused"),
    ("an expired password", "AUTHENTICATE", "TAG NO [EXPIRED] change it|", "connect auth_refused"),
    ("no log-ins now", "AUTHENTICATE", "TAG NO [UNAVAILABLE] later|", "connect auth_unavailable"),
    ("too many log-ins", "AUTHENTICATE", "TAG NO [LIMIT] too many connections|", "connect auth_unavailable"),
    ("in use", "AUTHENTICATE", "TAG NO [INUSE] by another|", "connect auth_unavailable"),
    ("BAD to a log-in", "AUTHENTICATE", "TAG BAD what?|", "connect bad"),
    ("BYE to a log-in", "AUTHENTICATE", "* BYE not now|", "connect bye"),
    ("hung up at the log-in", "AUTHENTICATE", "HANGUP", "connect lost"),
    ("asked again and again for the password", "AUTHENTICATE", "+ |+ |+ |+ |+ |+ |+ |", "connect nonsense"),
    ("another's tag at the log-in", "AUTHENTICATE", "A77 OK in|", "connect nonsense"),
    (
        "capabilities that change at the log-in",
        "AUTHENTICATE",
        "* CAPABILITY IMAP4rev1|TAG OK [CAPABILITY IMAP4rev1 MOVE IDLE] in|",
        "11 12 well",
    ),
    ("no capabilities after the log-in", "AUTHENTICATE", "TAG OK in|", "11 12 well"),
    // SELECT
    ("no such folder", "SELECT", "TAG NO [NONEXISTENT] no such folder|", "select no"),
    ("no right to the folder", "SELECT", "TAG NO [NOPERM] no|", "select no"),
    ("a folder that can't be had now", "SELECT", "TAG NO [UNAVAILABLE] backend down|", "select no"),
    ("BAD to SELECT", "SELECT", "TAG BAD what?|", "select bad"),
    ("BYE at SELECT", "SELECT", "* BYE shutting down|", "select bye"),
    ("cut off at SELECT", "SELECT", "* 2 EXISTS|* OK [UIDVALIDITY 7HANGUP", "select lost"),
    ("no UIDVALIDITY", "SELECT", "* 2 EXISTS|TAG OK done|", "11 12 well"),
    ("UIDVALIDITY of nought", "SELECT", "* 2 EXISTS|* OK [UIDVALIDITY 0] x|TAG OK done|", "11 12 well"),
    ("UIDVALIDITY below nought", "SELECT", "* 2 EXISTS|* OK [UIDVALIDITY -5] x|TAG OK done|", "11 12 well"),
    (
        "UIDVALIDITY beyond all numbers",
        "SELECT",
        "* 2 EXISTS|* OK [UIDVALIDITY 99999999999] x|TAG OK done|",
        "11 12 well",
    ),
    ("an absurd number of mails", "SELECT", "* 4294967296 EXISTS|TAG OK done|", "select nonsense"),
    ("no count of mails", "SELECT", "* OK [UIDVALIDITY 7] x|TAG OK done|", "well"),
    ("an empty folder", "SELECT", "* 0 EXISTS|* OK [UIDVALIDITY 7] x|TAG OK done|", "well"),
    // SEARCH
    ("NO to SEARCH", "UID SEARCH", "TAG NO [SERVERBUG] x|", "list no"),
    ("BAD to SEARCH", "UID SEARCH", "TAG BAD x|", "list bad"),
    ("BYE at SEARCH", "UID SEARCH", "* BYE x|", "list bye"),
    ("OK without results", "UID SEARCH", "TAG OK done|", "well"),
    ("an empty result", "UID SEARCH", "* SEARCH|TAG OK done|", "well"),
    ("half a result", "UID SEARCH", "* SEARCH 11 1HANGUP", "list lost"),
    ("UIDs that are none", "UID SEARCH", "* SEARCH eleven|TAG OK done|", "list nonsense"),
    ("UIDs twice and out of order", "UID SEARCH", "* SEARCH 12 11 12 11|TAG OK done|", "11 12 well"),
    ("results in two answers", "UID SEARCH", "* SEARCH 12|* SEARCH 11|TAG OK done|", "11 12 well"),
    (
        "results among news",
        "UID SEARCH",
        "* 2 RECENT|* 2 FETCH (FLAGS (\\Seen))|* SEARCH 11 12|* OK still here|TAG OK done|",
        "11 12 well",
    ),
    (
        "garbage between",
        "UID SEARCH",
        "* FOO bar baz|* ESEARCH (TAG \"x\") UID ALL 1:9|* SEARCH 11 12|TAG OK done|",
        "11 12 well",
    ),
    ("a line that is no answer", "UID SEARCH", "hello there|TAG OK done|", "list nonsense"),
    ("an empty line", "UID SEARCH", "||* SEARCH 11 12|TAG OK done|", "list nonsense"),
    ("an OK that is none", "UID SEARCH", "* SEARCH 11 12|TAG OKAY|", "list nonsense"),
    ("an earlier command's end", "UID SEARCH", "A1 OK done|TAG OK done|", "list nonsense"),
    ("silence after half", "UID SEARCH", "* SEARCH 11 12|", "list timeout"),
    ("asked for more", "UID SEARCH", "+ go on|", "list nonsense"),
    ("an expunge while listing", "UID SEARCH", "* SEARCH 11 12|* 1 EXPUNGE|TAG OK done|", "11 12 well"),
    // the sizes
    ("NO to the sizes", "UID FETCH 11:12 (UID RFC822.SIZE", "TAG NO x|", "fetch no"),
    ("no sizes", "UID FETCH 11:12 (UID RFC822.SIZE", "TAG OK done|", "gone 11 12 well"),
    (
        "a size of letters",
        "UID FETCH 11:12 (UID RFC822.SIZE",
        "* 1 FETCH (UID 11 RFC822.SIZE big)|TAG OK done|",
        "fetch nonsense",
    ),
    (
        "a size below nought",
        "UID FETCH 11:12 (UID RFC822.SIZE",
        "* 1 FETCH (UID 11 RFC822.SIZE -5)|TAG OK done|",
        "fetch nonsense",
    ),
    (
        "sizes of others",
        "UID FETCH 11:12 (UID RFC822.SIZE",
        "* 9 FETCH (UID 99 RFC822.SIZE 5)|TAG OK done|",
        "gone 11 12 well",
    ),
    ("an empty FETCH", "UID FETCH 11:12 (UID RFC822.SIZE", "* 1 FETCH ()|TAG OK done|", "fetch nonsense"),
    // the mails
    ("NO to the mails", "UID FETCH 11:12 (UID BODY", "TAG NO [INUSE] later|", "fetch no"),
    ("BAD to the mails", "UID FETCH 11:12 (UID BODY", "TAG BAD what?|", "fetch bad"),
    (
        "BYE between the mails",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {5}|abcde)|* BYE x|",
        "11 fetch bye",
    ),
    ("hung up in a literal", "UID FETCH 11:12 (UID BODY", "* 1 FETCH (UID 11 BODY[] {5}|abcHANGUP", "fetch lost"),
    ("hung up between", "UID FETCH 11:12 (UID BODY", "* 1 FETCH (UID 11 BODY[] {5}|abcde)|HANGUP", "11 fetch lost"),
    ("silence in a literal", "UID FETCH 11:12 (UID BODY", "* 1 FETCH (UID 11 BODY[] {5}|ab", "fetch timeout"),
    (
        "a literal longer than said",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {3}|abcde)|TAG OK done|",
        "fetch nonsense",
    ),
    (
        "a literal shorter than said",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {9}|abcde)|TAG OK done|",
        "fetch nonsense",
    ),
    (
        "a literal of half a gigabyte",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {500000000}|abc",
        "fetch too_much",
    ),
    (
        "a literal of more than memory",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {9999999999}|abc",
        "fetch too_much",
    ),
    (
        "a literal below nought",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {-1}|abcde)|TAG OK done|",
        "fetch nonsense",
    ),
    (
        "a mail as a quoted string",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] \"abcde\")|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "11 12 well",
    ),
    (
        "mails in the other order",
        "UID FETCH 11:12 (UID BODY",
        "* 2 FETCH (UID 12 BODY[] {5}|fghij)|* 1 FETCH (UID 11 BODY[] {5}|abcde)|TAG OK done|",
        "11 12 well",
    ),
    (
        "one mail twice",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {5}|abcde)|* 1 FETCH (UID 11 BODY[] {5}|other)|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "11 12 well",
    ),
    (
        "a mail nobody asked for",
        "UID FETCH 11:12 (UID BODY",
        "* 9 FETCH (UID 99 BODY[] {5}|xxxxx)|* 1 FETCH (UID 11 BODY[] {5}|abcde)|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "11 12 well",
    ),
    (
        "one mail missing",
        "UID FETCH 11:12 (UID BODY",
        "* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "12 gone 11 well",
    ),
    ("no mail at all", "UID FETCH 11:12 (UID BODY", "TAG OK done|", "gone 11 12 well"),
    (
        "NIL for a mail",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] NIL)|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "12 gone 11 well",
    ),
    (
        "a mail without its UID",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (BODY[] {5}|abcde)|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "12 gone 11 well",
    ),
    (
        "an expunge between listing and fetching",
        "UID FETCH 11:12 (UID BODY",
        "* 1 EXPUNGE|* 1 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK [EXPUNGEISSUED] done|",
        "12 gone 11 well",
    ),
    (
        "flags among the mails",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (FLAGS (\\Seen))|* 1 FETCH (UID 11 BODY[] {5}|abcde)|* 2 FETCH (FLAGS () UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "11 12 well",
    ),
    (
        "a tagged line inside a mail",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {12}|TAG OK done|)|* 2 FETCH (UID 12 BODY[] {5}|fghij)|TAG OK done|",
        "11 12 well",
    ),
    (
        "OK in mid-list and the rest late",
        "UID FETCH 11:12 (UID BODY",
        "* 1 FETCH (UID 11 BODY[] {5}|abcde)|TAG OK done|* 2 FETCH (UID 12 BODY[] {5}|fghij)|",
        "11 gone 12 well",
    ),
    // tidying and waiting
    ("over quota at MOVE", "UID MOVE", "TAG NO [OVERQUOTA] full|", "11 12 move no"),
    ("BAD to MOVE", "UID MOVE", "TAG BAD what?|", "11 12 move bad"),
    ("BYE at MOVE", "UID MOVE", "* BYE x|", "11 12 move bye"),
    ("NO to IDLE", "IDLE", "TAG NO not now|", "11 12 well"),
    ("never an answer to IDLE", "IDLE", "SILENCE", "11 12 wait timeout"),
    ("BYE while idle", "IDLE", "+ idling|* BYE autologout|", "11 12 wait bye"),
    ("hung up while idle", "IDLE", "+ idling|HANGUP", "11 12 wait lost"),
    ("never an end of IDLE", "DONE", "SILENCE", "11 12 wait timeout"),
];

fn step<T>(name: &str, done: Result<T, ImapError>, told: &mut String) -> Option<T> {
    match done {
        Ok(value) => Some(value),
        Err(error) => {
            told.push_str(&format!("{name} {}", error.code()));
            None
        }
    }
}

/// Plays one script; what came of it.
async fn play((_, command, answer, expected): Script) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut tag = String::new();
        let mut line = Some("GREETING".to_owned());
        while let Some(heard) = line {
            let said = match heard.split_once(' ') {
                Some((new, rest)) => {
                    tag = new.to_owned();
                    rest.to_owned()
                }
                None => heard,
            };
            let usual = USUAL.iter().find(|(start, _)| said.starts_with(start)).map_or("TAG BAD what?|", |(_, a)| a);
            let usual = if said == "GREETING" { GREETING } else { usual };
            let text = if !command.is_empty() && said.starts_with(command) { answer } else { usual };
            let text = text.replace('|', "\r\n").replace("TAG", &tag).replace("SILENCE", "");
            let _ = write.write_all(text.trim_end_matches("HANGUP").as_bytes()).await;
            if text.ends_with("HANGUP") {
                return;
            }
            line = lines.next_line().await.ok().flatten();
        }
    });
    let patience = if expected.ends_with("timeout") { IMPATIENT } else { Duration::from_secs(20) };
    let account = ImapAccount {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        user: "gateway".into(),
        auth: Auth::Password("hush".to_owned().into()),
        folder: "INBOX".into(),
        extra_ca: None,
        timeouts: Timeouts { answer: patience, poll: Duration::ZERO, ..Timeouts::default() },
    };
    let told = session(&account).await;
    server.abort();
    told
}

async fn session(account: &ImapAccount) -> String {
    let mut told = String::new();
    let mut uids = Vec::new();
    let Some(mut session) = step("connect", Session::connect(account, Timestamp::UNIX_EPOCH).await, &mut told) else {
        return told;
    };
    let Some(mailbox) = step("select", session.select().await, &mut told) else { return told };
    let mut cursor = Cursor::new(mailbox.uid_validity, []);
    let Some(new) = step("list", session.new_uids(&mut cursor).await, &mut told) else { return told };
    if !new.is_empty() {
        let fetched = session.fetch(&new, Limits { mail: 1000 }, |mail| uids.push(mail.uid)).await;
        uids.sort_unstable();
        uids.iter().for_each(|uid| told.push_str(&format!("{uid} ")));
        let Some(gone) = step("fetch", fetched, &mut told) else { return told };
        if !gone.is_empty() {
            told.push_str("gone ");
            gone.iter().for_each(|uid| told.push_str(&format!("{uid} ")));
        }
    }
    if !uids.is_empty() && step("move", session.move_to(&uids, "Done").await, &mut told).is_none() {
        return told;
    }
    if !uids.is_empty() && step("wait", session.wait(pending()).await, &mut told).is_none() {
        return told;
    }
    session.logout().await;
    told + "well"
}

#[tokio::test]
async fn t96_no_server_that_misbehaves_stalls_floods_or_fools_the_reading_f20_to_f31() {
    let mut wrong = Vec::new();
    for script in SCRIPTS {
        let came = play(script).await;
        if came != script.3 {
            wrong.push(format!("{}: came to {came:?} and not to {:?}", script.0, script.3));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
