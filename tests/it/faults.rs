//! What the built program makes of servers that refuse, disks that fill, are slow or fail, limits, locks, signals and
//! damaged stores (faults.md F13–F53), and of a flood (threats.md T93), each on the fixed day of `sweep`: whatever comes,
//! nothing is lost and nothing happens twice.

use crate::checker::{self, Evidence, Expected, Handed};
use crate::gateway::Person;
use crate::mailroom::Mailroom;
use crate::recorder::Recorder;
use crate::servers::{DEADLINE, ended, signal, wait_for, wait_until};
use crate::sweep::{Day, end, finished, fresh, stop_traced, undisturbed};
use docketpost::{demo::signer::Signer, domain::PersonId};
use rusqlite::Connection;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        net::UnixDatagram,
    },
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

fn whole_day() -> &'static BTreeMap<String, usize> {
    static TALLY: OnceLock<BTreeMap<String, usize>> = OnceLock::new();
    TALLY.get_or_init(|| undisturbed(Day::shared()))
}

/// Lets the daemon work, and whatever it puts off come due at once, until nothing is under way.
fn work_through(day: &Day, place: &Path) {
    let mut daemon = day.program(place).spawn().unwrap();
    let store = place.join("store");
    let mut open = None;
    let done = wait_for(DEADLINE, || {
        checker::let_time_pass(&store);
        open = checker::unfinished(&store, day.mails(), &[]);
        open.is_none().then_some(())
    });
    assert!(done.is_some(), "{open:?}\n{}", log(place));
    end(&mut daemon);
}

fn log(place: &Path) -> String {
    fs::read_to_string(place.join("daemon.log")).unwrap_or_default()
}

fn words(place: &Path, sql: &str) -> Vec<String> {
    let database = checker::open(&place.join("store"));
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn count(place: &Path, sql: &str) -> usize {
    checker::open(&place.join("store")).query_row(sql, [], |row| row.get::<_, u32>(0)).unwrap() as usize
}

/// The day came to what it comes to undisturbed, and nothing is wrong.
fn whole(day: &Day, place: &Path, recorder: &Recorder) -> Evidence {
    whole_after(day, place, recorder, BTreeSet::new())
}

/// As [`whole`], where the store did not know of these whether they had left.
fn whole_after(day: &Day, place: &Path, recorder: &Recorder, in_doubt: BTreeSet<String>) -> Evidence {
    whole_of(day, place, day.evidence(place, recorder.transcript()), in_doubt)
}

fn whole_of(day: &Day, place: &Path, evidence: Evidence, in_doubt: BTreeSet<String>) -> Evidence {
    let complaints = checker::compare(&evidence, &Expected { in_doubt, ..day.expected() });
    assert!(complaints.is_empty(), "{complaints:#?}\n{}", log(place));
    assert_eq!(checker::tally(&place.join("store")), *whole_day(), "{}", log(place));
    evidence
}

/// A day at a server that answers so; what came twice.
fn day_at(answers: impl Fn(&str, usize, &str) -> Option<String> + Send + Sync + 'static) -> BTreeSet<String> {
    let day = Day::shared();
    let (place, recorder) = day.begin_at(Recorder::answering(answers));
    work_through(day, place.path());
    checker::doubled(&whole(day, place.path(), &recorder))
}

#[test]
fn f13_a_server_that_says_later_gets_each_letter_later_and_once() {
    for (word, answer) in [
        ("GREETING", "421 busy"),
        ("EHLO", "451 later"),
        ("MAIL", "451 4.3.0 later"),
        ("RCPT", "450 4.2.0 greylisted"),
        ("DATA", "451 later"),
        ("DOT", "452 4.3.1 no room"),
    ] {
        let doubled = day_at(move |said, nth, _| (said == word && nth <= 2).then(|| answer.into()));
        assert!(doubled.is_empty(), "{word}");
    }
}

#[test]
fn f14_a_letter_refused_for_good_fails_alone_and_the_firm_is_told() {
    for word in ["RCPT", "DOT"] {
        let day = Day::shared();
        let refuse = move |said: &str, nth: usize, to: &str| {
            (said == word && to.starts_with("jane") && nth <= 12).then(|| "550 5.1.1 no such user".to_owned())
        };
        let (place, recorder) = day.begin_at(Recorder::answering(refuse));
        let place = place.path();
        work_through(day, place);
        let failed =
            count(place, "SELECT count(*) FROM outbox WHERE state = 'FAILED' AND reason = 'REFUSED' AND tries = 1");
        assert!(failed > 0, "{}", log(place));
        assert_eq!(
            count(
                place,
                "SELECT count(*) FROM outbox WHERE state NOT IN ('SENT','FAILED','CANCELLED') AND coalesce(reason, '') <> 'PAUSED'"
            ),
            0
        );
        assert_eq!(
            words(
                place,
                "SELECT DISTINCT p.first_name FROM outbox o JOIN people p ON p.id = o.person_id WHERE o.state = 'FAILED'"
            ),
            ["Jane"]
        );
        let told = recorder.transcript().into_iter().filter(|h| {
            h.accepted && h.to.starts_with("anna") && String::from_utf8_lossy(&h.bytes).contains("be delivered")
        });
        assert_eq!(told.count(), 1, "once a day and person: {}", log(place));
    }
}

#[test]
fn f15_a_refusal_of_our_own_account_stops_the_queue_and_fails_no_letter() {
    for (word, answer) in [
        ("MAIL", "530 5.7.0 authentication required"),
        ("MAIL", "535 5.7.8 no"),
        ("MAIL", "550 5.7.1 sender address rejected: no"),
        ("DOT", "554 5.2.252 SendAsDenied; gw not allowed to send as r; STOREDRV.Submission.Exception:SendAsDenied"),
    ] {
        let day = Day::shared();
        let refuse = move |said: &str, nth: usize, _: &str| (said == word && nth == 1).then(|| answer.to_owned());
        let (place, recorder) = day.begin_at(Recorder::answering(refuse));
        let place = place.path();
        let mut daemon = day.program(place).spawn().unwrap();
        wait_until("the alarm", DEADLINE, || log(place).contains("sending is stopped").then_some(()));
        end(&mut daemon);
        assert!(log(place).contains("ERROR"));
        assert!(recorder.transcript().iter().all(|handed| !handed.accepted));
        assert_eq!(count(place, "SELECT count(*) FROM outbox WHERE state = 'FAILED'"), 0, "{answer}");
        work_through(day, place);
        assert_eq!(count(place, "SELECT count(*) FROM undelivered"), 0, "{answer}");
        assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
    }
}

#[test]
fn f15_after_a_week_without_our_account_the_letters_are_still_there() {
    let day = Day::shared();
    let refuse = |said: &str, nth: usize, _: &str| {
        (said == "MAIL" && nth == 1).then(|| "550 5.7.1 sender address rejected: no".to_owned())
    };
    let (place, recorder) = day.begin_at(Recorder::answering(refuse));
    let place = place.path();
    // Only the mails of the day before yesterday wait.
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("a refusal", DEADLINE, || log(place).contains("sending is stopped").then_some(()));
    end(&mut daemon);
    let database = Connection::open(place.join("store/docketpost.sqlite")).unwrap();
    database.execute("UPDATE outbox SET date_at = date_at - 8 * 24 * 3600 * 1000 WHERE state = 'QUEUED'", []).unwrap();
    drop(database);
    work_through(day, place);
    whole(day, place, &recorder);
}

#[test]
fn f16_what_passes_is_no_failure() {
    for (word, answer) in [
        ("MAIL", "421 4.3.2 shutting down"),
        ("RCPT", "421 too many"),
        ("DATA", "421 bye"),
        ("DOT", "421 4.4.2 bye"),
        ("DOT", "552 5.2.2 mailbox full"),
        ("RCPT", "552 5.2.2 over quota"),
    ] {
        let doubled = day_at(move |said, nth, _| (said == word && nth == 2).then(|| answer.into()));
        assert!(doubled.is_empty(), "{word} {answer}");
    }
}

#[test]
fn f11_a_server_that_hangs_up_in_place_of_its_answer_gets_the_same_bytes_once_more() {
    let doubled = day_at(|said, nth, _| (said == "DOT" && nth == 3).then(String::new));
    assert_eq!(doubled.len(), 1);
}

#[test]
fn f19_a_connection_that_breaks_after_250_doubles_nothing() {
    let doubled = day_at(|said, nth, _| (said == "MAIL" && [2, 5].contains(&nth)).then(String::new));
    assert!(doubled.is_empty());
}

#[test]
fn f56_one_refused_recipient_costs_no_other_their_letter() {
    let day = Day::shared();
    let refuse = |said: &str, nth: usize, _: &str| (said == "RCPT" && nth == 2).then(|| "550 5.1.1 no".to_owned());
    let (place, recorder) = day.begin_at(Recorder::answering(refuse));
    work_through(day, place.path());
    assert_eq!(count(place.path(), "SELECT count(*) FROM outbox WHERE state = 'FAILED'"), 1);
    let sent = count(place.path(), "SELECT count(*) FROM outbox WHERE state = 'SENT'") - 5;
    assert_eq!(recorder.transcript().iter().filter(|h| h.accepted).count(), sent);
    assert!(checker::doubled(&day.evidence(place.path(), recorder.transcript())).is_empty());
}

#[test]
fn f32_while_dns_is_down_no_mail_is_judged_and_none_is_lost() {
    use docketpost::demo::zone::Says;
    let day = Day::new();
    let (place, recorder) = day.begin();
    let place = place.path();
    day.records.iter().for_each(|(name, _)| day.zone.say(name, Says::Failure));
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("all wait", DEADLINE, || {
        (count(place, "SELECT count(*) FROM inbox WHERE state = 'RECEIVED' AND next_at > 0") >= 13).then_some(())
    });
    assert_eq!(count(place, "SELECT count(*) FROM effects"), 0);
    day.records.iter().for_each(|record| day.zone.add(record.clone()));
    end(&mut daemon);
    work_through(&day, place);
    whole(&day, place, &recorder);
}

#[test]
fn f37_a_store_that_somebody_else_holds_for_a_while_costs_time_and_nothing_else() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("some work", DEADLINE, || (count(place, "SELECT count(*) FROM inbox") > 0).then_some(()));
    let other = Connection::open(place.join("store/docketpost.sqlite")).unwrap();
    other.busy_timeout(Duration::from_secs(10)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let began = Instant::now();
    wait_for(DEADLINE, || (began.elapsed() > Duration::from_secs(2)).then_some(()));
    other.execute_batch("COMMIT").unwrap();
    drop(other);
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
}

/// A daemon that must refuse to start; what it says.
fn refuses(day: &Day, place: &Path) -> String {
    refuses_so(&mut day.program(place), day, place)
}

fn refuses_so(program: &mut Command, day: &Day, place: &Path) -> String {
    let ended = ended(&mut program.spawn().unwrap());
    assert_eq!(ended.code(), Some(1), "{}", log(place));
    assert_eq!(fs::read_dir(place.join("maildir/new")).unwrap().count(), day.mails(), "mail was taken");
    log(place)
}

#[test]
fn f38_a_damaged_or_truncated_store_is_refused_with_the_way_out_and_the_mail_stays() {
    let day = Day::shared();
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] = [
        ("no database at all", |bytes| bytes[..4096].fill(b'x')),
        ("half of it", |bytes| bytes.truncate(bytes.len() / 2)),
        ("pages of nothing", |bytes| bytes[8192..40960].fill(0xff)),
    ];
    for (what, damage) in damages {
        let (place, _recorder) = day.begin();
        let file = place.path().join("store/docketpost.sqlite");
        let mut bytes = fs::read(&file).unwrap();
        damage(&mut bytes);
        fs::write(&file, bytes).unwrap();
        let said = refuses(day, place.path());
        assert!(
            said.contains("damaged") || said.contains("malformed") || said.contains("not a database"),
            "{what}: {said}"
        );
        assert!(said.contains("restore"), "{what}: {said}");
    }
}

