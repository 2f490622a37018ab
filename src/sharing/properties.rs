//! What holds for all facts, and that no line of the table could be missed.

use super::tests::*;
use super::*;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use std::sync::LazyLock;

fn roles() -> impl Strategy<Value = Role> {
    prop_oneof![
        4 => Just(Role::CoCounsel),
        2 => Just(Role::Contact),
        3 => users(),
        1 => Just(Role::Stranger),
    ]
}

fn users() -> impl Strategy<Value = Role> {
    any::<(bool, bool, bool, bool)>().prop_map(|(admin, billing, accounts, reports)| Role::User {
        admin,
        billing,
        accounts,
        reports,
    })
}

fn standings() -> impl Strategy<Value = Standing> {
    prop_oneof![
        3 => Just(Standing::Active),
        1 => Just(Standing::NotAccepted),
        1 => Just(Standing::Disabled),
        1 => Just(Standing::Stranger),
    ]
}

/// Mostly one's own.
fn hands() -> impl Strategy<Value = Option<BTreeSet<Given>>> {
    let given = prop::sample::subsequence(Given::ALL.to_vec(), 0..=Given::ALL.len());
    prop_oneof![3 => Just(None), 1 => given.prop_map(|given| Some(given.into_iter().collect()))]
}

fn days() -> impl Strategy<Value = Option<Date>> {
    prop_oneof![2 => Just(None), 1 => (1i8..=28).prop_map(|d| Some(date(2026, 3, d)))]
}

fn bill_states() -> impl Strategy<Value = BillState> {
    use BillState::*;
    prop::sample::select(vec![Draft, AwaitingApproval, AwaitingPayment, Paid, Void, Deleted])
}

fn any_facts() -> impl Strategy<Value = Facts> {
    let person = (roles(), standings(), prop::sample::select(Thing::ALL.to_vec()));
    let ways = (
        prop::sample::select(vec![Reach::None, Reach::Direct, Reach::ThroughFolder]),
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.1),
        any::<(bool, bool, bool, bool)>(),
        prop::sample::select(vec![
            Receiver::Nobody,
            Receiver::User,
            Receiver::CoCounsel,
            Receiver::Contact,
            Receiver::NoAddress,
            Receiver::AddressTaken,
            Receiver::Assistant,
            Receiver::Screened,
        ]),
    );
    let states = (any::<[bool; 8]>(), days(), days(), days(), bill_states());
    (person, ways, states, hands()).prop_map(|((role, standing, thing), ways, states, acts_by)| {
        let (reach, present, screened, (permitted, matter_shared, own, in_drop_folder), receiver) = ways;
        let (flags, completed_on, closed_on, worked_on, bill) = states;
        let [internal, locked, late_time_over, billed, category_hidden, cancelled, read_only, payment_set_up] = flags;
        Facts {
            acts_by,
            role,
            standing,
            thing,
            present,
            screened,
            permitted,
            reach,
            matter_shared,
            own,
            in_drop_folder,
            internal,
            locked,
            completed_on,
            closed_on,
            worked_on,
            late_time_over,
            billed,
            category_hidden,
            cancelled,
            read_only,
            bill,
            payment_set_up,
            receiver,
        }
    })
}

/// Facts of somebody who is let in, about something that is there.
fn let_in() -> impl Strategy<Value = Facts> {
    any_facts().prop_map(|f| Facts { standing: Standing::Active, present: true, screened: false, ..f })
}

fn allowed(facts: &Facts) -> Vec<Ability> {
    Ability::ALL.iter().copied().filter(|a| may(facts, *a).is_allowed()).collect()
}

