//! What comes of it: what is missing or wrong, what the samples become, what stands on the wall,
//! and the button that connects.

use leptos::prelude::*;

use egret_shared::package::addition::Tried;
use egret_shared::text::Language;

use crate::i18n::connect::Connect as Word;
use crate::widget::form::{button, focus};

use super::bench::{Bench, Outcome};
use super::faults::{Fault, Spot, spot_of};
use super::{connecting, tiles, tried};

/// The third column.
pub(super) fn section(bench: Bench) -> AnyView {
    let attempt = move || {
        bench.is_strict.set(true);
        leptos::task::spawn_local(bench.attempt());
    };
    view! {
        <section class="panel connect-outcome" aria-label=move || bench.word(Word::Outcome)>
            <header class="panel-head">
                <h2>{move || bench.word(Word::Outcome)}</h2>
                <div class="panel-aside">{button("", Word::Try, attempt)}</div>
            </header>
            {verdict(bench)}
            {answers(bench)}
            {tiles::tiles(bench)}
            {connecting::act(bench)}
        </section>
    }
    .into_any()
}

/// The answer in a line, for everyone to hear.
fn verdict(bench: Bench) -> AnyView {
    let word = move || {
        if bench.is_trying.get() {
            return bench.word(Word::Trying).to_owned();
        }
        match &*bench.outcome.read() {
            Outcome::Nothing => bench.word(Word::NothingToTry).to_owned(),
            Outcome::Lacking(faults) => {
                format!("{}: {}", bench.word(Word::Lacking), faults.len())
            }
            Outcome::Failed(why) => why.clone(),
            Outcome::Tried(tried, _) => told(bench, tried),
        }
    };
    view! {
        <p class="connect-verdict" role="status" class:busy=bench.is_trying>
            {word}
        </p>
    }
    .into_any()
}

fn told(bench: Bench, tried: &Tried) -> String {
    if !tried.mistakes.is_empty() {
        return format!("{}: {}", bench.word(Word::Mistakes), tried.mistakes.len());
    }
    let is_good = |sample: &&egret_shared::package::addition::TriedSample| {
        sample.refused.is_empty() && !sample.taken.is_empty()
    };
    let good = tried.samples.iter().filter(is_good).count();
    let all = tried.samples.len();
    if good == all {
        return format!("{} ({good}/{all})", bench.word(Word::AllTaken));
    }
    refused_told(all.saturating_sub(good), all, bench.screen().language.get())
}

/// How many samples would not be taken.
fn refused_told(refused: usize, all: usize, language: Language) -> String {
    match language {
        Language::Zh => format!("{all} 条样例中 {refused} 条将被拒收"),
        Language::En => format!("{refused} of {all} would be refused"),
    }
}

fn answers(bench: Bench) -> AnyView {
    let shown = move || match &*bench.outcome.read() {
        Outcome::Nothing | Outcome::Failed(_) => ().into_any(),
        Outcome::Lacking(faults) => lacking(bench, faults),
        Outcome::Tried(answer, _) if answer.mistakes.is_empty() => tried::samples(bench, answer),
        Outcome::Tried(answer, _) => mistakes(bench, &answer.mistakes),
    };
    shown.into_any()
}

/// What is missing, each a button that leads to its field.
fn lacking(bench: Bench, faults: &[Fault]) -> AnyView {
    let one = |fault: &Fault| {
        let words = bench.phrase(fault.what).to_owned();
        let label = format!("{}: ", bench.word(spot_word(fault.spot)));
        view! { <li>{label} {words} " " {way_to(bench, fault.spot)}</li> }
    };
    view! { <ul class="connect-mistakes">{faults.iter().map(one).collect_view()}</ul> }.into_any()
}

fn mistakes(bench: Bench, mistakes: &[String]) -> AnyView {
    let draft = bench.draft.read_untracked();
    let one = |words: &String| {
        let spot = spot_of(words, &draft);
        let way = spot.map(|spot| way_to(bench, spot));
        view! { <li><span lang="en">{words.clone()}</span> " " {way}</li> }
    };
    view! { <ul class="connect-mistakes">{mistakes.iter().map(one).collect_view()}</ul> }.into_any()
}

fn way_to(bench: Bench, spot: Spot) -> AnyView {
    let go = move |_| focus(&spot.id());
    let of = bench.word(spot_word(spot));
    let label = format!("{}: {of}", bench.word(Word::GoThere));
    view! {
        <button type="button" class="quiet" aria-label=label on:click=go>
            {bench.word(Word::GoThere)}
        </button>
    }
    .into_any()
}

/// What a field is called.
fn spot_word(spot: Spot) -> Word {
    match spot {
        Spot::Id => Word::FeedId,
        Spot::Name => Word::NameZh,
        Spot::Department => Word::Department,
        Spot::Domain => Word::Domain,
        Spot::AssetClass => Word::AssetClass,
        Spot::Topic => Word::TopicFilter,
        Spot::Poll => Word::PollUrl,
        Spot::PollEvery => Word::PollEvery,
        Spot::Format => Word::FormatOf,
        Spot::ExpectEvery => Word::ExpectEvery,
        Spot::Asset => Word::AssetFrom,
        Spot::Time => Word::TimeFrom,
        Spot::Position => Word::PositionFrom,
        Spot::Values | Spot::Value(_) => Word::Values,
        Spot::Tile(_) => Word::Tiles,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_of_the_samples_are_refused_is_said_as_it_is() {
        assert_eq!(refused_told(2, 2, Language::En), "2 of 2 would be refused");
        assert_eq!(refused_told(1, 3, Language::Zh), "3 条样例中 1 条将被拒收");
    }
}
