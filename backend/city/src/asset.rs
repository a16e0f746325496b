//! Assets with their newest values, and their short names: dense handles in order of appearance.

use egret_package::Package;
use egret_shared::asset::{AssetMark, AssetSpot, AssetState, AssetValue};
use egret_shared::catalog::AssetDef;
use egret_shared::flags::Flags;
use egret_shared::id::{AssetId, FeedId};
use egret_shared::level::Level;
use egret_shared::observation::Observation;
use egret_shared::package::property::PropertyDef;
use egret_shared::position::Position;
use egret_shared::text::Text;
use egret_shared::time::TimeMs;
use serde::{Deserialize, Serialize};

use crate::limits::{AHEAD_MAX_MS, ASSETS_MAX};
use crate::plan::{Area, Feed, Lookup, Plan, Property, Rule};

/// An asset as it stands.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Asset {
    pub(crate) feed: Feed,
    /// Its index within the feed.
    pub(crate) index: u32,
    pub(crate) id: AssetId,
    /// Its row in the package's register, if it has one.
    register: Option<u32>,
    pub(crate) position: Option<Position>,
    /// Event time of `position`; absent if the register knows it.
    placed_us: Option<i64>,
    /// Where it counts: the finest area of its position, or its department's. Absent outside.
    pub(crate) area: Option<Area>,
    /// Whether the register says where it counts, wherever it stands.
    pub(crate) pinned: bool,
    values: Vec<Held>,
    observed_us: Option<i64>,
    /// Whether the newest sender gave microseconds.
    has_us: bool,
    received_ms: Option<i64>,
    /// The last silence longer than its feed's lateness: from the newest event time before it to
    /// when it was heard again. Nothing of what it measured meanwhile had come.
    gap_ms: Option<(i64, i64)>,
    /// Its open alerts: the rule, and the level once firing.
    open: Vec<(Rule, Level)>,
}

/// A property's newest value.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Held {
    property: Property,
    v: f64,
    at_us: i64,
    /// Since when it has been the same.
    same_since_us: i64,
    flags: Flags,
}

/// Event time of an observation that came at `now_ms`, in microseconds; `None` if it lies so far
/// ahead that it cannot be believed.
pub(crate) fn observed_us(observation: &Observation, now_ms: i64) -> Option<i64> {
    let observed_ms = observation.observed_at.0;
    if observed_ms > now_ms.saturating_add(AHEAD_MAX_MS) {
        return None;
    }
    let whole = observed_ms.saturating_mul(1_000);
    Some(match observation.observed_at_us {
        // A clamped clock leaves microseconds behind that belong to another time.
        Some(us) if us.div_euclid(1_000) == observed_ms => us,
        _ => whole,
    })
}

/// What taking in a value showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Whether it is the newest of its property.
    pub(crate) newest: bool,
    /// All that is to be known about it.
    pub(crate) flags: Flags,
}

impl Asset {
    /// Its row in the package's register.
    pub(crate) fn registered<'p>(&self, package: &'p Package) -> Option<&'p AssetDef> {
        package.assets.get(self.register? as usize)
    }

    /// Notes at `now_ms`, before [`Self::note`], whether a silence of more than `longest_ms` ends.
    /// One of the register that is heard for the first time has been silent all along; of others
    /// nobody knows.
    pub(crate) fn end_silence(&mut self, now_ms: i64, longest_ms: i64) {
        let from_ms = match self.received_ms {
            None if self.register.is_some() => i64::MIN,
            Some(heard_ms) if now_ms - heard_ms > longest_ms => {
                let newest_ms = self.observed_us.map(|us| us.div_euclid(1_000));
                newest_ms.map_or(heard_ms, |newest_ms| newest_ms.min(heard_ms))
            }
            _ => return,
        };
        self.gap_ms = Some((from_ms, now_ms));
    }

    /// Whether nothing had come of `at_ms` until its last silence ended.
    pub(crate) fn was_silent_at(&self, at_ms: i64) -> bool {
        self.gap_ms
            .is_some_and(|(from_ms, until_ms)| (from_ms..=until_ms).contains(&at_ms))
    }

    /// Notes that something of time `at_us` arrived.
    pub(crate) fn note(&mut self, observation: &Observation, at_us: i64) {
        if self.observed_us.is_none_or(|newest| newest <= at_us) {
            self.observed_us = Some(at_us);
            self.has_us = observation.observed_at_us.is_some();
        }
        self.received_ms = self.received_ms.max(Some(observation.received_at.0));
    }

    /// Moves to where it was at `at_us`, unless it was seen later elsewhere; whether it moved.
    pub(crate) fn place(&mut self, position: Position, at_us: i64) -> bool {
        if self.placed_us.is_some_and(|newest| newest > at_us) {
            return false;
        }
        self.placed_us = Some(at_us);
        self.position = Some(position);
        true
    }

    /// Takes in a value of time `at_us`. It is compared with the one before only if it is newer:
    /// what comes late is no jump back.
    pub(crate) fn take(
        &mut self,
        def: &PropertyDef,
        property: Property,
        v: f64,
        at_us: i64,
        flags: Flags,
    ) -> Taken {
        let taken = |newest: bool, flags: Flags| Taken { newest, flags };
        let Some(held) = self
            .values
            .iter_mut()
            .find(|held| held.property == property)
        else {
            self.values.push(Held {
                property,
                v,
                at_us,
                same_since_us: at_us,
                flags,
            });
            return taken(true, flags);
        };
        if held.at_us > at_us {
            return taken(false, flags);
        }
        let jumped = def.jump.is_some_and(|jump| (v - held.v).abs() > jump);
        let same = v.to_bits() == held.v.to_bits();
        let same_since_us = if same { held.same_since_us } else { at_us };
        let same_ms = (at_us - same_since_us) / 1_000;
        let stuck = def.stuck_after.is_some_and(|after| same_ms > after.ms());
        let when = |condition: bool, flag: Flags| if condition { flag } else { Flags::NONE };
        let flags = flags
            .with(when(jumped, Flags::JUMP))
            .with(when(stuck, Flags::STUCK));
        *held = Held {
            property,
            v,
            at_us,
            same_since_us,
            flags,
        };
        taken(true, flags)
    }

    /// Whether an alert of `rule` on it is open.
    pub(crate) fn has_open(&self, rule: Rule) -> bool {
        self.open.iter().any(|(open, _)| *open == rule)
    }

    /// Notes an open alert and its level ([`Level::Normal`] while pending), or that it is closed.
    pub(crate) fn note_alert(&mut self, rule: Rule, level: Option<Level>) {
        self.open.retain(|(open, _)| *open != rule);
        self.open.extend(level.map(|level| (rule, level)));
    }

    fn level(&self) -> Level {
        self.open
            .iter()
            .map(|(_, level)| *level)
            .max()
            .unwrap_or_default()
    }
}

