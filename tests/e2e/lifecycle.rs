//! The server begins with djscope and ends with it, however it ends; nothing is left behind.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use djscope_tests::djscope;
use djscope_tests::project::{self, Database, Kind, Server};
use djscope_tests::raw::Live;
use serde_json::Value;
use tempfile::TempDir;

/// A djscope whose environment and standard streams are the test's own.
struct Started {
    child: Child,
    proxy: SocketAddr,
    server: SocketAddr,
    folder: TempDir,
    _database: Database,
}

impl Started {
    /// Runs `shell`, in which `$DJSCOPE` begins the command, with `server` behind it.
    fn with(shell: &str, options: &[&str], server: &[String], address: SocketAddr) -> Self {
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

    fn of(kind: Kind, options: &[&str]) -> Self {
        let port = project::free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Self::with("exec", options, &kind.command(port), address)
    }

    fn send(&self, signal: &str) {
        send(signal, self.child.id());
    }

    fn code(&mut self) -> Option<i32> {
        let mut code = None;
        until("djscope ends", || {
            let ended = self.child.try_wait().unwrap();
            code = ended.and_then(|status| status.code());
            ended.is_some()
        });
        code
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Folders of the probe that are there.
    fn probe_folders(&self) -> usize {
        let names = fs::read_dir(self.folder.path()).unwrap();
        names
            .filter(|entry| {
                let name = entry.as_ref().unwrap().file_name();
                name.to_string_lossy().starts_with("djscope-probe-")
            })
            .count()
    }
}

fn send(signal: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{signal}"), &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let since = Instant::now();
    while !is_so() {
        assert!(since.elapsed() < Duration::from_secs(30), "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Runs that are no zombies, with their parents.
fn processes() -> Vec<(u32, u32)> {
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
fn descendants(pid: u32) -> Vec<u32> {
    let all = processes();
    let mut found = vec![pid];
    let mut index = 0;
    while let Some(parent) = found.get(index).copied() {
        found.extend(all.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        index += 1;
    }
    found.split_off(1)
}

fn is_running(pid: u32) -> bool {
    processes().iter().any(|(running, _)| *running == pid)
}

fn answers(address: SocketAddr) -> bool {
    TcpStream::connect(address).is_ok()
}

fn http_server(port: u16) -> String {
    format!(
        "{} -m http.server --bind 127.0.0.1 {port}",
        project::program("python").display()
    )
}

fn shell(script: &str) -> Vec<String> {
    ["sh", "-c", script].map(str::to_owned).to_vec()
}

#[test]
fn nothing_is_left_when_djscope_is_killed() {
    let port = project::free_port();
    // A shell between djscope and the server, and a child that nobody waits for.
    let script = format!("sleep 1000 & {} & wait", http_server(port));
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let runs = [
        Started::of(Kind::Daphne, &[]),
        Started::of(Kind::Autoreload, &[]),
        Started::with(
            "exec",
            &["--upstream", &format!("http://{address}")],
            &shell(&script),
            address,
        ),
    ];
    for mut run in runs {
        let started = descendants(run.child.id());
        assert!(started.len() > 1 && answers(run.server), "{}", run.log());
        run.send("KILL");
        run.child.wait().unwrap();
        for pid in started {
            until("what djscope has started ends", || !is_running(pid));
        }
        assert!(!answers(run.server));
        assert_eq!(run.probe_folders(), 1);
        let next = Command::new(djscope::binary())
            .args(["run", "--headless", "--for", "0.1", "--out"])
            .arg(run.folder.path().join("next.djscope"))
            .args(["--upstream", &format!("http://{}", run.server), "--"])
            .args(shell(&http_server(run.server.port())))
            .env("TMPDIR", run.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert!(next.status.success(), "{}", String::from_utf8_lossy(&next.stderr));
        assert_eq!(run.probe_folders(), 0);
    }
}

#[test]
fn nothing_is_left_when_the_guard_is_killed_too() {
    for both in [false, true] {
        let mut run = Started::of(Kind::Autoreload, &[]);
        let started = descendants(run.child.id());
        let guard = started[0];
        if both {
            run.send("KILL");
        }
        send("KILL", guard);
        for pid in started {
            until("what djscope has started ends", || !is_running(pid));
        }
        let code = run.code();
        assert_eq!(code, if both { None } else { Some(0) }, "{}", run.log());
    }
}

#[test]
fn a_server_that_is_kept_runs_on() {
    for signal in ["INT", "KILL"] {
        let mut run = Started::of(Kind::Daphne, &["--keep-server"]);
        let mut live = Live::mount(run.server, "shop.views.counter.CounterView", "/counter/");
        live.event("increment", "{}");
        let started = descendants(run.child.id());
        run.send(signal);
        run.code();
        for _ in 0..50 {
            let since = Instant::now();
            live.event("increment", "{}");
            assert!(since.elapsed() < Duration::from_secs(1));
        }
        assert!(started.iter().any(|pid| is_running(*pid)));

        // Whoever wants its port is told who has it.
        let again = Command::new(djscope::binary())
            .args(["run", "--headless", "--out"])
            .arg(run.folder.path().join("again.djscope"))
            .arg("--")
            .args(Kind::Daphne.command(run.server.port()))
            .output()
            .unwrap();
        let error = String::from_utf8_lossy(&again.stderr).into_owned();
        assert_eq!(again.status.code(), Some(2), "{error}");
        let pid = started.iter().find(|pid| is_running(**pid)).unwrap();
        let said = format!("is in use before the server has started by process {pid} (");
        assert!(error.contains(&said), "{error}");
        assert!(error.contains("daphne -p "), "{error}");
        assert!(error.contains("left by a djscope that has ended"), "{error}");
        assert!(
            error.contains(&format!("hint: end it with: kill {pid}")),
            "{error}"
        );
        for pid in started.iter().filter(|pid| is_running(**pid)) {
            send("KILL", *pid);
        }
    }
}

#[test]
fn a_daemon_is_left_alone() {
    let port = project::free_port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    // In a session of its own, and left by the one that has started it.
    let script = format!(
        "(setsid sh -c 'echo $$ > {}; exec sleep 1000' >/dev/null 2>&1 &); exec {}",
        pid_file.display(),
        http_server(port)
    );
    let mut run = Started::with(
        "exec",
        &["--upstream", &format!("http://{address}")],
        &shell(&script),
        address,
    );
    run.send("INT");
    assert_eq!(run.code(), Some(0), "{}", run.log());
    assert!(!answers(address));
    let daemon: u32 = fs::read_to_string(pid_file).unwrap().trim().parse().unwrap();
    assert!(is_running(daemon));
    send("KILL", daemon);
}

/// Numbers of the signals that a process ignores.
fn ignored(pid: u32) -> Vec<u32> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .unwrap();
    let mask = u64::from_str_radix(mask.trim(), 16).unwrap();
    (1..=64)
        .filter(|number| mask & (1 << (number - 1)) != 0)
        .collect()
}

#[test]
fn what_a_script_ignores_the_server_does_not() {
    let (hangup, interrupt, quit, broken_pipe) = (1, 2, 3, 13);
    for (shell_ignores, server_ignores) in [("INT QUIT USR1", None), ("HUP INT QUIT", Some(hangup))] {
        let port = project::free_port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut run = Started::with(
            &format!("trap '' {shell_ignores}; exec"),
            &["--upstream", &format!("http://{address}")],
            // A program that sets no signal itself.
            &shell(&format!("sleep 1000 & {}", http_server(port))),
            address,
        );
        let sleeping = descendants(run.child.id())
            .into_iter()
            .find(|pid| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap().trim() == "sleep")
            .unwrap();
        let parent = processes().iter().find(|(pid, _)| *pid == sleeping).unwrap().1;
        let ignores = ignored(parent);
        assert!(
            ![interrupt, quit, broken_pipe, 10]
                .iter()
                .any(|signal| ignores.contains(signal)),
            "{ignores:?}"
        );
        assert_eq!(ignores.contains(&hangup), server_ignores.is_some(), "{ignores:?}");
        if server_ignores.is_some() {
            run.send("HUP");
            std::thread::sleep(Duration::from_millis(500));
            assert!(
                run.child.try_wait().unwrap().is_none() && answers(run.proxy),
                "{}",
                run.log()
            );
        }
        run.send("INT");
        assert_eq!(run.code(), Some(0), "{}", run.log());
        assert!(!answers(address) && !is_running(sleeping));
    }
}

#[test]
fn a_port_that_is_in_use_names_who_has_it() {
    let run = Started::of(Kind::Daphne, &[]);
    let server = *descendants(run.child.id()).last().unwrap();
    let out = run.folder.path().join("second.djscope");
    let refusal = |arguments: &[&str]| {
        let mut second = Command::new(djscope::binary())
            .args(["run", "--headless", "--out"])
            .arg(&out)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut error = String::new();
        second.stderr.take().unwrap().read_to_string(&mut error).unwrap();
        assert_eq!(second.wait().unwrap().code(), Some(2), "{error}");
        error
    };
    let server_words = Kind::Daphne.command(run.server.port());
    let words: Vec<&str> = ["--"]
        .into_iter()
        .chain(server_words.iter().map(String::as_str))
        .collect();
    let error = refusal(&words);
    assert!(error.contains(&format!("by process {server} (")), "{error}");
    assert!(error.contains("which another djscope has started"), "{error}");

    let proxy = run.proxy.to_string();
    let error = refusal(&["--listen", &proxy, "--", "sleep", "1"]);
    assert!(
        error.contains(&format!("by process {} (", run.child.id())),
        "{error}"
    );
    assert!(!Path::new(&out).exists());
}

impl Drop for Started {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.send("TERM");
            let _ = self.child.wait();
        }
    }
}

/// Presses once, and has `end` end everything as soon as the answer is there. Gives the count in the
/// last state, which is large: the probe is at work on it for longer than the server needs to answer.
fn last_count(kind: Kind, end: impl Fn(&Started)) -> Option<i64> {
    let mut run = Started::of(kind, &[]);
    let mut live = Live::mount(run.proxy, "shop.views.state.BigStateView", "/big-state/");
    live.event("increment", "{}");
    end(&run);
    assert_eq!(run.code(), Some(0), "{}", run.log());
    let turns = djscope::turns(&run.folder.path().join("r.djscope"), "kind:event");
    assert_eq!(turns.len(), 1);
    turns[0]["after"]["public"]["count"].as_i64()
}

#[test]
fn the_last_state_is_recorded_when_djscope_ends() {
    for kind in [Kind::Autoreload, Kind::Runserver, Kind::Daphne, Kind::Uvicorn] {
        for signal in ["INT", "TERM"] {
            let count = last_count(kind, |run| run.send(signal));
            assert_eq!(count, Some(1), "{kind:?} {signal}");
        }
    }
}

#[test]
fn the_last_state_is_recorded_when_the_server_ends() {
    let cases = [
        (Kind::Autoreload, "INT"),
        (Kind::Runserver, "INT"),
        (Kind::Runserver, "TERM"),
        (Kind::Daphne, "INT"),
        (Kind::Daphne, "TERM"),
        (Kind::Uvicorn, "INT"),
    ];
    for (kind, signal) in cases {
        // As a terminal does: all at once, without the guard.
        let count = last_count(kind, |run| {
            for pid in &descendants(run.child.id())[1..] {
                send(signal, *pid);
            }
        });
        assert_eq!(count, Some(1), "{kind:?} {signal}");
    }
}

/// Mounts, presses, and gives what is said: on standard error, and in `missing` of every turn.
fn silent(command: &[String], address: SocketAddr, waits: bool) -> (String, Vec<Value>) {
    let mut run = Started::with(
        "exec",
        &["--upstream", &format!("http://{address}")],
        command,
        address,
    );
    let mut live = Live::mount(run.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    if waits {
        until("it is said at once", || run.log().contains("no probe was heard"));
        live.event("increment", "{}");
    }
    run.send("INT");
    assert_eq!(run.code(), Some(0), "{}", run.log());
    let turns = djscope::turns(&run.folder.path().join("r.djscope"), "");
    assert_eq!(turns.len(), if waits { 3 } else { 2 });
    (run.log(), turns)
}

#[test]
fn a_probe_that_is_never_heard_is_named_with_the_reason() {
    let words = |address: SocketAddr| {
        let port = address.port();
        format!("-m daphne -b 127.0.0.1 -p {port} site_config.asgi:application")
    };
    let python = project::program("python").display().to_string();
    let venv = Path::new(&python).ancestors().nth(2).unwrap();
    let keep = "DJSCOPE_TEST_DB=$DJSCOPE_TEST_DB DJSCOPE_TEST_FAST=1 PATH=$PATH";
    let cases = [
        (
            "$PYTHON -E $DAPHNE",
            "was started with -E, which ignores PYTHONPATH",
            "start the server without this flag",
        ),
        (
            "PYTHONPATH=$PYTHONPATH:$(echo $VENV/lib/python*/site-packages) $PYTHON -S $DAPHNE",
            "was started with -S, which leaves sitecustomize out",
            "start the server without this flag",
        ),
        (
            "env -i $KEEP $PYTHON $DAPHNE",
            "did not pass on its environment",
            "have it pass on PYTHONPATH, DJSCOPE_PROBE_ADDRESS and DJSCOPE_PROBE_TOKEN",
        ),
        (
            "PYTHONPATH=. $PYTHON $DAPHNE",
            "has replaced PYTHONPATH",
            "add to PYTHONPATH instead of replacing it",
        ),
    ];
    for (index, (script, reason, way_out)) in cases.into_iter().enumerate() {
        let address = SocketAddr::from(([127, 0, 0, 1], project::free_port()));
        let script = script
            .replace("$PYTHON", &python)
            .replace("$DAPHNE", &words(address))
            .replace("$VENV", venv.to_str().unwrap())
            .replace("$KEEP", keep);
        // Said while it runs, and in a run that is over before.
        let (log, turns) = silent(&shell(&script), address, index % 2 == 0);
        let said: Vec<&str> = log
            .lines()
            .filter(|line| line.contains("no probe was heard"))
            .collect();
        assert!(said.len() == 1 && said[0].contains(reason), "{script}: {log}");
        assert!(log.contains(&format!("hint: {way_out}")), "{script}: {log}");
        for turn in turns {
            let missing = turn["missing"].as_array().unwrap();
            let texts: Vec<&str> = missing.iter().filter_map(Value::as_str).collect();
            let fits = |text: &&str| {
                text.contains("no probe was heard") && text.contains(reason) && text.contains(way_out)
            };
            assert!(texts.len() == 1 && texts.iter().all(fits), "{script}: {turn}");
        }
    }
}

#[test]
fn a_server_that_the_command_has_not_started_is_named() {
    let address = SocketAddr::from(([127, 0, 0, 1], project::free_port()));
    let folder = tempfile::tempdir().unwrap();
    let mark = folder.path().join("mark");
    let command = shell(&format!("touch {}; exec sleep 1000", mark.display()));
    // As a container does, or a service that the command only wakes.
    let elsewhere = std::thread::spawn(move || {
        until("the command has started", || mark.exists());
        Server::start_on(Kind::Daphne, address.port())
    });
    let (log, turns) = silent(&command, address, true);
    let reason = "was not started by the command that djscope has started";
    assert!(log.contains(reason), "{log}");
    for turn in turns {
        assert!(turn["missing"][0].as_str().unwrap().contains(reason), "{turn}");
    }
    drop(elsewhere.join().unwrap());
}

#[test]
fn no_umask_opens_the_folder_of_the_probe() {
    let port = project::free_port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let run = Started::with("umask 0; exec", &[], &Kind::Daphne.command(port), address);
    assert_eq!(run.probe_folders(), 1);
    let mut paths = vec![run.folder.path().to_owned()];
    let mut seen = 0;
    while let Some(path) = paths.pop() {
        for entry in fs::read_dir(path).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() {
                paths.push(path.clone());
            }
            // What Python makes there is behind the folder's own mode.
            let is_made_by_python = path.to_string_lossy().contains("__pycache__");
            if path.to_string_lossy().contains("djscope-probe-") && !is_made_by_python {
                let mode = entry.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 10);
}

#[test]
fn a_folder_that_cannot_be_on_the_path_is_not_taken() {
    let odd = tempfile::tempdir().unwrap();
    let odd = odd.path().join("a:b");
    fs::create_dir(&odd).unwrap();
    let shell = format!("umask 0; TMPDIR={} exec", odd.display());
    let port = project::free_port();
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut run = Started::with(&shell, &[], &Kind::Daphne.command(port), address);
    let mut live = Live::mount(run.proxy, "shop.views.counter.CounterView", "/counter/");
    live.event("increment", "{}");
    run.send("INT");
    assert_eq!(run.code(), Some(0), "{}", run.log());
    let turns = djscope::turns(&run.folder.path().join("r.djscope"), "kind:event");
    assert_eq!(turns[0]["after"]["public"]["count"], 1, "{}", run.log());
    assert_eq!(turns[0]["missing"], serde_json::json!([]));
}

/// A djscope at a terminal of its own, with a server that asks for a line first.
struct AtTerminal {
    script: Child,
    keyboard: ChildStdin,
    djscope: u32,
    server: SocketAddr,
    folder: TempDir,
}

impl AtTerminal {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = project::free_port();
        let server = SocketAddr::from(([127, 0, 0, 1], port));
        let asking = format!(
            "read line; echo $line > {}/line; exec {}",
            folder.path().display(),
            http_server(port)
        );
        let command = format!(
            "exec {} run --headless --upstream http://{server} --out {}/r.djscope -- sh -c '{asking}'",
            djscope::binary().display(),
            folder.path().display()
        );
        let mut script = Command::new("script")
            .args(["-qfec", &command, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(fs::File::create(folder.path().join("screen")).unwrap())
            .spawn()
            .unwrap();
        let mut keyboard = script.stdin.take().unwrap();
        let mut started = Vec::new();
        until("the server has started", || {
            started = descendants(script.id());
            started.len() >= 3
        });
        // A background process would be stopped here.
        keyboard.write_all(b"hello\n").unwrap();
        until("the server listens", || answers(server));
        let screen = || fs::read_to_string(folder.path().join("screen")).unwrap();
        until("the proxy listens", || screen().contains("proxy http://"));
        Self {
            djscope: started[0],
            script,
            keyboard,
            server,
            folder,
        }
    }
}

#[test]
fn a_server_keeps_its_terminal_and_ends_with_it() {
    for ending in ["Ctrl-C", "KILL", "HUP"] {
        let mut terminal = AtTerminal::start();
        let line = fs::read_to_string(terminal.folder.path().join("line")).unwrap();
        assert_eq!(line, "hello\n");
        let started = descendants(terminal.djscope);
        match ending {
            "Ctrl-C" => terminal.keyboard.write_all(b"\x03").unwrap(),
            signal => send(signal, terminal.djscope),
        }
        for pid in started {
            until("what djscope has started ends", || !is_running(pid));
        }
        assert!(!answers(terminal.server), "{ending}");
        let code = terminal.script.wait().unwrap().code();
        let screen = fs::read_to_string(terminal.folder.path().join("screen")).unwrap();
        assert_eq!(
            code,
            Some(if ending == "KILL" { 137 } else { 0 }),
            "{ending}: {screen}"
        );
    }
}
