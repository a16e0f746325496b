//! Whose something is, written into its very name, so that it is recognised wherever it turns up:
//! `mk_{departments}_{class}_{kind}[_{place}…]`, `ma_{place}` for areas, `mp_…` for what identifies
//! a person. What is read here needs no table: the marker itself says who may see it.

use std::fmt::{self, Write as _};

/// Every department, in the order in which a marker names them.
pub const DEPARTMENTS: [&str; 3] = ["water", "police", "west"];

/// The area of a department.
pub fn home(department: &str) -> Place {
    if department == "west" {
        Place::W
    } else {
        Place::C
    }
}

/// How strictly something is classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// For anybody who is granted anything of it.
    Public,
    /// For those granted more.
    Internal,
    /// For those granted most.
    Sensitive,
}

/// Where something is. The city `C` has the districts `W` and `E`, each of two grids; some of the
/// city lies in no district.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// The city, or in no district of it.
    C,
    /// The western district.
    W,
    /// Its southern grid.
    W1,
    /// Its northern grid.
    W2,
    /// The eastern district.
    E,
    /// Its southern grid.
    E1,
    /// Its northern grid.
    E2,
    /// It has not said where it is.
    N,
}

/// What decides who may see a row.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label {
    /// Whose it is, in the order of [`DEPARTMENTS`].
    pub departments: Vec<&'static str>,
    /// How strictly it is classified.
    pub class: Class,
    /// Where it is; absent for what is the same everywhere, such as a definition.
    pub place: Option<Place>,
}

/// What is recognised in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Marker {
    /// Something with a label, in the words of the text.
    Row(String, Label),
    /// An area.
    Area(Place),
    /// What identifies a person, and whose reports it is in.
    Person(String, Label),
    /// The value of the asset with this number.
    Value(usize),
}

impl Class {
    /// All, rising.
    pub const ALL: [Self; 3] = [Self::Public, Self::Internal, Self::Sensitive];

    /// As a marker writes it.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Public => "pub",
            Self::Internal => "int",
            Self::Sensitive => "sen",
        }
    }

    /// As the city package and a grant write it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Internal => "internal",
            Self::Sensitive => "sensitive",
        }
    }
}

impl Place {
    /// Where assets are.
    pub const OF_ASSETS: [Self; 6] = [Self::W1, Self::W2, Self::E1, Self::E2, Self::C, Self::N];

    /// The areas of the map.
    pub const AREAS: [Self; 7] = [
        Self::C,
        Self::W,
        Self::W1,
        Self::W2,
        Self::E,
        Self::E1,
        Self::E2,
    ];

