//! `docketpost demo`: a firm in a temporary store, the real daemon on a Maildir and a folder of `.eml` files, sample mails
//! one after another, and the story of what they did on standard output. It needs no server and no configuration, speaks
//! to nobody but its own DNS server on 127.0.0.1, and ends by itself.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::letters::{self, Letters, Providers};
use super::office::{GATEWAY, Office, SLUG};
use crate::clock;
use crate::config::{Addressing, BlobKey, Config, Firm, Limits, Log, Mailbox, WayIn, WayOut};
use crate::daemon::{self, Stop};
use crate::domain::{Address, ItemId, OutboxId};
use crate::inbound::{extract, parse};
use crate::maildir::{self, Maildir};
use crate::store::Store;
use crate::store::inbox::{Inbox, InboxState};
use crate::store::outbox::{Outbox, OutboxState};

const WIDTH: usize = 96;
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// A step takes a second; what takes this long has failed.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lines of each mail that are shown; the whole mail lies in the folder.
const SHOWN_LINES: usize = 9;

/// A mail written for this project as a client writes it, with placeholders for what depends on the run.
struct Sample {
    name: &'static str,
    bytes: &'static [u8],
}

macro_rules! sample {
    ($name:literal) => {
        Sample { name: $name, bytes: include_bytes!(concat!("../../fixtures/mail/", $name, ".eml")) }
    };
}

/// Whether a mail arrives as its author's provider signed it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Signature {
    Good,
    OneByteFlipped,
}

enum Happens {
    Invites,
    Engages,
    Mail(Sample, Signature),
}

struct Step {
    title: &'static str,
    why: &'static str,
    happens: Happens,
}

fn steps() -> Vec<Step> {
    let step = |title, why, happens| Step { title, why, happens };
    let mail = |title, why, sample| Step { title, why, happens: Happens::Mail(sample, Signature::Good) };
    vec![
        step(
            "Anna shares a matter with Jane",
            "The first share sends an invitation. It names no client and shows nothing of the matter.",
            Happens::Invites,
        ),
        mail("Jane accepts", "Only now does she see anything.", sample!("gmail_web_accept")),
        step("Anna assigns two tasks and shares a document", "Each is told by a mail of its own.", Happens::Engages),
        mail(
            "Jane records time and completes the task, in one mail",
            "Two commands, and a sentence for Anna; a receipt with a line for each.",
            sample!("gmail_web_time_and_done"),
        ),
        mail(
            "Anna answers",
            "The lawyer's plain reply goes on with the conversation.",
            sample!("outlook_windows_lawyer_answers"),
        ),
        mail(
            "Jane replies to that",
            "Only what she newly wrote becomes the message.",
            sample!("apple_mail_macos_reply"),
        ),
        mail(
            "Jane sends a file to the matter's address",
            "It becomes a document in the folder that is shared with her.",
            sample!("gmail_web_new_with_pdf"),
        ),
        mail(
            "Jane replies to the document's mail with a file",
            "It becomes the document's second version. The logo of her signature is left out.",
            sample!("outlook_windows_new_version_with_logo"),
        ),
        mail(
            "Jane asks for things that are not shared with her",
            "T-3 and D-2 exist. The answer is the same as if they did not.",
            sample!("outlook_web_unshared_numbers"),
        ),
        step(
            "Somebody forges a mail of Jane's",
            "It is her mail with one byte of its signature flipped, and has no effect. Jane is asked at the address that \
             the firm knows whether it was hers, and the firm is told at once.",
            Happens::Mail(sample!("outlook_ios_done"), Signature::OneByteFlipped),
        ),
        mail(
            "Jane's mailbox says that she is away",
            "Machines are never obeyed and never answered, though this one writes #done.",
            sample!("exchange_automatic_reply"),
        ),
        mail(
            "Jane records time from her telephone",
            "With the telephone's quotation marks and dash.",
            sample!("apple_mail_iphone_time_smart_quotes"),
        ),
        mail("Jane takes it back", "A reply to the receipt, with #undo.", sample!("gmail_web_undo")),
    ]
}

