//! `djscope import`: what others have recorded, as a recording.

use std::path::Path;

use djscope_capture::redaction::{Redactor, Rules};
use djscope_capture::turns::patch_records;
use djscope_recording::model::{Outcome, Snapshot, Turn, TurnKind, changes_between};
use djscope_recording::{Entry, Replaced, SnapshotDelta, Writer, WriterOptions};
use djscope_report::djbug::BugReport;
use serde_json::{Map, Value, json};

use crate::arguments::ImportArguments;
use crate::failure::Failure;
use crate::terminal::note;

/// Most bytes of a file that are read.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// Makes a recording of what is imported.
pub fn import(options: &ImportArguments) -> Result<(), Failure> {
    Failure::if_empty("the recording", &options.out)?;
    let report = BugReport::read(&text(&options.source)?).map_err(|error| {
        Failure::new(format!("this is no bug report of djust: {error}"))
            .with_hint("djust's debug panel makes them: Share, in its tab Time travel")
    })?;
    let replaced = match options.overwrite {
        true => Replaced::take(&options.out)?,
        false => None,
    };
    let writer = Writer::create(&options.out, WriterOptions::default())?;
    let mut redactor = Redactor::new(Rules::default());
    for mut entry in entries(&report) {
        redactor.redact(&mut entry);
        writer.write(entry);
    }
    writer.finish()?;
    if let Some(replaced) = replaced {
        replaced.remove();
    }
    note!("{} holds it; djscope open shows it", options.out.display());
    Ok(())
}

/// The source itself, or what the file of that name holds.
fn text(source: &str) -> Result<String, Failure> {
    let path = Path::new(source);
    // A blob is longer than a name may be.
    if !path.is_file() {
        return Ok(source.to_owned());
    }
    let failed = |error: std::io::Error| Failure::new(format!("cannot read {source}: {error}"));
    let length = path.metadata().map_err(failed)?.len();
    if length > MAX_FILE_BYTES {
        return Err(Failure::new(format!(
            "{source} has {length} bytes, at most {MAX_FILE_BYTES} are read"
        )));
    }
    let bytes = std::fs::read(path).map_err(failed)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One event, with what the report knows of it.
fn entries(report: &BugReport) -> Vec<Entry> {
    let state = |public: &Map<String, Value>| Snapshot {
        public: public.clone(),
        private: Map::new(),
    };
    let mut turn = Turn::begun(1, TurnKind::Event, 0);
    turn.event = Some(report.event.clone()).filter(|event| !event.is_empty());
    (turn.before, turn.after) = (Some(1), Some(2));
    let mut changed: Vec<String> = Vec::new();
    for change in changes_between(&state(&report.before), &state(&report.after)) {
        let name = change.path.into_iter().next();
        changed.extend(name.filter(|name| !changed.contains(name)));
    }
    turn.changed = Some(changed);
    turn.patches = u32::try_from(report.patches.len())
        .ok()
        .filter(|count| *count > 0);
    turn.outcome = match report.patches.is_empty() {
        // Nothing, a noop, an error: the report does not say.
        true => Outcome::Done,
        false => Outcome::Patched,
    };
    turn.missing = vec![
        "it comes from a bug report of djust: what was answered, private state, frames, times, code and logs are not in it"
            .to_owned(),
    ];
    if !report.left_out.is_empty() {
        let names = report.left_out.join(", ");
        turn.missing
            .push(format!("whoever made the report left out {names}"));
    }
    let snapshot = |number, public: &Map<String, Value>| {
        Entry::Snapshot(SnapshotDelta {
            snapshot: number,
            public: public.clone(),
            ..SnapshotDelta::default()
        })
    };
    vec![
        Entry::Meta {
            key: "imported".to_owned(),
            value: json!("djbug1"),
        },
        snapshot(1, &report.before),
        snapshot(2, &report.after),
        Entry::Turn(Box::new(turn)),
        Entry::Patches {
            turn: 1,
            patches: patch_records(&report.patches, 1),
        },
    ]
}
