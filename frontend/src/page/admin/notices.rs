//! `/admin/notifications`: whether what happens to incidents reaches those who are to be told.

use leptos::prelude::*;
use leptos_router::components::A;

use crate::api::notices::{self as api, Channel, Delivery, Health};
use crate::format;
use crate::i18n::Phrase;
use crate::i18n::admin::Admin;
use crate::i18n::notices::{Notices as Word, STATES, health_word, kind_word};
use crate::page::listed::{Listed, cell, classed_cell, line, name_cell};
use crate::page::paged::Paged;
use crate::screen::{Screen, screen};
use crate::widget::form::choice;
use crate::widget::level::LevelWord;

use super::part;

/// How often channels are asked for anew. Milliseconds: they try again within seconds.
const FOLLOW_MS: i32 = 5_000;

const CHANNELS: [Word; 8] = [
    Word::Channel,
    Word::Health,
    Word::Waiting,
    Word::Held,
    Word::Sent,
    Word::Failed,
    Word::LastSent,
    Word::LastError,
];

/// The deliveries that have been asked for so far. A copy is a handle to the same.
#[derive(Clone, Copy)]
struct Told {
    screen: StoredValue<Screen>,
    channel: RwSignal<String>,
    state: RwSignal<String>,
    /// By channel and state.
    rows: Paged<(String, String), Delivery>,
}

/// The page.
pub(super) fn page() -> AnyView {
    let screen = screen();
    let channels = Listed::new(api::channels).follow(FOLLOW_MS);
    let channel = RwSignal::new(String::new());
    // What did not arrive is what one comes for.
    let state = RwSignal::new("failed".to_owned());
    let told = Told {
        screen: StoredValue::new(screen),
        channel,
        state,
        rows: Paged::new(
            move || (channel.get_untracked(), state.get_untracked()),
            |(channel, state): (String, String), cursor: Option<String>| async move {
                api::deliveries(&channel, &state, cursor.as_deref()).await
            },
        ),
    };
    let deliveries: [Phrase; 7] = [
        Admin::Time.into(),
        Word::Channel.into(),
        Word::To.into(),
        Word::What.into(),
        Admin::State.into(),
        Word::Tries.into(),
        Word::WrongWas.into(),
    ];
    let line = move |row: &Delivery| delivery_line(screen, row);
    let rows = told.rows.view(&deliveries, Word::NoDeliveries, line);
    let content = view! {
        <div class="notices">
            <p class="small-print">{move || screen.word(Word::About)}</p>
            {channels.table(&CHANNELS, Word::NoChannels, move |row| channel_line(screen, row))}
            <h3>{move || screen.word(Word::Deliveries)}</h3>
            {told.filters(channels)}
            {rows}
        </div>
    };
    part(Admin::Notifications, ().into_any(), content.into_any())
}

fn channel_line(screen: Screen, row: &Channel) -> AnyView {
    let health = row.health();
    let class = match health {
        Health::Unused => "",
        Health::Works => "good",
        Health::Fails => "warning",
    };
    let kind = row.kind.as_deref().and_then(kind_word);
    let kind = kind.map_or("", |kind| screen.word(kind));
    let place = format!("{kind} · {}", row.place);
    let count = |n: u64| classed_cell("number", format::figure(n as f64, "1"));
    let oldest = row.oldest_waiting_at.map(|at| {
        let oldest = format!("{} {}", screen.word(Word::Oldest), screen.age(at));
        view! { <small>{oldest}</small> }
    });
    let waiting = view! {
        {format::figure(row.waiting as f64, "1")}
        {oldest}
    };
    let error = row.last_error.as_ref().map(|error| {
        let at = screen.stamp(error.at);
        view! {
            {error.why.clone()}
            <small>{at}</small>
        }
    });
    let cells = vec![
        name_cell(row.id.clone().into_any(), &place, ""),
        cell(view! { <span class=class>{screen.word(health_word(health))}</span> }),
        classed_cell("number", waiting),
        count(row.held),
        count(row.sent),
        count(row.failed),
        cell(row.last_sent_at.map(|at| screen.stamp(at))),
        classed_cell("detail", error),
    ];
    line(false, cells)
}

impl Told {
    fn word(self, word: Word) -> &'static str {
        self.screen.with_value(|screen| screen.word(word))
    }

    fn filters(self, channels: Listed<Channel>) -> AnyView {
        let all = move || {
            let any = (String::new(), self.word(Word::AnyChannel).to_owned());
            let own = |rows: &[Channel]| {
                let ids = rows.iter().map(|row| (row.id.clone(), row.id.clone()));
                ids.collect::<Vec<_>>()
            };
            std::iter::once(any).chain(channels.with(own)).collect()
        };
        let states = move || {
            let any = (String::new(), self.word(Word::AnyState).to_owned());
            let states = STATES.map(|(state, word)| (state.to_owned(), self.word(word).to_owned()));
            std::iter::once(any).chain(states).collect()
        };
        let choose = move |of: RwSignal<String>| {
            move |value: String| {
                of.set(value);
                self.rows.load();
            }
        };
        view! {
            <div class="filters">
                {choice(Word::Channel, all, self.channel.into(), choose(self.channel))}
                {choice(Admin::State, states, self.state.into(), choose(self.state))}
            </div>
        }
        .into_any()
    }
}

fn delivery_line(screen: Screen, row: &Delivery) -> AnyView {
    let title = match &row.title {
        Some(title) => screen.text(title),
        None => format!("{} {}", row.n_notices, screen.word(Word::Digest)),
    };
    let title = match &row.incident {
        Some(id) => view! { <A href=format!("/incident/{id}")>{title}</A> }.into_any(),
        None => title.into_any(),
    };
    let mut states = STATES.into_iter();
    let state = states.find(|(state, _)| *state == row.state);
    let state = state.map_or(row.state.clone(), |(_, word)| screen.word(word).to_owned());
    let class = if row.state == "failed" { "warning" } else { "" };
    let then = row.ended_at.map(|at| screen.stamp(at)).or_else(|| {
        let retry_at = row.retry_at?;
        Some(format!(
            "{} {}",
            screen.word(Word::NextTry),
            screen.stamp(retry_at)
        ))
    });
    let what = view! {
        <LevelWord level=row.level />
        {title}
    };
    let state = view! {
        <span class=class>{state}</span>
        <small>{then}</small>
    };
    let cells = vec![
        cell(screen.stamp(row.created_at)),
        cell(row.channel.clone()),
        cell(row.recipient.clone()),
        classed_cell("detail", what),
        cell(state),
        classed_cell("number", row.attempts.to_string()),
        classed_cell("detail", row.error.clone()),
    ];
    line(false, cells)
}
