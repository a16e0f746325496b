//! `warnings`: which warnings are in force, for where, since when and by whom. Of metrics whose level
//! is a warning's (0 none, 4 red), and of alerts of rules of kind `warning`.

use std::collections::BTreeMap;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::alert::AlertState;
use egret_shared::catalog::{Area, Catalog};
use egret_shared::id::{DepartmentId, MetricId, RuleId};
use egret_shared::level::Level;
use egret_shared::metric::MetricKey;
use egret_shared::package::rule::RuleKind;
use egret_shared::package::scene::PanelDef;
use egret_shared::text::Text;
use egret_shared::time::{Span, TimeMs};

use super::areas::{self, Point};
use crate::format;
use crate::i18n::panel::Panel as Word;
use crate::i18n::{Key, level_key};
use crate::screen::{Screen, screen};
use crate::select::{self, Truth};
use crate::store::trend::Trend;
use crate::widget::figure::{Figure, Figured, Form, Said};
use crate::widget::frame::{Frame, both, title_of, words};
use crate::widget::level::{LevelMark, level_class};
use crate::widget::truth::{Basis, Detail};

/// How far back the beginning of a warning is looked for.
const RANGE: Span = Span(6 * 3_600_000);

/// The most warnings that are built: as many as the largest panel shows.
const CHIPS_MAX: usize = 24;

/// A warning in force.
#[derive(Clone, Debug, PartialEq)]
struct Warning {
    level: Level,
    /// What is warned of.
    name: Text,
    /// For where; none for the whole city.
    places: Vec<Text>,
    /// Who says so.
    by: Option<DepartmentId>,
    /// Since when; of a metric's, what its past says.
    since: Since,
    truth: Truth,
}

/// Since when a warning is in force.
#[derive(Clone, Debug, PartialEq)]
enum Since {
    /// Its alert says so.
    At(TimeMs),
    /// A metric has had its value since then, in each of these areas.
    Past(Vec<MetricKey>),
}

/// A metric that tells of warnings, in each area.
struct Told {
    name: Text,
    metric: MetricId,
    by: Option<DepartmentId>,
    areas: Vec<(Area, Point)>,
}

/// The panel.
pub(crate) fn panel(def: &PanelDef, catalog: &Arc<Catalog>) -> AnyView {
    let screen = screen();
    let told: Vec<Told> = def
        .metrics
        .iter()
        .filter_map(|id| tells(id, def, catalog))
        .collect();
    let rules = rules_of(catalog);
    let names: BTreeMap<_, _> = catalog
        .areas
        .iter()
        .map(|area| (area.code.clone(), area.name.clone()))
        .collect();
    let root = catalog.city.root.clone();
    let list = Memo::new(move |_| {
        let mut list: Vec<Warning> = told.iter().flat_map(of_metric).collect();
        let alerts = screen.store.alerts.read();
        let firing = alerts.iter().filter(|alert| alert.state == AlertState::Firing);
        list.extend(firing.filter_map(|alert| {
            let by = rules.get(&alert.key.rule)?.clone();
            let place = alert.areas.last().filter(|code| **code != root);
            Some(Warning {
                level: alert.level,
                name: alert.message.clone(),
                places: place.and_then(|code| names.get(code).cloned()).into_iter().collect(),
                by,
                since: Since::At(alert.since),
                truth: Truth::of_count(1, 1, Some(alert.since), alert.since),
            })
        }));
        list.sort_by(|a, b| b.level.cmp(&a.level).then_with(|| a.name.cmp(&b.name)));
        list
    });
    let truth = crate::panel::feeds::every_feed(screen);
    let count = move || list.read().len().to_string();
    let count = StoredValue::new(Figured::count("warnings", count, truth, Basis::Feeds));
    let has_city = screen.store.has_city;
    let aside = move || {
        view! {
            <Show when=move || has_city.get() && !list.read().is_empty()>
                <Figure figure=count.get_value() form=Form::Tight />
            </Show>
        }
    };
    let catalog = Arc::clone(catalog);
    let range = def.range.unwrap_or(RANGE);
    let chips = move || {
        let list = list.get();
        let shown = list.into_iter().take(CHIPS_MAX);
        shown.map(|warning| chip(warning, range, &catalog)).collect_view()
    };
    let nothing = move || {
        if has_city.get() {
            Word::NoWarnings.into()
        } else {
            Key::Loading.into()
        }
    };
    view! {
        <Frame title=title_of(def, &both(Word::Warnings)) kind="warnings" aside=aside>
            <Show when=move || list.read().is_empty()>{words(nothing)}</Show>
            <ul class="warnings">{chips}</ul>
        </Frame>
    }
    .into_any()
}

/// A metric of warnings, followed in each area.
fn tells(id: &MetricId, def: &PanelDef, catalog: &Catalog) -> Option<Told> {
    let metric = select::metric_def(catalog, id)?;
    let feed = metric.source.as_ref().map(|source| &source.feed);
    let mut feeds = catalog.feeds.iter();
    let feed = feed.and_then(|ids| feeds.find(|feed| ids.iter().any(|id| feed.id == *id)));
    Some(Told {
        name: metric.name.clone(),
        metric: metric.id.clone(),
        by: feed.map(|feed| feed.department.clone()),
        areas: areas::points(metric, &areas::of(def, catalog)),
    })
}

