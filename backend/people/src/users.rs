//! People, as an admin manages them.

use egret_shared::people::{Kind, NewUser, UserChange, UserRow};
use egret_shared::time::TimeMs;
use rusqlite::{Transaction, params};

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::limits::USERS_MAX;
use crate::password;
use crate::people::People;
use crate::principal::Actor;
use crate::secret;
use crate::sessions;
use crate::state::{State, User, compared};

impl People {
    /// Everybody, by name.
    pub fn users(&self, now: TimeMs) -> Vec<UserRow> {
        let state = self.state();
        let mut n_sessions = std::collections::HashMap::<&str, u32>::new();
        for session in state.sessions.values() {
            if session.principal.kind == Kind::User && !session.is_over(self.0.settings.idle, now) {
                *n_sessions.entry(&session.principal.id).or_default() += 1;
            }
        }
        let mut rows: Vec<UserRow> = state
            .users
            .iter()
            .map(|(id, user)| {
                let n_sessions = n_sessions.get(id.as_str()).copied();
                row(id, user, n_sessions.unwrap_or_default())
            })
            .collect();
        rows.sort_by_cached_key(|row| compared(&row.name));
        rows
    }

    /// Makes an account. One with a password must change it at the first sign-in. Hashes.
    ///
    /// # Errors
    /// [`Refused::NameTaken`], [`Refused::Invalid`], [`Refused::WeakPassword`].
    pub fn add_user(&self, by: &Actor, new: &NewUser, now: TimeMs) -> Result<UserRow, Refused> {
        let name = new.name.trim();
        check::name("name", name)?;
        check::display(new.display.trim())?;
        check::grants(&new.grants)?;
        let password = new.password.as_deref();
        let password = password.map(|password| self.hashed(password, name));
        let display = match new.display.trim() {
            "" => name,
            display => display,
        };
        let user = User {
            name: name.to_owned(),
            display: display.to_owned(),
            grants: new.grants.clone(),
            disabled: false,
            must_change: password.is_some(),
            password: password.transpose()?,
            subject: None,
            created_at: now,
            signed_in_at: None,
        };
        let id = secret::id()?;
        let detail = format!("{}; grants {}", name, check::json("grants", &user.grants)?);
        let line = Line::new(by, "user.add", &id, now).detail(detail);
        self.write(line, |transaction, state, _| {
            insert(transaction, state, &id, &user)
        })?;
        Ok(row(&id, &user, 0))
    }

    /// Changes an account. Disabling it and giving it a password end its sessions. May hash.
    ///
    /// # Errors
    /// [`Refused::Missing`], [`Refused::Invalid`], [`Refused::WeakPassword`],
    /// [`Refused::LastAdmin`].
    pub fn change_user(
        &self,
        by: &Actor,
        id: &str,
        change: &UserChange,
        now: TimeMs,
    ) -> Result<UserRow, Refused> {
        if let Some(display) = &change.display {
            check::display(display.trim())?;
        }
        if let Some(grants) = &change.grants {
            check::grants(grants)?;
        }
        let password = match change.password.as_deref() {
            Some(password) => {
                let state = self.state();
                let user = state.users.get(id).ok_or_else(|| missing(id))?;
                Some(self.hashed(password, &user.name)?)
            }
            None => None,
        };
        let line = Line::new(by, "user.change", id, now);
        self.write(line, |transaction, state, line| {
            let user = state.users.get(id).ok_or_else(|| missing(id))?;
            let changed = changed(user, change, password);
            line.detail = told(user, &changed)?;
            if user.is_admin() && !changed.is_admin() && !state.has_admin_beside(id) {
                return Err(Refused::LastAdmin);
            }
            update(transaction, id, &changed)?;
            if changed.disabled || changed.password != user.password {
                sessions::remove_all(transaction, (Kind::User, id), None)?;
            }
            Ok(())
        })?;
        let rows = self.users(now);
        let row = rows.into_iter().find(|row| row.id == id);
        row.ok_or_else(|| missing(id))
    }

