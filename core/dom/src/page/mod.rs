//! The page as the browser has it.

mod revise;

use djscope_wire::Patch;

use crate::diff::{DiffOptions, accumulate, diff, keep_ignored, sync_ids};
use crate::tree::{IdCounter, ParseError, Parser, Tree, parse};
pub use revise::Changed;
use revise::{Revision, Run};

/// How much is done again for a new render.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Work {
    /// What the change touches.
    #[default]
    Changed,
    /// Everything; the results are the same.
    All,
}

/// A page, and what is needed to tell the browser of its next state.
#[derive(Clone, Debug)]
pub struct Page {
    /// What the template wrote.
    source: String,
    tree: Tree,
    /// The page with its ids.
    html: String,
    ids: IdCounter,
    options: DiffOptions,
    /// The last update brought the same source.
    is_same_text: bool,
}

impl Page {
    /// The page as it is first sent; ids start at 0.
    ///
    /// # Errors
    ///
    /// If the page passes a limit of the parser.
    pub fn new(source: String, options: DiffOptions) -> Result<Self, ParseError> {
        let parsed = parse(&source, IdCounter::default(), Parser::Fast)?;
        let mut tree = parsed.tree;
        let html = tree.write_measured_page();
        Ok(Self {
            source,
            tree,
            html,
            ids: parsed.ids,
            options,
            is_same_text: false,
        })
    }

    /// Makes this the page of another source; gives the patches that do the same in the browser.
    ///
    /// # Errors
    ///
    /// If the new page passes a limit of the parser; the page stays as it was.
    pub fn update(&mut self, source: String, work: Work) -> Result<Vec<Patch>, ParseError> {
        let all = Changed::all(&self.source, &source);
        self.update_pieces(source, &[all], work)
    }

    /// The same, if the source is known to differ only in some pieces, which are in its order.
    ///
    /// # Errors
    ///
    /// As [`Page::update`].
    pub fn update_pieces(
        &mut self,
        source: String,
        changed: &[Changed],
        work: Work,
    ) -> Result<Vec<Patch>, ParseError> {
        self.is_same_text = source == self.source;
        if self.is_same_text {
            return Ok(Vec::new());
        }
        // What such elements hold is no longer in the source.
        let is_gathered = self.options.accumulate && self.tree.accumulates();
        let revision = match work {
            Work::Changed if !is_gathered => {
                self.tree
                    .revise(&self.source, &source, changed, self.ids.next(), self.options)
            }
            _ => None,
        };
        let patches = match revision {
            Some(revision) => self.take(revision),
            None => self.read_anew(&source)?,
        };
        self.source = source;
        Ok(patches)
    }

    fn take(&mut self, revision: Revision) -> Vec<Patch> {
        match revision.runs {
            Some(runs) => {
                for Run {
                    start,
                    old_length,
                    html,
                } in runs
                {
                    self.html.replace_range(start..start + old_length, &html);
                }
            }
            None => self.html = self.tree.write_measured_page(),
        }
        // djust's ways around the parser, which only change texts, take no ids.
        if !changes_texts_only(&revision.patches) {
            self.ids = IdCounter::starting_at(self.ids.next() + self.tree.elements());
        }
        revision.patches
    }

    fn read_anew(&mut self, source: &str) -> Result<Vec<Patch>, ParseError> {
        let parsed = parse(source, self.ids, Parser::Fast)?;
        let mut tree = parsed.tree;
        keep_ignored(&self.tree, &mut tree);
        if self.options.accumulate {
            accumulate(&mut self.tree, &mut tree);
        }
        let patches = diff(&self.tree, &tree, self.options);
        if changes_texts_only(&patches) {
            tree.copy_ids(&self.tree);
        } else {
            sync_ids(&self.tree, &mut tree);
            self.ids = parsed.ids;
        }
        self.tree = tree;
        self.html = self.tree.write_measured_page();
        Ok(patches)
    }

    /// The page with the ids by which patches name elements.
    pub fn html(&self) -> &str {
        &self.html
    }

    /// The same without the root's own tags.
    pub fn inner_html(&self) -> &str {
        let (start, end) = self.tree.root_tags();
        self.html.get(start..self.html.len() - end).unwrap_or_default()
    }

    /// Whether the last update brought the text that was there already.
    pub fn is_same_text(&self) -> bool {
        self.is_same_text
    }

    /// What the template wrote.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The tree that the browser has.
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The ids that are left.
    pub fn ids(&self) -> IdCounter {
        self.ids
    }

    /// Lets ids go on at another number: in djust all views of a thread share one counter.
    pub fn raise_ids_to(&mut self, least: u64) {
        self.ids.raise_to(least);
    }
}

fn changes_texts_only(patches: &[Patch]) -> bool {
    patches.iter().all(|patch| matches!(patch, Patch::SetText { .. }))
}
