//! This browser as a wall: it signs in with its own key, with nobody there, and is let in again
//! after every restart of either side.
//!
//! The keys live in `js/device.mjs`; which one signs and which one is kept is decided here. There
//! is one key, but while it is being changed: then the new one stands before the old one until the
//! server has taken a signature of it, because an answer can get lost on the way.

mod bridge;

use std::rc::Rc;

use wasm_bindgen::{JsCast, JsValue};

use egret_shared::people::{DeviceSignIn, Me, Pairing, PairingState};

use crate::api::{self, ApiError};
use crate::clock;
use crate::socket::backoff::Backoff;

/// What a signature is over, before the nonce.
///
/// # Source
/// `egret_shared::people::Challenge`.
const PURPOSE: &str = "egret-device-v1";

/// The longest wait between two tries to come in. Milliseconds: what a wall may be late after its
/// server is back, for a wall that has lost its session as well.
const LONGEST_MS: f64 = 5_000.0;

/// The longest time that a wall waits because the server told it to. Seconds.
const LOCKED_S_MAX: u32 = 900;

/// This browser's wall. A copy is a handle to the same.
#[derive(Clone)]
pub(crate) struct Device(Rc<bridge::Wall>);

/// How coming in ended.
#[derive(Debug)]
pub(crate) enum Entered {
    /// The wall is in.
    In,
    /// Nobody knows the wall any more; its keys are deleted.
    Revoked,
}

/// Whether this browser can be a wall at this address.
pub(crate) fn is_able() -> bool {
    bridge::able()
}

impl Device {
    /// This browser's wall, if it is one.
    pub(crate) async fn load() -> Option<Self> {
        if !is_able() {
            return None;
        }
        match bridge::load().await {
            Ok(wall) if wall.is_undefined() => None,
            Ok(wall) => Some(Self(Rc::new(wall.unchecked_into()))),
            Err(error) => {
                leptos::logging::error!("the wall's keys cannot be read: {error:?}");
                None
            }
        }
    }

    /// Makes this browser a wall that nobody knows yet.
    ///
    /// # Errors
    /// What the browser says.
    pub(crate) async fn make() -> Result<Self, JsValue> {
        let wall = bridge::make().await?;
        Ok(Self(Rc::new(wall.unchecked_into())))
    }

    /// Whether an admin has let it in.
    pub(crate) fn is_paired(&self) -> bool {
        self.0.paired()
    }

    /// Stops being a wall. A browser that cannot even forget says so on its console.
    pub(crate) async fn forget(&self) {
        if let Err(error) = self.0.forget().await {
            leptos::logging::error!("the wall's keys cannot be deleted: {error:?}");
        }
    }

    /// The pairing as it stands: the one under way, or a new one.
    ///
    /// # Errors
    /// Unknown, if the one under way is over.
    pub(crate) async fn pairing(&self) -> Result<Pairing, ApiError> {
        let id = self.0.id();
        let pairing = if id.is_empty() {
            let pairing = api::wall::pair(&self.0.public_key(0)).await?;
            self.0
                .named(&pairing.id)
                .await
                .map_err(|error| refused(&error))?;
            pairing
        } else {
            api::wall::pairing(&id).await?
        };
        if pairing.state == PairingState::Approved {
            self.0.let_in().await.map_err(|error| refused(&error))?;
        }
        Ok(pairing)
    }

    /// Comes in, however long that takes.
    pub(crate) async fn enter(&self) -> Entered {
        let mut backoff = Backoff::up_to(LONGEST_MS);
        loop {
            match self.try_to_enter().await {
                Ok(_) => return Entered::In,
                Err(error) if error.is_unknown() => {
                    self.forget().await;
                    return Entered::Revoked;
                }
                Err(error) => {
                    leptos::logging::warn!("the wall could not come in: {error}");
                    if let Some(seconds) = error.retry_after_s() {
                        clock::sleep(wait_ms(seconds)).await;
                    }
                }
            }
            clock::sleep(backoff.next_ms(js_sys::Math::random())).await;
        }
    }

    /// Tries every key once, the newest first.
    async fn try_to_enter(&self) -> Result<Me, ApiError> {
        let mut place = 0;
        loop {
            match self.sign_in(place).await {
                Err(error) if error.code() == Some("bad_signature") => {
                    place += 1;
                    if place >= self.0.count() {
                        return Err(error);
                    }
                }
                other => return other,
            }
        }
    }

