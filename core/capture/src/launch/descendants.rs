//! A process and everything that it has started.

use std::collections::HashMap;
use std::fs;

/// Which process has started which, at one moment.
#[derive(Debug, Default)]
pub struct Processes {
    children: HashMap<u32, Vec<u32>>,
}

impl Processes {
    /// All processes of the system: from `/proc` where it exists, else from `ps`.
    pub fn now() -> Self {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for (process, parent) in parents() {
            children.entry(parent).or_default().push(process);
        }
        Self { children }
    }

    /// What `pid` itself has started or adopted.
    pub fn children(&self, pid: u32) -> &[u32] {
        self.children.get(&pid).map_or(&[], Vec::as_slice)
    }

    /// `pid` first, then its children, grandchildren and so on.
    pub fn with_descendants(&self, pid: u32) -> Vec<u32> {
        let mut found = vec![pid];
        let mut index = 0;
        while let Some(parent) = found.get(index).copied() {
            for child in self.children(parent) {
                if !found.contains(child) {
                    found.push(*child);
                }
            }
            index += 1;
        }
        found
    }
}

fn parents() -> Vec<(u32, u32)> {
    match fs::read_dir("/proc") {
        Ok(entries) => entries
            .flatten()
            .filter_map(|entry| from_stat(&entry.file_name().to_string_lossy()))
            .collect(),
        Err(_) => from_ps(),
    }
}

/// proc(5): the fourth field of `/proc/PID/stat`, after a name in parentheses that may hold anything.
fn from_stat(name: &str) -> Option<(u32, u32)> {
    let process = name.parse().ok()?;
    let stat = fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
    let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
    Some((process, parent))
}

fn from_ps() -> Vec<(u32, u32)> {
    let output = std::process::Command::new("ps")
        .args(["-A", "-o", "pid=,ppid="])
        .output();
    let text = output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .unwrap_or_default();
    let pair = |line: &str| {
        let mut fields = line.split_whitespace();
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    text.lines().filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_found() {
        let mut child = std::process::Command::new("sleep").arg("5").spawn().unwrap();
        let processes = Processes::now();
        let found = processes.with_descendants(std::process::id());
        assert_eq!(found[0], std::process::id());
        assert!(found.contains(&child.id()));
        assert!(processes.children(std::process::id()).contains(&child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
