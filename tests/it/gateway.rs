//! A gateway of one test: a firm with a store, a DNS zone and a configuration of its own, the built program as its
//! daemon, and the people who write to it through Postfix and read in Dovecot. What goes in and comes out are mails, as
//! their clients write them; only the firm's things are put into the store directly.
//!
//! When a gateway goes out of scope and its test did well, everything is waited for and the checker looks at what is
//! left: each mail has one outcome with a reason, and nobody was sent what they could not see.

use crate::checker;
use crate::servers::{DEADLINE, PASSWORD, Servers, fresh_gateway, fresh_user, raw, wait_for, wait_until};
use data_encoding::BASE64_MIME;
use docketpost::{
    actions::{Act, shares, tasks},
    demo::{
        signer::{Signer, dmarc_record},
        zone::Zone,
    },
    domain::{Address, FirmId, Item, Kind, PersonId, dates::Locale},
    inbound::parse::{self, Mail},
    sharing::Role,
    store::{
        Store, Tx, conservation,
        documents::{NewDocument, NewVersion},
        firms::NewFirm,
        matters::NewMatter,
        people::{DigestRhythm, NewPerson, Preferences},
        tasks::{NewTask, Priority, TaskStatus},
    },
};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    fs::{self, File},
    io::{Read, Write},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    os::unix::{fs::PermissionsExt, process::ExitStatusExt},
    path::PathBuf,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

/// The firm's slug.
pub const SLUG: &str = "hale";

/// Somebody with a mailbox.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: PersonId,
    pub name: &'static str,
    pub address: String,
}

/// The other firm of a store.
pub struct SecondFirm {
    /// Its gateway's domain.
    pub domain: String,
    /// Its administrator and responsible lawyer.
    pub lawyer: Person,
}

/// How the daemon reaches its servers.
pub struct Ways {
    /// Port and key `tls` of the submission server.
    pub smtp: (u16, &'static str),
    /// Port and key `tls` of the mailbox.
    pub imap: (u16, &'static str),
    /// What is shown there.
    pub login: Login,
}

/// How the daemon logs in.
pub enum Login {
    /// With the password.
    Password,
    /// With tokens of this endpoint.
    Tokens(String),
    /// With the password where mail comes in, not at all where it goes out.
    PasswordForReading,
}

impl Ways {
    /// TLS from the first byte, and the password.
    pub fn usual(servers: &Servers) -> Ways {
        let (smtp, imap) = (servers.postfix.smtps, servers.dovecot.imaps);
        Ways { smtp: (smtp, "implicit"), imap: (imap, "implicit"), login: Login::Password }
    }
}

/// One firm's gateway and everybody around it.
pub struct Gateway<'s> {
    pub servers: &'s Servers,
    /// The gateway's mail domain.
    pub domain: String,
    /// The user whose mailbox takes every mail to that domain.
    pub mailbox: String,
    /// The store, opened beside the daemon as commands do.
    pub store: Store,
    pub firm: FirmId,
    /// The firm's administrator and responsible lawyer.
    pub anna: Person,
    /// Co-counsel, who has accepted.
    pub jane: Person,
    /// Co-counsel too.
    pub max: Person,
    pub matter: Item,
    zone: Zone,
    signers: Vec<(&'static str, Signer)>,
    daemon: RefCell<Option<Child>>,
    /// The gateway's domains, and the users of its mailboxes.
    domains: RefCell<Vec<String>>,
    mailboxes: RefCell<Vec<String>>,
    /// Everybody whose mailbox is looked into.
    addresses: RefCell<Vec<String>>,
    /// How often the daemon was started.
    starts: Cell<usize>,
    /// Mails handed in for the mailbox.
    submitted: Cell<usize>,
    is_checked: Cell<bool>,
    folder: tempfile::TempDir,
}

impl Gateway<'static> {
    /// A gateway at the servers that all tests share, its daemon running.
    pub fn start() -> Gateway<'static> {
        let gateway = Gateway::at(Servers::shared());
        gateway.run();
        gateway
    }
}

