//! A private Rust toolchain with the WebAssembly target, made from Debian's packages.
//!
//! Debian ships a newer Rust with its library's sources, but no library built for
//! `wasm32-unknown-unknown`. It is built once from those sources, without the network, and laid
//! into a folder that rustup, cargo and Trunk accept as a toolchain
//! (`RUSTUP_TOOLCHAIN=/that/folder`):
//!
//! ```text
//! bin/                                 wrappers that call Debian's programs with this sysroot
//! lib/rustlib/wasm32-unknown-unknown/  the library built here
//! lib/rustlib/x86_64-…/                Debian's own, linked, for build scripts and macros
//! ```
//!
//! The folder's name carries the compiler's identity, so that an update of Debian's Rust makes a
//! new one. It appears by a rename: it is complete or not there.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::paths::Paths;
use crate::run;
use crate::setup::apt;
use crate::setup::toolchain::WASM_TARGET;
use crate::stamp::{self, Fingerprint};
use crate::steps::Step;

/// Debian's packages the toolchain is made from; the linker comes on top, see [`ensure_packages`].
const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];
/// Debian's package with clippy for that Rust.
pub(crate) const CLIPPY_PACKAGE: &str = "rust-web-clippy";

/// Debian's compiler, by its path: in `PATH` rustup's comes first.
const RUSTC: &str = "/usr/bin/rustc";
/// A link to the linker of the LLVM version in use, which is a package of its own.
const LINKER: &str = "/usr/bin/rust-lld";
/// Debian's cargo.
const CARGO: &str = "/usr/bin/cargo";
/// Counts the folder's layout; raise it when the layout or the way of building changes.
const LAYOUT: &str = "2";

/// A flag for whatever is compiled against the library, which tells cargo that another one is another:
/// by the compiler's version alone it would take for current what was compiled against the one before.
pub(crate) fn mark() -> String {
    format!("--cfg\x1fegret_library=\"{LAYOUT}\"")
}

/// The toolchain's folder if it was made before for the compiler that Debian has now.
pub(crate) fn find(paths: &Paths) -> Option<PathBuf> {
    identity(paths)
        .map(|identity| place(paths, &identity))
        .filter(|folder| folder.is_dir())
}

/// Installs the packages the toolchain is made from.
///
/// # Errors
/// When one is missing and cannot be installed.
pub(crate) fn ensure_packages(step: &mut Step, paths: &Paths) -> Result<()> {
    apt::ensure(step, paths, &PACKAGES)?;
    let linker = fs::read_link(LINKER).with_context(|| format!("reading the link {LINKER}"))?;
    apt::ensure(step, paths, &[&file_name(&linker)])
}

/// Makes the toolchain; returns its folder.
///
/// # Errors
/// When the library cannot be built or the cache directory cannot be written.
pub(crate) fn make(step: &mut Step, paths: &Paths) -> Result<PathBuf> {
    let identity = identity(paths).with_context(|| format!("{RUSTC} does not run"))?;
    let folder = place(paths, &identity);
    let partial = folder.with_extension(std::process::id().to_string());
    stamp::make_empty_folder(&partial)?;
    let scratch = partial.join("scratch");
    let libraries = build_library(step, paths, &scratch)?;
    lay_out(&partial, &folder, &host_of(&identity)?, &libraries)?;
    fs::remove_dir_all(&scratch)?;
    match fs::rename(&partial, &folder) {
        Ok(()) => Ok(folder),
        // Another xtask was faster, and what it made is the same.
        Err(_) if folder.is_dir() => fs::remove_dir_all(&partial).map(|()| folder),
        Err(error) => Err(error),
    }
    .context("moving the toolchain to its place")
}

/// What Debian's compiler says of itself; `None` when it is not there.
fn identity(paths: &Paths) -> Option<String> {
    run::answer(run::command(RUSTC, &paths.root).arg("-vV"))
}

