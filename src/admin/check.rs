//! `docketpost check`: does everything work that docketpost needs: configuration, store, mailboxes, ways out, clock. One
//! line for each; it logs in and out again, reads, and changes nothing. With `--border` it sends a mail to each mailbox of ours
//! instead, and keeps what that showed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{Chosen, Told};
use crate::config::{Addressing, AuthResults, Config, Firm, Layout, Mailbox, Profile, Smtp, WayIn, WayOut};
use crate::daemon::accounts::{self, SenderLogin};
use crate::daemon::owner;
use crate::domain::leap::{self, Mark};
use crate::imap;
use crate::inbound::resolve::Carriers;
use crate::inbound::{limits, parse};
use crate::maildir::owner_of;
use crate::outbound::gateway::Gateway;
use crate::proof::auth_results::{self, Seen};
use crate::proof::headers::Headers;
use crate::proof::{DmarcPolicy, Published, Verifier, VerifierSettings};
use crate::smtp;
use crate::store::Store;
use crate::store::conservation;
use crate::store::examine::{Examined, examine};
use crate::store::keys::ReplyKey;

/// After so long without any entry a clock is more likely wrong than a firm idle (fault F42).
const LONGEST_SILENCE: SignedDuration = SignedDuration::from_hours(24 * 365);

/// How many mails are looked at for answers, and how many answers are counted.
const ANSWERS_LOOKED_AT: u32 = 500;
const ANSWERS_COUNTED: usize = 50;

/// So little room on the disk is too little (fault F35): ten mails of the largest size, and what is made of them.
const LEAST_ROOM: u64 = 512 << 20;

/// How long one question to a DNS server may take.
const DNS_PATIENCE: Duration = Duration::from_secs(2);

/// One check.
struct Check {
    what: String,
    result: std::result::Result<String, String>,
}

impl Check {
    fn new(what: impl Into<String>, result: std::result::Result<String, String>) -> Check {
        Check { what: what.into(), result }
    }
}

/// Tries what docketpost needs; changes nothing.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Args {
    /// Look instead through the whole store, whether each mail and each letter came to one end and each file is there
    #[arg(long)]
    pub store: bool,
    /// Send a mail with forged words about its sender to each mailbox of ours, read it back, and tell whether the mail
    /// server takes them away; to be done at the beginning and every month
    #[arg(long, conflicts_with = "store")]
    pub border: bool,
    /// How long that mail may take
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    pub wait: u32,
}

/// Checks everything; fails if anything does.
pub fn run(chosen: &Chosen, args: &Args, now: Timestamp) -> Result<Told> {
    if args.store {
        return conserved(&Config::load_offline(&chosen.config)?);
    }
    let config = Config::load(&chosen.config)?;
    if args.border {
        return borders(&config, Duration::from_secs(args.wait.into()), now);
    }
    let well = format!("{} is well written", chosen.config.display());
    let mut checks = vec![Check::new("configuration", Ok(well))];
    let examined = examine(&config.store).map_err(|e| e.to_string());
    checks.push(Check::new("store", examined.as_ref().map_err(Clone::clone).and_then(|e| store(&config, e))));
    checks.push(Check::new("disk", disk(&config.store)));
    if let Ok(examined) = &examined {
        checks.push(Check::new("clock", clock(examined.clock, examined.last_moment, now)));
        checks.push(Check::new("reply keys", reply_keys(&examined.reply_keys, now)));
    }
    if examined.as_ref().is_ok_and(|e| e.version == e.known) {
        // Said where there is something to say.
        checks.extend(left_waiting(&config).err().map(|why| Check::new("firms", Err(why))));
        for firm in &config.firms {
            checks.push(Check::new(format!("answers to {}", firm.slug), answers(&config, firm)));
        }
    }
    if examined.as_ref().is_ok_and(|e| e.version == e.known) {
        for mailbox in &config.mailboxes {
            checks.push(Check::new(format!("sender proofs of {}", mailbox.name), border(&config, mailbox, now)));
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        checks.push(Check::new("DNS servers", resolver(&config).await));
        checks.extend(policies(&config).await);
        for mailbox in &config.mailboxes {
            let ours = examined.as_ref().ok().and_then(|_| Ours::of(&config, mailbox).ok());
            checks.push(Check::new(format!("mailbox {}", mailbox.name), way_in(mailbox, ours.as_ref(), now).await));
        }
        for firm in &config.firms {
            let result = match &firm.way_out {
                WayOut::Smtp(smtp) => way_out(smtp, &config.store, now).await,
                WayOut::Directory(folder) => writable(folder),
            };
            checks.push(Check::new(format!("sending for {}", firm.slug), result));
        }
    });
    Ok(tell(&checks))
}

