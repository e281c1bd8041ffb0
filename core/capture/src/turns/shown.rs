//! What djust itself shows of the states of views, where no probe reports: weaker states of the turns.

use std::collections::HashMap;

use djscope_recording::Entry;
use djscope_recording::model::{ConnectionId, DebugSource, DebugState, SnapshotId, Turn, TurnId};
use djscope_wire::{ServerFrame, ShownName, TimeTravelEntry};
use serde_json::{Map, Value, json};

use super::states::States;
use crate::probe::ProbeSnapshot;

/// The last state that djust showed on each connection.
#[derive(Debug, Default)]
pub struct ShownStates {
    last: HashMap<ConnectionId, Last>,
}

#[derive(Clone, Copy, Debug)]
struct Last {
    snapshot: SnapshotId,
    turn: TurnId,
}

impl ShownStates {
    /// Takes what `frame` shows, into its turn. Gives the states to be written before it.
    pub fn take(
        &mut self,
        connection: ConnectionId,
        frame: &ServerFrame,
        turn: &mut Turn,
        states: &mut States,
    ) -> Vec<Entry> {
        match frame {
            // Another view, or a new instance of the same.
            ServerFrame::Mount(_) | ServerFrame::MountBatch(_) => {
                self.forget(connection, states);
                Vec::new()
            }
            ServerFrame::TimeTravelEvent(body) => time_travel(connection, &body.entry, turn, states),
            _ => match frame.shown_names() {
                Some(names) => self.payload(connection, &names, turn, states),
                None => Vec::new(),
            },
        }
    }

    /// Forgets a connection that has ended.
    pub fn forget(&mut self, connection: ConnectionId, states: &mut States) {
        self.last.remove(&connection);
        for source in [DebugSource::DebugPayload, DebugSource::TimeTravel] {
            states.forget(&key(connection, source));
        }
    }

    fn payload(
        &mut self,
        connection: ConnectionId,
        names: &[ShownName<'_>],
        turn: &mut Turn,
        states: &mut States,
    ) -> Vec<Entry> {
        let public = names.iter().map(|shown| (shown.name.to_owned(), value(shown)));
        let shown = states.take(
            &key(connection, DebugSource::DebugPayload),
            whole(public.collect()),
        );
        let last = self.last.get(&connection).copied();
        let Some(snapshot) = shown.snapshot else {
            return Vec::new();
        };
        let number = turn.turn;
        self.last.insert(
            connection,
            Last {
                snapshot,
                turn: number,
            },
        );
        let is_better_known = turn
            .debug_state
            .as_ref()
            .is_some_and(|known| known.source == DebugSource::TimeTravel);
        if !is_better_known {
            // A turn may show its state more than once: what was before the first is before the turn.
            let known = turn.debug_state.take();
            let (before, before_turn) = match &known {
                Some(known) => (known.before, known.before_turn),
                None => (last.map(|last| last.snapshot), last.map(|last| last.turn)),
            };
            let mut changed = known.and_then(|known| known.changed).unwrap_or_default();
            changed.extend(shown.changed);
            changed.sort();
            changed.dedup();
            turn.debug_state = Some(DebugState {
                source: DebugSource::DebugPayload,
                before,
                before_turn,
                after: Some(snapshot),
                changed: before.is_some().then_some(changed),
            });
        }
        shown.delta.map(Entry::Snapshot).into_iter().collect()
    }
}

fn time_travel(
    connection: ConnectionId,
    entry: &TimeTravelEntry,
    turn: &mut Turn,
    states: &mut States,
) -> Vec<Entry> {
    if [&entry.state_before, &entry.state_after]
        .into_iter()
        .any(is_left_out)
    {
        return Vec::new();
    }
    let key = key(connection, DebugSource::TimeTravel);
    let mut entries = Vec::new();
    let mut take = |state: &Map<String, Value>| {
        let taken = states.take(&key, whole(typed_names(state)));
        entries.extend(taken.delta.map(Entry::Snapshot));
        (taken.snapshot, taken.changed)
    };
    let (before, _) = take(&entry.state_before);
    let (after, changed) = take(&entry.state_after);
    turn.debug_state = Some(DebugState {
        source: DebugSource::TimeTravel,
        before,
        before_turn: None,
        after,
        changed: before.is_some().then_some(changed),
    });
    entries
}

/// djust puts this in the place of states that are too long together.
fn is_left_out(state: &Map<String, Value>) -> bool {
    state.get("_truncated") == Some(&Value::Bool(true)) && state.contains_key("_size")
}

/// Ids of view instances hold no space.
fn key(connection: ConnectionId, source: DebugSource) -> String {
    format!("{} {connection}", source.name())
}

fn whole(public: Map<String, Value>) -> ProbeSnapshot {
    ProbeSnapshot {
        base: false,
        public,
        private: Map::new(),
        unset: Vec::new(),
    }
}

/// The value itself if its `repr` says for certain what it is, else `$shown` with what there is.
fn value(shown: &ShownName<'_>) -> Value {
    let known = shown
        .text
        .filter(|_| !shown.is_cut)
        .and_then(|text| plain(shown.class, text));
    known.unwrap_or_else(|| {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), shown.class.into());
        fields.insert("text".to_owned(), shown.text.into());
        fields.insert("cut".to_owned(), shown.is_cut.into());
        fields.insert("bytes".to_owned(), shown.bytes.into());
        json!({"$shown": fields})
    })
}

