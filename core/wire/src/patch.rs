//! DOM patches (the 14 kinds of djust 1.2.6, `djust_vdom`) and the nodes that they carry.

use serde::de::Deserializer;
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A node that a patch inserts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Element name, or `#text` or `#comment`.
    pub tag: String,
    /// Attributes, sorted by name.
    #[serde(default)]
    pub attrs: Map<String, Value>,
    /// Children in order.
    #[serde(default)]
    pub children: Vec<Node>,
    /// Text of a text node.
    #[serde(default)]
    pub text: Option<String>,
    /// `dj-key` or `data-key`.
    #[serde(default)]
    pub key: Option<String>,
    /// The `dj-id` of an element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub djust_id: Option<String>,
    /// Fields that this version does not name.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

/// One change of the DOM.
///
/// `path` counts significant children from the view's root. `d` is the
/// `dj-id` of the target, or of the parent for child operations; text nodes
/// have none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", tag = "type")]
#[allow(missing_docs)]
pub enum Patch {
    Replace {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        node: Node,
    },
    SetText {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        text: String,
    },
    SetAttr {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        value: String,
    },
    RemoveAttr {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
    },
    InsertChild {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: u32,
        node: Node,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ref_d: Option<String>,
    },
    RemoveChild {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child_d: Option<String>,
    },
    MoveChild {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        from: u32,
        to: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        child_d: Option<String>,
    },
    RemoveSubtree {
        id: String,
    },
    InsertSubtree {
        id: String,
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: u32,
        html: String,
    },
    MoveSubtree {
        id: String,
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: u32,
    },
    VirtualUpdate {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        patches: Vec<Patch>,
    },
    VirtualInsert {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        node: Node,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_key: Option<String>,
    },
    VirtualMove {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before_key: Option<String>,
    },
    VirtualRemove {
        path: Vec<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
    },
    /// A kind that this version does not know, or a known one of an unexpected shape.
    #[serde(skip)]
    Other(Value),
}

impl<'de> Deserialize<'de> for Patch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Ok(Self::deserialize(&value).unwrap_or(Self::Other(value)))
    }
}

impl Serialize for Patch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Other(value) => value.serialize(serializer),
            known => Self::serialize(known, serializer),
        }
    }
}

impl Patch {
    /// The 14 kinds of djust 1.2.6.
    pub const KINDS: [&'static str; 14] = [
        "Replace",
        "SetText",
        "SetAttr",
        "RemoveAttr",
        "InsertChild",
        "RemoveChild",
        "MoveChild",
        "RemoveSubtree",
        "InsertSubtree",
        "MoveSubtree",
        "VirtualUpdate",
        "VirtualInsert",
        "VirtualMove",
        "VirtualRemove",
    ];

    /// Its `type`; empty if it has none.
    pub fn kind(&self) -> &str {
        match self {
            Self::Replace { .. } => "Replace",
            Self::SetText { .. } => "SetText",
            Self::SetAttr { .. } => "SetAttr",
            Self::RemoveAttr { .. } => "RemoveAttr",
            Self::InsertChild { .. } => "InsertChild",
            Self::RemoveChild { .. } => "RemoveChild",
            Self::MoveChild { .. } => "MoveChild",
            Self::RemoveSubtree { .. } => "RemoveSubtree",
            Self::InsertSubtree { .. } => "InsertSubtree",
            Self::MoveSubtree { .. } => "MoveSubtree",
            Self::VirtualUpdate { .. } => "VirtualUpdate",
            Self::VirtualInsert { .. } => "VirtualInsert",
            Self::VirtualMove { .. } => "VirtualMove",
            Self::VirtualRemove { .. } => "VirtualRemove",
            Self::Other(value) => value.get("type").and_then(Value::as_str).unwrap_or_default(),
        }
    }

