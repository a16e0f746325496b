//! A list that the server gives by pages, newest first, and its table: older rows are asked for by a
//! button below it, and the newest by another after they could not be loaded; another question begins
//! anew.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;

use crate::api::{ApiError, Page};
use crate::i18n::admin::Admin;
use crate::i18n::{Key, Phrase};
use crate::page::listed::table;
use crate::screen::screen;
use crate::widget::form::Form;

type Answer<T> = Pin<Box<dyn Future<Output = Result<Page<T>, ApiError>>>>;

type Ask<Q, T> = Arc<dyn Fn(Q, Option<String>) -> Answer<T> + Send + Sync>;

/// The rows that have been asked for so far. A copy is a handle to the same.
pub(crate) struct Paged<Q: 'static, T: 'static> {
    /// Its way to the server, for a button that asks anew.
    pub(crate) form: Form,
    which: StoredValue<Arc<dyn Fn() -> Q + Send + Sync>>,
    ask: StoredValue<Ask<Q, T>>,
    rows: RwSignal<Option<Vec<T>>>,
    next: RwSignal<Option<String>>,
    /// How often it was begun anew: what was asked before that counts no more.
    begun: StoredValue<u32>,
}

impl<Q: 'static, T: 'static> Clone for Paged<Q, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<Q: 'static, T: 'static> Copy for Paged<Q, T> {}

impl<Q, T> Paged<Q, T>
where
    Q: Clone + PartialEq + 'static,
    T: Send + Sync + 'static,
{
    /// The rows that `ask` gives for what `which` says, from a cursor on; the newest from now on.
    pub(crate) fn new<F>(
        which: impl Fn() -> Q + Send + Sync + 'static,
        ask: impl Fn(Q, Option<String>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Page<T>, ApiError>> + 'static,
    {
        let ask =
            move |which: Q, cursor: Option<String>| -> Answer<T> { Box::pin(ask(which, cursor)) };
        let paged = Self {
            form: Form::new(),
            which: StoredValue::new(Arc::new(which)),
            ask: StoredValue::new(Arc::new(ask)),
            rows: RwSignal::new(None),
            next: RwSignal::new(None),
            begun: StoredValue::new(0),
        };
        paged.load();
        paged
    }

    /// Asks for the newest.
    pub(crate) fn load(self) {
        self.begun
            .update_value(|begun| *begun = begun.wrapping_add(1));
        self.rows.set(None);
        self.next.set(None);
        self.send(None);
    }

    /// Asks for older ones.
    fn older(self) {
        self.send(self.next.get_untracked());
    }

    /// What is asked for, and since when.
    fn which(self) -> (Q, u32) {
        let which = self.which.get_value();
        (which(), self.begun.get_value())
    }

    fn send(self, cursor: Option<String>) {
        let which = self.which();
        let again = which.clone();
        let ask = self.ask.get_value();
        // Something else may be asked for by now, and was not heard while this was on its way.
        self.form.send_or(
            ask(which.0.clone(), cursor),
            move |page| {
                if self.which() != which {
                    return self.load();
                }
                self.rows
                    .update(|rows| rows.get_or_insert_default().extend(page.items));
                self.next.set(page.next);
            },
            move |error| {
                if self.which() == again {
                    return Some(error);
                }
                self.load();
                None
            },
        );
    }

    /// The button that asks once more for the newest, which nobody does by themselves. It stays where it
    /// is, and the focus with it, until they are here.
    fn again(self) -> impl IntoView {
        let is_wanted = Memo::new(move |before: Option<&bool>| {
            let is_asking = before == Some(&true) && self.form.busy.get();
            self.rows.read().is_none() && (self.form.failed.read().is_some() || is_asking)
        });
        move || {
            is_wanted.get().then(|| {
                self.form
                    .button("row-button", Admin::Again, move || self.load())
            })
        }
    }

    /// What went wrong, the table of the rows or why there is none, and the button for older ones.
    pub(crate) fn view(
        self,
        columns: &[impl Into<Phrase> + Copy],
        empty: impl Into<Phrase>,
        line: impl Fn(&T) -> AnyView + Send + Sync + 'static,
    ) -> AnyView {
        let screen = screen();
        let empty = empty.into();
        let rows = table(columns, move || {
            let rows = self.rows.read();
            match rows.as_deref() {
                None if self.form.failed.read().is_some() => {
                    Err(screen.word(Admin::NotLoaded).to_owned())
                }
                None => Err(screen.word(Key::Loading).to_owned()),
                Some([]) => Err(screen.phrase(empty).to_owned()),
                Some(rows) => Ok(rows.iter().map(&line).collect()),
            }
        });
        let older = move || {
            self.next.read().as_ref()?;
            Some(
                self.form
                    .button("row-button", Admin::Older, move || self.older()),
            )
        };
        view! {
            {self.form.failure()}
            {rows}
            {self.again()}
            {older}
        }
        .into_any()
    }
}
