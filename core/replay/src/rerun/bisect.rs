//! Which turn it was: the first that changes a place of the state, or makes it a value.

use std::fmt;
use std::ops::ControlFlow;

use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Snapshot, TurnId, differs};
use serde_json::Value;

use super::reasons::is_lossy;
use super::{Account, Rerun, RerunError, numbers};

/// A place in a state: names and indexes from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(Vec<String>);

/// What is looked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// A place gets another value than it had.
    Change(Place),
    /// A place gets this value, and had another one.
    Becomes(Place, Value),
}

/// The turn that was looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct First {
    /// Its number.
    pub turn: TurnId,
    /// Dotted path of its view.
    pub view: Option<String>,
    /// Its event.
    pub event: Option<String>,
    /// What was there before; none if nothing was.
    pub was: Option<Value>,
    /// What is there after it; none if nothing is.
    pub is: Option<Value>,
}

/// What came of looking for a turn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bisected {
    /// The turn, if there is one.
    pub first: Option<First>,
    /// Turns that were looked at, with the one that was found.
    pub looked_at: u64,
    /// Turns before it of which the place is not known.
    pub unknown: u64,
}

impl Wanted {
    /// Reads `items[3].name` or `total == 4`.
    ///
    /// # Errors
    ///
    /// If that is no place, or nothing stands behind the `==`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((place, value)) = text.split_once("==") else {
            return Place::parse(text).map(Self::Change);
        };
        let value = value.trim();
        if value.is_empty() {
            return Err("nothing stands behind the ==".to_owned());
        }
        Ok(Self::Becomes(Place::parse(place)?, literal(value)))
    }

    /// The place that is looked at.
    pub const fn place(&self) -> &Place {
        match self {
            Self::Change(place) | Self::Becomes(place, _) => place,
        }
    }

    fn is_met(&self, was: Option<&Value>, is: Option<&Value>) -> bool {
        match self {
            Self::Change(_) => match (was, is) {
                (Some(was), Some(is)) => differs(was, is),
                (was, is) => was.is_some() != is.is_some(),
            },
            Self::Becomes(_, value) => is == Some(value) && was != Some(value),
        }
    }
}

/// JSON, Python's words for nothing and for truth, or else a text as it stands there.
fn literal(text: &str) -> Value {
    match text {
        "None" => Value::Null,
        "True" => Value::Bool(true),
        "False" => Value::Bool(false),
        _ => serde_json::from_str(text).unwrap_or_else(|_| {
            let quoted = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
            Value::String(quoted.unwrap_or(text).to_owned())
        }),
    }
}

impl Place {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let dotted = text.replace('[', ".").replace(']', "");
        let parts: Vec<String> = dotted.split('.').map(str::to_owned).collect();
        match parts
            .iter()
            .all(|part| !part.is_empty() && !part.contains(char::is_whitespace))
        {
            true => Ok(Self(parts)),
            false => Err(format!(
                "{text} is no place of a state, as total or items[3].name are"
            )),
        }
    }

    /// What is there.
    pub fn of<'a>(&self, state: &'a Snapshot) -> Option<&'a Value> {
        let (name, inner) = self.0.split_first()?;
        let top = state.public.get(name).or_else(|| state.private.get(name))?;
        inner.iter().try_fold(top, |value, part| member(value, part))
    }

    /// True if the path of a difference is this place, around it or inside it.
    pub fn touches(&self, path: &str) -> bool {
        let own = self.to_string();
        let is_inside = |inner: &str, outer: &str| {
            inner
                .strip_prefix(outer)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        is_inside(path, &own) || is_inside(&own, path)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.0.iter().enumerate() {
            match part.parse::<usize>() {
                Ok(number) if index > 0 => write!(out, "[{number}]")?,
                _ if index == 0 => out.write_str(part)?,
                _ => write!(out, ".{part}")?,
            }
        }
        Ok(())
    }
}

