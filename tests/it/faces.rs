//! Every sample mail through the four faces: `inspect` and `explain` and `ingest` of the built binary, and the daemon's step
//! in process. They read the same commands and the same reply, and come to the same outcome.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use docketpost::config::Config;
use docketpost::daemon::{House, process};
use docketpost::demo::office::SLUG;
use docketpost::inbound::{self, Arrived};
use docketpost::store::inbox::Inbox;
use jiff::Timestamp;
use regex::Regex;
use serde_json::{Value, json};

use crate::golden::{Outside, World, block_on, samples};

/// A world whose store a process of its own can open, and its configuration.
struct Face {
    world: World,
    config: PathBuf,
}

impl Face {
    /// Everything has begun, so that every sample finds the mail that it answers.
    async fn new(outside: &Outside, began: Timestamp) -> Face {
        let world = World::before(Some("receipt"), outside, began).await;
        let folder = world.folder.path();
        let place = |name: &str| folder.join(name).display().to_string();
        let text = format!(
            "store = {:?}\nresolver = [\"{}\"]\n[[firm]]\nslug = \"{SLUG}\"\naddress = \"r@gw.hale.example\"\n\
             addressing = \"subdomain\"\ndomains = [\"hale.example\"]\ndirectory = {:?}\n\
             [[mailbox]]\nname = \"main\"\nfirm = \"{SLUG}\"\nmaildir = {:?}\n",
            place("store"),
            outside.providers.resolver(),
            place("out"),
            place("in"),
        );
        let config = folder.join("config.toml");
        std::fs::write(&config, text).unwrap();
        Face { world, config }
    }

    fn run(&self, args: &[&str], input: &[u8]) -> Vec<u8> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_docketpost"))
            .arg("--config")
            .arg(&self.config)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing may have ended before.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn file(&self, name: &str) -> String {
        self.world.folder.path().join(format!("{name}.eml")).display().to_string()
    }

    /// Writes the mails into files and gives what `inspect` prints for each.
    fn inspect(&self, mails: &[(String, Vec<u8>)]) -> Vec<Value> {
        mails.iter().for_each(|(name, raw)| std::fs::write(self.file(name), raw).unwrap());
        let files: Vec<String> = mails.iter().map(|(name, _)| self.file(name)).collect();
        let arguments: Vec<&str> = ["inspect", "--json"].into_iter().chain(files.iter().map(String::as_str)).collect();
        let printed = self.run(&arguments, b"");
        let objects: Vec<Value> = printed.split(|b| *b == b'\n').filter(|l| !l.is_empty()).map(line).collect();
        assert_eq!(objects.len(), mails.len());
        objects
    }

    /// What has become of the newest mail: its outcome, what it did, who is written to, what was said in a message.
    fn became(&self) -> (Inbox, Value, Vec<String>) {
        let office = &self.world.office;
        let firm = office.firm.id;
        let look = |view: &docketpost::store::Snapshot<'_>| {
            let mail = view.inbox_list(firm, None, 1000)?.into_iter().max_by_key(|m| m.id).unwrap();
            let effects = view.effects(firm, mail.id)?;
            let mut letters: Vec<(String, String)> = Vec::new();
            for letter in view.outbox_list(firm, None, 1000)?.into_iter().filter(|l| l.inbox == Some(mail.id)) {
                let to = view.person(firm, letter.person)?.unwrap().name();
                letters.push((to, letter.template));
            }
            letters.sort();
            let mut messages = Vec::new();
            for conversation in view.conversations_of(firm, office.jane, Timestamp::now())? {
                messages.extend(view.messages(firm, conversation.id)?.into_iter().filter(|m| m.inbox == Some(mail.id)));
            }
            let person = match mail.person {
                Some(person) => view.person(firm, person)?.map(|p| p.name()),
                None => None,
            };
            let became = json!({
                "outcome": mail.state.word(),
                "reason": mail.reason,
                "level": mail.level,
                "class": mail.class,
                "person": person,
                "verbs": effects.iter().map(|e| e.verb.as_str()).collect::<Vec<_>>(),
                "letters": letters,
                "messages": messages.iter().map(|m| m.body.as_str()).collect::<Vec<_>>(),
            });
            Ok((mail, became, messages.into_iter().map(|m| m.body).collect()))
        };
        office.store.read(look).unwrap()
    }
}

