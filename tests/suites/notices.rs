//! Notices at the running server: whoever is to be told is told once, or again with a mark, however
//! often the server is killed and whoever is away.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "helpers of tests fail like tests"
)]

#[path = "notices/delivery.rs"]
mod delivery;
#[path = "notices/kill.rs"]
mod kill;
#[path = "notices/owners.rs"]
mod owners;
#[path = "notices/routes.rs"]
mod routes;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use egret_tests::city::CityCopy;
use egret_tests::desk::{Desk, fresh, report};
use egret_tests::http::Http;
use egret_tests::receivers::{Receiver, Taken};
use egret_tests::server::Setup;
use egret_tests::wait;
use serde_json::{Value, json};
use tempfile::TempDir;

/// A secret as an operator makes it.
const SECRET: &str = "whsec_enotc2VjcmV0LW9mLXRoZS13ZWJob29r";

/// A setting in a file of its own, with what it names.
struct Settings {
    folder: TempDir,
}

impl Settings {
    /// `[notify]` with these routes, and webhooks by their paths at `web`; mail by `mail`.
    fn write(web: &Receiver, paths: &[&str], mail: Option<&Receiver>, routes: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), SECRET).unwrap();
        let secret = folder.path().join("secret");
        let mut toml = "[notify]\nbase_url = \"https://egret.example\"\n".to_owned();
        for path in paths {
            write!(
                toml,
                "[[notify.channel]]\nid = \"{path}\"\nkind = \"webhook\"\n\
                 url = \"http://{}/{path}\"\nsecret_file = \"{}\"\nper_minute = 6000\n\
                 merge_over = 0\n",
                web.address,
                secret.display()
            )
            .unwrap();
        }
        if let Some(mail) = mail {
            write!(
                toml,
                "[[notify.channel]]\nid = \"mail\"\nkind = \"smtp\"\nhost = \"127.0.0.1\"\n\
                 port = {}\ntls = \"none\"\nfrom = \"Egret <egret@x.example>\"\n\
                 per_minute = 6000\nmerge_over = 0\n",
                mail.address.port()
            )
            .unwrap();
        }
        std::fs::write(folder.path().join("egret.toml"), toml + routes).unwrap();
        Self { folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("egret.toml")
    }

    #[track_caller]
    fn desk(&self) -> Desk {
        self.desk_of(Desk::city())
    }

    #[track_caller]
    fn desk_of(&self, city: CityCopy) -> Desk {
        let path = self.path();
        let setup = Setup::with_city(city);
        Desk::of(setup.with_flags(&["--config", path.to_str().unwrap()]))
    }
}

/// A program that works incidents, over restarts of the server.
#[derive(Clone)]
struct Robot(Http);

impl Robot {
    fn of(desk: &mut Desk) -> Self {
        Self(desk.program("robot", &["lead"]))
    }

    /// Reports an incident of this level; its id.
    #[track_caller]
    fn reports(&self, level: &str) -> String {
        let mut report = report(&fresh());
        report["level"] = json!(level);
        let answer = self.0.post("/api/v1/incidents", &report.to_string());
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["incident"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    fn does(&self, incident: &str, version: u64, act: &Value) {
        let body = json!({ "id": fresh(), "version": version, "act": act });
        let path = format!("/api/v1/incidents/{incident}/commands");
        let answer = self.0.post(&path, &body.to_string());
        assert_eq!(answer.status, 200, "{act}: {}", answer.body);
    }

    /// The deeds of an incident that somebody is told of, as notices' keys.
    #[track_caller]
    fn keys(&self, incident: &str) -> Vec<String> {
        let file = self.0.get(&format!("/api/v1/incidents/{incident}")).json();
        let deeds = egret_tests::desk::deeds(&file);
        let numbered = (1..).zip(deeds);
        let kinds: BTreeMap<&str, &str> = [
            ("opened", "opened"),
            ("file", "filed"),
            ("dispatch", "dispatched"),
            ("comment", "commented"),
            ("supervise", "escalated"),
        ]
        .into();
        let key = |(n, (what, _)): (u32, (String, String))| {
            let kind = kinds.get(what.as_str())?;
            Some(format!("{incident}/{n}/{kind}"))
        };
        numbered.filter_map(key).collect()
    }
}

fn comment(text: &str) -> Value {
    json!({ "comment": { "text": text } })
}

/// The channels as an admin is told of them.
#[track_caller]
fn channels(desk: &mut Desk) -> Vec<Value> {
    let status = desk.admin.get("/api/v1/admin/notifications");
    assert_eq!(status.status, 200, "{status:?}");
    status.json()["channels"].as_array().unwrap().clone()
}

/// Waits until nothing waits to be sent.
#[track_caller]
fn settled(desk: &mut Desk) {
    wait::within(wait::PATIENCE * 6, "nothing waits", || {
        let channels = channels(desk);
        let is_over = channels.iter().all(|channel| channel["waiting"] == 0);
        wait::check(is_over, channels)
    });
}

/// Of each recipient every one of `keys` has arrived, in their order, exactly once or with marks on
/// repetitions; how many repetitions there were.
#[track_caller]
fn arrived_once(taken: &[Taken], recipients: &[&str], keys: &[String]) -> usize {
    let mut n_repeated = 0;
    for recipient in recipients {
        let own: Vec<_> = taken
            .iter()
            .filter(|taken| taken.recipient() == *recipient)
            .collect();
        let mut firsts: Vec<String> = Vec::new();
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        for one in own {
            let (key, id) = (one.key(), one.identity());
            if let Some(first) = known.get(&key) {
                assert!(
                    one.is_marked(),
                    "{recipient}: {key} came twice without a mark"
                );
                assert_eq!(*first, id, "{recipient}: {key} came as something else");
                n_repeated += 1;
            } else {
                known.insert(key.clone(), id);
                firsts.push(key);
            }
        }
        assert_eq!(firsts, keys, "what {recipient} was told");
    }
    n_repeated
}