impl<'s> Gateway<'s> {
    /// A gateway at these servers; its daemon does not run yet.
    pub fn at(servers: &'s Servers) -> Gateway<'s> {
        Gateway::with(servers, &Ways::usual(servers))
    }

    /// As [`Gateway::at`], reaching the servers in these ways.
    pub fn with(servers: &'s Servers, ways: &Ways) -> Gateway<'s> {
        Gateway::named(servers, ways, fresh_gateway())
    }

    /// As [`Gateway::with`], with this domain and user.
    pub fn named(servers: &'s Servers, ways: &Ways, names: (String, String)) -> Gateway<'s> {
        let mut gateway = Gateway::empty(servers, ways, names);
        let people = [
            ("Anna", "Smith", gateway.anna.address.clone()),
            ("Jane", "Roe", gateway.jane.address.clone()),
            ("Max", "Weber", gateway.max.address.clone()),
        ];
        let (firm, ids, matter) = gateway.store.write(move |tx| seed(tx, SLUG, &people)).unwrap();
        (gateway.firm, gateway.matter) = (firm, matter);
        [gateway.anna.id, gateway.jane.id, gateway.max.id] = [ids[0], ids[1], ids[2]];
        gateway
    }

    /// A gateway whose firm, matter and co-counsel Jane were all entered by the command line; she was not invited yet.
    pub fn by_the_command_line(servers: &'s Servers) -> Gateway<'s> {
        let mut gateway = Gateway::empty(servers, &Ways::usual(servers), fresh_gateway());
        let (anna, jane) = (gateway.anna.address.clone(), gateway.jane.address.clone());
        let firm = ["--slug", SLUG, "--name", "Hale & Partners", "--user-name", "Anna Smith", "--user-address", &anna];
        gateway.says(&[&["init"], &firm[..]].concat());
        gateway.says(&["person", "add", "--name", "Jane Roe", "--address", &jane, "--co-counsel"]);
        gateway.says(&["matter", "add", "--number", "2026-0012", "--description", "Reed v. Marsh"]);
        let number = |sql: &str| gateway.count(sql);
        let firm = FirmId(number("SELECT id FROM firms"));
        let matter = Item::new(Kind::Matter, number("SELECT id FROM matters"));
        let ids = ["Smith", "Roe"].map(|n| PersonId(number(&format!("SELECT id FROM people WHERE last_name = '{n}'"))));
        (gateway.firm, gateway.matter) = (firm, matter);
        [gateway.anna.id, gateway.jane.id] = ids;
        gateway
    }

    /// A gateway whose store has no firm; its people are names and mailboxes.
    fn empty(servers: &'s Servers, ways: &Ways, (domain, mailbox): (String, String)) -> Gateway<'s> {
        let folder = tempfile::tempdir().unwrap();
        let signers = ["counsel.example", "firm.example", "other.example"]
            .map(|domain| (domain, Signer::generate(domain, "s1").unwrap()));
        let records = signers.iter().flat_map(|(domain, s)| [s.dns_record(), dmarc_record(domain, "reject")]);
        let zone = Zone::start(records).unwrap();
        let store = Store::create(&folder.path().join("store")).unwrap();
        let person = |name, address| Person { id: PersonId(0), name, address };
        let anna = person("Anna Smith", fresh_user("anna").replace("counsel.", "firm."));
        let jane = person("Jane Roe", fresh_user("jane"));
        let max = person("Max Weber", fresh_user("max"));
        let addresses = [&anna, &jane, &max].map(|p| p.address.clone()).into();
        let gateway = Gateway {
            addresses: RefCell::new(addresses),
            domains: RefCell::new(vec![domain.clone()]),
            mailboxes: RefCell::new(vec![mailbox.clone()]),
            servers,
            domain,
            mailbox,
            store,
            firm: FirmId(0),
            anna,
            jane,
            max,
            matter: Item::new(Kind::Matter, 0),
            zone,
            signers: signers.into(),
            daemon: RefCell::default(),
            starts: Cell::new(0),
            submitted: Cell::new(0),
            is_checked: Cell::new(true),
            folder,
        };
        gateway.configure(ways);
        gateway
    }

    fn configure(&self, ways: &Ways) {
        let secret = |name: &str, text: &str| {
            let path = self.folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path.display().to_string()
        };
        let mailbox = &self.mailbox;
        let password = || format!("user = {mailbox:?}\npassword_file = {:?}", secret("password", PASSWORD));
        let account = match &ways.login {
            Login::Password | Login::PasswordForReading => password(),
            Login::Tokens(url) => format!(
                "user = {mailbox:?}\noauth = {{ flow = \"client_credentials\", token_url = {url:?}, client_id = \"test\", \
                 scope = \"mail\", client_secret_file = {:?} }}",
                secret("client-secret", "client secret")
            ),
        };
        let sender = if matches!(ways.login, Login::PasswordForReading) { "" } else { &account };
        let (store, ca) = (self.store.folder(), &self.servers.dovecot.certificates.ca);
        let ((smtp, smtp_tls), (imap, imap_tls)) = (ways.smtp, ways.imap);
        let (resolver, domain) = (self.zone.address(), &self.domain);
        let config = format!(
            "store = {store:?}\nresolver = [\"{resolver}\"]\n[limits]\nmails_per_sender = 100000\nmails_per_matter = 100000\n\
             [[firm]]\nslug = \"{SLUG}\"\naddress = \"r@{domain}\"\naddressing = \"subdomain\"\ndomains = [\"firm.example\"]\nshares_wait_secs = 0\n\
             [firm.smtp]\nhost = \"localhost\"\nport = {smtp}\ntls = \"{smtp_tls}\"\nca_file = {ca:?}\n{sender}\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"{SLUG}\"\n\
             [mailbox.imap]\nhost = \"localhost\"\nport = {imap}\ntls = \"{imap_tls}\"\nca_file = {ca:?}\n{account}\n"
        );
        fs::write(self.config(), config).unwrap();
    }

    /// Lets the daemon watch this user's mailbox too.
    pub fn watch_also(&self, user: &str) {
        let config = fs::read_to_string(self.config()).unwrap();
        let (_, mailbox) = config.split_once("[[mailbox]]").unwrap();
        let second = mailbox.replace("\"main\"", "\"second\"").replace(&self.mailbox, user);
        fs::write(self.config(), format!("{config}[[mailbox]]{second}")).unwrap();
        self.mailboxes.borrow_mut().push(user.to_owned());
    }

    /// Another firm in the same store and daemon, for which Jane works too; its matter is shared with her.
    pub fn second_firm(&self) -> SecondFirm {
        let (domain, mailbox) = fresh_gateway();
        let anna = fresh_user("olga").replace("counsel.", "firm.");
        let people = [("Olga", "Moss", anna.clone()), ("Jane", "Roe", self.jane.address.clone())];
        let (firm, ids, matter) = self.store.write(move |tx| seed(tx, "moss", &people)).unwrap();
        let config = fs::read_to_string(self.config()).unwrap();
        let (_, tables) = config.split_once("[[firm]]").unwrap();
        let tables = tables.replace(&format!("{SLUG:?}"), "\"moss\"").replace("\"main\"", "\"moss\"");
        let tables = tables.replace(&self.mailbox, &mailbox).replace(&self.domain, &domain);
        fs::write(self.config(), format!("{config}[[firm]]{tables}")).unwrap();
        self.domains.borrow_mut().push(domain.clone());
        self.mailboxes.borrow_mut().push(mailbox);
        self.addresses.borrow_mut().push(anna.clone());
        let lawyer = Person { id: ids[0], name: "Olga Moss", address: anna };
        let (jane, by) = (ids[1], lawyer.id);
        let share = move |act: &Act<'_>| shares::share(act, jane, matter, true, "").unwrap().unwrap();
        assert!(self.act_in(firm, by, share));
        SecondFirm { domain, lawyer }
    }

    /// As [`Gateway::second_firm`], at this firm's address and in its mailbox.
    pub fn neighbour(&self) -> SecondFirm {
        let olga = fresh_user("olga").replace("counsel.", "firm.");
        let people = [("Olga", "Moss", olga.clone()), ("Jane", "Roe", self.jane.address.clone())];
        let (firm, ids, matter) = self.store.write(move |tx| seed(tx, "moss", &people)).unwrap();
        let config = fs::read_to_string(self.config()).unwrap();
        let (_, tables) = config.split_once("[[firm]]").unwrap();
        let (tables, _) = tables.split_once("[[mailbox]]").unwrap();
        let tables = tables.replace(&format!("{SLUG:?}"), "\"moss\"");
        fs::write(self.config(), format!("{config}[[firm]]{tables}")).unwrap();
        self.addresses.borrow_mut().push(olga.clone());
        let (jane, by) = (ids[1], ids[0]);
        let share = move |act: &Act<'_>| shares::share(act, jane, matter, true, "").unwrap().unwrap();
        assert!(self.act_in(firm, by, share));
        let lawyer = Person { id: ids[0], name: "Olga Moss", address: olga };
        SecondFirm { domain: self.domain.clone(), lawyer }
    }

    /// The configuration file.
    pub fn config(&self) -> PathBuf {
        self.folder.path().join("config.toml")
    }

    /// The program with this gateway's configuration.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docketpost"));
        let log = File::options().create(true).append(true).open(self.folder.path().join("daemon.log")).unwrap();
        command.args(arguments).arg("--config").arg(self.config());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        command
    }

    /// What a command tells; fails the test if it does not do what it should.
    pub fn says(&self, arguments: &[&str]) -> String {
        let out = self.command(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        let told = String::from_utf8_lossy(&out.stdout).into_owned();
        assert!(out.status.success(), "{arguments:?}: {told}{}", String::from_utf8_lossy(&out.stderr));
        told
    }

    /// Starts the daemon.
    pub fn run(&self) {
        self.starts.set(self.starts.get() + 1);
        *self.daemon.borrow_mut() = Some(self.command(&["run"]).spawn().unwrap());
    }

    /// Takes this process as its daemon.
    pub fn adopt(&self, daemon: Child) {
        *self.daemon.borrow_mut() = Some(daemon);
    }

    /// An IMAP client in the gateway's mailbox.
    pub fn imap(&self) -> raw::Imap {
        let dovecot = &self.servers.dovecot;
        raw::Imap::login(dovecot.imaps, &dovecot.certificates.ca, &self.mailbox, PASSWORD)
    }

    /// Starts the daemon and waits until it kills itself at this crash point (`name`, or `name:3` for the third time).
    pub fn run_into(&self, point: &str) {
        self.starts.set(self.starts.get() + 1);
        let mut child = self.command(&["run"]).env("DOCKETPOST_CRASH", point).spawn().unwrap();
        let Some(ended) = wait_for(DEADLINE, || child.try_wait().unwrap()) else {
            child.kill().unwrap();
            panic!("the daemon never came to {point}\n{}", self.log());
        };
        assert_eq!(ended.signal(), Some(6), "not killed at {point}: {ended}; {}", self.log());
    }

    /// Asks the daemon to end and waits for it.
    pub fn stop(&self) -> ExitStatus {
        self.end("TERM", DEADLINE)
    }

    /// As [`Gateway::stop`]; fails the test if it takes longer.
    pub fn stop_within(&self, limit: Duration) -> ExitStatus {
        self.end("TERM", limit)
    }

    /// Kills the daemon as a power cut would.
    pub fn kill(&self) {
        assert_eq!(self.end("KILL", DEADLINE).signal(), Some(9));
    }

    fn end(&self, signal: &str, limit: Duration) -> ExitStatus {
        let mut child = self.daemon.borrow_mut().take().expect("a running daemon");
        crate::servers::signal(signal, child.id());
        let ended = wait_for(limit, || child.try_wait().unwrap());
        ended.unwrap_or_else(|| {
            child.kill().unwrap();
            panic!("the daemon did not end by SIG{signal}\n{}", self.log())
        })
    }

    /// Waits until the daemon is ready: from then on it hears signals.
    pub fn wait_until_ready(&self) {
        let said = || Some(()).filter(|()| self.log().matches("docketpost is ready").count() >= self.starts.get());
        assert!(wait_for(DEADLINE, said).is_some(), "the daemon is not ready\n{}", self.log());
    }

    /// What the daemon has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("daemon.log")).unwrap_or_default()
    }

    /// What there is for the checker to look at.
    pub fn evidence(&self) -> checker::Evidence {
        let dovecot = &self.servers.dovecot;
        let mut mailbox = Vec::new();
        for user in self.mailboxes.borrow().iter() {
            mailbox.extend(dovecot.imap_mails(user));
            if !dovecot.mails_in(user, "Processed").is_empty() {
                let ca = &dovecot.certificates.ca;
                mailbox.extend(raw::Imap::login(dovecot.imaps, ca, user, PASSWORD).mails("Processed"));
            }
        }
        let delivered = self.addresses.borrow().iter().map(|a| (a.clone(), dovecot.mails(a))).collect();
        checker::Evidence {
            store: self.store.folder().to_owned(),
            domains: self.domains.borrow().clone(),
            mailbox,
            delivered,
            transcript: Vec::new(),
        }
    }

    /// Waits until every mail that was handed in has its outcome, every letter its end, and every sent one has arrived.
    pub fn settle(&self) {
        let open = || {
            let dovecot = &self.servers.dovecot;
            let arrived: Vec<_> = self.addresses.borrow().iter().map(|a| (a.clone(), dovecot.mails(a).len())).collect();
            checker::unfinished(self.store.folder(), self.submitted.get(), &arrived)
        };
        let quiet = wait_for(DEADLINE * 2, || open().is_none().then_some(()));
        assert!(quiet.is_some(), "still open: {:?}\n{}", open(), self.log());
    }

    /// What no log may hold, in lower case: the password, and the addresses, reply addresses, subjects and texts of all mails
    /// that came and left (threats T37, T78).
    fn secrets(&self, evidence: &checker::Evidence) -> BTreeSet<String> {
        let token = Regex::new(r"\b1[a-z][a-z2-7]{36}\b").unwrap();
        let mut secrets = BTreeSet::from([PASSWORD.to_owned()]);
        secrets.extend(self.addresses.borrow().iter().cloned());
        let mails = evidence.delivered.iter().flat_map(|(_, mails)| mails).chain(&evidence.mailbox);
        for raw in mails {
            let mail = parse::parse(raw);
            let text = mail.text.as_deref().unwrap_or_default();
            secrets.extend(token.find_iter(&String::from_utf8_lossy(raw)).map(|found| found.as_str().to_owned()));
            secrets.insert(mail.subject.clone());
            secrets.extend(text.lines().map(|line| line.trim().to_owned()));
        }
        // What is shorter may be a word of the log's own.
        secrets.into_iter().filter(|secret| secret.chars().count() >= 8).map(|s| s.to_lowercase()).collect()
    }

    /// Says that this test leaves things undone on purpose: no check at the end.
    pub fn leave_unchecked(&self) {
        self.is_checked.set(false);
    }

    /// The mails in a person's mailbox, read by IMAP.
    pub fn mails(&self, person: &Person) -> Vec<Received> {
        self.servers.dovecot.imap_mails(&person.address).into_iter().map(Received::new).collect()
    }

    /// Waits for a mail in a person's mailbox.
    pub fn wait_for(&self, person: &Person, what: &str, is_it: impl Fn(&Received) -> bool) -> Received {
        let look = || self.servers.dovecot.mails(&person.address).into_iter().map(Received::new).find(&is_it);
        let Some(found) = wait_for(DEADLINE, look) else {
            let mails: Vec<String> =
                self.mails(person).iter().map(|m| format!("{}\n{}", m.subject(), m.text())).collect();
            panic!("{} did not get {what}\n{}\n{}", person.name, mails.join("\n---\n"), self.log());
        };
        // What was found in the folder is read once more as a client reads it.
        let id = found.header("message-id");
        self.mails(person).into_iter().find(|m| m.header("message-id") == id).expect("the mail by IMAP")
    }

    /// Waits for a mail whose subject or text has these words.
    pub fn wait_for_words(&self, person: &Person, words: &str) -> Received {
        self.wait_for(person, words, |m| m.says(words))
    }

    /// A mail that `from` begins to write to `to`.
    pub fn write<'g>(&'g self, from: &Person, to: &str, subject: &str, text: &str) -> Draft<'g, 's> {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let domain = from.address.split_once('@').unwrap().1;
        let id = format!("{}.{}@{domain}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Draft {
            gateway: self,
            from: format!("{} <{}>", from.name, from.address),
            envelope_from: from.address.clone(),
            to: to.to_owned(),
            subject: subject.to_owned(),
            message_id: id,
            headers: Vec::new(),
            text: text.to_owned(),
            quoted: None,
            files: Vec::new(),
            signature: None,
            signed_by: domain.to_owned(),
        }
    }

    /// The reply that `from` begins to a mail they got, as a client prepares it.
    pub fn reply<'g>(&'g self, from: &Person, mail: &Received, text: &str) -> Draft<'g, 's> {
        let to = mail.reply_to().to_owned();
        let mut draft = self.write(from, &to, &format!("Re: {}", mail.subject()), text);
        let id = mail.header("message-id").unwrap().to_owned();
        let references = mail.header("references").map(|r| format!("{r} ")).unwrap_or_default() + &id;
        draft.headers.push(("In-Reply-To".into(), id));
        draft.headers.push(("References".into(), references));
        draft.quoted = Some(mail.text());
        draft
    }

    /// The address for new mails about the matter.
    pub fn matter_address(&self) -> String {
        format!("m-{}@{}", self.matter.id, self.domain)
    }

    /// Hands in the bytes of a mail for the mailbox.
    pub fn submit(&self, from: &str, to: &str, mail: &[u8]) {
        self.submitted.set(self.submitted.get() + 1);
        self.servers.postfix.submit(from, &[to], mail);
    }

    /// Hands in a mail that a client wrote whole, as its sender's provider signs it.
    pub fn submit_signed(&self, from: &Person, to: &str, mail: &[u8]) {
        let (_, signer) = self.signers.iter().find(|(domain, _)| from.address.ends_with(domain)).unwrap();
        self.submit(&from.address, to, &signer.sign(mail));
    }

    /// Waits until every mail that was handed in lies in the mailbox.
    pub fn wait_for_delivery(&self) {
        let here = || {
            let dovecot = &self.servers.dovecot;
            dovecot.mails(&self.mailbox).len() + dovecot.mails_in(&self.mailbox, "Processed").len()
        };
        wait_until("delivery to the gateway", DEADLINE, || (here() >= self.submitted.get()).then_some(()));
    }

    /// Does something as the firm's administrator, in one transaction.
    pub fn act<T: Send + 'static>(&self, job: impl Fn(&Act<'_>) -> T + Send + 'static) -> T {
        self.act_in(self.firm, self.anna.id, job)
    }

