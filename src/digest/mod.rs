//! Digests, of co-counsel and of the firm's own people: who is due for one ([`schedule`]), and is there anything to say? If so, the day is noted and the letter
//! queued in one transaction; the letter itself is collected again when it leaves, under the rights of that moment.
//! The collecting is the template's, since what may be said is what is written. Nothing new, due or waiting: no mail.

pub mod schedule;

use jiff::Timestamp;

use crate::outbound::gateway::Gateway;
use crate::outbound::letter::{self, Addressed, Letter};
use crate::outbound::reader::Reader;
use crate::outbound::templates;
use crate::store::digests::DigestRun;
use crate::store::firms::Firm;
use crate::store::people::Person;
use crate::store::threads::{About, Purpose};
use crate::store::{Result, Tx};

/// Queues the digests of a firm that are due at `now`, and gives how many. Called by the ticker; a day that was missed is
/// made up for.
pub fn queue_due(tx: &Tx<'_>, firm: &Firm, gateway: &Gateway, now: Timestamp) -> Result<u32> {
    let mut queued = 0_u32;
    for person in tx.people(firm.id)?.into_iter().filter(|p| !p.disabled && p.acts_for.is_none()) {
        if make(tx, firm, gateway, &person, now)? {
            queued = queued.saturating_add(1);
        }
    }
    Ok(queued)
}

