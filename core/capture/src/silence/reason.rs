//! Why a server may not have the probe, from its command line and environment: proc(5).

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use djscope_python::TOKEN_VARIABLE;

use super::Place;
use crate::launch::{CommandLine, Processes};

/// Why no probe was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// What listens was not started by the command.
    NotOurs {
        /// Its process.
        process: String,
    },
    /// Python was told not to look at the environment, or not to load `sitecustomize`.
    Flag {
        /// Its process.
        process: String,
        /// The flag.
        flag: char,
    },
    /// The variables of the probe are not there.
    EnvironmentLost {
        /// Its process.
        process: String,
    },
    /// `PYTHONPATH` is there without the probe.
    PathReplaced {
        /// Its process.
        process: String,
    },
    /// Another `sitecustomize` comes first.
    Hidden {
        /// Its folder.
        folder: PathBuf,
    },
    /// The server belongs to another user, who must not read the probe.
    OtherUser {
        /// Its process.
        process: String,
    },
    /// Nothing of this.
    Unknown,
}

impl Reason {
    /// What can be seen now. [`Self::Unknown`] where the system shows nothing, or nothing is wrong.
    pub fn of(place: &Place) -> Self {
        let ours = Processes::now().with_descendants(place.root);
        let listening = listening(place);
        if let Some(stranger) = listening.iter().find(|process| !ours.contains(process))
            && !listening.iter().any(|process| ours.contains(process))
        {
            return Self::NotOurs {
                process: named(*stranger, &CommandLine::of(*stranger)),
            };
        }
        let (serving, _): (Vec<u32>, Vec<u32>) =
            listening.into_iter().partition(|process| ours.contains(process));
        // What a server starts beside itself may well go without the probe.
        let judged = if serving.is_empty() { ours } else { serving };
        let mut reasons = judged
            .into_iter()
            .filter_map(|process| in_process(process, &place.startup));
        reasons.next().unwrap_or(Self::Unknown)
    }

    /// What to do.
    pub const fn way_out(&self) -> &'static str {
        match self {
            Self::NotOurs { .. } => {
                "start the server itself with djscope run, not what asks another process to"
            }
            Self::Flag { .. } => "start the server without this flag",
            Self::EnvironmentLost { .. } => {
                "have it pass on PYTHONPATH, DJSCOPE_PROBE_ADDRESS and DJSCOPE_PROBE_TOKEN, or start the server itself with djscope run"
            }
            Self::PathReplaced { .. } => "add to PYTHONPATH instead of replacing it",
            Self::Hidden { .. } => "take that folder out of PYTHONPATH, or put it last",
            Self::OtherUser { .. } => "run djscope as that user",
            Self::Unknown => {
                "see whether the server's log names sitecustomize, and whether it has djust loaded"
            }
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs { process } => {
                write!(
                    f,
                    "the server, {process}, was not started by the command that djscope has started"
                )
            }
            Self::Flag { process, flag: 'S' } => {
                write!(
                    f,
                    "{process} was started with -S, which leaves sitecustomize out, and with it the probe"
                )
            }
            Self::Flag { process, flag } => {
                write!(
                    f,
                    "{process} was started with -{flag}, which ignores PYTHONPATH, and with it the probe"
                )
            }
            Self::EnvironmentLost { process } => {
                write!(f, "whoever has started {process} did not pass on its environment")
            }
            Self::PathReplaced { process } => {
                write!(f, "whoever has started {process} has replaced PYTHONPATH")
            }
            Self::Hidden { folder } => {
                write!(
                    f,
                    "sitecustomize.py in {} comes before the probe",
                    folder.display()
                )
            }
            Self::OtherUser { process } => {
                write!(
                    f,
                    "{process} runs as another user, who cannot read the probe's folder"
                )
            }
            Self::Unknown => f.write_str("the reason cannot be seen"),
        }
    }
}

