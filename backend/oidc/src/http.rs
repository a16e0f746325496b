//! Requests to the issuer: over TLS unless it is on this machine, within a time, with an answer of a
//! bounded size, and without following it anywhere else.
//!
//! `reqwest` rather than a client of our own over hyper: an intranet's issuer may be behind
//! `HTTPS_PROXY`, and a host may have an address that does not answer beside one that does.

use std::fs;
use std::future::Future;
use std::pin::Pin;

use egret_shared::chain::chain;
use openidconnect::http::Response;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use thiserror::Error;

use crate::error::OidcError;
use crate::limits::{ANSWER_BYTES_MAX, REQUEST_TIMEOUT};
use crate::settings::{Settings, is_loopback, may_be_asked};

/// The client for one issuer.
#[derive(Clone)]
pub(crate) struct Http(Client);

/// Why there is no answer.
#[derive(Debug, Error)]
pub(crate) enum HttpError {
    #[error("{0}: expected https")]
    Open(String),
    #[error("{url}: {why}")]
    Failed { url: String, why: String },
    #[error("{0}: the answer is larger than {ANSWER_BYTES_MAX} bytes")]
    TooLarge(String),
    #[error("{0}")]
    Malformed(String),
}

impl Http {
    /// A client that trusts the system's authorities and those of the settings.
    ///
    /// # Errors
    /// [`OidcError::Settings`] if the file with the authorities cannot be used.
    pub(crate) fn new(settings: &Settings) -> Result<Self, OidcError> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .timeout(REQUEST_TIMEOUT)
            .user_agent(concat!("egret/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&settings.issuer) {
            // No proxy can reach what is on this machine.
            builder = builder.no_proxy();
        }
        for certificate in authorities(settings)? {
            builder = builder.add_root_certificate(certificate);
        }
        let client = builder.build();
        client
            .map(Self)
            .map_err(|error| OidcError::Settings(format!("no TLS: {}", chain(&error))))
    }

    async fn ask(client: Client, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let request = reqwest::Request::try_from(request)
            .map_err(|error| HttpError::Malformed(chain(&error)))?;
        let url = request.url().clone();
        if !may_be_asked(&url) {
            return Err(HttpError::Open(url.into()));
        }
        let failed = |error: reqwest::Error| HttpError::Failed {
            url: url.to_string(),
            why: chain(&error.without_url()),
        };
        let mut response = client.execute(request).await.map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(HttpError::TooLarge(url.into()));
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(Self::ask(self.0.clone(), request))
    }
}

/// The authorities of the settings' file, at least one if there is a file.
fn authorities(settings: &Settings) -> Result<Vec<Certificate>, OidcError> {
    let Some(path) = &settings.ca else {
        return Ok(Vec::new());
    };
    let place = path.display();
    let fail = |why: String| OidcError::Settings(format!("authority {place}: {why}"));
    let pem = fs::read(path).map_err(|error| fail(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| fail(chain(&error)))?;
    if certificates.is_empty() {
        return Err(fail(
            "has no certificate: expected PEM, -----BEGIN CERTIFICATE-----".to_owned(),
        ));
    }
    Ok(certificates)
}