#[test]
fn f38_a_store_that_lost_its_wal_file_after_a_crash_is_refused_with_the_way_out_and_goes_on_once_that_is_back() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let kill = ["-e", "trace=pwrite64", "-e", "inject=pwrite64:signal=KILL:when=300"].map(str::to_owned);
    assert!(!ended(&mut day.traced(place, &kill, Path::new("/dev/null")).spawn().unwrap()).success());
    let (wal, kept) = (place.join("store/docketpost.sqlite-wal"), place.join("kept"));
    fs::rename(&wal, &kept).unwrap();
    let in_maildir = || fs::read_dir(place.join("maildir/new")).unwrap().count();
    let mails = in_maildir();
    for _ in 0..2 {
        assert_eq!(ended(&mut day.program(place).spawn().unwrap()).code(), Some(1), "{}", log(place));
    }
    assert!(log(place).contains("transactions that were on disk") && log(place).contains("restore"), "{}", log(place));
    assert_eq!(in_maildir(), mails, "mail was taken");
    let (is_well, said) = command(place, &["check"]);
    assert!(!is_well && said.contains("FAILED store") && said.contains("-wal"), "{said}");
    fs::rename(&kept, &wal).unwrap();
    let in_doubt = checker::in_doubt(&place.join("store"));
    work_through(day, place);
    whole_after(day, place, &recorder, in_doubt);
}

#[test]
fn f39_a_store_that_cannot_be_written_is_refused() {
    let day = Day::shared();
    let (place, _recorder) = day.begin();
    let database = place.path().join("store/docketpost.sqlite").display().to_string();
    let readonly =
        ["-P", &database, "-e", "trace=openat", "-e", "inject=openat:error=EROFS:when=2+2"].map(str::to_owned);
    let ended = ended(&mut day.traced(place.path(), &readonly, Path::new("/dev/null")).spawn().unwrap());
    assert_eq!(ended.code(), Some(1), "{}", log(place.path()));
    assert!(log(place.path()).contains("docketpost:"), "{}", log(place.path()));
    assert_eq!(fs::read_dir(place.path().join("maildir/new")).unwrap().count(), day.mails());
}

/// The program without what lets an administrator write where nobody may.
fn without_privileges(day: &Day, place: &Path) -> Command {
    let program = day.program(place);
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        return program;
    }
    let mut command = Command::new("setpriv");
    command.arg("--bounding-set=-all").arg(program.get_program()).args(program.get_args());
    logged(command, place)
}

#[test]
fn f39_a_store_in_a_folder_that_cannot_be_written_is_refused_in_words_and_the_mail_stays() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let (store, database) = (place.join("store"), place.join("store/docketpost.sqlite"));
    for (path, closed, open) in [(&store, 0o500, 0o700), (&database, 0o400, 0o600)] {
        set_mode(path, closed);
        let said = refuses_so(&mut without_privileges(day, place), day, place);
        set_mode(path, open);
        let expected = format!("the store can't be written at {}", path.display());
        assert!(said.contains(&expected) && said.contains("mounted for writing"), "{said}");
    }
    work_through(day, place);
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
}

