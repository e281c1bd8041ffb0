//! Values in typed JSON, compared deeply.

use std::collections::HashMap;

use jiff::{Timestamp, civil};
use serde_json::{Map, Value};

use super::text::{first_difference, fits, is_masked, same_page};
use crate::answer::{Difference, What, Witness};

/// Fields of frames that differ between any two sessions, and the traceback of an error, which is compared by itself.
const NOT_COMPARED: [&str; 11] = [
    "version",
    "timing",
    "performance",
    "_debug",
    "session_id",
    "sw_identity",
    "sw_snapshot_ttl",
    "state_snapshot_signed",
    "ref",
    "hvr_version",
    "traceback",
];

/// Fields that hold the number of an element.
const IDS: [&str; 4] = ["d", "child_d", "djust_id", "dj-id"];

/// Most differences that one comparison keeps.
const MAX: usize = 20;

/// Seconds since 1970 that could be a time of today.
const FIRST_TIME: f64 = 1e9;

/// Numbers of elements: recorded and got, one to one.
#[derive(Debug, Default)]
pub struct Ids {
    there: HashMap<String, String>,
    back: HashMap<String, String>,
}

impl Ids {
    fn fit(&mut self, recorded: &str, got: &str) -> bool {
        let there = self
            .there
            .entry(recorded.to_owned())
            .or_insert_with(|| got.to_owned());
        let back = self
            .back
            .entry(got.to_owned())
            .or_insert_with(|| recorded.to_owned());
        there == got && back == recorded
    }
}

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    witness: Witness,
    what: What,
    slack_us: i64,
    /// Numbers of elements that were met.
    pub ids: Ids,
    /// What differs.
    pub found: Vec<Difference>,
}

impl Comparison {
    /// Begins one; readings of the clock may be `slack_us` apart.
    pub fn new(witness: Witness, what: What, slack_us: i64) -> Self {
        Self {
            witness,
            what,
            slack_us,
            ids: Ids::default(),
            found: Vec::new(),
        }
    }

    /// A frame, by its fields.
    pub fn frame(&mut self, path: &str, recorded: &Value, got: &Value) {
        let (Some(recorded), Some(got)) = (recorded.as_object(), got.as_object()) else {
            self.value(path, "", recorded, got);
            return;
        };
        let kept = |map: &Map<String, Value>| -> Map<String, Value> {
            let fields = map
                .iter()
                .filter(|(name, _)| !NOT_COMPARED.contains(&name.as_str()));
            fields
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        };
        let before = self.what;
        for (name, theirs) in &kept(recorded) {
            self.what = match name.as_str() {
                "patches" => What::Patches,
                "html" => What::Html,
                _ => What::Frames,
            };
            match got.get(name) {
                Some(ours) => self.value(&join(path, name), name, theirs, ours),
                None => self.differs(&join(path, name), theirs, &Value::Null),
            }
        }
        self.what = before;
        for (name, ours) in &kept(got) {
            if !recorded.contains_key(name) {
                self.differs(&join(path, name), &Value::Null, ours);
            }
        }
    }

    /// Patches of two frames.
    pub fn patches(&mut self, path: &str, recorded: &Value, got: &Value) {
        self.value(path, "patches", recorded, got);
    }

    /// Names and their values.
    pub fn maps(&mut self, path: &str, recorded: &Map<String, Value>, got: &Map<String, Value>) {
        for (name, theirs) in recorded {
            match got.get(name) {
                Some(ours) => self.value(&join(path, name), name, theirs, ours),
                None => self.differs(&join(path, name), theirs, &Value::Null),
            }
        }
        for (name, ours) in got {
            if !recorded.contains_key(name) {
                self.differs(&join(path, name), &Value::Null, ours);
            }
        }
    }

    fn differs(&mut self, path: &str, recorded: &Value, got: &Value) {
        if self.found.len() < MAX {
            self.found.push(Difference {
                witness: self.witness,
                what: self.what,
                path: path.to_owned(),
                recorded: recorded.clone(),
                got: got.clone(),
            });
        }
    }