proptest! {
    #![proptest_config(Config::with_cases(2000))]

    #[test]
    fn nobody_who_is_not_let_in_is_ever_allowed_anything(facts in any_facts()) {
        if facts.standing != Standing::Active || facts.role == Role::Stranger || !facts.present {
            for ability in Ability::ALL {
                prop_assert_eq!(may(&facts, *ability), Verdict::Refuse(Refusal::NotVisible));
            }
        }
    }

    #[test]
    fn a10_an_assistant_may_nothing_that_their_co_counsel_may_not(facts in let_in()) {
        let own = Facts { acts_by: None, ..facts.clone() };
        for ability in allowed(&facts) {
            prop_assert!(may(&own, ability).is_allowed(), "{}", ability.code());
        }
        let nothing = Facts { acts_by: Some(BTreeSet::new()), ..facts };
        for ability in allowed(&nothing) {
            prop_assert!(matches!(ability, Ability::View | Ability::SeeAccounts), "{}", ability.code());
        }
    }

    #[test]
    fn nobody_who_is_screened_is_ever_allowed_anything(facts in any_facts()) {
        let screened = Facts { screened: true, ..facts };
        prop_assert!(allowed(&screened).is_empty());
    }

    #[test]
    fn who_may_not_view_gets_the_neutral_refusal_whatever_is_asked(facts in any_facts()) {
        let told_of_screen = facts.screened && matches!(facts.role, Role::User { .. });
        // An assistant is told what was not given to them only where their co-counsel sees the thing.
        let sees = may(&Facts { acts_by: None, ..facts.clone() }, Ability::View).is_allowed();
        if !sees && !told_of_screen {
            for ability in Ability::ALL {
                prop_assert_eq!(may(&facts, *ability), Verdict::Refuse(Refusal::NotVisible));
            }
        }
    }

    #[test]
    fn a_contact_whom_no_share_reaches_has_a_home_and_nothing_else(facts in let_in(), role in prop::sample::select(
        vec![Role::CoCounsel, Role::Contact],
    )) {
        let facts = Facts { acts_by: None, role, reach: Reach::None, matter_shared: false, ..facts };
        let home: &[Ability] = match (facts.thing, role, facts.closed_on) {
            (Thing::Home, Role::CoCounsel, None) => {
                &[Ability::View, Ability::StartConversation, Ability::SeeAccounts, Ability::NameAssistant]
            }
            (Thing::Home, Role::CoCounsel, _) => &[Ability::View, Ability::SeeAccounts, Ability::NameAssistant],
            (Thing::Home, _, _) => &[Ability::View, Ability::SeeAccounts],
            (Thing::Profile, Role::CoCounsel | Role::Contact, _) => &[Ability::View, Ability::Edit],
            _ => &[],
        };
        prop_assert_eq!(allowed(&facts), home);
    }

    #[test]
    fn a_matter_share_alone_shows_the_matter_its_notes_and_its_log(facts in let_in()) {
        let facts = Facts { role: Role::CoCounsel, reach: Reach::None, own: false, ..facts };
        if !matches!(facts.thing, MATTER | NOTE | LOG | Thing::Home | Thing::Profile) {
            prop_assert!(allowed(&facts).is_empty());
        }
    }

    #[test]
    fn t82_co_counsel_never_see_money_or_others_time(facts in any_facts()) {
        let facts = Facts { role: Role::CoCounsel, ..facts };
        for ability in [Ability::SeeMoney, Ability::SeeOthersTime, Ability::SetRate, Ability::AddToBill] {
            prop_assert!(!may(&facts, ability).is_allowed());
        }
        prop_assert!(facts.thing != TIME || facts.own || allowed(&facts).is_empty());
    }

    #[test]
    fn no_contact_ever_gives_access(facts in any_facts()) {
        if !matches!(facts.role, Role::User { .. }) {
            for ability in [Ability::Share, Ability::Unshare, Ability::Assign, Ability::AddMember] {
                prop_assert!(!may(&facts, ability).is_allowed());
            }
        }
    }

    #[test]
    fn nothing_is_given_to_nobody_to_the_screened_or_to_who_has_no_address(facts in any_facts(), receiver in prop::sample::select(
        vec![Receiver::Screened, Receiver::Nobody, Receiver::NoAddress, Receiver::AddressTaken],
    )) {
        let facts = Facts { receiver, ..facts };
        for ability in [Ability::Share, Ability::Assign, Ability::AddMember] {
            prop_assert!(!may(&facts, ability).is_allowed());
        }
    }

    #[test]
    fn in_a_closed_matter_contacts_read_answer_invitations_pay_and_give_back(facts in let_in()) {
        use Ability::*;
        let own = [SeeAccounts, NameAssistant];
        let reads = [View, SeeDetails, SeeClient, SeeContacts, Preview, Download, Print, Rsvp, Pay, GiveBack];
        let facts = Facts { closed_on: Some(date(2026, 3, 14)), worked_on: None, ..facts };
        if !matches!(facts.role, Role::User { .. }) && facts.thing != Thing::Profile {
            prop_assert!(allowed(&facts).iter().all(|a| reads.contains(a) || own.contains(a)), "{:?}", allowed(&facts));
        }
    }
}

