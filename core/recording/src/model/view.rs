use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ClassData, ConnectionId, TurnId, ViewId};

/// A mounted `LiveView`: where its code is and what it offers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Its number.
    pub view: ViewId,
    /// The connection it was mounted on; none for a page's first render over HTTP.
    pub connection: Option<ConnectionId>,
    /// Dotted path of the class, as in the `mount` frame.
    pub class: String,
    /// Source file of the class, if a probe told.
    pub file: Option<String>,
    /// Line of the class.
    pub line: Option<u32>,
    /// Event handlers, by name.
    pub handlers: Vec<Handler>,
    /// Its template.
    pub template: Option<Template>,
    /// What else its class is made of, if a probe reported it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class_data: Option<Box<ClassData>>,
}

/// An event handler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Handler {
    /// The event name.
    pub name: String,
    /// Source file.
    pub file: Option<String>,
    /// First line.
    pub line: Option<u32>,
    /// Source text, as it stands in its file.
    pub source: Option<String>,
    /// djust's decorators with their settings.
    pub decorators: Value,
    /// Parameters after `self`.
    pub params: Vec<HandlerParam>,
}

/// A parameter of a handler.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HandlerParam {
    /// Name, with `*` or `**` in front for variadic ones.
    pub name: String,
    /// Annotation as written.
    #[serde(rename = "type")]
    pub annotation: Option<String>,
    /// False if it has a default.
    pub required: bool,
    /// `repr` of the default.
    pub default: Option<String>,
}

/// A view's template, with everything it is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Template {
    /// Name as given to the loader; none for an inline template.
    pub name: Option<String>,
    /// The template itself, then its parents, then what they include.
    pub sources: Vec<TemplateSource>,
}

/// One template file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TemplateSource {
    /// Name as given to the loader.
    pub name: Option<String>,
    /// Path of the file.
    pub file: Option<String>,
    /// `self`, `extends` or `include`.
    pub role: String,
    /// The text.
    pub source: String,
}

/// A view at some moment of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewAt {
    /// Its connection.
    pub connection: ConnectionId,
    /// The view.
    pub view_id: ViewId,
    /// Its class.
    pub view: Option<String>,
    /// Its last turn until then: state and page are as that one left them.
    pub turn: TurnId,
}
