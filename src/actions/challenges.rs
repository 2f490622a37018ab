//! "Was this you?": mail that nothing proves waits, and its owner is asked at the registered address (sender-proof.md
//! 5.10). A right code in an answer to that question releases all mails that wait for it, once, and binds the domain that
//! signed them (decisions.md 3). The question shows nothing of the mails, and the code is never stored. In the same way
//! content of a restricted matter is sent only after a code (mails.md d0): whoever asks reads the mailbox it goes to.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Act;
use crate::domain::leap::is_over;
use crate::domain::{InboxId, PersonId};
use crate::outbound::letter::{self, Addressed, Letter, Line, Notice};
use crate::store::audit::Entry;
use crate::store::challenges::Challenge;
use crate::store::firms::Firm;
use crate::store::inbox::InboxState;
use crate::store::keys::Question;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, StoreError, Tx};

/// How long a code is good.
const GOOD_FOR: SignedDuration = SignedDuration::from_hours(24);
/// How many questions a firm asks in a day.
const PER_DAY: u32 = 20;
/// The level that a right code gives to the mails it releases; of the firm's own releases it is another.
pub const CONFIRMED: &str = "confirmed";
/// How many wrong codes end a question.
const WRONG_CODES: u32 = 5;

/// What a typed code came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Confirmed {
    /// So many mails were released.
    Released(usize),
    /// This is to be answered now, content and all.
    Content(Vec<Line>),
    /// The code is wrong; so many more may be tried.
    Wrong {
        /// Codes left.
        left: u32,
    },
    /// The question is over: too many wrong codes, or it is none of this person's.
    Over,
    /// It was confirmed before.
    Before,
    /// Its time was over; a new question was asked.
    Renewed,
}

/// Asks the person whether a held mail is theirs; the mail joins a question that is open. False if they are not asked:
/// no address, too many wrong codes, or the firm's questions of the day are used up.
pub fn challenge(
    tx: &Tx<'_>,
    firm: &Firm,
    person: PersonId,
    inbox: InboxId,
    signer: Option<&str>,
    now: Timestamp,
) -> Result<bool> {
    let firm = firm.id;
    let Some(person) = tx.person(firm, person)?.filter(|p| !p.disabled) else { return Ok(false) };
    if let Some(open) = tx.open_challenge(firm, person.id, now)? {
        tx.add_mail_to_challenge(firm, open.id, inbox, signer)?;
        return Ok(open.tries < WRONG_CODES);
    }
    let Some(mailbox) = tx.mail_address(firm, &person)? else { return Ok(false) };
    let day_ago = now.saturating_sub(GOOD_FOR).unwrap_or(Timestamp::MIN);
    if tx.challenges_since(firm, day_ago)? >= PER_DAY {
        return Ok(false);
    }
    let expires_at = now.saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX);
    let id = tx.add_challenge(firm, person.id, None, expires_at, now)?;
    tx.add_mail_to_challenge(firm, id, inbox, signer)?;
    let sha256 = tx.inbox(firm, inbox)?.map(|m| m.sha256).unwrap_or_default();
    let reply = Some((Purpose::Confirm, About::Challenge(id)));
    let addressed = Addressed {
        only_to: Some(mailbox.into()),
        ..Addressed::new(person.id, Letter::Challenge { challenge: id }, format!("{sha256}:{id}"), reply)
    };
    letter::queue(tx, firm, addressed, now)?;
    tx.audit(firm, &Entry::new(None, "challenge.ask").by(Some(inbox)).with(json!({"of": person.id})), now)?;
    Ok(true)
}

/// Asks the actor for a code before these questions about restricted matters are answered with content. False if they have
/// no address.
pub fn ask_before_content(act: &Act<'_>, asks: &[Line]) -> Result<bool> {
    let asks = serde_json::to_string(asks).map_err(|e| StoreError::Content(e.to_string()))?;
    ask_for_code(act, &asks)
}

fn ask_for_code(act: &Act<'_>, asks: &str) -> Result<bool> {
    let (tx, firm, person) = (act.tx, act.firm.id, act.actor.id);
    let Some(mailbox) = tx.mail_address(firm, act.actor)? else { return Ok(false) };
    let expires_at = act.now.saturating_add(GOOD_FOR).unwrap_or(Timestamp::MAX);
    let id = tx.add_challenge(firm, person, Some(asks), expires_at, act.now)?;
    let reply = Some((Purpose::Confirm, About::Challenge(id)));
    let letter = Letter::Challenge { challenge: id };
    let addressed = Addressed {
        only_to: Some(mailbox.into()),
        ..Addressed::new(person, letter, format!("{}:content", act.cause), reply).caused_by(act.inbox)
    };
    letter::queue(tx, firm, addressed, act.now)?;
    note(act, "content.ask", json!({"question": id}))?;
    Ok(true)
}

