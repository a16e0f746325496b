//! Which files come out: the site's, and the layers that the package lists. Whatever a path says.

use std::path::Path;

use egret_tests::city::CityCopy;
use egret_tests::http::Answer;
use egret_tests::server::{Server, Setup};
use egret_tests::wire::Wire;

use super::is_well;

/// Stands in every file that must not come out.
const SECRET: &str = "NOT-TO-BE-SERVED";

/// What stands in files of this machine and repository that a path could reach, if any could.
const OTHERS: [&str; 5] = [
    "root:x:",
    "[workspace]",
    "SQLite format 3",
    "BEGIN PRIVATE KEY",
    "zoom     =",
];

/// Ways to say "one folder up" that somebody along the way may understand.
const UPS: [&str; 18] = [
    "../",
    "..%2f",
    "%2e%2e/",
    "%2e%2e%2f",
    "%2E%2E%2F",
    "..%5c",
    "..\\",
    "%252e%252e%252f",
    "..%252f",
    "..%c0%af",
    "%c0%ae%c0%ae/",
    "..%ef%bc%8f",
    "....//",
    "..;/",
    "..%00/",
    "%u002e%u002e/",
    "..%01/",
    ".%2e%2f./",
];

const LAYERS: &str = r#"
[[layer]]
id          = "land"
file        = "land.geojson"
kind        = "land"
schematic   = true
attribution = "nobody"
"#;

/// A city with a map of one layer and files beside it that are not listed.
fn city() -> CityCopy {
    let copy = CityCopy::new().with_more("city.toml", &format!("# {SECRET}"));
    let map = copy.path().join("map");
    std::fs::create_dir(&map).unwrap();
    std::fs::write(map.join("layers.toml"), format!("{LAYERS}# {SECRET}\n")).unwrap();
    let empty = r#"{"type":"FeatureCollection","features":[]}"#;
    std::fs::write(map.join("land.geojson"), empty).unwrap();
    let hidden = format!(r#"{{"type":"FeatureCollection","features":[],"x":"{SECRET}"}}"#);
    std::fs::write(map.join("hidden.geojson"), hidden).unwrap();
    copy
}

/// A client that keeps its connection as long as the server does.
struct Client<'a> {
    server: &'a Server,
    wire: Wire,
    token: String,
}

impl Client<'_> {
    #[track_caller]
    fn get(&mut self, path: &str) -> Option<Answer> {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.server.http, self.token
        );
        if !self.wire.say(&request) {
            self.wire = Wire::to(self.server.http);
            self.wire.say(&request);
        }
        let answer = self.wire.hear();
        let ends = |answer: &Answer| answer.header("connection") == Some("close");
        if answer.as_ref().is_none_or(ends) {
            self.wire = Wire::to(self.server.http);
        }
        answer
    }
}

/// Every path that could lead out of where it begins.
fn paths(city: &Path, data: &Path) -> Vec<String> {
    let begins = [
        "/map/",
        "/",
        "/style/",
        "/api/v1/raw/",
        "/api/v1/assets/manhole/",
    ];
    let targets = [
        "city.toml",
        "map/hidden.geojson",
        "etc/passwd",
        "Cargo.toml",
        "marker.txt",
    ];
    let mut paths = Vec::new();
    for begin in begins {
        for up in UPS {
            for n in [1, 2, 9] {
                for target in targets {
                    paths.push(format!("{begin}{}{target}", up.repeat(n)));
                }
            }
        }
    }
    let absolute = [
        city.join("city.toml"),
        data.join("marker.txt"),
        data.join("people.db"),
    ];
    let absolute = absolute.map(|path| path.display().to_string());
    for file in absolute.iter().map(String::as_str).chain(["/etc/passwd"]) {
        let encoded = file.replace('/', "%2f");
        for begin in [
            "",
            "/map",
            "/map/",
            "/style/",
            "/map/file://",
            "/map/land.geojson/",
            "/map/%2f",
        ] {
            paths.push(format!("{begin}{file}"));
            paths.push(format!("{begin}{encoded}"));
        }
    }
    let odd = [
        "hidden.geojson",
        "layers.toml",
        "hidden.geojson%00land.geojson",
        "land.geojson%00",
        "land.geojson%00.geojson",
        "land.geojson%00/../hidden.geojson",
        "LAND.GEOJSON",
        "land.geojson/",
        "land.geojson%20",
        "land.geojson.",
        "./land.geojson",
        "%2e/land.geojson",
        "land.geojson::$DATA",
        "l%61nd.geojson%2f..%2fhidden.geojson",
        "",
        ".",
        "%",
        "%2",
        "%zz",
        "%ff%fe",
        "~",
    ];
    paths.extend(odd.map(|path| format!("/map/{path}")));
    paths
}

