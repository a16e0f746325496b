//! The city's single sign-on, as far as grants are concerned: who comes in by it, and with what.

use std::collections::BTreeMap;

use anyhow::Context as _;
use egret_oidc::{Oidc, Settings};
use egret_shared::access::Grant;
use url::Url;

use super::grant_words;
use crate::config::OidcConfig;

/// The single sign-on of a city.
#[derive(Debug)]
pub(crate) struct Sso {
    /// Speaks with the issuer.
    pub oidc: Oidc,
    /// Where the issuer sends browsers back to.
    pub redirect: Url,
    groups: BTreeMap<String, Vec<Grant>>,
}

impl Sso {
    /// The single sign-on that the settings name. The issuer need not be there yet.
    ///
    /// # Errors
    /// A file that cannot be read, an address or a grant that is none.
    pub(crate) fn new(config: &OidcConfig) -> anyhow::Result<Self> {
        let secret = match &config.client_secret_file {
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .with_context(|| format!("oidc.client_secret_file {}", path.display()))?;
                Some(text.trim().to_owned())
            }
            None => None,
        };
        let redirect = config
            .public_url
            .join("/api/v1/oidc/callback")
            .with_context(|| format!("oidc.public_url {}", config.public_url))?;
        let mut groups = BTreeMap::new();
        for (group, words) in &config.groups {
            let grants: Result<Vec<Grant>, String> =
                words.iter().map(|word| grant_words::parse(word)).collect();
            let grants = grants.map_err(|why| anyhow::anyhow!("oidc.groups \"{group}\": {why}"))?;
            groups.insert(group.clone(), grants);
        }
        let oidc = Oidc::new(Settings {
            issuer: config.issuer.clone(),
            client_id: config.client_id.clone(),
            client_secret: secret,
            scopes: config.scopes.clone(),
            name: config.name.clone(),
            ca: config.ca.clone(),
            username_claim: config.username_claim.clone(),
            groups_claim: config.groups_claim.clone(),
        })?;
        Ok(Self {
            oidc,
            redirect,
            groups,
        })
    }

    /// What membership in `groups` grants; `None` if grants do not come from groups.
    pub(crate) fn grants(&self, groups: &[String]) -> Option<Vec<Grant>> {
        if self.groups.is_empty() {
            return None;
        }
        let of = groups.iter().filter_map(|group| self.groups.get(group));
        let mut grants: Vec<Grant> = of.flatten().cloned().collect();
        grants.sort();
        grants.dedup();
        Some(grants)
    }
}
