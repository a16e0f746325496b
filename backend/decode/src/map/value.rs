//! One value of a feed's map: the number, its property and its unit.

use std::collections::BTreeMap;

use egret_shared::flags::Flags;
use egret_shared::id::PropertyId;
use egret_shared::package::feed::{NamedPlace, PropertyPlace, UnitPlace, ValuePlace};
use egret_shared::rejection::{Reason, Rejection};
use smol_str::SmolStr;

use crate::extract::{Plan, Spot};
use crate::reading::SentValue;
use crate::refuse::{bounded, refusal};
use crate::scalar::Scalar;

/// What stands where protobuf leaves a 0 out.
static ZERO: Scalar<'static> = Scalar::Int(0);

/// Reads one value.
pub(super) struct ValueReader {
    number: Spot,
    property: Word,
    unit: Option<Word>,
    /// The message, in protobuf's sense, without whose field the number is 0.
    zero_within: Option<Spot>,
}

/// A word: always the same, or named by the message and translated.
enum Word {
    /// Always this.
    Fixed(SmolStr),
    /// Named in the message; their word to ours.
    Named(Spot, BTreeMap<SmolStr, SmolStr>),
}

impl ValueReader {
    pub(super) fn new(place: &ValuePlace, plan: &mut Plan) -> Self {
        let property = match &place.property {
            PropertyPlace::Fixed(property) => Word::Fixed(SmolStr::new(property.as_str())),
            PropertyPlace::Named(named) => Word::named(named, plan),
        };
        let unit = place.unit.as_ref().map(|unit| match unit {
            UnitPlace::Fixed(unit) => Word::Fixed(SmolStr::new(unit)),
            UnitPlace::Named(named) => Word::named(named, plan),
        });
        Self {
            number: plan.want(&place.pointer),
            property,
            unit,
            zero_within: None,
        }
    }

    /// Takes the number for 0 where it is left out of what stands at `parent`.
    pub(super) fn zero_within(&mut self, parent: Spot) {
        self.zero_within = Some(parent);
    }

    /// The JSON Pointer of the number.
    pub(super) fn place(&self) -> &str {
        &self.number.place
    }

    /// The value, if the message has it.
    ///
    /// # Errors
    /// The number is no number, or a word that the message should name is missing.
    pub(super) fn read(&self, slots: &[Scalar<'_>]) -> Result<Option<SentValue>, Rejection> {
        let left_out = |parent: &Spot| *parent.of(slots) == Scalar::Nested;
        let number = match self.number.of(slots) {
            Scalar::Absent if self.zero_within.as_ref().is_some_and(left_out) => &ZERO,
            number => number,
        };
        if number.is_silent() {
            return Ok(None);
        }
        let unit = self
            .unit
            .as_ref()
            .map(|unit| unit.read(slots, Reason::BadUnit, "a unit"));
        Ok(Some(SentValue {
            property: PropertyId::new(self.property.read(slots, Reason::BadShape, "a property")?),
            v: number.number(&self.number.place)?,
            unit: unit.transpose()?,
            flags: Flags::NONE,
        }))
    }
}

impl Word {
    fn named(named: &NamedPlace, plan: &mut Plan) -> Self {
        let ours = |(theirs, ours): (&String, &String)| (SmolStr::new(theirs), SmolStr::new(ours));
        Self::Named(
            plan.want(&named.pointer),
            named.map.iter().map(ours).collect(),
        )
    }

    fn read(&self, slots: &[Scalar<'_>], reason: Reason, what: &str) -> Result<SmolStr, Rejection> {
        let (spot, map) = match self {
            Self::Fixed(word) => return Ok(word.clone()),
            Self::Named(spot, map) => (spot, map),
        };
        let found = spot.of(slots);
        if let Scalar::Text(theirs) = found
            && let Some(ours) = map.get(theirs.as_ref())
        {
            return Ok(ours.clone());
        }
        if let Scalar::Text(theirs) = found
            && !found.is_silent()
        {
            return bounded(theirs, &spot.place).map(SmolStr::new);
        }
        let detail = format!("{}: {}, expected {what}", spot.place, found.shown());
        Err(refusal(reason, detail))
    }
}
