//! `djscope report`: a turn of a recording as a test.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use djscope_recording::Reader;
use djscope_replay::rerun::{Project, Reduced, Rerun, Scene, Symptom};
use djscope_report::djbug::BugReport;
use djscope_report::pytest::{self, Expect, Test};
use jiff::Timestamp;
use jiff::tz::Offset;

use crate::arguments::{ReportArguments, ReportFormat};
use crate::code;
use crate::failure::Failure;
use crate::terminal::note;

/// Writes the report.
pub fn report(options: &ReportArguments) -> Result<(), Failure> {
    let reader = Reader::open(&options.recording)?;
    match options.format {
        ReportFormat::Pytest => tests(&reader, options),
        ReportFormat::Djbug => bug_reports(&reader, options),
    }
}

/// Writes djust's bug report of each turn, one a line.
fn bug_reports(reader: &Reader, options: &ReportArguments) -> Result<(), Failure> {
    let mut text = String::new();
    for turn in &options.turn {
        let detail = reader
            .turn(*turn)?
            .ok_or_else(|| Failure::new(format!("there is no turn {turn} in this recording")))?;
        let report = BugReport::of(&detail).map_err(Failure::new)?;
        text.push_str(&report.blob());
        text.push('\n');
    }
    match &options.out {
        None => {
            // Nobody reads on: djscope report … | head.
            let _ = io::stdout().write_all(text.as_bytes());
            Ok(())
        }
        Some(out) => write(out, &text, options.overwrite),
    }
}

/// Writes a test for each turn: one to a file or standard output, several to a folder.
fn tests(reader: &Reader, options: &ReportArguments) -> Result<(), Failure> {
    if let (true, None) = (options.turn.len() > 1, &options.out) {
        return Err(
            Failure::new("where should the tests go?").with_hint("-o DIR names a folder for several turns")
        );
    }
    let scenes = options.turn.iter().map(|turn| Scene::of(reader, *turn));
    let scenes: Vec<Scene> = scenes.collect::<Result<_, _>>()?;
    let mut drafts = Vec::new();
    for scene in &scenes {
        drafts.push(Draft::of(reader, scene, options)?);
    }
    let project = Project::find(reader, &code::said(&options.code));
    let mut worker = worker(reader, project.map_err(Failure::from), options)?;
    for draft in &drafts {
        let text = draft.text(worker.as_mut())?;
        match &options.out {
            None => {
                // Nobody reads on: djscope report … | head.
                let _ = io::stdout().write_all(text.as_bytes());
            }
            Some(out) if drafts.len() == 1 && !out.is_dir() => write(out, &text, options.overwrite)?,
            Some(folder) => {
                fs::create_dir_all(folder)
                    .map_err(|error| Failure::new(format!("cannot make {}: {error}", folder.display())))?;
                let name = format!("test_turn_{}.py", draft.scene.detail.turn.turn);
                write(&folder.join(name), &text, options.overwrite)?;
            }
        }
    }
    if options.out.is_some() {
        note!("run it in the folder of manage.py with python -m pytest");
    }
    Ok(())
}

fn write(out: &Path, text: &str, may_replace: bool) -> Result<(), Failure> {
    Failure::if_empty("the test", out)?;
    let mut open = OpenOptions::new();
    open.write(true);
    let file = match may_replace {
        true => open.create(true).truncate(true).open(out),
        false => open.create_new(true).open(out),
    };
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => {
            note!("{} is written", out.display());
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Failure::new(format!("{} is there already", out.display()))
                .with_hint("--overwrite replaces it"))
        }
        Err(error) => Err(Failure::new(format!("cannot write {}: {error}", out.display()))),
    }
}

/// What a test is made of, besides what running the turn says.
struct Draft<'a> {
    scene: &'a Scene,
    recording: String,
    recorded_at: String,
    settings: Option<String>,
    has_database: bool,
    expects: Vec<Expect>,
    is_default: bool,
}

impl<'a> Draft<'a> {
    fn of(reader: &Reader, scene: &'a Scene, options: &ReportArguments) -> Result<Self, Failure> {
        let is_default = options.expect.is_empty();
        let expects = match is_default {
            true => vec![pytest::sensible(&scene.detail)],
            false => options.expect.clone(),
        };
        let facts = Project::facts(reader)?;
        let draft = Self {
            scene,
            recording: options
                .recording
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            recorded_at: recorded_at(reader, scene.detail.turn.t_us)?,
            settings: options
                .code
                .project
                .settings
                .clone()
                .or_else(|| facts.as_ref()?.settings.clone()),
            has_database: facts.is_none_or(|facts| !facts.databases.is_empty()),
            expects,
            is_default,
        };
        // What is wrong with the request is said before anything runs.
        pytest::text(&draft.test()).map_err(Failure::new)?;
        Ok(draft)
    }

