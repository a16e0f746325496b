//! Forms: fields with their label, hint and fault beside them, and buttons that are busy while the
//! server is asked.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;
use web_sys::wasm_bindgen::JsCast as _;

use crate::api::ApiError;
use crate::i18n::Phrase;
use crate::i18n::access::{Access, failure};
use crate::screen::screen;
use crate::widget::options::options_of;

/// The shortest password that the server takes. Characters.
const PASSWORD_MIN: usize = 10;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line of text.
    Text,
    /// A secret, hidden unless its reader wants to see it.
    Password,
    /// A moment in the city's time.
    Moment,
    /// Something to search for.
    Search,
    /// Several lines of text.
    Long,
}

/// What is done with an answer, and what of it is a failure to be told.
type Outcome = Box<dyn FnOnce() -> Option<ApiError>>;

/// A labelled field. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    number: u32,
    kind: Kind,
    label: Phrase,
    hint: Option<Phrase>,
    /// What the browser may fill in.
    autocomplete: &'static str,
    /// What stands in it.
    pub(crate) value: RwSignal<String>,
    fault: RwSignal<Option<Phrase>>,
    is_shown: RwSignal<bool>,
}

impl Field {
    /// An empty field of text.
    pub(crate) fn new(label: impl Into<Phrase>) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        Self {
            number: NEXT.fetch_add(1, Ordering::Relaxed),
            kind: Kind::Text,
            label: label.into(),
            hint: None,
            autocomplete: "off",
            value: RwSignal::new(String::new()),
            fault: RwSignal::new(None),
            is_shown: RwSignal::new(false),
        }
    }

    /// A password that the browser may know (`current-password`) or remember (`new-password`).
    pub(crate) fn password(label: impl Into<Phrase>, autocomplete: &'static str) -> Self {
        Self::new(label).of(Kind::Password).filled_by(autocomplete)
    }

    /// The same of another kind.
    pub(crate) fn of(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same with what the browser may fill in.
    pub(crate) fn filled_by(self, autocomplete: &'static str) -> Self {
        Self {
            autocomplete,
            ..self
        }
    }

    /// The same with words below it.
    pub(crate) fn hinted(self, hint: impl Into<Phrase>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// The same with something in it.
    pub(crate) fn with(self, text: &str) -> Self {
        self.value.set(text.to_owned());
        self
    }

    /// What stands in it, without spaces around it; a password as it is.
    pub(crate) fn text(self) -> String {
        let text = self.value.get_untracked();
        match self.kind {
            Kind::Password => text,
            _ => text.trim().to_owned(),
        }
    }

    /// Says what is wrong with it.
    pub(crate) fn blame(self, fault: impl Into<Phrase>) {
        self.fault.set(Some(fault.into()));
    }

    /// Finds it at fault if it is empty.
    pub(crate) fn need(self) {
        if self.text().is_empty() {
            self.blame(Access::Needed);
        }
    }

    /// Finds it at fault if the server would find the password too short.
    pub(crate) fn need_password(self) {
        if self.text().chars().count() < PASSWORD_MIN {
            self.blame(Access::TooShort);
        }
    }

    /// The id of its element.
    pub(crate) fn id(self) -> String {
        format!("field-{}", self.number)
    }

    /// The field with all that belongs to it.
    pub(crate) fn view(self) -> AnyView {
        let screen = screen();
        let (id, about) = (self.id(), format!("about-{}", self.number));
        let label_for = id.clone();
        let say = move |phrase: Option<Phrase>| phrase.map(|phrase| screen.phrase(phrase));
        view! {
            <div class="field" class:faulty=move || self.fault.read().is_some()>
                <label for=label_for>{move || screen.phrase(self.label)}</label>
                <div class="field-line">
                    {self.entry(id, about.clone())}
                    {(self.kind == Kind::Password).then(|| self.eye())}
                </div>
                <p class="field-about" id=about>
                    <span class="field-fault">{move || say(self.fault.get())}</span>
                    <span class="field-hint">
                        {move || say(self.hint.filter(|_| self.fault.read().is_none()))}
                    </span>
                </p>
            </div>
        }
        .into_any()
    }

    /// What is written into.
    fn entry(self, id: String, described: String) -> AnyView {
        let invalid = move || self.fault.read().is_some().to_string();
        let write = move |event| {
            self.value.set(event_target_value(&event));
            self.fault.set(None);
        };
        if self.kind == Kind::Long {
            return view! {
                <textarea
                    id=id
                    rows="3"
                    aria-invalid=invalid
                    aria-describedby=described
                    prop:value=self.value
                    on:input=write
                ></textarea>
            }
            .into_any();
        }
        let kind = move || match self.kind {
            Kind::Password if !self.is_shown.get() => "password",
            Kind::Text | Kind::Password | Kind::Long => "text",
            Kind::Moment => "datetime-local",
            Kind::Search => "search",
        };
        view! {
            <input
                id=id
                type=kind
                autocomplete=self.autocomplete
                autocapitalize="off"
                spellcheck="false"
                aria-invalid=invalid
                aria-describedby=described
                prop:value=self.value
                on:input=write
            />
        }
        .into_any()
    }

    /// Shows and hides a password.
    fn eye(self) -> AnyView {
        let toggle = move || self.is_shown.update(|shown| *shown = !*shown);
        let of = move |word: Access| button("quiet", word, toggle);
        (move || {
            of(if self.is_shown.get() {
                Access::HidePassword
            } else {
                Access::ShowPassword
            })
        })
        .into_any()
    }
}

/// A form's way to the server. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Form {
    /// Whether the server is being asked.
    pub(crate) busy: RwSignal<bool>,
    /// What the server or the network said against it.
    pub(crate) failed: RwSignal<Option<Arc<ApiError>>>,
}

