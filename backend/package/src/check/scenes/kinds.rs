//! What each kind of panel needs, what it may have, and the least room in which it says something.

use egret_shared::package::scene::PanelKind;

/// Every key that only some kinds take.
pub(super) const KEYS: [&str; 6] = ["metric", "metrics", "layers", "level", "range", "text"];

/// What a kind of panel is made of.
pub(super) struct Spec {
    /// Its word in the file.
    pub(super) word: &'static str,
    /// Of each of these lists it needs one key.
    pub(super) needs: &'static [&'static [&'static str]],
    /// Keys that it may have beside them.
    pub(super) may: &'static [&'static str],
    /// Whether it has but one key of each list.
    pub(super) is_either: bool,
    /// Whether all of `metrics` share an axis.
    pub(super) is_of_one_unit: bool,
    /// The least width and height, in units of 1/1920 of a picture's width: heading, truth line and
    /// as much content as tells something. Seen on screens in both languages.
    pub(super) least: [u16; 2],
}

const fn kind(word: &'static str, least: [u16; 2]) -> Spec {
    Spec {
        word,
        needs: &[],
        may: &[],
        is_either: false,
        is_of_one_unit: false,
        least,
    }
}

/// What `kind` is made of.
pub(super) const fn spec(of: PanelKind) -> Spec {
    match of {
        PanelKind::Map => Spec {
            may: &["layers"],
            ..kind("map", [300, 240])
        },
        PanelKind::Vitals => Spec {
            needs: &[&["metric"]],
            may: &["metrics", "range"],
            ..kind("vitals", [380, 230])
        },
        PanelKind::Stat => Spec {
            needs: &[&["metric"]],
            may: &["range"],
            ..kind("stat", [200, 140])
        },
        PanelKind::Trend => Spec {
            needs: &[&["metric", "metrics"]],
            may: &["range"],
            is_of_one_unit: true,
            ..kind("trend", [260, 180])
        },
        PanelKind::Ranking => Spec {
            needs: &[&["metric"]],
            may: &["level"],
            ..kind("ranking", [380, 130])
        },
        PanelKind::Distribution => Spec {
            needs: &[&["metric", "metrics"]],
            may: &["level"],
            is_either: true,
            is_of_one_unit: true,
            ..kind("distribution", [300, 150])
        },
        PanelKind::Multiples => Spec {
            needs: &[&["metric"]],
            may: &["level", "range"],
            ..kind("multiples", [400, 180])
        },
        PanelKind::Table => Spec {
            needs: &[&["metrics"]],
            may: &["level"],
            ..kind("table", [420, 180])
        },
        PanelKind::Incidents => kind("incidents", [380, 150]),
        PanelKind::Warnings => Spec {
            may: &["metrics", "level", "range"],
            ..kind("warnings", [300, 110])
        },
        PanelKind::Scorecard => kind("scorecard", [420, 150]),
        PanelKind::Plan => Spec {
            may: &["text"],
            ..kind("plan", [300, 140])
        },
        PanelKind::Ticker => kind("ticker", [380, 110]),
        PanelKind::Feeds => kind("feeds", [380, 150]),
        PanelKind::Clock => Spec {
            may: &["metrics"],
            ..kind("clock", [220, 110])
        },
    }
}
