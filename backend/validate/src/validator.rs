//! The validator: every check of a city in one place.

use std::sync::Arc;

use egret_decode::reading::{RawIssued, RawReport, Reading};
use egret_package::Package;
use egret_package::areas::AreaIndex;
use egret_shared::flags::Flags;
use egret_shared::id::AreaCode;
use egret_shared::issued::Issued;
use egret_shared::observation::Observation;
use egret_shared::package::feed::FeedDef;
use egret_shared::position::Position;
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::report::{Report, STATE_OPENED};
use egret_shared::time::TimeMs;
use smol_str::SmolStr;

use crate::event_time::event_time;
use crate::ids::{check_level, check_word};
use crate::issued::issued;
use crate::place::place;
use crate::refuse::refusal;
use crate::values::Values;

/// A field that identifies a person: its JSON Pointer and what stood there.
pub type Personal = (String, String);

/// Checks what comes in against one city package; shared by threads.
pub struct Validator {
    package: Arc<Package>,
    values: Values,
    areas: AreaIndex,
}

impl Validator {
    /// The validator of `package`; builds its area index.
    pub fn new(package: Arc<Package>) -> Self {
        Self {
            values: Values::new(&package.properties),
            areas: AreaIndex::new(&package.areas),
            package,
        }
    }

    /// What `reading`, which came by `feed` at `received_at`, tells of its asset.
    ///
    /// Without a position it has no area: the fold knows where the asset stands. Outside the
    /// city it has none either, and says so by [`Flags::OUTSIDE`].
    ///
    /// # Errors
    /// Why it cannot be; a reading with one bad value is refused whole.
    pub fn observation(
        &self,
        feed: &FeedDef,
        reading: Reading,
        received_at: TimeMs,
    ) -> Result<Observation, Rejection> {
        check_level(reading.asset.as_str(), "asset id")?;
        if let Some(message) = &reading.message {
            check_word(message.as_str(), "message id")?;
        }
        let values = self.values.check(&reading.values)?;
        let time = event_time(reading.at, received_at)?;
        let position = place(reading.position, feed.crs)?;
        let (area, outside) = self.area(position);
        Ok(Observation {
            feed: feed.id.clone(),
            asset: reading.asset,
            message: reading.message,
            observed_at: time.observed_at,
            observed_at_us: time.observed_at_us,
            received_at,
            position,
            area,
            values,
            flags: time.flags.with(outside),
        })
    }

    /// The step that `raw`, which came by `feed` at `received_at`, tells of, and the fields that
    /// identify a person, which must not go where the step goes.
    ///
    /// A report without a position is flagged [`Flags::NO_POSITION`]: no asset's place can stand
    /// in for it. Without a state it is [`STATE_OPENED`].
    ///
    /// # Errors
    /// Why it cannot be. No sentence repeats a report's text.
    pub fn report(
        &self,
        feed: &FeedDef,
        raw: RawReport,
        received_at: TimeMs,
    ) -> Result<(Report, Vec<Personal>), Rejection> {
        let Some(report) = raw.report else {
            return Err(refusal(Reason::BadId, "the report has no id"));
        };
        check_level(report.as_str(), "report id")?;
        if let Some(message) = &raw.message {
            check_word(message.as_str(), "message id")?;
        }
        let state = raw.state.unwrap_or(SmolStr::new_static(STATE_OPENED));
        check_word(&state, "state")?;
        let category = raw.category.unwrap_or_default();
        if !category.is_empty() {
            check_word(&category, "category")?;
        }
        let time = event_time(raw.at, received_at)?;
        let position = place(raw.position, feed.crs)?;
        let (area, outside) = self.area(position);
        let placeless = if position.is_none() {
            Flags::NO_POSITION
        } else {
            Flags::NONE
        };
        let report = Report {
            feed: feed.id.clone(),
            report,
            message: raw.message,
            state,
            category,
            observed_at: time.observed_at,
            received_at,
            position,
            area,
            text: raw.text.unwrap_or_default(),
            flags: time.flags.with(outside).with(placeless),
        };
        Ok((report, raw.personal))
    }

    /// What the issuer of a warning, which came by `feed`, says of it: in WGS 84, bounded, its codes
    /// those of the city's areas.
    ///
    /// # Errors
    /// [`Reason::BadPosition`] if a corner is not on the earth.
    pub fn issued(&self, feed: &FeedDef, raw: RawIssued) -> Result<Issued, Rejection> {
        issued(raw, feed.crs, &self.package.areas)
    }

    /// The finest area that holds `position`; `None` outside the city.
    pub fn area_at(&self, position: Position) -> Option<AreaCode> {
        self.area(Some(position)).0
    }

    /// The finest area that holds `position`, and the flag of having one that no area holds.
    fn area(&self, position: Option<Position>) -> (Option<AreaCode>, Flags) {
        let Some(position) = position else {
            return (None, Flags::NONE);
        };
        let found = self.areas.locate(position);
        match found.and_then(|area| self.package.areas.code(area)) {
            Some(code) => (Some(code.clone()), Flags::NONE),
            None => (None, Flags::OUTSIDE),
        }
    }
}
