//! Giving an order: what is said with it and why; once more, what will be sent, where the command
//! asks for that; and then it is on its way. Told again after a failure, it is the same order.

use leptos::prelude::*;
use smol_str::SmolStr;

use egret_shared::actuation::{Actuation, Flaw, ORDER_REASON_CHARS_MAX, Offer, Outgoing};
use egret_shared::package::command::{CommandDef, ParameterDef};

use crate::api::ApiError;
use crate::api::case::new_id;
use crate::api::order::{self, Wanted};
use crate::format;
use crate::i18n::admin::Admin;
use crate::i18n::order::{Order as Word, value};
use crate::widget::dialog::dialog as dialog_view;
use crate::widget::figure::next_id;
use crate::widget::form::{Field, Form, Kind, button, focus, form as form_view};

use super::Board;
use super::draft::{Written, arguments, words};
use super::parameter::{Cell, field};
use super::unsure::Unsure;

/// An order that has to be looked at once more.
#[derive(Clone, PartialEq)]
struct Checked {
    wanted: Wanted,
    /// What confirms it.
    confirm: String,
    /// What will be sent.
    message: Option<Outgoing>,
    /// Whether it was looked at before, too long ago.
    is_again: bool,
}

/// What the form knows. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Giving {
    board: Board,
    command: StoredValue<CommandDef>,
    form: Form,
    written: RwSignal<Written>,
    flaws: RwSignal<Vec<(SmolStr, Flaw)>>,
    reason: Field,
    checked: RwSignal<Option<Checked>>,
    /// Whether this order, or another by this command, may have been given without an answer.
    is_uncertain: RwSignal<bool>,
    /// Under which key it is told.
    key: StoredValue<SmolStr>,
    /// Whether the fields are shown for the first time.
    is_first: StoredValue<bool>,
    /// Ids of the parameters' fields begin so, and so does that of what is looked at.
    id: StoredValue<String>,
}

/// The dialog.
pub(super) fn dialog(board: Board, offer: Offer) -> AnyView {
    let title = offer.command.name.clone();
    let giving = Giving {
        board,
        command: StoredValue::new(offer.command),
        form: Form::new(),
        written: RwSignal::new(Written::default()),
        flaws: RwSignal::new(Vec::new()),
        reason: Field::new(Word::Reason)
            .of(Kind::Long)
            .hinted(Word::ReasonHint),
        checked: RwSignal::new(None),
        is_uncertain: RwSignal::new(false),
        key: StoredValue::new(new_id()),
        is_first: StoredValue::new(true),
        id: StoredValue::new(next_id()),
    };
    giving.is_uncertain.set(giving.may_be_given());
    let title = move || {
        let asset = board.actuator.with_value(|(_, asset)| asset.to_string());
        format!("{} · {asset}", board.screen().text(&title))
    };
    let content = move || {
        let checked = giving.checked.get();
        untrack(|| {
            let parts = match checked {
                Some(checked) => giving.looked_at(checked),
                None => giving.fields(),
            };
            form_view("order-form", move || giving.submit(), parts)
        })
    };
    dialog_view(title, giving.close(), content.into_any())
}

impl Giving {
    fn close(self) -> Callback<()> {
        // What is on its way cannot be called back, and what comes of it is to be seen.
        Callback::new(move |()| {
            if !self.form.busy.get_untracked() {
                self.board.over.set(None);
            }
        })
    }

    /// What is written: what is said with it, and why.
    fn fields(self) -> Vec<AnyView> {
        if !self.is_first.get_value() {
            let first = self.command.with_value(|command| {
                let first = command.parameters.first();
                first.map(|parameter| self.field_id(&parameter.id))
            });
            let first = first.unwrap_or_else(|| self.reason.id());
            request_animation_frame(move || focus(&first));
        }
        self.is_first.set_value(false);
        let mut parts = self.command.with_value(|command| {
            let parameters = command.parameters.iter();
            parameters
                .map(|one| self.parameter(one))
                .collect::<Vec<_>>()
        });
        parts.push(self.reason.view());
        parts.push(self.failure());
        let word = if self.command.with_value(|command| command.confirm) {
            Word::GoOn
        } else {
            Word::Send
        };
        let cancel = button("", Admin::Cancel, move || self.close().run(()));
        parts.push(row(cancel, self.form.submit(word)));
        parts
    }

    fn field_id(self, parameter: &str) -> String {
        self.id.with_value(|id| format!("{id}-{parameter}"))
    }

