//! The words of a map panel's `layers`: what a map shows above its ground.

use std::fmt;

use crate::id::{FeedId, MetricId};

/// One word of `layers`. Its text form is what stands in `scenes.toml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SceneLayer {
    /// `areas:METRIC`, `areas:METRIC@LEVEL`: areas painted by a metric; those right below the city
    /// unless a level is named.
    Areas {
        /// What paints them.
        metric: MetricId,
        /// Their level in `city.toml`.
        level: Option<String>,
    },
    /// `assets`, `assets:FEED,FEED`: the marks of every asset, or of these feeds' alone.
    Assets(Vec<FeedId>),
    /// `incidents`: marks of what is being worked.
    Incidents,
    /// `geofences`: the ground that geofence rules watch.
    Geofences,
    /// `warnings`, `warnings:METRIC,METRIC`: areas in which a warning is in force, by alerts of
    /// rules of kind `warning`, and by the level of these metrics in each area.
    Warnings(Vec<MetricId>),
    /// `flows:LAYER`: lines of a base map's layer whose features name a `flow` and a `speed`.
    Flows(String),
    /// `heat`, `heat:FEED,FEED`: how dense the alerts in force are, all of them or these feeds'.
    Heat(Vec<FeedId>),
    /// `heat:METRIC@LEVEL`: where a metric is high, by the areas of a level. Reports stay with the
    /// server, and their counts are told where the metric is: so heat of them is made of these.
    HeatOf {
        /// What is dense.
        metric: MetricId,
        /// The areas' level in `city.toml`.
        level: String,
    },
}

/// The kinds of layer. A map has one of each at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// [`SceneLayer::Areas`].
    Areas,
    /// [`SceneLayer::Flows`].
    Flows,
    /// [`SceneLayer::Heat`] and [`SceneLayer::HeatOf`].
    Heat,
    /// [`SceneLayer::Geofences`].
    Geofences,
    /// [`SceneLayer::Warnings`].
    Warnings,
    /// [`SceneLayer::Assets`].
    Assets,
    /// [`SceneLayer::Incidents`].
    Incidents,
}

impl LayerKind {
    /// Every kind, from the ground up.
    pub const ALL: [Self; 7] = [
        Self::Areas,
        Self::Flows,
        Self::Heat,
        Self::Geofences,
        Self::Warnings,
        Self::Assets,
        Self::Incidents,
    ];

    /// The word that begins it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Areas => "areas",
            Self::Flows => "flows",
            Self::Heat => "heat",
            Self::Geofences => "geofences",
            Self::Warnings => "warnings",
            Self::Assets => "assets",
            Self::Incidents => "incidents",
        }
    }

    /// The kind with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl SceneLayer {
    /// The layer that a word names.
    ///
    /// # Errors
    /// A sentence that shows the word and the forms that are accepted.
    pub fn parse(word: &str) -> Result<Self, String> {
        let (kind, rest) = match word.split_once(':') {
            Some((kind, rest)) => (kind, Some(rest)),
            None => (word, None),
        };
        let list = |text: &str| {
            let names = text.split(',').map(|name| name.trim().to_owned());
            names.collect::<Vec<String>>()
        };
        let names = rest.map(list).unwrap_or_default();
        let has_gap = names.iter().any(String::is_empty);
        let feeds = || names.iter().map(FeedId::new).collect();
        let layer = match (LayerKind::from_word(kind), rest) {
            _ if has_gap => None,
            (Some(LayerKind::Areas), Some(rest)) => {
                let (metric, level) = match rest.split_once('@') {
                    Some((metric, level)) => (metric, Some(level.to_owned())),
                    None => (rest, None),
                };
                let metric = MetricId::new(metric);
                Some(Self::Areas { metric, level })
            }
            (Some(LayerKind::Assets), _) => Some(Self::Assets(feeds())),
            (Some(LayerKind::Incidents), None) => Some(Self::Incidents),
            (Some(LayerKind::Geofences), None) => Some(Self::Geofences),
            (Some(LayerKind::Warnings), _) => {
                Some(Self::Warnings(names.iter().map(MetricId::new).collect()))
            }
            (Some(LayerKind::Flows), Some(layer)) => Some(Self::Flows(layer.to_owned())),
            (Some(LayerKind::Heat), Some(rest)) if rest.contains('@') => {
                let (metric, level) = rest.split_once('@').unwrap_or_default();
                let is_whole = !metric.is_empty() && !level.is_empty() && names.len() == 1;
                is_whole.then(|| Self::HeatOf {
                    metric: MetricId::new(metric),
                    level: level.to_owned(),
                })
            }
            (Some(LayerKind::Heat), _) => Some(Self::Heat(feeds())),
            _ => None,
        };
        layer.ok_or_else(|| {
            format!(
                "no layer \"{word}\": areas:METRIC, areas:METRIC@LEVEL, assets, assets:FEED, \
                 incidents, geofences, warnings, warnings:METRIC, flows:LAYER, heat, heat:FEED and \
                 heat:METRIC@LEVEL are; several feeds or metrics with commas between"
            )
        })
    }

    /// Which kind it is.
    pub const fn kind(&self) -> LayerKind {
        match self {
            Self::Areas { .. } => LayerKind::Areas,
            Self::Assets(_) => LayerKind::Assets,
            Self::Incidents => LayerKind::Incidents,
            Self::Geofences => LayerKind::Geofences,
            Self::Warnings(_) => LayerKind::Warnings,
            Self::Flows(_) => LayerKind::Flows,
            Self::Heat(_) | Self::HeatOf { .. } => LayerKind::Heat,
        }
    }

    /// What of it is left for somebody who sees only some feeds and metrics; `None` if nothing.
    #[must_use]
    pub fn seen_by(
        self,
        feed: impl Fn(&FeedId) -> bool,
        metric: impl Fn(&MetricId) -> bool,
    ) -> Option<Self> {
        // A list that is empty means everything: one that becomes so must not.
        fn left<T>(named: Vec<T>, is_seen: impl Fn(&T) -> bool) -> Option<Vec<T>> {
            let had_any = !named.is_empty();
            let left: Vec<T> = named.into_iter().filter(is_seen).collect();
            (!had_any || !left.is_empty()).then_some(left)
        }
        match self {
            Self::Areas { metric: id, level } => {
                metric(&id).then_some(Self::Areas { metric: id, level })
            }
            Self::HeatOf { metric: id, level } => {
                metric(&id).then_some(Self::HeatOf { metric: id, level })
            }
            Self::Assets(feeds) => left(feeds, feed).map(Self::Assets),
            Self::Heat(feeds) => left(feeds, feed).map(Self::Heat),
            Self::Warnings(metrics) => {
                let metrics = metrics.into_iter().filter(metric).collect();
                Some(Self::Warnings(metrics))
            }
            Self::Incidents | Self::Geofences | Self::Flows(_) => Some(self),
        }
    }
}