#[test]
fn t77_a_store_that_others_can_read_is_refused_in_words_and_the_mail_stays() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let set_mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let in_store = |name: &str| place.join("store").join(name);
    for (path, modes, own) in [
        (in_store(""), [0o755, 0o750], 0o700),
        (in_store("docketpost.sqlite"), [0o644, 0o640], 0o600),
        (in_store("reply.key"), [0o644, 0o640], 0o600),
    ] {
        for mode in modes {
            set_mode(&path, mode);
            let said = refuses_so(&mut day.program(place), day, place);
            assert!(said.contains(&format!("can be read by others; make it yours alone: chmod {own:o}")), "{said}");
            assert!(said.contains(path.file_name().unwrap().to_str().unwrap()), "{said}");
        }
        set_mode(&path, own);
    }
    work_through(day, place);
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
}

#[test]
fn f40_killed_while_the_store_is_made_it_is_made_the_next_time() {
    let day = Day::shared();
    let (template, _recorder) = day.begin();
    let config = fs::read_to_string(template.path().join("config.toml")).unwrap();
    let arguments = [
        "init",
        "--slug",
        "hale",
        "--name",
        "Hale",
        "--user-name",
        "Anna Smith",
        "--user-address",
        "anna@firm.example",
    ];
    let points = [
        ("pwrite64", 1),
        ("pwrite64", 20),
        ("pwrite64", 60),
        ("pwrite64", 120),
        ("fsync", 1),
        ("fsync", 2),
        ("fsync", 3),
        ("fsync", 4),
        ("write", 1),
        ("ftruncate", 1),
    ];
    for (call, nth) in points {
        let place = tempfile::tempdir().unwrap();
        let here = config.replace(&template.path().display().to_string(), &place.path().display().to_string());
        fs::write(place.path().join("config.toml"), here).unwrap();
        let program = || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
            command.args(arguments).arg("--config").arg(place.path().join("config.toml"));
            command
        };
        let mut killed = Command::new("strace");
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        killed.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
        killed.arg(program().get_program()).args(program().get_args());
        let first = killed.output().unwrap();
        let again = program().output().unwrap();
        let said = String::from_utf8_lossy(&again.stderr).into_owned();
        // What was made before the kill is made.
        assert!(
            again.status.success() || said.contains("there is a firm with the slug"),
            "{call} {nth}: {first:?} {said}"
        );
        let firms = checker::open(&place.path().join("store"))
            .query_row("SELECT count(*) FROM firms", [], |r| r.get::<_, u32>(0));
        assert_eq!(firms.unwrap(), 1, "{call} {nth}");
    }
}

/// Another program around the daemon, which writes into its log.
fn logged(mut command: Command, place: &Path) -> Command {
    let log = fs::File::options().create(true).append(true).open(place.join("daemon.log")).unwrap();
    command.env("TOKIO_WORKER_THREADS", "1").env_remove("NOTIFY_SOCKET");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
    command
}

/// The program below a shell that sets a limit.
fn limited(day: &Day, place: &Path, limit: &str) -> Command {
    let program = day.program(place);
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("{limit}; exec \"$0\" \"$@\"")).arg(program.get_program()).args(program.get_args());
    logged(command, place)
}

/// How a daemon got on below a limit.
#[derive(Debug)]
struct Limited {
    /// It did all the work.
    finished: bool,
    /// It ended by itself.
    died: bool,
    /// What it logged.
    said: String,
}

/// Lets it run below a limit for this long at most, then to the end without.
fn survives_limit(limit: &str, time: Duration) -> Limited {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let mut daemon = limited(day, place, limit).spawn().unwrap();
    let finished = || checker::unfinished(&place.join("store"), day.mails(), &[]).is_none();
    wait_for(time, || (daemon.try_wait().unwrap().is_some() || finished()).then_some(()));
    let (finished, died) = (finished(), daemon.try_wait().unwrap().is_some());
    if !died {
        end(&mut daemon);
    }
    let said = log(place);
    let in_doubt = checker::in_doubt(&place.join("store"));
    work_through(day, place);
    whole_after(day, place, &recorder, in_doubt);
    Limited { finished, died, said }
}

const A_WHILE: Duration = Duration::from_secs(2);

#[test]
fn f45_out_of_memory_at_any_size_nothing_is_lost_and_what_was_lacking_is_said() {
    // Where not even the program itself has room, the system has no words for it.
    let has_room = |kib: &u32| {
        let limit = format!("ulimit -v {kib}; exec \"$0\" --version");
        let program = env!("CARGO_BIN_EXE_docketpost");
        Command::new("/bin/sh").args(["-c", &limit, program]).output().unwrap().status.success()
    };
    let sizes: Vec<u32> = (1..40).map(|n| n * 10_000).filter(has_room).take(20).step_by(6).collect();
    assert!(sizes.len() > 2, "{sizes:?}");
    for kib in sizes {
        let limited = survives_limit(&format!("ulimit -v {kib}"), A_WHILE);
        let words = ["memory allocation of", "Cannot allocate memory", "out of memory", "spawn worker thread"];
        let is_told = words.iter().any(|word| limited.said.contains(word)) || limited.said.contains("os error 1");
        assert!(!limited.died || limited.finished || is_told, "{kib}: {limited:?}");
    }
}

/// A group of processes that gets so many megabytes; none where this machine lets nobody make one, as in most containers.
struct MemoryGroup(PathBuf);

impl MemoryGroup {
    fn of(mebibytes: u64) -> Option<MemoryGroup> {
        let name = format!("docketpost-{}-{mebibytes}", std::process::id());
        let made = |root: &str, file: &str| {
            let folder = Path::new(root).join(&name);
            fs::create_dir(&folder).ok()?;
            let group = MemoryGroup(folder);
            fs::write(group.0.join(file), (mebibytes << 20).to_string()).ok().map(|()| group)
        };
        made("/sys/fs/cgroup/memory", "memory.limit_in_bytes").or_else(|| made("/sys/fs/cgroup", "memory.max"))
    }
}

impl Drop for MemoryGroup {
    fn drop(&mut self) {
        // One that is still in use says so, and is looked for no more.
        wait_for(Duration::from_secs(5), || fs::remove_dir(&self.0).ok());
    }
}

#[test]
fn f45_in_96_megabytes_the_days_work_is_done_and_in_fewer_none_is_lost() {
    let program = env!("CARGO_BIN_EXE_docketpost");
    let in_nothing = Command::new("/bin/sh").args(["-c", "ulimit -d 64; exec \"$0\" --version", program]).output();
    if MemoryGroup::of(1).is_none() && in_nothing.unwrap().status.success() {
        eprintln!(
            "NOT SHOWN: this machine limits no process's memory, so that what follows was done in all of it (F45)"
        );
    }
    for mebibytes in [96, 32, 16] {
        let group = MemoryGroup::of(mebibytes);
        let limit = group.as_ref().map_or_else(
            // Then so much of what the process writes to: its heaps and stacks, though not the pages of its files.
            || format!("ulimit -d {} || exit 1", mebibytes << 10),
            |group| format!("echo $$ > {}/cgroup.procs", group.0.display()),
        );
        let limited = survives_limit(&limit, if mebibytes == 96 { DEADLINE } else { A_WHILE });
        assert!(mebibytes < 96 || limited.finished, "{limited:?}");
    }
}

