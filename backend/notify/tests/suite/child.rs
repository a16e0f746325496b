//! The process that is killed: a server in small, which follows a journal and sends.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use egret_notify::{Clock, DeliveryState, Filter, Notice, Outbox};
use egret_shared::time::TimeMs;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::world::{START, notice, settings, until};

/// Where a process works, and how far its journal goes.
pub(crate) struct Job<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) config: &'a str,
    pub(crate) n_notices: u64,
    /// At which look at the clock it stops for good, holding still until it is killed. Everything
    /// that is written is written between two looks, so that this walks through all steps.
    pub(crate) stop_at: Option<i64>,
}

/// A process at work.
pub(crate) struct Running(Child);

/// What the process says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It has stopped where it was told to.
    Stopped,
    /// Everything has gone out.
    Done,
}

impl Job<'_> {
    /// Starts it.
    pub(crate) fn start(&self) -> Running {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args([
            "child::the_process_that_is_killed",
            "--exact",
            "--ignored",
            "--nocapture",
        ]);
        command.env("CHILD_FOLDER", self.folder);
        command.env("CHILD_CONFIG", self.config);
        command.env("CHILD_NOTICES", self.n_notices.to_string());
        command.env(
            "CHILD_STOP_AT",
            self.stop_at.unwrap_or(i64::MAX).to_string(),
        );
        Running(command.stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Runs it until it has said something, and kills it.
    pub(crate) fn run(&self) -> Said {
        let mut running = self.start();
        let said = running.said();
        running.kill();
        said
    }
}

impl Running {
    /// Waits for what it says.
    fn said(&mut self) -> Said {
        let out = BufReader::new(self.0.stdout.take().unwrap());
        for line in out.lines() {
            match line.unwrap().as_str() {
                "child: stopped" => return Said::Stopped,
                "child: done" => return Said::Done,
                _ => {}
            }
        }
        panic!("the process ended: {:?}", self.0.wait().unwrap());
    }

    /// SIGKILL.
    pub(crate) fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// One write, whole or not at all.
fn say(word: &str) {
    std::io::stdout()
        .write_all(format!("\nchild: {word}\n").as_bytes())
        .unwrap();
    std::io::stdout().flush().unwrap();
}

/// Goes on with every look, and stands still at one of them.
fn stopping_clock(stop_at: i64) -> Clock {
    let looks = AtomicI64::new(0);
    Arc::new(move || {
        let look = looks.fetch_add(1, Ordering::SeqCst) + 1;
        if look == stop_at {
            say("stopped");
            loop {
                std::thread::park();
            }
        }
        TimeMs(START.0 + look)
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "it is the process that other tests start and kill"]
async fn the_process_that_is_killed() {
    let folder = PathBuf::from(env("CHILD_FOLDER"));
    let settings = settings(&folder, &env("CHILD_CONFIG"));
    let n_notices: u64 = env("CHILD_NOTICES").parse().unwrap();
    let clock = stopping_clock(env("CHILD_STOP_AT").parse().unwrap());
    let outbox = Outbox::open(&folder, settings, clock).unwrap();
    let (tasks, shutdown) = (TaskTracker::new(), CancellationToken::new());
    for worker in outbox.workers() {
        tasks.spawn(worker.run(shutdown.clone()));
    }
    let from = outbox.last_seq().unwrap().unwrap_or(0);
    // As after a restart, the journal is followed from a little before.
    let following: Vec<Notice> = (from.saturating_sub(1).max(1)..=n_notices)
        .map(notice)
        .collect();
    for notice in following {
        tokio::task::block_in_place(|| outbox.enqueue(&[notice])).unwrap();
    }
    until("everything has gone out", || {
        // Not the status, which looks at the clock.
        for state in [DeliveryState::Waiting, DeliveryState::Sending] {
            let filter = Filter {
                state: Some(state),
                ..Filter::default()
            };
            let rows = outbox.recent(&filter, 1).unwrap();
            if !rows.is_empty() {
                return Err(format!("{rows:?}"));
            }
        }
        Ok(())
    })
    .await;
    say("done");
    tokio::time::sleep(Duration::from_mins(1)).await;
}