/// Tests the border of every mailbox by a mail of our own.
fn borders(config: &Config, patience: Duration, now: Timestamp) -> Result<Told> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut checks = Vec::new();
    for mailbox in &config.mailboxes {
        let said = runtime.block_on(super::border::test(config, mailbox, patience, now));
        checks.push(Check::new(format!("border of {}", mailbox.name), said));
    }
    Ok(tell(&checks))
}

/// Whether nothing was lost and nothing happened twice, as far as the store tells.
fn conserved(config: &Config) -> Result<Told> {
    // What is opened here says how blobs are sealed; who may read the store is checked on the way.
    let store = Store::configured(config)?;
    let found = conservation::examine(&config.store, store.blobs())?;
    let mut checks: Vec<Check> = found.wrong.iter().map(|wrong| Check::new("store", Err(wrong.clone()))).collect();
    if checks.is_empty() {
        checks.push(Check::new("store", Ok(format!("nothing is lost and nothing twice: {}", found.counts.join(", ")))));
    }
    Ok(tell(&checks))
}

fn tell(checks: &[Check]) -> Told {
    let mut text = String::new();
    let mut objects = Vec::new();
    let mut failed = false;
    for check in checks {
        let (word, said) = match &check.result {
            Ok(said) => ("ok", said),
            Err(said) => ("FAILED", said),
        };
        failed |= check.result.is_err();
        text.push_str(&format!("{word:6} {}: {}\n", check.what, super::show::one_line(said)));
        objects.push(json!({"check": check.what, "ok": check.result.is_ok(), "text": said}));
    }
    Told::new(text, json!(objects)).failed(u8::from(failed))
}

fn store(config: &Config, found: &Examined) -> std::result::Result<String, String> {
    if found.version > found.known {
        return Err(format!("is of a later docketpost (version {}, this one knows {})", found.version, found.known));
    }
    let missing: Vec<&str> =
        config.firms.iter().map(|f| f.slug.as_str()).filter(|slug| !found.firms.iter().any(|f| f == slug)).collect();
    if !missing.is_empty() {
        return Err(format!("knows no firm {}; `docketpost init` makes it", missing.join(", ")));
    }
    let older = if found.version < found.known { "; it is brought up to date at the next start" } else { "" };
    Ok(format!("{} is whole, nobody else can read it, version {}{older}", config.store.display(), found.version))
}

