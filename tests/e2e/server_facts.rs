//! What the server decided and did in a turn, planted in the test project and found in the file.

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Decision, SessionUse, SpanKind, TurnDetail};
use djscope_tests::djscope::Recording;
use djscope_tests::project::Kind;
use djscope_tests::raw::Live;
use serde_json::{Value, json};

const DEEDS: &str = "shop.views.deeds.DeedsView";

/// A recording of events on the page of deeds, by one visitor after the other.
fn recorded(kind: Kind, events: &[&str]) -> (Recording, Reader) {
    let mut recording = Recording::start(kind, &[]);
    let mut live = Live::mount(recording.proxy, DEEDS, "/deeds/7/");
    for event in events {
        live.event(event, "{}");
    }
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let reader = Reader::open(&recording.path).unwrap();
    (recording, reader)
}

/// The only turn that `filter` finds.
fn turn(reader: &Reader, filter: &str) -> TurnDetail {
    let page = reader.turns(&Filter::parse(filter).unwrap(), 0, 10).unwrap();
    assert_eq!(page.total, 1, "{filter}");
    reader.turn(page.rows[0].turn).unwrap().unwrap()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn what_djust_decided_and_handed_over() {
    let (_recording, reader) = recorded(Kind::Daphne, &["extend", "look", "hush", "force"]);
    let decided = |event: &str| turn(&reader, &format!("event:{event}")).turn.djust.unwrap();
    let seen = |changed: &[&str]| Decision {
        changed: Some(names(changed)),
        skip: false,
        force: false,
    };
    assert_eq!(decided("extend"), seen(&["rows"]));
    assert_eq!(decided("look"), seen(&[]));
    let asked = |skip, force| Decision {
        changed: None,
        skip,
        force,
    };
    assert_eq!(decided("hush"), asked(true, false));
    assert_eq!(decided("force"), asked(false, true));
    assert_eq!(turn(&reader, "kind:mount").turn.djust, None);

    let mount = turn(&reader, "kind:mount").handed.unwrap().public;
    assert_eq!((&mount["number"], &mount["total"]), (&json!(7), &json!(3)));
    let extend = turn(&reader, "event:extend");
    let handed = extend.handed.unwrap().public;
    // The renderer keeps what it has: all of it is there, also what this turn did not hand over.
    assert_eq!((&handed["number"], &handed["total"]), (&json!(7), &json!(12)));
    assert_eq!(handed["rows"].as_array().unwrap().len(), 4);
    let keys = extend.turn.changed_keys.unwrap();
    assert!(
        keys.contains(&"rows".to_owned()) && !keys.contains(&"number".to_owned()),
        "{keys:?}"
    );
    let look = turn(&reader, "event:look");
    assert_eq!((look.turn.handed, look.turn.changed_keys), (None, None));
    assert_eq!(reader.verify().unwrap(), Vec::<String>::new());
}

#[test]
fn sessions_mounts_and_threads() {
    let (_recording, reader) = recorded(Kind::Daphne, &["basket", "promise", "look"]);
    let session = |event: &str| {
        turn(&reader, &format!("event:{event}"))
            .turn
            .work
            .session
            .unwrap()
    };
    let did = |touched, saved| SessionUse { touched, saved };
    assert_eq!(session("basket"), did(true, true));
    assert_eq!(session("promise"), did(true, false));
    assert_eq!(session("look"), did(false, false));

    let mount = turn(&reader, "kind:mount").turn.work.mount.unwrap();
    assert_eq!(mount.kwargs, json!({"number": 7}));
    assert_eq!(mount.user, Value::Null);
    assert_eq!(
        (mount.url.as_deref(), mount.language.as_deref()),
        (Some("/deeds/7/"), Some("en-us"))
    );
    assert!(mount.time_zone.is_some());

    let basket = turn(&reader, "event:basket");
    let thread = |kind| {
        let span = basket.spans.iter().find(|span| span.kind == kind).unwrap();
        span.detail["thread"].as_u64().unwrap()
    };
    assert_ne!(thread(SpanKind::Handler), thread(SpanKind::Send));
}

#[test]
fn what_a_class_is_made_of() {
    let (_recording, reader) = recorded(Kind::Daphne, &["entitle"]);
    let entitle = turn(&reader, "event:entitle");
    let data = entitle.view.unwrap().class_data.unwrap();
    assert_eq!(data.attributes["page_size"], json!(20));
    assert_eq!(data.attributes["limit"], json!({"$decimal": "9.5"}));
    assert_eq!(data.static_assigns, names(&["units"]));
    assert_eq!(data.temporary_assigns, names(&["fresh"]));
    assert_eq!(
        (data.state_fields, data.computed),
        (names(&["due"]), names(&["total"]))
    );
    assert_eq!(
        (data.reserved, data.before_init),
        (names(&["page_title"]), names(&["early"]))
    );
    // A date is no JSON: djust keeps it from the template without a word.
    assert_eq!(data.dropped, names(&["due"]));
    // Neither what was set before `__init__` nor what djust keeps for itself is compared.
    assert_eq!(entitle.turn.djust.unwrap().changed, Some(Vec::new()));
    assert_eq!(entitle.turn.changed, Some(names(&["early"])));

    let by_module = |module: &str| {
        let mut found = data.sources.iter().filter(|source| source.module == module);
        found.next().unwrap()
    };
    assert_eq!(by_module("shop.views.deeds").role, "view");
    let helper = by_module("shop.views.measures");
    assert_eq!(helper.role, "helper");
    let text = reader.source(&helper.hash).unwrap().unwrap().text;
    assert!(text.contains("def label(number)"), "{text}");
    let on_disk = std::fs::read_to_string(&helper.file).unwrap();
    assert_eq!(text, on_disk);
    let all = reader.sources().unwrap();
    assert!(all.iter().all(|source| !source.module.starts_with("djust")));

    let meter = &entitle.after.unwrap().public["meter"]["$object"];
    assert_eq!(
        (&meter["type"], &meter["fields"]["level"]),
        (&json!("shop.views.deeds.Meter"), &json!(3))
    );
}

#[test]
fn components_and_their_state() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, "shop.views.parts.PartsView", "/parts/");
    live.event("open", "{}");
    live.event("switch", "{}");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let reader = Reader::open(&recording.path).unwrap();
    let open = turn(&reader, "event:open");
    let fold = |state: Option<&djscope_recording::model::Snapshot>| {
        state.unwrap().public["fold"]["$object"]["fields"]["state"]["active"].clone()
    };
    assert_eq!(
        (fold(open.before.as_ref()), fold(open.after.as_ref())),
        (json!("first"), json!("second"))
    );
    // djust renders this component alone, and the renderer keeps its HTML.
    assert_eq!(open.turn.rendered, Some(names(&["fold"])));
    assert!(
        open.handed.unwrap().public["fold"]
            .to_string()
            .contains("second: 0")
    );
    assert!(
        open.spans
            .iter()
            .any(|span| span.kind == SpanKind::Render && span.name == "fold")
    );
    let data = open.view.unwrap().class_data.unwrap();
    assert_eq!(
        (
            data.components[0].name.as_str(),
            data.components[0].class.as_str()
        ),
        ("fold", "shop.views.parts.Fold")
    );
    // A component that `mount()` made has changed, and djust did not see it.
    let switch = turn(&reader, "event:switch");
    assert_eq!(
        switch.after.unwrap().public["light"]["$object"]["fields"]["shade"],
        json!("green")
    );
    assert_eq!(switch.turn.changed, Some(names(&["light"])));
    assert_eq!(switch.turn.djust.unwrap().changed, Some(Vec::new()));
}

