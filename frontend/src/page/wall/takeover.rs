//! The incident that has taken a wall over: what it is, why it is one, who is to do what. The map
//! beside it flies there.

use leptos::prelude::*;

use std::sync::Arc;

use egret_shared::alert::AlertState;
use egret_shared::case::{CheckItem, Dossier};
use egret_shared::catalog::Catalog;
use egret_shared::id::IncidentId;
use egret_shared::incident::{Evidence, Incident};
use egret_shared::level::Level;

use crate::format;
use crate::i18n::case::{Case, state_word};
use crate::i18n::wall::Wall as Word;
use crate::kiosk::kiosk;
use crate::panel::incidents::truth_of;
use crate::screen::{Screen, Spot, screen};
use crate::select;
use crate::select::standing::{Standing, standing};
use crate::store::follow::Sight;
use crate::widget::figure::Said;
use crate::widget::level::{LevelMark, LevelWord, level_class};
use crate::widget::limit::limit_words;
use crate::widget::truth::Basis;

/// How far around an incident the map is lit: the surroundings that one turns to on foot. Metres.
const LIT_M: f64 = 600.0;

/// How many reasons are shown; the file has them all.
const REASONS: usize = 5;

/// How many of the plan's steps are.
const STEPS: usize = 4;

/// The panel, while an incident has the wall.
#[component]
pub(super) fn Takeover() -> impl IntoView {
    let kiosk = kiosk();
    let screen = screen();
    let incident = Memo::new(move |_| kiosk.taken().map(|taken| taken.incident));
    let place = Memo::new(move |_| {
        let id = incident.get()?;
        let incidents = screen.store.incidents.read();
        let found = incidents.iter().find(|one| one.id == id)?;
        found.position
    });
    Effect::new(move || {
        let spot = place.get().map(|position| Spot {
            position,
            radius_m: LIT_M,
        });
        screen.spot.set(spot);
    });
    on_cleanup(move || screen.spot.set(None));
    move || incident.get().map(|id| untrack(|| case(&id)))
}

/// What is known of the incident: of the list at once, of its file as soon as that is here.
#[derive(Clone, Copy)]
struct Taken {
    screen: StoredValue<Screen>,
    catalog: StoredValue<Option<Arc<Catalog>>>,
    dossier: Memo<Option<Arc<Dossier>>>,
    incident: Memo<Option<Arc<Incident>>>,
}

impl Taken {
    fn screen(self) -> Screen {
        self.screen.get_value()
    }

    fn word(self, word: impl crate::i18n::Word) -> &'static str {
        self.screen().word(word)
    }

    fn part<T: PartialEq + Send + Sync + 'static>(
        self,
        of: impl Fn(&Incident) -> T + Send + Sync + 'static,
    ) -> Memo<Option<T>> {
        Memo::new(move |_| self.incident.get().map(|incident| of(&incident)))
    }
}

fn case(id: &IncidentId) -> AnyView {
    let screen = screen();
    let store = screen.store;
    let sight = store.follow_incident(id);
    let dossier = Memo::new(move |_| match sight.get() {
        Sight::Here(dossier) => Some(dossier),
        Sight::Waiting | Sight::Unknown => None,
    });
    let wanted = id.clone();
    let incident = Memo::new(move |_| {
        let of_file = dossier
            .get()
            .map(|dossier| Arc::new(dossier.incident.clone()));
        of_file.or_else(|| {
            let incidents = store.incidents.read();
            incidents.iter().find(|one| one.id == wanted).cloned()
        })
    });
    let taken = Taken {
        screen: StoredValue::new(screen),
        catalog: StoredValue::new(store.catalog.get_untracked()),
        dossier,
        incident,
    };
    let is_known = Memo::new(move |_| incident.read().is_some());
    let level = taken.part(|incident| incident.level);
    let level = move || level.get().unwrap_or(Level::Normal);
    view! {
        <Show when=move || is_known.get()>
            <section
                class=move || format!("takeover {}", level_class(level()))
                aria-live="assertive"
                aria-label=move || taken.word(Word::TakesOver)
            >
                {head(taken)} {evidence(taken)} {departments(taken)} {plan(taken)} {left(taken)}
            </section>
        </Show>
    }
    .into_any()
}

