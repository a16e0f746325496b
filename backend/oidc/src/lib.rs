//! Egret's single sign-on: the OpenID Connect code flow with PKCE.
