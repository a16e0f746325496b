//! What must stay inside: secrets in logs, answers and files; paths, SQL and traces in errors.

use std::net::SocketAddr;
use std::path::Path;

use egret_tests::browser::Browser;
use egret_tests::http::Answer;
use egret_tests::mosquitto::Version;
use egret_tests::packets::{Connect, Packets};
use egret_tests::routes;
use egret_tests::server::{Server, Setup};
use egret_tests::wall::Wall;
use egret_tests::{message, wait};
use serde_json::{Value, json};

use super::{gateway, guarded};

/// Passwords that are used, mistyped or refused; each of them is like no other text.
const FIRST: &str = "Avocet-Breeds-Late-11";
const WRONG: &str = "Bittern-Booms-Low-12";
const NEXT: &str = "Curlew-Calls-Far-13";
const ASKED: &str = "Dunlin-Drifts-On-14";
const GUESSED: &str = "Eider-Ebbs-Out-15";
const MISPLACED: &str = "Fulmar-Flies-Off-16";
const FORGED: &str = "Godwit-Goes-Home-17";

/// Everything that was secret in a test, and each answer that was given.
#[derive(Default)]
struct Witness {
    secrets: Vec<(String, String)>,
    answers: Vec<(String, Answer)>,
}

impl Witness {
    fn secret(&mut self, what: &str, text: &str) {
        assert!(text.len() >= 8, "{what} is too short to be found: {text:?}");
        self.secrets.push((what.to_owned(), text.to_owned()));
    }

    fn heard(&mut self, what: &str, answer: Answer) -> Answer {
        for (name, value) in answer.cookies() {
            if !value.is_empty() {
                self.secret(&format!("cookie {name} of {what}"), &value);
            }
        }
        self.answers.push((what.to_owned(), answer.clone()));
        answer
    }

