//! Shares end while a thousand letters wait and mails come in from several threads (threats T27, T80; REV-03). In come
//! five co-counsel with two hundred letters each; the shares of one after the other are ended while the letters leave and
//! their commands are carried out. What comes of it is read from a log that the database itself keeps, in the order in
//! which transactions were committed: no clock is asked, and nobody waits for a time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};

use docketpost::actions::{Act, messages, shares};
use docketpost::daemon::{House, process};
use docketpost::demo::office::Office;
use docketpost::domain::{Address, PersonId};
use docketpost::inbound::{Arrived, parse};
use docketpost::outbound::deliver::{self, Ready};
use docketpost::outbound::letter::Letter;
use docketpost::sharing::Role;
use docketpost::store::Tx;
use docketpost::store::people::NewPerson;
use docketpost::store::threads::About;
use jiff::Timestamp;

use super::twin::{Twin, proof};
use crate::golden::block_on;
use crate::scenes::{Draft, addressed};

const PEOPLE: usize = 5;
const LETTERS: usize = 200;
/// Written by each before the end of their shares, or about then; and as many after it.
const MAILS: usize = 5;
/// Stands in everything that is to be seen only while it is shared.
const SECRET: &str = "limitation point";

/// Every letter that leaves, every share that ends and all work that is entered, in the order of their commits.
const LOG: &str = "
    CREATE TABLE seen (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT, person INTEGER, row INTEGER);
    CREATE TRIGGER seen_sent AFTER UPDATE OF state ON outbox WHEN NEW.state = 'SENDING'
      BEGIN INSERT INTO seen (what, person, row) VALUES ('sent', NEW.person_id, NEW.id); END;
    CREATE TRIGGER seen_end AFTER UPDATE OF revoked_at ON shares WHEN NEW.revoked_at IS NOT NULL
      BEGIN INSERT INTO seen (what, person, row) VALUES ('ended', NEW.person_id, NEW.id); END;
    CREATE TRIGGER seen_time AFTER INSERT ON activities
      BEGIN INSERT INTO seen (what, person, row) VALUES ('work', NEW.person_id, NEW.id); END;
    CREATE TRIGGER seen_note AFTER INSERT ON notes
      BEGIN INSERT INTO seen (what, person, row) VALUES ('work', NEW.author_id, NEW.id); END;";

struct Counsel {
    person: PersonId,
    address: String,
}

/// Co-counsel who accepted, with M-1 and letters about a conversation of their own that wait.
fn engage(office: &Office, number: usize, now: Timestamp) -> Counsel {
    let address = format!("counsel@firm{number}.example");
    let (firm, matter, written) = (office.firm.id, office.matter, address.clone());
    let cause = format!("engage:{number}").leak();
    let job = move |act: &Act<'_>| {
        let address = Address::parse(&written).unwrap();
        let new = NewPerson {
            last_name: format!("Counsel{number}"),
            address: Some(address.clone()),
            ..NewPerson::new(Role::CoCounsel)
        };
        let person = act.tx.add_person(firm, &new, now)?;
        let identity = act.tx.identity_for(&address, now)?;
        act.tx.set_identity(firm, person, identity)?;
        act.tx.set_accepted(firm, person, now)?;
        if let Err(refusal) = shares::share(act, person, matter, false, "")? {
            return Ok(Err(refusal));
        }
        for letter in 0..LETTERS {
            let topic = messages::Topic { about: None, matter: Some(matter.id), to: Some(person) };
            let posted = match messages::write(act, topic, &format!("The {SECRET}, part {letter}."))? {
                Ok(posted) => posted,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let news = Letter::News {
                by: act.actor.id,
                message: Some(posted.message),
                conversation: Some(posted.conversation),
                documents: Vec::new(),
                completed: Vec::new(),
                logged: Vec::new(),
                outsiders: Vec::new(),
            };
            let cause = format!("{}:{letter}", act.cause);
            Act { cause: &cause, ..*act }.tell(person, news, About::Item(posted.conversation))?;
        }
        Ok(Ok(person))
    };
    Counsel { person: office.act(office.anna, cause, now, job).unwrap(), address }
}

