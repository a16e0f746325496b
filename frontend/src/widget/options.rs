//! What a list to choose from holds.

use leptos::prelude::*;

/// An option for each value and what it is called; the one of `chosen` is selected.
pub(crate) fn options_of(named: Vec<(String, String)>, chosen: &str) -> AnyView {
    named
        .into_iter()
        .map(|(value, name)| {
            let selected = value == chosen;
            view! {
                <option value=value selected=selected>
                    {name}
                </option>
            }
        })
        .collect_view()
        .into_any()
}
