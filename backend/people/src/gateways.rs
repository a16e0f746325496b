//! Credentials of sensor gateways at the MQTT endpoint.

use std::sync::Arc;

use egret_shared::people::{GatewayChange, GatewayRow, NewGateway, Secret};
use egret_shared::time::TimeMs;
use rusqlite::params;

use crate::audit::Line;
use crate::check;
use crate::error::Refused;
use crate::limits::GATEWAYS_MAX;
use crate::people::People;
use crate::principal::{Actor, Principal};
use crate::secret;
use crate::state::Gateway;

impl People {
    /// Which gateway this MQTT user name and password are. Looks in memory alone.
    pub fn by_gateway(&self, user: &str, secret: &str, now: TimeMs) -> Option<Arc<Principal>> {
        let state = self.state();
        let gateway = state.gateways.get(user)?;
        let is_right = secret::is_same(&secret::digest(secret), &gateway.secret);
        if !is_right || gateway.disabled {
            return None;
        }
        gateway.seen.touch(now, None);
        Some(Arc::clone(&gateway.principal))
    }

    /// The gateway that has shown a certificate in its name; `None` if there is no such gateway, or it
    /// is disabled. Whoever calls this has verified the certificate.
    pub fn by_certificate(&self, id: &str, now: TimeMs) -> Option<Arc<Principal>> {
        let state = self.state();
        let gateway = state.gateways.get(id).filter(|gateway| !gateway.disabled)?;
        gateway.seen.touch(now, None);
        Some(Arc::clone(&gateway.principal))
    }

    /// Every gateway, by id.
    pub fn gateways(&self) -> Vec<GatewayRow> {
        self.state().gateways.values().map(row).collect()
    }

    /// Makes a gateway's credential; its secret is told this once.
    ///
    /// # Errors
    /// [`Refused::NameTaken`], [`Refused::Invalid`], [`Refused::TooMany`].
    pub fn add_gateway(
        &self,
        by: &Actor,
        new: &NewGateway,
        now: TimeMs,
    ) -> Result<Secret, Refused> {
        let id = new.id.as_str();
        check::gateway_id(id)?;
        check::display(new.display.trim())?;
        let feeds = check::json("feeds", &check::feeds(&new.feeds)?)?;
        let display = match new.display.trim() {
            "" => id,
            display => display,
        };
        let made = Secret {
            id: id.to_owned(),
            secret: secret::secret()?,
        };
        let line = Line::new(by, "gateway.add", id, now).detail(format!("feeds {feeds}"));
        self.write(line, |transaction, state, _| {
            if state.gateways.contains_key(id) {
                return Err(Refused::NameTaken(id.to_owned()));
            }
            if state.gateways.len() >= GATEWAYS_MAX {
                return Err(Refused::TooMany(format!(
                    "gateways: at most {GATEWAYS_MAX}"
                )));
            }
            transaction.execute(
                "INSERT INTO gateway (id, display, feeds, secret, disabled, created_at)
                 VALUES (?1, ?2, ?3, ?4, 0, ?5)",
                params![id, display, feeds, secret::digest(&made.secret), now.0],
            )?;
            Ok(())
        })?;
        Ok(made)
    }

    /// Changes what a gateway may do, or whether it is let in.
    ///
    /// # Errors
    /// [`Refused::Missing`], [`Refused::Invalid`].
    pub fn change_gateway(
        &self,
        by: &Actor,
        id: &str,
        change: &GatewayChange,
        now: TimeMs,
    ) -> Result<GatewayRow, Refused> {
        let display = change.display.as_deref().map(str::trim);
        check::display(display.unwrap_or_default())?;
        let feeds = change.feeds.as_deref().map(check::feeds).transpose()?;
        let line = Line::new(by, "gateway.change", id, now);
        self.write(line, |transaction, state, line| {
            let gateway = state.gateways.get(id).ok_or_else(|| missing(id))?;
            let display = match display {
                None => gateway.principal.display.as_str(),
                Some("") => id,
                Some(display) => display,
            };
            let feeds = feeds.as_ref().unwrap_or(&gateway.principal.feeds);
            let feeds = check::json("feeds", feeds)?;
            let is_disabled = change.disabled.unwrap_or(gateway.disabled);
            line.detail = format!("feeds {feeds}");
            if is_disabled != gateway.disabled {
                let word = if is_disabled { "disabled" } else { "enabled" };
                line.detail = format!("{word}; {}", line.detail);
            }
            transaction.execute(
                "UPDATE gateway SET display = ?2, feeds = ?3, disabled = ?4 WHERE id = ?1",
                params![id, display, feeds, is_disabled],
            )?;
            Ok(())
        })?;
        let state = self.state();
        state.gateways.get(id).map(row).ok_or_else(|| missing(id))
    }

    /// Ends a gateway's credential.
    ///
    /// # Errors
    /// [`Refused::Missing`].
    pub fn remove_gateway(&self, by: &Actor, id: &str, now: TimeMs) -> Result<(), Refused> {
        let line = Line::new(by, "gateway.remove", id, now);
        self.write(line, |transaction, _, _| {
            match transaction.execute("DELETE FROM gateway WHERE id = ?1", [id])? {
                0 => Err(missing(id)),
                _ => Ok(()),
            }
        })
    }

    /// Gives a gateway another secret; the one until now is no longer good, also for connections
    /// that are open.
    ///
    /// # Errors
    /// [`Refused::Missing`].
    pub fn renew_gateway(&self, by: &Actor, id: &str, now: TimeMs) -> Result<Secret, Refused> {
        let made = Secret {
            id: id.to_owned(),
            secret: secret::secret()?,
        };
        let line = Line::new(by, "gateway.renew", id, now);
        self.write(line, |transaction, _, _| {
            let n_changed = transaction.execute(
                "UPDATE gateway SET secret = ?2 WHERE id = ?1",
                params![id, secret::digest(&made.secret)],
            )?;
            match n_changed {
                0 => Err(missing(id)),
                _ => Ok(()),
            }
        })?;
        Ok(made)
    }
}

fn row(gateway: &Gateway) -> GatewayRow {
    GatewayRow {
        id: gateway.principal.id.clone(),
        display: gateway.principal.display.clone(),
        feeds: gateway.principal.feeds.clone(),
        disabled: gateway.disabled,
        created_at: gateway.created_at,
        seen_at: gateway.seen.get().at,
    }
}

fn missing(id: &str) -> Refused {
    Refused::Missing(format!("gateway \"{id}\""))
}
