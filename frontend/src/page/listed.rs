//! A whole list that the server gives, and its table: loaded anew after every change, with words
//! where there is nothing.

use std::any::Any;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::text::Language;

use crate::api::ApiError;
use crate::clock;
use crate::i18n::access::failure;
use crate::i18n::{Key, Phrase};
use crate::lasting::Kept;
use crate::page::loaded::Loaded;
use crate::screen::screen;

type Answer = Pin<Box<dyn Future<Output = Result<Rows, ApiError>>>>;

/// Rows of one kind. Which kind only [`Listed`] knows: signals of one type for every list keep the
/// program small.
type Rows = Arc<dyn Any + Send + Sync>;

/// Which answers there have been.
#[derive(Clone, Copy, Debug, Default)]
struct Serials {
    /// How often the server has been asked.
    asked: u32,
    /// Whose answer is there.
    taken: u32,
    /// How many of the last came to nothing.
    n_failed: u32,
}

/// How many answers in a row come to nothing before a list that is followed is given up.
const FAILURES: u32 = 3;

/// A list of the server's. A copy is a handle to the same.
pub(crate) struct Listed<T> {
    rows: RwSignal<Loaded<Rows>>,
    language: Kept<Language>,
    ask: StoredValue<Arc<dyn Fn() -> Answer + Send + Sync>>,
    serials: StoredValue<Serials>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Clone for Listed<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Listed<T> {}

impl<T: PartialEq + Send + Sync + 'static> Listed<T> {
    /// The list that `ask` gives, from now on.
    pub(crate) fn new<F>(ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Vec<T>, ApiError>> + 'static,
    {
        let ask = move || -> Answer {
            let rows = ask();
            Box::pin(async move { rows.await.map(|rows| Arc::new(rows) as Rows) })
        };
        let listed = Self {
            rows: RwSignal::new(Loaded::Waiting),
            language: screen().language,
            ask: StoredValue::new(Arc::new(ask)),
            serials: StoredValue::new(Serials::default()),
            kind: PhantomData,
        };
        listed.refresh();
        listed
    }

    /// Asks for it anew; until the answer, what is there stays.
    pub(crate) fn refresh(self) {
        leptos::task::spawn_local(async move {
            self.ask_for(1).await;
        });
    }

    /// Asks for what is another list from now on.
    pub(crate) fn renew(self) {
        // What has been asked for so far is of the one before.
        self.serials.update_value(|all| all.taken = all.asked);
        self.rows.set(Loaded::Waiting);
        self.refresh();
    }

    /// Asks for it anew, as it is done again and again: what is there outlives a failure or two.
    /// Whether there is still somebody to read it.
    pub(crate) async fn reload(self) -> bool {
        self.ask_for(FAILURES).await
    }

    /// Has it asked for anew every `ms` milliseconds, for as long as there is somebody to read it.
    pub(crate) fn follow(self, ms: i32) -> Self {
        leptos::task::spawn_local(async move {
            loop {
                clock::sleep(ms).await;
                if !self.reload().await {
                    return;
                }
            }
        });
        self
    }

    async fn ask_for(self, failures: u32) -> bool {
        let Some(ask) = self.ask.try_get_value() else {
            return false;
        };
        let mine = self.serials.try_update_value(|all| {
            all.asked = all.asked.wrapping_add(1);
            all.asked
        });
        let language = self.language.get_untracked();
        let answer = ask().await;
        let Some(mut serials) = self.serials.try_get_value() else {
            return false;
        };
        // A newer answer was faster.
        let Some(mine) = mine.filter(|mine| *mine > serials.taken) else {
            return true;
        };
        serials.taken = mine;
        serials.n_failed = match &answer {
            Ok(_) => 0,
            Err(_) => serials.n_failed.saturating_add(1),
        };
        self.serials.set_value(serials);
        let found = match answer {
            Ok(rows) => Loaded::Here(rows),
            Err(error) => Loaded::Failed(failure(&error, language)),
        };
        let is_new = self.rows.try_with_untracked(|known| match (known, &found) {
            (Loaded::Here(known), Loaded::Here(found)) => {
                known.downcast_ref::<Vec<T>>() != found.downcast_ref()
            }
            (Loaded::Here(_), Loaded::Failed(_)) => serials.n_failed >= failures,
            (Loaded::Failed(known), Loaded::Failed(found)) => known != found,
            _ => true,
        });
        if is_new == Some(true) {
            self.rows.try_set(found);
        }
        is_new.is_some()
    }

    /// What `of` makes of the rows; of none while they are not here.
    pub(crate) fn with<R>(self, of: impl FnOnce(&[T]) -> R) -> R {
        let rows = self.rows.read();
        let rows = rows.here().and_then(|rows| rows.downcast_ref::<Vec<T>>());
        of(rows.map_or(&[], Vec::as_slice))
    }

    /// The table of those rows that `keeps`, or why there is none.
    pub(crate) fn table_of(
        self,
        columns: &[impl Into<Phrase> + Copy],
        empty: impl Into<Phrase>,
        keeps: impl Fn(&T) -> bool + Send + Sync + 'static,
        line: impl Fn(&T) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        let screen = screen();
        let empty = empty.into();
        let lines = move || match &*self.rows.read() {
            Loaded::Waiting => Err(screen.word(Key::Loading).to_owned()),
            Loaded::Missing => Err(screen.phrase(empty).to_owned()),
            Loaded::Failed(why) => Err(format!("{} · {why}", screen.word(Key::LoadFailed))),
            Loaded::Here(rows) => {
                let rows = rows.downcast_ref::<Vec<T>>().map_or(&[][..], Vec::as_slice);
                let lines: Vec<_> = rows.iter().filter(|row| keeps(row)).map(&line).collect();
                if lines.is_empty() {
                    Err(screen.phrase(empty).to_owned())
                } else {
                    Ok(lines)
                }
            }
        };
        table(columns, lines)
    }

    /// The table of all rows.
    pub(crate) fn table(
        self,
        columns: &[impl Into<Phrase> + Copy],
        empty: impl Into<Phrase>,
        line: impl Fn(&T) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        self.table_of(columns, empty, |_| true, line)
    }
}

/// A table of lines, or the words in its place.
pub(crate) fn table(
    columns: &[impl Into<Phrase> + Copy],
    lines: impl Fn() -> Lines + Send + Sync + 'static,
) -> AnyView {
    let columns = columns.iter().map(|word| (*word).into()).collect();
    table_of(columns, Box::new(lines))
}

/// The lines of a table, or the words in its place.
pub(crate) type Lines = Result<Vec<AnyView>, String>;

fn table_of(columns: Vec<Phrase>, lines: Box<dyn Fn() -> Lines + Send + Sync>) -> AnyView {
    let screen = screen();
    (move || match lines() {
        Err(words) => view! {
            <p class="words" role="status">
                {words}
            </p>
        }
        .into_any(),
        Ok(lines) => {
            let heads: Vec<_> = columns
                .iter()
                .map(|word| view! { <th scope="col">{screen.phrase(*word)}</th> })
                .collect();
            view! {
                <div class="table" tabindex="0">
                    <table>
                        <thead>
                            <tr>{heads}</tr>
                        </thead>
                        <tbody>{lines}</tbody>
                    </table>
                </div>
            }
            .into_any()
        }
    })
    .into_any()
}

/// A line of a table; paler if what it tells of is out of use.
pub(crate) fn line(is_off: bool, cells: Vec<AnyView>) -> AnyView {
    view! { <tr class:off=is_off>{cells}</tr> }.into_any()
}

/// The cell that says what its line is about: its name, and below it something lesser.
pub(crate) fn name_cell(name: AnyView, lesser: &str, title: &str) -> AnyView {
    let lesser = lesser.to_owned();
    view! {
        <th scope="row" title=title.to_owned()>
            {name}
            <small>{lesser}</small>
        </th>
    }
    .into_any()
}

/// Any other cell of a line.
pub(crate) fn cell(content: impl IntoAny) -> AnyView {
    classed_cell("", content)
}

/// A cell that looks as its class says.
pub(crate) fn classed_cell(class: &'static str, content: impl IntoAny) -> AnyView {
    cell_of(class, content.into_any())
}

fn cell_of(class: &'static str, content: AnyView) -> AnyView {
    view! { <td class=class>{content}</td> }.into_any()
}

/// A word of the machine's.
pub(crate) fn code(text: &str) -> AnyView {
    let text = text.to_owned();
    view! { <code>{text}</code> }.into_any()
}
