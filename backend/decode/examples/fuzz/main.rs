//! Breaks messages of a format for as long as one likes, and sees that nothing but a refusal comes
//! of it: `cargo run --release --example fuzz -- FORMAT|all [--minutes N] [--random] [--seed N]`.
//!
//! Without `--random` messages of the format (those of `docs/formats.md`, and more) are broken a
//! little each time: bits, lengths, digits, pieces of one another, what is known to hurt parsers.
//! With it a million strings of random bytes are tried. Either way a panic, an element that is out
//! of bounds, or more memory than [`allocated_max`] is a finding: the message is printed in
//! hexadecimal digits, and the run fails. There is no feedback from coverage; what it reaches is
//! what the corpus reaches.
//!
//! One JSON line a format tells how many messages there were, how many of their elements were
//! taken and refused, and the most that one message had allocated at once.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a finding ends the run, and the corpus is well-formed"
)]

mod corpus;
mod mutate;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use chrono_tz::Tz;
use egret_decode::reading::Decoded;
use egret_decode::{Decoder, Element, Message, limits};
use egret_shared::time::TimeMs;
use peak_alloc::PeakAlloc;

use crate::corpus::{FORMATS, Sample, samples};
use crate::mutate::{Rng, broken};

#[global_allocator]
static ALLOCATED: PeakAlloc = PeakAlloc;

/// What the server lets a payload have at most.
const PAYLOAD_BYTES_MAX: usize = 256 * 1024;

/// When everything arrives: 2026-06-22T06:05:30+08:00.
const NOW: TimeMs = TimeMs(1_782_079_530_000);

/// Strings of random bytes for each format.
const N_RANDOM: u64 = 1_000_000;

/// The most that a message of so many bytes may have allocated at once, whatever is in it.
///
/// A list of nothing but empty things costs most for its bytes: two bytes are an element of an
/// array in JSON, which is 16 in a list that doubles as it grows, or a metric of Sparkplug, which
/// is 200 and is refused with a sentence. Elements are counted, so it ends somewhere.
fn allocated_max(payload_bytes: usize) -> usize {
    (256 * 1024 + 256 * payload_bytes).min(8 * 1024 * 1024)
}

/// What a run has seen.
#[derive(Default)]
struct Tally {
    n_messages: u64,
    n_taken: u64,
    n_refused: u64,
    allocated: usize,
    allocated_for: usize,
}

/// How to run.
struct Run {
    formats: Vec<&'static str>,
    minutes: f64,
    random: bool,
    seed: u64,
}

fn main() {
    let run = arguments();
    for format in &run.formats {
        let mut rng = Rng::new(run.seed);
        let samples = samples(format);
        let decoders: Vec<Decoder> = samples
            .iter()
            .map(|sample| Decoder::new(&sample.feed, Tz::Asia__Shanghai))
            .collect();
        let mut tally = Tally::default();
        for (sample, decoder) in samples.iter().zip(&decoders) {
            let elements = decoder.decode(&message(sample, &sample.payload));
            let is_good = elements.iter().all(Result::is_ok);
            assert!(
                is_good,
                "{format}: the corpus itself is refused: {elements:?}"
            );
        }
        let until = Instant::now() + Duration::from_secs_f64(run.minutes * 60.0);
        let goes_on = |n: u64| {
            if run.random {
                return n < N_RANDOM;
            }
            // Asking the clock costs more than a message does.
            !n.is_multiple_of(64) || Instant::now() < until
        };
        while goes_on(tally.n_messages) {
            let number = rng.below(samples.len());
            let (Some(sample), Some(decoder)) = (samples.get(number), decoders.get(number)) else {
                continue;
            };
            let payload = if run.random {
                let n_bytes = rng.below(1_024);
                rng.bytes(n_bytes)
            } else {
                broken(format, sample, &samples, PAYLOAD_BYTES_MAX, &mut rng)
            };
            try_one(format, decoder, &message(sample, &payload), &mut tally);
        }
        tally.print(format, &run);
    }
}

fn message<'a>(sample: &'a Sample, payload: &'a [u8]) -> Message<'a> {
    Message {
        content_type: sample.content_type,
        properties: sample.properties,
        ..Message::new(&sample.topic, payload, NOW)
    }
}

/// Has one message decoded, and looks at what comes of it.
fn try_one(format: &str, decoder: &Decoder, message: &Message<'_>, tally: &mut Tally) {
    tally.n_messages += 1;
    let before = ALLOCATED.current_usage();
    ALLOCATED.reset_peak_usage();
    let mut fault = None;
    let done = catch_unwind(AssertUnwindSafe(|| {
        decoder.decode_each(message, |element| {
            match &element {
                Ok(_) => tally.n_taken += 1,
                Err(_) => tally.n_refused += 1,
            }
            fault = fault.take().or_else(|| out_of_bounds(&element));
        });
    }));
    let allocated = ALLOCATED.peak_usage().saturating_sub(before);
    if done.is_err() {
        fault = Some("a panic".to_owned());
    }
    let most = allocated_max(message.payload.len());
    if allocated > most {
        fault = Some(format!("{allocated} bytes allocated, more than {most}"));
    }
    if allocated > tally.allocated {
        tally.allocated = allocated;
        tally.allocated_for = message.payload.len();
    }
    if let Some(fault) = fault {
        let digits = message.payload.iter().map(|byte| format!("{byte:02x}"));
        let hex = digits.collect::<Vec<_>>().concat();
        panic!(
            "{format}: {fault}; topic {:?}, payload {hex}",
            message.topic
        );
    }
}

/// What an element must not be.
fn out_of_bounds(element: &Element) -> Option<String> {
    let is_bad = match element {
        Err(refused) => refused.detail.is_empty() || refused.detail.len() >= 1_000,
        Ok(Decoded::Reading(reading)) => {
            !(1..=limits::VALUES_MAX).contains(&reading.values.len())
                || reading.asset.as_str().len() > limits::WORD_BYTES_MAX
        }
        Ok(Decoded::Report(report)) => {
            let text = report.text.as_deref().unwrap_or_default();
            let words = [&report.state, &report.category];
            let mut words = words.into_iter().flatten();
            text.len() > limits::TEXT_BYTES_MAX
                || words.any(|word| word.len() > limits::WORD_BYTES_MAX)
                || report.report.is_none()
        }
    };
    is_bad.then(|| format!("out of bounds: {element:?}"))
}

impl Tally {
    fn print(&self, format: &str, run: &Run) {
        let kind = if run.random { "random" } else { "broken" };
        println!(
            r#"{{"fuzz":"{format}","messages":"{kind}","seed":{},"n":{},"taken":{},"refused":{},"allocated_max_bytes":{},"of_payload_bytes":{}}}"#,
            run.seed,
            self.n_messages,
            self.n_taken,
            self.n_refused,
            self.allocated,
            self.allocated_for
        );
    }
}

fn arguments() -> Run {
    let mut run = Run {
        formats: Vec::new(),
        minutes: 1.0,
        random: false,
        seed: 1,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().expect("a number after it");
        match argument.as_str() {
            "--minutes" => run.minutes = number().parse().expect("minutes are a number"),
            "--seed" => run.seed = number().parse().expect("a seed is a whole number"),
            "--random" => run.random = true,
            "all" => run.formats.extend(FORMATS),
            name => {
                let known = FORMATS.iter().find(|format| **format == name);
                run.formats
                    .push(known.unwrap_or_else(|| panic!("one of {FORMATS:?}, or all")));
            }
        }
    }
    assert!(!run.formats.is_empty(), "one of {FORMATS:?}, or all");
    run
}
