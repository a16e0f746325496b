//! The definition: what the feed is, where things are in its messages, and what is measured.

use leptos::prelude::*;

use egret_shared::package::feed::{Format, Place};

use crate::i18n::connect::{CLASSES, Connect as Word, DATUMS, FORMATS, TIME_FORMS, format_word};

use super::bench::Bench;
use super::draft::{Draft, Role, Way};
use super::faults::Spot;
use super::fetching::fetching;
use super::fields::{Line, faults, pick, tick};
use super::guess::propose_roles;
use super::tree_view::propose_button;
use super::values;

/// The second column.
pub(super) fn section(bench: Bench) -> AnyView {
    view! {
        <section class="panel" aria-label=move || bench.word(Word::Definition)>
            <header class="panel-head">
                <h2>{move || bench.word(Word::Definition)}</h2>
                <div class="panel-aside">{propose_button(bench)}</div>
            </header>
            {format(bench)}
            {topic(bench)}
            {poll(bench)}
            {places(bench)}
            {values::list(bench)}
            {feed(bench)}
        </section>
    }
    .into_any()
}

fn format(bench: Bench) -> AnyView {
    let options = move || {
        let formats = FORMATS.iter().map(|format| {
            let name = bench.word(format_word(*format)).to_owned();
            (format.as_str().to_owned(), name)
        });
        formats.collect()
    };
    let set = move |draft: &mut Draft, word: String| {
        let found = FORMATS.iter().find(|format| format.as_str() == word);
        if let Some(format) = found {
            draft.feed.format = *format;
            // What was found by the old format's rules means nothing in the new one.
            let payload = untrack(|| bench.sample()).payload;
            propose_roles(draft, &payload, &untrack(|| bench.city()));
        }
    };
    let is_event = Memo::new(move |_| bench.draft.read().feed.format == Format::Cloudevents);
    let maps = move || {
        tick(
            bench,
            Word::MapsEvents,
            |draft| draft.maps_events,
            |draft, maps| draft.maps_events = maps,
        )
    };
    view! {
        {pick(
            bench,
            Word::FormatOf,
            Some(Spot::Format),
            options,
            |draft| draft.feed.format.as_str().to_owned(),
            set,
        )}
        {move || is_event.get().then(maps)}
    }
    .into_any()
}

/// The topic filter, and its levels as buttons.
fn topic(bench: Bench) -> AnyView {
    let line = Line::new(Word::TopicFilter)
        .hinted(Word::TopicFilterHint)
        .at(Spot::Topic)
        .view(
            bench,
            |draft| draft.topic().to_owned(),
            |draft, text| draft.feed.topic = Some(text).filter(|text| !text.is_empty()),
        );
    let levels = Memo::new(move |_| {
        let filter = bench.draft.read().topic().to_owned();
        let sample = bench.sample().topic;
        let sample = sample.split('/').map(str::to_owned).collect::<Vec<_>>();
        let levels = filter.split('/').map(str::to_owned).enumerate();
        let levels = levels.map(|(number, step)| {
            let of_sample = sample.get(number).cloned().unwrap_or_default();
            (step, of_sample)
        });
        let levels: Vec<_> = levels.collect();
        if filter.is_empty() {
            Vec::new()
        } else {
            levels
        }
    });
    let count = Memo::new(move |_| levels.read().len());
    let chips = move || {
        let count = count.get();
        (count > 0).then(|| {
            view! {
                <div class="topic-levels" role="group" aria-label=move || bench.word(Word::Levels)>
                    <span class="field-label">{move || bench.word(Word::Levels)}</span>
                    <div>{(0..count).map(|number| chip(bench, levels, number)).collect_view()}</div>
                </div>
            }
        })
    };
    view! {
        {line}
        {chips}
    }
    .into_any()
}

