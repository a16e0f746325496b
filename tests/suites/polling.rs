//! Feeds that are fetched: by what is known of them, once whatever happens, from where they may, and
//! the alerts of a list.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

use egret_shared::time::{Span, TimeMs};
use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::message;
use egret_tests::server::{Server, Setup};
use egret_tests::site::Site;
use tempfile::TempDir;

#[cfg(test)]
#[path = "polling/alerts.rs"]
mod alerts;
#[cfg(test)]
#[path = "polling/fetching.rs"]
mod fetching;
#[cfg(test)]
#[path = "polling/register.rs"]
mod register;
#[cfg(test)]
#[path = "polling/trouble.rs"]
mod trouble;

/// A feed of levels in Egret's own JSON that is fetched from `url`.
fn levels(feed: &str, url: &str) -> String {
    format!(
        r#"
[[feed]]
id          = "{feed}"
name        = {{ zh = "水位", en = "Levels" }}
department  = "water"
domain      = "water"
asset_class = "manhole"
format      = "egret-json"
poll        = {{ url = "{url}", every = "5s" }}
"#
    )
}

/// A body of it: a level of each asset.
fn body(at: TimeMs, assets: &[(&str, f64)]) -> String {
    let reading = |(asset, metres): &(&str, f64)| {
        let asset = serde_json::json!({ "asset": asset });
        message::merged(&message::level(at, *metres), &asset)
    };
    let readings: Vec<_> = assets.iter().map(reading).collect();
    serde_json::to_string(&readings).unwrap()
}

/// A city with more feeds, whose server may fetch from loopback's usual address; the settings go with
/// the second value.
fn city(feeds: &str) -> (Setup, TempDir) {
    setup(CityCopy::new().with_more("feeds.toml", feeds), ALLOW)
}

const ALLOW: &str = "[poll]\nallow = [\"127.0.0.1\"]\n";

fn setup(city: CityCopy, settings: &str) -> (Setup, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("egret.toml");
    std::fs::write(&path, settings).unwrap();
    let path = path.to_str().unwrap().to_owned();
    let setup = Setup::with_city(city).with_flags(&["--config", &path]);
    (setup, folder)
}

/// The values of the measurement that begins with `name`.
fn measured(server: &Server, name: &str) -> f64 {
    let text = server.api().get("/metrics").body;
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}
