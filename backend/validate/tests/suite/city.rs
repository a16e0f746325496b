//! The tiny city for the suites.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use egret_decode::reading::{RawReport, Reading, SentTime, SentValue};
use egret_decode::{Decoder, Element, Message};
use egret_package::{Package, folder};
use egret_shared::flags::Flags;
use egret_shared::package::feed::FeedDef;
use egret_shared::time::TimeMs;
use egret_validate::Validator;
use smol_str::SmolStr;

/// When everything arrives: 2026-06-22T06:05:30+08:00.
pub(crate) const NOW: TimeMs = TimeMs(1_782_079_530_000);

/// The tiny city's package.
pub(crate) static TINY: LazyLock<Arc<Package>> = LazyLock::new(|| {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    let files = folder::read(&path).expect("the tiny city is in the repository");
    Arc::new(Package::load(&files).expect("the tiny city passes every check"))
});

/// Its validator.
pub(crate) static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| Validator::new(Arc::clone(&TINY)));

/// One of its feeds.
pub(crate) fn feed(id: &str) -> &'static FeedDef {
    TINY.feed(&id.into()).expect("the tiny city has this feed")
}

/// What a feed makes of a message.
pub(crate) fn decoded(id: &str, topic: &str, payload: &str) -> Vec<Element> {
    let message = Message::new(topic, payload.as_bytes(), NOW);
    Decoder::new(feed(id), TINY.timezone).decode(&message)
}

/// A reading of a manhole's level, now, in the west.
pub(crate) fn level(v: f64, unit: Option<&str>) -> Reading {
    Reading {
        asset: "M-1".into(),
        message: None,
        at: Some(SentTime {
            us: NOW.0 * 1_000,
            fine: false,
        }),
        position: Some((118.05, 24.45)),
        values: vec![SentValue {
            property: "water_level".into(),
            v,
            unit: unit.map(SmolStr::new),
            flags: Flags::NONE,
        }],
    }
}

/// A report's first step, now, in the west.
pub(crate) fn opened() -> RawReport {
    RawReport {
        report: Some("T-1".into()),
        at: Some(SentTime {
            us: NOW.0 * 1_000,
            fine: false,
        }),
        position: Some((118.05, 24.45)),
        ..RawReport::default()
    }
}
