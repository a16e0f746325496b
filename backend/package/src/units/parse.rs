//! UCUM codes to scale and dimension.

use super::atoms::{ATOMS, Atom, PREFIXES, SPELLINGS};

/// Exponents of the base units: seven of the SI, then angle, sound level, signal level, acidity,
/// turbidity, information.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dimension(pub(super) [i8; 13]);

impl Dimension {
    /// This dimension times `other` to the power of `exponent`; `None` on overflow.
    fn with(self, other: Self, exponent: i8) -> Option<Self> {
        let mut product = self;
        for (mine, theirs) in product.0.iter_mut().zip(other.0) {
            *mine = mine.checked_add(theirs.checked_mul(exponent)?)?;
        }
        Some(product)
    }
}

/// A size as mantissa and power of ten, so that `mg` over `ug` is exactly 1000.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) mantissa: f64,
    pub(super) exponent: i32,
}

impl Scale {
    const ONE: Self = Self {
        mantissa: 1.0,
        exponent: 0,
    };

    fn with(self, other: Self, exponent: i8) -> Self {
        Self {
            mantissa: self.mantissa * other.mantissa.powi(i32::from(exponent)),
            exponent: self.exponent + other.exponent * i32::from(exponent),
        }
    }

    /// How many of `other` one of this is.
    pub(super) fn over(self, other: Self) -> f64 {
        scaled(
            self.mantissa / other.mantissa,
            self.exponent - other.exponent,
        )
    }

    /// The size in base units.
    pub(super) fn value(self) -> f64 {
        scaled(self.mantissa, self.exponent)
    }
}

/// `mantissa` × 10^`exponent`, dividing for negative exponents: powers of ten above 1 are exact.
fn scaled(mantissa: f64, exponent: i32) -> f64 {
    let power = 10_f64.powi(exponent.abs());
    if exponent < 0 {
        mantissa / power
    } else {
        mantissa * power
    }
}

/// What a code means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    pub(super) scale: Scale,
    pub(super) dimension: Dimension,
    /// Its zero in base units; other than 0 for a temperature that stands alone.
    pub(super) zero: f64,
}

/// Longer codes are refused unread: the longest one in use has about 20 characters.
const CODE_BYTES_MAX: usize = 64;

impl Unit {
    const ONE: Self = Self {
        scale: Scale::ONE,
        dimension: Dimension([0; 13]),
        zero: 0.0,
    };

    /// The unit that `code` names.
    pub(super) fn parse(code: &str) -> Option<Self> {
        if code.len() > CODE_BYTES_MAX {
            return None;
        }
        let code = code
            .trim()
            .replace(['µ', 'μ'], "u")
            .replace('²', "2")
            .replace('³', "3");
        let spelling = SPELLINGS.iter().find(|(vendor, _)| *vendor == code);
        let code = without_annotations(spelling.map_or(code.as_str(), |(_, ucum)| ucum))?;
        if let Some(atom) = ATOMS.iter().find(|atom| atom.code == code) {
            return Some(Self {
                scale: atom.scale,
                dimension: atom.dimension,
                zero: atom.zero,
            });
        }
        let mut unit = Self::ONE;
        let mut sign = 1;
        let mut rest = code.as_str();
        if let Some(after) = rest.strip_prefix('/') {
            (sign, rest) = (-1, after);
        }
        loop {
            let end = rest.find(['.', '/']).unwrap_or(rest.len());
            let (component, after) = rest.split_at(end);
            unit = unit.times(component, sign)?;
            match after.chars().next() {
                Some(operator) => {
                    sign = if operator == '/' { -1 } else { 1 };
                    rest = after.get(1..)?;
                }
                None => return Some(unit),
            }
        }
    }

    /// This unit times a component such as `m3` or `60`, or divided by it.
    fn times(self, component: &str, sign: i8) -> Option<Self> {
        if component.starts_with(|c: char| c.is_ascii_digit()) {
            let mantissa = component.parse::<u32>().ok().filter(|number| *number > 0)?;
            let number = Scale {
                mantissa: f64::from(mantissa),
                exponent: 0,
            };
            return Some(Self {
                scale: self.scale.with(number, sign),
                ..self
            });
        }
        let is_exponent = |c: char| c.is_ascii_digit() || c == '-' || c == '+';
        let name = component.trim_end_matches(is_exponent);
        let exponent = match component.get(name.len()..)? {
            "" => 1,
            digits => digits
                .parse::<i8>()
                .ok()
                .filter(|exponent| exponent.abs() <= 9)?,
        };
        let (scale, dimension) = prefixed(name)?;
        Some(Self {
            scale: self.scale.with(scale, sign * exponent),
            dimension: self.dimension.with(dimension, sign * exponent)?,
            zero: 0.0,
        })
    }
}

/// A unit by its own name, or by prefix and name. A temperature within a product is a difference.
fn prefixed(name: &str) -> Option<(Scale, Dimension)> {
    let named = |name: &str, fits: fn(&Atom) -> bool| {
        ATOMS.iter().find(|atom| atom.code == name && fits(atom))
    };
    if let Some(atom) = named(name, |_| true) {
        return Some((atom.scale, atom.dimension));
    }
    PREFIXES.iter().find_map(|(prefix, exponent)| {
        let atom = named(name.strip_prefix(prefix)?, |atom| atom.metric)?;
        let prefix = Scale {
            mantissa: 1.0,
            exponent: *exponent,
        };
        Some((atom.scale.with(prefix, 1), atom.dimension))
    })
}

/// The code without `{annotations}`; one that stands alone means 1.
fn without_annotations(code: &str) -> Option<String> {
    let mut plain = String::new();
    let mut rest = code;
    while let Some(open) = rest.find('{') {
        let close = open + rest.get(open..)?.find('}')?;
        let before = rest.get(..open)?;
        plain.push_str(before);
        let alone = before.is_empty() && plain.is_empty() || before.ends_with(['/', '.']);
        if alone {
            plain.push('1');
        }
        rest = rest.get(close + 1..)?;
    }
    plain.push_str(rest);
    (!plain.contains('}')).then_some(plain)
}
