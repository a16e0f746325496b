//! Signals that outlive their readers.
//!
//! A signal or memo of Leptos keeps a weak reference to whoever reads it, also when that is long gone,
//! and tells it of every change. One that lives as long as the page (the language, the time, the
//! catalogue) would so hold something of every row of every scene that a wall has ever shown: some
//! 100 kB a scene, for weeks. A [`Lasting`] one forgets readers that are gone.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::DerefMut;
use std::panic::Location;

use leptos::prelude::*;
use leptos::reactive::graph::{AnySource, AnySubscriber, Observer, Source as _, ToAnySource as _};
use leptos::reactive::traits::UntrackableGuard;

/// Readers that are kept before the first look for those that are gone.
const FEW: usize = 8;

/// A value that lives as long as the page.
pub(crate) type Kept<T> = Lasting<RwSignal<T>>;

/// A value worked out from others, that lives as long as the page.
pub(crate) type Known<T> = Lasting<Memo<T>>;

/// A signal or memo whose readers come and go, read and written as the one inside is.
#[derive(Clone, Copy)]
pub(crate) struct Lasting<S> {
    inner: S,
    /// Which of [`READERS`] are its own: handles are passed about by value, and this is the least that
    /// tells.
    number: usize,
}

thread_local! {
    /// The readers of each, for as long as the page lives.
    static READERS: RefCell<Vec<Readers>> = const { RefCell::new(Vec::new()) };
}

/// Who has read a signal, by address: the weak reference keeps the address from being used again.
#[derive(Default)]
struct Readers {
    known: BTreeMap<usize, AnySubscriber>,
    /// How many there were after the last look.
    n_alive: usize,
}

impl<S> Lasting<S> {
    /// For as long as the current owner lives.
    pub(crate) fn new(inner: S) -> Self {
        let number = READERS.with_borrow_mut(|all| {
            all.push(Readers::default());
            all.len() - 1
        });
        Self { inner, number }
    }

    fn with_readers<T: Default>(&self, look: impl FnOnce(&mut Readers) -> T) -> T {
        READERS.with_borrow_mut(|all| all.get_mut(self.number).map(look).unwrap_or_default())
    }
}

impl<T: Send + Sync + 'static> Kept<T> {
    /// A signal for as long as the current owner lives.
    pub(crate) fn of(value: T) -> Self {
        Self::new(RwSignal::new(value))
    }
}

impl Readers {
    /// Notes a reader; returns those that are gone, each time their number may have doubled.
    fn note(&mut self, reader: AnySubscriber) -> Vec<AnySubscriber> {
        self.known.insert(reader.0, reader);
        if self.known.len() < 2 * self.n_alive + FEW {
            return Vec::new();
        }
        let all = std::mem::take(&mut self.known);
        let (alive, gone): (BTreeMap<_, _>, BTreeMap<_, _>) = all
            .into_iter()
            .partition(|(_, reader)| reader.1.strong_count() > 0);
        self.known = alive;
        self.n_alive = self.known.len();
        gone.into_values().collect()
    }
}

/// What can be read for as long as a page lives.
pub(crate) trait Node {
    /// Where readers are noted.
    fn source(&self) -> AnySource;
}

impl<T: Send + Sync + 'static> Node for RwSignal<T> {
    fn source(&self) -> AnySource {
        self.to_any_source()
    }
}

impl<T: Send + Sync + 'static> Node for Memo<T> {
    fn source(&self) -> AnySource {
        ArcMemo::from(*self).to_any_source()
    }
}

impl<S: Track + Node> Track for Lasting<S> {
    fn track(&self) {
        self.inner.track();
        let Some(reader) = Observer::get() else {
            return;
        };
        let gone = self.with_readers(|readers| readers.note(reader));
        if !gone.is_empty() {
            let source = self.inner.source();
            for reader in &gone {
                source.remove_subscriber(reader);
            }
        }
    }
}

impl<S: DefinedAt> DefinedAt for Lasting<S> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        self.inner.defined_at()
    }
}

impl<S: IsDisposed> IsDisposed for Lasting<S> {
    fn is_disposed(&self) -> bool {
        self.inner.is_disposed()
    }
}

impl<S: ReadUntracked> ReadUntracked for Lasting<S> {
    type Value = S::Value;

    fn try_read_untracked(&self) -> Option<Self::Value> {
        self.inner.try_read_untracked()
    }
}

impl<S: Notify> Notify for Lasting<S> {
    fn notify(&self) {
        self.inner.notify();
    }
}

impl<S: Write> Write for Lasting<S> {
    type Value = S::Value;

    fn try_write(&self) -> Option<impl UntrackableGuard<Target = Self::Value>> {
        self.inner.try_write()
    }

    fn try_write_untracked(&self) -> Option<impl DerefMut<Target = Self::Value>> {
        self.inner.try_write_untracked()
    }
}

impl<T: Clone + Send + Sync + 'static> From<Kept<T>> for Signal<T> {
    fn from(held: Kept<T>) -> Self {
        Self::derive(move || held.get())
    }
}

impl<T: Clone + Send + Sync + 'static> From<Known<T>> for Signal<T> {
    fn from(known: Known<T>) -> Self {
        Self::derive(move || known.get())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn n_known<S>(lasting: &Lasting<S>) -> usize {
        lasting.with_readers(|readers| readers.known.len())
    }

    /// A scene that reads the signal in a hundred places, and is gone.
    fn visit(read: impl Fn() + Copy + Send + Sync + 'static) {
        let scene = Owner::new();
        scene.with(|| {
            for _ in 0..100 {
                let reader = Memo::new(move |_| {
                    read();
                });
                reader.get_untracked();
            }
        });
        scene.cleanup();
    }

    #[test]
    fn readers_that_are_gone_are_forgotten() {
        let page = Owner::new();
        page.with(|| {
            let language = Lasting::new(RwSignal::new(0));
            let zone = Lasting::new(Memo::new(move |_| language.get() + 1));
            for _ in 0..50 {
                visit(move || drop((language.get(), zone.read())));
            }
            assert!(
                n_known(&language) <= 2 * 101 + FEW,
                "{}",
                n_known(&language)
            );
            assert!(n_known(&zone) <= 2 * 100 + FEW, "{}", n_known(&zone));
        });
    }

    #[test]
    fn those_that_live_hear_of_every_change() {
        let page = Owner::new();
        page.with(|| {
            let language = Lasting::new(RwSignal::new(0));
            let n_runs = Arc::new(AtomicU32::new(0));
            let reader = Memo::new({
                let n_runs = Arc::clone(&n_runs);
                move |_| {
                    n_runs.fetch_add(1, Ordering::Relaxed);
                    language.get()
                }
            });
            for value in 1..=20 {
                language.set(value);
                assert_eq!(reader.get_untracked(), value);
                visit(move || drop(language.read()));
            }
            assert_eq!(n_runs.load(Ordering::Relaxed), 20);
        });
    }
}