/// Ends everything that is shared with somebody, as `#revoke all` does.
fn revoke(office: &Office, person: PersonId, now: Timestamp) {
    let firm = office.firm.id;
    let cause = format!("revoke:{}", person.0).leak();
    let job = move |act: &Act<'_>| {
        let items: Vec<_> = act.tx.live_shares(firm, person, now)?.iter().map(|s| s.item).collect();
        shares::unshare_all(act, person, &items, "over")
    };
    office.act(office.anna, cause, now, job).unwrap();
}

/// Mails with a command each, as they come in.
fn write(office: &Office, counsel: &Counsel, numbers: std::ops::Range<usize>, now: Timestamp) {
    for number in numbers {
        let mut draft = Draft::new("", &counsel.address, number, now);
        draft.to = addressed("m-1");
        draft.subject = format!("Work {number}");
        draft.fill(&match number % 2 {
            0 => format!("#time 0.{}h Part {number}", 1 + number % 9),
            _ => format!("#note Part {number}"),
        });
        let bytes = draft.bytes();
        let (uid, size) = (format!("{}-{number}", counsel.address), bytes.len() as u64);
        let arrived = Arrived { mailbox: "main".into(), uid_validity: 0, uid, size, arrived_at: now, bytes };
        let staged = arrived.staged(office.store.keep(&arrived.bytes).unwrap());
        let facts = serde_json::to_string(&proof(&counsel.address, now)).unwrap();
        let firm = office.firm.id;
        // In one transaction, so that nobody is asked for the proof between them.
        let job = move |tx: &Tx<'_>| {
            let id = tx.stage(firm, &staged, now)?.unwrap();
            tx.set_proved(id, &facts)
        };
        office.store.write(job).unwrap();
    }
}

/// What left, by the letter's row.
type Left = Mutex<BTreeMap<i64, Vec<u8>>>;

/// Hands over what is due; each hundredth letter rings for the next share to end.
async fn deliver(house: &House, office: &Office, left: &Left, bell: &SyncSender<()>, now: Timestamp) -> usize {
    let store = &office.store;
    let gateway = &house.firms[0].desk.gateway;
    let due = store.read(|view| view.outbox_due(office.firm.id, now, 50)).unwrap();
    for letter in &due {
        let ready = deliver::claim(store, &office.firm, gateway, letter, now).await.unwrap();
        let Ready::Send(mail) = ready else { continue };
        let (id, to) = (mail.id, mail.to.as_str().to_owned());
        let count = {
            let mut left = left.lock().unwrap();
            left.insert(id.0, mail.bytes);
            left.len()
        };
        if count % 100 == 50 {
            let _ = bell.try_send(());
        }
        store.write_soon(move |tx| tx.set_sent(id, &to, "250 ok", now)).await.unwrap();
    }
    due.len()
}