impl fmt::Display for SceneLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, names: &[T]) -> fmt::Result {
            for (place, name) in names.iter().enumerate() {
                write!(f, "{}{name}", if place == 0 { ':' } else { ',' })?;
            }
            Ok(())
        }
        f.write_str(self.kind().as_str())?;
        match self {
            Self::Areas { metric, level } => {
                write!(f, ":{metric}")?;
                level.iter().try_for_each(|level| write!(f, "@{level}"))
            }
            Self::HeatOf { metric, level } => write!(f, ":{metric}@{level}"),
            Self::Assets(feeds) | Self::Heat(feeds) => list(f, feeds),
            Self::Warnings(metrics) => list(f, metrics),
            Self::Flows(layer) => write!(f, ":{layer}"),
            Self::Incidents | Self::Geofences => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_and_written_back() {
        for word in [
            "areas:water.stress",
            "areas:water.stress@subdistrict",
            "assets",
            "assets:bus,taxi",
            "incidents",
            "geofences",
            "warnings",
            "warnings:emergency.rain_warning_level",
            "flows:crossings",
            "heat",
            "heat:hotline",
            "heat:hotline.requests_1h@grid",
        ] {
            let layer = SceneLayer::parse(word).unwrap();
            assert_eq!(layer.to_string(), word);
            assert!(word.starts_with(layer.kind().as_str()));
        }
    }

    #[test]
    fn what_is_no_layer_is_refused_with_the_word() {
        for word in [
            "",
            "area",
            "areas",
            "assets:",
            "assets:bus,,taxi",
            "flows",
            "incidents:red",
            "heat:",
            "heat:@grid",
            "heat:hotline.requests_1h@",
            "heat:a@grid,b",
        ] {
            let refusal = SceneLayer::parse(word).unwrap_err();
            assert!(
                refusal.starts_with(&format!("no layer \"{word}\":")),
                "{refusal}"
            );
        }
    }

    #[test]
    fn a_list_of_which_nothing_is_seen_does_not_become_everything() {
        let parse = |word| SceneLayer::parse(word).unwrap();
        let seen = |word| {
            let feed = |feed: &FeedId| feed.as_str() == "bus";
            let layer = parse(word).seen_by(feed, |metric| metric.as_str() == "a");
            layer.map(|layer| layer.to_string())
        };
        assert_eq!(seen("assets:bus,taxi").as_deref(), Some("assets:bus"));
        assert_eq!(seen("assets:taxi"), None);
        assert_eq!(seen("assets").as_deref(), Some("assets"));
        assert_eq!(seen("areas:b"), None);
        assert_eq!(seen("heat:b@grid"), None);
        assert_eq!(seen("heat:a@grid").as_deref(), Some("heat:a@grid"));
        assert_eq!(
            seen("areas:a@district").as_deref(),
            Some("areas:a@district")
        );
        assert_eq!(seen("warnings:b").as_deref(), Some("warnings"));
    }
}
