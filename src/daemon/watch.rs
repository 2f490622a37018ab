//! Watches the clock (fault F42). What this program waits for it measures by the clock that never leaps; but invitations,
//! codes and reply addresses end by the calendar. While the clock has leapt and nobody knows what is right, a mail that
//! turns on such an end waits; it goes on by itself once the clock is back, or an administrator said that it is right.

use std::sync::PoisonError;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::House;
use crate::domain::leap::{self, Doubt, Line, Mark};
use crate::store::Result;

/// How often it is noted that the clock is believed.
const NOTED_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// What was seen of the clock in this run.
#[derive(Debug, Default)]
pub struct Seen {
    looked: bool,
    line: Option<Line>,
    doubt: Option<Doubt>,
}

/// Looks at the clock, which shows `now`, and says between which moments the right time lies if it is not believed.
pub async fn look(house: &House, now: Timestamp, since_boot: Duration) -> Result<Option<Doubt>> {
    // One after another: what one look notes must not seem to the next as if an administrator had said it.
    let _turn = house.clock_turn.lock().await;
    let mark = house.store.read(|view| view.clock_mark())?;
    let (line, was_believed, is_first) = with_seen(house, |seen| {
        if seen.doubt.is_some() && mark.is_some_and(|mark| mark.leapt_to.is_none()) {
            // Somebody said that it is right as it is.
            seen.line = None;
        }
        (seen.line, seen.doubt.is_none(), !seen.looked)
    });
    let doubt = leap::judge(mark, line, now, since_boot);
    match doubt {
        Some(_) if was_believed => doubted(house, mark, line, now).await?,
        None if is_first || !was_believed => believed(house, now, !was_believed).await?,
        None if mark.is_none_or(|mark| now.duration_since(mark.at) >= NOTED_EVERY) => note(house, now, None).await?,
        _ => {}
    }
    with_seen(house, |seen| {
        let line = doubt.is_none().then_some(Line { at: now, since_boot });
        *seen = Seen { looked: true, line: line.or(seen.line), doubt };
    });
    Ok(doubt)
}

/// Between which moments the right time lies, as the last look had it.
pub fn doubt(house: &House) -> Option<Doubt> {
    with_seen(house, |seen| seen.doubt)
}

async fn doubted(house: &House, mark: Option<Mark>, line: Option<Line>, now: Timestamp) -> Result<()> {
    let believed_at = line.map(|line| line.at).or(mark.map(|mark| mark.at)).unwrap_or(now);
    tracing::error!(
        %believed_at,
        shows = %now,
        "the clock leapt: digests, reminders and mails that turn on an end, such as a code's, wait until it is right; set it, or say `docketpost \
         clock confirm`"
    );
    if mark.is_some_and(|mark| mark.leapt_to.is_some()) && line.is_none() {
        // As the last run left it.
        return Ok(());
    }
    let mark = Mark { at: believed_at, leapt_to: Some(now) };
    house.store.write_soon(move |tx| tx.mark_clock(mark)).await
}

async fn believed(house: &House, now: Timestamp, had_leapt: bool) -> Result<()> {
    note(house, now, None).await?;
    let waiting = house.store.write_soon(|tx| tx.judge_by_the_clock()).await?;
    if had_leapt {
        tracing::warn!(shows = %now, mails = waiting, "the clock is right again; the mails that waited for it go on");
    }
    Ok(())
}

async fn note(house: &House, at: Timestamp, leapt_to: Option<Timestamp>) -> Result<()> {
    house.store.write_soon(move |tx| tx.mark_clock(Mark { at, leapt_to })).await
}

