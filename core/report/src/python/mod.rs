//! Typed values (see `docs/probe-protocol.md`) as Python source.
//!
//! Whatever a recording holds, what is written here is one expression: texts are literals, names are names.

mod layout;
pub mod literal;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

pub use layout::{Expression, INDENT, WIDTH};
use literal::{bytes, is_name, string};

use crate::value::is_redacted;

/// Why a value cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwritable(pub String);

type Written = Result<Expression, Unwritable>;

/// Writes values, and remembers what the module around them has to have.
#[derive(Clone, Debug, Default)]
pub struct Writer {
    /// What has to be imported, as (module, name) → the name here.
    pub imports: BTreeMap<(String, String), String>,
    /// Models, as (app, model) → the name here.
    pub models: BTreeMap<(String, String), String>,
    /// Functions of the module that are called.
    pub helpers: BTreeSet<Helper>,
    /// Secrets that the recording does not hold, by the name that they are filled in with.
    pub secrets: BTreeSet<String>,
    /// Names that are taken in the module.
    pub taken: BTreeSet<String>,
}

/// A function that the module needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Helper {
    /// Makes an object without calling its `__init__`.
    Instance,
    /// Saves a row and gives it.
    Row,
    /// A queryset of rows.
    Rows,
}

/// Deepest nesting that is written; Python's own parser takes about a hundred.
const MAX_DEPTH: usize = 60;

impl Writer {
    /// A value as an expression. `path` is where it stands, for the name of a secret.
    ///
    /// # Errors
    ///
    /// If the recording does not hold the value as it was, or it cannot be made from outside.
    pub fn value(&mut self, value: &Value, path: &str) -> Written {
        self.at_depth(value, path, 0)
    }

    /// A class by its dotted path, imported: the name that it has here.
    ///
    /// # Errors
    ///
    /// If the path is none that can be imported.
    pub fn class(&mut self, path: &str) -> Result<String, Unwritable> {
        let parts: Vec<&str> = path.split('.').collect();
        if parts.len() < 2 || !parts.iter().all(|part| is_name(part)) {
            return Err(Unwritable(format!("{path} cannot be imported by name")));
        }
        // Modules are written small, classes are not: what follows the first class is inside it.
        let starts_large = |part: &&str| {
            part.trim_start_matches('_')
                .starts_with(|first: char| first.is_ascii_uppercase())
        };
        let first = parts.iter().skip(1).position(starts_large);
        let first = first.map_or(parts.len() - 1, |index| index + 1);
        let module = parts[..first].join(".");
        let known = if module == "builtins" {
            parts[first].to_owned()
        } else {
            let key = (module, parts[first].to_owned());
            match self.imports.get(&key) {
                Some(known) => known.clone(),
                None => {
                    let own = self.free(parts[first]);
                    self.imports.insert(key, own.clone());
                    own
                }
            }
        };
        let inside = parts[first + 1..].iter();
        Ok(inside.fold(known, |outer, inner| format!("{outer}.{inner}")))
    }

    /// A name that nothing else has.
    fn free(&mut self, wanted: &str) -> String {
        let numbered = (2..).map(|number| format!("{wanted}_{number}"));
        let mut names = std::iter::once(wanted.to_owned()).chain(numbered);
        let name = names.find(|name| !self.taken.contains(name)).unwrap_or_default();
        self.taken.insert(name.clone());
        name
    }

    fn library(&mut self, module: &str, name: &str) -> Result<String, Unwritable> {
        self.class(&format!("{module}.{name}"))
    }

    fn at_depth(&mut self, value: &Value, path: &str, depth: usize) -> Written {
        if depth > MAX_DEPTH {
            return Err(Unwritable("it is nested too deep".to_owned()));
        }
        if is_masked(value) {
            return Ok(self.secret(path));
        }
        Ok(match value {
            Value::Null => whole("None"),
            Value::Bool(true) => whole("True"),
            Value::Bool(false) => whole("False"),
            Value::Number(number) => whole(number.to_string()),
            Value::String(text) => whole(string(text)),
            Value::Array(items) => parts("[", self.items(items, path, depth)?, "]"),
            Value::Object(map) => match tagged(map) {
                Some((tag, inner)) => return self.typed(tag, inner, path, depth),
                None => {
                    let pairs = map.iter().map(|(name, item)| {
                        let path = format!("{path}.{name}");
                        Ok((
                            format!("{}: ", string(name)),
                            self.at_depth(item, &path, depth + 1)?,
                        ))
                    });
                    parts("{", pairs.collect::<Result<_, Unwritable>>()?, "}")
                }
            },
        })
    }