/// How much room is left where the store lies.
fn disk(folder: &Path) -> std::result::Result<String, String> {
    let found = rustix::fs::statvfs(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    room(found.f_bavail.saturating_mul(found.f_frsize))
}

fn room(bytes: u64) -> std::result::Result<String, String> {
    let said = format!("{} MB are free where the store lies", bytes >> 20);
    match bytes < LEAST_ROOM {
        true => Err(format!(
            "{said}: once it is full, mail stays in the mailbox and letters wait. Make room; the daemon goes on by itself then"
        )),
        false => Ok(said),
    }
}

/// Which keys reply addresses are made with; a year is long enough for one (sender-proof.md 5.7).
fn reply_keys(keys: &[ReplyKey], now: Timestamp) -> std::result::Result<String, String> {
    let Some(present) = keys.last() else { return Ok("the tables are to be brought up to date first".to_owned()) };
    let old: Vec<String> = keys
        .iter()
        .filter_map(|k| k.ends_at.filter(|_| k.is_good(now)).map(|end| format!("; {} is good until {end}", k.number)))
        .collect();
    let since = present.made_at.map_or_else(|| "since the store was made".to_owned(), |at| format!("since {at}"));
    let is_old = present.made_at.is_some_and(|at| now.duration_since(at) > LONGEST_SILENCE);
    let advice = if is_old { "; more than a year: `docketpost reply-key rotate` replaces it" } else { "" };
    Ok(format!("{} is the present one {since}{}{advice}", present.number, old.concat()))
}

/// The clock against when it was believed last, or the last moment that the store knows (fault F42).
fn clock(mark: Option<Mark>, last: Option<Timestamp>, now: Timestamp) -> std::result::Result<String, String> {
    let shown = |at: Timestamp| at.strftime("%-d %B %Y %H:%M:%S UTC").to_string();
    let now_shown = shown(now);
    let entry = last.map(|at| Mark { at, leapt_to: None });
    let Some(mark) = mark.or(entry) else { return Ok(format!("{now_shown}; nothing is stored to compare it with")) };
    let known = shown(mark.at);
    if let Some(leapt_to) = mark.leapt_to {
        return Err(format!(
            "{now_shown}; it leapt from {known} to {}, and mails that turn on an end, digests and reminders wait: set it right; or, if it is right, \
             `docketpost clock confirm`",
            shown(leapt_to)
        ));
    }
    if leap::judge(Some(mark), None, now, Duration::ZERO).is_some() {
        return Err(format!(
            "{now_shown} is before the last moment in the store ({known}): the clock went back. Set it right; or, if it is \
             right, `docketpost clock confirm`"
        ));
    }
    if now.duration_since(mark.at) > LONGEST_SILENCE {
        return Err(format!(
            "{now_shown} is more than a year after the last moment in the store ({known}): is the clock right?"
        ));
    }
    Ok(format!("{now_shown}, after the last moment in the store"))
}

/// Fails if mail waits for firms that the configuration does not name: nobody serves them.
fn left_waiting(config: &Config) -> std::result::Result<(), String> {
    let store = Store::configured(config).map_err(|e| e.to_string())?;
    let waiting = store.read(|view| {
        let mut firms = Vec::new();
        for firm in &config.firms {
            firms.extend(view.firm_by_slug(&firm.slug)?.map(|row| row.id));
        }
        view.inbox_of_others(&firms)
    });
    let waiting = waiting.map_err(|e| e.to_string())?;
    let said: Vec<String> = waiting.iter().map(|(slug, mails)| format!("{mails} for {slug}")).collect();
    match said.is_empty() {
        true => Ok(()),
        false => Err(format!("mail waits for firms that are not configured: {}", said.join(", "))),
    }
}

/// By what the last answers were told, so that it is seen which of it survives the way to the mailbox and back.
fn answers(config: &Config, firm: &Firm) -> std::result::Result<String, String> {
    let store = Store::configured(config).map_err(|e| e.to_string())?;
    let gateway = Gateway::new(firm);
    let mails = store.read(|s| {
        let Some(row) = s.firm_by_slug(&firm.slug)? else { return Ok(Vec::new()) };
        s.inbox_list(row.id, None, ANSWERS_LOOKED_AT)
    });
    let mut carried = Vec::new();
    for mail in
        mails.map_err(|e| e.to_string())?.iter().filter(|m| m.thread.is_some() && !m.is_purged()).take(ANSWERS_COUNTED)
    {
        let raw = store.blobs().get(mail.blob()).map_err(|e| format!("Q-{}: {e}", mail.id))?;
        let limits = limits::Limits::up_to(config.limits.mail_bytes);
        if limits::check(&raw, &limits).is_ok() {
            carried.push(Carriers::of(&gateway, &parse::parse_within(&raw, &limits)));
        }
    }
    survived(firm.addressing, &carried)
}

fn survived(addressing: Addressing, carried: &[Carriers]) -> std::result::Result<String, String> {
    if carried.is_empty() {
        return Ok("none came yet; once some did, this says by what they are told".to_owned());
    }
    let count = |has: fn(&Carriers) -> bool| carried.iter().filter(|c| has(c)).count();
    let (address, id, subject) = (count(|c| c.address), count(|c| c.message_id), count(|c| c.subject));
    let said = format!(
        "of the last {}, the reply address came back with {address}, our Message-ID with {id}, a number in the subject with {subject}",
        carried.len()
    );
    match addressing {
        Addressing::Plus | Addressing::Subdomain if address == 0 => {
            Err(format!("{said}; the server seems to lose what stands in the address: try addressing = \"plain\""))
        }
        _ => Ok(said),
    }
}

/// What the last mails show of the mailbox's provider: its name in Authentication-Results, and whether it takes away what
/// strangers write in that name (sender-proof.md 5.3).
fn border(config: &Config, mailbox: &Mailbox, now: Timestamp) -> std::result::Result<String, String> {
    let store = Store::configured(config).map_err(|e| e.to_string())?;
    let mails = store.read(|s| {
        let Some(row) = s.firm_by_slug(&mailbox.firm)? else { return Ok(Vec::new()) };
        s.inbox_list(row.id, None, ANSWERS_LOOKED_AT)
    });
    let policy = mailbox.auth_results.as_ref();
    let mut seen = Vec::new();
    let mails = mails.map_err(|e| e.to_string())?;
    for mail in mails.iter().filter(|m| m.mailbox == mailbox.name && !m.is_purged()).take(ANSWERS_COUNTED) {
        let raw = store.blobs().get(mail.blob()).map_err(|e| format!("Q-{}: {e}", mail.id))?;
        if let Ok(headers) = Headers::read(&raw) {
            seen.push(auth_results::seen(&headers, policy));
        }
    }
    let believed = store.read(|s| s.believed(&mailbox.name, policy, now).map(|p| p.is_some()));
    let said = format!("{}{}", provider(policy, &seen)?, to_be_asked(policy));
    match policy {
        Some(_) if !believed.map_err(|e| e.to_string())? => Err(format!(
            "{said}; they are not used: with layout = \"below\" a test must have shown within 31 days that forged ones are taken away: `docketpost check --border`"
        )),
        _ => Ok(said),
    }
}

/// What can't be seen from here: a second mail that was smuggled in behind another has the SPF of the first (threats T18).
fn to_be_asked(policy: Option<&AuthResults>) -> &'static str {
    match policy.is_some_and(|policy| policy.spf_alone) {
        true => {
            "; a mail that SPF alone proves counts if it has a reply address: ask the provider whether it refuses bare line feeds \
             (SMTP smuggling), and write spf_alone = false if it does not"
        }
        false => "",
    }
}

