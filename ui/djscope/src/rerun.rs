//! `djscope rerun`: recorded turns, run again.

use std::path::Path;
use std::thread;
use std::time::Duration;

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_replay::rerun::{
    Answer, Options, Project, Ready, Rerun, RerunError, Said, WatchedFiles, Witness, Word,
};
use djscope_report::value;
use serde_json::{Map, Value};

use crate::arguments::RerunArguments;
use crate::consent;
use crate::failure::Failure;
use crate::terminal::{error_line, note, say, say_json};

/// How much of a value is printed, in bytes.
const VALUE_BYTES: usize = 100;

/// Differences of a turn that are printed as text; `--json` has all.
const PRINTED: usize = 3;

/// Variables that are named.
const NAMED: usize = 10;

/// Runs turns again and prints what came of it. False if one differs.
pub fn rerun(options: &RerunArguments) -> Result<bool, Failure> {
    if options.turn.is_empty() && !options.all && options.view.is_none() && options.filter.is_none() {
        return Err(Failure::new("which turns?").with_hint("--turn N for one, --all for the whole recording"));
    }
    let filter = filter(options)?;
    let reader = Reader::open(&options.recording)?;
    let said = Said {
        project: options.project.folder.clone(),
        python: options.project.python.clone(),
        settings: options.project.settings.clone(),
    };
    let project = Project::find(&reader, &said)?;
    ask(&project, options)?;
    if options.watch {
        return watch(&reader, &project, options);
    }
    let mut rerun = Rerun::open(&reader, &project, settled(options)?)?;
    say_setting(rerun.ready());
    let answers = if options.turn.is_empty() {
        rerun.chain(&filter)?
    } else {
        singles(&mut rerun, options)?
    };
    Ok(say_answers(&answers, options))
}

fn singles(rerun: &mut Rerun<'_>, options: &RerunArguments) -> Result<Vec<Answer>, RerunError> {
    options.turn.iter().map(|turn| rerun.single(*turn)).collect()
}

/// Prints what came of turns. False if one differs.
fn say_answers(answers: &[Answer], options: &RerunArguments) -> bool {
    for answer in answers {
        if options.json {
            say_json(&answer.object());
        } else {
            print(answer);
        }
    }
    if !options.json {
        say_sum(answers);
    }
    !answers.iter().any(Answer::contradicts)
}

/// How often it is looked whether a file has changed.
const LOOKED: Duration = Duration::from_millis(100);

/// Runs the turns, and again with new code whenever a file of theirs changes; until it is interrupted.
fn watch(reader: &Reader, project: &Project, options: &RerunArguments) -> Result<bool, Failure> {
    let mut files = WatchedFiles::of(project.files(reader, &options.turn)?);
    note!("{} files are watched; Ctrl-C ends it", files.count());
    loop {
        let opened = Rerun::open(reader, project, settled(options)?);
        match opened.and_then(|mut rerun| singles(&mut rerun, options)) {
            Ok(answers) => {
                say_answers(&answers, options);
            }
            // Code that is being written may not load for a while.
            Err(error) => Failure::from(error).print(),
        }
        while !files.have_changed() {
            thread::sleep(LOOKED);
        }
        note!("a file has changed");
    }
}

fn filter(options: &RerunArguments) -> Result<Filter, Failure> {
    let mut text = options.filter.clone().unwrap_or_default();
    if let Some(view) = &options.view {
        text = format!("view:{view} ({text})");
        if options.filter.is_none() {
            text = format!("view:{view}");
        }
    }
    Ok(Filter::parse(&text)?)
}

fn settled(options: &RerunArguments) -> Result<Options, Failure> {
    Ok(Options {
        allow: options.allow.clone(),
        seconds: options.timeout.as_secs_f64(),
        memory_mb: options.memory,
        user: options.user.clone(),
        starts: options.db.iter().cloned().collect(),
        edit_state: edits("--edit-state", options.edit_state.as_deref())?,
        edit_params: edits("--edit-params", options.edit_params.as_deref())?,
    })
}

fn edits(what: &'static str, text: Option<&str>) -> Result<Option<Map<String, Value>>, RerunError> {
    let parsed = text.map(|text| match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Err("it is another value".to_owned()),
        Err(error) => Err(error.to_string()),
    });
    parsed
        .transpose()
        .map_err(|reason| RerunError::Edit { what, reason })
}

/// A recording is from a stranger: its turns are run only if somebody wants that who knows what runs.
fn ask(project: &Project, options: &RerunArguments) -> Result<(), Failure> {
    note!("this runs the code of {}", project.description());
    let missing = project.missing_variables();
    if !missing.is_empty() {
        let more = match missing.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let named = missing[..missing.len().min(NAMED)].join(", ");
        note!("the recorded server had variables that are not set here: {named}{more}");
    }
    if let Some(file) = options
        .db
        .iter()
        .map(|(_, file)| file)
        .find(|file| !Path::is_file(file))
    {
        return Err(Failure::new(format!("there is no file {}", file.display())));
    }
    if options.yes {
        return Ok(());
    }
    consent::ask("Run it?", "run")
}

fn say_setting(ready: &Ready) {
    for (alias, kept) in &ready.databases {
        note!("database {alias}: {kept}");
    }
    for held in &ready.held_back {
        note!("held back while the project was loaded: {}", held.text());
    }
    for text in &ready.notes {
        note!("{text}");
    }
}

fn print(answer: &Answer) {
    let name = answer
        .event
        .as_deref()
        .or(answer.view.as_deref())
        .unwrap_or_default();
    say(format!(
        "{:>6}  {:<11} {:<10} {:<28} {}",
        answer.turn,
        answer.word().name(),
        answer.kind.name(),
        name,
        witnesses(answer)
    ));
    for difference in answer.differs.iter().take(PRINTED) {
        say(format!(
            "        {} {}: recorded {}, now {}",
            match difference.witness {
                Witness::Djust => "djust",
                Witness::Engine => "engine",
            },
            difference.path,
            value::repr(&difference.recorded, VALUE_BYTES),
            value::repr(&difference.got, VALUE_BYTES),
        ));
    }
    if answer.differs.len() > PRINTED {
        say(format!("        … and {} more", answer.differs.len() - PRINTED));
    }
    for reason in &answer.reasons {
        say(format!("        because {reason}"));
    }
    for held in &answer.held_back {
        say(format!("        held back: {}", held.text()));
    }
    for text in &answer.notes {
        say(format!("        {text}"));
    }
}

/// Who agrees with the recording.
fn witnesses(answer: &Answer) -> String {
    let word = |word: Option<Word>| word.map_or("-", Word::name);
    format!(
        "recorded {} · djust {} · engine {}",
        answer.recorded,
        word(answer.djust),
        word(answer.engine)
    )
}

fn say_sum(answers: &[Answer]) {
    let count = |wanted: Word| answers.iter().filter(|answer| answer.word() == wanted).count();
    error_line(&format!(
        "djscope: {} turns: {} same, {} differ, {} cannot be told",
        answers.len(),
        count(Word::Same),
        count(Word::Differs),
        count(Word::CannotTell)
    ));
}
