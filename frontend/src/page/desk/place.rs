//! What somebody looks at on the duty desk. All of it is in the URL, so that a link shows a colleague
//! the same. Pure.

use egret_shared::actuation::ActuationState;
use egret_shared::level::Level;

use crate::api::order::Which;
use crate::select::queue::{Filter, Phase};

/// The parts of the desk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Tab {
    /// What is to be done.
    #[default]
    Queue,
    /// Alerts in force.
    Alerts,
    /// What is kept quiet.
    Hushes,
    /// How departments do.
    Scores,
    /// What actuators were told.
    Orders,
    /// What walls are told.
    Walls,
}

impl Tab {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::Queue,
        Self::Alerts,
        Self::Hushes,
        Self::Scores,
        Self::Orders,
        Self::Walls,
    ];

    const fn code(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Alerts => "alerts",
            Self::Hushes => "hushes",
            Self::Scores => "scores",
            Self::Orders => "orders",
            Self::Walls => "walls",
        }
    }
}

/// What somebody looks at.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Place {
    pub(super) tab: Tab,
    pub(super) filter: Filter,
    /// Which orders to actuators.
    pub(super) orders: Which,
    /// The incident whose file lies beside the queue.
    pub(super) chosen: Option<String>,
}

impl Place {
    /// What a query asks for; what makes no sense is left out.
    pub(super) fn from_query<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let tab = get("tab").and_then(|code| Tab::ALL.into_iter().find(|tab| tab.code() == code));
        let some = |name: &str| get(name).filter(|text| !text.is_empty());
        let level = some("level").and_then(|code| {
            let mut levels = Level::ALL.into_iter();
            levels.find(|level| level.as_str() == code)
        });
        Self {
            tab: tab.unwrap_or_default(),
            filter: Filter {
                mine: some("mine").is_some(),
                overdue: some("overdue").is_some(),
                phase: some("state").and_then(Phase::from_code).unwrap_or_default(),
                level,
                department: some("department").map(Into::into),
                area: some("area").map(Into::into),
                words: some("q").unwrap_or_default().to_lowercase(),
            },
            orders: Which {
                feed: some("feed").map(Into::into),
                asset: some("asset").map(Into::into),
                state: some("order").and_then(|code| {
                    let mut states = ActuationState::ALL.into_iter();
                    states.find(|state| state.as_str() == code)
                }),
            },
            chosen: some("id").map(str::to_owned),
        }
    }

    /// The address of it. `encoded` makes a text safe for a query.
    pub(super) fn href(&self, encoded: impl Fn(&str) -> String) -> String {
        let Filter {
            mine,
            overdue,
            phase,
            level,
            department,
            area,
            words,
        } = &self.filter;
        let Which { feed, asset, state } = &self.orders;
        let set = |is_set: bool, text: &str| is_set.then(|| text.to_owned());
        let parts = [
            ("tab", set(self.tab != Tab::Queue, self.tab.code())),
            ("mine", set(*mine, "1")),
            ("overdue", set(*overdue, "1")),
            ("state", set(*phase != Phase::Open, phase.code())),
            ("level", level.map(|level| level.as_str().to_owned())),
            ("department", department.as_ref().map(ToString::to_string)),
            ("area", area.as_ref().map(ToString::to_string)),
            ("q", set(!words.is_empty(), words)),
            ("feed", feed.as_ref().map(ToString::to_string)),
            ("asset", asset.as_ref().map(ToString::to_string)),
            ("order", state.map(|state| state.as_str().to_owned())),
            ("id", self.chosen.clone()),
        ];
        let set = parts.into_iter().filter_map(|(name, value)| {
            let value = value?;
            Some(format!("{name}={}", encoded(&value)))
        });
        let query: Vec<String> = set.collect();
        if query.is_empty() {
            "/desk".to_owned()
        } else {
            format!("/desk?{}", query.join("&"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn read(href: &str) -> Place {
        let query = href.split_once('?').map_or("", |(_, query)| query);
        let parts = query.split('&').filter_map(|part| part.split_once('='));
        let parts: BTreeMap<&str, &str> = parts.collect();
        Place::from_query(|name| parts.get(name).copied())
    }

    #[test]
    fn a_place_is_read_back_from_its_address() {
        let place = Place {
            tab: Tab::Alerts,
            filter: Filter {
                mine: true,
                overdue: true,
                phase: Phase::Done,
                level: Some(Level::Red),
                department: Some("water".into()),
                area: Some("350203".into()),
                words: "积水".into(),
            },
            orders: Which {
                feed: Some("pump".into()),
                asset: Some("PS-01".into()),
                state: Some(ActuationState::Refused),
            },
            chosen: Some("20260622-0007".into()),
        };
        for place in [place, Place::default()] {
            assert_eq!(read(&place.href(str::to_owned)), place);
        }
        assert_eq!(Place::default().href(str::to_owned), "/desk");
    }

    #[test]
    fn what_makes_no_sense_is_left_out() {
        let place = read("/desk?tab=x&state=&level=purple&q=&mine=&order=lost&feed=");
        assert_eq!(place, Place::default());
    }
}
