//! Refused messages that are read once more, each as of when it came: what formats remember of now
//! neither helps nor is changed.

use std::collections::HashMap;

use egret_decode::Past;
use egret_shared::rejection::Rejection;

use super::ways::no_envelope;
use super::{Gathering, Intake, Origin, Way};
use crate::journal::pending::Pending;

/// Reads refused messages once more, in the order in which they came.
pub(crate) struct Again<'a> {
    intake: &'a Intake,
    /// Readers of the past, by feed and way.
    readers: HashMap<(usize, Way), Past<'a>>,
}

impl Intake {
    /// To read refused messages once more.
    pub(crate) fn again(&self) -> Again<'_> {
        Again {
            intake: self,
            readers: HashMap::new(),
        }
    }
}

impl Again<'_> {
    /// Reads a message that is in quarantine with the number `id`. If all of it can be used now it
    /// leaves quarantine with what comes of it; otherwise nothing changes. What of it was taken the
    /// first time is recognised. Returns every refusal in it.
    pub(crate) fn read(
        &mut self,
        gathering: &mut Gathering,
        feed: usize,
        origin: Origin<'_>,
        (id, payload): (i64, &[u8]),
    ) -> Vec<Rejection> {
        let intake = self.intake;
        let Some(decoder) = intake.ways.decoder(feed, origin.way) else {
            return intake.def(feed).map(no_envelope).into_iter().collect();
        };
        let reader = self.readers.entry((feed, origin.way));
        let reader = reader.or_insert_with(|| decoder.past());
        let mark = gathering.pending.mark();
        let refusals = intake.read_as(gathering, feed, origin, payload, Some(reader));
        if refusals.is_empty() {
            gathering.pending.released.push(id);
        } else {
            gathering.pending.move_since(mark, &mut Pending::begin());
        }
        refusals
    }
}
