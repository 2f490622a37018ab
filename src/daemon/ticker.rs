//! What happens because time passes: digests, mails about bills and tasks, the collection of blobs that no row names, the service manager's watchdog.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{House, Stop, now, systemd, watch};
use crate::clock;
use crate::store::{Result, StoreError, Tx};

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
        match look_and_tick(&house).await {
            Ok(()) => systemd.alive(),
            Err(error) => {
                tracing::error!(%error, "the store can't be used now");
                // A restart would mend nothing, and send again what is sent and could not be noted yet.
                if error.passes() {
                    systemd.alive();
                }
            }
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

async fn look_and_tick(house: &Arc<House>) -> Result<()> {
    let at = now();
    watch::look(house, at, clock::since_boot()).await?;
    tick(house, at).await
}

/// Queues the digests that are due at this moment, and the mails about bills and tasks, unless the clock is not believed;
/// mends what a wrong clock put off.
pub async fn tick(house: &Arc<House>, at: Timestamp) -> Result<()> {
    let latest = at.checked_add(LONGEST_WAIT).unwrap_or(at);
    let hurried = house.store.write_soon(move |tx| tx.wait_no_longer_than(latest)).await?;
    if hurried > 0 {
        tracing::warn!(count = hurried, "what a wrong clock had put off for long goes on");
    }
    // What is told today by a clock that is a year ahead is told in no digest of the days until then (fault F42).
    if watch::doubt(house).is_some() {
        return Ok(());
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
    let removed = swept.await.map_err(|_| StoreError::Panicked("collecting blobs".into()))??;
    if removed > 0 {
        tracing::info!(blobs = removed, "blobs that no row names were removed");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::sample::Office;
    use crate::config;
    use crate::daemon::Served;
    use crate::demo::zone::Zone;
    use crate::domain::Address;
    use crate::inbound::{Arrived, Desk, stage};
    use crate::outbound::gateway::Gateway;
    use crate::store::Snapshot;
    use crate::store::inbox::InboxState;

    /// The office's firm.
    fn served(office: &Office) -> Served {
        let config = config::Firm {
            slug: "smith".into(),
            address: Address::parse("r@gw.hale.example").unwrap(),
            addressing: config::Addressing::Subdomain,
            domains: Vec::new(),
            local_part_unproven: Vec::new(),
            way_out: config::WayOut::Directory("/nowhere".into()),
            shares_wait: SignedDuration::ZERO,
            files: config::Files::default(),
        };
        let desk = Desk::new(Gateway::new(&config), config::Limits::default());
        Served { firm: office.firm, desk, config, scanner: None, outbox_bell: Arc::default() }
    }

    #[tokio::test]
    async fn f42_while_the_clock_is_not_believed_no_digest_is_made_and_once_it_is_right_that_of_the_day() {
        let office = Office::new();
        let zone = Zone::start([]).unwrap();
        let mut house = House::empty(&office.store, zone.address());
        Arc::get_mut(&mut house).unwrap().firms.push(served(&office));
        let sunday: Timestamp = "2026-03-15T09:00:00Z".parse().unwrap();
        let year = SignedDuration::from_hours(365 * 24);
        let made =
            || office.read(|view| view.last_digest(office.firm, office.jane)).map(|run| run.local_date.to_string());
        watch::look(&house, sunday, Duration::from_secs(60)).await.unwrap();
        let ahead = sunday + year;
        assert!(watch::look(&house, ahead, Duration::from_secs(60)).await.unwrap().is_some());
        tick(&house, ahead).await.unwrap();
        assert_eq!(made(), None);
        watch::look(&house, sunday, Duration::from_secs(60)).await.unwrap();
        tick(&house, sunday).await.unwrap();
        assert_eq!(made().as_deref(), Some("2026-03-15"));
    }

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
