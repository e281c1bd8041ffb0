//! A hub that is asked one thing after the other.

use std::time::Duration;

use djscope_hub::{Answer, Bell, Client, Event, Query, Status, Waiting};

use crate::failure::Failure;
use crate::hub::Place;

/// How long the hub may take for one answer: a filter over a million turns on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client that waits for each answer.
pub type Asking = Waiting<Box<dyn Client>>;

/// Opens a recording, or connects to the hub of another djscope.
pub fn open(place: &Place) -> Result<Asking, Failure> {
    let bell = Bell::default();
    let rung = bell.clone();
    let client = place.client(move || rung.ring())?;
    Ok(Waiting::new(client, bell, PATIENCE))
}

/// Waits until the hub has looked at the whole recording, so that filters know its findings.
pub fn when_diagnosed(hub: &mut Asking) -> Result<Status, Failure> {
    loop {
        let Answer::Status(status) = hub.query(Query::Status)? else {
            return Err(unexpected());
        };
        if status.is_diagnosed {
            return Ok(*status);
        }
        while !matches!(hub.next_event(PATIENCE), Some(Event::Status(_)) | None) {}
    }
}

/// The hub has answered another question.
pub fn unexpected() -> Failure {
    Failure::new("the hub answers another question").with_hint("are both djscopes of the same version?")
}
