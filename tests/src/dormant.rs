//! A virtual environment with the dormant probe, and servers in it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::djscope;
use crate::project::{self, Server};

/// An environment of its own, which sees the packages of the one that `./dev setup` makes, and a runtime folder of its
/// own.
#[derive(Debug)]
pub struct Venv {
    folder: TempDir,
}

impl Venv {
    /// Makes one without a probe.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn bare() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let venv = Self { folder };
        let python = project::program("python");
        let status = Command::new(&python)
            .args(["-m", "venv", "--without-pip"])
            .arg(venv.root())
            .status()
            .unwrap();
        assert!(status.success(), "no environment");
        let shared = python.parent().and_then(Path::parent).unwrap();
        let line = format!("{}\n", packages(shared).display());
        fs::write(venv.packages().join("project.pth"), line).unwrap();
        fs::create_dir(venv.runtime()).unwrap();
        fs::set_permissions(venv.runtime(), fs::Permissions::from_mode(0o700)).unwrap();
        venv
    }

    /// Makes one, and has djscope install the probe.
    ///
    /// # Panics
    ///
    /// If it cannot be made.
    pub fn with_probe() -> Self {
        let venv = Self::bare();
        let output = djscope::run(&["probe", "install", venv.root().to_str().unwrap()]);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        venv
    }

    /// Its folder.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("venv")
    }

    /// Its `site-packages`.
    pub fn packages(&self) -> PathBuf {
        packages(&self.root())
    }

    /// The runtime folder of its user.
    pub fn runtime(&self) -> PathBuf {
        self.folder.path().join("run")
    }

    /// Where offers are.
    pub fn offers(&self) -> PathBuf {
        self.runtime().join("djscope/servers")
    }

    /// What has to be in the environment of its servers, and of a djscope that is to find them.
    pub fn variables(&self) -> [(&'static str, String); 1] {
        [("XDG_RUNTIME_DIR", self.runtime().display().to_string())]
    }

    /// The command that serves the project with daphne.
    pub fn command(&self, port: u16) -> Vec<String> {
        let python = self.root().join("bin/python").display().to_string();
        let port = port.to_string();
        let words = [
            &python,
            "-m",
            "daphne",
            "-p",
            &port,
            "site_config.asgi:application",
        ];
        words.map(ToOwned::to_owned).to_vec()
    }

    /// Starts it, with more in its environment.
    pub fn serve(&self, port: u16, more: &[(&str, &str)]) -> Server {
        let mut variables = self.variables().to_vec();
        variables.extend(more.iter().map(|(name, value)| (*name, (*value).to_owned())));
        Server::serve(&self.command(port), port, &variables)
    }

    /// Waits until a process offers itself.
    ///
    /// # Panics
    ///
    /// If none does within 30 s.
    pub fn wait_for_offer(&self) {
        let since = Instant::now();
        let is_offer = |path: PathBuf| path.extension().is_some_and(|ending| ending == "json");
        while !fs::read_dir(self.offers())
            .into_iter()
            .flatten()
            .flatten()
            .any(|entry| is_offer(entry.path()))
        {
            assert!(since.elapsed() < Duration::from_secs(30), "no offer");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn packages(root: &Path) -> PathBuf {
    let libraries = fs::read_dir(root.join("lib")).unwrap();
    libraries
        .map(|library| library.unwrap().path().join("site-packages"))
        .find(|packages| packages.is_dir())
        .unwrap()
}
