//! Where a thing happened, in WGS 84.

use egret_shared::package::feed::Crs;
use egret_shared::position::Position;
use egret_shared::rejection::{Reason, Rejection};

use crate::crs::wgs84_from;
use crate::refuse::refusal;

/// So near 0° 0° a position is a receiver without a fix, not a place: the Gulf of Guinea.
///
/// # Units
/// Degrees, some 110 m: receivers without a fix also send the last digits of noise.
const NO_FIX_DEG: f64 = 0.001;

/// The position that was `sent` in the datum `crs`, if one was.
///
/// # Errors
/// [`Reason::BadPosition`] if it is not on the earth, or is 0, 0.
pub(crate) fn place(sent: Option<(f64, f64)>, crs: Crs) -> Result<Option<Position>, Rejection> {
    let Some((lon, lat)) = sent else {
        return Ok(None);
    };
    if lon.abs() < NO_FIX_DEG && lat.abs() < NO_FIX_DEG {
        let detail = format!("the position [{lon}, {lat}] is a receiver's without a fix");
        return Err(refusal(Reason::BadPosition, detail));
    }
    let converted = Position::checked(lon, lat).map(|_| wgs84_from(crs, (lon, lat)));
    converted.and_then(|(lon, lat)| Position::checked(lon, lat)).map(Some).ok_or_else(|| {
        let detail = format!(
            "the position [{lon}, {lat}] is not on the earth: longitude -180 to 180 comes first, \
             then latitude -90 to 90"
        );
        refusal(Reason::BadPosition, detail)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_off_the_earth_or_without_a_fix_is_refused() {
        for (lon, lat) in [
            (0.0, 0.0),
            (-0.000_1, 0.000_9),
            (24.48, 118.09),
            (181.0, 0.0),
            (f64::NAN, 24.0),
            (118.0, f64::INFINITY),
        ] {
            let refused = place(Some((lon, lat)), Crs::Gcj02).unwrap_err();
            assert_eq!(refused.reason, Reason::BadPosition, "{lon}, {lat}");
        }
        assert_eq!(place(None, Crs::Wgs84), Ok(None));
        assert!(
            place(Some((0.0, 51.48)), Crs::Wgs84).is_ok(),
            "Greenwich is a place"
        );
    }
}
