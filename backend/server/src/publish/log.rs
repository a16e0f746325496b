//! One channel's state, its last frames, and what a client at some seq gets next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use bytes::Bytes;
use egret_city::entry::Seq;
use egret_shared::channel::Channel;
use egret_shared::codec::{self, Encoding};
use egret_shared::delta::Delta;
use egret_shared::message::{DeltaFrame, ServerMessage, SnapshotFrame};
use egret_shared::snapshot::Snapshot;
use egret_shared::time::TimeMs;
use tokio::sync::Notify;

use crate::limits::FRAMES_KEPT;

/// A channel that somebody has subscribed to.
#[derive(Debug)]
pub(crate) struct ChannelLog {
    channel: Channel,
    generation: u64,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    seq: Seq,
    at: TimeMs,
    state: Snapshot,
    frames: VecDeque<Frame>,
    encoded: Vec<Encoded>,
    followers: Vec<Weak<Notify>>,
    pushed_at: Instant,
}

#[derive(Debug)]
struct Frame {
    base: Seq,
    changes: Delta,
}

/// A message that leads to the newest seq, in one encoding; forgotten at the next frame.
#[derive(Debug)]
struct Encoded {
    base: Option<Seq>,
    encoding: Encoding,
    bytes: Bytes,
}

/// What a client gets next of a channel.
#[derive(Debug)]
pub(crate) struct Next {
    /// The encoded message.
    pub bytes: Bytes,
    /// The seq that the client then holds.
    pub seq: Seq,
    /// Whether it stands for several frames.
    pub merged: bool,
    /// When the newest of what it tells was folded.
    pub pushed_at: Instant,
}

impl ChannelLog {
    /// A channel that stands at `state` after `seq`.
    pub(crate) fn new(
        channel: Channel,
        generation: u64,
        seq: Seq,
        at: TimeMs,
        state: Snapshot,
    ) -> Self {
        let inner = Inner {
            seq,
            at,
            state,
            frames: VecDeque::new(),
            encoded: Vec::new(),
            followers: Vec::new(),
            pushed_at: Instant::now(),
        };
        Self {
            channel,
            generation,
            inner: Mutex::new(inner),
        }
    }

    /// The channel that this is the log of.
    pub(crate) fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Wakes `follower` at every frame, for as long as it lives.
    pub(crate) fn follow(&self, follower: &Arc<Notify>) {
        self.lock().followers.push(Arc::downgrade(follower));
    }

    /// Moves an asset's channel on to `newer`, unless it stands there already; whether it moved.
    pub(crate) fn push_new(&self, seq: Seq, at: TimeMs, newer: Delta, now: Instant) -> bool {
        let stands_there = match (&self.lock().state, &newer) {
            (Snapshot::Asset(held), Delta::Asset(newer)) => held == newer,
            _ => false,
        };
        if !stands_there {
            self.push(seq, at, newer, now);
        }
        !stands_there
    }

    /// Moves the channel on by `changes`.
    pub(crate) fn push(&self, seq: Seq, at: TimeMs, changes: Delta, now: Instant) {
        self.push_of(seq, at, now, |_| Some(changes));
    }

    /// Moves the channel on by what `changes` makes of the state that its followers hold, if that is
    /// anything.
    pub(crate) fn push_of(
        &self,
        seq: Seq,
        at: TimeMs,
        now: Instant,
        changes: impl FnOnce(&Snapshot) -> Option<Delta>,
    ) {
        let mut inner = self.lock();
        let Some(changes) = changes(&inner.state) else {
            return;
        };
        if inner.state.apply(&changes).is_err() {
            tracing::error!(channel = %self.channel, "a delta of another kind was published");
            return;
        }
        let base = inner.seq;
        inner.frames.push_back(Frame { base, changes });
        if inner.frames.len() > FRAMES_KEPT {
            inner.frames.pop_front();
        }
        inner.encoded.clear();
        (inner.seq, inner.at, inner.pushed_at) = (seq, at, now);
        inner.followers.retain(|follower| {
            let follower = follower.upgrade();
            follower.inspect(|follower| follower.notify_one()).is_some()
        });
    }

    /// What a client that holds `held` gets next: nothing if it is up to date, the frames it
    /// lacks as one, or a snapshot if it holds nothing that still connects.
    ///
    /// # Errors
    /// If the message cannot be encoded.
    pub(crate) fn next(
        &self,
        held: Option<Seq>,
        encoding: Encoding,
    ) -> Result<Option<Next>, codec::CodecError> {
        let mut inner = self.lock();
        if held == Some(inner.seq) {
            return Ok(None);
        }
        let missing = held.and_then(|held| inner.missing(held));
        let base = if missing.is_some() { held } else { None };
        let bytes = if let Some(bytes) = inner.cached(base, encoding) {
            bytes
        } else {
            let message = self.way(&inner, base.zip(missing));
            let bytes = Bytes::from(codec::encode(&message, encoding)?);
            inner.encoded.push(Encoded {
                base,
                encoding,
                bytes: bytes.clone(),
            });
            bytes
        };
        let merged = missing.is_some_and(|first| first + 1 < inner.frames.len());
        Ok(Some(Next {
            bytes,
            seq: inner.seq,
            merged,
            pushed_at: inner.pushed_at,
        }))
    }

    /// As [`Self::next`], for followers within the server: the message itself.
    pub(crate) fn message(&self, held: Option<Seq>) -> Option<(ServerMessage, Seq)> {
        let inner = self.lock();
        if held == Some(inner.seq) {
            return None;
        }
        let missing = held.and_then(|held| Some((held, inner.missing(held)?)));
        let message = self.way(&inner, missing);
        Some((message, inner.seq))
    }

