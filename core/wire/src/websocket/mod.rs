//! RFC 6455 without a socket: bytes in, messages out.
//!
//! The decoder looks on. It accepts what a peer might refuse (a wrong mask
//! bit, a length in too many bytes) as long as the meaning is clear, and stops
//! at the first thing whose meaning is not. An endpoint asks it for more:
//! [`Decoder::requiring_masks`].

mod decoder;
mod deflate;

pub use decoder::{Decoder, Event, Failure, Payload};
pub use deflate::{Deflate, Extensions, Peer};
