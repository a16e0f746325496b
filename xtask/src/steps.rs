//! Numbered steps with visible progress: `[3/7] browser part … 41 s`.
//!
//! A step is a closure over [`Step`], through which it runs its commands. On a terminal the line
//! of a quiet command counts the seconds; in a log there is a line at the start, one every half
//! minute and one at the end. Everything goes to standard error, as cargo's own progress does.

use std::io::{IsTerminal as _, Write as _};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::run;

/// A command's steps, in the order in which they run.
pub(crate) struct Steps {
    total: usize,
    finished: Vec<(String, Duration)>,
    started: Instant,
    terminal: bool,
}

impl Steps {
    /// `total` is the number in "3/7": the steps this command runs.
    pub(crate) fn new(total: usize) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self {
            total,
            finished: Vec::new(),
            started: Instant::now(),
            terminal,
        }
    }

    /// Runs one step and tells how long it took.
    ///
    /// # Errors
    /// The step's own, with its title in front.
    pub(crate) fn run<T>(
        &mut self,
        title: &str,
        action: impl FnOnce(&mut Step) -> Result<T>,
    ) -> Result<T> {
        let mut step = self.begin(title);
        let outcome = action(&mut step);
        let took = step.started.elapsed();
        step.end(if outcome.is_ok() { "" } else { "FAILED, " }, took);
        self.finished.push((title.to_owned(), took));
        outcome.with_context(|| format!("step \"{title}\""))
    }

    /// Runs a step whose command has the last word, such as a test runner with its summary.
    ///
    /// # Errors
    /// The step's own, with its title in front.
    pub(crate) fn run_closing<T>(
        &mut self,
        title: &str,
        action: impl FnOnce(&mut Step) -> Result<T>,
    ) -> Result<T> {
        let mut step = self.begin(title);
        let outcome = action(&mut step);
        self.finished
            .push((title.to_owned(), step.started.elapsed()));
        outcome.with_context(|| format!("step \"{title}\""))
    }

    /// Lists what took a second or more, and the whole.
    pub(crate) fn summary(&self) {
        eprintln!();
        for (title, took) in &self.finished {
            if took.as_secs() >= 1 {
                eprintln!("  {:>12}  {title}", spoken(*took));
            }
        }
        eprintln!(
            "  {:>12}  all {} steps",
            spoken(self.started.elapsed()),
            self.finished.len()
        );
        eprintln!();
    }

    fn begin(&self, title: &str) -> Step {
        let number = self.finished.len() + 1;
        Step {
            label: format!("[{number}/{}] {title}", self.total),
            note: String::new(),
            started: Instant::now(),
            line: Line::None,
            terminal: self.terminal,
        }
    }
}

/// What of the step's line stands on the screen.
#[derive(PartialEq, Eq)]
enum Line {
    /// Nothing yet.
    None,
    /// The label, and the cursor behind it: the line can be written anew.
    Open,
    /// The label, and below it the output of a command.
    Broken,
}

/// One running step.
pub(crate) struct Step {
    label: String,
    note: String,
    started: Instant,
    line: Line,
    terminal: bool,
}

impl Step {
    /// Says at the end of the line what is worth knowing: "unchanged", "without wasm-opt".
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.note = note.into();
    }

    /// Runs a command whose output the user sees.
    ///
    /// # Errors
    /// When it cannot start or does not exit with 0.
    pub(crate) fn show(&mut self, command: &mut Command) -> Result<()> {
        if self.line != Line::Broken {
            let bold = if self.terminal {
                ("\r\x1b[K\x1b[1m", "\x1b[0m")
            } else {
                ("", "")
            };
            eprintln!("{}{} …{}", bold.0, self.label, bold.1);
            self.line = Line::Broken;
        }
        run::shown(command)
    }

    /// Runs a command whose output goes to a log file, and counts the seconds meanwhile.
    ///
    /// # Errors
    /// When it cannot start or does not exit with 0; the message ends with the log's last lines.
    pub(crate) fn log(&mut self, command: &mut Command, log: &std::path::Path) -> Result<()> {
        self.tick();
        run::logged(command, log, || self.tick())
    }

    /// Shows that time passes.
    fn tick(&mut self) {
        let took = self.started.elapsed();
        if self.terminal && self.line != Line::Broken {
            eprint!("\r\x1b[K{} … {}", self.label, spoken(took));
            // A terminal that is gone is no reason to stop a build.
            drop(std::io::stderr().flush());
            self.line = Line::Open;
        } else if self.line == Line::None {
            eprintln!("{} …", self.label);
            self.line = Line::Broken;
        } else if took.as_secs() > 0 && took.as_secs().is_multiple_of(30) {
            eprintln!("{} … {}", self.label, spoken(took));
        }
    }

    fn end(&self, outcome: &str, took: Duration) {
        let start = if self.line == Line::Open {
            "\r\x1b[K"
        } else {
            ""
        };
        let note = if self.note.is_empty() { "" } else { ", " };
        eprintln!(
            "{start}{} … {outcome}{}{note}{}",
            self.label,
            spoken(took),
            self.note
        );
    }
}

/// A duration as people say it: `0.3 s`, `41 s`, `2 min 05 s`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {:02} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_spoken_in_the_unit_that_fits() {
        assert_eq!(spoken(Duration::from_millis(340)), "0.3 s");
        assert_eq!(spoken(Duration::from_secs(41)), "41 s");
        assert_eq!(spoken(Duration::from_secs(125)), "2 min 05 s");
    }
}