#[test]
fn no_path_leads_to_a_file_that_is_not_to_be_served() {
    let copy = city();
    let folder = copy.path().to_path_buf();
    let server = Setup::with_city(copy).guarded().start();
    std::fs::write(server.data().join("marker.txt"), SECRET).unwrap();
    server.make_admin("Sanderling-On-The-Run-3");
    let viewer = ["viewer", "steward"];
    let mut client = Client {
        server: &server,
        wire: Wire::to(server.http),
        token: server.token("one", &viewer),
    };
    let layer = client.get("/map/land.geojson").unwrap();
    assert_eq!(
        (layer.status, &*layer.kind),
        (200, "application/geo+json"),
        "{layer:?}"
    );
    let same = client.get("/map/l%61nd.geojson").unwrap();
    assert_eq!(
        (same.status, same.body),
        (200, layer.body.clone()),
        "a letter written otherwise"
    );
    let home = client.get("/").unwrap();
    let paths = paths(&folder, server.data());
    let mut by_status = std::collections::BTreeMap::<u16, usize>::new();
    for (n, path) in paths.iter().enumerate() {
        if n % 1_500 == 1_499 {
            // One account asks 2,000 times at once.
            client.token = server.token(&format!("more {n}"), &viewer);
        }
        let Some(answer) = client.get(path) else {
            // Not even HTTP.
            *by_status.entry(0).or_default() += 1;
            continue;
        };
        *by_status.entry(answer.status).or_default() += 1;
        for secret in [SECRET].iter().chain(&OTHERS) {
            assert!(!answer.body.contains(secret), "{path}: {answer:?}");
        }
        let is_home = answer.status == home.status && answer.body == home.body;
        let is_fault = matches!(answer.status, 400..=499);
        assert!(is_home || is_fault, "{path}: {answer:?}");
    }
    println!("{} paths by status: {by_status:?}", paths.len());
    assert_eq!(
        by_status.get(&429),
        None,
        "the test asks too fast to see anything"
    );
    is_well(server.http, "strange paths");
}

#[test]
fn an_answer_tells_a_strange_path_as_data_and_not_as_more_of_the_answer() {
    let (server, mut admin) = super::guarded();
    let strange = [
        "/api/v1/%0d%0aSet-Cookie:%20a=b",
        "/api/v1/assets/%0d%0aX-Injected:%201/x",
        "/api/v1/<script>alert(1)</script>",
        "/api/v1/assets/%3Cscript%3E/%3Cimg%20src=x%20onerror=alert(1)%3E",
        "/map/%3Cscript%3Ealert(1)%3C%2Fscript%3E.geojson",
        "/api/v1/oidc/start?back=%0d%0aSet-Cookie:%20a=b",
        "/api/v1/metrics/%22%2c%22a%22:%22b",
        "/%0d%0aX-Injected:%201.js",
    ];
    for path in strange {
        let answer = admin.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
        assert_eq!(answer.header("x-injected"), None, "{path}");
        assert!(answer.cookies().is_empty(), "{path}: {answer:?}");
        if answer.body.is_empty() {
            // No address at all, such as one with a "<".
            assert_eq!(answer.status, 400, "{path}: {answer:?}");
            continue;
        }
        assert_eq!(answer.kind, "application/problem+json", "{path}");
        assert_eq!(answer.json()["status"], answer.status, "{path}");
    }
    is_well(server.http, "strange paths");
}

#[test]
fn nobody_is_sent_on_to_another_server() {
    let (_server, mut admin) = super::guarded();
    for path in [
        "//evil.example",
        "//evil.example/",
        "/\\evil.example",
        "/%5cevil.example",
        "/.//evil.example",
    ] {
        let answer = admin.get(path);
        assert_eq!(answer.header("location"), None, "{path}: {answer:?}");
        assert!(!(300..400).contains(&answer.status), "{path}: {answer:?}");
    }
}