#[test]
fn pushes_tasks_and_threads() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut other = Live::mount(recording.proxy, DEEDS, "/deeds/8/");
    let mut live = Live::mount(recording.proxy, DEEDS, "/deeds/7/");
    live.event("spread", "{}");
    other.until("\"source\": \"broadcast\"");
    live.event("fork", "{}");
    live.event("work", "{}");
    live.until("\"source\": \"async\"");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let reader = Reader::open(&recording.path).unwrap();

    let pushes = turn(&reader, "event:spread").turn.work.pushes;
    let [push] = pushes.as_slice() else {
        panic!("{pushes:?}")
    };
    assert_eq!((push.target.as_str(), &push.state), (DEEDS, &names(&["status"])));
    // The other page got it; djust passes over the one that sent it.
    assert_eq!((push.delivered, push.skips_own), (Some(1), true));
    assert_eq!(turn(&reader, "kind:push").turn.changed, Some(names(&["status"])));

    let threads = turn(&reader, "event:fork").turn.work.threads;
    let [thread] = threads.as_slice() else {
        panic!("{threads:?}")
    };
    assert_eq!(
        (thread.name.as_str(), thread.target.as_deref()),
        ("idler", Some("shop.views.deeds._idle"))
    );
    assert!(thread.file.as_ref().unwrap().ends_with("shop/views/deeds.py"));

    let asked = turn(&reader, "kind:event event:work").turn.work.tasks;
    let task = turn(&reader, "kind:async").turn.work.task.unwrap();
    assert_eq!((asked.len(), &asked[0].id), (1, &task.id));
    assert_eq!(task.function.as_deref(), Some("shop.views.deeds.DeedsView._work"));
    assert_eq!(task.wrote, Some(names(&["status"])));
    assert!(
        task.end_us.unwrap() - task.start_us.unwrap() >= 20_000,
        "{task:?}"
    );
}

