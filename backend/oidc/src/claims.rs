//! Who somebody is, from what the issuer says of them.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{OidcError, said};
use crate::settings::Settings;

/// Somebody whom the issuer has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Who says so, as its tokens spell it.
    pub issuer: String,
    /// Who that is to the issuer; with it, the key.
    pub subject: String,
    /// Their name, from the claim of the settings or, where nobody tells it, the subject. Two people
    /// may have the same one.
    pub name: String,
    /// What they are called, or their name.
    pub display: String,
    /// Their groups; none if the issuer says none.
    pub groups: Vec<String>,
    /// Where they wanted to go, as it was given to [`crate::Oidc::start`].
    pub back: String,
}

/// The claims that are not OpenID Connect's own.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Others {
    #[serde(flatten)]
    claims: Map<String, Value>,
}

impl AdditionalClaims for Others {}

/// Everything that is known about somebody, by claim. What the token says comes before what the
/// userinfo endpoint says.
pub(crate) struct Known(Value);

impl Known {
    /// # Errors
    /// [`OidcError::Token`] if the claims are not what they were read as.
    pub(crate) fn new(claims: &impl Serialize) -> Result<Self, OidcError> {
        match serde_json::to_value(claims) {
            Ok(claims @ Value::Object(_)) => Ok(Self(claims)),
            Ok(other) => Err(OidcError::Token(said(&format!(
                "claims {other}: no object"
            )))),
            Err(error) => Err(OidcError::Token(said(&error.to_string()))),
        }
    }

    /// Adds what is not known yet.
    pub(crate) fn add(&mut self, more: Self) {
        if let (Value::Object(known), Value::Object(more)) = (&mut self.0, more.0) {
            for (claim, value) in more {
                known.entry(claim).or_insert(value);
            }
        }
    }

    /// Whether the username claim is there.
    pub(crate) fn has_name(&self, settings: &Settings) -> bool {
        self.text(&settings.username_claim).is_some()
    }

    /// Who it is.
    ///
    /// # Errors
    /// [`OidcError::Claims`] names the claim that is not as it should be.
    pub(crate) fn signed(&self, settings: &Settings, back: String) -> Result<Signed, OidcError> {
        let must = |claim: &str| {
            let text = self.text(claim).map(str::to_owned);
            text.ok_or_else(|| OidcError::Claims(format!("claim {claim}: is missing")))
        };
        let subject = must("sub")?;
        if settings.username_claim == "email"
            && self.0.get("email_verified") == Some(&Value::Bool(false))
        {
            let email = said(self.text("email").unwrap_or_default());
            return Err(OidcError::Claims(format!(
                "claim email: {email} is not verified by the issuer, and names people here"
            )));
        }
        let name = self.text(&settings.username_claim).unwrap_or(&subject);
        Ok(Signed {
            issuer: must("iss")?,
            name: name.to_owned(),
            display: self.text("name").unwrap_or(name).to_owned(),
            groups: self.groups(&settings.groups_claim)?,
            subject,
            back,
        })
    }

    fn groups(&self, claim: &str) -> Result<Vec<String>, OidcError> {
        let wrong = |value: &Value| {
            let value = said(&value.to_string());
            OidcError::Claims(format!("claim {claim}: {value}: expected a list of texts"))
        };
        match self.value(claim) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::String(group)) => Ok(vec![group.clone()]),
            Some(Value::Array(groups)) => groups
                .iter()
                .map(|group| {
                    group
                        .as_str()
                        .map(str::to_owned)
                        .ok_or_else(|| wrong(group))
                })
                .collect(),
            Some(other) => Err(wrong(other)),
        }
    }

    /// A claim's text, if it is one with anything in it.
    fn text(&self, claim: &str) -> Option<&str> {
        let text = self.value(claim)?.as_str()?.trim();
        (!text.is_empty()).then_some(text)
    }

    /// A claim by its name, or by a JSON pointer.
    fn value(&self, claim: &str) -> Option<&Value> {
        if claim.starts_with('/') {
            self.0.pointer(claim)
        } else {
            self.0.get(claim)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings() -> Settings {
        Settings::new("https://id.example.org".parse().unwrap(), "egret")
    }

    fn signed(claims: &Value, settings: &Settings) -> Result<Signed, OidcError> {
        Known::new(claims)?.signed(settings, "/wall".to_owned())
    }

    #[test]
    fn people_have_the_name_of_the_claim_or_their_subject() {
        let claims = json!({
            "iss": "https://id.example.org", "sub": "7", "preferred_username": "lin.yan",
            "name": "林燕", "staff": {"account": "x7"},
        });
        let mut settings = settings();
        let named = signed(&claims, &settings).unwrap();
        assert_eq!(
            named,
            Signed {
                issuer: "https://id.example.org".to_owned(),
                subject: "7".to_owned(),
                name: "lin.yan".to_owned(),
                display: "林燕".to_owned(),
                groups: Vec::new(),
                back: "/wall".to_owned(),
            }
        );
        for (claim, name) in [("/staff/account", "x7"), ("staff", "7"), ("nobody", "7")] {
            claim.clone_into(&mut settings.username_claim);
            assert_eq!(signed(&claims, &settings).unwrap().name, name, "{claim}");
        }
    }

    #[test]
    fn groups_are_a_list_of_texts_or_one_text() {
        let mut settings = settings();
        "/realm_access/roles".clone_into(&mut settings.groups_claim);
        let with = |groups: Value| {
            let roles = json!({ "roles": groups });
            signed(
                &json!({"iss": "i", "sub": "s", "realm_access": roles}),
                &settings,
            )
            .map(|signed| signed.groups)
        };
        assert_eq!(with(json!(["duty", "water"])).unwrap(), ["duty", "water"]);
        assert_eq!(with(json!("duty")).unwrap(), ["duty"]);
        assert_eq!(with(Value::Null).unwrap(), [""; 0]);
        for wrong in [json!({"duty": {}}), json!([7])] {
            let error = with(wrong).unwrap_err().to_string();
            assert!(error.contains("/realm_access/roles"), "{error}");
        }
    }

    #[test]
    fn an_unverified_address_names_nobody() {
        let mut settings = settings();
        let claims = json!({
            "iss": "i", "sub": "s", "email": "chief@example.org", "email_verified": false,
        });
        assert_eq!(signed(&claims, &settings).unwrap().name, "s");
        "email".clone_into(&mut settings.username_claim);
        let error = signed(&claims, &settings).unwrap_err();
        assert!(matches!(error, OidcError::Claims(_)), "{error}");
    }

    #[test]
    fn the_token_comes_before_the_userinfo_endpoint() {
        let mut known = Known::new(&json!({"iss": "i", "sub": "s", "name": "a"})).unwrap();
        assert!(!known.has_name(&settings()));
        let more = json!({"name": "b", "preferred_username": "c", "iss": "other"});
        known.add(Known::new(&more).unwrap());
        assert!(known.has_name(&settings()));
        let signed = known.signed(&settings(), String::new()).unwrap();
        assert_eq!(
            (&*signed.issuer, &*signed.display, &*signed.name),
            ("i", "a", "c")
        );
    }
}
