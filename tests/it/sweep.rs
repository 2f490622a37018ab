//! The program is killed, stopped or failed at its system calls: before the n-th write, the n-th flush, the n-th rename,
//! the n-th word to or from a server, for every kind of call that touches disk or network, in a fixed day's work. It is
//! started again, finishes, and the checker looks at mailbox, store, blobs and what the submission server was handed.
//! What is killed is a built program as it is, of release or not: `strace` does it from outside (decisions.md 44).
//!
//! The day: a Maildir, or for every third point an IMAP server, with a dozen mails (message, file, time, done, note, a
//! question, a typo, a forgery, a double, a machine, a stranger, the firm's lawyer); out they go to a server that writes
//! down every word. `tests/sweep` runs the long form, at thousands of points, of the release binary, and prints the
//! figures; the short form is a test.

use crate::checker::{self, Evidence, Expected, Handed};
use crate::gateway::{Person, seed};
use crate::mailroom::Mailroom;
use crate::recorder::Recorder;
use crate::servers::{DEADLINE, signal, wait_for};
use docketpost::{
    actions::{Act, shares, tasks},
    demo::{
        signer::{Signer, dmarc_record},
        zone::Zone,
    },
    domain::{Item, PersonId},
    maildir,
    store::{
        Store, Tx,
        tasks::{NewTask, Priority, TaskStatus},
    },
};
use jiff::Timestamp;
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fmt, fs,
    io::Write,
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

const DOMAIN: &str = "gw.firm.example";

/// The program that is swept: the one the tests were built with, or the one that is named.
fn program() -> PathBuf {
    env::var_os("DOCKETPOST_PROGRAM").map_or_else(|| env!("CARGO_BIN_EXE_docketpost").into(), PathBuf::from)
}

/// A store, a Maildir and a zone as they are in the morning, to be copied for each point.
pub struct Day {
    folder: tempfile::TempDir,
    pub zone: Zone,
    /// What the zone says: names and texts.
    pub records: Vec<(String, String)>,
    /// What was handed to the submission server the day before.
    before: Vec<Handed>,
    /// Verbs by Message-ID.
    effects: BTreeMap<String, Vec<&'static str>>,
}

