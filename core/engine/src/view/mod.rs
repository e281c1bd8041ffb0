//! A view: a template with a state, rendered again and again, of which each change reaches the browser as patches.
//!
//! The results are those of `RustLiveView.render_with_diff` of djust 1.2.6: which parts of the template are rendered
//! again follows from the changed keys that the caller names, so that a key that is not named leaves the page stale
//! here as well.

mod cause;
mod keys;
mod plan;

use std::fmt;
use std::sync::Arc;

use djscope_wire::Patch;
use thiserror::Error;

use djscope_dom::diff::DiffOptions;
use djscope_dom::page::{Changed, Page, Work};
use djscope_dom::tree::ParseError;
use djscope_template::value::{Dict, Value};
use djscope_template::{Context, Environment, Loader, Memo, Output, Template, TemplateError};

pub use cause::{Cause, CauseNode};
pub use keys::{KeyProblem, KeyProblemKind};
pub use plan::Plan;

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
    plan: Arc<Plan>,
    environment: Environment,
    options: DiffOptions,
    context: Context,
    /// One for each of the plan.
    parts: Vec<Part>,
    page: Option<Page>,
    version: u64,
}

/// What an outermost node of the template wrote.
#[derive(Debug, Default)]
struct Part {
    /// Where what it wrote ends in the source of the page.
    end: usize,
    memo: Memo,
}

impl fmt::Debug for View {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("View")
            .field("template", &self.plan.template.name())
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

impl View {
    /// A view that was not rendered yet. `{% if %}` marks its place, whatever the environment says.
    pub fn new(
        template: Template,
        loader: Arc<dyn Loader + Send + Sync>,
        environment: Environment,
        options: DiffOptions,
    ) -> Self {
        Self::planned(Arc::new(Plan::new(template, loader)), environment, options)
    }

    /// The same of a template of which the plan is there already.
    pub fn planned(plan: Arc<Plan>, mut environment: Environment, options: DiffOptions) -> Self {
        environment.if_markers = true;
        let parts = plan.parts.iter().map(|_| Part::default()).collect();
        Self {
            plan,
            environment,
            options,
            context: Context::default(),
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

    /// Removes a name of the state.
    pub fn remove_state(&mut self, name: &Value) {
        self.context.values.remove(name);
    }

    /// What is known of the template.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
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
        let plan = &self.plan;
        let mut renderer = plan
            .template
            .renderer(&self.context, &*plan.loader, &self.environment);
        let outermost = if plan.is_merged {
            renderer.enter_outermost()?
        } else {
            plan.template.clone()
        };
        let mut parts = Vec::with_capacity(self.parts.len());
        let mut start = 0;
        let planned = plan.parts.iter().zip(&self.parts);
        for ((planned, part), node) in planned.zip(outermost.nodes()) {
            let text = &before[start..part.end];
            start = part.end;
            let is_touched = changed.as_ref().is_none_or(|changed| planned.reads_any(changed));
            if !is_touched && planned.reads.writes.is_empty() {
                out.push_str(text);
                parts.push(WrittenPart {
                    end: out.len(),
                    memo: None,
                });
                continue;
            }
            if let Some(changed) = changed.as_mut().filter(|_| is_touched) {
                changed.extend(planned.reads.writes.iter().map(|name| &**name));
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
