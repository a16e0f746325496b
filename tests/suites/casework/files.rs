//! Files of incidents: taken by what they are, given out as downloads, and only there.

use egret_tests::desk::{Desk, Worker, fresh};
use egret_tests::files::files_with;
use egret_tests::http::{Answer, Http};
use egret_tests::wire::Wire;
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;

/// As whom files are put: a program may send any bytes.
struct Files {
    desk: Desk,
    olga: Worker,
    secret: String,
}

impl Files {
    fn opened() -> Self {
        let mut desk = Desk::opened();
        let olga = desk.worker("olga", &["officer"]);
        let grants = json!([{
            "role": "officer", "areas": "all", "departments": "all", "up_to": "sensitive",
        }]);
        let new = json!({ "name": "camera", "grants": grants });
        let told = desk.admin.tell("POST", "/api/v1/admin/tokens", &new).json();
        let secret = told["secret"].as_str().unwrap().to_owned();
        Self { desk, olga, secret }
    }

    fn api(&self) -> Http {
        self.desk.server.api().with_token(&self.secret)
    }

    /// What putting these bytes is answered with.
    fn put(&mut self, incident: &str, name: &str, bytes: &[u8]) -> Answer {
        let version = self.olga.file(incident)["version"].clone();
        self.put_at(incident, &version, name, bytes)
    }

    fn put_at(&self, incident: &str, version: &Value, name: &str, bytes: &[u8]) -> Answer {
        let server = self.desk.server.http;
        let head = format!(
            "POST /api/v1/incidents/{incident}/attachments?id={}&version={version}&name={name} \
             HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
             Content-Type: image/png\r\nContent-Length: {}\r\n\r\n",
            fresh(),
            self.secret,
            bytes.len()
        );
        let mut wire = Wire::to(server);
        wire.say(head);
        wire.say(bytes);
        wire.hear().expect("an answer")
    }

    /// What the newest file of the incident is called, and how it is told of.
    fn newest(&mut self, incident: &str) -> Value {
        let file = self.olga.file(incident);
        let deeds = file["timeline"].as_array().unwrap();
        let mut all = deeds.iter().map(|deed| &deed["what"]["act"]["attach"]);
        all.rfind(|attach| attach.is_object()).unwrap().clone()
    }
}

#[test]
fn a_file_is_what_its_bytes_are_and_comes_back_as_a_download() {
    let mut files = Files::opened();
    let id = files.olga.reports();
    let page = "<html><script>alert(1)</script></html>";
    for (name, bytes, media) in [
        ("a.html", &b"\x89PNG\r\n\x1a\n0123"[..], "image/png"),
        ("b.png", b"\xff\xd8\xff\xe00123", "image/jpeg"),
        ("c", b"RIFF0000WEBPVP8 ", "image/webp"),
        ("d.txt", b"%PDF-1.7 ...", "application/pdf"),
        ("e.png", page.as_bytes(), "text/plain; charset=utf-8"),
    ] {
        let answer = files.put(&id, name, bytes);
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
        let told = files.newest(&id);
        assert_eq!(
            (&told["name"], &told["media"]),
            (&json!(name), &json!(media))
        );
        assert_eq!(told["bytes"], bytes.len());
        let file = told["file"].as_str().unwrap();
        let path = format!("/api/v1/incidents/{id}/attachments/{file}");
        let answer = files.olga.browser.get(&path);
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(media))
        );
        assert_eq!(
            answer.body.as_bytes(),
            String::from_utf8_lossy(bytes).as_bytes()
        );
        let is_download = answer
            .header("content-disposition")
            .is_some_and(|told| told.starts_with("attachment;") && told.contains(name));
        assert!(is_download, "{answer:?}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("sandbox"), "{policy}");
    }
    let strange = files.put(
        &id,
        "..%2F..%2Fetc%2F%E7%A7%AF%0D%0AX-Evil:%201%22.png",
        page.as_bytes(),
    );
    assert_eq!(strange.status, 200, "{strange:?}");
    let told = files.newest(&id);
    assert_eq!(told["name"], "积X-Evil: 1\".png");
    let file = told["file"].as_str().unwrap();
    let answer = files
        .olga
        .browser
        .get(&format!("/api/v1/incidents/{id}/attachments/{file}"));
    assert_eq!(answer.header("x-evil"), None, "{answer:?}");
}

