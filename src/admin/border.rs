//! `docketpost check --border`: a mail of the gateway's own to itself, with forged Authentication-Results in it, through the
//! real servers and back (sender-proof.md 5.3). It tells whether the mailbox's border takes them away, or leaves them where
//! they are not believed, and what the border itself writes and where. The mail bears the mark of our own mail, so that it
//! is ignored wherever else it is read.

use std::time::Duration;

use jiff::Timestamp;

use crate::config::{AuthResults, Config, Firm, Layout, Mailbox, Profile, WayIn, WayOut};
use crate::daemon::accounts::{self, SenderLogin};
use crate::imap::{Content, Cursor, Limits, Session};
use crate::maildir::{self, Maildir};
use crate::outbound::compose::OWN_MARK;
use crate::proof::auth_results::{self, Probed};
use crate::proof::headers::{Headers, unfold};
use crate::smtp::{Outcome, Outgoing, Transport};
use crate::store::Store;
use crate::store::borders::BorderCheck;

/// How large the mail can be when it comes back.
const LARGEST: u64 = 256 * 1024;
/// Between two looks.
const PAUSE: Duration = Duration::from_secs(1);

type Said = std::result::Result<String, String>;

/// Tests the border of a mailbox, waits at most `patience` for the mail, and keeps the outcome where results are configured.
pub async fn test(config: &Config, mailbox: &Mailbox, patience: Duration, now: Timestamp) -> Said {
    let firm = config.firm(&mailbox.firm).ok_or("its firm is not configured")?;
    let store = Store::configured(config).map_err(|e| e.to_string())?;
    let mark = data_encoding::HEXLOWER.encode(&crate::ids::random::<8>());
    let mail = forged(firm, mailbox.auth_results.as_ref(), &mark, now);
    let mut place = Place::open(mailbox, now).await?;
    let known = newest(&store, firm)?;
    send(config, firm, mail, now).await?;
    let until = crate::clock::instant().checked_add(patience);
    let back = loop {
        // The daemon may be faster than this look; then the mail is in the store.
        if let Some(found) = place.look(&mark).await?.or(staged(&store, firm, known, &mark)?) {
            break found;
        }
        if until.is_none_or(|until| crate::clock::instant() > until) {
            return Err(format!("the mail to {} did not come back in {} seconds", firm.address, patience.as_secs()));
        }
        tokio::time::sleep(PAUSE).await;
    };
    place.close().await;
    let judged = judge(&back, mailbox.auth_results.as_ref(), &mark);
    if let Some(policy) = &mailbox.auth_results {
        let (holds, said) = match &judged {
            Ok(said) => (true, said.clone()),
            Err(said) => (false, said.clone()),
        };
        let check =
            BorderCheck { mailbox: mailbox.name.clone(), checked_at: now, policy: policy.in_a_line(), holds, said };
        store.write(move |tx| tx.set_border_check(&check)).map_err(|e| e.to_string())?;
    }
    judged
}

/// The mail: with forged results in every configured name, none where it is still to be found out.
fn forged(firm: &Firm, policy: Option<&AuthResults>, mark: &str, now: Timestamp) -> Vec<u8> {
    let claim = format!(
        "spf=pass smtp.mailfrom={mark}.invalid; dkim=pass header.d={mark}.invalid; dmarc=pass header.from={mark}.invalid"
    );
    let mut lines: Vec<String> = policy
        .iter()
        .flat_map(|p| &p.authserv_id)
        .map(|name| format!("Authentication-Results: {name}; {claim}"))
        .collect();
    if policy.is_some_and(|p| p.profile == Profile::M365) {
        lines.push(format!("Authentication-Results: {claim}"));
    }
    let (address, date) = (&firm.address, now.strftime("%a, %d %b %Y %H:%M:%S +0000"));
    lines.extend([
        format!("From: <{address}>"),
        format!("To: <{address}>"),
        "Subject: docketpost tests this mailbox's border".to_owned(),
        format!("Date: {date}"),
        format!("Message-ID: <check.{mark}@{}>", address.domain()),
        "Auto-Submitted: auto-generated".to_owned(),
        "X-Auto-Response-Suppress: All".to_owned(),
        format!("{OWN_MARK}: {mark}"),
        "MIME-Version: 1.0".to_owned(),
        "Content-Type: text/plain; charset=utf-8".to_owned(),
        String::new(),
        "docketpost sent this mail to itself, to see whether forged words about a mail's sender reach it. Nothing is to be done."
            .to_owned(),
        String::new(),
    ]);
    lines.join("\r\n").into_bytes()
}