impl Form {
    /// A form that has asked nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            busy: RwSignal::new(false),
            failed: RwSignal::new(None),
        }
    }

    /// Whether no field is at fault; else the first that is gets the focus.
    pub(crate) fn is_good(fields: &[Field]) -> bool {
        let at_fault = |field: &&Field| field.fault.read_untracked().is_some();
        let Some(first) = fields.iter().find(at_fault) else {
            return true;
        };
        focus(&first.id());
        false
    }

    /// Asks the server, unless it is being asked, and hands on what it says; a failure is said
    /// beside the button.
    pub(crate) fn send<T: 'static>(
        self,
        question: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(T) + 'static,
    ) {
        self.send_or(question, then, Some);
    }

    /// The same, where `catch` may take a failure to say it elsewhere.
    pub(crate) fn send_or<T: 'static>(
        self,
        question: impl Future<Output = Result<T, ApiError>> + 'static,
        then: impl FnOnce(T) + 'static,
        catch: impl FnOnce(ApiError) -> Option<ApiError> + 'static,
    ) {
        self.work(Box::pin(async move {
            let answer = question.await;
            let act: Outcome = match answer {
                Ok(answer) => Box::new(move || {
                    then(answer);
                    None
                }),
                Err(error) => Box::new(move || catch(error)),
            };
            act
        }));
    }

    /// Asks, and then does what the answer calls for, if the form is still there. Of one type for
    /// all questions, which keeps the program small.
    fn work(self, question: Pin<Box<dyn Future<Output = Outcome>>>) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.failed.set(None);
        leptos::task::spawn_local(async move {
            let act = question.await;
            // The form may have been closed meanwhile.
            if self.busy.try_set(false).is_some() {
                return;
            }
            if let Some(error) = act() {
                self.failed.set(Some(Arc::new(error)));
            }
        });
    }

    /// What went wrong, for everyone to hear.
    pub(crate) fn failure(self) -> AnyView {
        let screen = screen();
        let words = move || {
            let failed = self.failed.get();
            failed.map(|error| failure(&error, screen.language.get()))
        };
        view! {
            <p class="form-failure" role="alert">
                {words}
            </p>
        }
        .into_any()
    }

    /// The button that sends the form.
    pub(crate) fn submit(self, word: impl Into<Phrase>) -> AnyView {
        let (screen, word) = (screen(), word.into());
        view! {
            <button
                type="submit"
                class="main-button"
                aria-disabled=move || self.busy.get().to_string()
                class:busy=self.busy
            >
                {move || screen.phrase(word)}
            </button>
        }
        .into_any()
    }

    /// A button that does something by itself.
    pub(crate) fn button(
        self,
        class: &'static str,
        word: impl Into<Phrase>,
        act: impl Fn() + 'static,
    ) -> AnyView {
        button_of(class, word.into(), None, self.busy.into(), Box::new(act))
    }
}

