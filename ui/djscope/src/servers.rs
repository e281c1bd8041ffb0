//! `djscope attach` without an address: the dev servers that listen on loopback.

use djscope_capture::servers::{FoundServer, Sees, found};

use crate::arguments::{self, DEFAULT_LISTEN, DEFAULT_MEMORY, LiveArguments};
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

/// True if anything but the form of the list is asked for.
fn wants_to_record(options: &LiveArguments) -> bool {
    let LiveArguments {
        listen,
        out,
        overwrite,
        headless,
        duration,
        rewrite_host,
        // It is nothing without --rewrite-host.
        allow_host: _,
        memory,
        redact,
        redact_file,
        no_redact,
        hub,
        json: _,
    } = options;
    let has_file = out.is_some() || *overwrite;
    let has_address = arguments::listen(DEFAULT_LISTEN) != Ok(*listen) || *rewrite_host || hub.is_some();
    let has_names = *no_redact || !redact.is_empty() || !redact_file.is_empty();
    let has_bounds = duration.is_some() || arguments::size(DEFAULT_MEMORY) != Ok(*memory);
    has_file || has_address || has_names || has_bounds || *headless
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
