//! The forms about a gateway: new, changed, with a new secret.

use leptos::prelude::*;

use egret_shared::access::Scope;
use egret_shared::id::FeedId;
use egret_shared::people::{GatewayChange, GatewayRow, NewGateway, Secret};

use crate::api;
use crate::i18n::access::Access;
use crate::i18n::admin::Admin as Word;
use crate::screen::Screen;
use crate::widget::dialog::{buttons, confirm_content, dialog};
use crate::widget::form::{Field, Form, form as form_view};
use crate::widget::grants::picks::{Chosen, boxes};
use crate::widget::secret::made;

use super::AllGateways;

/// The feeds that a gateway may send. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Feeds {
    screen: Screen,
    chosen: RwSignal<Chosen>,
}

impl Feeds {
    fn new(screen: Screen, feeds: &[FeedId]) -> Self {
        let named = feeds.iter().map(ToString::to_string).collect();
        Self {
            screen,
            chosen: RwSignal::new(Scope::Only(named)),
        }
    }

    fn feeds(self) -> Vec<FeedId> {
        let chosen = self.chosen.read_untracked();
        chosen.named().iter().map(FeedId::new).collect()
    }

    fn view(self) -> AnyView {
        let Self { screen, chosen } = self;
        // A feed without a topic does not come by MQTT.
        let named = move || {
            let catalog = screen.store.catalog.read();
            let feeds = catalog.iter().flat_map(|catalog| &catalog.feeds);
            let by_topic = feeds.filter_map(|def| {
                let topic = def.topic.as_ref()?;
                Some((
                    def.id.to_string(),
                    format!("{} · {topic}", screen.text(&def.name)),
                ))
            });
            by_topic.collect()
        };
        let choose = Callback::new(move |feeds| chosen.set(feeds));
        // A gateway may speak before anybody knows what of: what it sends is kept.
        let none = move || {
            let is_none = chosen.read().named().is_empty();
            if is_none {
                screen.word(Word::NoFeedsYet)
            } else {
                ""
            }
        };
        view! {
            <fieldset class="side">
                <legend>{move || screen.word(Word::GatewayFeeds)}</legend>
                {boxes(named, chosen.into(), choose)}
                <p class="field-hint" role="status">
                    {none}
                </p>
            </fieldset>
        }
        .into_any()
    }
}

/// User name and secret, as the gateway needs them.
fn shown(secret: Secret, close: Callback<()>) -> AnyView {
    made(
        vec![(Word::GatewayId, secret.id), (Word::Secret, secret.secret)],
        close,
    )
}

/// The form for a new gateway, and then its secret.
pub(super) fn new_gateway(gateways: AllGateways) -> AnyView {
    let screen = gateways.screen();
    let id = Field::new(Word::GatewayId);
    let display = Field::new(Word::Display).hinted(Word::DisplayHint);
    let feeds = Feeds::new(screen, &[]);
    let form = Form::new();
    let secret = RwSignal::new(None::<Secret>);
    let close = gateways.changed();
    let submit = move || {
        id.need();
        if !Form::is_good(&[id, display]) {
            return;
        }
        let gateway = NewGateway {
            id: id.text(),
            display: display.text(),
            feeds: feeds.feeds(),
        };
        form.send_or(
            async move { api::admin::new_gateway(&gateway).await },
            move |made| secret.set(Some(made)),
            move |error| {
                if error.code() == Some("name_taken") {
                    id.blame(Access::NameTaken);
                    return None;
                }
                Some(error)
            },
        );
    };
    let ask = move || {
        let parts = vec![
            id.view(),
            display.view(),
            feeds.view(),
            form.failure(),
            buttons(form, Word::Create, close),
        ];
        form_view("wide", submit, parts)
    };
    let content = move || match secret.get() {
        Some(secret) => shown(secret, close),
        None => ask(),
    };
    let title = move || screen.word(Word::NewGateway).to_owned();
    dialog(title, close, content.into_any())
}

/// The form that changes a gateway.
pub(super) fn edit_gateway(gateways: AllGateways, row: &GatewayRow) -> AnyView {
    let screen = gateways.screen();
    let display = Field::new(Word::Display).with(&row.display);
    let feeds = Feeds::new(screen, &row.feeds);
    let form = Form::new();
    let (id, called) = (row.id.clone(), row.id.clone());
    let submit = move || {
        display.need();
        if !Form::is_good(&[display]) {
            return;
        }
        let id = id.clone();
        let change = GatewayChange {
            display: Some(display.text()),
            feeds: Some(feeds.feeds()),
            disabled: None,
        };
        form.send(
            async move { api::admin::change_gateway(&id, &change).await },
            move |_| gateways.changed().run(()),
        );
    };
    let parts = vec![
        display.view(),
        feeds.view(),
        form.failure(),
        buttons(form, Word::Save, gateways.close()),
    ];
    let content = form_view("wide", submit, parts);
    let title = move || format!("{} · {called}", screen.word(Word::EditGateway));
    dialog(title, gateways.close(), content)
}

/// Asks whether the old secret is to end, and then shows the new one.
pub(super) fn new_secret(gateways: AllGateways, row: &GatewayRow) -> AnyView {
    let screen = gateways.screen();
    let form = Form::new();
    let secret = RwSignal::new(None::<Secret>);
    let id = StoredValue::new(row.id.clone());
    let close = gateways.changed();
    let rotate = move || {
        let id = id.get_value();
        form.send(
            async move { api::admin::new_gateway_secret(&id).await },
            move |made| secret.set(Some(made)),
        );
    };
    let content = move || match secret.get() {
        Some(secret) => shown(secret, close),
        None => confirm_content(Word::RotateAsk, Word::RotateSecret, form, close, rotate),
    };
    let title = move || format!("{} · {}", screen.word(Word::RotateSecret), id.get_value());
    dialog(title, close, content.into_any())
}