fn provider(policy: Option<&AuthResults>, seen: &[Seen]) -> std::result::Result<String, String> {
    if seen.is_empty() {
        return Ok("no mail came yet; once some did, this says what the provider tells of their senders".to_owned());
    }
    let most = |names: Vec<&String>| {
        let mut counts = BTreeMap::new();
        names.into_iter().for_each(|n| {
            let count: &mut usize = counts.entry(n.clone()).or_default();
            *count = count.saturating_add(1);
        });
        counts.into_iter().max_by_key(|(_, n)| *n)
    };
    let host = most(seen.iter().filter_map(|s| s.received_by.as_ref()).collect());
    let name = most(seen.iter().flat_map(|s| &s.above).collect());
    let bears = |seen: &Seen, policy: &AuthResults| match policy.profile {
        Profile::M365 => !seen.above.is_empty(),
        _ => seen.above.iter().any(|id| policy.authserv_id.contains(id)),
    };
    let configured = policy.map(|policy| seen.iter().filter(|s| s.came_through && bears(s, policy)).count());
    let said = match (&host, &name) {
        _ if let (Some(policy), Some(count)) = (policy, configured) => {
            let whose = match policy.profile {
                Profile::M365 => "Microsoft 365".to_owned(),
                _ => policy.authserv_id.join(" or "),
            };
            format!("{count} of the last {} mails have results of {whose} where the border puts them", seen.len())
        }
        (Some((host, _)), Some((name, count))) => format!(
            "{count} of the last {} mails came through {host} with results of {name} above its line (received_by = [{host:?}], \
             authserv_id = [{name:?}], layout = \"above\")",
            seen.len()
        ),
        (Some((host, _)), None) => {
            format!(
                "the last {} mails came through {host}, which tells nothing of their senders above its line",
                seen.len()
            )
        }
        (None, _) => format!("the last {} mails have no Received line that can be read", seen.len()),
    };
    let known = |id: &String| match policy {
        Some(policy) => policy.authserv_id.contains(id),
        None => name.as_ref().is_some_and(|(name, _)| name == id),
    };
    if let Some(policy) = policy {
        let others = seen.iter().filter(|s| !s.came_through).count();
        let servers = match policy.profile {
            Profile::M365 => format!("a server below {}", policy.received_by.join(" or ")),
            _ => format!("exactly {} servers named {}", policy.hops, policy.received_by.join(" or ")),
        };
        if others > 0 {
            return Err(format!(
                "{said}; {others} of {} mails did not come through {servers}, so that nothing is believed of what those say",
                seen.len()
            ));
        }
    }
    let strays = seen.iter().filter(|s| s.below.iter().any(known)).count();
    match (policy, configured) {
        (Some(policy), Some(0)) if policy.layout == Layout::Above && policy.profile != Profile::M365 => {
            Err(format!("{said}; none has results of {}, which is configured", policy.authserv_id.join(" or ")))
        }
        (Some(policy), _) if policy.layout == Layout::Below => {
            Ok(format!("{said}; what stands below can't be told apart from here"))
        }
        _ if strays > 0 => Ok(format!(
            "{said}; {strays} had results in that name below it: strangers' are not taken away, only the place tells them apart"
        )),
        _ => Ok(format!("{said}; none had results in that name below it")),
    }
}

/// Asks for a record that any working resolver has an answer about, even if the answer is that there is none.
async fn resolver(config: &Config) -> std::result::Result<String, String> {
    let which = if config.resolver.is_empty() { "the system's" } else { "as configured" };
    let verifier = verifier(config)?;
    let firm = config.firms.first();
    let domain = firm.and_then(|f| f.domains.first().cloned()).unwrap_or_else(|| "example.com".to_owned());
    let name = format!("_dmarc.{}.", domain.trim_end_matches('.'));
    match verifier.answers(&name).await {
        true => Ok(format!("{which}; they answer")),
        false => {
            Err(format!("{which}; no answer about {name}: without DNS no mail can be proved, and all of it waits"))
        }
    }
}

fn verifier(config: &Config) -> std::result::Result<Verifier, String> {
    let resolver = Some(config.resolver.clone()).filter(|servers| !servers.is_empty());
    Verifier::new(&VerifierSettings { resolver, timeout: DNS_PATIENCE, tries: 2 }).map_err(|e| e.to_string())
}

