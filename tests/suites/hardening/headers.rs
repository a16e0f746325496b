//! What every answer tells a browser, and what cookies are like.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use egret_tests::browser::Browser;
use egret_tests::http::Answer;
use egret_tests::routes;
use egret_tests::server::Setup;
use egret_tests::tls::Certificate;
use egret_tests::tools::{program, repository};
use egret_tests::wire::{Wire, somewhere};
use serde_json::{Value, json};

use super::{PASSWORD, guarded};

/// What an answer is to a browser.
#[derive(Clone, Copy, PartialEq)]
enum Sort {
    /// A page or a file of one.
    Page,
    /// An answer of the API.
    Data,
}

/// What a page may name as a source; nothing else, above all no `unsafe-inline` and no host.
const SOURCES: [&str; 5] = ["'self'", "'none'", "'wasm-unsafe-eval'", "data:", "blob:"];

/// Headers that only tell an attacker what to try.
const BANNERS: [&str; 5] = [
    "server",
    "x-powered-by",
    "via",
    "x-aspnet-version",
    "x-runtime",
];

/// The Content-Security-Policy, by directive.
#[track_caller]
fn policy(answer: &Answer) -> BTreeMap<String, Vec<String>> {
    let lines = answer.headers.iter();
    let policies: Vec<_> = lines
        .filter(|(name, _)| name == "content-security-policy")
        .collect();
    assert_eq!(policies.len(), 1, "one policy: {answer:?}");
    let directives = policies[0].1.split(';').map(|directive| {
        let mut words = directive.split_whitespace().map(str::to_owned);
        (words.next().unwrap_or_default(), words.collect())
    });
    directives.collect()
}

#[track_caller]
fn check_policy(what: &str, answer: &Answer, sort: Sort) {
    let policy = policy(answer);
    let directive = |name: &str| -> Vec<&str> {
        let fallback = policy.get("default-src");
        let found = policy.get(name).or(fallback);
        found
            .unwrap_or_else(|| panic!("{what}: no {name}"))
            .iter()
            .map(String::as_str)
            .collect()
    };
    for (name, sources) in &policy {
        for source in sources {
            assert!(SOURCES.contains(&&**source), "{what}: {name} {source}");
        }
        let is_own = name == "script-src" || name == "style-src" || name == "default-src";
        let is_bare = |source: &String| source == "data:" || source == "blob:";
        assert!(
            !is_own || !sources.iter().any(is_bare),
            "{what}: {name} {sources:?}"
        );
    }
    for name in ["frame-ancestors", "base-uri", "form-action"] {
        assert!(
            policy.contains_key(name),
            "{what}: {name} has no fallback and is missing"
        );
    }
    assert!(
        ["'none'", "'self'"].contains(&directive("frame-ancestors")[0]),
        "{what}"
    );
    assert_eq!(directive("base-uri"), ["'none'"], "{what}");
    assert_eq!(directive("object-src"), ["'none'"], "{what}");
    if sort == Sort::Data {
        assert_eq!(directive("default-src"), ["'none'"], "{what}");
    }
}

#[track_caller]
fn check(what: &str, answer: &Answer, sort: Sort, is_secure: bool) {
    let header = |name: &str| answer.header(name).unwrap_or_default().to_owned();
    check_policy(what, answer, sort);
    if sort == Sort::Data {
        assert_eq!(header("cache-control"), "no-store", "{what}");
    }
    assert_eq!(header("x-content-type-options"), "nosniff", "{what}");
    let frames = header("x-frame-options");
    assert!(
        ["DENY", "SAMEORIGIN"].contains(&&*frames),
        "{what}: {frames}"
    );
    let referrer = header("referrer-policy");
    assert!(
        ["no-referrer", "same-origin"].contains(&&*referrer),
        "{what}: {referrer}"
    );
    assert_eq!(
        header("cross-origin-opener-policy"),
        "same-origin",
        "{what}"
    );
    assert_eq!(
        header("cross-origin-resource-policy"),
        "same-origin",
        "{what}"
    );
    for banner in BANNERS {
        assert_eq!(answer.header(banner), None, "{what}");
    }
    let shares = |(name, _): &&(String, String)| name.starts_with("access-control-");
    assert_eq!(answer.headers.iter().find(shares), None, "{what}");
    let strict = answer.header("strict-transport-security");
    assert_eq!(
        strict.is_some(),
        is_secure,
        "{what}: HSTS is for TLS alone: {strict:?}"
    );
    if !answer.body.is_empty() {
        assert!(!answer.kind.is_empty(), "{what}: a body without its type");
    }
    let mut names: Vec<_> = answer.headers.iter().map(|(name, _)| name).collect();
    let n_all = names.len();
    names.sort();
    names.dedup();
    let has_many_cookies = answer.cookies().len() > 1;
    assert!(
        n_all == names.len() || has_many_cookies,
        "{what}: twice the same: {answer:?}"
    );
}

