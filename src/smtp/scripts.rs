//! Submission servers by script, one line each: what they say in place of the usual, and what becomes of three mails sent
//! over one after another (faults.md F13–F19). The usual server pipelines and takes everything. Lines are written with `|`
//! for their ends; an answer that ends in `HANGUP` hangs up, `SILENCE` says nothing, `FLOOD` says it for ever.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use super::*;
use crate::config::{EnvelopeSender, Login, Smtp, Tls};

/// How long a script waits whose server falls silent.
const IMPATIENT: Duration = Duration::from_millis(400);

/// Name; the word that is answered otherwise (`DOT` is the end of a mail), for which time (0 for each); the answer; what
/// comes of it: one word for each mail, or why there is no connection.
type Script = (&'static str, &'static str, usize, &'static str, &'static str);

const SCRIPTS: [Script; 97] = [
    ("nothing odd", "", 0, "", "sent sent sent"),
    // the greeting
    ("busy", "GREETING", 0, "421 4.3.2 busy|", "no connection for now"),
    ("not welcome", "GREETING", 0, "554 5.7.1 not you|", "no connection"),
    ("no such service", "GREETING", 0, "521 no mail here|", "no connection"),
    ("a greeting that is none", "GREETING", 0, "hello|", "no connection for now"),
    ("a greeting with a success that does not fit", "GREETING", 0, "250 ok|", "no connection for now"),
    ("no greeting", "GREETING", 0, "SILENCE", "no connection for now, timeout"),
    ("half a greeting", "GREETING", 0, "220 mx", "no connection for now, timeout"),
    ("hung up at once", "GREETING", 0, "HANGUP", "no connection for now"),
    ("a greeting of many lines", "GREETING", 0, "220-mx|220-rules apply|220 go on|", "sent sent sent"),
    ("a greeting without end", "GREETING", 0, "FLOOD220-welcome|", "no connection for now"),
    ("a greeting in one endless line", "GREETING", 0, "FLOODxxxxxxxx", "no connection for now"),
    ("a greeting of two codes", "GREETING", 0, "220-mx|421 busy|", "no connection for now"),
    ("a greeting of bytes that are no text", "GREETING", 0, "220 \u{fffd}\u{1}\u{0}|", "sent sent sent"),
    // EHLO
    ("not now", "EHLO", 0, "421 later|", "no connection for now"),
    ("later", "EHLO", 0, "451 4.3.0 later|", "no connection for now"),
    ("no", "EHLO", 0, "550 5.7.1 no|", "no connection"),
    ("EHLO is not known", "EHLO", 0, "502 what?|", "no connection"),
    ("hung up at EHLO", "EHLO", 0, "HANGUP", "no connection for now"),
    ("no answer to EHLO", "EHLO", 0, "SILENCE", "no connection for now, timeout"),
    ("cut off in the list", "EHLO", 0, "250-mx|250-PIPEHANGUP", "no connection for now"),
    ("a list of two codes", "EHLO", 0, "250-mx|220 x|", "no connection for now"),
    ("a hundred and one lines", "EHLO", 0, "HUNDRED250 x|", "no connection for now"),
    ("no pipelining", "EHLO", 0, "250-mx|250 8BITMIME|", "sent sent sent"),
    ("no extension at all", "EHLO", 0, "250 mx|", "sent sent sent"),
    ("a size that is too small", "EHLO", 0, "250-mx|250 SIZE 10|", "content! content! content!"),
    ("a size of nought, which is none", "EHLO", 0, "250-mx|250 SIZE 0|", "sent sent sent"),
    ("a size of letters", "EHLO", 0, "250-mx|250 SIZE big|", "sent sent sent"),
    ("a size below nought", "EHLO", 0, "250-mx|250 SIZE -1|", "sent sent sent"),
    ("small letters and odd extensions", "EHLO", 0, "250-mx|250-pipelining|250-X-FOO bar|250 XYZZY|", "sent sent sent"),
    // MAIL
    ("later, at MAIL", "MAIL", 2, "451 4.3.0 later|", "sent account sent"),
    ("the end, at MAIL", "MAIL", 2, "421 bye|HANGUP", "sent account closed"),
    ("log in first", "MAIL", 0, "530 5.7.0 authentication required|", "account! account! account!"),
    ("our password is no more", "MAIL", 2, "535 5.7.8 bad credentials|", "sent account! sent"),
    ("our address is refused", "MAIL", 2, "550 5.7.1 sender rejected|", "sent account! sent"),
    ("our quota is used up", "MAIL", 2, "452 4.5.3 too many mails|", "sent account sent"),
    ("our storage is full", "MAIL", 2, "552 5.2.2 mailbox full|", "sent account sent"),
    ("hung up at MAIL", "MAIL", 2, "HANGUP", "sent lost closed"),
    ("silence at MAIL", "MAIL", 2, "SILENCE", "sent lost closed, timeout"),
    ("nonsense at MAIL", "MAIL", 2, "what?|", "sent lost closed"),
    ("354 to MAIL", "MAIL", 2, "354 go|", "sent lost closed"),
    // RCPT
    ("greylisted", "RCPT", 2, "450 4.2.0 greylisted, come back|", "sent recipient sent"),
    ("full for now", "RCPT", 2, "452 4.2.2 mailbox full|", "sent recipient sent"),
    ("over quota", "RCPT", 2, "552 5.2.2 over quota|", "sent recipient sent"),
    ("no such user", "RCPT", 2, "550 5.1.1 no such user|", "sent recipient! sent"),
    ("user not local", "RCPT", 2, "551 5.1.6 moved|", "sent recipient! sent"),
    ("forwarded", "RCPT", 2, "251 will forward|", "sent sent sent"),
    ("not allowed name", "RCPT", 2, "553 5.1.3 bad address|", "sent recipient! sent"),
    ("a name with a telling word", "RCPT", 2, "550 5.7.1 <jane@relay.example>: user unknown|", "sent recipient! sent"),
    ("relaying denied", "RCPT", 2, "554 5.7.1 relay access denied|", "sent account! sent"),
    ("the sender is refused at RCPT", "RCPT", 2, "550 5.7.1 sender address rejected: no|", "sent account! sent"),
    ("the sender's domain is unknown", "RCPT", 2, "550 5.1.8 bad sender system|", "sent account! sent"),
    ("log in first, at RCPT", "RCPT", 2, "530 5.7.0 authentication required|", "sent account! sent"),
    ("the end, at RCPT", "RCPT", 2, "421 4.7.0 too many errors|HANGUP", "sent recipient closed"),
    ("hung up at RCPT", "RCPT", 2, "HANGUP", "sent lost closed"),
    ("silence at RCPT", "RCPT", 2, "SILENCE", "sent lost closed, timeout"),
    ("many lines, one no", "RCPT", 2, "550-5.1.1 no|550-5.1.1 such|550 5.1.1 user|", "sent recipient! sent"),
    ("many lines of two codes", "RCPT", 2, "550-5.1.1 no|250 ok|", "sent lost closed"),
    ("an endless reply to RCPT", "RCPT", 2, "FLOOD550-no|", "sent lost closed"),
    // DATA
    ("later, at DATA", "DATA", 2, "451 4.3.0 later|", "sent content sent"),
    ("no, at DATA", "DATA", 2, "554 5.6.0 no|", "sent content! sent"),
    ("no valid recipient, at DATA", "DATA", 2, "554 5.1.1 no valid recipients|", "sent recipient! sent"),
    ("the end, at DATA", "DATA", 2, "421 bye|HANGUP", "sent content closed"),
    ("hung up at DATA", "DATA", 2, "HANGUP", "sent lost closed"),
    ("silence at DATA", "DATA", 2, "SILENCE", "sent lost closed, timeout"),
    ("a yes before the mail", "DATA", 2, "354 go|250 ok|", "sent lost closed"),
    ("a no before the mail's end", "DATA", 2, "354 go|552 5.3.4 too big|", "sent content! closed"),
    ("250 to DATA", "DATA", 2, "250 ok|", "sent lost closed"),
    // after the dot
    ("full disk there", "DOT", 2, "452 4.3.1 insufficient storage|", "sent content sent"),
    ("later, after the dot", "DOT", 2, "451 4.7.1 greylisted|", "sent content sent"),
    ("refused for what it says", "DOT", 2, "554 5.7.1 looks like spam|", "sent content! sent"),
    ("refused for its size", "DOT", 2, "552 5.3.4 too big|", "sent content! sent"),
    ("the mailbox is full, after the dot", "DOT", 2, "552 5.2.2 mailbox full|", "sent recipient sent"),
    ("no such user, after the dot", "DOT", 2, "550 5.1.1 no such user|", "sent recipient! sent"),
    (
        "we may not send as this address",
        "DOT",
        2,
        "554 5.2.252 SendAsDenied; a not allowed to send as b; STOREDRV.Submission.Exception:SendAsDeniedException.MapiExceptionSendAsDenied|",
        "sent account! sent",
    ),
    (
        "we may not send as this sender",
        "DOT",
        2,
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender|",
        "sent account! sent",
    ),
    (
        "we sent what looked like spam",
        "DOT",
        2,
        "554 5.2.0 STOREDRV.Submission.Exception:OutboundSpamException; Failed to process message|",
        "sent account! sent",
    ),
    (
        "we sent too much today",
        "DOT",
        2,
        "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException|",
        "sent account! sent",
    ),
    (
        "we sent too much, after the dot",
        "DOT",
        2,
        "550 5.4.5 Daily user sending limit exceeded.|",
        "sent account! sent",
    ),
    (
        "what was handed in is not to its liking",
        "DOT",
        2,
        "554 5.2.0 STOREDRV.Submission.Exception:CorruptDataException|",
        "sent content! sent",
    ),
    ("the end, after the dot", "DOT", 2, "421 4.4.2 bye|HANGUP", "sent content closed"),
    ("hung up after the dot", "DOT", 2, "HANGUP", "sent unknown closed"),
    ("silence after the dot", "DOT", 2, "SILENCE", "sent unknown closed, timeout"),
    ("half an answer after the dot", "DOT", 2, "25HANGUP", "sent unknown closed"),
    ("an answer without its end", "DOT", 2, "250 ok", "sent unknown closed, timeout"),
    ("nonsense after the dot", "DOT", 2, "ok, thanks|", "sent unknown closed"),
    ("354 after the dot", "DOT", 2, "354 go on|", "sent unknown closed"),
    ("220 after the dot", "DOT", 2, "220 ok|", "sent unknown closed"),
    ("lines without end after the dot", "DOT", 2, "FLOOD250-x|", "sent unknown closed"),
    ("one endless line after the dot", "DOT", 2, "FLOODxxxxxxxx", "sent unknown closed"),
    ("many lines of yes", "DOT", 2, "250-2.0.0 ok|250-2.0.0 queued|250 2.0.0 as 4F|", "sent sent sent"),
    ("yes, and gone", "DOT", 2, "250 2.0.0 ok|HANGUP", "sent sent closed"),
    ("yes twice", "DOT", 2, "250 ok|250 ok|", "sent sent closed"),
    ("yes, and an unasked end", "DOT", 2, "250 ok|421 bye|HANGUP", "sent sent closed"),
    // afterwards
    ("RSET is refused", "RCPT+RSET", 2, "550 5.1.1 no|", "sent recipient! closed"),
    ("a hang-up at QUIT", "QUIT", 0, "HANGUP", "sent sent sent"),
    ("nonsense at QUIT", "QUIT", 0, "what?|", "sent sent sent"),
];

