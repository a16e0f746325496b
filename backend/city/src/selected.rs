//! Which assets a metric is made of, where it is not made of all of its feeds'.
//!
//! Decided once, when an asset is admitted; a reading asks for one bit. A function of the plan
//! and the assets: left out of checkpoints and made again after a restore.

use egret_shared::id::AssetId;

use crate::asset::Assets;
use crate::bits::Bits;
use crate::plan::{Area, FeedPlan, Plan, Selection};

/// Every selection's assets.
#[derive(Default)]
pub(crate) struct Selected(Vec<Row>);

/// One selection's assets.
#[derive(Clone, Default)]
struct Row {
    /// By index within the feed.
    members: Bits,
    n_members: u32,
    /// How many of them each area holds.
    known: Vec<u32>,
}

impl Selected {
    /// No assets yet.
    pub(crate) fn new(plan: &Plan) -> Self {
        let row = Row {
            known: vec![0; plan.areas.len()],
            ..Row::default()
        };
        Self(vec![row; plan.selections.len()])
    }

    /// The selections of the assets that are known.
    pub(crate) fn of(plan: &Plan, assets: &Assets) -> Self {
        let mut selected = Self::new(plan);
        for asset in assets.all().filter_map(|handle| assets.get(handle)) {
            let Some(feed) = plan.feed(asset.feed) else {
                continue;
            };
            selected.admit(plan, feed, &asset.id, asset.index);
            let path = asset.area.map_or(&[][..], |area| plan.areas.path(area));
            selected.move_known(feed, asset.index, path, 1);
        }
        selected
    }

    /// Whether the asset with this index within its feed is one of `only`; all are of none.
    pub(crate) fn has(&self, only: Option<Selection>, index: u32) -> bool {
        only.is_none_or(|selection| {
            let row = self.0.get(usize::from(selection));
            row.is_some_and(|row| row.members.has(index))
        })
    }

    /// How many assets are selected.
    pub(crate) fn len(&self, selection: Selection) -> u32 {
        let row = self.0.get(usize::from(selection));
        row.map_or(0, |row| row.n_members)
    }

    /// How many of them `area` holds.
    pub(crate) fn known(&self, selection: Selection, area: Area) -> u32 {
        let row = self.0.get(usize::from(selection));
        let known = row.and_then(|row| row.known.get(area as usize));
        known.copied().unwrap_or_default()
    }

    /// Takes a new asset of `feed` into the selections that it fits.
    pub(crate) fn admit(&mut self, plan: &Plan, feed: &FeedPlan, asset: &AssetId, index: u32) {
        for selection in feed.selections.iter().map(|number| usize::from(*number)) {
            let fits = plan.selections.get(selection);
            if fits.is_some_and(|wanted| wanted.selects(asset))
                && let Some(row) = self.0.get_mut(selection)
            {
                row.n_members += u32::from(row.members.insert(index));
            }
        }
    }

    /// Notes that an asset came into (`+1`) or left (`-1`) the areas of `path`.
    pub(crate) fn move_known(&mut self, feed: &FeedPlan, index: u32, path: &[Area], by: i32) {
        for selection in &feed.selections {
            let row = self.0.get_mut(usize::from(*selection));
            let Some(row) = row.filter(|row| row.members.has(index)) else {
                continue;
            };
            for area in path {
                if let Some(known) = row.known.get_mut(*area as usize) {
                    *known = known.saturating_add_signed(by);
                }
            }
        }
    }
}
