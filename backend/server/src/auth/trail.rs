//! The way into the audit trail for lines that are written beside a request.
//!
//! What was done is never left out, and is there before whoever did it is answered. What was refused,
//! and that a gateway has connected, waits for its turn in the order in which it came, and is left out
//! when there is no room, so that a flood of it holds up nobody who may.

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
    /// Starts what writes the lines that wait into the trail of `people`, until `shutdown`.
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

    /// Writes a line about what was done, and returns once it is there: with the server would go
    /// whatever of it were only in memory.
    ///
    /// It is done already: that the trail cannot be written is logged and is no error of the answer, by
    /// which somebody would believe that nothing was done, and do it again. Whoever waits must not be
    /// dropped before this is called; requests that change something are not.
    pub(crate) async fn note_done(&self, line: Line) {
        write(&self.people, line).await;
    }
}

/// Writes lines that wait into the audit trail, until the server stops and all of them are there.
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

    /// What the trail has, oldest first.
    fn actions(people: &People) -> Vec<String> {
        let filter = AuditFilter {
            limit: 10,
            ..AuditFilter::default()
        };
        let rows = people.audit(&filter).unwrap().into_iter().rev();
        let rows = rows.filter(|row| row.target == "here");
        rows.map(|row| row.action).collect()
    }

    #[tokio::test]
    async fn what_was_done_is_there_at_once_and_a_refusal_in_its_turn_if_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let people = People::open(folder.path(), Settings::default(), NOW).unwrap();
        let (lines, waiting) = mpsc::channel(1);
        let trail = Trail {
            people: people.clone(),
            lines,
        };
        // Nobody takes anything out of the queue yet.
        trail.note_done(line("done")).await;
        assert_eq!(actions(&people), ["done"]);
        trail.note(line("refused"));
        trail.note(line("without room"));
        trail.note_done(line("beside a flood")).await;
        assert_eq!(actions(&people), ["done", "beside a flood"]);
        // What waits is there when the server has stopped, and nothing that was done needs the queue.
        let stop = CancellationToken::new();
        stop.cancel();
        keep(people.clone(), waiting, stop).await;
        trail.note_done(line("after the end")).await;
        let all = ["done", "beside a flood", "refused", "after the end"];
        assert_eq!(actions(&people), all);
    }
}
