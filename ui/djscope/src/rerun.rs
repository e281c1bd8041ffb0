//! `djscope rerun`: recorded turns, run again.

use std::thread;
use std::time::Duration;

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_replay::rerun::{
    Answer, Options, Project, Ready, Rerun, RerunError, WatchedFiles, Witness, Word,
};
use djscope_report::value;
use serde_json::{Map, Value, json};

use crate::arguments::RerunArguments;
use crate::bisect;
use crate::code;
use crate::failure::Failure;
use crate::terminal::{error_line, note, say, say_json};

/// How much of a value is printed, in bytes.
const VALUE_BYTES: usize = 100;

/// Differences of a turn that are printed as text; `--json` has all.
const PRINTED: usize = 3;

/// Runs turns again and prints what came of it. False if one differs.
pub fn rerun(options: &RerunArguments) -> Result<bool, Failure> {
    if let Some(wanted) = &options.bisect {
        return bisect::bisect(wanted, options);
    }
    let is_chain =
        options.all || options.until_diverges || options.view.is_some() || options.filter.is_some();
    if options.turn.is_empty() && !is_chain {
        return Err(Failure::new("which turns?").with_hint("--turn N for one, --all for the whole recording"));
    }
    let filter = filter(options)?;
    let reader = Reader::open(&options.recording)?;
    let project = Project::find(&reader, &code::said(&options.code))?;
    // What is wrong with the request is said before anybody is asked.
    let settled_options = settled(options)?;
    for turn in &options.turn {
        if reader.turn_record(*turn)?.is_none() {
            return Err(RerunError::NoTurn(*turn).into());
        }
    }
    code::ask(&project, &options.code)?;
    if options.watch {
        return watch(&reader, &project, options);
    }
    let mut rerun = Rerun::open(&reader, &project, settled_options)?;
    say_setting(rerun.ready());
    let answers = match (options.turn.is_empty(), options.until_diverges) {
        (false, _) => singles(&mut rerun, options)?,
        (true, false) => rerun.chain(&filter)?,
        (true, true) => rerun.chain_until_diverges(&filter)?,
    };
    let is_good = say_answers(&answers, options);
    if options.until_diverges {
        say_divergence(&answers, options);
    }
    Ok(is_good)
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

/// Where the chain went another way.
fn say_divergence(answers: &[Answer], options: &RerunArguments) {
    let last = answers.last().filter(|last| last.contradicts());
    if options.json {
        say_json(&json!({"diverges": last.map(|last| last.turn), "turns": answers.len()}));
        return;
    }
    match last {
        Some(last) => {
            let place = last.differs.first().map_or("", |first| &*first.path);
            note!(
                "turn {} is the first that differs, at {place}; it was not run further",
                last.turn
            );
        }
        None => note!("no turn differs"),
    }
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

/// The turns that are meant.
pub fn filter(options: &RerunArguments) -> Result<Filter, Failure> {
    let mut text = options.filter.clone().unwrap_or_default();
    if let Some(view) = &options.view {
        text = format!("view:{view} ({text})");
        if options.filter.is_none() {
            text = format!("view:{view}");
        }
    }
    Ok(Filter::parse(&text)?)
}

/// How they are run.
pub fn settled(options: &RerunArguments) -> Result<Options, Failure> {
    Ok(Options {
        edit_state: edits("--edit-state", options.edit_state.as_deref())?,
        edit_params: edits("--edit-params", options.edit_params.as_deref())?,
        is_strict: options.strict,
        ..code::settled(&options.code)
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

/// Prints what was found in the project.
pub fn say_setting(ready: &Ready) {
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
