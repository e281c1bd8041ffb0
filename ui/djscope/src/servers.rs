//! `djscope attach` without an address: the dev servers that listen on loopback.

use djscope_capture::servers::{FoundServer, Sees, found};

use crate::arguments::LiveArguments;
use crate::failure::Failure;
use crate::terminal::{note, say, say_json};

/// Prints them, one a line.
///
/// # Errors
///
/// If the options ask for a recording.
pub fn list(options: &LiveArguments) -> Result<(), Failure> {
    if wants_to_record(options) {
        return Err(Failure::new("attach records a server, and none is named")
            .with_hint("djscope attach lists those that run, djscope attach URL records one"));
    }
    let servers = found();
    for server in &servers {
        if options.json {
            say_json(server);
        } else {
            say(line(server));
        }
    }
    if servers.is_empty() {
        note!("no Python of this user listens on loopback: start the server, or give its address");
    } else if servers.iter().any(|server| server.sees == Sees::Djust) {
        note!(
            "djscope probe install puts a probe into the environment, for servers that are started after it"
        );
    }
    Ok(())
}

fn wants_to_record(options: &LiveArguments) -> bool {
    options.out.is_some() || options.headless || options.duration.is_some() || options.hub.is_some()
}

fn line(server: &FoundServer) -> String {
    let processes: Vec<String> = server
        .processes
        .iter()
        .map(|process| {
            let command = process.command.as_deref().unwrap_or("its command is not known");
            match server.held_by {
                Some(held_by) => format!("process {} ({command}), held by process {held_by}", process.pid),
                None => format!("process {} ({command})", process.pid),
            }
        })
        .collect();
    format!(
        "{}  {}; {}",
        server.address,
        server.sees.words(),
        processes.join(", ")
    )
}