/// What the firm's domains ask others to do with mail that strangers write in their name (sender-proof.md 5.9, 5.11): advice,
/// since it is theirs to decide, and outside nobody but they can change it.
async fn policies(config: &Config) -> Vec<Check> {
    let Ok(verifier) = verifier(config) else { return Vec::new() };
    let own = |firm: &Firm| std::iter::once(firm.address.domain().to_owned()).chain(firm.domains.clone());
    let domains: BTreeSet<String> = config.firms.iter().flat_map(own).collect();
    let mut checks = Vec::new();
    for domain in domains {
        let said = match verifier.published_policy(&domain).await {
            Published::Unknown => "DNS does not say".to_owned(),
            Published::None => format!("it publishes none, so that anybody can write in its name; {ADVICE}"),
            Published::Policy(DmarcPolicy::Reject) => {
                "it asks that mail in its name which it did not sign be refused".into()
            }
            Published::Policy(DmarcPolicy::Quarantine) => {
                format!("it asks that mail in its name which it did not sign be set aside (quarantine); {ADVICE}")
            }
            Published::Policy(DmarcPolicy::None) => {
                format!("it asks for nothing (p=none), so that anybody can write in its name; {ADVICE}")
            }
        };
        checks.push(Check::new(format!("DMARC of {domain}"), Ok(said)));
    }
    checks
}

/// Where a domain does not ask for rejection.
const ADVICE: &str = "once all its mail is signed, publish p=reject";

/// What the store has to do with a mailbox.
struct Ours {
    identity: String,
    /// Mail of it was taken in.
    has_mail: bool,
}

impl Ours {
    fn of(config: &Config, mailbox: &Mailbox) -> Result<Ours> {
        let store = Store::configured(config)?;
        let mails = store.read(|s| {
            let Some(row) = s.firm_by_slug(&mailbox.firm)? else { return Ok(Vec::new()) };
            s.inbox_list(row.id, None, ANSWERS_LOOKED_AT)
        })?;
        let has_mail = mails.iter().any(|mail| mail.mailbox == mailbox.name);
        Ok(Ours { identity: store.identity().to_owned(), has_mail })
    }
}

/// Whose the mailbox is, by what stands in it (fault F49).
fn whose(owners: Option<&[String]>, ours: Option<&Ours>) -> std::result::Result<String, String> {
    let Some(ours) = ours else { return Ok(String::new()) };
    match owners {
        Some([_, ..]) => {}
        _ if ours.has_mail => {
            return Ok("; it holds no note of whose it is, so a second gateway could not be told: see to it that there is none".into());
        }
        _ => return Ok("; no gateway has taken mail from it yet".into()),
    }
    match owners.into_iter().flatten().find(|owner| **owner != ours.identity) {
        Some(other) => Err(owner::said_by_another(other)),
        None => Ok(format!("; it is this store's ({})", owner::short(&ours.identity))),
    }
}

async fn way_in(mailbox: &Mailbox, ours: Option<&Ours>, now: Timestamp) -> std::result::Result<String, String> {
    let imap = match &mailbox.way_in {
        WayIn::Maildir(folder) => return maildir(folder, ours),
        WayIn::Imap(imap) => imap,
    };
    let account = accounts::imap(imap).map_err(|e| e.to_string())?;
    let at = (imap.host.as_str(), imap.port);
    let report =
        imap::check(&account, &owner::notes_folder(imap), now).await.map_err(|e| connection(at, &e.to_string()))?;
    let folder = report.folder.map_err(|e| format!("logged in, but the folder {}: {e}", imap.folder))?;
    let idle = if report.idle { "IDLE" } else { "no IDLE: it is looked at regularly" };
    let moves = match (report.can_move, report.uid_plus) {
        (true, _) => "MOVE",
        (false, true) => "no MOVE: mails are copied and removed",
        (false, false) => "neither MOVE nor UIDPLUS: mails stay",
    };
    let whose = whose(report.owners.as_deref(), ours)?;
    Ok(format!("logged in to {}, {} has {} mails; {idle}; {moves}{whose}", imap.host, imap.folder, folder.mails))
}

/// What went wrong, and where; a server that speaks in clear where TLS was begun is named as that.
fn connection((host, port): (&str, u16), error: &str) -> String {
    let is_no_tls = error.contains("InvalidContentType") || error.contains("corrupt message");
    let hint = if is_no_tls { " (no TLS on this port; is it starttls?)" } else { "" };
    format!("{host} port {port}: {error}{hint}")
}

