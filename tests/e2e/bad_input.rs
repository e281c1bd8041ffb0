//! What cannot work ends in one clear error with a hint, and leaves nothing behind.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use djscope_recording::{Reader, Writer, WriterOptions};
use djscope_tests::djscope;
use djscope_tests::project::{self, Kind, Server};
use djscope_tests::raw::Connection;
use tempfile::TempDir;

/// Things that can be wrong, made once for all cases.
struct Wrong {
    folder: TempDir,
    /// Something listens here and says nothing.
    taken: TcpListener,
    /// Whoever connects here hears nonsense.
    garbage: SocketAddr,
    /// Whoever connects here is sent away.
    closing: SocketAddr,
    /// Something that speaks HTTP.
    server: SocketAddr,
    /// Nothing listens here.
    free: u16,
    /// Is recorded by this process.
    _used: Writer,
}

impl Wrong {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        record(&at("good.djscope"));
        record(&at("newer.djscope"));
        rusqlite::Connection::open(at("newer.djscope"))
            .unwrap()
            .execute("UPDATE meta SET value = '\"2.0\"' WHERE key = 'format'", [])
            .unwrap();
        let mut bytes = fs::read(at("good.djscope")).unwrap();
        bytes[100..8000].fill(0xff);
        fs::write(at("corrupt.djscope"), &bytes).unwrap();
        fs::write(at("cut.djscope"), &fs::read(at("good.djscope")).unwrap()[..5000]).unwrap();
        fs::write(at("empty.djscope"), b"").unwrap();
        symlink(at("good.djscope"), at("link.djscope")).unwrap();
        fs::write(at("notes.txt"), b"not a recording\n").unwrap();
        fs::write(at("rules.txt"), b"token\n# fine so far\nname with spaces = 1\n").unwrap();
        fs::write(at("program"), b"not executable\n").unwrap();
        Self {
            taken: TcpListener::bind("127.0.0.1:0").unwrap(),
            garbage: answering(b"\x16\x03\x01 220 mail.example.org ESMTP\r\n"),
            closing: answering(b""),
            server: answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            free: project::free_port(),
            _used: Writer::create(at("used.djscope"), WriterOptions::default()).unwrap(),
            folder,
        }
    }

    /// The words of a command: `@name` is a file of the folder, `$NAME` an address or a program.
    fn words(&self, command: &str) -> Vec<String> {
        let taken = self.taken.local_addr().unwrap();
        let python = project::program("python").display().to_string();
        let places: [(&str, String); 7] = [
            ("$TAKEN", taken.to_string()),
            ("$GARBAGE", self.garbage.to_string()),
            ("$CLOSING", self.closing.to_string()),
            ("$SERVER", self.server.to_string()),
            ("$FREE", format!("127.0.0.1:{}", self.free)),
            ("$PYTHON", python),
            ("@", format!("{}/", self.folder.path().display())),
        ];
        let filled = |word: &str| {
            places
                .iter()
                .fold(word.to_owned(), |word, (name, value)| word.replace(name, value))
        };
        command
            .split('|')
            .flat_map(part_words)
            .map(|word| filled(&word))
            .collect()
    }

    /// The text without what differs from run to run.
    fn normal(&self, text: &str) -> String {
        let taken = self.taken.local_addr().unwrap();
        let python = project::program("python").display().to_string();
        let own: Vec<String> = std::env::args().collect();
        let own = format!("process {} ({})", std::process::id(), own.join(" "));
        text.replace(&own, "process PID (TEST)")
            .replace(&self.folder.path().display().to_string(), "DIR")
            .replace(&taken.to_string(), "TAKEN")
            .replace(&self.garbage.to_string(), "GARBAGE")
            .replace(&self.closing.to_string(), "CLOSING")
            .replace(&format!("127.0.0.1:{}", self.free), "FREE")
            .replace(&python, "PYTHON")
    }
}

/// Words are split at spaces; a part between two bars that begins with a quote is one word.
fn part_words(part: &str) -> Vec<String> {
    match part.strip_prefix('"') {
        Some(word) => vec![word.to_owned()],
        None => part.split_whitespace().map(str::to_owned).collect(),
    }
}

fn record(path: &Path) {
    Writer::create(path, WriterOptions::default())
        .unwrap()
        .finish()
        .unwrap();
}

