//! What converts into what, by table.

use super::*;

fn converted(v: f64, from: &str, to: &str) -> f64 {
    convert(from, to)
        .unwrap_or_else(|| panic!("{from} to {to}"))
        .apply(v)
}

#[test]
fn values_convert_as_the_table_says() {
    for (v, from, to, want) in [
        (3.0, "mm", "cm", 0.3),
        (150.0, "mm", "m", 0.15),
        (1.5, "km", "m", 1500.0),
        (36.0, "km/h", "m/s", 10.0),
        (10.0, "m/s", "km/h", 36.0),
        (1.0, "mg/m3", "ug/m3", 1000.0),
        (35.0, "µg/m3", "ug/m3", 35.0),
        (35.0, "μg/m³", "ug/m3", 35.0),
        (42.0, "%", "1", 0.42),
        (0.42, "1", "%", 42.0),
        (20.0, "Cel", "K", 293.15),
        (293.15, "K", "Cel", 20.0),
        (212.0, "[degF]", "Cel", 100.0),
        (100.0, "Cel", "[degF]", 212.0),
        (20.0, "℃", "Cel", 20.0),
        (1013.0, "hPa", "kPa", 101.3),
        (1.0, "bar", "hPa", 1000.0),
        (1.0, "mbar", "hPa", 1.0),
        (78.0, "mm/h", "mm/h", 78.0),
        (60.0, "dB[A]", "dB", 60.0),
        (3600.0, "m3/h", "m3/s", 1.0),
        (1.0, "kW.h", "kJ", 3600.0),
        (2.0, "kWh", "kW.h", 2.0),
        (1.0, "g/L", "mg/L", 1000.0),
        (1.0, "mg/L", "g/m3", 1.0),
        (7.2, "pH", "[pH]", 7.2),
        (90.0, "s", "min", 1.5),
        (1.0, "d", "h", 24.0),
        (1.0, "ppm", "ppb", 1000.0),
        (7.0, "{count}", "1", 7.0),
        (7.0, "{vehicles}/h", "1/h", 7.0),
        (2.0, "/m2", "1/m2", 2.0),
        (1.0, "kV.A", "W", 1000.0),
        (1.0, "", "1", 1.0),
        (10.0, "[ft_i]", "m", 3.048),
    ] {
        let got = converted(v, from, to);
        let close = (got - want).abs() <= want.abs() * 1e-12;
        assert!(close, "{v} {from} = {got} {to}, not {want}");
    }
}

#[test]
fn powers_of_ten_convert_without_a_rounding_error() {
    assert_eq!(converted(3.0, "mm", "cm").to_bits(), 0.3_f64.to_bits());
    assert_eq!(
        converted(0.6, "mg/m3", "ug/m3").to_bits(),
        600.0_f64.to_bits()
    );
    assert_eq!(converted(123.0, "mm", "m").to_bits(), 0.123_f64.to_bits());
}

#[test]
fn what_measures_different_things_does_not_convert() {
    for (from, to) in [
        ("m", "s"),
        ("deg", "1"),
        ("dB", "1"),
        ("[pH]", "1"),
        ("NTU", "mg/L"),
        ("Cel", "m"),
        ("furlong", "m"),
        ("m", "furlong"),
        ("kmin", "s"),
        ("m}", "m"),
        ("m//s", "m/s"),
        ("m999", "m"),
        ("0", "1"),
    ] {
        assert_eq!(convert(from, to), None, "{from} to {to}");
    }
}

#[test]
fn equal_codes_convert_even_if_unknown() {
    assert_eq!(convert("furlong", "furlong"), Some(Conversion::IDENTITY));
    assert!(!is_known("furlong"));
    assert!(is_known("MW") && is_known("mm/s") && is_known("1/h") && is_known("{people}"));
}

#[test]
fn what_is_meant_by_a_word_is_a_unit_and_the_word_is_none() {
    for (word, code) in super::atoms::MEANT {
        assert!(is_known(code) && !is_known(word), "{word}: {code}");
    }
    assert_eq!(meant("Minutes "), Some("min"));
    assert_eq!(meant("parsec"), None);
}
