//! The folders that offers are in. Only what belongs to this user alone is looked at; what a process left that was
//! killed is removed.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::libc;
use nix::sys::signal;
use nix::unistd::{Pid, geteuid};
use serde_json::json;

use super::{Answer, Offer};

/// Longest file that is read.
const LONGEST_FILE: u64 = 256 * 1024;

/// Longest answer that is read.
const LONGEST_ANSWER: u64 = 4096;

/// How long a process may take to put its hooks in place.
const ANSWER_WITHIN: Duration = Duration::from_secs(6);

/// Every process of this user that offers itself.
pub fn all() -> Vec<Offer> {
    places()
        .iter()
        .filter(|place| place.ancestors().take(2).all(is_private_folder))
        .flat_map(|place| in_folder(place))
        .collect()
}

impl Offer {
    /// Asks the process to report to `address`, where `probe_token` is asked for.
    ///
    /// # Errors
    ///
    /// If the process is not there or does not answer.
    pub fn attach(&self, address: SocketAddr, probe_token: &str) -> io::Result<Answer> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        stream.set_write_timeout(Some(ANSWER_WITHIN))?;
        let request = json!({
            "type": "attach", "token": self.token, "address": address.to_string(), "probe_token": probe_token,
            "pid": std::process::id(),
        });
        writeln!(stream, "{request}")?;
        let mut answer = String::new();
        BufReader::new(stream.take(LONGEST_ANSWER)).read_line(&mut answer)?;
        Ok(serde_json::from_str(&answer)?)
    }
}

/// Where servers put their offers: their environment may be another than this one's.
fn places() -> Vec<PathBuf> {
    let user = geteuid();
    let runtime = [
        env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from),
        Some(PathBuf::from(format!("/run/user/{user}"))),
    ];
    let runtime = runtime.into_iter().flatten().map(|place| place.join("djscope"));
    let temporary =
        [env::temp_dir(), PathBuf::from("/tmp")].map(|place| place.join(format!("djscope-{user}")));
    let mut places: Vec<PathBuf> = Vec::new();
    for place in runtime.chain(temporary) {
        let place = place.join("servers");
        if place.is_absolute() && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

fn is_private_folder(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0)
}

fn in_folder(folder: &Path) -> Vec<Offer> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let Some(pid) = pid_of(&path) else { continue };
        match read(&path, pid) {
            Some(offer) if is_alive(pid, offer.started) => found.push(offer),
            Some(_) => remove(&path),
            None if !is_alive(pid, None) => remove(&path),
            // What a living process has not written like this is nobody's offer.
            None => {}
        }
    }
    found
}

/// Of `PID.json`.
fn pid_of(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?.strip_suffix(".json")?;
    let pid: u32 = name.parse().ok()?;
    (pid > 0 && i32::try_from(pid).is_ok() && pid.to_string() == name).then_some(pid)
}

/// The offer in a file that is closed to others and no link.
fn read(path: &Path, pid: u32) -> Option<Offer> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .ok()?;
    if !is_private_file(&file) {
        return None;
    }
    let mut text = Vec::new();
    file.take(LONGEST_FILE).read_to_end(&mut text).ok()?;
    let offer: Offer = serde_json::from_slice(&text).ok()?;
    let socket = path.with_extension("sock");
    let is_own = socket
        .symlink_metadata()
        .is_ok_and(|found| found.file_type().is_socket() && found.uid() == geteuid().as_raw());
    let is_meant = offer.pid == pid && socket.file_name() == Some(offer.socket.as_os_str());
    (is_own && is_meant).then_some(Offer { socket, ..offer })
}

fn is_private_file(file: &File) -> bool {
    file.metadata()
        .is_ok_and(|found| found.is_file() && found.uid() == geteuid().as_raw() && found.mode() & 0o077 == 0)
}

/// Whether a process is there, and the one that was started then.
fn is_alive(pid: u32, started: Option<u64>) -> bool {
    let Ok(number) = i32::try_from(pid) else {
        return false;
    };
    let is_there = !matches!(
        signal::kill(Pid::from_raw(number), None),
        Err(nix::errno::Errno::ESRCH)
    );
    is_there && started.is_none_or(|started| start_of(pid).is_none_or(|now| now == started))
}

