//! Non-interference (threats T79–T82; requirements 1–8): two worlds that differ only in what is not shared with Jane give
//! her the same mails, byte for byte. In come two seeds: one for what Jane and the firm do between them, the same in both
//! worlds, and one for everything that is not hers to know, which differs. What differs is a leak.
//!
//! `WORLDS=10000` plays so many pairs (`tests/worlds`), with `FROM=150` beginning at that one; `WORLD=17` plays one. Of a
//! leak it is said which deeds alone make it.

mod cases;
mod dice;
mod hidden;
mod revocation;
mod twin;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use docketpost::actions::{bills, calendar, notes, shares};
use docketpost::demo::office;
use docketpost::domain::Address;
use docketpost::sharing::BillState;
use docketpost::store::bills::NewBill;
use docketpost::store::calendar::{EventDetails, NewEvent};
use jiff::{SignedDuration, ToSpan};

use crate::golden::block_on;
use dice::Dice;
use hidden::DEEDS;
use twin::{JANE, MAX, Twin, seen};

/// How many pairs of worlds every run of the tests plays.
const WORLDS: u64 = 150;

/// What Jane writes: to where, about what, and the words. Things that exist and are hers, that exist and are not, and
/// that do not exist.
const MAILS: &[(&str, &str, &str)] = &[
    (
        "the gateway",
        "Lists",
        "#home\n#matters\n#tasks\n#documents\n#bills\n#calendar\n#messages\n#notes\n#entries\n#hours csv\n",
    ),
    (
        "m-1",
        "This matter",
        "#show\n#client\n#contacts\n#vcard\n#documents M-1\n#notes M-1\n#messages M-1\n#entries M-1\n#calendar M-1\n#tasks M-1\n",
    ),
    (
        "the gateway",
        "Numbers",
        "#show M-1\n#show M-2\n#show M-3\n#show T-1\n#show T-2\n#show T-3\n#show T-4\n#show D-1\n#show D-2\n#show D-3\n#show D-21\n#show D-41\n#show F-1\n#show F-2\n#show F-21\n",
    ),
    (
        "the gateway",
        "More numbers",
        "#show N-1\n#show N-2\n#show N-3\n#show TE-1\n#show TE-2\n#show EV-1\n#show EV-21\n#show BILL-1\n#show BILL-21\n#show BILL-41\n#show MSG-1\n#show MSG-21\n#show MSG-41\n#show C-1\n",
    ),
    (
        "the gateway",
        "By name",
        "#show \"Exhibit A.txt\"\n#show \"Draft reply brief\"\n#get \"Reply brief.docx\"\n#show \"Pleadings\"\n#documents M-\"2026-0019\"\n#show M-\"2026-0012\"\n",
    ),
    ("the gateway", "Send me", "#get D-1\n#get D-2\n#get D-3\n#get BILL-1\n#get BILL-21\n#preview D-2\n"),
    ("m-1", "Print", "#print MSG-1\n#print MSG-21\n#print N-1\n#print N-2\n"),
    ("m-1", "Time", "#time 1.5h Drafted reply brief\n"),
    ("m-1", "Time and a task", "#time 0.4h A103 Telephone call with counsel\n#done T-1\n#done T-3\n"),
    (
        "the gateway",
        "Time elsewhere",
        "#time M-2 1h Read in\n#time T-2 0.2h Exhibits\n#time D-1 0.3h Read it\n#time T-3 1h Other\n",
    ),
    ("m-1", "A note", "#note Witness is available in May\n"),
    ("m-1", "Changes", "#edit TE-1 1.2h\n#edit TE-2 1.1h\n#delete TE-3\n#delete N-1\n#edit N-2 Another text\n"),
    ("m-1", "A question", "Dear Anna, may the witness be told?\n"),
    (
        "m-1",
        "To one",
        "#message to Smith: Can we move the call?\n#message to Hidden7: Who are you?\n#message to Oduya: And you?\n",
    ),
    ("m-1", "Exhibit", "The exhibit.\n@attach Exhibit A.txt: The exhibit.\n"),
    ("m-1", "Pleading", "#folder \"Pleadings\"\n@attach Reply brief.docx: A third text.\n"),
    ("m-2", "Not mine", "Is this matter mine? #time 1h No\n@attach Exhibit A.txt: The exhibit.\n"),
    ("m-7", "Nobody's", "#time 1h No\n"),
    (
        "m-1",
        "Not for me",
        "#share M-1 with max@oduya.example\n#who M-1\n#time-list M-1\n#rate M-1\n#assign T-3 to Max\n#sent max@oduya.example\n#show rate\n",
    ),
    ("the gateway", "Myself", "#status\n#timezone Europe/Paris\n#receipts all\n#help time\n#notify bills off\n"),
    ("m-1", "A call", "#call 10m with Mr Smith: agreed extension\n#log\n"),
    ("the gateway", "Pay", "#pay BILL-1\n#pay BILL-21\n#yes EV-1\n#no EV-21\n"),
    ("m-1", "Would it", "#dry-run\n#time 2h Drafted reply brief\n#done T-2\n"),
    ("m-1", "About them", "#message N-1: Is that still so?\n#message TE-1: Is that right?\n#messages\n"),
    (
        "the gateway",
        "Several",
        "#tasks [2026-0019] M-1\n#tasks [2026-9999] M-1\n#done T-1 T-3 T-99\n#yes EV-21 EV-1 EV-99\n",
    ),
];

