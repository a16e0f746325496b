//! From the form to the addition and back.

use serde_json::json;

use egret_shared::package::feed::{Format, Place, TimeForm, TimePlace};

use super::*;

fn property(id: &str, unit: &str) -> PropertyDef {
    PropertyDef {
        id: id.into(),
        name: Text::new(id, id),
        unit: unit.to_owned(),
        range: [0.0, 1.0],
        plausible: None,
        jump: None,
        stuck_after: None,
    }
}

/// A form that is complete: noise meters of a vendor that nobody knows.
fn complete() -> Draft {
    let mut draft = Draft::new();
    draft.feed.id = "acme".into();
    draft.feed.name = Text::new("噪声", "Noise");
    draft.feed.department = "west".into();
    draft.feed.domain = "environment".into();
    draft.feed.asset_class = Some("noise-meter".to_owned());
    draft.feed.topic = Some("acme/+/up".to_owned());
    draft.map.asset = Some(Place::Topic { topic: 1 });
    draft.map.at = Some(TimePlace {
        pointer: "/t".to_owned(),
        time: TimeForm::UnixMs,
    });
    draft.lon = "/where/x".to_owned();
    draft.lat = "/where/y".to_owned();
    draft.values = vec![Taken {
        from: "/dB".to_owned(),
        property: "noise".to_owned(),
        new: Some(NewProperty {
            zh: "噪声".to_owned(),
            en: String::new(),
            unit: "dB".to_owned(),
            least: "0".to_owned(),
            greatest: "150".to_owned(),
            before: None,
        }),
        unit: String::new(),
        tile: Some(Tile {
            aggregate: Aggregate::Max,
            limits: [
                String::new(),
                "70".to_owned(),
                " 85 ".to_owned(),
                String::new(),
            ],
            ..Tile::default()
        }),
    }];
    draft
}

fn spots(draft: &Draft) -> Vec<Spot> {
    let faults = draft.written(&[]).unwrap_err();
    faults.into_iter().map(|fault| fault.spot).collect()
}

#[test]
fn what_is_fetched_is_written_with_what_the_form_does_not_show_of_it() {
    let mut draft = complete();
    assert_eq!(draft.written(&[]).unwrap().feed.poll, None);
    draft.poll_url = " https://meters.example/now ".to_owned();
    draft.poll_every = "often".to_owned();
    assert_eq!(spots(&draft), [Spot::PollEvery]);
    draft.poll_every = "30s".to_owned();
    let mut addition = draft.written(&[]).unwrap();
    let poll = addition.feed.poll.as_mut().unwrap();
    assert_eq!(
        (poll.url.as_str(), poll.every),
        ("https://meters.example/now", Span(30_000))
    );
    poll.headers.insert("x-key".to_owned(), "meters".to_owned());
    let mut again = Draft::of(&addition);
    assert_eq!(again.written(&[]).unwrap(), addition);
    again.poll_url.clear();
    assert_eq!(again.written(&[]).unwrap().feed.poll, None);
}

#[test]
fn a_complete_form_is_an_addition_in_the_words_of_the_files() {
    let addition = complete().written(&[]).unwrap();
    let written = serde_json::to_value(&addition).unwrap();
    assert_eq!(written["feed"]["map"]["asset"], json!({ "topic": 1 }));
    assert_eq!(
        written["feed"]["map"]["position"],
        json!({ "lon": "/where/x", "lat": "/where/y" })
    );
    assert_eq!(written["feed"]["map"]["values"][0]["property"], "noise");
    assert_eq!(written["feed"]["expect_every"], "1m");
    assert_eq!(
        written["property"][0]["name"],
        json!({ "zh": "噪声", "en": "噪声" })
    );
    assert_eq!(written["metric"][0]["id"], "acme.noise_max");
    assert_eq!(written["metric"][0]["levels"]["orange"], 85.0);
    assert_eq!(written["metric"][0]["window"]["sliding"], "5m");
    assert_eq!(written["tiles"], json!(["acme.noise_max"]));
    let back: Addition = serde_json::from_value(written).unwrap();
    assert_eq!(back, addition);
}

#[test]
fn a_form_that_was_read_from_an_addition_writes_it_again() {
    let addition = complete().written(&[]).unwrap();
    let draft = Draft::of(&addition);
    assert_eq!(draft.kept, super::super::Kept::default());
    assert_eq!(draft.written(&[]).unwrap(), addition);
}

