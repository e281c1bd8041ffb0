//! How many connections may be open as a WebSocket.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::options::Limits;

/// The places for those connections.
#[derive(Debug)]
pub struct Places {
    limits: Limits,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A place that is taken for as long as this value lives.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            taken: Mutex::default(),
        }
    }

    /// Takes a place for somebody, if there is one.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let of_address = taken.by_address.get(&address).copied().unwrap_or(0);
        let is_crowded = !address.is_loopback() && of_address >= self.limits.max_connections_per_address;
        if taken.total >= self.limits.max_connections || is_crowded {
            return None;
        }
        taken.total += 1;
        taken.by_address.insert(address, of_address + 1);
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }

    /// How many are taken.
    pub fn taken(&self) -> usize {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.total -= 1;
        let of_address = taken.by_address.get(&self.address).copied().unwrap_or(0);
        if of_address > 1 {
            taken.by_address.insert(self.address, of_address - 1);
        } else {
            taken.by_address.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_cannot_take_all_and_the_loopback_interface_can() {
        let limits = Limits {
            max_connections: 3,
            max_connections_per_address: 1,
            ..Limits::default()
        };
        let places = Arc::new(Places::new(limits));
        let far = IpAddr::from([192, 0, 2, 1]);
        let near = IpAddr::from([127, 0, 0, 1]);
        let first = places.take(far).unwrap();
        assert!(places.take(far).is_none());
        let others = [places.take(near).unwrap(), places.take(near).unwrap()];
        assert!(places.take(near).is_none());
        drop(first);
        assert!(places.take(far).is_some(), "a place that was given back");
        drop(others);
        assert_eq!(places.taken(), 0);
        let taken = places.taken.lock().unwrap();
        assert!(taken.by_address.is_empty(), "{taken:?}");
    }
}