async fn send(config: &Config, firm: &Firm, bytes: Vec<u8>, now: Timestamp) -> std::result::Result<(), String> {
    let WayOut::Smtp(smtp) = &firm.way_out else {
        return Err("mails of this firm are written into a folder: there is no server to be tested".to_owned());
    };
    let login = SenderLogin::new(smtp.login.as_ref(), &config.store).map_err(|e| e.to_string())?;
    let credentials = login.credentials(now).await.map_err(|e| e.to_string())?;
    let transport = Transport::from(&firm.way_out);
    let mut connection = transport.connect(credentials.as_ref()).await.map_err(|e| e.to_string())?;
    let mail = Outgoing { envelope_from: Some(firm.address.clone()), to: firm.address.clone(), bytes };
    let outcome = connection.send(&mail).await;
    connection.quit().await;
    match outcome {
        Outcome::Sent { .. } => Ok(()),
        Outcome::Refused(refusal) => Err(format!("{} refused the mail: {} {}", smtp.host, refusal.code, refusal.reply)),
        Outcome::Unknown(trouble) | Outcome::NotSent(trouble) => Err(format!("{}: {trouble}", smtp.host)),
    }
}

/// The mailbox, looked into without changing anything.
enum Place {
    Imap(Box<Session>, Cursor),
    Maildir(Maildir),
}

impl Place {
    async fn open(mailbox: &Mailbox, now: Timestamp) -> std::result::Result<Place, String> {
        match &mailbox.way_in {
            WayIn::Maildir(folder) => Maildir::open(folder).map(Place::Maildir).map_err(|e| e.to_string()),
            WayIn::Imap(imap) => {
                let account = accounts::imap(imap).map_err(|e| e.to_string())?;
                let mut session = Session::connect(&account, now).await.map_err(|e| e.to_string())?;
                let folder = session.examine().await.map_err(|e| e.to_string())?;
                let mut cursor = Cursor::new(folder.uid_validity, []);
                let before = session.new_uids(&mut cursor).await.map_err(|e| e.to_string())?;
                before.into_iter().for_each(|uid| cursor.insert(uid));
                Ok(Place::Imap(Box::new(session), cursor))
            }
        }
    }

    /// The mail with this mark, if it is there.
    async fn look(&mut self, mark: &str) -> std::result::Result<Option<Vec<u8>>, String> {
        let mut found = None;
        match self {
            Place::Imap(session, cursor) => {
                let uids = session.new_uids(cursor).await.map_err(|e| e.to_string())?;
                let take = |mail: crate::imap::Fetched| {
                    if let Content::Whole(bytes) = mail.content {
                        found = found.take().or_else(|| Some(bytes).filter(|b| bears(b, mark)));
                    }
                };
                session.fetch(&uids, Limits { mail: LARGEST }, take).await.map_err(|e| e.to_string())?;
            }
            Place::Maildir(folder) => {
                for mail in folder.waiting().map_err(|e| e.to_string())?.iter().filter(|m| m.size <= LARGEST) {
                    if let Some(maildir::Content::Whole(bytes)) =
                        folder.read(mail, LARGEST).map_err(|e| e.to_string())?
                    {
                        found = found.or_else(|| Some(bytes).filter(|b| bears(b, mark)));
                    }
                }
            }
        }
        Ok(found)
    }