fn with_seen<T>(house: &House, look: impl FnOnce(&mut Seen) -> T) -> T {
    look(&mut house.clock.lock().unwrap_or_else(PoisonError::into_inner))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::actions::sample::{Office, now};
    use crate::demo::zone::Zone;
    use crate::domain::InboxId;
    use crate::inbound::{Arrived, stage};
    use crate::store::inbox::{Findings, InboxState};

    const HOUR: u64 = 3600;

    fn later(hours: i64) -> Timestamp {
        now() + SignedDuration::from_hours(hours)
    }

    /// The clock shows so many hours more, the machine has been running for so many.
    async fn sees(house: &House, clock: i64, running: u64) -> Option<Doubt> {
        look(house, later(clock), Duration::from_secs(running * HOUR)).await.unwrap()
    }

    /// A mail that waits for the clock, as `inbound` leaves it.
    fn held(office: &Office, uid: &str) -> InboxId {
        let bytes = format!("Subject: {uid}\r\n\r\nx").into_bytes();
        let mail = Arrived {
            mailbox: "main".into(),
            uid_validity: 1,
            uid: uid.into(),
            size: bytes.len() as u64,
            arrived_at: now(),
            bytes,
        };
        let id = stage(&office.store, office.firm, mail, now()).unwrap().unwrap();
        let decide = move |tx: &crate::store::Tx<'_>| {
            tx.decide(id, InboxState::Held, "CLOCK_LEAPT", &Findings::default(), now())
        };
        assert!(office.write(decide));
        id
    }

    fn state(office: &Office, mail: InboxId) -> InboxState {
        office.read(|view| view.inbox(office.firm, mail)).unwrap().state
    }

    fn houses(office: &Office) -> impl Fn() -> Arc<House> {
        let zone = Zone::start([]).unwrap();
        let store = office.store.clone();
        move || House::empty(&store, zone.address())
    }

    #[tokio::test]
    async fn f42_an_hour_back_is_noticed_and_once_it_is_mended_the_mails_that_waited_go_on() {
        let office = Office::new();
        let house = houses(&office)();
        assert_eq!(sees(&house, 0, 5).await, None);
        assert_eq!(sees(&house, 1, 6).await, None);
        assert_eq!(sees(&house, 1, 7).await, Some(Doubt { earliest: later(1), latest: later(2) }));
        assert_eq!(doubt(&house), Some(Doubt { earliest: later(1), latest: later(2) }));
        let mail = held(&office, "1");
        // Time alone makes it no better.
        assert!(sees(&house, 9, 15).await.is_some());
        assert_eq!(state(&office, mail), InboxState::Held);
        assert_eq!(sees(&house, 11, 16).await, None);
        assert_eq!((doubt(&house), state(&office, mail)), (None, InboxState::Proved));
    }

    #[tokio::test]
    async fn f42_a_year_forward_stays_in_doubt_over_a_restart_until_somebody_says_that_it_is_right() {
        let office = Office::new();
        let (house, year) = (houses(&office), 365 * 24);
        let first = house();
        assert_eq!(sees(&first, 0, 5).await, None);
        assert_eq!(sees(&first, year, 5).await, Some(Doubt { earliest: later(0), latest: later(year) }));
        let mail = held(&office, "1");
        let second = house();
        assert!(sees(&second, year + 1, 1).await.is_some());
        assert_eq!(state(&office, mail), InboxState::Held);
        office.write(move |tx| tx.mark_clock(Mark { at: later(year + 1), leapt_to: None }));
        assert_eq!(sees(&second, year + 1, 1).await, None);
        assert_eq!(state(&office, mail), InboxState::Proved);
        assert_eq!(sees(&second, year + 2, 2).await, None);
    }

    #[tokio::test]
    async fn f42_a_daemon_that_was_stopped_for_a_week_holds_nothing_and_one_whose_clock_begins_anew_does() {
        let office = Office::new();
        let house = houses(&office);
        assert_eq!(sees(&house(), 0, 5).await, None);
        assert_eq!(sees(&house(), 7 * 24, 1).await, None);
        // As a machine without a battery shows it before it has asked anybody: then it asks.
        let third = house();
        assert_eq!(sees(&third, -50 * 365 * 24, 0).await.map(|doubt| doubt.latest), Some(Timestamp::MAX));
        let mail = held(&office, "1");
        assert_eq!(sees(&third, 7 * 24 + 1, 1).await, None);
        assert_eq!(state(&office, mail), InboxState::Proved);
    }
}