    /// The message that leads from `base`, whose next frame is `first`, to now; without them, the
    /// snapshot.
    fn way(&self, inner: &Inner, from: Option<(Seq, usize)>) -> ServerMessage {
        match from {
            Some((base, first)) => self.delta(inner, base, first),
            None => self.snapshot(inner),
        }
    }

    fn snapshot(&self, inner: &Inner) -> ServerMessage {
        ServerMessage::Snapshot(SnapshotFrame {
            channel: self.channel.clone(),
            generation: self.generation,
            seq: inner.seq,
            at: inner.at,
            state: inner.state.clone(),
        })
    }

    fn delta(&self, inner: &Inner, base: Seq, first: usize) -> ServerMessage {
        let mut frames = inner.frames.range(first..);
        let merged = frames.next().map(|frame| {
            let mut changes = frame.changes.clone();
            let all = frames.try_for_each(|frame| changes.merge(&frame.changes));
            all.map(|()| changes)
        });
        match merged {
            Some(Ok(changes)) => ServerMessage::Delta(DeltaFrame {
                channel: self.channel.clone(),
                generation: self.generation,
                base,
                seq: inner.seq,
                at: inner.at,
                changes,
            }),
            _ => self.snapshot(inner),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here can panic half-way, so a poisoned lock still guards a whole state.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Index of the first frame that a client at `held` lacks, if it is still kept.
    fn missing(&self, held: Seq) -> Option<usize> {
        self.frames
            .binary_search_by_key(&held, |frame| frame.base)
            .ok()
    }

    fn cached(&self, base: Option<Seq>, encoding: Encoding) -> Option<Bytes> {
        let hit = self
            .encoded
            .iter()
            .find(|e| e.base == base && e.encoding == encoding);
        hit.map(|encoded| encoded.bytes.clone())
    }
}

#[cfg(test)]
mod tests {
    use egret_shared::level::Level;
    use egret_shared::place::Place;
    use egret_shared::position::Position;
    use egret_shared::tile::{TileDelta, TileMark, TileSnapshot, TileSpot};

    use super::*;

    fn mark(handle: u32, lon: f64) -> TileMark {
        let spot = TileSpot {
            place: Place::of(Position { lon, lat: 24.0 }),
            at: None,
            level: Level::Normal,
            stale: false,
        };
        TileMark {
            handle,
            feed: "f".into(),
            asset: "a".into(),
            spot,
        }
    }

    fn enter(handle: u32, lon: f64) -> Delta {
        Delta::Tile(TileDelta {
            enter: vec![mark(handle, lon)],
            ..TileDelta::default()
        })
    }

    fn log() -> ChannelLog {
        let state = Snapshot::Tile(TileSnapshot::default());
        let channel = "tile/0/0/0".parse().unwrap();
        ChannelLog::new(channel, 7, 1, TimeMs(0), state)
    }

    fn read(next: &Next) -> ServerMessage {
        codec::decode(&next.bytes).unwrap()
    }

    #[test]
    fn a_client_that_is_behind_gets_what_it_lacks_in_one_frame() {
        let log = log();
        for seq in 2..=4 {
            log.push(
                seq,
                TimeMs(0),
                enter(u32::try_from(seq).unwrap(), 118.0),
                Instant::now(),
            );
        }
        let next = log.next(Some(2), Encoding::Binary).unwrap().unwrap();
        assert!(next.merged);
        let ServerMessage::Delta(frame) = read(&next) else {
            panic!("a delta")
        };
        assert_eq!((frame.base, frame.seq), (2, 4));
        let Delta::Tile(changes) = frame.changes else {
            panic!("of a tile")
        };
        assert_eq!(changes.enter.len(), 2);
    }

    #[test]
    fn one_who_holds_something_unknown_gets_a_snapshot_equal_to_all_deltas() {
        let log = log();
        log.push(5, TimeMs(0), enter(1, 118.0), Instant::now());
        log.push(9, TimeMs(0), enter(2, 118.1), Instant::now());
        let next = log.next(Some(3), Encoding::Binary).unwrap().unwrap();
        let ServerMessage::Snapshot(frame) = read(&next) else {
            panic!("a snapshot")
        };
        let Snapshot::Tile(tile) = frame.state else {
            panic!("of a tile")
        };
        assert_eq!(tile.assets.len(), 2);
        assert_eq!(frame.seq, 9);
    }

    #[test]
    fn who_is_up_to_date_gets_nothing_and_a_frame_is_encoded_once() {
        let log = log();
        assert!(log.next(Some(1), Encoding::Binary).unwrap().is_none());
        log.push(2, TimeMs(0), enter(1, 118.0), Instant::now());
        let one = log.next(Some(1), Encoding::Binary).unwrap().unwrap();
        let two = log.next(Some(1), Encoding::Binary).unwrap().unwrap();
        assert_eq!(one.bytes.as_ptr(), two.bytes.as_ptr());
        assert!(!one.merged);
    }

    #[test]
    fn beyond_the_frames_kept_a_snapshot_takes_over() {
        let log = log();
        for seq in 2..=(FRAMES_KEPT as u64 + 3) {
            log.push(seq, TimeMs(0), enter(1, 118.0), Instant::now());
        }
        let next = log.next(Some(1), Encoding::Binary).unwrap().unwrap();
        assert!(matches!(read(&next), ServerMessage::Snapshot(_)));
    }
}
