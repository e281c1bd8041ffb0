//! Turns that are run again: for whom, and what is said where nothing can be run.

use djscope_hub::{Answer, Command, ErrorCode, Event, Job, ProjectPlace, Query, RerunJob};
use djscope_recording::Entry;
use serde_json::json;

use crate::stand::{BOTH, Stand, Transport, begun, command, heard};

fn job(agreed_to: &str) -> Command {
    let rerun = RerunJob {
        turn: 1,
        place: ProjectPlace::default(),
        edit_state: None,
        edit_params: None,
        agreed_to: agreed_to.to_owned(),
    };
    Command::Start {
        job: Job::Rerun(Box::new(rerun)),
    }
}

/// A recording of a project that is in `folder` and has `/bin/true` for an interpreter.
fn stand(folder: &std::path::Path) -> Stand {
    let process = json!([{"pid": 7, "executable": "/bin/true", "cwd": folder, "settings": "shop.settings",
        "installed_apps": ["djust"], "environment": ["SHOP_KEY_THAT_NOBODY_HAS"]}]);
    let meta = Entry::Meta {
        key: "processes".to_owned(),
        value: process,
    };
    Stand::of(vec![meta, begun(1)])
}

#[test]
fn a_project_is_described_and_nothing_of_it_is_run() {
    let folder = tempfile::tempdir().unwrap();
    let stand = stand(folder.path());
    for transport in BOTH {
        let mut user = stand.user(transport);
        let asked = user.query(Query::Project {
            place: ProjectPlace::default(),
        });
        let Answer::Project(facts) = asked.unwrap() else {
            panic!("another answer")
        };
        let folder = folder.path().display();
        assert_eq!(
            facts.description,
            format!("the project in {folder} (Python /bin/true, settings shop.settings)")
        );
        assert_eq!(facts.missing_variables, ["SHOP_KEY_THAT_NOBODY_HAS"]);
        let error = user
            .query(Query::Project {
                place: ProjectPlace {
                    folder: Some("/no/such/folder".to_owned()),
                    ..ProjectPlace::default()
                },
            })
            .unwrap_err();
        assert!(error.message.contains("is not at /no/such/folder"), "{error}");
        assert!(error.hint.unwrap().contains("--project"));
    }
}

#[test]
fn code_runs_for_nobody_who_has_not_agreed() {
    let folder = tempfile::tempdir().unwrap();
    let stand = stand(folder.path());
    let agreed = format!(
        "the project in {} (Python /bin/true, settings shop.settings)",
        folder.path().display()
    );
    let mut user = stand.user(Transport::Process);
    for other in ["", "yes", "the project in /tmp (Python /bin/true)"] {
        let error = command(&mut user, job(other)).unwrap_err();
        assert_eq!(error.code, ErrorCode::NotAllowed, "{error}");
        assert!(error.message.contains("nobody has agreed"), "{error}");
    }
    // Another process may know the words; nothing is run for it all the same.
    let mut foreign = stand.user(Transport::Socket);
    let error = command(&mut foreign, job(&agreed)).unwrap_err();
    assert_eq!(error.code, ErrorCode::NotAllowed, "{error}");
    assert!(error.hint.unwrap().contains("djscope rerun"));

    assert!(matches!(
        command(&mut user, job(&agreed)).unwrap(),
        Answer::Started { .. }
    ));
}

#[test]
fn a_worker_that_does_not_start_ends_the_job_with_a_reason_and_the_next_begins_anew() {
    let folder = tempfile::tempdir().unwrap();
    let stand = stand(folder.path());
    let agreed = format!(
        "the project in {} (Python /bin/true, settings shop.settings)",
        folder.path().display()
    );
    let mut user = stand.user(Transport::Process);
    for _ in 0..2 {
        let Answer::Started { job } = command(&mut user, job(&agreed)).unwrap() else {
            panic!("another answer")
        };
        let end = heard(&mut user, |event| match event {
            Event::Ended(end) if end.job == job => Some(end),
            _ => None,
        });
        assert!(!end.is_complete);
        let message = end.message.unwrap();
        assert!(message.contains("the worker has ended"), "{message}");
    }
}