/// A part of a value: of a list by its index, of a dictionary, a row or an object by its name.
fn member<'a>(value: &'a Value, part: &str) -> Option<&'a Value> {
    let number = part.parse::<i64>().ok();
    match value {
        Value::Array(items) => items.get(usize::try_from(number?).ok()?),
        Value::Object(map) => {
            let typed = map
                .iter()
                .next()
                .filter(|(tag, _)| map.len() == 1 && tag.starts_with('$'));
            match typed {
                Some((tag, inner)) if tag == "$model" || tag == "$object" => inner["fields"].get(part),
                Some((tag, inner)) if tag == "$queryset" => member(&inner["rows"], part),
                Some((tag, Value::Array(pairs))) if tag == "$dict" => pairs
                    .iter()
                    .find(|pair| pair[0] == part || number.is_some_and(|number| pair[0] == number))
                    .and_then(|pair| pair.get(1)),
                Some((_, inner)) => member(inner, part),
                None => map.get(part),
            }
        }
        _ => None,
    }
}

/// Looks through the recorded states: nothing is run.
///
/// # Errors
///
/// If the recording cannot be read.
pub fn in_recording(reader: &Reader, filter: &Filter, wanted: &Wanted) -> Result<Bisected, RerunError> {
    let mut looking = Looking::new(wanted);
    for turn in numbers(reader, filter)? {
        let (before, after) = reader.state(turn)?;
        let is_known = after.is_some();
        if looking.look(before.as_ref(), after.as_ref()) {
            let row = reader.turn_record(turn)?;
            looking.found(
                turn,
                row.as_ref().and_then(|row| row.view.clone()),
                row.and_then(|row| row.event),
            );
            break;
        }
        if !is_known && reader.turn_record(turn)?.is_some_and(|row| row.view_id.is_some()) {
            looking.done.unknown += 1;
        }
    }
    Ok(looking.done)
}

impl Rerun<'_> {
    /// Looks through the states of a chain that is run again, up to the turn that is found.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read, or the worker has ended.
    pub fn bisect(&mut self, filter: &Filter, wanted: &Wanted) -> Result<Bisected, RerunError> {
        let mut looking = Looking::new(wanted);
        let among = numbers(self.reader, filter)?;
        self.run_chain(0, 0, None, &mut |_, account| {
            let turn = account.detail.turn.turn;
            if among.binary_search(&turn).is_err() {
                return Ok(ControlFlow::Continue(()));
            }
            let (before, after) = states(&account);
            if after.is_none() && account.detail.turn.view_id.is_some() {
                looking.done.unknown += 1;
            }
            if !looking.look(before.as_ref(), after.as_ref()) {
                return Ok(ControlFlow::Continue(()));
            }
            let turn_of = account.detail.turn;
            looking.found(turn, turn_of.view, turn_of.event);
            Ok(ControlFlow::Break(()))
        })?;
        Ok(looking.done)
    }
}

/// The states before and after a turn that was run again.
fn states(account: &Account) -> (Option<Snapshot>, Option<Snapshot>) {
    let own = account.own.as_ref();
    let of = |state: Option<&djscope_capture::probe::ProbeSnapshot>| {
        state.map(|state| Snapshot {
            public: state.public.clone(),
            private: state.private.clone(),
        })
    };
    (
        of(own.and_then(|own| own.before.as_ref())),
        of(own.and_then(|own| own.after.as_ref())),
    )
}

/// A search from turn to turn.
struct Looking<'a> {
    wanted: &'a Wanted,
    done: Bisected,
    was: Option<Value>,
    is: Option<Value>,
}

impl<'a> Looking<'a> {
    fn new(wanted: &'a Wanted) -> Self {
        Self {
            wanted,
            done: Bisected::default(),
            was: None,
            is: None,
        }
    }

    /// True if this turn is the one.
    fn look(&mut self, before: Option<&Snapshot>, after: Option<&Snapshot>) -> bool {
        self.done.looked_at += 1;
        let place = self.wanted.place();
        let Some(after) = after else {
            return false;
        };
        let is = place.of(after);
        // A view that is mounted changes nothing: it had no state.
        if before.is_none() && matches!(self.wanted, Wanted::Change(_)) {
            return false;
        }
        let was = before.and_then(|before| place.of(before));
        if is.is_some_and(is_lossy) || was.is_some_and(is_lossy) {
            self.done.unknown += 1;
        }
        if !self.wanted.is_met(was, is) {
            return false;
        }
        (self.was, self.is) = (was.cloned(), is.cloned());
        true
    }

