//! What the rules ask of a turn, worked out once.

use std::cell::OnceCell;

use djscope_recording::model::{
    Change, ClassData, Direction, Evidence, Handler, KnownEvidence, Outcome, Place, Scope, Severity, Span,
    SpanKind, TemplateSource, Turn, TurnDetail, TurnKind,
};
use serde_json::Value;

use crate::handler_code::{HandlerCode, Write};
use crate::spelling;

/// How djust names the instance attribute behind a `state()` field (djust/decorators.py).
const STATE_FIELD: &str = "_state_";

/// A turn, and what follows from it without any judgement.
pub struct Facts<'a> {
    /// Everything that was recorded of it.
    pub detail: &'a TurnDetail,
    /// The turn itself.
    pub turn: &'a Turn,
    code: OnceCell<Option<HandlerCode>>,
}

impl<'a> Facts<'a> {
    /// The facts of a turn.
    pub const fn of(detail: &'a TurnDetail) -> Self {
        Self {
            detail,
            turn: &detail.turn,
            code: OnceCell::new(),
        }
    }

    /// The handler that the event named.
    pub fn handler(&self) -> Option<&'a Handler> {
        let name = self.turn.event.as_deref()?;
        let view = self.detail.view.as_ref()?;
        view.handlers.iter().find(|handler| handler.name == name)
    }

    /// What the handler's source says; none if it was not seen.
    pub fn code(&self) -> Option<&HandlerCode> {
        let read = || {
            let handler = self.handler()?;
            HandlerCode::of(handler.source.as_deref()?, handler.line.unwrap_or(1))
        };
        self.code.get_or_init(read).as_ref()
    }

    /// What else the view's class is made of.
    pub fn class(&self) -> Option<&'a ClassData> {
        self.detail.view.as_ref()?.class_data.as_deref()
    }

    /// The last part of the view's dotted path.
    pub fn view_name(&self) -> &'a str {
        let view = self.turn.view.as_deref().unwrap_or_default();
        view.rsplit('.').next().unwrap_or_default()
    }

    /// The event, as in a sentence.
    pub fn event_name(&self) -> &'a str {
        self.turn.event.as_deref().unwrap_or("the handler")
    }

    /// True if the user did something and the page was answered that there is nothing to show, with nothing else beside
    /// it: no flash, no event for the page, no navigation, no title, no task under way.
    pub fn shows_nothing(&self) -> bool {
        let is_quiet = matches!(self.turn.outcome, Outcome::Noop | Outcome::EmptyPatch);
        is_quiet && self.is_of_a_handler() && self.turn.exception.is_none() && !self.did_something_else()
    }

    /// True if djust rendered, and the page came out the same, with nothing else beside it.
    pub fn renders_the_same(&self) -> bool {
        self.turn.outcome == Outcome::EmptyPatch && self.shows_nothing()
    }

    /// True for an event of the user's own handler; djust's own ones answer with noop on purpose.
    fn is_of_a_handler(&self) -> bool {
        self.turn.kind == TurnKind::Event && self.turn.event.as_deref() != Some("update_model")
    }

    /// True if djust has compared the state and found nothing that it knows of.
    pub fn djust_saw_nothing(&self) -> bool {
        let Some(decision) = &self.turn.djust else {
            return false;
        };
        decision.changed.as_deref() == Some(&[]) && !decision.skip && !decision.force
    }

    /// True if states and decision are known, so that what is said of them is certain.
    pub fn is_whole(&self) -> bool {
        let has_states = self.detail.before.is_some() && self.detail.after.is_some();
        has_states
            && self.turn.changed.is_some()
            && self.turn.djust.is_some()
            && self.detail.left_out.is_empty()
    }

    /// True if the answer had more than the news that there is nothing to show.
    pub fn did_something_else(&self) -> bool {
        let work = &self.turn.work;
        let frames = self.detail.frames.iter();
        let mut answers = frames.filter(|frame| frame.direction == Direction::ToBrowser);
        let speaks = answers
            .any(|frame| !matches!(frame.kind.as_str(), "noop" | "patch" | "") || has_more(&frame.payload));
        speaks || !work.pushes.is_empty() || !work.tasks.is_empty() || !work.threads.is_empty()
    }

    /// True if the context may hold values that the view makes of its state: then a name that the template does not use may
    /// be shown by way of another one.
    pub fn has_derived_context(&self) -> bool {
        let is_of_class = |name: &str| {
            self.class()
                .is_some_and(|class| class.attributes.contains_key(name))
        };
        let computed = self.class().is_some_and(|class| !class.computed.is_empty());
        let context = self.turn.context.as_deref().unwrap_or_default();
        computed
            || context
                .iter()
                .any(|name| !self.has_name(name) && !is_of_class(name))
    }

    /// Names that changed, as djust calls them.
    pub fn changed(&self) -> &'a [String] {
        self.turn.changed.as_deref().unwrap_or_default()
    }

    /// Names that changed although djust saw no change of them.
    pub fn unseen(&self) -> Vec<&'a str> {
        let Some(seen) = self
            .turn
            .djust
            .as_ref()
            .and_then(|decision| decision.changed.as_deref())
        else {
            return Vec::new();
        };
        let is_seen = |name: &str| {
            seen.iter()
                .any(|seen| seen == name || seen.strip_prefix(STATE_FIELD) == Some(name))
        };
        let names = self.changed().iter().map(String::as_str);
        names.filter(|name| !is_seen(name)).collect()
    }

    /// True if the state holds this name.
    pub fn has_name(&self, name: &str) -> bool {
        let states = [&self.detail.before, &self.detail.after];
        states
            .into_iter()
            .flatten()
            .any(|state| state.public.contains_key(name) || state.private.contains_key(name))
    }

    /// The name of the state before that looks most like another one.
    pub fn nearest_name(&self, name: &str) -> Option<&'a str> {
        let before = self.detail.before.as_ref()?;
        spelling::nearest(name, before.public.keys().map(String::as_str))
    }

    /// The value of a name before and after.
    pub fn values(&self, name: &str) -> (Option<&'a Value>, Option<&'a Value>) {
        let value = |state: &'a Option<djscope_recording::model::Snapshot>| {
            let state = state.as_ref()?;
            state.public.get(name).or_else(|| state.private.get(name))
        };
        (value(&self.detail.before), value(&self.detail.after))
    }

    /// The first difference inside a name, as evidence.
    pub fn change_of(&self, name: &str) -> Option<Evidence> {
        let is_inside = |change: &&Change| change.path.first().is_some_and(|first| first == name);
        let change = self.detail.changes.iter().find(is_inside)?;
        Some(Evidence::from(KnownEvidence::State {
            scope: change.scope,
            path: change.path.clone(),
            before: change.before.clone(),
            after: change.after.clone(),
            source: None,
        }))
    }

    /// The value of a name, as evidence that it is what it was.
    pub fn value_of(&self, name: &str) -> Evidence {
        let (before, after) = self.values(name);
        let scope = if name.starts_with('_') {
            Scope::Private
        } else {
            Scope::Public
        };
        Evidence::from(KnownEvidence::State {
            scope,
            path: vec![name.to_owned()],
            before: before.cloned(),
            after: after.cloned(),
            source: None,
        })
    }

    /// Where the handler begins.
    pub fn handler_place(&self) -> Option<Place> {
        let handler = self.handler()?;
        Some(Place::Code {
            file: handler.file.clone()?,
            line: handler.line,
            column: None,
        })
    }

    /// A line of the handler.
    pub fn place_of_line(&self, line: u32) -> Option<Place> {
        Some(Place::Code {
            file: self.handler()?.file.clone()?,
            line: Some(line),
            column: None,
        })
    }

    /// Where the view's class begins.
    pub fn view_place(&self) -> Option<Place> {
        let view = self.detail.view.as_ref()?;
        Some(Place::Code {
            file: view.file.clone()?,
            line: view.line,
            column: None,
        })
    }

    /// The line of the project that sent a query.
    pub fn place_of_query(&self, span: &Span) -> Option<Place> {
        Some(Place::Code {
            file: span.detail.get("file")?.as_str()?.to_owned(),
            line: span
                .detail
                .get("line")
                .and_then(Value::as_u64)
                .and_then(|line| u32::try_from(line).ok()),
            column: None,
        })
    }

    /// The view's own template, if it extends nothing: then all that it shows is in there.
    pub fn own_template(&self) -> Option<&'a TemplateSource> {
        let template = self.detail.view.as_ref()?.template.as_ref()?;
        let extends = template.sources.iter().any(|source| source.role == "extends");
        let own = template.sources.iter().find(|source| source.role == "self")?;
        (!extends).then_some(own)
    }

    /// False if nothing on the page can depend on a name: no template of the view has it as a word, and the context holds
    /// nothing that is made of the state.
    pub fn may_be_shown(&self, name: &str) -> bool {
        let is_used = |texts: Vec<&str>| texts.iter().any(|text| has_word(text, name));
        self.has_derived_context() || self.template_texts().is_none_or(is_used)
    }

    /// False if nothing on the page can depend on what differs inside a name.
    pub fn may_show_change_of(&self, name: &str) -> bool {
        let changes = self.detail.changes.iter();
        let inside = changes.filter(|change| change.path.first().is_some_and(|first| first == name));
        let parts: Vec<String> = inside
            .flat_map(|change| {
                let names = change
                    .path
                    .iter()
                    .skip(1)
                    .filter(|part| part.parse::<u64>().is_err());
                let fields = differing_fields(change.before.as_ref(), change.after.as_ref());
                names.cloned().chain(fields).collect::<Vec<_>>()
            })
            .collect();
        self.may_be_shown(name) && (parts.is_empty() || parts.iter().any(|part| self.may_be_shown(part)))
    }

    /// A severity for what cannot be seen on the page: information.
    pub fn unless_shown(&self, name: &str) -> Option<Severity> {
        (!self.may_show_change_of(name)).then_some(Severity::Information)
    }

    /// True if a template that the view's own includes has this word.
    pub fn is_in_included(&self, word: &str) -> bool {
        let template = self.detail.view.as_ref().and_then(|view| view.template.as_ref());
        let sources = template
            .map(|template| template.sources.as_slice())
            .unwrap_or_default();
        sources
            .iter()
            .filter(|source| source.role != "self")
            .any(|source| has_word(&source.source, word))
    }

    /// An offset of the view's own template.
    pub fn template_position(&self, at: usize) -> Option<Place> {
        let source = self.own_template()?;
        Some(Place::Template {
            template: source
                .name
                .clone()
                .unwrap_or_else(|| format!("the template of {}", self.view_name())),
            position: u32::try_from(at).ok(),
        })
    }

    /// Where a word first stands in the templates of the view.
    pub fn template_place(&self, word: &str) -> Option<Place> {
        let template = self.detail.view.as_ref()?.template.as_ref()?;
        template.sources.iter().find_map(|source| {
            let at = word_positions(&source.source, word).next()?;
            Some(Place::Template {
                template: source
                    .name
                    .clone()
                    .unwrap_or_else(|| format!("the template of {}", self.view_name())),
                position: u32::try_from(at).ok(),
            })
        })
    }

    /// A write, as evidence.
    pub fn code_of(&self, line: u32, text: &str) -> Option<Evidence> {
        let handler = self.handler()?;
        Some(Evidence::from(KnownEvidence::Code {
            file: handler.file.clone()?,
            line,
            function: handler.name.clone(),
            source: Some(text.to_owned()),
        }))
    }

    /// Place and evidence of the first write to a name, the handler itself if none is seen.
    pub fn write_to(&self, name: &str) -> (Option<Place>, Option<Evidence>, Option<Write>) {
        let write = self.code().and_then(|code| code.writes_to(name).next().cloned());
        match write {
            Some(write) => {
                let place = self.place_of_line(write.line);
                let evidence = self.code_of(write.line, &write.text);
                (place, evidence, Some(write))
            }
            None => (self.handler_place(), None, None),
        }
    }

    /// Spans of a kind.
    pub fn spans(&self, kind: SpanKind) -> impl Iterator<Item = &'a Span> {
        self.detail.spans.iter().filter(move |span| span.kind == kind)
    }

    /// Queries that write: rows of the project, not those of the session.
    pub fn writing_queries(&self) -> Vec<&'a Span> {
        let writes = |span: &&Span| {
            let statement = span.name.trim_start().to_ascii_uppercase();
            let is_write = ["INSERT", "UPDATE", "DELETE", "REPLACE", "MERGE"]
                .iter()
                .any(|word| statement.starts_with(word));
            is_write && !statement.contains("DJANGO_SESSION")
        };
        self.spans(SpanKind::Sql).filter(writes).collect()
    }

    /// The texts of all templates of the view, one after the other; none if none was seen.
    pub fn template_texts(&self) -> Option<Vec<&'a str>> {
        let template = self.detail.view.as_ref()?.template.as_ref()?;
        let texts: Vec<&str> = template
            .sources
            .iter()
            .map(|source| source.source.as_str())
            .collect();
        (!texts.is_empty()).then_some(texts)
    }
}