#[test]
fn f45_a_start_after_the_process_was_killed_in_the_midst_of_a_mail_says_so() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let mut daemon =
        day.program(place).env("DOCKETPOST_CRASH", "parsing:4").env("DOCKETPOST_CRASH_BY", "KILL").spawn().unwrap();
    assert!(!ended(&mut daemon).success());
    assert!(!log(place).contains("was cut off"));
    let in_doubt = checker::in_doubt(&place.join("store"));
    work_through(day, place);
    assert!(log(place).contains("the last run was cut off in the midst of these mails"), "{}", log(place));
    whole_after(day, place, &recorder, in_doubt);
}

#[test]
fn f50_with_few_files_to_open_the_work_is_done_or_what_is_lacking_is_said_and_nothing_is_lost() {
    const ALARM: &str = "so few files and connections may be open";
    for files in [10, 14, 18, 22, 30] {
        let limited = survives_limit(&format!("ulimit -n {files}"), A_WHILE);
        assert!(limited.said.contains(ALARM) && limited.said.contains(&format!("most={files}")), "{limited:?}");
    }
    let limited = survives_limit("ulimit -n 32", DEADLINE);
    assert!(limited.finished && limited.said.contains(ALARM), "{limited:?}");
    assert!(!survives_limit("ulimit -n 256", DEADLINE).said.contains(ALARM));
}

#[test]
fn f36_a_disk_that_fails_ends_the_process_at_once_and_the_next_start_goes_on() {
    let day = Day::shared();
    for (call, nth) in [("fsync", 4), ("fsync", 20), ("pwrite64", 40), ("pwrite64", 300)] {
        let (place, recorder) = day.begin();
        let place = place.path();
        let fails =
            ["-e", &format!("trace={call}"), "-e", &format!("inject={call}:error=EIO:when={nth}")].map(str::to_owned);
        let mut traced = day.traced(place, &fails, Path::new("/dev/null")).spawn().unwrap();
        let ended = wait_for(DEADLINE, || traced.try_wait().unwrap());
        if ended.is_none() {
            stop_traced(&mut traced).unwrap();
        }
        assert_eq!(ended.and_then(|e| e.code()), Some(1), "{call} {nth}: {}", log(place));
        assert!(log(place).contains("disk"), "{}", log(place));
        let in_doubt = checker::in_doubt(&place.join("store"));
        work_through(day, place);
        whole_after(day, place, &recorder, in_doubt);
    }
}

/// The day with errors at these calls, without a restart; whatever is put off comes due at once.
fn goes_on_after(inject: &str) {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let call = inject.split(':').next().unwrap();
    let full = ["-e", &format!("trace={call}"), "-e", &format!("inject={inject}")].map(str::to_owned);
    let record = place.join("record");
    let mut traced = day.traced(place, &full, &record).spawn().unwrap();
    let store = place.join("store");
    // strace counts each thread's calls by themselves: a retry that comes to a new thread meets the error once more.
    let done = wait_for(4 * DEADLINE, || {
        checker::let_time_pass(&store);
        checker::unfinished(&store, day.mails(), &[]).is_none().then_some(())
    });
    stop_traced(&mut traced).unwrap();
    assert!(done.is_some(), "{inject}: {:?}\n{}", checker::unfinished(&store, day.mails(), &[]), log(place));
    assert!(fs::read_to_string(record).unwrap().contains("(INJECTED)"), "{inject}: never made");
    let said = log(place);
    assert!(said.contains("disk is full") || said.contains("No space left"), "{inject}: no alarm\n{said}");
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty(), "{inject}: {}", log(place));
}

#[test]
fn f35_when_a_full_disk_has_room_again_the_work_goes_on_without_a_restart() {
    // Where mail is staged, decided and sent: the writer's calls.
    goes_on_after("pwrite64:error=ENOSPC:when=30..40");
    goes_on_after("pwrite64:error=ENOSPC:when=200..212");
    goes_on_after("pwrite64:error=ENOSPC:when=600..603");
    // The files of mails, and those that are begun beside them.
    goes_on_after("openat:error=ENOSPC:when=60");
    goes_on_after("renameat:error=ENOSPC:when=2");
}

/// What a daemon tells systemd, and when.
struct Signs {
    socket: PathBuf,
    heard: Arc<Mutex<Vec<(Instant, String)>>>,
}

impl Signs {
    fn listen(place: &Path) -> Signs {
        let socket = place.join("notify");
        let (listener, heard) = (UnixDatagram::bind(&socket).unwrap(), Arc::<Mutex<Vec<_>>>::default());
        let signs = Signs { socket, heard: Arc::clone(&heard) };
        thread::spawn(move || {
            let mut bytes = [0; 512];
            while let Ok(length) = listener.recv(&mut bytes) {
                let said = String::from_utf8_lossy(&bytes[..length]).into_owned();
                heard.lock().unwrap().push((Instant::now(), said));
            }
        });
        signs
    }

    /// When it said that it is ready or alive, in order.
    fn of_life(&self) -> Vec<Instant> {
        let heard = self.heard.lock().unwrap();
        let of_life = |said: &str| said.contains("WATCHDOG=1") || said.contains("READY=1");
        heard.iter().filter(|(_, said)| of_life(said)).map(|(at, _)| *at).collect()
    }
}

#[test]
fn f53_a_slow_disk_costs_time_and_nothing_else_and_systemd_hears_all_the_time_that_the_daemon_lives() {
    let day = Day::shared();
    // Some as slow as a disk gets, and the others slow enough that they are under way all the time.
    for slow in ["2000000:when=3..8", "150000:when=1+"] {
        let (place, recorder) = day.begin();
        let place = place.path();
        let signs = Signs::listen(place);
        let slow = ["-e", "trace=fsync", "-e", &format!("inject=fsync:delay_enter={slow}")].map(str::to_owned);
        let mut traced = day.traced(place, &slow, Path::new("/dev/null"));
        let mut traced = traced.env("NOTIFY_SOCKET", &signs.socket).env("WATCHDOG_USEC", "4000000").spawn().unwrap();
        let done = finished(place, day.mails());
        let over = Instant::now();
        stop_traced(&mut traced).unwrap();
        done.unwrap();
        assert!(!log(place).contains("ERROR"), "{}", log(place));
        assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
        let signs: Vec<Instant> = signs.of_life().into_iter().filter(|at| *at <= over).chain([over]).collect();
        let silences: Vec<Duration> = signs.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(silences.len() > 2, "{silences:?}");
        assert!(silences.iter().all(|silence| *silence < Duration::from_secs(30)), "{silences:?}");
    }
}

#[test]
fn f47_a_new_configuration_is_taken_up_between_two_mails_and_a_bad_one_changes_nothing() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let file = place.join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    // At first another mailbox is watched, in which nothing lies.
    fs::write(&file, good.replace("/maildir", "/empty")).unwrap();
    let mut daemon = day.program(place).spawn().unwrap();
    let ready = |times: usize| {
        wait_until("ready", DEADLINE, || (log(place).matches("docketpost is ready").count() >= times).then_some(()));
    };
    ready(1);
    for bad in [good.replace("resolver", "resolvers"), good.replace("\"hale\"", "\"nobody\"")] {
        let known = log(place).matches("the old one stays").count();
        fs::write(&file, bad).unwrap();
        signal("HUP", daemon.id());
        wait_until("a refusal", DEADLINE, || (log(place).matches("the old one stays").count() > known).then_some(()));
    }
    assert_eq!(count(place, "SELECT count(*) FROM inbox"), 0);
    fs::write(&file, good).unwrap();
    signal("HUP", daemon.id());
    ready(2);
    // And once more in the middle of the day.
    wait_until("some work", DEADLINE, || (count(place, "SELECT count(*) FROM inbox") > 0).then_some(()));
    signal("HUP", daemon.id());
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
}

