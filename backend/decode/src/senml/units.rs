//! SenML's units in UCUM.

/// Units that SenML writes otherwise than UCUM.
///
/// # Source
/// IANA's registry of SenML units (RFC 8428, section 12.1) and of secondary units (RFC 8798).
/// Units that have no UCUM code here (`Bspl`, `KiB`) stay as they are, and are refused as unknown.
const UCUM: [(&str, &str); 24] = [
    ("%RH", "%"),
    ("%EL", "%"),
    ("EL", "s"),
    ("/", "1"),
    ("count", "1"),
    ("beats", "1"),
    ("beat/min", "1/min"),
    ("/100", "%"),
    ("/1000", "[ppth]"),
    ("pH", "[pH]"),
    ("dBm", "dB[mW]"),
    ("B", "By"),
    ("GB", "GBy"),
    ("B/s", "By/s"),
    ("MB/s", "MBy/s"),
    ("VA", "V.A"),
    ("VAs", "V.A.s"),
    ("kVA", "kV.A"),
    ("kVAh", "kV.A.h"),
    ("Ah", "A.h"),
    ("As", "A.s"),
    ("Wh", "W.h"),
    ("kWh", "kW.h"),
    ("Wh/km", "W.h/km"),
];

/// The UCUM code of a SenML unit; most are the same.
pub(super) fn ucum(unit: &str) -> &str {
    let found = UCUM.iter().find(|(senml, _)| *senml == unit);
    found.map_or(unit, |(_, ucum)| ucum)
}
