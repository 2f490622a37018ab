//! Pairs of worlds that chance seldom plays: what differs is named, and what Jane does where it could show.

use docketpost::actions::{calendar, documents, shares, tasks, time};
use docketpost::daemon::process;
use docketpost::domain::duration::Quantity;
use docketpost::domain::{Item, Kind};
use docketpost::store::calendar::EventDetails;
use docketpost::store::matters::{Matter, NewMatter, Sensitivity};
use docketpost::store::numbers::Reader;
use docketpost::store::tasks::NewTask;
use jiff::civil::date;

use super::twin::{JANE, Twin, seen};
use super::{difference, hearing, let_in};
use crate::golden::block_on;

/// Jane's mails of two worlds: one where it is so, and one where it is not.
fn both(play: impl AsyncFn(&mut Twin, bool)) -> (Vec<String>, Vec<String>) {
    let played = |is_so: bool| {
        block_on(async {
            let mut twin = Twin::new();
            let_in(&mut twin).await;
            play(&mut twin, is_so).await;
            seen(&twin.got)
        })
    };
    (played(false), played(true))
}

/// Every mail that tells them apart.
fn differences(one: &[String], other: &[String]) -> Vec<String> {
    let each = one.chunks(1).zip(other.chunks(1)).filter_map(|(a, b)| difference(a, b));
    each.chain((one.len() != other.len()).then(|| format!("{} mails, and {}", one.len(), other.len()))).collect()
}

async fn jane(twin: &mut Twin, to: &str, subject: &str, typed: &str) {
    twin.settle().await;
    twin.pass(5);
    twin.write(JANE, to, subject, typed);
    twin.settle().await;
}

#[test]
fn t81_no_number_that_others_entries_count_heads_a_conversation() {
    let (without, with) = both(async |twin, is_so| {
        let (anna, matter) = (twin.office.anna, twin.office.matter);
        let entries = if is_so { 7 } else { 0 };
        for _ in 0..entries {
            let new = time::NewEntry {
                on: matter,
                date: None,
                quantity: Quantity::from_seconds(360),
                terms: time::Terms::default(),
                narrative: "Not for Jane".into(),
                anyway: true,
            };
            twin.act(anna, move |act| time::record(act, &new)).unwrap();
        }
        jane(twin, "m-1", "Time", "#time 1h Drafted reply brief\n#note Witness is free in May\n").await;
        jane(twin, "m-1", "About them", "#message TE-1: Is that right?\n#message N-1: Is she?\n").await;
        jane(twin, "m-1", "Lists", "#messages\n#home\n#show MSG-1\n#show MSG-2\n#print MSG-1\n").await;
    });
    let told = with.concat();
    assert!(told.contains("About time entry TE-1") && told.contains("About note N-1"), "{told}");
    assert_eq!(differences(&without, &with), Vec::<String>::new());
}

/// Two matters that are not shared, and things of one or the other that are.
#[test]
fn t43_t81_to_which_hidden_matter_a_shared_thing_belongs_shows_nowhere() {
    let (one, other) = both(async |twin, is_so| {
        let (firm, anna, counsel, now) = (twin.office.firm.id, twin.office.anna, twin.office.jane, twin.now);
        let [first, second] = ["2027-1", "2027-2"].map(|number| {
            let new = NewMatter { responsible: Some(anna), ..NewMatter::new(number, "Not for Jane") };
            twin.office.store.write(move |tx| tx.add_matter(firm, &new, now)).unwrap()
        });
        let [a, b] = if is_so { [first, second] } else { [second, first] };
        let task = |name: &str, matter: Option<Item>| NewTask {
            name: name.into(),
            matter: matter.map(|m| m.id),
            assignee: Some(counsel),
            ..NewTask::default()
        };
        let tasks = [task("Read in", Some(a)), task("Think", is_so.then_some(a)), task("File", Some(b))];
        let mut things = Vec::new();
        for new in tasks {
            things.push(twin.act(anna, move |act| tasks::create(act, &new, true)).unwrap());
        }
        for (name, matter) in [("One.txt", a), ("Two.txt", b), ("Three.txt", second)] {
            let sha256 = twin.office.store.keep(name.as_bytes()).unwrap();
            let size = name.len() as u64;
            let file = documents::File { name: name.into(), mime: "text/plain".into(), sha256, size };
            let filed = twin.act(anna, move |act| documents::file_for_firm(act, matter.id, None, &file)).unwrap();
            let document = filed.filed.document;
            twin.act(anna, move |act| shares::share(act, counsel, document, true, "")).unwrap();
            things.push(document);
        }
        twin.settle().await;
        let number = |item: Item| {
            twin.office.store.read(|view| view.number(firm, Reader::Firm, item)).unwrap().unwrap().to_string()
        };
        let ids: Vec<String> = things.into_iter().chain([first, second]).map(number).collect();
        let [read, think, file, one, two, three, m_first, m_second] = ids.as_slice() else { panic!("{ids:?}") };
        jane(twin, "the gateway", "Lists", "#home\n#tasks\n#documents\n").await;
        for id in [read, think, file] {
            let address = id.to_lowercase();
            jane(twin, &address, &format!("About [{one}]"), "Is that the right one?\n").await;
            jane(twin, &address, "About [M-1]", "Is that the right one?\n").await;
            jane(twin, "the gateway", &format!("About [{two}] and {id}"), "Is that the right one?\n").await;
            let lines = [
                format!("#show {id}"),
                format!("#time {id} {m_first} 0.3h Read the file"),
                format!("#time {id} {m_second} 0.4h Read the file"),
                format!("#time {id} M-1 0.5h Read the file"),
                format!("#time {id} M-99 0.6h Read the file"),
                format!("#time {id} 0.7h As in {one}, {two} and {three}"),
                format!("#note {id} Witness is free in May"),
                format!("#call {id} 10m with Mr Smith: agreed"),
                format!("#message {id}: Please see {one} and {two}."),
                format!("#message {one} {m_first}: And this."),
            ];
            for line in lines {
                jane(twin, "the gateway", "Work", &format!("{line}\n")).await;
            }
        }
        for (matter, day) in [(first, date(2026, 1, 9)), (second, date(2026, 2, 9))] {
            let day = if is_so { day } else { day.tomorrow().unwrap() };
            twin.office.store.write(move |tx| tx.set_matter_closed(firm, matter.id, Some(day))).unwrap();
        }
        for id in [read, file] {
            jane(twin, "the gateway", "Too late", &format!("#done {id}\n")).await;
        }
    });
    let told = one.concat();
    assert!(told.contains("One line goes to one thing") && told.contains("read-only"), "{told}");
    assert_eq!(differences(&one, &other), Vec::<String>::new());
}

