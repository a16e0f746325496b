//! `[[notify.route]]`: that its targets exist and its filters can match.

use chrono_tz::Tz;
use lettre::Address;

use super::Check;
use crate::config::{ChannelKind, Quiet, RouteConfig, TargetConfig};
use crate::hours::Hours;
use crate::limits::NAMED_MAX;
use crate::route::{Route, Target};

/// Longest mention, in bytes: a user id of WeCom has 64.
const MENTION_BYTES_MAX: usize = 64;

/// The route, if it can be one.
pub(super) fn checked(
    check: &mut Check,
    path: &str,
    config: &RouteConfig,
    channels: &[(&str, ChannelKind)],
    zone: Tz,
) -> Route {
    if config.to.is_empty() {
        check.wrong(&format!("{path}.to"), "is empty: name a channel");
    }
    check.few(&format!("{path}.to"), config.to.len(), NAMED_MAX);
    filters(check, path, config);
    let mut targets = Vec::new();
    for (n, target) in config.to.iter().enumerate() {
        let path = format!("{path}.to[{n}]");
        let channel = channels.iter().find(|(id, _)| *id == target.channel);
        if let Some((_, kind)) = channel {
            targets.push(target_of(check, &path, target, *kind));
        } else {
            let why = format!("there is no channel \"{}\"", target.channel);
            check.wrong(&format!("{path}.channel"), why);
        }
    }
    let hours = hours(check, path, config, zone);
    Route {
        targets,
        level: config.level.unwrap_or_default(),
        kinds: config.kinds.clone(),
        classes: config.classes.clone(),
        areas: config.areas.clone(),
        departments: config.departments.clone(),
        persons: config.persons.clone(),
        hours,
        language: config.language,
        holds: config.quiet == Quiet::Hold,
    }
}

/// A list that is there and empty lets nothing pass, which nobody means.
fn filters(check: &mut Check, path: &str, config: &RouteConfig) {
    let filters = [
        ("kinds", config.kinds.as_ref().map(Vec::len)),
        ("classes", config.classes.as_ref().map(Vec::len)),
        ("areas", config.areas.as_ref().map(Vec::len)),
        ("departments", config.departments.as_ref().map(Vec::len)),
        ("persons", config.persons.as_ref().map(Vec::len)),
        ("days", config.days.as_ref().map(Vec::len)),
    ];
    for (key, n) in filters {
        let path = format!("{path}.{key}");
        match n {
            Some(0) => check.wrong(
                &path,
                "is empty and lets nothing pass: leave it out for all",
            ),
            Some(n) => check.few(&path, n, NAMED_MAX),
            None => {}
        }
    }
}

fn hours(check: &mut Check, path: &str, config: &RouteConfig, zone: Tz) -> Option<Hours> {
    let days = config.days.as_deref().unwrap_or_default();
    let text = match (&config.hours, days.is_empty()) {
        (Some(text), _) => text.as_str(),
        (None, false) => "00:00-24:00",
        (None, true) => return None,
    };
    match Hours::parse(text, days, zone) {
        Ok(hours) => Some(hours),
        Err(why) => {
            check.wrong(&format!("{path}.hours"), why);
            None
        }
    }
}

fn target_of(check: &mut Check, path: &str, config: &TargetConfig, kind: ChannelKind) -> Target {
    check.few(
        &format!("{path}.recipients"),
        config.recipients.len(),
        NAMED_MAX,
    );
    check.few(
        &format!("{path}.mentions"),
        config.mentions.len(),
        NAMED_MAX,
    );
    if kind == ChannelKind::Smtp {
        if config.recipients.is_empty() {
            check.wrong(
                &format!("{path}.recipients"),
                "is missing: addresses to send to",
            );
        }
        for address in &config.recipients {
            let is_good = address.is_ascii() && address.parse::<Address>().is_ok();
            if !is_good {
                let why = format!("\"{address}\" is no address: expected duty@city.example");
                check.wrong(&format!("{path}.recipients"), why);
            }
        }
    } else if !config.recipients.is_empty() {
        let why = "are for mail servers: a robot speaks to its group, a webhook to its address";
        check.wrong(&format!("{path}.recipients"), why);
    }
    for mention in &config.mentions {
        if let Err(why) = mention_of(mention, kind) {
            check.wrong(&format!("{path}.mentions"), why);
        }
    }
    // A robot's group is one recipient, and has no name.
    let recipients = if kind == ChannelKind::Smtp {
        config
            .recipients
            .iter()
            .map(|address| address.to_ascii_lowercase())
            .collect()
    } else {
        vec![String::new()]
    };
    Target {
        channel: config.channel.clone(),
        recipients,
        mentions: config.mentions.clone(),
    }
}

/// Whether `mention` is one: it goes into the message's markup, so nothing else may be in it.
fn mention_of(mention: &str, kind: ChannelKind) -> Result<(), String> {
    let is_name = |char: char| char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '.');
    let is_phone = |char: char| char.is_ascii_digit() || matches!(char, '+' | '-');
    let (is_good, expected) = match kind {
        ChannelKind::Webhook | ChannelKind::Smtp => {
            return Err("are for robots: leave them out".to_owned());
        }
        ChannelKind::Dingtalk => (
            mention == "all" || mention.chars().all(is_phone),
            "a phone number, or \"all\"",
        ),
        ChannelKind::Wecom => (mention.chars().all(is_name), "a user id"),
        ChannelKind::Feishu => (mention.chars().all(is_name), "an open id, or \"all\""),
    };
    if is_good && !mention.is_empty() && mention.len() <= MENTION_BYTES_MAX {
        Ok(())
    } else {
        Err(format!("\"{mention}\": expected {expected}"))
    }
}
