//! Real mail servers for the tests, private to this test binary: a Dovecot and a Postfix that delivers into it, on
//! free ports of 127.0.0.1, and a clamd, in folders of their own under /tmp. They are stopped by process id when the value goes out
//! of scope and, if the test program itself dies, by a small shell that waits for its end.
//!
//! The clients in `raw` share no code with the program: what a test checks is not what it checks with.

pub mod clamd;
pub mod dovecot;
pub mod postfix;
pub mod raw;

use dovecot::Dovecot;
use postfix::{Border, Postfix};
use std::{
    fs,
    io::{ErrorKind, Write},
    net::{Ipv4Addr, TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::OnceLock,
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// The domain of gateways: at it, and at each of its subdomains, every address lands in one mailbox, that of the user
/// `gateway` there.
pub const GATEWAY_DOMAIN: &str = "gw.firm.example";
/// The domains of people: any user at them has a mailbox of their own.
pub const PEOPLE_DOMAINS: [&str; 3] = ["firm.example", "counsel.example", "other.example"];
/// The password of every mailbox.
pub const PASSWORD: &str = "secret";
/// How long a test waits for a server before it fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

/// A Dovecot and a Postfix that delivers into it.
pub struct Servers {
    pub dovecot: Dovecot,
    pub postfix: Postfix,
}

impl Servers {
    /// Starts both, for a test that kills or disturbs them.
    pub fn start() -> Servers {
        let dovecot = Dovecot::start();
        let postfix = Postfix::start(&dovecot, &PEOPLE_DOMAINS, GATEWAY_DOMAIN);
        Servers { dovecot, postfix }
    }

    /// Starts both, where the Postfix is a border that does this.
    pub fn with_border(border: Border) -> Servers {
        let dovecot = Dovecot::start();
        let postfix = Postfix::start_with(&dovecot, &PEOPLE_DOMAINS, GATEWAY_DOMAIN, border);
        Servers { dovecot, postfix }
    }

    /// The pair that all tests share; they must use users of their own and never kill it.
    pub fn shared() -> &'static Servers {
        static SERVERS: OnceLock<Servers> = OnceLock::new();
        SERVERS.get_or_init(Servers::start)
    }
}

/// The Dovecot that all tests share which need no Postfix; they must use users of their own and never kill it.
pub fn shared_dovecot() -> &'static Dovecot {
    static DOVECOT: OnceLock<Dovecot> = OnceLock::new();
    DOVECOT.get_or_init(Dovecot::start)
}

/// A user nobody else uses, at one of the domains of people.
pub fn fresh_user(hint: &str) -> String {
    format!("{hint}{}@counsel.example", next_number())
}

/// A gateway nobody else uses: its domain, and the user whose mailbox takes every address of it.
pub fn fresh_gateway() -> (String, String) {
    let domain = format!("g{}.{GATEWAY_DOMAIN}", next_number());
    let user = format!("gateway@{domain}");
    (domain, user)
}

fn next_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Asks `poll` until it gives something, and gives that; fails the test when `deadline` has passed.
pub fn wait_until<T>(what: &str, deadline: Duration, poll: impl FnMut() -> Option<T>) -> T {
    wait_for(deadline, poll).unwrap_or_else(|| panic!("waited {deadline:?} in vain: {what}"))
}

