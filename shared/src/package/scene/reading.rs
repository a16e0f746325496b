//! How large text must be to be read from where people sit. Pure.
//!
//! The screens are drawn in units: 1,920 across a picture of 16:9. Whoever sits further away than
//! that is drawn for gets a larger unit.

use super::ScreenDef;

/// Units across a picture of 16:9.
pub const UNITS_WIDE: f64 = 1_920.0;

/// The smallest text of the screens, in units.
pub const SMALLEST_UNITS: f64 = 14.0;

/// How far one may sit away for each height of a capital letter: 17 minutes of arc.
///
/// # Source
/// ISO 9241-303:2011, 5.5.4: 16 minutes of arc at least, 20 to 22 preferred for reading at length.
/// The smallest text of a wall (ages, completeness) is looked up, not read at length; figures and
/// names are three to six times as large. A Chinese character fills 0.88 of its em where a capital
/// fills 0.727, so it subtends 20 minutes in the same size.
const CAPITALS_AWAY: f64 = 200.0;

/// Height of a capital over the size of its font.
///
/// # Source
/// Inter 4: 1490 of 2048 units per em.
const CAPITAL_OF_EM: f64 = 0.727;

/// The smallest font size that is read from `distance_m`. Metres, like `distance_m`.
pub fn least_text_m(distance_m: f64) -> f64 {
    distance_m / CAPITALS_AWAY / CAPITAL_OF_EM
}

impl ScreenDef {
    /// How much larger than drawn the unit has to be, where `units` lie across the picture: 1 where
    /// the smallest text is large enough as it is.
    ///
    /// # Shape
    /// A finite factor, 1 or more; 1 as well for a picture of no width.
    pub fn enlargement(&self, units: f64) -> f64 {
        let unit_m = self.width.0 / units;
        let factor = least_text_m(self.distance.0) / (SMALLEST_UNITS * unit_m);
        if factor.is_finite() {
            factor.max(1.0)
        } else {
            1.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::rule::Metres;

    fn screen(distance: f64, width: f64) -> ScreenDef {
        ScreenDef {
            distance: Metres(distance),
            width: Metres(width),
        }
    }

    #[test]
    fn a_wall_that_is_near_enough_is_left_as_it_is_drawn() {
        assert!((screen(3.0, 5.5).enlargement(UNITS_WIDE) - 1.0).abs() < 1e-9);
        assert!((screen(0.7, 0.6).enlargement(UNITS_WIDE) - 1.1).abs() < 0.01);
    }

    #[test]
    fn the_smallest_text_of_a_far_wall_grows_to_a_two_hundredth_of_the_distance() {
        let far = screen(8.0, 5.5);
        let text_m = SMALLEST_UNITS * far.enlargement(UNITS_WIDE) * 5.5 / UNITS_WIDE;
        assert!((text_m * CAPITAL_OF_EM - 8.0 / 200.0).abs() < 1e-9);
    }

    #[test]
    fn a_picture_of_no_width_changes_nothing() {
        assert!((screen(8.0, 0.0).enlargement(UNITS_WIDE) - 1.0).abs() < 1e-9);
    }
}
