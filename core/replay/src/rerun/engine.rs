//! The third witness: djscope's own engine renders the recorded values that djust's renderer was given.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use djscope_dom::diff::DiffOptions;
use djscope_dom::page::Work;
use djscope_engine::view::View;
use djscope_recording::Reader;
use djscope_recording::filter::Filter;
use djscope_recording::model::{Direction, Snapshot, TurnDetail, TurnId, TurnKind, ViewId};
use djscope_template::value::{Value as Rendered, Zone};
use djscope_template::{Environment, Libraries, MemoryLoader, Template};
use jiff::Timestamp;
use serde_json::Value;

use super::compare::{Comparison, same_markup};
use super::messages::Did;
use super::reasons::is_lossy;
use super::{RerunError, numbers};
use crate::answer::{Difference, What, Witness, Word};

/// So many turns back the page before a turn is looked for.
const NEAR: u64 = 64;

/// What the engine says of a turn.
#[derive(Debug, Default)]
pub struct Said {
    /// None if nothing was rendered, or nothing of it was sent.
    pub word: Option<Word>,
    pub differs: Vec<Difference>,
    pub reason: Option<String>,
}

impl Said {
    fn unsure(reason: impl Into<String>) -> Self {
        Self {
            word: Some(Word::CannotTell),
            differs: Vec::new(),
            reason: Some(format!("engine: {}", reason.into())),
        }
    }
}

/// The views of a recording, rendered along with it.
pub struct Engine<'a> {
    reader: &'a Reader,
    started_unix_us: i64,
    environment: Environment,
    /// Class → the template that djust gives to its renderer.
    templates: BTreeMap<String, String>,
    views: HashMap<ViewId, View>,
}

