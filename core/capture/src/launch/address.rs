//! Where a dev server will listen, from its command line.

/// `HOST:PORT` that `command` asks for or falls back to; none if the command is not known.
///
/// Knows `manage.py runserver` (Django, `runserver` page: default `127.0.0.1:8000`), `daphne` (`-b`, `-p`),
/// `uvicorn` (`--host`, `--port`) and `hypercorn` or `gunicorn` (`-b`, `--bind`).
pub fn address_in_command(command: &[String]) -> Option<String> {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    let program = |name: &str| {
        words.iter().position(|word| {
            word.rsplit(['/', '\\'])
                .next()
                .is_some_and(|last| last.trim_end_matches(".exe") == name)
        })
    };
    if let Some(at) = program("runserver") {
        return Some(runserver(&words[at + 1..]));
    }
    if let Some(at) = program("daphne") {
        let arguments = &words[at + 1..];
        let host = option(arguments, &["-b", "--bind"]).unwrap_or("127.0.0.1");
        let port = option(arguments, &["-p", "--port"]).unwrap_or("8000");
        return Some(joined(host, port));
    }
    if let Some(at) = program("uvicorn") {
        let arguments = &words[at + 1..];
        let host = option(arguments, &["--host"]).unwrap_or("127.0.0.1");
        let port = option(arguments, &["--port"]).unwrap_or("8000");
        return (port != "0").then(|| joined(host, port));
    }
    let at = program("hypercorn").or_else(|| program("gunicorn"))?;
    let bind = option(&words[at + 1..], &["-b", "--bind"]).unwrap_or("127.0.0.1:8000");
    (!bind.contains("unix:")).then(|| reachable(bind))
}

fn runserver(arguments: &[&str]) -> String {
    const TAKE_A_VALUE: &[&str] = &["--settings", "--pythonpath", "-v", "--verbosity"];
    let ipv6 = arguments.iter().any(|word| matches!(*word, "-6" | "--ipv6"));
    let default = if ipv6 { "[::1]" } else { "127.0.0.1" };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        if TAKE_A_VALUE.contains(word) {
            words.next();
        } else if !word.starts_with('-') {
            return if word.bytes().all(|byte| byte.is_ascii_digit()) {
                joined(default, word)
            } else {
                reachable(word)
            };
        }
    }
    joined(default, "8000")
}

fn option<'a>(arguments: &[&'a str], names: &[&str]) -> Option<&'a str> {
    arguments.iter().enumerate().find_map(|(index, word)| {
        if names.contains(word) {
            return arguments.get(index + 1).copied();
        }
        let (name, value) = word.split_once('=')?;
        names.contains(&name).then_some(value)
    })
}

fn joined(host: &str, port: &str) -> String {
    let host = if host.contains(':') && !host.starts_with('[') {
        format!("[{host}]")
    } else {
        host.to_owned()
    };
    reachable(&format!("{host}:{port}"))
}

/// An address that listens everywhere is reached over loopback.
fn reachable(address: &str) -> String {
    let (host, port) = address.rsplit_once(':').unwrap_or((address, "8000"));
    match host {
        "0.0.0.0" | "0" | "" => format!("127.0.0.1:{port}"),
        "[::]" => format!("[::1]:{port}"),
        other => format!("{other}:{port}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands() {
        let cases = [
            ("python manage.py runserver", Some("127.0.0.1:8000")),
            (
                "python manage.py runserver 8010 --noreload",
                Some("127.0.0.1:8010"),
            ),
            (
                "python manage.py runserver --settings a.b 0.0.0.0:8010",
                Some("127.0.0.1:8010"),
            ),
            ("./manage.py runserver -6", Some("[::1]:8000")),
            (
                "daphne -b 0.0.0.0 -p 8801 site.asgi:application",
                Some("127.0.0.1:8801"),
            ),
            ("/venv/bin/daphne site.asgi:application", Some("127.0.0.1:8000")),
            (
                "uvicorn site.asgi:application --port=9000",
                Some("127.0.0.1:9000"),
            ),
            (
                "python -m uvicorn site.asgi:application --host ::1",
                Some("[::1]:8000"),
            ),
            ("uvicorn site.asgi:application --port 0", None),
            ("gunicorn -b 127.0.0.1:7000 site", Some("127.0.0.1:7000")),
            ("make serve", None),
        ];
        for (command, address) in cases {
            let command: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(address_in_command(&command).as_deref(), address, "{command:?}");
        }
    }
}
