//! The code for a token, and what the issuer has signed in it.
//!
//! The crate `openidconnect` compares issuer, audience, expiry and nonce, and verifies the
//! signature. What is decided here: which signatures count, and when newer keys are asked for.

use egret_shared::chain::chain;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AccessTokenHash, AuthType, AuthorizationCode, ClaimsVerificationError, Client,
    ClientId, ClientSecret, EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet,
    IdToken, IdTokenClaims, IdTokenFields, IdTokenVerifier, Nonce, OAuth2TokenResponse as _,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, SignatureVerificationError,
    StandardErrorResponse, StandardTokenResponse, SubjectIdentifier, TokenResponse as _,
    UserInfoClaims, UserInfoError,
};

use crate::claims::Others;
use crate::error::{OidcError, said};
use crate::http::{Http, HttpError};
use crate::provider::Provider;
use crate::settings::Settings;

/// Signatures that count: made with a key that only the issuer has. Not `none`, and none that is
/// made with the client's secret (HS256).
const ALGORITHMS: [CoreJwsSigningAlgorithm; 4] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Fields = IdTokenFields<
    Others,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The issuer's answer to a code.
pub(crate) type Answer = StandardTokenResponse<Fields, CoreTokenType>;

/// What the issuer has signed.
pub(crate) type Claims = IdTokenClaims<Others, CoreGenderClaim>;

/// What the issuer says of somebody when asked.
pub(crate) type UserInfo = UserInfoClaims<Others, CoreGenderClaim>;

type Token =
    IdToken<Others, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// Egret as the issuer's client: the crate's `CoreClient`, with [`Others`] among the claims.
pub(crate) type Party = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Egret as `provider`'s client.
pub(crate) fn party(
    settings: &Settings,
    provider: &Provider,
    redirect: Option<RedirectUrl>,
) -> Party {
    let id = ClientId::new(settings.client_id.clone());
    let secret = settings.client_secret.clone().map(ClientSecret::new);
    let mut party = Client::from_provider_metadata(provider.metadata.clone(), id, secret);
    if let Some(redirect) = redirect {
        party = party.set_redirect_uri(redirect);
    }
    let methods = provider.metadata.token_endpoint_auth_methods_supported();
    match methods {
        // Basic is the standard's default, and what every issuer has unless it says otherwise.
        Some(methods)
            if !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost) =>
        {
            party.set_auth_type(AuthType::RequestBody)
        }
        _ => party,
    }
}

/// Why a request with a code or a token came to nothing.
pub(crate) enum Failure {
    /// The issuer cannot be reached.
    Http(HttpError),
    /// Anything else.
    Told(OidcError),
}

/// Exchanges a code.
pub(crate) async fn exchange(
    party: &Party,
    http: &Http,
    code: &str,
    verifier: PkceCodeVerifier,
) -> Result<Answer, Failure> {
    let request = party
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .map_err(|error| token(&chain(&error)))?
        .set_pkce_verifier(verifier);
    request
        .request_async(http)
        .await
        .map_err(|error| match error {
            RequestTokenError::Request(error) => Failure::Http(error),
            RequestTokenError::ServerResponse(refusal) => {
                let mut words = refusal.error().as_ref().to_owned();
                if let Some(description) = refusal.error_description() {
                    words = format!("{words}: {description}");
                }
                Failure::Told(OidcError::Denied(said(&words)))
            }
            // The place alone: the error repeats what is there, and that may be a token.
            RequestTokenError::Parse(error, _) => token(&format!(
                "cannot be read at {}: expected a token of OpenID Connect",
                said(&error.path().to_string())
            )),
            RequestTokenError::Other(why) => token(&why),
        })
}

/// What the issuer has signed, if it has.
///
/// # Errors
/// What is wrong, and whether newer keys may change it.
pub(crate) fn verified(
    party: &Party,
    answer: &Answer,
    nonce: &Nonce,
) -> Result<Claims, (OidcError, MayBeKeys)> {
    let refuse = |why: String| (OidcError::Token(said(&why)), MayBeKeys(false));
    let Some(id_token) = answer.id_token() else {
        return Err(refuse(
            "it has no id_token: is the scope openid granted?".to_owned(),
        ));
    };
    let verifier = party.id_token_verifier().set_allowed_algs(ALGORITHMS);
    let claims = id_token.claims(&verifier, nonce).map_err(|error| {
        let keys = MayBeKeys(matches!(
            &error,
            // A token that does not name its key is tried with the only one there is.
            ClaimsVerificationError::SignatureVerification(
                SignatureVerificationError::NoMatchingKey
                    | SignatureVerificationError::CryptoError(_)
            )
        ));
        (OidcError::Token(said(&chain(&error))), keys)
    })?;
    check_access_token(claims, id_token, &verifier, answer.access_token()).map_err(refuse)?;
    Ok(claims.clone())
}

/// Whether a refusal may be due to keys that the issuer has changed.
pub(crate) struct MayBeKeys(pub(crate) bool);

/// Whether the access token is the one that was issued with the id_token, where that says so.
fn check_access_token(
    claims: &Claims,
    id_token: &Token,
    verifier: &IdTokenVerifier<'_, CoreJsonWebKey>,
    access_token: &AccessToken,
) -> Result<(), String> {
    let Some(expected) = claims.access_token_hash() else {
        return Ok(());
    };
    let algorithm = id_token.signing_alg().map_err(|error| chain(&error))?;
    let key = id_token
        .signing_key(verifier)
        .map_err(|error| chain(&error))?;
    let actual = AccessTokenHash::from_token(access_token, algorithm, key);
    let actual = actual.map_err(|error| chain(&error))?;
    if actual == *expected {
        Ok(())
    } else {
        Err("its access token is not the one that was signed (at_hash)".to_owned())
    }
}

/// What the issuer's userinfo endpoint says of `subject`; `None` if it has none.
pub(crate) async fn user_info(
    party: &Party,
    http: &Http,
    access_token: &AccessToken,
    subject: &SubjectIdentifier,
) -> Result<Option<UserInfo>, Failure> {
    // The crate would panic over it when it writes the header.
    if !access_token
        .secret()
        .bytes()
        .all(|byte| byte.is_ascii_graphic())
    {
        return Err(token("its access token has characters that no header can"));
    }
    let Ok(request) = party.user_info(access_token.clone(), Some(subject.clone())) else {
        return Ok(None);
    };
    let answer = request.request_async(http).await;
    answer.map(Some).map_err(|error| match error {
        UserInfoError::Request(error) => Failure::Http(error),
        UserInfoError::Parse(error) => token(&format!(
            "userinfo: cannot be read at {}",
            said(&error.path().to_string())
        )),
        // The answer itself stays out of it.
        UserInfoError::Response(_, _, why) => token(&format!("userinfo: {why}")),
        other => token(&format!("userinfo: {}", chain(&other))),
    })
}

fn token(why: &str) -> Failure {
    Failure::Told(OidcError::Token(said(why)))
}
