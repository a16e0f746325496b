//! The yardstick: Debian's Mosquitto, which accepts and acknowledges and keeps nothing.

use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::process::Process;
use crate::server::lasting_address;
use crate::wait;

/// A running Mosquitto with persistence off.
#[derive(Debug)]
pub struct Mosquitto {
    process: Process,
    _folder: TempDir,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Mosquitto {
    /// Starts it, if it is installed.
    #[track_caller]
    pub fn start() -> Option<Self> {
        let program = installed()?;
        let folder = tempfile::tempdir().expect("the temp folder can be written");
        let address = lasting_address();
        let settings = format!(
            "listener {} {}\nallow_anonymous true\npersistence false\nset_tcp_nodelay true\n",
            address.port(),
            address.ip(),
        );
        let file = folder.path().join("mosquitto.conf");
        std::fs::write(&file, settings).expect("the temp folder can be written");
        let mut command = Command::new(program);
        command.arg("-c").arg(file);
        let process = Process::start("mosquitto", command);
        wait::until("Mosquitto listens", || {
            let connected = TcpStream::connect(address).map(drop);
            connected.map_err(|error| format!("{error}: {}", process.err.text()))
        });
        Some(Self {
            process,
            _folder: folder,
            address,
        })
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.process.id()
    }
}

fn installed() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin".into()])
        .map(|folder| folder.join("mosquitto"))
        .find(|file| file.is_file())
}
