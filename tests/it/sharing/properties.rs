//! What holds for all stores: in small random worlds nobody unknown, unaccepted, disabled, revoked or of another firm may
//! do anything to anything; and by mail what is absent, unshared, revoked and foreign is one answer, byte for byte.

use std::collections::BTreeSet;

use docketpost::domain::{Item, Kind, PersonId};
use docketpost::sharing::{Ability, Refusal, Thing, Verdict};
use docketpost::store::shares::{Circumstances, Subject};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::ask::{Received, receive};
use super::fixture::{Fixture, Given};
use super::world::{World, address};

/// Two matters with a few things each; what is shared with whom is for the test to say.
const THINGS: &str = r#"
row = "REV-04"
says = "two matters and their things"
ask = []
[given]
folder = [{ id = "F-1", on = "M-1" }, { id = "F-2", on = "M-1", in = "F-1" }, { id = "F-3", on = "M-2" }, { id = "F-4", on = "M-1", drop = "jane" }]
document = [
  { id = "D-1", on = "M-1" }, { id = "D-2", on = "M-1", in = "F-2" }, { id = "D-3", on = "M-2", in = "F-3" },
  { id = "D-4", on = "M-1", in = "F-4", by = "jane" },
]
task = [{ id = "T-1", on = "M-1" }, { id = "T-2", on = "M-2" }, { id = "T-3" }]
note = [{ id = "N-1", on = "M-1", by = "anna" }, { id = "N-2", on = "M-2", by = "jane" }]
log = [{ id = "LOG-1", on = "M-1", by = "jane" }]
event = [{ id = "EV-1", on = "M-1" }]
conversation = [{ id = "MSG-1", on = "M-1", members = ["anna"] }, { id = "MSG-2", on = "M-2", members = ["anna"] }]
bill = [{ id = "BILL-1", on = "M-1", state = "awaiting_payment", pay_at = "https://pay.example" }]
time = [{ id = "TE-1", on = "M-1", by = "jane" }, { id = "TE-2", on = "T-1", by = "jane" }]
"#;

/// What can be shared of it.
const SHAREABLE: [&str; 14] =
    ["M-1", "M-2", "F-1", "F-3", "F-4", "D-1", "D-2", "D-3", "T-1", "T-2", "T-3", "EV-1", "MSG-1", "BILL-1"];

fn given() -> Given {
    toml::from_str::<Fixture>(THINGS).unwrap().given
}

/// Every thing of the world, and what has no number.
fn subjects(world: &World) -> Vec<Subject> {
    let kinds = [
        (Kind::Matter, 2),
        (Kind::Folder, 4),
        (Kind::Document, 4),
        (Kind::Task, 3),
        (Kind::Note, 2),
        (Kind::Communication, 1),
        (Kind::Event, 1),
        (Kind::Conversation, 2),
        (Kind::Bill, 1),
        (Kind::TimeEntry, 2),
    ];
    let numbered = kinds.iter().flat_map(|(kind, count)| (1..=*count).map(move |n| (kind, n)));
    let items = numbered.map(|(kind, n)| Subject::Item(world.thing(&format!("{}-{n}", kind.prefix()))));
    let matter = world.thing("M-1").id;
    items.chain(Thing::ALL.map(|thing| Subject::Other(thing, Some(matter)))).collect()
}

/// What each ability of this person to each thing of the firm comes to, if it is a yes.
fn allowed(world: &World, person: PersonId) -> Vec<(Subject, Ability)> {
    let with = Circumstances { receiver: Some(world.person("tom")), ..Circumstances::default() };
    let mut found = Vec::new();
    for subject in subjects(world) {
        for ability in Ability::ALL {
            let verdict =
                world.store.read(|s| s.ask_about(world.firm.id, person, *ability, subject, with, world.now)).unwrap();
            match verdict {
                Verdict::Allow { .. } => found.push((subject, *ability)),
                Verdict::Refuse(refusal) if matches!(subject, Subject::Item(_)) => {
                    let sees = found.contains(&(subject, Ability::View)) || *ability == Ability::View;
                    assert!(sees || refusal == Refusal::NotVisible, "{subject:?} {ability:?} {refusal:?}");
                }
                Verdict::Refuse(_) => {}
            }
        }
    }
    found
}

/// Gives a thing as the firm does: whoever is assigned, invited or made a member has the row of that too.
fn give(world: &World, thing: &str, to: PersonId) {
    let item = world.thing(thing);
    world.write(move |tx, firm, now| match item.kind {
        Kind::Task => assert!(tx.assign_task(firm, item.id, Some(to)).unwrap()),
        Kind::Event => drop(tx.add_attendee(firm, item.id, to, "", now).unwrap()),
        Kind::Conversation => drop(tx.add_member(firm, item.id, to, now).unwrap()),
        _ => {}
    });
    world.share(item, to);
}

