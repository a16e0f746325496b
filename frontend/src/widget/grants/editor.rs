//! The form that makes grants: for each a role, areas, departments and a class, and below it in
//! words what that comes to.

use leptos::prelude::*;

use egret_shared::access::{Grant, Role, Scope};
use egret_shared::id::DepartmentId;
use egret_shared::package::city::Classification;

use crate::i18n::Phrase;
use crate::i18n::admin::Admin;
use crate::i18n::grant as words;
use crate::screen::screen;
use crate::widget::form::{button, choice, fault_line};

use super::picks::{Chosen, all_or_some, boxes};
use super::{areas, sentence};

/// Every class, the most open first.
const CLASSES: [Classification; 3] = [
    Classification::Public,
    Classification::Internal,
    Classification::Sensitive,
];

/// A grant that is being made.
#[derive(Clone)]
struct Draft {
    number: u32,
    grant: ArcRwSignal<Grant>,
}

/// The form. A copy is a handle to the same.
#[derive(Clone, Copy)]
pub(crate) struct GrantEditor {
    drafts: RwSignal<Vec<Draft>>,
    next: StoredValue<u32>,
    fault: RwSignal<Option<Phrase>>,
    /// Whether there has to be one at least.
    needs_one: bool,
}

impl GrantEditor {
    /// The form with these grants in it.
    pub(crate) fn new(grants: &[Grant]) -> Self {
        let editor = Self {
            drafts: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
            fault: RwSignal::new(None),
            needs_one: false,
        };
        for grant in grants {
            editor.add(grant.clone());
        }
        editor
    }

    /// The same, where nothing at all would make no sense.
    pub(crate) fn needing_one(self) -> Self {
        Self {
            needs_one: true,
            ..self
        }
    }

    fn add(self, grant: Grant) {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        let grant = ArcRwSignal::new(grant);
        self.drafts
            .update(|drafts| drafts.push(Draft { number, grant }));
        self.fault.set(None);
    }

    fn remove(self, number: u32) {
        self.drafts
            .update(|drafts| drafts.retain(|draft| draft.number != number));
        self.fault.set(None);
    }

    /// What has been made.
    pub(crate) fn grants(self) -> Vec<Grant> {
        let drafts = self.drafts.read_untracked();
        drafts
            .iter()
            .map(|draft| draft.grant.get_untracked())
            .collect()
    }

    /// Whether it makes sense; else it says what is missing.
    pub(crate) fn is_good(self) -> bool {
        let grants = self.grants();
        let none = (self.needs_one && grants.is_empty()).then_some(Admin::PickGrant);
        let fault = none.or_else(|| grants.iter().find_map(missing));
        self.fault.set(fault.map(Phrase::from));
        fault.is_none()
    }

    /// The form.
    pub(crate) fn view(self) -> AnyView {
        let screen = screen();
        let none = move || {
            let shows = self.drafts.read().is_empty() && self.fault.read().is_none();
            shows.then(|| screen.word(Admin::NoGrantYet))
        };
        view! {
            <fieldset class="grants">
                <legend>{move || screen.word(Admin::Grants)}</legend>
                <For
                    each=move || self.drafts.get()
                    key=|draft| draft.number
                    children=move |draft| self.draft(draft.number, RwSignal::from(draft.grant))
                />
                {fault_line(self.fault.into())}
                <p class="field-hint">{none}</p>
                {button("", Admin::AddGrant, move || self.add(modest()))}
            </fieldset>
        }
        .into_any()
    }

    fn draft(self, number: u32, grant: RwSignal<Grant>) -> AnyView {
        let screen = screen();
        Effect::new(move || {
            grant.track();
            self.fault.set(None);
        });
        let role = Memo::new(move |_| grant.read().role);
        let roles = move || {
            let language = screen.language.get();
            Role::ALL
                .map(|role| {
                    (
                        role.as_str().to_owned(),
                        words::role(role, language).to_owned(),
                    )
                })
                .to_vec()
        };
        let choose_role = move |word: String| {
            if let Some(role) = Role::from_word(&word) {
                grant.update(|grant| *grant = with_role(grant, role));
            }
        };
        let sides = move || {
            if role.get().is_whole() {
                return view! { <p class="field-hint">{screen.word(Admin::WholeOnly)}</p> }
                    .into_any();
            }
            sides(grant)
        };
        let chosen = Signal::derive(move || role.get().as_str().to_owned());
        view! {
            <div class="grant" role="group" aria-label=move || screen.word(Admin::GrantOf)>
                <div class="grant-head">
                    {choice(Admin::Role, roles, chosen, choose_role)}
                    {button("quiet", Admin::RemoveGrant, move || self.remove(number))}
                </div>
                {sides}
                <p class="grant-sentence">{move || sentence(screen, &grant.read())}</p>
            </div>
        }
        .into_any()
    }
}

