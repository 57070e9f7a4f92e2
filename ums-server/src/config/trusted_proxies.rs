//! Which peers are proxies of the deployment.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// Addresses and networks whose `X-Forwarded-For` is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Whether this is the address of one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for TrustedProxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, network) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            write!(f, "{separator}{network}")?;
        }
        Ok(())
    }
}

impl FromStr for TrustedProxies {
    type Err = String;

    /// Reads addresses and networks in CIDR notation with commas between them, and white space around them.
    ///
    /// # Errors
    ///
    /// What is allowed, and every entry that is not.
    fn from_str(text: &str) -> Result<Self, String> {
        super::read_list(
            text,
            "addresses or networks such as 10.0.0.7, 172.16.0.0/12, 2001:db8::/32",
            |entry| {
                let network = entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
                // Were everybody a proxy, every client could say that it comes from anywhere.
                network.ok().filter(|network| network.prefix_len() > 0)
            },
        )
        .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_told_from_others() {
        let proxies: TrustedProxies = "127.0.0.1, 10.0.0.0/8,::1 ,2001:db8::/32".parse().unwrap();
        assert_eq!(proxies.to_string(), "127.0.0.1/32, 10.0.0.0/8, ::1/128, 2001:db8::/32");
        for inside in ["127.0.0.1", "10.255.0.1", "::1", "2001:db8:ffff::1", "::ffff:10.0.0.1"] {
            assert!(proxies.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["127.0.0.2", "11.0.0.1", "::2", "2001:db9::1"] {
            assert!(!proxies.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn every_entry_that_is_neither_is_named() {
        let refused = "10.0.0.0/33, proxy, 10.0.0.1, 0.0.0.0/0,".parse::<TrustedProxies>().unwrap_err();
        for entry in [r#""10.0.0.0/33""#, r#""proxy""#, r#""0.0.0.0/0""#, r#""""#] {
            assert!(refused.contains(entry), "{refused}");
        }
        assert!(!refused.contains(r#""10.0.0.1""#), "{refused}");
    }
}
