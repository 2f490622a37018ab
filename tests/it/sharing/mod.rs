//! The allow-list of requirements.md a2–a9, row by row, from files under `fixtures/sharing/`: each says what is so, which
//! is inserted into a real store, and asks through the command line or by mail. A fixture is a test of its own name; what
//! holds for all of them stands below, and what holds for all stores in `properties`.

mod ask;
mod fixture;
mod properties;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use docketpost::sharing::{Ability, DENIALS, Denial, Facts, RULES, Rule, Verdict, decide, may};

use ask::{by_command_line, by_mail, unwrapped, with_days};
use fixture::{Ask, Fixture, Mail, Question};
use world::World;

/// The rows of a2–a9 with the verdict A or D whose actor is co-counsel, and what else the table carries out.
#[rustfmt::skip]
const ROWS: &[&str] = &[
    "REV-01", "REV-02", "REV-03", "REV-04", "REV-05", "REV-06", "REV-09", "REV-10", "REV-11",
    "CAL-01", "CAL-02", "CAL-03", "CAL-04", "CAL-05", "CAL-06", "CAL-07", "CAL-08",
    "TSK-01", "TSK-02", "TSK-03", "TSK-04", "TSK-05", "TSK-06", "TSK-07", "TSK-08",
    "MAT-01", "MAT-02", "MAT-03", "MAT-04", "MAT-05", "MAT-06", "MAT-07",
    "NOT-01", "NOT-02", "NOT-03", "NOT-04", "NOT-05", "NOT-06",
    "COM-01", "COM-02", "COM-03", "COM-04", "COM-05", "COM-06",
    "TIM-01", "TIM-02", "TIM-03", "TIM-04", "TIM-05", "TIM-06", "TIM-07", "TIM-08", "TIM-09", "TIM-10", "TIM-12",
    "TIM-13", "TIM-15", "TIM-16",
    "DOC-01", "DOC-02", "DOC-03", "DOC-04", "DOC-05", "DOC-06", "DOC-07", "DOC-08", "DOC-09", "DOC-10", "DOC-11",
    "DOC-12", "DOC-13", "DOC-14", "DOC-16", "DOC-17",
    "BIL-01", "BIL-02", "BIL-03", "BIL-04", "BIL-05",
    "MSG-01", "MSG-02", "MSG-03", "MSG-04", "MSG-05", "MSG-06", "MSG-07", "MSG-08", "MSG-10",
    "ACC-04", "ACC-05", "ACC-06", "ACC-14", "ACC-18", "ACC-19", "ACC-20", "FRM-01", "FRM-02", "FRM-03", "FRM-04",
    "ACC-15", "ACC-16",
    // gateway.md
    "A10",
];

/// One test for each file, of its name; and the list of them.
macro_rules! fixtures {
    ($($name:ident)*) => {
        const FIXTURES: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { shows(stringify!($name)); })*
    };
}

include!("list.rs");

/// What the rules were asked, and what they were to say.
struct Asked {
    facts: Facts,
    ability: Ability,
    expected: String,
}

/// Whether the built binary is asked too.
#[derive(Clone, Copy, PartialEq)]
enum Through {
    /// Yes.
    Everything,
    /// No: only the facts are wanted, which the store gives as well.
    Facts,
}

/// Runs a fixture and fails with its name, its row and what was said instead.
fn shows(name: &str) {
    run(name, Through::Everything);
}

fn run(name: &str, through: Through) -> Vec<Asked> {
    let fixture = Fixture::read(name);
    let title = format!("fixtures/sharing/{name}.toml ({}: {})", fixture.row, fixture.says);
    assert!(!fixture.ask.is_empty(), "{title}: asks nothing");
    let world = World::with(&fixture.given);
    let mut asked = Vec::new();
    let mut said = BTreeMap::new();
    for (ordinal, ask) in fixture.ask.iter().enumerate() {
        let title = format!("{title}, ask {}", ordinal + 1);
        match ask {
            Ask::CommandLine(question) => {
                asked.extend(facts(&world, question, &title));
                if through == Through::Everything {
                    ask_command_line(&world, question, &mut said, &title);
                }
            }
            Ask::Mail(mail) => {
                if let Some(question) = mail.question() {
                    asked.extend(facts(&world, &question, &title));
                }
                ask_by_mail(&world, mail, ordinal, &title);
                // What was said before the mail may not be so after it.
                said.clear();
            }
        }
    }
    asked
}

/// The facts as the store gives them, judged as expected.
fn facts(world: &World, question: &Question, title: &str) -> Vec<Asked> {
    let (person, subject) = (world.person(&question.person), world.subject(&question.thing));
    let with = world.circumstances(question);
    let facts = world.store.read(|s| s.facts(world.firm.id, person, subject, with, world.now)).unwrap();
    let codes = question.ability.all();
    assert!(!codes.is_empty(), "{title}: which ability?");
    let asked = codes.iter().map(|code| {
        let ability = Ability::ALL.iter().copied().find(|a| a.code() == code);
        let ability = ability.unwrap_or_else(|| panic!("{title}: {code} is no ability"));
        assert_eq!(
            word(may(&facts, ability)),
            question.expect,
            "{title}: {} {code} {}",
            question.person,
            question.thing
        );
        Asked { facts: facts.clone(), ability, expected: question.expect.clone() }
    });
    asked.collect()
}

