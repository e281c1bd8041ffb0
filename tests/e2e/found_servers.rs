//! `djscope attach` without an address: what listens on loopback, and what can be seen of it.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use djscope_tests::djscope::{self, Recording};
use djscope_tests::dormant::Venv;
use djscope_tests::project::{self, Kind, Server};
use serde_json::Value;

/// What `djscope attach` prints with more words, and its exit code.
fn attach(venv: &Venv, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(djscope::binary())
        .arg("attach")
        .args(words)
        .envs(venv.variables())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

fn servers(venv: &Venv) -> Vec<Value> {
    let (code, out, _) = attach(venv, &["--json"]);
    assert_eq!(code, Some(0));
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn at(servers: &[Value], port: u16) -> &Value {
    let address = format!("http://127.0.0.1:{port}");
    let found = servers
        .iter()
        .find(|server| server["address"] == address.as_str());
    found.unwrap_or_else(|| panic!("{address} is not in {servers:#?}"))
}

/// A Python that listens and notes whoever connects.
struct Stranger {
    child: Child,
    port: u16,
    notes: tempfile::TempPath,
}

impl Stranger {
    fn start() -> Self {
        let port = project::free_port();
        let notes = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        let code = "import socket, sys\n\
                    s = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n\
                    open(sys.argv[2], 'w').write('listening;')\n\
                    while True:\n s.accept(); open(sys.argv[2], 'a').write('touched;')";
        let child = Command::new(project::program("python"))
            .args(["-c", code, &port.to_string()])
            .arg(&notes)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let stranger = Self { child, port, notes };
        while stranger.notes().is_empty() {
            std::thread::sleep(Duration::from_millis(20));
        }
        stranger
    }

    fn notes(&self) -> String {
        fs::read_to_string(&self.notes).unwrap()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn each_server_with_what_can_be_seen_of_it() {
    let venv = Venv::with_probe();
    let dormant = venv.serve(project::free_port(), &[]);
    venv.wait_for_offer();
    let plain = Server::start(Kind::Daphne);
    let stranger = Stranger::start();
    let found = servers(&venv);
    let sees = |port| at(&found, port)["sees"].clone();
    assert_eq!(sees(dormant.address.port()), "everything");
    assert_eq!(sees(plain.address.port()), "djust");
    assert_eq!(sees(stranger.port), "wire");
    let offered = at(&found, dormant.address.port());
    assert!(
        offered["djust"].is_string() && offered["held_by"].is_null(),
        "{offered}"
    );
    let command = at(&found, plain.address.port())["processes"][0]["command"].clone();
    assert!(command.as_str().unwrap().contains("daphne"), "{command}");
    // Nobody was asked.
    assert_eq!(stranger.notes(), "listening;");

    let (_, lines, said) = attach(&venv, &[]);
    let line = |port: u16| {
        let address = format!("http://127.0.0.1:{port} ");
        lines
            .lines()
            .find(|line| line.starts_with(&address))
            .unwrap()
            .to_owned()
    };
    assert!(
        line(dormant.address.port()).contains("a probe sleeps in it"),
        "{lines}"
    );
    assert!(
        line(plain.address.port()).contains("djust without a probe"),
        "{lines}"
    );
    assert!(line(stranger.port).contains("djust is not loaded"), "{lines}");
    assert!(said.contains("djscope probe install"), "{said}");
}

#[test]
fn who_is_held_by_a_djscope_is_said_to_be() {
    let venv = Venv::with_probe();
    let server = venv.serve(project::free_port(), &[]);
    venv.wait_for_offer();
    let recording = Recording::attach_in(&format!("http://{}", server.address), &[], &venv.variables());
    recording.wait_for_word("switched on");
    let found = servers(&venv);
    let held = at(&found, server.address.port());
    assert_eq!(
        (&held["sees"], &held["held_by"]),
        (&"taken".into(), &recording.pid().into()),
        "{held}"
    );

    let port = project::free_port();
    let run = Recording::serve(&Kind::Daphne.command(port), &project::folder(), &[]);
    assert_eq!(at(&servers(&venv), port)["sees"], "taken");
    drop(run);
    drop(recording);
    // The server notices a moment later that nobody listens to it any more.
    let since = Instant::now();
    while at(&servers(&venv), server.address.port())["sees"] != "everything" {
        assert!(since.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn options_of_a_recording_want_an_address() {
    let venv = Venv::bare();
    for words in [
        &["--headless"][..],
        &["--out", "x.djscope"],
        &["--for", "1"],
        &["--overwrite"],
        &["--listen", "127.0.0.1:8010"],
        &["--rewrite-host"],
        &["--memory", "64M"],
        &["--redact", "plan"],
        &["--no-redact"],
    ] {
        let (code, out, said) = attach(&venv, words);
        assert_eq!((code, out.as_str()), (Some(2), ""));
        assert!(
            said.contains("hint: ") && said.contains("djscope attach URL"),
            "{said}"
        );
    }
}
