//! A view: a template with a state, rendered again and again, of which each change reaches the browser as patches.
//!
//! The results are those of `RustLiveView.render_with_diff` of djust 1.2.6: which parts of the template are rendered
//! again follows from the changed keys that the caller names, so that a key that is not named leaves the page stale
//! here as well.

mod cause;
mod page;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use djscope_wire::Patch;
use thiserror::Error;

use crate::diff::DiffOptions;
use crate::template::{
    Blocks, Context, Environment, Extends, Loader, Memo, NodeReads, Output, Reads, Template, TemplateError,
};
use crate::tree::{Changed, ParseError};
use crate::value::{Dict, Value};

pub use cause::{Cause, CauseNode};
pub use page::{Page, Work};

/// Why a view cannot be rendered.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ViewError {
    /// The template raises an exception.
    #[error("{0}")]
    Template(#[from] TemplateError),
    /// The page that it writes passes a limit.
    #[error(transparent)]
    Page(#[from] ParseError),
}

/// What a render gives.
#[derive(Debug)]
pub struct Rendered<'a> {
    /// The page with the ids of its elements.
    pub html: &'a str,
    /// What changed; `None` for the first render.
    pub patches: Option<Vec<Patch>>,
    /// How many renders there were.
    pub version: u64,
}

/// A template with a state, and the page that the browser has of it.
pub struct View {
    template: Template,
    loader: Arc<dyn Loader + Send + Sync>,
    environment: Environment,
    options: DiffOptions,
    context: Context,
    /// The template extends others by fixed names; its parts are those of the outermost.
    is_merged: bool,
    /// One for each outermost node.
    parts: Vec<Part>,
    page: Option<Page>,
    version: u64,
}

/// An outermost node of the template.
#[derive(Debug)]
struct Part {
    reads: NodeReads,
    names: BTreeSet<String>,
    /// Where what it wrote ends in the source of the page.
    end: usize,
    memo: Memo,
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("View")
            .field("template", &self.template.name())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl View {
    /// A view that was not rendered yet. `{% if %}` marks its place, whatever the environment says.
    pub fn new(
        template: Template,
        loader: Arc<dyn Loader + Send + Sync>,
        mut environment: Environment,
        options: DiffOptions,
    ) -> Self {
        environment.if_markers = true;
        let chain = chain(&template, &*loader);
        let blocks = Blocks::of(&chain);
        let outermost = chain.last().unwrap_or(&template);
        let parts = outermost
            .nodes()
            .iter()
            .map(|node| {
                let reads = Reads::of_node(node, outermost, &blocks, &*loader);
                let names = reads.reads.iter().map(|read| (*read.name).to_owned()).collect();
                Part {
                    reads,
                    names,
                    end: 0,
                    memo: Memo::default(),
                }
            })
            .collect();
        let is_merged = chain.len() > 1;
        Self {
            template,
            loader,
            environment,
            options,
            context: Context::default(),
            is_merged,
            parts,
            page: None,
            version: 0,
        }
    }

    /// Sets names of the state; those that are not named stay.
    pub fn update_state(&mut self, changes: impl IntoIterator<Item = (Value, Value)>) {
        for (name, value) in changes {
            self.context.values.insert(name, value);
        }
    }

    /// The state.
    pub fn state(&self) -> &Dict {
        &self.context.values
    }

    /// The page that the browser has.
    pub fn page(&self) -> Option<&Page> {
        self.page.as_ref()
    }

    /// What a render reads beside the state; the clock is set here.
    pub fn environment_mut(&mut self) -> &mut Environment {
        &mut self.environment
    }

    /// Renders the state. Only those parts of the template are rendered that read one of the `changed` names; all if
    /// these are not given.
    ///
    /// # Errors
    ///
    /// What the template raises, and the limits of the parser; the page stays as it was.
    pub fn render(&mut self, changed: Option<&[&str]>, work: Work) -> Result<Rendered<'_>, ViewError> {
        let written = self.write(changed, work)?;
        let patches = match &mut self.page {
            None => {
                self.page = Some(Page::new(written.source, self.options)?);
                None
            }
            Some(page) => {
                let changed = changed_pieces(&self.parts, &written.parts);
                Some(page.update_pieces(written.source, &changed, work)?)
            }
        };
        for (part, written) in self.parts.iter_mut().zip(written.parts) {
            part.end = written.end;
            if let Some(memo) = written.memo {
                part.memo = memo;
            }
        }
        self.version += 1;
        Ok(Rendered {
            html: self.page.as_ref().map_or("", |page| page.html()),
            patches,
            version: self.version,
        })
    }

