//! What has changed, into the tables.

use std::collections::BTreeSet;

use egret_mqtt::gate::Label;
use egret_mqtt::keep::{Changes, DeliveryChange, DeliveryRow, MessageRow, StageRow, WillRow};
use rusqlite::{Transaction, params};

use super::schema::{PUBLISHED, RELEASED, WAITING};
use crate::auth::gate::Told;

/// Writes all of it. What could not be read back is not written: a label that is none of ours.
pub(super) fn all(to: &Transaction<'_>, changes: &Changes) -> rusqlite::Result<()> {
    // Messages that have lost a delivery.
    let mut left = BTreeSet::new();
    to.prepare_cached("UPDATE meta SET at_ms = ?1")?
        .execute([changes.at_ms])?;
    sessions(to, changes, &mut left)?;
    subscriptions(to, changes)?;
    for (number, row) in &changes.messages {
        message(to, *number, row)?;
    }
    for (key, change) in &changes.deliveries {
        delivery(to, *key, change, &mut left)?;
    }
    for ((session, identifier), is_handled) in &changes.handled {
        let sql = if *is_handled {
            "INSERT OR IGNORE INTO handled (session, identifier) VALUES (?1, ?2)"
        } else {
            "DELETE FROM handled WHERE session = ?1 AND identifier = ?2"
        };
        to.prepare_cached(sql)?
            .execute(params![session, identifier])?;
    }
    for (topic, row) in &changes.retained {
        retained(to, topic, row.as_ref())?;
    }
    for (key, digest) in &changes.told {
        match digest {
            Some(digest) => to
                .prepare_cached("INSERT OR REPLACE INTO told (key, digest) VALUES (?1, ?2)")?
                .execute(params![key.as_str(), digest.cast_signed()])?,
            None => to
                .prepare_cached("DELETE FROM told WHERE key = ?1")?
                .execute([key.as_str()])?,
        };
    }
    for (number, row) in &changes.wills {
        will(to, *number, row.as_ref())?;
    }
    for number in left {
        to.prepare_cached(
            "DELETE FROM message WHERE number = ?1
             AND NOT EXISTS (SELECT 1 FROM delivery WHERE message = ?1)",
        )?
        .execute([number])?;
    }
    Ok(())
}

fn subscriptions(to: &Transaction<'_>, changes: &Changes) -> rusqlite::Result<()> {
    for ((session, filter), row) in &changes.subscriptions {
        match row {
            Some(row) => to
                .prepare_cached(
                    "INSERT OR REPLACE INTO subscription (session, filter, qos, no_local,
                     retain_as_published, identifier) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    session,
                    filter.as_str(),
                    row.qos,
                    row.no_local,
                    row.retain_as_published,
                    row.identifier
                ])?,
            None => to
                .prepare_cached("DELETE FROM subscription WHERE session = ?1 AND filter = ?2")?
                .execute(params![session, filter.as_str()])?,
        };
    }
    Ok(())
}

/// First those that are gone: another may have come in their place.
fn sessions(
    to: &Transaction<'_>,
    changes: &Changes,
    left: &mut BTreeSet<i64>,
) -> rusqlite::Result<()> {
    let gone = changes.sessions.iter().filter(|(_, row)| row.is_none());
    for (number, _) in gone {
        let mut deliveries =
            to.prepare_cached("DELETE FROM delivery WHERE session = ?1 RETURNING message")?;
        let messages = deliveries.query_map([number], |row| row.get::<_, Option<i64>>(0))?;
        for message in messages {
            left.extend(message?);
        }
        for sql in [
            "DELETE FROM session WHERE number = ?1",
            "DELETE FROM subscription WHERE session = ?1",
            "DELETE FROM handled WHERE session = ?1",
        ] {
            to.prepare_cached(sql)?.execute([number])?;
        }
    }
    for (number, row) in &changes.sessions {
        let Some(row) = row else { continue };
        to.prepare_cached(
            "INSERT OR REPLACE INTO session (number, owner, client, expiry_ms, ends_at_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            number,
            row.owner.as_str(),
            row.client.as_str(),
            row.expiry_ms,
            row.ends_at_ms
        ])?;
    }
    Ok(())
}