/// A button that is never busy.
pub(crate) fn button(
    class: &'static str,
    word: impl Into<Phrase>,
    act: impl Fn() + 'static,
) -> AnyView {
    button_of(class, word.into(), None, false.into(), Box::new(act))
}

/// A button in the row of something that is called `of`.
pub(crate) fn row_button(word: impl Into<Phrase>, of: &str, act: impl Fn() + 'static) -> AnyView {
    let of = Some(of.to_owned());
    button_of("row-button", word.into(), of, false.into(), Box::new(act))
}

fn button_of(
    class: &'static str,
    word: Phrase,
    of: Option<String>,
    is_busy: Signal<bool>,
    act: Box<dyn Fn()>,
) -> AnyView {
    let screen = screen();
    let label = of.map(|of| move || format!("{} · {of}", screen.phrase(word)));
    view! {
        <button
            type="button"
            class=class
            aria-label=label
            aria-disabled=move || is_busy.get().to_string()
            class:busy=is_busy
            on:click=move |_| act()
        >
            {move || screen.phrase(word)}
        </button>
    }
    .into_any()
}

/// A form with its parts, one below the other; `submit` is called when it is sent.
pub(crate) fn form(
    class: &'static str,
    submit: impl Fn() + 'static,
    parts: Vec<AnyView>,
) -> AnyView {
    form_of(class, Box::new(submit), parts)
}

fn form_of(class: &'static str, submit: Box<dyn Fn()>, parts: Vec<AnyView>) -> AnyView {
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        submit();
    };
    view! {
        <form class=class on:submit=submit>
            {parts}
        </form>
    }
    .into_any()
}

/// What is wrong with a choice, below it.
pub(crate) fn fault_line(fault: Signal<Option<Phrase>>) -> AnyView {
    let screen = screen();
    view! {
        <p class="field-about">
            <span class="field-fault" role="alert">
                {move || fault.get().map(|fault| screen.phrase(fault))}
            </span>
        </p>
    }
    .into_any()
}

/// Puts the focus on an element of the page.
pub(crate) fn focus(id: &str) {
    let element = document().get_element_by_id(id);
    let element = element.and_then(|element| element.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(Err(error)) = element.map(|element| element.focus()) {
        leptos::logging::warn!("no focus on {id}: {error:?}");
    }
}

/// A list to choose one from: values and what they are called.
pub(crate) fn choice(
    label: impl Into<Phrase>,
    options: impl Fn() -> Vec<(String, String)> + Send + Sync + 'static,
    chosen: Signal<String>,
    choose: impl Fn(String) + 'static,
) -> AnyView {
    choice_of(label.into(), Box::new(options), chosen, Box::new(choose))
}

fn choice_of(
    label: Phrase,
    options: Box<dyn Fn() -> Vec<(String, String)> + Send + Sync>,
    chosen: Signal<String>,
    choose: Box<dyn Fn(String)>,
) -> AnyView {
    let screen = screen();
    let options = move || options_of(options(), &chosen.get());
    view! {
        <label class="field choice">
            <span class="field-label">{move || screen.phrase(label)}</span>
            <select on:change=move |event| choose(event_target_value(&event))>{options}</select>
        </label>
    }
    .into_any()
}

/// A box to tick.
pub(crate) fn tick_box(
    name: impl Fn() -> String + Send + Sync + 'static,
    is_ticked: Signal<bool>,
    is_fixed: Signal<bool>,
    tick: impl Fn(bool) + 'static,
) -> AnyView {
    tick_box_of(Signal::derive(name), is_ticked, is_fixed, Box::new(tick))
}

fn tick_box_of(
    name: Signal<String>,
    is_ticked: Signal<bool>,
    is_fixed: Signal<bool>,
    tick: Box<dyn Fn(bool)>,
) -> AnyView {
    view! {
        <label class="tick">
            <input
                type="checkbox"
                prop:checked=is_ticked
                disabled=is_fixed
                on:change=move |event| tick(event_target_checked(&event))
            />
            <span>{move || name.get()}</span>
        </label>
    }
    .into_any()
}