/// What only the firm's own page gives to whoever is let in.
fn is_home(subject: &Subject) -> bool {
    matches!(subject, Subject::Other(Thing::Home | Thing::Profile, _))
}

#[test]
fn nobody_unknown_unaccepted_disabled_or_of_another_firm_may_do_anything() {
    let (config, shares) = (Config::with_cases(4), prop::sample::subsequence(SHAREABLE.to_vec(), 0..=SHAREABLE.len()));
    let mut runner = TestRunner::new(config);
    let ran = runner.run(&shares, |shares| {
        let world = World::with(&given());
        for thing in &shares {
            for name in ["ida", "dora"] {
                give(&world, thing, world.person(name));
            }
        }
        let (firm, other) = (world.firm.id, world.other);
        let of_other = world.store.read(|s| s.people(other)).unwrap();
        let unknown = PersonId(99_999);
        let outside = of_other.iter().map(|p| p.id).chain([unknown, world.person("ida"), world.person("dora")]);
        for person in outside {
            prop_assert_eq!(allowed(&world, person), vec![], "{:?} of {:?}", person, firm);
        }
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn what_is_revoked_is_as_if_it_had_never_been_shared() {
    let things = prop::sample::subsequence(SHAREABLE.to_vec(), 1..=SHAREABLE.len());
    let mut runner = TestRunner::new(Config::with_cases(4));
    let ran = runner.run(&(things, any::<prop::sample::Selector>()), |(things, kept)| {
        let world = World::with(&given());
        let jane = world.person("jane");
        let before = allowed(&world, jane);
        prop_assert!(before.iter().all(|(subject, _)| is_home(subject)), "{:?}", before);
        for thing in &things {
            give(&world, thing, jane);
        }
        let shared = allowed(&world, jane);
        prop_assert!(shared.len() > before.len() || things == ["F-4"], "{:?} gives nothing", things);
        // All but one end; what is left is exactly what that one gives.
        let kept = *kept.select(&things);
        for thing in things.iter().filter(|t| **t != kept) {
            world.revoke(world.thing(thing), jane);
        }
        let alone = World::with(&given());
        give(&alone, kept, alone.person("jane"));
        let expected = allowed(&alone, alone.person("jane"));
        prop_assert_eq!(allowed(&world, jane), expected);
        world.revoke(world.thing(kept), jane);
        prop_assert_eq!(allowed(&world, jane), before);
        Ok(())
    });
    ran.unwrap();
}

#[test]
fn a_row_of_another_firm_is_not_there_for_anybody_of_this_one() {
    let world = World::new();
    let foreign: Vec<Item> = world
        .store
        .read(|s| {
            let mut items: Vec<Item> = s.matters(world.other)?.iter().map(|m| m.item()).collect();
            for matter in items.clone() {
                items.extend(s.tasks_of_matter(world.other, matter.id)?.iter().map(|t| t.item()));
                items.extend(s.documents_of_matter(world.other, matter.id)?.iter().map(|d| d.item()));
            }
            Ok(items)
        })
        .unwrap();
    assert!(foreign.len() > 20);
    let own: BTreeSet<Item> = ["M-1", "M-2"].map(|n| world.thing(n)).into();
    for name in ["anna", "ben", "jane", "tom", "carl"] {
        for item in foreign.iter().filter(|i| !own.contains(i)) {
            for ability in Ability::ALL {
                let verdict =
                    world.store.read(|s| s.ask(world.firm.id, world.person(name), *ability, *item, world.now));
                assert_eq!(verdict.unwrap(), Verdict::Refuse(Refusal::NotVisible), "{name} {ability:?} {item:?}");
            }
        }
    }
}

/// A world in which number 1 is shared, 2 is not, 3 was and is no longer, and 7 is shared by the second firm only; of 9
/// there is nothing anywhere.
const NUMBERS: &str = r#"
row = "REV-04"
says = "every number that is not there"
ask = []
[given]
document = [{ id = "D-1", on = "M-1" }, { id = "D-2", on = "M-1" }, { id = "D-3", on = "M-1" }]
folder = [{ id = "F-1", on = "M-1" }, { id = "F-2", on = "M-1" }, { id = "F-3", on = "M-1" }]
task = [{ id = "T-1", on = "M-1", for = "jane" }, { id = "T-2", on = "M-1", for = "tom" }, { id = "T-3", on = "M-1", for = "jane" }]
conversation = [
  { id = "MSG-1", on = "M-1", members = ["anna", "jane"] }, { id = "MSG-2", on = "M-1", members = ["anna", "tom"] },
  { id = "MSG-3", on = "M-1", members = ["anna", "jane"] },
]
event = [{ id = "EV-1", on = "M-1", for = ["jane"] }, { id = "EV-2", on = "M-1" }, { id = "EV-3", on = "M-1", for = ["jane"] }]
bill = [{ id = "BILL-1", on = "M-1", state = "paid" }, { id = "BILL-2", on = "M-1", state = "paid" }, { id = "BILL-3", on = "M-1", state = "paid" }]
note = [{ id = "N-1", on = "M-1", by = "anna" }, { id = "N-2", on = "M-1", by = "anna", internal = true }, { id = "N-3", on = "M-3", by = "jane" }]
log = [{ id = "LOG-1", on = "M-1", by = "anna" }, { id = "LOG-2", on = "M-2", by = "anna" }, { id = "LOG-3", on = "M-3", by = "jane" }]
time = [{ id = "TE-1", on = "M-1", by = "jane" }, { id = "TE-2", on = "M-1", by = "anna" }, { id = "TE-3", on = "M-3", by = "jane" }]
share = [
  { of = "M-1", with = "jane" }, { of = "M-3", with = "jane" },
  { of = "D-1", with = "jane" }, { of = "D-3", with = "jane" }, { of = "F-1", with = "jane" }, { of = "F-3", with = "jane" },
  { of = "BILL-1", with = "jane" }, { of = "BILL-3", with = "jane" },
]
revoke = [
  { of = "M-3", from = "jane" }, { of = "D-3", from = "jane" }, { of = "F-3", from = "jane" }, { of = "T-3", from = "jane" },
  { of = "MSG-3", from = "jane" }, { of = "EV-3", from = "jane" }, { of = "BILL-3", from = "jane" },
]
"#;

/// Unshared, revoked, foreign, absent.
const NOT_THERE: [u32; 4] = [2, 3, 7, 9];

/// What can be written about a number, to the gateway or to the number's own address. `{n}` is the number.
const LINES: [(&str, &str, &str); 64] = [
    ("r", "", "#show M-{n}"),
    ("r", "", "#client M-{n}"),
    ("r", "", "#contacts M-{n}"),
    ("r", "", "#documents M-{n}"),
    ("r", "", "#time 1h M-{n} Drafted the brief"),
    ("r", "", "#note M-{n} The witness is free in May"),
    ("r", "", "#call M-{n} with Mr Smith, 10 min: agreed"),
    ("r", "", "#message M-{n} Can we move the call?"),
    ("r", "", "#message T-{n} Can we move the call?"),
    ("r", "", "#message D-{n} Can we move the call?"),
    ("r", "", "#edit M-{n} New name"),
    ("r", "", "#done T-{n}"),
    ("r", "", "#show T-{n}"),
    ("r", "", "#time 1h T-{n} Drafted the brief"),
    ("r", "", "#delete T-{n}"),
    ("r", "", "#get D-{n}"),
    ("r", "", "#get D-{n}v1"),
    ("r", "", "#show D-{n}"),
    ("r", "", "#get F-{n}"),
    ("r", "", "#show EV-{n}"),
    ("r", "", "#show MSG-{n}"),
    ("r", "", "#message MSG-{n} Can we move the call?"),
    ("r", "", "#edit MSG-{n} No"),
    ("r", "", "#get BILL-{n}"),
    ("r", "", "#show N-{n}"),
    ("r", "", "#edit N-{n} New text"),
    ("r", "", "#delete N-{n}"),
    ("r", "", "#edit LOG-{n} New text"),
    ("r", "", "#delete LOG-{n}"),
    ("r", "", "#edit TE-{n} 2h"),
    ("r", "", "#delete TE-{n}"),
    ("r", "", "#wrong M-{n}"),
    ("r", "", "#wrong T-{n}"),
    ("r", "", "#wrong D-{n}"),
    ("r", "", "#wrong EV-{n}"),
    ("r", "", "#done T-{n} 1h Drafted"),
    ("r", "", "#print MSG-{n}"),
    ("r", "", "#preview D-{n}"),
    ("r", "", "#version D-{n}"),
    ("r", "", "#folder F-{n}"),
    ("r", "", "#hours M-{n}"),
    ("r", "", "#entries M-{n}"),
    ("r", "", "#tasks M-{n}"),
    ("r", "", "#notes M-{n}"),
    ("r", "", "#bills M-{n}"),
    ("r", "", "#calendar M-{n}"),
    ("r", "", "#vcard M-{n}"),
    ("r", "", "#yes EV-{n}"),
    ("r", "", "#no EV-{n}"),
    ("r", "", "#move EV-{n} friday 10:00"),
    ("r", "", "#delete EV-{n}"),
    ("r", "", "#reopen T-{n}"),
    ("r", "", "#assign T-{n} to Max"),
    ("r", "", "#share D-{n} with max@oduya.example"),
    ("r", "", "#pay BILL-{n}"),
    ("r", "", "#dry-run\n#done T-{n}"),
    ("r", "", "#log M-{n}"),
    ("r", "", "#undo TE-{n}"),
    ("r", "", "#time 1h EV-{n} Hearing"),
    ("r", "", "#time 1h N-{n} Read"),
    ("r", "", "#help M-{n}"),
    ("m-{n}", "", "Can we move the call?\n\n#note The witness is free in May"),
    ("done+t-{n}", "", "Thank you, it is on its way to you."),
    ("r", "[M-{n}]", "Can we move the call?"),
];

fn numbers() -> World {
    World::with_third_matter(&toml::from_str::<Fixture>(NUMBERS).unwrap().given)
}

/// Sends a line about this number. A message has a world of its own: somebody is told only twice an hour that theirs went
/// nowhere.
fn about_number(world: &World, line: (&str, &str, &str), number: u32, ordinal: usize) -> Received {
    // All of those at one moment, as what is compared names it.
    let own = (!line.2.starts_with('#')).then(|| {
        let mut own = numbers();
        own.now = world.now + jiff::SignedDuration::from_hours(1);
        own
    });
    let world = own.as_ref().unwrap_or(world);
    let typed = |text: &str| text.replace("{n}", &number.to_string());
    let (to, subject, text) = (typed(line.0), typed(line.1), typed(line.2).replace('\n', "\r\n"));
    let raw = format!(
        "From: {from}\r\nTo: {to}@gw.hale.example\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{ordinal}@mail.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n",
        from = address("jane"),
        date = world.now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    );
    receive(world, "jane", raw.as_bytes(), ordinal)
}

/// The receipt without what no two mails share, with the number typed as `{n}`.
fn comparable(receipt: Option<Vec<u8>>, number: u32) -> String {
    let raw = String::from_utf8(receipt.unwrap_or_default()).unwrap();
    let (head, body) = raw.split_once("\r\n\r\n").unwrap_or((&raw, ""));
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let made = ["message-id:", "reply-to:", "references:", "in-reply-to:", "x-docketpost:"];
    let lines = head.lines().filter(|l| !made.iter().any(|name| l.to_lowercase().starts_with(name)));
    let text = format!("{}\n\n{body}", lines.collect::<Vec<_>>().join("\n"));
    let boundary = head.split_once("boundary=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(b, _)| b);
    let text = boundary.map_or(text.clone(), |boundary| text.replace(boundary, "boundary"));
    // Where a line is broken for the way falls between other letters with the number in it.
    let text = text.replace("=\r\n", "");
    let prefixes = ["M", "T", "D", "F", "EV", "MSG", "BILL", "N", "LOG", "TE"];
    prefixes.iter().fold(text, |text, p| text.replace(&format!("{p}-{number}"), &format!("{p}-{{n}}")))
}

#[test]
fn t43_what_is_absent_unshared_revoked_and_foreign_is_one_answer_byte_for_byte() {
    let world = numbers();
    for (place, line) in LINES.into_iter().enumerate() {
        let answers = NOT_THERE.map(|number| {
            let received = about_number(&world, line, number, place * 10 + number as usize);
            let is_trial = line.2.starts_with("#dry-run");
            let refused = ["REFUSED", "HELD"].contains(&received.state.as_str());
            assert!(refused || is_trial, "{line:?} of {number}: {}", received.state);
            (received.state, received.reason, comparable(received.receipt, number))
        });
        for (answer, number) in answers.iter().zip(NOT_THERE) {
            assert_eq!(answer, &answers[0], "{line:?}: {number} is answered otherwise than {}", NOT_THERE[0]);
        }
    }
}

#[test]
fn a_tag_of_what_is_not_there_is_passed_over() {
    let world = numbers();
    for number in NOT_THERE {
        let received = about_number(&world, ("r", "[M-{n}] and [M-1]", "#note On {n}"), number, number as usize);
        assert_eq!(received.state, "APPLIED", "{number}");
        assert!(received.receipt_text().unwrap().contains("note added on M-1"), "{number}");
    }
}

#[test]
fn what_is_there_is_answered_otherwise() {
    let world = numbers();
    // One gives access back, and would take it from the others; the rest is refused before it is looked whose thing it is.
    let same = ["#wrong", "#log", "#version", "#folder", "#help", "#undo", "#reopen", "#assign", "#share"];
    let told = LINES.into_iter().filter(|line| !same.iter().any(|verb| line.2.starts_with(verb)));
    for (place, line) in told.enumerate() {
        let [there, absent] = [1, 9].map(|number| {
            let received = about_number(&world, line, number, place * 10 + number as usize);
            comparable(received.receipt, number)
        });
        assert_ne!(there, absent, "{line:?} tells nothing");
    }
}
