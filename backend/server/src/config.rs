//! What a server runs with: defaults < `egret.toml` < `EGRET_*` < flags.
//!
//! The flags and the environment are clap's; the file is read here. Unknown keys are errors with
//! their line. `docs/configuration.md` lists every setting.

mod keep;
mod mqtt;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use egret_listen::Showing;
use egret_notify::NotifyConfig;
use egret_poll::PollConfig;
use egret_shared::time::Span;
use egret_shared::wall::WatchDef;
use serde::Deserialize;
use url::Url;

use self::keep::KeepArgs;
use self::mqtt::MqttLimitsDef;
use crate::store::keep::Keep;

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
    /// Address of the embedded MQTT endpoint under TLS, with the certificate of HTTPS
    #[arg(long, env = "EGRET_MQTTS", value_name = "ADDR")]
    pub mqtts: Option<SocketAddr>,
    /// Authorities that sign gateways' certificates, a PEM file: a gateway may then show one, whose
    /// common name is its id, in place of a password
    #[arg(
        long,
        env = "EGRET_MQTTS_CLIENT_CA",
        value_name = "FILE",
        requires = "mqtts"
    )]
    pub mqtts_client_ca: Option<PathBuf>,
    /// Let nobody in under TLS who shows no certificate
    #[arg(
        long,
        env = "EGRET_MQTTS_CLIENT_CERTIFICATE_NEEDED",
        requires = "mqtts_client_ca"
    )]
    pub mqtts_client_certificate_needed: bool,
    /// Existing broker to take messages from, mqtt[s]://[user:password@]host[:port]; may be repeated
    #[arg(long, env = "EGRET_BROKER", value_name = "URL", value_delimiter = ',')]
    pub broker: Vec<Url>,
    #[command(flatten)]
    pub keep: KeepArgs,
    /// Settings file [default: egret.toml, if there is one]
    #[arg(long, env = "EGRET_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Certificate chain for HTTPS, a PEM file; read anew when it changes
    #[arg(
        long,
        env = "EGRET_TLS_CERTIFICATE",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_certificate: Option<PathBuf>,
    /// Private key of the certificate, a PEM file
    #[arg(
        long,
        env = "EGRET_TLS_KEY",
        value_name = "FILE",
        requires = "tls_certificate"
    )]
    pub tls_key: Option<PathBuf>,
    /// Serve everything to anyone on this machine, without accounts
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
    mqtts: Option<SocketAddr>,
    mqtts_client_ca: Option<PathBuf>,
    #[serde(default)]
    mqtts_client_certificate_needed: bool,
    #[serde(default)]
    mqtt_limits: MqttLimitsDef,
    #[serde(default)]
    broker: Vec<Url>,
    tls: Option<TlsFiles>,
    oidc: Option<OidcConfig>,
    #[serde(default)]
    insecure_open: bool,
    #[serde(default)]
    keep: KeepArgs,
    #[serde(default)]
    notify: NotifyConfig,
    #[serde(default)]
    poll: PollConfig,
    #[serde(default)]
    wall: WatchDef,
}

/// Files of TLS: `[tls]` of the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key: PathBuf,
}

/// The city's single sign-on: `[oidc]` of the file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OidcConfig {
    /// Where it is; its metadata are at `/.well-known/openid-configuration` below.
    pub issuer: Url,
    /// What it knows this server as.
    pub client_id: String,
    /// File with the secret that goes with it; absent for a public client.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What browsers reach this server by; the redirect URI is `/api/v1/oidc/callback` below.
    pub public_url: Url,
    /// What the button says.
    pub name: String,
    /// Scopes to ask for beside `openid`.
    #[serde(default = "profile")]
    pub scopes: Vec<String>,
    /// Certificates of the issuer's authority, PEM, where it is not one of the system's.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// The claim that is the name to show.
    #[serde(default = "preferred_username")]
    pub username_claim: String,
    /// The claim that lists groups.
    #[serde(default = "groups")]
    pub groups_claim: String,
    /// What members of a group are granted, as on the command line. With any, grants come from the
    /// groups at each sign-in; without, from an admin.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
}

fn profile() -> Vec<String> {
    vec!["profile".to_owned()]
}

fn preferred_username() -> String {
    "preferred_username".to_owned()
}

fn groups() -> String {
    "groups".to_owned()
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
    /// The same under TLS; absent, there is none.
    pub mqtts: Option<Mqtts>,
    /// What each of its clients may at most.
    pub mqtt_limits: egret_mqtt::Limits,
    /// Existing brokers to take messages from.
    pub brokers: Vec<Url>,
    /// Where the certificate is; absent, HTTP is spoken in clear.
    pub tls: Option<TlsFiles>,
    /// The city's single sign-on, if it has one.
    pub oidc: Option<OidcConfig>,
    /// Whether everything is open to anyone on this machine.
    pub insecure_open: bool,
    /// How long things are kept.
    pub keep: Keep,
    /// Who is told of what, and how.
    pub notify: NotifyConfig,
    /// Where feeds may be fetched from, and by what secrets.
    pub poll: PollConfig,
    /// How walls watch themselves.
    pub wall: WatchDef,
}