    fn secret(&mut self, path: &str) -> Expression {
        self.secrets.insert(path.to_owned());
        whole(format!("FILL_IN[{}]", string(path)))
    }

    fn items(
        &mut self,
        items: &[Value],
        path: &str,
        depth: usize,
    ) -> Result<Vec<(String, Expression)>, Unwritable> {
        let items = items.iter().enumerate().map(|(index, item)| {
            let path = format!("{path}[{index}]");
            Ok((String::new(), self.at_depth(item, &path, depth + 1)?))
        });
        items.collect()
    }

    fn typed(&mut self, tag: &str, inner: &Value, path: &str, depth: usize) -> Written {
        let text = || inner.as_str().ok_or_else(|| damaged(tag));
        let list = || inner.as_array().ok_or_else(|| damaged(tag));
        match tag {
            "$safe" => {
                let made = self.library("django.utils.safestring", "mark_safe")?;
                Ok(whole(format!("{made}({})", string(text()?))))
            }
            "$tuple" => Ok(parts("(", self.items(list()?, path, depth)?, ")")),
            "$set" if list()?.is_empty() => Ok(whole("set()")),
            "$set" => Ok(parts("{", self.items(list()?, path, depth)?, "}")),
            "$decimal" => {
                let made = self.library("decimal", "Decimal")?;
                Ok(whole(format!("{made}({})", string(text()?))))
            }
            "$datetime" | "$date" | "$time" => {
                let made = self.moment(&tag[1..])?;
                Ok(whole(format!("{made}.fromisoformat({})", string(text()?))))
            }
            "$timedelta" => {
                let seconds = inner.as_f64().ok_or_else(|| damaged(tag))?;
                let made = self.moment("timedelta")?;
                Ok(whole(format!("{made}(seconds={seconds})")))
            }
            "$uuid" => {
                let made = self.library("uuid", "UUID")?;
                Ok(whole(format!("{made}({})", string(text()?))))
            }
            "$bytes" => {
                let decoded = STANDARD.decode(text()?).map_err(|_| damaged(tag))?;
                Ok(whole(bytes(&decoded)))
            }
            "$int" => Ok(whole(format!("int({}, 0)", string(text()?)))),
            "$float" => Ok(whole(format!("float({})", string(text()?)))),
            "$dict" => self.pairs(list()?, path, depth),
            "$model" => self.model(inner, path, depth),
            "$queryset" => self.queryset(inner, path, depth),
            "$object" => self.object(inner, path, depth),
            "$repr" => Err(Unwritable(format!(
                "a {} cannot be recorded",
                inner["type"].as_str().unwrap_or("value of this kind")
            ))),
            "$cut" => Err(Unwritable("it is too large and was recorded in part".to_owned())),
            "$cycle" => Err(Unwritable("it contains itself".to_owned())),
            _ => Err(Unwritable(format!("{tag} is not known"))),
        }
    }

    /// A class of the module `datetime`, whose names are small.
    fn moment(&mut self, name: &str) -> Result<String, Unwritable> {
        let key = ("datetime".to_owned(), name.to_owned());
        if let Some(known) = self.imports.get(&key) {
            return Ok(known.clone());
        }
        let own = self.free(name);
        self.imports.insert(key, own.clone());
        Ok(own)
    }

    fn pairs(&mut self, pairs: &[Value], path: &str, depth: usize) -> Written {
        let written = pairs.iter().map(|pair| {
            let (key, item) = (&pair[0], &pair[1]);
            // A key is written on one line: it stands before its value.
            let key = self.at_depth(key, path, depth + 1)?.text(0, 0);
            Ok((
                format!("{}: ", key.replace('\n', " ")),
                self.at_depth(item, &format!("{path}[]"), depth + 1)?,
            ))
        });
        Ok(parts("{", written.collect::<Result<_, Unwritable>>()?, "}"))
    }

