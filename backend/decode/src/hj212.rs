//! `hj212`: packets of HJ 212, by which pollution sources and environmental stations report.
//!
//! ```text
//! ##0136QN=20260622060500000;ST=22;CN=2011;PW=123456;MN=…;Flag=5;CP=&&DataTime=20260622060500;
//! a34004-Rtd=35.5,a34004-Flag=N;a34002-Rtd=71,a34002-Flag=D&&5C1A⏎
//! ```
//!
//! A message is one packet or several behind one another, each taken or refused on its own. Length
//! and checksum are tried before anything is read. Packets that upload values become readings:
//! `MN` is the asset, `DataTime` on the city's clocks the event time, a factor's `SampleTime` its
//! own. A factor is called by its code, which stands for its `Rtd` or `Avg`, or by code and kind
//! (`a34004-Max`). What the instrument says of itself in `Flag` becomes the value's flags.
//!
//! One of several segments is taken like any other packet as long as it has its own `DataTime`;
//! one without is refused, for nothing in it says of when its values are.
//!
//! # Source
//! HJ 212-2017, sections 6.3 to 6.6 and appendices A and B, and HJ/T 212-2005, whose packets differ
//! only in codes and flags.

mod crc;
mod packet;

use std::borrow::Cow;
use std::collections::BTreeMap;

use chrono_tz::Tz;
use egret_shared::flags::Flags;
use egret_shared::package::feed::{FeedDef, TimeForm};
use egret_shared::rejection::{Reason, Rejection};

use crate::decoder::{Message, Read, Sink};
use crate::gathered::Gathered;
use crate::limits::ELEMENTS_MAX;
use crate::names::{Meaning, Names};
use crate::reading::{SentTime, SentValue};
use crate::refuse::{bounded, refusal, shown};
use crate::scalar::Scalar;
use crate::sent_time::TimeReader;
use packet::{Field, Packet};

/// Commands that upload values: as they are, and by the day, the minutes and the hour.
///
/// # Source
/// HJ 212-2017, table 9.
const UPLOADS: [&str; 4] = ["2011", "2031", "2051", "2061"];

/// Kinds of a factor's values that its code alone stands for.
const PLAIN_KINDS: [&str; 2] = ["Rtd", "Avg"];

/// Digits of a time: YYYYMMDDhhmmss.
const TIME_DIGITS: usize = 14;

/// The format for one feed.
pub(crate) struct Hj212 {
    names: Names,
    time: TimeReader,
}

/// A factor's own words about its values.
#[derive(Clone, Copy, Default)]
struct Factor {
    flags: Flags,
    sampled_at: Option<SentTime>,
}

impl Hj212 {
    pub(crate) fn new(feed: &FeedDef, timezone: Tz) -> Self {
        let form = TimeForm::Local;
        Self {
            names: Names::new(feed),
            time: TimeReader { form, timezone },
        }
    }

    fn gather(&self, gathered: &mut Gathered, packet: &Packet<'_>) -> Result<(), Rejection> {
        let place = packet.place();
        check_command(packet, &place)?;
        let asset = bounded(packet.station()?, &format!("{place}, MN"))?;
        let at = self.data_time(packet, &place)?;
        let factors = self.factors(packet)?;
        let n_before = gathered.n_elements();
        for field in packet.fields() {
            let Some(value) = self.value(field, &factors)? else {
                continue;
            };
            let (code, _) = field.parted();
            let sampled_at = factors.get(code).and_then(|factor| factor.sampled_at);
            let place = field.place();
            if let Some(making) = gathered.reading(asset, Some(sampled_at.unwrap_or(at)), &place) {
                making.put(value, &place);
            }
        }
        if gathered.n_elements() == n_before {
            let detail = format!("{place}: no value that the feed takes");
            return Err(refusal(Reason::NoValue, detail));
        }
        Ok(())
    }

    fn data_time(&self, packet: &Packet<'_>, place: &str) -> Result<SentTime, Rejection> {
        let mut fields = packet.fields();
        if let Some(field) = fields.find(|field| field.key == "DataTime") {
            return self.time(field);
        }
        let segment = packet.segment()?;
        let detail = match segment {
            Some((number, of)) => format!(
                "{place}: segment {number} of {of} has no DataTime of its own, and a segment is \
                 judged alone"
            ),
            None => format!("{place}: no DataTime in CP"),
        };
        Err(refusal(Reason::BadTime, detail))
    }