impl<'a> Engine<'a> {
    /// Reads what a render needs from outside.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn new(reader: &'a Reader) -> Result<Self, RerunError> {
        let meta = reader.meta()?;
        let processes = meta.get("processes").and_then(Value::as_array);
        let zone = processes
            .and_then(|all| all.last())
            .and_then(|process| process["time_zone"].as_str())
            .and_then(Zone::named)
            .unwrap_or(Zone::Utc);
        let environment = Environment {
            default_time_zone: zone.clone(),
            time_zone: zone,
            ..Environment::default()
        };
        Ok(Self {
            reader,
            started_unix_us: meta.get("started_unix_us").and_then(Value::as_i64).unwrap_or(0),
            environment,
            templates: BTreeMap::new(),
            views: HashMap::new(),
        })
    }

    /// One turn without those before it: the page before it is rendered first, and if that does not do, all of them.
    ///
    /// # Errors
    ///
    /// If the recording cannot be read.
    pub fn alone(&mut self, detail: &TurnDetail, did: &Did) -> Result<Said, RerunError> {
        self.templates.extend(did.templates.clone());
        if let Some(last) = self.last_rendered(detail)? {
            self.turn(&last, &Did::default());
            let said = self.turn(detail, did);
            if said.word == Some(Word::Same) {
                return Ok(said);
            }
            self.views.clear();
        }
        self.all_before(detail)?;
        Ok(self.turn(detail, did))
    }

    /// The last turn of the view before this one whose values are known, if it is not far.
    fn last_rendered(&self, detail: &TurnDetail) -> Result<Option<TurnDetail>, RerunError> {
        let turn = &detail.turn;
        for number in (turn.turn.saturating_sub(NEAR)..turn.turn).rev() {
            let record = self.reader.turn_record(number)?;
            if record.is_some_and(|record| record.view_id == turn.view_id && record.handed.is_some()) {
                return Ok(self.reader.turn(number)?);
            }
        }
        Ok(None)
    }

    fn all_before(&mut self, detail: &TurnDetail) -> Result<(), RerunError> {
        let mut after = 0;
        while let Some(connection) = detail.turn.connection {
            let rows = self.reader.turns_of_connection(connection, after, 1000)?;
            let Some(last) = rows.last().map(|row| row.turn) else {
                break;
            };
            for row in rows.iter().filter(|row| row.turn < detail.turn.turn) {
                if let Some(earlier) = self.reader.turn(row.turn)?
                    && earlier.turn.view_id == detail.turn.view_id
                {
                    self.turn(&earlier, &Did::default());
                }
            }
            if last >= detail.turn.turn {
                break;
            }
            after = last;
        }
        Ok(())
    }

    /// The next turn of a view.
    pub fn turn(&mut self, detail: &TurnDetail, did: &Did) -> Said {
        self.templates.extend(did.templates.clone());
        let (Some(handed), Some(number)) = (&detail.handed, detail.turn.view_id) else {
            return Said::default();
        };
        let Some(class) = detail.turn.view.as_deref() else {
            return Said::default();
        };
        if detail.turn.kind == TurnKind::Mount {
            self.views.remove(&number);
        }
        let is_first = !self.views.contains_key(&number);
        if is_first {
            match self.made(class, detail) {
                Ok(view) => self.views.insert(number, view),
                Err(reason) => return Said::unsure(reason),
            };
        }
        let now = self.started_unix_us.saturating_add(detail.turn.t_us);
        let Some(view) = self.views.get_mut(&number) else {
            return Said::default();
        };
        if let Ok(now) = Timestamp::from_microsecond(now) {
            view.environment_mut().now = now;
        }
        if let Err(reason) = give(view, handed) {
            self.views.remove(&number);
            return Said::unsure(reason);
        }
        let keys = detail.turn.changed_keys.as_ref();
        let keys: Option<Vec<&str>> = keys.map(|keys| keys.iter().map(String::as_str).collect());
        let rendered = view.render(keys.as_deref().filter(|_| !is_first), Work::Changed);
        let (html, patches) = match rendered {
            Ok(rendered) => (rendered.html.to_owned(), rendered.patches),
            Err(error) => {
                self.views.remove(&number);
                let is_recorded = detail.turn.exception.is_some() || detail.turn.error.is_some();
                return match is_recorded {
                    true => Said::default(),
                    false => Said::unsure(format!("it cannot render this template: {error}")),
                };
            }
        };
        let patches = patches.map(|patches| serde_json::to_value(patches).unwrap_or(Value::Null));
        let said = compared(detail, &html, patches.as_ref(), is_first);
        excused(said, handed, detail.after.as_ref(), view)
    }

    fn made(&self, class: &str, detail: &TurnDetail) -> Result<View, String> {
        let recorded = detail.view.as_ref().and_then(|view| view.template.as_ref());
        let sources = recorded.map(|template| &*template.sources).unwrap_or_default();
        let own = self.templates.get(class).map(|text| Cow::Borrowed(&**text));
        let own = own.or_else(|| {
            let first = sources.iter().find(|source| source.role == "self")?;
            (!first.source.contains("{% extends")).then(|| Cow::Borrowed(&*first.source))
        });
        let source = own.ok_or("the template of the view is not known")?;
        let named = sources
            .iter()
            .filter_map(|source| Some((source.name.clone()?, source.source.clone())));
        let libraries = Libraries::djust();
        let loader = MemoryLoader::new(named, &libraries);
        let template = Template::parse(None, &source, &libraries)
            .map_err(|error| format!("it cannot read this template: {error}"))?;
        let mut environment = self.environment.clone();
        if let Some(mount) = &detail.turn.work.mount {
            if let Some(language) = &mount.language {
                environment.language = Cow::Owned(language.clone());
            }
            if let Some(zone) = mount.time_zone.as_deref().and_then(Zone::named) {
                environment.time_zone = zone;
            }
        }
        Ok(View::new(
            template,
            Arc::new(loader),
            environment,
            DiffOptions::default(),
        ))
    }
}

/// What the engine says of the turns that match, from the recording alone: no code of the project is run.
///
/// # Errors
///
/// If the recording cannot be read.
pub fn engine_words(reader: &Reader, filter: &Filter) -> Result<Vec<(TurnId, Option<Word>)>, RerunError> {
    let mut engine = Engine::new(reader)?;
    let wanted = numbers(reader, filter)?;
    let mut words = Vec::with_capacity(wanted.len());
    for turn in numbers(reader, &Filter::all())? {
        let Some(detail) = reader.turn(turn)? else {
            continue;
        };
        let said = engine.turn(&detail, &Did::default());
        if wanted.binary_search(&turn).is_ok() {
            words.push((turn, said.word));
        }
    }
    Ok(words)
}