    fn found(&mut self, turn: TurnId, view: Option<String>, event: Option<String>) {
        self.done.first = Some(First {
            turn,
            view,
            event,
            was: self.was.take(),
            is: self.is.take(),
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn state(value: &Value) -> Snapshot {
        Snapshot {
            public: value.as_object().unwrap().clone(),
            private: serde_json::Map::new(),
        }
    }

    #[test]
    fn places_lead_into_typed_values() {
        let state = state(&json!({
            "total": 3,
            "items": [{"name": "a"}, {"$tuple": [1, 2]}],
            "row": {"$model": {"app": "a", "model": "M", "pk": 1, "fields": {"n": 5}}},
            "by_id": {"$dict": [[7, "seven"], ["x", "y"]]},
        }));
        for (place, expected) in [
            ("total", Some(json!(3))),
            ("items[0].name", Some(json!("a"))),
            ("items[1][1]", Some(json!(2))),
            ("row.n", Some(json!(5))),
            ("by_id[7]", Some(json!("seven"))),
            ("by_id.x", Some(json!("y"))),
            ("items[9]", None),
            ("total.x", None),
        ] {
            let place = Place::parse(place).unwrap();
            assert_eq!(place.of(&state), expected.as_ref(), "{place}");
        }
        assert_eq!(
            Place::parse("items[3].name").unwrap().to_string(),
            "items[3].name"
        );
        for text in ["", "a..b", "a b", "[0]"] {
            Place::parse(text).unwrap_err();
        }
    }

    #[test]
    fn what_is_wanted_is_read() {
        let place = |text: &str| Place::parse(text).unwrap();
        for (text, expected) in [
            ("total", Wanted::Change(place("total"))),
            ("total == 4", Wanted::Becomes(place("total"), json!(4))),
            ("name == 'a b'", Wanted::Becomes(place("name"), json!("a b"))),
            ("name == done", Wanted::Becomes(place("name"), json!("done"))),
            ("x == None", Wanted::Becomes(place("x"), json!(null))),
            (
                "x == {\"$decimal\": \"1.20\"}",
                Wanted::Becomes(place("x"), json!({"$decimal": "1.20"})),
            ),
        ] {
            assert_eq!(Wanted::parse(text).unwrap(), expected, "{text}");
        }
        Wanted::parse("x ==").unwrap_err();
    }

    #[test]
    fn the_first_turn_that_makes_it_so() {
        let wanted = Wanted::parse("n == 2").unwrap();
        let mut looking = Looking::new(&wanted);
        let states = [json!({"n": 1}), json!({"n": 2}), json!({"n": 2})].map(|value| state(&value));
        assert!(!looking.look(None, Some(&states[0])));
        assert!(looking.look(Some(&states[0]), Some(&states[1])));
        assert!(!looking.look(Some(&states[1]), Some(&states[2])));
        assert!(!looking.look(Some(&states[1]), None));
        assert_eq!((looking.done.looked_at, looking.done.unknown), (4, 0));
        let cut = state(&json!({"n": {"$cut": {"type": "list", "length": 3, "kept": null}}}));
        assert!(!looking.look(Some(&states[1]), Some(&cut)));
        assert_eq!(looking.done.unknown, 1, "what was cut may hold it");

        let wanted = Wanted::parse("n").unwrap();
        let mut looking = Looking::new(&wanted);
        assert!(!looking.look(None, Some(&states[0])), "a mount changes nothing");
        assert!(looking.look(Some(&states[0]), Some(&states[1])));
    }

    #[test]
    fn a_difference_touches_a_place() {
        let place = Place::parse("items[3].name").unwrap();
        for (path, expected) in [
            ("items[3].name", true),
            ("items", true),
            ("items[3].name.x", true),
            ("items[30]", false),
            ("item", false),
        ] {
            assert_eq!(place.touches(path), expected, "{path}");
        }
    }
}
