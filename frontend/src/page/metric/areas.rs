//! The same metric in every area: figure, level and truth, live; choosing one shows its history
//! and its lineage.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use leptos::prelude::*;

use egret_shared::catalog::Area;
use egret_shared::flags::Flags;
use egret_shared::id::AreaCode;
use egret_shared::level::Level;
use egret_shared::metric::MetricPoint;

use super::Focus;
use crate::format;
use crate::i18n::{Key, metric as words};
use crate::lasting::Kept;
use crate::select::{self, Window};
use crate::widget::frame::absent;
use crate::widget::level::{LevelWord, level_class};
use crate::widget::truth::{Basis, Detail, Marks, TruthParts};

/// By what the rows are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Area,
    Value,
    Level,
    Completeness,
}

/// How the rows stand: by what, and whether the best comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Order {
    by: By,
    reverse: bool,
}

/// An area and its live number.
#[derive(Clone)]
struct Row {
    area: Area,
    point: Kept<Option<MetricPoint>>,
}

impl Order {
    /// Whether small values stand above great ones, as the column's arrow says.
    fn is_ascending(self, below: bool) -> bool {
        let worst_is_small = match self.by {
            By::Area | By::Completeness => true,
            By::Value => below,
            By::Level => false,
        };
        worst_is_small != self.reverse
    }
}

/// What rows are compared by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Standing {
    v: Option<f64>,
    level: Level,
    share: Option<f64>,
}

impl Standing {
    fn of(point: Option<&MetricPoint>) -> Self {
        let Some(point) = point else {
            return Self::default();
        };
        let share = f64::from(point.sources) / f64::from(point.expected);
        Self {
            v: point.v,
            level: point.level,
            share: (point.expected > 0).then_some(share),
        }
    }

    /// The worse of two first; what nobody knows last, whichever way the rest stands.
    fn worse(self, other: Self, order: Order, below: bool) -> Ordering {
        let turn = |ordering: Ordering, turned: bool| {
            if turned { ordering.reverse() } else { ordering }
        };
        let known = |a: Option<f64>, b: Option<f64>, small_first: bool| match (a, b) {
            (Some(a), Some(b)) => turn(b.total_cmp(&a), small_first != order.reverse),
            (a, b) => b.is_some().cmp(&a.is_some()),
        };
        match order.by {
            By::Area => Ordering::Equal,
            By::Value => known(self.v, other.v, below),
            By::Completeness => known(self.share, other.share, true),
            By::Level => turn(other.level.cmp(&self.level), order.reverse)
                .then_with(|| known(self.v, other.v, below)),
        }
    }
}

/// The section.
pub(super) fn areas(focus: Focus) -> impl IntoView {
    let screen = focus.screen();
    let (all, levels) = focus.catalog.with_value(|catalog| {
        let has = |level: &&String| catalog.areas.iter().any(|area| area.level == **level);
        let levels: Vec<String> = catalog.city.levels.iter().filter(has).cloned().collect();
        (catalog.areas.clone(), levels)
    });
    let metric = focus.def.with_value(|def| def.id.clone());
    let below = focus
        .def
        .with_value(|def| def.levels.is_some_and(|levels| levels.below));
    let rows = screen.store.areas_of(&metric, &all).into_iter();
    let rows: Vec<Row> = rows.map(|(area, point)| Row { area, point }).collect();
    let rows = StoredValue::new(rows);
    let level: RwSignal<Option<String>> = RwSignal::new(None);
    let order = RwSignal::new(Order {
        by: By::Value,
        reverse: false,
    });
    let sorted = Memo::new(move |_| {
        rows.with_value(|rows| arranged(rows, level.get().as_deref(), order.get(), below))
    });
    let each = move || {
        let find = |(code, depth): (AreaCode, usize)| {
            let row =
                rows.with_value(|rows| rows.iter().find(|row| row.area.code == code).cloned());
            row.map(|row| (row, depth))
        };
        sorted
            .get()
            .into_iter()
            .filter_map(find)
            .collect::<Vec<_>>()
    };
    view! {
        <section class="panel metric-areas" aria-label=move || screen.word(Key::Areas)>
            <header class="panel-head">
                <h2>{move || screen.word(Key::Areas)}</h2>
                <span class="other">{move || screen.word(Key::LiveWindow)}</span>
                <div class="panel-aside">{chooser(focus, levels, level)}</div>
            </header>
            <div
                class="scroll"
                tabindex="0"
                role="group"
                aria-label=move || screen.word(Key::Areas)
            >
                <table>
                    <thead>{heads(focus, order, below)}</thead>
                    <tbody>
                        <For
                            each=each
                            key=|(row, depth)| (row.area.code.clone(), *depth)
                            let((row, depth))
                        >
                            {area_row(focus, row, depth)}
                        </For>
                    </tbody>
                </table>
            </div>
        </section>
    }
}