#[test]
fn every_answer_of_every_route_is_armoured() {
    let (server, mut admin) = guarded();
    let mut stranger = Browser::new(server.http);
    let mut statuses = BTreeMap::<u16, u32>::new();
    for route in routes::all() {
        let path = route.with("nothing-here");
        let what = route.name();
        // Signing out would end what the others need.
        let is_end = route.path == "/api/v1/sign-out";
        for browser in [&mut admin, &mut stranger]
            .into_iter()
            .skip(usize::from(is_end))
        {
            let answers = [
                browser.ask(route.method, &path, &[], ""),
                browser.tell(route.method, &path, &json!({ "no such field": 1 })),
                browser.ask("OPTIONS", &path, &[], ""),
                browser.ask("HEAD", &path, &[], ""),
                browser.ask("PROPFIND", &path, &[], ""),
            ];
            for answer in &answers {
                *statuses.entry(answer.status).or_default() += 1;
                check(&what, answer, Sort::Data, false);
            }
        }
    }
    println!("answers by status: {statuses:?}");
    // Otherwise the walk has met no error, or nothing else.
    for status in [200, 400, 401, 403, 404, 405, 422] {
        assert!(statuses.contains_key(&status), "no {status}: {statuses:?}");
    }
}

#[test]
fn answers_of_the_rarer_sorts_are_armoured() {
    let (server, mut admin) = guarded();
    let json = [("Content-Type", "application/json")];
    let form = [
        ("X-Egret", "1"),
        ("Content-Type", "application/x-www-form-urlencoded"),
    ];
    let too_long = format!("{{\"name\":\"{}\"}}", "x".repeat(200_000));
    let rare = [
        (404, admin.get("/api/v1/no/such/thing")),
        (404, admin.get("/api/v2/assets")),
        (404, admin.get("/map/nothing.geojson")),
        (400, admin.get("/api/v1/assets?limit=minus")),
        (
            415,
            admin.ask("POST", "/api/v1/admin/users", &form, "name=a"),
        ),
        (
            413,
            admin.tell("POST", "/api/v1/admin/users", &json!(too_long)),
        ),
        (403, admin.ask("POST", "/api/v1/admin/users", &json, "{}")),
        (
            403,
            admin.ask("GET", "/ws", &[("Origin", "http://evil.example")], ""),
        ),
        (400, admin.ask("GET", "/ws", &[], "")),
        (
            200,
            admin.ask("GET", "/api/v1/catalog", &[("Accept-Encoding", "gzip")], ""),
        ),
        (401, Browser::new(server.http).get("/metrics")),
    ];
    for (status, answer) in &rare {
        assert_eq!(answer.status, *status, "{answer:?}");
        check(&format!("a {status}"), answer, Sort::Data, false);
    }
    let mut hasty = Browser::new(server.http).at(somewhere(1));
    let mut slowed = std::iter::repeat_with(|| hasty.get("/api/v1/me")).take(2_000);
    let slowed = slowed.find(|answer| answer.status != 200);
    let slowed = slowed.expect("2,000 requests at once are too many");
    assert_eq!(slowed.status, 429);
    assert!(slowed.header("retry-after").is_some(), "{slowed:?}");
    check("a 429", &slowed, Sort::Data, false);
}

/// Paths of the files that the screens are made of.
fn site_files() -> Vec<String> {
    fn walk(folder: &Path, under: &str, files: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{under}/{name}");
            if entry.path().is_dir() {
                walk(&entry.path(), &path, files);
            } else {
                files.push(path);
            }
        }
    }
    let mut files = Vec::new();
    walk(&repository().join("target/site"), "", &mut files);
    files
}

