//! Which names of the context each part of a template reads, and where.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::chain::Blocks;
use super::condition::Condition;
use super::expression::Expression;
use super::loader::Loader;
use super::node::{Kind, Node};
use super::tags::{Block, Extends, Include};
use super::variable::Variable;
use super::{Position, Template};

/// How deep templates are followed into each other.
const MAX_TEMPLATES: usize = 50;

/// What a part of a template reads and does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodeReads {
    /// The names it reads, in the order of the templates.
    pub reads: Vec<Read>,
    /// Names that it sets for what follows.
    pub writes: Vec<Arc<str>>,
    /// Whether it can read any name: a tag of a project, a template that is not known yet.
    pub reads_everything: bool,
    /// Whether what it writes depends on how often it was rendered before: `{% cycle %}`, `{% ifchanged %}`.
    pub is_stateful: bool,
    /// Whether it reads the clock.
    pub reads_clock: bool,
    /// Whether there is an `{% if %}` in it, which djust marks by its place in the loops around it.
    pub has_conditions: bool,
}

/// A name that is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Read {
    /// The name in the context.
    pub name: Arc<str>,
    /// The whole path: `item.label`.
    pub path: Arc<str>,
    /// Name of the template where it stands.
    pub template: Option<Arc<str>>,
    /// Where the node begins that reads it.
    pub position: Position,
}

impl NodeReads {
    /// The names that are read, each once; `*` stands for any.
    pub fn names(&self) -> BTreeSet<&str> {
        let any = self.reads_everything.then_some("*");
        self.reads.iter().map(|read| &*read.name).chain(any).collect()
    }
}

/// Gathers [`NodeReads`] while it walks through nodes.
#[derive(Debug)]
pub struct Reads<'a> {
    found: NodeReads,
    /// Those of `found` already.
    seen: FxHashSet<Read>,
    loader: &'a dyn Loader,
    /// Names that are set inside of the part itself.
    bound: Vec<Arc<str>>,
    /// The blocks of templates that extend each other.
    blocks: Cow<'a, Blocks>,
    template: Option<Arc<str>>,
    position: Position,
    templates: usize,
    depth: usize,
}

impl<'a> Reads<'a> {
    /// What a node reads; `blocks` are the definitions that take precedence over those in it.
    pub fn of_node(
        node: &Node,
        template: &Template,
        blocks: &'a Blocks,
        loader: &'a dyn Loader,
    ) -> NodeReads {
        Self::of_nodes(std::slice::from_ref(node), template, blocks, loader)
    }

    /// The same of several nodes.
    pub fn of_nodes(
        nodes: &[Node],
        template: &Template,
        blocks: &'a Blocks,
        loader: &'a dyn Loader,
    ) -> NodeReads {
        let mut reads = Self {
            found: NodeReads::default(),
            seen: FxHashSet::default(),
            loader,
            bound: Vec::new(),
            blocks: Cow::Borrowed(blocks),
            template: template.name().map(Into::into),
            position: nodes.first().map(|node| node.position).unwrap_or_default(),
            templates: 0,
            depth: 0,
        };
        reads.nodes(nodes);
        reads.found
    }

