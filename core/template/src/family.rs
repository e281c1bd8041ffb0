//! The templates that one is made of.

use std::sync::Arc;

use super::node::{Kind, Node};
use super::tags::Extends;
use super::{Loader, Template};

/// What a template is to the one that needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kinship {
    /// The template itself.
    Itself,
    /// One that it extends, or that such a one extends.
    Extended,
    /// One that is included somewhere in it or in those.
    Included,
}

/// So many templates are followed.
const MAX_TEMPLATES: usize = 100;

/// A template, those that it extends and those that are included, each once; only such as are named by no variable.
pub fn family(template: &Template, loader: &dyn Loader) -> Vec<(Template, Kinship)> {
    let mut found = vec![(template.clone(), Kinship::Itself)];
    let mut at = 0;
    while at < found.len() {
        let (template, kinship) = found[at].clone();
        visit(template.nodes(), &mut |node| {
            let Some(tag) = node.as_tag() else { return };
            let Some(name) = tag.constant_template() else {
                return;
            };
            let is_known = found.iter().any(|(known, _)| known.name() == Some(&*name));
            if is_known || found.len() >= MAX_TEMPLATES {
                return;
            }
            if let Ok(other) = loader.load(&name, &[]) {
                let is_parent = tag.as_extends().is_some() && kinship != Kinship::Included;
                let kinship = if is_parent {
                    Kinship::Extended
                } else {
                    Kinship::Included
                };
                found.push((other, kinship));
            }
        });
        at += 1;
    }
    found
}

/// How many templates may extend each other.
const MAX_PARENTS: usize = 100;

/// A template and those that it extends, outermost last; only itself if one of them is named by an expression or
/// cannot be loaded, or if something stands before the tag.
pub fn chain(template: &Template, loader: &dyn Loader) -> Vec<Template> {
    let mut chain = vec![template.clone()];
    let alone = chain.clone();
    while let Some(extends) = chain.last().and_then(first_extends) {
        let Some(name) = extends
            .parent
            .constant_name()
            .filter(|_| chain.len() < MAX_PARENTS)
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

fn first_extends(template: &Template) -> Option<&Extends> {
    template.nodes().first()?.as_tag()?.as_extends()
}

/// Calls `look` with each of the nodes and with what is in them.
fn visit(nodes: &[Node], look: &mut dyn FnMut(&Node)) {
    for node in nodes {
        look(node);
        for body in node.bodies() {
            visit(body, look);
        }
    }
}

/// The literal texts of a template, which nobody but its author writes.
pub fn texts(template: &Template) -> Vec<Arc<str>> {
    let mut texts = Vec::new();
    visit(template.nodes(), &mut |node| {
        if let Kind::Text(text) = &node.kind {
            texts.push(Arc::from(&**text));
        }
    });
    texts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Libraries, MemoryLoader};

    #[test]
    fn parents_and_what_is_included_come_once() {
        let libraries = Libraries::django();
        let sources = [
            (
                "page",
                "{% extends 'base' %}{% block a %}{% include 'row' %}{% include name %}{% endblock %}",
            ),
            (
                "base",
                "{% block a %}{% endblock %}{% include 'foot' %}{% include 'row' %}",
            ),
            (
                "row",
                "{% if x %}{% include 'row' %}{% include 'cell' %}{% endif %}",
            ),
            ("cell", "text"),
            ("foot", "{% include 'gone' %}"),
        ];
        let sources = sources.map(|(name, source)| (name.to_owned(), source.to_owned()));
        let loader = MemoryLoader::new(sources, &libraries);
        let page = loader.load("page", &[]).unwrap();
        let told: Vec<String> = family(&page, &loader)
            .iter()
            .map(|(template, kinship)| format!("{} {kinship:?}", template.name().unwrap()))
            .collect();
        assert_eq!(
            told,
            [
                "page Itself",
                "base Extended",
                "row Included",
                "foot Included",
                "cell Included"
            ]
        );
    }
}