/// Where the demo lies: a folder that is kept, or one that goes with the demo.
enum Place {
    Kept(PathBuf),
    Passing(tempfile::TempDir),
}

impl Place {
    fn open(keep: Option<&Path>) -> Result<Place> {
        let Some(folder) = keep else { return Ok(Place::Passing(tempfile::tempdir()?)) };
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        if std::fs::read_dir(folder)?.next().is_some() {
            bail!("{} is not empty; the demo needs a folder of its own", folder.display());
        }
        Ok(Place::Kept(std::path::absolute(folder)?))
    }

    fn folder(&self) -> &Path {
        match self {
            Place::Kept(folder) => folder,
            Place::Passing(folder) => folder.path(),
        }
    }
}

/// Plays the demo and tells it on standard output; with `keep` everything stays in that folder, which must be empty.
pub fn run(keep: Option<&Path>) -> Result<()> {
    run_to(keep, &mut std::io::stdout())
}

fn run_to(keep: Option<&Path>, paper: &mut dyn Write) -> Result<()> {
    let place = Place::open(keep)?;
    let providers = Providers::start()?;
    let config = config(place.folder(), &providers)?;
    let store = Store::create(&config.store)?;
    let office = Office::make(&store, clock::now())?;
    let inbox = place.folder().join("in");
    Maildir::open(&inbox)?;
    std::fs::write(place.folder().join("config.toml"), written(place.folder()))?;
    let out = place.folder().join("out");
    std::fs::create_dir_all(&out)?;
    let mut story =
        Story { paper, office, providers, inbox, out, letters: Letters::default(), dropped: 0, told: BTreeSet::new() };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let (sign, stop) = Stop::new();
        let serving = daemon::serve(&config, stop);
        tokio::pin!(serving);
        tokio::select! {
            ended = &mut serving => { ended?; bail!("the daemon ended before the story") }
            told = story.tell() => told?,
        }
        let _ = sign.send(true);
        serving.await
    })?;
    runtime.shutdown_timeout(Duration::from_secs(1));
    epilogue(&place, paper)
}

fn config(folder: &Path, providers: &Providers) -> Result<Config> {
    Ok(Config {
        blobs: BlobKey::None,
        store: folder.join("store"),
        resolver: vec![providers.resolver()],
        log: Log::default(),
        limits: Limits::default(),
        firms: vec![Firm {
            slug: SLUG.into(),
            address: Address::parse(GATEWAY)?,
            addressing: Addressing::Subdomain,
            domains: vec!["hale.example".into()],
            local_part_unproven: Vec::new(),
            way_out: WayOut::Directory(folder.join("out")),
            shares_wait: jiff::SignedDuration::ZERO,
            files: crate::config::Files::default(),
        }],
        mailboxes: vec![Mailbox {
            name: "main".into(),
            firm: SLUG.into(),
            way_in: WayIn::Maildir(folder.join("in")),
            auth_results: None,
        }],
    })
}

/// The same configuration as a file; without `resolver`, whose server ends with the demo.
fn written(folder: &Path) -> String {
    let place = |name: &str| toml::Value::String(folder.join(name).display().to_string());
    format!(
        "# The firm of docketpost's demo. Mails put into the Maildir come in, mails that leave lie in the folder \"out\".\n\
         # The keys that signed the demo's mails ended with it, so its people's new mails would be held as unproved.\n\
         store = {}\n\n\
         [[firm]]\nslug = \"{SLUG}\"\naddress = \"{GATEWAY}\"\naddressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = {}\n\n\
         [[mailbox]]\nname = \"main\"\nfirm = \"{SLUG}\"\nmaildir = {}\n",
        place("store"),
        place("out"),
        place("in")
    )
}