fn head(taken: Taken) -> AnyView {
    let store = taken.screen().store;
    let level = taken.part(|incident| incident.level);
    let level = Signal::derive(move || level.get().unwrap_or(Level::Normal));
    let title = taken.part(|incident| incident.title.clone());
    let state = taken.part(|incident| incident.state);
    let opened_at = taken.part(|incident| incident.opened_at);
    let age = move || opened_at.get().map(|at| taken.screen().age(at));
    let standing = Memo::new(move |_| {
        let incident = taken.incident.read();
        incident
            .as_ref()
            .map(|incident| standing(incident, store.now.get()))
    });
    let late = move || standing.get().is_some_and(Standing::is_overdue);
    let limit = move || {
        let language = taken.screen().language.get();
        standing.get().map(|standing| {
            let (figure, word) = limit_words(standing, language);
            view! {
                <b>{figure}</b>
                " "
                <span>{word}</span>
            }
        })
    };
    let nothing = move || select::Truth::of_count(0, 0, None, store.now.get_untracked());
    let truth = Memo::new(move |_| {
        let alerts = store.alerts.read();
        taken.incident.get().map_or_else(nothing, |incident| {
            truth_of(&select::case_of_incident(&incident, &alerts))
        })
    });
    view! {
        <header>
            <p class="takeover-level">
                <LevelWord level=level />
                <span class="takeover-state">
                    {move || state.get().map(|state| taken.word(state_word(state)))}
                </span>
            </p>
            <h2>
                <Said of="case" truth=truth basis=Basis::Signals>
                    {move || title.get().map(|title| taken.screen().text(&title))}
                </Said>
            </h2>
            <dl class="takeover-times" data-not-measured="">
                <div>
                    <dt>{move || taken.word(Word::OpenFor)}</dt>
                    <dd>{age}</dd>
                </div>
                <div class:late=late>
                    <dt>{move || taken.word(Word::TimeLimit)}</dt>
                    <dd>{limit}</dd>
                </div>
            </dl>
        </header>
    }
    .into_any()
}

fn evidence(taken: Taken) -> AnyView {
    let all = taken.part(|incident| incident.evidence.clone());
    let newest_first = move || {
        let all = all.get().unwrap_or_default();
        all.into_iter().take(REASONS).collect::<Vec<_>>()
    };
    let more = move || {
        let n = all.read().as_ref().map_or(0, Vec::len);
        let more = n.saturating_sub(REASONS);
        (more > 0).then(|| format!("+{more} {}", taken.word(Word::MoreSignals)))
    };
    view! {
        <section class="takeover-part" data-not-measured="">
            <h3>{move || taken.word(Word::Why)}</h3>
            <ol class="takeover-why">
                <For
                    each=newest_first
                    key=|one| (one.alert.clone(), one.because.zh.clone())
                    let:one
                >
                    {reason(taken, &one)}
                </For>
            </ol>
            <p class="takeover-more">{more}</p>
        </section>
    }
    .into_any()
}

fn reason(taken: Taken, one: &Evidence) -> AnyView {
    let alerts = taken.screen().store.alerts;
    let key = one.alert.clone();
    let force = Memo::new(move |_| {
        let alerts = alerts.read();
        let alert = select::alert(&alerts, &key)?;
        Some((alert.level, alert.state == AlertState::Firing))
    });
    let level = Signal::derive(move || force.get().map_or(Level::Normal, |(level, _)| level));
    let in_force = move || force.get().is_some_and(|(_, in_force)| in_force);
    let rule = taken.catalog.with_value(|catalog| {
        let mut rules = catalog.iter().flat_map(|catalog| &catalog.rules.rules);
        let rule = rules.find(|rule| rule.id == one.alert.rule);
        rule.map(|rule| rule.name.clone())
    });
    let id = one.alert.rule.to_string();
    let rule = move || {
        let name = rule.as_ref().map(|name| taken.screen().text(name));
        name.unwrap_or_else(|| id.clone())
    };
    let (because, joined_at) = (one.because.clone(), one.joined_at);
    view! {
        <li class=move || level_class(level.get()) class:faded=move || !in_force()>
            <LevelMark level=level />
            <p>
                <b>{rule}</b>
                <span>{move || taken.screen().text(&because)}</span>
            </p>
            <span class="takeover-age">{move || taken.screen().age(joined_at)}</span>
        </li>
    }
    .into_any()
}

