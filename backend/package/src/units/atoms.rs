//! The units and prefixes that codes are built from.

use super::parse::{Dimension, Scale};

/// A unit that is not made of others.
pub(super) struct Atom {
    /// Its UCUM code, or how vendors write it.
    pub(super) code: &'static str,
    /// Whether it takes prefixes such as `k`.
    pub(super) metric: bool,
    /// Its size in base units.
    pub(super) scale: Scale,
    /// What it measures.
    pub(super) dimension: Dimension,
    /// Its zero in base units; other than 0 for temperatures only.
    pub(super) zero: f64,
}

const fn metric(code: &'static str, scale: Scale, dimension: Dimension) -> Atom {
    Atom {
        code,
        metric: true,
        scale,
        dimension,
        zero: 0.0,
    }
}

const fn plain(code: &'static str, scale: Scale, dimension: Dimension) -> Atom {
    Atom {
        code,
        metric: false,
        scale,
        dimension,
        zero: 0.0,
    }
}

const fn ten(exponent: i32) -> Scale {
    Scale {
        mantissa: 1.0,
        exponent,
    }
}

const fn times(mantissa: f64, exponent: i32) -> Scale {
    Scale { mantissa, exponent }
}

/// Exponents of metre, gram, second, ampere, kelvin, mole, candela.
const fn si(exponents: [i8; 7]) -> Dimension {
    let [metre, gram, second, ampere, kelvin, mole, candela] = exponents;
    Dimension([
        metre, gram, second, ampere, kelvin, mole, candela, 0, 0, 0, 0, 0, 0,
    ])
}

