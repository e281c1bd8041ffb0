//! `{% if %}`.

use super::super::condition::Condition;
use super::super::error::TemplateError;
use super::super::lexer::Token;
use super::super::markers::{CLOSING, MarkerId, PLACEHOLDER};
use super::super::node::{Node, Tag, bear_elements};
use super::super::output::Output;
use super::super::parser::Parser;
use super::super::reads::Reads;
use super::super::render::Renderer;

/// `{% if %}`.
#[derive(Debug)]
pub struct If {
    branches: Vec<Branch>,
    otherwise: Vec<Node>,
    /// Whether it stands inside of an HTML tag, where djust cannot write markers.
    inside_html_tag: bool,
}

#[derive(Debug)]
struct Branch {
    condition: Condition,
    nodes: Vec<Node>,
    /// The number of the condition in its template, for djust's markers.
    number: u32,
    /// Whether this branch or one behind it bears elements.
    bears_elements: bool,
}

pub(super) fn compile(parser: &mut Parser<'_>, token: &Token) -> Result<Box<dyn Tag>, TemplateError> {
    let inside_html_tag = parser.is_inside_html_tag();
    let mut branches = vec![branch(parser, token)?];
    let mut token = parser.end_token()?;
    while token.contents.starts_with("elif") {
        branches.push(branch(parser, &token)?);
        token = parser.end_token()?;
    }
    let mut otherwise = Vec::new();
    if token.contents == "else" {
        otherwise = parser.parse_until(&["endif"])?;
        token = parser.end_token()?;
    }
    if token.contents != "endif" {
        return Err(TemplateError::syntax(format!(
            "Malformed template tag at line {}: \"{}\"",
            token.position.line, token.contents
        )));
    }
    let mut bears = bear_elements(&otherwise);
    for branch in branches.iter_mut().rev() {
        bears |= bear_elements(&branch.nodes);
        branch.bears_elements = bears;
    }
    Ok(Box::new(If {
        branches,
        otherwise,
        inside_html_tag,
    }))
}

fn branch(parser: &mut Parser<'_>, token: &Token) -> Result<Branch, TemplateError> {
    let words = token.split_contents()?;
    let condition = Condition::parse(&words[1..], |text| parser.compile(text))?;
    let number = parser.counters.next_condition();
    let nodes = parser.parse_until(&["elif", "else", "endif"])?;
    Ok(Branch {
        condition,
        nodes,
        number,
        bears_elements: false,
    })
}

impl Tag for If {
    fn render(&self, renderer: &mut Renderer<'_>, out: &mut Output) -> Result<(), TemplateError> {
        let with_markers = renderer.if_markers && !self.inside_html_tag;
        let mut open = 0;
        let mut chosen = &self.otherwise;
        let ends_with_text = self.branches.last().is_some_and(|branch| !branch.bears_elements);
        let mut is_missing_text = with_markers && chosen.is_empty() && ends_with_text;
        for branch in &self.branches {
            let is_true = renderer.is_true(&branch.condition)?;
            if with_markers && branch.bears_elements {
                open += 1;
                renderer.open_marker(branch.number, out);
            }
            if is_true {
                chosen = &branch.nodes;
                is_missing_text = false;
                break;
            }
        }
        renderer.render_nodes(chosen, out)?;
        if is_missing_text {
            out.push_str(PLACEHOLDER);
        }
        for _ in 0..open {
            out.push_str(CLOSING);
        }
        Ok(())
    }

    fn read(&self, reads: &mut Reads<'_>) {
        reads.conditional();
        for branch in &self.branches {
            reads.condition(&branch.condition);
            reads.nodes(&branch.nodes);
        }
        reads.nodes(&self.otherwise);
    }

    fn bodies(&self) -> Vec<&[Node]> {
        let branches = self.branches.iter().map(|branch| branch.nodes.as_slice());
        branches.chain([self.otherwise.as_slice()]).collect()
    }

    fn bears_elements(&self) -> bool {
        self.branches.first().is_some_and(|branch| branch.bears_elements)
    }
}

impl Renderer<'_> {
    fn open_marker(&self, condition: u32, out: &mut Output) {
        let id = MarkerId {
            template: self.template().hash(),
            condition,
            namespace: &self.context.component,
            includes: &self.includes,
        };
        id.write_opening(self.loops.iter().map(|running| running.index), out.text_mut());
    }
}
