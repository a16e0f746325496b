//! What to know before trusting a figure, as glyphs and short words: partial, stale, suspect,
//! unusual, revised.

use leptos::prelude::*;

use egret_shared::flags::Flags;

use crate::format;
use crate::i18n::Key;
use crate::screen::{Screen, screen};
use crate::select::Mark;

use super::{Detail, Told};

/// What to know before trusting a figure: a glyph for each, with its word where there is room.
#[component]
pub(crate) fn Marks(
    /// What is to be told.
    #[prop(into)]
    truth: Told,
    /// The unit of the figure, for what is usual.
    unit: String,
    /// How much room there is.
    detail: Detail,
) -> impl IntoView {
    let screen = screen();
    let marks = Memo::new(move |_| {
        let truth = truth.get()?;
        Some((truth.marks(), truth.typical))
    });
    let unit = StoredValue::new(unit);
    move || {
        let (mut marks, typical) = marks.get()?;
        // In a row the ring itself says that something is missing.
        marks.retain(|mark| detail == Detail::Full || *mark != Mark::Partial);
        if marks.is_empty() {
            return None;
        }
        let usual = typical.map(|v| unit.with_value(|unit| usual_text(screen, v, unit)));
        let one = |mark: Mark| mark_view(screen, mark, detail, usual.as_deref());
        let marks: Vec<_> = marks.into_iter().map(one).collect();
        Some(view! { <span class="flags">{marks}</span> })
    }
}

fn usual_text(screen: Screen, v: f64, unit: &str) -> String {
    let unit_shown = format::unit(unit);
    let text = format!(
        "{} {}",
        screen.word(Key::TypicalWord),
        format::figure(v, unit)
    );
    match unit_shown {
        "" => text,
        shown => format!("{text} {shown}"),
    }
}

fn mark_view(
    screen: Screen,
    mark: Mark,
    detail: Detail,
    usual: Option<&str>,
) -> impl IntoView + use<> {
    let (class, key, shape) = look(mark);
    let word = screen.word(key);
    let about = about(screen, mark, usual);
    let usual = usual.filter(|_| mark == Mark::Unusual && detail == Detail::Full);
    let usual = usual.map(|usual| format!(" · {usual}"));
    let word_class = if detail == Detail::Full {
        "flag-word"
    } else {
        "unseen"
    };
    view! {
        <span class=format!("flag {class}") title=format!("{word} · {about}")>
            <svg viewBox="0 0 20 20" aria-hidden="true"><path d=shape /></svg>
            <span class=word_class>{word}{usual}</span>
        </span>
    }
}

/// Class, word and shape of a mark. Strokes in a square of 20.
fn look(mark: Mark) -> (&'static str, Key, &'static str) {
    match mark {
        // A disc with its quarter taken out.
        Mark::Partial => (
            "flag-partial",
            Key::MarkPartial,
            "M10 10V2.500A7.500 7.500 0 1 0 17.500 10z",
        ),
        // An hourglass.
        Mark::Stale => (
            "flag-stale",
            Key::MarkStale,
            "M4.500 2.500h11l-5.500 7.500l5.500 7.500h-11l5.500-7.500z",
        ),
        // A question.
        Mark::Suspect(_) => (
            "flag-suspect",
            Key::MarkSuspect,
            "M5.500 6.500a4.500 4.500 0 1 1 6.500 4c-1.500.800-2 1.500-2 3M10 17v.600",
        ),
        // A line that went round.
        Mark::Revised => (
            "flag-revised",
            Key::MarkRevised,
            "M4 8a6.500 6.500 0 1 1-.300 4M3.500 3.500v5h5",
        ),
        // An eye that is crossed out.
        Mark::Withheld => (
            "flag-withheld",
            Key::MarkWithheld,
            "M2 10c3.500-5.500 12.500-5.500 16 0c-3.500 5.500-12.500 5.500-16 0zM4 16l12-12",
        ),
        // A step away from a level line.
        Mark::Unusual => ("flag-unusual", Key::MarkAnomaly, "M2 14h5l3-11l3 11h5"),
    }
}

/// A mark in a sentence.
fn about(screen: Screen, mark: Mark, usual: Option<&str>) -> String {
    let sentence = |key: Key| screen.word(key).to_owned();
    match mark {
        Mark::Partial => sentence(Key::MarkPartialAbout),
        Mark::Stale => sentence(Key::MarkStaleAbout),
        Mark::Revised => sentence(Key::MarkRevisedAbout),
        Mark::Withheld => sentence(Key::MarkWithheldAbout),
        Mark::Unusual => match usual {
            Some(usual) => format!("{} · {usual}", screen.word(Key::MarkAnomalyAbout)),
            None => sentence(Key::MarkAnomalyAbout),
        },
        Mark::Suspect(flags) => {
            let reasons = [
                (Flags::RANGE, Key::SuspectRange),
                (Flags::JUMP, Key::SuspectJump),
                (Flags::STUCK, Key::SuspectStuck),
                (Flags::DOUBTED, Key::SuspectDoubted),
            ];
            let set = reasons.iter().filter(|(flag, _)| flags.has(*flag));
            let words: Vec<&str> = set.map(|(_, key)| screen.word(*key)).collect();
            words.join(" · ")
        }
    }
}