#[test]
fn pages_and_their_files_are_armoured_and_run_nothing_of_others() {
    let server = Setup::tiny().guarded().start();
    let mut browser = Browser::new(server.http);
    let screens = [
        "/",
        "/wall/overview",
        "/asset/manhole/M-1",
        "/no/such/screen",
    ];
    let missing = ["/nothing.js", "/style/nothing.css"];
    let all = screens.iter().chain(&missing).map(|&path| path.to_owned());
    for path in all.chain(site_files()) {
        let answer = browser.get(&path);
        let is_missing = missing.contains(&&*path);
        assert_eq!(
            answer.status == 404,
            is_missing,
            "{path}: {}",
            answer.status
        );
        check(&path, &answer, Sort::Page, false);
        let scripts = policy(&answer)["script-src"].clone();
        assert_eq!(scripts, ["'self'", "'wasm-unsafe-eval'"], "{path}");
        if answer.kind.starts_with("text/html") || screens.contains(&&*path) {
            assert!(
                answer.kind.starts_with("text/html"),
                "{path}: {}",
                answer.kind
            );
            is_free_of_inline(&path, &answer.body);
        }
    }
    let answer = browser.ask("POST", "/wall/overview", &[], "");
    assert!(answer.status >= 400, "{answer:?}");
    check("POST of a page", &answer, Sort::Page, false);
}

/// What the policy forbids would only break the page; it must not be there in the first place.
#[track_caller]
fn is_free_of_inline(path: &str, html: &str) {
    let html = html.to_lowercase();
    for (at, _) in html.match_indices("<script") {
        let tag = html[at..].split('>').next().unwrap_or_default();
        assert!(tag.contains("src="), "{path}: {tag}>");
    }
    for word in [
        "<style",
        " style=",
        " onload=",
        " onerror=",
        " onclick=",
        "javascript:",
    ] {
        assert!(!html.contains(word), "{path}: {word}");
    }
}

/// The attributes of the cookie `name` that is set, in lower case, without its value.
#[track_caller]
fn attributes(answer: &Answer, name: &str) -> Vec<String> {
    let lines = answer.headers.iter().filter(|(key, _)| key == "set-cookie");
    let mut found = lines.filter(|(_, line)| line.starts_with(&format!("{name}=")));
    let (_, line) = found
        .next()
        .unwrap_or_else(|| panic!("no {name}: {answer:?}"));
    assert!(found.next().is_none(), "{name} is set once");
    line.split(';')
        .skip(1)
        .map(|part| part.trim().to_lowercase())
        .collect()
}

fn seconds(attributes: &[String]) -> i64 {
    let found = attributes
        .iter()
        .find_map(|part| part.strip_prefix("max-age="));
    found.unwrap().parse().unwrap()
}

#[test]
fn cookies_are_for_the_server_and_its_own_pages_alone() {
    const WEEK_S: i64 = 7 * 24 * 3_600;
    let server = Setup::tiny().guarded().start();
    let form = json!({ "code": server.first_code(), "name": "admin", "password": PASSWORD });
    let mut browser = Browser::new(server.http);
    let started = browser.tell("POST", "/api/v1/first-start", &form);
    let signed_in = browser.sign_in("admin", PASSWORD);
    for answer in [started, signed_in] {
        assert_eq!(answer.status, 200, "{answer:?}");
        for name in ["egret_session", "egret_known"] {
            let attributes = attributes(&answer, name);
            for part in ["httponly", "samesite=lax", "path=/"] {
                assert!(
                    attributes.contains(&part.to_owned()),
                    "{name}: {attributes:?}"
                );
            }
            let is_wide = |part: &String| part.starts_with("domain") || part == "secure";
            assert!(!attributes.iter().any(is_wide), "{name}: {attributes:?}");
        }
        let lasts = seconds(&attributes(&answer, "egret_session"));
        assert!((WEEK_S - 60..=WEEK_S).contains(&lasts), "{lasts} s");
        for (_, value) in answer.cookies() {
            assert!(!answer.body.contains(&value), "a cookie stands in the body");
        }
    }
    let out = browser.tell("POST", "/api/v1/sign-out", &Value::Null);
    assert_eq!(seconds(&attributes(&out, "egret_session")), 0);
}

