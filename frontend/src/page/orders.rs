//! Orders to actuators and what became of them: a table that follows those under way, on the page of
//! an asset and at the desk.

use leptos::prelude::*;
use leptos_router::components::A;

use egret_shared::actuation::{Actuation, ActuationState, rule_of};
use egret_shared::catalog::Catalog;
use egret_shared::id::{ActuationId, CommandId, FeedId};
use egret_shared::package::command::CommandDef;
use egret_shared::time::TimeMs;

use crate::api::order::{self, Which, asset_href};
use crate::i18n::order::{Order as Word, argument, name, state_word};
use crate::i18n::{Key, Phrase};
use crate::page::listed::{Listed, cell, classed_cell, line, name_cell};
use crate::panel::feeds::feed_name;
use crate::screen::{Screen, screen};
use crate::select;
use crate::widget::form::button;
use crate::{clock, format};

/// How often orders are asked for while one is under way. Milliseconds: as often as the server tries
/// to send one that waits.
const FOLLOW_MS: i32 = 1_000;

/// How often otherwise. Milliseconds: others may give one.
const REST_MS: i32 = 3_000;

/// How many orders are shown at first, and how many more each time: a screen's worth.
const ROWS: usize = 25;

/// How many at most, which is as many as the server tells at once.
const ROWS_MAX: usize = 1_000;

/// The way by the embedded endpoint, as orders name it.
const ENDPOINT: &str = "mqtt";

/// Orders that are looked at. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct Orders {
    screen: StoredValue<Screen>,
    listed: Listed<Actuation>,
    rows: RwSignal<usize>,
    /// Whether each names its actuator.
    names_asset: bool,
    which: Signal<Which>,
}

impl Orders {
    /// Those that `which` names, from now on.
    pub(crate) fn follow(which: Signal<Which>, names_asset: bool) -> Self {
        let rows = RwSignal::new(ROWS);
        let listed = Listed::new(move || {
            let which = which.try_get_untracked().unwrap_or_default();
            let rows = rows.try_get_untracked().unwrap_or(ROWS);
            async move { order::orders(&which, rows).await }
        });
        let orders = Self {
            screen: StoredValue::new(screen()),
            listed,
            rows,
            names_asset,
            which,
        };
        Effect::new(move |before: Option<Which>| {
            let which = which.get();
            if before.is_some_and(|before| before != which) {
                rows.set(ROWS);
                listed.renew();
            }
            which
        });
        Effect::new(move |before: Option<()>| {
            rows.track();
            if before.is_some() {
                listed.refresh();
            }
        });
        leptos::task::spawn_local(orders.keep_following());
        orders
    }

    /// Asks for them at once.
    pub(crate) fn refresh(self) {
        self.listed.refresh();
    }

    /// The order with this id, as it stands.
    pub(crate) fn get(self, id: &ActuationId) -> Option<Actuation> {
        self.listed
            .with(|rows| rows.iter().find(|row| row.id == *id).cloned())
    }

    /// Whether none is known.
    pub(crate) fn is_empty(self) -> bool {
        self.listed.with(<[_]>::is_empty)
    }

    async fn keep_following(self) {
        loop {
            let is_open = |rows: &[Actuation]| rows.iter().any(|row| row.state.is_open());
            let Some(ms) = self.rows.try_get_untracked().map(|_| {
                if untrack(|| self.listed.with(is_open)) {
                    FOLLOW_MS
                } else {
                    REST_MS
                }
            }) else {
                return;
            };
            clock::sleep(ms).await;
            if !self.listed.reload().await {
                return;
            }
        }
    }

    /// The table, and the button for older ones.
    pub(crate) fn view(self) -> AnyView {
        let mut columns: Vec<Phrase> = vec![Word::State.into(), Word::Command.into()];
        if self.names_asset {
            columns.push(Word::AssetWord.into());
        }
        let rest: [Phrase; 3] = [Word::By.into(), Word::GivenAt.into(), Word::Progress.into()];
        columns.extend(rest);
        let empty = if self.which.get_untracked().is_narrow() && self.names_asset {
            Word::NoneFit
        } else {
            Word::NoOrders
        };
        let older = move || {
            let n = self.listed.with(<[_]>::len);
            if n >= ROWS_MAX {
                let words = self
                    .screen
                    .with_value(|screen| screen.word(Word::NewestOnly));
                return Some(view! { <p class="list-end">{words}</p> }.into_any());
            }
            (n >= self.rows.get()).then(|| {
                button("row-button", Word::More, move || {
                    self.rows.update(|n| *n = (*n + ROWS).min(ROWS_MAX));
                })
            })
        };
        view! {
            {self.listed.table(&columns, empty, move |row| self.line(row))}
            {older}
        }
        .into_any()
    }