const NONE: Dimension = si([0, 0, 0, 0, 0, 0, 0]);
const ANGLE: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0]);
const SOUND: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
const SIGNAL: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
const ACIDITY: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]);
const TURBIDITY: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
const INFORMATION: Dimension = Dimension([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);

const LENGTH: Dimension = si([1, 0, 0, 0, 0, 0, 0]);
const MASS: Dimension = si([0, 1, 0, 0, 0, 0, 0]);
const TIME: Dimension = si([0, 0, 1, 0, 0, 0, 0]);
const TEMPERATURE: Dimension = si([0, 0, 0, 0, 1, 0, 0]);
const PRESSURE: Dimension = si([-1, 1, -2, 0, 0, 0, 0]);

/// All of them. Longer codes are tried before prefixed shorter ones, so order is for reading only.
pub(super) const ATOMS: &[Atom] = &[
    metric("m", ten(0), LENGTH),
    metric("g", ten(0), MASS),
    metric("s", ten(0), TIME),
    metric("A", ten(0), si([0, 0, 0, 1, 0, 0, 0])),
    metric("K", ten(0), TEMPERATURE),
    metric("mol", ten(0), si([0, 0, 0, 0, 0, 1, 0])),
    metric("cd", ten(0), si([0, 0, 0, 0, 0, 0, 1])),
    metric("rad", ten(0), ANGLE),
    metric("t", ten(6), MASS),
    plain("min", times(60.0, 0), TIME),
    plain("h", times(3600.0, 0), TIME),
    plain("d", times(86_400.0, 0), TIME),
    plain("wk", times(604_800.0, 0), TIME),
    plain("a", times(31_557_600.0, 0), TIME),
    metric("L", ten(-3), si([3, 0, 0, 0, 0, 0, 0])),
    metric("l", ten(-3), si([3, 0, 0, 0, 0, 0, 0])),
    plain("har", ten(4), si([2, 0, 0, 0, 0, 0, 0])),
    metric("Hz", ten(0), si([0, 0, -1, 0, 0, 0, 0])),
    metric("N", ten(3), si([1, 1, -2, 0, 0, 0, 0])),
    metric("Pa", ten(3), PRESSURE),
    metric("bar", ten(8), PRESSURE),
    plain("mm[Hg]", times(133.322, 3), PRESSURE),
    metric("J", ten(3), si([2, 1, -2, 0, 0, 0, 0])),
    metric("W", ten(3), si([2, 1, -3, 0, 0, 0, 0])),
    metric("V", ten(3), si([2, 1, -3, -1, 0, 0, 0])),
    metric("Ohm", ten(3), si([2, 1, -3, -2, 0, 0, 0])),
    metric("S", ten(-3), si([-2, -1, 3, 2, 0, 0, 0])),
    metric("C", ten(0), si([0, 0, 1, 1, 0, 0, 0])),
    metric("lm", ten(0), si([0, 0, 0, 0, 0, 0, 1])),
    metric("lx", ten(0), si([-2, 0, 0, 0, 0, 0, 1])),
    metric("Sv", ten(0), si([2, 0, -2, 0, 0, 0, 0])),
    metric("Bq", ten(0), si([0, 0, -1, 0, 0, 0, 0])),
    plain("deg", times(std::f64::consts::PI / 180.0, 0), ANGLE),
    plain("dB", ten(0), SOUND),
    plain("dB[mW]", ten(0), SIGNAL),
    plain("[pH]", ten(0), ACIDITY),
    plain("NTU", ten(0), TURBIDITY),
    plain("[NTU]", ten(0), TURBIDITY),
    plain("bit", ten(0), INFORMATION),
    metric("By", times(8.0, 0), INFORMATION),
    plain("%", ten(-2), NONE),
    plain("[ppth]", ten(-3), NONE),
    plain("[ppm]", ten(-6), NONE),
    plain("ppm", ten(-6), NONE),
    plain("[ppb]", ten(-9), NONE),
    plain("ppb", ten(-9), NONE),
    plain("[in_i]", times(2.54, -2), LENGTH),
    plain("[ft_i]", times(3.048, -1), LENGTH),
    plain("[mi_i]", times(1.609_344, 3), LENGTH),
    plain("[nmi_i]", times(1.852, 3), LENGTH),
    plain(
        "[kn_i]",
        times(1852.0 / 3600.0, 0),
        si([1, 0, -1, 0, 0, 0, 0]),
    ),
    Atom {
        code: "Cel",
        metric: false,
        scale: ten(0),
        dimension: TEMPERATURE,
        zero: 273.15,
    },
    Atom {
        code: "[degF]",
        metric: false,
        scale: times(5.0 / 9.0, 0),
        dimension: TEMPERATURE,
        zero: 459.67 * 5.0 / 9.0,
    },
];

/// Prefixes with their power of ten.
pub(super) const PREFIXES: &[(&str, i32)] = &[
    ("T", 12),
    ("G", 9),
    ("M", 6),
    ("k", 3),
    ("h", 2),
    ("da", 1),
    ("d", -1),
    ("c", -2),
    ("m", -3),
    ("u", -6),
    ("n", -9),
    ("p", -12),
];

/// What vendors write for a whole code, and the code.
pub(super) const SPELLINGS: &[(&str, &str)] = &[
    ("", "1"),
    ("℃", "Cel"),
    ("°C", "Cel"),
    ("°F", "[degF]"),
    ("°", "deg"),
    ("dBA", "dB"),
    ("dB(A)", "dB"),
    ("dB[A]", "dB"),
    ("dBm", "dB[mW]"),
    ("pH", "[pH]"),
    ("kWh", "kW.h"),
    ("MWh", "MW.h"),
    ("Wh", "W.h"),
    ("%RH", "%"),
    ("ft", "[ft_i]"),
    ("mph", "[mi_i]/h"),
    ("kn", "[kn_i]"),
];

/// What people write who do not know the codes, and the code that they mean.
pub(super) const MEANT: &[(&str, &str)] = &[
    ("second", "s"),
    ("seconds", "s"),
    ("sec", "s"),
    ("秒", "s"),
    ("minute", "min"),
    ("minutes", "min"),
    ("mins", "min"),
    ("分", "min"),
    ("分钟", "min"),
    ("hour", "h"),
    ("hours", "h"),
    ("hr", "h"),
    ("小时", "h"),
    ("day", "d"),
    ("days", "d"),
    ("天", "d"),
    ("percent", "%"),
    ("％", "%"),
    ("count", "1"),
    ("pcs", "1"),
    ("个", "1"),
    ("件", "1"),
    ("次", "1"),
    ("人", "1"),
    ("辆", "1"),
    ("meter", "m"),
    ("metre", "m"),
    ("米", "m"),
    ("厘米", "cm"),
    ("毫米", "mm"),
    ("公里", "km"),
    ("kmh", "km/h"),
    ("kph", "km/h"),
    ("公里/小时", "km/h"),
    ("celsius", "Cel"),
    ("摄氏度", "Cel"),
    ("分贝", "dB"),
];
