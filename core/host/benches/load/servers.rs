//! The two servers, each on a core of its own.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use djscope_host::{Host, HostOptions, Limits};
use djscope_live::{Application, Declared, Handler, Rate, Settings};
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// The word by which this program is the server.
pub const SERVE: &str = "serve";

const SERVER_CORE: usize = 0;
const BROWSER_CORE: usize = 1;

/// Whose server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ours, on a runtime of one thread.
    Djscope,
    /// Ours, on a runtime of two threads, which share the core.
    DjscopeThreads,
    /// djust under uvicorn, as for production.
    Djust,
}

/// A server in a process of its own.
pub struct Server {
    pub address: SocketAddr,
    child: Child,
}

impl Server {
    pub fn start(kind: Kind) -> Self {
        // A child begins where its parent is.
        use_core(SERVER_CORE);
        let (child, address) = match kind {
            Kind::Djscope => start_djscope(1),
            Kind::DjscopeThreads => start_djscope(2),
            Kind::Djust => start_djust(),
        };
        use_core(BROWSER_CORE);
        Self { address, child }
    }

    /// The view of the page.
    pub fn view(&self) -> &'static str {
        "bench_site.Counter"
    }

    /// Time of a core that its process has used. Unlike the time that passes it does not count the load of others.
    pub fn processor_time(&self) -> Duration {
        /// `USER_HZ`, which is the same on every usual Linux.
        const TICKS_PER_SECOND: u64 = 100;
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = text.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2);
        let ticks: u64 = ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum();
        Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND)
    }

    pub fn resident_bytes(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kilobytes: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kilobytes * 1024
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn use_core(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core).unwrap();
    sched_setaffinity(Pid::from_raw(0), &cores).unwrap();
}

fn start_djscope(threads: usize) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([SERVE, &threads.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    (child, line.trim().parse().unwrap())
}

fn start_djust() -> (Child, SocketAddr) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/django");
    let home = PathBuf::from(std::env::var_os("HOME").unwrap_or_default());
    let venv =
        std::env::var_os("DJSCOPE_TEST_VENV").map_or_else(|| home.join(".cache/djscope/venv"), PathBuf::from);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let child = Command::new(venv.join("bin/python"))
        .args(["-m", "uvicorn", "bench_site:application", "--host", "127.0.0.1"])
        .args(["--port", &address.port().to_string(), "--log-level", "error"])
        // Its browsers here answer no pings.
        .args(["--ws-ping-interval", "3600"])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(folder)
        .spawn()
        .expect("./dev setup makes the virtual environment");
    while TcpStream::connect(address).is_err() {
        std::thread::sleep(Duration::from_millis(50));
    }
    (child, address)
}

/// Serves the page until the process is killed.
pub fn serve(threads: usize) {
    let settings = Settings {
        debug: false,
        messages: Rate::UNLIMITED,
        ..Settings::default()
    };
    let template = include_str!("../page.html");
    let mut application = Application::new(settings, [("page.html".to_owned(), template.to_owned())]);
    let counter = Declared::new("bench_site.Counter", "page.html")
        .state("count", 0)
        .handler(Handler::new("increment").run(|instance, _| {
            let count = instance.int("count") + 1;
            instance.set("count", count);
            Ok(())
        }))
        .handler(Handler::new("reset").run(|instance, _| {
            instance.set("count", 0);
            Ok(())
        }));
    application.add("/", counter).unwrap();
    let options = HostOptions {
        limits: Limits {
            max_connections: 5_000,
            ..Limits::default()
        },
        ..HostOptions::default()
    };
    let mut builder = match threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = builder.worker_threads(threads).enable_all().build().unwrap();
    runtime.block_on(async {
        let host = Host::start(options, Arc::new(application)).await.unwrap();
        println!("{}", host.address());
        std::io::stdout().flush().unwrap();
        std::future::pending::<()>().await;
    });
}
