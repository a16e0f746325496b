//! A figure together with its truth. The only way in which a panel writes a number: a [`Figured`]
//! cannot be made without its truth, and [`Figure`] and [`Said`] show both or nothing, so that
//! no number stands bare by accident.
//!
//! In the document every figure is an element with `data-figure`; within it, elements with
//! `data-age` (seconds since the newest contribution) and `data-completeness` (`41/52`).

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

use egret_shared::metric::{MetricKey, MetricPoint};
use egret_shared::package::metric::MetricDef;

use crate::format;
use crate::i18n::Key;
use crate::lasting::Kept;
use crate::screen::{Screen, screen};
use crate::select::{self, Truth, Window};
use crate::widget::frame::no_figure;
use crate::widget::truth::{Basis, Detail, Marks, TruthParts};

/// A figure and what stands behind it.
#[derive(Clone)]
pub(crate) struct Figured {
    /// What it is of: a metric's id, or what is counted.
    of: String,
    /// Where more about it is found.
    href: Option<String>,
    /// The number in words; absent while nobody knows it.
    value: Signal<Option<String>>,
    /// UCUM unit.
    unit: String,
    /// What stands behind it.
    truth: Signal<Option<Truth>>,
    /// What its completeness counts.
    basis: Basis,
}

impl Figured {
    /// A metric's figure, linked to its page. `digits` makes words of a value and its unit.
    pub(crate) fn metric(
        def: &MetricDef,
        key: &MetricKey,
        point: Kept<Option<MetricPoint>>,
        digits: fn(f64, &str) -> String,
    ) -> Self {
        let unit = def.unit.clone();
        let window = Window::of(def);
        let value = Memo::new(move |_| {
            let v = point.read().as_ref().and_then(|point| point.v)?;
            Some(digits(v, &unit))
        });
        let truth = Memo::new(move |_| {
            let point = point.read();
            point
                .as_ref()
                .map(|point| select::truth(point).over(window))
        });
        Self {
            of: def.id.to_string(),
            href: Some(metric_href(key)),
            value: value.into(),
            unit: def.unit.clone(),
            truth: truth.into(),
            basis: Basis::Sources,
        }
    }

    /// A figure that is no metric's: a count of what the screen shows.
    pub(crate) fn count(
        of: &'static str,
        value: impl Fn() -> String + Send + Sync + 'static,
        truth: Memo<Truth>,
        basis: Basis,
    ) -> Self {
        Self {
            of: of.to_owned(),
            href: None,
            value: Signal::derive(move || Some(value())),
            unit: "1".to_owned(),
            truth: Signal::derive(move || Some(truth.get())),
            basis,
        }
    }

    /// The same without a link, where nobody could see the focus on it.
    pub(crate) fn unlinked(self) -> Self {
        Self { href: None, ..self }
    }

    /// Whether there is a value.
    pub(crate) fn is_known(&self) -> impl Fn() -> bool + Copy + use<> {
        let value = self.value;
        move || value.read().is_some()
    }

    /// Whether it is older than it may be.
    pub(crate) fn is_stale(&self) -> impl Fn() -> bool + Copy + use<> {
        let truth = self.truth;
        move || truth.read().is_some_and(|truth| truth.stale)
    }
}

/// The page about a metric in an area.
pub(crate) fn metric_href(key: &MetricKey) -> String {
    format!("/metric/{}?area={}", key.metric, key.area)
}

/// How large a figure is written, and where its truth stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The number large with the truth in a line below; the children stand at its right.
    Tile,
    /// The number very large with the truth at its right, below the children.
    Hero,
    /// A row of a list: the children, the number, completeness as a fraction, age.
    Row,
    /// The same where there is little room: completeness as a ring, and in per cent where it
    /// falls short.
    Slim,
    /// The same where there is still less: completeness as a ring alone.
    Tight,
    /// The same with the unit beside the number, where no heading tells it.
    Line,
}

