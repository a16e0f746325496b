//! What the outbox runs with: `[notify]` checked, with its secrets read.

mod channel;
mod route;

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;
use egret_shared::id::{AreaCode, DepartmentId};
use egret_shared::time::Span;
use url::Url;

use crate::config::{ChannelKind, NotifyConfig};
use crate::error::{Mistake, NotifyError};
use crate::limits::{CHANNELS_MAX, GIVE_UP_AFTER, GIVE_UP_LEAST, GIVE_UP_MOST, ROUTES_MAX};
use crate::route::Route;
use crate::send::Sender;

/// The settings of notifications. A clone is the same.
#[derive(Clone)]
pub struct Settings {
    pub(crate) base_url: Option<Url>,
    pub(crate) give_up_after: Span,
    /// The city's time zone.
    pub(crate) zone: Tz,
    pub(crate) channels: Vec<Arc<Channel>>,
    pub(crate) routes: Vec<Route>,
}

/// One channel, ready to send.
pub(crate) struct Channel {
    /// Its name in the settings.
    pub(crate) id: String,
    pub(crate) kind: ChannelKind,
    /// Most messages in a minute.
    pub(crate) per_minute: u32,
    /// How many may wait for one recipient before they become one; 0 for never.
    pub(crate) merge_over: usize,
    pub(crate) sender: Sender,
}

impl Settings {
    /// The settings that `config` comes to, with hours in `zone`. Reads the files that it names.
    ///
    /// # Errors
    /// [`NotifyError::Settings`] with everything that is wrong, each with its path; no secret is
    /// told.
    pub fn new(config: &NotifyConfig, zone: Tz) -> Result<Self, NotifyError> {
        let mut check = Check::default();
        let base_url = config.base_url.as_deref();
        let base_url = base_url.and_then(|text| check.base_url(text));
        let give_up_after = config.give_up_after.unwrap_or(GIVE_UP_AFTER);
        if give_up_after < GIVE_UP_LEAST || give_up_after > GIVE_UP_MOST {
            check.wrong(
                "notify.give_up_after",
                format!("\"{give_up_after}\": expected {GIVE_UP_LEAST} to {GIVE_UP_MOST}"),
            );
        }
        check.few("notify.channel", config.channel.len(), CHANNELS_MAX);
        check.few("notify.route", config.route.len(), ROUTES_MAX);
        let mut channels = Vec::new();
        let mut ids = HashSet::new();
        for (n, channel) in config.channel.iter().enumerate() {
            let path = format!("notify.channel[{n}] \"{}\"", channel.id);
            if !ids.insert(channel.id.as_str()) {
                check.wrong(&path, "another channel has this id: choose another one");
            }
            channels.extend(channel::checked(&mut check, &path, channel).map(Arc::new));
        }
        let kinds: Vec<(&str, ChannelKind)> = config
            .channel
            .iter()
            .map(|channel| (channel.id.as_str(), channel.kind))
            .collect();
        let mut routes = Vec::new();
        for (n, route) in config.route.iter().enumerate() {
            let path = format!("notify.route[{n}]");
            routes.push(route::checked(&mut check, &path, route, &kinds, zone));
        }
        if check.mistakes.is_empty() {
            Ok(Self {
                base_url,
                give_up_after,
                zone,
                channels,
                routes,
            })
        } else {
            Err(NotifyError::Settings(check.mistakes))
        }
    }

    /// Without any channel: everything is taken, and nothing goes out.
    pub fn none() -> Self {
        Self {
            base_url: None,
            give_up_after: GIVE_UP_AFTER,
            zone: Tz::UTC,
            channels: Vec::new(),
            routes: Vec::new(),
        }
    }

    /// The areas and departments of routes that the city does not have, each with its path.
    pub fn foreign(
        &self,
        is_area: impl Fn(&AreaCode) -> bool,
        is_department: impl Fn(&DepartmentId) -> bool,
    ) -> Vec<Mistake> {
        let mut mistakes = Vec::new();
        for (n, route) in self.routes.iter().enumerate() {
            let mut add = |what: &str, named: &str, kind: &str| {
                mistakes.push(Mistake {
                    path: format!("notify.route[{n}].{what}"),
                    why: format!("the city has no {kind} \"{named}\""),
                });
            };
            for area in route.areas.iter().flatten().filter(|area| !is_area(area)) {
                add("areas", area.as_str(), "area");
            }
            let departments = route.departments.iter().flatten();
            for department in departments.filter(|department| !is_department(department)) {
                add("departments", department.as_str(), "department");
            }
        }
        mistakes
    }

    /// Whether anything can go out at all.
    pub fn is_empty(&self) -> bool {
        self.channels.is_empty()
    }
}

impl fmt::Debug for Settings {
    /// Without secrets and addresses.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self
            .channels
            .iter()
            .map(|channel| channel.id.as_str())
            .collect();
        f.debug_struct("Settings")
            .field("channels", &ids)
            .field("n_routes", &self.routes.len())
            .finish_non_exhaustive()
    }
}

/// Gathers what is wrong, so that all of it is told at once.
#[derive(Default)]
struct Check {
    mistakes: Vec<Mistake>,
}

impl Check {
    fn wrong(&mut self, path: &str, why: impl Into<String>) {
        self.mistakes.push(Mistake {
            path: path.to_owned(),
            why: why.into(),
        });
    }

    fn few(&mut self, path: &str, n: usize, n_max: usize) {
        if n > n_max {
            self.wrong(path, format!("{n} are too many: expected {n_max} at most"));
        }
    }

    fn base_url(&mut self, text: &str) -> Option<Url> {
        let path = "notify.base_url";
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => {
                Some(url)
            }
            Ok(_) => {
                self.wrong(path, format!("\"{text}\": expected https://HOST"));
                None
            }
            Err(error) => {
                self.wrong(path, format!("\"{text}\": {error}; expected https://HOST"));
                None
            }
        }
    }
}
