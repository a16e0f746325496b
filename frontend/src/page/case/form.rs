//! The form of an act, over the file: what it asks for, and what becomes of it. What somebody wrote
//! is never lost: if the incident changed meanwhile, the form says how, and sends the same again.

use leptos::prelude::*;
use smol_str::SmolStr;
use web_sys::wasm_bindgen::JsCast as _;

use egret_shared::case::{self, Act, ActKind, Deed, Doer};
use egret_shared::id::DepartmentId;
use egret_shared::incident::{CaseClass, Incident};
use egret_shared::level::Level;
use egret_shared::package::rule::AssignDef;
use egret_shared::text::Text;

use super::draft::{Draft, FILE_KINDS, target_word, text_word};
use super::{Content, Folder, timeline, undone};
use crate::api::{self, ApiError};
use crate::i18n::case::{Case as Word, act_word, class_word};
use crate::i18n::level_key;
use crate::select;
use crate::widget::dialog::{buttons, dialog as dialog_view};
use crate::widget::form::{Form, choice, fault_line, form as form_view, tick_box};

/// What the form knows of its way to the server. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Sending {
    folder: StoredValue<Folder>,
    draft: StoredValue<Draft>,
    form: Form,
    /// The version that is told to have been seen.
    version: RwSignal<u64>,
    /// What happened meanwhile.
    changed: RwSignal<Option<Vec<Deed>>>,
    /// Why the act cannot be done, as the browser knows by itself.
    refused: RwSignal<Option<Text>>,
    /// The command's id, and the act that may have been told under it.
    told: StoredValue<(SmolStr, Option<Act>)>,
}

/// The dialog, while an act is being written.
pub(super) fn dialog(folder: Folder) -> AnyView {
    (move || {
        let kind = folder.over.get()?;
        let incident = folder.content.with_untracked(|content| match content {
            Content::Here(dossier) => Some(dossier.incident.clone()),
            _ => None,
        })?;
        let doer = folder.doer.get_untracked()?;
        Some(untrack(|| opened(folder, kind, &incident, &doer)))
    })
    .into_any()
}

fn opened(folder: Folder, kind: ActKind, incident: &Incident, doer: &Doer) -> AnyView {
    let rule = assignment(folder, incident);
    let draft = Draft::new(kind, incident, doer, rule.as_ref());
    let sending = Sending {
        folder: StoredValue::new(folder),
        draft: StoredValue::new(draft),
        form: Form::new(),
        version: RwSignal::new(incident.version),
        changed: RwSignal::new(None),
        refused: RwSignal::new(None),
        told: StoredValue::new((api::case::new_id(), None)),
    };
    let close = Callback::new(move |()| folder.over.set(None));
    let mut parts = particulars(folder, draft, incident, doer);
    parts.push(sending.what_changed());
    parts.push(sending.why_not());
    parts.push(sending.form.failure());
    parts.push(sending.buttons(close));
    let id = incident.id.clone();
    let title = move || format!("{} · {id}", folder.word(act_word(kind)));
    let content = form_view("act-form", move || sending.send(), parts);
    dialog_view(title, close, content)
}

/// Whom the incident's rule names.
fn assignment(folder: Folder, incident: &Incident) -> Option<AssignDef> {
    folder.catalog.with_value(|catalog| {
        let rules = &catalog.rules.rules;
        let rule = rules.iter().find(|rule| rule.id == incident.rule)?;
        rule.assign.clone()
    })
}

