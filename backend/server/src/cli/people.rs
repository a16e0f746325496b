//! `egret user`, `token`, `gateway` and `audit`: people from the command line, also beside a running
//! server, which sees what has changed within a second.

use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use egret_people::{Actor, People, Settings};
use egret_shared::access::Grant;
use egret_shared::id::FeedId;
use egret_shared::people::{NewGateway, NewToken, NewUser, UserChange};
use egret_shared::time::Span;

use crate::auth::grant_words;
use crate::clock;

/// Where people are kept.
#[derive(Args, Debug)]
pub(super) struct DataArgs {
    /// Folder of the journal and everything kept
    #[arg(long, env = "EGRET_DATA", value_name = "DIR")]
    data: PathBuf,
}

/// What `egret user` can do.
#[derive(Subcommand, Debug)]
pub(super) enum UserCommand {
    /// Make an account; its password is read from standard input and changed at the first sign-in
    Add {
        /// The name to sign in with
        name: String,
        /// What people call it
        #[arg(long, default_value = "")]
        display: String,
        /// What it may do: ROLE[:AREAS[:DEPARTMENTS[:CLASS]]], such as lead:350203:*:sensitive
        #[arg(long, value_parser = grant_words::parse)]
        grant: Vec<Grant>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List accounts
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Give an account other grants
    Grant {
        /// The name to sign in with
        name: String,
        /// What it may do from now on; as for add
        #[arg(required = true, value_parser = grant_words::parse)]
        grant: Vec<Grant>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Give an account a new password from standard input, and end its sessions
    Password {
        /// The name to sign in with
        name: String,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Remove an account
    Remove {
        /// The name to sign in with
        name: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What `egret token` can do.
#[derive(Subcommand, Debug)]
pub(super) enum TokenCommand {
    /// Make an API token and print its secret, once
    Add {
        /// Its name
        name: String,
        /// What it may do; as for egret user add
        #[arg(long, required = true, value_parser = grant_words::parse)]
        grant: Vec<Grant>,
        /// How long it is good, such as 90d
        #[arg(long = "for", value_parser = Span::parse)]
        good_for: Option<Span>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List tokens
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Remove a token
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What `egret gateway` can do.
#[derive(Subcommand, Debug)]
pub(super) enum GatewayCommand {
    /// Make a gateway's credential and print its secret, once
    Add {
        /// The MQTT user name
        id: String,
        /// A feed whose topics it may publish to; may be repeated, or left out while there is none
        #[arg(long)]
        feed: Vec<String>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// List gateways
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Remove a gateway's credential
    Remove {
        /// The MQTT user name
        id: String,
        #[command(flatten)]
        data: DataArgs,
    },
}

/// What `egret audit` can do.
#[derive(Subcommand, Debug)]
pub(super) enum AuditCommand {
    /// See whether the trail is whole
    Verify {
        /// A seal that was written down elsewhere: the trail must contain it
        #[arg(long)]
        head: Option<String>,
        #[command(flatten)]
        data: DataArgs,
    },
    /// Print every line as JSON, oldest first
    Export {
        #[command(flatten)]
        data: DataArgs,
    },
}

impl DataArgs {
    fn open(&self) -> anyhow::Result<People> {
        if !self.data.is_dir() {
            bail!("--data {}: there is no such folder", self.data.display());
        }
        Ok(People::open(&self.data, Settings::default(), clock::now())?)
    }
}

/// Carries out `command`.
pub(super) fn user(command: UserCommand) -> anyhow::Result<()> {
    let by = Actor::console();
    match command {
        UserCommand::Add {
            name,
            display,
            grant,
            data,
        } => {
            let people = data.open()?;
            let new = NewUser {
                name,
                display,
                password: Some(read_password()?),
                grants: grant,
            };
            let row = people.add_user(&by, &new, clock::now())?;
            print_json(&row)
        }
        UserCommand::List { data } => {
            let rows = data.open()?.users(clock::now());
            rows.iter().try_for_each(print_json)
        }
        UserCommand::Grant { name, grant, data } => {
            let change = UserChange {
                grants: Some(grant),
                ..UserChange::default()
            };
            change_user(&data, &name, &change)
        }
        UserCommand::Password { name, data } => {
            let change = UserChange {
                password: Some(read_password()?),
                ..UserChange::default()
            };
            change_user(&data, &name, &change)
        }
        UserCommand::Remove { name, data } => {
            let people = data.open()?;
            let id = user_id(&people, &name)?;
            Ok(people.remove_user(&by, &id, clock::now())?)
        }
    }
}

fn change_user(data: &DataArgs, name: &str, change: &UserChange) -> anyhow::Result<()> {
    let people = data.open()?;
    let id = user_id(&people, name)?;
    let row = people.change_user(&Actor::console(), &id, change, clock::now())?;
    print_json(&row)
}

fn user_id(people: &People, name: &str) -> anyhow::Result<String> {
    let rows = people.users(clock::now()).into_iter();
    let mut named = rows.filter(|row| row.name.to_lowercase() == name.to_lowercase());
    let row = named.next();
    row.map(|row| row.id)
        .with_context(|| format!("there is no user \"{name}\"; egret user list shows them"))
}

/// Carries out `command`.
pub(super) fn token(command: TokenCommand) -> anyhow::Result<()> {
    let (by, now) = (Actor::console(), clock::now());
    match command {
        TokenCommand::Add {
            name,
            grant,
            good_for,
            data,
        } => {
            let new = NewToken {
                name,
                grants: grant,
                ends_at: good_for.map(|span| now.plus(span)),
            };
            print_json(&data.open()?.add_token(&by, &new, now)?)
        }
        TokenCommand::List { data } => data.open()?.tokens().iter().try_for_each(print_json),
        TokenCommand::Remove { id, data } => Ok(data.open()?.remove_token(&by, &id, now)?),
    }
}

/// Carries out `command`.
pub(super) fn gateway(command: GatewayCommand) -> anyhow::Result<()> {
    let (by, now) = (Actor::console(), clock::now());
    match command {
        GatewayCommand::Add { id, feed, data } => {
            let new = NewGateway {
                id,
                display: String::new(),
                feeds: feed.iter().map(FeedId::new).collect(),
            };
            print_json(&data.open()?.add_gateway(&by, &new, now)?)
        }
        GatewayCommand::List { data } => data.open()?.gateways().iter().try_for_each(print_json),
        GatewayCommand::Remove { id, data } => Ok(data.open()?.remove_gateway(&by, &id, now)?),
    }
}

/// Carries out `command`; a trail that is not whole is a failure.
pub(super) fn audit(command: AuditCommand) -> anyhow::Result<()> {
    match command {
        AuditCommand::Verify { head, data } => {
            let verified = data.open()?.verify(head.as_deref())?;
            print_json(&verified)?;
            match verified.fault {
                Some(fault) => bail!("the audit trail is not whole: {fault}"),
                None => Ok(()),
            }
        }
        AuditCommand::Export { data } => {
            let mut out = std::io::stdout().lock();
            data.open()?.audit_each(None, None, |row| {
                let line = serde_json::to_string(&row).unwrap_or_default();
                // Whoever reads may have seen enough.
                writeln!(out, "{line}").is_ok()
            })?;
            Ok(())
        }
    }
}

fn print_json<T: serde::Serialize>(row: &T) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string(row)?);
    Ok(())
}

/// The first line of standard input: on a command line others could read it.
fn read_password() -> anyhow::Result<String> {
    eprintln!("password:");
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
