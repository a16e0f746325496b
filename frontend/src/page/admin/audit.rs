//! `/admin/audit`: who did what, newest first; whether the trail is whole; and the way to take it
//! along.

use leptos::prelude::*;

use egret_shared::people::{AuditRow, Outcome, Verified};

use crate::api::admin::AuditQuery;
use crate::i18n::admin::{Admin as Word, kind_word, outcome_word};
use crate::i18n::audit::{action_named, action_words};
use crate::page::listed::{cell, classed_cell, code, line, name_cell};
use crate::page::paged::Paged;
use crate::screen::{Screen, screen};
use crate::widget::form::{Field, Form, Kind, choice};
use crate::{api, format};

use super::part;

const COLUMNS: [Word; 7] = [
    Word::Time,
    Word::Who,
    Word::From,
    Word::Action,
    Word::Target,
    Word::Outcome,
    Word::Detail,
];

/// The lines that have been asked for so far.
type Trail = Paged<AuditQuery, AuditRow>;

/// The page.
pub(super) fn page() -> AnyView {
    let screen = screen();
    let query = RwSignal::new(AuditQuery::default());
    let trail = Trail::new(
        move || query.get_untracked(),
        |query: AuditQuery, cursor: Option<String>| async move {
            api::admin::audit(&query, cursor.as_deref()).await
        },
    );
    let content = view! {
        {filters(screen, query, trail)}
        {trail.view(&COLUMNS, Word::NoLines, move |row| audit_line(screen, row))}
    };
    part(Word::Audit, verification(screen), content.into_any())
}

/// The fields that narrow the trail down, and the link that exports the same time.
fn filters(screen: Screen, query: RwSignal<AuditQuery>, trail: Trail) -> AnyView {
    let search = Field::new(Word::Search).of(Kind::Search);
    let action = Field::new(Word::Action);
    let from = Field::new(Word::From).of(Kind::Moment);
    let to = Field::new(Word::To).of(Kind::Moment);
    let outcome = RwSignal::new(String::new());
    let outcomes = move || {
        let any = (String::new(), screen.word(Word::AnyOutcome).to_owned());
        let known = [Outcome::Done, Outcome::Denied, Outcome::Failed];
        let known = known.map(|outcome| {
            let word = screen.word(outcome_word(outcome));
            (outcome.as_str().to_owned(), word.to_owned())
        });
        [any].into_iter().chain(known).collect()
    };
    let moment = move |text: &str| {
        let at = format::from_field(text, screen.zone_ms.get());
        at.map_or_else(String::new, |at| at.to_string())
    };
    let submit = move |event: web_sys::SubmitEvent| {
        event.prevent_default();
        let (from, to) = untrack(|| (moment(&from.text()), moment(&to.text())));
        let language = screen.language.get_untracked();
        query.set(AuditQuery {
            filters: vec![
                ("q", search.text()),
                ("action", action_named(&action.text(), language)),
                ("outcome", outcome.get_untracked()),
                ("from", from),
                ("to", to),
            ],
        });
        trail.load();
    };
    let export = move || {
        let times = [("from", from.value.get()), ("to", to.value.get())];
        let set = times.map(|(name, text)| (name, moment(&text)));
        let set = set.iter().filter(|(_, at)| !at.is_empty());
        let query: Vec<String> = set.map(|(name, at)| format!("{name}={at}")).collect();
        format!("/api/v1/audit/export?{}", query.join("&"))
    };
    let choose = move |word: String| outcome.set(word);
    view! {
        <form class="filters" role="search" on:submit=submit>
            {search.view()}
            {action.view()}
            {choice(Word::Outcome, outcomes, outcome.into(), choose)}
            {from.view()}
            {to.view()}
            {trail.form.submit(Word::Apply)}
            <a class="button" href=export download="egret-audit.ndjson">
                {move || screen.word(Word::Export)}
            </a>
        </form>
    }
    .into_any()
}

/// The button that has the trail verified, and what came of it.
fn verification(screen: Screen) -> AnyView {
    let form = Form::new();
    let found = RwSignal::new(None::<Verified>);
    let verify = move || {
        found.set(None);
        form.send(api::admin::verify(), move |verified| {
            found.set(Some(verified));
        });
    };
    let words = move || {
        if form.busy.get() {
            return view! { <span>{screen.word(Word::Verifying)}</span> }.into_any();
        }
        let Some(verified) = found.get() else {
            return ().into_any();
        };
        let class = if verified.fault.is_some() {
            "warning"
        } else {
            "good"
        };
        view! { <span class=class>{verdict(&verified, screen.language.get())}</span> }.into_any()
    };
    view! {
        <p class="verdict" role="status">
            {words}
        </p>
        {form.failure()}
        {form.button("main-button", Word::Verify, verify)}
    }
    .into_any()
}

/// Whether the trail is whole, in a sentence.
fn verdict(verified: &Verified, language: egret_shared::text::Language) -> String {
    use egret_shared::text::Language;
    let Verified { lines, head, fault } = verified;
    match (fault, language) {
        (None, Language::Zh) => format!("完整：{lines} 条记录，链头 {head}"),
        (None, Language::En) => format!("Whole: {lines} lines, head {head}"),
        (Some(fault), Language::Zh) => format!("不完整：{fault}"),
        (Some(fault), Language::En) => format!("Not whole: {fault}"),
    }
}

/// An action as people call it, with the server's name of it beside; what has no words stays raw.
fn action_view(screen: Screen, action: &str) -> AnyView {
    match action_words(action, screen.language.get()) {
        Some(words) => {
            let name = action.to_owned();
            view! { <span title=name>{words}</span> }.into_any()
        }
        None => code(action),
    }
}

fn audit_line(screen: Screen, row: &AuditRow) -> AnyView {
    let class = match row.outcome {
        Outcome::Done => "",
        Outcome::Denied | Outcome::Failed => "warning",
    };
    let name = name_cell(
        row.name.clone().into_any(),
        screen.word(kind_word(row.kind)),
        "",
    );
    let cells = vec![
        // The seal, to be compared with one that was written down.
        cell(
            view! { <span title=format!("#{} · {}", row.seq, row.seal)>{screen.stamp(row.at)}</span> },
        ),
        name,
        cell(row.address.clone()),
        cell(action_view(screen, &row.action)),
        cell(row.target.clone()),
        cell(view! { <span class=class>{screen.word(outcome_word(row.outcome))}</span> }),
        classed_cell("detail", row.detail.clone()),
    ];
    line(false, cells)
}

#[cfg(test)]
mod tests {
    use egret_shared::text::Language;

    use super::*;

    #[test]
    fn a_broken_trail_is_never_called_whole() {
        let whole = Verified {
            lines: 12,
            head: "ab12".into(),
            fault: None,
        };
        assert_eq!(verdict(&whole, Language::En), "Whole: 12 lines, head ab12");
        let broken = Verified {
            fault: Some("line 7 was changed".into()),
            ..whole
        };
        assert_eq!(verdict(&broken, Language::Zh), "不完整：line 7 was changed");
    }
}
