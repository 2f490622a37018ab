//! What happens because time passes: digests, mails about bills and tasks, the collection of blobs that no row names, the service manager's watchdog.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{House, Stop, now, systemd};
use crate::store::{Result, Tx};

const BEAT: Duration = Duration::from_secs(20);
/// How old a blob without a row must be before it is taken away (decisions.md 37).
const ORPHAN_AGE: Duration = Duration::from_secs(3600);
const BEATS_PER_SWEEP: u32 = 180;
/// Nothing is put off for longer than an hour at a time; what is, was put off by a clock that has been set back since.
const LONGEST_WAIT: SignedDuration = SignedDuration::from_hours(2);

/// Ticks until `stop`.
pub async fn run(house: Arc<House>, watchdog: Option<Duration>, stop: Stop) -> anyhow::Result<()> {
    let systemd = systemd::Systemd::from_environment();
    let beat = watchdog.map_or(BEAT, |interval| interval.min(BEAT));
    let mut beats: u32 = 0;
    while !stop.is_asked() {
        // The store answers: the daemon is alive.
        match tick(&house, now()).await {
            Ok(()) => systemd.alive(),
            Err(error) => tracing::error!(%error, "the store can't be used now"),
        }
        if beats.is_multiple_of(BEATS_PER_SWEEP)
            && let Err(error) = sweep(&house).await
        {
            tracing::warn!(%error, "blobs without a row could not be collected");
        }
        beats = beats.wrapping_add(1);
        stop.pause(beat, &tokio::sync::Notify::new()).await;
    }
    Ok(())
}

/// Queues the digests that are due at this moment, and the mails about bills and tasks; mends what a wrong clock put off.
pub async fn tick(house: &Arc<House>, at: Timestamp) -> Result<()> {
    let latest = at.checked_add(LONGEST_WAIT).unwrap_or(at);
    let hurried = house.store.write_soon(move |tx| tx.wait_no_longer_than(latest)).await?;
    if hurried > 0 {
        tracing::warn!(count = hurried, "what a wrong clock had put off for long goes on");
    }
    for served in &house.firms {
        let (firm, gateway) = (served.firm, served.desk.gateway.clone());
        let job = move |tx: &Tx<'_>| {
            let Some(firm) = tx.firm(firm)? else { return Ok(0) };
            let bills = crate::actions::bills::tell_due(tx, &firm, at)?;
            let tasks = crate::actions::tasks::tell_due(tx, &firm, at)?;
            Ok(bills.saturating_add(tasks).saturating_add(crate::digest::queue_due(tx, &firm, &gateway, at)?))
        };
        let queued = house.store.write_soon(job).await?;
        if queued > 0 {
            house.ring_outbox();
        }
    }
    Ok(())
}

async fn sweep(house: &Arc<House>) -> Result<()> {
    let house = Arc::clone(house);
    let swept = tokio::task::spawn_blocking(move || house.store.collect_orphans(ORPHAN_AGE));
    let removed = swept.await.map_err(|_| crate::store::StoreError::Panicked("collecting blobs".into()))??;
    if removed > 0 {
        tracing::info!(blobs = removed, "blobs that no row names were removed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::sample::Office;
    use crate::demo::zone::Zone;
    use crate::inbound::{Arrived, stage};
    use crate::store::Snapshot;
    use crate::store::inbox::InboxState;

    #[tokio::test]
    async fn f42_what_a_clock_that_ran_ahead_put_off_goes_on_once_it_is_right() {
        let office = Office::new();
        let zone = Zone::start([]).unwrap();
        let house = House::empty(&office.store, zone.address());
        let at = now();
        let bytes = b"Subject: x\r\n\r\nx".to_vec();
        let mail = Arrived {
            mailbox: "main".into(),
            uid_validity: 1,
            uid: "1".into(),
            size: bytes.len() as u64,
            arrived_at: at,
            bytes,
        };
        let mail = stage(&house.store, office.firm, mail, at).unwrap().unwrap();
        let year = SignedDuration::from_hours(24 * 365);
        house.store.write(move |tx| tx.postpone(mail, at + year)).unwrap();
        let due = |after: SignedDuration| {
            let due = |view: &Snapshot<'_>| view.inbox_due_again(InboxState::Received, &[office.firm], at + after, 9);
            house.store.read(due).unwrap().len()
        };
        assert_eq!(due(LONGEST_WAIT), 0);
        tick(&house, at).await.unwrap();
        assert_eq!(due(LONGEST_WAIT), 1);
        // What waits no longer than it may is left alone.
        let hour = SignedDuration::from_hours(1);
        house.store.write(move |tx| tx.postpone(mail, at + hour)).unwrap();
        tick(&house, at).await.unwrap();
        assert_eq!((due(SignedDuration::ZERO), due(hour)), (0, 1));
    }
}