/// Gives the view exactly the recorded values.
fn give(view: &mut View, handed: &Snapshot) -> Result<(), String> {
    let gone: Vec<Rendered> = view
        .state()
        .keys()
        .filter(|name| !handed.public.contains_key(&*name.to_str()))
        .cloned()
        .collect();
    for name in &gone {
        view.remove_state(name);
    }
    let mut values = Vec::with_capacity(handed.public.len());
    for (name, told) in &handed.public {
        let value = Rendered::from_json(told).map_err(|error| format!("{name}: {error}"))?;
        values.push((Rendered::from(&**name), value));
    }
    view.update_state(values);
    Ok(())
}

/// Compares with what the server sent in this turn.
fn compared(detail: &TurnDetail, html: &str, patches: Option<&Value>, is_first: bool) -> Said {
    let payloads = detail
        .frames
        .iter()
        .filter(|frame| frame.direction == Direction::ToBrowser && !frame.cut)
        .filter_map(|frame| serde_json::from_str::<Value>(&frame.payload).ok());
    for payload in payloads {
        if let Some(sent) = payload["html"].as_str() {
            return page(sent, html);
        }
        if payload["patches"].is_array() && payload["type"] == "patch" {
            let Some(patches) = patches.filter(|_| !is_first) else {
                return Said::unsure("the first page of the view is not in the recording");
            };
            let mut comparison = Comparison::new(Witness::Engine, What::Patches, 0);
            comparison.patches("patches", &payload["patches"], patches);
            return of(comparison.found);
        }
    }
    Said::default()
}

fn page(sent: &str, html: &str) -> Said {
    of(match same_markup(sent, inside(html)) {
        Ok(()) => Vec::new(),
        Err((recorded, got)) => vec![Difference {
            witness: Witness::Engine,
            what: What::Html,
            path: "html".to_owned(),
            recorded: recorded.into(),
            got: got.into(),
        }],
    })
}

fn of(differs: Vec<Difference>) -> Said {
    Said {
        word: Some(if differs.is_empty() {
            Word::Same
        } else {
            Word::Differs
        }),
        differs,
        reason: None,
    }
}

/// A difference may come from values that are not whole, or from what the engine does not know.
fn excused(mut said: Said, handed: &Snapshot, state: Option<&Snapshot>, view: &View) -> Said {
    if said.word != Some(Word::Differs) {
        return said;
    }
    let read = handed.public.iter().filter(|(name, _)| view.plan().reads(name));
    let lossy: Vec<&str> = read
        .filter(|(name, value)| {
            let own = state.and_then(|state| state.public.get(*name));
            is_lossy(value) || own.is_some_and(is_component)
        })
        .map(|(name, _)| name.as_str())
        .collect();
    if !lossy.is_empty() {
        said.word = Some(Word::CannotTell);
        said.reason = Some(format!(
            "engine: {} cannot be recorded as it is",
            lossy.join(", ")
        ));
    }
    said
}

/// True for a component of djust's: its `render()` is the project's code.
fn is_component(value: &Value) -> bool {
    value["$object"]["fields"].get("component_id").is_some()
}

/// What is inside the root element.
fn inside(html: &str) -> &str {
    let mut quote = None;
    let start = html
        .char_indices()
        .find_map(|(at, character)| match (quote, character) {
            (None, '"' | '\'') => {
                quote = Some(character);
                None
            }
            (Some(open), close) if open == close => {
                quote = None;
                None
            }
            (None, '>') => Some(at + 1),
            _ => None,
        });
    let inner = &html[start.unwrap_or(0)..];
    inner.rfind("</").map_or(inner, |end| &inner[..end])
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn what_is_inside_the_root() {
        assert_eq!(inside("<div a=\">\" dj-root><p>x</p></div>"), "<p>x</p>");
        assert_eq!(inside("<br>"), "");
    }
}