/// What was asked for, to be answered with content.
fn content(asks: &str) -> Result<Confirmed> {
    let mut lines: Vec<Line> = serde_json::from_str(asks).map_err(|e| StoreError::Content(e.to_string()))?;
    for line in &mut lines {
        if let Line::Ask { confirmed, .. } = line {
            *confirmed = true;
        }
    }
    Ok(Confirmed::Content(lines))
}

/// Takes a typed code for a question.
pub fn confirm(act: &Act<'_>, challenge: i64, typed: &str) -> Result<Confirmed> {
    let found = act.tx.challenge(act.firm.id, challenge)?;
    let Some(question) = found.filter(|c| c.person == act.actor.id) else { return Ok(Confirmed::Over) };
    if question.used_at.is_some() {
        return Ok(Confirmed::Before);
    }
    if is_over(question.expires_at, act.now) || act.tx.codes_have_ended(question.created_at, act.now)? {
        return renew(act, &question);
    }
    if question.tries >= WRONG_CODES {
        return Ok(Confirmed::Over);
    }
    if !act.tx.is_code(typed, Question::Challenge, challenge, question.created_at)? {
        let tries = act.tx.count_wrong_code(act.firm.id, challenge)?;
        note(act, "challenge.wrong_code", json!({"tries": tries}))?;
        return Ok(match WRONG_CODES.saturating_sub(tries) {
            0 => Confirmed::Over,
            left => Confirmed::Wrong { left },
        });
    }
    if !act.tx.use_challenge(act.firm.id, challenge, act.now)? {
        return Ok(Confirmed::Before);
    }
    match &question.asks {
        Some(asks) => {
            note(act, "content.confirm", json!({"question": challenge}))?;
            content(asks)
        }
        None => release(act, challenge),
    }
}

fn release(act: &Act<'_>, challenge: i64) -> Result<Confirmed> {
    let mut released = 0_usize;
    let (late, asked): (Vec<_>, Vec<_>) =
        act.tx.mails_of_challenge(act.firm.id, challenge)?.into_iter().partition(|m| m.late);
    let mut bound = Vec::new();
    // One answer to mails of several signers does not say whose mail system is whose.
    let signers: BTreeSet<&String> = asked.iter().filter_map(|mail| mail.signer.as_ref()).collect();
    for mail in &asked {
        if act.tx.release(act.firm.id, mail.inbox, CONFIRMED, None, None)? {
            released = released.saturating_add(1);
            note(act, "challenge.release", json!({"mail": mail.inbox}))?;
        }
        // Of two copies with different signatures one was sent on by somebody else, and which, the answer does not say.
        if let Some(signer) = &mail.signer
            && signers.len() == 1
            && !act.tx.is_signed_otherwise(act.firm.id, mail.inbox)?
        {
            let matter = act.tx.inbox(act.firm.id, mail.inbox)?.and_then(|m| m.matter);
            bind(act, signer, act.responsible(matter)?)?;
            bound.push(signer);
        }
    }
    for mail in late {
        // The question did not ask about it: a mail that somebody added since is not released by the same answer, unless
        // the domain that was just confirmed signed it.
        let waits = act.tx.inbox(act.firm.id, mail.inbox)?.is_some_and(|m| m.state == InboxState::Held);
        // What was confirmed says no more the second time, whoever signed it then.
        if mail.content.is_some() && asked.iter().any(|a| a.content == mail.content) {
            continue;
        }
        if mail.signer.as_ref().is_some_and(|signer| bound.contains(&signer)) {
            if act.tx.release(act.firm.id, mail.inbox, CONFIRMED, None, None)? {
                released = released.saturating_add(1);
                note(act, "challenge.release", json!({"mail": mail.inbox}))?;
            }
        } else if waits {
            self::challenge(act.tx, act.firm, act.actor.id, mail.inbox, mail.signer.as_deref(), act.now)?;
        }
    }
    Ok(Confirmed::Released(released))
}

/// An expired question is answered by a fresh one, if anything still waits for it (REV-07).
fn renew(act: &Act<'_>, old: &Challenge) -> Result<Confirmed> {
    if let Some(asks) = &old.asks {
        return Ok(if ask_for_code(act, asks)? { Confirmed::Renewed } else { Confirmed::Over });
    }
    let mut asked = false;
    for mail in act.tx.mails_of_challenge(act.firm.id, old.id)? {
        let waits = act.tx.inbox(act.firm.id, mail.inbox)?.is_some_and(|m| m.state == InboxState::Held);
        if waits {
            asked |= challenge(act.tx, act.firm, act.actor.id, mail.inbox, mail.signer.as_deref(), act.now)?;
        }
    }
    Ok(if asked { Confirmed::Renewed } else { Confirmed::Over })
}