impl Day {
    /// The day that all tests of this process share.
    pub fn shared() -> &'static Day {
        static DAY: OnceLock<Day> = OnceLock::new();
        DAY.get_or_init(Day::new)
    }

    pub fn new() -> Day {
        let folder = tempfile::tempdir().unwrap();
        let signers =
            ["counsel.example", "firm.example", "other.example"].map(|d| (d, Signer::generate(d, "s1").unwrap()));
        let records = signers.iter().flat_map(|(domain, s)| [s.dns_record(), dmarc_record(domain, "reject")]);
        let records: Vec<(String, String)> = records.collect();
        let zone = Zone::start(records.clone()).unwrap();
        let store = Store::create(&folder.path().join("store")).unwrap();
        let people = [
            ("Anna", "Smith", "anna@firm.example".to_owned()),
            ("Jane", "Roe", "jane@counsel.example".to_owned()),
            ("Max", "Weber", "max@counsel.example".to_owned()),
        ];
        let (firm, ids, matter) = store.write(move |tx| seed(tx, "hale", &people)).unwrap();
        let jane = ids[1];
        let morning = move |tx: &Tx<'_>| {
            let (firm, actor) = (tx.firm(firm)?.unwrap(), tx.person(firm, ids[0])?.unwrap());
            let now = Timestamp::now();
            let act = |cause| Act { tx, firm: &firm, actor: &actor, inbox: None, cause, now };
            assert!(shares::share(&act("share"), jane, matter, true, "").unwrap().unwrap());
            for name in ["Draft brief", "Read file", "Call witness", "File motion"] {
                tasks::create(&act(name), &task(name, matter, jane), true).unwrap().unwrap();
            }
            Ok(())
        };
        store.write(morning).unwrap();
        drop(store);
        let mut day = Day { folder, zone, records, before: Vec::new(), effects: BTreeMap::new() };
        let recorder = Recorder::start();
        day.configure(day.folder.path(), recorder.port);
        let mut daemon = day.program(day.folder.path()).spawn().unwrap();
        finished(day.folder.path(), 0).unwrap();
        end(&mut daemon);
        let log = day.folder.path().join("store/docketpost.sqlite-wal");
        assert!(!log.exists(), "a daemon that was asked to end left its store in two files");
        day.before = recorder.transcript();
        day.fill_mailbox(&signers);
        day
    }

    /// What Jane and others wrote.
    fn fill_mailbox(&mut self, signers: &[(&str, Signer)]) {
        let by = |domain: &str| &signers.iter().find(|(d, _)| *d == domain).unwrap().1;
        let letter = |words: &str| {
            let copy = self.before.iter().find(|m| String::from_utf8_lossy(&m.bytes).contains(words));
            copy.unwrap_or_else(|| panic!("no letter about {words}")).bytes.clone()
        };
        let jane = Person { id: PersonId(2), name: "Jane Roe", address: "jane@counsel.example".into() };
        let anna = Person { id: PersonId(1), name: "Anna Smith", address: "anna@firm.example".into() };
        let matter = format!("m-1@{DOMAIN}");
        let pdf = "%PDF-1.4\nan exhibit\n%%EOF\n".repeat(300);
        let [brief, file, witness, motion] = ["Draft brief", "Read file", "Call witness", "File motion"].map(letter);
        let mails = [
            (reply(&jane, &brief, "Shall I cover the limitation point too?"), "counsel.example", vec!["message"]),
            (reply(&jane, &file, "#time 1.5h A104 Read the file"), "counsel.example", vec!["time"]),
            (with_file(&fresh(&jane, &matter, "Exhibit A", ""), &pdf), "counsel.example", vec!["file"]),
            (reply(&jane, &witness, "#time 0.5h Spoke to the witness\n#done"), "counsel.example", vec!["time", "done"]),
            (reply(&jane, &motion, "#done"), "counsel.example", vec!["done"]),
            (fresh(&jane, &matter, "Points", "#note The hearing room is 4."), "counsel.example", vec!["note"]),
            (fresh(&jane, &matter, "Hearing", "The hearing was moved to 3 May."), "counsel.example", vec!["message"]),
            (fresh(&jane, &matter, "Work", "#tasks"), "counsel.example", vec![]),
            (fresh(&jane, &matter, "Work", "#tiem 2h Read more"), "counsel.example", vec!["message"]),
            // Somebody else signs in her name.
            (reply(&jane, &brief, "#done"), "other.example", vec![]),
            (fresh(&anna, &matter, "Order", "The new order is out."), "firm.example", vec!["message"]),
        ];
        let folder = self.folder.path().join("maildir");
        maildir::Maildir::open(&folder).unwrap();
        let mut put = Vec::new();
        for (mail, domain, verbs) in mails {
            put.push(by(domain).sign(mail.as_bytes()));
            self.effects.insert(checker::message_id(mail.as_bytes()).trim_matches(['<', '>']).to_owned(), verbs);
        }
        let machine =
            fresh(&jane, &matter, "Away", "I am away.").replacen("\r\n", "\r\nAuto-Submitted: auto-replied\r\n", 1);
        put.push(by("counsel.example").sign(machine.as_bytes()));
        let stranger = Person { id: PersonId(0), name: "Ben Ford", address: "ben@other.example".into() };
        put.push(by("other.example").sign(fresh(&stranger, &matter, "Hello", "Let me in.").as_bytes()));
        // The time once more, as a server brings a mail twice; its effect is there once.
        put.push(put[1].clone());
        self.effects.remove(checker::message_id(&put[1]).trim_matches(['<', '>']));
        for (n, mail) in put.iter().enumerate() {
            maildir::deliver(&folder, &format!("{n:02}.day"), mail).unwrap();
        }
    }

    pub fn configure(&self, folder: &Path, port: u16) {
        let (resolver, out) = (self.zone.address(), folder.join("config.toml"));
        let config = format!(
            "store = {:?}\nresolver = [\"{resolver}\"]\n\
             [[firm]]\nslug = \"hale\"\naddress = \"r@{DOMAIN}\"\naddressing = \"subdomain\"\ndomains = [\"firm.example\"]\nshares_wait_secs = 0\n\
             [firm.smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"hale\"\nmaildir = {:?}\n",
            folder.join("store"),
            folder.join("maildir"),
        );
        fs::write(out, config).unwrap();
    }

    /// As [`Day::configure`], with the mailbox at an IMAP server.
    pub fn configure_imap(&self, folder: &Path, port: u16, imap: u16) {
        self.configure(folder, port);
        let (config, password) = (folder.join("config.toml"), folder.join("password"));
        fs::write(&password, "hush").unwrap();
        fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
        let written = fs::read_to_string(&config).unwrap();
        let (rest, _) = written.split_once("maildir = ").unwrap();
        let account = format!(
            "[mailbox.imap]\nhost = \"127.0.0.1\"\nport = {imap}\ntls = \"none\"\nuser = \"gateway\"\npassword_file = {password:?}\n"
        );
        fs::write(config, format!("{rest}{account}")).unwrap();
    }

    /// The mails that wait in the morning.
    pub fn waiting(&self) -> Vec<Vec<u8>> {
        let files = fs::read_dir(self.folder.path().join("maildir/new")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|file| fs::read(file).unwrap()).collect()
    }

    /// The program as a daemon on this folder.
    pub fn program(&self, folder: &Path) -> Command {
        let mut command = Command::new(program());
        prepare(&mut command, folder);
        command
    }

    /// The program under `strace`, which does `what` to it and writes into `record`.
    pub fn traced(&self, folder: &Path, what: &[String], record: &Path) -> Command {
        let mut command = Command::new("strace");
        // Calls that are of no interest go on without a stop, but where a signal is to be sent: strace can't do both.
        let quick = (!what.iter().any(|word| word.contains("signal="))).then_some("--seccomp-bpf");
        command.args(["-f", "-qq", "-o"]).arg(record).args(quick).args(what).arg(program());
        prepare(&mut command, folder);
        command
    }

    /// A copy of the morning, and a submission server of its own.
    pub fn begin(&self) -> (tempfile::TempDir, Recorder) {
        self.begin_at(Recorder::start())
    }

    /// As [`Day::begin`], with this submission server.
    pub fn begin_at(&self, recorder: Recorder) -> (tempfile::TempDir, Recorder) {
        let place = tempfile::tempdir().unwrap();
        let parts = ["store", "maildir"].map(|part| self.folder.path().join(part));
        let copied = Command::new("cp").arg("-a").args(parts).arg(place.path()).status();
        assert!(copied.unwrap().success());
        self.configure(place.path(), recorder.port);
        (place, recorder)
    }

    /// As [`Day::begin`], with the mails at this IMAP server.
    pub fn begin_by_imap(&self, room: &Mailroom) -> (tempfile::TempDir, Recorder) {
        let (place, recorder) = self.begin();
        self.configure_imap(place.path(), recorder.port, room.port);
        (place, recorder)
    }

    /// What is there at the end of the day.
    pub fn evidence(&self, place: &Path, transcript: Vec<Handed>) -> Evidence {
        let mut mailbox = Vec::new();
        for folder in ["new", "cur", ".Processed/new", ".Processed/cur"] {
            let files = fs::read_dir(place.join("maildir").join(folder)).unwrap();
            mailbox.extend(files.map(|f| fs::read(f.unwrap().path()).unwrap()));
        }
        self.evidence_of(place, transcript, mailbox)
    }

    /// As [`Day::evidence`], with these mails in the mailbox.
    pub fn evidence_of(&self, place: &Path, transcript: Vec<Handed>, mailbox: Vec<Vec<u8>>) -> Evidence {
        let transcript = [self.before.clone(), transcript].concat();
        let mut delivered: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for mail in transcript.iter().filter(|m| m.accepted) {
            delivered.entry(mail.to.clone()).or_default().push(mail.bytes.clone());
        }
        Evidence {
            store: place.join("store"),
            domains: vec![DOMAIN.into()],
            mailbox,
            delivered: delivered.into_iter().collect(),
            transcript,
        }
    }

    pub fn expected(&self) -> Expected {
        Expected { effects: self.effects.clone(), duplicates: usize::MAX, in_doubt: BTreeSet::new() }
    }

    /// How many mails the mailbox holds.
    pub fn mails(&self) -> usize {
        fs::read_dir(self.folder.path().join("maildir/new")).unwrap().count()
    }

    /// Starts the program in this place, lets it finish, and ends it.
    pub fn finish(&self, place: &Path) -> Result<(), String> {
        self.finish_within(place, DEADLINE)
    }

    /// As [`Day::finish`], with so much time for it.
    pub fn finish_within(&self, place: &Path, time: Duration) -> Result<(), String> {
        let mut daemon = self.program(place).spawn().unwrap();
        let done = finished_within(place, self.mails(), time);
        end(&mut daemon);
        done
    }
}