    fn value(&mut self, path: &str, name: &str, recorded: &Value, got: &Value) {
        if recorded == got && !IDS.contains(&name) {
            return;
        }
        let is_same = match (recorded, got) {
            (Value::String(theirs), Value::String(ours)) => {
                self.text(path, name, theirs, ours);
                return;
            }
            (Value::Object(theirs), Value::Object(ours)) => {
                self.objects(path, theirs, ours);
                return;
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                self.lists(path, theirs, ours);
                return;
            }
            (Value::Object(theirs), _) => theirs.len() == 1 && theirs.contains_key("$redacted"),
            (Value::Number(theirs), Value::Number(ours)) => self.numbers(theirs.as_f64(), ours.as_f64()),
            _ => false,
        };
        if !is_same {
            self.differs(path, recorded, got);
        }
    }

    fn text(&mut self, path: &str, name: &str, recorded: &str, got: &str) {
        let is_same = if IDS.contains(&name) || (is_child(recorded) && is_child(got)) {
            self.ids.fit(recorded, got)
        } else if recorded.contains(" dj-id=\"") {
            same_page(recorded, got)
        } else {
            fits(recorded, got)
        };
        if is_same {
            return;
        }
        if name == "html" || (recorded.len() > 300 && !is_masked(recorded)) {
            let (_, theirs, ours) = first_difference(recorded, got);
            self.differs(path, &theirs.into(), &ours.into());
        } else {
            self.differs(path, &recorded.into(), &got.into());
        }
    }

    /// Both are seconds since 1970, and so near that both are the time of the turn.
    fn numbers(&self, recorded: Option<f64>, got: Option<f64>) -> bool {
        let (Some(recorded), Some(got)) = (recorded, got) else {
            return false;
        };
        recorded > FIRST_TIME && got > FIRST_TIME && (recorded - got).abs() * 1e6 <= self.slack_us as f64
    }

    fn lists(&mut self, path: &str, recorded: &[Value], got: &[Value]) {
        for index in 0..recorded.len().max(got.len()) {
            let path = format!("{path}[{index}]");
            match (recorded.get(index), got.get(index)) {
                (Some(theirs), Some(ours)) => self.value(&path, "", theirs, ours),
                (theirs, ours) => self.differs(
                    &path,
                    theirs.unwrap_or(&Value::Null),
                    ours.unwrap_or(&Value::Null),
                ),
            }
        }
    }

    fn objects(&mut self, path: &str, recorded: &Map<String, Value>, got: &Map<String, Value>) {
        let (Some((tag, theirs)), Some((other, ours))) = (tagged(recorded), tagged(got)) else {
            if tagged(recorded).is_some_and(|(tag, _)| tag == "$redacted") {
                return;
            }
            self.maps(path, recorded, got);
            return;
        };
        if tag == "$redacted" {
            return;
        }
        if tag != other {
            self.differs(path, &recorded.clone().into(), &got.clone().into());
            return;
        }
        let is_same = match tag {
            "$datetime" => self.moments(theirs.as_str(), ours.as_str()),
            "$cut" => return self.without(path, &["digest"], theirs, ours),
            "$queryset" => {
                let is_known = !theirs["sql"].is_null() && !ours["sql"].is_null();
                let left_out: &[&str] = if is_known { &[] } else { &["sql"] };
                return self.without(path, left_out, theirs, ours);
            }
            "$model" | "$object" | "$tuple" | "$set" | "$dict" | "$safe" | "$redacted" => {
                return self.value(path, "", theirs, ours);
            }
            _ => false,
        };
        if !is_same {
            self.differs(path, &recorded.clone().into(), &got.clone().into());
        }
    }

    fn without(&mut self, path: &str, names: &[&str], recorded: &Value, got: &Value) {
        let kept = |value: &Value| {
            let mut map = value.as_object().cloned().unwrap_or_default();
            map.retain(|name, _| !names.contains(&name.as_str()));
            map
        };
        self.maps(path, &kept(recorded), &kept(got));
    }

    fn moments(&self, recorded: Option<&str>, got: Option<&str>) -> bool {
        let (Some(recorded), Some(got)) = (recorded.and_then(moment_us), got.and_then(moment_us)) else {
            return false;
        };
        recorded.1 == got.1 && (recorded.0 - got.0).abs() <= self.slack_us
    }
}

