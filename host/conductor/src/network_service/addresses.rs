//! IP addresses of subnets: which a subnet has, and which of them are given out.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A text is no range of addresses such as `10.0.0.0/24`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a valid IP subnet")]
pub struct CidrError(String);

/// A range of addresses with a common beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cidr {
    first: IpAddr,
    prefix: u32,
}

/// Addresses from the first to the last, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// The first.
    pub first: IpAddr,
    /// The last.
    pub last: IpAddr,
}

/// The number of an address, within its family.
fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address of a number, of the family of another one. None for what is none.
fn like(family: IpAddr, number: u128) -> Option<IpAddr> {
    match family {
        IpAddr::V4(_) => Some(Ipv4Addr::from(u32::try_from(number).ok()?).into()),
        IpAddr::V6(_) => Some(Ipv6Addr::from(number).into()),
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        let wrong = || CidrError(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or_else(wrong)?;
        let host = bits - prefix;
        let mask = 1_u128.checked_shl(host).map_or(0, |size| !(size - 1));
        let first = like(address, number(address) & mask).ok_or_else(wrong)?;
        Ok(Self { first, prefix })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.prefix)
    }
}

impl Cidr {
    /// 4 or 6.
    pub fn version(self) -> u8 {
        if self.first.is_ipv4() { 4 } else { 6 }
    }

    fn last(self) -> u128 {
        let host = (if self.first.is_ipv4() { 32 } else { 128 }) - self.prefix;
        let size = 1_u128.checked_shl(host).map_or(u128::MAX, |size| size - 1);
        number(self.first).saturating_add(size)
    }

    /// Whether an address is in it.
    pub fn contains(self, address: IpAddr) -> bool {
        let same = address.is_ipv4() == self.first.is_ipv4();
        same && (number(self.first)..=self.last()).contains(&number(address))
    }

    /// Whether any address is in both.
    pub fn overlaps(self, other: Self) -> bool {
        self.contains(other.first) || other.contains(self.first)
    }

    /// The address of the gateway if nobody says otherwise: the first after that which names the range.
    pub fn default_gateway(self) -> Option<IpAddr> {
        like(self.first, number(self.first).checked_add(1)?).filter(|address| self.contains(*address))
    }

    /// The addresses that are given out if nobody says otherwise: all but that which names the range, that which reaches all
    /// of it, and the gateway's.
    pub fn default_pools(self, gateway: Option<IpAddr>) -> Vec<Pool> {
        let (first, last) = (number(self.first), self.last());
        let (first, last) = match last - first {
            // So small that nothing is set apart.
            0 | 1 => (first, last),
            _ if self.first.is_ipv4() => (first + 1, last - 1),
            _ => (first + 1, last),
        };
        let between = |from: u128, to: u128| {
            let pool = Pool { first: like(self.first, from)?, last: like(self.first, to)? };
            (from <= to).then_some(pool)
        };
        let gateway = gateway.map(number).filter(|gateway| (first..=last).contains(gateway));
        match gateway {
            None => between(first, last).into_iter().collect(),
            Some(gateway) => {
                let below = gateway.checked_sub(1).and_then(|to| between(first, to));
                let above = gateway.checked_add(1).and_then(|from| between(from, last));
                below.into_iter().chain(above).collect()
            }
        }
    }
}

/// The addresses of one subnet that are given out.
#[derive(Clone, Debug, Default)]
pub(super) struct Allocations {
    taken: BTreeSet<IpAddr>,
    /// That which was given out last: the next one is above it, and begins anew after the end, so that an address rests as
    /// long as it can.
    latest: Option<IpAddr>,
}

impl Allocations {
    /// Gives out the next free address of the pools. None when there is none left.
    pub(super) fn next(&mut self, pools: &[Pool]) -> Option<IpAddr> {
        let above = self.latest.and_then(|latest| self.free_in(pools, |address| address > latest));
        let found = above.or_else(|| self.free_in(pools, |_| true))?;
        self.latest = Some(found);
        self.taken.insert(found);
        Some(found)
    }

    /// The first free address of the pools that is wanted; what is wanted has no end within a pool.
    fn free_in(&self, pools: &[Pool], wanted: impl Fn(IpAddr) -> bool) -> Option<IpAddr> {
        pools.iter().find_map(|pool| {
            let mut candidate = pool.first;
            if !wanted(candidate) {
                if !wanted(pool.last) {
                    return None;
                }
                // What was given out last is within this pool.
                candidate = like(pool.first, number(self.latest?).checked_add(1)?)?;
            }
            while self.taken.contains(&candidate) {
                candidate = like(pool.first, number(candidate).checked_add(1)?)?;
            }
            (number(candidate) <= number(pool.last)).then_some(candidate)
        })
    }

