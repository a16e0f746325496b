//! What a process has used, and what machine this is: from `/proc`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Length of a tick of `/proc/PID/stat`, in seconds: Linux shows them to programs as hundredths,
/// whatever its own clock.
const TICK_S: f64 = 0.01;

/// A process is idle that uses at most one tick in each of this many pauses in a row.
const QUIET_PAUSES: u32 = 3;

/// Pause between two looks at whether a process is idle.
const PAUSE: Duration = Duration::from_millis(100);

/// Processor time of the process so far, user and system, all threads, in seconds.
pub fn cpu_s(id: u32) -> f64 {
    let path = format!("/proc/{id}/stat");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    // The name, in parentheses, may hold anything; user time is the 12th word after it.
    let words = text.rsplit_once(')').map_or("", |(_, words)| words);
    let ticks = |n: usize| {
        let word = words.split_whitespace().nth(n);
        word.and_then(|word| word.parse::<u32>().ok())
    };
    let (user, system) = ticks(11).zip(ticks(12)).expect("/proc/PID/stat has times");
    f64::from(user + system) * TICK_S
}

/// As [`cpu_s`], once the process has nothing left to do, however long that takes within a minute.
pub fn cpu_s_when_idle(id: u32) -> f64 {
    let deadline = Instant::now() + Duration::from_mins(1);
    let (mut before, mut n_quiet) = (cpu_s(id), 0);
    while n_quiet < QUIET_PAUSES && Instant::now() < deadline {
        pause_until(Instant::now() + PAUSE);
        let now = cpu_s(id);
        n_quiet = if now - before < 1.5 * TICK_S {
            n_quiet + 1
        } else {
            0
        };
        before = now;
    }
    before
}

/// Lets time pass.
pub fn pause_until(end: Instant) {
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::park_timeout(left);
    }
}

/// Memory of the process: resident now and at its peak, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// `VmRSS`.
    pub resident_bytes: u64,
    /// `VmHWM`.
    pub peak_bytes: u64,
}

impl Memory {
    /// Of the process with this number.
    pub fn of(id: u32) -> Self {
        let path = format!("/proc/{id}/status");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let word = line.and_then(|line| line.split_whitespace().next());
            word.and_then(|word| word.parse::<u64>().ok()).unwrap_or(0) * 1_024
        };
        Self {
            resident_bytes: bytes("VmRSS:"),
            peak_bytes: bytes("VmHWM:"),
        }
    }
}

/// This machine, and how busy it is with other things.
pub fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpuinfo = read("/proc/cpuinfo");
    let model = cpuinfo
        .lines()
        .find_map(|line| line.strip_prefix("model name"));
    let model = model.map_or("unknown", |text| text.trim_start_matches([' ', '\t', ':']));
    json!({
        "processor": model,
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "load_before": read("/proc/loadavg").split_whitespace().next(),
    })
}