fn departments(taken: Taken) -> AnyView {
    let of = taken.part(|incident| (incident.lead.clone(), incident.support.clone()));
    let name = move |id: &egret_shared::id::DepartmentId| {
        taken.catalog.with_value(|catalog| {
            let name = catalog
                .as_ref()
                .and_then(|catalog| select::department(catalog, id));
            name.map_or_else(|| id.to_string(), |name| taken.screen().text(name))
        })
    };
    let lead = move || {
        let lead = of.get().and_then(|(lead, _)| lead);
        match lead {
            Some(lead) => name(&lead),
            None => taken.word(crate::i18n::Key::Unassigned).to_owned(),
        }
    };
    let support = move || {
        let support = of.get().map(|(_, support)| support).unwrap_or_default();
        let names: Vec<String> = support.iter().map(name).collect();
        (!names.is_empty()).then(|| {
            view! {
                <div>
                    <dt>{taken.word(Case::PartSupport)}</dt>
                    <dd>{names.join(" · ")}</dd>
                </div>
            }
        })
    };
    view! {
        <section class="takeover-part">
            <h3>{move || taken.word(Word::Who)}</h3>
            <dl class="takeover-who">
                <div>
                    <dt>{move || taken.word(Case::PartLead)}</dt>
                    <dd>{lead}</dd>
                </div>
                {support}
            </dl>
        </section>
    }
    .into_any()
}

/// The plan's name, and its first steps that are not done yet.
fn plan(taken: Taken) -> AnyView {
    let plan = taken.part(|incident| incident.plan.clone());
    let name = move || {
        let plan = plan.get().flatten()?;
        taken.catalog.with_value(|catalog| {
            let mut plans = catalog.iter().flat_map(|catalog| &catalog.plans);
            let head = plans.find(|head| head.id == plan)?;
            Some(taken.screen().text(&head.name))
        })
    };
    let steps = Memo::new(move |_| {
        let dossier = taken.dossier.get();
        let items = dossier.map(|dossier| dossier.checklist.clone());
        let open = items.unwrap_or_default().into_iter().enumerate();
        let open = open.filter(|(_, item)| item.done.is_none());
        open.take(STEPS).collect::<Vec<(usize, CheckItem)>>()
    });
    let has_plan = Memo::new(move |_| plan.read().as_ref().is_some_and(Option::is_some));
    view! {
        <Show when=move || has_plan.get()>
            <section class="takeover-part">
                <h3>{move || taken.word(Word::FirstSteps)} <span>{name}</span></h3>
                <ol class="takeover-steps">
                    <For each=move || steps.get() key=|(place, _)| *place let:step>
                        <li value=(step.0 + 1).to_string()>
                            {move || taken.screen().text(&step.1.text)}
                        </li>
                    </For>
                </ol>
            </section>
        </Show>
    }
    .into_any()
}

/// How long it still has the wall.
fn left(taken: Taken) -> AnyView {
    let kiosk = kiosk();
    let now = taken.screen().store.now;
    let left = move || match kiosk.taken()?.until {
        Some(until) => {
            let left_ms = until.since(now.get()).ms().max(0);
            let figure = format::countdown(left_ms);
            Some(format!("{} {figure}", taken.word(Word::GivesBackIn)))
        }
        None => Some(taken.word(Word::PutUpByDesk).to_owned()),
    };
    view! {
        <footer data-not-measured="">
            <span>{left}</span>
            <button type="button" on:click=move |_| kiosk.give_back()>
                {move || taken.word(Word::GiveBack)}
                <kbd>"Esc"</kbd>
            </button>
        </footer>
    }
    .into_any()
}
