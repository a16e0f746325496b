//! Against web servers on loopback.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::SocketAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap as Headers, Response as Answered};
use axum::routing::get;
use flate2::Compression;
use flate2::write::GzEncoder;
use tokio::task::JoinSet;

use super::*;
use crate::settings::PollConfig;

/// A web server on loopback, as long as the value lives.
struct Site {
    address: SocketAddr,
    _serving: JoinSet<()>,
}

impl Site {
    async fn serve(router: Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self {
            address,
            _serving: serving,
        }
    }

    fn url(&self, host: &str, path: &str) -> Url {
        Url::parse(&format!("http://{host}:{}{path}", self.address.port())).unwrap()
    }

    fn here(&self, path: &str) -> Url {
        self.url("127.0.0.1", path)
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Answered<Body> {
    let mut answer = Answered::builder().status(status);
    for (name, value) in headers {
        answer = answer.header(*name, *value);
    }
    answer.body(body.into()).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn client(settings: &str) -> HttpFetch {
    let config: PollConfig = toml::from_str(settings).unwrap();
    let env = |_: &str| Some("0xCAFE".to_owned());
    let settings = Settings::new(&config, env).unwrap();
    let now = || TimeMs::from_rfc3339("2026-06-22T06:00:00Z").unwrap();
    HttpFetch::new(Arc::new(settings), now).unwrap()
}

/// What is allowed to be fetched from in these tests.
const HERE: &str = "allow = [\"127.0.0.1\"]";

async fn fetch(client: &HttpFetch, url: &Url) -> Result<Answer, Failure> {
    fetch_by(client, url, None, &[], &[]).await
}

async fn fetch_by(
    client: &HttpFetch,
    url: &Url,
    known: Option<&Validators>,
    headers: &[(&str, &str)],
    query: &[(&str, &str)],
) -> Result<Answer, Failure> {
    let map = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        let pairs = pairs.iter();
        pairs
            .map(|&(name, secret)| (name.to_owned(), secret.to_owned()))
            .collect()
    };
    let ask = Ask {
        url,
        known,
        accept: "application/cap+xml, */*;q=0.1",
        headers: &map(headers),
        query: &map(query),
    };
    client.fetch(ask).await
}

fn new(answer: Result<Answer, Failure>) -> (Vec<u8>, Validators) {
    match answer.unwrap() {
        Answer::New {
            body, validators, ..
        } => (body, validators),
        Answer::Unchanged => panic!("unchanged"),
    }
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let vehicles = |headers: Headers| async move {
        let known = headers
            .get("if-none-match")
            .is_some_and(|tag| tag == "\"7\"")
            && headers
                .get("if-modified-since")
                .is_some_and(|at| at == "then");
        if known {
            answer(304, &[], "")
        } else {
            answer(200, &[("etag", "\"7\""), ("last-modified", "then")], "abc")
        }
    };
    let site = Site::serve(Router::new().route("/v", get(vehicles))).await;
    let client = client(HERE);
    let url = site.here("/v");
    let (body, known) = new(fetch(&client, &url).await);
    assert_eq!(body, b"abc");
    let again = fetch_by(&client, &url, Some(&known), &[], &[]).await;
    assert_eq!(again, Ok(Answer::Unchanged));
}

#[tokio::test]
async fn bodies_are_unpacked_and_bounded_before_and_after() {
    let packed = |bytes: Vec<u8>| answer(200, &[("content-encoding", "gzip")], gzip(&bytes));
    let site = Site::serve(
        Router::new()
            .route(
                "/small",
                get(move || async move { packed(b"abc".to_vec()) }),
            )
            .route(
                "/bomb",
                get(move || async move { packed(vec![b'a'; 10 * BODY_BYTES_MAX]) }),
            )
            .route(
                "/large",
                get(|| async { answer(200, &[], vec![b'b'; BODY_BYTES_MAX + 1]) }),
            )
            .route(
                "/most",
                get(|| async { answer(200, &[], vec![b'b'; BODY_BYTES_MAX]) }),
            )
            .route(
                "/cut",
                get(|| async { answer(200, &[("content-encoding", "gzip")], "abc") }),
            )
            .route(
                "/other",
                get(|| async { answer(200, &[("content-encoding", "br")], "abc") }),
            ),
    )
    .await;
    let client = client(HERE);
    assert_eq!(new(fetch(&client, &site.here("/small")).await).0, b"abc");
    assert_eq!(
        new(fetch(&client, &site.here("/most")).await).0.len(),
        BODY_BYTES_MAX
    );
    for (path, said, first) in [
        ("/bomb", "the body unpacks to more than", b'a'),
        ("/large", "the body has more than", b'b'),
    ] {
        let failure = fetch(&client, &site.here(path)).await.unwrap_err();
        assert!(failure.why.starts_with(said), "{}", failure.why);
        let Trouble::TooLarge { head, bytes } = failure.trouble else {
            panic!("{failure:?}");
        };
        assert_eq!((head.len(), head[0]), (HEAD_BYTES, first));
        assert!(bytes > BODY_BYTES_MAX, "{bytes}");
    }
    for (path, said) in [("/cut", "is no gzip"), ("/other", "packed by br")] {
        let failure = fetch(&client, &site.here(path)).await.unwrap_err();
        assert_eq!(failure.trouble, Trouble::Broken);
        assert!(failure.why.contains(said), "{}", failure.why);
    }
}

#[tokio::test]
async fn redirects_lead_to_where_may_be_fetched_from_and_not_for_ever() {
    let to =
        |place: &'static str| get(move || async move { answer(302, &[("location", place)], "") });
    let site = Site::serve(
        Router::new()
            .route("/a", to("/b"))
            .route("/b", get(|| async { "there" }))
            .route("/round", to("/round"))
            .route("/neighbour", to("http://127.0.0.2/v"))
            .route("/passwords", to("http://169.254.169.254/latest/meta-data"))
            .route("/file", to("file:///etc/passwd"))
            .route("/nowhere", get(|| async { answer(302, &[], "") })),
    )
    .await;
    let client = client(HERE);
    let there = fetch(&client, &site.here("/a")).await.unwrap();
    assert!(
        matches!(&there, Answer::New { url, body, .. } if url.path() == "/b" && body == b"there"),
        "{there:?}"
    );
    for (path, trouble, said) in [
        ("/round", Trouble::Broken, "more than 3 times"),
        (
            "/neighbour",
            Trouble::Forbidden,
            "127.0.0.2 is this machine itself",
        ),
        (
            "/passwords",
            Trouble::Forbidden,
            "169.254.169.254 is where a cloud tells",
        ),
        ("/file", Trouble::Forbidden, "file:// is not fetched"),
        ("/nowhere", Trouble::Broken, "does not say where"),
    ] {
        let failure = fetch(&client, &site.here(path)).await.unwrap_err();
        assert_eq!(failure.trouble, trouble, "{path}");
        assert!(failure.why.contains(said), "{path}: {}", failure.why);
    }
}

#[tokio::test]
async fn a_name_is_checked_once_it_is_resolved() {
    let site = Site::serve(Router::new().route("/v", get(|| async { "here" }))).await;
    let url = site.url("localhost", "/v");
    let failure = fetch(&client(""), &url).await.unwrap_err();
    assert_eq!(failure.trouble, Trouble::Forbidden);
    assert!(failure.why.starts_with("localhost ("), "{}", failure.why);
    let (body, _) = new(fetch(&client("allow = [\"localhost\"]"), &url).await);
    assert_eq!(body, b"here");
    let literal = fetch(&client(""), &site.here("/v")).await.unwrap_err();
    assert_eq!(literal.trouble, Trouble::Forbidden);
}

#[test]
fn of_a_hosts_addresses_those_are_used_that_are_allowed() {
    let address = |text: &str| SocketAddr::new(text.parse().unwrap(), 0);
    let guard = Guard::new(&["10.1.0.0/16".to_owned()]).unwrap();
    let both = [address("10.2.0.1"), address("10.1.0.1")];
    let used = allowed(&guard, "a", both.into_iter()).unwrap();
    assert_eq!(used, [address("10.1.0.1")]);
    assert!(allowed(&guard, "a", [address("10.2.0.1")].into_iter()).is_err());
    assert_eq!(allowed(&guard, "a", [].into_iter()), Ok(Vec::new()));
}

#[tokio::test]
async fn who_says_no_is_asked_when_they_want_to_be() {
    let after =
        |text: &'static str| get(move || async move { answer(503, &[("retry-after", text)], "") });
    let site = Site::serve(
        Router::new()
            .route("/soon", after("120"))
            .route("/at", after("Mon, 22 Jun 2026 06:03:00 GMT"))
            .route("/never", after("99999999999"))
            .route("/odd", after("tomorrow"))
            .route("/same", get(|| async { answer(304, &[], "") })),
    )
    .await;
    let client = client(HERE);
    for (path, wait) in [
        ("/soon", Some(120)),
        ("/at", Some(180)),
        ("/never", Some(3_600)),
        ("/odd", None),
    ] {
        let failure = fetch(&client, &site.here(path)).await.unwrap_err();
        assert_eq!(failure.wait, wait.map(Duration::from_secs), "{path}");
        assert_eq!(failure.trouble, Trouble::Status(503));
    }
    // "Unchanged" is no answer to who knows nothing.
    let failure = fetch(&client, &site.here("/same")).await.unwrap_err();
    assert_eq!(failure.trouble, Trouble::Status(304));
}

#[tokio::test]
async fn secrets_go_to_their_hosts_and_into_no_words() {
    let seen = |headers: Headers, uri: axum::http::Uri| async move {
        let key = headers.get("x-key").and_then(|key| key.to_str().ok());
        format!("{} {}", key.unwrap_or("-"), uri.query().unwrap_or("-"))
    };
    let router = Router::new()
        .route("/seen", get(seen))
        .route("/no", get(|| async { answer(401, &[], "0xCAFE") }));
    let site = Site::serve(router).await;
    let elsewhere = site.url("localhost", "/seen").to_string();
    let moved = move || {
        let elsewhere = elsewhere.clone();
        async move { answer(307, &[("location", &elsewhere)], "") }
    };
    let first = Site::serve(Router::new().route("/", get(moved))).await;
    let client = client(
        "allow = [\"127.0.0.1\", \"localhost\"]\n[secrets.key]\nenv = \"KEY\"\nhosts = [\"127.0.0.1\"]",
    );
    let (headers, query) = ([("x-key", "key")], [("token", "key")]);
    let url = site.here("/seen?a=1");
    let (body, _) = new(fetch_by(&client, &url, None, &headers, &query).await);
    assert_eq!(body, b"0xCAFE a=1&token=0xCAFE");
    let url = first.here("/");
    let (body, _) = new(fetch_by(&client, &url, None, &headers, &query).await);
    assert_eq!(body, b"- -");
    let failure = fetch_by(&client, &site.here("/no"), None, &headers, &query).await;
    let words = format!("{:?}", failure.unwrap_err());
    assert!(!words.contains("CAFE") && words.contains("401"), "{words}");
    let unknown = fetch_by(&client, &url, None, &[("x-key", "none")], &[]).await;
    assert_eq!(unknown.unwrap_err().trouble, Trouble::Settings);
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_given_up() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let client = client(HERE);
    let failure = fetch(&client, &Url::parse(&url).unwrap())
        .await
        .unwrap_err();
    assert_eq!(failure.trouble, Trouble::Unreachable);
    drop(listener);
    let failure = fetch(&client, &Url::parse(&url).unwrap())
        .await
        .unwrap_err();
    assert!(failure.why.contains("refused"), "{}", failure.why);
}