fn prepare(command: &mut Command, folder: &Path) {
    let log = fs::File::options().create(true).append(true).open(folder.join("daemon.log")).unwrap();
    command.args(["run", "--config"]).arg(folder.join("config.toml"));
    // One worker, so that the calls come in much the same order each time.
    command.env("TOKIO_WORKER_THREADS", "1").env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
}

/// Waits until nothing is under way any more, or tells what is.
pub fn finished(folder: &Path, mails: usize) -> Result<(), String> {
    finished_within(folder, mails, DEADLINE)
}

fn finished_within(folder: &Path, mails: usize, time: Duration) -> Result<(), String> {
    let open = || checker::unfinished(&folder.join("store"), mails, &[]);
    match wait_for(time, || open().is_none().then_some(())) {
        Some(()) => Ok(()),
        None => Err(format!("still open: {:?}", open())),
    }
}

/// Asks the daemon to end and waits for that.
pub fn end(daemon: &mut Child) {
    signal("TERM", daemon.id());
    if wait_for(Duration::from_secs(10), || daemon.try_wait().unwrap()).is_none() {
        daemon.kill().unwrap();
        panic!("the daemon did not end within ten seconds");
    }
}

fn task(name: &str, matter: Item, assignee: PersonId) -> NewTask {
    NewTask {
        name: name.into(),
        description: String::new(),
        matter: Some(matter.id),
        assignee: Some(assignee),
        assigner: None,
        priority: Priority::Normal,
        status: TaskStatus::Pending,
        private: false,
        due_at: None,
        quiet: false,
        time_estimated: None,
    }
}