/// Subjects of which Jane answers the last mail that she got, and the words.
const REPLIES: &[(&str, &str)] = &[
    ("Message from", "Thank you, I will see to it.\n#time 0.2h Read Anna's message\n"),
    ("Reply brief", "#get\n#show\n"),
    ("Hearing", "#yes\n"),
    ("Time", "#undo\n"),
    ("", "#home\n#show\n"),
];

/// What is told to Jane that should not be, to see whether it is noticed.
type Planted = fn(&Twin) -> String;

/// What is hidden in a world: nothing, or deeds of a seed, all or those of one name.
#[derive(Clone, Copy)]
enum Hidden {
    Nothing,
    Of(u64, Option<&'static str>),
}

/// Plays a world and gives Jane's mails as she sees them; and how many there were for anybody.
async fn played(open: u64, hidden: Hidden, planted: Option<Planted>) -> (Vec<String>, usize) {
    let mut twin = Twin::new();
    let mut open = Dice::new(open);
    let mut shut = match hidden {
        Hidden::Nothing => None,
        Hidden::Of(seed, only) => Some((Dice::new(seed), only)),
    };
    begin(&mut twin, &mut open, &mut shut).await;
    for step in 1..4 + open.below(3) as u32 {
        twin.pass(5);
        hide(&mut twin, &mut shut);
        twin.settle().await;
        twin.number_from(20 * step + 1);
        firm_does(&mut twin, &mut open, planted);
        jane_writes(&mut twin, &mut open);
        twin.settle().await;
        if open.once_in(4) {
            hide(&mut twin, &mut shut);
            twin.pass(24 * 60);
            twin.tick().await;
        }
    }
    (seen(&twin.got), twin.left)
}

fn hide(twin: &mut Twin, shut: &mut Option<(Dice, Option<&'static str>)>) {
    let Some((dice, only)) = shut else { return };
    for _ in 0..dice.below(4) {
        let (name, deed) = dice.one_of(DEEDS);
        let mut own = Dice::new(dice.below(usize::MAX) as u64);
        if only.is_none_or(|only| only == name) {
            deed(twin, &mut own);
        }
    }
}

/// Two are let in; what else is shared differs from world to world.
async fn begin(twin: &mut Twin, open: &mut Dice, shut: &mut Option<(Dice, Option<&'static str>)>) {
    hide(twin, shut);
    let_in(twin).await;
    hide(twin, shut);
    if !open.once_in(5) {
        twin.office.engage(twin.now).unwrap();
    }
    twin.settle().await;
}

/// Jane is invited and accepts; Max is let in, for another matter.
async fn let_in(twin: &mut Twin) {
    twin.pass(1);
    twin.office.invite(twin.now).unwrap();
    twin.settle().await;
    twin.pass(1);
    assert!(twin.reply("", "#accept"), "Jane is invited");
    twin.settle().await;
    let (firm, max, other) = (twin.office.firm.id, twin.office.max, twin.office.other_matter);
    twin.act(twin.office.anna, move |act| {
        let identity = act.tx.identity_for(&Address::parse("max@oduya.example").unwrap(), act.now)?;
        act.tx.set_identity(firm, max, identity)?;
        act.tx.set_accepted(firm, max, act.now)?;
        shares::share(act, max, other, false, "")
    });
}

/// What the firm does for Jane to see.
fn firm_does(twin: &mut Twin, open: &mut Dice, planted: Option<Planted>) {
    let (anna, jane, matter, now) = (twin.office.anna, twin.office.jane, twin.office.matter, twin.now);
    if let Some(planted) = planted {
        tell(twin, planted(twin));
    }
    match open.below(7) {
        0 => tell(twin, "Dear Jane, does the limitation point hold?".into()),
        1 => {
            twin.act(anna, move |act| notes::add(act, matter.id, "Strategy", "We plead limitation."));
        }
        2 => {
            let new = hearing(twin);
            twin.act(anna, move |act| match calendar::create(act, &new)? {
                Ok(event) => calendar::invite(act, event, jane, true, ""),
                Err(refusal) => Ok(Err(refusal)),
            });
        }
        3 => {
            let new = NewBill {
                state: BillState::AwaitingPayment,
                matter: Some(matter.id),
                total_minor: 120_000,
                balance_minor: 120_000,
                due_at: now.to_zoned(twin.office.firm.zone()).date().checked_add(4.days()).ok(),
                ..NewBill::new(&format!("2026-{}", now.as_second()), "GBP")
            };
            twin.act(anna, move |act| match bills::enter(act, matter.id, &new)? {
                Ok(bill) => shares::share(act, jane, bill, true, ""),
                Err(refusal) => Ok(Err(refusal)),
            });
        }
        4 => {
            let hers = twin.office.store.read(|view| view.events_of(twin.office.firm.id, jane)).unwrap();
            if let Some(row) = hers.last() {
                let (event, place) = (row.item(), format!("Court, room {}", open.below(90)));
                let details = EventDetails { location: place, ..row.details.clone() };
                twin.act(anna, move |act| calendar::change(act, event, &details));
            }
        }
        _ => {}
    }
}

/// An event of the shared matter.
fn hearing(twin: &Twin) -> NewEvent {
    let start_at = twin.now + SignedDuration::from_hours(30);
    let details = EventDetails {
        summary: "Hearing".into(),
        description: String::new(),
        location: "Court, room 4".into(),
        conference_url: String::new(),
        start_at,
        end_at: start_at + SignedDuration::from_hours(1),
        all_day: false,
        time_zone: "Europe/London".into(),
        recurrence_rule: None,
        exceptions: Vec::new(),
    };
    let (uid, matter) = (format!("hearing-{}", twin.now), Some(twin.office.matter.id));
    NewEvent { uid, details, matter, organizer: twin.office.anna }
}

fn tell(twin: &Twin, text: String) {
    let (jane, matter) = (twin.office.jane, twin.office.matter);
    twin.act(twin.office.anna, move |act| office::write(act, jane, matter, &text));
}

fn jane_writes(twin: &mut Twin, open: &mut Dice) {
    if open.once_in(4) {
        let (words, typed) = open.one_of(REPLIES);
        if twin.reply(words, typed) {
            return;
        }
    }
    let (to, subject, typed) = open.one_of(MAILS);
    twin.write(JANE, to, subject, typed);
}

/// The first thing that Jane can tell two worlds apart by; none if there is none.
fn difference(one: &[String], other: &[String]) -> Option<String> {
    for (number, (a, b)) in one.iter().zip(other).enumerate() {
        if a != b {
            // The first line is the length, which says little of itself.
            let lines = a.lines().zip(b.lines()).filter(|(a, b)| a != b).take(2);
            let lines: Vec<String> = lines.map(|(a, b)| format!("\n  - {a}\n  + {b}")).collect();
            return Some(format!("mail {} of {}:{}", number + 1, one.len(), lines.concat()));
        }
    }
    (one.len() != other.len()).then(|| format!("{} mails, and {}", one.len(), other.len()))
}

/// What a pair of worlds came to.
struct Pair {
    leak: Option<String>,
    /// What Jane got in one of them.
    mails: usize,
    /// How many more mails left in one world than in the other: something else did happen.
    apart: bool,
}

/// The worlds of a number: one where things are hidden, and one with none of them or others.
async fn pair(number: u64, planted: Option<Planted>) -> Pair {
    let mut seeds = Dice::new(number);
    let (open, first, second) = (seeds.below(usize::MAX) as u64, seeds.below(usize::MAX) as u64, number);
    let other = if seeds.once_in(2) { Hidden::Nothing } else { Hidden::Of(second, None) };
    let (one, left) = played(open, other, planted).await;
    let (two, more) = played(open, Hidden::Of(first, None), planted).await;
    let leak = match difference(&one, &two) {
        Some(leak) if planted.is_none() => {
            Some(format!("world {number}: {leak}\n{}", culprits(open, &[first, second]).await))
        }
        leak => leak,
    };
    Pair { leak, mails: one.len(), apart: left != more }
}

/// Which deeds alone give Jane something.
async fn culprits(open: u64, shut: &[u64]) -> String {
    let (nothing, _) = played(open, Hidden::Nothing, None).await;
    let mut found = String::new();
    for seed in shut {
        for (name, _) in DEEDS {
            let (with, _) = played(open, Hidden::Of(*seed, Some(name)), None).await;
            if let Some(leak) = difference(&nothing, &with) {
                found.push_str(&format!("{name} alone: {leak}\n"));
            }
        }
    }
    found
}

fn asked(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|n| n.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

/// Shows TIM-05, TIM-06, MAT-06, ACC-16.
#[test]
fn t81_worlds_that_differ_only_in_what_is_hidden_from_jane_give_her_the_same_mails() {
    let numbers = match asked("WORLD") {
        Some(one) => one..one + 1,
        None => {
            let from = asked("FROM").unwrap_or(0);
            from..from + asked("WORLDS").unwrap_or(WORLDS)
        }
    };
    let (next, mails, apart) = (AtomicU64::new(numbers.start), AtomicUsize::new(0), AtomicUsize::new(0));
    let leaks = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            threads.spawn(|| {
                block_on(async {
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= numbers.end || leaks.lock().unwrap().len() >= 5 {
                            return;
                        }
                        let pair = pair(number, None).await;
                        mails.fetch_add(pair.mails, Ordering::Relaxed);
                        apart.fetch_add(usize::from(pair.apart), Ordering::Relaxed);
                        leaks.lock().unwrap().extend(pair.leak);
                    }
                });
            });
        }
    });
    let leaks = leaks.into_inner().unwrap();
    let (mails, apart, worlds) = (mails.into_inner(), apart.into_inner(), numbers.end - numbers.start);
    println!("worlds: {worlds} pairs, {mails} mails compared, {} leaks", leaks.len());
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
    assert!(worlds == 1 || mails as u64 > 4 * worlds && apart as u64 > worlds / 3, "{mails} mails, {apart} apart");
}

