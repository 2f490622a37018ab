//! May they? The one answer: facts about a person and a thing come in, a verdict goes out. Pure: reads no store, no
//! clock, logs nothing, and has no words.
//!
//! The table (`rules`) is the allow-list of requirements.md a2–a9, and reads as sentences: "by TSK-02 co-counsel may
//! complete a task when it is not complete and its matter is open". It says each thing once:
//!
//! 1. Whoever is not let in by this firm gets nothing, nor does anybody who is screened, nor anybody from what is
//!    not there (`barred`): a gate before the table, so that no rule can forget it. One exception has a row (REV-11): a
//!    screened user who would give access is told of the screen.
//! 2. The rules for `View` say what reaches a person: a grant, the matter's share, their own making. Every other
//!    ability presupposes `View`, so the other rules say only what may be done *with what is seen*. Who may not view gets
//!    `NotVisible`, whatever is asked: absent, unshared, revoked, foreign and not yet accepted are one answer.
//! 3. What no rule allows is refused. Of a rule that fits but for its state (closed, billed, locked, complete …) the
//!    first such condition gives the reason; otherwise `DENIALS` does; otherwise it is `NotPermitted`.
//!
//! 4. An assistant is asked about as the co-counsel for whom they act, and may do of that what `DELEGATIONS` give: never more.
//!
//! A closed matter is read-only for contacts, not for the firm. An RSVP and a payment are no work on the matter, and go on.

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
mod rules;
mod refusal;
mod facts;
mod ability;

pub use ability::Ability;
pub use facts::{BillState, Facts, Given, Reach, Receiver, Role, Standing, Thing, Who};
pub use refusal::Refusal;
pub use rules::{Condition, DELEGATIONS, DENIALS, Delegation, Denial, RULES, Rule};

use std::collections::BTreeSet;

/// The answer to "may they?".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Yes, by these requirement rows.
    Allow {
        /// The rows of the rule that allows it.
        rows: &'static [&'static str],
    },
    /// No, for this reason.
    Refuse(Refusal),
}

impl Verdict {
    /// Says whether it is a yes.
    pub const fn is_allowed(self) -> bool {
        matches!(self, Verdict::Allow { .. })
    }
}

/// Gives the verdict of the rules on this ability under these facts.
pub fn may(facts: &Facts, ability: Ability) -> Verdict {
    decide(RULES, DENIALS, facts, ability)
}

/// Gives the verdict of other rules and denials than ours: for tests that take one away.
pub fn decide(rules: &[Rule], denials: &[Denial], facts: &Facts, ability: Ability) -> Verdict {
    if let Some(refusal) = barred(facts, ability) {
        return Verdict::Refuse(refusal);
    }
    if allowing(rules, facts, Ability::View).is_none() {
        return Verdict::Refuse(Refusal::NotVisible);
    }
    match allowing(rules, facts, ability) {
        Some(_) if !is_in_hand(facts, ability) => Verdict::Refuse(Refusal::NotForAssistants),
        Some(rule) => Verdict::Allow { rows: rule.rows },
        None => Verdict::Refuse(reason(rules, denials, facts, ability)),
    }
}

/// Lists the requirement rows that rules, denials and refusals name.
pub fn rows_named() -> BTreeSet<&'static str> {
    let rules = RULES.iter().flat_map(|r| r.rows);
    let denials = DENIALS.iter().flat_map(|d| d.rows);
    let refusals = Refusal::ALL.into_iter().flat_map(|r| r.rows());
    rules.chain(denials).chain(refusals).copied().collect()
}

/// The gate before the table.
fn barred(facts: &Facts, ability: Ability) -> Option<Refusal> {
    if facts.standing != Standing::Active || !facts.present {
        return Some(Refusal::NotVisible);
    }
    // REV-11 has the firm's people told of a screen when they would give access; everything else is as if absent.
    let gives = matches!(ability, Ability::Share | Ability::Assign | Ability::AddMember);
    match facts.role.who() {
        Some(Who::User) if facts.screened && gives => Some(Refusal::BlockedByScreen),
        _ => facts.screened.then_some(Refusal::NotVisible),
    }
}

/// Whether it was given to the assistant who acts; always so for who acts in their own name.
fn is_in_hand(facts: &Facts, ability: Ability) -> bool {
    let Some(given) = &facts.acts_by else { return true };
    let fits = |d: &&Delegation| d.things.contains(&facts.thing) && d.abilities.contains(&ability);
    DELEGATIONS.iter().filter(fits).any(|d| d.given.is_none_or(|g| given.contains(&g)))
}

fn allowing<'r>(rules: &'r [Rule], facts: &Facts, ability: Ability) -> Option<&'r Rule> {
    fitting(rules, facts, ability).find(|rule| rule.when.iter().all(|c| c.holds(facts)))
}

fn fitting<'r>(rules: &'r [Rule], facts: &Facts, ability: Ability) -> impl Iterator<Item = &'r Rule> {
    let (who, thing) = (facts.role.who(), facts.thing);
    rules.iter().filter(move |r| Some(r.who) == who && r.things.contains(&thing) && r.abilities.contains(&ability))
}

/// Why a person who sees the thing may not: a state of it, a sentence of its own, or nothing allows it.
fn reason(rules: &[Rule], denials: &[Denial], facts: &Facts, ability: Ability) -> Refusal {
    fitting(rules, facts, ability)
        .find_map(|rule| state_in_the_way(rule, facts))
        .or_else(|| denied(denials, facts, ability))
        .unwrap_or(Refusal::NotPermitted)
}

/// The first failing condition that explains itself, unless one fails that does not.
fn state_in_the_way(rule: &Rule, facts: &Facts) -> Option<Refusal> {
    let mut reasons = rule.when.iter().filter(|c| !c.holds(facts)).map(|c| c.refusal(facts));
    let first = reasons.next()?;
    reasons.all(|r| r.is_some()).then_some(first).flatten()
}

fn denied(denials: &[Denial], facts: &Facts, ability: Ability) -> Option<Refusal> {
    let fits = |d: &&Denial| {
        Some(d.who) == facts.role.who()
            && d.things.contains(&facts.thing)
            && d.abilities.contains(&ability)
            && d.when.iter().all(|c| c.holds(facts))
    };
    denials.iter().find(fits).map(|d| d.refusal)
}
