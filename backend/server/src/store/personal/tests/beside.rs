//! What came beside the payloads of a feed with personal fields.

use egret_mqtt::taker;

use super::*;

/// A message with a user property that tells of somebody.
fn arrival(payload: &str, phone: &str) -> Arrival {
    Arrival {
        beside: Some(Box::new(taker::Beside {
            content_type: "application/json".to_owned(),
            properties: vec![("caller".to_owned(), phone.to_owned())],
            ..taker::Beside::default()
        })),
        topic: "egret/v1/hotline/report/x".into(),
        payload: Bytes::from(payload.to_owned()),
        payload_bytes: payload.len(),
        client: "gw-7".into(),
    }
}

impl World {
    async fn take_with(&self, payload: &str, phone: &str) {
        let batch = vec![arrival(payload, phone)];
        self.intake.take(batch).await.unwrap().await.unwrap();
    }
}

fn caller(beside: &crate::store::Beside) -> Option<&str> {
    let property = beside.properties.first()?;
    Some(&property.value)
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_sealed_like_the_payload_and_opened_with_it() {
    let world = world();
    world.take_with("{", ANN).await;
    let silent = json!({ "report": "R-1", "at": clock::now(), "state": "closed" });
    world.take_with(&silent.to_string(), BEN).await;

    let filter = QuarantineFilter {
        limit: 10,
        ..QuarantineFilter::default()
    };
    let listed = world.store.quarantine(&filter).unwrap();
    assert!(listed[0].sealed);
    assert_eq!(caller(&listed[0].beside), None, "not in clear");
    assert_eq!(caller(&world.refused()[0].beside), Some(ANN));
    let message = world.store.refused(&filter).unwrap().remove(0);
    assert_eq!(message.beside.as_ref().and_then(caller), Some(ANN));

    assert_eq!(caller(&world.store.raw(2).unwrap().unwrap().beside), None);
    assert_eq!(caller(&world.raw(2).beside), Some(BEN));
    let folder = world.stop();
    for phone in [ANN, BEN] {
        let clear = |blob: &Vec<u8>| String::from_utf8_lossy(blob).contains(phone);
        for sql in [
            "SELECT beside FROM quarantine",
            "SELECT raw FROM quarantine",
        ] {
            let kept = rows::<Vec<u8>>(&database(folder.path()), sql);
            assert!(!kept.is_empty() && !kept.iter().any(clear), "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_stands_only_beside_a_refused_payload_is_erased() {
    let world = world();
    world.take_with("{", ANN).await;
    world.take_with("[", BEN).await;
    let erased = world.erase(ANN).await.unwrap();
    assert_eq!((erased.reports, erased.refused), (0, 1));
    let refused = world.refused();
    assert_eq!(caller(&refused[0].beside), Some(BEN));
    assert!(refused[1].erased);
    assert_eq!((caller(&refused[1].beside), &refused[1].raw), (None, &None));
    world.stop();
}
