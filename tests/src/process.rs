//! A program that runs beside the test: its output is read along, and it ends with its value.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// Lines of standard error that a failed test shows of each program.
const LINES_SHOWN: usize = 60;

/// A running program.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    input: Option<ChildStdin>,
    /// What it has written to standard output.
    pub out: Lines,
    /// What it has written to standard error.
    pub err: Lines,
}

/// Lines that a program has written so far. Clones share.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<(Mutex<Written>, Condvar)>);

#[derive(Debug, Default)]
struct Written {
    lines: Vec<String>,
    ended: bool,
}

impl Process {
    /// Starts `command` under a `name` for messages.
    pub fn start(name: &str, mut command: Command) -> Self {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{name} does not start: {error} ({command:?})"));
        let out = Lines::of(child.stdout.take().expect("standard output is piped"));
        let err = Lines::of(child.stderr.take().expect("standard error is piped"));
        let input = child.stdin.take();
        Self {
            name: name.to_owned(),
            child,
            input,
            out,
            err,
        }
    }

    /// Writes a line to its standard input.
    #[track_caller]
    pub fn tell(&mut self, line: &str) {
        let input = self.input.as_mut().expect("its standard input is open");
        let written = writeln!(input, "{line}").and_then(|()| input.flush());
        written.unwrap_or_else(|error| panic!("{} takes no input: {error}", self.name));
    }

    /// Closes its standard input.
    pub fn end_input(&mut self) {
        self.input = None;
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends it as `kill -9` does.
    pub fn kill(&mut self) {
        self.child.kill().expect("a program of ours can be killed");
        self.child
            .wait()
            .expect("a program of ours can be waited for");
    }

    /// Asks it to end, and waits until it has.
    #[track_caller]
    pub fn stop(&mut self) -> ExitStatus {
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        let id = id.expect("a program has a number");
        if let Err(error) = kill_process(id, Signal::TERM) {
            panic!("{} cannot be told to end: {error}", self.name);
        }
        self.ended()
    }

    /// Its status, once it has ended by itself.
    #[track_caller]
    pub fn ended(&mut self) -> ExitStatus {
        let (name, child) = (&self.name, &mut self.child);
        wait::until(&format!("{name} ends"), || {
            let status = child
                .try_wait()
                .expect("a program of ours can be waited for");
            status.ok_or_else(|| "it runs".to_owned())
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Whatever fails here has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let lines = self.err.all();
            let shown = lines.len().saturating_sub(LINES_SHOWN);
            eprintln!("--- {} said on standard error:", self.name);
            lines
                .iter()
                .skip(shown)
                .for_each(|line| eprintln!("{line}"));
        }
    }
}

impl Lines {
    /// The lines of `source`, read along until it ends.
    fn of(source: impl Read + Send + 'static) -> Self {
        let lines = Self::default();
        let reader = lines.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(source).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line).into_owned();
                reader.written().lines.push(line);
                reader.0.1.notify_all();
            }
            reader.written().ended = true;
            reader.0.1.notify_all();
        });
        lines
    }

    /// All lines so far.
    pub fn all(&self) -> Vec<String> {
        self.written().lines.clone()
    }

    /// The lines so far but the first `n`.
    pub fn since(&self, n: usize) -> Vec<String> {
        self.written().lines.iter().skip(n).cloned().collect()
    }

    /// All lines so far as one text.
    pub fn text(&self) -> String {
        self.written().lines.join("\n")
    }

    /// What `pick` makes of the first line that it takes, as soon as there is one; `None` if the
    /// output ends without one.
    #[track_caller]
    pub fn find<T>(&self, what: &str, pick: impl FnMut(&str) -> Option<T>) -> Option<T> {
        self.find_within(wait::PATIENCE, what, pick)
    }

    /// As [`Self::find`], within `patience`.
    #[track_caller]
    pub fn find_within<T>(
        &self,
        patience: Duration,
        what: &str,
        mut pick: impl FnMut(&str) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + patience;
        let mut n_seen = 0;
        let mut written = self.written();
        loop {
            if let Some(found) = written
                .lines
                .iter()
                .skip(n_seen)
                .find_map(|line| pick(line))
            {
                return Some(found);
            }
            n_seen = written.lines.len();
            if written.ended {
                return None;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let seen = written.lines.last();
            assert!(
                !left.is_zero(),
                "not within {patience:?}: {what}\nlast line: {seen:?}"
            );
            let waited = self.0.1.wait_timeout(written, left);
            written = waited.map_or_else(|poisoned| poisoned.into_inner().0, |(lines, _)| lines);
        }
    }

    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