    /// Path from the view's root; empty for operations that address a `dj-if` boundary only.
    pub fn path(&self) -> &[u32] {
        match self {
            Self::Replace { path, .. }
            | Self::SetText { path, .. }
            | Self::SetAttr { path, .. }
            | Self::RemoveAttr { path, .. }
            | Self::InsertChild { path, .. }
            | Self::RemoveChild { path, .. }
            | Self::MoveChild { path, .. }
            | Self::InsertSubtree { path, .. }
            | Self::MoveSubtree { path, .. }
            | Self::VirtualUpdate { path, .. }
            | Self::VirtualInsert { path, .. }
            | Self::VirtualMove { path, .. }
            | Self::VirtualRemove { path, .. } => path,
            Self::RemoveSubtree { .. } | Self::Other(_) => &[],
        }
    }

    /// `dj-id` of the target, or of the parent for child operations.
    pub fn target(&self) -> Option<&str> {
        match self {
            Self::Replace { d, .. }
            | Self::SetText { d, .. }
            | Self::SetAttr { d, .. }
            | Self::RemoveAttr { d, .. }
            | Self::InsertChild { d, .. }
            | Self::RemoveChild { d, .. }
            | Self::MoveChild { d, .. }
            | Self::InsertSubtree { d, .. }
            | Self::MoveSubtree { d, .. }
            | Self::VirtualUpdate { d, .. }
            | Self::VirtualInsert { d, .. }
            | Self::VirtualMove { d, .. }
            | Self::VirtualRemove { d, .. } => d.as_deref(),
            Self::RemoveSubtree { .. } | Self::Other(_) => None,
        }
    }

    /// One line that says what it does, without saying where.
    pub fn summary(&self) -> String {
        match self {
            Self::Replace { node, .. } => format!("replace with {}", node.summary()),
            Self::SetText { text, .. } => format!("text {}", quoted(text)),
            Self::SetAttr { key, value, .. } => format!("{key} = {}", quoted(value)),
            Self::RemoveAttr { key, .. } => format!("remove {key}"),
            Self::InsertChild { index, node, .. } => format!("insert {} at {index}", node.summary()),
            Self::RemoveChild { index, child_d, .. } => {
                format!("remove child {index}{}", named(child_d.as_deref()))
            }
            Self::MoveChild {
                from, to, child_d, ..
            } => {
                format!("move child {from} to {to}{}", named(child_d.as_deref()))
            }
            Self::RemoveSubtree { id } => format!("remove {id}"),
            Self::InsertSubtree { id, index, html, .. } => {
                format!("insert {id} at {index}: {}", quoted(html))
            }
            Self::MoveSubtree { id, index, .. } => format!("move {id} to {index}"),
            Self::VirtualUpdate { key, patches, .. } => {
                format!("update item {key}: {} patches", patches.len())
            }
            Self::VirtualInsert {
                key,
                node,
                before_key,
                ..
            } => {
                format!(
                    "insert item {key} {}{}",
                    node.summary(),
                    before(before_key.as_deref())
                )
            }
            Self::VirtualMove { key, before_key, .. } => {
                format!("move item {key}{}", before(before_key.as_deref()))
            }
            Self::VirtualRemove { key, .. } => format!("remove item {key}"),
            Self::Other(value) => quoted(&value.to_string()),
        }
    }
}

impl Node {
    /// `<li#7> "Bolt"`: the element with its `dj-id` and the beginning of its text.
    pub fn summary(&self) -> String {
        if let Some(text) = &self.text {
            return if self.tag == "#text" {
                quoted(text)
            } else {
                format!("{} {}", self.tag, quoted(text))
            };
        }
        let id = self
            .djust_id
            .as_ref()
            .map(|id| format!("#{id}"))
            .unwrap_or_default();
        let text = self
            .first_text()
            .map(|text| format!(" {}", quoted(text)))
            .unwrap_or_default();
        format!("<{}{id}>{text}", self.tag)
    }

