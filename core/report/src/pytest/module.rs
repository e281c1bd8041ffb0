//! The text of the module.

use std::fmt::Write as _;

use serde_json::Value;

use super::asserts::asserts;
use super::{Expect, Test, changed, names};
use crate::python::literal::{name_from, remark, string};
use crate::python::{Expression, Helper, INDENT, Unwritable, Writer};
use crate::words;

/// Names that the module has itself.
const OWN: [&str; 29] = [
    "FILL_IN",
    "MOUNT",
    "EARLIER",
    "EVENT",
    "LiveViewConsumer",
    "TestCase",
    "SimpleTestCase",
    "WebsocketCommunicator",
    "answers",
    "apps",
    "async_to_sync",
    "databases",
    "django",
    "get_user_model",
    "instance",
    "mock",
    "names",
    "os",
    "played",
    "row",
    "rows",
    "setUpModule",
    "setup_databases",
    "setup_test_environment",
    "state",
    "strip_tags",
    "tearDownModule",
    "teardown_databases",
    "visible",
];

/// The whole module.
///
/// # Errors
///
/// If the view cannot be imported by its name, or a condition looks at no name of the state.
pub fn text(test: &Test<'_>) -> Result<String, String> {
    let mut writer = Writer {
        taken: OWN.map(str::to_owned).into(),
        ..Writer::default()
    };
    let view = writer
        .class(test.view)
        .map_err(|Unwritable(why)| format!("a test needs the view: {why}"))?;
    let state = state(test, &mut writer);
    let body = Body {
        frames: frames(test, &mut writer)?,
        user: user(test, &mut writer)?,
        asserts: asserts(test, &mut writer)?,
        state,
        view,
    };
    Ok(format!(
        "{}\n\n{}",
        [docstring(test), imports(test, &writer)].join("\n"),
        [
            body.data(test, &writer),
            body.case(test, &writer),
            "# What follows is the same in every such test.\n".to_owned(),
            set_up(test),
            helpers(&writer),
            body.played(test),
        ]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("\n\n")
    ))
}

fn docstring(test: &Test<'_>) -> String {
    let turn = &test.detail.turn;
    let changed: Vec<String> = changed(test.detail).into_iter().collect();
    let changed = match &changed[..] {
        [] => "no name of the state changed".to_owned(),
        names => format!("changed: {}", names.join(", ")),
    };
    let cause = match &turn.event {
        Some(event) => format!("{} {event}", words::kind(turn.kind)),
        None => words::kind(turn.kind).to_owned(),
    };
    let mut text = format!(
        "\"\"\"Turn {} of {}: {} of {}.\n\nRecorded {}. It ended as {}; {}.\n",
        turn.turn,
        remark(test.recording),
        remark(&cause),
        remark(test.view),
        remark(test.recorded_at),
        words::outcome(turn.outcome),
        remark(&changed),
    );
    if let Some(exception) = &turn.exception {
        let _ = writeln!(
            text,
            "It raised {}: {}",
            remark(&exception.class),
            remark(&exception.message)
        );
    } else if let Some(error) = &turn.error {
        let _ = writeln!(text, "djust said: {}", remark(error));
    }
    let _ = write!(
        text,
        "{}\n\nRun it in the folder of manage.py: python -m pytest, with or without pytest-django.\n\"\"\"\n",
        remark(&test.minimised)
    );
    text
}

fn imports(test: &Test<'_>, writer: &Writer) -> String {
    let case = if test.has_database {
        "TestCase"
    } else {
        "SimpleTestCase"
    };
    let set_up = if test.has_database {
        "from django.test.utils import (\n    setup_databases, setup_test_environment, teardown_databases, \
         teardown_test_environment,\n)\n"
    } else {
        "from django.test.utils import setup_test_environment\n"
    };
    let settings = test.settings.map_or(String::new(), |settings| {
        format!(
            "    os.environ.setdefault(\"DJANGO_SETTINGS_MODULE\", {})\n",
            string(settings)
        )
    });
    let mut text = format!(
        "import os\nfrom unittest import mock\n\nimport django\nfrom django.apps import apps\n\nif not apps.ready:\n\
         {settings}    django.setup()\n\nfrom asgiref.sync import async_to_sync\nfrom channels.testing import \
         WebsocketCommunicator\nfrom django.test import {case}\n{set_up}"
    );
    if !test.user.is_null() {
        text.push_str("from django.contrib.auth import get_user_model\n");
    }
    if test.expects.contains(&Expect::UpToDate) {
        text.push_str("from django.utils.html import strip_tags\n");
    }
    text.push_str("from djust.websocket import LiveViewConsumer\n\n");
    for ((module, name), own) in &writer.imports {
        let alias = if name == own {
            String::new()
        } else {
            format!(" as {own}")
        };
        let _ = writeln!(text, "from {module} import {name}{alias}");
    }
    text
}

