//! Taking in: processor time per message, throughput, journal, memory, restart.

use std::path::Path;
use std::time::Duration;

use serde_json::json;

use super::fleet::{Fleet, PAYLOAD_BYTES};
use super::load::flood;
use super::options::{COMMON_WINDOW, CONNECTIONS, Options};
use super::report::{self, median, round};
use super::served::{Served, journal_bytes};
use super::usage::{cpu_s, cpu_s_when_idle};
use super::yardstick::Mosquitto;

/// What one flood came to.
#[derive(Clone, Copy, Debug)]
struct Flooded {
    cpu_us: f64,
    per_second: f64,
}

/// Prints the figures of taking in.
pub(super) fn measure(options: &Options) {
    let city = super::city::write();
    let data = tempfile::tempdir().expect("the temp folder can be written");
    let fleet = Fleet::default();
    let served = Served::start(city.path(), data.path());
    let idle = served.memory();
    let mosquitto = options.yardstick.then(Mosquitto::start).flatten();
    let mut sent = 0;
    for window in [options.window, COMMON_WINDOW] {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..options.runs {
            ours.push(flooded(
                served.id(),
                served.mqtt,
                &fleet,
                options.messages,
                window,
            ));
            sent += options.messages / CONNECTIONS as u64 * CONNECTIONS as u64;
            served.until_folded(sent);
            if let Some(mosquitto) = &mosquitto {
                let (id, address) = (mosquitto.id(), mosquitto.address);
                theirs.push(flooded(id, address, &fleet, options.messages, window));
            }
        }
        print_floods(options, window, &ours, &theirs);
    }
    let loaded = served.memory();
    report::line(
        "memory",
        &json!({
            "idle_mb": megabytes(idle.resident_bytes),
            "after_load_mb": megabytes(loaded.resident_bytes),
            "peak_mb": megabytes(loaded.peak_bytes),
            "messages": sent,
        }),
    );
    restarts(served, city.path(), data.path(), sent);
}

fn flooded(
    id: u32,
    broker: std::net::SocketAddr,
    fleet: &Fleet,
    messages: u64,
    window: usize,
) -> Flooded {
    let before_s = cpu_s(id);
    let wall = flood(broker, fleet, messages, window);
    let used_s = cpu_s_when_idle(id) - before_s;
    Flooded {
        cpu_us: used_s * 1e6 / messages as f64,
        per_second: messages as f64 / wall.as_secs_f64(),
    }
}

fn print_floods(options: &Options, window: usize, ours: &[Flooded], theirs: &[Flooded]) {
    let cpu_us = |runs: &[Flooded]| median(&runs.iter().map(|run| run.cpu_us).collect::<Vec<_>>());
    let rate = |runs: &[Flooded]| {
        round(
            median(&runs.iter().map(|run| run.per_second).collect::<Vec<_>>()),
            0,
        )
    };
    let all = |runs: &[Flooded]| {
        runs.iter()
            .map(|run| round(run.cpu_us, 2))
            .collect::<Vec<_>>()
    };
    let load = json!({
        "messages": options.messages, "runs": options.runs, "connections": CONNECTIONS,
        "window": window, "payload_bytes": PAYLOAD_BYTES,
    });
    let mut line = json!({
        "cpu_us_per_message": round(cpu_us(ours), 2),
        "cpu_us_of_each_run": all(ours),
        "messages_per_s": rate(ours),
        "load": load,
    });
    if theirs.is_empty() {
        line["mosquitto"] = "not measured: not installed, or left out".into();
    } else {
        line["ratio_vs_mosquitto_accept_ack"] = round(cpu_us(ours) / cpu_us(theirs), 2).into();
        line["mosquitto"] = json!({
            "cpu_us_per_message": round(cpu_us(theirs), 2),
            "cpu_us_of_each_run": all(theirs),
            "messages_per_s": rate(theirs),
        });
    }
    report::line("ingest_qos1", &line);
}

/// Kills the server and starts it again, then stops it and starts it again.
fn restarts(served: Served, city: &Path, data: &Path, messages: u64) {
    served.kill();
    let served = Served::start(city, data);
    print_restart("restart_after_kill", &served);
    served.until_folded(messages);
    served.stop();
    let bytes = journal_bytes(data);
    report::line(
        "journal_flood",
        &json!({
            "bytes_per_message": round(bytes as f64 / messages as f64, 1),
            "bytes": bytes,
            "messages": messages,
        }),
    );
    let served = Served::start(city, data);
    print_restart("restart_after_stop", &served);
    served.stop();
}

fn print_restart(figure: &str, served: &Served) {
    let (tail, seq) = served.tail().unwrap_or_default();
    let line = json!({ "ready_s": seconds(served.start), "tail_entries": tail, "seq": seq });
    report::line(figure, &line);
}

fn seconds(duration: Duration) -> f64 {
    round(duration.as_secs_f64(), 3)
}

fn megabytes(bytes: u64) -> f64 {
    round(bytes as f64 / 1e6, 1)
}
