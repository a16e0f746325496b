//! A base map of tiles: an archive in the city's folder, of which the server gives one tile at a time.

#![expect(clippy::expect_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeMap;
use std::io::Read as _;

use egret_tests::browser::Browser;
use egret_tests::city::CityCopy;
use egret_tests::http::{Answer, Http};
use egret_tests::server::{Setup, egret};
use egret_tests::tiles;
use egret_tests::tools::repository;
use flate2::read::GzDecoder;
use serde_json::json;

/// A tile in which the tiny city lies, and one of the other side of the world.
const HOME: &str = "/map/city.pmtiles/8/211/109";
const ELSEWHERE: &str = "/map/city.pmtiles/8/0/0";

const GZIP: (&str, &str) = ("accept-encoding", "gzip, br");

/// What a client gets that takes gzip, and one that does not.
fn both(api: &Http, path: &str) -> [(Answer, Vec<u8>); 2] {
    [GZIP, ("accept-encoding", "identity")].map(|takes| api.bytes(path, &[takes]))
}

fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let read = GzDecoder::new(bytes).read_to_end(&mut plain);
    read.expect("a tile in gzip");
    plain
}

#[test]
fn the_archive_of_the_repository_is_the_one_that_is_made() {
    let kept = std::fs::read(repository().join(tiles::FILE)).unwrap();
    assert!(
        kept == tiles::archive(),
        "{}: `cargo run -p egret-tests --example tiles` writes it anew",
        tiles::FILE
    );
}

#[test]
fn a_tile_comes_as_it_lies_in_the_archive_and_unpacked_for_who_takes_no_gzip() {
    let server = Setup::with_city(CityCopy::tiled()).start();
    let [(packed, gzip), (plain, bytes)] = both(&server.api(), HOME);
    for answer in [&packed, &plain] {
        assert_eq!(answer.status, 200);
        assert_eq!(answer.kind, "application/vnd.mapbox-vector-tile");
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
        assert_eq!(answer.header("vary"), Some("accept-encoding"));
    }
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert_eq!(plain.header("content-encoding"), None);
    assert!(
        tiles::archive()
            .windows(gzip.len())
            .any(|part| part == gzip)
    );
    assert_eq!(unpacked(&gzip), bytes);
    for layer in tiles::LAYERS {
        let is_there = bytes
            .windows(layer.len())
            .any(|part| part == layer.as_bytes());
        assert!(is_there, "{layer}");
    }
}

#[test]
fn where_the_archive_has_no_tile_there_is_nothing() {
    let server = Setup::with_city(CityCopy::tiled()).start();
    for (answer, bytes) in both(&server.api(), ELSEWHERE) {
        assert_eq!((answer.status, bytes.len()), (204, 0));
        assert_eq!(answer.header("cache-control"), Some("private, no-cache"));
    }
}

#[test]
fn a_tile_that_is_known_is_not_sent_again() {
    let server = Setup::with_city(CityCopy::tiled()).start();
    let api = server.api();
    let tags = both(&api, HOME).map(|(answer, _)| answer.header("etag").unwrap().to_owned());
    assert_ne!(tags[0], tags[1], "two encodings are two contents");
    let known = [GZIP, ("if-none-match", tags[0].as_str())];
    let (answer, bytes) = api.bytes(HOME, &known);
    assert_eq!((answer.status, bytes.len()), (304, 0));
    assert_eq!(answer.header("etag"), Some(tags[0].as_str()));
    let (answer, _) = api.bytes(HOME, &[GZIP, ("if-none-match", "\"another\"")]);
    assert_eq!(answer.status, 200);
}

#[test]
fn what_has_one_tag_comes_in_one_encoding() {
    for archive in [tiles::archive(), tiles::archive_of_plain_tiles()] {
        let city = CityCopy::tiled();
        std::fs::write(city.path().join("map/city.pmtiles"), archive).unwrap();
        let server = Setup::with_city(city).start();
        let mut sent = BTreeMap::new();
        for takes in ["gzip, br", "identity", "*", "*, gzip;q=0"] {
            let (answer, bytes) = server.api().bytes(HOME, &[("accept-encoding", takes)]);
            assert_eq!(answer.status, 200);
            let tag = answer.header("etag").unwrap().to_owned();
            let encoding = answer.header("content-encoding").map(str::to_owned);
            let content = (encoding, bytes);
            let before = sent.entry(tag).or_insert_with(|| content.clone());
            assert!(*before == content, "{takes}: {before:?}, {content:?}");
        }
    }
}

