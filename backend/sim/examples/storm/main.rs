//! How well alerts become incidents: the storm, with the simulator's own knowledge of what caused
//! what.
//!
//! Each seed plays the whole storm scenario of the demo city in one process: the plan's messages
//! through decode, validate and fold, with a tick every second of event time, and no server or
//! network. Then every pair of signals is looked at: two signals belong together if the simulator
//! let them come from one happening (`Timed::causes`), and were put together if they ended in one
//! incident, or in one group of alerts that is none yet.
//!
//! - A signal is an alert that fired. The second set of figures has every report of a cluster as a
//!   signal of its own in place of the cluster's alert.
//! - What an alert tells of is what most of the messages tell of that it fired upon: those of its
//!   asset from the first that met the condition until it fired, or its cluster's reports. If most
//!   have no happening, it has none, and belongs with nothing.
//! - Precision is the share of the pairs put together that belong together, recall the share of the
//!   pairs that belong together that were put together. A detector that several waters slow counts
//!   for the worst of them in recall; put to another of them, it is not wrong in precision.
//!
//! `cargo run --release -p egret-sim --example storm -- [--seeds N] [--first SEED] [--pace P]
//! [--standing] [--show]` prints one JSON line a seed and a summary; `--show` also prints incidents with their
//! reasons. `cargo xtask bench storm` builds and runs it.

mod options;
mod score;
mod town;
mod truth;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use egret_package::{Package, folder};
use egret_sim::road_layer;
use serde_json::json;

use options::Run;
use score::Score;
use town::Town;

fn main() -> Result<(), String> {
    let run = Run::of_this_run()?;
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/xiamen");
    let files = folder::read(&dir).map_err(|error| error.to_string())?;
    let package = Package::load(&files).map_err(|problems| format!("{problems:#?}"))?;
    let roads = road_layer(&package, &files);
    let package = Arc::new(package);
    let next = AtomicU64::new(run.first);
    let end = run.first + run.seeds;
    let scores: Mutex<Vec<Score>> = Mutex::new(Vec::new());
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let mut town = match Town::new(&package, roads.clone(), seed, &run) {
                        Ok(town) => town,
                        Err(error) => return eprintln!("seed {seed}: {error}"),
                    };
                    town.listen();
                    let score = Score::of(seed, &town);
                    println!("{}", score.line());
                    if run.show {
                        town.show();
                    }
                    if let Ok(mut scores) = scores.lock() {
                        scores.push(score);
                    }
                }
            });
        }
    });
    let scores = scores.into_inner().map_err(|error| error.to_string())?;
    println!("{}", summary(&scores, &run));
    if scores.len() as u64 == run.seeds {
        Ok(())
    } else {
        Err("not every seed was played".to_owned())
    }
}

/// All seeds in one line: the pairs of all taken together, and the worst seed.
fn summary(scores: &[Score], run: &Run) -> serde_json::Value {
    let worst = |of: fn(&Score) -> f64| scores.iter().map(of).fold(f64::INFINITY, f64::min);
    let most = |of: fn(&Score) -> usize| scores.iter().map(of).max().unwrap_or_default();
    let least = |of: fn(&Score) -> usize| scores.iter().map(of).min().unwrap_or_default();
    let alerts = score::Pairs::sum(scores.iter().map(|score| score.alerts));
    let signals = score::Pairs::sum(scores.iter().map(|score| score.signals));
    json!({
        "bench": "storm", "summary": true, "seeds": scores.len(), "first": run.first,
        "pace": run.pace, "standing": run.standing,
        "precision": score::share(alerts.precision()), "recall": score::share(alerts.recall()),
        "precision_worst": score::share(worst(|score| score.alerts.precision())),
        "recall_worst": score::share(worst(|score| score.alerts.recall())),
        "precision_with_reports": score::share(signals.precision()),
        "recall_with_reports": score::share(signals.recall()),
        "pairs": alerts.put, "pairs_true": alerts.belong,
        "raw_least": least(|score| score.raw), "labelled_least": least(|score| score.labelled),
        "incidents_most": most(|score| score.incidents),
    })
}