/// World 921: that Max had filed something showed in the folder that takes it (decisions.md 22), and in its number.
#[test]
fn t81_what_another_co_counsel_filed_on_a_matter_shows_in_no_folder_of_it() {
    let jane_asks = |twin: &mut Twin| {
        let asked = "#documents M-1\n#show F-2\n#show F-21\n#show \"From co-counsel\"\n#get F-2\n#folder F-2\n";
        twin.write(JANE, "m-1", "Folders", asked);
    };
    let played = |max_files: bool| {
        block_on(async {
            let mut twin = Twin::new();
            let_in(&mut twin).await;
            let (max, matter) = (twin.office.max, twin.office.matter);
            twin.act(twin.office.anna, move |act| shares::share(act, max, matter, false, ""));
            if max_files {
                twin.write(MAX, "m-1", "Exhibit", "The file.\n@attach Exhibit A.txt: The exhibit.\n");
            }
            twin.settle().await;
            twin.number_from(21);
            jane_asks(&mut twin);
            twin.settle().await;
            twin.pass(5);
            twin.write(JANE, "m-1", "Exhibit", "Mine.\n@attach Exhibit A.txt: The exhibit.\n");
            twin.settle().await;
            twin.pass(5);
            jane_asks(&mut twin);
            twin.settle().await;
            (seen(&twin.got), twin.left)
        })
    };
    let ((without, few), (with, more)) = (played(false), played(true));
    assert!(more > few, "Max filed nothing");
    assert!(with.last().unwrap().contains("F-21 Folder \"From co-counsel\""), "{}", with.last().unwrap());
    assert_eq!(difference(&without, &with), None);
}