fn word(verdict: Verdict) -> String {
    match verdict {
        Verdict::Allow { .. } => "allow".to_owned(),
        Verdict::Refuse(refusal) => refusal.code().to_owned(),
    }
}

type Said = BTreeMap<String, BTreeMap<String, String>>;

fn ask_command_line(world: &World, question: &Question, said: &mut Said, title: &str) {
    let Question { person, thing, receiver, worked_days_ago, hidden_category, .. } = question;
    let key = format!("{person} {thing} {receiver:?} {worked_days_ago:?} {hidden_category}");
    let answers = said.entry(key).or_insert_with(|| by_command_line(world, question));
    for code in question.ability.all() {
        assert_eq!(answers.get(code), Some(&question.expect), "{title}: `docketpost who`: {person} {code} {thing}");
    }
}

fn ask_by_mail(world: &World, mail: &Mail, ordinal: usize, title: &str) {
    let got = by_mail(world, mail, ordinal);
    let receipt = got.receipt_text();
    let shown = receipt.as_deref().unwrap_or("no receipt");
    assert_eq!(got.state, mail.outcome, "{title}: {:?}, {shown}", got.reason);
    let day = |days| world.firm.locale.display(world.days_ago(days));
    for wanted in mail.receipt.all() {
        let wanted = unwrapped(&with_days(wanted, day));
        assert!(shown.contains(&wanted), "{title}: not in the receipt: {wanted}\n{shown}");
    }
    assert!(!mail.receipt.all().is_empty() || receipt.is_none(), "{title}: a receipt that is not expected: {shown}");
    for silent in mail.silent_about.all() {
        assert!(!shown.contains(silent.as_str()), "{title}: the receipt speaks of {silent}: {shown}");
    }
    if let Some(tells) = &mail.tells {
        assert_eq!(&got.tells, tells, "{title}: who is told");
    }
}

#[test]
fn every_file_is_a_test_and_every_test_a_file() {
    let entries = std::fs::read_dir(fixture::folder()).unwrap().map(|e| e.unwrap().path());
    let files: BTreeSet<String> = entries
        .filter(|p| p.extension().is_some_and(|e| e == "toml"))
        .map(|p| p.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    let tests: BTreeSet<String> = FIXTURES.iter().map(|n| (*n).to_owned()).collect();
    assert_eq!(files, tests, "list.rs is to name exactly the files of fixtures/sharing");
}

#[test]
fn a_file_is_named_for_its_row() {
    for name in FIXTURES {
        let row = Fixture::read(name).row.to_lowercase().replace('-', "_");
        assert!(name.starts_with(&format!("{row}_")), "{name}.toml is for {row}");
    }
}

#[test]
fn every_row_has_a_file_of_its_own() {
    let shown: BTreeSet<String> = FIXTURES.iter().map(|n| Fixture::read(n).row).collect();
    let missing: Vec<_> = ROWS.iter().filter(|row| !shown.contains(**row)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let known = |row: &str| ROWS.contains(&row) || ["ACC-01", "ACC-07", "ACC-09", "ACC-10"].contains(&row);
    for name in FIXTURES {
        let fixture = Fixture::read(name);
        assert!(fixture.rows().all(known), "{name}.toml names a row that is not known");
    }
}

type AllAsked = BTreeMap<&'static str, Vec<Asked>>;

/// What each fixture asks, with the facts that its store gives.
static ASKED: LazyLock<AllAsked> =
    LazyLock::new(|| FIXTURES.iter().map(|name| (*name, run(name, Through::Facts))).collect());

/// Names of the fixtures whose verdict another table changes.
fn broken_by(rules: &[Rule], denials: &[Denial], asked: &AllAsked) -> Vec<String> {
    let differs = |a: &Asked| word(decide(rules, denials, &a.facts, a.ability)) != a.expected;
    asked.iter().filter(|(_, all)| all.iter().any(differs)).map(|(name, _)| (*name).to_owned()).collect()
}

fn without<T: Copy>(table: &[T], index: usize) -> Vec<T> {
    [&table[..index], &table[index + 1..]].concat()
}

#[test]
fn without_any_one_rule_or_denial_a_fixture_fails() {
    let asked = &ASKED;
    assert!(broken_by(RULES, DENIALS, asked).is_empty());
    let mut missed = Vec::new();
    for (index, rule) in RULES.iter().enumerate() {
        if broken_by(&without(RULES, index), DENIALS, asked).is_empty() {
            missed.push(format!("{rule:?}"));
        }
    }
    for (index, denial) in DENIALS.iter().enumerate() {
        if broken_by(RULES, &without(DENIALS, index), asked).is_empty() {
            missed.push(format!("{denial:?}"));
        }
    }
    assert!(missed.is_empty(), "no fixture fails without\n{}", missed.join("\n"));
}

#[test]
fn without_any_one_condition_a_fixture_fails() {
    let asked = &ASKED;
    let mut missed = Vec::new();
    for (index, rule) in RULES.iter().enumerate() {
        for left_out in rule.when {
            let when: Vec<_> = rule.when.iter().copied().filter(|c| c != left_out).collect();
            let mut rules = RULES.to_vec();
            rules[index] = Rule { when: when.leak(), ..*rule };
            if broken_by(&rules, DENIALS, asked).is_empty() {
                missed.push(format!("{left_out:?} of {rule:?}"));
            }
        }
    }
    assert!(missed.is_empty(), "no fixture fails without\n{}", missed.join("\n"));
}
