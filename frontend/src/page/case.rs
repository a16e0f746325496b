//! An incident's file, opened: what its page and the duty desk show of it, and what is done to it.
//!
//! [`Folder`] holds what every part needs: the file as it stands, followed over the socket, who
//! asks and so which acts are legal, and which act is being written. The parts follow in the order
//! in which they are read.

mod acts;
mod draft;
mod evidence;
mod files;
mod form;
mod head;
mod letters;
mod map;
mod played;
mod related;
mod steps;
mod tasks;
mod timeline;
mod undone;

use std::sync::Arc;

use leptos::prelude::*;

use egret_shared::case::{Act, ActKind, Doer, Dossier};
use egret_shared::catalog::Catalog;
use egret_shared::id::{DepartmentId, IncidentId};
use egret_shared::incident::Incident;
use egret_shared::text::Text;

use crate::api;
use crate::i18n::case::Case as Word;
use crate::i18n::{Key, Phrase};
use crate::page::loaded::{Loaded, ask};
use crate::screen::{Screen, screen};
use crate::select;
use crate::session::session;
use crate::store::follow::Sight;
use crate::widget::form::Form;

pub(crate) use letters::letter;
pub(crate) use played::played;

/// What there is of an incident.
#[derive(Clone, Debug, PartialEq)]
enum Content {
    Waiting,
    /// There is none, or it is not for whoever asks.
    Missing,
    Failed(String),
    Here(Arc<Dossier>),
    /// The city no longer has it in hand.
    Archived(Arc<Dossier>),
}

/// An incident's file, opened. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Folder {
    screen: StoredValue<Screen>,
    catalog: StoredValue<Arc<Catalog>>,
    id: StoredValue<IncidentId>,
    content: Memo<Content>,
    /// Who asks, as far as this incident goes; absent until the server has said.
    doer: Memo<Option<Arc<Doer>>>,
    /// What they are offered to do to it as it stands.
    moves: Memo<Vec<ActKind>>,
    /// The act that is being written.
    over: RwSignal<Option<ActKind>>,
    /// For what is done without a word.
    quick: Form,
}

impl Folder {
    /// Opens the file of `id`, for as long as the caller's owner lives.
    pub(crate) fn open(catalog: &Arc<Catalog>, id: &IncidentId) -> Self {
        let screen = screen();
        let sight = screen.store.follow_incident(id);
        let content = content(sight, id);
        let dossier = move || match content.get() {
            Content::Here(dossier) => Some(dossier),
            _ => None,
        };
        let doer = doer(Memo::new(move |_| dossier()), id);
        let moves = Memo::new(move |_| {
            let (dossier, doer) = (dossier(), doer.get());
            dossier.zip(doer).map_or_else(Vec::new, |(dossier, doer)| {
                acts::offered(&dossier.incident, &doer)
            })
        });
        Self {
            screen: StoredValue::new(screen),
            catalog: StoredValue::new(Arc::clone(catalog)),
            id: StoredValue::new(id.clone()),
            content,
            doer,
            moves,
            over: RwSignal::new(None),
            quick: Form::new(),
        }
    }

    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn word(self, word: impl Into<Phrase>) -> &'static str {
        self.screen().phrase(word.into())
    }

    /// The file, in hand or archived.
    fn dossier(self) -> Option<Arc<Dossier>> {
        match self.content.get() {
            Content::Here(dossier) | Content::Archived(dossier) => Some(dossier),
            Content::Waiting | Content::Missing | Content::Failed(_) => None,
        }
    }

    /// A part of the incident that a view follows by itself.
    fn part<T>(self, of: impl Fn(&Incident) -> T + Send + Sync + 'static) -> Memo<Option<T>>
    where
        T: PartialEq + Send + Sync + 'static,
    {
        Memo::new(move |_| self.dossier().map(|dossier| of(&dossier.incident)))
    }

    /// Whether anything can be done at the moment.
    fn is_live(self) -> bool {
        self.screen().store.link.get().is_live()
    }

    /// A department's name; its id, if the catalogue has none.
    fn department(self, id: &DepartmentId) -> String {
        let screen = self.screen();
        self.catalog.with_value(|catalog| {
            let name = select::department(catalog, id);
            name.map_or_else(|| id.to_string(), |name| screen.text(name))
        })
    }

    /// Begins to write an act, if it is legal now.
    pub(crate) fn begin(self, act: ActKind) {
        let is_legal = self.moves.with_untracked(|moves| moves.contains(&act));
        let is_live = self.screen().store.link.get_untracked().is_live();
        if !is_legal || !is_live {
            return;
        }
        if act == ActKind::Acknowledge {
            acts::at_once(self, Act::Acknowledge);
        } else {
            self.over.set(Some(act));
        }
    }

    /// Whether an act is being written, so that keys belong to its form.
    pub(crate) fn is_writing(self) -> bool {
        self.over.get_untracked().is_some()
    }

    /// The act that a letter stands for, if it is legal.
    pub(crate) fn act_of(self, key: &str) -> Option<ActKind> {
        self.moves
            .with_untracked(|moves| letters::act_of(key, moves))
    }

    /// What the page is called.
    pub(crate) fn title(self) -> Memo<Option<Text>> {
        self.part(|incident| incident.title.clone())
    }

    /// The whole file, or why there is none. `compact` is how the desk shows it beside the queue.
    pub(crate) fn view(self, is_compact: bool) -> AnyView {
        #[derive(Clone, PartialEq)]
        enum Shown {
            Words(Phrase),
            Failed(String),
            File { is_archived: bool },
        }
        let shown = Memo::new(move |_| match &*self.content.read() {
            Content::Waiting => Shown::Words(Key::Loading.into()),
            Content::Missing => Shown::Words(Word::NoIncident.into()),
            Content::Failed(why) => Shown::Failed(why.clone()),
            Content::Here(_) => Shown::File { is_archived: false },
            Content::Archived(_) => Shown::File { is_archived: true },
        });
        let form = form::dialog(self);
        let content = move || match shown.get() {
            Shown::Words(words) => said(self.screen().phrase(words).to_owned()),
            Shown::Failed(why) => said(format!("{} · {why}", self.word(Key::LoadFailed))),
            Shown::File { is_archived } => self.file(is_compact, is_archived),
        };
        view! {
            {content}
            {form}
        }
        .into_any()
    }

    /// The parts in columns: beside the queue there is room for two, and what is to be done comes
    /// first.
    fn columns(self, is_compact: bool) -> Vec<AnyView> {
        let place = vec![map::map(self), evidence::evidence(self)];
        let told = vec![timeline::timeline(self)];
        let todo = vec![tasks::tasks(self), tasks::checklist(self)];
        let more = vec![files::files(self), related::related(self)];
        if is_compact {
            let left = todo.into_iter().chain(place).collect();
            let right = told.into_iter().chain(more).collect();
            vec![column(left), column(right)]
        } else {
            let right = todo.into_iter().chain(more).collect();
            vec![column(place), column(told), column(right)]
        }
    }

    fn file(self, is_compact: bool, is_archived: bool) -> AnyView {
        view! {
            <article class="incident-file" class:compact=is_compact>
                {head::head(self, is_compact, is_archived)}
                {steps::steps(self)}
                {(!is_archived).then(|| acts::acts(self))}
                <div class="incident-columns">{self.columns(is_compact)}</div>
            </article>
        }
        .into_any()
    }
}

