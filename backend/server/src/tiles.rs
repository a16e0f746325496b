//! A PMTiles archive in a city package's `map/` folder: what it says of itself, and its tiles.
//!
//! It may have gigabytes, so only its header and its root directory are in memory: a tile costs two
//! or three short reads at their places. Whoever asks from the runtime does so on a thread that may
//! wait, for a disk can be slow.

mod on_disk;

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use egret_package::tiles::{About, Archive};
use futures_util::FutureExt as _;
use pmtiles::{AsyncPmTilesReader, Compression, Header, PmtError, PmtResult, TileCoord, TileType};
use serde::Deserialize;

use crate::limits::TILE_BYTES;
use on_disk::{NO_ARCHIVE, OnDisk, unpacked};

/// An archive that is open. While it is, another may take its place by its name.
pub(crate) struct Tiles {
    reader: AsyncPmTilesReader<OnDisk>,
    about: About,
    version: String,
}

/// A tile as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    /// The tile.
    pub bytes: Bytes,
    /// Whether it is compressed, by gzip.
    pub is_gzip: bool,
}

impl Tiles {
    /// Opens an archive.
    ///
    /// # Errors
    /// A sentence: why it cannot be read.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let disk = OnDisk::open(path)?;
        let version = disk.version().to_owned();
        let reader = at_once(AsyncPmTilesReader::try_from_source(disk));
        let reader = reader.map_err(|error| format!("{NO_ARCHIVE}: {error}"))?;
        let metadata = at_once(reader.get_metadata());
        let metadata = metadata.map_err(|error| format!("its metadata cannot be read: {error}"))?;
        Ok(Self {
            about: about(reader.get_header(), &metadata)?,
            reader,
            version,
        })
    }

    /// Tells this state of the file from any other.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Whether its tiles lie in it compressed by gzip.
    pub(crate) fn is_gzip(&self) -> bool {
        self.reader.get_header().tile_compression == Compression::Gzip
    }

    /// A tile, unpacked unless `takes_gzip`; none where the archive has none. Waits for the disk.
    ///
    /// # Errors
    /// If the file cannot be read, or has been changed since it was opened.
    pub(crate) fn tile(&self, at: TileCoord, takes_gzip: bool) -> PmtResult<Option<Sent>> {
        let Some(bytes) = at_once(self.reader.get_tile(at))? else {
            return Ok(None);
        };
        let is_gzip = self.is_gzip();
        if is_gzip && !takes_gzip {
            let bytes = unpacked(&bytes, TILE_BYTES)?;
            return Ok(Some(Sent {
                bytes,
                is_gzip: false,
            }));
        }
        Ok(Some(Sent { bytes, is_gzip }))
    }
}

impl std::fmt::Debug for Tiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Tiles");
        shown.field("about", &self.about);
        shown.field("version", &self.version);
        shown.finish_non_exhaustive()
    }
}

/// What stands for an archive among a package's files.
pub(crate) fn archive(opened: &Result<Arc<Tiles>, String>) -> Archive {
    match opened {
        Ok(tiles) => Archive::Readable(tiles.about.clone()),
        Err(why) => Archive::Unreadable(why.clone()),
    }
}

/// What of an archive's metadata is of use.
#[derive(Deserialize)]
struct MetadataDef {
    #[serde(default)]
    vector_layers: Vec<VectorLayerDef>,
}

/// A layer of its tiles.
#[derive(Deserialize)]
struct VectorLayerDef {
    id: String,
}

fn about(header: &Header, metadata: &str) -> Result<About, String> {
    let metadata: MetadataDef = serde_json::from_str(metadata)
        .map_err(|error| format!("its metadata cannot be understood: {error}"))?;
    let layers = metadata.vector_layers.into_iter().map(|layer| layer.id);
    Ok(About {
        tile_type: tile_type(header.tile_type).to_owned(),
        compression: compression(header.tile_compression).to_owned(),
        min_zoom: header.min_zoom,
        max_zoom: header.max_zoom,
        layers: layers.collect(),
    })
}

fn tile_type(of: TileType) -> &'static str {
    match of {
        TileType::Mvt => "mvt",
        TileType::Mlt => "mlt",
        TileType::Png => "png",
        TileType::Jpeg => "jpeg",
        TileType::Webp => "webp",
        TileType::Avif => "avif",
        TileType::Unknown => "of no known kind",
    }
}

fn compression(of: Compression) -> &'static str {
    match of {
        Compression::None => "none",
        Compression::Gzip => "gzip",
        Compression::Brotli => "brotli",
        Compression::Zstd => "zstd",
        Compression::Unknown => "nobody knows what",
    }
}