fn epilogue(place: &Place, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "That was all of it.\n")?;
    match place {
        Place::Kept(folder) => {
            let shown = folder.display();
            writeln!(out, "The store lies in          {shown}/store")?;
            writeln!(out, "the mails that came in     {shown}/in/.Processed/cur")?;
            writeln!(out, "the mails that left in     {shown}/out")?;
            writeln!(out, "the configuration in       {shown}/config.toml\n")?;
            writeln!(out, "Try next:\n")?;
            let program = std::env::current_exe().unwrap_or_else(|_| "docketpost".into());
            for command in ["inbox list", "outbox list", "time list", "who M-1", "matter list"] {
                writeln!(out, "  {} --config {shown}/config.toml {command}", program.display())?;
            }
        }
        Place::Passing(_) => {
            writeln!(out, "The store and the mails were in a temporary folder, which is now removed.")?;
            writeln!(out, "To keep them and look around, name a folder that is empty or does not exist yet:\n")?;
            let program = std::env::current_exe().unwrap_or_else(|_| "docketpost".into());
            writeln!(out, "  {} demo --keep DIR", program.display())?;
        }
    }
    Ok(())
}

/// The demo while it runs.
struct Story<'p> {
    paper: &'p mut dyn Write,
    office: Office,
    providers: Providers,
    /// The Maildir.
    inbox: PathBuf,
    /// The folder of mails that left.
    out: PathBuf,
    letters: Letters,
    dropped: usize,
    told: BTreeSet<OutboxId>,
}