/// The next number for a Message-ID.
fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// A new mail as a client writes it, in plain text.
pub fn fresh(from: &Person, to: &str, subject: &str, text: &str) -> String {
    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
    let (name, address) = (from.name, &from.address);
    let (_, domain) = address.split_once('@').unwrap();
    format!(
        "From: {name} <{address}>\r\nTo: {to}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <day{}@{domain}>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{}\r\n",
        number(),
        text.replace('\n', "\r\n")
    )
}

/// The reply to one of our mails.
pub fn reply(from: &Person, to: &[u8], text: &str) -> String {
    let field = |name: &str| checker::field(to, name);
    let address = field("reply-to");
    let address = address.rsplit_once('<').map_or(address.as_str(), |(_, rest)| rest.trim_end_matches('>'));
    let id = field("message-id");
    let mail = fresh(from, address, &format!("Re: {}", field("subject")), text);
    mail.replacen("\r\nMIME", &format!("\r\nIn-Reply-To: {id}\r\nReferences: {id}\r\nMIME"), 1)
}

/// The mail with a file.
fn with_file(mail: &str, file: &str) -> String {
    let (head, text) = mail.split_once("\r\n\r\n").unwrap();
    let head = head.replace("text/plain; charset=utf-8", "multipart/mixed; boundary=\"part\"");
    let file = data_encoding::BASE64_MIME.encode(file.as_bytes());
    format!(
        "{head}\r\n\r\n--part\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--part\r\nContent-Type: application/pdf; \
         name=\"Exhibit A.pdf\"\r\nContent-Disposition: attachment; filename=\"Exhibit A.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{file}--part--\r\n"
    )
}

/// What happens at a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Blow {
    /// The process is gone, as by a power cut of its own.
    Kill,
    /// It is asked to end.
    Stop,
    /// This call fails so, once.
    Error(&'static str),
    /// This call and all after it fail so.
    Errors(&'static str),
}

/// Where the day's mail comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Maildir,
    Imap,
}

/// One blow at the n-th call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Point {
    way: Way,
    call: &'static str,
    nth: usize,
    blow: Blow,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {} {} by {:?}", self.blow, self.call, self.nth, self.way)
    }
}

impl Point {
    fn injection(self) -> [String; 4] {
        let (call, nth) = (self.call, self.nth);
        let how = match self.blow {
            Blow::Kill => format!("signal=KILL:when={nth}"),
            Blow::Stop => format!("signal=TERM:when={nth}"),
            Blow::Error(error) => format!("error={error}:when={nth}"),
            Blow::Errors(error) => format!("error={error}:when={nth}+"),
        };
        ["-e".into(), format!("trace={call}"), "-e".into(), format!("inject={call}:{how}")]
    }
}

/// The calls that touch disk or network, or open and close what does.
const CALLS: [&str; 20] = [
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "mkdir",
    "flock",
    "sendto",
    "sendmsg",
    "recvfrom",
    "recvmsg",
    "read",
    "pread64",
    "unlink",
    "openat",
    "close",
    "connect",
    "ftruncate",
    "fcntl",
];

/// Which errors a call is failed with in the long form.
const ERRORS: [(&str, &str); 17] = [
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("write", "ENOSPC"),
    ("fsync", "EIO"),
    ("fdatasync", "EIO"),
    ("rename", "ENOSPC"),
    ("renameat", "ENOSPC"),
    ("renameat", "EIO"),
    ("mkdir", "ENOSPC"),
    ("write", "EIO"),
    ("fsync", "ENOSPC"),
    ("ftruncate", "ENOSPC"),
    ("unlink", "EIO"),
    ("sendto", "ECONNRESET"),
    ("recvfrom", "ECONNRESET"),
    ("pread64", "EIO"),
    ("openat", "EMFILE"),
];

/// A copy of the morning, its submission server, and its IMAP server if it has one.
fn begin(day: &Day, way: Way) -> (tempfile::TempDir, Recorder, Option<Mailroom>) {
    match way {
        Way::Maildir => {
            let (place, recorder) = day.begin();
            (place, recorder, None)
        }
        Way::Imap => {
            let room = Mailroom::start(day.waiting());
            let (place, recorder) = day.begin_by_imap(&room);
            (place, recorder, Some(room))
        }
    }
}

fn evidence(day: &Day, place: &Path, recorder: &Recorder, room: Option<&Mailroom>) -> Evidence {
    match room {
        None => day.evidence(place, recorder.transcript()),
        Some(room) => day.evidence_of(place, recorder.transcript(), room.mails()),
    }
}