    /// Removes an account and ends its sessions.
    ///
    /// # Errors
    /// [`Refused::Missing`], [`Refused::LastAdmin`].
    pub fn remove_user(&self, by: &Actor, id: &str, now: TimeMs) -> Result<(), Refused> {
        let line = Line::new(by, "user.remove", id, now);
        self.write(line, |transaction, state, line| {
            let user = state.users.get(id).ok_or_else(|| missing(id))?;
            line.detail.clone_from(&user.name);
            if user.is_admin() && !state.has_admin_beside(id) {
                return Err(Refused::LastAdmin);
            }
            transaction.execute("DELETE FROM user WHERE id = ?1", [id])?;
            sessions::remove_all(transaction, (Kind::User, id), None)?;
            Ok(())
        })
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// [`Refused::Missing`].
    pub fn sign_out_user(&self, by: &Actor, id: &str, now: TimeMs) -> Result<(), Refused> {
        let line = Line::new(by, "user.sign_out", id, now);
        self.write(line, |transaction, state, line| {
            let user = state.users.get(id).ok_or_else(|| missing(id))?;
            let n_ended = sessions::remove_all(transaction, (Kind::User, id), None)?;
            line.detail = format!("{}; {n_ended} sessions", user.name);
            Ok(())
        })
    }

    fn hashed(&self, password: &str, name: &str) -> Result<String, Refused> {
        password::check(password, name)?;
        self.0.passwords.hash(password)
    }
}

/// The account after the change.
fn changed(user: &User, change: &UserChange, password: Option<String>) -> User {
    let mut changed = user.clone();
    if let Some(display) = &change.display {
        display.trim().clone_into(&mut changed.display);
        if changed.display.is_empty() {
            changed.display.clone_from(&user.name);
        }
    }
    if let Some(grants) = &change.grants {
        changed.grants.clone_from(grants);
    }
    if let Some(is_disabled) = change.disabled {
        changed.disabled = is_disabled;
    }
    if let Some(password) = password {
        changed.password = Some(password);
        changed.must_change = true;
    }
    changed
}

/// What is different, for the audit trail.
fn told(before: &User, after: &User) -> Result<String, Refused> {
    let mut told = vec![before.name.clone()];
    if before.display != after.display {
        told.push(format!("display \"{}\"", after.display));
    }
    if before.disabled != after.disabled {
        told.push(
            if after.disabled {
                "disabled"
            } else {
                "enabled"
            }
            .to_owned(),
        );
    }
    if before.password != after.password {
        told.push("new password".to_owned());
    }
    if before.grants != after.grants {
        told.push(format!(
            "grants {} instead of {}",
            check::json("grants", &after.grants)?,
            check::json("grants", &before.grants)?
        ));
    }
    Ok(told.join("; "))
}

fn row(id: &str, user: &User, sessions: u32) -> UserRow {
    UserRow {
        id: id.to_owned(),
        name: user.name.clone(),
        display: user.display.clone(),
        grants: user.grants.clone(),
        disabled: user.disabled,
        external: user.password.is_none(),
        must_change_password: user.must_change,
        created_at: user.created_at,
        signed_in_at: user.signed_in_at,
        sessions,
    }
}

/// Writes a new account, within the caller's transaction.
pub(crate) fn insert(
    transaction: &Transaction<'_>,
    state: &State,
    id: &str,
    user: &User,
) -> Result<(), Refused> {
    if state.user_named(&user.name).is_some() {
        return Err(Refused::NameTaken(user.name.clone()));
    }
    if state.users.len() >= USERS_MAX {
        return Err(Refused::TooMany(format!("people: at most {USERS_MAX}")));
    }
    transaction.execute(
        "INSERT INTO user (id, name, compared, display, grants, disabled, must_change, created_at)
         VALUES (?1, ?2, ?3, '', '[]', 0, 0, ?4)",
        params![id, user.name, compared(&user.name), user.created_at.0],
    )?;
    update(transaction, id, user)
}

/// Writes everything of an account that can change, within the caller's transaction.
pub(crate) fn update(transaction: &Transaction<'_>, id: &str, user: &User) -> Result<(), Refused> {
    let (issuer, subject) = user.subject.as_ref().map(|(i, s)| (i, s)).unzip();
    transaction.execute(
        "UPDATE user SET display = ?2, grants = ?3, disabled = ?4, password = ?5, must_change = ?6,
         issuer = ?7, subject = ?8, signed_in_at = ?9 WHERE id = ?1",
        params![
            id,
            user.display,
            check::json("grants", &user.grants)?,
            user.disabled,
            user.password,
            user.must_change,
            issuer,
            subject,
            user.signed_in_at.map(|time| time.0)
        ],
    )?;
    Ok(())
}

fn missing(id: &str) -> Refused {
    Refused::Missing(format!("user \"{id}\""))
}
