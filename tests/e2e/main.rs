//! The whole of djscope as a user meets it.

#![allow(clippy::unwrap_used)]

mod attach_probe;
mod attach_without_probe;
mod bad_input;
mod client_of_ours;
mod client_patches;
mod demo;
mod djbug;
mod document;
mod engine_lines;
mod equal_pages;
mod faults;
mod found_servers;
mod hostile_recordings;
mod hub;
mod journeys;
mod kills;
mod lifecycle;
mod matrix;
mod passing_through;
mod probe_words;
mod python_source;
mod replay_to_browser;
mod replay_to_server;
mod rerun;
mod rerun_databases;
mod second_project;
mod secrets;
mod seed_coverage;
mod seed_rows;
mod server_facts;
mod started;
mod survival;
mod tests_of_turns;
mod verdicts;
mod what_is_recorded;