    async fn sign_in(&self, place: u32) -> Result<Me, ApiError> {
        let device = self.0.id();
        let challenge = api::wall::challenge(&device).await?;
        let turn = Turn::new(place, challenge.rotate);
        if turn.makes {
            self.0.add_key().await.map_err(|error| refused(&error))?;
        }
        let next_key = turn.next.map(|next| self.0.public_key(next));
        let text = signed_text(&challenge.nonce, next_key.as_deref());
        let signature = self
            .0
            .sign(turn.signs, &text)
            .await
            .map_err(|error| refused(&error))?;
        let me = api::wall::sign_in(&DeviceSignIn {
            device,
            nonce: challenge.nonce,
            signature: signature.as_string().unwrap_or_default(),
            next_key,
        })
        .await?;
        let (from, to) = turn.kept();
        if let Err(error) = self.0.keep_keys(from, to).await {
            // It is in; the key that is of no more use is refused next time, and costs a try.
            leptos::logging::warn!("an old key of the wall stays: {error:?}");
        }
        Ok(me)
    }
}

/// One try to come in: which keys play which part, by their places with the newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Turn {
    /// The key that signs.
    signs: u32,
    /// The key that is to sign from the next time on.
    next: Option<u32>,
    /// Whether a key has to be made first, which moves all others down by one.
    makes: bool,
}

impl Turn {
    /// The key at `place` is tried; with `rotate` it has to bring its successor. That is the key
    /// before it, which the server has just refused and so does not know, else a new one.
    fn new(place: u32, rotate: bool) -> Self {
        match (rotate, place.checked_sub(1)) {
            (false, _) => Self {
                signs: place,
                next: None,
                makes: false,
            },
            (true, Some(before)) => Self {
                signs: place,
                next: Some(before),
                makes: false,
            },
            (true, None) => Self {
                signs: 1,
                next: Some(0),
                makes: true,
            },
        }
    }

    /// The first and last place of the keys that are kept when the server has let the wall in: the
    /// one that signed, and its successor until that has worked.
    fn kept(self) -> (u32, u32) {
        (self.next.unwrap_or(self.signs), self.signs)
    }
}

/// What is signed.
fn signed_text(nonce: &str, next_key: Option<&str>) -> String {
    match next_key {
        Some(key) => format!("{PURPOSE}:{nonce}:{key}"),
        None => format!("{PURPOSE}:{nonce}"),
    }
}

fn wait_ms(seconds: u32) -> i32 {
    i32::try_from(seconds.min(LOCKED_S_MAX) * 1_000).unwrap_or(i32::MAX)
}

/// What the browser does not let the wall do, as a failure like any other.
fn refused(reason: &JsValue) -> ApiError {
    let words = reason.dyn_ref::<js_sys::Error>();
    ApiError::Network {
        path: "js/device.mjs".to_owned(),
        reason: words.map_or_else(
            || format!("{reason:?}"),
            |error| String::from(error.message()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_rotation_the_key_that_worked_is_the_only_one_kept() {
        assert_eq!(Turn::new(0, false).kept(), (0, 0));
        // An answer was lost: the newest key was refused, the one behind it works.
        assert_eq!(Turn::new(1, false).kept(), (1, 1));
    }

    #[test]
    fn a_new_key_stands_before_the_one_that_signed_for_it_and_both_are_kept() {
        let turn = Turn::new(0, true);
        assert!(turn.makes);
        assert_eq!((turn.next, turn.signs), (Some(0), 1));
        assert_eq!(turn.kept(), (0, 1));
    }

    #[test]
    fn a_key_that_the_server_never_got_is_brought_again_instead_of_piling_up() {
        let turn = Turn::new(1, true);
        assert!(!turn.makes);
        assert_eq!((turn.next, turn.signs), (Some(0), 1));
    }

    #[test]
    fn the_new_key_is_part_of_what_is_signed() {
        assert_eq!(signed_text("n", None), "egret-device-v1:n");
        assert_eq!(signed_text("n", Some("k")), "egret-device-v1:n:k");
    }
}
