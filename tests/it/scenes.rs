//! Scenes: what people really write, one after the other, and everything that came of it. In comes a script of
//! `fixtures/scenes/*.txt`; below each step stand, each line begun with `|`, the mails that left and the rows that were
//! made or gone. `UPDATE_GOLDEN=1` writes these anew, `SCENES=name` plays only those with that in their name.
//!
//! The first lines say in a sentence what is shown, then `rows: TIM-02, TIM-04` which requirements. The world is the
//! office of the demo: Jane works on M-1, Max on M-2 (`begins: invited`: Jane has not answered yet; `begins: new`: nothing
//! is shared). `setting: key = "value"` adds a line to the firm's configuration, where mails about shares wait for nothing
//! unless that is said. A step is a line of these kinds, and what
//! is typed below it:
//!
//! - `== jane writes to m-1, opponent@elsewhere.example: Subject`
//! - `== jane replies to "words of the last such mail that she got"`, and `: Subject` if she changes it
//! - `== jane@home.example replies to …`: somebody by their address; `== forged jane …`: with a broken signature
//! - `== jane sends FILE`: a whole mail below `fixtures/`, with the placeholders of the sample mails
//! - `== firm: time list`: a command line, as the first administrator; `[code]` and `[Q]` as below
//! - `== the last mail comes again`: byte for byte
//! - `== after 3 days`: the clock goes on, and what is due leaves
//!
//! Among what is typed, `@attach NAME = FILE` (below `fixtures/`) or `@attach NAME: text`, `@html` for a mail in HTML
//! only, `@header Name: value`; `[code]` is the last code that was sent to anybody, `[code to ADDRESS]` the last that was
//! sent there, `[Q]` the number of the last mail.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser as _;
use data_encoding::BASE64_MIME;
use docketpost::cli::{self, Cli};
use docketpost::config::Config;
use docketpost::daemon::{House, process, ticker};
use docketpost::demo::letters::{self, Letters};
use docketpost::demo::office::{GATEWAY, Office, SLUG};
use docketpost::domain::Address;
use docketpost::inbound::parse::{self, Mail};
use docketpost::inbound::{self, Arrived};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::store::Store;
use jiff::{SignedDuration, Timestamp};
use regex::Regex;

use crate::checker;
use crate::gateway::conserved;
use crate::golden::{Outside, block_on, difference, folder, masked, morning};

const PEOPLE: [(&str, &str, &str); 3] = [
    ("jane", "Jane Roe", "jane@roe.example"),
    ("max", "Max Oduya", "max@oduya.example"),
    ("anna", "Anna Smith", "anna.smith@hale.example"),
];

/// A scene as it is written.
struct Scene {
    rows: BTreeSet<String>,
    begins: Begins,
    settings: Vec<String>,
    /// Everything above the first step.
    head: String,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Begins {
    New,
    Invited,
    Working,
}

struct Step {
    /// The line after `== `.
    line: String,
    /// What is typed below it.
    typed: String,
}

impl Scene {
    fn read(text: &str) -> Scene {
        let mut pieces = text.split("\n== ");
        let head = pieces.next().unwrap().trim_end().to_owned();
        let value = |key: &'static str| head.lines().filter_map(move |l| l.strip_prefix(key)).map(str::trim);
        let begins = match value("begins:").next() {
            None | Some("working") => Begins::Working,
            Some("invited") => Begins::Invited,
            Some("new") => Begins::New,
            Some(other) => panic!("begins: {other}"),
        };
        let steps = pieces.map(|piece| {
            let (line, below) = piece.split_once('\n').unwrap_or((piece, ""));
            let typed: Vec<&str> = below.lines().filter(|l| !l.starts_with('|')).collect();
            Step { line: line.trim_end().to_owned(), typed: typed.join("\n").trim_end().to_owned() }
        });
        Scene {
            rows: value("rows:").flat_map(|r| r.split(',')).map(|r| r.trim().to_owned()).collect(),
            settings: value("setting:").map(str::to_owned).collect(),
            begins,
            steps: steps.collect(),
            head,
        }
    }
}

/// A mail that left for somebody.
struct Left {
    to: String,
    mail: Mail,
}

/// Signs a mail of a sample's name as its author's provider does.
pub(crate) type Send<'o> = Box<dyn Fn(&str, &[u8]) -> Vec<u8> + 'o>;

/// Where a scene plays.
pub(crate) struct Stage<'o> {
    send: Send<'o>,
    pub(crate) office: Office,
    house: Arc<House>,
    config: PathBuf,
    pub(crate) now: Timestamp,
    left: Vec<Left>,
    letters: Letters,
    /// How many mails were written.
    written: usize,
    /// The last of them, as it came.
    last: Vec<u8>,
    /// How many questions Jane was asked before anything else.
    pub(crate) confirmed: usize,
    folder: tempfile::TempDir,
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        conserved(&self.office.store);
    }
}

