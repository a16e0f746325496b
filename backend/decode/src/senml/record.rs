//! Records of a pack, and what they say once the base fields before them are counted in.

use std::borrow::Cow;
use std::fmt;

use egret_shared::rejection::{Reason, Rejection};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use smol_str::SmolStr;

use crate::refuse::{bounded, refusal, shown};
use crate::scalar::Scalar;

/// The newest version of the format that is read.
///
/// # Source
/// RFC 8428, section 4.4: the version of SenML is 10; a pack of a newer one must not be read.
const VERSION_MAX: i64 = 10;

/// One record as it is written.
#[derive(Debug, Default)]
pub(super) struct Record<'a> {
    bn: Scalar<'a>,
    bt: Scalar<'a>,
    bu: Scalar<'a>,
    bv: Scalar<'a>,
    bs: Scalar<'a>,
    bver: Scalar<'a>,
    n: Scalar<'a>,
    u: Scalar<'a>,
    t: Scalar<'a>,
    v: Scalar<'a>,
    vb: Scalar<'a>,
    vs: Scalar<'a>,
    vd: Scalar<'a>,
    s: Scalar<'a>,
}

impl<'a> Record<'a> {
    fn field(&mut self, label: &str) -> Option<&mut Scalar<'a>> {
        Some(match label {
            "bn" => &mut self.bn,
            "bt" => &mut self.bt,
            "bu" => &mut self.bu,
            "bv" => &mut self.bv,
            "bs" => &mut self.bs,
            "bver" => &mut self.bver,
            "n" => &mut self.n,
            "u" => &mut self.u,
            "t" => &mut self.t,
            "v" => &mut self.v,
            "vb" => &mut self.vb,
            "vs" => &mut self.vs,
            "vd" => &mut self.vd,
            "s" => &mut self.s,
            _ => return None,
        })
    }

    /// Whether it only sets base fields.
    fn is_base_only(&self) -> bool {
        [&self.bn, &self.bt, &self.bu, &self.bv, &self.bs]
            .iter()
            .any(|field| !field.is_silent())
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Record<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(RecordVisitor)
    }
}

struct RecordVisitor;

impl<'de> Visitor<'de> for RecordVisitor {
    type Value = Record<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record: an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Record<'de>, A::Error> {
        let mut record = Record::default();
        while let Some(label) = map.next_key::<Cow<'_, str>>()? {
            match record.field(&label) {
                Some(Scalar::Absent) => {}
                Some(_) => {
                    return Err(A::Error::custom(format_args!("\"{label}\" stands twice")));
                }
                // RFC 8428, section 4.4: such a label changes what the record means.
                None if label.ends_with('_') => {
                    let label = shown(&label);
                    return Err(A::Error::custom(format_args!(
                        "{label} must be understood, and is not"
                    )));
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            }
            let value = map.next_value()?;
            if let Some(field) = record.field(&label) {
                *field = value;
            }
        }
        Ok(record)
    }
}

/// What a record says.
#[derive(Debug, PartialEq)]
pub(super) enum Said {
    /// A number.
    Value(f64),
    /// The integral of numbers over seconds.
    Sum(f64),
    /// Something that is no number: where it stands and what it is.
    NoNumber(&'static str, &'static str),
}

/// A record with its base fields counted in.
#[derive(Debug)]
pub(super) struct Resolved {
    /// The base name.
    pub(super) base: SmolStr,
    /// The name behind it.
    pub(super) name: SmolStr,
    /// The unit as SenML has it.
    pub(super) unit: Option<SmolStr>,
    /// Seconds since the epoch, or from now.
    pub(super) time_s: f64,
    /// Its value, its sum, or both; nothing, if it only sets base fields.
    pub(super) said: Vec<Said>,
}

/// The base fields so far.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    name: SmolStr,
    time_s: f64,
    unit: Option<SmolStr>,
    value: f64,
    sum: f64,
}

impl Resolver {
    /// What `record` says, and what it sets for those that follow.
    ///
    /// # Errors
    /// A field of another type than the standard's, no value, or more than one.
    pub(super) fn resolve(&mut self, record: &Record<'_>) -> Result<Resolved, Rejection> {
        check_version(&record.bver)?;
        if let Some(name) = text(&record.bn, "/bn")? {
            self.name = name;
        }
        if let Some(unit) = text(&record.bu, "/bu")? {
            self.unit = Some(unit).filter(|unit| !unit.is_empty());
        }
        for (field, place, base) in [
            (&record.bt, "/bt", &mut self.time_s),
            (&record.bv, "/bv", &mut self.value),
            (&record.bs, "/bs", &mut self.sum),
        ] {
            if let Some(number) = number(field, place)? {
                *base = number;
            }
        }
        let unit = text(&record.u, "/u")?.filter(|unit| !unit.is_empty());
        Ok(Resolved {
            base: self.name.clone(),
            name: text(&record.n, "/n")?.unwrap_or_default(),
            unit: unit.or_else(|| self.unit.clone()),
            time_s: self.time_s + number(&record.t, "/t")?.unwrap_or_default(),
            said: self.said(record)?,
        })
    }

    fn said(&self, record: &Record<'_>) -> Result<Vec<Said>, Rejection> {
        let mut said = Vec::new();
        if let Some(v) = number(&record.v, "/v")? {
            said.push(Said::Value(self.value + v));
        }
        match &record.vb {
            Scalar::Absent => {}
            Scalar::Bool(is_true) => said.push(Said::Value(f64::from(u8::from(*is_true)))),
            other => return Err(other.unfit("/vb", "true or false")),
        }
        for (field, place, what) in [
            (&record.vs, "/vs", "a text"),
            (&record.vd, "/vd", "binary data"),
        ] {
            match field {
                Scalar::Absent => {}
                Scalar::Text(_) => said.push(Said::NoNumber(place, what)),
                other => return Err(other.unfit(place, "a text")),
            }
        }
        if said.len() > 1 {
            let detail = "a record has one value only: v, vb, vs or vd";
            return Err(refusal(Reason::BadShape, detail));
        }
        if let Some(sum) = number(&record.s, "/s")? {
            said.push(Said::Sum(self.sum + sum));
        }
        if said.is_empty() && !record.is_base_only() {
            let detail = "no value: a record has v, vb, vs, vd or s";
            return Err(refusal(Reason::NoValue, detail));
        }
        Ok(said)
    }
}

fn check_version(bver: &Scalar<'_>) -> Result<(), Rejection> {
    match bver {
        Scalar::Absent => Ok(()),
        Scalar::Int(version) if (1..=VERSION_MAX).contains(version) => Ok(()),
        Scalar::Int(version) => {
            let detail =
                format!("/bver: version {version} of SenML, and {VERSION_MAX} is the newest known");
            Err(refusal(Reason::BadShape, detail))
        }
        other => Err(other.unfit("/bver", "the number of a version")),
    }
}

/// The number in a field, if it is there. SenML writes numbers as numbers only.
fn number(field: &Scalar<'_>, place: &str) -> Result<Option<f64>, Rejection> {
    match field {
        Scalar::Absent => Ok(None),
        Scalar::Text(_) => Err(field.unfit(place, "a number")),
        _ => field.number(place).map(Some),
    }
}

/// The text in a field, if it is there.
fn text(field: &Scalar<'_>, place: &str) -> Result<Option<SmolStr>, Rejection> {
    match field {
        Scalar::Absent => Ok(None),
        Scalar::Text(text) => bounded(text, place).map(|text| Some(SmolStr::new(text))),
        other => Err(other.unfit(place, "a text")),
    }
}
