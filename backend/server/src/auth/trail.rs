//! The way into the audit trail for lines that are written beside a request, in the order in which
//! they were put there.
//!
//! What was done is never left out: whoever did it waits for room. What was refused, and that a gateway
//! has connected, is left out when there is none, so that a flood of it holds up nobody who may.

use egret_people::{Line, People};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::limits::AUDIT_QUEUE;

/// Takes lines for the audit trail. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Trail {
    people: People,
    lines: mpsc::Sender<Line>,
}

impl Trail {
    /// Starts what writes the lines into the trail of `people`, until `shutdown`.
    pub(crate) fn start(
        people: &People,
        tracker: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Self {
        let (lines, waiting) = mpsc::channel(AUDIT_QUEUE);
        tracker.spawn(keep(people.clone(), waiting, shutdown.clone()));
        Self {
            people: people.clone(),
            lines,
        }
    }

    /// Takes a line that may be left out, without waiting.
    pub(crate) fn note(&self, line: Line) {
        if let Err(error) = self.lines.try_send(line) {
            let line = error.into_inner();
            tracing::warn!(
                action = line.action,
                name = line.name,
                "left out of the audit trail"
            );
        }
    }

    /// Takes a line about what was done, as soon as there is room.
    ///
    /// It is in the journal already: that the trail cannot be written is logged and is no error of the
    /// answer, by which somebody would believe that nothing was done, and do it again. Whoever waits
    /// must not be dropped meanwhile; requests that change something are not.
    pub(crate) async fn note_done(&self, line: Line) {
        // The server stops, and this runs to its end: there is nobody else to write it.
        if let Err(mpsc::error::SendError(line)) = self.lines.send(line).await {
            write(&self.people, line).await;
        }
    }
}

/// Writes lines into the audit trail, until the server stops and all of them are there.
async fn keep(people: People, mut lines: mpsc::Receiver<Line>, shutdown: CancellationToken) {
    loop {
        let line = tokio::select! {
            line = lines.recv() => line,
            () = shutdown.cancelled() => {
                // From here on nobody can put one there that nobody takes out.
                lines.close();
                lines.recv().await
            }
        };
        let Some(line) = line else { return };
        write(&people, line).await;
    }
}

async fn write(people: &People, line: Line) {
    let (action, name) = (line.action.clone(), line.name.clone());
    let people = people.clone();
    let noted = tokio::task::spawn_blocking(move || people.note(&line)).await;
    let lost = match noted {
        Ok(Ok(())) => return,
        Ok(Err(error)) => error.to_string(),
        Err(error) => error.to_string(),
    };
    tracing::error!(error = %lost, action, name, "the audit trail could not be written");
}

#[cfg(test)]
mod tests {
    use egret_people::{Actor, AuditFilter, Settings};
    use egret_shared::time::TimeMs;

    use super::*;

    const NOW: TimeMs = TimeMs(1_782_057_600_000);

    fn line(action: &str) -> Line {
        Line::new(&Actor::console(), action, "here", NOW)
    }

    #[tokio::test]
    async fn what_was_done_waits_for_room_also_while_the_server_stops_and_a_refusal_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let people = People::open(folder.path(), Settings::default(), NOW).unwrap();
        let (lines, waiting) = mpsc::channel(1);
        let trail = Trail {
            people: people.clone(),
            lines,
        };
        let stop = CancellationToken::new();
        trail.note(line("first"));
        trail.note(line("without room"));
        let done = async {
            trail.note_done(line("second")).await;
            stop.cancel();
        };
        tokio::join!(done, keep(people.clone(), waiting, stop.clone()));
        trail.note_done(line("after the end")).await;
        let filter = AuditFilter {
            limit: 10,
            ..AuditFilter::default()
        };
        let rows = people.audit(&filter).unwrap();
        let rows = rows.iter().rev().filter(|row| row.target == "here");
        let actions: Vec<&str> = rows.map(|row| row.action.as_str()).collect();
        assert_eq!(actions, ["first", "second", "after the end"]);
    }
}