/// What the act needs beside its text.
fn particulars(folder: Folder, draft: Draft, incident: &Incident, doer: &Doer) -> Vec<AnyView> {
    let mut parts = Vec::new();
    match draft.kind {
        ActKind::File | ActKind::Grade => {
            parts.push(class_choice(folder, draft));
            parts.push(level_choice(folder, draft));
        }
        ActKind::Dispatch | ActKind::Decide => {
            let all = every_department(folder);
            parts.push(department_choice(
                folder,
                draft,
                Word::LeadDepartment,
                all.clone(),
            ));
            parts.push(department_boxes(
                folder,
                draft,
                Word::SupportDepartments,
                all,
            ));
        }
        ActKind::Command => {
            let all = every_department(folder);
            parts.push(department_boxes(folder, draft, Word::Departments, all));
        }
        ActKind::Accept | ActKind::Return | ActKind::Dispute | ActKind::Feedback => {
            let own: Vec<_> = case::departments(incident, doer, draft.kind)
                .cloned()
                .collect();
            parts.push(department_choice(folder, draft, Word::Department, own));
        }
        ActKind::Verify => parts.push(verdict(folder, draft)),
        ActKind::Evaluate => parts.push(score(draft)),
        ActKind::Split => parts.push(alert_boxes(folder, draft, incident)),
        ActKind::Attach => parts.push(file_field(folder, draft)),
        _ => {}
    }
    let about = match draft.kind {
        ActKind::Accept => Some(Word::AcceptAbout),
        ActKind::Resume => Some(Word::ResumeAbout),
        _ => None,
    };
    let about = about.map(|word| view! { <p>{move || folder.word(word)}</p> }.into_any());
    parts.extend(about);
    if matches!(draft.kind, ActKind::Verify | ActKind::Close) {
        parts.push(undone::line(folder));
    }
    parts.push(fault_line(draft.fault.into()));
    parts.extend(target_word(draft.kind).map(|_| draft.target().view()));
    parts.extend(text_word(draft.kind).map(|_| draft.text().view()));
    parts
}

impl Sending {
    fn folder(self) -> Folder {
        self.folder.get_value()
    }

    fn draft(self) -> Draft {
        self.draft.get_value()
    }

    /// Sends the act, unless it is known that it would be refused.
    fn send(self) {
        if !self.folder().screen().store.link.get_untracked().is_live() {
            return;
        }
        let Some(act) = self.draft().act() else {
            return;
        };
        let words = self.refusal(&act);
        let is_refused = words.is_some();
        self.refused.set(words);
        if is_refused {
            return;
        }
        let id = self.id_for(&act);
        let incident = self.folder().id.get_value();
        let version = self.version.get_untracked();
        let file = self.draft().file.get_untracked();
        let question = async move {
            match (&act, file) {
                (Act::Attach { .. }, Some(file)) => {
                    api::case::attach(&incident, &id, version, &file).await
                }
                _ => api::case::command(&incident, &id, version, &act).await,
            }
        };
        self.form.send_or(
            question,
            move |_| self.folder().over.set(None),
            move |error| self.failed(error),
        );
    }

    /// Why the act cannot be done, by the same rules as the server's.
    fn refusal(self, act: &Act) -> Option<Text> {
        // Of a file the server alone can say what it is.
        if matches!(act, Act::Attach { .. }) {
            return None;
        }
        let doer = self.folder().doer.get_untracked()?;
        let now = self.folder().screen().store.now.get_untracked();
        self.folder()
            .content
            .with_untracked(|content| match content {
                Content::Here(dossier) => case::step(&dossier.incident, &doer, act, now)
                    .err()
                    .map(|refusal| refusal.words()),
                _ => None,
            })
    }

    /// The id under which an act is told: the same again only if the same act may have been heard.
    fn id_for(self, act: &Act) -> SmolStr {
        let (id, told) = self.told.get_value();
        let id = match told {
            Some(told) if told != *act => api::case::new_id(),
            _ => id,
        };
        self.told.set_value((id.clone(), Some(act.clone())));
        id
    }

    /// Takes a failure; what is not about a change is said below the form.
    fn failed(self, error: ApiError) -> Option<ApiError> {
        if error.is_uncertain() {
            return Some(error);
        }
        self.told.set_value((api::case::new_id(), None));
        let (version, deeds) = match error.changed() {
            Some((version, deeds)) => (version, deeds.to_vec()),
            None => return Some(error),
        };
        self.version.set(version);
        self.changed.set(Some(deeds));
        None
    }

