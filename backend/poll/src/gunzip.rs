//! Unpacking within a bound: a few bytes can unpack to any number.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;

/// Why something cannot be unpacked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unpacked {
    /// It is longer than may be; its beginning.
    TooLarge(Vec<u8>),
    /// It is no gzip, in words.
    Broken(String),
}

/// What `packed` unpacks to, if that is at most `bytes_max`.
///
/// # Errors
/// Why not. No more than one byte above the bound is unpacked.
pub(crate) fn gunzip(packed: &[u8], bytes_max: usize) -> Result<Vec<u8>, Unpacked> {
    let mut unpacked = Vec::new();
    let mut decoder = MultiGzDecoder::new(packed).take(bytes_max as u64 + 1);
    decoder
        .read_to_end(&mut unpacked)
        .map_err(|error| Unpacked::Broken(error.to_string()))?;
    if unpacked.len() > bytes_max {
        return Err(Unpacked::TooLarge(unpacked));
    }
    Ok(unpacked)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_fits_is_unpacked_in_all_its_members() {
        let packed = [gzip(b"ab"), gzip(b"cd")].concat();
        assert_eq!(gunzip(&packed, 4), Ok(b"abcd".to_vec()));
    }

    #[test]
    fn a_bomb_ends_one_byte_above_the_bound() {
        let bomb = gzip(&vec![0; 10 << 20]);
        assert!(bomb.len() < 20_000, "{}", bomb.len());
        assert_eq!(
            gunzip(&bomb, 1_000),
            Err(Unpacked::TooLarge(vec![0; 1_001]))
        );
    }

    #[test]
    fn what_is_no_gzip_or_ends_too_early_is_told() {
        assert!(matches!(gunzip(b"plain", 100), Err(Unpacked::Broken(_))));
        let whole = gzip(b"abcdefgh");
        let cut = &whole[..whole.len() - 3];
        assert!(matches!(gunzip(cut, 100), Err(Unpacked::Broken(_))));
    }
}