impl<'o> Stage<'o> {
    pub(crate) async fn set(outside: &'o Outside, begins: Begins, settings: &[String]) -> Stage<'o> {
        let send = Box::new(|file: &str, mail: &[u8]| outside.providers.send(file, mail));
        Stage::with(outside.providers.resolver(), send, begins, settings).await
    }

    /// The same with other providers, whose keys are looked up at `resolver`.
    pub(crate) async fn with(resolver: SocketAddr, send: Send<'o>, begins: Begins, settings: &[String]) -> Stage<'o> {
        let folder = tempfile::tempdir().unwrap();
        let place = |name: &str| folder.path().join(name).display().to_string();
        let store = Store::create(&folder.path().join("store")).unwrap();
        let office = Office::make(&store, morning()).unwrap();
        let config = folder.path().join("config.toml");
        let mut settings = settings.to_vec();
        if !settings.iter().any(|s| s.starts_with("shares_wait_secs")) {
            settings.insert(0, "shares_wait_secs = 0".to_owned());
        }
        let text = format!(
            "store = {:?}\nresolver = [\"{resolver}\"]\n[[firm]]\nslug = \"{SLUG}\"\naddress = \"{GATEWAY}\"\n\
             addressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = {:?}\n{}\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"{SLUG}\"\nmaildir = {:?}\n",
            place("store"),
            place("out"),
            settings.join("\n"),
            place("in"),
        );
        std::fs::write(&config, text).unwrap();
        let house = Arc::new(House::open(&Config::load(&config).unwrap()).unwrap());
        let (now, letters) = (morning(), Letters::default());
        let mut stage = Stage {
            send,
            office,
            house,
            config,
            now,
            left: vec![],
            letters,
            written: 0,
            last: Vec::new(),
            confirmed: 0,
            folder,
        };
        stage.begin(begins).await;
        stage
    }

    async fn begin(&mut self, begins: Begins) {
        if begins >= Begins::Invited {
            self.pass(SignedDuration::from_mins(1));
            self.office.invite(self.now).unwrap();
            self.deliver().await;
        }
        if begins >= Begins::Working {
            let told = self.play("jane replies to \"#accept\"", "#accept").await;
            // Her domain turns away what another signed for her: she is asked.
            if told.contains(" held") {
                self.confirmed = 1;
                self.play("jane replies to \"Please confirm\"", "#confirm [code]").await;
            }
            let (firm, max, matter) = (self.office.firm.id, self.office.max, self.office.other_matter);
            let job = move |act: &docketpost::actions::Act<'_>| {
                let identity = act.tx.identity_for(&Address::parse("max@oduya.example").unwrap(), act.now)?;
                act.tx.set_identity(firm, max, identity)?;
                act.tx.set_accepted(firm, max, act.now)?;
                docketpost::actions::shares::share(act, max, matter, false, "")
            };
            self.office.act(self.office.anna, "max", self.now, job).unwrap();
            self.office.engage(self.now).unwrap();
            self.deliver().await;
            self.now = morning() + SignedDuration::from_mins(30);
        }
    }

    fn pass(&mut self, time: SignedDuration) {
        self.now += time;
    }

    /// Plays one step and tells what came of it.
    pub(crate) async fn play(&mut self, line: &str, typed: &str) -> String {
        let before = self.office.rows(self.now).unwrap();
        let known = self.inbox_states();
        let mut told = String::new();
        if let Some(time) = line.strip_prefix("after ") {
            let span: jiff::Span = time.parse().unwrap_or_else(|e| panic!("{line}: {e}"));
            self.now = self.now.to_zoned(jiff::tz::TimeZone::UTC).checked_add(span).unwrap().timestamp();
            ticker::tick(&self.house, self.now).await.unwrap();
        } else if line == "the last mail comes again" {
            self.pass(SignedDuration::from_mins(5));
            self.written += 1;
            self.stage(self.last.clone());
        } else if let Some(command) = line.strip_prefix("firm: ") {
            self.pass(SignedDuration::from_mins(5));
            told.push_str(&self.command(command));
        } else {
            self.pass(SignedDuration::from_mins(5));
            self.last = self.mail(line, typed);
            self.stage(self.last.clone());
        }
        let mut new = self.settle().await;
        for (id, state) in self.inbox_states() {
            if known.get(&id) != Some(&state) {
                told.push_str(&format!("{state}\n").replace("Q-NEW", &format!("Q-{id}")));
            }
        }
        let after = self.office.rows(self.now).unwrap();
        before.difference(&after).for_each(|row| told.push_str(&format!("- {row}\n")));
        after.difference(&before).for_each(|row| told.push_str(&format!("+ {row}\n")));
        for left in new.drain(..) {
            told.push_str(&shown(&left));
            self.left.push(left);
        }
        told
    }

    /// True if these bytes are kept as a file.
    pub(crate) fn has_blob(&self, bytes: &[u8]) -> bool {
        self.office.store.blobs().has(&docketpost::blobs::sha256(bytes))
    }

    /// The last mail that left for this address.
    pub(crate) fn last_to(&self, address: &str) -> &Mail {
        &self.left.iter().rev().find(|l| l.to == address).unwrap_or_else(|| panic!("nothing left for {address}")).mail
    }

    /// Every mail that came in, with where it stands.
    fn inbox_states(&self) -> std::collections::BTreeMap<i64, String> {
        let firm = self.office.firm.id;
        let rows = self.office.store.read(|view| view.inbox_list(firm, None, 1000)).unwrap();
        let one = |m: docketpost::store::inbox::Inbox| {
            let level = m.level.map(|l| format!(", {l}")).unwrap_or_default();
            let reason = m.reason.filter(|r| r != m.state.word()).map(|r| format!(" ({r})")).unwrap_or_default();
            (m.id.0, format!("Q-NEW {}{reason}{level}", m.state.word().to_lowercase()))
        };
        rows.into_iter().map(one).collect()
    }

    /// Takes everything through that waits, in and out, until nothing is left to do; gives what left.
    async fn settle(&mut self) -> Vec<Left> {
        let known = self.left.len();
        loop {
            let moved = process::all_due(&self.house, self.now).await.unwrap();
            if moved + self.deliver().await == 0 {
                return self.left.split_off(known);
            }
        }
    }

    /// Hands over every letter that is due.
    async fn deliver(&mut self) -> usize {
        let (store, mut gateway) = (self.office.store.clone(), self.house.firms[0].desk.gateway.clone());
        gateway.drawing.program = env!("CARGO_BIN_EXE_docketpost").into();
        let now = self.now;
        let firm = store.read(|view| view.firm(self.office.firm.id)).unwrap().unwrap();
        let due = store.read(|view| view.outbox_due(firm.id, now, 100)).unwrap();
        for letter in &due {
            let Ready::Send(claimed) = deliver::claim(&store, &firm, &gateway, letter, now).await.unwrap() else {
                continue;
            };
            let (id, to) = (claimed.id, claimed.to.as_str().to_owned());
            store.write(move |tx| tx.set_sent(id, &to, "250 ok", now)).unwrap();
            assert_eq!(checker::second_reader(&claimed.bytes, claimed.to.as_str()), None, "{}", letter.template);
            self.letters.note(&letter.template, &claimed.bytes);
            self.left.push(Left { to: claimed.to.as_str().to_owned(), mail: parse::parse(&claimed.bytes) });
        }
        due.len()
    }

    fn stage(&self, raw: Vec<u8>) {
        let (firm, now) = (self.office.firm.id, self.now);
        let uid = format!("{}", self.written);
        let size = raw.len() as u64;
        let arrived = Arrived { mailbox: "main".into(), uid_validity: 0, uid, size, arrived_at: now, bytes: raw };
        inbound::stage(&self.office.store, firm, arrived, now).unwrap();
    }

    /// Every mail that left.
    pub(crate) fn mails_left(&self) -> impl Iterator<Item = &Mail> {
        self.left.iter().map(|left| &left.mail)
    }

    /// A command line of the firm's, at this moment; what it prints.
    pub(crate) fn command(&self, line: &str) -> String {
        let words = self.words(&self.filled(line));
        let config = self.config.display().to_string();
        let all = ["docketpost".to_owned(), "--config".into(), config].into_iter().chain(words);
        let cli = match Cli::try_parse_from(all) {
            Ok(cli) => cli,
            Err(usage) => return usage.to_string(),
        };
        let place = self.folder.path().display().to_string();
        match cli::told(&cli, self.now) {
            Ok(told) => told.printed(cli.json) + &told.note,
            Err(error) => format!("docketpost: {error:#}\n"),
        }
        .replace(&place, "FOLDER")
    }

    /// The words of a command line; `"several words"` are one, `fixtures/…` is found wherever the tests run.
    fn words(&self, line: &str) -> Vec<String> {
        let word = Regex::new(r#""([^"]*)"|(\S+)"#).unwrap();
        let text = |c: regex::Captures<'_>| c.get(1).or(c.get(2)).unwrap().as_str().to_owned();
        let place = |w: String| match w.strip_prefix("fixtures/") {
            Some(rest) => folder().join(rest).display().to_string(),
            None => w.replace("FOLDER", &self.folder.path().display().to_string()),
        };
        word.captures_iter(line).map(text).map(place).collect()
    }

    fn filled(&self, text: &str) -> String {
        let code = Regex::new(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b").unwrap();
        let texts = self.left.iter().rev().filter_map(|l| l.mail.text.as_deref());
        let last = texts.filter_map(|t| code.find(t)).map(|m| m.as_str()).next();
        let sent = |address: &str| {
            let texts = self.left.iter().rev().filter(|l| l.to == address).filter_map(|l| l.mail.text.as_deref());
            let found = texts.filter_map(|t| code.find(t)).map(|m| m.as_str().to_owned()).next();
            found.unwrap_or_else(|| panic!("no code was sent to {address}"))
        };
        let to = Regex::new(r"\[code to ([^\]]+)\]").unwrap();
        let text = to.replace_all(text, |c: &regex::Captures<'_>| sent(&c[1]));
        let newest = self.inbox_states().into_keys().next_back().unwrap_or_default();
        text.replace("[code]", last.unwrap_or("[code]")).replace("[Q]", &format!("Q-{newest}"))
    }

    /// The mail of a step as it arrives.
    fn mail(&mut self, line: &str, typed: &str) -> Vec<u8> {
        self.written += 1;
        let (is_forged, line) = line.strip_prefix("forged ").map_or((false, line), |l| (true, l));
        let unsigned = self.unsigned(line, &self.filled(typed));
        // A whole mail says by its name which client, and so which provider, it was.
        let file = line.split_once(" sends ").and_then(|(_, file)| file.rsplit('/').next()).unwrap_or("gmail_web");
        let signed = (self.send)(file, &unsigned);
        if is_forged { letters::forge(&signed) } else { signed }
    }

    fn unsigned(&self, line: &str, typed: &str) -> Vec<u8> {
        let step = Regex::new(r#"^(\S+) (writes to|replies to|sends) (?:"([^"]*)"|([^:]*))(?:: (.*))?$"#).unwrap();
        let parts = step.captures(line).unwrap_or_else(|| panic!("not a step: == {line}"));
        let part = |n: usize| parts.get(n).map(|m| m.as_str().trim());
        let who = part(1).unwrap();
        let known = PEOPLE.iter().find(|(key, _, _)| *key == who);
        let (name, address) = known.map_or(("", who), |(_, name, address)| (*name, *address));
        let mut draft = Draft::new(name, address, self.written, self.now);
        match part(2).unwrap() {
            "sends" => {
                let sample = std::fs::read(folder().join(part(4).unwrap())).unwrap();
                return letters::fill(&sample, &self.letters, self.now).unwrap_or_else(|e| panic!("{line}: {e}"));
            }
            "replies to" => {
                let words = part(3).unwrap_or_else(|| panic!("replies to \"words\": {line}"));
                let mine =
                    |l: &&Left| l.to == address && (l.mail.subject.contains(words) || text(&l.mail).contains(words));
                // Whoever got no such mail answers one that was forwarded to them, or that they read in another mailbox.
                let anybodys = |l: &&Left| l.mail.subject.contains(words);
                let left = self.left.iter().rev().find(mine).or_else(|| self.left.iter().rev().find(anybodys));
                let left = left.unwrap_or_else(|| panic!("nobody got a mail with {words:?}"));
                draft.answer(&left.mail, part(5));
            }
            _ => {
                draft.to = part(4).unwrap().split(',').map(|a| addressed(a.trim())).collect::<Vec<_>>().join(", ");
                draft.subject = part(5).unwrap_or_default().to_owned();
            }
        }
        draft.fill(typed);
        draft.bytes()
    }
}

pub(crate) fn addressed(name: &str) -> String {
    match (name, name.contains('@')) {
        (_, true) => name.to_owned(),
        ("the gateway", _) => GATEWAY.to_owned(),
        (local, _) => format!("{local}@{}", GATEWAY.split_once('@').unwrap().1),
    }
}

fn text(mail: &Mail) -> &str {
    mail.text.as_deref().unwrap_or_default()
}

/// A mail of ours for the golden file, without the lines that stand below every mail.
fn shown(left: &Left) -> String {
    let mut out = format!("To {}: {}\n", left.to, left.mail.subject);
    let body = text(&left.mail).replace("\r\n", "\n");
    let body = body.split("\nPrivileged & confidential.").next().unwrap_or_default();
    body.trim_end().lines().for_each(|l| out.push_str(&format!("    {l}\n")));
    let for_calendars = ["text/calendar", "application/ics"];
    for file in left.mail.attachments.iter().filter(|a| !for_calendars.contains(&a.mime.as_str())) {
        out.push_str(&format!("    [file {:?}, {}]\n", file.name, file.mime));
        words_of(&file.mime, &file.bytes).lines().for_each(|l| out.push_str(&format!("      {}\n", l.trim_end())));
    }
    left.mail.calendar.iter().for_each(|object| out.push_str(&for_calendar(object)));
    out
}

/// What a mail says to its reader's calendar, without the zone and what differs from run to run.
fn for_calendar(object: &str) -> String {
    let whole = object.replace("\r\n ", "").replace("\r\n", "\n");
    let (head, event) = whole.split_once("BEGIN:VEVENT\n").unwrap();
    let method = head.lines().find_map(|l| l.strip_prefix("METHOD:")).unwrap();
    let differs = |l: &&str| !["UID:", "DTSTAMP:", "ORGANIZER", "END:"].iter().any(|p| l.starts_with(p));
    let lines = event.lines().filter(differs).map(|l| format!("    |   {l}\n"));
    format!("    | calendar: {method}\n{}", lines.collect::<String>())
}

/// What a reader of a file that we wrote sees in it: lists and cards as they stand, transcripts by another program.
fn words_of(mime: &str, bytes: &[u8]) -> String {
    let is_ours = bytes.windows(10).any(|w| w == b"docketpost");
    match mime {
        "text/csv" | "text/vcard" => String::from_utf8(bytes.to_vec()).unwrap(),
        "application/pdf" if is_ours => {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            std::io::Write::write_all(&mut file, bytes).unwrap();
            let read =
                std::process::Command::new("pdftotext").arg("-layout").arg(file.path()).arg("-").output().unwrap();
            assert!(read.status.success() && read.stderr.is_empty(), "{}", String::from_utf8_lossy(&read.stderr));
            let text = String::from_utf8(read.stdout).unwrap();
            text.lines().filter(|l| !l.trim().is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// A mail being written.
pub(crate) struct Draft {
    from: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    headers: Vec<String>,
    body: String,
    is_html: bool,
    files: Vec<(String, Vec<u8>)>,
    quoted: String,
}

impl Draft {
    pub(crate) fn new(name: &str, address: &str, number: usize, now: Timestamp) -> Draft {
        let domain = address.split_once('@').map_or("roe.example", |(_, d)| d);
        let date = now.strftime("%a, %d %b %Y %H:%M:%S +0000");
        Draft {
            from: if name.is_empty() { address.to_owned() } else { format!("{name} <{address}>") },
            to: String::new(),
            subject: String::new(),
            headers: vec![format!("Date: {date}"), format!("Message-ID: <scene.{number}@{domain}>")],
            body: String::new(),
            is_html: false,
            files: Vec::new(),
            quoted: String::new(),
        }
    }

    pub(crate) fn answer(&mut self, mail: &Mail, subject: Option<&str>) {
        let field = mail.header("reply-to").or(mail.header("from")).unwrap();
        self.to = field.to_owned();
        self.subject = subject.map_or_else(|| format!("Re: {}", mail.subject), str::to_owned);
        let id = mail.header("message-id").unwrap();
        self.headers.push(format!("In-Reply-To: {id}"));
        self.headers.push(format!("References: {id}"));
        let quoted: Vec<String> = text(mail).lines().map(|l| format!("> {l}")).collect();
        let from = field.split('<').next().unwrap().trim().trim_matches('"');
        self.quoted = format!("\n\nOn Tue, 14 Apr 2026 at 09:00, {from} wrote:\n\n{}\n", quoted.join("\n"));
    }

    pub(crate) fn fill(&mut self, typed: &str) {
        for line in typed.lines() {
            if let Some(file) = line.strip_prefix("@attach ") {
                let file = match file.split_once(" = ") {
                    Some((name, path)) => (name.to_owned(), std::fs::read(folder().join(path.trim())).unwrap()),
                    None => file.split_once(": ").map(|(n, t)| (n.to_owned(), t.as_bytes().to_vec())).unwrap(),
                };
                self.files.push(file);
            } else if let Some(header) = line.strip_prefix("@header ") {
                self.headers.push(header.to_owned());
            } else if line == "@html" {
                self.is_html = true;
            } else {
                self.body.push_str(line);
                self.body.push('\n');
            }
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let kind = if self.is_html { "html" } else { "plain" };
        let quoted = if self.is_html { "" } else { &self.quoted };
        let main = format!(
            "Content-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{}{quoted}\n",
            self.body.trim_start_matches('\n')
        );
        let content = if self.files.is_empty() {
            main
        } else {
            let mut all = format!("Content-Type: multipart/mixed; boundary=\"=_scene\"\n\n--=_scene\n{main}");
            for (name, bytes) in &self.files {
                all.push_str(&format!(
                    "--=_scene\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\
                     Content-Disposition: attachment; filename=\"{name}\"\n\n{}\n",
                    BASE64_MIME.encode(bytes)
                ));
            }
            all + "--=_scene--\n"
        };
        let head = format!("From: {}\nTo: {}\nSubject: {}\n", self.from, self.to, self.subject);
        let mail = format!("{head}{}\nMIME-Version: 1.0\n{content}", self.headers.join("\n"));
        mail.replace("\r\n", "\n").replace('\n', "\r\n").into_bytes()
    }
}

/// The scene with what came of each step below it.
async fn played(name: &str, scene: &Scene, outside: &Outside) -> String {
    let mut stage = Stage::set(outside, scene.begins, &scene.settings).await;
    let mut out = scene.head.clone() + "\n";
    for step in &scene.steps {
        println!("{name}: {}", step.line);
        out.push_str(&format!("\n== {}\n", step.line));
        if !step.typed.is_empty() {
            out.push_str(&format!("{}\n", step.typed));
        }
        let told = masked(&stage.play(&step.line, &step.typed).await);
        for line in told.lines() {
            out.push_str(format!("| {line}").trim_end());
            out.push('\n');
        }
    }
    out
}

/// The scenes by name.
pub fn files() -> Vec<(String, PathBuf)> {
    let all = std::fs::read_dir(folder().join("scenes")).unwrap().map(|e| e.unwrap().path());
    let mut all: Vec<_> = all
        .filter(|p| p.extension().is_some_and(|e| e == "txt"))
        .map(|p| (p.file_stem().unwrap().to_string_lossy().into_owned(), p))
        .collect();
    all.sort();
    all
}

/// The rows that a scene says it shows.
pub fn rows_of(path: &PathBuf) -> BTreeSet<String> {
    Scene::read(&std::fs::read_to_string(path).unwrap()).rows
}

#[test]
fn every_scene_comes_to_what_stands_below_its_steps() {
    let wanted = std::env::var("SCENES").unwrap_or_default();
    let chosen: Vec<_> = files().into_iter().filter(|(name, _)| name.contains(&wanted)).collect();
    assert!(!chosen.is_empty(), "no scene is called {wanted}");
    let wrong: Vec<String> = block_on(async {
        let outside = Outside::new();
        let mut wrong = Vec::new();
        for (name, path) in &chosen {
            let scene = Scene::read(&std::fs::read_to_string(path).unwrap());
            assert!(!scene.steps.is_empty(), "{name} has no step");
            let text = played(name, &scene, &outside).await;
            match std::env::var_os("UPDATE_GOLDEN") {
                Some(_) => std::fs::write(path, text).unwrap(),
                None => wrong.extend(difference(path, &text)),
            }
        }
        wrong
    });
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 writes them anew", wrong.join("\n"));
}
