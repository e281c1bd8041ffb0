//! What is done only if somebody wants it.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// Asks on a terminal, as in `Run it?`; `done` is what is not done otherwise, as in `run`.
///
/// # Errors
///
/// If nobody can be asked, or the answer is another one than yes.
pub fn ask(question: &str, done: &str) -> Result<(), Failure> {
    if !is_terminal() {
        return Err(
            Failure::new(format!("nobody can be asked whether it may be {done}")).with_hint("--yes says so"),
        );
    }
    match is_wanted(question) {
        true => Ok(()),
        false => Err(Failure::new(format!("nothing was {done}"))),
    }
}

/// True if somebody can be asked.
pub fn is_terminal() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks, and waits for the answer.
pub fn is_wanted(question: &str) -> bool {
    let _ = write!(io::stderr(), "{question} [y/N] ");
    let _ = io::stderr().flush();
    let mut line = String::new();
    let heard = io::stdin().lock().read_line(&mut line);
    heard.is_ok() && matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}