    /// Gives out this address. Answers whether it was free.
    pub(super) fn take(&mut self, address: IpAddr) -> bool {
        self.taken.insert(address)
    }

    /// Takes an address back.
    pub(super) fn give_back(&mut self, address: IpAddr) {
        self.taken.remove(&address);
    }

    /// How many are given out.
    pub(super) fn len(&self) -> usize {
        self.taken.len()
    }
}

#[cfg(test)]
mod tests {
    use super::{Allocations, Cidr, Pool};
    use std::net::IpAddr;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn cidr(text: &str) -> Cidr {
        text.parse().expect("a range")
    }

    #[test]
    fn a_range_is_written_by_its_first_address_and_knows_what_is_in_it() {
        assert_eq!(cidr("10.1.2.3/24").to_string(), "10.1.2.0/24");
        assert_eq!(cidr("fd00::7/64").to_string(), "fd00::/64");
        assert_eq!(cidr("0.0.0.0/0").to_string(), "0.0.0.0/0");
        for wrong in ["10.0.0.0", "10.0.0.0/33", "10.0.0/24", "fd00::/129", "", "/", "a/8", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Cidr>().is_err(), "{wrong}");
        }
        assert!(cidr("10.0.0.0/8").contains(ip("10.255.255.255")));
        assert!(!cidr("10.0.0.0/8").contains(ip("11.0.0.0")));
        assert!(!cidr("::/0").contains(ip("10.0.0.1")));
        assert!(cidr("::/0").contains(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
        assert!(
            cidr("10.0.0.0/8").overlaps(cidr("10.3.0.0/16"))
                && cidr("10.3.0.0/16").overlaps(cidr("10.0.0.0/8"))
        );
        assert!(!cidr("10.0.0.0/24").overlaps(cidr("10.0.1.0/24")));
    }

    #[test]
    fn pools_leave_out_the_gateway_and_the_ends() {
        let pools = |range: &str, gateway: Option<&str>| -> Vec<String> {
            let pools = cidr(range).default_pools(gateway.map(ip));
            pools.iter().map(|pool| format!("{}-{}", pool.first, pool.last)).collect()
        };
        assert_eq!(pools("10.0.0.0/24", Some("10.0.0.1")), ["10.0.0.2-10.0.0.254"]);
        assert_eq!(pools("10.0.0.0/24", None), ["10.0.0.1-10.0.0.254"]);
        assert_eq!(pools("10.0.0.0/24", Some("10.0.0.9")), ["10.0.0.1-10.0.0.8", "10.0.0.10-10.0.0.254"]);
        assert_eq!(pools("10.0.0.0/32", None), ["10.0.0.0-10.0.0.0"]);
        assert_eq!(pools("10.0.0.0/31", Some("10.0.0.1")), ["10.0.0.0-10.0.0.0"]);
        assert_eq!(pools("fd00::/64", Some("fd00::1")), ["fd00::2-fd00::ffff:ffff:ffff:ffff"]);
        assert_eq!(cidr("10.0.0.0/24").default_gateway(), Some(ip("10.0.0.1")));
        assert_eq!(cidr("10.0.0.0/32").default_gateway(), None);
    }

    #[test]
    fn addresses_are_given_out_upwards_across_pools_and_anew_only_after_the_end() {
        let pools = [
            Pool { first: ip("10.0.0.2"), last: ip("10.0.0.3") },
            Pool { first: ip("10.0.0.6"), last: ip("10.0.0.7") },
        ];
        let mut given = Allocations::default();
        let next = |given: &mut Allocations| given.next(&pools).map(|address| address.to_string());
        assert!(given.take(ip("10.0.0.6")) && !given.take(ip("10.0.0.6")));
        assert_eq!(next(&mut given).as_deref(), Some("10.0.0.2"));
        given.give_back(ip("10.0.0.2"));
        assert_eq!(next(&mut given).as_deref(), Some("10.0.0.3"), "the first one rests");
        assert_eq!(next(&mut given).as_deref(), Some("10.0.0.7"));
        assert_eq!(next(&mut given).as_deref(), Some("10.0.0.2"));
        assert_eq!(next(&mut given), None);
        given.give_back(ip("10.0.0.6"));
        assert_eq!(next(&mut given).as_deref(), Some("10.0.0.6"));
        assert_eq!(given.len(), 4);
    }

    #[test]
    fn the_last_address_of_all_can_be_given_out() {
        let last = ip("255.255.255.255");
        let mut given = Allocations::default();
        assert_eq!(given.next(&[Pool { first: last, last }]), Some(last));
        assert_eq!(given.next(&[Pool { first: last, last }]), None);
    }
}
