//! Where the programs are that the suites run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The repository's root.
pub fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests
        .parent()
        .expect("tests/ lies in the repository")
        .to_path_buf()
}

/// The binary under test: `EGRET_BIN`, or the one that cargo built beside this test.
pub fn egret() -> PathBuf {
    let binary = std::env::var_os("EGRET_BIN").map_or_else(beside_this_test, PathBuf::from);
    assert!(
        binary.is_file(),
        "{} is missing: `cargo build -p egret` makes it, or EGRET_BIN names another",
        binary.display()
    );
    binary
}

/// `target/debug/egret` for a test in `target/debug/deps`.
fn beside_this_test() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let deps = test.parent().expect("a test lies in a folder");
    deps.parent()
        .expect("the folder lies in target")
        .join("egret")
}

/// A program of Debian's `package`, in `PATH` or where daemons are.
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into(), "/usr/bin".into()])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: apt-get install {package}"))
}

/// A Python that has paho-mqtt: `EGRET_PYTHON`, or Debian's, or the one in `PATH`.
pub fn python() -> PathBuf {
    let named = std::env::var_os("EGRET_PYTHON").map(PathBuf::from);
    let candidates = match named {
        Some(python) => vec![python],
        None => vec!["/usr/bin/python3".into(), "python3".into()],
    };
    let has_paho = |python: &PathBuf| {
        let import = ["-c", "import paho.mqtt.client"];
        let mut command = Command::new(python);
        command
            .args(import)
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    candidates.iter().find(|python| has_paho(python)).cloned().unwrap_or_else(|| {
        panic!(
            "no paho-mqtt in {candidates:?}: apt-get install python3-paho-mqtt, or name a Python \
             that has it in EGRET_PYTHON"
        )
    })
}
