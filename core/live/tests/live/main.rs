//! Views that live. Tests named `row_NN_…` show what row NN of `docs/seed-coverage.md` says.
#![allow(clippy::unwrap_used)]

mod decorators;
mod events;
mod forms;
mod keys;
mod lifecycle;
mod lists;
mod model;
mod parameters;
mod serialization;
mod server_side;
mod site;
mod smoke;
mod state;