fn stage(face: &Face, raw: Vec<u8>) {
    let now = Timestamp::now();
    let firm = face.world.office.firm.id;
    let uid = docketpost::blobs::sha256(&raw);
    let arrived =
        Arrived { mailbox: "main".into(), uid_validity: 0, uid, size: raw.len() as u64, arrived_at: now, bytes: raw };
    inbound::stage(&face.world.office.store, firm, arrived, now).unwrap().expect("staged once");
}

/// Text without white space, and without what only text parts write: the places of pictures, and stars round bold words.
fn squeezed(text: &str) -> String {
    let pictures = Regex::new(r"\[cid:[^\]]*\]").unwrap();
    pictures.replace_all(text, "").chars().filter(|c| !c.is_whitespace() && *c != '*').collect()
}

fn line(output: &[u8]) -> Value {
    serde_json::from_slice(output).unwrap()
}

#[test]
fn the_four_faces_agree_on_every_sample() {
    block_on(async {
        let outside = Outside::new();
        let began = Timestamp::now() - jiff::SignedDuration::from_mins(40);
        let commands = Face::new(&outside, began).await;
        let daemon = Face::new(&outside, began).await;
        let house = Arc::new(House::open(&Config::load(&daemon.config).unwrap()).unwrap());
        let now = Timestamp::now();
        let mails: Vec<(String, Vec<u8>)> =
            samples().into_iter().map(|n| (n.clone(), outside.send(&n, &commands.world.letters, now))).collect();
        let inspected = commands.inspect(&mails);
        for ((name, raw), inspected) in mails.iter().zip(inspected) {
            let file = commands.file(name);
            let explained = line(&commands.run(&["--json", "explain", &file], b""))[0].clone();
            commands.run(&["ingest", "--now"], raw);
            stage(&daemon, outside.send(name, &daemon.world.letters, now));
            while process::all_due(&house, now).await.unwrap() > 0 {}
            let (mail, ingested, messages) = commands.became();
            assert_eq!(ingested, daemon.became().1, "{name}: ingest and the daemon");
            explain_agrees(name, &explained, &ingested, &mail);
            assert_eq!(inspected["file"], json!(file));
            inspect_agrees(name, &inspected, &ingested, &messages);
        }
    });
}

fn explain_agrees(name: &str, explained: &Value, became: &Value, mail: &Inbox) {
    for key in ["outcome", "reason", "level", "class"] {
        assert_eq!(explained[key], became[key], "{name}: {key} as explained");
    }
    assert_eq!(explained["from"].as_str(), mail.from_address.as_deref(), "{name}: author as explained");
    let letters = explained["letters"].as_array().unwrap();
    let mut told: Vec<Value> = letters.iter().map(|l| json!([l["to"], l["letter"]])).collect();
    told.sort_by_key(Value::to_string);
    assert_eq!(json!(told), became["letters"], "{name}: letters as explained");
}

fn inspect_agrees(name: &str, inspected: &Value, became: &Value, messages: &[String]) {
    assert_eq!(inspected["class"], became["class"], "{name}: class as inspected");
    let commands: Vec<&str> =
        inspected["commands"].as_array().unwrap().iter().filter_map(|c| c["verb"].as_str()).collect();
    for verb in became["verbs"].as_array().unwrap().iter().filter_map(Value::as_str) {
        let by_itself = ["message", "file", "version", "log"].contains(&verb);
        // What `#yes` does to an invitation.
        let verb = if verb == "accept" { "yes" } else { verb };
        assert!(by_itself || commands.contains(&verb), "{name}: {verb} is not among the inspected {commands:?}");
    }
    let reply = squeezed(inspected["reply"].as_str().unwrap());
    for message in messages {
        let lines = message.lines().map(squeezed).filter(|l| !reply.contains(l)).collect::<Vec<_>>();
        assert!(lines.is_empty(), "{name}: the message says what was not inspected: {lines:?}");
        let whole = commands.is_empty().then(|| squeezed(message));
        assert!(whole.is_none_or(|m| m == reply), "{name}: the message is not the whole reply:\n{message}\n{reply}");
    }
}