    /// Several nodes.
    pub(crate) fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            let outer = std::mem::replace(&mut self.position, node.position);
            match &node.kind {
                Kind::Text(_) => {}
                Kind::Variable(expression) => self.expression(expression),
                Kind::Tag(tag) => tag.read(self),
            }
            self.position = outer;
        }
    }

    /// An expression with the arguments of its filters.
    pub(crate) fn expression(&mut self, expression: &Expression) {
        for variable in expression.variables() {
            self.variable(variable);
        }
    }

    /// Several expressions.
    pub(crate) fn expressions<'e>(&mut self, expressions: impl IntoIterator<Item = &'e Expression>) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    /// A condition.
    pub(crate) fn condition(&mut self, condition: &Condition) {
        self.expressions(condition.expressions());
    }

    /// A name.
    pub(crate) fn name(&mut self, name: &str) {
        self.path(name.into(), name.into());
    }

    fn variable(&mut self, variable: &Variable) {
        if let Some(first) = variable.path().first() {
            self.path(Arc::clone(&first.name), Arc::clone(&variable.text));
        }
    }

    fn path(&mut self, name: Arc<str>, path: Arc<str>) {
        let is_constant = matches!(&*name, "True" | "False" | "None");
        if !is_constant && !self.bound.contains(&name) {
            let read = Read {
                name,
                path,
                template: self.template.clone(),
                position: self.position,
            };
            if self.seen.insert(read.clone()) {
                self.found.reads.push(read);
            }
        }
    }

    /// A part in which names are set.
    pub(crate) fn scope<'n>(
        &mut self,
        names: impl IntoIterator<Item = &'n Arc<str>>,
        part: impl FnOnce(&mut Self),
    ) {
        let outside = self.bound.len();
        self.bound.extend(names.into_iter().cloned());
        part(self);
        self.bound.truncate(outside);
    }

    /// A name that is set for what follows.
    pub(crate) fn write(&mut self, name: Option<&Arc<str>>) {
        if let Some(name) = name.filter(|name| !self.found.writes.contains(name)) {
            self.found.writes.push(Arc::clone(name));
        }
    }

    /// The part can read any name.
    pub(crate) fn everything(&mut self) {
        self.found.reads_everything = true;
    }

    /// What the part writes depends on how often it was rendered before.
    pub(crate) fn stateful(&mut self) {
        self.found.is_stateful = true;
    }

    /// There is an `{% if %}`.
    pub(crate) fn conditional(&mut self) {
        self.found.has_conditions = true;
    }

    /// The part reads the clock.
    pub fn clock(&mut self) {
        self.found.reads_clock = true;
    }

    /// `{% block %}`: the innermost definition, and those before it that `block.super` can reach.
    pub(super) fn block(&mut self, own: &Arc<Block>, binding: &Arc<str>) {
        let overriding = self.blocks.named(&own.name).to_vec();
        self.deeper(|reads| {
            reads.scope([binding], |reads| {
                let own = Some(own).filter(|own| !overriding.iter().any(|block| Arc::ptr_eq(block, own)));
                for block in overriding.iter().chain(own) {
                    reads.nodes_of(&block.nodes, block.template.clone());
                }
            });
        });
    }

    /// `{% include %}`.
    pub(super) fn include(&mut self, include: &Include) {
        self.expression(&include.template);
        for (_, expression) in &include.assignments {
            self.expression(expression);
        }
        let Some(template) = self.constant_template(&include.template) else {
            // What is not known by its name can read whatever it can see.
            self.found.reads_everything |= !include.is_isolated;
            return;
        };
        let names: Vec<_> = include
            .assignments
            .iter()
            .map(|(name, _)| Arc::clone(name))
            .collect();
        let found = include.is_isolated.then(|| self.found.clone());
        let blocks = std::mem::replace(&mut self.blocks, Cow::Owned(Blocks::default()));
        self.deeper(|reads| reads.scope(&names, |reads| reads.template(&template)));
        self.blocks = blocks;
        if let Some(mut found) = found {
            // Nothing outside can be seen, so nothing outside is read.
            found.is_stateful |= self.found.is_stateful;
            found.reads_clock |= self.found.reads_clock;
            found.has_conditions |= self.found.has_conditions;
            self.found = found;
        }
    }

    /// `{% extends %}`.
    pub(super) fn extends(&mut self, extends: &Extends) {
        self.expression(&extends.parent);
        self.blocks.to_mut().add(&extends.blocks);
        match self.constant_template(&extends.parent) {
            Some(parent) => self.deeper(|reads| reads.template(&parent)),
            None => self.found.reads_everything = true,
        }
    }

    fn template(&mut self, template: &Template) {
        self.nodes_of(template.nodes(), template.name().map(Into::into));
    }

    fn nodes_of(&mut self, nodes: &[Node], template: Option<Arc<str>>) {
        let outer = std::mem::replace(&mut self.template, template);
        self.nodes(nodes);
        self.template = outer;
    }

    /// The template that an expression without a variable names.
    fn constant_template(&mut self, expression: &Expression) -> Option<Template> {
        let name = expression.constant_name()?;
        self.templates += 1;
        if self.templates > MAX_TEMPLATES {
            return None;
        }
        self.loader.load(&name, &[]).ok()
    }

    /// Goes one template or block deeper, unless that is too deep.
    fn deeper(&mut self, part: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_TEMPLATES {
            self.found.reads_everything = true;
            return;
        }
        self.depth += 1;
        part(self);
        self.depth -= 1;
    }
}
