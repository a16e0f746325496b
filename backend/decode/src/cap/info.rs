//! What an alert says, once for each language.

use chrono::{DateTime, FixedOffset};
use egret_shared::issued::{BY_BYTES_MAX, HEADLINE_BYTES_MAX};
use egret_shared::level::Level;
use egret_shared::rejection::Rejection;
use egret_shared::time::TimeMs;
use smol_str::{SmolStr, format_smolstr};

use super::area;
use crate::reading::{RawArea, RawIssued, SentTime};
use crate::refuse::beginning;
use crate::sent_time::rfc3339;
use crate::told::{lines, rank};
use crate::xml::Node;

/// Bytes of an event's name in a category; the rest is cut off, for no warning is refused for
/// having a long name.
const EVENT_BYTES_MAX: usize = 100;

/// What one language says.
struct Info<'a> {
    node: &'a Node,
    /// JSON Pointer to it.
    place: String,
    rank: u8,
    level: Option<Level>,
}

/// What all languages say, in the order in which they are taken.
pub(super) struct Infos<'a>(Vec<Info<'a>>);

impl<'a> Infos<'a> {
    pub(super) fn read(alert: &'a Node) -> Result<Self, Rejection> {
        let mut infos = Vec::new();
        for (index, node) in alert.all("info").enumerate() {
            let place = format!("/alert/info/{index}");
            let language = match node.one("language", &place)? {
                "" => "en-US",
                language => language,
            };
            let level = level(node, &place)?;
            infos.push(Info {
                rank: rank(Some(language)),
                node,
                place,
                level,
            });
        }
        infos.sort_by_key(|info| info.rank);
        Ok(Self(infos))
    }

    /// Whether all of it has expired.
    pub(super) fn are_over(&self, now: TimeMs) -> Result<bool, Rejection> {
        let until = self.until()?;
        Ok(until.is_some_and(|until| until.us <= now.0.saturating_mul(1_000)))
    }

    /// The event, with its level behind it: `暴雨-red`.
    pub(super) fn category(&self) -> Option<SmolStr> {
        let event = self.0.first()?.text("event");
        let event = beginning(event, EVENT_BYTES_MAX);
        let level = self.0.iter().filter_map(|info| info.level).max();
        match (event, level) {
            ("", None) => None,
            (event, None) => Some(SmolStr::new(event)),
            (event, Some(level)) => Some(format_smolstr!("{event}-{}", level.as_str())),
        }
    }

    /// The areas of all languages: what each draws and names, the same thing once.
    pub(super) fn areas(&self) -> Result<Vec<RawArea>, Rejection> {
        let mut areas: Vec<RawArea> = Vec::new();
        for Info { node, place, .. } in &self.0 {
            for (index, node) in node.all("area").enumerate() {
                let area = area::read(node, &format!("{place}/area/{index}"))?;
                if !areas.contains(&area) {
                    areas.push(area);
                }
            }
        }
        Ok(areas)
    }

    /// What its issuer, whose address is `sender`, says of it.
    pub(super) fn issued(&self, sender: &str, areas: Vec<RawArea>) -> Result<RawIssued, Rejection> {
        let first = |name: &str| {
            self.0
                .first()
                .map(|info| info.text(name))
                .unwrap_or_default()
        };
        let by = match first("senderName") {
            "" => sender,
            name => name,
        };
        Ok(RawIssued {
            by: beginning(by, BY_BYTES_MAX).to_owned(),
            headline: beginning(first("headline"), HEADLINE_BYTES_MAX).to_owned(),
            until: self.until()?,
            areas,
        })
    }

    /// When the last of it ends, if all of it does.
    pub(super) fn until(&self) -> Result<Option<SentTime>, Rejection> {
        let mut ends = Vec::new();
        for Info { node, place, .. } in &self.0 {
            let text = node.one("expires", place)?;
            if !text.is_empty() {
                ends.push(rfc3339(text, &format!("{place}/expires"))?);
            }
        }
        let all_end = ends.len() == self.0.len();
        Ok(ends
            .into_iter()
            .max_by_key(|end| end.us)
            .filter(|_| all_end))
    }

