//! What is kept, out of the tables.

use std::sync::Arc;

use egret_mqtt::gate::Label;
use egret_mqtt::keep::{
    DeliveryRow, Kept, MessageRow, SessionRow, StageRow, SubscriptionRow, UnderWay, WillRow,
};
use rusqlite::types::Type;
use rusqlite::{Connection, Row};
use smol_str::SmolStr;

use super::schema::{PUBLISHED, RELEASED, WAITING};
use crate::auth::gate::Told;

/// Reads everything.
pub(super) fn all(from: &Connection) -> rusqlite::Result<Kept> {
    let mut kept = Kept {
        at_ms: from.query_row("SELECT at_ms FROM meta", [], |row| row.get(0))?,
        ..Kept::default()
    };
    sessions(from, &mut kept)?;
    messages(from, &mut kept)?;
    wills(from, &mut kept)?;
    each(from, "SELECT key, digest FROM told", |row| {
        let digest: i64 = row.get(1)?;
        kept.told.insert(text(row, 0)?, digest.cast_unsigned());
        Ok(())
    })?;
    Ok(kept)
}

fn sessions(from: &Connection, kept: &mut Kept) -> rusqlite::Result<()> {
    each(
        from,
        "SELECT number, owner, client, expiry_ms, ends_at_ms FROM session",
        |row| {
            let session = SessionRow {
                owner: text(row, 1)?,
                client: text(row, 2)?,
                expiry_ms: row.get(3)?,
                ends_at_ms: row.get(4)?,
            };
            kept.sessions.insert(row.get(0)?, session);
            Ok(())
        },
    )?;
    each(
        from,
        "SELECT session, filter, qos, no_local, retain_as_published, identifier FROM subscription",
        |row| {
            let subscription = SubscriptionRow {
                qos: row.get(2)?,
                no_local: row.get(3)?,
                retain_as_published: row.get(4)?,
                identifier: row.get(5)?,
            };
            let key = (row.get(0)?, text(row, 1)?);
            kept.subscriptions.insert(key, subscription);
            Ok(())
        },
    )?;
    each(from, "SELECT session, identifier FROM handled", |row| {
        kept.handled.insert((row.get(0)?, row.get(1)?));
        Ok(())
    })
}

fn messages(from: &Connection, kept: &mut Kept) -> rusqlite::Result<()> {
    each(
        from,
        "SELECT number, topic, payload, qos, properties, expires_at_ms, is_retained, label
         FROM message",
        |row| {
            let number = row.get(0)?;
            let label: Option<String> = row.get(7)?;
            let Some(label) = label.map(|label| read_label(&label)).transpose().ok() else {
                tracing::warn!(
                    number,
                    "a notice of another version is not delivered any more"
                );
                return Ok(());
            };
            let message = MessageRow {
                is_retained: row.get(6)?,
                label,
                ..message(row)?
            };
            kept.messages.insert(number, message);
            Ok(())
        },
    )?;
    each(
        from,
        "SELECT session, place, message, qos, is_retained, identifiers, share, stage, identifier,
         nth FROM delivery",
        |row| {
            let key = (row.get(0)?, row.get(1)?);
            kept.deliveries.insert(key, delivery(row)?);
            Ok(())
        },
    )?;
    each(
        from,
        "SELECT NULL, topic, payload, qos, properties, expires_at_ms FROM retained",
        |row| {
            let message = message(row)?;
            kept.retained.insert(message.topic.clone(), message);
            Ok(())
        },
    )
}

fn wills(from: &Connection, kept: &mut Kept) -> rusqlite::Result<()> {
    each(
        from,
        "SELECT number, owner, client, is_assigned, topic, payload, qos, is_retained, properties,
         expiry_ms, delay_ms, due_at_ms FROM will",
        |row| {
            let payload: Vec<u8> = row.get(5)?;
            let will = WillRow {
                owner: text(row, 1)?,
                client: text(row, 2)?,
                is_assigned: row.get(3)?,
                topic: text(row, 4)?,
                payload: payload.into(),
                qos: row.get(6)?,
                is_retained: row.get(7)?,
                properties: row.get(8)?,
                expiry_ms: row.get(9)?,
                delay_ms: row.get(10)?,
                due_at_ms: row.get(11)?,
            };
            kept.wills.insert(row.get(0)?, will);
            Ok(())
        },
    )
}

fn each(
    from: &Connection,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut query = from.prepare(sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn text(row: &Row<'_>, column: usize) -> rusqlite::Result<SmolStr> {
    Ok(row.get_ref(column)?.as_str()?.into())
}

/// From the columns topic, payload, QoS, properties and end, after a first one.
fn message(row: &Row<'_>) -> rusqlite::Result<MessageRow> {
    let payload: Vec<u8> = row.get(2)?;
    Ok(MessageRow {
        topic: text(row, 1)?,
        payload: payload.into(),
        qos: row.get(3)?,
        is_retained: true,
        properties: row.get(4)?,
        expires_at_ms: row.get(5)?,
        label: None,
    })
}

fn read_label(label: &str) -> serde_json::Result<Label> {
    Ok(Arc::new(serde_json::from_str::<Told>(label)?))
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryRow> {
    let identifiers: String = row.get(5)?;
    let identifiers = serde_json::from_str(&identifiers)
        .map_err(|error| unreadable(5, Type::Text, error.into()))?;
    let under_way = || -> rusqlite::Result<UnderWay> {
        Ok(UnderWay {
            identifier: row.get(8)?,
            nth: row.get(9)?,
        })
    };
    let stage = match row.get(7)? {
        WAITING => StageRow::Waiting,
        PUBLISHED => StageRow::Published(under_way()?),
        RELEASED => StageRow::Released(under_way()?),
        other => {
            let why = format!("there is no stage {other} of a delivery");
            return Err(unreadable(7, Type::Integer, why.into()));
        }
    };
    let share: Option<String> = row.get(6)?;
    Ok(DeliveryRow {
        message: row.get(2)?,
        qos: row.get(3)?,
        is_retained: row.get(4)?,
        identifiers,
        share: share.map(SmolStr::from),
        stage,
    })
}

fn unreadable(
    column: usize,
    kind: Type,
    why: Box<dyn std::error::Error + Send + Sync>,
) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, why)
}