/// Where it is fetched from, and how often.
fn poll(bench: Bench) -> AnyView {
    let url = Line::new(Word::PollUrl)
        .hinted(Word::PollUrlHint)
        .at(Spot::Poll)
        .of(
            bench,
            Signal::derive(move || bench.draft.read().poll_url.clone()),
            Box::new(move |text| bench.change_poll(|draft| draft.poll_url = text)),
        );
    let is_polled = Memo::new(move |_| !bench.draft.read().poll_url.is_empty());
    let every = move || {
        let every = Line::new(Word::PollEvery).at(Spot::PollEvery).of(
            bench,
            Signal::derive(move || bench.draft.read().poll_every.clone()),
            Box::new(move |text| bench.change_poll(|draft| draft.poll_every = text)),
        );
        view! {
            {fetching(bench)}
            {every}
        }
    };
    view! {
        {url}
        {move || is_polled.get().then(every)}
    }
    .into_any()
}

/// A level of the topic filter, with what the sample has there; a click makes it any, or again what
/// it was.
fn chip(bench: Bench, levels: Memo<Vec<(String, String)>>, number: usize) -> AnyView {
    let step = move || levels.read().get(number).cloned().unwrap_or_default();
    let is_any = move || step().0 == "+";
    let shown = move || match step() {
        (step, of_sample) if step == "+" && !of_sample.is_empty() => format!("+ ({of_sample})"),
        (step, _) => step,
    };
    let label = move || {
        let any = if is_any() {
            bench.word(Word::AnyLevel)
        } else {
            ""
        };
        format!("{} {} {any}", shown(), bench.word(Word::TopicLevel))
    };
    let toggle = move |_| {
        let sample = untrack(|| bench.sample()).topic;
        bench.change(|draft| draft.toggle_level(number, &sample));
    };
    view! {
        <button
            type="button"
            class="row-button"
            aria-pressed=move || is_any().to_string()
            aria-label=label
            on:click=toggle
        >
            {shown}
        </button>
    }
    .into_any()
}

/// Where asset, time and position are, as far as the format leaves it open.
fn places(bench: Bench) -> AnyView {
    let roles = Memo::new(move |_| {
        let draft = bench.draft.read();
        [Role::Asset, Role::Time, Role::Lon].map(|role| draft.roles().contains(&role))
    });
    let shown = move || {
        let [asset_is_open, time_is_open, position_is_open] = roles.get();
        view! {
            {asset_is_open.then(|| asset(bench))}
            {time_is_open.then(|| time(bench))}
            {position_is_open.then(|| position(bench))}
        }
    };
    shown.into_any()
}

fn asset(bench: Bench) -> AnyView {
    let options = move || {
        let draft = bench.draft.read();
        let first = match draft.way() {
            Way::Pointers if draft.feed.format == Format::MappedJson => "–",
            _ => bench.word(Word::ByFormat),
        };
        let mut options = vec![(String::new(), first.to_owned())];
        let sample = bench.sample().topic;
        let sample: Vec<&str> = sample.split('/').collect();
        let topic = draft.topic().to_owned();
        let levels = topic.split('/').enumerate().filter(|_| !topic.is_empty());
        options.extend(levels.map(|(number, step)| {
            let shown = sample.get(number).unwrap_or(&step);
            let name = format!("{} {}: {shown}", bench.word(Word::TopicLevel), number + 1);
            (number.to_string(), name)
        }));
        if let Some(Place::Pointer { pointer }) = &draft.map.asset {
            options.push((pointer.clone(), pointer.clone()));
        }
        options
    };
    let get = |draft: &Draft| match &draft.map.asset {
        None => String::new(),
        Some(Place::Topic { topic }) => topic.to_string(),
        Some(Place::Pointer { pointer }) => pointer.clone(),
    };
    let set = |draft: &mut Draft, value: String| {
        draft.map.asset = match value.parse() {
            Ok(topic) => Some(Place::Topic { topic }),
            Err(_) if value.is_empty() => None,
            Err(_) => Some(Place::Pointer { pointer: value }),
        };
    };
    pick(bench, Word::AssetFrom, Some(Spot::Asset), options, get, set)
}

