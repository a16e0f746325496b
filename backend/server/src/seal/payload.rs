//! A whole payload of a feed with personal fields, sealed with the keys of everybody in it: it
//! opens as long as none of them has been erased.

use super::DataKey;

/// How something is kept. The number stands in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sealing {
    /// In clear.
    #[default]
    None,
    /// Sealed by the data folder's key: what was kept before there were data keys.
    Folder,
    /// Sealed with the keys of everybody in it; a [`Place`] stands before it.
    Keys,
    /// Not at all any more: erased.
    Erased,
}

impl Sealing {
    /// The number of `self`. Those of [`Self::None`] and [`Self::Folder`] are what `false` and
    /// `true` were written as before there were others.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::None => 0,
            Self::Folder => 1,
            Self::Keys => 2,
            Self::Erased => 3,
        }
    }

    /// What `number` stands for. One that this version does not know opens with nothing.
    pub(crate) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::None,
            1 => Self::Folder,
            2 => Self::Keys,
            _ => Self::Erased,
        }
    }

    /// Whether what is kept is not in clear.
    pub(crate) fn is_sealed(self) -> bool {
        self != Self::None
    }
}

/// What is sealed of a message. One does not open in the other's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Its payload.
    Payload,
    /// What came beside that.
    Beside,
}

impl Part {
    fn as_what(self) -> &'static [u8] {
        match self {
            Self::Payload => b"egret payload 1",
            Self::Beside => b"egret beside 1",
        }
    }
}

/// Where the keys of a payload are, seen from the entry that the payload is kept with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// So many entries before it is the message's first.
    pub back: u32,
    /// So many entries from the first on are looked at for keys …
    pub span: u32,
    /// … and so many of them have one.
    pub n_keys: u32,
}

/// Bytes of a [`Place`].
const PLACE_BYTES: usize = 12;

impl Place {
    fn bytes(self) -> [u8; PLACE_BYTES] {
        let mut bytes = [0; PLACE_BYTES];
        let numbers = [self.back, self.span, self.n_keys].map(u32::to_le_bytes);
        bytes.copy_from_slice(numbers.as_flattened());
        bytes
    }

    /// Where the keys of `sealed` are, and the rest of it; `None` if it is too short.
    pub(crate) fn read(sealed: &[u8]) -> Option<(Self, &[u8])> {
        let (back, rest) = sealed.split_first_chunk()?;
        let (span, rest) = rest.split_first_chunk()?;
        let (n_keys, rest) = rest.split_first_chunk()?;
        let [back, span, n_keys] = [back, span, n_keys].map(|bytes| u32::from_le_bytes(*bytes));
        let place = Self { back, span, n_keys };
        Some((place, rest))
    }
}

/// `plain`, which is `part` of a message, sealed with `keys`, which lie at `place`; empty if that failed, which is logged as
/// ERROR.
pub(crate) fn close<'a>(
    part: Part,
    plain: &[u8],
    place: Place,
    keys: impl IntoIterator<Item = &'a DataKey>,
) -> Vec<u8> {
    let sealed = DataKey::joined(keys).close(plain, part.as_what());
    if sealed.is_empty() {
        return sealed;
    }
    [place.bytes().as_slice(), &sealed].concat()
}

/// What `sealed`, without its [`Place`], seals with `keys`.
pub(crate) fn open(part: Part, sealed: &[u8], keys: &[DataKey]) -> Option<Vec<u8>> {
    DataKey::joined(keys).open(sealed, part.as_what())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_opens_with_all_keys_in_it_and_with_nothing_less() {
        let [one, two, other] = [(); 3].map(|()| DataKey::random().unwrap());
        let place = Place {
            back: 1,
            span: 70_000,
            n_keys: 2,
        };
        let sealed = close(Part::Payload, b"[1,2]", place, [&one, &two]);
        let (read, rest) = Place::read(&sealed).unwrap();
        assert_eq!(read, place);
        let keys = |keys: &[&DataKey]| -> Vec<DataKey> { keys.iter().copied().cloned().collect() };
        let opened = |part, keys: &[DataKey]| open(part, rest, keys);
        let both = keys(&[&one, &two]);
        assert_eq!(opened(Part::Payload, &both).unwrap(), b"[1,2]");
        assert_eq!(opened(Part::Beside, &both), None);
        for wrong in [
            keys(&[]),
            keys(&[&one]),
            keys(&[&two]),
            keys(&[&two, &one]),
            keys(&[&one, &other]),
            keys(&[&one, &two, &other]),
        ] {
            assert_eq!(opened(Part::Payload, &wrong), None, "{} keys", wrong.len());
        }
        assert_eq!(Place::read(&sealed[..11]), None);
    }

    #[test]
    fn the_numbers_of_sealings_are_what_stands_in_databases() {
        let all = [
            Sealing::None,
            Sealing::Folder,
            Sealing::Keys,
            Sealing::Erased,
        ];
        for (number, sealing) in (0_u8..).zip(all) {
            assert_eq!(
                (sealing.number(), Sealing::from_number(number)),
                (number, sealing)
            );
            assert_eq!(sealing.is_sealed(), number > 0);
        }
    }
}
