//! What a server runs with: defaults < `egret.toml` < `EGRET_*` < flags.
//!
//! The flags and the environment are clap's; the file is read here. Unknown keys are errors with
//! their line. `docs/configuration.md` lists every setting.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::Deserialize;
use url::Url;

/// Settings of `egret serve`, as flags and environment give them.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct ServeArgs {
    /// City package folder
    #[arg(long, env = "EGRET_CITY", value_name = "DIR")]
    pub city: Option<PathBuf>,
    /// Folder of the journal and everything kept
    #[arg(long, env = "EGRET_DATA", value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Address of HTTP and WebSocket [default: 127.0.0.1:8080]
    #[arg(long, env = "EGRET_HTTP", value_name = "ADDR")]
    pub http: Option<SocketAddr>,
    /// Address of the embedded MQTT endpoint, or "off" [default: 127.0.0.1:1883]
    #[arg(long, env = "EGRET_MQTT", value_name = "ADDR")]
    pub mqtt: Option<String>,
    /// Existing broker to take messages from, mqtt://[user:password@]host:port; may be repeated
    #[arg(long, env = "EGRET_BROKER", value_name = "URL", value_delimiter = ',')]
    pub broker: Vec<Url>,
    /// Settings file [default: egret.toml, if there is one]
    #[arg(long, env = "EGRET_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Serve everything to anyone on this machine: nobody can sign in yet
    #[arg(long, env = "EGRET_INSECURE_OPEN")]
    pub insecure_open: bool,
}

/// `egret.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigFile {
    city: Option<PathBuf>,
    data: Option<PathBuf>,
    http: Option<SocketAddr>,
    mqtt: Option<String>,
    #[serde(default)]
    broker: Vec<Url>,
    #[serde(default)]
    insecure_open: bool,
}

/// Settings of a server, complete.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// City package folder; absent, the demo city that is built in.
    pub city: Option<PathBuf>,
    /// Folder of the journal and everything kept.
    pub data: PathBuf,
    /// Address of HTTP and WebSocket.
    pub http: SocketAddr,
    /// Address of the embedded MQTT endpoint; absent, there is none.
    pub mqtt: Option<SocketAddr>,
    /// Existing brokers to take messages from.
    pub brokers: Vec<Url>,
    /// Whether everything is open to anyone on this machine.
    pub insecure_open: bool,
}

/// The settings are no good.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BadConfig {
    /// The file cannot be read.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// Why; for TOML with line and column.
        why: String,
    },
    /// A setting has no default and was not given.
    #[error("{0}")]
    Missing(&'static str),
    /// A setting's value is none.
    #[error("{name} \"{value}\": {why}")]
    Value {
        /// Which setting.
        name: &'static str,
        /// Its value.
        value: String,
        /// What is wrong with it.
        why: String,
    },
}

/// File that is read if no other is named.
const DEFAULT_FILE: &str = "egret.toml";

impl Config {
    /// The settings that `args` and the file come to.
    ///
    /// # Errors
    /// [`BadConfig`], which names the setting and its place.
    pub(crate) fn resolve(args: ServeArgs) -> Result<Self, BadConfig> {
        let file = read_file(args.config.as_ref())?;
        let mqtt = args
            .mqtt
            .or(file.mqtt)
            .unwrap_or_else(|| "127.0.0.1:1883".to_owned());
        let brokers = if args.broker.is_empty() {
            file.broker
        } else {
            args.broker
        };
        Ok(Self {
            city: args.city.or(file.city),
            data: args.data.or(file.data).ok_or(BadConfig::Missing(
                "--data DIR is missing: the folder where everything is kept",
            ))?,
            http: args
                .http
                .or(file.http)
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            mqtt: mqtt_address(&mqtt)?,
            brokers,
            insecure_open: args.insecure_open || file.insecure_open,
        })
    }
}

fn mqtt_address(text: &str) -> Result<Option<SocketAddr>, BadConfig> {
    if text == "off" {
        return Ok(None);
    }
    let wrong = |error: std::net::AddrParseError| BadConfig::Value {
        name: "--mqtt",
        value: text.to_owned(),
        why: format!("{error}; write 127.0.0.1:1883, or off"),
    };
    text.parse().map(Some).map_err(wrong)
}

fn read_file(named: Option<&PathBuf>) -> Result<ConfigFile, BadConfig> {
    let path = match named {
        Some(path) => path.clone(),
        None if std::path::Path::new(DEFAULT_FILE).exists() => PathBuf::from(DEFAULT_FILE),
        None => return Ok(ConfigFile::default()),
    };
    let failed = |why: String| BadConfig::File {
        path: path.display().to_string(),
        why,
    };
    let text = std::fs::read_to_string(&path).map_err(|error| failed(error.to_string()))?;
    toml::from_str(&text).map_err(|error| failed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, args: ServeArgs) -> Result<Config, BadConfig> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("egret.toml");
        std::fs::write(&path, text).unwrap();
        Config::resolve(ServeArgs {
            config: Some(path),
            ..args
        })
    }

    #[test]
    fn a_flag_beats_the_file_and_the_file_beats_the_default() {
        let args = ServeArgs {
            data: Some("flag".into()),
            ..ServeArgs::default()
        };
        let config = with_file("data = \"file\"\nhttp = \"127.0.0.1:1\"\n", args).unwrap();
        assert_eq!(config.data, PathBuf::from("flag"));
        assert_eq!(config.http.port(), 1);
        assert_eq!(config.mqtt.unwrap().port(), 1883);
    }

    #[test]
    fn an_unknown_key_is_an_error_with_its_line() {
        let error = with_file("data = \"d\"\nhtpp = 1\n", ServeArgs::default()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("htpp") && text.contains("line 2"), "{text}");
    }

    #[test]
    fn the_endpoint_can_be_off_and_a_bad_address_is_shown() {
        let args = |mqtt: &str| ServeArgs {
            data: Some("d".into()),
            mqtt: Some(mqtt.to_owned()),
            ..ServeArgs::default()
        };
        assert!(with_file("", args("off")).unwrap().mqtt.is_none());
        assert!(
            with_file("", args("nowhere"))
                .unwrap_err()
                .to_string()
                .contains("nowhere")
        );
    }
}
