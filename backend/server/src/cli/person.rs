//! `egret person`: what is kept about persons in a stopped server's data folder.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Subcommand;
use egret_people::{Actor, Line, People, Settings};
use egret_shared::people::Outcome;

use crate::clock;
use crate::journal::Journal as _;
use crate::journal::sqlite::{SqliteJournal, database};
use crate::pipeline;
use crate::seal::Seal;
use crate::store::personal::erase::{Erased, Erasure, NotErased};
use crate::store::sqlite::SqliteStore;

/// What can be asked.
#[derive(Subcommand, Debug)]
pub(super) enum PersonCommand {
    /// Erase a person from a stopped server's data folder
    ///
    /// Erases the personal fields of every report in which the value stands, with all that was
    /// sealed because of them, and every refused message that holds it. The journal stays as it is.
    Erase {
        /// City package folder, whose names of the feeds are told beside their ids
        #[arg(long, env = "EGRET_CITY", value_name = "DIR")]
        city: Option<PathBuf>,
        /// Folder of the journal and everything kept
        #[arg(long, env = "EGRET_DATA", value_name = "DIR")]
        data: PathBuf,
        /// Whole phone number, name or address; - to read it from standard input, where no list of
        /// commands shows it
        value: String,
    },
}

/// Does what was asked.
///
/// # Errors
/// In words for whoever asked.
pub(super) fn run(command: PersonCommand) -> anyhow::Result<()> {
    match command {
        PersonCommand::Erase { city, data, value } => erase(city.as_deref(), &data, &value),
    }
}

fn erase(city: Option<&Path>, data: &Path, value: &str) -> anyhow::Result<()> {
    let names = city
        .map(|city| pipeline::city_files(Some(city)))
        .transpose()?;
    let package = names.map(|files| files.load()).transpose()?;
    let database = database(data);
    // Opening the journal would make one.
    anyhow::ensure!(
        database.exists(),
        "--data {}: there is no {} in it, so nothing to erase",
        data.display(),
        database.file_name().unwrap_or_default().display()
    );
    let mut journal = SqliteJournal::open(data).context(
        "a person is erased here while no server uses the folder: stop it first, or ask it to \
         erase by POST /api/v1/persons/erase",
    )?;
    let mut store = SqliteStore::new(database);
    if let Some(seal) = Seal::existing(data)? {
        store = store.opening(seal);
    }
    let mut read = String::new();
    let value = if value == "-" {
        std::io::stdin()
            .read_line(&mut read)
            .context("standard input cannot be read")?;
        &read
    } else {
        value
    };
    let mut erasure = store.begin_erasing(value)?;
    let people = People::open(data, Settings::default(), clock::now())?;
    // It cannot be taken back, so that it is written down first; whom it is about must not stand there.
    people.note(&line().detail("asked for"))?;
    let erased = to_the_end(&mut journal, &mut erasure);
    let ended = match &erased {
        Ok(erased) => {
            let (reports, refused) = (erased.reports, erased.refused);
            line().detail(format!("{reports} reports, {refused} refused messages"))
        }
        Err(error) => line().outcome(Outcome::Failed).detail(error.to_string()),
    };
    if let Err(error) = people.note(&ended) {
        // No error of what was done: somebody would believe that it was not.
        eprintln!("egret: the audit trail does not tell what came of it: {error}");
    }
    let erased = erased?;
    println!(
        "reports erased: {}, refused messages erased: {}",
        erased.reports, erased.refused
    );
    for (feed, n_reports) in erasure.feeds() {
        let def = package
            .as_ref()
            .and_then(|package| package.feeds.iter().find(|def| def.id.as_str() == feed));
        match def {
            Some(def) => println!("  {feed} ({}): {n_reports}", def.name.zh),
            None => println!("  {feed}: {n_reports}"),
        }
    }
    Ok(())
}

/// Erases until nothing is left.
fn to_the_end(journal: &mut SqliteJournal, erasure: &mut Erasure) -> Result<Erased, NotErased> {
    while journal.erase(erasure)? {}
    erasure.finish()
}

/// That somebody is erased, now.
fn line() -> Line {
    Line::new(&Actor::console(), "person.erase", "", clock::now())
}
