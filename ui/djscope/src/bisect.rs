//! `djscope rerun --bisect`: which turn it was.

use djscope_diagnose::rules;
use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{FindingCode, TurnId};
use djscope_replay::rerun::bisect::{Bisected, First, Wanted, in_recording};
use djscope_replay::rerun::{Answer, Project, Rerun, What, Witness, Word};
use djscope_report::value;
use serde_json::{Value, json};

use crate::arguments::RerunArguments;
use crate::code;
use crate::failure::Failure;
use crate::rerun::{filter, say_setting, settled};
use crate::terminal::{note, say, say_json};

/// How much of a value is printed, in bytes.
const VALUE_BYTES: usize = 200;

/// What is looked for.
enum Sought {
    State(Wanted),
    Finding(String),
}

/// Who has answered.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Recording,
    Rerun,
}

/// Says which turn it was. False if it does not do so again.
pub fn bisect(text: &str, options: &RerunArguments) -> Result<bool, Failure> {
    let sought = sought(text)?;
    let filter = filter(options)?;
    let reader = Reader::open(&options.recording)?;
    let mut bisected = match &sought {
        Sought::State(wanted) => in_recording(&reader, &filter, wanted)?,
        Sought::Finding(code) => finding(&reader, code, &filter)?,
    };
    let mut source = Source::Recording;
    let mut again = None;
    if let Some(mut rerun) = worker(&reader, &bisected, options)? {
        if let (Sought::State(wanted), None) = (&sought, &bisected.first) {
            bisected = rerun.bisect(&filter, wanted)?;
            source = Source::Rerun;
        } else if let Some(first) = &bisected.first {
            again = Some(rerun.single(first.turn)?);
        }
    }
    let confirmed = again.as_ref().and_then(|answer| is_confirmed(&sought, answer));
    if options.json {
        say_json(&object(text, &bisected, source, confirmed, again.as_ref()));
    } else {
        print(text, &bisected, source, confirmed, again.as_ref());
    }
    Ok(confirmed != Some(false))
}

/// A word with dashes is a code, everything else a place.
fn sought(text: &str) -> Result<Sought, Failure> {
    let known = FindingCode::ALL.iter().any(|code| code.name() == text);
    if known {
        return Ok(Sought::Finding(text.to_owned()));
    }
    let is_code = text.contains('-') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if is_code {
        let all: Vec<&str> = FindingCode::ALL.iter().map(FindingCode::name).collect();
        return Err(Failure::new(format!("there is no finding {text}"))
            .with_hint(format!("there are {}", all.join(", "))));
    }
    let wanted = Wanted::parse(text).map_err(|why| Failure::new(format!("--bisect: {why}")))?;
    Ok(Sought::State(wanted))
}

/// The first turn with this finding.
fn finding(reader: &Reader, code: &str, filter: &Filter) -> Result<Bisected, Failure> {
    let mut bisected = Bisected::default();
    let mut last: TurnId = 0;
    loop {
        let some = reader.turn_numbers_after(filter, last, 1000)?;
        let Some(end) = some.last() else {
            return Ok(bisected);
        };
        last = *end;
        for turn in some {
            bisected.looked_at += 1;
            let Some(detail) = reader.turn(turn)? else {
                continue;
            };
            if rules::findings(&detail)
                .iter()
                .any(|finding| finding.code.name() == code)
            {
                bisected.first = Some(First {
                    turn,
                    view: detail.turn.view,
                    event: detail.turn.event,
                    was: None,
                    is: None,
                });
                return Ok(bisected);
            }
        }
    }
}

/// A worker, if there is something to run and it may.
fn worker<'a>(
    reader: &'a Reader,
    bisected: &Bisected,
    options: &RerunArguments,
) -> Result<Option<Rerun<'a>>, Failure> {
    let is_known = bisected.first.is_none() && bisected.unknown == 0;
    if is_known {
        return Ok(None);
    }
    let project = match Project::find(reader, &code::said(&options.code)) {
        Ok(project) => project,
        Err(error) if !options.code.yes => {
            note!("{error}: the answer is of the recording alone");
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    if !code::may_run(&project, &options.code, "the answer is of the recording alone")? {
        return Ok(None);
    }
    let rerun = Rerun::open(reader, &project, settled(options)?)?;
    say_setting(rerun.ready());
    Ok(Some(rerun))
}

/// Whether a turn that was run again does it too; none if that cannot be told.
fn is_confirmed(sought: &Sought, answer: &Answer) -> Option<bool> {
    let is_about_it = |what: What, path: &str| match sought {
        Sought::State(wanted) => what == What::State && wanted.place().touches(path),
        Sought::Finding(_) => what == What::Error,
    };
    let mut differs = answer
        .differs
        .iter()
        .filter(|found| found.witness == Witness::Djust);
    let is_other = differs.any(|found| is_about_it(found.what, &found.path));
    match answer.djust {
        None => None,
        Some(Word::Same) => Some(true),
        Some(_) if is_other && answer.djust == Some(Word::Differs) => Some(false),
        // It was run, and only something else is not as it was.
        Some(_) if !is_other && !answer.differs.is_empty() => Some(true),
        Some(_) => None,
    }
}

fn object(
    text: &str,
    bisected: &Bisected,
    source: Source,
    confirmed: Option<bool>,
    again: Option<&Answer>,
) -> Value {
    let first = bisected.first.as_ref();
    json!({
        "bisect": text,
        "turn": first.map(|first| first.turn),
        "view": first.and_then(|first| first.view.as_ref()),
        "event": first.and_then(|first| first.event.as_ref()),
        "was": first.and_then(|first| first.was.as_ref()),
        "is": first.and_then(|first| first.is.as_ref()),
        "source": if source == Source::Recording { "recording" } else { "rerun" },
        "looked_at": bisected.looked_at,
        "unknown": bisected.unknown,
        "confirmed": confirmed,
        "reasons": again.map(|answer| &answer.reasons),
    })
}

fn print(text: &str, bisected: &Bisected, source: Source, confirmed: Option<bool>, again: Option<&Answer>) {
    let by = match source {
        Source::Recording => "the recorded states say so, nothing was run for it",
        Source::Rerun => "the recording does not know; it was run again",
    };
    match &bisected.first {
        None => say(format!(
            "no turn: {text} ({} turns looked at; {by})",
            bisected.looked_at
        )),
        Some(first) => {
            let event = first
                .event
                .as_deref()
                .or(first.view.as_deref())
                .unwrap_or_default();
            say(format!("turn {}, {event}: {text}", first.turn));
            if first.was.is_some() || first.is.is_some() {
                let shown = |value: &Option<Value>| {
                    value
                        .as_ref()
                        .map_or_else(|| "nothing".to_owned(), |value| value::repr(value, VALUE_BYTES))
                };
                say(format!("    was {}, is {}", shown(&first.was), shown(&first.is)));
            }
            say(format!("    {by}"));
        }
    }
    if bisected.unknown > 0 {
        say(format!(
            "    of {} turns the place is not known, or only in part",
            bisected.unknown
        ));
    }
    match (confirmed, again) {
        (Some(true), _) => say("    run again alone, it does the same"),
        (Some(false), _) => say("    run again alone, it does not do so"),
        (None, Some(answer)) => say(format!(
            "    whether it still does cannot be told: {}",
            answer
                .reasons
                .first()
                .map_or("no reason is known", |reason| reason)
        )),
        (None, None) => {}
    }
}
