//! The rules of `docs/access.md`, written down once more as plainly as can be: what the server
//! does is compared with this, and nothing here is taken from it.

use std::fmt;

use serde_json::{Value, json};

use super::label::{Class, Label, Marker, Place};

/// Every role.
pub const ROLES: [&str; 8] = [
    "viewer",
    "officer",
    "dispatcher",
    "lead",
    "handler",
    "steward",
    "auditor",
    "admin",
];

/// A role over areas, departments and up to a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// What it allows.
    pub role: &'static str,
    /// Where; `None` for everywhere.
    pub areas: Option<Vec<Place>>,
    /// Whose; `None` for everybody's.
    pub departments: Option<Vec<&'static str>>,
    /// Classified no higher than this.
    pub class: Class,
}

/// What a role may be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// To see rows.
    See,
    /// To work incidents.
    Work,
    /// To have actuators do something.
    Actuate,
    /// Raw messages and quarantine.
    Raw,
    /// To send events.
    Send,
    /// To be shown personal data.
    Personal,
    /// To erase persons.
    Erase,
    /// The server's own measurements.
    Measure,
    /// The audit trail.
    Audit,
    /// To manage people.
    Manage,
}

/// Somebody with grants.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Reader {
    /// What they may do.
    pub grants: Vec<Grant>,
}

impl Grant {
    /// `role` over everything.
    pub fn whole(role: &'static str) -> Self {
        Self {
            role,
            areas: None,
            departments: None,
            class: Class::Sensitive,
        }
    }

    /// `role` in these areas, over these departments, up to a class; none named is all.
    pub fn of(
        role: &'static str,
        areas: &[Place],
        departments: &[&'static str],
        class: Class,
    ) -> Self {
        Self {
            role,
            areas: (!areas.is_empty()).then(|| areas.to_vec()),
            departments: (!departments.is_empty()).then(|| departments.to_vec()),
            class,
        }
    }

    /// Whether the grant's role gives this right.
    pub fn gives(&self, right: Right) -> bool {
        match right {
            Right::See => self.role != "auditor",
            Right::Raw | Right::Send | Right::Measure => ["steward", "admin"].contains(&self.role),
            Right::Work | Right::Personal => {
                ["officer", "dispatcher", "lead", "handler"].contains(&self.role)
            }
            Right::Actuate => ["dispatcher", "lead"].contains(&self.role),
            Right::Erase => self.role == "steward",
            Right::Audit => ["auditor", "admin"].contains(&self.role),
            Right::Manage => self.role == "admin",
        }
    }

    /// Whether the grant covers every area of the city.
    pub fn is_everywhere(&self) -> bool {
        self.areas
            .as_ref()
            .is_none_or(|areas| areas.contains(&Place::C))
    }

    /// Whether the grant is over everything.
    pub fn is_whole(&self) -> bool {
        self.is_everywhere() && self.departments.is_none() && self.class == Class::Sensitive
    }

    /// Whether it reaches this place: one of its areas holds it.
    pub fn reaches(&self, place: Place) -> bool {
        let Some(areas) = &self.areas else {
            return true;
        };
        place.line().iter().any(|area| areas.contains(area))
    }

    /// Whether it covers all of these departments.
    pub fn covers_departments(&self, departments: &[&str]) -> bool {
        let Some(granted) = &self.departments else {
            return true;
        };
        departments.iter().all(|one| granted.contains(one))
    }

    /// Whether it covers the label on every side.
    pub fn covers(&self, label: &Label) -> bool {
        label.counts_for().is_none_or(|place| self.reaches(place))
            && self.covers_departments(&label.departments)
            && label.class <= self.class
    }
}

/// As `egret token add --grant` takes it.
impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |names: Option<Vec<String>>| match names {
            Some(names) => names.join(","),
            None => "*".to_owned(),
        };
        let codes = |areas: &Vec<Place>| areas.iter().map(|area| area.code()).collect();
        let owned = |ids: &Vec<&str>| ids.iter().map(|&id| id.to_owned()).collect();
        let areas = listed(self.areas.as_ref().map(codes));
        let departments = listed(self.departments.as_ref().map(owned));
        write!(
            f,
            "{}:{areas}:{departments}:{}",
            self.role,
            self.class.word()
        )
    }
}

impl Reader {
    /// Somebody with these grants.
    pub fn new(grants: &[Grant]) -> Self {
        Self {
            grants: grants.to_vec(),
        }
    }