    fn act_in<T: Send + 'static>(
        &self,
        firm: FirmId,
        actor: PersonId,
        job: impl Fn(&Act<'_>) -> T + Send + 'static,
    ) -> T {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let done = self.store.write(move |tx| {
            let (firm, actor) = (tx.firm(firm)?.unwrap(), tx.person(firm, actor)?.unwrap());
            let cause = format!("test {}", NEXT.fetch_add(1, Ordering::Relaxed));
            Ok(job(&Act { tx, firm: &firm, actor: &actor, inbox: None, cause: &cause, now: Timestamp::now() }))
        });
        done.unwrap()
    }

    /// Shares a thing with a person, who is told.
    pub fn share(&self, person: &Person, item: Item) {
        let person = person.id;
        assert!(self.act(move |act| shares::share(act, person, item, true, "").unwrap().unwrap()));
    }

    /// Ends a share.
    pub fn unshare(&self, person: &Person, item: Item) {
        let person = person.id;
        assert!(self.act(move |act| shares::unshare(act, person, item, "test").unwrap().unwrap()));
    }

    /// A task on the matter, assigned to a person, who is told.
    pub fn task(&self, person: &Person, name: &str) -> Item {
        self.assign(person, name, true)
    }

    /// A task on the matter, assigned to a person, who is not told.
    pub fn task_quietly(&self, person: &Person, name: &str) -> Item {
        self.assign(person, name, false)
    }