/// Asks `poll` until it gives something, and gives that, or none when `deadline` has passed. The only waiting there is in
/// the tests.
pub fn wait_for<T>(deadline: Duration, mut poll: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    loop {
        let got = poll();
        if got.is_some() || Instant::now() >= end {
            return got;
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// How a program ended that has to end by itself. One that doesn't is killed and fails its test, which would else never end.
pub fn ended(program: &mut Child) -> ExitStatus {
    wait_for(DEADLINE * 4, || program.try_wait().unwrap()).unwrap_or_else(|| {
        program.kill().unwrap();
        panic!("a program did not end by itself")
    })
}

/// A port that was free a moment ago, none twice, and below those that connections going out are given.
pub fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let is_free = |port: &u16| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok();
    let start = std::process::id().wrapping_mul(97);
    let mut candidates =
        (0..12_000).map(|_| start.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % 12_000 + 20_000);
    candidates.find_map(|port| u16::try_from(port).ok().filter(is_free)).expect("a free port")
}

/// Waits until something accepts connections at the port.
fn wait_for_port(what: &str, port: u16, log: &Path) {
    let there = wait_for(DEADLINE, || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok());
    let said = || fs::read_to_string(log).unwrap_or_default();
    assert!(there.is_some(), "{what} did not start on port {port}; its log says:\n{}", said());
}

/// The path of a server program, or a failed test which says what to install.
fn program(name: &str, package: &str) -> PathBuf {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/sbin", "/bin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file());
    found.unwrap_or_else(|| {
        panic!("The tests need {name}, which is not installed. On Debian: apt-get install {package}")
    })
}

/// A new folder under /tmp which servers that run as other users can enter.
fn server_folder(name: &str) -> PathBuf {
    let folder = tempfile::Builder::new().prefix(&format!("docketpost-{name}-")).tempdir_in("/tmp").unwrap().keep();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Runs a program to its end and fails the test with what it said if that was not well.
fn run(command: &mut Command) -> String {
    let out = command.stdin(Stdio::null()).output().unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let said = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    assert!(out.status.success(), "{command:?} failed: {said}");
    said
}

/// Sends a signal to a process; one that has already gone is no failure.
pub fn signal(name: &str, pid: u32) {
    let _ = Command::new("/bin/sh").args(["-c", "kill -s \"$0\" \"$1\" 2>/dev/null", name, &pid.to_string()]).status();
}

/// The running processes of a group (those that wait to be reaped do not run), which is named for its first member.
fn running_in_group(group: u32) -> Vec<u32> {
    let is_member = |pid: &u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let mut fields = stat.rsplit_once(") ").map_or("", |(_, rest)| rest).split(' ');
        let state = fields.next().unwrap_or_default();
        !matches!(state, "" | "Z" | "X") && fields.nth(1).and_then(|field| field.parse().ok()) == Some(group)
    };
    let pids = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(is_member).collect()
}

/// A shell that ends a server and removes its folder when this test program is gone, however it went: it waits for the
/// end of its standard input. The server's process id is read from a file at that moment.
struct Reaper(Child);

impl Reaper {
    fn new(pid_file: &Path, folder: &Path) -> Reaper {
        let script = "trap '' INT HUP TERM; cat >/dev/null; p=$(cat \"$0\" 2>/dev/null | tr -d ' '); \
            [ -n \"$p\" ] && kill -TERM \"$p\" 2>/dev/null; n=0; \
            while [ -n \"$p\" ] && kill -0 \"$p\" 2>/dev/null && [ $n -lt 50 ]; do sleep 0.1; n=$((n+1)); done; \
            case \"$1\" in /tmp/docketpost-*) rm -rf \"$1\";; esac";
        let child = Command::new("/bin/sh")
            .arg("-c")
            .arg(script)
            .arg(pid_file)
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        Reaper(child)
    }

    /// Ends the server now and waits until that is done.
    fn reap(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A small authority and a certificate of it for localhost and 127.0.0.1.
#[derive(Clone, Debug)]
pub struct Certificates {
    pub ca: PathBuf,
    pub cert: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    /// Makes both in the folder; each call makes another authority that the first one's friends don't know.
    pub fn make(folder: &Path) -> Certificates {
        let openssl = program("openssl", "openssl");
        let at = |name: &str| folder.join(name);
        fs::create_dir_all(folder).unwrap();
        fs::write(at("ca.cnf"), CA_CONFIG).unwrap();
        fs::write(at("leaf.cnf"), LEAF_CONFIG).unwrap();
        let ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
        run(Command::new(&openssl)
            .current_dir(folder)
            .args(["req", "-x509", "-days", "30", "-config", "ca.cnf", "-keyout", "ca.key", "-out", "ca.pem"])
            .args(ec));
        run(Command::new(&openssl)
            .current_dir(folder)
            .args(["req", "-config", "leaf.cnf", "-keyout", "leaf.key", "-out", "leaf.csr"])
            .args(ec));
        run(Command::new(&openssl).current_dir(folder).args([
            "x509",
            "-req",
            "-days",
            "30",
            "-in",
            "leaf.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-extfile",
            "leaf.cnf",
            "-extensions",
            "ext",
            "-out",
            "leaf.pem",
        ]));
        Certificates { ca: at("ca.pem"), cert: at("leaf.pem"), key: at("leaf.key") }
    }
}

const CA_CONFIG: &str = "[req]\nprompt = no\ndistinguished_name = dn\nx509_extensions = ext\n[dn]\nCN = docketpost test \
    authority\n[ext]\nbasicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n";
const LEAF_CONFIG: &str = "[req]\nprompt = no\ndistinguished_name = dn\n[dn]\nCN = localhost\n[ext]\nbasicConstraints = \
    CA:FALSE\nextendedKeyUsage = serverAuth\nsubjectAltName = DNS:localhost, IP:127.0.0.1\n";

/// Writes a file that only its owner may read.
fn write_private(path: &Path, bytes: &[u8]) {
    let mut file = fs::File::create(path).unwrap();
    file.set_permissions(fs::Permissions::from_mode(0o600)).unwrap();
    file.write_all(bytes).unwrap();
}

/// The entries of a folder in order of name; an absent folder has none.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let listed = match fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(e) if e.kind() == ErrorKind::NotFound => return Vec::new(),
        Err(e) => panic!("{folder:?}: {e}"),
    };
    let mut paths: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