    /// What happened to the incident while somebody was writing.
    fn what_changed(self) -> AnyView {
        let folder = self.folder();
        let list = move || {
            let deeds = self.changed.get()?;
            let lines = deeds.into_iter().map(|deed| timeline::line(folder, deed));
            Some(view! {
                <div class="changed" role="alert">
                    <p>
                        <b>{folder.word(Word::ChangedMeanwhile)}</b>
                    </p>
                    <ol class="timeline">{lines.collect_view()}</ol>
                    <p>{folder.word(Word::ChangedAbout)}</p>
                </div>
            })
        };
        list.into_any()
    }

    /// Why it cannot be done.
    fn why_not(self) -> AnyView {
        let folder = self.folder();
        let words = move || {
            if !folder.is_live() {
                return Some(folder.word(Word::Offline).to_owned());
            }
            let refused = self.refused.get()?;
            Some(folder.screen().text(&refused))
        };
        view! {
            <p class="form-failure" role="alert">
                {words}
            </p>
        }
        .into_any()
    }

    fn buttons(self, close: Callback<()>) -> AnyView {
        let form = self.form;
        (move || {
            let word = if self.changed.read().is_some() {
                Word::SendAgain
            } else {
                act_word(self.draft().kind)
            };
            buttons(form, word, close)
        })
        .into_any()
    }
}

fn every_department(folder: Folder) -> Vec<DepartmentId> {
    folder.catalog.with_value(|catalog| {
        let all = catalog.departments.iter();
        all.map(|department| department.id.clone()).collect()
    })
}

fn class_choice(folder: Folder, draft: Draft) -> AnyView {
    let options = move || {
        let option = |class: CaseClass| {
            let name = folder.word(class_word(class)).to_owned();
            (class.as_str().to_owned(), name)
        };
        CaseClass::ALL.map(option).to_vec()
    };
    let chosen = Signal::derive(move || draft.choice.read().class.as_str().to_owned());
    let choose = move |code: String| {
        let class = CaseClass::ALL
            .into_iter()
            .find(|class| class.as_str() == code);
        draft.choose(|choice| choice.class = class.unwrap_or_default());
    };
    choice(Word::Class, options, chosen, choose)
}

fn level_choice(folder: Folder, draft: Draft) -> AnyView {
    let keeps = draft.kind == ActKind::File;
    let options = move || {
        let keep = (String::new(), folder.word(Word::KeepLevel).to_owned());
        let levels = Level::ALL
            .into_iter()
            .filter(|level| *level > Level::Normal);
        let levels = levels.rev().map(|level| {
            let name = folder.word(level_key(level)).to_owned();
            (level.as_str().to_owned(), name)
        });
        keeps.then_some(keep).into_iter().chain(levels).collect()
    };
    let chosen = Signal::derive(move || {
        let level = draft.choice.read().level;
        level.map_or_else(String::new, |level| level.as_str().to_owned())
    });
    let choose = move |code: String| {
        let level = Level::ALL.into_iter().find(|level| level.as_str() == code);
        draft.choose(|choice| choice.level = level);
    };
    choice(crate::i18n::Key::Level, options, chosen, choose)
}

fn department_choice(
    folder: Folder,
    draft: Draft,
    label: Word,
    departments: Vec<DepartmentId>,
) -> AnyView {
    let options = move || {
        let none = (String::new(), folder.word(Word::PickDepartment).to_owned());
        let named = departments
            .iter()
            .map(|id| (id.to_string(), folder.department(id)));
        std::iter::once(none).chain(named).collect()
    };
    let chosen = Signal::derive(move || draft.choice.read().department.clone());
    let choose = move |id: String| draft.choose(|choice| choice.department = id);
    choice(label, options, chosen, choose)
}

