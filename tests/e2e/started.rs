//! A djscope that a shell has started, and what it has started itself.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use djscope_tests::djscope;
use djscope_tests::project::{self, Database, Kind};
use tempfile::TempDir;

/// A djscope whose environment and standard streams are the test's own.
pub struct Started {
    pub child: Child,
    pub proxy: SocketAddr,
    pub server: SocketAddr,
    pub folder: TempDir,
    _database: Database,
}

impl Started {
    /// Runs `shell`, in which `$DJSCOPE` begins the command, with `server` behind it.
    pub fn with(shell: &str, options: &[&str], server: &[String], address: SocketAddr) -> Self {
        let (folder, database) = (tempfile::tempdir().unwrap(), Database::fresh());
        let mut child = Command::new("sh")
            .args(["-c", &format!("{shell} \"$@\""), "sh"])
            .arg(djscope::binary())
            .args(["run", "--headless", "--out"])
            .arg(folder.path().join("r.djscope"))
            .args(options)
            .arg("--")
            .args(server)
            .current_dir(project::folder())
            .env("DJSCOPE_TEST_DB", database.path())
            .env("DJSCOPE_TEST_FAST", "1")
            .env("TMPDIR", folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(fs::File::create(folder.path().join("log")).unwrap()))
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let log = fs::read_to_string(folder.path().join("log")).unwrap();
        let proxy = line.trim().strip_prefix("proxy http://");
        Self {
            child,
            proxy: proxy.unwrap_or_else(|| panic!("{line}{log}")).parse().unwrap(),
            server: address,
            folder,
            _database: database,
        }
    }

    pub fn of(kind: Kind, options: &[&str]) -> Self {
        let port = project::free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self::with("exec", options, &kind.command(port), address)
    }

    pub fn send(&self, signal: &str) {
        send(signal, self.child.id());
    }

    pub fn code(&mut self) -> Option<i32> {
        let mut code = None;
        until("djscope ends", || {
            let ended = self.child.try_wait().unwrap();
            code = ended.and_then(|status| status.code());
            ended.is_some()
        });
        code
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Folders of the probe that are there.
    pub fn probe_folders(&self) -> usize {
        let names = fs::read_dir(self.folder.path()).unwrap();
        names
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with("djscope-probe-")
            })
            .count()
    }
}

pub fn send(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

pub fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs that are no zombies, with their parents.
pub fn processes() -> Vec<(u32, u32)> {
    let output = Command::new("ps")
        .args(["-A", "-o", "pid=,ppid=,stat="])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let living = text.lines().filter_map(|line| {
        let mut fields = line.split_whitespace();
        let (pid, parent) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
        (!fields.next()?.starts_with('Z')).then_some((pid, parent))
    });
    living.collect()
}

/// What `pid` has started, and what that has started.
pub fn descendants(pid: u32) -> Vec<u32> {
    let all = processes();
    let mut found = vec![pid];
    let mut index = 0;
    while let Some(parent) = found.get(index).copied() {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        index += 1;
    }
    found.split_off(1)
}

pub fn is_running(pid: u32) -> bool {
    processes().iter().any(|(running, _)| *running == pid)
}

pub fn answers(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

pub fn http_server(port: u16) -> String {
    format!(
        "{} -m http.server --bind 127.0.0.1 {port}",
        project::program("python").display()
    )
}

pub fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

impl Drop for Started {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.send("TERM");
            let _ = self.child.wait();
        }
    }
}