/// Takes mail of the actor that this domain signs as theirs from now on, and tells a lawyer of the firm.
pub(super) fn bind(act: &Act<'_>, domain: &str, tell: Option<PersonId>) -> Result<()> {
    // The code went to that mailbox alone: it has answered.
    super::assistants::answered(act)?;
    let actor = act.tx.person(act.firm.id, act.actor.id)?;
    let Some(identity) = actor.and_then(|a| a.identity) else { return Ok(()) };
    if act.tx.bound_signers(identity)?.iter().any(|d| d == domain) {
        return Ok(());
    }
    act.tx.bind_signer(identity, domain, act.now)?;
    note(act, "signer.bind", json!({"identity": identity}))?;
    let Some(lawyer) = tell else { return Ok(()) };
    let notice = Notice::SignerBound { domain: domain.to_owned() };
    act.tell(lawyer, Letter::Notice { notice, about: act.actor.id }, About::Firm)
}

fn note(act: &Act<'_>, action: &'static str, facts: serde_json::Value) -> Result<()> {
    let entry = Entry::new(Some(act.actor.id), action).by(act.inbox).with(facts);
    act.tx.audit(act.firm.id, &entry, act.now)
}

#[cfg(test)]
mod tests {
    use super::super::post::{Post, later, now};
    use super::*;
    use crate::domain::leap::SLACK;

    /// Asks Jane about a held mail.
    fn asked(post: &Post, inbox: InboxId, signer: Option<&'static str>, at: Timestamp) -> bool {
        let (firm, jane) = (post.firm.clone(), post.jane);
        post.write(move |tx| challenge(tx, &firm, jane, inbox, signer, at))
    }

    fn open(post: &Post, at: Timestamp) -> i64 {
        post.read(|r| r.open_challenge(post.firm.id, post.jane, at)).unwrap().id
    }

    fn confirms(post: &Post, challenge: i64, code: &str, at: Timestamp) -> Confirmed {
        let code = code.to_owned();
        post.act(post.jane, at, "confirm", move |act| confirm(act, challenge, &code))
    }

    fn state(post: &Post, inbox: InboxId) -> InboxState {
        post.read(|r| r.inbox(post.firm.id, inbox)).unwrap().state
    }

    /// The code as it stands in the mail.
    fn code(mail: &str) -> String {
        let line = mail.lines().find_map(|l| l.trim().strip_prefix("#confirm ")).unwrap();
        line.to_owned()
    }

    #[test]
    fn one_question_asks_for_all_held_mails_and_its_code_releases_them_once() {
        let post = Post::with_jane();
        let (first, second) = (post.held("1"), post.held("2"));
        assert!(asked(&post, first, None, now()));
        assert!(asked(&post, second, Some("roe.onmicrosoft.com"), later(1)));
        let mails = post.deliver(later(1));
        assert_eq!(mails.len(), 1);
        let mail = mails.first().unwrap();
        assert_eq!(mail.to, "jane@roe.example");
        assert!(!mail.text.contains("M-1") && !mail.text.contains("2026-0"), "{}", mail.text);
        let (id, code) = (open(&post, later(1)), code(&mail.text));
        assert_eq!(confirms(&post, id, &code.to_lowercase().replace('-', " "), later(2)), Confirmed::Released(2));
        assert_eq!([state(&post, first), state(&post, second)], [InboxState::Proved; 2]);
        let identity = post.person(post.jane).identity.unwrap();
        assert_eq!(post.read(|r| r.bound_signers(identity)), ["roe.onmicrosoft.com"]);
        assert!(post.deliver(later(2)).iter().any(|m| m.to == "anna@hale.example"), "the firm is told of the binding");
        assert_eq!(confirms(&post, id, &code, later(3)), Confirmed::Before);
    }

    #[test]
    fn t41_five_wrong_codes_end_a_question_and_the_right_one_comes_too_late() {
        let post = Post::with_jane();
        let mail = post.held("1");
        asked(&post, mail, None, now());
        let (id, right) = (open(&post, now()), code(&post.deliver(now()).first().unwrap().text));
        for left in (1..=4).rev() {
            assert_eq!(confirms(&post, id, "AAAA-AAAA", now()), Confirmed::Wrong { left });
        }
        assert_eq!(confirms(&post, id, "", now()), Confirmed::Over);
        assert_eq!(confirms(&post, id, &right, now()), Confirmed::Over);
        assert_eq!(state(&post, mail), InboxState::Held);
        assert!(!asked(&post, post.held("2"), None, later(1)), "nor is there another question that day");
    }

