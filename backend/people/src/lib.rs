//! Egret's people: accounts, sessions, tokens, walls, gateways, what each may do, and the audit trail.

pub mod rights;
