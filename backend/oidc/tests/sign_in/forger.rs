//! An issuer that says whatever a test wants it to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use egret_oidc::{Begun, Oidc, OidcError, Settings, Signed};
use openidconnect::core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKeyId, PrivateSigningKey as _};
use rcgen::{KeyPair, PKCS_ED25519};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::browser::redirect;

pub(crate) const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Its time, long after any test: tokens do not expire while a test stands still.
const EXPIRES: u64 = 9_999_999_999;

type Answers = Arc<Mutex<HashMap<String, (Answer, usize)>>>;

/// What it answers on a path.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Json(Value),
    Redirect(String),
    /// This many bytes that begin like JSON.
    Bytes(usize),
    /// Nothing, ever.
    Silence,
}

/// A running issuer; it ends with its value.
pub(crate) struct Forger {
    pub(crate) url: String,
    answers: Answers,
    key: CoreEdDsaPrivateSigningKey,
    _tasks: JoinSet<()>,
}

impl Forger {
    /// One that is honest so far, with a key of its own called `one`.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answers = Answers::default();
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&answers));
        let mut tasks = JoinSet::new();
        tasks.spawn(async { axum::serve(listener, router).await.unwrap() });
        let forger = Self {
            url,
            answers,
            key: key("one"),
            _tasks: tasks,
        };
        forger.answers(DISCOVERY, Answer::Json(forger.description()));
        forger.has_key(&forger.key);
        forger
    }

    pub(crate) fn oidc(&self) -> Oidc {
        Oidc::new(self.settings()).unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::new(self.url.parse().unwrap(), "egret")
    }

    /// What an honest issuer says of itself.
    pub(crate) fn description(&self) -> Value {
        let url = &self.url;
        json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "userinfo_endpoint": format!("{url}/userinfo"),
            "jwks_uri": format!("{url}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        })
    }

    /// From now on, `path` answers this.
    pub(crate) fn answers(&self, path: &str, answer: Answer) {
        let mut answers = self.answers.lock().unwrap();
        answers
            .entry(path.to_owned())
            .or_insert((Answer::Silence, 0))
            .0 = answer;
    }

    /// How often `path` has been asked.
    pub(crate) fn n_asked(&self, path: &str) -> usize {
        self.answers
            .lock()
            .unwrap()
            .get(path)
            .map_or(0, |(_, n_asked)| *n_asked)
    }

    /// From now on, this is its only key.
    pub(crate) fn has_key(&self, key: &CoreEdDsaPrivateSigningKey) {
        let key = serde_json::to_value(key.as_verification_key()).unwrap();
        self.answers("/jwks", Answer::Json(json!({ "keys": [key] })));
    }

    /// What an honest issuer says of somebody who has signed in.
    pub(crate) fn claims(&self, begun: &Begun) -> Value {
        let nonce = begun.url.query_pairs().find(|(name, _)| name == "nonce");
        json!({
            "iss": self.url, "sub": "s", "aud": "egret", "exp": EXPIRES, "iat": 1,
            "nonce": nonce.unwrap().1, "preferred_username": "lin",
        })
    }

    /// A token as an honest issuer makes it of claims.
    pub(crate) fn token(&self, claims: &Value) -> String {
        token(&self.key, "one", claims)
    }

    /// Somebody goes there and comes back, and the issuer gives them `id_token` of the claims that
    /// would be true.
    pub(crate) async fn round(
        &self,
        oidc: &Oidc,
        id_token: impl FnOnce(Value) -> Value,
    ) -> Result<Signed, OidcError> {
        let begun = oidc.start(redirect(), "/".to_owned()).await?;
        let id_token = id_token(self.claims(&begun));
        self.gives(&json!({
            "access_token": "access", "token_type": "Bearer", "id_token": id_token,
        }));
        oidc.finish(&begun.state, &begun.state, "code").await
    }

    /// From now on, it gives this for a code.
    pub(crate) fn gives(&self, answer: &Value) {
        self.answers("/token", Answer::Json(answer.clone()));
    }
}

/// A key called `id`.
pub(crate) fn key(id: &str) -> CoreEdDsaPrivateSigningKey {
    let pem = KeyPair::generate_for(&PKCS_ED25519)
        .unwrap()
        .serialize_pem();
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pem, Some(JsonWebKeyId::new(id.to_owned())))
        .unwrap()
}

/// Claims, signed with `key` that is said to be called `id`.
pub(crate) fn token(key: &CoreEdDsaPrivateSigningKey, id: &str, claims: &Value) -> String {
    let unsigned = unsigned(&json!({"alg": "EdDSA", "kid": id}), claims);
    let signature = key
        .sign(&CoreJwsSigningAlgorithm::EdDsa, unsigned.as_bytes())
        .unwrap();
    format!("{unsigned}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// Header and claims of a token, without a signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

async fn answer(State(answers): State<Answers>, uri: Uri) -> (StatusCode, HeaderMap, Vec<u8>) {
    let answer = {
        let mut answers = answers.lock().unwrap();
        answers.get_mut(uri.path()).map(|(answer, n_asked)| {
            *n_asked += 1;
            answer.clone()
        })
    };
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    match answer {
        None => (StatusCode::NOT_FOUND, headers, Vec::new()),
        Some(Answer::Json(value)) => (StatusCode::OK, headers, value.to_string().into_bytes()),
        Some(Answer::Bytes(n)) => (StatusCode::OK, headers, vec![b'['; n]),
        Some(Answer::Redirect(to)) => {
            headers.insert("location", to.parse().unwrap());
            (StatusCode::FOUND, headers, Vec::new())
        }
        Some(Answer::Silence) => std::future::pending().await,
    }
}
