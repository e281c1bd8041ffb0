//! The `djscope` command.
//!
//! Data goes to standard output, everything else to standard error. Exit
//! codes: 0 fine, 1 findings, divergence or damage, 2 usage or input error.

mod arguments;
mod asking;
mod bisect;
mod code;
mod consent;
mod demo;
mod diagnose;
mod engine;
mod failure;
mod hub;
mod import;
mod live;
#[cfg(test)]
mod named_commands;
mod open;
mod probe;
mod replay;
mod report;
mod rerun;
mod screenshot;
mod servers;
mod show;
mod terminal;
mod window;

use std::process::ExitCode;

use clap::Parser;
#[cfg(unix)]
use djscope_capture::launch::guard;

use arguments::{Arguments, Command};

fn main() -> ExitCode {
    #[cfg(unix)]
    if let Some(code) = guard::run_if_asked(std::env::args_os()) {
        return code;
    }
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Demo(options) => demo::demo(&options.common),
        Command::Smoke(options) => match demo::smoke(&options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Run(options) => live::run(options),
        Command::Attach(options) => live::attach(options),
        Command::Probe(command) => match probe::probe(&command) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Open(options) => open::open(&options),
        Command::Show(options) => match show::show(&options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Diagnose(options) => match diagnose::diagnose(&options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Why(options) => match diagnose::why(&options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Explain(options) => diagnose::explain(&options),
        Command::Rerun(options) => match rerun::rerun(&options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Replay(options) => match replay::replay(&options) {
            Ok(true) => Ok(()),
            Ok(false) => return ExitCode::from(failure::FINDINGS),
            Err(failure) => Err(failure),
        },
        Command::Import(options) => import::import(&options),
        Command::Report(options) => report::report(&options),
        Command::Engine(options) => engine::answer_lines(options.request),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::from(failure::INPUT)
        }
    }
}
