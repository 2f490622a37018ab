//! Brakes by count, whatever a mail's header says of itself (gateway.md L3, threats T92, T93): so many mails of one sender
//! in an hour and in a minute, so many about one matter, so many that answer receipts, so many answers without effect. In come a mail that was proved
//! and an open view of the store; out goes whether it is held. Nothing is lost: what is braked waits for the firm, which
//! hears of it once a day, and other senders and matters go on.
//!
//! Mails are counted by when they came into the mailbox, so that an outage brakes nobody; and only those whose sender was
//! proved, so that nobody brakes a person by writing in their name.

use jiff::{SignedDuration, Timestamp};

use super::resolve::Situation;
use crate::proof::Level;
use crate::store::Result;
use crate::store::Snapshot;
use crate::store::firms::Firm;
use crate::store::inbox::{Count, Inbox};

/// How many mails are taken in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Brakes {
    /// Of one sender; a third of it within a minute.
    pub per_sender: u32,
    /// About one matter.
    pub per_matter: u32,
}

/// True if this mail is one too many. What a person of the firm released is never braked.
pub fn is_too_many(
    view: &Snapshot<'_>,
    firm: &Firm,
    brakes: Brakes,
    inbox: &Inbox,
    situation: &Situation,
) -> Result<bool> {
    if inbox.released_level.is_some() || !matches!(situation.level, Level::Strong | Level::Good) {
        return Ok(false);
    }
    let person = situation.person.id;
    let (hour, minute) = (back(inbox.arrived_at, 60), back(inbox.arrived_at, 1));
    let own =
        [(Count::Of(person), hour, brakes.per_sender), (Count::Of(person), minute, brakes.per_sender.div_ceil(3))];
    let about = situation.matter.map(|matter| (Count::About(matter), hour, brakes.per_matter));
    // People seldom answer what a program says of their mail; programs that talk to each other do nothing else.
    let answers = situation.receipt_of.map(|_| (Count::ToReceipts(person), hour, brakes.per_sender.div_ceil(3)));
    for (count, since, most) in own.into_iter().chain(about).chain(answers) {
        if view.count_mails(firm.id, count, inbox, since, most)? >= most {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many receipts in a row this mail answers: one, or two if the mail of that receipt answered one itself. That is counted
/// by our own reply addresses and Message-IDs, whatever the mail says of itself: programs that answer whatever they are sent do
/// nothing else (threats T92).
pub fn receipts_in_a_row(view: &Snapshot<'_>, firm: &Firm, situation: &Situation) -> Result<u8> {
    let Some(earlier) = situation.receipt_of else { return Ok(0) };
    Ok(if view.answers_a_receipt(firm.id, earlier)? { 2 } else { 1 })
}

/// True if a person was told twice in an hour that their words went nowhere, and where to send them. A program that answers
/// whatever it is sent does nothing else, also where nothing is left by which a mail of ours could be known in it: no reply
/// address and no Message-ID (threats T92). To say it a third time helps no person either.
pub fn was_told_twice(view: &Snapshot<'_>, firm: &Firm, inbox: &Inbox, situation: &Situation) -> Result<bool> {
    let count = Count::AskedAbout(situation.person.id);
    Ok(view.count_mails(firm.id, count, inbox, back(inbox.arrived_at, 60), 2)? > 1)
}

/// True if a person had so many answers without effect, a sixth of the mails they may send, that two programs may be
/// talking to each other: what comes after is held unanswered (commands.md c8).
pub fn is_refused_too_often(
    view: &Snapshot<'_>,
    firm: &Firm,
    brakes: Brakes,
    inbox: &Inbox,
    situation: &Situation,
) -> Result<bool> {
    let count = Count::WithoutEffect(situation.person.id);
    let (since, most) = (back(inbox.arrived_at, 60), brakes.per_sender.div_ceil(6));
    Ok(inbox.released_level.is_none() && view.count_mails(firm.id, count, inbox, since, most)? >= most)
}

fn back(moment: Timestamp, minutes: i64) -> Timestamp {
    moment.saturating_sub(SignedDuration::from_mins(minutes)).unwrap_or(Timestamp::MIN)
}