/// All assets by handle.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Assets {
    rows: Vec<Asset>,
    #[serde(skip)]
    handles: Vec<Lookup<AssetId, u32>>,
}

impl Assets {
    /// No assets yet, of `n_feeds` feeds.
    pub(crate) fn new(n_feeds: usize) -> Self {
        Self {
            rows: Vec::new(),
            handles: (0..n_feeds).map(|_| Lookup::default()).collect(),
        }
    }

    /// Rebuilds the lookup after a restore.
    pub(crate) fn index(&mut self, n_feeds: usize) {
        self.handles = Self::new(n_feeds).handles;
        for (handle, asset) in (0..).zip(&self.rows) {
            if let Some(handles) = self.handles.get_mut(usize::from(asset.feed)) {
                handles.insert(asset.id.clone(), handle);
            }
        }
    }

    pub(crate) fn handle(&self, feed: Feed, id: &AssetId) -> Option<u32> {
        self.handles.get(usize::from(feed))?.get(id).copied()
    }

    pub(crate) fn get(&self, handle: u32) -> Option<&Asset> {
        self.rows.get(handle as usize)
    }

    pub(crate) fn get_mut(&mut self, handle: u32) -> Option<&mut Asset> {
        self.rows.get_mut(handle as usize)
    }

    /// All handles.
    pub(crate) fn all(&self) -> impl Iterator<Item = u32> + use<> {
        (0..).take(self.rows.len())
    }

    /// Whether one more finds room.
    pub(crate) fn has_room(&self) -> bool {
        self.rows.len() < ASSETS_MAX
    }

    /// The handle that the next asset will get.
    pub(crate) fn next(&self) -> u32 {
        u32::try_from(self.rows.len()).unwrap_or(u32::MAX)
    }

    /// Takes a new asset in. The caller has seen that there is room.
    pub(crate) fn add(
        &mut self,
        feed: Feed,
        index: u32,
        id: &AssetId,
        home: Area,
        register: Option<u32>,
    ) {
        let handle = self.next();
        if let Some(handles) = self.handles.get_mut(usize::from(feed)) {
            handles.insert(id.clone(), handle);
        }
        self.rows.push(Asset {
            feed,
            index,
            id: id.clone(),
            register,
            position: None,
            placed_us: None,
            area: Some(home),
            pinned: false,
            values: Vec::new(),
            observed_us: None,
            has_us: false,
            received_ms: None,
            gap_ms: None,
            open: Vec::new(),
        });
    }
}

/// What reads of an asset need beside it.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) package: &'a Package,
    pub(crate) plan: &'a Plan,
    pub(crate) stale: bool,
}

impl View<'_> {
    fn feed(&self, asset: &Asset) -> FeedId {
        let plan = self.plan.feed(asset.feed);
        plan.map_or_else(
            || FeedId::new(crate::feed::UNKNOWN_FEED),
            |feed| feed.def.id.clone(),
        )
    }

    /// What people call it.
    pub(crate) fn name(&self, asset: &Asset) -> Option<Text> {
        Some(asset.registered(self.package)?.name.clone())
    }

    /// The asset with all its values.
    pub(crate) fn state(&self, asset: &Asset) -> AssetState {
        let value = |held: &Held| {
            let def = self.plan.property(held.property)?;
            let value = AssetValue {
                v: held.v,
                u: def.unit.clone(),
                at: TimeMs(held.at_us.div_euclid(1_000)),
                flags: held.flags,
            };
            Some((def.id.clone(), value))
        };
        AssetState {
            feed: self.feed(asset),
            asset: asset.id.clone(),
            name: self.name(asset),
            position: asset.position,
            areas: self.plan.areas.codes(asset.area),
            values: asset.values.iter().filter_map(value).collect(),
            observed_at: asset.observed_us.map(|us| TimeMs(us.div_euclid(1_000))),
            observed_at_us: asset.observed_us.filter(|_| asset.has_us),
            received_at: asset.received_ms.map(TimeMs),
            level: asset.level(),
            stale: self.stale,
        }
    }

    /// What the map shows of it, if it has a position.
    pub(crate) fn mark(&self, handle: u32, asset: &Asset) -> Option<AssetMark> {
        Some(AssetMark {
            handle,
            feed: self.feed(asset),
            asset: asset.id.clone(),
            spot: AssetSpot {
                position: asset.position?,
                at: asset.placed_us.map(|us| TimeMs(us.div_euclid(1_000))),
                level: asset.level(),
                stale: self.stale,
            },
        })
    }
}
