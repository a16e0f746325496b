//! To the screens: delay from publish to WebSocket at two paces, and fan-out to many clients.

use std::path::Path;
use std::sync::Arc;

use egret_shared::codec::Encoding;
use serde_json::json;

use super::city::asset_id;
use super::fleet::Fleet;
use super::load::{
    MARKS_PER_S, N_WATCHED, Paced, PacedDone, STORED_S, WATCHED_PER_S, pace, stored,
};
use super::options::{Options, Part};
use super::report::{self, Delays, round};
use super::served::{Served, journal_bytes};
use super::usage::cpu_s;
use super::viewer::{Measurement, Seen, Viewer};

/// Messages a second at which delays are taken.
const PACES: [u64; 2] = [1_000, 5_000];

/// Messages a second under which the fan-out runs.
const FAN_OUT_PER_S: u64 = 1_000;

/// Clients of the fan-outs: a city's operations centre, and all its departments' desks.
const FAN_OUT_CLIENTS: [usize; 2] = [200, 1_000];

/// Prints the figures of the way to the screens.
pub(super) fn measure(options: &Options) {
    let city = super::city::write();
    let data = tempfile::tempdir().expect("the temp folder can be written");
    let fleet = Fleet::default();
    let served = Served::start(city.path(), data.path());
    let mut sent = 0;
    for per_second in PACES.into_iter().filter(|_| options.measures(Part::Delay)) {
        sent += delays(&served, &fleet, per_second, options.seconds);
    }
    if options.measures(Part::Store) {
        sent += burst(&served, &fleet, options);
    }
    for clients in FAN_OUT_CLIENTS
        .into_iter()
        .filter(|_| options.measures(Part::FanOut))
    {
        sent += fan_out(&served, &fleet, clients, options.seconds);
    }
    served.until_folded(sent);
    served.stop();
    journal(data.path(), sent);
}

/// What a paced load came to, with the server's processor time.
struct Watched {
    done: PacedDone,
    cpu_s: f64,
    resident_bytes: u64,
    seen: Vec<Seen>,
}

/// Runs a paced load before the eyes of `viewers`.
fn watched(
    served: &Served,
    fleet: &Fleet,
    measurement: &Measurement,
    viewers: Vec<Viewer>,
    pace: (u64, u64),
) -> Watched {
    watched_beside(served, fleet, measurement, viewers, pace, || ()).0
}

/// The same while `beside` is done on a thread of its own, from the first moment that counts on.
fn watched_beside<T: Send>(
    served: &Served,
    fleet: &Fleet,
    measurement: &Measurement,
    viewers: Vec<Viewer>,
    (per_second, seconds): (u64, u64),
    beside: impl FnOnce() -> T + Send,
) -> (Watched, T) {
    let load = |seconds| Paced {
        per_second,
        seconds,
    };
    // The first second warms up and does not count.
    let warm = pace(served.mqtt, fleet, load(1));
    measurement.begin();
    let before_s = cpu_s(served.id());
    let (mut done, beside) = std::thread::scope(|scope| {
        let beside = scope.spawn(beside);
        let done = pace(served.mqtt, fleet, load(seconds));
        (
            done,
            beside.join().expect("the thread tells what went wrong"),
        )
    });
    let used_s = cpu_s(served.id()) - before_s;
    let resident_bytes = served.memory().resident_bytes;
    measurement.end();
    done.messages += warm.messages;
    let watched = Watched {
        done,
        cpu_s: used_s,
        resident_bytes,
        seen: viewers.into_iter().map(Viewer::seen).collect(),
    };
    (watched, beside)
}

fn delays(served: &Served, fleet: &Fleet, per_second: u64, seconds: u64) -> u64 {
    let measurement = Measurement::new(fleet.marks_from_us);
    let viewers = asset_and_city_viewers(served, &measurement);
    let watched = watched(served, fleet, &measurement, viewers, (per_second, seconds));
    let share = watched.cpu_s / seconds as f64;
    let (mut asset, mut metric) = (Delays::default(), Delays::default());
    let mut city = Seen::default();
    for seen in watched.seen {
        asset.append(seen.asset.clone());
        metric.append(seen.metric.clone());
        city = seen;
    }
    report::line(
        "publish_to_websocket",
        &json!({
            "messages_per_s": per_second,
            "asset": delay_json(&asset, WATCHED_PER_S * seconds),
            "metric": delay_json(&metric, MARKS_PER_S * seconds),
            "city_json_bytes_per_frame": city.bytes / city.frames.max(1),
            "city_frames_per_s": round(city.frames as f64 / seconds as f64, 1),
            "server_cores": round(share, 3),
            "sender_behind_ms_max": watched.done.behind.as_millis(),
        }),
    );
    watched.done.messages
}