/// Codes and depths of the rows, sorted: of one level, or all as a tree.
fn arranged(
    rows: &[Row],
    level: Option<&str>,
    order: Order,
    below: bool,
) -> Vec<(AreaCode, usize)> {
    let standing = |row: &Row| Standing::of(row.point.read().as_ref());
    let mut children: BTreeMap<Option<&AreaCode>, Vec<(&Row, Standing)>> = BTreeMap::new();
    for row in rows {
        let flat = level.is_some();
        if level.is_none_or(|level| row.area.level == level) {
            let parent = row.area.parent.as_ref().filter(|_| !flat);
            children
                .entry(parent)
                .or_default()
                .push((row, standing(row)));
        }
    }
    for siblings in children.values_mut() {
        siblings.sort_by(|(a, a_stands), (b, b_stands)| {
            let by_code = a.area.code.cmp(&b.area.code);
            let by_code = if order.by == By::Area && order.reverse {
                by_code.reverse()
            } else {
                by_code
            };
            a_stands.worse(*b_stands, order, below).then(by_code)
        });
    }
    let mut found = Vec::new();
    let mut stack: Vec<(&Row, usize)> = Vec::new();
    let push = |stack: &mut Vec<_>, parent: Option<&AreaCode>, depth| {
        let below = children.get(&parent).into_iter().flatten().rev();
        stack.extend(below.map(|(row, _)| (*row, depth)));
    };
    push(&mut stack, None, 0);
    while let Some((row, depth)) = stack.pop() {
        found.push((row.area.code.clone(), depth));
        if level.is_none() {
            push(&mut stack, Some(&row.area.code), depth + 1);
        }
    }
    found
}

fn chooser(focus: Focus, levels: Vec<String>, chosen: RwSignal<Option<String>>) -> impl IntoView {
    let screen = focus.screen();
    let button = move |level: Option<String>| {
        let name = level.clone();
        let text = move || match &name {
            Some(level) => words::area_level(level, screen.language.get()),
            None => screen.word(Key::AllLevels).to_owned(),
        };
        let own = level.clone();
        view! {
            <button
                type="button"
                aria-pressed=move || (*chosen.read() == own).to_string()
                on:click=move |_| chosen.set(level.clone())
            >
                {text}
            </button>
        }
    };
    // The city alone is no list.
    let levels = levels.into_iter().skip(1).map(Some);
    let buttons: Vec<_> = std::iter::once(None).chain(levels).map(button).collect();
    view! {
        <div class="choices" role="group" aria-label=move || screen.word(Key::AreaLevel)>
            {buttons}
        </div>
    }
}

fn heads(focus: Focus, order: RwSignal<Order>, below: bool) -> impl IntoView {
    let head = move |by: By, key: Key| {
        let sorted = move || {
            let order = order.get();
            let way = if order.is_ascending(below) {
                "ascending"
            } else {
                "descending"
            };
            (order.by == by).then_some(way)
        };
        let sort = move |_| {
            order.update(|order| {
                let reverse = order.by == by && !order.reverse;
                *order = Order { by, reverse };
            });
        };
        view! {
            <th scope="col" aria-sort=sorted>
                <button type="button" on:click=sort>
                    {move || focus.screen().word(key)}
                </button>
            </th>
        }
    };
    view! {
        <tr>
            {head(By::Area, Key::Area)} {head(By::Value, Key::Value)} {head(By::Level, Key::Level)}
            {head(By::Completeness, Key::Completeness)}
        </tr>
    }
}