    fn parameter(self, parameter: &ParameterDef) -> AnyView {
        let (id, def) = (parameter.id.clone(), parameter.clone());
        let (of_text, of_fault) = (id.clone(), id.clone());
        let text = move || {
            self.written
                .read()
                .get(&of_text)
                .cloned()
                .unwrap_or_default()
        };
        let fault = move || {
            let flaws = self.flaws.read();
            let (_, flaw) = flaws.iter().find(|(of, _)| *of == of_fault)?;
            Some(words(flaw, &def, self.board.screen().language.get()))
        };
        let write = move |text: String| {
            self.written
                .update(|written| drop(written.insert(id.clone(), text)));
            self.flaws.update(|flaws| flaws.retain(|(of, _)| *of != id));
        };
        let cell = Cell {
            text: Signal::derive(text),
            fault: Signal::derive(fault),
            write: Callback::new(write),
        };
        field(parameter, cell, self.field_id(&parameter.id))
    }

    /// What will be sent, to be looked at.
    fn looked_at(self, checked: Checked) -> Vec<AnyView> {
        let id = self.id.get_value();
        // Whoever sent the first step by a key does not send the second by the same stroke.
        request_animation_frame(move || focus(&id));
        let change = self.form.button("", Word::Change, move || {
            if !self.form.busy.get_untracked() {
                self.checked.set(None);
            }
        });
        vec![
            self.summary(checked),
            self.failure(),
            row(change, self.form.submit(Word::Send)),
        ]
    }

    fn summary(self, checked: Checked) -> AnyView {
        let board = self.board;
        let (wanted, message) = (checked.wanted, checked.message);
        let expires = self.command.with_value(|command| command.expires);
        let again = checked.is_again;
        let rows = move || {
            let screen = board.screen();
            let language = screen.language.get();
            let command = self
                .command
                .with_value(|command| screen.text(&command.name));
            let asset = format!("{} · {}", board.name(), wanted.asset);
            let word = |word: Word| screen.word(word).to_owned();
            let mut rows = vec![
                (word(Word::Command), command),
                (word(Word::AssetWord), asset),
            ];
            self.command.with_value(|command| {
                for one in &command.parameters {
                    let said = wanted.parameters.get(&one.id);
                    let said = said.map(|said| value(Some(one), said, language));
                    rows.extend(said.map(|said| (screen.text(&one.name), said)));
                }
            });
            rows.push((word(Word::Reason), wanted.reason.clone()));
            rows.push((word(Word::ExpiresAfter), format::span(expires, language)));
            let mut lines: Vec<AnyView> = rows
                .into_iter()
                .map(|(name, text)| {
                    view! {
                        <dt>{name}</dt>
                        <dd>{text}</dd>
                    }
                    .into_any()
                })
                .collect();
            if let Some(message) = &message {
                let (topic, payload) = (message.topic.clone(), message.payload.clone());
                let sent = view! {
                    <dt>{screen.word(Word::Message)}</dt>
                    <dd>
                        <code>{topic}</code>
                        <code>{payload}</code>
                    </dd>
                };
                lines.push(sent.into_any());
            }
            lines
        };
        let screen = board.screen();
        let word = if again { Word::CheckAgain } else { Word::Check };
        let id = self.id.get_value();
        let labelled = format!("{id}-check");
        let label = labelled.clone();
        view! {
            <div class="order-check" id=id tabindex="-1" role="group" aria-labelledby=labelled>
                <p id=label>
                    <b>{move || screen.word(word)}</b>
                </p>
                <dl>{rows}</dl>
            </div>
        }
        .into_any()
    }

    /// What went wrong.
    fn failure(self) -> AnyView {
        let board = self.board;
        let uncertain = move || {
            if !self.is_uncertain.get() {
                return None;
            }
            let said = self
                .command
                .with_value(|command| arguments(command, &self.written.read()));
            let of = self.command.with_value(|command| command.id.clone());
            let word = match said {
                Ok(said) => {
                    let told = |unsure: &Unsure| unsure.key_of(&of, &said).is_some();
                    if board.unsure.with_value(told) {
                        Word::Uncertain
                    } else {
                        Word::OtherThanTold
                    }
                }
                // Until there is something to send, nothing is said about what it would be.
                Err(_flaws) => Word::EarlierUncertain,
            };
            Some(board.word(word))
        };
        view! {
            {self.form.failure()}
            <p class="form-failure" role="alert">
                {uncertain}
            </p>
        }
        .into_any()
    }