    async fn close(self) {
        if let Place::Imap(session, _) = self {
            session.logout().await;
        }
    }
}

/// The newest row of the firm's inbox.
fn newest(store: &Store, firm: &Firm) -> std::result::Result<i64, String> {
    let newest = store.read(|s| match s.firm_by_slug(&firm.slug)? {
        Some(row) => Ok(s.inbox_list(row.id, None, 1)?.first().map_or(0, |mail| mail.id.0)),
        None => Ok(0),
    });
    newest.map_err(|e| e.to_string())
}

/// The mail with this mark, if the daemon took it in since.
fn staged(store: &Store, firm: &Firm, after: i64, mark: &str) -> std::result::Result<Option<Vec<u8>>, String> {
    let mails = store.read(|s| match s.firm_by_slug(&firm.slug)? {
        Some(row) => s.inbox_list(row.id, None, 50),
        None => Ok(Vec::new()),
    });
    for mail in mails.map_err(|e| e.to_string())?.iter().filter(|m| m.id.0 > after && m.size <= LARGEST) {
        let bytes = store.blobs().get(mail.blob()).map_err(|e| e.to_string())?;
        if bears(&bytes, mark) {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

/// True for the mail itself: one that only encloses it, as a bounce does, has come another way.
fn bears(raw: &[u8], mark: &str) -> bool {
    Headers::read(raw).is_ok_and(|h| h.all(OWN_MARK).any(|value| unfold(value).trim() == mark))
}

/// What the mail shows that came back.
fn judge(raw: &[u8], policy: Option<&AuthResults>, mark: &str) -> Said {
    let headers = Headers::read(raw).map_err(|_| "the mail came back with a header that can't be read".to_owned())?;
    let found = auth_results::probe(&headers, mark, policy);
    let advice = advice(&found);
    if found.believed {
        return Err(format!(
            "what anybody writes in the border's name is believed: its lines can't be told apart; {advice}"
        ));
    }
    let Some(policy) = policy else {
        return Ok(format!(
            "nothing is configured yet; with these lines run this again, to see what becomes of forged ones: {advice}"
        ));
    };
    match (found.came_through, found.left, policy.layout) {
        (false, _, _) if policy.profile == Profile::M365 => Err(format!(
            "the mail came by no server below {} with none but Microsoft's behind it, so it shows nothing; {advice}",
            policy.received_by.join(" or ")
        )),
        (false, _, _) => Err(format!(
            "the mail did not come through {} configured servers ({}), so it shows nothing; {advice}",
            policy.hops,
            policy.received_by.join(", ")
        )),
        (true, 0, _) => Ok("forged results were taken away".to_owned()),
        (true, _, Layout::Above) => {
            Ok("forged results were left in the mail, below the border's line, where they are not read".to_owned())
        }
        (true, _, Layout::Below) => Err(format!(
            "forged results were left in the mail, and with layout = \"below\" nothing tells them apart: the border's results are not used; {advice}"
        )),
    }
}

/// The domain of Microsoft 365's border.
const MICROSOFT: &str = "mail.protection.outlook.com";

/// The lines of the configuration that fit what arrived.
fn advice(found: &Probed) -> String {
    let Some(host) = &found.received_by else { return "it has no Received line that can be read".to_owned() };
    let Some(added) = &found.added else {
        return format!("it came through {host}, and no server says anything of its sender");
    };
    let layout = match added.layout {
        Layout::Above => "above",
        Layout::Below => "below",
    };
    // Results in nobody's name are Microsoft's.
    if added.id.contains('=') {
        return format!(
            "it came with results of Microsoft 365: [mailbox.auth_results] profile = \"m365\", received_by = [{MICROSOFT:?}], fields = {}",
            added.fields
        );
    }
    let mut hosts = added.received_by.clone();
    hosts.dedup();
    format!(
        "it came with results of {}: [mailbox.auth_results] authserv_id = [{:?}], received_by = {hosts:?}, hops = {}, fields = {}, layout = {layout:?}",
        added.id,
        added.id,
        added.received_by.len(),
        added.fields
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "00ff00ff00ff00ff";

    fn policy(layout: Layout) -> AuthResults {
        AuthResults {
            authserv_id: vec!["mx.hale.example".into()],
            received_by: vec!["mx.hale.example".into()],
            hops: 1,
            fields: 1,
            layout,
            profile: Profile::Rfc8601,
            spf_alone: true,
        }
    }

    /// A mail that came back: what stands above the border's line, and below it.
    fn back(above: &str, below: &str) -> Vec<u8> {
        format!("{above}Received: from x by mx.hale.example; now\r\n{below}From: <r@gw.hale.example>\r\n{OWN_MARK}: {MARK}\r\n\r\nx").into()
    }

    const OWN: &str = "Authentication-Results: mx.hale.example; spf=none\r\n";

    fn lie() -> String {
        format!("Authentication-Results: mx.hale.example; dmarc=pass header.from={MARK}.invalid\r\n")
    }

    #[test]
    fn t10_what_a_border_does_with_forged_results_is_told_by_what_comes_back() {
        let judged = |mail: &[u8], layout| judge(mail, Some(&policy(layout)), MARK);
        let (above, below) = (Layout::Above, Layout::Below);
        assert!(judged(&back(OWN, ""), above).unwrap().contains("were taken away"));
        assert!(judged(&back("", OWN), below).unwrap().contains("were taken away"));
        assert!(judged(&back(OWN, &lie()), above).unwrap().contains("where they are not read"));
        for mail in [back("", &(OWN.to_owned() + &lie())), back("", &(lie() + OWN)), back("", &lie())] {
            assert!(judged(&mail, below).is_err(), "{}", String::from_utf8_lossy(&mail));
        }
        // A server that puts them above its own line, wherever they came from, makes everything believed.
        assert!(judged(&back(&lie(), ""), above).unwrap_err().contains("is believed"));
        let around =
            back(OWN, "").escape_ascii().to_string().replace("mx.hale", "other.hale").replace("\\r\\n", "\r\n");
        assert!(judged(around.as_bytes(), above).unwrap_err().contains("shows nothing"));
        assert!(judge(b"From x\r\n\r\n", None, MARK).is_err());
    }

    #[test]
    fn t10_the_lines_of_the_configuration_are_told_by_what_came_back() {
        let said = |mail: &[u8]| judge(mail, None, MARK).unwrap();
        let hops = "Received: from mx by store.hale.example; now\r\n";
        for (mail, wanted) in [
            (
                back(OWN, &lie()),
                "authserv_id = [\"mx.hale.example\"], received_by = [\"mx.hale.example\"], hops = 1, fields = 1, layout = \"above\"",
            ),
            (back("", OWN), "received_by = [\"mx.hale.example\"], hops = 1, fields = 1, layout = \"below\""),
            (
                back(&format!("{hops}{OWN}{OWN}"), ""),
                "received_by = [\"store.hale.example\", \"mx.hale.example\"], hops = 2, fields = 2, layout = \"above\"",
            ),
            // Nobody's name: nothing is believed before a test.
            (
                back(&format!("{hops}{}", OWN.replace("mx.", "filter.")), ""),
                "received_by = [\"store.hale.example\"], hops = 1, fields = 1, layout = \"below\"",
            ),
        ] {
            assert!(said(&mail).contains(wanted), "{}", said(&mail));
        }
        assert!(said(&back("", "")).contains("no server says anything"));
        let microsoft = "Received: from a by b.prod.outlook.com; now\r\nAuthentication-Results: spf=pass\r\nReceived: from x by c.mail.protection.outlook.com; now\r\n";
        let wanted = "profile = \"m365\", received_by = [\"mail.protection.outlook.com\"], fields = 1";
        assert!(said(&back(microsoft, "")).contains(wanted), "{}", said(&back(microsoft, "")));
    }
}
