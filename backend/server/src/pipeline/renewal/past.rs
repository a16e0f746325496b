//! When all can be read again that closed before another package came in force.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::folding::CityHandle;

/// Whether all can be read that the city in place has closed so far: not yet. What was folded anew is
/// kept in spare time, and so long the city need not wait for it.
pub(super) fn is_whole(
    city: CityHandle,
    tracker: &TaskTracker,
    shutdown: CancellationToken,
) -> Arc<AtomicBool> {
    let is_whole = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&is_whole);
    tracker.spawn(async move {
        if let Some(Ok(())) = shutdown.run_until_cancelled(city.kept()).await {
            told.store(true, Ordering::Release);
        }
    });
    is_whole
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use egret_city::City;
    use tokio::sync::mpsc;
    use tokio::time::timeout;

    use super::*;
    use crate::city_files::CityFiles;
    use crate::folding::Folding;
    use crate::journal::writer::StoreJob;
    use crate::telemetry::Telemetry;

    #[tokio::test]
    async fn the_past_is_whole_once_the_store_has_kept_what_was_folded_and_not_before() {
        let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
        let city = City::new(Arc::new(CityFiles::read(&tiny).unwrap().load().unwrap()));
        let (_commits, committed) = mpsc::channel(1);
        let (jobs, mut store) = mpsc::channel(8);
        let (folding, city) = Folding::new(city, 1, committed, jobs, Telemetry::new());
        let tracker = TaskTracker::new();
        let is_past_whole = is_whole(city, &tracker, CancellationToken::new());
        let asked = async {
            loop {
                if let StoreJob::Kept(done) = store.recv().await.unwrap() {
                    break done;
                }
            }
        };
        let done = tokio::select! {
            () = folding.run() => None,
            done = timeout(Duration::from_secs(10), asked) => done.ok(),
        };
        assert!(!is_past_whole.load(Ordering::Acquire));
        done.unwrap().send(()).unwrap();
        tracker.close();
        tracker.wait().await;
        assert!(is_past_whole.load(Ordering::Acquire));
    }
}
