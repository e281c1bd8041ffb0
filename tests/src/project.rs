//! The test project (`tests/django_project`) on a real server.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The folder with `manage.py`.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("django_project")
}

/// A program of the virtual environment that `./dev setup` makes.
///
/// # Panics
///
/// If there is none.
pub fn program(name: &str) -> PathBuf {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let venv =
        std::env::var_os("DJSCOPE_TEST_VENV").map_or_else(|| home.join(".cache/djscope/venv"), PathBuf::from);
    let program = venv.join("bin").join(name);
    assert!(
        program.exists(),
        "{} is missing: run ./dev setup",
        program.display()
    );
    program
}

/// djust's own browser client.
///
/// # Panics
///
/// If the virtual environment has no djust.
pub fn client_script() -> String {
    let venv = program("python")
        .parent()
        .and_then(Path::parent)
        .unwrap()
        .to_owned();
    let libraries = std::fs::read_dir(venv.join("lib")).unwrap();
    let script = libraries
        .map(|library| {
            library
                .unwrap()
                .path()
                .join("site-packages/djust/static/djust/client.js")
        })
        .find(|script| script.exists())
        .unwrap();
    std::fs::read_to_string(script).unwrap()
}

/// Which djust the project uses.
///
/// # Panics
///
/// If it is not installed.
pub fn djust_version() -> String {
    let print = "import importlib.metadata; print(importlib.metadata.version('djust'))";
    let output = Command::new(program("python"))
        .args(["-c", print])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A port that was free a moment ago.
///
/// # Panics
///
/// If the system has none.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// A database of its own for one test, as `migrate` leaves it.
#[derive(Debug)]
pub struct Database {
    folder: TempDir,
}

impl Database {
    /// A fresh copy.
    ///
    /// # Panics
    ///
    /// If the project cannot be migrated.
    pub fn fresh() -> Self {
        static TEMPLATE: OnceLock<TempDir> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let folder = tempfile::tempdir().unwrap();
            let status = Command::new(program("python"))
                .args(["manage.py", "migrate", "-v0"])
                .current_dir(self::folder())
                .env("DJSCOPE_TEST_DB", folder.path().join("db.sqlite3"))
                .status()
                .unwrap();
            assert!(status.success(), "migrate failed");
            folder
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(
            template.path().join("db.sqlite3"),
            folder.path().join("db.sqlite3"),
        )
        .unwrap();
        Self { folder }
    }

    /// The file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("db.sqlite3")
    }
}

/// How the project is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `manage.py runserver --noreload` with daphne.
    Runserver,
    /// `manage.py runserver` with the autoreloader.
    Autoreload,
    /// daphne.
    Daphne,
    /// uvicorn, which negotiates permessage-deflate.
    Uvicorn,
}

impl Kind {
    /// The command that serves on `port`.
    pub fn command(self, port: u16) -> Vec<String> {
        let path = |name| program(name).display().to_string();
        let port_text = port.to_string();
        let address = format!("127.0.0.1:{port}");
        let words: Vec<String> = match self {
            Self::Runserver => vec![
                path("python"),
                "manage.py".into(),
                "runserver".into(),
                address,
                "--noreload".into(),
            ],
            Self::Autoreload => vec![path("python"), "manage.py".into(), "runserver".into(), address],
            Self::Daphne => vec![
                path("daphne"),
                "-p".into(),
                port_text,
                "site_config.asgi:application".into(),
            ],
            Self::Uvicorn => vec![
                path("uvicorn"),
                "--port".into(),
                port_text,
                "site_config.asgi:application".into(),
            ],
        };
        words
    }
}

/// The project on a server, without djscope.
#[derive(Debug)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    child: Child,
    _database: Database,
}

impl Server {
    /// Starts it and waits until it listens.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start(kind: Kind) -> Self {
        Self::start_on(kind, free_port())
    }

    /// The same on a port.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn start_on(kind: Kind, port: u16) -> Self {
        Self::serve(&kind.command(port), port, &[])
    }

    /// Starts a command that serves the project on `port`, with more in its environment.
    ///
    /// # Panics
    ///
    /// If it does not start.
    pub fn serve(command: &[String], port: u16, environment: &[(&str, String)]) -> Self {
        let database = Database::fresh();
        let child = Command::new(&command[0])
            .args(&command[1..])
            .current_dir(folder())
            .env("DJSCOPE_TEST_DB", database.path())
            .env("DJSCOPE_TEST_FAST", "1")
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        wait_for(address);
        Self {
            address,
            child,
            _database: database,
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something accepts connections there.
///
/// # Panics
///
/// If nothing does after a minute.
pub fn wait_for(address: SocketAddr) {
    let since = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(
            since.elapsed() < Duration::from_secs(60),
            "nothing listens on {address}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