    /// Fails if a secret stands in `text`.
    #[track_caller]
    fn is_not_in(&self, place: &str, text: &str) {
        let found = self
            .secrets
            .iter()
            .filter(|(_, secret)| text.contains(secret));
        let found: Vec<_> = found
            .map(|(what, secret)| {
                let line = text
                    .lines()
                    .find(|line| line.contains(secret))
                    .unwrap_or_default();
                let line: String = line.chars().take(300).collect();
                format!("{what}: {line}")
            })
            .collect();
        assert!(found.is_empty(), "in {place}:\n  {}", found.join("\n  "));
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Has everybody who can sign in do so, rightly and wrongly.
fn use_every_secret(server: &Server, witness: &mut Witness) -> Browser {
    let mut admin = Browser::new(server.http);
    let code = server.first_code();
    witness.secret("the first code", &code);
    for (what, password) in [
        ("a first password", FIRST),
        ("a wrong password", WRONG),
        ("a next password", NEXT),
        ("a password that was asked for", ASKED),
        ("a guessed password", GUESSED),
        ("a misplaced password", MISPLACED),
        ("a forged password", FORGED),
    ] {
        witness.secret(what, password);
    }
    let wrong = json!({ "code": "2222-3333-4444", "name": "admin", "password": WRONG });
    witness.heard(
        "a wrong code",
        admin.tell("POST", "/api/v1/first-start", &wrong),
    );
    let first = json!({ "code": code, "name": "admin", "password": FIRST });
    let answer = admin.tell("POST", "/api/v1/first-start", &first);
    assert_eq!(witness.heard("the first start", answer).status, 200);
    witness.heard(
        "a guess",
        Browser::new(server.http).sign_in("admin", GUESSED),
    );
    witness.heard(
        "a guess at nobody",
        Browser::new(server.http).sign_in("nobody", GUESSED),
    );
    witness.heard(
        "a password as a name",
        Browser::new(server.http).tell(
            "POST",
            "/api/v1/sign-in",
            &json!({ "name": "admin", "password": { "is": MISPLACED } }),
        ),
    );
    misplace(&mut admin, witness);
    let change = json!({ "old": FIRST, "new": NEXT });
    let answer = admin.tell("POST", "/api/v1/me/password", &change);
    assert_eq!(witness.heard("a change", answer).status, 204);
    let wrong = json!({ "old": WRONG, "new": NEXT });
    witness.heard(
        "a wrong change",
        admin.tell("POST", "/api/v1/me/password", &wrong),
    );
    let answer = admin.sign_in("admin", NEXT);
    assert_eq!(witness.heard("a sign-in", answer).status, 200);
    let user = json!({ "name": "duty", "password": ASKED, "grants": [] });
    let answer = admin.tell("POST", "/api/v1/admin/users", &user);
    assert_eq!(witness.heard("a new user", answer).status, 200);
    admin
}

/// Sends a password where none belongs, or in a form that is none.
fn misplace(admin: &mut Browser, witness: &mut Witness) {
    for body in [
        format!(r#"{{"name":"admin","password":"{MISPLACED}""#),
        format!(r#"{{"name":"admin","password":["{MISPLACED}"]}}"#),
        format!(r#"{{"name":"admin","password":"{MISPLACED}","password":"{MISPLACED}"}}"#),
        format!(r#"{{"name":"admin","pass":"{MISPLACED}"}}"#),
        format!(r#""{MISPLACED}""#),
        MISPLACED.to_owned(),
        format!(r#"{{"name":{{"password":"{MISPLACED}"}}}}"#),
    ] {
        for path in [
            "/api/v1/sign-in",
            "/api/v1/me/password",
            "/api/v1/admin/users",
            "/api/v1/first-start",
        ] {
            let headers = [("X-Egret", "1"), ("Content-Type", "application/json")];
            witness.heard(path, admin.ask("POST", path, &headers, &body));
        }
    }
}

/// Connects by MQTT with right and wrong secrets of a gateway and a token.
fn connect_with_each(mqtt: SocketAddr, right: &[&str; 2], wrong: &[&str; 2]) {
    for version in Version::BOTH {
        for (secrets, is_right) in [(right, true), (wrong, false)] {
            for (user, password) in ["gw-1", "token"].iter().zip(secrets) {
                let connect = Connect {
                    version,
                    ..Connect::by("client", user, password)
                };
                let (_, code) = Packets::connect(mqtt, None, &connect);
                assert_eq!(code == Some(0), is_right, "{user}: {code:?}");
            }
        }
    }
}

/// The same of what signs in without a person.
fn use_every_key(server: &Server, admin: &mut Browser, witness: &mut Witness) {
    let token = server.token("a program", &["steward", "viewer"]);
    witness.secret("a token", &token);
    let guess = format!("{}x", &token[..token.len() - 1]);
    witness.secret("a guessed token", &guess);
    let api = server.api();
    witness.heard(
        "a token's list",
        api.with_token(&token).get("/api/v1/assets"),
    );
    witness.heard(
        "a guessed token's list",
        api.with_token(&guess).get("/api/v1/assets"),
    );
    let basic = [("Authorization", format!("Basic {FORGED}"))];
    let basic = basic.each_ref().map(|(name, value)| (*name, &**value));
    witness.heard(
        "another scheme",
        api.ask("GET", "/api/v1/assets", &basic, ""),
    );
    let mut forged = Browser::new(server.http);
    forged
        .jar
        .insert("egret_session".to_owned(), FORGED.to_owned());
    witness.heard("a forged cookie", forged.get("/api/v1/assets"));
    let secret = gateway(server, "gw-1", "manhole");
    witness.secret("a gateway's secret", &secret);
    connect_with_each(server.mqtt, &[&secret, &token], &[GUESSED, &guess]);
    let answer = admin.tell("POST", "/api/v1/admin/gateways/gw-1/secret", &Value::Null);
    witness.secret("a gateway's next secret", &text(&answer.json()["secret"]));
    let grant =
        json!({ "role": "viewer", "areas": "all", "departments": "all", "up_to": "public" });
    let new_token = json!({ "name": "another", "grants": [grant] });
    let answer = admin.tell("POST", "/api/v1/admin/tokens", &new_token);
    witness.secret("another token", &text(&answer.json()["secret"]));
    let mut wall = Wall::new(Browser::new(server.http));
    let device = wall.pair(admin, "a wall", &json!([]));
    let answer = wall.sign_in(&text(&device["id"]));
    assert_eq!(witness.heard("a wall's sign-in", answer).status, 200);
    for path in ["users", "tokens", "gateways", "devices", "pairings"] {
        witness.heard(path, admin.get(&format!("/api/v1/admin/{path}")));
    }
    for path in [
        "/api/v1/me",
        "/api/v1/me/sessions",
        "/api/v1/audit?limit=1000",
        "/api/v1/audit/export",
    ] {
        witness.heard(path, admin.get(path));
    }
    let measured = api.with_token(&token).get("/metrics");
    assert_eq!(measured.status, 200);
    witness.heard("/metrics", measured);
    let socket = admin.socket();
    assert!(socket.is_ok(), "{socket:?}");
}

#[test]
fn no_secret_stands_in_a_log_an_answer_or_a_file() {
    let server = Setup::tiny()
        .guarded()
        .with_flags(&["--log", "trace"])
        .start();
    let mut witness = Witness::default();
    let mut admin = use_every_secret(&server, &mut witness);
    use_every_key(&server, &mut admin, &mut witness);
    let n_bytes = server.log().len();
    assert!(
        n_bytes > 1_000,
        "the log is at its most talkative: {n_bytes} bytes"
    );
    println!(
        "{} secrets, {} answers, {n_bytes} bytes of log",
        witness.secrets.len(),
        witness.answers.len()
    );
    for (what, answer) in &witness.answers {
        witness.is_not_in(&format!("the answer to {what}"), &answer.body);
    }
    witness.is_not_in("the log", &server.log());
    assert!(!server.log().contains("$argon2"), "the log tells hashes");
    let setup = server.stop();
    for file in files(setup.data()) {
        let bytes = std::fs::read(&file).unwrap();
        witness.is_not_in(
            &file.display().to_string(),
            &String::from_utf8_lossy(&bytes),
        );
    }
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(
        files.iter().any(|file| file.ends_with("people.db")),
        "{files:?}"
    );
    files.into_iter().filter(|file| file.is_file()).collect()
}

#[test]
fn files_with_secrets_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (server, _) = guarded();
    for file in files(server.data()) {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let is_secret = name.contains(".key") || name.starts_with("people.db");
        let mode = file.metadata().unwrap().permissions().mode();
        let of_others = mode & 0o077;
        println!("{name}: {mode:o}");
        assert!(!is_secret || of_others == 0, "{name} has mode {mode:o}");
    }
}

/// What an error tells that helps nobody but attackers.
const TELLTALE: [&str; 16] = [
    ".rs:",
    "panicked",
    "RUST_BACKTRACE",
    "stack backtrace",
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "sqlite",
    "SQLite",
    "rusqlite",
    "no such table",
    "/tmp/",
    "/src/",
    ".cargo",
    "people.db",
    "egret.db",
];

#[track_caller]
fn tells_nothing(what: &str, answer: &Answer, data: &Path) {
    let data = data.display().to_string();
    for word in TELLTALE.iter().chain([&&*data]) {
        assert!(
            !answer.body.contains(*word),
            "{what} tells {word:?}: {answer:?}"
        );
    }
}

#[test]
fn errors_tell_nothing_of_the_inside() {
    let (server, mut admin) = guarded();
    let odd = [
        "x",
        "0",
        "-1",
        "%00",
        "%27",
        "1%20OR%201=1",
        "..%2f..",
        "%f0%9f%a6%a2",
        "'%3b--",
        "${7*7}",
        "{{7*7}}",
    ];
    let queries = [
        "",
        "?limit=0",
        "?limit=99999999999999999999",
        "?cursor='",
        "?from=x&to=y",
        "?area='%20OR",
        "?q=%25%27%22",
    ];
    let mut n_asked = 0;
    for route in routes::all() {
        if route.path == "/api/v1/sign-out" {
            continue;
        }
        let has_id = route.path.contains('{');
        let ids = odd.iter().filter(|_| has_id).map(|id| route.with(id));
        let asked = queries
            .iter()
            .map(|query| format!("{}{query}", route.with("x")));
        for path in ids.chain(asked) {
            let answer = admin.tell(route.method, &path, &json!({ "x": "'" }));
            assert!(answer.status < 500, "{} {path}: {answer:?}", route.method);
            if answer.status >= 400 {
                tells_nothing(&path, &answer, server.data());
            }
            n_asked += 1;
        }
    }
    println!("{n_asked} odd requests");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn a_database_that_fails_is_told_in_the_log_alone() {
    let (server, mut admin) = guarded();
    let level = message::of(
        "manhole",
        "M-1",
        &message::level(egret_tests::clock::now(), 1.0),
    );
    let answer = admin.tell("POST", "/api/v1/events", &level);
    assert_eq!(answer.status, 200, "{answer:?}");
    let people = rusqlite::Connection::open(server.data().join("people.db")).unwrap();
    people
        .execute_batch("ALTER TABLE audit RENAME TO elsewhere")
        .unwrap();
    let user = json!({ "name": "duty", "password": "first-of-duty", "grants": [] });
    let failed = [
        (
            "a new user",
            admin.tell("POST", "/api/v1/admin/users", &user),
        ),
        ("the trail", admin.get("/api/v1/audit")),
        ("its check", admin.get("/api/v1/audit/verify")),
        ("a message", admin.get("/api/v1/raw/1")),
        (
            "a sign-in",
            Browser::new(server.http).sign_in("admin", super::PASSWORD),
        ),
    ];
    for (what, answer) in &failed {
        tells_nothing(what, answer, server.data());
    }
    // What cannot be written down does not happen.
    for (what, answer) in &failed {
        assert!(answer.status >= 400, "{what}: {answer:?}");
    }
    wait::until("the log says what is the matter", || {
        wait::check(
            server.log().contains("people could not be read"),
            server.log(),
        )
    });
    people
        .execute_batch("ALTER TABLE elsewhere RENAME TO audit")
        .unwrap();
    wait::until("it works again", || {
        let answer = admin.get("/api/v1/audit/verify");
        wait::check(
            answer.status == 200 && answer.json()["fault"].is_null(),
            answer,
        )
    });
}