#[test]
fn f25_f47_a_maildir_that_cant_be_opened_ends_no_daemon_and_holds_no_other_mailbox_up() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let file = place.join("config.toml");
    let good = fs::read_to_string(&file).unwrap();
    let bad = format!("[[mailbox]]\nname = \"other\"\nfirm = \"hale\"\nmaildir = \"{}/no/folder\"\n", file.display());
    // At a start, and at a reload.
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("ready", DEADLINE, || log(place).contains("docketpost is ready").then_some(()));
    fs::write(&file, format!("{good}\n{bad}")).unwrap();
    for times in [1, 2] {
        signal("HUP", daemon.id());
        let told = || log(place).matches("mail can't be taken from the folder now").count();
        wait_until("the alarm", DEADLINE, || (told() >= times).then_some(()));
    }
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("ready", DEADLINE, || (log(place).matches("docketpost is ready").count() >= 4).then_some(()));
    end(&mut daemon);
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
}

#[test]
fn f41_a_restored_copy_takes_in_what_came_since_and_sends_nothing_by_itself_that_waited() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let program = |config: &Path, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
        let out = command.args(arguments).arg("--config").arg(config).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    };
    // A letter waits while the copy is made, and leaves after.
    program(
        &place.join("config.toml"),
        &["task", "--matter", "M-1", "--for", "jane@counsel.example", "Wait for the copy"],
    );
    let tar = place.join("copy.tar");
    program(&place.join("config.toml"), &["backup", tar.to_str().unwrap()]);
    work_through(day, place);
    let before = recorder.transcript().len();
    let caused = || words(place, "SELECT message_id FROM outbox WHERE inbox_id IS NOT NULL ORDER BY message_id");
    let named = caused();
    fs::rename(place.join("store"), place.join("lost")).unwrap();
    fs::create_dir(place.join("store")).unwrap();
    let unpacked = Command::new("sh")
        .arg("-c")
        .arg("chmod 700 \"$0\" && tar -xf \"$1\" -C \"$0\"")
        .arg(place.join("store"))
        .arg(&tar)
        .status();
    assert!(unpacked.unwrap().success());
    // As the instructions say: what came since is moved back; the newest comes first now.
    for mail in fs::read_dir(place.join("maildir/.Processed/cur")).unwrap().map(|e| e.unwrap()) {
        let name = mail.file_name().into_string().unwrap();
        let in_line: usize = name[..2].parse().unwrap();
        let name = format!("{:02}.again:2,S", 99 - in_line);
        fs::rename(mail.path(), place.join("maildir/cur").join(name)).unwrap();
    }
    // To the mailbox it is another store: the one that was lost may still run somewhere (fault F49).
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("the alarm", DEADLINE, || log(place).contains(NOT_OURS).then_some(()));
    end(&mut daemon);
    assert_eq!(count(place, "SELECT count(*) FROM inbox"), 0);
    program(&place.join("config.toml"), &["mailbox", "take", "main"]);
    work_through(day, place);
    assert_eq!(words(place, "SELECT template FROM outbox WHERE state = 'FAILED' AND reason = 'RESTORED'"), ["tasks"]);
    let waited = words(place, "SELECT message_id FROM outbox WHERE reason = 'RESTORED'").remove(0);
    let is_sent = || recorder.transcript()[before..].iter().any(|h| checker::message_id(&h.bytes).contains(&waited));
    assert!(!is_sent());
    let tally = checker::tally(&place.join("store"));
    for (what, many) in whole_day().iter().filter(|(what, _)| what.starts_with("effect") || what.starts_with("mail")) {
        assert_eq!(tally.get(what), Some(many), "{what}");
    }
    // Who has the mails of the lost store sees that these are the same.
    assert_eq!(caused(), named);
    let letter = words(place, "SELECT CAST(id AS TEXT) FROM outbox WHERE reason = 'RESTORED'").remove(0);
    program(&place.join("config.toml"), &["outbox", "retry", &letter]);
    work_through(day, place);
    assert!(is_sent());
}

#[test]
fn f02_the_command_that_looks_for_losses_finds_none_in_a_good_store_and_each_that_is_planted() {
    let day = Day::shared();
    let (place, _recorder) = day.begin();
    day.finish(place.path()).unwrap();
    let look = |plant: &str| {
        let copy = tempfile::tempdir().unwrap();
        let copied = Command::new("cp").arg("-a").arg(place.path().join("store")).arg(copy.path()).status();
        assert!(copied.unwrap().success());
        let config = fs::read_to_string(place.path().join("config.toml")).unwrap();
        let here = |path: &Path| path.display().to_string();
        fs::write(copy.path().join("config.toml"), config.replace(&here(place.path()), &here(copy.path()))).unwrap();
        let database = Connection::open(copy.path().join("store/docketpost.sqlite")).unwrap();
        database.execute_batch("PRAGMA foreign_keys = OFF; DROP TRIGGER audit_is_not_cut").unwrap();
        assert!(plant.is_empty() || database.execute(plant, []).unwrap() > 0, "{plant}");
        drop(database);
        let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
        let out = command.args(["check", "--store", "--config"]).arg(copy.path().join("config.toml")).output().unwrap();
        (out.status.code(), String::from_utf8(out.stdout).unwrap())
    };
    let (code, said) = look("");
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nothing is lost and nothing twice") && said.contains("mails APPLIED"), "{said}");
    for plant in [
        "UPDATE inbox SET reason = NULL WHERE id = 2",
        "UPDATE inbox SET state = 'PROVED', tries = 5 WHERE id = 2",
        "UPDATE inbox SET state = 'IGNORED' WHERE id = 2",
        "DELETE FROM audit_log WHERE inbox_id = 2 AND action = 'mail'",
        "UPDATE outbox SET state = 'CANCELLED' WHERE id = 7",
        "UPDATE outbox SET sent_to = NULL WHERE id = 8",
        "INSERT INTO outbox_bytes (outbox_id, bytes, words) SELECT id, x'00', '' FROM outbox WHERE state = 'SENT'",
        "DELETE FROM activities",
        "DELETE FROM documents",
        "DELETE FROM notes",
        "DELETE FROM document_versions",
        "DELETE FROM conversation_messages WHERE inbox_id IS NOT NULL",
        "UPDATE inbox SET sha256 = 'abc' WHERE id = 3",
        "INSERT INTO effects (firm_id, person_id, content_hash, ordinal, inbox_id, verb, kind, item_id)
           SELECT firm_id, person_id, content_hash, ordinal + 100, inbox_id, verb, kind, item_id FROM effects WHERE verb = 'time'",
        "INSERT INTO conversation_messages (firm_id, conversation_id, sender_id, body, inbox_id, created_at)
           SELECT firm_id, conversation_id, sender_id, body, inbox_id, created_at FROM conversation_messages WHERE inbox_id IS NOT NULL",
        "INSERT INTO document_versions (firm_id, document_id, version_number, filename, size, content_type, sha256, creator_id, inbox_id, received_at)
           SELECT firm_id, document_id, version_number + 1, filename, size, content_type, sha256, creator_id, inbox_id, received_at FROM document_versions",
    ] {
        let (code, said) = look(plant);
        assert!(code == Some(1) && said.contains("FAILED store"), "{plant}: {said}");
    }
}