#[test]
fn no_other_file_and_no_other_place_is_told() {
    let city = CityCopy::tiled();
    // Beside it and named by no layer, the one whole, the other half copied.
    let archive = tiles::archive();
    std::fs::write(city.path().join("map/more.pmtiles"), &archive).unwrap();
    std::fs::write(city.path().join("map/half.pmtiles"), &archive[..1_000]).unwrap();
    let server = Setup::with_city(city).start();
    let api = server.api();
    for unknown in [
        "/map/more.pmtiles/8/211/109",
        "/map/half.pmtiles/8/211/109",
        "/map/none.pmtiles/8/211/109",
        "/map/../map/none.pmtiles/8/211/109",
        "/map/more.pmtiles",
    ] {
        assert_eq!(api.get(unknown).status, 404, "{unknown}");
    }
    api.get("/map/city.pmtiles").is_problem(404, "tile by tile");
    for bad in [
        "8/211",
        "8/211/109/0",
        "8/256/0",
        "32/0/0",
        "8/x/109",
        "8/-1/0",
        "8/211/109.mvt",
    ] {
        let answer = api.get(&format!("/map/city.pmtiles/{bad}"));
        answer.is_problem(400, "is no tile");
    }
}

#[test]
fn screens_are_told_what_is_drawn_from_which_tiles() {
    let server = Setup::with_city(CityCopy::tiled()).start();
    let catalog = server.api().get("/api/v1/catalog").json();
    assert_eq!(
        catalog["tiles"],
        json!({ "city.pmtiles": { "min_zoom": 0, "max_zoom": tiles::ZOOM_MAX } })
    );
    let roads = &catalog["layers"][2];
    assert_eq!(roads["tiles_layer"], "roads");
    assert_eq!(roads["only"], json!({ "kind": ["highway"] }));
    assert_eq!(roads["from_zoom"], 9);
}

#[test]
fn where_people_sign_in_tiles_are_for_those_who_have() {
    let server = Setup::with_city(CityCopy::tiled()).guarded().start();
    let _admin = Browser::first_admin(&server, "Heron-At-Low-Tide-7");
    for path in [HOME, ELSEWHERE, "/map/none.pmtiles/8/0/0"] {
        assert_eq!(server.api().get(path).status, 401, "{path}");
    }
    let secret = server.token("reader", &["viewer"]);
    let (answer, _) = server.api().with_token(&secret).bytes(HOME, &[GZIP]);
    assert_eq!(answer.status, 200);
}

#[test]
fn an_archive_that_cannot_be_read_is_told_by_the_check() {
    let checked = |city: &CityCopy| {
        let output = egret(&["check", city.path().to_str().unwrap()]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        (output.status.success(), said)
    };
    let city = CityCopy::tiled();
    // No layer is drawn from it.
    std::fs::write(city.path().join("map/next.pmtiles"), "half").unwrap();
    let (is_well, said) = checked(&city);
    assert!(is_well, "{said}");
    let other = city.with(
        "map/layers.toml",
        "tiles_layer = \"earth\"",
        "tiles_layer = \"soil\"",
    );
    let (is_well, said) = checked(&other);
    assert!(!is_well);
    assert!(
        said.contains("map/layers.toml:5:15: layer \"earth\": city.pmtiles has no layer \"soil\": earth, roads, water are"),
        "{said}"
    );
    let whole = tiles::archive();
    for (bytes, why) in [
        (&whole[..100], "no PMTiles archive of version 3"),
        (&whole[..whole.len() - 1], "it is cut short: 1 of"),
    ] {
        let cut = CityCopy::tiled();
        std::fs::write(cut.path().join("map/city.pmtiles"), bytes).unwrap();
        let (is_well, said) = checked(&cut);
        assert!(!is_well);
        assert!(said.contains(&format!("map/city.pmtiles: {why}")), "{said}");
    }
}
