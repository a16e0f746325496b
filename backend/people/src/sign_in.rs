//! Signing in: the first admin, and by password; and changing one's own password.

use egret_shared::access::{Grant, Role};
use egret_shared::people::{ChangePassword, FirstStart, Kind, Outcome, SignIn};
use egret_shared::time::TimeMs;
use rusqlite::{Transaction, params};

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::first::Tried;
use crate::known;
use crate::limits::NAME_CHARS_MAX;
use crate::password;
use crate::people::People;
use crate::principal::{Actor, Opened, Principal, Visit, plain};
use crate::secret;
use crate::sessions::{self, Begun};
use crate::state::{State, User, compared, lock};
use crate::throttle::{SIGN_IN, Trier};
use crate::users;

impl People {
    /// Makes the first admin, with every right of one, and signs it in.
    ///
    /// # Errors
    /// [`Refused::BadCode`], also once there is an account; [`Refused::Invalid`] for the name;
    /// [`Refused::WeakPassword`].
    pub fn first_start(
        &self,
        visit: &Visit,
        start: &FirstStart,
        now: TimeMs,
    ) -> Result<Opened, Refused> {
        const ACTION: &str = "first_start";
        let name = start.name.trim();
        let tried = lock(&self.0.first).try_code(&start.code);
        if tried != Tried::Right || self.has_account() {
            let claimed = plain(name, NAME_CHARS_MAX);
            if tried == Tried::Wrong {
                // There are few of them before the code is void: each is a line.
                let actor = Actor::anonymous(visit, &claimed);
                let line = Line::new(&actor, ACTION, "", now).detail("wrong code");
                self.note(&line.outcome(Outcome::Denied))?;
            } else {
                self.deny(visit, (&claimed, ACTION, ""), "no code is good", now)?;
            }
            return Err(Refused::BadCode);
        }
        check::name("name", name)?;
        password::check(&start.password, name)?;
        let hash = self.0.passwords.hash(&start.password)?;
        let id = secret::id()?;
        let known = known::value(&self.0.key, &id)?;
        let actor = Actor {
            kind: Kind::User,
            id: id.clone(),
            name: name.to_owned(),
            address: visit.address.to_string(),
        };
        let line = Line::new(&actor, ACTION, &id, now);
        let begun = self.write(line, |transaction, state, _| {
            if !state.users.is_empty() {
                return Err(Refused::BadCode);
            }
            let user = User {
                name: name.to_owned(),
                display: name.to_owned(),
                grants: vec![Grant::whole(Role::Admin)],
                disabled: false,
                password: Some(hash),
                must_change: false,
                subject: None,
                created_at: now,
                signed_in_at: Some(now),
            };
            users::insert(transaction, state, &id, &user)?;
            self.begin_session(transaction, state, (Kind::User, &id), visit, now)
        })?;
        lock(&self.0.first).void();
        self.opened(begun, Some(known))
    }

    /// Signs somebody in by name and password. `known` is the value of the cookie by which the
    /// browser is known, if it has one. Hashes: some 30 ms, and more where many sign in.
    ///
    /// # Errors
    /// [`Refused::BadCredentials`], which never says what was wrong; [`Refused::Locked`];
    /// [`Refused::TooMany`] while too many sign in at once.
    pub fn sign_in(
        &self,
        visit: &Visit,
        form: &SignIn,
        known: Option<&str>,
        now: TimeMs,
    ) -> Result<Opened, Refused> {
        let name = form.name.trim();
        let claimed = plain(name, NAME_CHARS_MAX);
        let state = self.state();
        let (id, user) = state.user_named(name).unzip();
        let id = id.unwrap_or_default();
        let trier = match known {
            Some(known) if !id.is_empty() && known::is_of(&self.0.key, known, id) => {
                Trier::Known(known.to_owned())
            }
            _ => Trier::Stranger(compared(&claimed), visit.network()),
        };
        self.begin_try(&trier, visit, (&claimed, SIGN_IN, id), now)?;
        let hash = user.and_then(|user| user.password.as_deref());
        let is_right = self.tried(&trier, hash, &form.password, now)?;
        let why = match user {
            None => Some("no such name"),
            Some(user) if user.password.is_none() => Some("single sign-on alone"),
            Some(_) if !is_right => Some("wrong password"),
            Some(user) if user.disabled => Some("disabled"),
            Some(_) => None,
        };
        if let Some(why) = why {
            let actor = Actor::anonymous(visit, &claimed);
            let line = Line::new(&actor, SIGN_IN, id, now).detail(why);
            self.note(&line.outcome(Outcome::Denied))?;
            return Err(Refused::BadCredentials);
        }
        let actor = Actor {
            kind: Kind::User,
            id: id.to_owned(),
            name: user.map(|user| user.name.clone()).unwrap_or_default(),
            address: visit.address.to_string(),
        };
        let line = Line::new(&actor, SIGN_IN, "", now).detail("password");
        let begun = self.write(line, |transaction, state, _| {
            // Since the password was looked at, somebody may have changed it.
            let is_same = state
                .users
                .get(id)
                .is_some_and(|user| !user.disabled && user.password.as_deref() == hash);
            if !is_same {
                return Err(Refused::BadCredentials);
            }
            self.let_in(transaction, state, id, visit, now)
        });
        if begun.is_ok() {
            lock(&self.0.throttle).succeeded(&trier, now);
        } else {
            lock(&self.0.throttle).undone(&trier, now);
        }
        self.opened(begun?, Some(known::value(&self.0.key, id)?))
    }

