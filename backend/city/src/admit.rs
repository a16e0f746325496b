//! Who is known, and where: new assets, the package's register, and how many of a feed's assets
//! each area should hear from.

use egret_package::areas::AreaIndex;
use egret_shared::id::AssetId;

use crate::fold::Fold;
use crate::metric::counting_area;
use crate::plan::{Area, Feed, FeedPlan};

impl Fold<'_> {
    /// The asset's handle; a new asset gets one. `None` if there is no room.
    pub(crate) fn admit(&mut self, feed: Feed, plan: &FeedPlan, asset: &AssetId) -> Option<u32> {
        let known = self.state.assets.handle(feed, asset);
        known.or_else(|| self.admit_new(feed, plan, asset, None))
    }

    fn admit_new(
        &mut self,
        feed: Feed,
        plan: &FeedPlan,
        asset: &AssetId,
        register: Option<u32>,
    ) -> Option<u32> {
        if !self.state.assets.has_room() {
            return None;
        }
        let now_ms = self.state.now_ms;
        let handle = self.state.assets.next();
        let home = self.plan.areas.path(plan.home);
        let state = self.feed_mut(feed)?;
        let index = state.admit(handle, now_ms);
        state.move_known(home, 1);
        let selected = &mut self.state.selected;
        selected.admit(self.plan, plan, asset, index);
        selected.move_known(plan, index, home, 1);
        self.state
            .assets
            .add(feed, index, asset, plan.home, register);
        self.known_changed(feed, plan, index, plan.home);
        if index == 0 {
            self.feed_went_live(plan);
        }
        Some(handle)
    }

    /// Admits the assets of the package's register.
    pub(crate) fn register_assets(&mut self) {
        if self.package.assets.is_empty() {
            return;
        }
        let index = AreaIndex::new(&self.package.areas);
        for (row, def) in (0..).zip(&self.package.assets) {
            let Some(feed) = self.plan.feed_number(&def.feed) else {
                continue;
            };
            let Some(plan) = self.plan.feed(feed) else {
                continue;
            };
            let Some(handle) = self.admit_new(feed, plan, &def.asset, Some(row)) else {
                continue;
            };
            let named = def
                .area
                .as_ref()
                .and_then(|code| self.plan.areas.number(code));
            let located = def
                .position
                .map(|position| index.locate(position).map(|area| area.0));
            if let Some(asset) = self.state.assets.get_mut(handle) {
                asset.position = def.position;
                asset.pinned = named.is_some();
            }
            if let Some(area) = named.map(Some).or(located) {
                self.recount(feed, plan, handle, area);
            }
        }
    }

    /// Counts an asset in `area` from now on, and no longer where it was.
    pub(crate) fn recount(&mut self, feed: Feed, plan: &FeedPlan, handle: u32, area: Option<Area>) {
        let Some(asset) = self
            .state
            .assets
            .get_mut(handle)
            .filter(|asset| asset.area != area)
        else {
            return;
        };
        let before = std::mem::replace(&mut asset.area, area);
        let index = asset.index;
        for (area, by) in [(before, -1), (area, 1)] {
            let Some(area) = area else { continue };
            let path = self.plan.areas.path(area);
            if let Some(state) = self.feed_mut(feed) {
                state.move_known(path, by);
            }
            self.state.selected.move_known(plan, index, path, by);
            self.known_changed(feed, plan, index, area);
        }
    }

    /// Notes that another number of assets is expected from `area` up, by the asset with this index
    /// within its feed.
    fn known_changed(&mut self, feed: Feed, plan: &FeedPlan, index: u32, area: Area) {
        let state = self.state.feeds.get(usize::from(feed));
        if state.is_none_or(|state| state.stale_after_ms(plan).is_none()) {
            return;
        }
        for one in &plan.metrics {
            let measured = self
                .plan
                .metric(one.metric)
                .and_then(|metric| metric.measured());
            let Some(counted) = measured.and_then(|one| counting_area(one, plan, Some(area)))
            else {
                continue;
            };
            if !self.state.selected.has(one.only, index) {
                continue;
            }
            for area in self.plan.areas.path(counted) {
                self.state.metrics.present(self.plan, one.metric, *area);
                self.touch_metric(one.metric, *area);
            }
        }
    }

    /// Notes that counts of nothing are zero from now on.
    pub(crate) fn feed_went_live(&mut self, plan: &FeedPlan) {
        for one in &plan.metrics {
            self.state
                .metrics
                .touch_all(self.plan, &mut self.dirty.metrics, one.metric);
        }
    }
}
