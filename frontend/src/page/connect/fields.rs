//! Fields of the definition: each shows what stands in the draft, changes it, and says what is
//! wrong with it.

use leptos::prelude::*;

use crate::i18n::Phrase;
use crate::widget::figure::next_id;
use crate::widget::options::options_of;

use super::bench::Bench;
use super::draft::Draft;
use super::faults::Spot;

/// A line to write in.
pub(super) struct Line {
    label: Phrase,
    hint: Option<Phrase>,
    spot: Option<Spot>,
    /// Words to choose from, if there are some; others may be written.
    known: Option<Signal<Vec<String>>>,
    is_fixed: Signal<bool>,
}

impl Line {
    pub(super) fn new(label: impl Into<Phrase>) -> Self {
        Self {
            label: label.into(),
            hint: None,
            spot: None,
            known: None,
            is_fixed: false.into(),
        }
    }

    pub(super) fn hinted(self, hint: impl Into<Phrase>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same for a field that mistakes are told of.
    pub(super) fn at(self, spot: Spot) -> Self {
        Self {
            spot: Some(spot),
            ..self
        }
    }

    pub(super) fn knowing(self, known: Signal<Vec<String>>) -> Self {
        Self {
            known: Some(known),
            ..self
        }
    }

    pub(super) fn fixed(self, is_fixed: Signal<bool>) -> Self {
        Self { is_fixed, ..self }
    }

    /// The field, which shows what `get` reads of the draft and does with what is written as `set`
    /// says.
    pub(super) fn view(
        self,
        bench: Bench,
        get: impl Fn(&Draft) -> String + Send + Sync + 'static,
        set: impl Fn(&mut Draft, String) + 'static,
    ) -> AnyView {
        let get = Signal::derive(move || get(&bench.draft.read()));
        self.of(
            bench,
            get,
            Box::new(move |text| bench.change(|draft| set(draft, text))),
        )
    }

    /// The same for what is not in the draft.
    pub(super) fn of(
        self,
        bench: Bench,
        get: Signal<String>,
        write: Box<dyn Fn(String)>,
    ) -> AnyView {
        let Self {
            label,
            hint,
            spot,
            known,
            is_fixed,
        } = self;
        let id = spot.map_or_else(next_id, Spot::id);
        let (label_for, about, list) = (id.clone(), format!("{id}-about"), format!("{id}-known"));
        let described = about.clone();
        let options = known.map(|known| {
            let options = move || {
                let words = known.get().into_iter();
                words
                    .map(|word| view! { <option value=word></option> })
                    .collect_view()
            };
            view! { <datalist id=list.clone()>{options}</datalist> }
        });
        let list = known.map(|_| list);
        let is_faulty = move || is_faulty(bench, spot);
        view! {
            <div class="field" class:faulty=is_faulty>
                <label for=label_for>{move || bench.phrase(label)}</label>
                <input
                    id=id
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    list=list
                    readonly=is_fixed
                    aria-invalid=move || is_faulty().to_string()
                    aria-describedby=described
                    prop:value=get
                    on:input=move |event| write(event_target_value(&event))
                />
                {options}
                {below(bench, spot, hint, about)}
            </div>
        }
        .into_any()
    }
}

fn is_faulty(bench: Bench, spot: Option<Spot>) -> bool {
    spot.is_some_and(|spot| !bench.faults_of(spot).is_empty())
}

/// What stands below a field: what is wrong with it, or else its hint.
fn below(bench: Bench, spot: Option<Spot>, hint: Option<Phrase>, id: String) -> AnyView {
    let faults = move || spot.map(|spot| bench.faults_of(spot)).unwrap_or_default();
    let hint = move || {
        let hint = hint.filter(|_| faults().is_empty());
        hint.map(|hint| bench.phrase(hint))
    };
    view! {
        <p class="field-about" id=id>
            <span class="field-fault">{move || faults().join(" · ")}</span>
            <span class="field-hint">{hint}</span>
        </p>
    }
    .into_any()
}

/// What is wrong with something that is no single field.
pub(super) fn faults(bench: Bench, spot: Spot) -> AnyView {
    view! { <p class="field-fault">{move || bench.faults_of(spot).join(" · ")}</p> }.into_any()
}

/// A list to choose one from: values and what they are called.
pub(super) fn pick(
    bench: Bench,
    label: impl Into<Phrase>,
    spot: Option<Spot>,
    options: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    get: impl Fn(&Draft) -> String + Send + Sync + 'static,
    set: impl Fn(&mut Draft, String) + 'static,
) -> AnyView {
    // A list that is made anew while it is open would close.
    let options = Memo::new(move |_| options());
    let chosen = Memo::new(move |_| get(&bench.draft.read()));
    let write = Box::new(move |value: String| bench.change(|draft| set(draft, value)));
    pick_of(bench, label.into(), spot, options, chosen, write)
}

fn pick_of(
    bench: Bench,
    label: Phrase,
    spot: Option<Spot>,
    options: Memo<Vec<(String, String)>>,
    chosen: Memo<String>,
    write: Box<dyn Fn(String)>,
) -> AnyView {
    let id = spot.map_or_else(next_id, Spot::id);
    let (label_for, about) = (id.clone(), format!("{id}-about"));
    let described = about.clone();
    let options = move || options_of(options.get(), &chosen.get());
    let is_faulty = move || is_faulty(bench, spot);
    view! {
        <div class="field" class:faulty=is_faulty>
            <label for=label_for>{move || bench.phrase(label)}</label>
            <select
                id=id
                aria-invalid=move || is_faulty().to_string()
                aria-describedby=described
                on:change=move |event| write(event_target_value(&event))
            >
                {options}
            </select>
            {below(bench, spot, None, about)}
        </div>
    }
    .into_any()
}

/// A box to tick.
pub(super) fn tick(
    bench: Bench,
    label: impl Into<Phrase>,
    get: impl Fn(&Draft) -> bool + Send + Sync + 'static,
    set: impl Fn(&mut Draft, bool) + 'static,
) -> AnyView {
    let label = label.into();
    crate::widget::form::tick_box(
        move || bench.phrase(label).to_owned(),
        Signal::derive(move || get(&bench.draft.read())),
        false.into(),
        move |is_on| bench.change(|draft| set(draft, is_on)),
    )
}
