//! Waiting for a condition with a deadline: the only place in the suites that lets time pass.

use std::time::{Duration, Instant};

/// How long a condition may take unless a test says otherwise. A promise of the product is a
/// deadline of its own; this only catches what never comes, on a machine that is busy.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// First and longest pause between two looks.
const PAUSES: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(50));

/// What `look` finds, as soon as it finds it within [`PATIENCE`].
///
/// `look` gives what it saw instead as `Err`; the last of these is shown if it never comes.
#[track_caller]
pub fn until<T>(what: &str, look: impl FnMut() -> Result<T, String>) -> T {
    within(PATIENCE, what, look)
}

/// As [`until`], within `patience`.
#[track_caller]
pub fn within<T>(patience: Duration, what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + patience;
    let mut pause = PAUSES.0;
    loop {
        match look() {
            Ok(found) => return found,
            Err(seen) if Instant::now() >= deadline => {
                panic!("not within {patience:?}: {what}\nlast seen: {seen}");
            }
            Err(_) => std::thread::park_timeout(pause),
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// What a look comes to that found nothing but `seen`, or everything.
///
/// # Errors
/// `seen`, written for a person, while `found` is false.
pub fn check(found: bool, seen: impl std::fmt::Debug) -> Result<(), String> {
    if found {
        Ok(())
    } else {
        Err(format!("{seen:?}"))
    }
}
