//! Where may be fetched from.
//!
//! Whoever can name a URL, by the register, by a redirect or by a list of alerts, could otherwise have
//! the server ask what only it can reach: itself, the machines beside it, the address at which a cloud
//! tells its machines their passwords. So an address that is not public is reached only if the settings
//! name it, a network around it or the host; and what gives machines their passwords, only if they
//! name just that address. Addresses are checked after the name is resolved, and the ones that were
//! checked are those that are connected to.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// Where the settings allow to fetch from beside public addresses.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    nets: Vec<IpNet>,
    hosts: BTreeSet<String>,
}

/// Why something is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    /// The address is not public and not allowed.
    #[error(
        "{host} is {what}: it is fetched from once [poll] allow of the settings names it or a \
         network around it"
    )]
    Address {
        /// The host, with the address that it has.
        host: String,
        /// What kind of address that is.
        what: &'static str,
    },
    /// The address belongs to a cloud and not to a feed.
    #[error(
        "{0} is where a cloud tells its machines their passwords: it is fetched from only if [poll] \
         allow of the settings names just this address"
    )]
    Metadata(String),
    /// Another scheme.
    #[error("{0}:// is not fetched: only http:// and https:// are")]
    Scheme(String),
    /// A redirect that gives up TLS.
    #[error("it redirects from https to http, to {0}")]
    Downgrade(String),
    /// A name or password in the URL.
    #[error("a URL with a name or password in it is not fetched: {0}")]
    Userinfo(String),
}

/// Where clouds tell their machines their names and passwords.
///
/// # Source
/// The documentation of AWS, Azure, Google Cloud, DigitalOcean and OpenStack (169.254.169.254, and
/// IPv6 of AWS and Google), of AWS's containers, of Azure's agent, of Alibaba Cloud, Oracle and Tencent
/// Cloud.
const METADATA: [IpAddr; 9] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 2)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 170, 23)),
    IpAddr::V4(Ipv4Addr::new(169, 254, 0, 23)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

impl Guard {
    /// What the entries of `[poll] allow` come to: addresses, networks, hosts.
    ///
    /// # Errors
    /// A sentence about the first that is none of these.
    pub fn new(allow: &[String]) -> Result<Self, String> {
        let mut guard = Self::default();
        for entry in allow {
            if let Ok(net) = entry.parse::<IpNet>() {
                guard.nets.push(net.trunc());
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                guard.nets.push(IpNet::from(address.to_canonical()));
            } else {
                guard.hosts.insert(host_name(entry)?);
            }
        }
        Ok(guard)
    }

    /// Whether a URL may be fetched as far as it says itself: a name in it is checked once it is
    /// resolved.
    ///
    /// # Errors
    /// Why not.
    pub fn check_url(&self, url: &Url) -> Result<(), Forbidden> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Forbidden::Scheme(url.scheme().to_owned()));
        }
        let host = url.host_str().unwrap_or_default();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::Userinfo(host.to_owned()));
        }
        match url.host() {
            Some(Host::Ipv4(address)) => self.check(host, address.into()),
            Some(Host::Ipv6(address)) => self.check(host, address.into()),
            Some(Host::Domain(_)) => Ok(()),
            None => Err(Forbidden::Scheme(url.scheme().to_owned())),
        }
    }

    /// Whether `address`, which is `host`'s, may be connected to.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, host: &str, address: IpAddr) -> Result<(), Forbidden> {
        let shown = || {
            let bare = host.trim_matches(['[', ']']);
            if bare == address.to_string() {
                bare.to_owned()
            } else {
                format!("{bare} ({address})")
            }
        };
        let reached = reached(address);
        let is_named = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        let holds = |net: &IpNet| net.contains(&address) || net.contains(&reached);
        if METADATA.contains(&reached) {
            let mut nets = self.nets.iter();
            return if nets.any(|net| is_named(net) && holds(net)) {
                Ok(())
            } else {
                Err(Forbidden::Metadata(shown()))
            };
        }
        let Some(what) = not_public(reached) else {
            return Ok(());
        };
        let host_name = host.trim_end_matches('.').to_ascii_lowercase();
        if self.nets.iter().any(holds) || self.hosts.contains(&host_name) {
            return Ok(());
        }
        Err(Forbidden::Address {
            host: shown(),
            what,
        })
    }
}

/// A host as it stands in a URL.
fn host_name(entry: &str) -> Result<String, String> {
    let wrong = || {
        format!(
            "\"{entry}\" is neither an address, as 10.1.2.3, nor a network, as 10.1.0.0/16, nor a \
             host, as feeds.example.city"
        )
    };
    if entry.contains(['/', ':', '*', '@', ' ']) {
        return Err(wrong());
    }
    match Host::parse(entry) {
        Ok(Host::Domain(name)) => Ok(name.trim_end_matches('.').to_ascii_lowercase()),
        _ => Err(wrong()),
    }
}