/// How often each call is made in an undisturbed day, by the thread that makes it most.
fn calls(day: &Day, way: Way) -> BTreeMap<&'static str, usize> {
    let (place, _recorder, _room) = begin(day, way);
    let record = place.path().join("record");
    let mut traced =
        day.traced(place.path(), &["-e".into(), format!("trace={}", CALLS.join(","))], &record).spawn().unwrap();
    finished(place.path(), day.mails()).unwrap();
    stop_traced(&mut traced).unwrap();
    let record = fs::read_to_string(&record).unwrap();
    let mut counts: BTreeMap<(&str, &'static str), usize> = BTreeMap::new();
    for line in record.lines() {
        let (thread, rest) = line.split_once(' ').unwrap();
        if let Some(call) =
            CALLS.iter().find(|c| rest.trim_start().strip_prefix(**c).is_some_and(|r| r.starts_with('(')))
        {
            *counts.entry((thread, *call)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, call), count) in counts {
        let known = most.entry(call).or_insert(0);
        *known = count.max(*known);
    }
    most
}

/// Asks the process under `strace` to end, and waits for both; an error if that took more than ten seconds.
pub fn stop_traced(traced: &mut Child) -> Result<(), &'static str> {
    let children = || fs::read_to_string(format!("/proc/{0}/task/{0}/children", traced.id())).unwrap_or_default();
    let child = children().split_whitespace().next().and_then(|pid| pid.parse().ok());
    child.into_iter().for_each(|pid| signal("TERM", pid));
    if wait_for(Duration::from_secs(10), || traced.try_wait().unwrap()).is_none() {
        child.into_iter().for_each(|pid| signal("KILL", pid));
        traced.wait().unwrap();
        return Err("the daemon did not end within ten seconds");
    }
    Ok(())
}

/// True if an error struck what the runtime wakes itself with or hears of signals by, which no disk and no network touches:
/// it is deaf from then on, as its watchdog would notice. Of a signal its handler tells by one octet, and says nothing if
/// that fails.
fn is_deaf(log: &str, record: &str) -> bool {
    let is_of_handler = |line: &str| line.contains("(INJECTED)") && line.contains(r#""\1", 1, "#);
    let wakes = ["/src/runtime/signal/", "/src/runtime/io/driver.rs"];
    wakes.iter().any(|place| log.contains(place)) || record.lines().any(is_of_handler)
}

/// What one point came to.
struct Case {
    point: Point,
    /// Whether the call was ever made.
    reached: bool,
    /// Letters that came twice, their first outcome unknown.
    duplicates: usize,
    wrong: Vec<String>,
}

/// How long nothing moves after an error before the day is gone on with.
const STUCK: Duration = Duration::from_millis(800);

fn has_failed(record: &Path) -> bool {
    fs::read_to_string(record).unwrap_or_default().contains("(INJECTED)")
}

/// Lets the day end at this point, goes on, and looks.
fn strike(day: &Day, undisturbed: &BTreeMap<String, usize>, point: Point) -> Case {
    let (place, recorder, room) = begin(day, point.way);
    let place = place.path();
    let record = place.join("record");
    let mut traced = day.traced(place, &point.injection(), &record).spawn().unwrap();
    let mut ended = None;
    let is_kill = point.blow == Blow::Kill;
    let is_error = matches!(point.blow, Blow::Error(_) | Blow::Errors(_));
    let (mut last, mut since) = (None, Instant::now());
    wait_for(DEADLINE, || {
        ended = traced.try_wait().unwrap();
        let open = checker::unfinished(&place.join("store"), day.mails(), &[]);
        if open != last {
            (last, since) = (open.clone(), Instant::now());
        }
        // What an error stopped may rest for a minute: a new start goes on as well.
        let is_stuck = is_error && since.elapsed() > STUCK && has_failed(&record);
        (ended.is_some() || open.is_none() || is_stuck).then_some(())
    });
    let mut wrong = Vec::new();
    // Until it waits for the sign to end, that sign ends it by itself; then it has done nothing yet, and has said nothing.
    let is_up = fs::metadata(place.join("daemon.log")).is_ok_and(|log| log.len() > 0);
    match ended {
        Some(ended) if is_kill && ended.signal() != Some(9) => wrong.push(format!("it ended by itself: {ended}")),
        Some(ended) if point.blow == Blow::Stop && !ended.success() && (is_up || ended.signal() != Some(15)) => {
            wrong.push(format!("it did not stop well: {ended}"))
        }
        Some(_) => {}
        None => {
            let unstopped = stop_traced(&mut traced).err();
            let log = fs::read_to_string(place.join("daemon.log")).unwrap_or_default();
            let is_deaf = is_error && is_deaf(&log, &fs::read_to_string(&record).unwrap_or_default());
            wrong.extend(unstopped.filter(|_| !is_deaf).map(str::to_owned));
        }
    }
    let reached = match point.blow {
        Blow::Kill | Blow::Stop => ended.is_some(),
        Blow::Error(_) | Blow::Errors(_) => has_failed(&record),
    };
    let expected = Expected { in_doubt: checker::in_doubt(&place.join("store")), ..day.expected() };
    checker::let_time_pass(&place.join("store"));
    wrong.extend(day.finish(place).err());
    let evidence = evidence(day, place, &recorder, room.as_ref());
    wrong.extend(checker::compare(&evidence, &expected));
    let tally = checker::tally(&place.join("store"));
    if tally != *undisturbed {
        wrong.push(format!("the day came to {tally:?} and not to {undisturbed:?}"));
    }
    let doubled = checker::doubled(&evidence);
    match point.blow {
        Blow::Kill => {
            let known = doubled.iter().filter(|id| !expected.in_doubt.contains(*id));
            wrong.extend(known.map(|id| format!("{id} came twice and the store knew of the first")));
        }
        Blow::Stop if !doubled.is_empty() => {
            wrong.push("a letter came twice although it was only asked to stop".into())
        }
        _ => {}
    }
    if !wrong.is_empty() {
        wrong.push(fs::read_to_string(place.join("daemon.log")).unwrap_or_default());
    }
    Case { point, reached, duplicates: doubled.len(), wrong }
}

/// What an undisturbed day comes to.
pub fn undisturbed(day: &Day) -> BTreeMap<String, usize> {
    undisturbed_by(day, Way::Maildir)
}

fn undisturbed_by(day: &Day, way: Way) -> BTreeMap<String, usize> {
    let (place, recorder, room) = begin(day, way);
    day.finish(place.path()).unwrap();
    let evidence = evidence(day, place.path(), &recorder, room.as_ref());
    assert_eq!(checker::compare(&evidence, &day.expected()), Vec::<String>::new());
    assert_eq!(checker::doubled(&evidence), BTreeSet::new());
    checker::tally(&place.path().join("store"))
}

/// What a whole sweep came to.
#[derive(Default)]
struct Figures {
    kills: usize,
    stops: usize,
    errors: usize,
    missed: usize,
    duplicates: usize,
    seconds: u64,
    wrong: Vec<String>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Figures { kills, stops, errors, missed, duplicates, seconds, wrong } = self;
        write!(
            f,
            "{kills} kill points, {stops} points of being stopped, {errors} errors injected ({missed} points not reached); \
             {} losses or doubles; {duplicates} duplicates after an unknown outcome; {seconds} s",
            wrong.len()
        )
    }
}

