//! Sends people to the issuer, and takes them back.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use openidconnect::core::CoreAuthenticationFlow;
use openidconnect::{CsrfToken, Nonce, PkceCodeChallenge, RedirectUrl, Scope};
use tokio::time::Instant;
use url::Url;

use crate::claims::{Known, Signed};
use crate::error::{OidcError, said};
use crate::flows::{Flow, Flows, is_same};
use crate::http::Http;
use crate::limits::BACK_BYTES_MAX;
use crate::provider::{Provider, Providers};
use crate::settings::Settings;
use crate::token::{self, Answer, Claims, Failure, MayBeKeys, Party};

/// Random bytes of a state: nobody guesses 256 bits.
const STATE_BYTES: u32 = 32;

/// Single sign-on by one issuer. Clones share who is on the way.
#[derive(Clone)]
pub struct Oidc(Arc<Inner>);

struct Inner {
    settings: Settings,
    http: Http,
    providers: Providers,
    flows: Mutex<Flows>,
}

/// A sign-in that has begun.
#[derive(Clone, PartialEq, Eq)]
pub struct Begun {
    /// Where the browser goes: the issuer's own page.
    pub url: Url,
    /// For an `HttpOnly` cookie of this browser: with it, [`Oidc::finish`] knows that whoever comes
    /// back is who was sent. SameSite=Lax, for the way back is a navigation from another site.
    pub state: String,
}

impl Oidc {
    /// Single sign-on as in the settings. Does not talk to the issuer: that happens when somebody
    /// signs in, so that Egret starts without it.
    ///
    /// # Errors
    /// [`OidcError::Settings`] names what cannot be used.
    pub fn new(settings: Settings) -> Result<Self, OidcError> {
        settings.check()?;
        let http = Http::new(&settings)?;
        Ok(Self(Arc::new(Inner {
            providers: Providers::new(settings.issuer.clone(), http.clone()),
            flows: Mutex::default(),
            settings,
            http,
        })))
    }

    /// What the button says.
    pub fn name(&self) -> &str {
        &self.0.settings.name
    }

    /// Begins a sign-in. `redirect` is the address of Egret where the issuer sends people back to,
    /// as it is registered there; `back` is where they want to go then, which is remembered as it is:
    /// the caller sees to it that it is a page of Egret. One longer than 2,048 bytes becomes `/`.
    ///
    /// # Errors
    /// [`OidcError::Unreachable`] and [`OidcError::Unfit`].
    pub async fn start(&self, redirect: Url, back: String) -> Result<Begun, OidcError> {
        let provider = self.0.providers.current().await?;
        let party = self.party(&provider, &redirect);
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.0.settings.scopes.iter().cloned().map(Scope::new);
        let (url, state, nonce) = party
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new_random_len(STATE_BYTES),
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        let state = state.into_secret();
        let back = if back.len() > BACK_BYTES_MAX {
            "/".to_owned()
        } else {
            back
        };
        self.flows().add(Flow {
            state: state.clone(),
            nonce,
            verifier,
            redirect,
            back,
            begun_at: Instant::now(),
        });
        Ok(Begun { url, state })
    }

    /// Ends a sign-in with the state of this browser's cookie, and state and code of the address
    /// that it came back to.
    ///
    /// # Errors
    /// Any but [`OidcError::Settings`]. Nobody is signed in then, and the sign-in is over; only with
    /// a cookie of another sign-in it is not, for then others may have made up the address.
    pub async fn finish(
        &self,
        cookie_state: &str,
        query_state: &str,
        code: &str,
    ) -> Result<Signed, OidcError> {
        let flow = self.take(cookie_state, query_state)?;
        let settings = &self.0.settings;
        let provider = self.0.providers.current().await?;
        let party = self.party(&provider, &flow.redirect);
        let answer = token::exchange(&party, &self.0.http, code, flow.verifier).await;
        let answer = answer.map_err(|failure| self.told(failure))?;
        let claims = self
            .verified(&provider, &party, &answer, &flow.nonce)
            .await?;
        let mut known = Known::new(&claims)?;
        if !known.has_name(settings) {
            let access_token = openidconnect::OAuth2TokenResponse::access_token(&answer);
            let more = token::user_info(&party, &self.0.http, access_token, claims.subject()).await;
            if let Some(more) = more.map_err(|failure| self.told(failure))? {
                known.add(Known::new(&more)?);
            }
        }
        known.signed(settings, flow.back)
    }

    /// Ends a sign-in that the issuer has sent back with an `error` instead of a code: what to tell.
    /// What others have made up is not repeated: without the states it is [`OidcError::BadState`].
    pub fn denied(
        &self,
        cookie_state: &str,
        query_state: &str,
        error: &str,
        description: Option<&str>,
    ) -> OidcError {
        match (self.take(cookie_state, query_state), description) {
            (Err(bad), _) => bad,
            (Ok(_), None) => OidcError::Denied(said(error)),
            (Ok(_), Some(words)) => OidcError::Denied(said(&format!("{error}: {words}"))),
        }
    }

    /// Where the browser signs out of the issuer, too; `None` if it has no such page, or nobody has
    /// signed in since the start.
    pub fn sign_out_url(&self) -> Option<Url> {
        let mut url = self.0.providers.sign_out_url()?;
        url.query_pairs_mut()
            .append_pair("client_id", &self.0.settings.client_id);
        Some(url)
    }

    fn take(&self, cookie_state: &str, query_state: &str) -> Result<Flow, OidcError> {
        if !is_same(cookie_state, query_state) {
            return Err(OidcError::BadState);
        }
        let flow = self.flows().take(query_state, Instant::now());
        flow.ok_or(OidcError::BadState)
    }

    /// What the issuer has signed; by newer keys, if its keys may have changed.
    async fn verified(
        &self,
        provider: &Provider,
        party: &Party,
        answer: &Answer,
        nonce: &Nonce,
    ) -> Result<Claims, OidcError> {
        match token::verified(party, answer, nonce) {
            Ok(claims) => Ok(claims),
            Err((error, MayBeKeys(false))) => Err(error),
            Err((error, MayBeKeys(true))) => {
                let Some(newer) = self.0.providers.with_newer_keys(provider).await? else {
                    return Err(error);
                };
                let party = token::party(&self.0.settings, &newer, None);
                token::verified(&party, answer, nonce).map_err(|(error, _)| error)
            }
        }
    }

    fn party(&self, provider: &Provider, redirect: &Url) -> Party {
        let redirect = RedirectUrl::from_url(redirect.clone());
        token::party(&self.0.settings, provider, Some(redirect))
    }

    fn told(&self, failure: Failure) -> OidcError {
        match failure {
            Failure::Http(error) => self.0.providers.unreachable(&error),
            Failure::Told(error) => error,
        }
    }

    fn flows(&self) -> MutexGuard<'_, Flows> {
        self.0.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Oidc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Oidc").field(&self.0.settings).finish()
    }
}

impl fmt::Debug for Begun {
    /// The state stays out of logs, and with it the address.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Begun").finish_non_exhaustive()
    }
}
