//! A package's fingerprint.

use serde::Serialize;
use xxhash_rust::xxh3::Xxh3;

use crate::Package;
use egret_shared::package::feed::FeedDef;
use egret_shared::position::Position;

/// Raised when the digest is computed otherwise, so that old journals know.
const VERSION: u8 = 2;

/// Fingerprint of everything that the fold depends on.
///
/// The definitions are hashed as they were understood, not as they were written: comments, order
/// of keys and spaces do not count.
pub(crate) fn of(package: &Package) -> u64 {
    let mut hasher = Xxh3::new();
    hasher.update(&[VERSION]);
    part(&mut hasher, &package.city);
    part(&mut hasher, &package.areas.catalog());
    part(&mut hasher, &package.departments);
    part(&mut hasher, &package.properties);
    // Where messages are fetched from changes nothing of what they mean.
    let sent = |feed: &FeedDef| FeedDef {
        poll: None,
        ..feed.clone()
    };
    let feeds: Vec<FeedDef> = package.feeds.iter().map(sent).collect();
    part(&mut hasher, &feeds);
    part(&mut hasher, &package.metrics);
    part(&mut hasher, &package.rules);
    part(&mut hasher, &package.casework);
    // Checklists become part of incidents.
    let plans = package.plans.iter();
    let plans: Vec<_> = plans.map(|(id, plan)| (id, &plan.text)).collect();
    part(&mut hasher, &plans);
    part(&mut hasher, &package.assets);
    // The ticker keeps the words of report categories.
    part(&mut hasher, &package.words);
    for area in package.areas.iter() {
        for polygon in package.areas.polygon(area).into_iter().flatten() {
            outline(&mut hasher, polygon);
        }
    }
    for (name, zone) in &package.zones {
        hasher.update(name.as_bytes());
        for polygon in zone.outline() {
            outline(&mut hasher, polygon);
        }
    }
    hasher.digest()
}

fn part(hasher: &mut Xxh3, part: &impl Serialize) {
    // Plain data with text keys always has a JSON form.
    let json = serde_json::to_vec(part).unwrap_or_default();
    hasher.update(&json.len().to_le_bytes());
    hasher.update(&json);
}

fn outline(hasher: &mut Xxh3, polygon: &geo::Polygon<f64>) {
    for ring in std::iter::once(polygon.exterior()).chain(polygon.interiors()) {
        hasher.update(&ring.0.len().to_le_bytes());
        for point in &ring.0 {
            let (x, y) = Position {
                lon: point.x,
                lat: point.y,
            }
            .to_steps();
            hasher.update(&x.to_le_bytes());
            hasher.update(&y.to_le_bytes());
        }
    }
}