    fn assign(&self, person: &Person, name: &str, notify: bool) -> Item {
        let new = NewTask {
            name: name.into(),
            description: String::new(),
            matter: Some(self.matter.id),
            assignee: Some(person.id),
            assigner: None,
            priority: Priority::Normal,
            status: TaskStatus::Pending,
            private: false,
            due_at: None,
            quiet: false,
            time_estimated: None,
        };
        self.act(move |act| tasks::create(act, &new, notify).unwrap().unwrap())
    }

    /// A task that is assigned to a person, and the mail that told them.
    pub fn task_mail(&self, person: &Person, name: &str) -> (Item, Received) {
        let task = self.task(person, name);
        (task, self.wait_for_words(person, name))
    }

    /// A document on the matter, shared with nobody.
    pub fn document(&self, name: &str, bytes: &[u8]) -> Item {
        let first = NewVersion {
            filename: name.into(),
            size: bytes.len() as u64,
            content_type: "application/pdf".into(),
            sha256: self.store.blobs().put(bytes).unwrap(),
            creator: self.anna.id,
            inbox: None,
        };
        let new =
            NewDocument { matter: self.matter.id, folder: None, name: name.into(), category: String::new(), first };
        let firm = self.firm;
        self.store.write(move |tx| tx.add_document(firm, &new, Timestamp::now())).unwrap()
    }