/// Listens, reads a little, says `answer` and hangs up.
fn answering(answer: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().take(100) {
            let Ok(mut stream) = stream else { break };
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
        }
    });
    address
}

/// What is done, and the command that cannot work.
const CASES: &[(&str, &str)] = &[
    (
        "no such command",
        "run --headless --out @r.djscope -- pyhton manage.py runserver",
    ),
    (
        "a command that is no program",
        "run --headless --out @r.djscope -- @program",
    ),
    (
        "a command that is a folder",
        "run --headless --out @r.djscope -- @",
    ),
    (
        "the server ends at once",
        "run --headless --out @r.djscope -- sh -c |\"echo settings are missing >&2; exit 3",
    ),
    (
        "the server is killed at once",
        "run --headless --out @r.djscope -- sh -c |\"kill -9 $$",
    ),
    (
        "the proxy's port is in use",
        "attach $FREE --headless --listen $TAKEN --out @r.djscope",
    ),
    (
        "the server's port is in use",
        "run --headless --out @r.djscope -- $PYTHON manage.py runserver $TAKEN --noreload",
    ),
    (
        "a proxy for everyone",
        "attach $FREE --headless --listen 0.0.0.0:8010 --out @r.djscope",
    ),
    (
        "a proxy for everyone, IPv6",
        "attach $FREE --headless --listen [::]:8010 --out @r.djscope",
    ),
    (
        "the server refuses",
        "attach http://$FREE --headless --out @r.djscope",
    ),
    (
        "the server speaks garbage",
        "attach http://$GARBAGE --headless --out @r.djscope",
    ),
    (
        "the server hangs up",
        "attach http://$CLOSING --headless --out @r.djscope",
    ),
    (
        "an encrypted server",
        "attach https://$FREE --headless --out @r.djscope",
    ),
    ("no address", "attach ftp://$FREE --headless --out @r.djscope"),
    (
        "a host that does not exist",
        "attach http://no-such-host.invalid:8000 --headless --out @r.djscope",
    ),
    (
        "the recording exists",
        "attach http://$SERVER --headless --out @good.djscope",
    ),
    (
        "the recording exists, and a server would start",
        "run --headless --out @good.djscope -- sleep 60",
    ),
    (
        "something else would be replaced",
        "run --headless --overwrite --out @notes.txt -- sleep 60",
    ),
    (
        "a device would be replaced",
        "run --headless --overwrite --out /dev/null -- sleep 60",
    ),
    (
        "a link would be replaced",
        "run --headless --overwrite --out @link.djscope -- sleep 60",
    ),
    (
        "a recording in use would be replaced",
        "attach http://$SERVER --headless --overwrite --out @used.djscope",
    ),
    (
        "a recording would be replaced by none",
        "run --headless --overwrite --out @good.djscope -- sh -c |\"exit 3",
    ),
    (
        "no folder for the recording",
        "run --headless --out @none/r.djscope -- sleep 60",
    ),
    (
        "a file for a folder",
        "run --headless --out @notes.txt/r.djscope -- sleep 60",
    ),
    ("a folder for a recording", "run --headless --out @ -- sleep 60"),
    ("an empty name for a recording", "demo --headless --out |\""),
    (
        "an empty name for names",
        "demo --headless --out @r.djscope --redact-file |\"",
    ),
    ("an empty name for an environment", "probe status |\""),
    (
        "a rule that is no name",
        "run --headless --redact-file @rules.txt --out @r.djscope -- sleep 60",
    ),
    (
        "no file of rules",
        "run --headless --redact-file @none.txt --out @r.djscope -- sleep 60",
    ),
    ("no recording", "show @none.djscope"),
    ("a recording without a name", "show |\""),
    ("an empty recording", "show @empty.djscope"),
    ("a text file", "show @notes.txt"),
    ("a folder", "show @"),
    ("a device", "show /dev/null"),
    ("a corrupt recording", "show @corrupt.djscope"),
    ("a recording that ends in its first page", "show @cut.djscope"),
    ("a newer recording", "show @newer.djscope"),
    ("no recording to open", "open @none.djscope"),
    (
        "a picture in the place of a recording",
        "open @good.djscope --screenshot @good.djscope",
    ),
    ("a corrupt recording to open", "open @corrupt.djscope"),
    (
        "a filter with an unknown term",
        "show @good.djscope --filter handlr:search",
    ),
    (
        "a filter that breaks off",
        "show @good.djscope --filter |\"kind:event (ms>",
    ),
    ("a filter to open with", "open @good.djscope --filter ms>>1"),
];

