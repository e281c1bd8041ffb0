//! The server begins with djscope and ends with it, however it ends; nothing is left behind.

use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use djscope_tests::djscope;
use djscope_tests::project::{self, Kind};
use djscope_tests::raw::Live;
use tempfile::TempDir;

use crate::started::{Started, answers, descendants, http_server, is_running, processes, send, shell, until};

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
