//! A folder with people in it.

use std::path::Path;

use egret_people::{Actor, AuditFilter, Opened, People, Settings, Visit};
use egret_shared::access::{Grant, Role};
use egret_shared::people::{AuditRow, FirstStart, NewUser, SignIn, UserRow};
use egret_shared::time::{Span, TimeMs};

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const START: TimeMs = TimeMs(1_782_079_500_000);
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The time so many milliseconds after the start.
pub(crate) fn at(ms: i64) -> TimeMs {
    START.plus(Span(ms))
}

pub(crate) struct World {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) people: People,
}

impl World {
    /// Nobody yet.
    pub(crate) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let people = open(folder.path());
        Self { folder, people }
    }

    /// With the first admin, `lin`, signed in.
    pub(crate) fn with_admin() -> (Self, Opened) {
        let world = Self::empty();
        let start = FirstStart {
            code: world.people.first_code().unwrap(),
            name: "Lin".to_owned(),
            password: PASSWORD.to_owned(),
        };
        let opened = world.people.first_start(&visit(), &start, START).unwrap();
        (world, opened)
    }

    /// Adds somebody who looks.
    pub(crate) fn add(&self, name: &str) -> UserRow {
        let new = new_user(name, Some(PASSWORD), vec![Grant::whole(Role::Viewer)]);
        self.people.add_user(&admin(), &new, START).unwrap()
    }

    pub(crate) fn sign_in(&self, name: &str, now: TimeMs) -> Opened {
        let form = form(name, PASSWORD);
        self.people.sign_in(&visit(), &form, None, now).unwrap()
    }

    /// The newest lines of the trail.
    pub(crate) fn lines(&self, limit: usize) -> Vec<AuditRow> {
        let filter = AuditFilter {
            limit,
            ..AuditFilter::default()
        };
        self.people.audit(&filter).unwrap()
    }

    /// The newest line.
    pub(crate) fn line(&self) -> AuditRow {
        self.lines(1).remove(0)
    }

    /// The same folder, as after a restart.
    pub(crate) fn restarted(self) -> Self {
        let Self { folder, people } = self;
        drop(people);
        let people = open(folder.path());
        Self { folder, people }
    }
}

pub(crate) fn open(folder: &Path) -> People {
    People::open(folder, Settings::default(), START).unwrap()
}

pub(crate) fn visit() -> Visit {
    visit_from("10.0.0.1")
}

pub(crate) fn visit_from(address: &str) -> Visit {
    Visit::new(address.parse().unwrap(), "Browser/1")
}

/// An admin, as the audit trail names one.
pub(crate) fn admin() -> Actor {
    Actor::console()
}

pub(crate) fn form(name: &str, password: &str) -> SignIn {
    SignIn {
        name: name.to_owned(),
        password: password.to_owned(),
    }
}

pub(crate) fn new_user(name: &str, password: Option<&str>, grants: Vec<Grant>) -> NewUser {
    NewUser {
        name: name.to_owned(),
        display: String::new(),
        password: password.map(str::to_owned),
        grants,
    }
}