/// Processes that were started with this in their environment are ours.
const MARK: &str = "DJSCOPE_TEST_MARK";

fn run(words: &[String], home: &Path, mark: &str) -> Output {
    let since = Instant::now();
    let output = Command::new(djscope::binary())
        .args(words)
        .current_dir(project::folder())
        .env("NO_COLOR", "1")
        .env("XDG_DATA_HOME", home)
        .env(MARK, mark)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        since.elapsed() < Duration::from_secs(20),
        "{words:?} took {:?}",
        since.elapsed()
    );
    output
}

/// Command lines of the processes that carry `mark`.
fn left_over(mark: &str) -> Vec<String> {
    let mark = format!("{MARK}={mark}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let marked = processes.filter(|process| {
        let environment = fs::read(process.join("environ")).unwrap_or_default();
        environment
            .windows(mark.len())
            .any(|window| window == mark.as_bytes())
    });
    marked
        .map(|process| {
            fs::read_to_string(process.join("cmdline"))
                .unwrap_or_default()
                .replace('\0', " ")
        })
        .collect()
}

fn is_clear(output: &Output) -> Result<(), &'static str> {
    let error = String::from_utf8_lossy(&output.stderr);
    let said = error.lines().filter(|line| line.starts_with("djscope: ")).count();
    let hints = error.lines().filter(|line| line.starts_with("hint: ")).count();
    match () {
        () if output.status.code() != Some(2) => Err("another exit code than 2"),
        () if !output.stdout.is_empty() => Err("something on standard output"),
        () if said != 1 => Err("not one error"),
        () if hints != 1 => Err("not one hint"),
        () if error.contains("panicked") || error.contains("RUST_BACKTRACE") => Err("a panic"),
        () if error.contains("Traceback") => Err("a traceback"),
        () => Ok(()),
    }
}

#[test]
fn each_ends_in_one_error_with_a_hint() {
    let wrong = Wrong::new();
    let mut told = String::new();
    let mut failures = String::new();
    for (name, command) in CASES {
        let mark = format!("{}-{}", std::process::id(), name.len() + told.len());
        let output = run(&wrong.words(command), wrong.folder.path(), &mark);
        let error = wrong.normal(&String::from_utf8_lossy(&output.stderr));
        write!(told, "# {name}\n{error}\n").unwrap();
        if let Err(problem) = is_clear(&output) {
            writeln!(failures, "{name}: {problem}: {:?}\n{error}", output.status).unwrap();
        }
        let left = left_over(&mark);
        if !left.is_empty() || wrong.folder.path().join("r.djscope").exists() {
            writeln!(failures, "{name}: left behind: {left:?}, or a recording").unwrap();
        }
    }
    let good = Reader::open(wrong.folder.path().join("good.djscope")).unwrap();
    assert!(good.totals().unwrap().is_ended, "the old recording is gone");
    insta::assert_snapshot!("each_ends_in_one_error_with_a_hint", told);
    assert_eq!(failures, "");
}

/// A folder with little room: a file system of its own where that is allowed, else a limit on the size of files.
struct SmallDisk {
    folder: TempDir,
    is_mounted: bool,
    limit_kb: u32,
}

impl SmallDisk {
    fn new(limit_kb: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={limit_kb}k"), "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        Self {
            is_mounted: mount.is_ok_and(|status| status.success()),
            folder,
            limit_kb,
        }
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("r.djscope")
    }

    /// djscope with this disk.
    fn command(&self) -> Command {
        if self.is_mounted {
            return Command::new(djscope::binary());
        }
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                "trap '' XFSZ; ulimit -f $0; exec \"$@\"",
                &(self.limit_kb * 2).to_string(),
            ])
            .arg(djscope::binary());
        command
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if self.is_mounted {
            let _ = Command::new("umount").arg(self.folder.path()).status();
        }
    }
}

#[test]
fn a_full_disk_at_the_start() {
    let disk = SmallDisk::new(16);
    let output = disk
        .command()
        .args(["run", "--headless", "--out"])
        .arg(disk.out())
        .args(["--", "sleep", "60"])
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(is_clear(&output), Ok(()), "{error}");
    assert!(
        !disk.is_mounted || error.starts_with("djscope: no space left for "),
        "{error}"
    );
    assert!(!disk.out().exists(), "half a recording is left");
}