    fn line(self, row: &Actuation) -> AnyView {
        let screen = self.screen.get_value();
        let catalog = screen.store.catalog.get();
        let command = catalog
            .as_deref()
            .and_then(|catalog| command_of(catalog, &row.feed, &row.command));
        let language = screen.language.get();
        let with = row.parameters.iter();
        let with = with.map(|(id, said)| argument(command, (id, said), language));
        let with = with.collect::<Vec<_>>().join(" · ");
        let title = screen.text(&name(command, row.command.as_str()));
        let state = row.state;
        let state = view! {
            <b class=format!("order-state order-{}", state.as_str())>
                <i aria-hidden="true"></i>
                {screen.word(state_word(state))}
            </b>
        };
        let mut cells = vec![
            cell(state),
            name_cell(title.into_any(), &with, row.id.as_str()),
        ];
        if self.names_asset {
            let feed = catalog.map_or_else(
                || row.feed.to_string(),
                |catalog| screen.text(&feed_name(&catalog, &row.feed)),
            );
            let asset = row.asset.to_string();
            let link = view! {
                <A href=asset_href(&row.feed, &row.asset)>{asset}</A>
                <small>{feed}</small>
            };
            cells.push(classed_cell("order-asset", link));
        }
        let rule = rule_of(&row.by).map(|rule| {
            let catalog = screen.store.catalog.get();
            let named = catalog.and_then(|catalog| select::rule_name(&catalog, rule));
            let name = named.map_or_else(|| rule.to_owned(), |name| screen.text(&name));
            let by = screen.word(Word::ByRule);
            if name.is_empty() {
                by.to_owned()
            } else {
                format!("{by} · {name}")
            }
        });
        // The reason of a rule is its name.
        let why = rule.is_none().then(|| row.reason.clone());
        let by = view! {
            <b>{rule.unwrap_or_else(|| row.by.name.clone())}</b>
            <span>{why}</span>
        };
        cells.push(classed_cell("detail order-by", by));
        cells.push(cell(screen.stamp(row.at)));
        cells.push(classed_cell("detail order-progress", progress(screen, row)));
        line(false, cells)
    }
}

/// A command as the package has it now.
fn command_of<'c>(
    catalog: &'c Catalog,
    feed: &FeedId,
    command: &CommandId,
) -> Option<&'c CommandDef> {
    let feed = catalog.feeds.iter().find(|def| def.id == *feed)?;
    feed.command(command)
}

/// What became of an order, one thing a line.
fn progress(screen: Screen, row: &Actuation) -> AnyView {
    let at = |word: Word, at: TimeMs| format!("{} {}", screen.word(word), screen.clock(at));
    let mut lines: Vec<String> = Vec::new();
    if let Some(sent_at) = row.sent_at {
        let way = |way: &str| match way {
            ENDPOINT => screen.word(Word::Endpoint).to_owned(),
            broker => broker.to_owned(),
        };
        let ways: Vec<String> = row.ways.iter().map(|one| way(one.as_str())).collect();
        let via = screen.word(Word::Via);
        lines.push(format!(
            "{} {via} {}",
            at(Word::SentAt, sent_at),
            ways.join(", ")
        ));
    } else if row.state == ActuationState::Waiting {
        lines.push(screen.word(Word::NotSent).to_owned());
    }
    let ended = match row.state {
        ActuationState::Acknowledged => Some(Word::AcknowledgedAt),
        ActuationState::Refused => Some(Word::RefusedAt),
        ActuationState::Expired => Some(Word::ExpiredAt),
        ActuationState::Waiting | ActuationState::Sent => None,
    };
    lines.extend(
        ended
            .zip(row.ended_at)
            .map(|(word, ended_at)| at(word, ended_at)),
    );
    lines.extend(row.late_at.map(|late_at| at(Word::LateAt, late_at)));
    let said = row.said.as_ref().map(|said| {
        let (word, said) = (screen.word(Word::Said), said.clone());
        view! { <q title=word>{said}</q> }
    });
    let lines: Vec<_> = lines
        .into_iter()
        .map(|line| view! { <span>{line}</span> })
        .collect();
    let expires_at = row.expires_at;
    let left = row.state.is_open().then(|| {
        let left = move || format::countdown(expires_at.since(screen.store.now.get()).ms().max(0));
        view! { <span class="countdown">{screen.word(Word::ExpiresIn)} " " {left}</span> }
    });
    view! {
        {lines}
        {said}
        {left}
    }
    .into_any()
}

/// The words in a list of states.
pub(crate) fn states(screen: Screen) -> Vec<(String, String)> {
    let any = (String::new(), screen.word(Word::AnyState).to_owned());
    let known = ActuationState::ALL.map(|state| {
        let word = screen.word(state_word(state)).to_owned();
        (state.as_str().to_owned(), word)
    });
    std::iter::once(any).chain(known).collect()
}

/// Until a list of the page is here.
pub(crate) fn loading(screen: Screen) -> AnyView {
    view! {
        <p class="words" role="status">
            {move || screen.word(Key::Loading)}
        </p>
    }
    .into_any()
}