impl Story<'_> {
    async fn tell(&mut self) -> Result<()> {
        self.say("docketpost: how co-counsel work on a firm's matters by mail", 0)?;
        self.say("", 0)?;
        self.say(PROLOGUE, 0)?;
        for (place, step) in steps().into_iter().enumerate() {
            self.say("", 0)?;
            self.say(&format!("{}. {}", place.saturating_add(1), step.title), 0)?;
            self.say(step.why, 3)?;
            self.play(&step.happens).await?;
        }
        self.say("", 0)
    }

    async fn play(&mut self, happens: &Happens) -> Result<()> {
        let before = self.office.rows(clock::now())?;
        match happens {
            Happens::Invites => self.office.invite(clock::now())?,
            Happens::Engages => self.office.engage(clock::now())?,
            Happens::Mail(sample, signature) => self.deliver(sample, *signature)?,
        }
        let left = self.settled().await?;
        if let Happens::Mail(..) = happens {
            self.tell_outcome()?;
        }
        let after = self.office.rows(clock::now())?;
        self.tell_changes(&before, &after)?;
        for letter in left {
            self.tell_letter(&letter)?;
        }
        Ok(())
    }

    /// Puts a mail into the Maildir as a mail server would, and tells who wrote what.
    fn deliver(&mut self, sample: &Sample, signature: Signature) -> Result<()> {
        let filled = letters::fill(sample.bytes, &self.letters, clock::now())?;
        let filled = of_this_story(sample.name, filled);
        let mut mail = self.providers.send(sample.name, &filled);
        if signature == Signature::OneByteFlipped {
            mail = letters::forge(&mail);
        }
        let read = parse::parse(&mail);
        let from = read.from.as_ref().map(|m| m.address.clone()).unwrap_or_default();
        self.say("", 0)?;
        self.say(&format!("came from {from}, written with {}: \"{}\"", client(sample.name), read.subject), 3)?;
        for line in extract::extract(&read).reply.lines() {
            self.say(&format!("> {line}"), 6)?;
        }
        let files: Vec<_> = read.attachments.iter().map(|a| a.name.as_str()).filter(|n| !n.is_empty()).collect();
        if !files.is_empty() {
            self.say(&format!("> with {}", files.join(", ")), 6)?;
        }
        self.dropped = self.dropped.saturating_add(1);
        maildir::deliver(&self.inbox, &format!("{:03}.demo.{}", self.dropped, sample.name), &mail)?;
        Ok(())
    }

    /// Waits until every mail that came is decided and every letter has left; gives the letters that left since.
    async fn settled(&mut self) -> Result<Vec<Outbox>> {
        let began = clock::instant();
        loop {
            let (mails, letters) = self.look()?;
            let undecided = mails.iter().any(|m| matches!(m.state, InboxState::Received | InboxState::Proved));
            let soon = clock::now().checked_add(PATIENCE)?;
            let waiting = letters
                .iter()
                .any(|l| l.state == OutboxState::Sending || (l.state == OutboxState::Queued && l.next_at < soon));
            if mails.len() >= self.dropped && !undecided && !waiting {
                return self.left(letters);
            }
            if began.elapsed() > PATIENCE {
                bail!("the daemon did not get on with the demo; please report it");
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn look(&self) -> Result<(Vec<Inbox>, Vec<Outbox>)> {
        let firm = self.office.firm.id;
        Ok(self
            .office
            .store
            .read(|view| Ok((view.inbox_list(firm, None, 1000)?, view.outbox_list(firm, None, 1000)?)))?)
    }

    fn left(&mut self, mut letters: Vec<Outbox>) -> Result<Vec<Outbox>> {
        letters.retain(|l| l.state == OutboxState::Sent && !self.told.contains(&l.id));
        letters.sort_by_key(|l| l.id);
        for letter in &letters {
            self.told.insert(letter.id);
            self.letters.note(&letter.template, &self.written_out(letter)?);
        }
        Ok(letters)
    }

    /// The mail as it lies in the folder of mails that left.
    fn written_out(&self, letter: &Outbox) -> Result<Vec<u8>> {
        for entry in std::fs::read_dir(&self.out)? {
            let path = entry?.path();
            if path.file_name().is_some_and(|n| n.to_string_lossy().contains(&letter.message_id)) {
                return Ok(std::fs::read(path)?);
            }
        }
        bail!("a mail that left is not in {}", self.out.display())
    }

    fn tell_outcome(&mut self) -> Result<()> {
        let (mails, _) = self.look()?;
        let Some(mail) = mails.iter().max_by_key(|m| m.id) else { return Ok(()) };
        let reason = mail.reason.as_deref().unwrap_or_default();
        let outcome = match mail.state {
            InboxState::Applied => "taken in".to_owned(),
            InboxState::Refused => "refused: nothing of it could be done".to_owned(),
            InboxState::Held => format!("held for the firm, without effect ({reason})"),
            InboxState::Ignored => format!("without effect ({reason})"),
            other => format!("{} ({reason})", other.word()),
        };
        self.say(&format!("= {outcome}"), 3)
    }

    fn tell_letter(&mut self, letter: &Outbox) -> Result<()> {
        let mail = parse::parse(&self.written_out(letter)?);
        let to = mail.to.first().map(|m| m.address.clone()).unwrap_or_default();
        self.say("", 0)?;
        self.say(&format!("left to {to}: \"{}\"", mail.subject), 3)?;
        let text = mail.text.unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with("Privileged")).collect();
        for line in lines.iter().take(SHOWN_LINES) {
            self.say(&format!("| {}", line.trim_end()), 6)?;
        }
        if lines.len() > SHOWN_LINES {
            self.say("| …", 6)?;
        }
        Ok(())
    }

    fn tell_changes(&mut self, before: &BTreeSet<String>, after: &BTreeSet<String>) -> Result<()> {
        for row in before.difference(after) {
            self.say(&format!("- {}", plainly(row)), 3)?;
        }
        for row in after.difference(before) {
            self.say(&format!("+ {}", plainly(row)), 3)?;
        }
        if before == after {
            self.say("nothing was changed on the matter", 3)?;
        }
        Ok(())
    }

    /// Tells a paragraph, wrapped, `indent` columns in; further lines of it stand under the first word.
    fn say(&mut self, text: &str, indent: usize) -> Result<()> {
        for line in wrapped(text, indent) {
            writeln!(self.paper, "{line}")?;
        }
        Ok(())
    }
}

const PROLOGUE: &str = "Hale & Partners LLP is a law firm, Anna Smith one of its partners. Jane Roe is an outside lawyer \
     who is to help with matter M-1. She has no account and installs nothing: all she does, she does from her own mailbox. \
     What you see now is the real program at work, on a folder of mails that come and a folder of mails that leave.";

/// The sample that takes time back speaks of a firm's first entry; Jane's last one is her second.
fn of_this_story(sample: &str, mail: Vec<u8>) -> Vec<u8> {
    match (sample, std::str::from_utf8(&mail)) {
        ("gmail_web_undo", Ok(text)) => text.replace("TE-1", "TE-2").replace("1.5 h", "0.5 h").into_bytes(),
        _ => mail,
    }
}

/// A row of the ledger in the story's words: no seconds and no bytes, and what a share lets its reader see.
fn plainly(row: &str) -> String {
    if let Some((name, thing)) = row.split_once(" has ")
        && let Some(id) = ItemId::parse(thing)
    {
        return format!("{name} sees the {} {thing}", id.kind.word());
    }
    let mut words: Vec<String> = Vec::new();
    let mut rest = row.split(' ').peekable();
    while let Some(word) = rest.next() {
        let number = word.strip_prefix('(').unwrap_or(word).parse::<u64>().ok();
        match (number, rest.peek().copied()) {
            (Some(_), Some("s)")) if word.starts_with('(') => drop(rest.next()),
            (Some(bytes), Some("bytes,")) => {
                rest.next();
                words.push(format!("{} kB,", bytes.div_ceil(1_000)));
            }
            _ => words.push(word.to_owned()),
        }
    }
    words.join(" ")
}

fn client(sample: &str) -> &'static str {
    const CLIENTS: [(&str, &str); 8] = [
        ("gmail_web", "Gmail on the web"),
        ("gmail_android", "Gmail on Android"),
        ("outlook_windows", "Outlook on Windows"),
        ("outlook_web", "Outlook on the web"),
        ("outlook_ios", "Outlook on an iPhone"),
        ("exchange", "Exchange itself"),
        ("apple_mail_macos", "Apple Mail on a Mac"),
        ("apple_mail_iphone", "Apple Mail on an iPhone"),
    ];
    CLIENTS.iter().find(|(prefix, _)| sample.starts_with(prefix)).map_or("a mail client", |(_, words)| words)
}

