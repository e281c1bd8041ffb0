//! Secrets in JSON and in typed states.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::Redactor;
use super::marks::MARK;
use super::names::{Place, Strength};
use super::text::{self, Context, Statement};

/// What marks a secret that was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `[redacted:…]`, in frames and parameters.
    Text,
    /// `{"$redacted": …}`, in states.
    Typed,
}

/// Keys whose text names what another key of the same map holds: `{"field": "password", "value": "…"}`.
const NAMING: &[&str] = &["field", "name", "_target", "key", "attr", "id"];

/// Keys that hold what is named.
const VALUED: &[&str] = &["value", "content", "default", "initial"];

/// Takes secrets out of `value`. Gives the JSON pointers (RFC 6901) of the places.
pub fn redact(redactor: &mut Redactor, value: &mut Value, style: Style) -> Vec<String> {
    let mut walk = Walk::new(redactor, style);
    walk.value(value);
    walk.places
}

/// The same for the names of a state.
pub fn redact_map(redactor: &mut Redactor, map: &mut Map<String, Value>, style: Style) -> Vec<String> {
    let mut walk = Walk::new(redactor, style);
    walk.map(map);
    walk.places
}

struct Walk<'a> {
    redactor: &'a mut Redactor,
    style: Style,
    /// Pointers from the value that is being walked; whoever walks into one puts its name in front.
    places: Vec<String>,
}

impl<'a> Walk<'a> {
    const fn new(redactor: &'a mut Redactor, style: Style) -> Self {
        Self {
            redactor,
            style,
            places: Vec::new(),
        }
    }

    /// Walks into the value of `name`, and puts the name in front of the places that are found there.
    fn inside(&mut self, name: &dyn Display, walk: impl FnOnce(&mut Self)) {
        let before = self.places.len();
        walk(self);
        if self.places.len() > before {
            let segment = name.to_string().replace('~', "~0").replace('/', "~1");
            for place in &mut self.places[before..] {
                place.insert_str(0, &format!("/{segment}"));
            }
        }
    }

    fn value(&mut self, value: &mut Value) {
        match value {
            Value::Object(map) => self.map(map),
            Value::Array(items) => self.items(items),
            Value::String(text) => {
                if self.redactor.clean(text, Context::Message) {
                    self.places.push(String::new());
                }
            }
            Value::Number(number) => {
                // Shorter ones are not looked for.
                let is_long = number.as_u64().is_some_and(|number| number >= 100_000_000);
                if is_long && !self.redactor.memory.find(&number.to_string()).is_empty() {
                    self.mask(value);
                }
            }
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// A list; `["password", "x"]` is a pair of a name and a value, `--password` in a command names what follows.
    fn items(&mut self, items: &mut [Value]) {
        let is_pair = items.len() == 2;
        let mut named: Option<Strength> = None;
        for (index, item) in items.iter_mut().enumerate() {
            let strength = named.take().filter(|strength| is_worth_hiding(item, *strength));
            self.inside(&index, |walk| match strength {
                Some(strength) => walk.hide(item, strength),
                None => walk.value(item),
            });
            if let Some(name) = item.as_str() {
                let is_flag = name.starts_with("--") && !name.contains('=');
                if (is_pair && index == 0) || is_flag {
                    named = self.strength(name);
                }
            }
        }
    }

    fn map(&mut self, map: &mut Map<String, Value>) {
        // One look at the names: to ask a map for each of them costs more than all else here.
        let mut named = None;
        let mut has_parameters = false;
        let mut is_field = false;
        for (name, value) in map.iter() {
            match (name.as_str(), value) {
                ("$redacted", _) => return,
                ("type", Value::String(kind)) if kind == "password" => {
                    named = named.or(Some(Strength::Password));
                }
                ("sql" | "query", Value::String(_)) => has_parameters = true,
                ("tag", Value::String(tag)) => {
                    is_field = matches!(tag.as_str(), "textarea" | "option" | "output");
                }
                (key, Value::String(name)) if NAMING.contains(&key) => {
                    named = named.or_else(|| self.strength(name));
                }
                _ => {}
            }
        }
        self.keys(map);
        if has_parameters {
            self.parameters(map);
        }
        if is_field {
            self.text_of_field(map);
        }
        for (name, value) in map.iter_mut() {
            let own = self.strength(name).filter(|_| !NAMING.contains(&name.as_str()));
            let about = named.filter(|_| VALUED.contains(&name.as_str()));
            let strength = own.or(about).filter(|strength| is_worth_hiding(value, *strength));
            self.inside(name, |walk| match strength {
                Some(strength) => walk.hide(value, strength),
                None if name == "$bytes" => walk.bytes(value),
                None => walk.value(value),
            });
        }
    }

    /// What a map says that its `value` is about.
    fn named(&self, map: &Map<String, Value>) -> Option<Strength> {
        let is_password = map.get("type").and_then(Value::as_str) == Some("password");
        let by_name = NAMING
            .iter()
            .find_map(|key| self.strength(map.get(*key).and_then(Value::as_str)?));
        by_name.or_else(|| is_password.then_some(Strength::Password))
    }

    fn strength(&self, name: &str) -> Option<Strength> {
        self.redactor.scanner.strength(name, Place::Anywhere)
    }

    /// Names that are themselves secrets seen elsewhere.
    fn keys(&mut self, map: &mut Map<String, Value>) {
        if self.redactor.memory.generation() == 0
            || !map.keys().any(|key| !self.redactor.memory.find(key).is_empty())
        {
            return;
        }
        let old = std::mem::take(map);
        for (key, value) in old {
            let clean = self.redactor.cleaned(&key, Context::Message);
            if clean.is_some() {
                self.places.push(String::new());
            }
            map.insert(clean.unwrap_or(key), value);
        }
    }

    /// `{"sql": "… WHERE token = %s", "params": […]}`.
    fn parameters(&mut self, map: &mut Map<String, Value>) {
        let sql = ["sql", "query"]
            .iter()
            .find_map(|key| map.get(*key).and_then(Value::as_str));
        let uses_secret =
            sql.is_some_and(|sql| text::statement(&self.redactor.scanner, sql) == Statement::UsesSecret);
        if !uses_secret {
            return;
        }
        for key in ["params", "args"] {
            if let Some(params) = map.get_mut(key) {
                self.inside(&key, |walk| walk.each(params));
            }
        }
    }

    /// Masks every item of a list by itself, so that equal ones stay equal.
    pub fn each(&mut self, params: &mut Value) {
        match params {
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.inside(&index, |walk| walk.each(item));
                }
            }
            Value::Object(map) if map.len() == 1 && map.contains_key("$tuple") => {
                map.values_mut().for_each(|items| self.each(items));
            }
            other if is_worth_hiding(other, Strength::Token) => self.hide(other, Strength::Token),
            _ => {}
        }
    }

