//! What stands behind a figure, as one reads it: how many of its sources, over which window, how
//! old, and what to know before trusting it. Yellow and of another shape where it falls short.

mod marks;

use leptos::prelude::*;

use egret_shared::text::Language;
use egret_shared::time::Span;

use crate::format;
use crate::i18n::panel::Panel;
use crate::i18n::{Key, Phrase};
use crate::screen::{Screen, screen};
use crate::select::{Truth, Window};

pub(crate) use marks::Marks;

/// What the completeness of a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Sources of a metric, of those expected.
    Sources,
    /// Feeds that deliver, of all.
    Feeds,
    /// Assets heard of in time, of all.
    Assets,
    /// Signals still in force, of those that a case rests on.
    Signals,
    /// Areas with a value, of all that a picture is about.
    Areas,
    /// Tasks that have ended, of those given.
    Tasks,
    /// One message, told by one source.
    One,
}

impl Basis {
    fn phrase(self) -> Phrase {
        match self {
            Self::Sources => Key::SourcesOf.into(),
            Self::Feeds => Key::FeedsOf.into(),
            Self::Assets => Key::AssetsOf.into(),
            Self::Signals => Key::SignalsOf.into(),
            Self::Areas => Panel::AreasOf.into(),
            Self::Tasks => Panel::TasksOf.into(),
            Self::One => Key::OneSource.into(),
        }
    }
}

/// How much of the truth has room; none of it is ever left out, the rest is told by shape, by
/// title and to screen readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// Everything in words and figures.
    Full,
    /// Completeness as a fraction, and the age.
    Fraction,
    /// Completeness as a ring (with per cent where it falls short), and the age.
    Ring,
    /// Completeness as a ring alone, beside words that say it; and the age.
    Shape,
}

/// What is to be told.
type Told = Signal<Option<Truth>>;

/// `◔ 41/52 · last 5 min · 14 s`: the parts of such a line, for wherever they stand.
#[component]
pub(crate) fn TruthParts(
    /// What is to be told.
    #[prop(into)]
    truth: Told,
    /// What its completeness counts.
    basis: Basis,
    /// How much of it has room.
    detail: Detail,
) -> impl IntoView {
    let screen = screen();
    let window = move || {
        let truth = truth.get().filter(|_| detail == Detail::Full)?;
        window_text(screen, truth.window)
    };
    view! {
        <Completeness truth=truth basis=basis detail=detail />
        <span class="window">{window}</span>
        <Age truth=truth />
    }
}

/// How many of the sources, as a ring and in figures.
#[component]
fn Completeness(truth: Told, basis: Basis, detail: Detail) -> impl IntoView {
    let screen = screen();
    let parts = Memo::new(move |_| {
        let truth = truth.get()?;
        Some((truth.sources, truth.expected, truth.short))
    });
    let short = move || parts.get().is_some_and(|(.., short)| short);
    let exact = move || parts.get().map(|(part, whole, _)| fraction(part, whole));
    let shown = move || {
        let (part, whole, short) = parts.get()?;
        match detail {
            Detail::Full | Detail::Fraction => Some(fraction(part, whole)),
            Detail::Ring => (short && part < whole).then(|| format::percent(part, whole)),
            Detail::Shape => None,
        }
    };
    let about = move || {
        let (part, whole, _) = parts.get()?;
        Some(format!(
            "{} {}",
            fraction(part, whole),
            screen.phrase(basis.phrase())
        ))
    };
    view! {
        <span class="completeness" class:short=short data-completeness=exact title=about>
            <svg class="ring" viewBox="0 0 20 20" aria-hidden="true">
                <path d=move || parts.get().map(|(part, whole, short)| ring(part, whole, short)) />
            </svg>
            {shown}
            <span class="unseen">
                {move || parts.get().map(|_| screen.phrase(basis.phrase()))} " "
                {move || short().then(|| screen.word(Key::MarkPartial))}
            </span>
        </span>
    }
}

