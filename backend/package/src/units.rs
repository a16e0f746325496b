//! Units of measurement: reading UCUM codes and converting between them.
//!
//! A code such as `ug/m3` is taken apart into prefixes, units and exponents, so that any product
//! of known units is known. Quantities that do not convert into one another although the SI gives
//! both no unit (angle, sound level, pH, turbidity) have a dimension of their own here.
//!
//! # Source
//! The Unified Code for Units of Measure (UCUM) 2.2, case-sensitive codes.

mod atoms;
mod parse;

use parse::Unit;

/// How a value in one unit becomes a value in another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conversion {
    /// What to multiply by.
    pub factor: f64,
    /// What to add afterwards, in the target's unit; 0 but for temperatures.
    pub offset: f64,
    /// 1 / `factor` without its rounding: 3 mm are 0.3 cm by 3 / 10, but not by 3 × 0.1.
    inverse: f64,
}

impl Conversion {
    /// Nothing changes.
    pub const IDENTITY: Self = Self {
        factor: 1.0,
        offset: 0.0,
        inverse: 1.0,
    };

    /// Whether values stay as they are.
    pub fn is_identity(self) -> bool {
        self == Self::IDENTITY
    }

    /// The value in the other unit.
    pub fn apply(self, v: f64) -> f64 {
        let scaled = if self.inverse > 1.0 && self.inverse.fract() == 0.0 {
            v / self.inverse
        } else {
            v * self.factor
        };
        scaled + self.offset
    }
}

/// How values in `from` become values in `to`; `None` if one of them is no unit or they measure
/// different things. Equal codes convert even if they are unknown here.
pub fn convert(from: &str, to: &str) -> Option<Conversion> {
    if from == to {
        return Some(Conversion::IDENTITY);
    }
    let from = Unit::parse(from)?;
    let to = Unit::parse(to)?;
    if from.dimension != to.dimension {
        return None;
    }
    let factor = from.scale.over(to.scale);
    Some(Conversion {
        factor,
        offset: (from.zero - to.zero) / to.scale.value(),
        inverse: to.scale.over(from.scale),
    })
}

/// Whether `code` is a unit that can be converted.
pub fn is_known(code: &str) -> bool {
    Unit::parse(code).is_some()
}

/// The code that someone who does not know the codes may mean by `word`.
pub(crate) fn meant(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase();
    let meant = atoms::MEANT.iter().find(|(theirs, _)| *theirs == word);
    meant.map(|(_, code)| *code)
}

#[cfg(test)]
mod tests;
