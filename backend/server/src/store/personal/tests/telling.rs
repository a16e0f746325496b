//! What is told of a report, and of the message that it came in.

use egret_shared::time::Span;

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn of_each_field_the_newest_is_told_and_masked_unless_it_is_asked_for() {
    let world = world();
    world.take_call(&call("R-1", ANN, Some("张三"))).await;
    world.take_call(&call("R-2", ANN, None)).await;
    world.take_call(&call("R-1", BEN, None)).await;
    let told = world.personal("R-1").unwrap();
    assert_eq!(
        told,
        fields(&[("/caller/phone", BEN), ("/caller/name", "张三")])
    );
    let masked = told.clone().told(true);
    let values: Vec<&str> = masked.fields.iter().map(|(_, value)| &**value).collect();
    assert_eq!((values, masked.masked), (vec!["199****5678", "张*"], true));
    assert_eq!(told.clone().told(false).fields, told.fields);
    assert_eq!(world.personal("R-3"), None);
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn one_message_has_one_key_and_one_without_personal_fields_of_its_feed_has_none() {
    let world = world();
    let level = json!({ "at": clock::now(), "values": { "water_level": { "v": 1, "u": "m" } } });
    world
        .take(&[("egret/v1/manhole/M-1", level.to_string())])
        .await;
    assert_eq!(world.rows::<Seq>("SELECT seq FROM person_key"), [0; 0]);
    let silent = json!({ "report": "R-1", "at": clock::now(), "state": "closed" });
    for message in [call("R-1", ANN, Some("张三")), silent] {
        world.take_call(&message).await;
    }
    assert_eq!(world.rows::<Seq>("SELECT seq FROM person_key"), [2, 3]);
    assert!(!world.store.raw(1).unwrap().unwrap().sealed);
    for (seq, word) in [(2, ANN), (3, "closed")] {
        let kept = world.store.raw(seq).unwrap().unwrap();
        assert!(kept.sealed && !String::from_utf8_lossy(&kept.payload).contains(word));
        let opened = world.raw(seq);
        assert!(!opened.sealed && String::from_utf8(opened.payload).unwrap().contains(word));
    }
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_that_come_late_are_opened_by_their_own_keys_wherever_they_are_committed() {
    let world = world();
    let topic = "egret/v1/hotline/report/x";
    let late = |report: &str, phone: &str| {
        let mut message = call(report, phone, None);
        message["at"] = json!(clock::now().minus(Span(3_600_000)));
        (topic, message.to_string())
    };
    let live = |report: &str| (topic, call(report, BEN, None).to_string());
    // Eight of them fill a part; the ninth goes by another.
    let mut batch = vec![
        live("L-1"),
        ("egret/v1/manhole/M-1", "{".to_owned()),
        live("L-2"),
    ];
    for n in 0..9 {
        batch.push(late(&format!("S-{n}"), &format!("1990000000{n}")));
    }
    world.take(&batch).await;
    for report in ["L-1", "L-2"] {
        let expected = fields(&[("/caller/phone", BEN)]);
        assert_eq!(world.personal(report), Some(expected), "{report}");
    }
    for n in 0..9 {
        let phone = format!("1990000000{n}");
        let expected = fields(&[("/caller/phone", &phone)]);
        assert_eq!(world.personal(&format!("S-{n}")), Some(expected));
    }
    for seq in world.rows::<Seq>("SELECT seq FROM personal") {
        assert!(
            !world.raw(seq).payload.is_empty(),
            "the message of entry {seq}"
        );
    }
    world.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_whose_key_was_replaced_says_so_and_tells_nothing() {
    let world = world();
    take_calls(&world).await;
    let folder = world.stop();
    std::fs::remove_file(folder.path().join("personal.key")).unwrap();
    let world = started_in(folder);
    let (feed, report) = (FeedId::new("hotline"), ReportId::new("R-1"));
    for error in [
        world.store.personal(&feed, &report).unwrap_err(),
        world.store.raw_opened(1).unwrap_err(),
    ] {
        let error = error.to_string();
        assert!(
            error.contains("entry 1") && error.contains("personal.key"),
            "{error}"
        );
    }
    assert!(
        world
            .refused()
            .iter()
            .all(|item| item.sealed && item.raw.is_none())
    );
    assert_eq!(world.erase(ANN).await.unwrap(), Erased::default());
    world.stop();
}
