//! Patches, and what becomes of a tree by them.

use djscope_dom::apply::apply;
use serde::{Deserialize, Serialize};

use crate::VNode;
use crate::names::Names;

/// Goes to the wire and comes from there. Ids go through [`Names`] by [`Patch::rename`].
trait Field<Wire>: Sized {
    fn to_wire(&self, names: &mut Names) -> Wire;
    fn from_wire(wire: Wire, names: &Names) -> Self;
}

impl Field<u32> for usize {
    fn to_wire(&self, _names: &mut Names) -> u32 {
        u32::try_from(*self).unwrap_or(u32::MAX)
    }

    fn from_wire(wire: u32, _names: &Names) -> Self {
        wire as Self
    }
}

impl Field<Vec<u32>> for Vec<usize> {
    fn to_wire(&self, names: &mut Names) -> Vec<u32> {
        self.iter().map(|index| index.to_wire(names)).collect()
    }

    fn from_wire(wire: Vec<u32>, names: &Names) -> Self {
        wire.into_iter()
            .map(|index| Field::from_wire(index, names))
            .collect()
    }
}

impl Field<String> for String {
    fn to_wire(&self, _names: &mut Names) -> String {
        self.clone()
    }

    fn from_wire(wire: String, _names: &Names) -> Self {
        wire
    }
}

impl Field<Option<String>> for Option<String> {
    fn to_wire(&self, _names: &mut Names) -> Option<String> {
        self.clone()
    }

    fn from_wire(wire: Option<String>, _names: &Names) -> Self {
        wire
    }
}

impl Field<djscope_wire::Node> for VNode {
    fn to_wire(&self, names: &mut Names) -> djscope_wire::Node {
        names.wire(self)
    }

    fn from_wire(wire: djscope_wire::Node, names: &Names) -> Self {
        names.node(&wire)
    }
}

impl Field<Vec<djscope_wire::Patch>> for Vec<Patch> {
    fn to_wire(&self, names: &mut Names) -> Vec<djscope_wire::Patch> {
        self.iter().map(|patch| patch.to_wire(names)).collect()
    }

    fn from_wire(wire: Vec<djscope_wire::Patch>, names: &Names) -> Self {
        wire.into_iter()
            .filter_map(|patch| Patch::from_wire(patch, names))
            .collect()
    }
}

/// The kinds of patches, which have the names and fields of those of the wire.
macro_rules! patches {
    ($($kind:ident { $($(#[$meta:meta])* $field:ident: $type:ty,)* })*) => {
        /// One change of a tree.
        #[derive(Clone, Debug, Serialize, Deserialize)]
        #[serde(tag = "type")]
        #[allow(missing_docs)]
        pub enum Patch {
            $($kind { $($(#[$meta])* $field: $type,)* },)*
        }

        impl Patch {
            fn with_wire_fields(&self, names: &mut Names) -> djscope_wire::Patch {
                match self {
                    $(Self::$kind { $($field,)* } => djscope_wire::Patch::$kind {
                        $($field: Field::to_wire($field, names),)*
                    },)*
                }
            }

            fn with_own_fields(patch: djscope_wire::Patch, names: &Names) -> Option<Self> {
                match patch {
                    $(djscope_wire::Patch::$kind { $($field,)* } => Some(Self::$kind {
                        $($field: Field::from_wire($field, names),)*
                    }),)*
                    djscope_wire::Patch::Other(_) => None,
                }
            }
        }
    };
}

patches! {
    Replace {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        node: VNode,
    }
    SetText {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        text: String,
    }
    SetAttr {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        value: String,
    }
    RemoveAttr {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
    }
    InsertChild {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: usize,
        node: VNode,
        #[serde(skip_serializing_if = "Option::is_none")]
        ref_d: Option<String>,
    }
    RemoveChild {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        child_d: Option<String>,
    }
    MoveChild {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        from: usize,
        to: usize,
        #[serde(skip_serializing_if = "Option::is_none")]
        child_d: Option<String>,
    }
    RemoveSubtree {
        id: String,
    }
    InsertSubtree {
        id: String,
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: usize,
        html: String,
    }
    MoveSubtree {
        id: String,
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        index: usize,
    }
    VirtualUpdate {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        patches: Vec<Patch>,
    }
    VirtualInsert {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        node: VNode,
        #[serde(skip_serializing_if = "Option::is_none")]
        before_key: Option<String>,
    }
    VirtualMove {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        before_key: Option<String>,
    }
    VirtualRemove {
        path: Vec<usize>,
        #[serde(skip_serializing_if = "Option::is_none")]
        d: Option<String>,
        key: String,
    }
}

impl Patch {
    /// As it goes over the wire.
    pub(crate) fn to_wire(&self, names: &mut Names) -> djscope_wire::Patch {
        let mut patch = self.clone();
        patch.rename(&mut |id| *id = names.number(id).to_string());
        if let Self::InsertSubtree { html, .. } = &mut patch {
            *html = names.html_in(html);
        }
        patch.with_wire_fields(names)
    }

    /// As the engine made it; none for a kind that it does not make.
    pub(crate) fn from_wire(patch: djscope_wire::Patch, names: &Names) -> Option<Self> {
        let mut patch = Self::with_own_fields(patch, names)?;
        patch.rename(&mut |id| *id = names.text(id));
        if let Self::InsertSubtree { html, .. } = &mut patch {
            *html = names.html_out(html);
        }
        Some(patch)
    }

    /// Goes through all ids of elements that it names itself.
    fn rename(&mut self, rename: &mut impl FnMut(&mut String)) {
        let (d, other) = match self {
            Self::RemoveSubtree { .. } => return,
            Self::InsertChild { d, ref_d: other, .. }
            | Self::RemoveChild {
                d, child_d: other, ..
            }
            | Self::MoveChild {
                d, child_d: other, ..
            } => (d, Some(other)),
            Self::Replace { d, .. }
            | Self::SetText { d, .. }
            | Self::SetAttr { d, .. }
            | Self::RemoveAttr { d, .. }
            | Self::InsertSubtree { d, .. }
            | Self::MoveSubtree { d, .. }
            | Self::VirtualUpdate { d, .. }
            | Self::VirtualInsert { d, .. }
            | Self::VirtualMove { d, .. }
            | Self::VirtualRemove { d, .. } => (d, None),
        };
        d.iter_mut().chain(other.into_iter().flatten()).for_each(rename);
    }

    /// Where it applies.
    pub(crate) fn path_mut(&mut self) -> Option<&mut Vec<usize>> {
        match self {
            Self::RemoveSubtree { .. } => None,
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
            | Self::VirtualRemove { path, .. } => Some(path),
        }
    }
}

/// Applies a batch.
pub fn apply_patches(root: &mut VNode, patches: &[Patch]) {
    let mut names = Names::default();
    let mut tree = names.tree(root);
    let wire: Vec<_> = patches.iter().map(|patch| patch.to_wire(&mut names)).collect();
    apply(&mut tree, &wire);
    *root = names.node(&tree.to_wire(tree.root()));
}

/// Applies a batch of one.
pub fn apply_patch(root: &mut VNode, patch: &Patch) {
    apply_patches(root, std::slice::from_ref(patch));
}