fn wrapped(text: &str, indent: usize) -> Vec<String> {
    let hang = if text.starts_with(['|', '>', '+', '-', '=']) { indent.saturating_add(2) } else { indent };
    let mut lines = Vec::new();
    // What the line itself begins with is kept: the examples in our mails are indented.
    let kept: String = text.chars().skip(1).take_while(|c| *c == ' ').skip(1).collect();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let long = line.chars().count().saturating_add(word.chars().count()).saturating_add(1) > WIDTH;
        if long && !line.trim().is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        if line.is_empty() {
            line = " ".repeat(if lines.is_empty() { indent } else { hang });
        } else {
            line.push(' ');
            if line.trim_start().chars().count() == 2 {
                line.push_str(&kept);
            }
        }
        line.push_str(word);
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_the_story_is_wider_than_a_terminal() {
        let long = format!("| {}", "word and more ".repeat(40));
        assert!(wrapped(&long, 6).iter().all(|l| l.chars().count() <= 100));
        assert_eq!(wrapped("|   #done", 6), ["      |   #done"]);
        assert_eq!(wrapped("", 3), [""]);
    }

    #[test]
    fn a_row_is_told_without_jargon() {
        assert_eq!(plainly("Jane Roe has MSG-1"), "Jane Roe sees the conversation MSG-1");
        assert_eq!(plainly("Max has accepted the invitation"), "Max has accepted the invitation");
        assert_eq!(plainly("TE-2: 0.5 h (1800 s) on 14 April by Jane"), "TE-2: 0.5 h on 14 April by Jane");
        assert_eq!(
            plainly("D-1: a.pdf, application/pdf, 211345 bytes, by Jane"),
            "D-1: a.pdf, application/pdf, 212 kB, by Jane"
        );
        assert!(of_this_story("gmail_web_undo", b"Subject: Re: Done: TE-1".to_vec()).ends_with(b"TE-2"));
    }

    #[test]
    fn the_written_configuration_is_one_that_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        std::fs::write(&file, written(folder.path())).unwrap();
        let config = Config::load(&file).unwrap();
        assert_eq!(config.store, folder.path().join("store"));
        assert_eq!(config.firms[0].slug, SLUG);
    }

    #[test]
    fn a_folder_with_something_in_it_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("thesis.doc"), "x").unwrap();
        assert!(run(Some(folder.path())).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