#[test]
fn what_is_no_file_that_is_taken_changes_nothing() {
    let mut files = Files::opened();
    let id = files.olga.reports();
    let before = files.olga.file(&id);
    for (bytes, status) in [
        (&b"MZ\x90\x00\x03"[..], 415),
        (b"PK\x03\x04", 415),
        (b"GIF89a\x00", 415),
        (b"", 415),
        (b"\x7fELF\x02", 415),
        ("text\u{0}".as_bytes(), 415),
    ] {
        let answer = files.put(&id, "a.png", bytes);
        assert_eq!(answer.status, status, "{bytes:?}: {answer:?}");
    }
    let large = "x".repeat(10 * MIB + 1);
    let answer = files.put(&id, "large.txt", large.as_bytes());
    answer.is_problem(413, "10485760");
    let answer = files.put(&id, "", b"text");
    assert_eq!(answer.status, 422, "a file has a name: {answer:?}");
    assert_eq!(files.olga.file(&id), before);
    let largest = &large[..10 * MIB];
    assert_eq!(files.put(&id, "large.txt", largest.as_bytes()).status, 200);
}

#[test]
fn a_file_is_at_no_other_incident_and_for_nobody_who_may_not_work_it() {
    let mut files = Files::opened();
    let (id, other) = (files.olga.reports(), files.olga.reports());
    assert_eq!(files.put(&id, "a.txt", b"only here").status, 200);
    let told = files.newest(&id);
    let file = told["file"].as_str().unwrap();
    let at = |incident: &str| format!("/api/v1/incidents/{incident}/attachments/{file}");
    let mut vera = files.desk.worker("vera", &["viewer"]);
    let mut pavel = files.desk.worker("pavel", &["handler:police"]);
    let mut eva = files.desk.worker("eva", &["officer@900002"]);
    assert_eq!(files.olga.browser.get(&at(&id)).status, 200);
    assert_eq!(files.olga.browser.get(&at(&other)).status, 404);
    for worker in [&mut vera, &mut pavel, &mut eva] {
        assert_eq!(worker.browser.get(&at(&id)).status, 404, "{}", worker.name);
    }
    for path in ["..%2F..%2Faudit.key", "%2e%2e/people.db", &"0".repeat(64)] {
        let path = format!("/api/v1/incidents/{id}/attachments/{path}");
        assert_eq!(files.olga.browser.get(&path).status, 404, "{path}");
    }
    let put = json!("a file");
    let path = format!(
        "/api/v1/incidents/{id}/attachments?id={}&version=2&name=a",
        fresh()
    );
    assert_eq!(vera.browser.tell("POST", &path, &put).status, 403);
    assert_eq!(eva.browser.tell("POST", &path, &put).status, 404);
}

#[test]
fn a_file_of_an_order_that_is_not_obeyed_is_not_kept() {
    let mut files = Files::opened();
    let id = files.olga.reports();
    let answer = files.put_at(&id, &json!(0), "a.txt", b"nobody will ever see this");
    assert_eq!(answer.status, 409, "{answer:?}");
    let kept = files_with(files.desk.server.data(), "nobody will ever see this");
    assert!(kept.is_empty(), "{kept:?}");
    // It is taken when it is sent again by one who has looked.
    assert_eq!(
        files.put(&id, "a.txt", b"nobody will ever see this").status,
        200
    );
    let api = files.api();
    let file = files.newest(&id)["file"].as_str().unwrap().to_owned();
    let files = files.desk.cut();
    let answer = api.get(&format!("/api/v1/incidents/{id}/attachments/{file}"));
    assert_eq!(
        (answer.status, &*answer.body),
        (200, "nobody will ever see this")
    );
    drop(files);
}
