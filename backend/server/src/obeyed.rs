//! A command on its way through the journal to what the fold makes of it.

use egret_city::Entry;
use egret_shared::command::{Command, Outcome};

use crate::folding::{CityHandle, Stopped};
use crate::intake::{Gathering, Intake};

/// Puts `command` into the journal; what became of it. `None` if that is not known any more: only a
/// flood of thousands of commands could have pushed it out.
///
/// # Errors
/// [`Stopped`], if the server ends: it may be in the journal all the same.
pub(crate) async fn obeyed(
    intake: &Intake,
    city: &CityHandle,
    command: Command,
) -> Result<Option<Outcome>, Stopped> {
    let id = command.id.clone();
    let mut gathering = Gathering::begin();
    gathering.put(Entry::Command(Box::new(command)));
    let receipt = intake.submit(gathering).await;
    let seq = receipt.map_err(|_closed| Stopped)?.await;
    let seq = seq.map_err(|_dropped| Stopped)?;
    city.ask_after(seq, move |city| city.outcome(&id).cloned())
        .await
}
