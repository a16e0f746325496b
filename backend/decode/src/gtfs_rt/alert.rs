//! Alerts as reports.

use egret_shared::id::{MessageId, ReportId};
use egret_shared::rejection::{Reason, Rejection};
use egret_shared::time::TimeMs;
use smol_str::SmolStr;
use xxhash_rust::xxh3::xxh3_64;

use crate::protobuf::gtfs_rt::{Alert, FeedEntity, TimeRange, TranslatedString};
use crate::reading::{Decoded, RawReport, SentTime};
use crate::refuse::{bounded, refusal};
use crate::told::{lines, rank};

/// What an alert does, from 1 on.
///
/// # Source
/// GTFS Realtime 2.0, `Alert.Effect`.
const EFFECTS: [&str; 11] = [
    "no-service",
    "reduced-service",
    "significant-delays",
    "detour",
    "additional-service",
    "modified-service",
    "other-effect",
    "unknown-effect",
    "stop-moved",
    "no-effect",
    "accessibility-issue",
];

/// The report that an entity's alert is, which `bytes` are; `None` if it has no alert.
pub(super) fn report(
    entity: &FeedEntity,
    bytes: &[u8],
    at: Option<SentTime>,
    received_at: TimeMs,
) -> Result<Option<Decoded>, Rejection> {
    let Some(alert) = &entity.alert else {
        return Ok(None);
    };
    if entity.is_deleted == Some(true) {
        return Ok(None);
    }
    let id = entity.id.as_deref().unwrap_or_default();
    if id.trim().is_empty() {
        return Err(refusal(
            Reason::BadId,
            "/id: nothing, expected the alert's id",
        ));
    }
    let is_over = is_over(&alert.active_period, received_at);
    // The same words are the same message, until they have lost their force.
    let message = format!(
        "{:016x}{}",
        xxh3_64(bytes),
        if is_over { "/over" } else { "" }
    );
    Ok(Some(Decoded::Report(RawReport {
        report: Some(ReportId::new(bounded(id, "/id")?)),
        message: Some(MessageId::new(message)),
        at,
        state: is_over.then(|| SmolStr::new_static("expired")),
        category: Some(SmolStr::new_static(effect(alert))),
        text: text(alert),
        ..RawReport::default()
    })))
}

/// Whether the last of the periods is behind `now`; an alert without any holds as long as it is
/// there.
fn is_over(periods: &[TimeRange], now: TimeMs) -> bool {
    let now_s = u64::try_from(now.0 / 1_000).unwrap_or_default();
    let ended = |period: &TimeRange| period.end.is_some_and(|end| end <= now_s);
    !periods.is_empty() && periods.iter().all(ended)
}

fn effect(alert: &Alert) -> &'static str {
    let number = alert.effect.and_then(|effect| usize::try_from(effect).ok());
    let known = number.and_then(|number| EFFECTS.get(number.checked_sub(1)?));
    known.copied().unwrap_or("unknown-effect")
}

fn text(alert: &Alert) -> Option<String> {
    let parts = [&alert.header_text, &alert.description_text];
    lines(parts.into_iter().flatten().filter_map(chosen))
}

/// The translation that is taken.
fn chosen(text: &TranslatedString) -> Option<&str> {
    let translations = text.translation.iter();
    let best = translations.min_by_key(|translation| rank(translation.language.as_deref()))?;
    best.text.as_deref()
}
