//! The city as a server of Open311 GeoReport v2.

use egret_tests::city::CityCopy;
use egret_tests::clock;
use egret_tests::files::files_with;
use egret_tests::http::{Answer, Http};
use egret_tests::message;
use egret_tests::server::{Server, Setup};
use egret_tests::wait;
use serde_json::{Value, json};

const PASSWORD: &str = "Heron-At-High-Tide-3";

/// What identifies the caller. Made up; the number's range is given to nobody.
const PHONE: &str = "19900001234";

const WORDS: &str = "[category.hotline]\n\
    waterlogging = { zh = \"积水\", en = \"Waterlogging\" }\n\
    street-light = { zh = \"路灯 <坏>\", en = \"Street light\" }\n";

/// The tiny city, whose hotline takes requests.
fn with_requests() -> Setup {
    let report = "report       = true";
    let more = "report = true\nopen311 = true\npersonal = [\"/caller/phone\", \"/address\"]";
    let city = CityCopy::new().with("feeds.toml", report, more);
    Setup::with_city(city.with_whole("words.toml", WORDS))
}

const FORM: &str = "application/x-www-form-urlencoded";

/// A request in the western district.
const SENT: &str = "service_code=waterlogging&lat=24.45&long=118.05\
    &description=%E8%B7%AF%E5%8F%A3%E7%A7%AF%E6%B0%B4&phone=19900001234&first_name=Zzyzx\
    &address_string=1+Somewhere+Road";

#[track_caller]
fn send(api: &Http, end: &str, form: &str) -> Answer {
    let path = format!("/open311/v2/requests.{end}");
    api.ask("POST", &path, &[("content-type", FORM)], form)
}