fn time(bench: Bench) -> AnyView {
    let options = move || {
        let forms = TIME_FORMS.iter();
        let forms = forms.map(|(_, code, word)| ((*code).to_owned(), bench.word(*word).to_owned()));
        forms.collect()
    };
    let get = |draft: &Draft| {
        let at = draft.map.at.as_ref();
        let form = TIME_FORMS
            .iter()
            .find(|(form, ..)| at.is_some_and(|at| at.time == *form));
        form.map_or_else(String::new, |(_, code, _)| (*code).to_owned())
    };
    let set = |draft: &mut Draft, value: String| {
        let form = TIME_FORMS.iter().find(|(_, code, _)| *code == value);
        if let (Some(at), Some((form, ..))) = (&mut draft.map.at, form) {
            at.time = *form;
        }
    };
    let pointer = Memo::new(move |_| {
        let draft = bench.draft.read();
        draft.map.at.as_ref().map(|at| at.pointer.clone())
    });
    let shown = move || match pointer.get() {
        None => view! { <p class="words">{bench.word(Word::NoTimeField)}</p> }.into_any(),
        Some(pointer) => view! {
            <div class="connect-pair">
                {pick(bench, Word::TimeFrom, Some(Spot::Time), options, get, set)}
                <code>{pointer}</code>
            </div>
        }
        .into_any(),
    };
    shown.into_any()
}

fn position(bench: Bench) -> AnyView {
    let places = Memo::new(move |_| {
        let draft = bench.draft.read();
        (draft.lon.clone(), draft.lat.clone())
    });
    let shown = move || match places.get() {
        (lon, lat) if lon.is_empty() && lat.is_empty() => {
            let by_format = bench.draft.read().way() == Way::Names;
            let words = if by_format {
                let (from, format) = (Word::PositionFrom, Word::ByFormat);
                format!("{}: {}", bench.word(from), bench.word(format))
            } else {
                bench.word(Word::NoPositionField).to_owned()
            };
            view! { <p class="words">{words}</p> }.into_any()
        }
        (lon, lat) => view! {
            <p class="words">
                {bench.word(Word::PositionFrom)} " " <code>{lon}</code> " " <code>{lat}</code>
            </p>
        }
        .into_any(),
    };
    view! {
        <div id=Spot::Position.id() tabindex="-1">
            {shown}
            {faults(bench, Spot::Position)}
        </div>
    }
    .into_any()
}

/// What the feed is.
fn feed(bench: Bench) -> AnyView {
    view! {
        <fieldset class="connect-fields">
            <legend>{move || bench.word(Word::Feed)}</legend>
            {names(bench)}
            {belongs(bench)}
            {habits(bench)}
        </fieldset>
    }
    .into_any()
}

fn names(bench: Bench) -> AnyView {
    let is_fixed = Signal::derive(move || bench.is_change());
    let id = Line::new(Word::FeedId)
        .hinted(Word::FeedIdHint)
        .at(Spot::Id)
        .fixed(is_fixed)
        .view(
            bench,
            |draft| draft.feed.id.to_string(),
            |draft, text| draft.feed.id = text.trim().into(),
        );
    let zh = Line::new(Word::NameZh).at(Spot::Name).view(
        bench,
        |draft| draft.feed.name.zh.clone(),
        |draft, text| draft.feed.name.zh = text,
    );
    let en = Line::new(Word::NameEn).view(
        bench,
        |draft| draft.feed.name.en.clone(),
        |draft, text| draft.feed.name.en = text,
    );
    view! {
        {zh}
        {en}
        {id}
    }
    .into_any()
}

