//! A browser without a screen: it keeps cookies, follows redirects, and fills in the sign-in form.

use std::collections::HashMap;

use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::Url;

/// Where issuers send people back to. Nobody listens there: the browser stops before it.
pub(crate) const REDIRECT: &str = "http://127.0.0.1:4711/api/v1/oidc/callback";

/// Redirects that are followed before the test fails.
const REDIRECTS_MAX: usize = 10;

pub(crate) fn redirect() -> Url {
    REDIRECT.parse().unwrap()
}

pub(crate) struct Browser {
    client: Client,
    cookies: HashMap<String, String>,
}

/// Where a browser has come to.
enum Place {
    Page(Url),
    Back(HashMap<String, String>),
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .danger_accept_invalid_certs(true);
        Self {
            client: client.build().unwrap(),
            cookies: HashMap::new(),
        }
    }

    /// Goes to the issuer, signs in as `login`, or refuses; what comes back to Egret.
    pub(crate) async fn sign_in(
        &mut self,
        begun: &Url,
        form: &[(&str, &str)],
    ) -> HashMap<String, String> {
        let response = self.ask(self.client.get(begun.clone())).await;
        match self.follow(begun.clone(), response).await {
            Place::Back(query) => query,
            Place::Page(page) => {
                let response = self.ask(self.client.post(page.clone()).form(form)).await;
                match self.follow(page, response).await {
                    Place::Back(query) => query,
                    Place::Page(page) => panic!("{page} instead of the way back"),
                }
            }
        }
    }

    async fn follow(&mut self, mut url: Url, mut response: Response) -> Place {
        for _ in 0..REDIRECTS_MAX {
            if !response.status().is_redirection() {
                let status = response.status();
                assert!(status.is_success(), "{url} answers {status}");
                return Place::Page(url);
            }
            let location = response.headers()[LOCATION].to_str().unwrap();
            url = url.join(location).unwrap();
            if url.as_str().starts_with(REDIRECT) {
                return Place::Back(url.query_pairs().into_owned().collect());
            }
            response = self.ask(self.client.get(url.clone())).await;
        }
        panic!("{url} redirects without end");
    }

    async fn ask(&mut self, request: reqwest::RequestBuilder) -> Response {
        let cookies = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        let cookies = cookies.collect::<Vec<_>>().join("; ");
        let response = request.header(COOKIE, cookies).send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        response
    }
}