/// Areas, departments and class of a grant that can be narrowed.
fn sides(grant: RwSignal<Grant>) -> AnyView {
    let screen = screen();
    let all_areas = Memo::new(move |_| grant.read().areas.is_all());
    let choose_areas = move |to_all: bool| grant.update(|grant| grant.areas = scope(to_all));
    let all_departments = Memo::new(move |_| grant.read().departments.is_all());
    let choose_departments =
        move |to_all: bool| grant.update(|grant| grant.departments = scope(to_all));
    let chosen = Signal::derive(move || departments_chosen(&grant.read()));
    let departments = move || {
        let catalog = screen.store.catalog.read();
        let departments = catalog.iter().flat_map(|catalog| &catalog.departments);
        let named = departments.map(|def| (def.id.to_string(), screen.text(&def.name)));
        named.collect()
    };
    let choose = Callback::new(move |chosen: Chosen| {
        let named = chosen.named().iter().map(DepartmentId::new).collect();
        grant.update(|grant| grant.departments = Scope::Only(named));
    });
    let class = Signal::derive(move || class_word(grant.read().up_to).to_owned());
    let classes = move || {
        let language = screen.language.get();
        CLASSES
            .map(|class| {
                let name = words::class(class, language);
                (class_word(class).to_owned(), name.to_owned())
            })
            .to_vec()
    };
    let choose_class = move |word: String| {
        if let Some(class) = CLASSES.into_iter().find(|class| class_word(*class) == word) {
            grant.update(|grant| grant.up_to = class);
        }
    };
    view! {
        <div class="sides">
            {all_or_some(
                Admin::Areas,
                [Admin::AllAreas.into(), Admin::SomeAreas.into()],
                all_areas.into(),
                choose_areas,
                move || areas::tree(grant),
            )}
            {all_or_some(
                Admin::Departments,
                [Admin::AllDepartments.into(), Admin::SomeDepartments.into()],
                all_departments.into(),
                choose_departments,
                move || boxes(departments, chosen, choose),
            )}
            {choice(Admin::UpTo, classes, class, choose_class)}
        </div>
    }
    .into_any()
}

fn scope<T>(to_all: bool) -> Scope<T> {
    if to_all {
        Scope::All
    } else {
        Scope::Only(Vec::new())
    }
}

fn departments_chosen(grant: &Grant) -> Chosen {
    Scope::Only(
        grant
            .departments
            .named()
            .iter()
            .map(ToString::to_string)
            .collect(),
    )
}

/// What somebody new gets unless more is chosen.
fn modest() -> Grant {
    Grant {
        up_to: Classification::Internal,
        ..Grant::whole(Role::Viewer)
    }
}

/// The grant with another role: of everything where the role cannot be narrowed, and no longer
/// of what is sensitive where one comes from such a role.
fn with_role(grant: &Grant, role: Role) -> Grant {
    match (grant.role.is_whole(), role.is_whole()) {
        (_, true) => Grant::whole(role),
        (true, false) => Grant { role, ..modest() },
        (false, false) => Grant {
            role,
            ..grant.clone()
        },
    }
}

/// What a grant lacks to mean anything.
fn missing(grant: &Grant) -> Option<Admin> {
    let is_none = |all: bool, n: usize| !all && n == 0;
    if is_none(grant.areas.is_all(), grant.areas.named().len()) {
        return Some(Admin::PickArea);
    }
    let departments = &grant.departments;
    is_none(departments.is_all(), departments.named().len()).then_some(Admin::PickDepartment)
}

/// A class' word, as in JSON.
fn class_word(class: Classification) -> &'static str {
    match class {
        Classification::Public => "public",
        Classification::Internal => "internal",
        Classification::Sensitive => "sensitive",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_for_everything_widens_a_grant_and_leaving_it_narrows_again() {
        let narrow = Grant {
            areas: Scope::Only(vec!["1".into()]),
            ..modest()
        };
        let admin = with_role(&narrow, Role::Admin);
        assert_eq!(admin, Grant::whole(Role::Admin));
        assert_eq!(admin.mistake(), None);
        let viewer = with_role(&admin, Role::Viewer);
        assert_eq!(viewer, modest());
        assert_eq!(with_role(&narrow, Role::Lead).areas, narrow.areas);
    }

    #[test]
    fn a_grant_that_names_nothing_says_what_is_missing() {
        let mut grant = modest();
        assert_eq!(missing(&grant), None);
        grant.departments = scope(false);
        assert_eq!(missing(&grant), Some(Admin::PickDepartment));
        grant.areas = scope(false);
        assert_eq!(missing(&grant), Some(Admin::PickArea));
        assert!(grant.mistake().is_some());
    }
}
