//! The field of a parameter: on or off, a number, or one of several. Nothing is chosen by itself.

use leptos::prelude::*;

use egret_shared::package::command::{ParameterDef, ParameterKind};

use crate::i18n::order::{Order as Word, label, range};
use crate::screen::screen;
use crate::widget::figure::next_id;
use crate::widget::options::options_of;

use super::draft::{OFF, ON};

/// What a field shows and does. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(super) struct Cell {
    /// What stands in it.
    pub(super) text: Signal<String>,
    /// What is wrong with it.
    pub(super) fault: Signal<Option<String>>,
    /// Takes what is written.
    pub(super) write: Callback<String>,
}

/// The field.
pub(super) fn field(parameter: &ParameterDef, of: Cell, id: String) -> AnyView {
    match parameter.kind {
        ParameterKind::Switch => switch(parameter.clone(), of, id),
        ParameterKind::Number => number(parameter.clone(), of, id),
        ParameterKind::Choice => choice(parameter.clone(), of, id),
    }
}

fn switch(parameter: ParameterDef, of: Cell, id: String) -> AnyView {
    let screen = screen();
    let (name, about) = (next_id(), format!("{id}-about"));
    let radio = |value: &'static str, word: Word, id: Option<String>| {
        let name = name.clone();
        view! {
            <label class="tick">
                <input
                    id=id
                    type="radio"
                    name=name
                    prop:checked=move || of.text.read().as_str() == value
                    on:change=move |_| of.write.run(value.to_owned())
                />
                <span>{move || screen.word(word)}</span>
            </label>
        }
    };
    let radios = [radio(ON, Word::On, Some(id)), radio(OFF, Word::Off, None)];
    let described = about.clone();
    view! {
        <fieldset
            class="side field"
            class:faulty=move || of.fault.read().is_some()
            aria-describedby=described
        >
            <legend>{move || label(&parameter, screen.language.get())}</legend>
            <div class="boxes">{radios}</div>
            {below(of, String::new(), about)}
        </fieldset>
    }
    .into_any()
}

fn number(parameter: ParameterDef, of: Cell, id: String) -> AnyView {
    let screen = screen();
    let (label_for, about) = (id.clone(), format!("{id}-about"));
    let (described, hint) = (about.clone(), range(&parameter));
    let hint = if parameter.range.is_some() {
        hint
    } else {
        String::new()
    };
    view! {
        <div class="field" class:faulty=move || of.fault.read().is_some()>
            <label for=label_for>{move || label(&parameter, screen.language.get())}</label>
            <input
                id=id
                type="text"
                inputmode="decimal"
                autocomplete="off"
                aria-invalid=move || of.fault.read().is_some().to_string()
                aria-describedby=described
                prop:value=of.text
                on:input=move |event| of.write.run(event_target_value(&event))
            />
            {below(of, hint, about)}
        </div>
    }
    .into_any()
}

fn choice(parameter: ParameterDef, of: Cell, id: String) -> AnyView {
    let screen = screen();
    let (label_for, about) = (id.clone(), format!("{id}-about"));
    let described = about.clone();
    let name = parameter.clone();
    let options = move || {
        let chosen = of.text.get();
        let none = (String::new(), screen.word(Word::Pick).to_owned());
        let named = parameter.options.iter();
        let named = named.map(|option| (option.value.to_string(), screen.text(&option.name)));
        options_of(std::iter::once(none).chain(named).collect(), &chosen)
    };
    view! {
        <div class="field" class:faulty=move || of.fault.read().is_some()>
            <label for=label_for>{move || label(&name, screen.language.get())}</label>
            <select
                id=id
                aria-invalid=move || of.fault.read().is_some().to_string()
                aria-describedby=described
                on:change=move |event| of.write.run(event_target_value(&event))
            >
                {options}
            </select>
            {below(of, String::new(), about)}
        </div>
    }
    .into_any()
}

/// What stands below a field: what is wrong with it, or else its hint.
fn below(of: Cell, hint: String, id: String) -> AnyView {
    let hint = move || of.fault.read().is_none().then(|| hint.clone());
    view! {
        <p class="field-about" id=id>
            <span class="field-fault">{move || of.fault.get()}</span>
            <span class="field-hint">{hint}</span>
        </p>
    }
    .into_any()
}
