//! What happens because time passes: digests, the collection of blobs that no row names, the service manager's watchdog.

use std::sync::Arc;
use std::time::Duration;

use super::{House, Stop, now, systemd};
use crate::store::Result;

const BEAT: Duration = Duration::from_secs(20);
/// How old a blob without a row must be before it is taken away (decisions.md 37).
const ORPHAN_AGE: Duration = Duration::from_secs(3600);
const BEATS_PER_SWEEP: u32 = 180;

/// Ticks until `stop`.
pub async fn run(house: Arc<House>, watchdog: Option<Duration>, stop: Stop) -> anyhow::Result<()> {
    let systemd = systemd::Systemd::from_environment();
    let beat = watchdog.map_or(BEAT, |interval| interval.min(BEAT));
    let mut beats: u32 = 0;
    while !stop.is_asked() {
        // The store answers: the daemon is alive.
        match tick(&house).await {
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

/// Queues the digests that are due.
pub async fn tick(house: &Arc<House>) -> Result<()> {
    for served in &house.firms {
        let (firm, gateway) = (served.firm.clone(), served.desk.gateway.clone());
        let queued = house.store.write_soon(move |tx| crate::digest::queue_due(tx, &firm, &gateway, now())).await?;
        if queued > 0 {
            house.ring_outbox();
        }
    }
    Ok(())
}

async fn sweep(house: &Arc<House>) -> Result<()> {
    let house = Arc::clone(house);
    let swept = tokio::task::spawn_blocking(move || house.store.collect_orphans(ORPHAN_AGE));
    let removed = swept.await.map_err(|e| crate::store::StoreError::Panicked(e.to_string()))??;
    if removed > 0 {
        tracing::info!(blobs = removed, "blobs that no row names were removed");
    }
    Ok(())
}