/// `41/52`; `41/–` where nobody said how many there should be.
fn fraction(part: u32, whole: u32) -> String {
    match whole {
        0 => format!("{part}/–"),
        whole => format!("{part}/{whole}"),
    }
}

/// A closed ring while nothing is missing; else a thin one around a slice as large as what is
/// there.
fn ring(part: u32, whole: u32, short: bool) -> String {
    const CLOSED: &str = "M10 2a8 8 0 1 0 0 16a8 8 0 1 0 0-16zM10 5a5 5 0 1 1 0 10a5 5 0 1 1 0-10z";
    const THIN: &str = "M10 .500a9.500 9.500 0 1 0 0 19a9.500 9.500 0 1 0 0-19z\
                        M10 2a8 8 0 1 1 0 16a8 8 0 1 1 0-16z";
    /// The greatest slice: less than this missing would look like nothing missing.
    const SLICE_MAX: f64 = 7.0 / 8.0;
    if !short {
        return CLOSED.to_owned();
    }
    let share = match whole {
        0 => 0.0,
        whole => (f64::from(part) / f64::from(whole)).clamp(0.0, SLICE_MAX),
    };
    let (sin, cos) = (share * std::f64::consts::TAU).sin_cos();
    let (x, y) = (10.0 + 6.0 * sin, 10.0 - 6.0 * cos);
    let large = u8::from(share > 0.5);
    format!("{THIN}M10 10V4A6 6 0 {large} 1 {x:.2} {y:.2}Z")
}

/// How long ago the newest contribution was; it grows while nothing comes.
#[component]
fn Age(truth: Told) -> impl IntoView {
    let screen = screen();
    let since = Memo::new(move |_| {
        let truth = truth.get()?;
        Some((truth.at(), truth.latest_at.is_some(), truth.stale))
    });
    let seconds = Memo::new(move |_| {
        let (at, ..) = since.get()?;
        Some(screen.store.now.get().since(at).ms().max(0) / 1_000)
    });
    let text = Memo::new(move |_| {
        let (_, has_contributions, _) = since.get()?;
        let age = format::age(seconds.get()? * 1_000, screen.language.get());
        Some(if has_contributions {
            age
        } else {
            format!("{} {age}", screen.word(Key::AsOf))
        })
    });
    let about = move || {
        let (at, ..) = since.get()?;
        Some(format!(
            "{} · {}",
            screen.word(Key::AgeOf),
            screen.clock(at)
        ))
    };
    let stale = move || since.get().is_some_and(|(.., stale)| stale);
    view! {
        <span class="age" class:short=stale data-age=move || seconds.get() title=about>
            {move || text.get()}
        </span>
    }
}

/// `近 5 分`, `today`; nothing for what is a state of this moment.
fn window_text(screen: Screen, window: Window) -> Option<String> {
    let language = screen.language.get();
    match window {
        Window::Now => None,
        Window::Live => Some(screen.word(Key::Live).to_owned()),
        Window::Today => Some(screen.word(Key::Today).to_owned()),
        Window::Last(span) => Some(match language {
            Language::Zh => format!("近 {}", length(span, language)),
            Language::En => format!("last {}", length(span, language)),
        }),
    }
}

/// A window's length; of a metric made of others it may be any, and is told as an age is.
fn length(span: Span, language: Language) -> String {
    const MINUTE_MS: i64 = 60_000;
    if span.ms() % MINUTE_MS == 0 {
        format::span(span, language)
    } else {
        format::age(span.ms(), language)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_that_falls_short_has_another_shape() {
        assert_eq!(ring(52, 52, false), ring(7, 7, false));
        assert_ne!(ring(51, 52, true), ring(52, 52, false));
        assert!(ring(1, 2, true).ends_with("A6 6 0 0 1 10.00 16.00Z"));
    }

    #[test]
    fn a_fraction_says_when_nobody_knows_the_whole() {
        assert_eq!(fraction(41, 52), "41/52");
        assert_eq!(fraction(3, 0), "3/–");
    }
}