    /// What the template writes.
    fn write(&self, changed: Option<&[&str]>, work: Work) -> Result<Written, ViewError> {
        let before = self.page.as_ref().map_or("", |page| page.source());
        let mut changed: Option<Vec<&str>> = changed.filter(|_| self.page.is_some()).map(<[&str]>::to_vec);
        let mut out = Output::with_capacity(self.environment.limits.max_output_bytes, before.len());
        let mut renderer = self
            .template
            .renderer(&self.context, &*self.loader, &self.environment);
        let outermost = if self.is_merged {
            renderer.enter_outermost()?
        } else {
            self.template.clone()
        };
        let mut parts = Vec::with_capacity(self.parts.len());
        let mut start = 0;
        for (part, node) in self.parts.iter().zip(outermost.nodes()) {
            let text = &before[start..part.end];
            start = part.end;
            let is_touched = changed.as_ref().is_none_or(|changed| part.reads_any(changed));
            if !is_touched && part.reads.writes.is_empty() {
                out.push_str(text);
                parts.push(WrittenPart {
                    end: out.len(),
                    memo: None,
                });
                continue;
            }
            if let Some(changed) = changed.as_mut().filter(|_| is_touched) {
                changed.extend(part.reads.writes.iter().map(|name| &**name));
            }
            let memo = match work {
                Work::Changed => Some(renderer.render_again(node, &part.memo, text, &mut out)?),
                Work::All => {
                    renderer.render_node(node, &mut out)?;
                    Some(Memo::default())
                }
            };
            parts.push(WrittenPart { end: out.len(), memo });
        }
        Ok(Written {
            source: out.into_string(),
            parts,
        })
    }
}

/// A template and those that it extends, outermost last; only itself if one of them is named by an expression or
/// cannot be loaded, or if something stands before the tag.
fn chain(template: &Template, loader: &dyn Loader) -> Vec<Template> {
    let mut chain = vec![template.clone()];
    let alone = chain.clone();
    while let Some(extends) = chain.last().and_then(first_extends) {
        let Some(name) = extends
            .parent
            .constant_name()
            .filter(|_| chain.len() < MOST_PARENTS)
        else {
            return alone;
        };
        match loader.load(&name, &[]) {
            Ok(parent) => chain.push(parent),
            Err(_) => return alone,
        }
    }
    chain
}

/// How many templates may extend each other.
const MOST_PARENTS: usize = 100;

fn first_extends(template: &Template) -> Option<&Extends> {
    template.nodes().first()?.as_tag()?.as_extends()
}

impl Part {
    fn reads_any(&self, changed: &[&str]) -> bool {
        self.reads.reads_everything || changed.iter().any(|name| self.names.contains(*name))
    }
}

/// Where the source differs from the one before: in the parts that were rendered again, those beside each other as one.
fn changed_pieces(before: &[Part], after: &[WrittenPart]) -> Vec<Changed> {
    let mut pieces: Vec<Changed> = Vec::new();
    let (mut old_start, mut new_start) = (0, 0);
    for (old, new) in before.iter().zip(after) {
        if new.memo.is_some() {
            match pieces.last_mut().filter(|piece| piece.old.end == old_start) {
                Some(piece) => (piece.old.end, piece.new.end) = (old.end, new.end),
                None => pieces.push(Changed {
                    old: old_start..old.end,
                    new: new_start..new.end,
                }),
            }
        }
        (old_start, new_start) = (old.end, new.end);
    }
    pieces
}

/// What a render of the template wrote.
struct Written {
    source: String,
    parts: Vec<WrittenPart>,
}

struct WrittenPart {
    end: usize,
    /// `None`: the part is as it was, and so is what is known of it.
    memo: Option<Memo>,
}