#[test]
fn under_tls_cookies_stay_with_the_host_and_browsers_with_tls() {
    let certificate = Certificate::new();
    let server = Setup::tiny()
        .guarded()
        .with_certificate(&certificate)
        .start();
    let mut browser = Browser::new(server.http).trusting(&certificate);
    browser.make_first(&server.first_code(), PASSWORD);
    assert_eq!(browser.me()["state"], "signed_in");
    let answer = browser.sign_in("admin", PASSWORD);
    check("a sign-in", &answer, Sort::Data, true);
    for name in ["__Host-egret_session", "__Host-egret_known"] {
        let attributes = attributes(&answer, name);
        for part in ["httponly", "samesite=lax", "path=/", "secure"] {
            assert!(
                attributes.contains(&part.to_owned()),
                "{name}: {attributes:?}"
            );
        }
        assert!(
            !attributes.iter().any(|part| part.starts_with("domain")),
            "{attributes:?}"
        );
    }
    for path in ["/", "/nothing.js"] {
        check(path, &browser.get(path), Sort::Page, true);
    }
    for path in ["/api/v1/catalog", "/api/v1/nothing", "/healthz"] {
        check(path, &browser.get(path), Sort::Data, true);
    }
    // Without its prefix anybody on the way could have set it.
    let secret = browser.session().unwrap().to_owned();
    let mut forged = Browser::new(server.http).trusting(&certificate);
    forged.jar.insert("egret_session".to_owned(), secret);
    assert_eq!(forged.get("/api/v1/catalog").status, 401);
    // Whoever speaks plain HTTP hears nothing at all.
    let host = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.http);
    assert!(Wire::to(server.http).ask(host).is_none());
}

#[test]
fn without_tls_a_cookie_of_tls_opens_nothing() {
    let (server, admin) = guarded();
    let secret = admin.session().unwrap().to_owned();
    let mut forged = Browser::new(server.http);
    forged.jar.insert("__Host-egret_session".to_owned(), secret);
    assert_eq!(forged.get("/api/v1/catalog").status, 401);
}

#[test]
fn by_http_2_answers_are_the_same() {
    let certificate = Certificate::new();
    let server = Setup::tiny()
        .guarded()
        .with_certificate(&certificate)
        .start();
    let mut browser = Browser::new(server.http).trusting(&certificate);
    browser.make_first(&server.first_code(), PASSWORD);
    let cookie = format!("__Host-egret_session={}", browser.session().unwrap());
    let curl = |path: &str, more: &[&str]| {
        let mut command = Command::new(program("curl", "curl"));
        command.args(["--silent", "--include", "--http2", "--cacert"]);
        command.arg(certificate.certificate()).arg("--resolve");
        command.arg(format!("localhost:{}:127.0.0.1", server.http.port()));
        command.args(["--cookie", &cookie]).args(more);
        command.arg(format!("https://localhost:{}{path}", server.http.port()));
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            text.starts_with("HTTP/2 "),
            "{path}: {text} {:?}",
            output.stderr
        );
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let mut lines = head.split("\r\n");
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let headers = lines.filter_map(|line| line.split_once(':'));
        let headers: Vec<_> = headers
            .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
            .collect();
        let kind = headers.iter().find(|(name, _)| name == "content-type");
        Answer {
            status,
            kind: kind.map(|(_, kind)| kind.clone()).unwrap_or_default(),
            headers,
            body: body.to_owned(),
        }
    };
    let catalog = curl("/api/v1/catalog", &[]);
    assert_eq!(catalog.status, 200, "{catalog:?}");
    check("the catalog", &catalog, Sort::Data, true);
    let sign_out = |more: &[&str]| {
        let mut all = vec!["--request", "POST"];
        all.extend(more);
        curl("/api/v1/sign-out", &all)
    };
    let own = format!("Origin: https://localhost:{}", server.http.port());
    for forged in [
        vec![],
        vec![
            "--header",
            "X-Egret: 1",
            "--header",
            "Origin: https://evil.example",
        ],
        vec!["--header", &own],
    ] {
        let answer = sign_out(&forged);
        assert_eq!(answer.status, 403, "{forged:?}: {answer:?}");
        check("a foreign page", &answer, Sort::Data, true);
    }
    let answer = sign_out(&["--header", "X-Egret: 1", "--header", &own]);
    assert_eq!(answer.status, 204, "{answer:?}");
    assert_eq!(curl("/api/v1/catalog", &[]).status, 401);
}