#[track_caller]
fn sent(api: &Http, form: &str) -> String {
    let answer = send(api, "json", form);
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer.json()[0]["service_request_id"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[track_caller]
fn one(api: &Http, id: &str) -> Value {
    let answer = api.get(&format!("/open311/v2/requests/{id}.json"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()[0].clone()
}

/// That a request was refused as GeoReport tells it.
#[track_caller]
fn is_fault(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{}", answer.body);
    let fault = &answer.json()[0];
    assert_eq!(fault["code"], status, "{fault}");
    let description = fault["description"].as_str().unwrap();
    assert!(description.contains(words), "{fault}");
}

#[test]
fn a_client_finds_the_server_and_its_services_in_json_and_xml() {
    let server = with_requests().start();
    let api = server.api();
    let discovery = api.get("/open311/v2/discovery.json").json();
    let endpoint = &discovery["endpoints"][0];
    assert_eq!(
        endpoint["url"],
        format!("http://{}/open311/v2", server.http)
    );
    assert_eq!(endpoint["formats"], json!(["text/xml", "application/json"]));
    let services = api.get("/open311/v2/services.json").json();
    let codes: Vec<_> = services
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["service_code"])
        .collect();
    assert_eq!(codes, ["street-light", "waterlogging"]);
    assert_eq!(services[1]["service_name"], "积水");
    let english = [("accept-language", "en-GB,en;q=0.9")];
    let named = api
        .ask("GET", "/open311/v2/services.json", &english, "")
        .json();
    assert_eq!(named[1]["service_name"], "Waterlogging");
    let xml = api.get("/open311/v2/services.xml");
    assert!(xml.kind.starts_with("text/xml"), "{}", xml.kind);
    assert!(
        xml.body.contains("<service><service_code>street-light</service_code><service_name>路灯 &lt;坏&gt;</service_name>"),
        "{}",
        xml.body
    );
    let definition = api.get("/open311/v2/services/waterlogging.json").json();
    assert_eq!(
        definition,
        json!({ "service_code": "waterlogging", "attributes": [] })
    );
    is_fault(&api.get("/open311/v2/services/flood.json"), 404, "flood");
    let fault = api.get("/open311/v2/services/flood.xml").body;
    assert!(fault.contains("<errors><error><code>404</code>"), "{fault}");
    api.get("/open311/v2/services.yaml")
        .is_problem(404, ".json or .xml");
    is_fault(
        &api.get("/open311/v2/services.json?jurisdiction_id=other"),
        404,
        "other",
    );
}

#[test]
fn a_request_is_a_report_of_its_feed_and_outlives_a_power_cut() {
    let server = with_requests().start();
    let id = sent(&server.api(), SENT);
    let server = server.kill().start();
    let api = server.api();
    api.metric("hotline.requests", "900001", |point| point["v"] == 1.0);
    let request = one(&api, &id);
    let told = |name: &str| request[name].clone();
    assert_eq!(told("service_request_id"), id);
    assert_eq!(
        (told("status"), told("status_notes")),
        (json!("open"), json!("opened"))
    );
    assert_eq!(
        (told("service_code"), told("service_name")),
        (json!("waterlogging"), json!("积水"))
    );
    assert_eq!(told("description"), "路口积水");
    assert_eq!((told("lat"), told("long")), (json!(24.45), json!(118.05)));
    assert_eq!(told("agency_responsible"), "西区政府");
    let token = api.get(&format!("/open311/v2/tokens/{id}.json")).json();
    assert_eq!(token, json!([{ "service_request_id": id, "token": id }]));
    let xml = api.get(&format!("/open311/v2/requests/{id}.xml")).body;
    let row = format!("<service_requests><request><service_request_id>{id}</service_request_id>");
    assert!(xml.contains(&row), "{xml}");
    is_fault(&api.get("/open311/v2/requests/none.json"), 404, "none");
}

#[test]
fn how_a_request_stands_follows_what_its_department_tells() {
    let server = with_requests().start();
    let api = server.api();
    let id = sent(&api, SENT);
    let mut closed = message::request(&id, "closed", clock::now());
    closed.as_object_mut().unwrap().remove("text");
    api.send(&closed);
    // A report that came by another way is a request all the same.
    api.send(&message::request("R-7", "opened", clock::now()));
    let request = one(&api, &id);
    assert_eq!(
        (&request["status"], &request["status_notes"]),
        (&json!("closed"), &json!("closed"))
    );
    assert_eq!(request["description"], "路口积水");
    let ids = |query: &str| {
        let rows = api.get(&format!("/open311/v2/requests.json{query}")).json();
        let rows = rows.as_array().unwrap_or_else(|| panic!("{query}: {rows}"));
        let mut ids: Vec<_> = rows
            .iter()
            .map(|row| row["service_request_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    let mut both = [id.clone(), "R-7".to_owned()];
    both.sort();
    assert_eq!(ids(""), both);
    assert_eq!(ids("?status=open"), ["R-7"]);
    assert_eq!(ids("?status=closed"), std::slice::from_ref(&id));
    assert_eq!(ids("?status=open,closed"), both);
    assert_eq!(ids("?service_code=street-light"), Vec::<String>::new());
    assert_eq!(ids(&format!("?service_request_id={id},none")), [id]);
    assert_eq!(ids("?end_date=2026-01-01T00:00:00Z"), Vec::<String>::new());
    for (query, words) in [
        ("?status=gone", "open or closed"),
        ("?start_date=yesterday", "start_date=yesterday"),
        (
            "?start_date=2026-01-01T00:00:00Z&end_date=2026-11-01T00:00:00Z",
            "90 days",
        ),
    ] {
        is_fault(
            &api.get(&format!("/open311/v2/requests.json{query}")),
            400,
            words,
        );
    }
}

#[test]
fn who_sends_says_who_it_is_and_sees_no_more_than_is_granted() {
    let server = with_requests().guarded().start();
    server.make_admin(PASSWORD);
    let [steward, viewer, east] = [
        ("steward", "steward:*:*:sensitive"),
        ("viewer", "viewer:*:*:sensitive"),
        ("east", "viewer:900002:*:sensitive"),
    ]
    .map(|(name, grant)| server.token(name, &[grant]));
    let nobody = server.api();
    send(&nobody, "json", SENT).is_problem(401, "nobody is signed in");
    send(&nobody, "json", &format!("{SENT}&api_key=made-up")).is_problem(401, "nobody");
    let id = sent(&nobody, &format!("{SENT}&api_key={steward}"));
    let refused = send(&nobody, "json", &format!("{SENT}&api_key={viewer}"));
    is_fault(&refused, 403, "grant");
    let api = |token: &str| nobody.with_token(token);
    assert_eq!(one(&api(&viewer), &id)["service_request_id"], id);
    is_fault(
        &api(&east).get(&format!("/open311/v2/requests/{id}.json")),
        404,
        &id,
    );
    assert_eq!(
        api(&east).get("/open311/v2/requests.json").json(),
        json!([])
    );
    nobody
        .get("/open311/v2/requests.json")
        .is_problem(401, "nobody");
    nobody
        .get("/open311/v2/discovery.json")
        .is_problem(401, "nobody");
}

#[test]
fn what_identifies_whoever_asks_is_sealed_and_told_to_nobody() {
    let server = with_requests().start();
    let api = server.api();
    let id = sent(&api, SENT);
    let bad = send(&api, "json", &SENT.replace("lat=24.45", "lat=95"));
    is_fault(&bad, 400, "");
    let mut said = bad.body;
    for end in ["json", "xml"] {
        said += &api.get(&format!("/open311/v2/requests.{end}")).body;
        said += &api.get(&format!("/open311/v2/requests/{id}.{end}")).body;
    }
    for path in ["quarantine", "incidents", "alerts"] {
        said += &api.get(&format!("/api/v1/{path}")).body;
    }
    said += &server.log();
    assert!(said.contains("\"sealed\":true"), "{said}");
    let personal = api.get(&format!("/api/v1/reports/hotline/{id}/personal"));
    assert_eq!(
        personal.status, 200,
        "the number can be called: {}",
        personal.body
    );
    let setup = server.stop();
    for secret in [PHONE, "Somewhere", "Zzyzx"] {
        assert!(!said.contains(secret), "{secret} in {said}");
        assert_eq!(files_with(setup.data(), secret), Vec::<String>::new());
    }
    assert_ne!(files_with(setup.data(), "hotline"), Vec::<String>::new());
}

#[test]
fn a_request_that_cannot_be_is_refused_by_what_is_wrong_with_it() {
    let server = with_requests().start();
    let api = server.api();
    for (form, status, words) in [
        ("lat=24.45&long=118.05", 400, "service_code is missing"),
        ("service_code=flood&lat=24.45&long=118.05", 404, "flood"),
        ("service_code=waterlogging", 400, "lat and long"),
        (
            "service_code=waterlogging&lat=24.45",
            400,
            "belong together",
        ),
    ] {
        is_fault(&send(&api, "json", form), status, words);
    }
    let json = api.post("/open311/v2/requests.json", "{}");
    is_fault(&json, 415, "form");
    assert_eq!(api.get("/open311/v2/requests.json").json(), json!([]));
    let tiny = Server::tiny();
    is_fault(
        &tiny.api().get("/open311/v2/services.json"),
        404,
        "takes requests",
    );
}

#[test]
fn a_request_told_again_by_its_key_is_the_same() {
    let server = with_requests().start();
    let keyed = |api: &Http| {
        let headers = [("content-type", FORM), ("idempotency-key", "k")];
        let answer = api.ask("POST", "/open311/v2/requests.json", &headers, SENT);
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body
    };
    let first = keyed(&server.api());
    assert_eq!(keyed(&server.api()), first);
    let server = server.kill().start();
    let api = server.api();
    assert_eq!(keyed(&api), first);
    let listed = api.get("/open311/v2/requests.json").json();
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    wait::until("it counts once", || {
        let health = api.feed("hotline", |_| true);
        wait::check(health["accepted"] == 1 && health["duplicate"] == 1, &health)
    });
}