/// The fields of a model or an object that differ.
fn differing_fields(before: Option<&Value>, after: Option<&Value>) -> Vec<String> {
    let fields = |value: Option<&'_ Value>| {
        let value = value?;
        let object = value.get("$model").or_else(|| value.get("$object"))?;
        object.get("fields")?.as_object().cloned()
    };
    let (Some(before), Some(after)) = (fields(before), fields(after)) else {
        return Vec::new();
    };
    let differs = |(name, value): &(String, Value)| before.get(name) != Some(value);
    after.into_iter().filter(differs).map(|(name, _)| name).collect()
}

/// True if a frame says more than its kind and counters: a noop that a task is under way, a patch that brings a flash.
fn has_more(payload: &str) -> bool {
    let Ok(Value::Object(frame)) = serde_json::from_str::<Value>(payload) else {
        return false;
    };
    let is_set = |name: &str| {
        frame.get(name).is_some_and(|value| {
            !matches!(value, Value::Null | Value::Bool(false)) && *value != Value::Array(Vec::new())
        })
    };
    [
        "async_pending",
        "flash",
        "navigation",
        "stream",
        "streams",
        "push_events",
        "title",
    ]
    .iter()
    .any(|name| is_set(name))
}

/// True if `text` holds `word` with no letter, digit or underscore beside it.
pub fn has_word(text: &str, word: &str) -> bool {
    word_positions(text, word).next().is_some()
}

/// Offsets at which `text` holds `word` with no letter, digit or underscore beside it.
pub fn word_positions<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).filter_map(move |(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        let stands_alone = !before.is_some_and(is_part) && !after.is_some_and(is_part);
        (stands_alone && !word.is_empty()).then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_alone() {
        let text = "{{ total }} {{ subtotal }} {{ total_count }} {{ a.total|floatformat }}";
        let found: Vec<usize> = word_positions(text, "total").collect();
        assert_eq!(found, [3, 50]);
        assert!(!has_word(text, "tot"));
        assert!(!has_word(text, ""));
    }

    #[test]
    fn a_noop_may_say_more() {
        assert!(!has_more(r#"{"type":"noop","ref":3}"#));
        assert!(!has_more(r#"{"type":"noop","async_pending":false}"#));
        assert!(has_more(r#"{"type":"noop","async_pending":true}"#));
        assert!(!has_more("no json"));
    }
}