/// SEQUENCE goes up by what concerns its reader only: otherwise it would count what becomes of others.
#[test]
fn t81_what_becomes_of_others_who_are_invited_shows_in_no_calendar() {
    let (without, with) = both(async |twin, is_so| {
        let (anna, counsel, max) = (twin.office.anna, twin.office.jane, twin.office.max);
        let new = hearing(twin);
        let details = new.details.clone();
        let event = twin.act(anna, move |act| calendar::create(act, &new)).unwrap();
        twin.act(anna, move |act| calendar::invite(act, event, counsel, true, ""));
        twin.settle().await;
        let others = |twin: &Twin| {
            if is_so {
                twin.act(anna, move |act| calendar::invite(act, event, max, true, ""));
                twin.act(anna, move |act| calendar::remove(act, event, max));
                twin.act(anna, move |act| calendar::invite(act, event, max, true, ""));
            }
        };
        others(twin);
        twin.settle().await;
        if is_so {
            twin.act(anna, move |act| calendar::suspend(act, max).map(Ok));
        }
        for place in ["Court, room 5", "Court, room 6"] {
            twin.pass(5);
            let details = EventDetails { location: place.into(), ..details.clone() };
            twin.act(anna, move |act| calendar::change(act, event, &details)).unwrap();
            twin.settle().await;
            others(twin);
        }
        // Her calendar asks twice, and once is enough.
        for _ in 0..2 {
            twin.act(counsel, move |act| calendar::send_again(act, event));
            others(twin);
        }
        twin.settle().await;
        twin.pass(5);
        twin.act(anna, move |act| calendar::remove(act, event, counsel)).unwrap();
        twin.settle().await;
    });
    let lines = with.iter().flat_map(|mail| mail.lines()).filter_map(|line| line.strip_prefix("SEQUENCE:"));
    let sequences: Vec<u32> = lines.map(|number| number.parse().unwrap()).collect();
    assert!(sequences.is_sorted() && sequences.len() >= 4, "{sequences:?}");
    assert_eq!(differences(&without, &with), Vec::<String>::new());
}

/// What a trial said was put into words when the mail came; its receipt leaves later.
#[test]
fn t81_what_a_trial_says_of_a_matter_that_became_restricted_does_not_leave() {
    let got = block_on(async {
        let mut twin = Twin::new();
        let_in(&mut twin).await;
        twin.office.engage(twin.now).unwrap();
        twin.settle().await;
        twin.pass(5);
        twin.got.clear();
        twin.write(JANE, "m-1", "Would it", "#dry-run\n#done T-1\n#time 2h Drafted the kestrel brief\n");
        assert!(process::all_due(&twin.house, twin.now).await.unwrap() > 0);
        let (firm, matter) = (twin.office.firm.id, twin.office.matter);
        assert_eq!(matter.kind, Kind::Matter);
        let restrict = move |tx: &docketpost::store::Tx<'_>| {
            let row = tx.matter(firm, matter.id)?.unwrap();
            tx.change_matter(firm, &Matter { sensitivity: Sensitivity::Restricted, ..row })
        };
        twin.office.store.write(restrict).unwrap();
        twin.settle().await;
        seen(&twin.got)
    });
    let told = got.concat();
    assert!(told.contains("What your mail would do"), "{told}");
    assert!(!told.contains("Draft reply brief") && !told.contains("kestrel"), "{told}");
}