/// Processes that listen where the server is expected.
fn listening(place: &Place) -> Vec<u32> {
    let is_there = |listener: &listeners::Listener| {
        listener.protocol == listeners::Protocol::TCP
            && listener.state == listeners::SocketState::Listen
            && place.addresses.iter().any(|address| {
                listener.socket.port() == address.port()
                    && (listener.socket.ip() == address.ip() || listener.socket.ip().is_unspecified())
            })
    };
    let listeners = listeners::get_all().unwrap_or_default();
    let mut found: Vec<u32> = listeners
        .into_iter()
        .filter(is_there)
        .map(|one| one.process.pid)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn in_process(process: u32, startup: &Path) -> Option<Reason> {
    let command = CommandLine::of(process);
    if !command.is_python(process) {
        return None;
    }
    let name = || named(process, &command);
    if let Some(flag) = deaf_flag(&command.words) {
        return Some(Reason::Flag {
            process: name(),
            flag,
        });
    }
    let Ok(environment) = fs::read(format!("/proc/{process}/environ")) else {
        return is_other_user(process, startup).then(|| Reason::OtherUser { process: name() });
    };
    if value(&environment, TOKEN_VARIABLE).is_none() {
        return Some(Reason::EnvironmentLost { process: name() });
    }
    let path = String::from_utf8_lossy(value(&environment, "PYTHONPATH").unwrap_or_default());
    let folders: Vec<PathBuf> = std::env::split_paths(path.as_ref()).collect();
    let Some(place) = folders.iter().position(|folder| folder == startup) else {
        return Some(Reason::PathReplaced { process: name() });
    };
    if let Some(folder) = folders[..place]
        .iter()
        .find(|folder| folder.join("sitecustomize.py").exists())
    {
        return Some(Reason::Hidden {
            folder: folder.clone(),
        });
    }
    is_other_user(process, startup).then(|| Reason::OtherUser { process: name() })
}

fn named(process: u32, command: &CommandLine) -> String {
    format!("process {process} ({})", command.shown().unwrap_or_default())
}

/// The flag of a Python command line that keeps the probe out: `python --help`.
fn deaf_flag(words: &[String]) -> Option<char> {
    let mut words = words.iter().skip(1);
    while let Some(flags) = words.next().and_then(|word| word.strip_prefix('-')) {
        // Python itself reads a script from standard input.
        if flags.is_empty() {
            return None;
        }
        if flags.starts_with('-') {
            if flags == "-check-hash-based-pycs" {
                words.next();
            }
            continue;
        }
        for (index, flag) in flags.char_indices() {
            match flag {
                'I' | 'E' | 'S' => return Some(flag),
                'c' | 'm' => return None,
                // Its value is the rest of the word, or the next word.
                'W' | 'X' if index + 1 == flags.len() => {
                    words.next();
                }
                'W' | 'X' => break,
                _ => {}
            }
        }
    }
    None
}

fn value<'a>(environment: &'a [u8], name: &str) -> Option<&'a [u8]> {
    environment
        .split(|byte| *byte == 0)
        .find_map(|entry| entry.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
}

#[cfg(not(unix))]
const fn is_other_user(_: u32, _: &Path) -> bool {
    false
}

#[cfg(unix)]
fn is_other_user(process: u32, startup: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = |path: &Path| path.metadata().ok().map(|found| found.uid());
    match (owner(Path::new(&format!("/proc/{process}"))), owner(startup)) {
        // Root reads everything.
        (Some(0) | None, _) | (_, None) => false,
        (Some(process), Some(startup)) => process != startup,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_that_keep_the_probe_out() {
        let cases = [
            ("python manage.py runserver", None),
            ("python -I manage.py runserver", Some('I')),
            ("python -uI manage.py", Some('I')),
            ("python -u -E -m daphne", Some('E')),
            ("python -S -m daphne", Some('S')),
            ("python -m daphne -S", None),
            ("python -c import -I", None),
            ("python -X dev -W error -S x.py", Some('S')),
            ("python -Xdev -WSI x.py -I", None),
            ("python -W -S x.py", None),
            ("python --check-hash-based-pycs always -S", Some('S')),
            ("python - -S", None),
            ("python", None),
        ];
        for (command, flag) in cases {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(deaf_flag(&words), flag, "{command}");
        }
    }
}
