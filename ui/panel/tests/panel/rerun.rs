//! The tab Re-run: what is asked before anything runs, and what is shown of it.

use djscope_hub::model::TurnKind;
use djscope_hub::{
    Ask, Command, ErrorCode, HeldBack, HubError, Query, RerunAnswer, RerunDifference, RerunWord, Unsteady,
    What, Witness,
};
use egui::Key;
use egui_kittest::kittest::Queryable as _;
use serde_json::{Value, json};

use crate::preview::Preview;
use crate::stage::Stage;

const ADD_ITEM: u64 = 15;

fn answer(djust: RerunWord, engine: RerunWord, differs: Vec<RerunDifference>) -> RerunAnswer {
    RerunAnswer {
        turn: ADD_ITEM,
        kind: TurnKind::Event,
        view: Some("shop.views.CartView".to_owned()),
        event: Some("add_item".to_owned()),
        recorded: "noop".to_owned(),
        djust: Some(djust),
        engine: Some(engine),
        differs,
        unsteady: Vec::new(),
        reasons: Vec::new(),
        held_back: Vec::new(),
        notes: Vec::new(),
        error: None,
        duration_us: 7_300,
    }
}

fn difference(witness: Witness, path: &str, recorded: Value, got: Value) -> RerunDifference {
    RerunDifference {
        witness,
        what: What::State,
        path: path.to_owned(),
        recorded,
        got,
    }
}

fn mended() -> RerunAnswer {
    let new = json!([{"id": 1, "name": "Chopin, Ballades"}, {"id": 7, "name": "Satie, Gnossiennes"}]);
    answer(
        RerunWord::Differs,
        RerunWord::Differs,
        vec![
            difference(
                Witness::Djust,
                "items",
                json!([{"id": 1, "name": "Chopin, Ballades"}]),
                new,
            ),
            difference(Witness::Djust, "total", json!(12), json!(31)),
            difference(Witness::Engine, "total", json!(12), json!(13)),
        ],
    )
}

fn untold() -> RerunAnswer {
    RerunAnswer {
        reasons: vec!["the database is not as it was: shop_product".to_owned()],
        unsteady: vec![Unsteady {
            path: "started_at".to_owned(),
            why: "reads the clock".to_owned(),
        }],
        held_back: vec![HeldBack {
            kind: "mail".to_owned(),
            wanted: "send mail to".to_owned(),
            of: "ada@example.org".to_owned(),
            times: 2,
        }],
        notes: vec!["user 7 was taken from the database".to_owned()],
        ..answer(RerunWord::CannotTell, RerunWord::Same, Vec::new())
    }
}

/// The tab over a recording of which a re-run gives this.
fn stage(answer: Result<RerunAnswer, HubError>) -> (Preview, Stage) {
    let preview = Preview::shop();
    preview.change(|recording| recording.rerun = answer);
    let mut stage = Stage::new(&preview);
    stage.select(ADD_ITEM).key(Key::Num7);
    (preview, stage)
}

fn has_run(preview: &Preview) -> usize {
    let mut count = 0;
    preview.change(|recording| count = recording.reruns.len());
    count
}

#[test]
fn nothing_runs_before_the_user_has_seen_what() {
    let (preview, mut stage) = stage(Ok(mended()));
    stage.expect(&[
        "Turn 15 can be run again",
        "It runs the code of the project in /home/ada/shop",
        "variables that are not set here: SHOP_STRIPE_KEY",
    ]);
    let asked = preview.take_asked();
    assert!(
        asked
            .iter()
            .any(|ask| matches!(ask, Ask::Query(Query::Project { .. })))
    );
    // The key alone leads to the question.
    stage.key(Key::R);
    assert_eq!(has_run(&preview), 0);
    stage.picture("rerun_asks");
    stage.click("Run it");
    assert_eq!(has_run(&preview), 1);
    preview.change(|recording| {
        let job = &recording.reruns[0];
        assert_eq!(job.turn, ADD_ITEM);
        assert_eq!(job.agreed_to, recording.project.as_ref().unwrap().description);
        assert_eq!((&job.edit_state, &job.edit_params), (&None, &None));
    });
    // From then on the key runs it.
    stage.key(Key::R);
    assert_eq!(has_run(&preview), 2);
}

#[test]
fn what_differs_stands_beside_what_was_recorded() {
    let (_, mut stage) = stage(Ok(mended()));
    stage.click("Run it");
    stage.expect(&[
        "It does otherwise now in 3 places",
        "recorded: noop · djust: differs · engine: differs",
        "total: recorded 12, djust 31, engine 13",
        "items: recorded [",
        "engine the same",
        "djscope report /home/ada/.local/share/djscope/recordings/2026-11-24-100000.djscope --format pytest --turn 15",
    ]);
    stage.picture("rerun_differs");
}

#[test]
fn what_cannot_be_told_says_why() {
    let (_, mut stage) = stage(Ok(untold()));
    stage.click("Run it");
    stage.expect(&[
        "Whether it does the same cannot be told",
        "the database is not as it was: shop_product",
        "started_at: reads the clock",
        "send mail to ada@example.org (2 times)",
        "user 7 was taken from the database",
    ]);
    stage.picture("rerun_cannot_tell");
}

#[test]
fn other_values_are_tried() {
    let (preview, mut stage) = stage(Ok(answer(RerunWord::Same, RerunWord::Same, Vec::new())));
    stage.click("Run it");
    stage.expect(&["It does the same again, in 7.30 ms"]);
    stage.click("What if …").click("Run with these");
    stage.expect(&["nothing is another value yet"]);
    assert_eq!(has_run(&preview), 1);
    let field = "State before the turn, as far as it is to be another";
    stage.harness.get_by_label(field).click();
    stage.run();
    stage.text("{\"total\": 0}").click("Run with these");
    stage.expect(&["It would have done the same"]);
    preview.change(|recording| {
        let job = &recording.reruns[1];
        assert_eq!(job.edit_state, json!({"total": 0}).as_object().cloned());
        assert_eq!(job.edit_params, None);
    });
}

#[test]
fn results_stay_with_their_turns() {
    let (_, mut stage) = stage(Ok(mended()));
    stage.click("Run it").select(14);
    assert!(!stage.shows("It does otherwise now"));
    stage.select(ADD_ITEM);
    stage.expect(&["It does otherwise now in 3 places"]);
}

#[test]
fn what_cannot_be_run_says_why_and_what_to_do() {
    let error = |message: &str, hint: &str| HubError {
        hint: Some(hint.to_owned()),
        ..HubError::new(ErrorCode::Unreadable, message)
    };
    let (_, mut stage) = stage(Err(error(
        "the settings cannot be loaded",
        "does manage.py check work?",
    )));
    stage.click("Run it");
    stage.expect(&[
        "the settings cannot be loaded",
        "does manage.py check work?",
        "Run again",
    ]);

    let preview = Preview::shop();
    preview.change(|recording| {
        recording.project = Err(error("the project is not at /gone any more", "say where to"));
    });
    let mut stage = Stage::new(&preview);
    stage.select(ADD_ITEM).key(Key::Num7);
    stage.expect(&["the project is not at /gone any more", "say where to"]);
    let asked = preview.take_asked();
    let started = asked
        .iter()
        .any(|ask| matches!(ask, Ask::Command(Command::Start { .. })));
    assert!(!started);
}