fn noise(seed: u8, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    blake3::Hasher::new()
        .update(&[seed])
        .finalize_xof()
        .fill(&mut bytes);
    bytes
}

#[test]
fn a_disk_that_fills_up() {
    let server = Server::start(Kind::Uvicorn);
    let disk = SmallDisk::new(1200);
    let mut child = disk
        .command()
        .args([
            "attach",
            &format!("http://{}", server.address),
            "--headless",
            "--out",
        ])
        .arg(disk.out())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let proxy: SocketAddr = line
        .trim()
        .strip_prefix("proxy http://")
        .unwrap()
        .parse()
        .unwrap();
    let mut connection = Connection::open(proxy);
    for seed in 0..20 {
        let body = noise(seed, 200_000);
        let head = format!(
            // Noise that may be a text is left out of the recording; a picture fills the disk.
            "POST /plain/upload/ HTTP/1.1\r\nHost: {proxy}\r\nContent-Type: image/png\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        connection.send(head.as_bytes());
        connection.send(&body);
        let answer = connection.answer("POST");
        assert!(
            answer.status.contains(" 200 ") && answer.body.starts_with(b"{\"length\": 200000,"),
            "{answer:?}"
        );
        std::thread::sleep(Duration::from_millis(60));
    }
    let _ = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    let words = ["could not be recorded: ", "\nhint: "];
    assert!(words.iter().all(|words| error.contains(words)), "{error}");
    let kept = Reader::open(disk.out()).unwrap().http(0, 100).unwrap().rows;
    assert!((1..20).contains(&kept.len()), "{} of 20 exchanges", kept.len());
}

/// The end of a run whose file is harmed while it is recorded: exit code, standard output, standard error.
fn harmed(json: bool, harm: &dyn Fn(&Path)) -> (Option<i32>, String, String, TempDir) {
    let upstream = Server::start(Kind::Uvicorn);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.djscope");
    let mut command = Command::new(djscope::binary());
    command.args([
        "attach",
        &format!("http://{}", upstream.address),
        "--headless",
        "--out",
    ]);
    command.arg(&path).args(json.then_some("--json"));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    out.read_line(&mut first).unwrap();
    let mut errors = BufReader::new(child.stderr.take().unwrap());
    std::thread::sleep(Duration::from_millis(600));
    harm(&path);
    // It is said while the run goes on.
    let mut error = String::new();
    while !error.contains("was removed while it was recorded") {
        assert!(errors.read_line(&mut error).unwrap() > 0, "{error}");
    }
    let _ = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    errors.read_to_string(&mut error).unwrap();
    let mut said = String::new();
    out.read_to_string(&mut said).unwrap();
    (child.wait().unwrap().code(), said, error, folder)
}

#[test]
fn a_recording_that_is_removed_meanwhile_is_said_to_be_elsewhere() {
    let (code, _, error, folder) = harmed(false, &|path| fs::remove_file(path).unwrap());
    assert_eq!(code, Some(2), "{error}");
    assert!(
        error.contains("turns and")
            && error.contains("r-rescued.djscope")
            && !error.contains("frames in r.djscope"),
        "{error}"
    );
    assert!(
        Reader::open(folder.path().join("r-rescued.djscope"))
            .unwrap()
            .totals()
            .unwrap()
            .is_ended
    );
    let (code, said, error, folder) = harmed(true, &|path| fs::remove_file(path).unwrap());
    let end: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert_eq!(code, Some(2), "{error}");
    assert_eq!(
        end["recording"],
        folder.path().join("r-rescued.djscope").to_str().unwrap()
    );
    assert!(end["moved"].as_str().unwrap().contains("was removed"), "{end}");
}

#[test]
fn nobody_reads_the_output() {
    let upstream = Server::start(Kind::Uvicorn);
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(djscope::binary())
        .args([
            "attach",
            &format!("http://{}", upstream.address),
            "--headless",
            "--json",
            "--for",
            "0.5",
            "--out",
        ])
        .arg(folder.path().join("r.djscope"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{error}");
    assert!(!error.contains("panicked"), "{error}");
    assert!(
        Reader::open(folder.path().join("r.djscope"))
            .unwrap()
            .totals()
            .unwrap()
            .is_ended
    );
}