/// What was done of a long sweep, line by line, so that it may be broken off and begun again: what is swept, how often
/// each call is made, and each point with what it came to.
struct Journal {
    file: Option<fs::File>,
    lines: Vec<String>,
}

impl Journal {
    /// The one that the environment names, if it is of this program and so many points; otherwise a new one there.
    fn open((kills, errors): (usize, usize)) -> Journal {
        let Some(path) = env::var_os("DOCKETPOST_SWEEP_JOURNAL") else {
            return Journal { file: None, lines: Vec::new() };
        };
        // What is swept, and what sweeps: with a sharper look nothing is known yet.
        let both = [program(), env::current_exe().unwrap()].map(|path| checker::hash(&fs::read(path).unwrap()));
        let about = format!("{kills} points and {errors} errors of {}", both.join(" by "));
        let known = fs::read_to_string(&path).unwrap_or_default();
        if known.lines().next() != Some(&about) {
            fs::write(&path, format!("{about}\n")).unwrap();
        }
        let lines = fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect();
        Journal { file: Some(fs::File::options().append(true).open(path).unwrap()), lines }
    }

    fn write(&mut self, line: &str) {
        self.file.iter_mut().for_each(|file| writeln!(file, "{line}").unwrap());
    }

    /// How often each call is made: as it was counted when the sweep was begun, so that its points are the same.
    fn calls(&mut self, day: &Day, way: Way) -> BTreeMap<&'static str, usize> {
        let counted: BTreeMap<&'static str, usize> = CALLS
            .iter()
            .filter_map(|call| {
                let start = format!("calls {way:?} {call} ");
                let found = self.lines.iter().find_map(|line| line.strip_prefix(&start)?.parse().ok());
                Some((*call, found?))
            })
            .collect();
        if !counted.is_empty() {
            return counted;
        }
        let calls = calls(day, way);
        calls.iter().for_each(|(call, count)| self.write(&format!("calls {way:?} {call} {count}")));
        calls
    }

    /// What a point came to when the sweep was broken off: whether it was reached, and how many letters came twice. One
    /// at which something was wrong is struck at again.
    fn known(&self, point: Point) -> Option<Case> {
        let start = format!("{point}: ");
        let found = self.lines.iter().find_map(|line| line.strip_prefix(&start))?;
        let (reached, duplicates) = found.split_once(' ')?;
        let duplicates = duplicates.parse().ok()?;
        Some(Case { point, reached: reached == "true", duplicates, wrong: Vec::new() })
    }
}