    fn model(&mut self, told: &Value, path: &str, depth: usize) -> Written {
        let own = self.model_name(told["app"].as_str(), told["model"].as_str())?;
        let fields = told["fields"].as_object().ok_or_else(|| damaged("$model"))?;
        let fields = self.keywords(fields, path, depth)?;
        if told["pk"].is_null() {
            return Ok(parts(&format!("{own}("), fields, ")"));
        }
        self.helpers.insert(Helper::Row);
        let mut all = vec![(String::new(), whole(own))];
        all.extend(fields);
        Ok(parts("row(", all, ")"))
    }

    fn model_name(&mut self, app: Option<&str>, model: Option<&str>) -> Result<String, Unwritable> {
        let (Some(app), Some(model)) = (app, model) else {
            return Err(damaged("$model"));
        };
        if !is_name(app) || !is_name(model) {
            return Err(Unwritable(format!("{app}.{model} is no name of a model")));
        }
        let key = (app.to_owned(), model.to_owned());
        if let Some(known) = self.models.get(&key) {
            return Ok(known.clone());
        }
        let own = self.free(model);
        self.models.insert(key, own.clone());
        Ok(own)
    }

    fn keywords(
        &mut self,
        fields: &Map<String, Value>,
        path: &str,
        depth: usize,
    ) -> Result<Vec<(String, Expression)>, Unwritable> {
        let written = fields.iter().map(|(name, item)| {
            if !is_name(name) {
                return Err(Unwritable(format!("{name} is no name of a field")));
            }
            Ok((
                format!("{name}="),
                self.at_depth(item, &format!("{path}.{name}"), depth + 1)?,
            ))
        });
        written.collect()
    }

    fn queryset(&mut self, told: &Value, path: &str, depth: usize) -> Written {
        let label = told["model"].as_str().and_then(|label| label.split_once('.'));
        let Some(rows) = told["rows"].as_array() else {
            return Err(Unwritable(
                "the filter of a queryset is not in the recording".to_owned(),
            ));
        };
        let own = self.model_name(label.map(|(app, _)| app), label.map(|(_, model)| model))?;
        self.helpers.insert(Helper::Rows);
        let mut all = vec![(String::new(), whole(own))];
        all.extend(self.items(rows, path, depth)?);
        Ok(parts("rows(", all, ")"))
    }

    fn object(&mut self, told: &Value, path: &str, depth: usize) -> Written {
        let (Some(class), Some(fields)) = (told["type"].as_str(), told["fields"].as_object()) else {
            return Err(damaged("$object"));
        };
        if fields.contains_key("is_bound") || fields.contains_key("component_id") {
            return Err(Unwritable(format!(
                "{class} keeps more to itself than the recording holds"
            )));
        }
        let own = self.class(class)?;
        let fields = self.keywords(fields, path, depth)?;
        self.helpers.insert(Helper::Instance);
        let mut all = vec![(String::new(), whole(own))];
        all.extend(fields);
        Ok(parts("instance(", all, ")"))
    }
}

/// True if a secret was taken out of the value itself.
fn is_masked(value: &Value) -> bool {
    is_redacted(value) || value.as_str().is_some_and(|text| text.contains("[redacted"))
}

/// True if the value is data alone: Python compares it by what is in it.
pub fn is_plain(value: &Value) -> bool {
    if is_masked(value) {
        return false;
    }
    match value {
        Value::Array(items) => items.iter().all(is_plain),
        Value::Object(map) => match tagged(map) {
            Some(("$object" | "$model" | "$queryset" | "$repr" | "$cut" | "$cycle" | "$float", _)) => false,
            Some((_, inner)) => is_plain(inner),
            None => map.values().all(is_plain),
        },
        _ => true,
    }
}

fn damaged(tag: &str) -> Unwritable {
    Unwritable(format!("{tag} holds something else than it should"))
}

fn whole(text: impl Into<String>) -> Expression {
    Expression::Whole(text.into())
}

fn parts(open: &str, parts: Vec<(String, Expression)>, close: &'static str) -> Expression {
    Expression::Parts {
        open: open.to_owned(),
        parts,
        close,
    }
}

/// The tag and the content of a typed value.
fn tagged(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, inner) = map.iter().next()?;
    (map.len() == 1 && name.starts_with('$')).then_some((name.as_str(), inner))
}
