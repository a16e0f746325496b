//! What the browser holds of each channel, moved forward by [`Snapshot::apply`] and nothing else.
//!
//! Pure. A frame either fits what is held, or the channel is to be asked for anew; there is no
//! third way, so the picture is never a mixture of two states.

use std::collections::BTreeMap;
use std::sync::Arc;

use egret_shared::channel::Channel;
use egret_shared::message::{DeltaFrame, Resume, SnapshotFrame};
use egret_shared::snapshot::{CitySnapshot, Snapshot};
use egret_shared::tile::TileSnapshot;

use super::follow::Sight;

/// A channel's state and where in the journal it stands.
#[derive(Debug)]
struct Held {
    generation: u64,
    seq: u64,
    state: Snapshot,
}

/// A delta does not continue what is held: a frame was lost, or the server started anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gap;

/// Every channel's state.
#[derive(Debug, Default)]
pub(crate) struct Channels {
    held: BTreeMap<Channel, Held>,
}

impl Channels {
    /// Takes a full state in place of what is held.
    pub(crate) fn replace(&mut self, frame: SnapshotFrame) {
        let held = Held {
            generation: frame.generation,
            seq: frame.seq,
            state: frame.state,
        };
        self.held.insert(frame.channel, held);
    }

    /// Moves a channel forward.
    ///
    /// # Errors
    /// [`Gap`] if the delta does not continue what is held; the state is as before and the caller
    /// asks for a snapshot.
    pub(crate) fn advance(&mut self, frame: &DeltaFrame) -> Result<(), Gap> {
        let held = self.held.get_mut(&frame.channel).ok_or(Gap)?;
        if held.generation != frame.generation || held.seq != frame.base {
            return Err(Gap);
        }
        held.state.apply(&frame.changes).map_err(|_mismatch| Gap)?;
        held.seq = frame.seq;
        Ok(())
    }

    /// Holds the same in as little memory as can be.
    pub(crate) fn pack(&mut self) {
        for held in self.held.values_mut() {
            held.state.pack();
        }
    }

    /// Lets a channel go.
    pub(crate) fn forget(&mut self, channel: &Channel) {
        self.held.remove(channel);
    }

    /// What is held of `channels`, so that the server can send the difference alone.
    pub(crate) fn resume<'a>(
        &self,
        channels: impl IntoIterator<Item = &'a Channel>,
    ) -> Vec<Resume> {
        let resume = |channel: &Channel| {
            self.held.get(channel).map(|held| Resume {
                channel: channel.clone(),
                generation: held.generation,
                seq: held.seq,
            })
        };
        channels.into_iter().filter_map(resume).collect()
    }

    /// The city, once it has come.
    pub(crate) fn city(&self) -> Option<&CitySnapshot> {
        match &self.held.get(&Channel::City)?.state {
            Snapshot::City(city) => Some(city),
            _ => None,
        }
    }

    /// An incident's file, as far as it has come.
    pub(crate) fn dossier(&self, channel: &Channel) -> Sight {
        match self.held.get(channel).map(|held| &held.state) {
            Some(Snapshot::Incident(Some(dossier))) => Sight::Here(Arc::new((**dossier).clone())),
            Some(Snapshot::Incident(None)) => Sight::Unknown,
            _ => Sight::Waiting,
        }
    }

    /// A tile, once it has come.
    pub(crate) fn tile(&self, channel: &Channel) -> Option<&TileSnapshot> {
        match &self.held.get(channel)?.state {
            Snapshot::Tile(tile) => Some(tile),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::delta::{CityDelta, Delta};
    use egret_shared::flags::Flags;
    use egret_shared::id::AreaCode;
    use egret_shared::level::Level;
    use egret_shared::metric::MetricPoint;
    use egret_shared::table::Table;
    use egret_shared::tile::TileDelta;
    use egret_shared::time::TimeMs;

    use super::*;

    fn snapshot(generation: u64, seq: u64) -> SnapshotFrame {
        SnapshotFrame {
            channel: Channel::City,
            generation,
            seq,
            at: TimeMs(0),
            state: Snapshot::City(Box::default()),
        }
    }

    fn delta(generation: u64, base: u64, seq: u64) -> DeltaFrame {
        DeltaFrame {
            channel: Channel::City,
            generation,
            base,
            seq,
            at: TimeMs(0),
            changes: Delta::City(Box::<CityDelta>::default()),
        }
    }

    #[test]
    fn a_delta_that_continues_what_is_held_moves_it_on() {
        let mut channels = Channels::default();
        channels.replace(snapshot(1, 5));
        assert_eq!(channels.advance(&delta(1, 5, 9)), Ok(()));
        let resume = channels.resume([&Channel::City]);
        assert_eq!(resume.first().map(|held| held.seq), Some(9));
    }

    #[test]
    fn a_lost_frame_a_new_generation_and_a_strange_delta_are_gaps() {
        let mut channels = Channels::default();
        assert_eq!(channels.advance(&delta(1, 0, 1)), Err(Gap));
        channels.replace(snapshot(1, 5));
        assert_eq!(channels.advance(&delta(1, 6, 7)), Err(Gap));
        assert_eq!(channels.advance(&delta(2, 5, 6)), Err(Gap));
        let strange = DeltaFrame {
            changes: Delta::Tile(TileDelta::default()),
            ..delta(1, 5, 6)
        };
        assert_eq!(channels.advance(&strange), Err(Gap));
        assert_eq!(channels.advance(&delta(1, 5, 6)), Ok(()));
    }

    #[test]
    fn a_forgotten_channel_is_not_resumed() {
        let mut channels = Channels::default();
        channels.replace(snapshot(1, 5));
        channels.forget(&Channel::City);
        assert!(channels.resume([&Channel::City]).is_empty());
    }

    fn point(area: u32) -> MetricPoint {
        MetricPoint {
            metric: "m".into(),
            area: AreaCode::new(area.to_string()),
            start: TimeMs(0),
            end: TimeMs(60_000),
            v: Some(f64::from(area)),
            level: Level::Normal,
            sources: 1,
            expected: 1,
            latest_at: None,
            flags: Flags::NONE,
            typical: None,
        }
    }

    #[test]
    fn rows_that_came_one_by_one_are_held_in_no_more_than_if_they_had_come_at_once() {
        // 7 has no part in 1,000: every area once, in no order.
        let one_by_one = || {
            let mut table = Table::default();
            (0..1_000).for_each(|n| table.insert(point(n * 7 % 1_000)));
            table
        };
        let before = crate::held_bytes();
        let mut channels = Channels::default();
        channels.replace(SnapshotFrame {
            state: Snapshot::City(Box::new(CitySnapshot {
                metrics: one_by_one(),
                ..CitySnapshot::default()
            })),
            ..snapshot(1, 5)
        });
        let loose = crate::held_bytes() - before;
        channels.pack();
        let packed = crate::held_bytes() - before;
        let rows = one_by_one();
        let before = crate::held_bytes();
        let at_once: Table<MetricPoint> = rows.iter().cloned().collect();
        let close = crate::held_bytes() - before;
        drop(at_once);
        assert!(packed < close + close / 20, "{packed} for {close}");
        assert!(packed * 10 < loose * 9, "{packed} of {loose}");
        assert_eq!(
            channels.city().map(|city| &city.metrics),
            Some(&one_by_one())
        );
    }
}
