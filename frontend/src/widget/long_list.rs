//! A long list of which only what is seen is built: thousands of rows that change all the time cost
//! what a screenful costs. One row is chosen; the keyboard moves the choice.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;

use crate::screen::fit::unit_px;
use crate::select::window::{Seen, stepped};

/// How high a row is, in the style's units; the style says the same (`--row`).
const ROW_U: f64 = 64.0;

/// The least a unit of a desk's page is. CSS pixels; as in `form.css`.
const UNIT_MIN_PX: f64 = 0.86;

/// What a long list shows.
#[derive(Clone, Copy)]
pub(crate) struct LongList {
    /// How many rows there are.
    pub(crate) len: Signal<usize>,
    /// What tells the row at a place apart, with all that its view depends on.
    pub(crate) key: StoredValue<KeyOf>,
    /// The view of the row at a place.
    pub(crate) row: StoredValue<RowOf>,
    /// The place of the chosen row.
    pub(crate) chosen: Signal<Option<usize>>,
    /// Chooses a row.
    pub(crate) choose: Callback<usize>,
    /// Opens the chosen row.
    pub(crate) open: Callback<usize>,
}

/// Gives a row's key.
pub(crate) type KeyOf = Arc<dyn Fn(usize) -> String + Send + Sync>;

/// Gives a row's view.
pub(crate) type RowOf = Arc<dyn Fn(usize) -> AnyView + Send + Sync>;

impl LongList {
    /// The list, called `name` and found by `id`.
    pub(crate) fn view(
        self,
        id: &'static str,
        name: impl Fn() -> String + Send + Sync + 'static,
    ) -> AnyView {
        let node = NodeRef::<html::Div>::new();
        let seen = RwSignal::new(Seen {
            top: 0.0,
            height: 1_000.0,
            row: row_px(),
        });
        let look = move || {
            if let Some(node) = node.get_untracked() {
                let now = Seen {
                    top: f64::from(node.scroll_top()),
                    height: f64::from(node.client_height()),
                    row: row_px(),
                };
                if seen.get_untracked() != now {
                    seen.set(now);
                }
            }
        };
        node.on_load(move |_| request_animation_frame(look));
        let resized = window_event_listener(leptos::ev::resize, move |_| look());
        on_cleanup(move || resized.remove());
        self.keep_in_sight(node, seen);
        let range = Memo::new(move |_| seen.get().rows(self.len.get()));
        let rows = move || {
            let key = |place: usize| self.key.with_value(|key| (place, key(place)));
            range.get().map(key).collect::<Vec<_>>()
        };
        let active = move || self.chosen.get().map(row_id);
        view! {
            <div
                class="long-list"
                id=id
                role="listbox"
                tabindex="0"
                aria-label=name
                aria-activedescendant=active
                node_ref=node
                on:scroll=move |_| look()
                on:keydown=move |event: web_sys::KeyboardEvent| self.press(&event, seen)
            >
                <div
                    class="long-list-whole"
                    role="presentation"
                    style:height=move || format!("{}px", self.len.get() as f64 * seen.get().row)
                >
                    <div
                        class="long-list-part"
                        role="presentation"
                        style:transform=move || {
                            format!("translateY({}px)", range.get().start as f64 * seen.get().row)
                        }
                    >
                        <For each=rows key=Clone::clone let:row>
                            {self.row_view(row.0)}
                        </For>
                    </div>
                </div>
            </div>
        }
        .into_any()
    }

    fn row_view(self, place: usize) -> AnyView {
        let is_chosen = move || self.chosen.get() == Some(place);
        view! {
            <div
                class="long-row"
                class:chosen=is_chosen
                role="option"
                id=row_id(place)
                aria-selected=move || is_chosen().to_string()
                aria-posinset=(place + 1).to_string()
                aria-setsize=move || self.len.get().to_string()
                on:click=move |_| self.choose.run(place)
                on:dblclick=move |_| self.open.run(place)
            >
                {self.row.with_value(|row| row(place))}
            </div>
        }
        .into_any()
    }

    /// Scrolls to the chosen row whenever another one is.
    fn keep_in_sight(self, node: NodeRef<html::Div>, seen: RwSignal<Seen>) {
        Effect::new(move || {
            let Some(place) = self.chosen.get() else {
                return;
            };
            let top = seen.get_untracked().scrolled_to(place);
            if let (Some(node), Some(top)) = (node.get_untracked(), top) {
                node.set_scroll_top(whole_px(top));
            }
        });
    }

    fn press(self, event: &web_sys::KeyboardEvent, seen: RwSignal<Seen>) {
        if event.ctrl_key() || event.meta_key() || event.alt_key() {
            return;
        }
        let page = isize::try_from(seen.get_untracked().page()).unwrap_or(1);
        let by = match event.key().as_str() {
            "ArrowDown" => 1,
            "ArrowUp" => -1,
            "PageDown" => page,
            "PageUp" => -page,
            "Home" => isize::MIN,
            "End" => isize::MAX,
            _ => return,
        };
        event.prevent_default();
        self.step(by);
    }

    /// Moves the choice by `by` rows.
    pub(crate) fn step(self, by: isize) {
        let to = stepped(self.chosen.get_untracked(), by, self.len.get_untracked());
        if let Some(place) = to {
            self.choose.run(place);
        }
    }

    /// Opens the chosen row.
    pub(crate) fn enter(self) {
        if let Some(place) = self.chosen.get_untracked() {
            self.open.run(place);
        }
    }
}

fn row_id(place: usize) -> String {
    format!("row-{place}")
}

fn row_px() -> f64 {
    (ROW_U * unit_px().max(UNIT_MIN_PX)).round()
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates, and no list is that long"
)]
fn whole_px(v: f64) -> i32 {
    v.round() as i32
}
