//! A wall: asks to be paired, and signs in by its own key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::http::Answer;

/// A wall's browser and its key.
#[derive(Debug)]
pub struct Wall {
    /// Its browser.
    pub browser: Browser,
    pair: EcdsaKeyPair,
}

impl Wall {
    /// A wall in this browser, with a new key.
    pub fn new(browser: Browser) -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let document = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("random bytes");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, document.as_ref(), &random);
        Self {
            browser,
            pair: pair.expect("what was just made is a key"),
        }
    }

    /// Its public key, as it says it.
    pub fn key(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.public_key().as_ref())
    }

    /// Asks to be paired; the pairing.
    #[track_caller]
    pub fn ask(&mut self) -> Value {
        let form = json!({ "key": self.key() });
        let answer = self.browser.tell("POST", "/api/v1/pair", &form);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// Asks to be paired, and has `admin` approve it; the device's row.
    #[track_caller]
    pub fn pair(&mut self, admin: &mut Browser, name: &str, grants: &Value) -> Value {
        let pairing = self.ask();
        let path = format!("/api/v1/admin/pairings/{}", text(&pairing["code"]));
        let approve = json!({ "name": name, "grants": grants, "scenes": "all" });
        let answer = admin.tell("POST", &path, &approve);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    /// The form by which it signs in as `device`, with a challenge of its own.
    #[track_caller]
    pub fn form(&mut self, device: &str) -> Value {
        let ask = json!({ "device": device });
        let answer = self.browser.tell("POST", "/api/v1/device/challenge", &ask);
        assert_eq!(answer.status, 200, "{answer:?}");
        let challenge = answer.json();
        let nonce = text(&challenge["nonce"]);
        let message = format!("egret-device-v1:{nonce}");
        let random = SystemRandom::new();
        let signature = self
            .pair
            .sign(&random, message.as_bytes())
            .expect("random bytes");
        json!({
            "device": device,
            "nonce": nonce,
            "signature": URL_SAFE_NO_PAD.encode(signature.as_ref()),
        })
    }

    /// Tries to sign in as `device`.
    #[track_caller]
    pub fn sign_in(&mut self, device: &str) -> Answer {
        let form = self.form(device);
        self.browser.tell("POST", "/api/v1/device/sign-in", &form)
    }
}

#[track_caller]
fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}
