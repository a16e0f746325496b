//! `target/site`: everything the browser loads, gathered from the sources, npm and the wasm step.
//!
//! ```text
//! index.html                   frontend/index.html, see [`page`]
//! wall.html                    the same for walls
//! egret.js  egret_bg.wasm      every screen; snippets/ where a crate brings JavaScript
//! egret-wall.js  …_bg.wasm     the wall alone
//! js/  style/egret.css         frontend/js; all of frontend/style
//! (root)                       frontend/public
//! vendor/maplibre-gl/          from npm, with its licence
//! vendor/fonts/…/              from npm, with their licences
//! *.br  *.gz                   compressed twins, see [`press`]
//! site                         the hash below which pages name files: /~HASH/…
//! build.json                   version, hash of the whole; written last
//! ```
//!
//! The folder is brought in step file by file, so that unchanged files keep their times and
//! `build.json` changes exactly when something did: the server's build watches that one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::command::build::Profile;
use crate::paths::Paths;
use crate::stamp::{self, Fingerprint};
use crate::steps::Step;
use crate::wasm::{self, Part};
use crate::{page, press};

/// What the site is made of: the path in the site, and the file it is copied from.
pub(crate) type Files = BTreeMap<PathBuf, PathBuf>;

/// The file with the hash below which the pages name every other file.
const SITE_FILE: &str = "site";

/// Which files of an npm package are taken: all with this start and end, into one folder.
struct Taken {
    from: &'static str,
    start: &'static str,
    end: &'static str,
    into: &'static str,
}

/// Takes `from/start…end` into `vendor/into`.
const fn taken(
    from: &'static str,
    start: &'static str,
    end: &'static str,
    into: &'static str,
) -> Taken {
    Taken {
        from,
        start,
        end,
        into,
    }
}

/// The map's worker is found beside its module, and the fonts' styles name `./files/`.
const VENDOR: [Taken; 10] = [
    taken("maplibre-gl/dist", "maplibre-gl", "gl.mjs", "maplibre-gl"),
    taken(
        "maplibre-gl/dist",
        "maplibre-gl-worker",
        "worker.mjs",
        "maplibre-gl",
    ),
    taken("maplibre-gl/dist", "maplibre-gl", ".css", "maplibre-gl"),
    taken("maplibre-gl", "LICENSE", "", "maplibre-gl"),
    taken("@fontsource-variable/inter", "wght.css", "", "fonts/inter"),
    taken(
        "@fontsource-variable/inter/files",
        "",
        "wght-normal.woff2",
        "fonts/inter/files",
    ),
    taken("@fontsource-variable/inter", "LICENSE", "", "fonts/inter"),
    taken(
        "@fontsource-variable/noto-sans-sc",
        "wght",
        ".css",
        "fonts/noto-sans-sc",
    ),
    taken(
        "@fontsource-variable/noto-sans-sc/files",
        "",
        "wght-normal.woff2",
        "fonts/noto-sans-sc/files",
    ),
    taken(
        "@fontsource-variable/noto-sans-sc",
        "LICENSE",
        "",
        "fonts/noto-sans-sc",
    ),
];

/// A part of the browser part, built.
#[derive(Debug)]
pub(crate) struct Built {
    /// Which.
    pub(crate) part: Part,
    /// The folder with its glue code.
    pub(crate) bound: PathBuf,
    /// Its program.
    pub(crate) wasm: PathBuf,
}

/// Brings `target/site` in step with its sources.
///
/// # Errors
/// When a source is missing or the disk refuses.
pub(crate) fn assemble(
    step: &mut Step,
    paths: &Paths,
    npm: &Path,
    parts: &[Built],
    profile: Profile,
) -> Result<()> {
    let mut files = static_files(paths, npm)?;
    for built in parts {
        add_folder(&mut files, &built.bound, Path::new(""))?;
        files.insert(PathBuf::from(built.part.wasm_file()), built.wasm.clone());
    }
    add_pages(paths, parts, &mut files)?;
    if profile == Profile::Release {
        files.extend(press::twins(step, paths, &files)?);
    }
    let changed = bring_in_step(&paths.site, &files)?;
    write_build(&paths.site, &files)?;
    let total = files.len();
    let kilobytes = |built: &Built| {
        let name = format!("{}.br", built.part.wasm_file());
        let data = fs::metadata(paths.site.join(name)).ok()?;
        Some(format!("{} {} kB", built.part.name, data.len() / 1_000))
    };
    let sizes: Vec<String> = parts.iter().filter_map(kilobytes).collect();
    step.note(match (changed, sizes.is_empty()) {
        (0, _) => "unchanged".to_owned(),
        (_, true) => format!("{changed} of {total} files changed"),
        (_, false) => format!("{changed} of {total} files changed; {}", sizes.join(", ")),
    });
    Ok(())
}