/// Delays at the first pace, with and without a gateway that sends an hour's store meanwhile.
fn burst(served: &Served, fleet: &Fleet, options: &Options) -> u64 {
    let (mut quiet, mut busy) = (Both::default(), Both::default());
    let mut messages = 0;
    let (mut n_stored, mut took_s) = (0, 0.0);
    // First all runs without: what a burst revises keeps the store busy for a while after it.
    for with_store in [false, true] {
        for _ in 0..options.runs {
            let measurement = Measurement::new(fleet.marks_from_us);
            let viewers = asset_and_city_viewers(served, &measurement);
            let paced = (PACES[0], options.seconds);
            let store = || with_store.then(|| stored(served.mqtt, fleet));
            let (watched, sent) =
                watched_beside(served, fleet, &measurement, viewers, paced, store);
            let both = if with_store { &mut busy } else { &mut quiet };
            for seen in watched.seen {
                both.asset.append(seen.asset);
                both.metric.append(seen.metric);
            }
            messages += watched.done.messages;
            if let Some((n, took)) = sent {
                messages += n;
                (n_stored, took_s) = (n, took.as_secs_f64());
            }
        }
    }
    let n_seconds = options.seconds * options.runs as u64;
    for (channel, per_second, quiet, busy) in [
        ("asset", WATCHED_PER_S, &quiet.asset, &busy.asset),
        ("city", MARKS_PER_S, &quiet.metric, &busy.metric),
    ] {
        let n_sent = per_second * n_seconds;
        report::line(
            "publish_to_websocket_beside_a_store",
            &json!({
                "channel": channel,
                "messages_per_s": PACES[0],
                "stored_messages": n_stored,
                "stored_s": STORED_S,
                "stored_sent_in_s": round(took_s, 2),
                "without": delay_json(quiet, n_sent),
                "with": delay_json(busy, n_sent),
                "p99_ratio": round(busy.quantile_ms(0.99) / quiet.quantile_ms(0.99), 2),
            }),
        );
    }
    messages
}

/// Delays on the channels of single assets, and of a metric on the city's.
#[derive(Default)]
struct Both {
    asset: Delays,
    metric: Delays,
}

/// A screen that looks at every watched asset, and one that looks at the city.
fn asset_and_city_viewers(served: &Served, measurement: &Arc<Measurement>) -> Vec<Viewer> {
    let assets = (0..usize::try_from(N_WATCHED).unwrap_or_default())
        .map(|n| format!("asset/bench/{}", asset_id(n)))
        .collect();
    let start = |channels| Viewer::start(served.http, Encoding::Json, channels, measurement);
    let viewers = vec![start(assets), start(vec!["city".to_owned()])];
    measurement.until_ready(viewers.len());
    viewers
}

fn delay_json(delays: &Delays, n_sent: u64) -> serde_json::Value {
    json!({
        "p50_ms": delays.quantile_ms(0.5),
        "p99_ms": delays.quantile_ms(0.99),
        "max_ms": delays.quantile_ms(1.0),
        "seen": delays.len(),
        "sent": n_sent,
    })
}

fn fan_out(served: &Served, fleet: &Fleet, clients: usize, seconds: u64) -> u64 {
    let one = city_watched(served, fleet, 1, seconds);
    let measurement = Measurement::new(fleet.marks_from_us);
    let viewers = start_viewers(served, clients, &measurement);
    let pace = (FAN_OUT_PER_S, seconds);
    let many = watched(served, fleet, &measurement, viewers, pace);
    let more_bytes = many.resident_bytes.saturating_sub(one.resident_bytes) as f64;
    let frames = |watched: &Watched| watched.seen.iter().map(|seen| seen.frames).sum::<u64>();
    let bytes: u64 = many.seen.iter().map(|seen| seen.bytes).sum();
    let (n_frames, n_clients) = (frames(&many), clients as f64);
    let more_frames = n_frames.saturating_sub(frames(&one)).max(1) as f64;
    let mut metric = Delays::default();
    for seen in &many.seen {
        metric.append(seen.metric.clone());
    }
    let marks = MARKS_PER_S * seconds * clients as u64;
    report::line(
        "fan_out_city",
        &json!({
            "clients": clients,
            "messages_per_s": FAN_OUT_PER_S,
            "metric": delay_json(&metric, marks),
            "bytes_per_s_per_client": round(bytes as f64 / n_clients / seconds as f64, 0),
            "bytes_per_frame": bytes / n_frames.max(1),
            "frames_per_s_per_client": round(n_frames as f64 / n_clients / seconds as f64, 1),
            "server_cores": round(many.cpu_s / seconds as f64, 3),
            "server_cores_with_one_client": round(one.cpu_s / seconds as f64, 3),
            "server_cpu_us_per_frame": round((many.cpu_s - one.cpu_s) * 1e6 / more_frames, 1),
            "resident_kb_per_client":
                round(more_bytes / n_clients / 1e3, 1),
        }),
    );
    one.done.messages + many.done.messages
}

fn city_watched(served: &Served, fleet: &Fleet, clients: usize, seconds: u64) -> Watched {
    let measurement = Measurement::new(fleet.marks_from_us);
    let viewers = start_viewers(served, clients, &measurement);
    watched(
        served,
        fleet,
        &measurement,
        viewers,
        (FAN_OUT_PER_S, seconds),
    )
}

fn start_viewers(served: &Served, clients: usize, measurement: &Arc<Measurement>) -> Vec<Viewer> {
    let channels = vec!["city".to_owned()];
    let start = |_| Viewer::start(served.http, Encoding::Binary, channels.clone(), measurement);
    let viewers = (0..clients).map(start).collect();
    measurement.until_ready(clients);
    viewers
}

fn journal(data: &Path, messages: u64) {
    let bytes = journal_bytes(data);
    report::line(
        "journal_paced",
        &json!({
            "bytes_per_message": round(bytes as f64 / messages as f64, 1),
            "bytes": bytes,
            "messages": messages,
        }),
    );
}