    /// What people are told: in the first language all of it, of the next the headline.
    pub(super) fn text(&self) -> Option<String> {
        let first = self.0.first()?;
        let when = first.when();
        let whole = ["headline", "description", "instruction"].map(|name| first.text(name));
        let [headline, description, instruction] = whole;
        let next = self.0.get(1).map(|info| info.text("headline"));
        let areas: Vec<String> = first.node.all("area").map(area::told).collect();
        lines(
            [headline, &when, description, instruction]
                .into_iter()
                .chain(areas.iter().map(String::as_str))
                .chain(next),
        )
    }
}

impl Info<'_> {
    /// The first text of this name.
    fn text(&self, name: &str) -> &str {
        let found = self.node.children.iter().find(|child| child.name == name);
        found.map(|found| found.text.trim()).unwrap_or_default()
    }

    /// From when until when, as far as it says.
    fn when(&self) -> String {
        let onset = self.text("onset");
        let from = if onset.is_empty() {
            self.text("effective")
        } else {
            onset
        };
        match (from, self.text("expires")) {
            ("", "") => String::new(),
            (from, until) => period(from, until),
        }
    }
}

/// `2026-06-22 14:00 – 20:00 (+08:00)`, in the sender's own time; what is no time stands as it came.
fn period(from: &str, until: &str) -> String {
    let time = |text| DateTime::parse_from_rfc3339(text).ok();
    let day_and_time = |at: DateTime<FixedOffset>| at.format("%Y-%m-%d %H:%M");
    match (time(from), time(until)) {
        (Some(from), Some(until)) if from.offset() == until.offset() => {
            let (first, zone) = (day_and_time(from), from.offset());
            if from.date_naive() == until.date_naive() {
                format!("{first} – {} ({zone})", until.format("%H:%M"))
            } else {
                format!("{first} – {} ({zone})", day_and_time(until))
            }
        }
        (Some(from), None) if until.is_empty() => {
            format!("{} – ({})", day_and_time(from), from.offset())
        }
        (None, Some(until)) if from.is_empty() => {
            format!("– {} ({})", day_and_time(until), until.offset())
        }
        _ => format!("{from} – {until}").trim().to_owned(),
    }
}

/// How bad it is; `None` if it does not say.
///
/// What is over or unlikely has nothing left to do. Otherwise severity has the colours that
/// Chinese practice warns in: Extreme red, Severe orange, Moderate yellow, Minor blue.
fn level(info: &Node, place: &str) -> Result<Option<Level>, Rejection> {
    let is_past = info.one("urgency", place)? == "Past";
    let is_unlikely = info.one("certainty", place)? == "Unlikely";
    let mut responses = info.all("responseType");
    let is_clear = responses.any(|response| response.text.trim() == "AllClear");
    if is_past || is_unlikely || is_clear {
        return Ok(Some(Level::Normal));
    }
    Ok(match info.one("severity", place)? {
        "Extreme" => Some(Level::Red),
        "Severe" => Some(Level::Orange),
        "Moderate" => Some(Level::Yellow),
        "Minor" => Some(Level::Blue),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_told_as_its_sender_would_read_it() {
        let told = |from, until| period(from, until);
        assert_eq!(
            told("2026-06-22T14:00:00+08:00", "2026-06-22T20:30:00+08:00"),
            "2026-06-22 14:00 – 20:30 (+08:00)"
        );
        assert_eq!(
            told("2026-06-22T14:00:00-05:00", "2026-06-23T02:00:00-05:00"),
            "2026-06-22 14:00 – 2026-06-23 02:00 (-05:00)"
        );
        assert_eq!(
            told("", "2026-06-22T20:30:00+08:00"),
            "– 2026-06-22 20:30 (+08:00)"
        );
        assert_eq!(
            told("2026-06-22T14:00:00+08:00", ""),
            "2026-06-22 14:00 – (+08:00)"
        );
        // Two zones, or what is no time: as it came.
        assert_eq!(
            told("2026-06-22T14:00:00Z", "2026-06-22T20:30:00+08:00"),
            "2026-06-22T14:00:00Z – 2026-06-22T20:30:00+08:00"
        );
        assert_eq!(told("tonight", ""), "tonight –");
    }
}
