//! Tables in CSV, as a department's spreadsheet saves them.

use std::fmt::Write as _;

use egret_shared::time::TimeMs;
use egret_tests::clock;
use egret_tests::http::{Answer, Http};
use egret_tests::server::Server;
use serde_json::{Value, json};

const AIR: &str = "/api/v1/feeds/air/csv";

#[track_caller]
fn upload(api: &Http, path: &str, table: &[u8]) -> Answer {
    api.send_bytes("POST", path, &[("content-type", "text/csv")], table)
}

/// A table of air stations: the columns are named by the places that the feed's map looks at.
fn table(at: TimeMs, stations: &[(&str, &str)], delimiter: &str) -> String {
    let head = [
        "id", "seq", "ts_us", "lon", "lat", "metric", "value", "unit",
    ];
    let mut text = head.join(delimiter) + "\r\n";
    for (seq, (station, value)) in stations.iter().enumerate() {
        let (seq, at_us) = (seq.to_string(), (at.0 * 1_000).to_string());
        let row = [
            station, &*seq, &at_us, "118.15", "24.50", "pm25", value, "µg/m3",
        ];
        writeln!(text, "{}\r", row.join(delimiter)).unwrap();
    }
    text
}

/// As a Chinese spreadsheet saves it. `µ` is no character of GB 2312, but of GB18030.
fn gb18030(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for c in text.chars() {
        match c {
            '站' => bytes.extend([0xd5, 0xbe]),
            '东' => bytes.extend([0xb6, 0xab]),
            'µ' => bytes.extend([0x81, 0x30, 0x85, 0x38]),
            c => bytes.push(u8::try_from(c).expect("ASCII")),
        }
    }
    bytes
}

