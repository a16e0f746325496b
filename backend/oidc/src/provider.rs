//! What the issuer says of itself: its endpoints and its keys, fetched when somebody signs in and
//! kept for ten minutes.

use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use egret_shared::chain::chain;
use openidconnect::core::CoreJsonWebKeySet;
use openidconnect::http::{Request, StatusCode};
use openidconnect::{AsyncHttpClient as _, DiscoveryError, ProviderMetadataWithLogout};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;
use url::Url;

use crate::error::{OidcError, said};
use crate::http::{Http, HttpError};
use crate::limits::{DISCOVERY_LASTS, FAILURE_LASTS, KEYS_EVERY};
use crate::settings::may_be_asked;

/// The issuer as it has described itself.
#[derive(Clone)]
pub(crate) struct Provider {
    /// Endpoints and keys.
    pub(crate) metadata: ProviderMetadataWithLogout,
    discovered_at: Instant,
    keys_at: Instant,
}

/// The newest description. Only one request for it is on the way at a time; whoever else needs it
/// waits for that one.
pub(crate) struct Providers {
    issuer: Url,
    http: Http,
    slot: Mutex<Slot>,
    /// Where to sign out, for those who cannot wait.
    sign_out: StdMutex<Option<Url>>,
}

#[derive(Default)]
struct Slot {
    newest: Option<Arc<Provider>>,
    failed: Option<(Instant, OidcError)>,
}

impl Providers {
    pub(crate) fn new(issuer: Url, http: Http) -> Self {
        Self {
            issuer,
            http,
            slot: Mutex::default(),
            sign_out: StdMutex::default(),
        }
    }

    /// The issuer's description, not older than ten minutes.
    ///
    /// # Errors
    /// [`OidcError::Unreachable`] and [`OidcError::Unfit`].
    pub(crate) async fn current(&self) -> Result<Arc<Provider>, OidcError> {
        let mut slot = self.slot.lock().await;
        if let Some(newest) = &slot.newest
            && newest.discovered_at.elapsed() < DISCOVERY_LASTS
        {
            return Ok(Arc::clone(newest));
        }
        if let Some((at, error)) = &slot.failed
            && at.elapsed() < FAILURE_LASTS
        {
            return Err(error.clone());
        }
        match self.discover().await {
            Ok(provider) => {
                *self.sign_out() = end_session(&provider);
                slot.failed = None;
                Ok(put(slot, provider))
            }
            Err(error) => {
                slot.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The issuer with keys that are newer than those of `seen`; `None` if they were fetched less
    /// than a minute ago.
    ///
    /// # Errors
    /// [`OidcError::Unreachable`] and [`OidcError::Unfit`].
    pub(crate) async fn with_newer_keys(
        &self,
        seen: &Provider,
    ) -> Result<Option<Arc<Provider>>, OidcError> {
        let mut slot = self.slot.lock().await;
        let newest = slot.newest.as_deref().unwrap_or(seen);
        if newest.keys_at > seen.keys_at {
            return Ok(slot.newest.clone());
        }
        if newest.keys_at.elapsed() < KEYS_EVERY {
            return Ok(None);
        }
        let mut newer = newest.clone();
        // What fails counts as well.
        newer.keys_at = Instant::now();
        slot.newest = Some(Arc::new(newer.clone()));
        let keys = self.keys(&newer.metadata).await?;
        newer.metadata = newer.metadata.set_jwks(keys);
        Ok(Some(put(slot, newer)))
    }

    /// The address for signing out, if the issuer is known and has one.
    pub(crate) fn sign_out_url(&self) -> Option<Url> {
        self.sign_out().clone()
    }

    fn sign_out(&self) -> std::sync::MutexGuard<'_, Option<Url>> {
        self.sign_out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn discover(&self) -> Result<Provider, OidcError> {
        let metadata = self.metadata().await?;
        self.check(&metadata)?;
        let keys = self.keys(&metadata).await?;
        tracing::debug!(issuer = %self.issuer, n_keys = keys.keys().len(), "issuer discovered");
        let now = Instant::now();
        Ok(Provider {
            metadata: metadata.set_jwks(keys),
            discovered_at: now,
            keys_at: now,
        })
    }

    /// Not the crate's own discovery: that compares the issuer's name as text, and to a URL the
    /// slash after a bare host always belongs.
    async fn metadata(&self) -> Result<ProviderMetadataWithLogout, OidcError> {
        let base = self.issuer.as_str().trim_end_matches('/');
        let url = format!("{base}/.well-known/openid-configuration");
        let request = Request::get(&url)
            .header("accept", "application/json")
            .body(Vec::new())
            .map_err(|error| self.unfit(format!("{url}: {error}")))?;
        let answer = self.http.call(request).await;
        let answer = answer.map_err(|error| self.unreachable(&error))?;
        if answer.status() != StatusCode::OK {
            return Err(self.unfit(format!(
                "{url} answers {}: expected 200, is the address right?",
                answer.status()
            )));
        }
        serde_json::from_slice(answer.body())
            .map_err(|error| self.unfit(format!("{url}: {}", said(&error.to_string()))))
    }

    fn check(&self, metadata: &ProviderMetadataWithLogout) -> Result<(), OidcError> {
        if *metadata.issuer().url() != self.issuer {
            let itself = said(metadata.issuer().as_str());
            let why = format!("it calls itself {itself}: write that, if it is the right one");
            return Err(self.unfit(why));
        }
        // Those that Egret asks itself are looked at there; this one the browser does.
        let sign_in = metadata.authorization_endpoint().url();
        if !may_be_asked(sign_in) {
            return Err(self.unfit(format!(
                "its authorization_endpoint is {sign_in}: expected https"
            )));
        }
        if metadata.token_endpoint().is_none() {
            return Err(self.unfit("it has no token_endpoint".to_owned()));
        }
        Ok(())
    }

    async fn keys(
        &self,
        metadata: &ProviderMetadataWithLogout,
    ) -> Result<CoreJsonWebKeySet, OidcError> {
        let url = metadata.jwks_uri();
        let keys = CoreJsonWebKeySet::fetch_async(url, &self.http).await;
        keys.map_err(|error| match error {
            DiscoveryError::Request(error) => self.unreachable(&error),
            DiscoveryError::Parse(error) => {
                self.unfit(format!("{}: {}", **url, said(&error.to_string())))
            }
            // Not the answer itself, which `chain` would leave out but `Debug` would not.
            DiscoveryError::Response(_, _, why) => self.unfit(format!("{}: {}", **url, said(&why))),
            other => self.unfit(format!("{}: {}", **url, said(&chain(&other)))),
        })
    }

    /// What became of a request.
    pub(crate) fn unreachable(&self, error: &HttpError) -> OidcError {
        OidcError::Unreachable {
            issuer: self.issuer.to_string(),
            why: error.to_string(),
        }
    }

    fn unfit(&self, why: String) -> OidcError {
        OidcError::Unfit {
            issuer: self.issuer.to_string(),
            why,
        }
    }
}

fn put(mut slot: MutexGuard<'_, Slot>, provider: Provider) -> Arc<Provider> {
    let provider = Arc::new(provider);
    slot.newest = Some(Arc::clone(&provider));
    provider
}

fn end_session(provider: &Provider) -> Option<Url> {
    let endpoint = &provider.metadata.additional_metadata().end_session_endpoint;
    let url = endpoint.as_ref()?.url();
    may_be_asked(url).then(|| url.clone())
}