/// True for the number that djust gives to an embedded view, counted in each process.
fn is_child(text: &str) -> bool {
    text.strip_prefix("child_")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The tag and the content of a typed value.
fn tagged(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, inner) = map.iter().next()?;
    (map.len() == 1 && name.starts_with('$')).then_some((name.as_str(), inner))
}

/// Microseconds, and whether they count in a time zone.
fn moment_us(text: &str) -> Option<(i64, bool)> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some((moment.as_microsecond(), true));
    }
    let moment: civil::DateTime = text.parse().ok()?;
    let since = moment
        .since(civil::DateTime::constant(1970, 1, 1, 0, 0, 0, 0))
        .ok()?;
    let seconds = since.total((jiff::Unit::Microsecond, moment)).ok()?;
    Some((seconds as i64, false))
}

fn join(path: &str, name: &str) -> String {
    match (path.is_empty(), matches!(name, "fields" | "kept" | "rows")) {
        (true, _) => name.to_owned(),
        (false, true) => path.to_owned(),
        (false, false) => format!("{path}.{name}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(recorded: &Value, got: &Value) -> Vec<String> {
        let mut comparison = Comparison::new(Witness::Djust, What::State, 1_000_000);
        comparison.value("x", "x", recorded, got);
        comparison.found.into_iter().map(|found| found.path).collect()
    }

    #[test]
    fn values_differ_by_type_and_depth() {
        let cases = [
            (json!(1), json!(1), vec![]),
            (json!(1), json!(1.0), vec!["x"]),
            (json!(1), json!(true), vec!["x"]),
            (json!([1, 2]), json!([1, 3]), vec!["x[1]"]),
            (json!([1]), json!([1, 2]), vec!["x[1]"]),
            (json!({"$tuple": [1]}), json!([1]), vec!["x"]),
            (json!({"a": {"b": 1}}), json!({"a": {"b": 2}}), vec!["x.a.b"]),
            (json!({"a": 1}), json!({}), vec!["x.a"]),
            (json!({"$decimal": "1.0"}), json!({"$decimal": "1.00"}), vec!["x"]),
            (json!({"$redacted": {"type": "str"}}), json!("secret"), vec![]),
            (json!("a [redacted:str:1-8:0] b"), json!("a secret b"), vec![]),
            (
                json!({"$model": {"app": "a", "model": "M", "pk": 1, "fields": {"n": 1}}}),
                json!({"$model": {"app": "a", "model": "M", "pk": 1, "fields": {"n": 2}}}),
                vec!["x.n"],
            ),
            (
                json!({"$cut": {"type": "list", "length": 3, "kept": [1], "digest": "a"}}),
                json!({"$cut": {"type": "list", "length": 3, "kept": [1], "digest": "b"}}),
                vec![],
            ),
        ];
        for (recorded, got, expected) in cases {
            assert_eq!(found(&recorded, &got), expected, "{recorded} {got}");
        }
    }

    #[test]
    fn two_readings_of_the_clock_may_be_a_little_apart() {
        let moment = |text: &str| json!({"$datetime": text});
        let first = moment("2026-11-30T10:00:00.000001+00:00");
        assert_eq!(
            found(&first, &moment("2026-11-30T10:00:00.9+00:00")),
            Vec::<String>::new()
        );
        assert_eq!(found(&first, &moment("2026-11-30T10:00:02+00:00")), ["x"]);
        assert_eq!(found(&first, &moment("2026-11-30T10:00:00.000001")), ["x"]);
        assert_eq!(
            found(&json!(1_795_444_693.5), &json!(1_795_444_693.9)),
            Vec::<String>::new()
        );
        assert_eq!(found(&json!(3.5), &json!(3.9)), ["x"]);
    }

    #[test]
    fn numbers_of_elements_are_one_to_one() {
        let patch = |ids: [&str; 2]| {
            json!([{"type": "SetText", "path": [0], "d": ids[0], "text": "a"},
                                             {"type": "SetText", "path": [0], "d": ids[1], "text": "b"}])
        };
        assert_eq!(
            found(&patch(["1", "1"]), &patch(["5", "5"])),
            Vec::<String>::new()
        );
        assert_eq!(found(&patch(["1", "2"]), &patch(["5", "5"])), ["x[1].d"]);
        assert_eq!(found(&patch(["1", "1"]), &patch(["5", "6"])), ["x[1].d"]);
    }
}