    /// The areas that hold it, itself among them, widest first; none of what has said no place.
    pub const fn line(self) -> &'static [Self] {
        use Place::{C, E, E1, E2, N, W, W1, W2};
        match self {
            N => &[],
            C => &[C],
            W => &[C, W],
            W1 => &[C, W, W1],
            W2 => &[C, W, W2],
            E => &[C, E],
            E1 => &[C, E, E1],
            E2 => &[C, E, E2],
        }
    }

    /// Longitude and latitude of a point in it that lies in no finer area.
    pub const fn position(self) -> Option<[f64; 2]> {
        match self {
            Self::W1 => Some([118.05, 24.45]),
            Self::W2 => Some([118.05, 24.55]),
            Self::E1 => Some([118.15, 24.45]),
            Self::E2 => Some([118.15, 24.55]),
            Self::C => Some([118.22, 24.5]),
            Self::W | Self::E | Self::N => None,
        }
    }

    /// The area's code.
    pub fn code(self) -> String {
        format!("ma_{self}")
    }

    fn read(text: &str) -> Option<Self> {
        let known = Self::AREAS.into_iter().chain([Self::N]);
        let mut fitting: Vec<_> = known
            .filter(|place| text.starts_with(&place.to_string()))
            .collect();
        fitting.sort_by_key(|place| place.to_string().len());
        fitting.pop()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Label {
    /// Of one department, everywhere the same.
    pub fn of(department: &'static str, class: Class) -> Self {
        Self::shared(&[department], class)
    }

    /// Of several departments, everywhere the same.
    pub fn shared(departments: &[&'static str], class: Class) -> Self {
        Self {
            departments: departments.to_vec(),
            class,
            place: None,
        }
    }

    /// The same, there.
    #[must_use]
    pub fn at(&self, place: Place) -> Self {
        Self {
            place: Some(place),
            ..self.clone()
        }
    }

    /// Where it counts, if it is a row: what has said no place counts for its department's area.
    pub fn counts_for(&self) -> Option<Place> {
        match (self.place, &*self.departments) {
            (Some(Place::N), [one]) => Some(home(one)),
            (Some(Place::N), _) => Some(Place::C),
            (place, _) => place,
        }
    }

    /// The marker of something of this kind with this label. Letters and digits alone in `kind`.
    pub fn marker(&self, kind: &str) -> String {
        let whose = self.departments.join("-");
        let mut marker = format!("mk_{whose}_{}_{kind}", self.class.short());
        if let Some(place) = self.place {
            write!(marker, "_{place}").expect("a text takes everything");
        }
        marker
    }
}

/// Every marker in `text`.
///
/// # Panics
/// If something begins like a marker and is none: then the test would overlook it.
#[track_caller]
pub fn markers(text: &str) -> Vec<Marker> {
    let mut found = Vec::new();
    for (at, word) in words(text, "mk_") {
        let row = row(word);
        let context = || text.get(at.saturating_sub(80)..(at + 80).min(text.len()));
        let label = row.unwrap_or_else(|| panic!("{word:?} is no marker in {:?}", context()));
        found.push(Marker::Row(word.to_owned(), label));
    }
    for (_, word) in words(text, "ma_") {
        let place = Place::read(&word["ma_".len()..]);
        found.extend(place.map(Marker::Area));
    }
    for (_, word) in words(text, "mp_") {
        let label = row(word).unwrap_or_else(|| panic!("{word:?} is nobody of ours"));
        found.push(Marker::Person(word.to_owned(), label));
    }
    found.extend(values(text));
    found.sort();
    found.dedup();
    found
}

/// Where a word of letters, digits, `_` and `-` begins with `start`, and the word.
fn words<'a>(text: &'a str, start: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    text.match_indices(start).map(move |(at, _)| {
        let rest = &text[at..];
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        (at, &rest[..end])
    })
}

fn row(word: &str) -> Option<Label> {
    let mut parts = word.split('_').skip(1);
    let named: Vec<&str> = parts.next()?.split('-').collect();
    let departments: Vec<_> = DEPARTMENTS
        .into_iter()
        .filter(|known| named.contains(known))
        .collect();
    let class = parts.next()?;
    let class = Class::ALL
        .into_iter()
        .find(|known| known.short() == class)?;
    let _kind = parts.next()?;
    let place = match parts.next() {
        Some(text) => Some(Place::read(text)?),
        None => None,
    };
    (departments.len() == named.len()).then_some(Label {
        departments,
        class,
        place,
    })
}

/// What stands behind the point of a value that marks its asset.
const VALUE: &str = ".731";

/// Digits of an asset's number in its value.
const DIGITS: usize = 5;

/// The value of the asset with this number, around `whole`: `2.731001697` for 13. Squares, so that
/// no mean of some is the value of another.
pub fn value(whole: u32, number: usize) -> f64 {
    let text = format!("{whole}{VALUE}{:0DIGITS$}7", number * number);
    text.parse().expect("digits are a number")
}

fn values(text: &str) -> impl Iterator<Item = Marker> {
    text.match_indices(VALUE).filter_map(move |(at, _)| {
        let digits = text.get(at + VALUE.len()..at + VALUE.len() + DIGITS + 1)?;
        let square: usize = digits.strip_suffix('7')?.parse().ok()?;
        let number = square.isqrt();
        (number * number == square).then_some(Marker::Value(number))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_back_from_any_text() {
        let label = Label::shared(&["water", "west"], Class::Sensitive).at(Place::E2);
        let marker = label.marker("fix");
        assert_eq!(marker, "mk_water-west_sen_fix_E2");
        let text =
            format!("{{\"a\":\"/x/{marker}?area=ma_W1\",\"v\":2.731017647,\"t\":\"00.731Z\"}}");
        assert_eq!(
            markers(&text),
            [
                Marker::Row(marker, label),
                Marker::Area(Place::W1),
                Marker::Value(42)
            ]
        );
        assert_eq!(value(2, 42).to_string(), "2.731017647");
        let person = markers("mp_west_pub_caller_W ");
        let label = Label::of("west", Class::Public).at(Place::W);
        assert_eq!(
            person,
            [Marker::Person("mp_west_pub_caller_W".to_owned(), label)]
        );
        let report = markers("mk_west_pub_rep_C7-1");
        assert_eq!(
            report,
            [Marker::Row(
                "mk_west_pub_rep_C7-1".to_owned(),
                Label::of("west", Class::Public).at(Place::C)
            )]
        );
    }

    #[test]
    #[should_panic(expected = "is no marker")]
    fn what_only_looks_like_a_marker_is_not_overlooked() {
        markers("mk_nobody_pub_fix");
    }
}
