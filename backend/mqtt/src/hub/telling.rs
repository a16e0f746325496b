//! The server's own notices: each told once for as long as it says the same, also over a restart of
//! the server, after which it makes all of them anew.

use std::sync::Arc;

use smol_str::SmolStr;

use super::{Hub, Message, lock};

impl Hub {
    /// Retains a notice, and queues it for every subscriber unless the last one with this key said
    /// the same. Where nothing is kept, nobody is left to be told twice.
    pub(crate) fn tell(&self, key: &SmolStr, message: &Arc<Message>) {
        let Some(ledger) = &self.ledger else {
            self.route(message);
            return;
        };
        let digest = digest(&message.topic, &message.payload);
        self.retain(message);
        if lock(&self.told).insert(key.clone(), digest) != Some(digest) {
            // First for those whom it is for: what is told twice is better than what never is.
            self.queue(message);
            ledger.told(key, Some(digest));
        }
    }

    /// Forgets what was told of everything that is of no use any more.
    pub(crate) fn forget_told(&self, is_of_no_use: impl Fn(&str) -> bool) {
        let Some(ledger) = &self.ledger else { return };
        let mut told = lock(&self.told);
        for (key, _) in told.extract_if(.., |key, _| is_of_no_use(key)) {
            ledger.told(&key, None);
        }
    }
}

/// FNV-1a, the same in every version of the server: it is kept.
fn digest(topic: &str, payload: &[u8]) -> u64 {
    let bytes = topic.bytes().chain([0]).chain(payload.iter().copied());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
