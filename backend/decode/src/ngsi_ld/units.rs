//! UN/CEFACT's common codes in UCUM.

/// Codes of what cities measure.
///
/// # Source
/// UN/ECE Recommendation 20, "Codes for Units of Measure Used in International Trade". Codes that
/// are not here stay as they are, and are refused as unknown.
const UCUM: [(&str, &str); 56] = [
    ("C62", "1"),
    ("P1", "%"),
    ("59", "[ppm]"),
    ("61", "[ppb]"),
    ("CEL", "Cel"),
    ("KEL", "K"),
    ("FAH", "[degF]"),
    ("MTR", "m"),
    ("DMT", "dm"),
    ("CMT", "cm"),
    ("MMT", "mm"),
    ("4H", "um"),
    ("KMT", "km"),
    ("MTS", "m/s"),
    ("KMH", "km/h"),
    ("KNT", "[kn_i]"),
    ("H67", "mm/h"),
    ("MTK", "m2"),
    ("MTQ", "m3"),
    ("LTR", "L"),
    ("MQS", "m3/s"),
    ("MQH", "m3/h"),
    ("G51", "L/s"),
    ("GRM", "g"),
    ("KGM", "kg"),
    ("TNE", "t"),
    ("GQ", "ug/m3"),
    ("GP", "mg/m3"),
    ("M1", "mg/L"),
    ("Q30", "[pH]"),
    ("SEC", "s"),
    ("MIN", "min"),
    ("HUR", "h"),
    ("DAY", "d"),
    ("C26", "ms"),
    ("HTZ", "Hz"),
    ("PAL", "Pa"),
    ("A97", "hPa"),
    ("KPA", "kPa"),
    ("MPA", "MPa"),
    ("BAR", "bar"),
    ("MBR", "mbar"),
    ("JOU", "J"),
    ("WTT", "W"),
    ("KWT", "kW"),
    ("MAW", "MW"),
    ("KWH", "kW.h"),
    ("D54", "W/m2"),
    ("VLT", "V"),
    ("2Z", "mV"),
    ("AMP", "A"),
    ("4K", "mA"),
    ("LUX", "lx"),
    ("DD", "deg"),
    ("2N", "dB"),
    ("NEW", "N"),
];

/// The UCUM code of a common code.
pub(super) fn ucum(code: &str) -> &str {
    let found = UCUM.iter().find(|(common, _)| *common == code);
    found.map_or(code, |(_, ucum)| ucum)
}
