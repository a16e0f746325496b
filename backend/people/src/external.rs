//! Signing in by the city's single sign-on, which has named somebody.

use egret_shared::access::Grant;
use egret_shared::people::Kind;
use egret_shared::time::TimeMs;
use rusqlite::Transaction;

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::known;
use crate::limits::{DISPLAY_CHARS_MAX, NAME_CHARS_MAX, SUBJECT_BYTES_MAX};
use crate::people::People;
use crate::principal::{Actor, Opened, Visit, plain};
use crate::secret;
use crate::state::{State, User};
use crate::throttle::SIGN_IN;
use crate::users;

/// Whom single sign-on names.
#[derive(Clone, Debug)]
pub struct External {
    /// Who says so.
    pub issuer: String,
    /// Who that is to the issuer: with it, the account's key.
    pub subject: String,
    /// The name for a new account; cut to 64 characters.
    pub name: String,
    /// What people call it; cut to 128 characters. If empty, what it was, or the name.
    pub display: String,
    /// What it may do, if the issuer says.
    pub grants: Option<Vec<Grant>>,
}

impl People {
    /// Signs somebody in whom the city's single sign-on has named. Somebody new is made an account
    /// with `grants`, or none; one that an admin made for single sign-on under this name is taken.
    /// `grants` that are given replace those of the account at each sign-in.
    ///
    /// # Errors
    /// [`Refused::BadCredentials`] if the account is disabled; [`Refused::Invalid`]; or
    /// [`Refused::Missing`] while there is no account, for the first one is an admin's.
    pub fn sign_in_external(
        &self,
        visit: &Visit,
        external: &External,
        now: TimeMs,
    ) -> Result<Opened, Refused> {
        let external = external.plain();
        external.check()?;
        let actor = Actor::anonymous(visit, &external.name);
        let line = Line::new(&actor, SIGN_IN, "", now);
        let denied = line.clone();
        let result = self.write(line, |transaction, state, line| {
            let id = external.user(transaction, state, line, now)?;
            line.kind = Kind::User;
            line.actor.clone_from(&id);
            let begun = self.let_in(transaction, state, &id, visit, now)?;
            Ok((id, begun))
        });
        match result {
            Ok((id, begun)) => self.opened(begun, Some(known::value(&self.0.key, &id)?)),
            Err(refused @ Refused::BadCredentials) => {
                self.note_denied(visit, denied.detail("single sign-on; disabled"))?;
                Err(refused)
            }
            Err(refused) => Err(refused),
        }
    }
}

impl External {
    /// The same without what no name can have.
    fn plain(&self) -> Self {
        let plain = |text: &str, chars_max| plain(text.trim(), chars_max).trim().to_owned();
        Self {
            name: plain(&self.name, NAME_CHARS_MAX),
            display: plain(&self.display, DISPLAY_CHARS_MAX),
            ..self.clone()
        }
    }

    fn check(&self) -> Result<(), Refused> {
        check::name("name", &self.name)?;
        if let Some(grants) = &self.grants {
            check::grants(grants)?;
        }
        for (field, text) in [("issuer", &self.issuer), ("subject", &self.subject)] {
            if text.is_empty() || text.len() > SUBJECT_BYTES_MAX {
                return Err(Refused::Invalid(format!(
                    "{field}: has {} bytes: 1 to {SUBJECT_BYTES_MAX} are taken",
                    text.len()
                )));
            }
        }
        Ok(())
    }

    /// The account's id; made or changed as it has to be.
    fn user(
        &self,
        transaction: &Transaction<'_>,
        state: &State,
        line: &mut Line,
        now: TimeMs,
    ) -> Result<String, Refused> {
        if state.users.is_empty() {
            return Err(Refused::Missing(
                "account yet: make the first admin with the code that the server printed"
                    .to_owned(),
            ));
        }
        "single sign-on".clone_into(&mut line.detail);
        let is_this = |user: &User| {
            user.subject
                .as_ref()
                .is_some_and(|(issuer, subject)| *issuer == self.issuer && *subject == self.subject)
        };
        let known = state.users.iter().find(|(_, user)| is_this(user));
        let made = || {
            state.user_named(&self.name).filter(|(_, user)| {
                // An admin made it for single sign-on, and nobody has come for it yet.
                user.password.is_none() && user.subject.is_none()
            })
        };
        let Some((id, user)) = known.map(|(id, user)| (id.as_str(), user)).or_else(made) else {
            return self.add(transaction, state, line, now);
        };
        if user.disabled {
            return Err(Refused::BadCredentials);
        }
        let mut changed = user.clone();
        changed.subject = Some((self.issuer.clone(), self.subject.clone()));
        if !self.display.is_empty() {
            changed.display.clone_from(&self.display);
        }
        if let Some(grants) = &self.grants {
            changed.grants.clone_from(grants);
            if user.is_admin() && !changed.is_admin() && !state.has_admin_beside(id) {
                changed.grants.clone_from(&user.grants);
                line.say("keeps its grants as the last admin");
            }
        }
        if changed.grants != user.grants {
            let grants = check::json("grants", &changed.grants)?;
            line.say(&format!("grants {grants}"));
        }
        users::update(transaction, id, &changed)?;
        line.name.clone_from(&changed.name);
        Ok(id.to_owned())
    }

    /// Makes an account. A name that somebody else has gets a number: a name alone makes nobody
    /// the same person.
    fn add(
        &self,
        transaction: &Transaction<'_>,
        state: &State,
        line: &mut Line,
        now: TimeMs,
    ) -> Result<String, Refused> {
        const NUMBERS: std::ops::Range<u32> = 2..100;
        let stem = plain(&self.name, NAME_CHARS_MAX - 3);
        let numbered = NUMBERS.map(|number| format!("{}-{number}", stem.trim()));
        let name = std::iter::once(self.name.clone())
            .chain(numbered)
            .find(|name| state.user_named(name).is_none())
            .ok_or_else(|| Refused::NameTaken(self.name.clone()))?;
        let id = secret::id()?;
        let display = if self.display.is_empty() {
            name.clone()
        } else {
            self.display.clone()
        };
        let user = User {
            name,
            display,
            grants: self.grants.clone().unwrap_or_default(),
            disabled: false,
            password: None,
            must_change: false,
            subject: Some((self.issuer.clone(), self.subject.clone())),
            created_at: now,
            signed_in_at: None,
        };
        users::insert(transaction, state, &id, &user)?;
        let grants = check::json("grants", &user.grants)?;
        line.say(&format!("new account, grants {grants}"));
        line.name.clone_from(&user.name);
        Ok(id)
    }
}
