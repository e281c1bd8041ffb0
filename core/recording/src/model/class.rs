use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a view class is made of, apart from its handlers and its template; known once for each class.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassData {
    /// Attributes of the class and of its bases that are not djust's, with their values as typed JSON.
    pub attributes: Map<String, Value>,
    /// Names declared with `state()`.
    pub state_fields: Vec<String>,
    /// Names of `@computed` properties.
    pub computed: Vec<String>,
    /// Names that are handed to the renderer once and never compared.
    pub static_assigns: Vec<String>,
    /// Names that are cleared after each render.
    pub temporary_assigns: Vec<String>,
    /// Names that the class uses as its own although djust keeps them for itself: they are never compared.
    pub reserved: Vec<String>,
    /// Names that were set before `super().__init__()`: djust takes them for its own and never compares them.
    pub before_init: Vec<String>,
    /// Names of `state()` and `@computed` that the context of the first turn lacks: their values are no JSON.
    pub dropped: Vec<String>,
    /// Components that are declared on the class, by name.
    pub components: Vec<ComponentClass>,
    /// The modules that its code is in: of the class, its bases, its components, and what they import of the project.
    pub sources: Vec<SourceReference>,
}

/// A component that a view class declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ComponentClass {
    /// The attribute that holds it.
    pub name: String,
    /// Dotted path of its class.
    pub class: String,
}

/// A module by the hash of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceReference {
    /// Dotted name of the module.
    pub module: String,
    /// `view`, `base`, `component` or `helper`.
    pub role: String,
    /// Path of the file.
    pub file: String,
    /// SHA-256 of the file as it was when the class was reported, in hexadecimal.
    pub hash: String,
}

/// The text of a module, stored once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SourceFile {
    /// SHA-256 of the file, in hexadecimal.
    pub hash: String,
    /// Dotted name of the module.
    pub module: String,
    /// Path of the file.
    pub file: String,
    /// The text, without what redaction took out; the hash is of the file.
    pub text: String,
}
