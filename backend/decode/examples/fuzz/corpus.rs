//! Good messages of every format, to be broken: those of `docs/formats.md`, and such as reach what
//! those do not.

use egret_decode::protobuf::gtfs_rt::{
    Alert, FeedEntity, FeedHeader, FeedMessage, TimeRange, TranslatedString, Translation,
};
use egret_decode::protobuf::sparkplug_b::{
    Metric, Payload, PropertySet, PropertyValue, Value as MetricValue,
};
use egret_shared::package::feed::FeedDef;
use prost::Message as _;

/// Every format.
pub(crate) const FORMATS: [&str; 12] = [
    "egret-json",
    "mapped-json",
    "senml",
    "chirpstack-v4",
    "tts-v3",
    "hj212",
    "ngsi-ld",
    "cloudevents",
    "gtfs-rt",
    "cap-1.2",
    "open311",
    "sparkplug-b",
];

/// A good message, and the feed that it is of.
pub(crate) struct Sample {
    pub(crate) feed: FeedDef,
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    pub(crate) content_type: &'static str,
    pub(crate) properties: &'static [(&'static str, &'static str)],
}

const GUIDE: &str = include_str!("../../../../docs/formats.md");

const ALERTS: [&str; 4] = [
    include_str!("../../tests/standard/cap-1.2/a1-homeland-security.xml"),
    include_str!("../../tests/standard/cap-1.2/a2-severe-thunderstorm.xml"),
    include_str!("../../tests/standard/cap-1.2/a3-earthquake.xml"),
    include_str!("../../tests/standard/cap-1.2/a4-amber.xml"),
];

const NATIVE: &str = r#"[{"id":"7","asset":"M-1","at":"2026-06-22T06:05:00.123456+08:00","position":[118.09,24.48,3.5],"values":{"water_level":{"v":1.42,"u":"m"},"speed":3e0}},{"values":{"a\u4e95":-0.5}}]"#;
const REPORT: &str = r#"{"id":"8","report":"T-1","at":"2026-06-22T06:05:00+08:00","state":"opened","category":"waterlogging","text":"积水","position":[118.09,24.48],"caller":{"phone":"5550100","name":["x"]}}"#;
const VENDOR: &str = r#"{"list":[{"id":"A-1","ts":1782079500123,"gps":{"lng":"118.09","lat":24.48},"metric":"pm25","value":35.5,"unit":"µg/m3","seq":90071992}]}"#;
const SENML: &str = r#"[{"bn":"urn:dev:a:","bt":1782079500.5,"bu":"m","bv":1,"bs":2,"bver":10,"n":"x","v":1.5,"s":3},{"n":"y","vb":true,"t":-5},{"u":"lon","v":118.09},{"u":"lat","v":24.48},{"n":"z","vs":"on"}]"#;
const BATCH: &str = r#"[{"specversion":"1.0","type":"t","source":"/s","id":"1","subject":"M-1","time":"2026-06-22T06:05:00Z","datacontenttype":"application/json","data":[{"values":{"a":1}},{"values":{"b":2}}]}]"#;
const REQUESTS: &str = "<?xml version=\"1.0\"?><service_requests><request><service_request_id>7</service_request_id><status>closed</status><service_code>006</service_code><description>a &amp; b</description><updated_datetime>2026-06-22T06:05:00+08:00</updated_datetime><lat>24.48</lat><long>118.09</long><phone>5550100</phone></request></service_requests>";
const ENTITY: &str = r#"[{"id":"urn:ngsi-ld:A:1","type":"A","pm25":[{"type":"Property","value":35.5,"unitCode":"GQ","observedAt":"2026-06-21T22:05:00Z"},{"type":"Property","value":1,"datasetId":"urn:d"}],"no2":7,"dateObserved":"2026-06-22T06:05:00/2026-06-22T07:05:00","location":{"type":"Point","coordinates":[118.09,24.48]}}]"#;

const BESIDE: &[(&str, &str)] = &[
    ("ce-specversion", "1.0"),
    ("ce-type", "t"),
    ("ce-source", "/s"),
    ("ce-id", "a%20b"),
    ("ce-subject", "M-1"),
];