/// The state that is restored.
#[derive(Default)]
struct State {
    /// Each name as a literal with a colon behind it, and its value.
    written: Vec<(String, Expression)>,
    /// Names that cannot be restored, and why.
    left_out: Vec<(String, String)>,
}

fn state(test: &Test<'_>, writer: &mut Writer) -> State {
    let mut state = State::default();
    let Some(before) = test.detail.before.as_ref().filter(|_| test.event.is_some()) else {
        return state;
    };
    for (name, value) in names(before) {
        if test.kept.as_ref().is_some_and(|kept| !kept.contains(name)) {
            continue;
        }
        // What could not be written leaves nothing behind in the module.
        let mut tried = writer.clone();
        match tried.value(value, name) {
            Ok(expression) => {
                *writer = tried;
                state.written.push((format!("{}: ", string(name)), expression));
            }
            Err(Unwritable(why)) => state.left_out.push((name.clone(), why)),
        }
    }
    state
}

/// The constants `MOUNT`, `EARLIER` and `EVENT`.
fn frames(test: &Test<'_>, writer: &mut Writer) -> Result<String, String> {
    let mut text = String::from("# What the browser sends to mount the view.\n");
    constant(&mut text, "MOUNT", &Value::Object(test.mount.clone()), writer)?;
    if !test.earlier.is_empty() {
        text.push_str("# What it sent before, as far as the turn needs it.\n");
        constant(&mut text, "EARLIER", &Value::Array(test.earlier.clone()), writer)?;
    }
    if let Some(event) = &test.event {
        text.push_str("# What it sent in the turn.\n");
        constant(&mut text, "EVENT", event, writer)?;
    }
    Ok(text)
}

fn constant(text: &mut String, name: &str, value: &Value, writer: &mut Writer) -> Result<(), String> {
    let written = writer
        .value(value, &name.to_lowercase())
        .map_err(|Unwritable(why)| format!("what the browser sent cannot be written: {why}"))?;
    let _ = writeln!(text, "{name} = {}", written.text(0, name.len() + 3));
    Ok(())
}

fn user(test: &Test<'_>, writer: &mut Writer) -> Result<Option<String>, String> {
    if test.user.is_null() {
        return Ok(None);
    }
    let written = writer.value(&test.user, "user");
    let written = written.map_err(|Unwritable(why)| format!("the user cannot be written: {why}"))?;
    Ok(Some(written.text(0, 0)))
}

/// The functions that run without pytest-django and without Django's own runner too.
fn set_up(test: &Test<'_>) -> String {
    let text = if test.has_database {
        WITH_DATABASE
    } else {
        WITHOUT_DATABASE
    };
    text.to_owned()
}

const WITH_DATABASE: &str = r#"databases = []


def setUpModule():
    """Makes a test database, unless pytest-django or manage.py test has."""
    try:
        setup_test_environment()
    except RuntimeError:
        return
    databases.append(setup_databases(verbosity=0, interactive=False))


def tearDownModule():
    """Removes what `setUpModule` has made."""
    while databases:
        teardown_databases(databases.pop(), verbosity=0)
        teardown_test_environment()
"#;

const WITHOUT_DATABASE: &str = r#"def setUpModule():
    """Prepares Django for tests, unless pytest-django or manage.py test has."""
    try:
        setup_test_environment()
    except RuntimeError:
        pass
"#;

fn helpers(writer: &Writer) -> String {
    let all = [
        (Helper::Instance, INSTANCE),
        (Helper::Row, ROW),
        (Helper::Rows, ROWS),
    ];
    let needed = all.iter().filter(|(helper, _)| writer.helpers.contains(helper));
    needed.map(|(_, text)| *text).collect::<Vec<_>>().join("\n\n")
}

const INSTANCE: &str = r#"def instance(cls, /, **fields):
    """An object as it was, made without its `__init__`."""
    if issubclass(cls, tuple):
        return cls(**fields)
    made = cls.__new__(cls)
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made
"#;

const ROW: &str = r#"def row(model, /, **fields):
    """A row as it was, in the test's database."""
    made = model(**fields)
    made.save_base(raw=True)
    return model._base_manager.get(pk=made.pk)
"#;

const ROWS: &str = r#"def rows(model, /, *made):
    """A queryset of rows."""
    return model._default_manager.filter(pk__in=[each.pk for each in made])
"#;

/// What the module is about, written.
struct Body {
    view: String,
    frames: String,
    state: State,
    user: Option<String>,
    asserts: Vec<String>,
}