/// The value that `repr` has printed, of the types whose `repr` is a literal.
fn plain(class: &str, text: &str) -> Option<Value> {
    match (class, text) {
        ("NoneType", "None") => Some(Value::Null),
        ("bool", "True") => Some(true.into()),
        ("bool", "False") => Some(false.into()),
        ("int", digits) => match digits.parse::<i64>() {
            Ok(number) => Some(number.into()),
            Err(_) => digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
                .then(|| json!({"$int": digits})),
        },
        ("float", digits) => {
            let number: f64 = digits.parse().ok()?;
            serde_json::Number::from_f64(number).map(Value::Number)
        }
        ("str", literal) => string(literal).map(Value::String),
        ("SafeString", literal) => string(literal).map(|text| json!({"$safe": text})),
        _ => None,
    }
}

/// The text that Python prints as `literal`.
fn string(literal: &str) -> Option<String> {
    let quote = literal
        .chars()
        .next()
        .filter(|quote| matches!(quote, '\'' | '"'))?;
    let inner = literal.strip_prefix(quote)?.strip_suffix(quote)?;
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner.chars();
    while let Some(next) = rest.next() {
        if next != '\\' {
            text.push(next);
            continue;
        }
        let digits = match rest.next()? {
            'n' => {
                text.push('\n');
                continue;
            }
            'r' => {
                text.push('\r');
                continue;
            }
            't' => {
                text.push('\t');
                continue;
            }
            'x' => 2,
            'u' => 4,
            'U' => 8,
            itself @ ('\\' | '\'' | '"') => {
                text.push(itself);
                continue;
            }
            _ => return None,
        };
        let code: String = rest.by_ref().take(digits).collect();
        // What is half of a character has no other form than its escape.
        text.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?)?);
    }
    Some(text)
}

/// Plain JSON as typed JSON: a dictionary whose keys look like the tags of types is one all the same.
fn typed(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(typed).collect(),
        Value::Object(map) if map.keys().any(|name| name.starts_with('$')) => {
            let pairs: Vec<Value> = map
                .iter()
                .map(|(name, item)| json!([name, typed(item)]))
                .collect();
            json!({"$dict": pairs})
        }
        Value::Object(map) => Value::Object(typed_map(map)),
        other => other.clone(),
    }
}

fn typed_map(map: &Map<String, Value>) -> Map<String, Value> {
    map.iter()
        .map(|(name, item)| (name.clone(), typed(item)))
        .collect()
}

/// The names of a state, without what djust itself puts among them.
fn typed_names(state: &Map<String, Value>) -> Map<String, Value> {
    let own = state
        .iter()
        .filter(|(name, _)| name.as_str() != "client_timezone");
    own.map(|(name, item)| (name.clone(), typed(item))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_repr_says_for_certain() {
        let cases = [
            ("int", "1", Some(json!(1))),
            (
                "int",
                "-12345678901234567890",
                Some(json!({"$int": "-12345678901234567890"})),
            ),
            ("IntEnum", "<Color.RED: 1>", None),
            ("int", "<Color.RED: 1>", None),
            ("float", "1.5", Some(json!(1.5))),
            ("float", "inf", None),
            ("bool", "True", Some(json!(true))),
            ("NoneType", "None", Some(Value::Null)),
            (
                "str",
                r"'a\'b\n\x1b\u20ac\\'",
                Some(json!("a'b\n\u{1b}\u{20ac}\\")),
            ),
            ("str", r#""it's""#, Some(json!("it's"))),
            ("str", r"'\ud83d'", None),
            ("str", "<str>", None),
            ("SafeString", "'<b>'", Some(json!({"$safe": "<b>"}))),
            ("list", "[1, 2]", None),
        ];
        for (class, text, expected) in cases {
            assert_eq!(plain(class, text), expected, "{class} {text}");
        }
    }

    #[test]
    fn dictionaries_stay_dictionaries() {
        let given = json!({"a": {"$decimal": "1"}, "b": [{"c": 1}]});
        assert_eq!(
            typed(&given),
            json!({"a": {"$dict": [["$decimal", "1"]]}, "b": [{"c": 1}]})
        );
    }
}