/// The address that one stands for: IPv4 addresses come in several clothes.
///
/// # Source
/// RFC 4291 section 2.5.5 (mapped, compatible), RFC 6052 (NAT64), RFC 3056 (6to4).
fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let v4 = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        // Of these :: and ::1 are addresses of their own.
        [0, 0, 0, 0, 0, 0, high, low] if high != 0 => v4(high, low),
        _ => address,
    }
}

/// What kind of address it is, if it is not a public one.
///
/// # Source
/// The registries of special-purpose addresses of IANA, RFC 6890 and those that followed it.
fn not_public(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => not_public_v4(v4),
        IpAddr::V6(v6) => not_public_v6(v6),
    }
}

fn not_public_v4(v4: Ipv4Addr) -> Option<&'static str> {
    match v4.octets() {
        [127, ..] => Some("this machine itself"),
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] => Some("a private address"),
        [169, 254, ..] => Some("a link-local address"),
        [100, 64..=127, ..] => Some("a shared address of a carrier"),
        [0 | 224..=255, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Some("no address of a host"),
        _ => None,
    }
}

fn not_public_v6(v6: Ipv6Addr) -> Option<&'static str> {
    match v6.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Some("this machine itself"),
        [0xfc00..=0xfdff | 0xfec0..=0xfeff, ..] | [0x64, 0xff9b, 1, ..] => {
            Some("a private address")
        }
        [0xfe80..=0xfebf, ..] => Some("a link-local address"),
        // Teredo, benchmarks, ORCHID and what documents are written with are within the public ones.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Some("no address of a host"),
        [0x2000..=0x3fff, ..] => None,
        _ => Some("no address of a host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(allow: &[&str]) -> Guard {
        let allow: Vec<String> = allow.iter().map(|&entry| entry.to_owned()).collect();
        Guard::new(&allow).unwrap()
    }

    fn may(guard: &Guard, host: &str, address: &str) -> bool {
        guard.check(host, address.parse().unwrap()).is_ok()
    }

    #[test]
    fn without_settings_public_addresses_are_reached_and_no_others() {
        let guard = guard(&[]);
        for public in [
            "93.184.215.14",
            "8.8.8.8",
            "2606:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(may(&guard, "a.example", public), "{public}");
        }
        for other in [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.1.1",
            "100.64.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fd12::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            // The same in other clothes.
            "::ffff:127.0.0.1",
            "::ffff:10.1.2.3",
            "::10.1.2.3",
            "64:ff9b::a01:203",
            "2002:a01:203::1",
        ] {
            assert!(!may(&guard, "a.example", other), "{other}");
        }
    }

    #[test]
    fn the_settings_allow_addresses_networks_and_hosts() {
        let guard = guard(&["127.0.0.1", "10.20.0.0/16", "fd00:7::/32", "Feeds.City"]);
        assert!(may(&guard, "a", "127.0.0.1"));
        assert!(may(&guard, "a", "::ffff:127.0.0.1"));
        assert!(!may(&guard, "a", "127.0.0.2"));
        assert!(may(&guard, "a", "10.20.255.1"));
        assert!(!may(&guard, "a", "10.21.0.1"));
        assert!(may(&guard, "a", "fd00:7::9"));
        assert!(may(&guard, "feeds.city.", "192.168.0.9"));
        assert!(!may(&guard, "other.feeds.city", "192.168.0.9"));
    }

    #[test]
    fn what_gives_machines_their_passwords_has_to_be_named_itself() {
        let metadata = [
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
        ];
        let wide = guard(&["0.0.0.0/0", "::/0", "metadata.internal"]);
        for address in metadata {
            assert!(!may(&wide, "metadata.internal", address), "{address}");
            assert!(may(&guard(&[address]), "metadata.internal", address));
        }
        assert!(!may(&wide, "a", "::ffff:169.254.169.254"));
        assert!(may(&wide, "a", "10.1.2.3"));
    }

    #[test]
    fn urls_say_themselves_when_they_are_no_good() {
        let guard = guard(&[]);
        let said = |url: &str| {
            let forbidden = guard.check_url(&Url::parse(url).unwrap()).unwrap_err();
            forbidden.to_string()
        };
        assert!(said("file:///etc/passwd").starts_with("file:// is not fetched"));
        assert!(said("https://a:b@example.org/").contains("a name or password"));
        for loopback in [
            "http://127.1/",
            "http://0x7f000001/",
            "http://[::1]/",
            "http://2130706433/",
        ] {
            assert!(said(loopback).contains("this machine itself"), "{loopback}");
        }
        assert_eq!(
            said("http://10.0.0.7:8080/x"),
            "10.0.0.7 is a private address: it is fetched from once [poll] allow of the settings \
             names it or a network around it"
        );
        assert_eq!(
            guard.check_url(&Url::parse("https://example.org").unwrap()),
            Ok(())
        );
    }

    #[test]
    fn what_is_neither_address_nor_network_nor_host_is_told() {
        for wrong in ["http://a", "a:80", "10.0.0.0/33", "*.a", "", "a b", "1.2.3"] {
            let said = Guard::new(&[wrong.to_owned()]);
            assert!(said.is_err(), "{wrong}: {said:?}");
        }
    }
}
