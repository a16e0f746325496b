//! What was measured, in the unit in which it is kept.

use std::collections::HashMap;

use egret_decode::reading::SentValue;
use egret_decode::shown;
use egret_shared::flags::Flags;
use egret_shared::id::PropertyId;
use egret_shared::observation::Value;
use egret_shared::package::property::PropertyDef;
use egret_shared::rejection::{Reason, Rejection};

use crate::refuse::refusal;
use crate::unit::UnitReader;

/// The properties of a city, by id.
pub(crate) struct Values {
    properties: HashMap<PropertyId, Property>,
}

/// What has to be known of a property here.
struct Property {
    def: PropertyDef,
    units: UnitReader,
}

impl Values {
    pub(crate) fn new(properties: &[PropertyDef]) -> Self {
        let property = |def: &PropertyDef| Property {
            def: def.clone(),
            units: UnitReader::new(&def.unit),
        };
        let entry = |def: &PropertyDef| (def.id.clone(), property(def));
        Self {
            properties: properties.iter().map(entry).collect(),
        }
    }

    /// The values that were `sent`, each known, converted and in range; implausible ones flagged.
    ///
    /// # Errors
    /// The first that is not: one bad value refuses them all. Their sender learns it from the
    /// answer to its message, and a message that was refused whole can be run again whole
    /// without counting its good values twice.
    pub(crate) fn check(&self, sent: &[SentValue]) -> Result<Vec<Value>, Rejection> {
        if sent.is_empty() {
            return Err(refusal(Reason::NoValue, "no value in the reading"));
        }
        sent.iter().map(|value| self.check_one(value)).collect()
    }

    fn check_one(&self, sent: &SentValue) -> Result<Value, Rejection> {
        let Some(property) = self.properties.get(sent.property.as_str()) else {
            let detail = format!("no property {} in this city", shown(sent.property.as_str()));
            return Err(refusal(Reason::UnknownProperty, detail));
        };
        let def = &property.def;
        let v = match sent.unit.as_deref() {
            None => sent.v,
            Some(unit) => match property.units.conversion(unit) {
                Some(conversion) => conversion.apply(sent.v),
                None => return Err(bad_unit(def, unit)),
            },
        };
        let [least, greatest] = def.range;
        if !v.is_finite() || !(least..=greatest).contains(&v) {
            return Err(out_of_range(def, v, sent));
        }
        let is_plausible = def
            .plausible
            .is_none_or(|[least, greatest]| (least..=greatest).contains(&v));
        Ok(Value {
            property: def.id.clone(),
            v,
            flags: if is_plausible {
                sent.flags
            } else {
                sent.flags.with(Flags::RANGE)
            },
        })
    }
}

fn bad_unit(def: &PropertyDef, unit: &str) -> Rejection {
    let (id, own, unit) = (&def.id, &def.unit, shown(unit));
    refusal(
        Reason::BadUnit,
        format!("{id} is kept in \"{own}\", and {unit} cannot be converted to it"),
    )
}

fn out_of_range(def: &PropertyDef, v: f64, sent: &SentValue) -> Rejection {
    let (id, own, [least, greatest]) = (&def.id, &def.unit, def.range);
    let origin = match sent.unit.as_deref() {
        Some(unit) if unit != own => format!(" (sent as {} {})", sent.v, shown(unit)),
        _ => String::new(),
    };
    refusal(
        Reason::OutOfRange,
        format!("{id} = {v} {own}{origin} is outside {least} to {greatest} {own}"),
    )
}

#[cfg(test)]
mod tests {
    use egret_shared::text::Text;
    use smol_str::SmolStr;

    use super::*;

    fn values() -> Values {
        Values::new(&[PropertyDef {
            id: "ponding_depth".into(),
            name: Text::new("积水深度", "Ponding depth"),
            unit: "cm".to_owned(),
            plausible: Some([0.0, 100.0]),
            range: [0.0, 300.0],
            jump: None,
            stuck_after: None,
        }])
    }

    fn sent(property: &str, v: f64, unit: Option<&str>) -> SentValue {
        SentValue {
            property: property.into(),
            v,
            unit: unit.map(SmolStr::new),
            flags: Flags::NONE,
        }
    }

    #[test]
    fn a_value_is_kept_in_its_propertys_unit() {
        for (v, unit, kept) in [
            (14.2, None, 14.2),
            (14.2, Some("cm"), 14.2),
            (142.0, Some("mm"), 14.2),
            (0.142, Some("m"), 14.2),
            (300.0, None, 300.0),
        ] {
            let value = values()
                .check(&[sent("ponding_depth", v, unit)])
                .unwrap()
                .remove(0);
            assert!((value.v - kept).abs() < 1e-12, "{v} {unit:?}: {}", value.v);
        }
    }

    #[test]
    fn an_implausible_value_within_the_range_is_kept_and_flagged() {
        for (v, flags) in [
            (0.0, Flags::NONE),
            (100.0, Flags::NONE),
            (100.1, Flags::RANGE),
        ] {
            let value = values()
                .check(&[sent("ponding_depth", v, None)])
                .unwrap()
                .remove(0);
            assert_eq!((value.v, value.flags), (v, flags));
        }
    }

    #[test]
    fn what_the_sender_says_of_its_value_is_kept_beside_what_the_range_says() {
        let doubted = |v| SentValue {
            flags: Flags::DOUBTED,
            ..sent("ponding_depth", v, None)
        };
        for (v, flags) in [
            (1.0, Flags::DOUBTED),
            (100.1, Flags::DOUBTED.with(Flags::RANGE)),
        ] {
            assert_eq!(values().check(&[doubted(v)]).unwrap()[0].flags, flags);
        }
    }

    #[test]
    fn one_bad_value_refuses_the_reading_and_the_sentence_names_it() {
        let good = sent("ponding_depth", 1.0, None);
        for (bad, reason, named) in [
            (
                sent("depth", 1.0, None),
                Reason::UnknownProperty,
                "\"depth\"",
            ),
            (
                sent("ponding_depth", 1.0, Some("km/h")),
                Reason::BadUnit,
                "\"km/h\"",
            ),
            (
                sent("ponding_depth", 1.0, Some("furlong")),
                Reason::BadUnit,
                "\"furlong\"",
            ),
            (
                sent("ponding_depth", -0.1, None),
                Reason::OutOfRange,
                "-0.1 cm",
            ),
            (
                sent("ponding_depth", 3.1, Some("m")),
                Reason::OutOfRange,
                "sent as 3.1 \"m\"",
            ),
            (
                sent("ponding_depth", f64::NAN, None),
                Reason::OutOfRange,
                "NaN",
            ),
            (
                sent("ponding_depth", f64::MAX, Some("m")),
                Reason::OutOfRange,
                "inf",
            ),
        ] {
            let refused = values().check(&[good.clone(), bad]).unwrap_err();
            assert_eq!(refused.reason, reason);
            assert!(refused.detail.contains(named), "{}", refused.detail);
        }
        assert_eq!(values().check(&[]).unwrap_err().reason, Reason::NoValue);
    }
}