/// A figure with its truth.
#[component]
pub(crate) fn Figure(
    /// What to show.
    figure: Figured,
    /// How.
    form: Form,
    /// What stands beside the marks of a tile.
    #[prop(optional, into)]
    note: Option<ViewFn>,
    /// What belongs to the figure: its name, a small trend.
    #[prop(optional)]
    children: Option<Children>,
) -> AnyView {
    let Figured {
        of,
        href,
        truth,
        basis,
        unit,
        ..
    } = figure.clone();
    let id = next_id();
    let children = children.map(|children| children());
    let truth_line = |detail| view! { <TruthParts truth=truth basis=basis detail=detail /> };
    let marks = |detail| view! { <Marks truth=truth unit=unit.clone() detail=detail /> };
    match form {
        Form::Tile => view! {
            <div class="fig fig-tile" data-figure=of>
                <div class="stat-row">
                    {number(figure, "figure", &id)} {children}
                </div>
                <p class="fig-notes">{note.map(|note| note.run())} {marks(Detail::Full)}</p>
                <p class="truth" id=id>{truth_line(Detail::Full)}</p>
            </div>
        }
        .into_any(),
        Form::Hero => view! {
            <div class="fig hero" data-figure=of>
                {number(figure, "hero-figure", &id)}
                <div class="hero-side">
                    {children} <p class="fig-notes">{marks(Detail::Full)}</p>
                    <p class="truth" id=id>{truth_line(Detail::Full)}</p>
                </div>
            </div>
        }
        .into_any(),
        Form::Row | Form::Slim | Form::Tight | Form::Line => {
            let detail = match form {
                Form::Row => Detail::Fraction,
                Form::Slim => Detail::Ring,
                _ => Detail::Shape,
            };
            let unit = match form {
                Form::Line => format::unit(&figure.unit).to_owned(),
                _ => String::new(),
            };
            let content = view! {
                {children}
                {value_of_row(figure.value, figure.truth, unit)}
                <span class="truth">{marks(detail)} {truth_line(detail)}</span>
            };
            match href {
                Some(href) => {
                    view! { <a class="fig fig-row" href=href data-figure=of>{content}</a> }
                        .into_any()
                }
                None => {
                    view! { <span class="fig fig-row" data-figure=of>{content}</span> }.into_any()
                }
            }
        }
    }
}

/// The number, linked to the page about it; what is said while there is none.
fn number(figure: Figured, class: &'static str, truth_id: &str) -> impl IntoView + use<> {
    let screen = screen();
    let (value, known, truth) = (figure.value, figure.is_known(), figure.truth);
    let unit = format::unit(&figure.unit).to_owned();
    view! {
        <a
            class=class
            class:none=move || !known()
            href=figure.href
            aria-describedby=truth_id.to_owned()
        >
            {move || value.get()} <span class="unit">{unit}</span>
        </a>
        <span class="words">{move || (!known()).then(|| nothing(screen, truth))}</span>
    }
}

/// What stands in the number's place while there is none.
pub(crate) fn nothing(screen: Screen, truth: Signal<Option<Truth>>) -> &'static str {
    if truth.read().as_ref().is_some_and(Truth::is_withheld) {
        screen.word(Key::MarkWithheldAbout)
    } else {
        no_figure(screen)
    }
}

fn value_of_row(
    value: Signal<Option<String>>,
    truth: Signal<Option<Truth>>,
    unit: String,
) -> impl IntoView {
    let screen = screen();
    let nothing = move || {
        let is_withheld = truth.read().as_ref().is_some_and(Truth::is_withheld);
        screen.word(if is_withheld {
            Key::MarkWithheld
        } else {
            Key::NoArea
        })
    };
    let text = move || value.get().unwrap_or_else(|| nothing().to_owned());
    let unit = move || {
        let is_said = !unit.is_empty() && value.read().is_some();
        is_said.then(|| view! { <span class="unit">{unit.clone()}</span> })
    };
    view! {
        <b class="value" class:words=move || value.read().is_none()>
            {text}
            {unit}
        </b>
    }
}

/// Words that somebody sent and that may hold figures, with the truth about them: when they were
/// said, and by how many of those who could.
#[component]
pub(crate) fn Said(
    /// What the words are about.
    of: &'static str,
    /// What stands behind them.
    #[prop(into)]
    truth: Signal<Truth>,
    /// What their completeness counts.
    basis: Basis,
    /// How much of the truth is seen; the rest is for screen readers.
    #[prop(optional)]
    detail: Option<Detail>,
    /// The words.
    children: Children,
) -> impl IntoView {
    let truth = Signal::derive(move || Some(truth.get()));
    let class = if detail.is_some() { "truth" } else { "unseen" };
    let detail = detail.unwrap_or(Detail::Fraction);
    view! {
        <span class="said" data-figure=of>
            <span class="said-text">{children()}</span>
            <span class=class>
                <TruthParts truth=truth basis=basis detail=detail />
            </span>
        </span>
    }
}

/// An id that no other element of the page has.
pub(crate) fn next_id() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("truth-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