/// The names of all crash points in the source.
fn crash_points() -> BTreeSet<String> {
    fn points_in(folder: &Path, found: &mut BTreeSet<String>) {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                points_in(&path, found);
            } else {
                let text = fs::read_to_string(&path).unwrap();
                let named = text.split("crate::crash_point!(\"").skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(named.map(str::to_owned));
            }
        }
    }
    let mut found = BTreeSet::new();
    points_in(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}

#[test]
fn f46_killed_or_asked_to_stop_once_or_twice_at_each_named_point_nothing_is_lost_and_by_a_stop_not_a_letter_doubled() {
    let day = Day::shared();
    let points = [
        "fetched",
        "staging",
        "stored",
        "flagged",
        "parsing:4",
        "applying:5",
        "applied",
        "sending:3",
        "data_half:2",
        "dot_sent:2",
        "accepted:3",
    ];
    let named: BTreeSet<String> = points.iter().map(|point| point.split(':').next().unwrap().to_owned()).collect();
    assert_eq!(named, crash_points(), "each point is struck at");
    for (point, by) in points.iter().flat_map(|point| ["TERM", "TERM TERM", "KILL", "INT"].map(|by| (point, by))) {
        // Some of them are come to with a mail server only.
        let room = Mailroom::start(day.waiting());
        let (place, recorder) = day.begin_by_imap(&room);
        let place = place.path();
        let mut daemon =
            day.program(place).env("DOCKETPOST_CRASH", point).env("DOCKETPOST_CRASH_BY", by).spawn().unwrap();
        let ended = wait_for(DEADLINE, || daemon.try_wait().unwrap());
        let ended = ended.unwrap_or_else(|| panic!("never came to {point}\n{}", log(place)));
        assert_eq!(ended.success(), by != "KILL", "{point} {by}: {ended}\n{}", log(place));
        let in_doubt = checker::in_doubt(&place.join("store"));
        assert!(by == "KILL" || in_doubt.is_empty(), "{point} {by}: {in_doubt:?}");
        work_through(day, place);
        let evidence = day.evidence_of(place, recorder.transcript(), room.mails());
        let evidence = whole_of(day, place, evidence, in_doubt);
        assert!(by == "KILL" || checker::doubled(&evidence).is_empty(), "{point} {by}");
    }
}

#[test]
fn f46_asked_to_stop_once_or_twice_in_the_midst_of_a_fetch_it_ends_in_time_and_the_mail_is_taken_by_the_next() {
    let day = Day::shared();
    for by in [&["TERM"][..], &["TERM", "TERM"], &["INT"], &["INT", "TERM"]] {
        let is_silent = Arc::new(AtomicBool::new(true));
        let silent = Arc::clone(&is_silent);
        let room = Mailroom::answering(day.waiting(), move |command, _| {
            let breaks_off = command.contains("BODY.PEEK[]") && silent.load(Ordering::Relaxed);
            breaks_off.then(|| "* 1 FETCH (UID 1 BODY[] {5000}\r\nFrom: jane".to_owned())
        });
        let (place, recorder) = day.begin_by_imap(&room);
        let place = place.path();
        let mut daemon = day.program(place).spawn().unwrap();
        let is_fetching = || room.heard().iter().any(|(_, said)| said.contains("BODY.PEEK[]"));
        wait_until("the fetch", DEADLINE, || is_fetching().then_some(()));
        by.iter().for_each(|by| signal(by, daemon.id()));
        let ended = wait_for(Duration::from_secs(10), || daemon.try_wait().unwrap());
        if ended.is_none() {
            daemon.kill().unwrap();
        }
        assert!(ended.is_some_and(|ended| ended.success()), "{by:?}: {ended:?}\n{}", log(place));
        assert_eq!(count(place, "SELECT count(*) FROM inbox"), 0);
        is_silent.store(false, Ordering::Relaxed);
        work_through(day, place);
        let evidence = day.evidence_of(place, recorder.transcript(), room.mails());
        assert!(checker::doubled(&whole_of(day, place, evidence, BTreeSet::new())).is_empty(), "{by:?}");
    }
}

#[test]
fn f29_a_move_that_the_server_will_not_have_now_costs_no_mail_is_not_asked_for_all_the_time_and_made_later() {
    let day = Day::shared();
    for refusal in ["[INUSE] busy", "[LIMIT] too many", "[UNAVAILABLE] later", "[OVERQUOTA] full"] {
        let is_refused = Arc::new(AtomicBool::new(true));
        let refused = Arc::clone(&is_refused);
        let room = Mailroom::answering(day.waiting(), move |command, _| {
            let refuses = command.starts_with("UID MOVE") && refused.load(Ordering::Relaxed);
            refuses.then(|| format!("TAG NO {refusal}\r\n"))
        });
        let (place, recorder) = day.begin_by_imap(&room);
        let place = place.path();
        let mut daemon = day.program(place).spawn().unwrap();
        let moves = || room.heard().iter().filter(|(_, said)| said.starts_with("UID MOVE")).count();
        finished(place, day.mails()).unwrap();
        wait_until("the refusal", DEADLINE, || log(place).contains("staged mail could not be moved").then_some(()));
        assert_eq!((moves(), room.mails_in("INBOX").len()), (1, day.mails()), "{refusal}");
        assert!(!log(place).contains("ERROR"), "{}", log(place));
        // The next run, or the same one after a rest, asks again, and what is staged is not fetched a second time.
        is_refused.store(false, Ordering::Relaxed);
        signal("HUP", daemon.id());
        wait_until("the move", DEADLINE, || room.mails_in("INBOX").is_empty().then_some(()));
        end(&mut daemon);
        let evidence = day.evidence_of(place, recorder.transcript(), room.mails());
        assert!(checker::doubled(&whole_of(day, place, evidence, BTreeSet::new())).is_empty(), "{refusal}");
    }
}

