//! The state of a recording, from the file and from what records it.

use djscope_recording::{Reader, RecordingError};

use super::Live;
use crate::api::{Memory, ProbeState, RecordingState, Status};

/// The state of the recording that `reader` reads. `problems` are those that the file itself does not know.
///
/// # Errors
///
/// If the file cannot be read any more.
pub(super) fn status(
    reader: &Reader,
    live: Option<&Live>,
    problems: &[String],
    damage: Option<&str>,
    is_diagnosed: bool,
) -> Result<Status, RecordingError> {
    let totals = reader.totals()?;
    let meta = reader.meta()?;
    let fact = |key: &str| {
        meta.get(key)
            .and_then(|value| value.as_str())
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
    };
    let mut status = Status {
        recording: RecordingState::Saved,
        path: reader.path().display().to_string(),
        proxy: None,
        upstream: fact("upstream"),
        command: fact("command"),
        duration_us: totals.span_us,
        turns: totals.turns,
        frames: totals.frames,
        findings: totals.findings,
        size_bytes: totals.size_bytes,
        dropped: 0,
        memory: None,
        probe: saved_probe(&meta),
        problems: problems
            .iter()
            .cloned()
            .chain(damage.map(str::to_owned))
            .chain(reader.problems())
            .collect(),
        damage: damage.map(str::to_owned),
        is_diagnosed,
    };
    if let Some(live) = live {
        add_live(&mut status, live);
    }
    let not_live = fact("not_live").filter(|sentence| !status.problems.contains(sentence));
    status.problems.extend(not_live);
    Ok(status)
}

fn saved_probe(meta: &serde_json::Map<String, serde_json::Value>) -> ProbeState {
    let probes = meta
        .get("probes")
        .and_then(|value| value.as_array())
        .map_or(&[][..], Vec::as_slice);
    if let Some(reason) = meta.get("probe_silent").and_then(|reason| reason.as_str()) {
        return ProbeState::Silent {
            reason: reason.to_owned(),
        };
    }
    let Some(last) = probes.last() else {
        return ProbeState::Absent;
    };
    ProbeState::Connected {
        djust: last["djust"].as_str().map(str::to_owned),
        missing: last["missing"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|text| text.as_str())
            .map(str::to_owned)
            .collect(),
    }
}

fn add_live(status: &mut Status, live: &Live) {
    let health = live.recorder.health();
    let probe = live.recorder.probe();
    status.recording = if live.recorder.is_paused() {
        RecordingState::Paused
    } else {
        RecordingState::Live
    };
    status.proxy = Some(live.proxy.clone());
    status.upstream = Some(live.upstream.clone());
    status.command.clone_from(&live.command);
    status.dropped = health.dropped() + live.recorder.dropped();
    let (used_bytes, budget_bytes) = live.recorder.memory();
    status.memory = Some(Memory {
        used_bytes: used_bytes as u64,
        budget_bytes: budget_bytes as u64,
    });
    status.probe = match (live.with_probe, probe.silence, probe.was_heard, probe.connected) {
        (false, ..) => ProbeState::Absent,
        (true, Some(reason), ..) => ProbeState::Silent { reason },
        (true, None, false, _) => ProbeState::Waiting,
        (true, None, true, 0) => ProbeState::Gone,
        (true, None, true, _) => ProbeState::Connected {
            djust: probe.djust,
            missing: probe.missing,
        },
    };
    status.problems.extend(health.happened());
    status.problems.extend(live.notices.said());
    if let Some(error) = health.error.filter(|_| health.is_failing) {
        status.problems.push(error);
    }
    if probe.lost > 0 {
        status.problems.push(format!(
            "{} reports of the probe were lost: some turns have no state, spans or logs",
            probe.lost
        ));
    }
}
