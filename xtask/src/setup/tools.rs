//! What the test suites call: brokers and clients nobody here wrote, a browser, a test runner.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::paths::{Paths, find_program};
use crate::run;
use crate::setup::apt;
use crate::steps::Step;

/// A program and the Debian package that brings it.
const PROGRAMS: [(&str, &str); 6] = [
    ("mosquitto", "mosquitto"),
    ("mosquitto_pub", "mosquitto-clients"),
    ("chromium", "chromium"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("curl", "curl"),
];
/// Chinese glyphs for the browser's fallback; the screen brings its own fonts, dialogs do not.
const CJK_FONTS: (&str, &str) = ("/usr/share/fonts/opentype/noto", "fonts-noto-cjk");
/// Debian's packages of the MQTT client and of the mail server for Python.
const PYTHON_PACKAGES: [&str; 2] = ["python3-paho-mqtt", "python3-aiosmtpd"];

/// What the suites get told, by environment variables.
pub(crate) struct Tools {
    /// Debian's Chromium, `CHROMIUM`.
    pub(crate) chromium: PathBuf,
    /// A Python that has paho-mqtt and aiosmtpd, `EGRET_PYTHON`.
    pub(crate) python: PathBuf,
    /// Whether `cargo nextest` is there; `cargo test` stands in for it.
    pub(crate) nextest: bool,
}

impl Tools {
    /// Finds all tools and installs what is missing.
    ///
    /// # Errors
    /// When something is missing and cannot be installed; the message says what to type.
    pub(crate) fn ensure(step: &mut Step, paths: &Paths) -> Result<Self> {
        let brings_broker = find_program("mosquitto").is_none();
        let mut packages: Vec<&str> = PROGRAMS
            .iter()
            .filter(|(program, _)| find_program(program).is_none())
            .map(|(_, package)| *package)
            .collect();
        if !Path::new(CJK_FONTS.0).is_dir() {
            packages.push(CJK_FONTS.1);
        }
        if python_with_modules(paths).is_none() {
            packages.extend(PYTHON_PACKAGES);
        }
        apt::ensure(step, paths, &packages)?;
        if brings_broker {
            quieten_broker(paths);
        }
        Ok(Self {
            chromium: find_program("chromium").context("chromium is missing")?,
            python: python_with_modules(paths)
                .context("no python3 here has paho-mqtt and aiosmtpd")?,
            nextest: has_nextest(paths),
        })
    }
}

/// A freshly installed Mosquitto starts itself on port 1883, which is Egret's own. The suites
/// start theirs on a free port.
fn quieten_broker(paths: &Paths) {
    if !Path::new("/run/systemd/system").is_dir() {
        return;
    }
    if let Ok(mut systemctl) = apt::as_root(&paths.root) {
        systemctl.args(["systemctl", "disable", "--now", "mosquitto"]);
        run::answer(&mut systemctl);
    }
}

/// The first Python that can import both: the user's, else Debian's.
fn python_with_modules(paths: &Paths) -> Option<PathBuf> {
    let candidates = [
        find_program("python3"),
        Some(PathBuf::from("/usr/bin/python3")),
    ];
    candidates.into_iter().flatten().find(|python| {
        let mut import = run::command(python, &paths.root);
        run::answer(import.args(["-c", "import paho.mqtt.client, aiosmtpd"])).is_some()
    })
}

fn has_nextest(paths: &Paths) -> bool {
    run::answer(run::cargo(&paths.root).args(["nextest", "--version"])).is_some()
}