#[test]
fn a_wait_names_what_kept_the_thread() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut one = Live::mount(recording.proxy, DEEDS, "/deeds/7/");
    let mut other = Live::mount(recording.proxy, DEEDS, "/deeds/8/");
    let holding = one.send("hold", "{}");
    std::thread::sleep(std::time::Duration::from_millis(50));
    other.event("extend", "{}");
    one.answer(holding);
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let reader = Reader::open(&recording.path).unwrap();
    let extend = turn(&reader, "event:extend");
    let wait = extend
        .spans
        .iter()
        .find(|span| span.kind == SpanKind::Queue)
        .unwrap();
    assert_eq!(wait.name, "waiting");
    let occupant = &wait.detail["occupied_by"];
    let hold = turn(&reader, "event:hold").turn.turn;
    assert_eq!(
        (&occupant["turn"], &occupant["name"]),
        (&json!(hold), &json!("hold"))
    );
    let overlap_us = occupant["overlap_us"].as_u64().unwrap();
    assert!(overlap_us > 100_000 && overlap_us <= wait.duration_us, "{wait:?}");
}

#[test]
fn what_starts_the_server_again() {
    let (_recording, reader) = recorded(Kind::Daphne, &["look"]);
    let meta = reader.meta().unwrap();
    let processes = meta["processes"].as_array().unwrap();
    let process = &processes[0];
    let text = |name: &str| process[name].as_str().unwrap_or_default();
    assert!(text("cwd").ends_with("tests/django_project") && text("executable").contains("python"));
    assert!(text("prefix").len() > 1 && process["argv"].to_string().contains("daphne"));
    assert_eq!(
        (text("settings"), text("tz")),
        ("site_config.settings", "Europe/Berlin")
    );
    let environment: Vec<&str> = process["environment"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap())
        .collect();
    assert!(environment.contains(&"PATH") && environment.contains(&"DJSCOPE_TEST_DB"));
    // Names only: the token of the launch is a value.
    let path = std::env::var("PATH").unwrap();
    assert!(!process.to_string().contains(&path));
    assert_eq!(
        process["databases"],
        json!({"default": "django.db.backends.sqlite3"})
    );
    assert!(process["installed_apps"].to_string().contains("\"shop\""));
    for version in ["python", "django", "djust"] {
        assert!(!text(version).is_empty(), "{version}");
    }
}

#[test]
fn a_script_gets_all_of_it() {
    let (recording, _) = recorded(Kind::Daphne, &["extend", "basket", "spread"]);
    let lines = |words: &[&str]| djscope_tests::djscope::shown(&recording.path, words);
    let plain = lines(&[]);
    let of = |lines: &[Value], event: &str| lines.iter().find(|line| line["event"] == event).unwrap().clone();
    let extend = of(&plain, "extend");
    assert_eq!(extend["djust"]["changed"], json!(["rows"]));
    assert!(extend["changed_keys"].to_string().contains("rows"), "{extend}");
    assert_eq!(
        of(&plain, "basket")["work"]["session"],
        json!({"touched": true, "saved": true})
    );
    let push = of(&plain, "spread")["work"]["pushes"][0].clone();
    assert_eq!(
        (&push["target"], &push["delivered"], &push["skips_own"]),
        (&json!(DEEDS), &json!(0), &json!(true))
    );
    assert!(
        plain
            .iter()
            .all(|line| line.get("handed").is_none() && line.get("class").is_none())
    );

    let all = lines(&["--with", "handed,class,sources", "--with", "processes"]);
    assert!(all[0]["process"]["argv"].is_array(), "{}", all[0]);
    let extend = of(&all, "extend");
    assert_eq!(extend["handed"]["rows"].as_array().unwrap().len(), 4);
    assert_eq!(extend["class"]["class_data"]["attributes"]["page_size"], 20);
    let position = |fits: &dyn Fn(&Value) -> bool| all.iter().position(fits).unwrap();
    let source = position(&|line| line["source"]["module"] == "shop.views.deeds");
    assert!(source < position(&|line| line["event"] == "extend"));
    assert!(
        all[source]["source"]["text"]
            .as_str()
            .unwrap()
            .contains("class DeedsView")
    );
    let modules: Vec<_> = all
        .iter()
        .filter_map(|line| line["source"]["hash"].as_str())
        .collect();
    let distinct: std::collections::HashSet<_> = modules.iter().collect();
    assert_eq!(modules.len(), distinct.len());
    assert_eq!(
        all.iter().filter(|line| line.get("turn").is_some()).count(),
        plain.len()
    );
}

#[test]
fn a_task_did_not_write_what_an_event_wrote_meanwhile() {
    let mut recording = Recording::start(Kind::Daphne, &[]);
    let mut live = Live::mount(recording.proxy, DEEDS, "/deeds/7/");
    live.event("wait", "{}");
    live.event("extend", "{}");
    live.until("\"source\": \"async\"");
    std::thread::sleep(std::time::Duration::from_millis(300));
    recording.stop("INT");
    let reader = Reader::open(&recording.path).unwrap();
    let task = turn(&reader, "kind:async").turn;
    assert_eq!(task.work.task.unwrap().wrote, Some(names(&["status"])));
    // On a machine so busy that the event came later, there was nothing to tell apart.
    if task.changed != Some(names(&["status"])) {
        let said = task
            .missing
            .iter()
            .any(|sentence| sentence.starts_with("what the task wrote: rows"));
        assert!(said, "{:?}", task.missing);
    }
}
