//! The panel without a window: what it shows, what it asks, how it looks.

mod behaviour;
mod contrast;
mod parts;
mod pictures;
mod preview;
mod rerun;
mod shop;
mod stage;
mod ugly;