/// Makes a person's digest if one is due; true if there was something to say.
fn make(tx: &Tx<'_>, firm: &Firm, gateway: &Gateway, person: &Person, now: Timestamp) -> Result<bool> {
    if !person.is_user() && person.accepted_at.is_none() {
        return Ok(false);
    }
    let wishes = tx.preferences(firm.id, person.id)?;
    if wishes.stopped || wishes.silenced.iter().any(|s| s == "digest") {
        return Ok(false);
    }
    if let Some(to) = tx.mail_address(firm.id, person)?
        && tx.is_suspended(firm.id, person.id, &to)?
    {
        return Ok(false);
    }
    let Some(due) = schedule::due(&wishes, &tx.zone_of(firm, person)?, now) else { return Ok(false) };
    let last = tx.last_digest(firm.id, person.id)?;
    // One of the firm's people has accepted nothing; their first digest tells of the day before it.
    let begins = person.accepted_at.filter(|_| !person.is_user()).unwrap_or(due.previous);
    if due.at < begins || last.is_some_and(|l| l.local_date == due.day) {
        return Ok(false);
    }
    // A clock that was wrong may have left a digest of a day to come: then the calendar says where this one begins.
    let since = last.map_or(begins, |l| l.until_at);
    let since = if since > now { due.previous } else { since };
    let mut run = DigestRun { local_date: due.day, since_at: since, until_at: now, letter: None };
    if !tx.add_digest(firm.id, person.id, &run)? {
        return Ok(false);
    }
    let reader = Reader::new(tx, firm, gateway, person, now)?;
    let (page, digest, reply) = if person.is_user() {
        // What could be answered is many things of many people: each has its own mails.
        (templates::firm_digest(&reader, since, now)?, Letter::FirmDigest { since, until: now }, None)
    } else {
        let reply = Some((Purpose::Digest, About::Firm));
        (templates::digest(&reader, since, now)?, Letter::Digest { since, until: now }, reply)
    };
    if page.is_none() {
        return Ok(false);
    }
    let addressed = Addressed::new(person.id, digest, due.day.to_string(), reply);
    run.letter = letter::queue(tx, firm.id, addressed, now)?;
    if let Some(letter) = run.letter {
        tx.set_digest_letter(firm.id, person.id, due.day, letter)?;
    }
    Ok(run.letter.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::post::{Mail, Post, later, now};
    use crate::actions::time::{self, NewEntry, Recorded, Terms};
    use crate::actions::{messages, profile};
    use crate::domain::duration::Quantity;
    use crate::domain::{Item, Kind};
    use crate::store::news::{Deeds, How};
    use crate::store::people::{DigestRhythm, Preferences};

    /// Sunday, the day after everything happened, when the digest is due in London; Monday is a day later.
    fn sunday() -> Timestamp {
        "2026-03-15T07:30:00Z".parse().unwrap()
    }

    fn monday() -> Timestamp {
        "2026-03-16T07:30:00Z".parse().unwrap()
    }

    fn queued(post: &Post, at: Timestamp) -> u32 {
        let (firm, gateway) = (post.firm.clone(), post.gateway.clone());
        post.write(move |tx| queue_due(tx, &firm, &gateway, at))
    }

    fn digest(post: &Post, at: Timestamp) -> Mail {
        let mails = post.deliver(at);
        let [mail] = mails.as_slice() else { panic!("{mails:?}") };
        mail.clone()
    }

    /// Jane, with three documents shared and told.
    fn three_documents() -> (Post, [Item; 3]) {
        let post = Post::with_jane();
        let documents = ["Alpha.pdf", "Beta.pdf", "Gamma.pdf"].map(|name| post.document(name, None));
        documents.iter().for_each(|d| post.share(*d));
        post.deliver(now());
        (post, documents)
    }

    #[test]
    fn an_item_that_was_unshared_after_queueing_is_not_in_the_digest() {
        let (post, [_, second, _]) = three_documents();
        assert_eq!(queued(&post, sunday()), 1);
        post.unshare(second);
        let ended: Vec<Mail> = post.deliver(sunday());
        let digest = ended.iter().find(|m| m.subject.contains("digest")).unwrap();
        assert!(digest.text.contains("Alpha.pdf") && digest.text.contains("Gamma.pdf"), "{}", digest.text);
        assert!(!digest.text.contains("Beta") && !digest.html.contains("Beta"), "{}", digest.text);
    }

    #[test]
    fn a_mail_about_the_one_item_that_was_unshared_does_not_arrive() {
        let post = Post::with_jane();
        let document = post.document("Alone.pdf", None);
        post.share(document);
        post.unshare(document);
        assert!(post.deliver(later(1)).is_empty(), "nor that the access to it ended: it was never told");
    }

    #[test]
    fn nothing_new_due_or_waiting_is_no_mail() {
        let post = Post::with_jane();
        assert_eq!(queued(&post, sunday()), 0);
        let run = post.read(|r| r.last_digest(post.firm.id, post.jane)).unwrap();
        assert_eq!((run.letter, run.until_at), (None, sunday()));
    }

    #[test]
    fn f42_a_day_has_one_digest_and_the_next_begins_where_it_ended() {
        let (post, _) = three_documents();
        assert_eq!([queued(&post, sunday()), queued(&post, sunday())], [1, 0]);
        digest(&post, sunday());
        assert_eq!(queued(&post, monday()), 0, "nothing is new on the day after");
    }

    #[test]
    fn a_message_of_the_firm_without_an_answer_waits_and_is_not_new_twice() {
        let post = Post::with_jane();
        let (matter, jane) = (post.matter, post.jane);
        let topic = messages::Topic { about: None, matter: Some(matter.id), to: Some(jane) };
        let asked = post.act(post.anna, later(1), "m", move |act| messages::write(act, topic, "Call me."));
        assert!(asked.is_ok());
        assert_eq!(queued(&post, sunday()), 1);
        digest(&post, sunday());
        assert_eq!(queued(&post, monday()), 1);
        let text = digest(&post, monday()).text;
        assert!(text.contains("MSG-1 (M-1): Anna Smith wrote last, on 14 March 2026"), "{text}");
        assert!(!text.contains("One message"), "{text}");
    }

    #[test]
    fn own_hours_of_the_week_stand_in_it_without_money() {
        let post = Post::with_jane();
        post.assign(post.task("Draft brief", "2026-03-18"));
        post.deliver(now());
        let work = NewEntry {
            on: post.matter,
            date: Some("2026-03-14".parse().unwrap()),
            quantity: Quantity::from_seconds(5_000),
            terms: Terms::default(),
            narrative: "Drafted".into(),
            anyway: false,
        };
        let recorded = post.act(post.jane, later(1), "time", move |act| time::record(act, &work));
        assert!(matches!(recorded, Ok(Recorded::Entry { .. })));
        let (firm, anna) = (post.firm.id, post.anna);
        post.write(move |tx| tx.set_told_how(firm, anna, Deeds::Work, How::Off));
        assert_eq!(queued(&post, sunday()), 1);
        let text = digest(&post, sunday()).text;
        assert!(text.contains("Your time this week: 1.4 h."), "{text}");
        assert!(!text.contains(['£', '$', '€']) && !text.contains("GBP"), "{text}");
        assert_eq!(queued(&post, monday()), 1);
        assert!(!digest(&post, monday()).text.contains("Your time"), "a new week");
    }

    #[test]
    fn tasks_stand_in_it_by_their_day_and_one_that_was_taken_back_does_not() {
        let post = Post::with_jane();
        let (overdue, soon) = (post.task("Draft brief", "2026-03-13"), post.task("File reply", "2026-03-20"));
        let (far, taken) = (post.task("Prepare trial", "2026-06-01"), post.task("Call court", "2026-03-17"));
        [overdue, soon, far, taken].iter().for_each(|t| post.assign(*t));
        post.unshare(taken);
        post.deliver(now());
        assert_eq!(queued(&post, monday()), 1);
        let text = digest(&post, monday()).text;
        let (head, tail) = text.split_once("OVERDUE").unwrap();
        let (overdue, soon) = tail.split_once("DUE IN THE NEXT 7 DAYS").unwrap();
        assert!(overdue.contains("T-1: Draft brief, due 13 March 2026"), "{text}");
        assert!(soon.contains("T-2: File reply, due 20 March 2026") && !soon.contains("Prepare trial"), "{text}");
        assert!(!head.contains("Call court") && !tail.contains("Call court"), "{text}");
    }

    #[test]
    fn messages_are_told_by_whom_and_their_words_are_not() {
        let post = Post::with_jane();
        let (matter, jane) = (post.matter, post.jane);
        let topic = move |to| messages::Topic { about: None, matter: Some(matter.id), to };
        let asked = post.act(post.anna, later(1), "m", move |act| messages::write(act, topic(Some(jane)), "Call me."));
        let answered = post.act(post.jane, later(2), "m", move |act| messages::write(act, topic(None), "I will."));
        assert!(asked.is_ok() && answered.is_ok());
        assert_eq!(queued(&post, sunday()), 1);
        let text = digest(&post, sunday()).text;
        assert!(text.contains("One message from Anna Smith, MSG-1 (M-1)"), "{text}");
        assert!(text.contains("One message of yours passed on, MSG-1 (M-1)"), "{text}");
        assert!(!text.contains("Call me"), "{text}");
    }

    #[test]
    fn who_wants_none_or_paused_gets_none() {
        let off = Preferences { digest: DigestRhythm::Off, ..Preferences::default() };
        let stopped = Preferences { stopped: true, ..Preferences::default() };
        for wish in [off, stopped] {
            let (post, _) = three_documents();
            post.act(post.jane, now(), "wish", move |act| profile::prefer(act, &wish));
            assert_eq!(queued(&post, sunday()), 0);
        }
    }

    #[test]
    fn rev_04_whose_every_access_ended_gets_no_digest() {
        let (post, documents) = three_documents();
        documents.iter().for_each(|d| post.unshare(*d));
        post.unshare(Item::new(Kind::Matter, post.matter.id));
        assert_eq!(queued(&post, sunday()), 0);
    }
}