/// The word for what became of a mail; an exclamation mark says that it is for good.
fn word(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent { .. } => "sent".into(),
        Outcome::Unknown(_) => "unknown".into(),
        Outcome::NotSent(_) => "lost".into(),
        Outcome::Refused(refusal) => {
            let whose = format!("{:?}", refusal.whose).to_lowercase();
            whose + if refusal.permanent { "!" } else { "" }
        }
    }
}

async fn play((_, at, nth, answer, expected): Script) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        let mut said = "GREETING".to_owned();
        loop {
            let count = counts.entry(said.clone()).or_default();
            *count += 1;
            let is_asked = at.split('+').next() == Some(said.as_str()) && (nth == 0 || nth == *count);
            let usual = match said.as_str() {
                "GREETING" => "220 mx|",
                "EHLO" => "250-mx|250-PIPELINING|250 8BITMIME|",
                "DATA" if at.contains('+') && *count == 2 => "503 RCPT first|",
                "DATA" => "354 go|",
                "QUIT" => "221 bye|",
                "RSET" if at.contains('+') => "502 what?|",
                _ => "250 ok|",
            };
            let text = (if is_asked { answer } else { usual }).replace('|', "\r\n");
            if let Some(flood) = text.strip_prefix("FLOOD") {
                while write.write_all(flood.repeat(100).as_bytes()).await.is_ok() {}
                return;
            }
            let text = match text.strip_prefix("HUNDRED") {
                Some(last) => "250-x\r\n".repeat(100) + last,
                None => text.replace("SILENCE", ""),
            };
            let _ = write.write_all(text.trim_end_matches("HANGUP").as_bytes()).await;
            if text.ends_with("HANGUP") {
                return;
            }
            let go = said == "DATA" && text.starts_with("354");
            loop {
                let Ok(Some(line)) = lines.next_line().await else { return };
                if !go || line == "." {
                    said = if go { "DOT".into() } else { line.split([' ', ':']).next().unwrap_or_default().to_owned() };
                    break;
                }
            }
        }
    });
    let is_silent = expected.ends_with("timeout");
    let limit = if is_silent { IMPATIENT } else { Duration::from_secs(20) };
    let smtp = Smtp {
        host: "127.0.0.1".into(),
        port,
        tls: Tls::None,
        ca_file: None,
        login: None::<Login>,
        envelope_sender: EnvelopeSender::Plain,
        hello_name: "gw.hale.example".into(),
        timeout: limit,
        final_timeout: limit,
    };
    let told = three(smtp, expected.contains("closed")).await;
    server.abort();
    told + if is_silent { ", timeout" } else { "" }
}