impl Body {
    /// Models, secrets, frames and the state.
    fn data(&self, test: &Test<'_>, writer: &Writer) -> String {
        let mut text = String::new();
        for ((app, model), own) in &writer.models {
            let _ = writeln!(text, "{own} = apps.get_model({}, {})", string(app), string(model));
        }
        if !text.is_empty() {
            text.push('\n');
        }
        if !writer.secrets.is_empty() {
            text.push_str("# Secrets, which are not in the recording. The test needs them in the place of the dots.\nFILL_IN = {\n");
            for name in &writer.secrets {
                let _ = writeln!(text, "    {}: ...,", string(name));
            }
            text.push_str("}\n\n");
        }
        text.push_str(&self.frames);
        if test.event.is_none() {
            return text;
        }
        text.push_str("\n\ndef state():\n    \"\"\"The state before, as far as mount() does not make it by itself.\"\"\"\n");
        for (name, why) in &self.state.left_out {
            let _ = writeln!(
                text,
                "    # Not here, mount() has to make it: {} ({})",
                remark(name),
                remark(why)
            );
        }
        let made = Expression::Parts {
            open: "{".to_owned(),
            parts: self.state.written.clone(),
            close: "}",
        };
        let _ = writeln!(text, "    return {}", made.text(INDENT, INDENT + "return ".len()));
        text
    }

    /// The function that mounts, restores and sends.
    fn played(&self, test: &Test<'_>) -> String {
        let view = &self.view;
        let user = self.user.as_ref().map_or(String::new(), |user| {
            format!(
                "        # Who was logged in. What the view looks at of the user has to be put here.\n        \
                 users = get_user_model()._default_manager\n        socket.scope[\"user\"], _ = await users.aget_or_create(pk={user})\n"
            )
        });
        let visible = if test.expects.contains(&Expect::UpToDate) {
            VISIBLE
        } else {
            ""
        };
        PLAYED
            .replace("{view}", view)
            .replace("{visible}", visible)
            // Last: what comes from the recording is not looked into.
            .replace("{user}\n", &user)
    }

    fn case(&self, test: &Test<'_>, writer: &Writer) -> String {
        let turn = test.detail.turn.turn;
        let base = if test.has_database {
            "TestCase"
        } else {
            "SimpleTestCase"
        };
        let event = test
            .detail
            .turn
            .event
            .as_deref()
            .map(name_from)
            .unwrap_or_default();
        let event = if event.is_empty() {
            test.detail.turn.kind.name().to_owned()
        } else {
            event
        };
        let mut text = format!(
            "class Turn{turn}({base}):\n    \"\"\"As it was recorded, and what should come of it.\"\"\"\n\n"
        );
        if test.has_database {
            text.push_str("    databases = \"__all__\"\n\n");
        }
        if writer.helpers.contains(&Helper::Row) {
            text.push_str(
                "    def _should_check_constraints(self, connection):\n        # What the recorded rows point to may \
                 not be in the recording.\n        return False\n\n",
            );
        }
        let _ = writeln!(text, "    def test_{event}(self):");
        if !writer.secrets.is_empty() {
            text.push_str(
                "        missing = [name for name, value in FILL_IN.items() if value is ...]\n        assert not missing, \
                 f\"fill in what the recording does not hold: {missing}\"\n",
            );
        }
        let sent = match (&test.event, test.earlier.is_empty()) {
            (None, _) => "{}",
            (Some(_), true) => "state(), EVENT",
            (Some(_), false) => "state(), *EARLIER, EVENT",
        };
        let _ = writeln!(text, "        view, said, page = played({sent})");
        for line in &self.asserts {
            let _ = writeln!(text, "        {line}");
        }
        text
    }
}

const PLAYED: &str = r#"async def answers(socket, frame):
    """Sends a frame; everything that djust says until it has answered the ping behind it."""
    said = []
    await socket.send_json_to(frame)
    await socket.send_json_to({"type": "ping"})
    while (answer := await socket.receive_json_from(timeout=30))["type"] != "pong":
        said.append(answer)
    return said


def played(state, *events):
    """Mounts the view with a state and sends events; the view, what djust said to the last, and the page after it."""
    real, views = {view}.handle_params, []

    def restored(view, *args, **kwargs):
        real(view, *args, **kwargs)
        for name, value in state.items():
            setattr(view, name, value)
        views.append(view)

    async def talk():
        socket = WebsocketCommunicator(LiveViewConsumer.as_asgi(), "/ws/live/")
{user}
        await socket.connect()
        with mock.patch.object({view}, "handle_params", restored):
            said = heard = await answers(socket, MOUNT)
        assert not events or views, f"the view does not mount: {said}"
        for event in events:
            said = await answers(socket, event)
            heard = heard + said
        if events:
            # What the server believes that the browser has; it knows nothing better than the mount if nothing was sent.
            heard = heard + await answers(socket, {"type": "request_html"})
        await socket.disconnect()
        pages = [frame["html"] for frame in heard if frame["type"] in ("mount", "html_recovery") and frame.get("html")]
        return views[-1] if views else None, said, pages[-1] if pages else ""

    return async_to_sync(talk)()
{visible}"#;

const VISIBLE: &str = r#"

def visible(html):
    """The text of a page."""
    return " ".join(strip_tags(html).split())
"#;