    /// Changes the own password and ends the other sessions. Hashes twice.
    ///
    /// # Errors
    /// [`Refused::BadCredentials`] if the old one is wrong, [`Refused::Locked`] after ten times;
    /// [`Refused::WeakPassword`]; [`Refused::Invalid`] for whoever has no password.
    pub fn change_password(
        &self,
        principal: &Principal,
        visit: &Visit,
        form: &ChangePassword,
        now: TimeMs,
    ) -> Result<(), Refused> {
        const ACTION: &str = "password.change";
        let state = self.state();
        let user = state.users.get(&principal.id);
        let hash = user
            .filter(|_| principal.kind == Kind::User)
            .and_then(|user| user.password.as_deref())
            .ok_or_else(|| {
                Refused::Invalid(format!(
                    "\"{}\" signs in without a password",
                    principal.name
                ))
            })?;
        let id = principal.id.as_str();
        let actor = Actor::from((principal, visit));
        let trier = Trier::Known(format!("user {id}"));
        self.begin_try(&trier, visit, (&principal.name, ACTION, id), now)?;
        if !self.tried(&trier, Some(hash), &form.old, now)? {
            let line = Line::new(&actor, ACTION, id, now).detail("wrong old password");
            self.note(&line.outcome(Outcome::Denied))?;
            return Err(Refused::BadCredentials);
        }
        lock(&self.0.throttle).succeeded(&trier, now);
        password::check(&form.new, &principal.name)?;
        if form.new == form.old {
            let why = "the new password is the old one: take another";
            return Err(Refused::WeakPassword(why.to_owned()));
        }
        let new = self.0.passwords.hash(&form.new)?;
        self.write(Line::new(&actor, ACTION, id, now), |transaction, _, _| {
            let n_changed = transaction.execute(
                "UPDATE user SET password = ?2, must_change = 0 WHERE id = ?1 AND password = ?3",
                params![id, new, hash],
            )?;
            if n_changed == 0 {
                return Err(Refused::BadCredentials);
            }
            let own = principal.session.as_deref();
            sessions::remove_all(transaction, (Kind::User, id), own)?;
            Ok(())
        })
    }

    /// Counts a try, or refuses it with a line now and then.
    fn begin_try(
        &self,
        trier: &Trier,
        visit: &Visit,
        what: (&str, &str, &str),
        now: TimeMs,
    ) -> Result<(), Refused> {
        let begun = lock(&self.0.throttle).begin(trier, now);
        if let Err(retry_after_s) = begun {
            self.deny(visit, what, "locked", now)?;
            return Err(Refused::Locked { retry_after_s });
        }
        Ok(())
    }

    /// Whether the password is right. A try that could not be looked at does not count.
    fn tried(
        &self,
        trier: &Trier,
        hash: Option<&str>,
        password: &str,
        now: TimeMs,
    ) -> Result<bool, Refused> {
        let is_known = matches!(trier, Trier::Known(_));
        let result = self.0.passwords.is_right(hash, password, is_known);
        if result.is_err() {
            lock(&self.0.throttle).undone(trier, now);
        }
        result
    }

    /// Writes that somebody signs in, and the session.
    pub(crate) fn let_in(
        &self,
        transaction: &Transaction<'_>,
        state: &State,
        id: &str,
        visit: &Visit,
        now: TimeMs,
    ) -> Result<Begun, Refused> {
        transaction.execute(
            "UPDATE user SET signed_in_at = ?2 WHERE id = ?1",
            params![id, now.0],
        )?;
        self.begin_session(transaction, state, (Kind::User, id), visit, now)
    }
}
