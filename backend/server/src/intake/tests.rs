//! What goes by which lane, and what is archived of it, with the tiny city.

use std::path::Path;

use egret_shared::id::AreaCode;

use super::*;
use crate::city_files::CityFiles;

/// An intake of the tiny city, whose hotline carries a phone number, with the lanes' ends.
struct World {
    intake: Intake,
    live: mpsc::Receiver<Pending>,
    stored: mpsc::Receiver<Pending>,
    _folder: tempfile::TempDir,
}

fn world() -> World {
    let city = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cities/tiny");
    let mut package = CityFiles::read(&city).unwrap().load().unwrap();
    assert_eq!(package.city.root, AreaCode::new("900000"));
    for feed in &mut package.feeds {
        if feed.id.as_str() == "hotline" {
            feed.personal = vec!["/phone".into()];
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let seal = Seal::open(folder.path()).unwrap();
    let (lanes, live, stored) = Lanes::new();
    World {
        intake: Intake::new(Arc::new(package), seal, lanes, true),
        live,
        stored,
        _folder: folder,
    }
}

/// A manhole's level as it was so long ago.
fn reading(asset: &str, age_s: i64) -> Arrival {
    let at = clock::now().minus(Span(age_s * 1_000));
    let payload = format!(r#"{{"at":"{at}","values":{{"water_level":{{"v":1.5,"u":"m"}}}}}}"#);
    arrival(&format!("egret/v1/manhole/{asset}"), &payload)
}

fn arrival(topic: &str, payload: &str) -> Arrival {
    Arrival {
        beside: None,
        topic: topic.into(),
        payload: payload.to_owned().into(),
        payload_bytes: payload.len(),
        client: "gw-7".into(),
    }
}

fn assets(pending: &Pending) -> Vec<&str> {
    let observed = pending.entries.iter().filter_map(|entry| match entry {
        Entry::Observation(observation) => Some(observation.asset.as_str()),
        _ => None,
    });
    observed.collect()
}

/// Hands `batch` over; both lanes have room.
async fn take(world: &World, batch: Vec<Arrival>) -> Receipt {
    world.intake.take(batch).await.unwrap()
}

fn tell(pending: Pending) {
    crate::journal::pending::tell_all(vec![pending], vec![1]);
}

#[tokio::test]
async fn stored_readings_leave_by_their_own_lane_and_are_told_with_the_live_ones() {
    let mut world = world();
    let batch = vec![
        reading("M-1", 3_600),
        reading("M-2", 1),
        reading("M-3", 61),
        reading("M-4", 30),
    ];
    let mut receipt = take(&world, batch).await;
    let live = world.live.try_recv().unwrap();
    let stored = world.stored.try_recv().unwrap();
    assert_eq!(assets(&live), ["M-2", "M-4"]);
    assert_eq!(assets(&stored), ["M-1", "M-3"]);
    assert_eq!((live.raw.len(), stored.raw.len()), (2, 2));
    tell(stored);
    assert!(receipt.try_recv().is_err(), "half of it is not durable yet");
    tell(live);
    assert_eq!(receipt.await.unwrap(), [Outcome::Kept; 4]);
}

#[tokio::test]
async fn a_batch_of_one_kind_waits_for_nothing_else() {
    let mut world = world();
    let receipt = take(&world, vec![reading("M-1", 3_600)]).await;
    assert!(world.live.try_recv().is_err());
    tell(world.stored.try_recv().unwrap());
    assert_eq!(receipt.await.unwrap(), [Outcome::Kept]);
}

#[tokio::test]
async fn a_message_with_anything_live_or_refused_in_it_is_live() {
    let mut world = world();
    let (old, new) = (reading("M-1", 3_600), reading("M-1", 2));
    let text = |arrival: &Arrival| String::from_utf8(arrival.payload.to_vec()).unwrap();
    let both = format!("[{},{}]", text(&old), text(&new));
    let broken = format!("[{},{{}}]", text(&old));
    let batch = vec![
        arrival("egret/v1/manhole/M-1", &both),
        arrival("egret/v1/manhole/M-1", &broken),
    ];
    let _receipt = take(&world, batch).await;
    let live = world.live.try_recv().unwrap();
    assert!(world.stored.try_recv().is_err());
    assert_eq!((live.n_entries(), live.quarantine.len()), (4, 1));
    assert_eq!(
        live.raw.len(),
        2,
        "what was accepted of the second is archived too"
    );
}

#[tokio::test]
async fn what_is_refused_is_not_archived_and_personal_payloads_are_sealed() {
    let mut world = world();
    let at = clock::now();
    let call = format!(
        r#"{{"report":"H-1","at":"{at}","state":"opened","phone":"13800005678","text":"water"}}"#
    );
    let batch = vec![
        arrival("egret/v1/manhole/M-1", "{"),
        arrival("nobody/listens", "1"),
        arrival("egret/v1/hotline/report/H-1", &call),
        reading("M-2", 1),
    ];
    let _receipt = take(&world, batch).await;
    let live = world.live.try_recv().unwrap();
    assert_eq!((live.quarantine.len(), live.raw.len()), (2, 2));
    let text = String::from_utf8_lossy(live.raw.text()).into_owned();
    assert!(!text.contains("13800005678"), "{text}");
    assert!(text.contains("water_level"), "{text}");
}

#[tokio::test]
async fn a_tick_brings_what_clocks_are_off() {
    let mut world = world();
    let now = clock::now();
    let _receipt = take(&world, vec![reading("M-1", -90), reading("M-1", -89)]).await;
    world.live.try_recv().unwrap();
    world.intake.tick(now).await.unwrap();
    assert_eq!(world.live.try_recv().unwrap().entries, [Entry::Tick(now)]);
    let later = now.plus(Span(60_000));
    world.intake.tick(later).await.unwrap();
    let entries = world.live.try_recv().unwrap().entries;
    let Some(Entry::Clock(clock)) = entries.get(1) else {
        panic!("{entries:?}");
    };
    assert_eq!(
        (clock.gateway.as_str(), clock.feed.as_str()),
        ("gw-7", "manhole")
    );
    assert!(
        (85_000..=90_000).contains(&clock.ahead_ms),
        "{}",
        clock.ahead_ms
    );
}
