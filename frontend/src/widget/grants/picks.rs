//! Choosing all of something, or some of it by name. What is chosen is told by ids as text, so
//! that one form serves departments, scenes and feeds.

use leptos::prelude::*;

use egret_shared::access::Scope;

use crate::i18n::Phrase;
use crate::screen::screen;
use crate::widget::figure::next_id;
use crate::widget::form::tick_box;

/// What is chosen: some ids, or all there are.
pub(crate) type Chosen = Scope<String>;

/// Ids and what they are called.
pub(crate) type Named = Vec<(String, String)>;

/// Adds or takes away an id.
pub(crate) fn ticked(mut named: Vec<String>, id: &str, is_in: bool) -> Vec<String> {
    named.retain(|known| known != id);
    if is_in {
        named.push(id.to_owned());
    }
    named
}

/// Two ways, all or some; below them `some`, while some is what is chosen.
pub(crate) fn all_or_some(
    legend: impl Into<Phrase>,
    [all, these]: [Phrase; 2],
    is_all: Signal<bool>,
    choose: impl Fn(bool) + Send + Sync + 'static,
    some: impl Fn() -> AnyView + Send + Sync + 'static,
) -> AnyView {
    let choose = Callback::new(choose);
    all_or_some_of(legend.into(), [all, these], is_all, choose, Box::new(some))
}

fn all_or_some_of(
    legend: Phrase,
    [all, these]: [Phrase; 2],
    is_all: Signal<bool>,
    choose: Callback<bool>,
    some: Box<dyn Fn() -> AnyView + Send + Sync>,
) -> AnyView {
    let (screen, name) = (screen(), next_id());
    let way = |to_all: bool, word: Phrase| {
        view! {
            <label class="tick">
                <input
                    type="radio"
                    name=name.clone()
                    prop:checked=move || is_all.get() == to_all
                    on:change=move |_| choose.run(to_all)
                />
                <span>{move || screen.phrase(word)}</span>
            </label>
        }
    };
    view! {
        <fieldset class="side">
            <legend>{move || screen.phrase(legend)}</legend>
            <div class="ways">{way(true, all)} {way(false, these)}</div>
            {move || (!is_all.get()).then(&some)}
        </fieldset>
    }
    .into_any()
}

/// Boxes to tick, one for each of `items` and for whatever else is chosen already.
pub(crate) fn boxes(
    items: impl Fn() -> Named + Send + Sync + 'static,
    chosen: Signal<Chosen>,
    choose: Callback<Chosen>,
) -> AnyView {
    boxes_of(Box::new(items), chosen, choose)
}

fn boxes_of(
    items: Box<dyn Fn() -> Named + Send + Sync>,
    chosen: Signal<Chosen>,
    choose: Callback<Chosen>,
) -> AnyView {
    let one = move |(id, name): (String, String)| {
        let known = id.clone();
        let is_in = move || chosen.with(|chosen| chosen.named().contains(&known));
        let tick = move |is_in: bool| {
            let named = chosen.with_untracked(|chosen| chosen.named().to_vec());
            choose.run(Scope::Only(ticked(named, &id, is_in)));
        };
        tick_box(
            move || name.clone(),
            Signal::derive(is_in),
            false.into(),
            tick,
        )
    };
    // What the city no longer has can still be taken away.
    let all = Memo::new(move |_| {
        let mut items = items();
        let is_known = |id: &String| items.iter().any(|(known, _)| known == id);
        let strays: Named = chosen.with(|chosen| {
            let strays = chosen.named().iter().filter(|id| !is_known(id));
            strays.map(|id| (id.clone(), id.clone())).collect()
        });
        items.extend(strays);
        items
    });
    view! { <div class="boxes">{move || all.get().into_iter().map(one).collect_view()}</div> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_adds_once_and_takes_away_wholly() {
        let once = ticked(vec!["a".into()], "b", true);
        assert_eq!(once, ["a", "b"]);
        assert_eq!(ticked(once.clone(), "b", true), ["a", "b"]);
        assert_eq!(ticked(once, "a", false), ["b"]);
    }
}