fn area_row(focus: Focus, row: Row, depth: usize) -> impl IntoView {
    let screen = focus.screen();
    let Row { area, point } = row;
    let code = area.code.clone();
    let chosen = Memo::new(move |_| focus.key.read().area == code);
    let window = focus.def.with_value(Window::of);
    let truth = Signal::derive(move || {
        let point = point.read();
        point
            .as_ref()
            .map(|point| select::truth(point).over(window))
    });
    let value = Memo::new(move |_| {
        let v = point.read().as_ref().and_then(|point| point.v)?;
        Some(format::figure(v, &focus.unit()))
    });
    let level = Memo::new(move |_| {
        point
            .read()
            .as_ref()
            .map_or(Level::Normal, |point| point.level)
    });
    let text = move || {
        let absent = || {
            let point = point.read();
            let flags = point.as_ref().map_or(Flags::NONE, |point| point.flags);
            screen.word(absent(flags, Key::NoArea)).to_owned()
        };
        value.get().unwrap_or_else(absent)
    };
    let code = area.code.clone();
    let href = move || focus.href(|place| place.area = Some(code.clone()));
    let of = focus.def.with_value(|def| def.id.to_string());
    view! {
        <tr
            class=move || level_class(level.get())
            class:chosen=move || chosen.get()
            class:stale=move || truth.read().is_some_and(|truth| truth.stale)
            data-figure=of
        >
            <th scope="row" class=format!("depth-{}", depth.min(4))>
                <a href=href aria-current=move || chosen.get().then_some("true")>
                    {move || screen.text(&area.name)}
                </a>
            </th>
            <td class="number" class:words=move || value.read().is_none()>{text}</td>
            <td>
                <Show when=move || value.read().is_some()>
                    <LevelWord level=level />
                </Show>
            </td>
            <td>
                <span class="truth">
                    <TruthParts truth=truth basis=Basis::Sources detail=Detail::Fraction />
                    <Marks truth=truth unit=focus.unit() detail=Detail::Fraction />
                </span>
            </td>
        </tr>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(v: Option<f64>, level: Level, share: Option<f64>) -> Standing {
        Standing { v, level, share }
    }

    #[test]
    fn the_worst_stands_first_and_what_nobody_knows_last() {
        let worst = Order {
            by: By::Value,
            reverse: false,
        };
        let best = Order {
            reverse: true,
            ..worst
        };
        let high = standing(Some(9.0), Level::Red, None);
        let low = standing(Some(1.0), Level::Normal, None);
        let none = Standing::default();
        assert_eq!(high.worse(low, worst, false), Ordering::Less);
        assert_eq!(high.worse(low, worst, true), Ordering::Greater);
        assert_eq!(high.worse(low, best, false), Ordering::Greater);
        for order in [worst, best] {
            assert_eq!(none.worse(low, order, false), Ordering::Greater);
        }
    }

    #[test]
    fn the_arrow_of_a_column_says_where_small_values_stand() {
        let order = |by, reverse| Order { by, reverse };
        assert!(!order(By::Value, false).is_ascending(false));
        assert!(order(By::Value, false).is_ascending(true));
        assert!(order(By::Value, true).is_ascending(false));
        assert!(!order(By::Level, false).is_ascending(true));
        assert!(order(By::Completeness, false).is_ascending(false));
    }

    #[test]
    fn of_one_level_the_worse_value_and_of_completeness_the_smaller_share_stands_first() {
        let order = |by| Order { by, reverse: false };
        let full = standing(Some(2.0), Level::Yellow, Some(1.0));
        let half = standing(Some(1.0), Level::Yellow, Some(0.5));
        assert_eq!(full.worse(half, order(By::Level), false), Ordering::Less);
        assert_eq!(
            half.worse(full, order(By::Completeness), false),
            Ordering::Less
        );
    }
}
