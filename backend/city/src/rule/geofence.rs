//! Geofence: a moving asset is in a zone, has left it, or stays in it for long.

use std::collections::BTreeSet;

use egret_package::zones::Zone;
use egret_shared::package::rule::{Passage, RuleDef, ZoneDef};
use egret_shared::position::Position;
use egret_shared::text::Text;
use serde::{Deserialize, Serialize};

use super::{Kind, Looks, Moved};
use crate::alert::{Target, Trigger};
use crate::fold::Fold;
use crate::plan::{Area, Feed, Plan, Rule};

/// A zone, and what an asset must not do with it.
pub(super) struct Watch {
    feed: Feed,
    ground: Ground,
    name: Text,
    passage: Passage,
}

/// Where the zone is.
enum Ground {
    Area(Area),
    Outline(Zone),
    Circle(Position, f64),
}

/// Who is where, by handle.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct State {
    inside: BTreeSet<u32>,
    /// Those that have left, and not come back.
    left: BTreeSet<u32>,
}

impl Watch {
    pub(super) fn compile(plan: &Plan, def: &RuleDef) -> Option<Self> {
        let (ground, name) = match def.zone.as_ref()? {
            ZoneDef::Area(code) => {
                let area = plan.areas.number(code)?;
                (Ground::Area(area), plan.areas.name(area)?.clone())
            }
            ZoneDef::File(file) => {
                let stem = file.strip_suffix(".geojson").unwrap_or(file);
                (
                    Ground::Outline(plan.zones.get(file)?.clone()),
                    Text::new(stem, stem),
                )
            }
            ZoneDef::Circle(circle) => (
                Ground::Circle(Position::checked(circle.lon, circle.lat)?, circle.radius.0),
                def.name.clone(),
            ),
        };
        Some(Self {
            feed: plan.feed_number(def.on.feed.as_ref()?)?,
            passage: def.passage?,
            ground,
            name,
        })
    }

    fn holds(&self, fold: &Fold<'_>, seen: &Moved<'_>) -> bool {
        match &self.ground {
            Ground::Area(zone) => seen
                .area
                .is_some_and(|area| fold.plan.areas.holds(*zone, area)),
            Ground::Outline(zone) => zone.holds(seen.position),
            Ground::Circle(centre, radius_m) => {
                centre.distance_m(seen.position) <= *radius_m
            }
        }
    }
}

impl Kind for Watch {
    fn looks(&self) -> Looks {
        Looks::Places(self.feed)
    }

    fn says(&self, _target: &Target) -> (&'static str, &'static str) {
        match self.passage {
            Passage::Enter => ("{asset} 进入 {zone}", "{asset} is in {zone}"),
            Passage::Leave => ("{asset} 离开 {zone}", "{asset} has left {zone}"),
            Passage::Dwell => (
                "{asset} 在 {zone} 停留 {for}",
                "{asset} has been in {zone} for {for}",
            ),
        }
    }

    fn moved(&self, fold: &mut Fold<'_>, rule: Rule, seen: &Moved<'_>) {
        let is_inside = self.holds(fold, seen);
        let Some(known) = fold.rule_state(rule).map(|known| &mut known.geofence) else {
            return;
        };
        let was_inside = if is_inside {
            known.left.remove(&seen.handle);
            !known.inside.insert(seen.handle)
        } else {
            let was = known.inside.remove(&seen.handle);
            if was {
                known.left.insert(seen.handle);
            }
            was
        };
        let holds = match self.passage {
            Passage::Enter | Passage::Dwell => is_inside,
            Passage::Leave => known.left.contains(&seen.handle),
        };
        if !holds && is_inside == was_inside {
            return;
        }
        fold.judge(&Trigger {
            facts: vec![("zone", self.name.clone())],
            ..Trigger::on_asset(rule, seen.feed, seen.asset, seen.handle, holds, seen.at_ms)
        });
    }
}