#[test]
fn what_the_form_does_not_show_is_kept_when_a_feed_is_changed() {
    let known = [property("pm2_5", "ug/m3")];
    let mut addition = complete().written(&[]).unwrap();
    addition.feed.lateness = Span(1_234_000);
    addition.feed.personal = vec!["/who".to_owned()];
    addition.properties[0].jump = Some(20.0);
    addition.metrics[0].about = Some(Text::new("说明", "About"));
    let mut derived = addition.metrics[0].clone();
    derived.id = "acme.twice".into();
    derived.source = None;
    derived.aggregate = None;
    derived.window = None;
    derived.derive = Some("m['acme.noise_max'] * 2.0".to_owned());
    addition.metrics.insert(0, derived);
    addition.feed.map.as_mut().unwrap().values.insert(
        0,
        serde_json::from_value(json!({ "property": { "pointer": "/what" }, "pointer": "/v" }))
            .unwrap(),
    );
    let mut draft = Draft::of(&addition);
    assert_eq!(draft.values.len(), 1);
    assert_eq!(draft.written(&known).unwrap(), addition);
    draft.feed.name.en = "Noise, west".to_owned();
    let changed = draft.written(&known).unwrap();
    assert_eq!(changed.feed.personal, addition.feed.personal);
    assert_eq!(changed.metrics, addition.metrics);
    assert_eq!(changed.feed.name.en, "Noise, west");
}

#[test]
fn what_is_missing_is_told_field_by_field() {
    assert_eq!(
        spots(&Draft::new()),
        [
            Spot::Id,
            Spot::Name,
            Spot::Department,
            Spot::Domain,
            Spot::AssetClass,
            Spot::Asset,
            Spot::Values,
        ]
    );
    let mut draft = complete();
    draft.lat.clear();
    draft.expect_every = "often".to_owned();
    draft.values[0].tile.as_mut().unwrap().limits[0] = "much".to_owned();
    assert_eq!(
        spots(&draft),
        [Spot::ExpectEvery, Spot::Position, Spot::Tile(0)]
    );
    let mut draft = complete();
    draft.values[0].new.as_mut().unwrap().least = String::new();
    assert_eq!(spots(&draft), [Spot::Value(0)]);
    draft.values[0].property.clear();
    assert_eq!(spots(&draft), [Spot::Value(0)]);
}

#[test]
fn formats_with_names_have_a_table_of_them_and_no_pointers() {
    let mut draft = complete();
    draft.feed.format = Format::TtsV3;
    draft.map.asset = None;
    draft.lon.clear();
    draft.lat.clear();
    draft.values[0].from = "laeq".to_owned();
    draft.values[0].unit = "dB".to_owned();
    let addition = draft.written(&[]).unwrap();
    assert_eq!(addition.feed.map, None);
    let name = &addition.feed.names["laeq"];
    assert_eq!(
        (name.property.as_str(), name.unit.as_deref()),
        ("noise", Some("dB"))
    );
    assert_eq!(Draft::of(&addition).written(&[]).unwrap(), addition);
}

#[test]
fn messages_in_our_own_words_have_neither_map_nor_names() {
    let known = [property("noise", "dB")];
    let mut draft = complete();
    draft.feed.format = Format::EgretJson;
    draft.values[0].new = None;
    let addition = draft.written(&known).unwrap();
    assert_eq!((&addition.feed.map, addition.feed.names.len()), (&None, 0));
    assert_eq!(addition.metrics[0].unit, "dB");
}

#[test]
fn a_tiles_window_holds_two_messages_of_a_slow_sender() {
    let of = |every: &str| window(every).sliding.unwrap().to_string();
    assert_eq!(of("10s"), "5m");
    assert_eq!(of("5m"), "15m");
    assert_eq!(of("1h"), "6h");
    assert_eq!(of("7d"), "1d");
    assert_eq!(of(""), "5m");
    for (sliding, step) in WINDOWS {
        assert_eq!(sliding.ms() % step.ms(), 0);
    }
}

#[test]
fn a_count_is_in_no_unit() {
    let mut draft = complete();
    draft.values[0].tile.as_mut().unwrap().aggregate = Aggregate::Count;
    let addition = draft.written(&[]).unwrap();
    assert_eq!(addition.metrics[0].unit, "1");
}