/// MQTT under TLS.
#[derive(Clone, Debug)]
pub(crate) struct Mqtts {
    /// Where.
    pub address: SocketAddr,
    /// Who signs clients' certificates, and whether each client needs one.
    pub clients: Option<(PathBuf, Showing)>,
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
        let keep = args.keep.resolve(&file.keep)?;
        let tls = args
            .tls_certificate
            .zip(args.tls_key)
            .map(|(certificate, key)| TlsFiles { certificate, key })
            .or(file.tls);
        let mqtts = args.mqtts.or(file.mqtts);
        if mqtts.is_some() && tls.is_none() {
            return Err(BadConfig::Missing(
                "--mqtts needs a certificate: --tls-certificate and --tls-key, or [tls]",
            ));
        }
        let is_needed =
            args.mqtts_client_certificate_needed || file.mqtts_client_certificate_needed;
        let showing = if is_needed {
            Showing::Needed
        } else {
            Showing::Welcome
        };
        let clients = args.mqtts_client_ca.or(file.mqtts_client_ca);
        if is_needed && clients.is_none() {
            return Err(BadConfig::Missing(
                "mqtts_client_certificate_needed needs mqtts_client_ca: who signs certificates",
            ));
        }
        Ok(Self {
            keep,
            mqtts: mqtts.map(|address| Mqtts {
                address,
                clients: clients.map(|path| (path, showing)),
            }),
            city: args.city.or(file.city),
            data: args.data.or(file.data).ok_or(BadConfig::Missing(
                "--data DIR is missing: the folder where everything is kept",
            ))?,
            http: args
                .http
                .or(file.http)
                .unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            tls,
            oidc: file.oidc,
            notify: file.notify,
            poll: file.poll,
            wall: watch(file.wall)?,
            mqtt: mqtt_address(&mqtt)?,
            mqtt_limits: file.mqtt_limits.resolve()?,
            brokers,
            insecure_open: args.insecure_open || file.insecure_open,
        })
    }
}

/// The shortest time between two looks of a wall at itself: counting the elements of a large document
/// takes some milliseconds.
const CHECK_LEAST: Span = Span(1_000);

fn watch(wall: WatchDef) -> Result<WatchDef, BadConfig> {
    if wall.check_every < CHECK_LEAST {
        return Err(BadConfig::Value {
            name: "[wall] check_every",
            value: wall.check_every.to_string(),
            why: format!("at least {CHECK_LEAST} is needed"),
        });
    }
    Ok(wall)
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
    fn what_is_kept_how_long_comes_from_flag_file_and_default() {
        let mut args = ServeArgs {
            data: Some("d".into()),
            ..ServeArgs::default()
        };
        args.keep.hour = Some(Span(30 * 86_400_000));
        let file =
            "[keep]\nminute = \"2d\"\nhour = \"20d\"\npersonal = \"90d\"\nraw_bytes = 5_000\n";
        let keep = with_file(file, args.clone()).unwrap().keep;
        let day_ms = 86_400_000;
        assert_eq!(keep.minute.ms(), 2 * day_ms);
        assert_eq!(keep.hour.ms(), 30 * day_ms);
        assert_eq!(keep.day.ms(), 3_650 * day_ms);
        assert_eq!(keep.personal.ms(), 90 * day_ms);
        assert_eq!((keep.raw.ms(), keep.raw_bytes), (3 * day_ms, 5_000));

        let short = with_file("[keep]\nminute = \"1h\"\n", args).unwrap_err();
        let text = short.to_string();
        assert!(
            text.contains("--keep-minute") && text.contains("6h"),
            "{text}"
        );
    }

    #[test]
    fn how_walls_watch_themselves_comes_from_the_file() {
        let args = || ServeArgs {
            data: Some("d".into()),
            ..ServeArgs::default()
        };
        assert_eq!(with_file("", args()).unwrap().wall, WatchDef::default());
        let file = "[wall]\nmemory_budget = 5_000\ncheck_every = \"2s\"\n";
        let wall = with_file(file, args()).unwrap().wall;
        assert_eq!((wall.memory_budget, wall.check_every), (5_000, Span(2_000)));
        let often = with_file("[wall]\ncheck_every = \"10ms\"\n", args()).unwrap_err();
        let text = often.to_string();
        assert!(
            text.contains("check_every") && text.contains("1s"),
            "{text}"
        );
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