    /// `{"tag": "textarea", "attrs": {"name": "secret"}, "children": [{"text": "…"}]}`: an element of a patch.
    fn text_of_field(&mut self, map: &mut Map<String, Value>) {
        let Some(strength) = map
            .get("attrs")
            .and_then(Value::as_object)
            .and_then(|attributes| self.named(attributes))
        else {
            return;
        };
        let children = map.get_mut("children").and_then(Value::as_array_mut);
        for (index, child) in children.into_iter().flatten().enumerate() {
            if let Some(text) = child
                .get_mut("text")
                .filter(|text| is_worth_hiding(text, strength))
            {
                let place = format!("/children/{index}/text");
                self.hide(text, strength);
                self.places.pop();
                self.places.push(place);
            }
        }
    }

    /// `{"$bytes": base64}`: read as the text that it may be.
    fn bytes(&mut self, value: &mut Value) {
        let decoded = value.as_str().and_then(|text| STANDARD.decode(text).ok());
        let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        let Some(text) = text else {
            return self.value(value);
        };
        if let Some(clean) = self.redactor.cleaned(&text, Context::Message) {
            *value = Value::String(STANDARD.encode(clean));
            self.places.push(String::new());
        }
    }

    fn hide(&mut self, value: &mut Value, strength: Strength) {
        self.redactor.learn_all(value, strength);
        self.mask(value);
    }

    fn mask(&mut self, value: &mut Value) {
        *value = match self.style {
            Style::Text => Value::String(self.redactor.marks.of_value(value)),
            Style::Typed => self.redactor.marks.of_typed(value),
        };
        self.places.push(String::new());
    }
}

/// Masks every parameter of a query.
pub fn redact_each(redactor: &mut Redactor, params: &mut Value) {
    Walk::new(redactor, Style::Text).each(params);
}

/// An empty field, `None`, a flag (`show_password: true`) and the messages of a form hide nothing.
fn is_worth_hiding(value: &Value, strength: Strength) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(_) => strength != Strength::Weak,
        Value::String(text) => !text.trim().is_empty() && !text.starts_with(MARK) && !text::is_sentence(text),
        Value::Array(items) => items.iter().any(|item| is_worth_hiding(item, strength)),
        Value::Object(map) => {
            !map.contains_key("$redacted")
                && !map.is_empty()
                && map.values().any(|item| is_worth_hiding(item, strength))
        }
    }
}
