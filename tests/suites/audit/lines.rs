//! What was done, and the line that tells of it.

use egret_tests::browser::Browser;
use egret_tests::packets::{Connect, Packets};
use egret_tests::server::Server;
use egret_tests::wire::somewhere;
use egret_tests::{clock, message, wait};
use serde_json::{Value, json};

use super::deeds::{DEEDS, Deed, Scene, done, refused, text, viewer};
use super::{PHONE, guarded, guarded_with_persons};

/// All lines, oldest first, as the command line exports them.
#[track_caller]
fn export(server: &Server) -> Vec<Value> {
    let text = server.command(&["audit", "export"], "");
    let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

#[track_caller]
fn last_seq(server: &Server) -> u64 {
    export(server).last().unwrap()["seq"].as_u64().unwrap()
}

fn tells(row: &Value, deed: &Deed) -> bool {
    let said = [&row["kind"], &row["name"], &row["action"], &row["outcome"]];
    said == [deed.by.0, deed.by.1, deed.action, deed.outcome]
}

#[test]
fn everything_that_is_to_be_a_line_is_one() {
    let mut scene = Scene::new();
    let mut missing = Vec::new();
    let mut n_deeds = 0;
    for deed in DEEDS.into_iter().flatten() {
        let before = last_seq(&scene.server);
        (deed.deed)(&mut scene);
        n_deeds += 1;
        // What was refused is written down beside its answer, not before it.
        let mut seen = Vec::new();
        let found = (0..20).find_map(|_| {
            seen = export(&scene.server);
            seen.retain(|row| row["seq"].as_u64().unwrap() > before);
            seen.iter().find(|row| tells(row, deed)).cloned()
        });
        if let Some(row) = found {
            is_complete(deed.what, &row);
        } else {
            let Deed {
                what,
                by,
                action,
                outcome,
                ..
            } = deed;
            missing.push(format!("{what}: {by:?} {action} {outcome}; but {seen:?}"));
        }
    }
    println!("{n_deeds} deeds, {} lines", last_seq(&scene.server));
    assert!(
        missing.is_empty(),
        "no line for\n  {}",
        missing.join("\n  ")
    );
    let verified = scene.server.command(&["audit", "verify"], "");
    assert!(verified.contains("\"fault\":null"), "{verified}");
}

/// Fails unless a line says when, who, from where and on what.
#[track_caller]
fn is_complete(what: &str, row: &Value) {
    let is_console = row["kind"] == "console";
    let address = row["address"].as_str().unwrap();
    assert_eq!(address.is_empty(), is_console, "{what}: {row}");
    assert!(row["at"].is_string() || row["at"].is_i64(), "{what}: {row}");
    assert_eq!(row["seal"].as_str().unwrap().len(), 64, "{what}: {row}");
    let has_actor = !matches!(row["kind"].as_str(), Some("console" | "anonymous"));
    assert_eq!(
        !row["actor"].as_str().unwrap().is_empty(),
        has_actor,
        "{what}: {row}"
    );
    let action = row["action"].as_str().unwrap();
    // Whom an erasure was about must not stand there.
    let is_about_something = action != "person.erase"
        && (action.contains('.') || action.chars().all(char::is_uppercase));
    let has_target = !row["target"].as_str().unwrap().is_empty();
    assert!(has_target || !is_about_something, "{what}: {row}");
}

#[test]
fn a_look_at_refused_messages_is_a_line() {
    let (server, mut admin) = guarded();
    let nonsense = admin.tell("POST", "/api/v1/events", &json!({ "feed": "manhole" }));
    refused(&nonsense);
    let before = last_seq(&server);
    let page = done(&admin.get("/api/v1/quarantine"));
    assert_eq!(page["items"].as_array().unwrap().len(), 1, "{page}");
    let lines = export(&server);
    let mut new = lines
        .iter()
        .filter(|line| line["seq"].as_u64().unwrap() > before);
    let is_there = new.any(|line| line["action"] == "quarantine.read");
    assert!(is_there, "before anything was shown: {lines:?}");
}

#[test]
fn the_trail_is_searched_by_every_side_of_a_line_and_page_by_page() {
    let mut scene = Scene::new();
    for n in 0..5 {
        let mut stranger = Browser::new(scene.server.http).at(somewhere(900 + n));
        refused(&stranger.sign_in(&format!("intruder-{n}"), "wrong"));
    }
    let ask = |scene: &mut Scene, query: &str| {
        let answer = scene.admin.get(&format!("/api/v1/audit?{query}"));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let rows = |page: &Value| page["items"].as_array().unwrap().clone();
    let intruders = ask(&mut scene, "q=intruder");
    assert_eq!(rows(&intruders).len(), 5, "{intruders}");
    assert_eq!(rows(&intruders)[0]["name"], "intruder-4", "newest first");
    let denied = rows(&ask(&mut scene, "outcome=denied&action=sign_in"));
    assert_eq!(denied.len(), 5, "{denied:?}");
    let duty = scene.duty_id.clone();
    let by_duty = rows(&ask(&mut scene, &format!("actor={duty}")));
    assert!(
        !by_duty.is_empty() && by_duty.iter().all(|row| row["actor"] == *duty),
        "{by_duty:?}"
    );
    for wild in [
        "%25",
        "intruder_4",
        "%27",
        "%5c",
        "%22",
        "intruder-%25",
        "*",
    ] {
        let found = rows(&ask(
            &mut scene,
            &format!("q={wild}&action=sign_in&outcome=denied"),
        ));
        assert!(found.is_empty(), "{wild} is no joker: {found:?}");
    }
    let mut all = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ask(&mut scene, &format!("outcome=denied&limit=2{cursor}"));
        all.extend(rows(&page));
        let Some(next) = page["next"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let seqs: Vec<_> = all.iter().map(|row| row["seq"].as_u64().unwrap()).collect();
    assert!(seqs.is_sorted_by(|one, next| one > next), "{seqs:?}");
    assert_eq!(seqs.len(), 5, "{all:?}");
    let later = text(&json!(clock::ago(-3_600)));
    assert!(rows(&ask(&mut scene, &format!("from={later}"))).is_empty());
    refused(&scene.admin.get("/api/v1/audit?outcome=nonsense"));
    refused(&scene.admin.get("/api/v1/audit?from=yesterday"));
}

#[test]
fn an_export_is_every_line_as_json_oldest_first() {
    let (server, mut admin) = guarded();
    for n in 0..300 {
        let form = json!({ "name": format!("token-{n}"), "grants": viewer() });
        done(&admin.tell("POST", "/api/v1/admin/tokens", &form));
    }
    let answer = admin.get("/api/v1/audit/export");
    assert_eq!(answer.kind, "application/x-ndjson");
    assert!(answer.body.ends_with('\n'));
    let lines: Vec<Value> = answer
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let seqs: Vec<_> = lines
        .iter()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    let n_lines = u64::try_from(lines.len()).unwrap();
    assert_eq!(seqs, (1..=n_lines).collect::<Vec<_>>());
    assert!(n_lines > 300, "{n_lines}");
    assert_eq!(
        lines.last().unwrap()["action"],
        "audit.export",
        "the export itself is one"
    );
    assert_eq!(
        export(&server)[..lines.len()],
        lines,
        "the command line's is the same"
    );
    assert_eq!(
        admin.get("/api/v1/audit/verify").json()["lines"],
        n_lines + 1
    );
}

/// Has a report tell of a person, and everybody look at it, until the person is erased.
fn tell_of_a_person(admin: &mut Browser, boss: &mut Browser) {
    let mut request = message::request("R-1", "opened", clock::now());
    request["text"] = json!(format!("call me at {PHONE}"));
    request["caller"] = json!({ "phone": PHONE });
    done(&admin.tell("POST", "/api/v1/events", &request));
    let seq = done(&admin.tell("POST", "/api/v1/events", &request))["seq"].clone();
    request["state"] = json!(PHONE);
    admin.tell("POST", "/api/v1/events", &request);
    done(&admin.get(&format!("/api/v1/raw/{seq}")));
    done(&admin.get("/api/v1/quarantine"));
    let reason = json!({ "reason": "to call back" });
    let shown = done(&boss.tell("POST", "/api/v1/reports/hotline/R-1/personal", &reason));
    assert!(shown.to_string().contains(PHONE), "{shown}");
    done(&boss.tell("POST", &format!("/api/v1/raw/{seq}"), &reason));
    let erase = json!({ "value": PHONE, "reason": "as asked" });
    done(&boss.tell("POST", "/api/v1/persons/erase", &erase));
}

#[test]
fn the_trail_tells_no_secret_and_nothing_personal() {
    const SECRETS: [&str; 4] = [
        "Avocet-Breeds-Late-11",
        "Bittern-Booms-Low-12",
        "Curlew-Calls-Far-13",
        PHONE,
    ];
    let (server, mut admin) = guarded_with_persons();
    let grant =
        |role| json!({ "role": role, "areas": "all", "departments": "all", "up_to": "sensitive" });
    let all = ["steward", "dispatcher"].map(grant);
    let mut boss = admin.make_person("boss", "Garganey-In-Transit-5", &json!(all));
    let mut secrets: Vec<String> = SECRETS.map(str::to_owned).to_vec();
    secrets.push("Garganey-In-Transit-5".to_owned());
    let mut duty = admin.make_person("duty", SECRETS[0], &viewer());
    refused(&Browser::new(server.http).sign_in("duty", SECRETS[1]));
    let change = json!({ "old": SECRETS[0], "new": SECRETS[2] });
    done(&duty.tell("POST", "/api/v1/me/password", &change));
    let token = done(&admin.tell(
        "POST",
        "/api/v1/admin/tokens",
        &json!({ "name": "t", "grants": viewer() }),
    ));
    let gateway = done(&admin.tell(
        "POST",
        "/api/v1/admin/gateways",
        &json!({ "id": "g", "feeds": ["manhole"] }),
    ));
    secrets.extend([text(&token["secret"]), text(&gateway["secret"])]);
    let (_, code) = Packets::connect(server.mqtt, None, &Connect::by("c", "g", SECRETS[1]));
    assert_ne!(code, Some(0));
    secrets.extend(
        [&admin, &duty]
            .iter()
            .map(|browser| browser.session().unwrap().to_owned()),
    );
    secrets.extend(
        [&admin, &duty]
            .iter()
            .map(|browser| browser.jar["egret_known"].clone()),
    );
    tell_of_a_person(&mut admin, &mut boss);
    let mut lines = export(&server);
    wait::until("the refused gateway is a line", || {
        lines = export(&server);
        let has = lines.iter().any(|line| line["action"] == "mqtt.connect");
        wait::check(has, &lines)
    });
    assert!(lines.len() > 10, "{lines:?}");
    let text = lines
        .iter()
        .map(Value::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    for secret in &secrets {
        assert!(
            !text.contains(secret),
            "{secret} stands in the trail:\n{text}"
        );
    }
}

#[test]
fn what_somebody_calls_themselves_forges_no_line() {
    let (server, mut admin) = guarded();
    let names = [
        "a\r\nb",
        "x\",\"outcome\":\"done",
        "\u{1b}[2Jadmin",
        "\u{202e}nimda",
        &"y".repeat(5_000),
    ];
    for (n, name) in names.iter().enumerate() {
        let place = somewhere(u16::try_from(n).unwrap());
        let mut stranger = Browser::new(server.http).at(place);
        refused(&stranger.sign_in(name, "wrong"));
    }
    let lines = export(&server);
    let denied: Vec<_> = lines
        .iter()
        .filter(|line| line["outcome"] == "denied")
        .collect();
    assert_eq!(denied.len(), names.len(), "{denied:?}");
    for line in denied {
        let name = line["name"].as_str().unwrap();
        assert!(name.chars().count() <= 64, "{line}");
        assert!(!name.chars().any(char::is_control), "{line}");
        assert_eq!(line["kind"], "anonymous", "{line}");
    }
    assert!(admin.get("/api/v1/audit/verify").json()["fault"].is_null());
}

#[test]
fn a_flood_of_refusals_is_a_few_lines() {
    let (server, _) = guarded();
    let mut stranger = Browser::new(server.http).at(somewhere(1));
    let headers = [("X-Egret", "1"), ("Origin", "http://evil.example")];
    for _ in 0..300 {
        refused(&stranger.ask("POST", "/api/v1/sign-in", &headers, ""));
    }
    for n in 0..60 {
        refused(&stranger.sign_in(&format!("name-{n}"), "wrong"));
    }
    for _ in 0..100 {
        let connect = Connect::by("c", "nobody", "wrong");
        Packets::connect(server.mqtt, Some(somewhere(1)), &connect);
    }
    let lines = export(&server).len();
    println!("{lines} lines");
    assert!(lines < 50, "{lines} lines of 460 refusals");
}
