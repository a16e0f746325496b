//! `assets.csv`: assets that the city knows ahead of their first message.

use std::collections::BTreeSet;

use egret_shared::catalog::AssetDef;
use egret_shared::id::{AreaCode, AssetId, FeedId, ID_BYTES_MAX};
use egret_shared::package::feed::{FeedDef, Format};
use egret_shared::package::sparkplug::BETWEEN;
use egret_shared::position::Position;
use egret_shared::text::Text;

use super::{Known, topics};
use crate::problem::Problem;

/// The file's name.
pub(crate) const FILE: &str = "assets.csv";

/// Its columns, in this order. The last may be missing.
const COLUMNS: [&str; 8] = [
    "feed", "asset", "name_zh", "name_en", "lon", "lat", "area", "gateway",
];

/// Reads and checks the file.
pub(crate) fn read(text: &str, known: &Known<'_>, problems: &mut Vec<Problem>) -> Vec<AssetDef> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().cloned().unwrap_or_default();
    let required = COLUMNS.iter().take(COLUMNS.len() - 1);
    let is_whole = header.iter().eq(COLUMNS);
    if !is_whole && !header.iter().eq(required.copied()) {
        let message = format!("the first line must be {}", COLUMNS.join(","));
        problems.push(at(1, 0, &header, message));
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let mut assets = Vec::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                problems.push(at(line, 0, &header, error.to_string()));
                continue;
            }
        };
        let line = record.position().map_or(0, csv::Position::line);
        let mut refuse = |column: usize, message: String| {
            problems.push(at(line, column, &record, message));
        };
        if record.len() != header.len() {
            refuse(
                0,
                format!("{} columns, but there are {}", record.len(), header.len()),
            );
            continue;
        }
        if let Some(asset) = asset(&record, known, &mut refuse) {
            if !seen.insert((asset.feed.clone(), asset.asset.clone())) {
                refuse(
                    1,
                    format!(
                        "asset \"{}\" of feed \"{}\" stands here a second time",
                        asset.asset, asset.feed
                    ),
                );
            }
            assets.push(asset);
        }
    }
    assets
}

/// A problem with the column counted from 0 of a record.
fn at(line: u64, column: usize, record: &csv::StringRecord, message: String) -> Problem {
    // Quotes are not counted: the column is that of the value in a file without them.
    let before: usize = record
        .iter()
        .take(column)
        .map(|value| value.chars().count() + 1)
        .sum();
    Problem {
        file: FILE.to_owned(),
        line: u32::try_from(line).unwrap_or(u32::MAX),
        column: u32::try_from(before + 1).unwrap_or(u32::MAX),
        message,
    }
}

/// With what the ids of a feed's assets begin, if all are of one of Sparkplug's groups and named by
/// it.
fn group_of(feed: &FeedDef) -> Option<&str> {
    let is_named_by_level = feed.map.as_ref().is_some_and(|map| map.asset.is_some());
    if feed.format != Format::SparkplugB || is_named_by_level {
        return None;
    }
    topics::written(feed.topic.as_deref()?, 1)
}

/// What is wrong with an asset's id, if anything.
fn flaw_of_id(asset: &str, feed: Option<&FeedDef>) -> Option<String> {
    if asset.is_empty() || asset.len() > ID_BYTES_MAX {
        return Some(format!("an asset's id has 1 to {ID_BYTES_MAX} bytes"));
    }
    let group = feed.and_then(group_of)?;
    let rest = asset.strip_prefix(group);
    let is_of_it = rest.is_some_and(|rest| rest.starts_with(BETWEEN));
    (!is_of_it).then(|| {
        format!(
            "asset \"{asset}\" can never be heard of: the assets of this feed are named \
             {group}{BETWEEN}NODE{BETWEEN}DEVICE, its nodes {group}{BETWEEN}NODE"
        )
    })
}

fn asset(
    record: &csv::StringRecord,
    known: &Known<'_>,
    refuse: &mut impl FnMut(usize, String),
) -> Option<AssetDef> {
    let field = |column: usize| record.get(column).unwrap_or("").trim();
    if let Some(message) = known.feeds.refusal(field(0)) {
        refuse(0, message);
    } else if known
        .feed_defs
        .get(field(0))
        .is_some_and(|feed| feed.report)
    {
        refuse(
            0,
            format!(
                "feed \"{}\" carries reports, which have no assets",
                field(0)
            ),
        );
    }
    let feed = known.feed_defs.get(field(0)).copied();
    if let Some(message) = flaw_of_id(field(1), feed) {
        refuse(1, message);
    }
    let position = match (field(4), field(5)) {
        ("", "") => None,
        (lon, lat) => {
            let parsed = lon.parse().ok().zip(lat.parse().ok());
            let position = parsed.and_then(|(lon, lat)| Position::checked(lon, lat));
            if position.is_none() {
                refuse(
                    4,
                    format!("\"{lon},{lat}\" is no position: lon, lat in degrees"),
                );
                return None;
            }
            position
        }
    };
    if field(7).len() > ID_BYTES_MAX {
        refuse(
            7,
            format!("a gateway's name has {ID_BYTES_MAX} bytes at most"),
        );
    }
    let area = Some(field(6)).filter(|code| !code.is_empty());
    if let Some(message) = area.and_then(|code| known.areas.refusal(code)) {
        refuse(6, message);
    }
    Some(AssetDef {
        feed: FeedId::new(field(0)),
        asset: AssetId::new(field(1)),
        name: Text::new(field(2), field(3)),
        position,
        area: area.map(AreaCode::new),
        gateway: Some(field(7))
            .filter(|name| !name.is_empty())
            .map(Into::into),
    })
}
