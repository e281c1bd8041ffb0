//! What a `LiveView` makes of what the browser sends: whether an event may reach its handler, and with which arguments.

mod coercion;
mod model;
mod names;
mod signature;
mod validation;

pub use coercion::coerce;
pub use model::{ModelFields, ModelRefused};
pub use names::{is_event_name, near_miss};
pub use signature::{Parameter, ParameterType, Signature};
pub use validation::{Arguments, Refused, RefusedReason, TypeMismatch};
