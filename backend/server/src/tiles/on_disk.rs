//! The file of an archive: whether all of it is there, and bytes of it read at their places.
//!
//! The library that understands archives reads through this. It never compares what a header promises
//! with the file: a tile that was cut off would be missed when somebody looks at it. And it unpacks
//! whatever it gets, so it gets no directory and no metadata that come to more than such things have.

use std::fs::{File, Metadata};
use std::future::ready;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::Path;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use flate2::read::GzDecoder;
use pmtiles::{AsyncBackend, BackendResponse, Compression, Header, PmtError, PmtResult};

use crate::limits::{INDEX_BYTES, TILE_BYTES};

/// What is told of a file that cannot be opened as an archive.
pub(super) const NO_ARCHIVE: &str = "no PMTiles archive of version 3";

/// A header's bytes.
const HEADER_BYTES: usize = 127;

/// The file, read at places.
pub(super) struct OnDisk {
    file: File,
    version: String,
    sections: Sections,
    /// How directories and metadata are compressed.
    packing: Compression,
}

impl OnDisk {
    /// Opens an archive, if all of it is there.
    ///
    /// # Errors
    /// A sentence: why it cannot be read.
    pub(super) fn open(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| error.to_string())?;
        let meta = file.metadata().map_err(|error| error.to_string())?;
        let head = up_to(&file, 0, HEADER_BYTES).map_err(|error| error.to_string())?;
        let none = |error: PmtError| format!("{NO_ARCHIVE}: {error}");
        let header = Header::try_from_bytes(head.clone()).map_err(none)?;
        let spec = header.spec_version();
        if spec != 3 {
            return Err(format!("{NO_ARCHIVE}: it is of version {spec}"));
        }
        let sections = Sections::of(&head).ok_or_else(|| none(PmtError::InvalidHeader))?;
        let (whole, there) = (sections.end(), meta.len());
        if whole > there {
            let missing = whole - there;
            return Err(format!(
                "it is cut short: {missing} of {whole} bytes are missing"
            ));
        }
        let disk = Self {
            version: version(&meta),
            file,
            packing: header.internal_compression(),
            sections,
        };
        // The library takes this out of what it reads first, and not through `whole`.
        let Range { start, end } = disk.sections.root;
        let length = usize::try_from(end - start).unwrap_or(usize::MAX);
        let root = disk.whole(start, length);
        root.map_err(|error| format!("its directory cannot be read: {error}"))?;
        Ok(disk)
    }

    /// Tells this state of the file from any other.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// At most `length` bytes from `offset` on, fewer at the file's end.
    ///
    /// # Errors
    /// Also if the file has been changed since it was opened: bytes of two archives are never mixed.
    fn read_now(&self, offset: u64, length: usize) -> PmtResult<Bytes> {
        let is_index = self.sections.is_index(offset);
        let most = if is_index { INDEX_BYTES } else { TILE_BYTES };
        if length > most {
            let message = format!("{length} bytes in one piece, {most} are read");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message).into());
        }
        let bytes = up_to(&self.file, offset, length)?;
        if version(&self.file.metadata()?) != self.version {
            return Err(PmtError::SourceModified);
        }
        Ok(bytes)
    }

    /// A whole tile, directory or metadata. Of these two, what unpacks to no more than it may.
    fn whole(&self, offset: u64, length: usize) -> PmtResult<Bytes> {
        let bytes = self.read_now(offset, length)?;
        if bytes.len() != length {
            let n_read = bytes.len();
            return Err(PmtError::UnexpectedNumberOfBytesReturned(length, n_read));
        }
        if self.sections.is_index(offset) && self.packing == Compression::Gzip {
            // The library unpacks it once more: a directory of a city has a few kilobytes.
            unpacked(&bytes, INDEX_BYTES)?;
        }
        Ok(bytes)
    }
}

impl AsyncBackend for OnDisk {
    fn read(
        &self,
        offset: u64,
        length: usize,
    ) -> impl Future<Output = PmtResult<BackendResponse>> + Send {
        ready(self.read_now(offset, length).map(BackendResponse::new))
    }

    fn read_exact(
        &self,
        offset: u64,
        length: usize,
    ) -> impl Future<Output = PmtResult<BackendResponse>> + Send {
        ready(self.whole(offset, length).map(BackendResponse::new))
    }
}

/// Where a header says that the parts of its archive lie, in bytes of the file.
///
/// # Source
/// PMTiles 3, "Header": offsets and lengths, from byte 8 on.
struct Sections {
    root: Range<u64>,
    metadata: Range<u64>,
    leaves: Range<u64>,
    tiles: Range<u64>,
}

impl Sections {
    /// None of a header that is too short, or whose parts end behind any file.
    fn of(head: &[u8]) -> Option<Self> {
        let (numbers, _) = head.get(8..72)?.as_chunks::<8>();
        let mut numbers = numbers.iter().map(|bytes| u64::from_le_bytes(*bytes));
        let mut section = || {
            let (offset, length) = (numbers.next()?, numbers.next()?);
            Some(offset..offset.checked_add(length)?)
        };
        Some(Self {
            root: section()?,
            metadata: section()?,
            leaves: section()?,
            tiles: section()?,
        })
    }

    /// Where the last of them ends. Writers put them in any order, and an empty one anywhere.
    fn end(&self) -> u64 {
        let all = [&self.root, &self.metadata, &self.leaves, &self.tiles];
        let parts = all.into_iter().filter(|section| !section.is_empty());
        parts.map(|section| section.end).max().unwrap_or(0)
    }

    /// Whether a directory or the metadata lie there.
    fn is_index(&self, offset: u64) -> bool {
        let mut all = [&self.root, &self.metadata, &self.leaves].into_iter();
        all.any(|section| section.contains(&offset))
    }
}

/// What lies in gzip, as far as it is no longer than `most`: not by the library, which unpacks whatever
/// comes.
///
/// # Errors
/// If it is longer, or cannot be unpacked.
pub(super) fn unpacked(packed: &[u8], most: usize) -> io::Result<Bytes> {
    let mut bytes = Vec::new();
    let mut plain = GzDecoder::new(packed).take(most as u64 + 1);
    plain.read_to_end(&mut bytes)?;
    if bytes.len() > most {
        let message = format!("it unpacks to more than {most} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(bytes.into())
}

/// Changes with what is in the file: its length and when it was written.
fn version(meta: &Metadata) -> String {
    let written = meta.modified().ok();
    let since = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    format!(
        "{:x}-{:x}",
        meta.len(),
        since.unwrap_or_default().as_nanos()
    )
}

/// At most `length` bytes from `offset` on, fewer at the file's end.
fn up_to(file: &File, offset: u64, length: usize) -> io::Result<Bytes> {
    let mut bytes = vec![0; length];
    let mut n_read = 0;
    while let Some(rest) = bytes.get_mut(n_read..).filter(|rest| !rest.is_empty()) {
        match read_at(file, rest, offset + n_read as u64) {
            Ok(0) => break,
            Ok(n) => n_read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(n_read);
    Ok(bytes.into())
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, bytes, offset)
}
