//! Readings in the making: the values of one asset at one time belong together, wherever in a
//! message they stand.

use std::collections::HashMap;

use egret_shared::id::AssetId;
use egret_shared::rejection::{Reason, Rejection};

use crate::decoder::Sink;
use crate::limits::VALUES_MAX;
use crate::reading::{Decoded, Reading, SentTime, SentValue};
use crate::refuse::refusal;

/// All readings and refusals of a message, in the order in which each was first spoken of.
#[derive(Default)]
pub(crate) struct Gathered {
    made: Vec<Made>,
    by_key: HashMap<(AssetId, Option<i64>), usize>,
}

/// One element in the making.
enum Made {
    Reading(Making),
    Refused(Rejection),
}

/// A reading in the making; one fault has it refused as a whole.
pub(crate) struct Making {
    reading: Reading,
    lon: Option<f64>,
    lat: Option<f64>,
    /// Where its first part stands.
    place: String,
    fault: Option<Rejection>,
}

impl Gathered {
    /// An element that is refused on its own.
    pub(crate) fn refuse(&mut self, refused: Rejection) {
        self.made.push(Made::Refused(refused));
    }

    /// The reading of `asset` at `at`, begun at `place` if it is new.
    pub(crate) fn reading(
        &mut self,
        asset: &str,
        at: Option<SentTime>,
        place: &str,
    ) -> Option<&mut Making> {
        let key = (AssetId::new(asset), at.map(|at| at.us));
        let next = self.made.len();
        let number = *self.by_key.entry(key).or_insert(next);
        if number == next {
            self.made.push(Made::Reading(Making {
                reading: Reading {
                    asset: AssetId::new(asset),
                    message: None,
                    at,
                    position: None,
                    values: Vec::new(),
                },
                lon: None,
                lat: None,
                place: place.to_owned(),
                fault: None,
            }));
        }
        match self.made.get_mut(number) {
            Some(Made::Reading(making)) => Some(making),
            _ => None,
        }
    }

    /// How many elements there are so far.
    pub(crate) fn n_elements(&self) -> usize {
        self.made.len()
    }

    /// Hands everything on, in order.
    pub(crate) fn finish(self, sink: Sink<'_>) {
        for made in self.made {
            sink(match made {
                Made::Reading(making) => making.finished().map(Decoded::Reading),
                Made::Refused(refused) => Err(refused),
            });
        }
    }
}

impl Making {
    /// Adds a value that stands at `place`.
    pub(crate) fn put(&mut self, value: SentValue, place: &str) {
        let values = &mut self.reading.values;
        let property = &value.property;
        if values.iter().any(|known| known.property == *property) {
            let detail = format!("{place}: a second value of \"{property}\" at the same time");
            self.refuse(refusal(Reason::BadShape, detail));
        } else if values.len() == VALUES_MAX {
            let detail = format!("{place}: more than {VALUES_MAX} values in one reading");
            self.refuse(refusal(Reason::TooMany, detail));
        } else {
            values.push(value);
        }
    }

    /// Has it stand at this longitude.
    pub(crate) fn at_lon(&mut self, lon: f64) {
        self.lon = Some(lon);
    }

    /// Has it stand at this latitude.
    pub(crate) fn at_lat(&mut self, lat: f64) {
        self.lat = Some(lat);
    }

    /// Has it refused; the first reason counts.
    pub(crate) fn refuse(&mut self, refused: Rejection) {
        self.fault.get_or_insert(refused);
    }

    fn finished(self) -> Result<Reading, Rejection> {
        let place = &self.place;
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.reading.values.is_empty() {
            let detail = format!(
                "{place}: no value of \"{}\" at this time",
                self.reading.asset
            );
            return Err(refusal(Reason::NoValue, detail));
        }
        let position = match (self.lon, self.lat) {
            (Some(lon), Some(lat)) => Some((lon, lat)),
            (None, None) => None,
            (lon, _) => {
                let missing = if lon.is_some() {
                    "latitude"
                } else {
                    "longitude"
                };
                let detail = format!("{place}: a position without its {missing}");
                return Err(refusal(Reason::BadPosition, detail));
            }
        };
        Ok(Reading {
            position,
            ..self.reading
        })
    }
}