/// One below the other.
fn column(parts: Vec<AnyView>) -> AnyView {
    view! { <div class="incident-column">{parts}</div> }.into_any()
}

/// Why there is nothing to see.
fn said(words: String) -> AnyView {
    view! {
        <p class="incident-words" role="status">
            {words}
        </p>
    }
    .into_any()
}

/// A part of the file: its name, and what it holds.
fn section(
    folder: Folder,
    class: &'static str,
    name: Word,
    count: impl Fn() -> Option<String> + Send + Sync + 'static,
    content: AnyView,
) -> AnyView {
    section_of(folder, class, name, Signal::derive(count), content)
}

fn section_of(
    folder: Folder,
    class: &'static str,
    name: Word,
    count: Signal<Option<String>>,
    content: AnyView,
) -> AnyView {
    view! {
        <section class=format!("panel {class}") aria-label=move || folder.word(name)>
            <header class="panel-head">
                <h2>{move || folder.word(name)}</h2>
                <span class="panel-aside">{move || count.get()}</span>
            </header>
            {content}
        </section>
    }
    .into_any()
}

/// What stands where a part has nothing.
fn nothing(folder: Folder, word: Word) -> AnyView {
    view! { <p class="nothing">{move || folder.word(word)}</p> }.into_any()
}

/// What there is of an incident: in hand, else in the archive.
fn content(sight: RwSignal<Sight>, id: &IncidentId) -> Memo<Content> {
    let is_unknown = Memo::new(move |_| matches!(*sight.read(), Sight::Unknown));
    let id = id.clone();
    let archived = ask(
        move || is_unknown.get().then(|| id.clone()),
        None,
        |id: Option<IncidentId>| async move {
            match id {
                None => Ok(None),
                Some(id) => api::case::archived(&id).await.map(Arc::new).map(Some),
            }
        },
    );
    Memo::new(move |_| match &*sight.read() {
        Sight::Waiting => Content::Waiting,
        Sight::Here(dossier) => Content::Here(Arc::clone(dossier)),
        Sight::Unknown => match &*archived.read() {
            Loaded::Waiting | Loaded::Here(None) => Content::Waiting,
            Loaded::Here(Some(dossier)) => Content::Archived(Arc::clone(dossier)),
            Loaded::Missing => Content::Missing,
            Loaded::Failed(why) => Content::Failed(why.clone()),
        },
    })
}

/// Who asks. Asked anew whenever other departments take part, for what somebody may do hangs on
/// them; until the answer, what was known stands.
fn doer(dossier: Memo<Option<Arc<Dossier>>>, id: &IncidentId) -> Memo<Option<Arc<Doer>>> {
    let parties = Memo::new(move |_| {
        let dossier = dossier.get()?;
        let incident = &dossier.incident;
        let tasks = incident.tasks.iter().map(|task| &task.department);
        let named = tasks.chain(&incident.lead).chain(&incident.support);
        Some(named.cloned().collect::<Vec<DepartmentId>>())
    });
    let id = id.clone();
    let played = session().played;
    let answer = ask(
        move || {
            let played = played.get();
            parties.get().map(|parties| (id.clone(), parties, played))
        },
        None,
        |question: Option<(IncidentId, Vec<DepartmentId>, String)>| async move {
            match question {
                None => Ok(None),
                Some((id, ..)) => api::case::doer(&id).await.map(Arc::new).map(Some),
            }
        },
    );
    Memo::new(
        move |known: Option<&Option<Arc<Doer>>>| match &*answer.read() {
            Loaded::Here(Some(doer)) => Some(Arc::clone(doer)),
            _ => known.cloned().flatten(),
        },
    )
}