fn belongs(bench: Bench) -> AnyView {
    let catalog = bench.screen().store.catalog;
    let departments = move || {
        let catalog = catalog.read();
        let departments = catalog.iter().flat_map(|catalog| &catalog.departments);
        let screen = bench.screen();
        let named = departments.map(|def| (def.id.to_string(), screen.text(&def.name)));
        std::iter::once((String::new(), "–".to_owned()))
            .chain(named)
            .collect()
    };
    let domains = move || {
        let catalog = catalog.read();
        let of_feeds = catalog
            .iter()
            .flat_map(|catalog| &catalog.feeds)
            .map(|def| &def.domain);
        let of_metrics = catalog.iter().flat_map(|catalog| &catalog.metrics);
        let of_metrics = of_metrics.map(|def| &def.domain);
        let all: std::collections::BTreeSet<&str> = of_feeds
            .chain(of_metrics)
            .map(egret_shared::id::DomainId::as_str)
            .collect();
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let classes = move || {
        let catalog = catalog.read();
        let feeds = catalog.iter().flat_map(|catalog| &catalog.feeds);
        let all: std::collections::BTreeSet<String> =
            feeds.filter_map(|def| def.asset_class.clone()).collect();
        all.into_iter().collect::<Vec<_>>()
    };
    let domain = Line::new(Word::Domain)
        .at(Spot::Domain)
        .knowing(Signal::derive(domains))
        .view(
            bench,
            |draft| draft.feed.domain.to_string(),
            |draft, text| draft.feed.domain = text.trim().into(),
        );
    let class = Line::new(Word::AssetClass)
        .hinted(Word::AssetClassHint)
        .at(Spot::AssetClass)
        .knowing(Signal::derive(classes))
        .view(
            bench,
            |draft| draft.feed.asset_class.clone().unwrap_or_default(),
            |draft, text| {
                let text = text.trim().to_owned();
                draft.feed.asset_class = Some(text).filter(|text| !text.is_empty());
            },
        );
    view! {
        {pick(
            bench,
            Word::Department,
            Some(Spot::Department),
            departments,
            |draft| draft.feed.department.to_string(),
            |draft, id| draft.feed.department = id.as_str().into(),
        )}
        {domain}
        {class}
    }
    .into_any()
}

fn habits(bench: Bench) -> AnyView {
    let every = Line::new(Word::ExpectEvery)
        .hinted(Word::ExpectEveryHint)
        .at(Spot::ExpectEvery)
        .view(
            bench,
            |draft| draft.expect_every.clone(),
            |draft, text| draft.expect_every = text,
        );
    let classes = move || {
        let first = (String::new(), bench.word(Word::AsCity).to_owned());
        let classes = CLASSES.iter();
        let classes =
            classes.map(|(_, code, word)| ((*code).to_owned(), bench.word(*word).to_owned()));
        std::iter::once(first).chain(classes).collect()
    };
    let class_of = |draft: &Draft| {
        let class = draft.feed.classification;
        let found = CLASSES.iter().find(|(known, ..)| class == Some(*known));
        found.map_or_else(String::new, |(_, code, _)| (*code).to_owned())
    };
    let set_class = |draft: &mut Draft, value: String| {
        let found = CLASSES.iter().find(|(_, code, _)| *code == value);
        draft.feed.classification = found.map(|(class, ..)| *class);
    };
    let datums = || {
        let datums = DATUMS.iter();
        datums
            .map(|(_, code, name)| ((*code).to_owned(), (*name).to_owned()))
            .collect()
    };
    let datum_of = |draft: &Draft| {
        let found = DATUMS.iter().find(|(crs, ..)| draft.feed.crs == *crs);
        found.map_or_else(String::new, |(_, code, _)| (*code).to_owned())
    };
    let set_datum = |draft: &mut Draft, value: String| {
        if let Some((crs, ..)) = DATUMS.iter().find(|(_, code, _)| *code == value) {
            draft.feed.crs = *crs;
        }
    };
    let moving = tick(
        bench,
        Word::Moving,
        |draft| draft.feed.moving,
        |draft, moves| draft.feed.moving = moves,
    );
    view! {
        {every}
        {pick(bench, Word::ClassificationOf, None, classes, class_of, set_class)}
        {pick(bench, Word::CrsOf, None, datums, datum_of, set_datum)}
        {moving}
    }
    .into_any()
}