fn maildir(folder: &Path, ours: Option<&Ours>) -> std::result::Result<String, String> {
    for name in ["new", "cur"] {
        std::fs::read_dir(folder.join(name)).map_err(|e| format!("{}/{name}: {e}", folder.display()))?;
    }
    let owner = owner_of(folder).map_err(|e| e.to_string())?;
    let whose = whose(owner.as_ref().map(std::slice::from_ref), ours)?;
    Ok(format!("{} can be read{whose}", folder.display()))
}

async fn way_out(smtp: &Smtp, store: &Path, now: Timestamp) -> std::result::Result<String, String> {
    let login = SenderLogin::new(smtp.login.as_ref(), store).map_err(|e| e.to_string())?;
    let credentials = login.credentials(now).await.map_err(|e| e.to_string())?;
    let at = (smtp.host.as_str(), smtp.port);
    let report = smtp::check(smtp, credentials.as_ref()).await.map_err(|e| connection(at, &e.to_string()))?;
    let login = if report.logged_in { "logged in to" } else { "reached, without a log-in," };
    let pipelining = if report.pipelining { "; PIPELINING" } else { "" };
    let size = report.size_limit.map(|s| format!("; mails up to {s} bytes")).unwrap_or_default();
    Ok(format!("{login} {}{pipelining}{size}", smtp.host))
}