async fn three(smtp: Smtp, is_to_close: bool) -> String {
    let mut connection = match Transport::Smtp(Box::new(smtp)).connect(None).await {
        Ok(connection) => connection,
        Err(error) if error.is_temporary() => return "no connection for now".into(),
        Err(_) => return "no connection".into(),
    };
    let mut words = Vec::new();
    for n in 1..=3 {
        let mail = Outgoing {
            envelope_from: Some(Address::parse("r@gw.hale.example").unwrap()),
            to: Address::parse("jane@co.example").unwrap(),
            bytes: format!("From: r@gw.hale.example\r\nMessage-ID: <{n}@gw>\r\n\r\nHello\r\n").into_bytes(),
        };
        // As the sender does before each mail: what hung up or spoke unasked is not used, once that has come.
        if n == 3 && is_to_close {
            let hung_up = async {
                while connection.is_open() {
                    tokio::task::yield_now().await;
                }
            };
            let _ = tokio::time::timeout(Duration::from_secs(5), hung_up).await;
        }
        let open = connection.is_open();
        words.push(if open { word(&connection.send(&mail).await) } else { "closed".into() });
    }
    connection.quit().await;
    words.join(" ")
}

#[tokio::test]
async fn f13_to_f19_each_script_ends_as_it_must() {
    let mut wrong = Vec::new();
    for script in SCRIPTS {
        let came = play(script).await;
        if came != script.4 {
            wrong.push(format!("{}: came to {came:?} and not to {:?}", script.0, script.4));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
