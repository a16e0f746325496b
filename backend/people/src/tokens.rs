//! API tokens.

use std::sync::Arc;

use egret_shared::people::{NewToken, Secret, TokenRow};
use egret_shared::time::TimeMs;
use rusqlite::params;

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::limits::TOKENS_MAX;
use crate::people::People;
use crate::principal::{Actor, Principal};
use crate::secret;

/// What every token begins with, so that one that lies about somewhere is recognised.
const PREFIX: &str = "egt_";

/// Characters of the secret that are told to recognise it by: 24 of its 256 bits.
const HINT_CHARS: usize = PREFIX.len() + 4;

impl People {
    /// Whose token this secret is. Looks in memory alone.
    pub fn by_token(&self, secret: &str, now: TimeMs) -> Option<Arc<Principal>> {
        let state = self.state();
        let id = state.token_ids.get(&secret::digest(secret))?;
        let token = state.tokens.get(id).filter(|token| !token.is_over(now))?;
        token.seen.touch(now, None);
        Some(Arc::clone(&token.principal))
    }

    /// Every token, by name; also those that have ended.
    pub fn tokens(&self) -> Vec<TokenRow> {
        let state = self.state();
        let mut rows: Vec<TokenRow> = state
            .tokens
            .iter()
            .map(|(id, token)| TokenRow {
                id: id.clone(),
                name: token.principal.name.clone(),
                hint: token.hint.clone(),
                grants: token.principal.grants.clone(),
                created_at: token.created_at,
                ends_at: token.ends_at,
                seen_at: token.seen.get().at,
            })
            .collect();
        rows.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        rows
    }

    /// Makes a token; its secret is told this once.
    ///
    /// # Errors
    /// [`Refused::Invalid`], [`Refused::TooMany`].
    pub fn add_token(&self, by: &Actor, new: &NewToken, now: TimeMs) -> Result<Secret, Refused> {
        let name = new.name.trim();
        check::name("name", name)?;
        check::some_grants(&new.grants)?;
        check::ends_at(new.ends_at, now)?;
        let grants = check::json("grants", &new.grants)?;
        let made = Secret {
            id: secret::id()?,
            secret: format!("{PREFIX}{}", secret::secret()?),
        };
        let hint: String = made.secret.chars().take(HINT_CHARS).collect();
        let ends_at = new.ends_at.map(|time| time.0);
        let line = Line::new(by, "token.add", &made.id, now);
        let line = line.detail(format!("{name}; grants {grants}"));
        self.write(line, |transaction, state, _| {
            if state.tokens.len() >= TOKENS_MAX {
                return Err(Refused::TooMany(format!("tokens: at most {TOKENS_MAX}")));
            }
            transaction.execute(
                "INSERT INTO token (id, name, hint, secret, grants, created_at, ends_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    made.id,
                    name,
                    hint,
                    secret::digest(&made.secret),
                    grants,
                    now.0,
                    ends_at
                ],
            )?;
            Ok(())
        })?;
        Ok(made)
    }

    /// Ends a token.
    ///
    /// # Errors
    /// [`Refused::Missing`].
    pub fn remove_token(&self, by: &Actor, id: &str, now: TimeMs) -> Result<(), Refused> {
        let line = Line::new(by, "token.remove", id, now);
        self.write(line, |transaction, state, line| {
            let token = state.tokens.get(id);
            let token = token.ok_or_else(|| Refused::Missing(format!("token \"{id}\"")))?;
            line.detail.clone_from(&token.principal.name);
            transaction.execute("DELETE FROM token WHERE id = ?1", [id])?;
            Ok(())
        })
    }
}