/// The one style sheet, and the pages that name every file by the hash of all of them.
fn add_pages(paths: &Paths, parts: &[Built], files: &mut Files) -> Result<()> {
    let source = paths.root.join("frontend/index.html");
    let page =
        fs::read_to_string(&source).with_context(|| format!("reading {}", source.display()))?;
    let mut style = String::new();
    for name in page::styles(&page) {
        let file = paths.root.join("frontend/style").join(name);
        let rules = fs::read_to_string(&file)
            .with_context(|| format!("reading {}, which index.html names", file.display()))?;
        style.push_str(&rules);
    }
    files.retain(|name, _| !name.starts_with("style"));
    add_text(paths, files, page::STYLE_FILE, &style)?;
    let mut all = Fingerprint::default().text(&page).text(&style);
    for (name, source) in files.iter() {
        all = all.text(&name.to_string_lossy()).file(source)?;
    }
    let hash = all.finish();
    add_text(paths, files, SITE_FILE, &hash)?;
    add_text(paths, files, "index.html", &page::served(&page, &hash))?;
    if parts.iter().any(|built| built.part == wasm::WALL) {
        let wall = page::served(&page::wall(&page), &hash);
        add_text(paths, files, "wall.html", &wall)?;
    }
    Ok(())
}

/// Adds a file that no folder has.
fn add_text(paths: &Paths, files: &mut Files, name: &str, text: &str) -> Result<()> {
    let file = paths.work.join("page").join(name);
    stamp::write(&file, text.as_bytes())?;
    files.insert(PathBuf::from(name), file);
    Ok(())
}

/// All but the page and the browser part: what Trunk does not make itself.
///
/// # Errors
/// When a folder cannot be listed or an npm package lacks a file.
pub(crate) fn static_files(paths: &Paths, npm: &Path) -> Result<Files> {
    let mut files = Files::new();
    let frontend = paths.root.join("frontend");
    add_folder(&mut files, &frontend.join("public"), Path::new(""))?;
    add_folder(&mut files, &frontend.join("js"), Path::new("js"))?;
    add_folder(&mut files, &frontend.join("style"), Path::new("style"))?;
    for taken in &VENDOR {
        add_taken(&mut files, npm, taken)?;
    }
    Ok(files)
}

/// Makes `folder` hold exactly `files` and `build.json`; returns how many files changed.
///
/// # Errors
/// When a file cannot be read or written.
pub(crate) fn bring_in_step(folder: &Path, files: &Files) -> Result<usize> {
    let mut changed = 0;
    for present in stamp::files_below(folder)? {
        let name = present.strip_prefix(folder)?;
        if !files.contains_key(name) && name != Path::new("build.json") {
            fs::remove_file(&present)?;
            changed += 1;
        }
    }
    for (name, source) in files {
        let content = fs::read(source).with_context(|| format!("reading {}", source.display()))?;
        changed += usize::from(write_if_changed(&folder.join(name), &content)?);
    }
    Ok(changed)
}

fn add_folder(files: &mut Files, folder: &Path, into: &Path) -> Result<()> {
    for file in stamp::files_below(folder)? {
        files.insert(into.join(file.strip_prefix(folder)?), file);
    }
    Ok(())
}

fn add_taken(files: &mut Files, npm: &Path, taken: &Taken) -> Result<()> {
    let folder = npm.join(taken.from);
    let listed = fs::read_dir(&folder).with_context(|| format!("listing {}", folder.display()))?;
    let mut found = 0;
    for entry in listed {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_file() && name.starts_with(taken.start) && name.ends_with(taken.end) {
            files.insert(Path::new("vendor").join(taken.into).join(&name), path);
            found += 1;
        }
    }
    ensure!(
        found > 0,
        "no {}…{} in {}",
        taken.start,
        taken.end,
        folder.display()
    );
    Ok(())
}

/// Says what was built. The hash is for telling builds apart, not for security.
fn write_build(site: &Path, files: &Files) -> Result<()> {
    let mut all = Fingerprint::default();
    for (name, source) in files {
        all = all.text(&name.to_string_lossy()).file(source)?;
    }
    let text = format!(
        "{{\"version\":\"{}\",\"site_hash\":\"{}\"}}\n",
        env!("CARGO_PKG_VERSION"),
        all.finish()
    );
    write_if_changed(&site.join("build.json"), text.as_bytes()).map(drop)
}

fn write_if_changed(file: &Path, content: &[u8]) -> Result<bool> {
    if fs::read(file).is_ok_and(|present| present == content) {
        return Ok(false);
    }
    stamp::write(file, content)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("egret-xtask-{}-{name}", std::process::id()));
        stamp::make_empty_folder(&folder).unwrap();
        folder
    }

    #[test]
    fn a_site_in_step_is_left_alone_and_strangers_are_removed() {
        let folder = scratch("site");
        let source = folder.join("source.css");
        stamp::write(&source, b"a").unwrap();
        let site = folder.join("site");
        let files = Files::from([(PathBuf::from("style/a.css"), source.clone())]);

        assert_eq!(bring_in_step(&site, &files).unwrap(), 1);
        assert_eq!(bring_in_step(&site, &files).unwrap(), 0);
        stamp::write(&site.join("old.js"), b"").unwrap();
        stamp::write(&source, b"b").unwrap();
        assert_eq!(bring_in_step(&site, &files).unwrap(), 2);
        assert!(!site.join("old.js").exists());
        assert_eq!(fs::read(site.join("style/a.css")).unwrap(), b"b");
        fs::remove_dir_all(&folder).unwrap();
    }
}
