//! From a folder on disk to the texts that a package is loaded from: this crate's only I/O.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

/// Sub-folders that belong to the package's language; others are the author's own.
const SUBFOLDERS: [&str; 4] = ["plans", "map", "locales", "zones"];

/// Endings of files whose text is read. Of others, such as PMTiles, only the name is taken: the server
/// opens those.
const TEXTS: [&str; 6] = ["toml", "geojson", "csv", "md", "json", "txt"];

/// The largest text that is read: 64 MiB is ten times the areas of a city of 20 million down to
/// its grids, and a file named by mistake does not fill the memory.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// The package's files by path relative to `folder`, with `/` between parts; text files with
/// their text, others with an empty one.
///
/// # Errors
/// A file or folder that cannot be read, is no UTF-8, or is larger than 64 MiB; the message names
/// it.
pub fn read(folder: &Path) -> io::Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    read_into(folder, "", &mut files)?;
    for name in SUBFOLDERS {
        let subfolder = folder.join(name);
        if subfolder.is_dir() {
            read_into(&subfolder, &format!("{name}/"), &mut files)?;
        }
    }
    Ok(files)
}

fn read_into(folder: &Path, prefix: &str, files: &mut BTreeMap<String, String>) -> io::Result<()> {
    let named = |error: io::Error, path: &Path| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    for entry in fs::read_dir(folder).map_err(|error| named(error, folder))? {
        let path = entry.map_err(|error| named(error, folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| path.is_file()) {
            let text = read_text(&path).map_err(|error| named(error, &path))?;
            files.insert(format!("{prefix}{name}"), text);
        }
    }
    Ok(())
}

fn read_text(path: &Path) -> io::Result<String> {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or("");
    if !TEXTS.contains(&ending) {
        return Ok(String::new());
    }
    if fs::metadata(path)?.len() > TEXT_BYTES_MAX {
        let message = format!("larger than {TEXT_BYTES_MAX} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    fs::read_to_string(path)
}