    /// Lets a person have a digest each day.
    pub fn wants_digests(&self, person: &Person) {
        let (firm, person) = (self.firm, person.id);
        let job = move |tx: &Tx<'_>| {
            let wishes = tx.preferences(firm, person)?;
            tx.set_preferences(firm, person, &Preferences { digest: DigestRhythm::Daily, ..wishes }, Timestamp::now())
        };
        self.store.write(job).unwrap();
    }

    /// Somebody whom the firm does not know.
    pub fn stranger(&self, name: &'static str, local: &str, domain: &str) -> Person {
        let address = fresh_user(local).replace("counsel.example", domain);
        self.addresses.borrow_mut().push(address.clone());
        Person { id: PersonId(0), name, address }
    }

    /// Waits until the database has rows for this.
    pub fn wait_for_rows(&self, sql: &str) {
        let any = || Some(()).filter(|()| self.count(&format!("SELECT count(*) FROM ({sql})")) > 0);
        assert!(wait_for(DEADLINE, any).is_some(), "no rows: {sql}\n{}", self.log());
    }

    /// Asks the database by plain SQL for one number.
    pub fn count(&self, sql: &str) -> i64 {
        checker::open(self.store.folder()).query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Asks the database by plain SQL for the first column.
    pub fn words(&self, sql: &str) -> Vec<String> {
        let database = checker::open(self.store.folder());
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    }
}