#[test]
fn rows_become_readings_and_the_bad_ones_are_named_by_their_line() {
    let server = Server::tiny();
    let api = server.api();
    let now = clock::now();
    let stations = [("A-1", "35.5"), ("A-2", "none"), ("A-3", "71")];
    let text = table(now, &stations, ",") + "A-4,9\r\n\r\n\"A,5\",8,x\r\n";
    let answer = upload(&api, AIR, text.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let taken = answer.json();
    assert_eq!(
        (&taken["accepted"], &taken["n_rejected"]),
        (&json!(2), &json!(3))
    );
    let rejected = taken["rejected"].as_array().unwrap();
    let lines: Vec<_> = rejected.iter().map(|refused| &refused["line"]).collect();
    assert_eq!(lines, [3, 5, 7], "{taken}");
    let detail = rejected[0]["detail"].as_str().unwrap();
    assert!(detail.starts_with("line 3: /value"), "{detail}");
    assert_eq!(
        (&taken["delimiter"], &taken["encoding"]),
        (&json!(","), &json!("UTF-8"))
    );
    api.asset("air", "A-3", |asset| asset["values"]["pm2_5"]["v"] == 71.0);
    assert_eq!(api.list("/api/v1/quarantine?feed=air").len(), 3);
    // The same table once more changes nothing: its rows are known by their ids.
    let again = upload(&api, AIR, text.as_bytes()).json();
    assert_eq!(again["accepted"], 2);
    api.feed("air", |health| {
        health["duplicate"] == 2 && health["accepted"] == 2
    });
}

#[test]
fn semicolons_tabs_byte_order_marks_and_chinese_encodings_are_told_by_themselves() {
    let server = Server::tiny();
    let api = server.api();
    let plain = |n: u8, delimiter| table(clock::now(), &[(&format!("S-{n}"), "10")], delimiter);
    let marked = [b"\xef\xbb\xbf".as_slice(), plain(1, ";").as_bytes()].concat();
    let units = plain(2, "\t");
    let units = units.encode_utf16().flat_map(u16::to_le_bytes);
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(units).collect();
    let chinese = gb18030(&table(clock::now(), &[("东站", "10")], ","));
    for (bytes, asset, encoding, delimiter) in [
        (marked, "S-1", "UTF-8", ";"),
        (utf16, "S-2", "UTF-16LE", "\t"),
        (chinese, "%E4%B8%9C%E7%AB%99", "gb18030", ","),
    ] {
        let answer = upload(&api, AIR, &bytes);
        assert_eq!(answer.status, 200, "{}", answer.body);
        let taken = answer.json();
        assert_eq!(taken["encoding"], encoding, "{taken}");
        assert_eq!(taken["delimiter"], delimiter, "{taken}");
        api.asset("air", asset, |_| true);
    }
}

#[test]
fn a_preview_tells_what_would_become_of_the_rows_and_keeps_nothing() {
    let server = Server::tiny();
    let api = server.api();
    let stations: Vec<_> = (0..30).map(|n| (format!("A-{n}"), n)).collect();
    let stations: Vec<_> = stations
        .iter()
        .map(|(id, n)| (id.as_str(), if n % 10 == 3 { "bad" } else { "10" }))
        .collect();
    let text = table(clock::now(), &stations, ",").replace(",lat,", ",latitude,");
    let answer = upload(&api, &format!("{AIR}?preview=true"), text.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    let preview = answer.json();
    assert_eq!(
        (&preview["n_rows"], &preview["n_rejected"]),
        (&json!(30), &json!(30))
    );
    assert_eq!(preview["missing"], json!(["/lat"]), "{preview}");
    let text = text.replace(",latitude,", ",lat,");
    let preview = upload(&api, &format!("{AIR}?preview=true"), text.as_bytes()).json();
    assert_eq!(
        (&preview["n_rows"], &preview["accepted"]),
        (&json!(30), &json!(27))
    );
    let rows = preview["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 20, "{preview}");
    assert_eq!(
        (&rows[0]["line"], &rows[0]["message"]["id"]),
        (&json!(2), &json!("A-0"))
    );
    assert_eq!(rows[0]["becomes"][0]["asset"], "A-0", "{preview}");
    assert_eq!(rows[3]["becomes"], json!([]));
    assert_eq!(rows[3]["rejected"][0]["reason"], "bad_shape", "{preview}");
    let (state, counts) = (server.state(), api.list("/api/v1/quarantine"));
    assert_eq!(counts, Vec::<Value>::new());
    assert_eq!(api.list("/api/v1/assets?feed=air").len(), 0, "{state:?}");
}

#[test]
fn columns_may_fill_places_within_places_and_the_topic_the_rest() {
    let server = Server::tiny();
    let api = server.api();
    let text = format!(
        "msgId,ts,gps/lng,gps/lat,depth_mm\nm1,{},118.055,24.447,120\n",
        clock::now().0
    );
    let path = "/api/v1/feeds/road/csv?topic=vendor-x/P-3/telemetry";
    let answer = upload(&api, path, text.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    api.asset("road", "P-3", |asset| {
        asset["values"]["ponding_depth"]["v"] == 12.0
    });
}

#[test]
fn a_table_longer_than_any_other_body_is_read_as_it_comes() {
    let server = Server::tiny();
    let api = server.api();
    let stations = vec![("A-1", "10"); 20_000];
    let text = table(clock::now(), &stations, ",");
    assert!(text.len() > 1024 * 1024, "{} bytes", text.len());
    let answer = upload(&api, AIR, text.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(
        (
            answer.json()["accepted"].clone(),
            answer.json()["n_rows"].clone()
        ),
        (json!(20_000), json!(20_000))
    );
}

#[test]
fn a_feed_without_map_and_a_table_without_rows_are_refused_in_words() {
    let server = Server::tiny();
    let api = server.api();
    let text = table(clock::now(), &[("A-1", "10")], ",");
    let path = |feed: &str| format!("/api/v1/feeds/{feed}/csv");
    upload(&api, &path("manhole"), text.as_bytes()).is_problem(422, "mapped-json");
    upload(&api, &path("nothing"), text.as_bytes()).is_problem(404, "nothing");
    upload(&api, AIR, b"").is_problem(400, "no row");
    upload(&api, AIR, b"id,value\n").is_problem(400, "no element");
    upload(&api, AIR, b"id,id\n1,2\n").is_problem(400, "two columns");
    let headers = [("content-type", "text/csv; charset=klingon")];
    api.send_bytes("POST", AIR, &headers, text.as_bytes())
        .is_problem(400, "klingon");
}