fn place(paths: &Paths, identity: &str) -> PathBuf {
    let key = Fingerprint::default().text(LAYOUT).text(identity).finish();
    paths.cache.join(format!("rust-wasm-{key}"))
}

/// Compiles the standard library as a dependency of an empty crate; returns the `.rlib` files.
fn build_library(step: &mut Step, paths: &Paths, scratch: &Path) -> Result<Vec<PathBuf>> {
    let manifest = "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\
                    [lib]\npath = \"empty.rs\"\n[workspace]\n";
    stamp::write(&scratch.join("Cargo.toml"), manifest.as_bytes())?;
    stamp::write(&scratch.join("empty.rs"), b"")?;
    let target = scratch.join("target");
    let mut cargo = run::command(CARGO, scratch);
    cargo
        .args([
            "build",
            "--release",
            "--target",
            WASM_TARGET,
            "-Zbuild-std=std,panic_abort",
            // Every byte of it is loaded by a wall: of whose 2.4 MB it takes 0.15.
            "-Zbuild-std-features=optimize_for_size",
        ])
        .env("CARGO_TARGET_DIR", &target)
        .env("RUSTC", RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "z")
        // Without bitcode in the library a fat LTO of the browser part is refused.
        .env("RUSTFLAGS", "-Cembed-bitcode=yes")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env_remove("RUSTC_WRAPPER");
    step.log(&mut cargo, &paths.log("rust-wasm"))?;
    let libraries: Vec<PathBuf> = stamp::files_below(&target.join(WASM_TARGET))?
        .into_iter()
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "rlib")
        })
        .filter(|file| file.parent().is_some_and(|folder| folder.ends_with("deps")))
        .filter(|file| !file_name(file).starts_with("libempty-"))
        .collect();
    if !libraries
        .iter()
        .any(|file| file_name(file).starts_with("libstd-"))
    {
        bail!("cargo built no libstd below {}", target.display());
    }
    Ok(libraries)
}

/// Fills the toolchain's folder `partial`, whose name will be `folder`.
fn lay_out(partial: &Path, folder: &Path, host: &str, libraries: &[PathBuf]) -> Result<()> {
    let library_folder = partial.join("lib/rustlib").join(WASM_TARGET).join("lib");
    stamp::make_folder(&library_folder)?;
    for library in libraries {
        fs::copy(library, library_folder.join(file_name(library)))
            .with_context(|| format!("copying {}", library.display()))?;
    }
    let of_debian = Path::new("/usr/lib/rustlib").join(host);
    symlink(&of_debian, partial.join("lib/rustlib").join(host))
        .with_context(|| format!("linking {}", of_debian.display()))?;
    for (name, script) in wrappers(&folder.to_string_lossy()) {
        let file = partial.join("bin").join(name);
        stamp::write(&file, script.as_bytes())?;
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// The programs of `bin/`, each a shell script that names the sysroot.
fn wrappers(folder: &str) -> [(&'static str, String); 5] {
    let with_sysroot =
        |program: &str| format!("#!/bin/sh\nexec /usr/bin/{program} --sysroot '{folder}' \"$@\"\n");
    // cargo and clippy find the compiler here, whatever `PATH` has first.
    let with_environment = |program: &str| {
        format!(
            "#!/bin/sh\nexport RUSTC='{folder}/bin/rustc' RUSTDOC='{folder}/bin/rustdoc' \
             CARGO='{folder}/bin/cargo' SYSROOT='{folder}'\nexec /usr/bin/{program} \"$@\"\n"
        )
    };
    [
        ("rustc", with_sysroot("rustc")),
        ("rustdoc", with_sysroot("rustdoc")),
        ("cargo", with_environment("cargo")),
        ("cargo-clippy", with_environment("cargo-clippy")),
        ("clippy-driver", with_environment("clippy-driver")),
    ]
}

/// The `host:` line of `rustc -vV`.
fn host_of(identity: &str) -> Result<String> {
    identity
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .map(str::to_owned)
        .with_context(|| format!("{RUSTC} -vV names no host"))
}

fn file_name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