    fn submit(self) {
        match self.checked.get_untracked() {
            Some(checked) => self.send(checked.wanted, Some(checked.confirm)),
            None => {
                if let Some(wanted) = self.wanted() {
                    self.send(wanted, None);
                }
            }
        }
    }

    /// The order as it is written; nothing, and the first field at fault has the focus, if it cannot
    /// be.
    fn wanted(self) -> Option<Wanted> {
        let (command, given) = self.command.with_value(|command| {
            let written = self.written.get_untracked();
            (command.id.clone(), arguments(command, &written))
        });
        let flaws = given.as_ref().err().cloned().unwrap_or_default();
        let first = self.command.with_value(|command| {
            let mut parameters = command.parameters.iter();
            let first = parameters.find(|parameter| flaws.contains_key(&parameter.id));
            first.map(|parameter| parameter.id.clone())
        });
        self.flaws.set(flaws.into_iter().collect());
        self.reason.need();
        if self.reason.text().chars().count() > ORDER_REASON_CHARS_MAX {
            self.reason.blame(Word::ReasonLong);
        }
        if let Some(first) = first {
            focus(&self.field_id(&first));
            return None;
        }
        if !Form::is_good(&[self.reason]) {
            return None;
        }
        let (feed, asset) = self.board.actuator.get_value();
        Some(Wanted {
            feed,
            asset,
            command,
            parameters: given.ok()?,
            reason: self.reason.text(),
        })
    }

    /// The key under which an order is told: the same again where the same may have been heard,
    /// whatever was written in between. Why it is given does not make it another.
    fn key_for(self, wanted: &Wanted) -> SmolStr {
        let key = self.key.get_value();
        let (known, is_taken) = self.board.unsure.with_value(|unsure| {
            let known = unsure.key_of(&wanted.command, &wanted.parameters);
            (known.cloned(), unsure.has(&key))
        });
        let key = known.unwrap_or_else(|| if is_taken { new_id() } else { key });
        self.key.set_value(key.clone());
        key
    }

    /// Whether an order by this command may have been given without an answer.
    fn may_be_given(self) -> bool {
        let of = self.command.with_value(|command| command.id.clone());
        self.board.unsure.with_value(|unsure| unsure.any_by(&of))
    }

    fn send(self, wanted: Wanted, confirm: Option<String>) {
        if self.form.busy.get_untracked() {
            return;
        }
        let key = self.key_for(&wanted);
        self.is_uncertain.set(false);
        // Until there is an answer nobody knows, whatever becomes of the dialog.
        let add = |unsure: &mut Unsure| unsure.add(&key, &wanted);
        let is_again = self.board.unsure.try_update_value(add).unwrap_or_default();
        let (asked, of) = (wanted.clone(), key.clone());
        let question = async move { order::give(&of, &asked, confirm.as_deref()).await };
        let told = key.clone();
        self.form.send_or(
            question,
            move |row| self.done(&told, &row),
            move |error| self.failed((&key, is_again), wanted, error),
        );
    }

    fn done(self, key: &SmolStr, row: &Actuation) {
        self.board.unsure.update_value(|unsure| unsure.settle(key));
        self.board.given.set(Some(row.id.clone()));
        self.board.orders.refresh();
        self.board.over.set(None);
    }

    /// Takes a failure; that it has to be looked at once more is none.
    fn failed(
        self,
        (key, is_again): (&SmolStr, bool),
        wanted: Wanted,
        error: ApiError,
    ) -> Option<ApiError> {
        // Had the server heard of it before, it would have said so; unless it has looked at neither.
        let is_at_the_door = is_again && error.is_at_the_door();
        if !error.is_uncertain() && !error.is_of_an_earlier() && !is_at_the_door {
            self.board.unsure.update_value(|unsure| unsure.settle(key));
        }
        if error.is_of_another() {
            self.key.set_value(new_id());
        }
        self.is_uncertain.set(self.may_be_given());
        if let Some((confirm, message)) = error.confirm() {
            let is_again = self.checked.read_untracked().is_some();
            let checked = Checked {
                wanted,
                confirm: confirm.to_owned(),
                message: message.cloned(),
                is_again,
            };
            self.checked.set(Some(checked));
            return None;
        }
        // That an earlier one under its key is being worked on says no more than that nobody knows.
        (!error.is_of_an_earlier()).then_some(error)
    }
}

fn row(first: AnyView, second: AnyView) -> AnyView {
    view! { <div class="dialog-buttons">{first} {second}</div> }.into_any()
}