impl Drop for Gateway<'_> {
    fn drop(&mut self) {
        if thread::panicking() || !self.is_checked.get() {
            if let Some(mut child) = self.daemon.take() {
                let _ = child.kill();
                let _ = child.wait();
            }
            return;
        }
        if self.daemon.borrow().is_some() {
            self.settle();
            assert!(self.stop().success(), "{}", self.log());
        }
        let evidence = self.evidence();
        let complaints = checker::conservation(&evidence);
        assert!(complaints.is_empty(), "{complaints:#?}\n{}", self.log());
        let log = self.log().to_lowercase();
        let told: Vec<String> = self.secrets(&evidence).into_iter().filter(|secret| log.contains(secret)).collect();
        assert!(told.is_empty(), "the log tells {told:?}\n{log}");
    }
}

/// Fails a test that otherwise passed if something in its store was lost or done twice, as `check --store` tells it.
pub fn conserved(store: &Store) {
    if thread::panicking() {
        return;
    }
    let found = conservation::examine(store.folder(), store.blobs()).unwrap();
    assert!(found.wrong.is_empty(), "{:#?}", found.wrong);
}

pub type Seeded = (FirmId, Vec<PersonId>, Item);

/// A firm of these people, of whom the first is its lawyer and the others co-counsel, and its matter.
pub fn seed(tx: &Tx<'_>, slug: &str, people: &[(&str, &str, String)]) -> docketpost::store::Result<Seeded> {
    let now = Timestamp::now();
    let firm = NewFirm {
        slug: slug.into(),
        name: if slug == SLUG { "Hale & Partners" } else { "Moss LLP" }.into(),
        locale: Locale::British,
        time_zone: "Europe/London".into(),
        currency: "GBP".into(),
        rounding_minutes: 6,
    };
    let firm = tx.add_firm(&firm, now)?;
    let mut ids = Vec::new();
    for (first, last, address) in people {
        let is_user = ids.is_empty();
        let user = Role::User { admin: true, billing: true, accounts: true, reports: true };
        let address = Address::parse(address).unwrap();
        let new = NewPerson {
            first_name: (*first).into(),
            last_name: (*last).into(),
            address: Some(address.clone()),
            ..NewPerson::new(if is_user { user } else { Role::CoCounsel })
        };
        let id = tx.add_person(firm, &new, now)?;
        if !is_user {
            tx.set_identity(firm, id, tx.identity_for(&address, now)?)?;
            tx.set_accepted(firm, id, now - SignedDuration::from_hours(72))?;
            // Digests come by the clock: only the test that is about them wants any.
            let wishes = tx.preferences(firm, id)?;
            tx.set_preferences(firm, id, &Preferences { digest: DigestRhythm::Off, ..wishes }, now)?;
        }
        ids.push(id);
    }
    let matter = NewMatter { responsible: ids.first().copied(), ..NewMatter::new("2026-0012", "Reed v. Marsh") };
    let matter = tx.add_matter(firm, &matter, now)?;
    Ok((firm, ids, matter))
}

