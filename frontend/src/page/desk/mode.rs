//! The mode of the city: which it is, and for who may dispatch the whole city, the way to the other.

use leptos::prelude::*;

use egret_shared::access::{Grant, Right};
use egret_shared::command::ModeOrder;
use egret_shared::mode::Mode;
use egret_shared::people::{Me, MeState};

use super::{Board, Over};
use crate::api;
use crate::i18n::case::{Case, Desk as Word};
use crate::session::session;
use crate::widget::dialog::{buttons, dialog};
use crate::widget::form::{Field, Form, Kind, button, form as form_view};

/// Whether somebody may dispatch the whole city.
fn commands_the_city(me: &Me) -> bool {
    let is_whole = |grant: &Grant| {
        grant.role.rights().contains(&Right::Dispatch)
            && grant.areas.is_all()
            && grant.departments.is_all()
    };
    match &me.who {
        Some(who) => who.grants.iter().any(is_whole),
        None => me.state == MeState::Open,
    }
}

/// The way to the other mode; nothing for who may not go it.
pub(super) fn control(board: Board) -> AnyView {
    let session = session();
    let may = Memo::new(move |_| session.me().is_some_and(|me| commands_the_city(&me)));
    let mode = board.screen().store.mode;
    let is_emergency = Memo::new(move |_| mode.read().mode == Mode::Emergency);
    (move || {
        if !may.get() {
            return None;
        }
        let (class, word) = if is_emergency.get() {
            ("mode-button on", Word::ToPeace)
        } else {
            ("mode-button", Word::ToEmergency)
        };
        Some(button(class, word, move || {
            board.over.set(Some(Over::Mode));
        }))
    })
    .into_any()
}

/// The form that changes it.
pub(super) fn form(board: Board) -> AnyView {
    let now = board.screen().store.mode.get_untracked().mode;
    let (to, word, about) = match now {
        Mode::Peace => (Mode::Emergency, Word::ToEmergency, Word::ToEmergencyAbout),
        Mode::Emergency => (Mode::Peace, Word::ToPeace, Word::ToPeaceAbout),
    };
    let reason = Field::new(Case::ReasonWord).of(Kind::Long);
    let form = Form::new();
    let id = StoredValue::new(api::case::new_id());
    let submit = move || {
        reason.need();
        if !Form::is_good(&[reason]) {
            return;
        }
        let order = ModeOrder {
            mode: to,
            reason: reason.text(),
        };
        let told = id.get_value();
        form.send_or(
            async move { api::case::change_mode(&told, &order).await },
            move |()| board.over.set(None),
            move |error| {
                if !error.is_uncertain() {
                    id.set_value(api::case::new_id());
                }
                Some(error)
            },
        );
    };
    let about = view! { <p>{move || board.word(about)}</p> };
    let parts = vec![
        about.into_any(),
        reason.view(),
        form.failure(),
        buttons(form, word, board.close()),
    ];
    let content = form_view("", submit, parts);
    dialog(move || board.word(word).to_owned(), board.close(), content)
}

#[cfg(test)]
mod tests {
    use egret_shared::access::{Role, Scope};
    use egret_shared::people::{Kind as Who_, Who};

    use super::*;

    fn me(grants: Vec<Grant>) -> Me {
        Me {
            state: MeState::SignedIn,
            who: Some(Who {
                kind: Who_::User,
                id: "1".into(),
                name: "officer".into(),
                display: "Officer".into(),
                grants,
                rights: Vec::new(),
                scenes: Scope::All,
                must_change_password: false,
            }),
            oidc: None,
        }
    }

    #[test]
    fn only_who_may_dispatch_the_whole_city_changes_its_mode() {
        assert!(commands_the_city(&me(vec![Grant::whole(Role::Dispatcher)])));
        assert!(!commands_the_city(&me(vec![Grant::whole(Role::Officer)])));
        let district = Grant {
            areas: Scope::Only(vec!["350203".into()]),
            ..Grant::whole(Role::Lead)
        };
        assert!(!commands_the_city(&me(vec![district])));
        let open = Me {
            state: MeState::Open,
            who: None,
            oidc: None,
        };
        assert!(commands_the_city(&open));
    }
}
