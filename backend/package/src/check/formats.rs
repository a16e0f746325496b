//! What each format needs of its feed, and what would stand there for nothing.

use egret_shared::package::feed::{FeedDef, Format, Place};

use crate::problem::Problem;
use crate::spans::Entry;

/// Whether a part of a feed's definition has a use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    /// Nothing reads it.
    None,
    /// It may be there.
    May,
    /// Nothing can be read without it.
    Must,
}

/// What a format makes use of.
struct Uses {
    map: Use,
    /// Keys that the map must have, and what they say.
    needs: &'static [(&'static str, &'static str)],
    names: bool,
    /// Whether a feed of it carries reports.
    reports: Use,
    /// Whether JSON Pointers lead to anything in it.
    pointers: bool,
}

const ASSET: (&str, &str) = ("asset", "where the asset's id is, as in { topic = 1 }");
const VALUES: (&str, &str) = ("values", "there must be one at least");

fn uses(format: Format) -> Uses {
    let by_name = Uses {
        map: Use::None,
        needs: &[],
        names: true,
        reports: Use::None,
        pointers: true,
    };
    match format {
        Format::EgretJson => Uses {
            names: false,
            reports: Use::May,
            ..by_name
        },
        Format::MappedJson => Uses {
            map: Use::Must,
            needs: &[ASSET, VALUES],
            names: false,
            ..by_name
        },
        Format::Senml | Format::Hj212 => by_name,
        Format::Cloudevents => Uses {
            map: Use::May,
            needs: &[VALUES],
            names: false,
            reports: Use::May,
            ..by_name
        },
        Format::Cap => Uses {
            names: false,
            reports: Use::Must,
            pointers: false,
            ..by_name
        },
        Format::SparkplugB => Uses {
            map: Use::May,
            pointers: false,
            ..by_name
        },
        Format::Open311 => Uses {
            names: false,
            reports: Use::Must,
            ..by_name
        },
        Format::GtfsRt => Uses {
            reports: Use::May,
            pointers: false,
            ..by_name
        },
        Format::ChirpstackV4 | Format::TtsV3 | Format::NgsiLd => Uses {
            map: Use::May,
            ..by_name
        },
    }
}

/// Checks that what a feed has written fits its format.
pub(crate) fn check(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    let format = feed.format.as_str();
    let uses = uses(feed.format);
    if feed.report && uses.reports == Use::None {
        let message = format!(
            "reports come as egret-json, cloudevents, gtfs-rt, cap-1.2 or open311: {format} has readings only"
        );
        problems.push(entry.problem("format", message));
    } else if !feed.report && uses.reports == Use::Must {
        let message =
            format!("{format} has reports only: say report = true, and leave asset_class out");
        problems.push(entry.problem("format", message));
    } else if feed.report && feed.map.is_some() && uses.map == Use::May {
        let message = "reports come as egret-json: a map is of readings, leave [feed.map] out";
        problems.push(entry.problem("map", message));
    }
    match (&feed.map, uses.map) {
        (Some(_), Use::None) => {
            let message = format!("{format} knows where things are: leave [feed.map] out");
            problems.push(entry.problem("map", message));
        }
        (None, Use::Must) => {
            problems.push(entry.problem("format", format!("{format} needs [feed.map]")));
        }
        (Some(_), _) => {
            for (key, what) in uses.needs {
                if !entry.has(&format!("map/{key}")) {
                    let message = format!("{format} needs {key} in it: {what}");
                    problems.push(entry.problem("map", message));
                }
            }
        }
        (None, _) => {}
    }
    match feed.format {
        Format::ChirpstackV4 | Format::TtsV3 => check_uplinks(entry, problems),
        Format::NgsiLd => check_asset_alone(entry, problems),
        Format::SparkplugB => {
            check_asset_alone(entry, problems);
            check_nodes(entry, problems);
        }
        _ => {}
    }
    if !feed.personal.is_empty() && !uses.pointers {
        let message =
            format!("{format} is no JSON, no pointer leads anywhere in it: leave personal out");
        problems.push(entry.problem("personal", message));
    }
    if feed.report && !feed.names.is_empty() && uses.reports != Use::None && uses.names {
        let message = "names are of values, and reports have none: leave [feed.names] out";
        problems.push(entry.problem("names", message));
    }
    if !feed.names.is_empty() && !uses.names {
        let message = format!("{format} names no properties in words: leave [feed.names] out");
        problems.push(entry.problem("names", message));
    }
}

/// What envelopes with a map beside their names can say twice, or in vain.
fn check_uplinks(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    let format = feed.format.as_str();
    if entry.has("map/each") {
        let message = format!("{format} has one uplink in a message: leave each out");
        problems.push(entry.problem("map/each", message));
    }
    if entry.has("map/values") && !feed.names.is_empty() {
        let message = "values are named in one way: leave [feed.names] or the map's values out";
        problems.push(entry.problem("names", message));
    }
    let levels: Vec<&str> = feed
        .topic
        .iter()
        .flat_map(|topic| topic.split('/'))
        .collect();
    let other = match (feed.format, levels.as_slice()) {
        (Format::ChirpstackV4, [.., "event", event]) => Some(*event),
        (Format::TtsV3, ["v3", _, "devices", _, kind, ..]) => Some(*kind),
        _ => None,
    };
    if let Some(event) = other.filter(|event| !matches!(*event, "up" | "+" | "#")) {
        let message = format!("\"{event}\" brings no uplinks, which come to topics that end in up");
        problems.push(entry.problem("topic", message));
    }
}

/// Time, place and values come in the format's own way; only the asset may be elsewhere.
fn check_asset_alone(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let format = entry.def.format.as_str();
    for key in ["each", "at", "position", "values", "id"] {
        let path = format!("map/{key}");
        if entry.has(&path) {
            let message = format!("{format} takes only asset from [feed.map]: leave {key} out");
            problems.push(entry.problem(&path, message));
        }
    }
}

/// Who speaks, and what kind of message it is, stand in the topic.
fn check_nodes(entry: &Entry<'_, FeedDef>, problems: &mut Vec<Problem>) {
    let feed = &entry.def;
    let asset = feed.map.as_ref().and_then(|map| map.asset.as_ref());
    if let Some(Place::Pointer { .. }) = asset {
        let message = "sparkplug-b is no JSON: the asset is a level of the topic, { topic = 4 }";
        problems.push(entry.problem("map/asset", message));
    }
    match feed.topic.as_deref() {
        Some(topic) if topic.starts_with("spBv1.0/") => {}
        Some(_) => {
            let message = "sparkplug-b comes to topics that begin with spBv1.0/";
            problems.push(entry.problem("topic", message));
        }
        None => {
            let message = "sparkplug-b needs a topic: who speaks stands in it";
            problems.push(entry.problem("format", message));
        }
    }
}