/// A mail as it was found in somebody's mailbox.
#[derive(Clone)]
pub struct Received {
    mail: Mail,
}

impl Received {
    fn new(raw: Vec<u8>) -> Received {
        Received { mail: parse::parse(&raw) }
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.mail.header(name)
    }

    pub fn subject(&self) -> &str {
        &self.mail.subject
    }

    pub fn text(&self) -> String {
        self.mail.text.clone().unwrap_or_default()
    }

    pub fn says(&self, words: &str) -> bool {
        self.subject().contains(words) || self.text().contains(words)
    }

    /// The attachments by name.
    pub fn files(&self) -> Vec<(String, Vec<u8>)> {
        self.mail.attachments.iter().map(|a| (a.name.clone(), a.bytes.clone())).collect()
    }

    /// What it says to calendars.
    pub fn calendars(&self) -> &[String] {
        &self.mail.calendar
    }

    /// The address that a reply goes to.
    pub fn reply_to(&self) -> &str {
        let field = self.header("reply-to").or(self.header("from")).unwrap();
        field.rsplit_once('<').map_or(field, |(_, rest)| rest.trim_end_matches('>')).trim()
    }
}

/// A mail being written.
#[derive(Clone)]
pub struct Draft<'g, 's> {
    gateway: &'g Gateway<'s>,
    from: String,
    envelope_from: String,
    to: String,
    subject: String,
    message_id: String,
    headers: Vec<(String, String)>,
    text: String,
    quoted: Option<String>,
    files: Vec<(String, Vec<u8>)>,
    signature: Option<String>,
    signed_by: String,
}

impl Draft<'_, '_> {
    /// With this file.
    pub fn attach(mut self, name: &str, bytes: &[u8]) -> Self {
        self.files.push((name.into(), bytes.into()));
        self
    }

    /// With a signature below the text, and its logo.
    pub fn signature(mut self, text: &str) -> Self {
        self.signature = Some(text.into());
        self
    }

    /// With this header field.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With this From, whoever really writes.
    pub fn claiming(mut self, from: &Person) -> Self {
        self.from = format!("{} <{}>", from.name, from.address);
        self
    }

    /// Sent by a machine: from nobody.
    pub fn bounceless(mut self) -> Self {
        self.envelope_from = String::new();
        self
    }

    /// The bytes as they leave the sender's provider, signed.
    pub fn signed(&self) -> Vec<u8> {
        let (_, signer) = self.gateway.signers.iter().find(|(domain, _)| *domain == self.signed_by).unwrap();
        signer.sign(&self.unsigned())
    }

    /// The bytes as the client writes them.
    pub fn unsigned(&self) -> Vec<u8> {
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S +0000");
        let mut mail = format!(
            "From: {}\r\nTo: {}\r\nSubject: {}\r\nDate: {date}\r\nMessage-ID: <{}>\r\nMIME-Version: 1.0\r\n",
            self.from,
            self.to,
            encoded_word(&self.subject),
            self.message_id
        );
        for (name, value) in &self.headers {
            mail.push_str(&format!("{name}: {}\r\n", value.replace(' ', "\r\n ")));
        }
        let bodies = multipart(
            "alternative",
            &[
                format!(
                    "Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                    quoted_printable(&self.plain())
                ),
                format!(
                    "Content-Type: text/html; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n{}",
                    quoted_printable(&self.html())
                ),
            ],
        );
        let bodies = match &self.signature {
            None => bodies,
            Some(_) => multipart("related", &[bodies, logo()]),
        };
        if self.files.is_empty() {
            return (mail + &bodies).into_bytes();
        }
        let files = self.files.iter().map(|(name, bytes)| {
            format!(
                "Content-Type: application/octet-stream; name=\"{name}\"\r\nContent-Disposition: attachment; \
                 filename=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
                BASE64_MIME.encode(bytes)
            )
        });
        let parts: Vec<String> = std::iter::once(bodies).chain(files).collect();
        (mail + &multipart("mixed", &parts)).into_bytes()
    }

    /// Hands it in; gives its Message-ID.
    pub fn send(self) -> String {
        self.gateway.submit(&self.envelope_from, &self.to, &self.signed());
        self.message_id
    }

    fn attribution(&self) -> String {
        format!("On Fri, Mar 13, 2026 at 9:05 AM Hale & Partners <r@{}> wrote:", self.gateway.domain)
    }

    fn plain(&self) -> String {
        let signature = self.signature.as_ref().map(|s| format!("\n\n-- \n{s}")).unwrap_or_default();
        let Some(quoted) = &self.quoted else { return format!("{}{signature}\n", self.text) };
        let quoted: String = quoted.lines().map(|l| format!("> {l}\n")).collect();
        format!("{}{signature}\n\n{}\n\n{quoted}", self.text, self.attribution())
    }