#[test]
fn f42_with_a_clock_that_went_back_what_answers_an_address_that_ends_is_held_until_somebody_says_that_it_is_right() {
    let day = Day::shared();
    let (place, _recorder) = day.begin();
    let place = place.path();
    // The last run ended an hour from now.
    let later = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let database = Connection::open(place.join("store/docketpost.sqlite")).unwrap();
    let mark = format!("{{\"at\":\"{later}\",\"leapt_to\":null}}");
    let changed = database.execute("UPDATE settings SET value = ?1 WHERE name = 'clock'", [mark]).unwrap();
    assert_eq!(changed, 1);
    drop(database);
    let mut daemon = day.program(place).spawn().unwrap();
    finished(place, day.mails()).unwrap();
    let held = || count(place, "SELECT count(*) FROM inbox WHERE state = 'HELD' AND reason = 'CLOCK_LEAPT'");
    let replies = held();
    assert!(replies >= 5 && log(place).contains("the clock leapt"), "{replies}\n{}", log(place));
    assert_eq!(count(place, "SELECT count(*) FROM inbox WHERE state = 'REFUSED'"), 0);
    assert_eq!(count(place, "SELECT count(*) FROM effects WHERE verb = 'done'"), 0);
    assert!(count(place, "SELECT count(*) FROM inbox WHERE state = 'APPLIED'") > 0, "other mail goes on");
    let told =
        "SELECT p.first_name FROM outbox o JOIN people p ON p.id = o.person_id WHERE o.content LIKE '%clock_leapt%'
        AND o.state = 'SENT' ORDER BY 1";
    assert_eq!(words(place, told), ["Anna", "Jane"], "once, and nobody of the forgery");
    let (is_well, said) = command(place, &["check"]);
    assert!(!is_well && said.contains("FAILED clock") && said.contains("docketpost clock confirm"), "{said}");
    // The daemon runs meanwhile, and need not be told.
    let (is_well, said) = command(place, &["clock", "confirm"]);
    assert!(is_well && said.contains(&format!("go on: {replies}")), "{said}");
    wait_until("the mails that waited", DEADLINE, || (held() == 0).then_some(()));
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    let only_what_was_done = |tally: &BTreeMap<String, usize>| -> BTreeMap<String, usize> {
        let is_done = |what: &str| what.starts_with("effect") || what.starts_with("mail");
        tally.iter().filter(|(what, _)| is_done(what)).map(|(what, many)| (what.clone(), *many)).collect()
    };
    let tally = checker::tally(&place.join("store"));
    assert_eq!(only_what_was_done(&tally), only_what_was_done(whole_day()), "{}", log(place));
    assert!(!command(place, &["check"]).1.contains("FAILED clock"));
}

#[test]
fn f48_a_daemon_whose_lock_somebody_tidied_away_still_keeps_a_second_one_out() {
    let day = Day::shared();
    let (place, _recorder) = day.begin();
    let place = place.path();
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("it to be ready", DEADLINE, || log(place).contains("docketpost is ready").then_some(()));
    for file in fs::read_dir(place.join("store")).unwrap().map(|file| file.unwrap().path()) {
        let is_a_lock = file.extension().is_some_and(|e| e == "lock" || e == "pid");
        is_a_lock.then(|| fs::remove_file(file).unwrap());
    }
    assert_eq!(ended(&mut day.program(place).spawn().unwrap()).code(), Some(1));
    assert!(log(place).contains("another docketpost daemon runs"));
    end(&mut daemon);
}

/// The program as a command, with this configuration: whether it did well, and what it said.
pub fn command(place: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
    let out = command.args(arguments).arg("--config").arg(place.join("config.toml")).output().unwrap();
    let said = [out.stdout, out.stderr].concat();
    (out.status.success(), String::from_utf8(said).unwrap())
}

/// Waits until the log says this once more than it did.
fn wait_for_word(place: &Path, word: &str, work: impl FnOnce()) {
    let known = log(place).matches(word).count();
    work();
    wait_until(word, DEADLINE, || (log(place).matches(word).count() > known).then_some(()));
}

const NOT_OURS: &str = "two would carry out each mail twice";

/// Makes a store another one to mailboxes, as one that was unpacked from a backup is.
fn made_another(place: &Path) {
    fs::remove_file(place.join("store/store.id")).unwrap();
}

#[test]
fn f49_a_second_gateway_at_a_mailbox_takes_nothing_until_it_is_given_it_and_the_first_nothing_from_then_on() {
    let day = Day::shared();
    let room = Mailroom::start(day.waiting());
    let (first, recorder) = day.begin_by_imap(&room);
    let (first, late) = (first.path(), b"Subject: late\r\nFrom: x@other.example\r\n\r\nlate\r\n".to_vec());
    work_through(day, first);
    let evidence = day.evidence_of(first, recorder.transcript(), room.mails());
    whole_of(day, first, evidence, BTreeSet::new());
    assert_eq!(room.mails_in("docketpost-owner").len(), 1);
    let (second, _recorder) = day.begin_by_imap(&room);
    let second = second.path();
    made_another(second);
    room.deliver(late.clone());
    let mut daemon = day.program(second).spawn().unwrap();
    wait_until("the alarm", DEADLINE, || log(second).contains(NOT_OURS).then_some(()));
    end(&mut daemon);
    assert_eq!((count(second, "SELECT count(*) FROM inbox"), room.mails_in("INBOX").len()), (0, 1));
    let (is_well, said) = command(second, &["check"]);
    assert!(!is_well && said.contains("FAILED mailbox main") && said.contains(NOT_OURS), "{said}");
    assert!(command(first, &["check"]).1.contains("it is this store's"));
    // While the first runs, the second is given the mailbox.
    let mut daemon = day.program(first).spawn().unwrap();
    wait_until("the late mail", DEADLINE, || room.mails_in("INBOX").is_empty().then_some(()));
    let (is_well, said) = command(second, &["mailbox", "take", "main"]);
    assert!(is_well && said.contains("is this store's now"), "{said}");
    let before = count(first, "SELECT count(*) FROM inbox");
    wait_for_word(first, NOT_OURS, || room.deliver(late.clone()));
    end(&mut daemon);
    assert_eq!(count(first, "SELECT count(*) FROM inbox"), before);
    let mut daemon = day.program(second).spawn().unwrap();
    wait_until("the late mail", DEADLINE, || room.mails_in("INBOX").is_empty().then_some(()));
    end(&mut daemon);
    assert_eq!(count(second, "SELECT count(*) FROM inbox"), 1);
    let (is_well, said) = command(second, &["mailbox", "take", "main"]);
    assert!(is_well && said.contains("no other had it"), "{said}");
}

#[test]
fn f49_of_two_gateways_that_begin_at_once_at_a_new_mailbox_never_both_take_mail() {
    let day = Day::shared();
    for _ in 0..4 {
        let room = Mailroom::start(day.waiting());
        let begun = [day.begin_by_imap(&room), day.begin_by_imap(&room)];
        let places = [begun[0].0.path(), begun[1].0.path()];
        made_another(places[1]);
        let mut daemons = places.map(|place| day.program(place).spawn().unwrap());
        // One has it and the other says so, or each leaves it to the other.
        let taken = || places.map(|place| count(place, "SELECT count(*) FROM inbox"));
        wait_until("an end", DEADLINE, || {
            let refused = places.map(|place| log(place).contains(NOT_OURS));
            let is_over = refused == [true; 2] || (refused.contains(&true) && taken().contains(&day.mails()));
            is_over.then_some(())
        });
        daemons.iter_mut().for_each(end);
        let taken = taken();
        assert!(taken.contains(&0), "both took mail: {taken:?}");
    }
}

#[test]
fn f49_where_the_server_keeps_no_note_mail_is_taken_and_it_is_said_that_a_second_gateway_could_not_be_told() {
    let day = Day::shared();
    let refuses = |command: &str, _: usize| {
        let is_about_notes = command.contains("docketpost-owner");
        is_about_notes.then(|| "TAG NO [CANNOT] not here\r\n".to_owned())
    };
    let room = Mailroom::answering(day.waiting(), refuses);
    let (place, recorder) = day.begin_by_imap(&room);
    let place = place.path();
    assert!(command(place, &["check"]).1.contains("no gateway has taken mail from it yet"));
    work_through(day, place);
    whole_of(day, place, day.evidence_of(place, recorder.transcript(), room.mails()), BTreeSet::new());
    assert!(log(place).contains("the server keeps no note of whose mailbox this is"));
    assert!(command(place, &["check"]).1.contains("a second gateway could not be told"));
}