/// Strikes at all these points, two at a time.
fn sweep(day: &Day, points: Vec<Point>, journal: Journal) -> Figures {
    let undisturbed = [Way::Maildir, Way::Imap].map(|way| (way, undisturbed_by(day, way)));
    let undisturbed = BTreeMap::from(undisturbed);
    let (next, figures) = (AtomicUsize::new(0), Mutex::new((Figures::default(), journal)));
    let began = Instant::now();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(point) = points.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let known = figures.lock().unwrap().1.known(*point);
                    let is_new = known.is_none();
                    let case = known.unwrap_or_else(|| strike(day, &undisturbed[&point.way], *point));
                    let mut shared = figures.lock().unwrap();
                    let (figures, journal) = &mut *shared;
                    let count = match (case.reached, point.blow) {
                        (false, _) => &mut figures.missed,
                        (true, Blow::Kill) => &mut figures.kills,
                        (true, Blow::Stop) => &mut figures.stops,
                        (true, _) => &mut figures.errors,
                    };
                    *count += 1;
                    figures.duplicates += case.duplicates;
                    if !case.wrong.is_empty() {
                        let wrong = format!("{}: {}", case.point, case.wrong.join("\n  "));
                        println!("{wrong}");
                        figures.wrong.push(wrong);
                    } else if is_new {
                        journal.write(&format!("{}: {} {}", case.point, case.reached, case.duplicates));
                    }
                    let done = figures.kills + figures.stops + figures.errors + figures.missed;
                    if done.is_multiple_of(100) {
                        println!("{done} of {} points in {} s: {figures}", points.len(), began.elapsed().as_secs());
                    }
                }
            });
        }
    });
    let (mut figures, _) = figures.into_inner().unwrap();
    figures.seconds = began.elapsed().as_secs();
    figures
}

/// So many of these, evenly chosen.
fn some(points: Vec<Point>, count: usize) -> Vec<Point> {
    let all = points.len();
    let count = count.min(all);
    (0..count).map(|n| points[n * all / count]).collect()
}

/// How often each call is made, by where the mail comes from.
type Calls = BTreeMap<Way, BTreeMap<&'static str, usize>>;

fn kill_points(calls: &Calls, way: Way, blow: Blow) -> Vec<Point> {
    let count = |call| calls[&way].get(call).copied().unwrap_or(0);
    let each = |call: &'static str| (1..=count(call)).map(move |nth| Point { way, call, nth, blow });
    CALLS.into_iter().flat_map(each).collect()
}

fn error_points(calls: &Calls, way: Way) -> Vec<Point> {
    let each = |(call, error): (&'static str, &'static str)| {
        let count = calls[&way].get(call).copied().unwrap_or(0);
        let once = (1..=count).map(move |nth| Point { way, call, nth, blow: Blow::Error(error) });
        let for_ever = (1..=count).step_by(5).map(move |nth| Point { way, call, nth, blow: Blow::Errors(error) });
        once.chain(for_ever)
    };
    ERRORS.into_iter().flat_map(each).collect()
}

/// So many points of this kind, every third by IMAP.
fn shared(count: usize, points: impl Fn(Way) -> Vec<Point>) -> Vec<Point> {
    let by_imap = some(points(Way::Imap), count / 3);
    [some(points(Way::Maildir), count - by_imap.len()), by_imap].concat()
}

/// The short form, and with `DOCKETPOST_SWEEP="N E"` the long one: N kill points, a tenth as many stops, E errors.
#[test]
fn f55_killed_stopped_and_failed_at_its_system_calls_nothing_is_lost_and_nothing_done_twice() {
    let long: Option<Vec<usize>> = env::var("DOCKETPOST_SWEEP")
        .ok()
        .map(|wanted| wanted.split_whitespace().map(|n| n.parse().expect("a number of points")).collect());
    let day = Day::shared();
    let (kills, stops, errors) = match long.as_deref() {
        Some(&[kills, errors]) => (kills, kills / 10, errors),
        Some(_) => panic!("how many kill points, and how many errors?"),
        None => (24, 6, 14),
    };
    let mut journal = Journal::open((kills, errors));
    let calls: Calls = [Way::Maildir, Way::Imap].map(|way| (way, journal.calls(day, way))).into();
    println!("{}: {calls:?}", program().display());
    let points = [
        shared(kills, |way| kill_points(&calls, way, Blow::Kill)),
        shared(stops, |way| kill_points(&calls, way, Blow::Stop)),
        shared(errors, |way| error_points(&calls, way)),
    ];
    let figures = sweep(day, points.concat(), journal);
    assert!(figures.wrong.is_empty(), "{}", figures.wrong.join("\n"));
    // Most are reached; the order of calls is not the same each time.
    let is_most = |reached: usize, wanted: usize| 5 * reached >= 4 * wanted;
    assert!(is_most(figures.kills, kills), "{figures}");
    assert!(long.is_none() || is_most(figures.stops, stops) && is_most(figures.errors, errors), "{figures}");
    println!("{figures}");
}

