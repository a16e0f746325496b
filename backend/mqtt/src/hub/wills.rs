//! Wills of connections that an earlier run had: the server cut those off itself, so that their clients
//! are given a while to come back before they are taken for lost.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::Instant;

use super::restore::{ms, properties};
use super::session::Key;
use super::{Hub, lock};
use crate::keep::WillRow;
use crate::keep::ledger::Ledger;
use crate::limits::SWEEP_PERIOD;
use crate::protocol::words::Will;

/// A will of an earlier run.
pub(crate) struct Left {
    /// By what it is kept.
    pub(crate) number: u64,
    pub(crate) key: Key,
    pub(crate) will: Will,
    /// When it is published, unless its client is back before.
    pub(crate) due_at: Instant,
    /// Resolves when the client is back.
    pub(crate) back: oneshot::Receiver<Back>,
}

/// How a client came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    /// To its session, or before anybody could take it for lost: the will is called off.
    InTime,
    /// Later, and its session is over: the will is due at once.
    Anew,
}

/// Who is waited for.
#[derive(Default)]
pub(super) struct Wills {
    left: Vec<Left>,
    waiting: BTreeMap<Key, Vec<oneshot::Sender<Back>>>,
    /// Until when a client is in time, however it comes back.
    grace_until: Option<Instant>,
}

impl Hub {
    /// Takes over the wills of an earlier run, which last ran at `at_ms`.
    pub(super) fn restore_wills(
        &self,
        rows: BTreeMap<u64, WillRow>,
        (at_ms, now_ms): (i64, i64),
        ledger: &Ledger,
    ) {
        let now = Instant::now();
        let grace = self.limits.will_grace;
        let closed_ms = now_ms.min(at_ms.saturating_add(ms(SWEEP_PERIOD)));
        let mut wills = lock(&self.wills);
        wills.grace_until = Some(now + grace);
        for (number, mut row) in rows {
            if !ledger.may_keep_topic(&row.topic) {
                ledger.will(number, None);
                continue;
            }
            let due_ms = row
                .due_at_ms
                .unwrap_or(closed_ms.saturating_add(row.delay_ms));
            if row.due_at_ms.replace(due_ms).is_none() {
                // Its time has begun; the next start is to know that.
                ledger.will(number, Some(row.clone()));
            }
            let left = Duration::from_millis(u64::try_from(due_ms - now_ms).unwrap_or(0));
            // Nobody can come back under a name that the server made up.
            let grace = if row.is_assigned {
                Duration::ZERO
            } else {
                grace
            };
            let key = Key {
                owner: row.owner,
                client: row.client,
            };
            let (sender, back) = oneshot::channel();
            wills.waiting.entry(key.clone()).or_default().push(sender);
            wills.left.push(Left {
                number,
                key,
                will: Will {
                    topic: row.topic,
                    payload: row.payload,
                    is_retained: row.is_retained,
                    qos: row.qos,
                    properties: properties(&row.properties),
                    expiry: row.expiry_ms.map(Duration::from_millis),
                    delay: Duration::ZERO,
                },
                due_at: now + left.max(grace),
                back,
            });
        }
    }

    /// The wills of an earlier run that wait for their time; once.
    pub(crate) fn take_wills(&self) -> Vec<Left> {
        std::mem::take(&mut lock(&self.wills).left)
    }

    /// Tells the wills that a client has left that it is back.
    pub(super) fn client_is_back(&self, key: &Key, is_resumed: bool) {
        let mut wills = lock(&self.wills);
        let Some(waiting) = wills.waiting.remove(key) else {
            return;
        };
        let is_early = wills
            .grace_until
            .is_some_and(|until| Instant::now() < until);
        let back = if is_resumed || is_early {
            Back::InTime
        } else {
            Back::Anew
        };
        for one in waiting {
            // It may have been published meanwhile.
            one.send(back).ok();
        }
    }
}