#[test]
fn f49_a_maildir_that_another_store_has_is_left_alone_until_it_is_taken_over() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let identity = fs::read(place.join("store/store.id")).unwrap();
    made_another(place);
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("the alarm", DEADLINE, || log(place).contains(NOT_OURS).then_some(()));
    end(&mut daemon);
    assert_eq!(count(place, "SELECT count(*) FROM inbox"), 0);
    assert!(!command(place, &["check"]).0);
    let (is_well, said) = command(place, &["mailbox", "take", "main"]);
    assert!(is_well && said.contains(&String::from_utf8_lossy(&identity)[..8]), "{said}");
    assert!(command(place, &["check"]).1.contains("it is this store's"));
    let (is_well, said) = command(place, &["mailbox", "take", "mian"]);
    assert!(!is_well && said.contains("it has: main"), "{said}");
    work_through(day, place);
    whole(day, place, &recorder);
}

#[test]
fn f28_a_mailbox_that_refuses_us_is_asked_once_a_minute_at_most_and_a_new_password_is_tried_at_once() {
    let day = Day::shared();
    let refuses = |command: &str, nth: usize| {
        (command.starts_with("AUTHENTICATE") && nth == 1).then(|| "TAG NO [AUTHENTICATIONFAILED] no\r\n".to_owned())
    };
    let room = Mailroom::answering(day.waiting(), refuses);
    let (place, recorder) = day.begin_by_imap(&room);
    let place = place.path();
    // A letter waits; the mailbox's trouble is not the sender's.
    assert!(command(place, &["task", "--matter", "M-1", "--for", "jane@counsel.example", "Send it all the same"]).0);
    let mut daemon = day.program(place).spawn().unwrap();
    wait_until("the alarm", DEADLINE, || log(place).contains("the mailbox refuses our log-in").then_some(()));
    wait_until("the letter", DEADLINE, || recorder.transcript().first().map(|_| ()));
    let log_ins = || room.heard().iter().filter(|(_, said)| said.starts_with("AUTHENTICATE")).count();
    let again = wait_for(Duration::from_secs(4), || (log_ins() > 1).then_some(()));
    assert_eq!(again, None, "it was asked again at once");
    // Somebody has mended the password, and says so.
    signal("HUP", daemon.id());
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    assert_eq!(count(place, "SELECT count(*) FROM inbox"), day.mails());
}

#[test]
fn f23_thousands_of_old_mails_under_new_numbers_do_nothing_twice_and_what_is_new_among_them_is_taken() {
    let day = Day::shared();
    let many: usize = std::env::var("DOCKETPOST_OLD_MAILS").map_or(1_000, |n| n.parse().unwrap());
    let old = (0..many).map(|n| {
        format!(
            "From: Ben <ben@other.example>\r\nSubject: old {n}\r\nMessage-ID: <old{n}@other.example>\r\n\r\nold\r\n"
        )
    });
    let room = Mailroom::start(old.map(String::into_bytes).chain(day.waiting()));
    let (place, recorder) = day.begin_by_imap(&room);
    let place = place.path();
    let config = fs::read_to_string(place.join("config.toml")).unwrap();
    fs::write(place.join("config.toml"), format!("{config}processed_folder = \"\"\n")).unwrap();
    let work = |mails: usize| {
        let mut daemon = day.program(place).spawn().unwrap();
        let store = place.join("store");
        let time = Duration::from_secs(120 + many as u64 / 20);
        let done = wait_for(time, || checker::unfinished(&store, mails, &[]).is_none().then_some(()));
        end(&mut daemon);
        assert!(done.is_some(), "{:?}", checker::unfinished(&store, mails, &[]));
    };
    work(many + day.mails());
    let effects = |place: &Path| {
        let tally = checker::tally(&place.join("store")).into_iter();
        tally.filter(|(what, _)| !what.starts_with("mail ")).collect::<BTreeMap<_, _>>()
    };
    let before = effects(place);
    let handed = recorder.transcript().len();
    room.renumber();
    room.deliver(day.waiting()[0].iter().copied().chain(*b"more\r\n").collect());
    work(2 * (many + day.mails()) + 1);
    assert_eq!(effects(place), before, "{}", log(place));
    assert_eq!(recorder.transcript().len(), handed);
    let again = count(place, "SELECT count(*) FROM inbox WHERE reason = 'DUPLICATE_MAIL'");
    // One of the day's mails came twice from the beginning.
    assert_eq!(again, many + day.mails() + 1);
    assert_eq!(room.mails().len(), many + day.mails() + 1, "none was taken away");
}

#[test]
fn f52_a_log_that_nobody_reads_holds_no_mail_up_and_no_end() {
    let day = Day::shared();
    let (place, recorder) = day.begin();
    let place = place.path();
    let (_reader, writer) = std::io::pipe().unwrap();
    // As much as a pipe holds: whatever is written after it would wait.
    let fill =
        Command::new("sh").args(["-c", "head -c 65536 /dev/zero >&2"]).stderr(writer.try_clone().unwrap()).status();
    assert!(fill.unwrap().success());
    let mut daemon = day.program(place).stderr(writer).spawn().unwrap();
    finished(place, day.mails()).unwrap();
    end(&mut daemon);
    assert!(checker::doubled(&whole(day, place, &recorder)).is_empty());
}

/// The genuine mail lies behind all of the flood in the mailbox. The time is told and not asserted: it is the machine's.
#[test]
fn t93_a_genuine_mail_behind_a_flood_of_one_sender_is_answered() {
    let day = Day::shared();
    let many: usize = std::env::var("DOCKETPOST_FLOOD").map_or(200, |n| n.parse().unwrap());
    let signer = Signer::generate("counsel.example", "flood").unwrap();
    day.zone.add(signer.dns_record());
    let max = Person { id: PersonId(3), name: "Max Weber", address: "max@counsel.example".into() };
    let flood = (0..many).map(|n| {
        let mail = fresh(&max, "m-1@gw.firm.example", &format!("Urgent {n}"), &format!("We concede {n}."));
        signer.sign(mail.as_bytes())
    });
    let genuine = day.waiting().into_iter().find(|mail| String::from_utf8_lossy(mail).contains("#time 0.5h")).unwrap();
    let (place, recorder) = day.begin();
    let place = place.path();
    // A Maildir, so that no server of the tests takes a part of the time.
    let folder = place.join("maildir/new");
    fs::remove_dir_all(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    for (n, mail) in flood.chain([genuine]).enumerate() {
        fs::write(folder.join(format!("{n:06}.flood")), mail).unwrap();
    }
    let began = Instant::now();
    let mut daemon = day.program(place).spawn().unwrap();
    let is_answer = |handed: &Handed| handed.accepted && handed.to == "jane@counsel.example";
    let answered = wait_for(Duration::from_secs(120 + many as u64 / 20), || {
        recorder.transcript().iter().any(is_answer).then(|| began.elapsed())
    });
    let answered = answered.unwrap_or_else(|| panic!("no answer\n{}", log(place)));
    finished(place, many + 1).unwrap();
    end(&mut daemon);
    assert_eq!(count(place, "SELECT count(DISTINCT inbox_id) FROM effects"), 1);
    let held = count(place, "SELECT count(*) FROM inbox WHERE state = 'HELD'");
    println!(
        "flood: a genuine mail behind {many} of one sender was answered after {:.1} s; {held} of them held, {} letters left",
        answered.as_secs_f32(),
        recorder.transcript().len()
    );
    assert_eq!(held, many);
    assert!(recorder.transcript().len() <= 50, "the flood was passed on");
}