fn message(to: &Transaction<'_>, number: u64, row: &MessageRow) -> rusqlite::Result<()> {
    to.prepare_cached(
        "INSERT OR IGNORE INTO message (number, topic, payload, qos, is_retained, properties,
         expires_at_ms, label) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        number,
        row.topic.as_str(),
        &row.payload[..],
        row.qos,
        row.is_retained,
        row.properties,
        row.expires_at_ms,
        row.label.as_ref().map(label)
    ])?;
    Ok(())
}

/// What the server says of its message. A label that is none of ours lets nobody have the message, and
/// cannot be read again.
fn label(label: &Label) -> String {
    let told = label.downcast_ref::<Told>();
    told.and_then(|told| serde_json::to_string(told).ok())
        .unwrap_or_default()
}

fn delivery(
    to: &Transaction<'_>,
    (session, place): (u64, u64),
    change: &DeliveryChange,
    left: &mut BTreeSet<i64>,
) -> rusqlite::Result<()> {
    match change {
        DeliveryChange::Put(row) => put(to, (session, place), row)?,
        DeliveryChange::Moved(at) => {
            let (stage, identifier, nth) = stage(*at);
            if stage == RELEASED {
                let mut select = to.prepare_cached(
                    "SELECT message FROM delivery
                     WHERE session = ?1 AND place = ?2 AND message IS NOT NULL",
                )?;
                let messages = select.query_map(params![session, place], |row| row.get(0))?;
                for message in messages {
                    left.insert(message?);
                }
            }
            to.prepare_cached(
                "UPDATE delivery SET stage = ?3, identifier = ?4, nth = ?5,
                 message = CASE WHEN ?3 = ?6 THEN NULL ELSE message END
                 WHERE session = ?1 AND place = ?2",
            )?
            .execute(params![session, place, stage, identifier, nth, RELEASED])?;
        }
        DeliveryChange::Gone => {
            let mut delete = to.prepare_cached(
                "DELETE FROM delivery WHERE session = ?1 AND place = ?2 RETURNING message",
            )?;
            let messages =
                delete.query_map(params![session, place], |row| row.get::<_, Option<i64>>(0))?;
            for message in messages {
                left.extend(message?);
            }
        }
    }
    Ok(())
}

fn put(
    to: &Transaction<'_>,
    (session, place): (u64, u64),
    row: &DeliveryRow,
) -> rusqlite::Result<()> {
    let (stage, identifier, nth) = stage(row.stage);
    let identifiers: Vec<String> = row.identifiers.iter().map(u32::to_string).collect();
    to.prepare_cached(
        "INSERT INTO delivery (session, place, message, qos, is_retained, identifiers, share, stage,
         identifier, nth) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        session,
        place,
        row.message,
        row.qos,
        row.is_retained,
        format!("[{}]", identifiers.join(",")),
        row.share.as_deref(),
        stage,
        identifier,
        nth
    ])?;
    Ok(())
}

fn stage(stage: StageRow) -> (i64, Option<u16>, Option<u64>) {
    match stage {
        StageRow::Waiting => (WAITING, None, None),
        StageRow::Published(at) => (PUBLISHED, Some(at.identifier), Some(at.nth)),
        StageRow::Released(at) => (RELEASED, Some(at.identifier), Some(at.nth)),
    }
}

fn will(to: &Transaction<'_>, number: u64, row: Option<&WillRow>) -> rusqlite::Result<()> {
    match row {
        Some(row) => to
            .prepare_cached(
                "INSERT OR REPLACE INTO will (number, owner, client, is_assigned, topic, payload,
                 qos, is_retained, properties, expiry_ms, delay_ms, due_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
            )?
            .execute(params![
                number,
                row.owner.as_str(),
                row.client.as_str(),
                row.is_assigned,
                row.topic.as_str(),
                &row.payload[..],
                row.qos,
                row.is_retained,
                row.properties,
                row.expiry_ms,
                row.delay_ms,
                row.due_at_ms
            ])?,
        None => to
            .prepare_cached("DELETE FROM will WHERE number = ?1")?
            .execute([number])?,
    };
    Ok(())
}

fn retained(to: &Transaction<'_>, topic: &str, row: Option<&MessageRow>) -> rusqlite::Result<()> {
    match row {
        Some(row) => to
            .prepare_cached(
                "INSERT OR REPLACE INTO retained (topic, payload, qos, properties, expires_at_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![
                topic,
                &row.payload[..],
                row.qos,
                row.properties,
                row.expires_at_ms
            ])?,
        None => to
            .prepare_cached("DELETE FROM retained WHERE topic = ?1")?
            .execute([topic])?,
    };
    Ok(())
}