/// A format's good messages.
pub(crate) fn samples(format: &str) -> Vec<Sample> {
    let mut samples: Vec<Sample> = GUIDE
        .split("\n## ")
        .skip(1)
        .filter_map(documented)
        .filter(|sample| sample.feed.format.as_str() == format)
        .collect();
    let plain = |payload: &str| sample(format, "", payload.as_bytes().to_vec());
    let reports = |payload: &str| sample(format, "report = true", payload.as_bytes().to_vec());
    match format {
        "egret-json" => {
            samples.push(plain(NATIVE));
            let personal = "report = true\npersonal = [\"/caller/phone\", \"/caller/name/0\"]";
            samples.push(sample(format, personal, REPORT.as_bytes().to_vec()));
        }
        "mapped-json" => {
            let map = "[map]\neach = \"/list\"\nasset = { pointer = \"/id\" }\n\
                at = { pointer = \"/ts\", time = \"unix_ms\" }\n\
                position = { lon = \"/gps/lng\", lat = \"/gps/lat\" }\n\
                values = [{ property = { pointer = \"/metric\", map = { pm25 = \"pm2_5\" } }, \
                pointer = \"/value\", unit = { pointer = \"/unit\" } }]\nid = { pointer = \"/seq\" }";
            samples.push(sample(format, map, VENDOR.as_bytes().to_vec()));
        }
        "senml" => samples.push(sample(
            format,
            "[names]\nx = { property = \"x\" }\ny = { property = \"y\" }",
            SENML.as_bytes().to_vec(),
        )),
        "ngsi-ld" => samples.push(plain(ENTITY)),
        "cloudevents" => {
            samples.push(plain(BATCH));
            samples.push(Sample {
                properties: BESIDE,
                content_type: "application/json",
                ..plain(r#"[{"values":{"a":1}}]"#)
            });
        }
        "cap-1.2" => samples.extend(ALERTS.map(reports)),
        "open311" => samples.push(reports(REQUESTS)),
        "gtfs-rt" => samples.push(sample(format, "report = true", alerts())),
        "sparkplug-b" => samples.push(Sample {
            topic: "spBv1.0/g/NBIRTH/n".to_owned(),
            ..sample(format, "topic = \"spBv1.0/#\"", birth())
        }),
        _ => {}
    }
    assert!(!samples.is_empty(), "{format} has no message to break");
    samples
}

/// The message of a section of the guide, and the feed above it.
fn documented(section: &str) -> Option<Sample> {
    let block = |language: &str| {
        let (_, after) = section.split_once(&format!("```{language}\n"))?;
        after.split("```").next().map(str::trim_end)
    };
    let feed = block("toml")?
        .replace("[[feed]]", "")
        .replace("[feed.", "[");
    let topic = section.split("Sent to `").nth(1)?.split('`').next()?;
    let text = ["json", "xml", "text"]
        .iter()
        .find_map(|language| block(language));
    Some(Sample {
        feed: toml::from_str(&feed).expect("the guide's feeds are feeds"),
        topic: topic.to_owned(),
        payload: match text {
            Some(text) => text.as_bytes().to_vec(),
            None => bytes(block("hex")?),
        },
        content_type: "",
        properties: &[],
    })
}

/// The bytes that hexadecimal digits write.
fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    let byte = |pair: &[u32]| {
        let number = pair.iter().fold(0, |number, digit| number * 16 + digit);
        u8::try_from(number).ok()
    };
    digits.chunks(2).filter_map(byte).collect()
}

fn sample(format: &str, rest: &str, payload: Vec<u8>) -> Sample {
    let toml = format!(
        "id = \"f\"\nname = {{ zh = \"x\", en = \"x\" }}\ndepartment = \"d\"\ndomain = \"d\"\n\
         format = \"{format}\"\n{rest}"
    );
    let mut feed: FeedDef = toml::from_str(&toml).expect("the corpus' feeds are feeds");
    feed.topic.get_or_insert_with(|| "city/+/+/t".to_owned());
    Sample {
        feed,
        topic: "city/west/M-1/t".to_owned(),
        payload,
        content_type: "",
        properties: &[],
    }
}

/// A feed of one alert.
fn alerts() -> Vec<u8> {
    let text = |text: &str| Some(text.to_owned());
    let words = |words: &str| {
        let (text, language) = (text(words), text("en"));
        let translation = vec![Translation { text, language }];
        Some(TranslatedString { translation })
    };
    let alert = Alert {
        active_period: vec![TimeRange {
            start: Some(1_284_457_468),
            end: Some(1_284_468_072),
        }],
        cause: Some(10),
        effect: Some(4),
        header_text: words("Stop closed"),
        description_text: words("Due to construction"),
    };
    let entity = FeedEntity {
        id: text("0"),
        alert: Some(alert),
        ..FeedEntity::default()
    };
    let header = FeedHeader {
        gtfs_realtime_version: text("2.0"),
        incrementality: Some(0),
        timestamp: Some(1_284_457_468),
    };
    let header = Some(header);
    let entity = vec![entity];
    FeedMessage { header, entity }.encode_to_vec()
}

/// A node's birth with a metric of each kind.
fn birth() -> Vec<u8> {
    let values = [
        (1, MetricValue::Int(0xff)),
        (4, MetricValue::Long(u64::MAX)),
        (9, MetricValue::Float(1.5)),
        (10, MetricValue::Double(-2.5)),
        (11, MetricValue::Boolean(true)),
        (12, MetricValue::String("on".to_owned())),
        (16, MetricValue::DataSet(vec![8, 0])),
    ];
    let metrics = (1..).zip(values).map(|(alias, (datatype, value))| Metric {
        name: Some(format!("m{alias}")),
        alias: Some(alias),
        timestamp: Some(1_782_079_500_000),
        datatype: Some(datatype),
        is_historical: Some(alias == 3),
        properties: Some(PropertySet {
            keys: vec!["Quality".to_owned()],
            values: vec![PropertyValue {
                datatype: Some(3),
                int_value: Some(192),
            }],
        }),
        value: Some(value),
        ..Metric::default()
    });
    let payload = Payload {
        timestamp: Some(1_782_079_500_000),
        metrics: metrics.collect(),
        seq: Some(0),
        ..Payload::default()
    };
    payload.encode_to_vec()
}