fn log(office: &Office) -> Vec<(String, i64, i64)> {
    let database = rusqlite::Connection::open(office.store.folder().join(docketpost::store::DATABASE)).unwrap();
    let mut rows = database.prepare("SELECT what, person, row FROM seen ORDER BY id").unwrap();
    let rows = rows.query_map([], |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// Shows REV-03, REV-04.
#[test]
fn t27_t80_while_letters_wait_and_mails_come_in_nothing_passes_the_end_of_a_share() {
    let twin = Twin::new();
    let (house, office, now) = (Arc::clone(&twin.house), twin.office.clone(), twin.now);
    let everybody: Vec<Counsel> = (0..PEOPLE).map(|number| engage(&office, number, now)).collect();
    let waiting = office.store.read(|view| view.outbox_due(office.firm.id, now, 5000)).unwrap();
    assert_eq!(waiting.len(), PEOPLE * LETTERS);
    let database = rusqlite::Connection::open(office.store.folder().join(docketpost::store::DATABASE)).unwrap();
    database.execute_batch(LOG).unwrap();

    let left = Left::default();
    let (bell, rung) = sync_channel(PEOPLE * LETTERS);
    let (begin, begun) = sync_channel(PEOPLE * LETTERS);
    let (written, ends) = (AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|threads| {
        let (office, ends, everybody) = (&office, &ends, &everybody);
        let (written, house, left) = (&written, &house, &left);
        let (mut tell, mut told): (Vec<SyncSender<()>>, Vec<Receiver<()>>) = (Vec::new(), Vec::new());
        for _ in everybody {
            let (over, is_over) = sync_channel(1);
            tell.push(over);
            told.push(is_over);
        }
        for (counsel, is_over) in everybody.iter().zip(told) {
            threads.spawn(move || {
                write(office, counsel, 0..MAILS, now);
                is_over.recv().unwrap();
                write(office, counsel, MAILS..2 * MAILS, now);
                written.fetch_add(1, Ordering::SeqCst);
            });
        }
        threads.spawn(move || {
            begun.recv().unwrap();
            for (counsel, over) in everybody.iter().zip(tell) {
                rung.recv().unwrap();
                revoke(office, counsel.person, now);
                over.send(()).unwrap();
            }
            ends.store(true, Ordering::SeqCst);
        });
        let bell = &bell;
        threads.spawn(move || {
            block_on(async {
                let receiving = async {
                    loop {
                        let over = written.load(Ordering::SeqCst) == PEOPLE && ends.load(Ordering::SeqCst);
                        let mails = process::all_due(house, now).await.unwrap();
                        if mails > 0 {
                            let _ = begin.try_send(());
                        }
                        if mails == 0 && over {
                            break;
                        }
                        tokio::task::yield_now().await;
                    }
                };
                let handing = async {
                    loop {
                        let over = written.load(Ordering::SeqCst) == PEOPLE && ends.load(Ordering::SeqCst);
                        if deliver(house, office, left, bell, now).await == 0 {
                            if over {
                                break;
                            }
                            // Nothing waits any more: the next share ends though fewer letters left than were thought.
                            let _ = bell.try_send(());
                        }
                        tokio::task::yield_now().await;
                    }
                };
                tokio::join!(receiving, handing);
            });
        });
    });
    block_on(async {
        while process::all_due(&house, now).await.unwrap() + deliver(&house, &office, &left, &bell, now).await > 0 {}
    });
    judge(&office, &everybody, &left.into_inner().unwrap());
}

fn judge(office: &Office, everybody: &[Counsel], left: &BTreeMap<i64, Vec<u8>>) {
    let log = log(office);
    let (mut shown_before, mut work_before) = (0, 0);
    for counsel in everybody {
        let mine: Vec<_> = log.iter().filter(|(_, person, _)| *person == counsel.person.0).collect();
        let end = mine.iter().rposition(|(what, _, _)| what == "ended").expect("their shares ended");
        let (before, after) = mine.split_at(end);
        for (what, _, row) in after {
            assert_ne!(what, "work", "{} worked after the end", counsel.address);
            if what == "sent" {
                let mail = parse::parse(&left[row]);
                let text = format!("{} {}", mail.subject, mail.text.unwrap_or_default());
                assert!(!text.contains(SECRET) && !text.contains("Northbank"), "{text}");
            }
        }
        shown_before += before.iter().filter(|(what, _, row)| what == "sent" && shows(&left[row])).count();
        work_before += before.iter().filter(|(what, _, _)| what == "work").count();
    }
    println!("revocation: {shown_before} of {} letters left before an end, {work_before} commands", PEOPLE * LETTERS);
    assert!((1..PEOPLE * LETTERS).contains(&shown_before), "the shares end while letters leave");
    assert!((1..=PEOPLE * MAILS).contains(&work_before), "and while commands come in");
    let states = office.store.read(|view| view.outbox_counts(office.firm.id)).unwrap();
    let count = |wanted: &str| states.iter().find(|(state, _)| state.eq_ignore_ascii_case(wanted)).map_or(0, |s| s.1);
    assert!(count("CANCELLED") as usize >= PEOPLE * LETTERS - shown_before, "{states:?}");
    assert_eq!(count("QUEUED") + count("SENDING"), 0, "{states:?}");
}

fn shows(bytes: &[u8]) -> bool {
    parse::parse(bytes).text.is_some_and(|text| text.contains(SECRET))
}
