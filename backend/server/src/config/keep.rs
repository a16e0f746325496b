//! How long things are kept, and how little is too little.

use clap::Args;
use egret_shared::time::Span;
use serde::Deserialize;

use super::BadConfig;
use crate::store::keep::Keep;

/// How long things are kept, as flags, environment and `[keep]` of the file give it. The ids keep
/// clear of the other flags that a command takes, such as the simulator's `--hour`.
#[derive(Args, Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct KeepArgs {
    /// How long history by the minute is kept [default: 7d]
    #[arg(
        id = "keep_minute",
        long = "keep-minute",
        env = "EGRET_KEEP_MINUTE",
        value_name = "SPAN",
        value_parser = Span::parse
    )]
    pub minute: Option<Span>,
    /// How long history by the hour is kept [default: 400d]
    #[arg(
        id = "keep_hour",
        long = "keep-hour",
        env = "EGRET_KEEP_HOUR",
        value_name = "SPAN",
        value_parser = Span::parse
    )]
    pub hour: Option<Span>,
    /// How long history by the day is kept [default: 3650d]
    #[arg(
        id = "keep_day",
        long = "keep-day",
        env = "EGRET_KEEP_DAY",
        value_name = "SPAN",
        value_parser = Span::parse
    )]
    pub day: Option<Span>,
    /// How long messages are kept as their senders wrote them, 0s for not at all [default: 3d]
    #[arg(
        id = "keep_raw",
        long = "keep-raw",
        env = "EGRET_KEEP_RAW",
        value_name = "SPAN",
        value_parser = Span::parse
    )]
    pub raw: Option<Span>,
    /// How long refused messages are kept [default: 90d]
    #[arg(
        id = "keep_quarantine",
        long = "keep-quarantine",
        env = "EGRET_KEEP_QUARANTINE",
        value_name = "SPAN",
        value_parser = Span::parse
    )]
    pub quarantine: Option<Span>,
    /// How long the personal fields of reports are kept [default: 180d]
    #[arg(
        id = "keep_personal",
        long = "keep-personal",
        env = "EGRET_KEEP_PERSONAL",
        value_name = "SPAN",
        value_parser = Span::parse
    )]
    pub personal: Option<Span>,
    /// How many bytes of messages, compressed; the oldest go first [default: 2000000000]
    #[arg(
        id = "keep_raw_bytes",
        long = "keep-raw-bytes",
        env = "EGRET_KEEP_RAW_BYTES",
        value_name = "BYTES"
    )]
    pub raw_bytes: Option<u64>,
}

/// Least ages of history: hours are made of minutes, and days of hours, while those are there,
/// with a margin for what comes late.
const MINUTE_LEAST: Span = Span(6 * 3_600_000);
const HOUR_LEAST: Span = Span(3 * 86_400_000);

/// Least age of refused messages: whoever answers for a feed must have had a day to see them.
const QUARANTINE_LEAST: Span = Span(86_400_000);

impl KeepArgs {
    /// What these and, where they say nothing, `file` come to.
    pub(super) fn resolve(&self, file: &Self) -> Result<Keep, BadConfig> {
        let default = Keep::default();
        let keep = Keep {
            minute: self.minute.or(file.minute).unwrap_or(default.minute),
            hour: self.hour.or(file.hour).unwrap_or(default.hour),
            day: self.day.or(file.day).unwrap_or(default.day),
            raw: self.raw.or(file.raw).unwrap_or(default.raw),
            quarantine: (self.quarantine.or(file.quarantine)).unwrap_or(default.quarantine),
            personal: self.personal.or(file.personal).unwrap_or(default.personal),
            raw_bytes: self
                .raw_bytes
                .or(file.raw_bytes)
                .unwrap_or(default.raw_bytes),
        };
        let no_shorter = |name, value: Span, least: Span| {
            let why = format!("at least {least} is needed");
            let value = value.to_string();
            Err(BadConfig::Value { name, value, why })
        };
        if keep.minute < MINUTE_LEAST {
            return no_shorter("--keep-minute", keep.minute, MINUTE_LEAST);
        }
        if keep.hour < HOUR_LEAST {
            return no_shorter("--keep-hour", keep.hour, HOUR_LEAST);
        }
        if keep.quarantine < QUARANTINE_LEAST {
            return no_shorter("--keep-quarantine", keep.quarantine, QUARANTINE_LEAST);
        }
        Ok(keep)
    }
}