    #[test]
    fn rev_07_an_expired_code_is_answered_by_a_new_one_while_the_mail_waits() {
        let post = Post::with_jane();
        let (mail, over) = (post.held("1"), later(24) + SLACK);
        asked(&post, mail, None, now());
        let (old, old_code) = (open(&post, now()), code(&post.deliver(now()).first().unwrap().text));
        assert_eq!(confirms(&post, old, &old_code, over), Confirmed::Renewed);
        assert_eq!(state(&post, mail), InboxState::Held);
        let new_code = code(&post.deliver(over).first().unwrap().text);
        assert_ne!(new_code, old_code);
        assert_eq!(confirms(&post, open(&post, over), &new_code, later(25)), Confirmed::Released(1));
        assert_eq!(confirms(&post, old, &old_code, later(26)), Confirmed::Over);
    }

    #[test]
    fn f42_a_code_that_expired_less_than_ten_minutes_ago_is_still_taken() {
        let post = Post::with_jane();
        let mail = post.held("1");
        asked(&post, mail, None, now());
        let (id, right) = (open(&post, now()), code(&post.deliver(now()).first().unwrap().text));
        let just_over = later(24) + SLACK - SignedDuration::from_secs(1);
        assert_eq!(confirms(&post, id, &right, just_over), Confirmed::Released(1));
    }

    #[test]
    fn t41_nobody_else_can_confirm() {
        let post = Post::with_jane();
        let mail = post.held("1");
        asked(&post, mail, None, now());
        let (id, right) = (open(&post, now()), code(&post.deliver(now()).first().unwrap().text));
        assert_eq!(post.act(post.anna, now(), "confirm", move |act| confirm(act, id, &right)), Confirmed::Over);
        assert_eq!(state(&post, mail), InboxState::Held);
    }

    #[test]
    fn t41_a_mail_that_came_once_the_question_was_written_is_not_released_by_its_code() {
        let post = Post::with_jane();
        let (first, second, firm, jane) = (post.held("1"), post.held("2"), post.firm.id, post.jane);
        asked(&post, first, None, now());
        // The question was written, and our own account was refused: it leaves as it is, and counts as never tried.
        post.write(move |tx| {
            let letter = tx.queued_letters(firm, jane)?.into_iter().find(|l| l.template == "challenge").unwrap().id;
            tx.claim(letter, now())?;
            tx.freeze(firm, letter, b"the question", "", &[])?;
            tx.set_kept(letter, "550 not you", now())
        });
        asked(&post, second, None, later(1));
        let question = open(&post, later(1));
        let late = post.read(|r| r.mails_of_challenge(firm, question)).into_iter().map(|m| m.late).collect::<Vec<_>>();
        assert_eq!(late, [false, true]);
    }

    #[test]
    fn t41_an_answer_about_mails_of_two_signers_binds_neither() {
        for (one, other, is_bound) in [("a", "b", false), ("a", "a", true)] {
            let post = Post::with_jane();
            let (first, second) = (post.held("1"), post.held("2"));
            let signer = |letter| if letter == "a" { "roe-mail.example" } else { "evil.example" };
            asked(&post, first, Some(signer(one)), now());
            asked(&post, second, Some(signer(other)), now());
            let (id, code) = (open(&post, now()), code(&post.deliver(now()).first().unwrap().text));
            assert_eq!(confirms(&post, id, &code, later(1)), Confirmed::Released(2));
            let (firm, jane) = (post.firm.id, post.jane);
            let identity = post.read(|r| r.person(firm, jane)).unwrap().identity.unwrap();
            assert_eq!(!post.read(|r| r.bound_signers(identity)).is_empty(), is_bound, "{one} {other}");
        }
    }

    #[test]
    fn t42_a_firm_asks_twenty_questions_a_day() {
        let post = Post::with_jane();
        let (firm, jane, mail) = (post.firm.clone(), post.jane, post.held("1"));
        let asked = post.write(move |tx| {
            let mut asked = 0;
            for hour in 0..30 {
                let at = later(0) + SignedDuration::from_mins(hour);
                asked += usize::from(challenge(tx, &firm, jane, mail, None, at)?);
                if let Some(open) = tx.open_challenge(firm.id, jane, at)? {
                    tx.use_challenge(firm.id, open.id, at)?;
                }
            }
            Ok(asked)
        });
        assert_eq!(asked, 20);
    }
}