    fn first_text(&self) -> Option<&str> {
        let own = self.text.as_deref().filter(|text| !text.trim().is_empty());
        own.or_else(|| self.children.iter().find_map(Self::first_text))
    }
}

fn named(id: Option<&str>) -> String {
    id.map(|id| format!(" #{id}")).unwrap_or_default()
}

fn before(key: Option<&str>) -> String {
    key.map_or_else(|| " at the end".to_owned(), |key| format!(" before {key}"))
}

fn quoted(text: &str) -> String {
    const LIMIT: usize = 80;
    let mut out = String::from("\"");
    for (index, character) in text.chars().enumerate() {
        if index == LIMIT {
            out.push('…');
            break;
        }
        out.push(if character.is_control() { ' ' } else { character });
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn samples() -> Vec<Value> {
        let node = json!({"tag": "li", "attrs": {"class": "x"}, "children": [
            {"tag": "#text", "attrs": {}, "children": [], "text": "Bolt", "key": null}
        ], "text": null, "key": "7", "djust_id": "1q"});
        vec![
            json!({"type": "Replace", "path": [2, 1], "d": "1qf", "node": node}),
            json!({"type": "SetText", "path": [1, 0], "text": "Count: 1"}),
            json!({"type": "SetAttr", "path": [1], "d": "2", "key": "class", "value": "on"}),
            json!({"type": "RemoveAttr", "path": [1], "d": "2", "key": "class"}),
            json!({"type": "InsertChild", "path": [1], "d": "2", "index": 3, "node": node, "ref_d": "9"}),
            json!({"type": "RemoveChild", "path": [1], "d": "2", "index": 3, "child_d": "9"}),
            json!({"type": "MoveChild", "path": [1], "d": "2", "from": 3, "to": 0, "child_d": "9"}),
            json!({"type": "RemoveSubtree", "id": "if-1a2b3c4d-0"}),
            json!({"type": "InsertSubtree", "id": "if-1a2b3c4d-0", "path": [], "d": "0", "index": 1, "html": "<b>x</b>"}),
            json!({"type": "MoveSubtree", "id": "if-1a2b3c4d-0", "path": [], "d": "0", "index": 1}),
            json!({"type": "VirtualUpdate", "path": [0], "d": "1", "key": "k", "patches": [
                {"type": "SetText", "path": [0], "text": "x"}]}),
            json!({"type": "VirtualInsert", "path": [0], "d": "1", "key": "k", "node": node, "before_key": "j"}),
            json!({"type": "VirtualMove", "path": [0], "d": "1", "key": "k"}),
            json!({"type": "VirtualRemove", "path": [0], "d": "1", "key": "k"}),
        ]
    }

    #[test]
    fn every_kind_survives_unchanged() {
        for (value, kind) in samples().into_iter().zip(Patch::KINDS) {
            let patch: Patch = serde_json::from_value(value.clone()).unwrap();
            assert!(!matches!(patch, Patch::Other(_)), "{value}");
            assert_eq!(patch.kind(), kind);
            assert_eq!(serde_json::to_string(&patch).unwrap(), value.to_string());
        }
    }

    #[test]
    fn an_unknown_kind_survives_unchanged() {
        for value in [
            json!({"type": "Fold", "path": [1], "x": {"y": 1}}),
            json!({"type": "SetText", "path": "?"}),
            json!(3),
        ] {
            let patch: Patch = serde_json::from_value(value.clone()).unwrap();
            assert!(matches!(patch, Patch::Other(_)));
            assert_eq!(serde_json::to_value(&patch).unwrap(), value);
        }
    }

    #[test]
    fn summaries() {
        let lines: Vec<_> = samples()
            .into_iter()
            .map(|value| serde_json::from_value::<Patch>(value).unwrap())
            .map(|patch| format!("{:14} {}", patch.kind(), patch.summary()))
            .collect();
        insta::assert_snapshot!(lines.join("\n"));
    }
}