    /// As `POST /api/v1/admin/tokens` takes them.
    pub fn json(&self) -> Value {
        let scope = |names: Option<Vec<String>>| match names {
            Some(names) => json!({ "only": names }),
            None => json!("all"),
        };
        let grants = self.grants.iter().map(|grant| {
            let areas = grant.areas.as_ref();
            let departments = grant.departments.as_ref();
            json!({
                "role": grant.role,
                "areas": scope(areas.map(|all| all.iter().map(|area| area.code()).collect())),
                "departments": scope(departments.map(|all| {
                    all.iter().map(|&id| id.to_owned()).collect()
                })),
                "up_to": grant.class.word(),
            })
        });
        Value::Array(grants.collect())
    }

    /// Whether any grant gives this right, over whatever.
    pub fn has(&self, right: Right) -> bool {
        self.grants.iter().any(|grant| grant.gives(right))
    }

    /// Whether a grant gives this right over everything.
    pub fn has_whole(&self, right: Right) -> bool {
        self.with(right).any(Grant::is_whole)
    }

    /// Whether any single grant gives this right over what has this label.
    pub fn may(&self, right: Right, label: &Label) -> bool {
        self.with(right).any(|grant| grant.covers(label))
    }

    /// Whether they may see what has this label.
    pub fn sees(&self, label: &Label) -> bool {
        self.may(Right::See, label)
    }

    /// Whether they may know of an area: what is granted, all that it holds, and all that hold it.
    pub fn knows(&self, area: Place) -> bool {
        let holds = |grant: &Grant| {
            let granted = grant.areas.iter().flatten();
            granted.clone().any(|one| one.line().contains(&area))
        };
        self.with(Right::See)
            .any(|grant| grant.reaches(area) || holds(grant))
    }

    /// Whether a marker may turn up in what they are told.
    pub fn may_read(&self, marker: &Marker, label_of_value: impl Fn(usize) -> Label) -> bool {
        match marker {
            Marker::Row(_, label) => self.sees(label),
            Marker::Area(place) => self.knows(*place),
            Marker::Value(number) => self.sees(&label_of_value(*number)),
            // Nobody is shown a person but where they ask for one by name.
            Marker::Person(..) => false,
        }
    }

    /// The grants that give this right.
    pub fn with(&self, right: Right) -> impl Iterator<Item = &Grant> {
        self.grants.iter().filter(move |grant| grant.gives(right))
    }
}

/// Every grant, one after the other.
impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let grants: Vec<_> = self.grants.iter().map(Grant::to_string).collect();
        f.write_str(&grants.join(" + "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(department: &'static str, class: Class, place: Place) -> Label {
        Label::of(department, class).at(place)
    }

    #[test]
    fn one_grant_must_cover_a_row_on_every_side() {
        let reader = Reader::new(&[
            Grant::of("viewer", &[Place::W], &["water"], Class::Internal),
            Grant::of("viewer", &[Place::E], &["police"], Class::Sensitive),
        ]);
        assert!(reader.sees(&label("water", Class::Public, Place::W2)));
        assert!(reader.sees(&label("police", Class::Sensitive, Place::E)));
        // Each side is covered by some grant, but by no single one.
        assert!(!reader.sees(&label("water", Class::Sensitive, Place::W1)));
        assert!(!reader.sees(&label("water", Class::Internal, Place::E1)));
        assert!(!reader.sees(&label("police", Class::Public, Place::W1)));
        assert!(!reader.sees(&label("water", Class::Public, Place::C)));
        // It counts for its department's area, which is the city.
        assert!(!reader.sees(&label("water", Class::Public, Place::N)));
        assert!(!reader.sees(&label("west", Class::Public, Place::N)));
        let both = Label::shared(&["water", "police"], Class::Public).at(Place::E);
        assert!(!reader.sees(&both));
        assert!(reader.knows(Place::C) && reader.knows(Place::E2));
    }

    #[test]
    fn a_grant_for_the_root_is_for_the_whole_city_and_its_totals() {
        let reader = Reader::new(&[Grant::of("viewer", &[Place::C], &[], Class::Public)]);
        for place in Place::AREAS.into_iter().chain([Place::N]) {
            assert!(reader.sees(&label("west", Class::Public, place)), "{place}");
        }
        let west = Grant::of("lead", &[Place::W], &["water"], Class::Internal);
        assert_eq!(west.to_string(), "lead:ma_W:water:internal");
        assert!(!Reader::new(&[west]).knows(Place::E));
    }
}