    fn time(&self, field: &Field<'_>) -> Result<SentTime, Rejection> {
        let place = format!("{}, {}", field.place(), field.key);
        let is_time = field.value.len() == TIME_DIGITS
            && field.value.bytes().all(|byte| byte.is_ascii_digit());
        if !is_time {
            let found = shown(field.value);
            let detail = format!("{place}: {found} is no time as YYYYMMDDhhmmss");
            return Err(refusal(Reason::BadTime, detail));
        }
        let digits = Scalar::Text(Cow::Borrowed(field.value));
        self.time.read(&digits, &place)
    }

    /// What each factor says of its own values, by its code.
    fn factors<'a>(&self, packet: &Packet<'a>) -> Result<BTreeMap<&'a str, Factor>, Rejection> {
        let mut factors: BTreeMap<&str, Factor> = BTreeMap::new();
        for field in packet.fields() {
            let (code, kind) = field.parted();
            match kind {
                "Flag" => factors.entry(code).or_default().flags = flags(field.value),
                "SampleTime" => {
                    factors.entry(code).or_default().sampled_at = Some(self.time(field)?);
                }
                _ => {}
            }
        }
        Ok(factors)
    }

    /// The value in `field`; `None` if it is none, or one that the feed passes over.
    fn value(
        &self,
        field: &Field<'_>,
        factors: &BTreeMap<&str, Factor>,
    ) -> Result<Option<SentValue>, Rejection> {
        let (code, kind) = field.parted();
        let name = if self.names.has(field.key) {
            field.key
        } else if PLAIN_KINDS.contains(&kind) {
            code
        } else {
            return Ok(None);
        };
        let place = format!("{}, {}", field.place(), field.key);
        let Some(Meaning { property, unit }) = self.names.meaning(name, &place)? else {
            return Ok(None);
        };
        let said = Scalar::Text(Cow::Borrowed(field.value));
        if said.is_silent() {
            return Ok(None);
        }
        let flags = factors.get(code).map(|factor| factor.flags);
        Ok(Some(SentValue {
            property,
            v: said.number(&place)?,
            unit,
            flags: flags.unwrap_or_default(),
        }))
    }
}

fn check_command(packet: &Packet<'_>, place: &str) -> Result<(), Rejection> {
    let command = packet.command()?;
    if UPLOADS.contains(&command) {
        return Ok(());
    }
    let (command, uploads) = (shown(command), UPLOADS.join(", "));
    let detail = format!("{place}, CN: {command} uploads no values, only {uploads} do");
    Err(refusal(Reason::NoValue, detail))
}

/// What an instrument's mark means. Marks may be added to by whoever runs the stations, so an
/// unknown one is taken for what it certainly is: not "normal".
///
/// # Source
/// HJ 212-2017, table 8: N normal, F out of operation, M maintenance, S set by hand, D fault,
/// C calibration, T beyond the upper limit of measurement, B communication fault. HJ/T 212-2005,
/// section 6.3.3, for air stations: 0 calibration, 1 meteorological, 2 abnormal, 3 normal.
fn flags(mark: &str) -> Flags {
    match mark.trim() {
        "N" | "1" | "3" => Flags::NONE,
        "T" => Flags::RANGE,
        _ => Flags::DOUBTED,
    }
}

impl Read for Hj212 {
    fn read(&self, message: &Message<'_>, sink: Sink<'_>) {
        let packets = packet::packets(message.payload);
        if packets.len() > ELEMENTS_MAX {
            let detail = format!("more than {ELEMENTS_MAX} packets in one message");
            return sink(Err(refusal(Reason::TooMany, detail)));
        }
        for packet in packets {
            let mut gathered = Gathered::default();
            let gathering = packet.and_then(|packet| self.gather(&mut gathered, &packet));
            match gathering {
                Ok(()) => gathered.finish(sink),
                Err(refused) => sink(Err(refused)),
            }
        }
    }
}
