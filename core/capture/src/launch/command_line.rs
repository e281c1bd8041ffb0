//! The command line of a process: proc(5), `/proc/PID/cmdline`.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

/// Longest command that is shown, in characters.
const MAX_SHOWN: usize = 200;

/// The words of a command line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// The program and its arguments; empty if the system does not say.
    pub words: Vec<String>,
}

impl CommandLine {
    /// That of process `pid`.
    pub fn of(pid: u32) -> Self {
        let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words = bytes
            .strip_suffix(&[0])
            .unwrap_or(&bytes)
            .split(|byte| *byte == 0);
        let mut words: Vec<String> = words
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        if words.iter().all(String::is_empty) {
            words.clear();
        }
        Self { words }
    }

    /// Its beginning on one line, without what a terminal would obey; none if the system does not say.
    pub fn shown(&self) -> Option<String> {
        let words: Vec<&str> = self
            .words
            .iter()
            .map(String::as_str)
            .filter(|word| !word.is_empty())
            .collect();
        let text = words.join(" ");
        let plain = text.chars().filter(|each| !each.is_control());
        let shown: String = plain.take(MAX_SHOWN).collect();
        (!shown.is_empty()).then_some(shown)
    }

    /// Whether it is one of Python, by its name or by that of the program that process `pid` runs.
    pub fn is_python(&self, pid: u32) -> bool {
        let program = fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
        let names = [
            program.file_name(),
            self.words.first().map(Path::new).and_then(Path::file_name),
        ];
        let is_one = |name: &OsStr| {
            let name = name.to_string_lossy();
            name.starts_with("python") || name.starts_with("pypy")
        };
        names.into_iter().flatten().any(is_one)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_one() {
        let own = CommandLine::of(std::process::id());
        assert!(own.shown().unwrap().contains("djscope"), "{own:?}");
        assert!(!own.is_python(std::process::id()));
        assert_eq!(CommandLine::of(u32::MAX).shown(), None);
    }
}