#[test]
fn no_rule_gives_money_or_others_time_to_anybody_but_the_firm() {
    for rule in RULES.iter().filter(|r| r.who != Who::User) {
        assert!(!rule.abilities.contains(&Ability::SeeMoney), "{rule:?}");
        assert!(!rule.abilities.contains(&Ability::SeeOthersTime), "{rule:?}");
    }
}

/// Facts of this actor about this thing, enough of them to meet every combination that a rule asks for.
fn samples(who: Who, thing: Thing) -> Vec<Facts> {
    let mut runner = TestRunner::deterministic();
    let roles = match who {
        Who::CoCounsel => Just(Role::CoCounsel).boxed(),
        Who::Contact => Just(Role::Contact).boxed(),
        Who::User => users().boxed(),
    };
    let strategy = (let_in(), roles).prop_map(|(f, role)| Facts { role, thing, ..f });
    (0..1000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

static SAMPLES: LazyLock<Vec<(Who, Thing, Vec<Facts>)>> = LazyLock::new(|| {
    let whos = [Who::CoCounsel, Who::Contact, Who::User];
    whos.into_iter().flat_map(|w| Thing::ALL.map(|t| (w, t, samples(w, t)))).collect()
});

/// The table with one rule replaced, or left out.
fn table_with(index: usize, rule: Option<Rule>) -> Vec<Rule> {
    let (before, after) = (&RULES[..index], &RULES[index + 1..]);
    [before, rule.as_slice(), after].concat()
}

/// Whether the verdict of the table differs for any of these facts.
fn differs(other: &[Rule], facts: &[Facts], ability: Ability) -> bool {
    facts.iter().any(|f| may(f, ability).is_allowed() != decide(other, DENIALS, f, ability).is_allowed())
}

/// The rules, each with a thing that it names and facts about that thing.
fn rules_and_facts() -> impl Iterator<Item = (usize, Rule, Thing, &'static [Facts])> {
    SAMPLES.iter().flat_map(|(who, thing, facts)| {
        let named = RULES.iter().enumerate().filter(|(_, r)| r.who == *who && r.things.contains(thing));
        named.map(|(index, rule)| (index, *rule, *thing, facts.as_slice()))
    })
}

#[test]
fn no_rule_could_be_left_out_for_any_thing_or_ability_that_it_names() {
    for (index, rule, thing, facts) in rules_and_facts() {
        let without = table_with(index, None);
        for &ability in rule.abilities {
            assert!(differs(&without, facts, ability), "{} of {thing:?} by {rule:?}", ability.code());
        }
    }
}

#[test]
fn no_condition_could_be_left_out_for_any_thing_or_ability_of_its_rule() {
    for (index, rule, thing, facts) in rules_and_facts() {
        for left_out in rule.when {
            let when: Vec<Condition> = rule.when.iter().copied().filter(|c| c != left_out).collect();
            let without = table_with(index, Some(Rule { when: when.leak(), ..rule }));
            for &ability in rule.abilities {
                assert!(
                    differs(&without, facts, ability),
                    "{left_out:?} for {} of {thing:?} in {rule:?}",
                    ability.code()
                );
            }
        }
    }
}

#[test]
fn no_denial_is_dead() {
    for (who, thing, facts) in SAMPLES.iter() {
        for denial in DENIALS.iter().filter(|d| d.who == *who && d.things.contains(thing)) {
            for &ability in denial.abilities {
                let said = |f: &Facts| {
                    may(f, ability) == Verdict::Refuse(denial.refusal) && may(f, Ability::View).is_allowed()
                };
                assert!(facts.iter().any(said), "{} of {thing:?} by {denial:?}", ability.code());
            }
        }
    }
}

#[test]
fn every_refusal_is_given_somewhere() {
    let mut given = BTreeSet::new();
    for (_, _, facts) in SAMPLES.iter() {
        for f in facts.iter().take(200) {
            given.extend(Ability::ALL.iter().filter_map(|a| match may(f, *a) {
                Verdict::Refuse(refusal) => Some(refusal.code()),
                Verdict::Allow { .. } => None,
            }));
        }
    }
    assert!(Refusal::ALL.iter().all(|r| given.contains(r.code())), "{given:?}");
}
