//! Headers that tell a browser what it may do with an answer, and which requests come from our own
//! pages.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, Version, header};

/// What a screen may load and run: its own files, and WebAssembly. No inline script or style.
///
/// `blob:` is for the map library, which makes its worker and images that way.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    style-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; connect-src 'self'; \
    frame-ancestors 'self'; base-uri 'none'; form-action 'self'; object-src 'none'";

/// An answer of the API is no page: opened as one, it may do nothing.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'";

/// A page of another host can send a browser here, but cannot set this header without being asked
/// for permission first, which it does not get.
const OURS: &str = "x-egret";

/// Puts the headers on an answer.
pub(crate) fn protect(headers: &mut HeaderMap, is_page: bool, is_secure: bool) {
    let policy = if is_page { PAGE_POLICY } else { DATA_POLICY };
    // An answer may be held tighter, and says so itself.
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static(policy));
    let fixed: [(HeaderName, &'static str); 5] = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "SAMEORIGIN"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    );
    if !is_page {
        // A shared machine's browser must not show an answer to whoever comes next. Tiles of the map
        // say themselves that they are asked for each time.
        let answer = HeaderValue::from_static("no-store");
        headers.entry(header::CACHE_CONTROL).or_insert(answer);
    }
    if is_secure {
        let always = HeaderValue::from_static("max-age=31536000");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, always);
    }
}

/// Why a request is not taken to come from one of our own pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Foreign {
    /// `Origin` is another than the host asked.
    #[error("the request comes from a page of another origin")]
    Origin,
    /// `Sec-Fetch-Site` says that another site asked.
    #[error("the request comes from a page of another site")]
    Site,
    /// The header that our pages send is missing.
    #[error("the header X-Egret is missing: requests that change something need it")]
    Unmarked,
    /// The host asked for is a name that stands for this machine only to a foreign page.
    #[error("an open server answers to loopback names and addresses only")]
    Host,
}

/// Whether a request by cookie that changes something comes from one of our pages.
///
/// # Errors
/// [`Foreign`].
///
/// # Source
/// OWASP Cross-Site Request Forgery Prevention: custom header, origin and fetch metadata together.
pub(crate) fn from_our_page(
    headers: &HeaderMap,
    uri: &Uri,
    is_secure: bool,
) -> Result<(), Foreign> {
    from_our_origin(headers, uri, is_secure)?;
    let site = headers.get("sec-fetch-site");
    if site.is_some_and(|site| site != "same-origin") {
        return Err(Foreign::Site);
    }
    if headers.contains_key(OURS) {
        Ok(())
    } else {
        Err(Foreign::Unmarked)
    }
}

/// Whether a request's `Origin`, if it has one, is the host that it asks. Other programs than
/// browsers send none. Under TLS a page in clear of the same host is none of ours: whoever sits on
/// the line could have written it.
///
/// # Errors
/// [`Foreign::Origin`].
pub(crate) fn from_our_origin(
    headers: &HeaderMap,
    uri: &Uri,
    is_secure: bool,
) -> Result<(), Foreign> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let host = host(headers, uri);
    let origin = origin.to_str().ok().and_then(|text| {
        let (scheme, host) = text.split_once("://")?;
        // A proxy before us may speak TLS in our place.
        (scheme == "https" || (scheme == "http" && !is_secure)).then_some(host)
    });
    if origin.is_some() && origin == host {
        Ok(())
    } else {
        Err(Foreign::Origin)
    }
}

/// Whether the host asked for is this machine by a name that nobody else can claim.
///
/// # Errors
/// [`Foreign::Host`].
pub(crate) fn to_loopback(headers: &HeaderMap, uri: &Uri) -> Result<(), Foreign> {
    let Some(host) = host(headers, uri) else {
        return Ok(());
    };
    let (name, rest) = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']').unwrap_or((v6, "")),
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let is_digits = |port: &str| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    let has_port = rest.is_empty() || rest.strip_prefix(':').is_some_and(is_digits);
    let is_local = name.eq_ignore_ascii_case("localhost")
        || name
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if is_local && has_port {
        Ok(())
    } else {
        Err(Foreign::Host)
    }
}

fn host<'a>(headers: &'a HeaderMap, uri: &'a Uri) -> Option<&'a str> {
    let named = || headers.get(header::HOST)?.to_str().ok();
    // HTTP/2 has it in the address; where HTTP/1 has one there, it counts (RFC 9112, 3.2.2).
    uri.authority().map(Authority::as_str).or_else(named)
}

/// Whether a request says once and for certain which host it is for.
///
/// # Source
/// RFC 9112, section 3.2: a server answers 400 to HTTP/1.1 without `Host`, or with two of them.
pub(crate) fn names_one_host(request: &Request) -> bool {
    let n_hosts = request.headers().get_all(header::HOST).iter().count();
    match request.version() {
        Version::HTTP_11 => n_hosts == 1,
        _ => n_hosts <= 1,
    }
}

/// Whether a method changes nothing.
pub(crate) fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        };
        pairs.iter().map(pair).collect()
    }

    fn ours(pairs: &[(&'static str, &'static str)]) -> Result<(), Foreign> {
        from_our_page(&headers(pairs), &Uri::from_static("/"), false)
    }

    #[test]
    fn under_tls_a_page_in_clear_is_none_of_ours() {
        let asked = |origin| {
            let pairs = headers(&[("host", "egret.city"), ("origin", origin)]);
            from_our_origin(&pairs, &Uri::from_static("/"), true)
        };
        assert_eq!(asked("https://egret.city"), Ok(()));
        assert_eq!(asked("http://egret.city"), Err(Foreign::Origin));
    }

    #[test]
    fn only_our_own_pages_change_something_by_cookie() {
        let host = ("host", "egret.city:8080");
        let mark = ("x-egret", "1");
        assert_eq!(ours(&[host, mark]), Ok(()));
        let origin = ("origin", "https://egret.city:8080");
        assert_eq!(
            ours(&[host, mark, origin, ("sec-fetch-site", "same-origin")]),
            Ok(())
        );
        assert_eq!(ours(&[host, origin]), Err(Foreign::Unmarked));
        for other in [
            "https://egret.city",
            "https://evil.example",
            "null",
            "egret.city:8080",
        ] {
            assert_eq!(ours(&[host, mark, ("origin", other)]), Err(Foreign::Origin));
        }
        for site in ["cross-site", "same-site", "none"] {
            assert_eq!(
                ours(&[host, mark, ("sec-fetch-site", site)]),
                Err(Foreign::Site)
            );
        }
    }

    #[test]
    fn an_open_server_has_no_name_that_a_foreign_page_could_give_it() {
        let asked = |host| to_loopback(&headers(&[("host", host)]), &Uri::from_static("/"));
        for host in [
            "localhost",
            "LOCALHOST:8080",
            "127.0.0.1:1",
            "127.0.0.2",
            "[::1]:8080",
        ] {
            assert_eq!(asked(host), Ok(()), "{host}");
        }
        for host in [
            "evil.example:8080",
            "127.0.0.1.evil.example",
            "localhost:80.evil.example",
            "localhost:80.evil.example:80",
            "10.0.0.1",
            "[::2]",
            "",
        ] {
            assert_eq!(asked(host), Err(Foreign::Host), "{host}");
        }
    }
}