/// What a future comes to that waits for nobody: [`OnDisk`] reads on the thread that asks.
fn at_once<T>(future: impl Future<Output = PmtResult<T>>) -> PmtResult<T> {
    let waiting = || Err(PmtError::Reading(io::ErrorKind::WouldBlock.into()));
    future.now_or_never().unwrap_or_else(waiting)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write as _;

    use flate2::write::GzEncoder;

    use super::*;
    use crate::limits::INDEX_BYTES;

    /// The archive of the tests' second city.
    fn fixture() -> Vec<u8> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/tiny.pmtiles");
        std::fs::read(path).unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = GzEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    /// What a file of these bytes is as an archive.
    fn opened(bytes: &[u8]) -> Result<Tiles, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.pmtiles");
        std::fs::write(&path, bytes).unwrap();
        Tiles::open(&path)
    }

    /// The archive with another part: `packed` lies behind all else, and the header says so at the
    /// byte `at`.
    fn with_part(mut archive: Vec<u8>, at: usize, packed: &[u8]) -> Vec<u8> {
        let numbers = [archive.len(), packed.len()];
        let numbers = numbers.map(|number| u64::try_from(number).unwrap().to_le_bytes());
        archive[at..at + 16].copy_from_slice(&numbers.concat());
        archive.extend(packed);
        archive
    }

    /// The tile of zoom 8 in which that city lies.
    fn home() -> TileCoord {
        TileCoord::new(8, 211, 109).unwrap()
    }

    #[test]
    fn a_tile_is_told_as_it_lies_there_or_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.pmtiles");
        std::fs::write(&path, fixture()).unwrap();
        let tiles = Tiles::open(&path).unwrap();
        let packed = tiles.tile(home(), true).unwrap().unwrap();
        let plain = tiles.tile(home(), false).unwrap().unwrap();
        assert!(packed.is_gzip && packed.bytes.starts_with(&[0x1f, 0x8b]));
        // A vector tile begins with its first layer: field 3, length-delimited.
        assert!(!plain.is_gzip && plain.bytes.starts_with(&[0x1a]));
        let elsewhere = TileCoord::new(8, 0, 0).unwrap();
        assert!(tiles.tile(elsewhere, true).unwrap().is_none());
    }

    #[test]
    fn a_tile_that_unpacks_to_more_than_any_has_is_refused() {
        let packed = |n_bytes: usize| gzip(&vec![0; n_bytes]);
        let most = unpacked(&packed(TILE_BYTES), TILE_BYTES);
        assert_eq!(most.unwrap().len(), TILE_BYTES);
        let error = unpacked(&packed(TILE_BYTES + 1), TILE_BYTES).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }

    fn too_much() -> String {
        format!("it unpacks to more than {INDEX_BYTES} bytes")
    }

    #[test]
    fn metadata_that_unpack_to_more_than_any_have_are_refused() {
        let metadata = |n_bytes: usize| {
            let mut json = b"{}".to_vec();
            json.resize(n_bytes, b' ');
            opened(&with_part(fixture(), 24, &gzip(&json)))
        };
        metadata(INDEX_BYTES).unwrap();
        let why = metadata(INDEX_BYTES + 1).unwrap_err();
        assert!(why.contains("its metadata cannot be read"), "{why}");
        assert!(why.ends_with(&too_much()), "{why}");
    }

    #[test]
    fn directories_that_unpack_to_more_than_any_have_are_refused() {
        // No entries, and much behind.
        let much = gzip(&vec![0; INDEX_BYTES + 1]);
        let why = opened(&with_part(fixture(), 8, &much)).unwrap_err();
        assert!(why.contains("its directory cannot be read"), "{why}");
        assert!(why.ends_with(&too_much()), "{why}");

        // One entry: from tile 0 on, as a directory, so long, from the first byte of the leaves on.
        let length = [much.len() % 128 + 128, much.len() / 128];
        let [low, high] = length.map(|byte| u8::try_from(byte).unwrap());
        let root = gzip(&[1, 0, 0, low, high, 1]);
        let archive = with_part(with_part(fixture(), 8, &root), 40, &much);
        let error = opened(&archive).unwrap().tile(home(), true).unwrap_err();
        assert!(error.to_string().ends_with(&too_much()), "{error}");
    }

    #[test]
    fn a_file_that_is_changed_beneath_is_not_read_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("city.pmtiles");
        std::fs::write(&path, fixture()).unwrap();
        let tiles = Tiles::open(&path).unwrap();
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"more").unwrap();
        let error = tiles.tile(home(), true).unwrap_err();
        assert!(matches!(error, PmtError::SourceModified), "{error}");
    }

    #[test]
    fn what_is_no_archive_or_is_cut_short_is_told() {
        let why = |bytes: &[u8]| opened(bytes).unwrap_err();
        let whole = fixture();
        for bytes in [&b""[..], b"PM", b"GIF89a", &whole[..126]] {
            let why = why(bytes);
            assert!(why.contains("version 3"), "{why}");
        }
        let n_bytes = whole.len();
        // In the root directory, and in the last of the tiles.
        for n_missing in [n_bytes - 140, 1] {
            let told = format!("it is cut short: {n_missing} of {n_bytes} bytes are missing");
            assert_eq!(why(&whole[..n_bytes - n_missing]), told);
        }
        assert!(opened(&whole).is_ok());
    }

    #[test]
    fn parts_that_end_behind_any_file_are_no_archive() {
        let mut bytes = fixture();
        // The tiles' length.
        bytes[64..72].copy_from_slice(&u64::MAX.to_le_bytes());
        let why = opened(&bytes).unwrap_err();
        assert!(why.contains("version 3"), "{why}");
    }

    #[test]
    fn an_empty_part_may_be_said_to_lie_anywhere() {
        let mut bytes = fixture();
        // The leaves' offset; there are none.
        bytes[40..48].copy_from_slice(&(1_u64 << 40).to_le_bytes());
        assert!(opened(&bytes).is_ok());
    }
}