    fn html(&self) -> String {
        let escape = |t: &str| t.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        let lines: String = self.text.lines().map(|l| format!("<div>{}</div>", escape(l))).collect();
        let quote = self.quoted.as_ref().map(|quoted| {
            let quoted: String = quoted.lines().map(|l| escape(l) + "<br>\n").collect();
            format!(
                "<br><div class=\"gmail_quote\"><div dir=\"ltr\" class=\"gmail_attr\">{}<br></div>\
                 <blockquote class=\"gmail_quote\" style=\"margin:0px 0px 0px 0.8ex\">{quoted}</blockquote></div>",
                escape(&self.attribution())
            )
        });
        let signature = self.signature.as_ref().map(|s| {
            format!(
                "<br><span class=\"gmail_signature_prefix\">-- </span><br><div dir=\"ltr\" class=\"gmail_signature\">{}<br>\
                 <img src=\"cid:logo@counsel.example\" width=\"96\" height=\"24\"></div>",
                escape(s)
            )
        });
        format!("<div dir=\"ltr\">{lines}{}</div>{}\n", signature.unwrap_or_default(), quote.unwrap_or_default())
    }
}

/// The smallest picture there is.
fn logo() -> String {
    "Content-Type: image/gif; name=\"image001.gif\"\r\nContent-ID: <logo@counsel.example>\r\nContent-Disposition: inline; \
     filename=\"image001.gif\"\r\nContent-Transfer-Encoding: base64\r\n\r\nR0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7\r\n"
        .into()
}

fn multipart(kind: &str, parts: &[String]) -> String {
    let boundary = format!("=_{kind}_0000000000f1");
    let parts: String = parts.iter().map(|p| format!("--{boundary}\r\n{p}\r\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n{parts}--{boundary}--\r\n")
}

fn encoded_word(text: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let words = text.chars().collect::<Vec<_>>();
    let words = words.chunks(12).map(|c| {
        let word: String = c.iter().collect();
        format!("=?UTF-8?B?{}?=", data_encoding::BASE64.encode(word.as_bytes()))
    });
    words.collect::<Vec<_>>().join("\r\n ")
}

fn quoted_printable(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut length = 0;
        for byte in line.bytes() {
            let word = match byte {
                b'=' => "=3D".to_owned(),
                b' '..=b'~' => char::from(byte).to_string(),
                _ => format!("={byte:02X}"),
            };
            if length + word.len() > 72 {
                out.push_str("=\r\n");
                length = 0;
            }
            length += word.len();
            out.push_str(&word);
        }
        if out.ends_with(' ') {
            out.truncate(out.len() - 1);
            out.push_str("=20");
        }
        out.push_str("\r\n");
    }
    out
}

/// A door before a server: closed, whoever knocks waits; opened, everything passes.
pub struct Door {
    pub port: u16,
    state: Arc<(Mutex<Passage>, Condvar)>,
}

#[derive(Default)]
struct Passage {
    is_open: bool,
    /// How many bytes the server may still say before the door falls shut on it, once.
    allowance: Option<usize>,
    has_fallen: bool,
}

impl Door {
    /// A closed door before this port.
    pub fn before(port: u16) -> Door {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let door = Door { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let state = Arc::clone(&door.state);
        thread::spawn(move || {
            for guest in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&state);
                thread::spawn(move || {
                    drop(state.1.wait_while(state.0.lock().unwrap(), |passage| !passage.is_open));
                    let Ok(host) = TcpStream::connect((Ipv4Addr::LOCALHOST, port)) else { return };
                    let (from, to) = (guest.try_clone().unwrap(), host.try_clone().unwrap());
                    thread::spawn(move || pump(from, to, |_| true));
                    pump(host, guest, |length| pass(&state, length));
                });
            }
        });
        door
    }

    /// Opens it for good.
    pub fn open(&self) {
        self.state.0.lock().unwrap().is_open = true;
        self.state.1.notify_all();
    }

    /// Opens it until the server has said so many bytes on one connection; what it says after is never heard.
    pub fn open_for(&self, bytes: usize) {
        self.state.0.lock().unwrap().allowance = Some(bytes);
        self.open();
    }

    /// Whether the bytes of `open_for` were said.
    pub fn has_fallen(&self) -> bool {
        self.state.0.lock().unwrap().has_fallen
    }
}

fn pass(state: &(Mutex<Passage>, Condvar), length: usize) -> bool {
    let mut passage = state.0.lock().unwrap();
    let Some(left) = passage.allowance else { return true };
    passage.allowance = left.checked_sub(length);
    passage.has_fallen = passage.allowance.is_none();
    !passage.has_fallen
}

/// Carries bytes as long as they may pass; then swallows them until the connection ends.
fn pump(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(usize) -> bool) {
    let mut buffer = [0; 16 * 1024];
    let mut is_shut = false;
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        is_shut = is_shut || !may_pass(length);
        if !is_shut && to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A token endpoint on this machine that gives everybody this token; its address.
pub fn token_endpoint(token: String) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = format!("http://127.0.0.1:{}/token", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            while !String::from_utf8_lossy(&request).contains("client_secret=") {
                match client.read(&mut buffer) {
                    Ok(length @ 1..) => request.extend_from_slice(&buffer[..length]),
                    _ => break,
                }
            }
            let body = format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":3600}}");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
            let _ = client.write_all(format!("{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        }
    });
    address
}
