//! What of the program comes later.
//!
//! The first part has what a wall needs for its figures: session, socket, store, and the panels of one
//! figure each. All other panels with what takes a wall over, and maps, are parts of their own. A part
//! is fetched when a scene first needs it, or once the figures have been painted, whichever is
//! earlier: from then on no scene waits for anything, and nobody minds where the server is. One that
//! does not come is told in its place and tried again for as long as the page is there.
//!
//! Where the program is cut is marked by [`part!`], and the cutting is done at build
//! (`xtask/src/wasm.rs`); without the feature `split` everything is there at once.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::catalog::Catalog;
use egret_shared::package::scene::PanelDef;

use crate::clock;
use crate::i18n::Key;
use crate::lasting::Kept;
use crate::map::live::Look;
use crate::screen::screen;
use crate::select::Case;
use crate::socket::backoff::Backoff;

/// How long figures get to be painted before what nobody has asked for yet is fetched. Milliseconds.
const FIGURES_FIRST_MS: i32 = 300;

/// The longest wait between two tries to fetch a part. Milliseconds.
const LONGEST_MS: f64 = 15_000.0;

/// Makes a panel of a scene.
pub(crate) type MakePanel = fn(&PanelDef, &Arc<Catalog>) -> AnyView;

/// What the panels beyond figures are made by.
#[derive(Clone, Copy)]
pub(crate) struct Panels {
    /// Any of them.
    pub(crate) panel: MakePanel,
    /// The incident that has taken the wall over.
    pub(crate) takeover: fn() -> AnyView,
}

/// What maps are made by.
#[derive(Clone, Copy)]
pub(crate) struct Maps {
    /// The map of a scene.
    pub(crate) panel: MakePanel,
    /// The map of a place, with the marks of what is there.
    pub(crate) around: fn(&Arc<Catalog>, Signal<Option<Look>>, Signal<Arc<[Case]>>) -> AnyView,
}

/// A part could not be fetched.
#[derive(Debug)]
pub(crate) struct Missing;

#[cfg(feature = "split")]
impl From<wasm_split_helpers::SplitLoaderError> for Missing {
    fn from(_: wasm_split_helpers::SplitLoaderError) -> Self {
        Self
    }
}

/// Marks where the program is cut: what only `$made` needs is in the part `$part`.
macro_rules! part {
    ($name:ident: $part:ident -> $what:ty, $made:expr) => {
        #[cfg(feature = "split")]
        #[wasm_split_helpers::wasm_split($part, fallible)]
        fn $name() -> Result<$what, $crate::later::Missing> {
            Ok($made)
        }

        #[cfg(not(feature = "split"))]
        async fn $name() -> Result<$what, $crate::later::Missing> {
            Ok($made)
        }
    };
}

part!(
    panels: panels -> Panels,
    Panels {
        panel: crate::panel::beyond_figures,
        takeover: crate::page::wall::takeover::takeover,
    }
);

part!(
    maps: map -> Maps,
    Maps {
        panel: crate::panel::map::panel,
        around: crate::panel::map::around,
    }
);

/// How far a part is.
#[derive(Clone, Copy)]
pub(crate) enum Progress<T> {
    /// It is being fetched, or nobody has asked for it.
    Waiting,
    /// It did not come, and is tried again.
    Failed,
    /// It is there.
    Here(T),
}

type Coming<T> = Pin<Box<dyn Future<Output = Result<T, Missing>>>>;

/// A part of the program. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Part<T: Send + Sync + 'static> {
    progress: Kept<Progress<T>>,
    is_asked: StoredValue<bool>,
    fetch: fn() -> Coming<T>,
}

impl<T: Copy + Send + Sync + 'static> Part<T> {
    fn new(fetch: fn() -> Coming<T>) -> Self {
        Self {
            progress: Kept::of(Progress::Waiting),
            is_asked: StoredValue::new(false),
            fetch,
        }
    }

    /// Fetches it, unless that was asked for before.
    fn ask(self) {
        if self.is_asked.get_value() {
            return;
        }
        self.is_asked.set_value(true);
        leptos::task::spawn_local(async move {
            let mut backoff = Backoff::up_to(LONGEST_MS);
            loop {
                match (self.fetch)().await {
                    Ok(part) => return self.progress.set(Progress::Here(part)),
                    Err(Missing) => self.progress.set(Progress::Failed),
                }
                clock::sleep(backoff.next_ms(js_sys::Math::random())).await;
            }
        });
    }

    /// What is made with it, now or as soon as it is there; in its place till then, that it is not.
    pub(crate) fn view(self, make: impl Fn(T) -> AnyView + Send + 'static) -> AnyView {
        if let Progress::Here(part) = self.progress.get_untracked() {
            return make(part);
        }
        self.ask();
        (move || match self.progress.get() {
            Progress::Here(part) => untrack(|| make(part)),
            Progress::Waiting => words(Key::Loading),
            Progress::Failed => words(Key::LoadFailed),
        })
        .into_any()
    }
}

/// The parts of the program. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Later {
    /// Panels beyond figures.
    pub(crate) panels: Part<Panels>,
    /// Maps.
    pub(crate) maps: Part<Maps>,
}

/// The context that [`Later::provide`] gave.
pub(crate) fn later() -> Later {
    expect_context()
}

impl Later {
    /// Makes the context for everything below.
    pub(crate) fn provide() {
        let later = Self {
            panels: Part::new(|| Box::pin(panels())),
            maps: Part::new(|| Box::pin(maps())),
        };
        provide_context(later);
        let store = screen().store;
        Effect::new(move || {
            if store.has_city.get() {
                leptos::task::spawn_local(async move {
                    clock::sleep(FIGURES_FIRST_MS).await;
                    later.panels.ask();
                    later.maps.ask();
                });
            }
        });
    }
}

/// What stands in a panel's place.
fn words(key: Key) -> AnyView {
    let screen = screen();
    view! {
        <section class="panel panel-later" tabindex="0" aria-label=move || screen.word(key)>
            <div class="panel-body">
                <p class="words" role="status">{move || screen.word(key)}</p>
            </div>
        </section>
    }
    .into_any()
}