#[test]
fn t81_the_folder_that_is_not_shared_of_a_shared_document_is_not_named() {
    let got = block_on(async {
        let mut twin = Twin::new();
        let_in(&mut twin).await;
        let (jane, document) = (twin.office.jane, twin.office.document);
        twin.act(twin.office.anna, move |act| shares::share(act, jane, document, true, ""));
        let about = "#show D-1\n#get D-1\n#preview D-1\n#documents\n#time D-1 0.3h Read it\n";
        for typed in [about, "#version D-1\n@attach Reply brief.docx: A third text.\n", about] {
            twin.settle().await;
            twin.pass(5);
            twin.write(JANE, "m-1", "The brief", typed);
        }
        twin.settle().await;
        seen(&twin.got)
    });
    assert!(got.iter().any(|mail| mail.contains("version 2 filed")), "{}", got.concat());
    let named: Vec<&String> = got.iter().filter(|mail| mail.contains("Pleadings")).collect();
    assert!(named.is_empty(), "{named:?}");
}

/// What two co-counsel both see, one of them filed and logged; the other is told what, and not by whom (mails.md d0).
#[test]
fn t81_what_another_co_counsel_files_and_logs_where_jane_sees_it_does_not_name_them() {
    let got = block_on(async {
        let mut twin = Twin::new();
        let_in(&mut twin).await;
        let (jane, max) = (twin.office.jane, twin.office.max);
        for item in [twin.office.matter, twin.office.folder] {
            for person in [jane, max] {
                twin.act(twin.office.anna, move |act| shares::share(act, person, item, false, ""));
            }
        }
        twin.settle().await;
        twin.pass(5);
        twin.write(MAX, "m-1", "Exhibit", "#folder F-1\n@attach Exhibit C.txt: The exhibit.\n");
        twin.write(MAX, "m-1", "A call", "#call 10m with Mr Smith: agreed extension\n");
        twin.settle().await;
        twin.pass(24 * 60);
        twin.tick().await;
        twin.write(JANE, "m-1", "Lists", "#notes M-1\n#documents F-1\n#messages M-1\n#contacts M-1\n#home\n");
        twin.settle().await;
        twin.pass(5);
        twin.write(JANE, "m-1", "The call", "#show LOG-1\n");
        twin.settle().await;
        seen(&twin.got)
    });
    let all = got.concat();
    assert!(all.matches("Exhibit C.txt").count() > 1 && all.contains("agreed extension"), "{all}");
    let named: Vec<&str> = all.lines().filter(|l| l.contains("Max") || l.contains("Oduya")).collect();
    assert!(named.is_empty(), "{named:?}");
}

/// A letter that reckons with what its reader may not see is noticed: here the firm tells Jane numbers that count it.
#[test]
fn t81_a_letter_that_counts_what_is_hidden_is_found_out() {
    let counts: [Planted; 3] = [
        |twin| {
            let (firm, matter) = (twin.office.firm.id, twin.office.matter.id);
            let all = twin.office.store.read(|view| view.documents_of_matter(firm, matter)).unwrap();
            format!("There are {} documents on this matter.", all.len())
        },
        |twin| {
            let (firm, matter) = (twin.office.firm.id, twin.office.matter.id);
            let all = twin.office.store.read(|view| view.time_entries_of_matter(firm, matter)).unwrap();
            format!("{} entries.", all.len())
        },
        |twin| {
            let all = twin.office.store.read(|view| view.inbox_list(twin.office.firm.id, None, 1000)).unwrap();
            format!("This is Q-{}.", all.len())
        },
    ];
    for planted in counts {
        let found = block_on(async {
            for number in 0..20 {
                if pair(number, Some(planted)).await.leak.is_some() {
                    return true;
                }
            }
            false
        });
        assert!(found, "{}", planted(&Twin::new()));
    }
}