/// proc(5): the 22nd field of `/proc/PID/stat`, after a name in parentheses that may hold anything.
fn start_of(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()
}

/// A file that stays is in nobody's way.
fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_file(path.with_extension("sock"));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use super::*;

    struct Place {
        folder: tempfile::TempDir,
        _socket: UnixListener,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
            let own = std::process::id();
            let socket = UnixListener::bind(folder.path().join(format!("{own}.sock"))).unwrap();
            Self {
                folder,
                _socket: socket,
            }
        }

        fn put(&self, pid: u32, text: &str, mode: u32) -> PathBuf {
            let path = self.folder.path().join(format!("{pid}.json"));
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }

        fn offers(&self) -> Vec<u32> {
            in_folder(self.folder.path())
                .iter()
                .map(|offer| offer.pid)
                .collect()
        }
    }

    fn text(pid: u32, started: Option<u64>) -> String {
        json!({"offer": 1, "pid": pid, "started": started, "token": "secret", "socket": format!("{pid}.sock"),
               "djust": "1.2.6", "argv": ["manage.py"]})
        .to_string()
    }

    /// A process id that was used and is free again.
    fn dead() -> u32 {
        let mut child = Command::new("true").spawn().unwrap();
        let pid = child.id();
        child.wait().unwrap();
        pid
    }

    #[test]
    fn an_offer_of_a_living_process_is_found() {
        let own = std::process::id();
        let place = Place::new();
        place.put(own, &text(own, start_of(own)), 0o600);
        assert_eq!(place.offers(), [own]);
        place.put(own, &text(own, None), 0o600);
        assert_eq!(place.offers(), [own]);
    }

    #[test]
    fn what_a_dead_process_left_is_removed() {
        let pid = dead();
        let place = Place::new();
        for left in [text(pid, None), "garbage".to_owned()] {
            let path = place.put(pid, &left, 0o600);
            let socket = path.with_extension("sock");
            drop(UnixListener::bind(&socket).unwrap());
            assert_eq!(place.offers(), [0; 0]);
            assert!(!path.exists() && !socket.exists());
        }
        // The number was given to another process since.
        let own = std::process::id();
        if let Some(started) = start_of(own) {
            let path = place.put(own, &text(own, Some(started - 1)), 0o600);
            assert_eq!(place.offers(), [0; 0]);
            assert!(!path.exists());
        }
    }

    #[test]
    fn what_others_may_have_put_there_is_not_read() {
        let own = std::process::id();
        let good = text(own, None);
        let place = Place::new();
        let cases = [
            (good.as_str(), 0o640),
            (good.as_str(), 0o602),
            ("", 0o600),
            ("[]", 0o600),
            ("{\"pid\": \"x\"}", 0o600),
            (&text(own + 1, None), 0o600),
            (&good.replace(".sock", ".sock/../x"), 0o600),
            (&good.replace(&format!("{own}.sock"), "/tmp/x.sock"), 0o600),
        ];
        for (text, mode) in cases {
            let path = place.put(own, text, mode);
            assert_eq!(place.offers(), [0; 0], "{text} {mode:o}");
            assert!(path.exists());
        }
        let real = place.put(own, &good, 0o600);
        let elsewhere = place.folder.path().join("elsewhere");
        fs::rename(&real, &elsewhere).unwrap();
        symlink(&elsewhere, &real).unwrap();
        assert_eq!(place.offers(), [0; 0]);
        fs::remove_file(&real).unwrap();
        assert!(
            Command::new("mkfifo")
                .arg("-m600")
                .arg(&real)
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(place.offers(), [0; 0]);
    }

    #[test]
    fn folders_of_others_are_not_looked_at() {
        let folder = tempfile::tempdir().unwrap();
        let private = folder.path().join("private");
        fs::create_dir(&private).unwrap();
        for (mode, expected) in [(0o700, true), (0o500, true), (0o750, false), (0o701, false)] {
            fs::set_permissions(&private, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_private_folder(&private), expected, "{mode:o}");
        }
        let link = folder.path().join("link");
        symlink(&private, &link).unwrap();
        assert!(!is_private_folder(&link) && !is_private_folder(&folder.path().join("gone")));
    }
}
