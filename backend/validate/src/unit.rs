//! Senders' units of one property, and how each becomes the property's own.
//!
//! Taking a unit's code apart costs more than the rest of a reading, and a property's senders
//! name two or three units all their lives: so what was found is remembered, up to a limit.

use std::sync::{PoisonError, RwLock};

use egret_package::units::{Conversion, convert};
use smol_str::SmolStr;

/// Units remembered per property.
///
/// Eight is more than the decimal multiples that instruments report in; the ninth unit still
/// converts, at the cost of being taken apart each time. A sender cannot grow it.
const REMEMBERED_MAX: usize = 8;

/// Converts to one property's unit.
pub(crate) struct UnitReader {
    own: String,
    remembered: RwLock<Vec<(SmolStr, Conversion)>>,
}

impl UnitReader {
    pub(crate) fn new(own: &str) -> Self {
        Self {
            own: own.to_owned(),
            remembered: RwLock::default(),
        }
    }

    /// How values in `unit` become values in the property's own; `None` if they cannot.
    pub(crate) fn conversion(&self, unit: &str) -> Option<Conversion> {
        if unit == self.own {
            return Some(Conversion::IDENTITY);
        }
        let remembered = self
            .remembered
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        let found = remembered.iter().find(|(known, _)| known == unit);
        if let Some((_, conversion)) = found {
            return Some(*conversion);
        }
        drop(remembered);
        let conversion = convert(unit, &self.own)?;
        let mut remembered = self
            .remembered
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if remembered.len() < REMEMBERED_MAX && !remembered.iter().any(|(known, _)| known == unit) {
            remembered.push((SmolStr::new(unit), conversion));
        }
        Some(conversion)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_remembered_unit_converts_as_it_did_the_first_time_and_memory_is_bounded() {
        let reader = UnitReader::new("m");
        for _ in 0..2 {
            let metres = reader.conversion("cm").unwrap().apply(142.0);
            assert!((metres - 1.42).abs() < 1e-12, "{metres}");
            assert_eq!(reader.conversion("Cel"), None);
            for unit in [
                "m", "mm", "dm", "km", "um", "nm", "[ft_i]", "[in_i]", "[mi_i]", "dam",
            ] {
                assert!(reader.conversion(unit).is_some(), "{unit}");
            }
        }
        assert_eq!(reader.remembered.read().unwrap().len(), REMEMBERED_MAX);
    }
}