    fn test(&self) -> Test<'_> {
        Test {
            recording: &self.recording,
            recorded_at: &self.recorded_at,
            detail: &self.scene.detail,
            view: &self.scene.view,
            mount: self.scene.mount.clone(),
            user: self.scene.user.clone(),
            settings: self.settings.as_deref(),
            has_database: self.has_database,
            kept: None,
            earlier: Vec::new(),
            event: self.scene.event.clone(),
            expects: self.expects.clone(),
            is_default: self.is_default,
            minimised: "Not made smaller: nothing was run.".to_owned(),
            unsteady: Vec::new(),
        }
    }

    /// The test, made smaller if there is somebody who can run the turn.
    fn text(&self, worker: Option<&mut Rerun<'_>>) -> Result<String, Failure> {
        let mut test = self.test();
        if let Some(rerun) = worker {
            let before = self.scene.detail.before.as_ref();
            let writable = before.map(pytest::writable).unwrap_or_default();
            let symptom = symptom(self.scene, &self.expects);
            take(
                &mut test,
                self.scene,
                rerun.minimise(self.scene, &symptom, &writable)?,
            );
        }
        note!("turn {}: {}", self.scene.detail.turn.turn, test.minimised);
        pytest::text(&test).map_err(Failure::new)
    }
}

/// A worker, if the project's code may be run.
fn worker<'a>(
    reader: &'a Reader,
    project: Result<Project, Failure>,
    options: &ReportArguments,
) -> Result<Option<Rerun<'a>>, Failure> {
    if options.whole {
        return Ok(None);
    }
    let project = match project {
        Ok(project) => project,
        Err(failure) if options.code.yes => return Err(failure),
        Err(failure) => {
            note!("{failure}: the state stays whole");
            return Ok(None);
        }
    };
    if !code::may_run(&project, &options.code, "the state stays whole")? {
        return Ok(None);
    }
    Ok(Some(Rerun::open(reader, &project, code::settled(&options.code))?))
}

/// What has to stay so that the test stays about the same thing.
fn symptom(scene: &Scene, expects: &[Expect]) -> Symptom {
    let detail = &scene.detail;
    let mut symptom = Symptom::default();
    for expect in expects {
        match expect {
            Expect::NoError => {}
            Expect::State(text) => {
                let states = [&detail.before, &detail.after].into_iter().flatten();
                let known = states.flat_map(|state| pytest::names(state).map(|(name, _)| name.clone()));
                let known: BTreeSet<String> = known.collect();
                if let Ok((_, looked_at)) = pytest::condition(text, &known) {
                    symptom.names.extend(looked_at);
                }
            }
            Expect::Patches | Expect::UpToDate => symptom.names.extend(pytest::changed(detail)),
            Expect::HtmlContains(_) | Expect::HtmlLacks(_) | Expect::Recorded => {
                symptom.names.extend(pytest::changed(detail));
                symptom.patches = true;
                symptom.is_asserted = *expect == Expect::Recorded;
            }
        }
    }
    symptom
}

fn take(test: &mut Test<'_>, scene: &Scene, reduced: Reduced) {
    let all = scene
        .detail
        .before
        .as_ref()
        .map_or(0, |state| pytest::names(state).count());
    let events = scene.earlier.len() + 1;
    test.minimised = if !reduced.holds {
        "Nothing was dropped: from its state alone the turn does not go as it did, and whether the test fails today is \
         not known."
            .to_owned()
    } else {
        let end = if reduced.is_cut_short {
            ", not everything was tried"
        } else {
            ""
        };
        format!(
            "Kept of what came before: state: {} of {all} names, events: {} of {events} ({} runs{end}).",
            reduced.names.len(),
            reduced.earlier.len() + 1,
            reduced.runs
        )
    };
    let sent = scene
        .earlier
        .iter()
        .filter(|(turn, _)| reduced.earlier.contains(turn));
    test.earlier = sent.map(|(_, frame)| frame.clone()).collect();
    test.kept = Some(reduced.names);
    test.unsteady = reduced
        .unsteady
        .into_iter()
        .map(|(name, why)| (name, why.to_owned()))
        .collect();
}

fn recorded_at(reader: &Reader, t_us: i64) -> Result<String, Failure> {
    let started = reader
        .meta()?
        .get("started_unix_us")
        .and_then(serde_json::Value::as_i64);
    let moment = started.and_then(|started| Timestamp::from_microsecond(started.saturating_add(t_us)).ok());
    Ok(moment.map_or_else(
        || "at an unknown time".to_owned(),
        |moment| format!("{:.0}", Offset::UTC.to_datetime(moment)).replace('T', " ") + " UTC",
    ))
}
