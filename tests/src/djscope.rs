//! The real binary.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::project::{self, Database, Kind};

/// The binary that `cargo build -p djscope` makes, or the one that `DJSCOPE_BINARY` names.
///
/// # Panics
///
/// If there is none.
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("DJSCOPE_BINARY") {
        return PathBuf::from(path);
    }
    let own = std::env::current_exe().unwrap();
    let folder = own.ancestors().find(|folder| folder.join("djscope").is_file());
    folder
        .expect("djscope is not built: run cargo build -p djscope")
        .join("djscope")
}

/// Runs `djscope` to its end, in the folder of the test project.
///
/// # Panics
///
/// If it cannot be started.
pub fn run(arguments: &[&str]) -> Output {
    Command::new(binary())
        .args(arguments)
        .current_dir(project::folder())
        .env("NO_COLOR", "1")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap()
}

/// A server under `djscope run`.
#[derive(Debug)]
pub struct Recording {
    /// Where the proxy listens.
    pub proxy: SocketAddr,
    /// The file.
    pub path: PathBuf,
    child: Child,
    log: mpsc::Receiver<String>,
    output: BufReader<ChildStdout>,
    folder: TempDir,
    database: Option<Database>,
}

impl Recording {
    /// Starts the project under djscope, with more options if wanted.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(kind: Kind, options: &[&str]) -> Self {
        Self::serve(&kind.command(project::free_port()), &project::folder(), options)
    }

    /// Starts a server in `folder` under djscope.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn serve(server: &[String], folder: &Path, options: &[&str]) -> Self {
        Self::serve_in(server, folder, options, &[])
    }

    /// The same with more in the environment of djscope and of the server.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn serve_in(
        server: &[String],
        folder: &Path,
        options: &[&str],
        environment: &[(&str, String)],
    ) -> Self {
        let mut command = Command::new(binary());
        command.arg("run").args(options);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Self::begin(command, folder, server)
    }

    /// Attaches djscope to a server that runs already.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn attach(upstream: &str, options: &[&str]) -> Self {
        Self::attach_in(upstream, options, &[])
    }

    /// The same with more in the environment of djscope.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn attach_in(upstream: &str, options: &[&str], environment: &[(&str, String)]) -> Self {
        let mut command = Command::new(binary());
        command.args(["attach", upstream]).args(options);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        Self::begin(command, &project::folder(), &[])
    }

    /// The same, or `run` with a server, for a djscope with other limits (words for `ulimit`).
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn limited(limit: &str, upstream: Option<&str>, server: &[String]) -> Self {
        let mut command = Command::new("sh");
        command
            .args(["-c", &format!("ulimit {limit}; exec \"$@\""), "sh"])
            .arg(binary());
        match upstream {
            Some(upstream) => command.args(["attach", upstream]),
            None => command.arg("run"),
        };
        Self::begin(command, &project::folder(), server)
    }

    /// The demo, without Python: neither is on the path.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn demo(options: &[&str]) -> Self {
        Self::demo_in(options, &[])
    }

    /// The same with more variables in its environment. Its temporary files go beside the recording.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn demo_in(options: &[&str], environment: &[(&str, PathBuf)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(binary());
        command.arg("demo").args(options).env("PATH", "");
        command
            .env("TMPDIR", folder.path())
            .envs(environment.iter().map(|(name, value)| (name, value)));
        Self::begin_in(folder, None, command, &project::folder(), &[])
    }

    fn begin(mut command: Command, project: &Path, server: &[String]) -> Self {
        let database = Database::fresh();
        command
            .env("DJSCOPE_TEST_DB", database.path())
            .env("DJSCOPE_TEST_FAST", "1");
        Self::begin_in(
            tempfile::tempdir().unwrap(),
            Some(database),
            command,
            project,
            server,
        )
    }

    fn begin_in(
        folder: TempDir,
        database: Option<Database>,
        mut command: Command,
        project: &Path,
        server: &[String],
    ) -> Self {
        let path = folder.path().join("r.djscope");
        command.args(["--headless", "--out"]).arg(&path);
        if !server.is_empty() {
            command.arg("--").args(server);
        }
        let mut child = command
            .current_dir(project)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = follow(child.stderr.take().unwrap());
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let proxy = line
            .trim()
            .strip_prefix("proxy http://")
            .and_then(|address| address.parse().ok());
        let proxy =
            proxy.unwrap_or_else(|| panic!("no proxy: {line:?}\n{}", log.try_iter().collect::<String>()));
        Self {
            proxy,
            path,
            child,
            log,
            output,
            folder,
            database,
        }
    }

    /// The next line of its standard output.
    ///
    /// # Panics
    ///
    /// If it cannot be read.
    pub fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line
    }

    /// The database of the server.
    ///
    /// # Panics
    ///
    /// If it has none.
    pub fn database(&self) -> PathBuf {
        self.database.as_ref().unwrap().path()
    }

    /// The folder with the file and nothing else, unless djscope has left something there.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends it at once, without a chance to do anything, and says when.
    ///
    /// # Panics
    ///
    /// If it has ended already.
    pub fn kill(&mut self) -> Instant {
        assert!(
            matches!(self.child.try_wait(), Ok(None)),
            "djscope has ended by itself"
        );
        let moment = Instant::now();
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        moment
    }

    /// Process id of djscope.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until djscope has said a line with `word` in it.
    ///
    /// # Panics
    ///
    /// If it does not within 30 s.
    pub fn wait_for_word(&self, word: &str) {
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.log.recv_timeout(left);
            if line.expect("djscope did not say it").contains(word) {
                return;
            }
        }
    }

    /// Sends a signal by name (`INT`, `TERM`, `KILL`), waits for the end, and gives the exit code and what was said.
    ///
    /// # Panics
    ///
    /// If it does not end within 20 s.
    pub fn stop(&mut self, signal: &str) -> (Option<i32>, String) {
        let _ = Command::new("kill")
            .args([&format!("-{signal}"), &self.pid().to_string()])
            .status();
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                thread::sleep(Duration::from_millis(50));
                return (status.code(), self.log.try_iter().collect());
            }
            assert!(since.elapsed() < Duration::from_secs(20), "djscope did not end");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it in good order and gives its turns.
    ///
    /// # Panics
    ///
    /// If it does not end well.
    pub fn turns(mut self) -> Vec<Value> {
        let (code, log) = self.stop("INT");
        assert_eq!(code, Some(0), "{log}");
        turns(&self.path, "")
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop("TERM");
        }
    }
}

/// `djscope replay --to browser` over a file, until it is dropped.
#[derive(Debug)]
pub struct Shown {
    /// Where the outer page is.
    pub url: String,
    child: Child,
}

impl Shown {
    /// Starts it.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(file: &Path, options: &[&str]) -> Self {
        let mut child = Command::new(binary())
            .arg("replay")
            .arg(file)
            .args(["--to", "browser"])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("replay ")
            .unwrap_or_else(|| panic!("no address: {line:?}"));
        Self {
            url: url.to_owned(),
            child,
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The turns of a recording that match, from `djscope show --json`.
///
/// # Panics
///
/// If the recording cannot be read.
pub fn turns(path: &Path, filter: &str) -> Vec<Value> {
    shown(path, &["--filter", filter])
}

/// The lines of `djscope show --json` with more words.
///
/// # Panics
///
/// If the recording cannot be read.
pub fn shown(path: &Path, words: &[&str]) -> Vec<Value> {
    let output = run(&[&["show", path.to_str().unwrap(), "--json"], words].concat());
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn follow(stream: impl Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            if sender.send(line + "\n").is_err() {
                break;
            }
        }
    });
    receiver
}