#[test]
fn f12_the_checker_sees_in_the_servers_transcript_what_was_handed_over_twice_otherwise_or_never() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    day.finish(place.path()).unwrap();
    let spoiled = |spoil: &dyn Fn(&mut Vec<Handed>)| {
        let mut handed = recorder.transcript();
        spoil(&mut handed);
        checker::compare(&day.evidence(place.path(), handed), &day.expected())
    };
    let again = |change: &dyn Fn(&mut Handed)| {
        spoiled(&|handed| {
            let mut second = handed.last().unwrap().clone();
            change(&mut second);
            handed.push(second);
        })
    };
    let says = |complaints: Vec<String>, words: &str| {
        assert!(complaints.iter().any(|c| c.contains(words)), "{words}: {complaints:#?}");
    };
    assert_eq!(spoiled(&|_| {}), Vec::<String>::new());
    says(again(&|_| {}), "the first time was not in doubt");
    says(again(&|second| second.connection += 1), "the first time was not in doubt");
    says(again(&|second| second.bytes.push(b'.')), "and not the same");
    says(again(&|second| second.to = "max@counsel.example".into()), "and not the same");
    says(spoiled(&|handed| drop(handed.pop())), "was sent and did not arrive");
    // After a connection that broke, the same mail once more is in doubt; one long before the break is not.
    let broken = |at: usize| {
        spoiled(&|handed| {
            let connection = handed.last().unwrap().connection;
            handed.iter_mut().filter(|h| h.connection == connection).for_each(|h| h.quit = false);
            let first = handed.iter().filter(|h| h.connection == connection).rev().nth(at).unwrap().clone();
            handed.push(Handed { connection: connection + 1, ..first });
        })
    };
    assert!(!broken(0).iter().any(|c| c.contains("in doubt")), "{:#?}", broken(0));
    says(broken(8), "the first time was not in doubt");
    // What the power left: a mail that was moved away, and a letter that left, each without its row.
    let unknown = BTreeSet::from(["<nobody@gw.firm.example>".to_owned()]);
    let complaints = checker::borne_out(&place.path().join("store"), &["gone".to_owned()], &unknown);
    assert_eq!(complaints.len(), 2, "{complaints:#?}");
}

#[test]
fn a_day_whose_blobs_are_sealed_by_a_credential_leaves_none_open_and_comes_to_the_same() {
    let day = Day::shared();
    let (place, _recorder) = day.begin();
    let place = place.path();
    let credentials = place.join("credentials");
    fs::create_dir(&credentials).unwrap();
    fs::write(credentials.join("blobs"), "7".repeat(64)).unwrap();
    fs::set_permissions(credentials.join("blobs"), fs::Permissions::from_mode(0o400)).unwrap();
    let config = fs::read_to_string(place.join("config.toml")).unwrap();
    fs::write(place.join("config.toml"), format!("blob_key_credential = \"blobs\"\n{config}")).unwrap();
    let with_key = |mut command: Command| {
        command.env("CREDENTIALS_DIRECTORY", &credentials);
        command
    };
    let mut daemon = with_key(day.program(place)).spawn().unwrap();
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    assert_eq!(checker::tally(&place.join("store")), undisturbed(day));
    let groups = fs::read_dir(place.join("store/blobs")).unwrap().map(|group| group.unwrap().path());
    let files = groups.filter(|group| group.is_dir()).flat_map(|group| fs::read_dir(group).unwrap());
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    assert!(files.len() > day.mails() / 2);
    for file in files {
        let bytes = fs::read(&file).unwrap();
        assert!(file.extension().is_some_and(|end| end == "sealed"), "{file:?}");
        assert!(!bytes.windows(10).any(|w| w == b"an exhibit" || w == b"Message-ID"), "{file:?}");
    }
    let mut look = Command::new(program());
    look.args(["check", "--store", "--config"]).arg(place.join("config.toml"));
    assert!(with_key(look).output().unwrap().status.success());
    // Without the credential it does not start.
    let mut daemon = day.program(place).env_remove("CREDENTIALS_DIRECTORY").spawn().unwrap();
    let ended = wait_for(DEADLINE, || daemon.try_wait().unwrap()).expect("it started without its key");
    assert!(!ended.success());
    let log = fs::read_to_string(place.join("daemon.log")).unwrap();
    assert!(log.contains("blob_key_credential"), "{log}");
}