fn writable(folder: &Path) -> std::result::Result<String, String> {
    let found = std::fs::metadata(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    match found.is_dir() && !found.permissions().readonly() {
        true => Ok(format!("mails are written into {}", folder.display())),
        false => Err(format!("{} is no folder that can be written into", folder.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Sample, now};
    use super::*;

    fn checked(s: &Sample, way_in: &Path, way_out: &Path, now: Timestamp) -> Told {
        let dns = crate::demo::zone::Zone::start([]).unwrap();
        let file = s.folder.path().join("config.toml");
        let text = format!(
            "store = {:?}\nresolver = [{:?}]\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\naddressing = \"subdomain\"\n\
             domains = [\"hale.example\"]\ndirectory = {way_out:?}\n[[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = {way_in:?}\n",
            s.folder.path(),
            dns.address().to_string()
        );
        std::fs::write(&file, text).unwrap();
        run(&Chosen { config: file, ..Chosen::default() }, &Args::default(), now).unwrap()
    }

    #[test]
    fn what_works_and_what_does_not_is_told_line_by_line() {
        let s = Sample::new();
        let place = tempfile::tempdir().unwrap();
        let (way_in, way_out) = (place.path().join("in"), place.path().join("out"));
        let told = checked(&s, &way_in, &way_out, now());
        assert_eq!(told.code, 1);
        assert!(told.text.contains("ok     store:"), "{}", told.text);
        assert!(
            told.text.contains("FAILED mailbox main:") && told.text.contains("FAILED sending for hale:"),
            "{}",
            told.text
        );
        assert!(!way_in.exists() && !way_out.exists());
        crate::maildir::Maildir::open(&way_in).unwrap();
        std::fs::create_dir(&way_out).unwrap();
        let told = checked(&s, &way_in, &way_out, now());
        assert_eq!(told.code, 0, "{}", told.text);
    }

    #[test]
    fn t10_what_the_provider_writes_and_whether_it_takes_strangers_words_away_is_told() {
        let mail = |above: &str, below: &str| {
            let raw = format!("{above}Received: from x by mx.hale.example; now\r\n{below}From: a@b.example\r\n\r\nx");
            Headers::read(raw.as_bytes()).map(|headers| auth_results::seen(&headers, None)).unwrap()
        };
        let results = "Authentication-Results: MX.hale.example (x) 1; dkim=pass\r\n";
        let (whole, forged, bare) = (mail(results, ""), mail(results, results), mail("", results));
        assert_eq!(whole.received_by.as_deref(), Some("mx.hale.example"));
        let said = provider(None, &[whole.clone(), whole.clone(), bare.clone()]).unwrap();
        assert!(
            said.starts_with("2 of the last 3 mails") && said.contains("authserv_id = [\"mx.hale.example\"]"),
            "{said}"
        );
        assert!(provider(None, &[whole.clone(), forged]).unwrap().contains("1 had results in that name below it"));
        let policy = |id: &str| AuthResults {
            authserv_id: vec![id.into()],
            received_by: vec!["mx.hale.example".into()],
            hops: 1,
            fields: 1,
            layout: Layout::Above,
            profile: Profile::Rfc8601,
            spf_alone: true,
        };
        assert!(
            provider(Some(&policy("mx.hale.example")), std::slice::from_ref(&whole))
                .unwrap()
                .contains("none had results")
        );
        assert!(
            provider(Some(&policy("other.example")), &[whole])
                .unwrap_err()
                .contains("none has results of other.example")
        );
        assert!(provider(None, &[bare]).unwrap().contains("tells nothing of their senders"));
    }

    #[test]
    fn t10_mails_that_came_another_way_than_the_configured_one_are_counted() {
        let policy = AuthResults {
            authserv_id: vec!["mx.hale.example".into()],
            received_by: vec!["store.hale.example".into(), "mx.hale.example".into()],
            hops: 2,
            fields: 1,
            layout: Layout::Above,
            profile: Profile::Rfc8601,
            spf_alone: true,
        };
        let mail = |lines: &[&str]| {
            let raw = format!("{}\r\nFrom: a@b.example\r\n\r\nx", lines.join("\r\n"));
            auth_results::seen(&Headers::read(raw.as_bytes()).unwrap(), Some(&policy))
        };
        let (inner, results) =
            ("Received: from mx by store.hale.example; now", "Authentication-Results: mx.hale.example; spf=none");
        let border = "Received: from x by mx.hale.example; now";
        let whole = mail(&[inner, results, border]);
        let said = provider(Some(&policy), &[whole.clone(), whole.clone()]).unwrap();
        assert!(said.starts_with("2 of the last 2 mails have results of mx.hale.example"), "{said}");
        let said = provider(Some(&policy), &[whole.clone(), mail(&[results, border])]).unwrap_err();
        assert!(said.contains("1 of 2 mails did not come through exactly 2 servers"), "{said}");
        let microsoft = AuthResults {
            authserv_id: Vec::new(),
            received_by: vec!["mail.protection.outlook.com".into()],
            profile: Profile::M365,
            ..policy.clone()
        };
        let raw = "Received: from a by b.prod.outlook.com; now\r\nAuthentication-Results: spf=pass\r\nReceived: from x by c.mail.protection.outlook.com; now\r\n\r\n";
        let seen = auth_results::seen(&Headers::read(raw.as_bytes()).unwrap(), Some(&microsoft));
        assert!(
            provider(Some(&microsoft), &[seen])
                .unwrap()
                .starts_with("1 of the last 1 mails have results of Microsoft 365")
        );
    }

    #[test]
    fn t18_where_spf_alone_is_believed_the_provider_is_to_be_asked_about_smuggled_mail() {
        let (s, dns) = (Sample::new(), crate::demo::zone::Zone::start([]).unwrap());
        let said = |config: &Config| border(config, &config.mailboxes[0], now()).unwrap();
        let plain = asking(&s, &dns);
        let text = std::fs::read_to_string(s.folder.path().join("config.toml")).unwrap();
        let with = |policy: &str| {
            let border =
                "[mailbox.auth_results]\nauthserv_id = [\"mx.hale.example\"]\nreceived_by = [\"mx.hale.example\"]\n";
            let file = s.folder.path().join("with-border.toml");
            std::fs::write(&file, format!("{text}{border}{policy}\n")).unwrap();
            said(&Config::load(&file).unwrap())
        };
        for believing in ["", "spf_alone = true"] {
            let said = with(believing);
            assert!(said.contains("ask the provider whether it refuses bare line feeds"), "{said}");
        }
        assert!([with("spf_alone = false"), said(&plain)].iter().all(|said| !said.contains("bare line feeds")));
    }

    #[test]
    fn f35_a_disk_that_is_nearly_full_fails_the_check_before_it_is() {
        assert_eq!(room(600 << 20).unwrap(), "600 MB are free where the store lies");
        for bytes in [0, 1, LEAST_ROOM - 1] {
            let said = room(bytes).unwrap_err();
            assert!(said.contains("mail stays in the mailbox") && said.contains("Make room"), "{said}");
        }
        let s = Sample::new();
        assert!(disk(s.folder.path()).is_ok_and(|said| said.contains("MB are free")));
        assert!(disk(&s.folder.path().join("nowhere")).is_err());
    }

    #[test]
    fn what_survives_of_the_marks_of_answers_is_told() {
        let whole = Carriers { address: true, message_id: true, subject: false };
        let bare = Carriers { address: false, ..whole };
        let said = survived(Addressing::Plus, &[whole, bare]).unwrap();
        assert!(said.contains("of the last 2, the reply address came back with 1, our Message-ID with 2"), "{said}");
        assert!(survived(Addressing::Plus, &[bare]).unwrap_err().contains("try addressing = \"plain\""));
        assert!(survived(Addressing::Plain, &[bare]).is_ok());
        assert!(survived(Addressing::Plus, &[]).unwrap().starts_with("none came yet"));
    }

    /// The configuration of the sample's firm, with this resolver.
    fn asking(s: &Sample, dns: &crate::demo::zone::Zone) -> Config {
        let file = s.folder.path().join("config.toml");
        let text = format!(
            "store = {:?}\nresolver = [{:?}]\n[[firm]]\nslug = \"hale\"\naddress = \"r@gw.hale.example\"\n\
             addressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = \"out\"\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = \"in\"\n",
            s.folder.path(),
            dns.address().to_string()
        );
        std::fs::write(&file, text).unwrap();
        Config::load(&file).unwrap()
    }

    #[test]
    fn no_such_name_is_an_answer_and_silence_is_none() {
        use crate::demo::zone::{Says, Zone};
        let dns = Zone::start([]).unwrap();
        let s = Sample::new();
        let config = asking(&s, &dns);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(resolver(&config)).is_ok());
        dns.say("_dmarc.hale.example", Says::Failure);
        let error = runtime.block_on(resolver(&config)).unwrap_err();
        assert!(error.contains("no answer about _dmarc.hale.example"), "{error}");
    }

    #[test]
    fn what_the_firms_domains_ask_of_others_is_told_and_fails_nothing() {
        use crate::demo::signer::dmarc_record;
        use crate::demo::zone::{Says, Zone};
        let dns = Zone::start([]).unwrap();
        let s = Sample::new();
        let config = asking(&s, &dns);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let told = || -> Vec<String> {
            let checks = runtime.block_on(policies(&config));
            checks.into_iter().map(|check| format!("{}: {}", check.what, check.result.unwrap())).collect()
        };
        let said = told();
        assert!(
            said.len() == 2 && said.iter().all(|s| s.contains("publishes none") && s.contains("p=reject")),
            "{said:?}"
        );
        // The gateway's own domain lies below the firm's, whose record speaks for it too.
        dns.add(dmarc_record("hale.example", "reject"));
        assert!(told().iter().all(|s| s.contains("be refused")), "{:?}", told());
        dns.add(("_dmarc.hale.example".into(), "v=DMARC1; p=reject; sp=none".into()));
        let said = told();
        assert!(said.iter().any(|s| s.starts_with("DMARC of gw.hale.example: it asks for nothing")), "{said:?}");
        assert!(said.iter().any(|s| s.starts_with("DMARC of hale.example: it asks that")), "{said:?}");
        dns.add(dmarc_record("hale.example", "quarantine"));
        assert!(told().iter().all(|s| s.contains("quarantine")), "{:?}", told());
        dns.say("_dmarc.hale.example", Says::Failure);
        assert!(told().iter().all(|s| s.ends_with("DNS does not say")), "{:?}", told());
    }

    #[test]
    fn t77_a_store_of_which_others_can_read_anything_is_refused_with_the_way_to_mend_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let s = Sample::new();
        let set = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        let folders = ["", "blobs"].map(|name| (name, 0o700, [0o755, 0o710, 0o707]));
        let files = ["docketpost.sqlite", "docketpost.sqlite-wal", "docketpost.sqlite-shm", "reply.key", "store.id"];
        for (name, closed, opened) in folders.into_iter().chain(files.map(|name| (name, 0o600, [0o644, 0o640, 0o602])))
        {
            let path = if name.is_empty() { s.folder.path().to_owned() } else { s.folder.path().join(name) };
            for mode in opened {
                set(&path, mode);
                let error = crate::store::Store::open(s.folder.path()).err().unwrap().to_string();
                assert!(error.contains(&format!("chmod {closed:o} {}", path.display())), "{error}");
                assert!(crate::store::examine::examine(s.folder.path()).is_err());
            }
            set(&path, closed);
            crate::store::Store::open(s.folder.path()).unwrap();
        }
    }

    #[test]
    fn a_connection_error_names_the_server_and_a_port_without_tls() {
        let said = connection(("mx.hale.example", 993), "received corrupt message of type InvalidContentType");
        assert!(said.starts_with("mx.hale.example port 993:") && said.contains("is it starttls?"), "{said}");
        assert!(!connection(("mx.hale.example", 993), "refused").contains("starttls"));
    }

    #[test]
    fn f42_a_clock_that_went_back_or_leapt_is_noticed() {
        let later = |seconds: i64| now().checked_add(SignedDuration::from_secs(seconds)).unwrap();
        let at = |seconds: i64| clock(None, Some(now()), later(seconds));
        assert!(at(60).is_ok() && at(-300).is_ok() && clock(None, None, now()).is_ok());
        assert!(at(-3_600).is_err() && at(400 * 86_400).is_err());
        // What the daemon saw of the clock counts more than what was written by it.
        let marked = |leapt_to, seconds| clock(Some(Mark { at: now(), leapt_to }), Some(later(86_400)), later(seconds));
        assert!(marked(None, 60).is_ok() && marked(None, -3_600).is_err());
        let leapt = marked(Some(later(86_400)), 86_460).unwrap_err();
        assert!(leapt.contains("it leapt from") && leapt.contains("docketpost clock confirm"), "{leapt}");
    }
}