fn department_boxes(
    folder: Folder,
    draft: Draft,
    label: Word,
    mut departments: Vec<DepartmentId>,
) -> AnyView {
    // Whom the rule proposes is seen without scrolling.
    let proposed = draft.choice.get_untracked().others;
    departments.sort_by_key(|id| !proposed.contains(id));
    let boxes: Vec<_> = departments
        .into_iter()
        .map(|id| {
            let (of_name, of_tick, lead) = (id.clone(), id.clone(), id.to_string());
            let is_ticked = Signal::derive(move || draft.choice.read().others.contains(&of_tick));
            let leads = draft.kind != ActKind::Command;
            let is_fixed = Signal::derive(move || leads && draft.choice.read().department == lead);
            tick_box(
                move || folder.department(&of_name),
                is_ticked,
                is_fixed,
                move |is_on| {
                    draft.choose(|choice| {
                        choice.others.retain(|one| *one != id);
                        if is_on {
                            choice.others.push(id.clone());
                        }
                    });
                },
            )
        })
        .collect();
    group(folder, label, boxes.into_any())
}

fn group(folder: Folder, label: Word, content: AnyView) -> AnyView {
    view! {
        <fieldset class="side">
            <legend>{move || folder.word(label)}</legend>
            <div class="boxes">{content}</div>
        </fieldset>
    }
    .into_any()
}

fn verdict(folder: Folder, draft: Draft) -> AnyView {
    let name = crate::widget::figure::next_id();
    let radio = |passed: bool, word: Word| {
        let name = name.clone();
        view! {
            <label class="tick">
                <input
                    type="radio"
                    name=name
                    prop:checked=move || draft.choice.read().passed == passed
                    on:change=move |_| draft.choose(|choice| choice.passed = passed)
                />
                <span>{move || folder.word(word)}</span>
            </label>
        }
    };
    let radios = [radio(true, Word::Passed), radio(false, Word::NotPassed)];
    group(folder, Word::ActVerify, radios.into_any())
}

fn score(draft: Draft) -> AnyView {
    let options = || {
        let option = |score: u8| {
            let filled = usize::from(score);
            let stars = "★".repeat(filled) + &"☆".repeat(5_usize.saturating_sub(filled));
            (score.to_string(), format!("{score} {stars}"))
        };
        [5, 4, 3, 2, 1].map(option).to_vec()
    };
    let chosen = Signal::derive(move || draft.choice.read().score.to_string());
    let choose = move |score: String| {
        draft.choose(|choice| choice.score = score.parse().unwrap_or(5));
    };
    choice(Word::ScoreWord, options, chosen, choose)
}

fn alert_boxes(folder: Folder, draft: Draft, incident: &Incident) -> AnyView {
    let evidence = incident.evidence.iter();
    let boxes: Vec<_> = evidence
        .map(|one| {
            let screen = folder.screen();
            let (because, key) = (one.because.clone(), one.alert.clone());
            let subject = select::subject(&key);
            let of_tick = key.clone();
            let name = move || format!("{subject} · {}", screen.text(&because));
            let is_ticked = Signal::derive(move || draft.choice.read().alerts.contains(&of_tick));
            tick_box(name, is_ticked, false.into(), move |is_on| {
                draft.choose(|choice| {
                    choice.alerts.retain(|one| *one != key);
                    if is_on {
                        choice.alerts.push(key.clone());
                    }
                });
            })
        })
        .collect();
    group(folder, Word::SplitAlerts, boxes.into_any())
}

fn file_field(folder: Folder, draft: Draft) -> AnyView {
    let pick = move |event: web_sys::Event| {
        let input = event.target();
        let input = input.and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok());
        let files = input.and_then(|input| input.files());
        draft.file.set(files.and_then(|files| files.get(0)));
        draft.fault.set(None);
    };
    view! {
        <label class="field">
            <span class="field-label">{move || folder.word(Word::FileWord)}</span>
            <input type="file" accept=FILE_KINDS on:change=pick />
        </label>
    }
    .into_any()
}