/// Rules of kind `warning`, and who issues what they watch.
fn rules_of(catalog: &Catalog) -> BTreeMap<RuleId, Option<DepartmentId>> {
    let rules = catalog.rules.rules.iter();
    rules
        .filter(|rule| rule.kind == RuleKind::Warning)
        .map(|rule| {
            let mut feeds = catalog.feeds.iter();
            let feed = rule.on.feed.as_ref();
            let feed = feed.and_then(|id| feeds.find(|feed| feed.id == *id));
            (rule.id.clone(), feed.map(|feed| feed.department.clone()))
        })
        .collect()
}

/// One warning for each level in force; the areas that share one stand in it together.
fn of_metric(told: &Told) -> Vec<Warning> {
    let mut by_level: BTreeMap<Level, Vec<&(Area, Point)>> = BTreeMap::new();
    for row in &told.areas {
        let level = areas::level(row.1);
        if level > Level::Normal {
            by_level.entry(level).or_default().push(row);
        }
    }
    let warning = |(level, rows): (Level, Vec<&(Area, Point)>)| {
        let is_everywhere = rows.len() == told.areas.len();
        let point = rows.first()?.1;
        let truth = point.read().as_ref().map(select::truth)?;
        let places = rows.iter().map(|(area, _)| area.name.clone());
        let keys = rows.iter().map(|(area, _)| MetricKey {
            metric: told.metric.clone(),
            area: area.code.clone(),
        });
        Some(Warning {
            level,
            name: told.name.clone(),
            places: places.filter(|_| !is_everywhere).collect(),
            by: told.by.clone(),
            since: Since::Past(keys.collect()),
            truth,
        })
    };
    by_level.into_iter().filter_map(warning).collect()
}

fn chip(warning: Warning, range: Span, catalog: &Catalog) -> impl IntoView + use<> {
    let screen = screen();
    let Warning {
        level,
        name,
        places,
        by,
        since,
        truth,
    } = warning;
    let by = by.and_then(|id| select::department(catalog, &id).cloned());
    let title = move || {
        let word = screen.word(level_key(level));
        format!("{} · {word}", screen.text(&name))
    };
    let place = move || {
        if places.is_empty() {
            return screen.word(Word::WholeCity).to_owned();
        }
        let names: Vec<String> = places.iter().map(|place| screen.text(place)).collect();
        names.join(match screen.language.get() {
            egret_shared::text::Language::Zh => "、",
            egret_shared::text::Language::En => ", ",
        })
    };
    let since = began(screen, since, range);
    let who = move || {
        let by = by.as_ref().map(|by| screen.text(by));
        let since = since.get().map(|at| since_text(screen, at));
        let parts: Vec<String> = since.into_iter().chain(by).collect();
        parts.join(" · ")
    };
    let truth = Signal::stored(truth);
    view! {
        <li class=format!("warning {}", level_class(level))>
            <LevelMark level=level />
            <p class="warning-name">{title}</p>
            <p class="warning-place">{place}</p>
            <p class="warning-who">
                <Said of="warning" truth=truth basis=Basis::Sources detail=Detail::Shape>
                    {who}
                </Said>
            </p>
        </li>
    }
}

/// `12:31 起` · `since 12:31`.
fn since_text(screen: Screen, at: TimeMs) -> String {
    let clock = format::clock_short(at, screen.zone_ms.get());
    let word = screen.word(Word::Since);
    match screen.language.get() {
        egret_shared::text::Language::Zh => format!("{clock} {word}"),
        egret_shared::text::Language::En => format!("{word} {clock}"),
    }
}

/// When it began; of a metric's, as far back as its past reaches.
fn began(screen: Screen, since: Since, range: Span) -> Memo<Option<TimeMs>> {
    match since {
        Since::At(at) => Memo::new(move |_| Some(at)),
        Since::Past(keys) => {
            let trends: Vec<_> = keys
                .iter()
                .map(|key| screen.store.trend(key, range))
                .collect();
            Memo::new(move |_| {
                let begins = trends.iter().filter_map(|trend| unchanged_since(&trend.read()));
                begins.min()
            })
        }
    }
}

/// Since when a past has had its newest value.
fn unchanged_since(trend: &Trend) -> Option<TimeMs> {
    let newest = trend.samples().next_back()?.v?;
    let same = |sample: &&crate::store::trend::Sample| {
        sample.v.is_some_and(|v| (v - newest).abs() < 1e-9)
    };
    let unchanged = trend.samples().rev().take_while(same);
    unchanged.last().map(|sample| sample.at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::trend::Sample;

    #[test]
    fn a_warning_began_with_the_first_of_its_last_equal_values() {
        let mut trend = Trend::new(RANGE);
        assert_eq!(unchanged_since(&trend), None);
        let at = |minute: i64| TimeMs(minute * 60_000);
        for (minute, v) in [(0, 3.0), (1, 2.0), (2, 3.0), (3, 3.0)] {
            trend.push(Sample::plain(at(minute), Some(v)));
        }
        assert_eq!(unchanged_since(&trend), Some(at(2)));
    }
}
