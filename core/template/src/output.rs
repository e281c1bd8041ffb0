//! Where a render writes to.

use super::TemplateError;
use super::error::LIMIT_EXCEEDED;

/// The text written so far, bounded, and on demand which node wrote which part of it.
#[derive(Debug)]
pub struct Output {
    text: String,
    limit: usize,
    notes: Option<Vec<Note>>,
}

/// From `start` on, until the next note, the text was written by a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note {
    /// Offset in the output, in bytes.
    pub start: usize,
    /// Number of the template within the render, see [`Renderer::templates`](super::Renderer::templates).
    pub template: u32,
    /// The node's number in that template.
    pub node: u32,
}

/// See [`Output::mark`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    length: usize,
    notes: usize,
}

impl Output {
    /// An empty output that takes `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            text: String::new(),
            limit,
            notes: None,
        }
    }

    /// The same, with room for `capacity` bytes.
    pub fn with_capacity(limit: usize, capacity: usize) -> Self {
        let text = String::with_capacity(capacity + capacity / 8);
        Self {
            text,
            ..Self::new(limit)
        }
    }

    /// The same, with notes of which node wrote what.
    pub fn with_notes(limit: usize) -> Self {
        Self {
            notes: Some(Vec::new()),
            ..Self::new(limit)
        }
    }

    /// What was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What was written.
    pub fn into_string(self) -> String {
        self.text
    }

    /// Which node wrote what, in the order of the output; empty without [`Output::with_notes`].
    pub fn notes(&self) -> &[Note] {
        self.notes.as_deref().unwrap_or_default()
    }

    /// How many bytes were written.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Writes text.
    pub fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// The string itself, to append to.
    pub fn text_mut(&mut self) -> &mut String {
        &mut self.text
    }

    /// A place to which the output can be taken back.
    pub fn mark(&self) -> Mark {
        Mark {
            length: self.text.len(),
            notes: self.notes().len(),
        }
    }

    /// Takes back what was written since the mark was made.
    pub fn take_from(&mut self, mark: Mark) -> String {
        if let Some(notes) = &mut self.notes {
            notes.truncate(mark.notes);
        }
        self.text.split_off(mark.length)
    }

    /// Notes that what follows is written by the given node.
    pub(super) fn note(&mut self, template: u32, node: u32) {
        if let Some(notes) = &mut self.notes {
            notes.push(Note {
                start: self.text.len(),
                template,
                node,
            });
        }
    }

    /// Refuses an output beyond the limit.
    pub(super) fn check(&self) -> Result<(), TemplateError> {
        if self.text.len() <= self.limit {
            return Ok(());
        }
        let message = format!("The output is longer than {} bytes.", self.limit);
        Err(TemplateError::new(LIMIT_EXCEEDED, message))
    }
}
