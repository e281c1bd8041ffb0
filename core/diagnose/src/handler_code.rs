//! What the source of a handler says that it does: which names of the view it writes, how, and whether it always does.
//!
//! This is the only module that knows the Python parser.

use std::collections::{HashMap, HashSet};

use ruff_python_ast::{Expr, Number, Stmt, StmtFunctionDef};
use ruff_python_parser::parse_module;
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Methods that change the object that they are called on: of lists, dicts, sets, deques and models.
const MUTATING: [&str; 26] = [
    "append",
    "extend",
    "insert",
    "remove",
    "pop",
    "clear",
    "sort",
    "reverse",
    "update",
    "setdefault",
    "popitem",
    "add",
    "discard",
    "difference_update",
    "intersection_update",
    "symmetric_difference_update",
    "appendleft",
    "extendleft",
    "popleft",
    "rotate",
    "refresh_from_db",
    "write",
    "writelines",
    "__setitem__",
    "__delitem__",
    "__setattr__",
];

/// Methods that give a part of an object, not a new one.
const REACHING: [&str; 6] = ["get", "values", "items", "first", "last", "__getitem__"];

/// Functions that give the elements of what they are given.
const PASSING_ON: [&str; 6] = ["enumerate", "reversed", "sorted", "list", "tuple", "filter"];

/// How a name of the view is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// `self.x = …`
    Assign,
    /// `self.x += …`
    Augment,
    /// `self.x[…] = …`, `del self.x[…]`
    Item,
    /// `self.x.y = …`, or of an object inside it
    Attribute,
    /// `self.x.append(…)`
    Method,
}

/// A place where a name of the view is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The name.
    pub name: String,
    /// How.
    pub how: How,
    /// Line of the file, from 1.
    pub line: u32,
    /// False inside a condition or a loop, and after a return that may come before it.
    pub is_certain: bool,
    /// The statement as it is written.
    pub text: String,
    /// What is assigned, if it is a constant: its source text.
    pub constant: Option<String>,
}

/// A local name that is assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Local {
    /// The name.
    pub name: String,
    /// Line of the file, from 1.
    pub line: u32,
    /// The statement as it is written.
    pub text: String,
    /// True if it is read somewhere: then it may be all that was wanted.
    pub is_read: bool,
}

/// What a handler does, as far as its source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HandlerCode {
    /// Writes to names of the view, in the order of the source.
    pub writes: Vec<Write>,
    /// Local names that are assigned.
    pub locals: Vec<Local>,
    /// Methods of the view that are called.
    pub own_calls: Vec<String>,
    /// Lines of the returns that may end it early.
    pub early_returns: Vec<u32>,
    /// False if it may write names in a way that the source does not show: by `setattr`, through another function that
    /// is given the view, in a function of its own.
    pub is_whole: bool,
}

impl HandlerCode {
    /// Reads the source of a function, which begins in line `first_line` of its file; none if it is no function, or does
    /// not parse.
    pub fn of(source: &str, first_line: u32) -> Option<Self> {
        let source = &dedented(source);
        let parsed = parse_module(source).ok()?;
        let function = parsed
            .syntax()
            .body
            .iter()
            .find_map(|statement| match statement {
                Stmt::FunctionDef(function) => Some(function),
                _ => None,
            })?;
        let mut reading = Reading::new(source, first_line, function);
        reading.block(&function.body, false);
        let mut code = reading.code;
        let mut reads = Reads::default();
        for statement in &function.body {
            ruff_python_ast::visitor::Visitor::visit_stmt(&mut reads, statement);
        }
        for local in &mut code.locals {
            local.is_read = reads.names.contains(local.name.as_str());
        }
        Some(code)
    }

    /// Writes to `name`.
    pub fn writes_to<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Write> {
        self.writes.iter().filter(move |write| write.name == name)
    }

    /// True if all that it can write is known: nothing is called that could write more.
    pub fn knows_all_writes(&self) -> bool {
        self.is_whole && self.own_calls.is_empty()
    }
}

/// The lines without the blanks that all of them begin with: a method as it stands in its class is no module.
fn dedented(source: &str) -> String {
    let is_blank = |line: &&str| line.trim().is_empty();
    let blanks = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let lines = source.split_inclusive('\n');
    let common = lines
        .clone()
        .filter(|line| !is_blank(line))
        .map(blanks)
        .min()
        .unwrap_or(0);
    lines
        .map(|line| line.get(common.min(blanks(line))..).unwrap_or(line))
        .collect()
}

/// A walk through a function.
struct Reading<'a> {
    source: &'a str,
    first_line: u32,
    /// The name of the first parameter.
    view: String,
    /// Local names that stand for a part of a name of the view.
    aliases: HashMap<String, String>,
    /// A return may have ended it before.
    may_have_ended: bool,
    code: HandlerCode,
}

impl<'a> Reading<'a> {
    fn new(source: &'a str, first_line: u32, function: &StmtFunctionDef) -> Self {
        let parameters = &function.parameters;
        let first = parameters.posonlyargs.first().or(parameters.args.first());
        Self {
            source,
            first_line,
            view: first.map_or_else(|| "self".to_owned(), |first| first.parameter.name.to_string()),
            aliases: HashMap::new(),
            may_have_ended: false,
            code: HandlerCode {
                is_whole: true,
                ..HandlerCode::default()
            },
        }
    }

    fn block(&mut self, body: &[Stmt], is_conditional: bool) {
        for statement in body {
            self.statement(statement, is_conditional);
        }
    }

    fn statement(&mut self, statement: &Stmt, is_conditional: bool) {
        match statement {
            Stmt::Assign(assign) => {
                self.expression(&assign.value);
                for target in &assign.targets {
                    self.target(
                        target,
                        How::Assign,
                        statement,
                        is_conditional,
                        Some(&assign.value),
                    );
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.expression(value);
                    self.target(
                        &assign.target,
                        How::Assign,
                        statement,
                        is_conditional,
                        Some(value),
                    );
                }
            }
            Stmt::AugAssign(assign) => {
                self.expression(&assign.value);
                self.target(&assign.target, How::Augment, statement, is_conditional, None);
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    self.target(target, How::Assign, statement, is_conditional, None);
                }
            }
            Stmt::Expr(expression) => {
                self.expression(&expression.value);
                self.mutation(&expression.value, statement, is_conditional);
            }
            Stmt::Return(_) | Stmt::Raise(_) => {
                let line = self.line(statement.range());
                if matches!(statement, Stmt::Return(_)) && is_conditional {
                    self.code.early_returns.push(line);
                }
                self.may_have_ended |= is_conditional;
            }
            Stmt::If(branch) => {
                self.expression(&branch.test);
                self.block(&branch.body, true);
                for clause in &branch.elif_else_clauses {
                    self.block(&clause.body, true);
                }
            }
            Stmt::For(repeat) => {
                self.expression(&repeat.iter);
                if let (Some(name), Some(root)) = (last_name(&repeat.target), self.element_of(&repeat.iter)) {
                    self.aliases.insert(name, root);
                }
                self.block(&repeat.body, true);
                self.block(&repeat.orelse, true);
            }
            Stmt::While(repeat) => {
                self.expression(&repeat.test);
                self.block(&repeat.body, true);
                self.block(&repeat.orelse, true);
            }
            Stmt::With(with) => {
                for item in &with.items {
                    self.expression(&item.context_expr);
                }
                self.block(&with.body, is_conditional);
            }
            Stmt::Try(attempt) => {
                // What comes first in it runs; what comes later may not.
                self.block(&attempt.body, true);
                for handler in &attempt.handlers {
                    let ruff_python_ast::ExceptHandler::ExceptHandler(handler) = handler;
                    self.block(&handler.body, true);
                }
                self.block(&attempt.orelse, true);
                self.block(&attempt.finalbody, is_conditional);
            }
            Stmt::Match(choice) => {
                self.expression(&choice.subject);
                for case in &choice.cases {
                    self.block(&case.body, true);
                }
            }
            // A function inside it may write whenever it is called.
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) => self.code.is_whole = false,
            _ => {}
        }
    }

    /// Something is assigned to `target`.
    fn target(
        &mut self,
        target: &Expr,
        how: How,
        statement: &Stmt,
        is_conditional: bool,
        value: Option<&Expr>,
    ) {
        match target {
            Expr::Tuple(tuple) => {
                for element in &tuple.elts {
                    self.target(element, how, statement, is_conditional, None);
                }
            }
            Expr::List(list) => {
                for element in &list.elts {
                    self.target(element, how, statement, is_conditional, None);
                }
            }
            Expr::Starred(starred) => self.target(&starred.value, how, statement, is_conditional, None),
            Expr::Name(name) => {
                let local = name.id.to_string();
                match value.and_then(|value| self.part_of(value)) {
                    Some(root) => {
                        self.aliases.insert(local, root);
                    }
                    None => {
                        self.aliases.remove(&local);
                        let line = self.line(statement.range());
                        let text = self.text(statement.range());
                        self.code.locals.push(Local {
                            name: local,
                            line,
                            text,
                            is_read: false,
                        });
                    }
                }
            }
            Expr::Attribute(attribute) if self.is_view(&attribute.value) => {
                let constant = value
                    .filter(|value| is_constant(value))
                    .map(|value| self.text(value.range()));
                self.write(
                    attribute.attr.to_string(),
                    how,
                    statement,
                    is_conditional,
                    constant,
                );
            }
            Expr::Attribute(attribute) => {
                if let Some(root) = self.part_of(&attribute.value) {
                    self.write(root, How::Attribute, statement, is_conditional, None);
                }
            }
            Expr::Subscript(subscript) => {
                if let Some(root) = self.part_of(&subscript.value) {
                    self.write(root, How::Item, statement, is_conditional, None);
                }
            }
            _ => {}
        }
    }

    /// A statement that is a call may change what it is called on.
    fn mutation(&mut self, expression: &Expr, statement: &Stmt, is_conditional: bool) {
        let expression = match expression {
            Expr::Await(awaited) => &awaited.value,
            other => other,
        };
        if let Expr::Call(call) = expression
            && let Expr::Attribute(method) = &*call.func
            && MUTATING.contains(&method.attr.as_str())
            && let Some(root) = self.part_of(&method.value)
        {
            self.write(root, How::Method, statement, is_conditional, None);
        }
    }

    fn write(
        &mut self,
        name: String,
        how: How,
        statement: &Stmt,
        is_conditional: bool,
        constant: Option<String>,
    ) {
        self.code.writes.push(Write {
            name,
            how,
            line: self.line(statement.range()),
            is_certain: !is_conditional && !self.may_have_ended,
            text: self.text(statement.range()),
            constant,
        });
    }

    /// Looks at everything that is called inside an expression.
    fn expression(&mut self, expression: &Expr) {
        let mut calls = Calls::default();
        ruff_python_ast::visitor::Visitor::visit_expr(&mut calls, expression);
        self.code.is_whole &= !calls.has_function;
        for call in calls.found {
            self.call(call);
        }
    }

    fn call(&mut self, call: &ruff_python_ast::ExprCall) {
        match &*call.func {
            Expr::Attribute(method) if self.is_view(&method.value) => {
                self.code.own_calls.push(method.attr.to_string());
            }
            Expr::Name(name) if name.id.as_str() == "setattr" => {
                self.code.is_whole = false;
            }
            Expr::Attribute(method) if is_super(&method.value) => {
                self.code.own_calls.push(method.attr.to_string());
            }
            _ => {}
        }
        let arguments = call
            .arguments
            .args
            .iter()
            .chain(call.arguments.keywords.iter().map(|word| &word.value));
        if arguments.clone().any(|argument| self.is_view(argument)) {
            self.code.is_whole = false;
        }
    }

    fn is_view(&self, expression: &Expr) -> bool {
        matches!(expression, Expr::Name(name) if name.id.as_str() == self.view)
    }

    /// The name of the view whose value, or a part of it, an expression is.
    fn part_of(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => self.aliases.get(name.id.as_str()).cloned(),
            Expr::Attribute(attribute) if self.is_view(&attribute.value) => Some(attribute.attr.to_string()),
            Expr::Attribute(attribute) => self.part_of(&attribute.value),
            Expr::Subscript(subscript) => match &*subscript.slice {
                // A slice of a list is a new list.
                Expr::Slice(_) => None,
                _ => self.part_of(&subscript.value),
            },
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) if REACHING.contains(&method.attr.as_str()) => {
                    self.part_of(&method.value)
                }
                Expr::Name(name) if name.id.as_str() == "next" => call
                    .arguments
                    .args
                    .first()
                    .and_then(|first| self.element_of(first)),
                _ => None,
            },
            Expr::Await(awaited) => self.part_of(&awaited.value),
            _ => None,
        }
    }

    /// The name of the view whose elements an expression goes through.
    fn element_of(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Call(call) => match &*call.func {
                Expr::Name(name) if PASSING_ON.contains(&name.id.as_str()) => {
                    call.arguments.args.last().and_then(|last| self.element_of(last))
                }
                _ => self.part_of(expression),
            },
            Expr::Generator(generator) => {
                let source = generator.generators.first()?;
                let is_element = last_name(&source.target) == last_name(&generator.elt);
                is_element.then(|| self.element_of(&source.iter)).flatten()
            }
            other => self.part_of(other),
        }
    }

    fn line(&self, range: TextRange) -> u32 {
        let before = &self.source[..usize::from(range.start()).min(self.source.len())];
        let lines = before.bytes().filter(|byte| *byte == b'\n').count();
        self.first_line
            .saturating_add(u32::try_from(lines).unwrap_or(u32::MAX))
    }

    fn text(&self, range: TextRange) -> String {
        let end = TextSize::try_from(self.source.len())
            .unwrap_or(range.end())
            .min(range.end());
        let text = &self.source[usize::from(range.start())..usize::from(end)];
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// The calls inside an expression.
#[derive(Default)]
struct Calls<'a> {
    found: Vec<&'a ruff_python_ast::ExprCall>,
    has_function: bool,
}

impl<'a> ruff_python_ast::visitor::Visitor<'a> for Calls<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Call(call) => self.found.push(call),
            Expr::Lambda(_) => self.has_function = true,
            _ => {}
        }
        ruff_python_ast::visitor::walk_expr(self, expression);
    }
}

/// The local names that are read.
#[derive(Default)]
struct Reads<'a> {
    names: HashSet<&'a str>,
}

impl<'a> ruff_python_ast::visitor::Visitor<'a> for Reads<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx.is_load()
        {
            self.names.insert(name.id.as_str());
        }
        ruff_python_ast::visitor::walk_expr(self, expression);
    }
}

fn is_super(expression: &Expr) -> bool {
    matches!(expression, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id.as_str() == "super"))
}

/// The name that stands for an element: of `index, item` the last.
fn last_name(target: &Expr) -> Option<String> {
    match target {
        Expr::Name(name) => Some(name.id.to_string()),
        Expr::Tuple(tuple) => tuple.elts.last().and_then(last_name),
        _ => None,
    }
}

fn is_constant(expression: &Expr) -> bool {
    match expression {
        Expr::BooleanLiteral(_) | Expr::NoneLiteral(_) | Expr::StringLiteral(_) => true,
        Expr::NumberLiteral(number) => matches!(number.value, Number::Int(_) | Number::Float(_)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> HandlerCode {
        let lines: Vec<String> = body.lines().map(|line| format!("    {line}")).collect();
        let source = format!(
            "@event_handler\ndef go(self, item_id: int = 0, **kwargs):\n{}\n",
            lines.join("\n")
        );
        HandlerCode::of(&source, 40).unwrap()
    }

    /// Name, how, line, certain.
    fn writes(body: &str) -> Vec<(String, How, u32, bool)> {
        let writes = code(body).writes.into_iter();
        writes
            .map(|write| (write.name, write.how, write.line, write.is_certain))
            .collect()
    }

    #[test]
    fn every_way_to_write_a_name_is_seen() {
        for (body, how) in [
            ("self.x = 1", How::Assign),
            ("self.x: int = 1", How::Assign),
            ("self.y, (self.x, z) = 1, (2, 3)", How::Assign),
            ("del self.x", How::Assign),
            ("self.x += 1", How::Augment),
            ("self.x[0] = 1", How::Item),
            ("self.x[0]['a'][1] += 1", How::Item),
            ("del self.x['a']", How::Item),
            ("self.x.count = 1", How::Attribute),
            ("self.x[0].address.street = 'a'", How::Attribute),
            ("self.x.append(1)", How::Method),
            ("self.x['a'].update(b=1)", How::Method),
            ("await self.x.refresh_from_db()", How::Method),
            ("item = self.x[0]\nitem['done'] = True", How::Item),
            ("item = self.x.get('a')\nitem.done = True", How::Attribute),
            (
                "item = next(i for i in self.x if i['id'] == item_id)\nitem['done'] = True",
                How::Item,
            ),
            ("with lock:\n    self.x = 1", How::Assign),
        ] {
            let found = writes(body);
            let of_x: Vec<_> = found.iter().filter(|write| write.0 == "x").collect();
            assert_eq!(of_x.len(), 1, "{body}: {found:?}");
            assert_eq!((of_x[0].1, of_x[0].3), (how, true), "{body}");
        }
        assert_eq!(
            writes("for item in self.x:\n    item['done'] = True"),
            [("x".to_owned(), How::Item, 43, false)]
        );
        assert_eq!(
            writes("for number, item in enumerate(self.x):\n    item.done = True"),
            [("x".to_owned(), How::Attribute, 43, false)]
        );
    }

    #[test]
    fn what_is_a_copy_is_no_write() {
        for body in [
            "items = list(self.x)\nitems.append(1)",
            "items = self.x[:]\nitems.append(1)",
            "items = [*self.x]\nitems.append(1)",
            "x = 1",
            "self.x.count(1)",
            "other.x = 1",
            "item = self.x[0]\nitem = {}\nitem['a'] = 1",
            "names = sorted(self.x)\nnames.reverse()",
        ] {
            assert_eq!(writes(body), [], "{body}");
        }
    }

    #[test]
    fn what_may_not_run_is_not_certain() {
        for body in [
            "if item_id:\n    self.x = 1",
            "if item_id:\n    pass\nelse:\n    self.x = 1",
            "if not item_id:\n    return\nself.x = 1",
            "for i in range(3):\n    self.x = 1",
            "try:\n    self.x = int(item_id)\nexcept ValueError:\n    pass",
            "match item_id:\n    case 1:\n        self.x = 1",
        ] {
            assert_eq!(writes(body).len(), 1, "{body}");
            assert!(!writes(body)[0].3, "{body}");
        }
        assert_eq!(
            code("if not item_id:\n    return\nself.x = 1").early_returns,
            [43]
        );
        assert!(code("self.x = 1\nreturn").early_returns.is_empty());
    }

    #[test]
    fn what_could_write_more_is_known() {
        assert!(code("self.x = 1\nprint(self.x)").knows_all_writes());
        for body in [
            "self._load()",
            "self.x = self.compute()",
            "super().go()",
            "helper(self)",
            "helper(view=self)",
            "setattr(self, 'x', 1)",
            "def inner():\n    self.x = 1\ninner()",
            "run(lambda: self.toggle())",
        ] {
            assert!(!code(body).knows_all_writes(), "{body}");
        }
    }

    #[test]
    fn locals_and_constants_are_named() {
        let read = code("total = self.total + 1\nlog.info(total)");
        assert!(read.locals[0].is_read);
        let code = code("count = self.count + 1\nself.busy = True\nself.busy = False");
        assert_eq!(code.locals[0].name, "count");
        assert!(!code.locals[0].is_read);
        assert_eq!(code.locals[0].text, "count = self.count + 1");
        let constants: Vec<_> = code
            .writes_to("busy")
            .map(|write| write.constant.as_deref())
            .collect();
        assert_eq!(constants, [Some("True"), Some("False")]);
    }

    #[test]
    fn a_method_is_read_as_it_stands_in_its_class() {
        let source = "    @event_handler\n    def go(self):\n\n        self.x = 1\n";
        let code = HandlerCode::of(source, 97).unwrap();
        assert_eq!((code.writes[0].name.as_str(), code.writes[0].line), ("x", 100));
        assert!(HandlerCode::of("\tdef go(self):\n\t\tself.x = 1\n", 1).is_some());
    }

    #[test]
    fn what_is_no_function_is_nothing() {
        for source in ["", "x = 1", "def broken(:", "class A: pass", "\0"] {
            assert_eq!(HandlerCode::of(source, 1), None, "{source}");
        }
        assert!(HandlerCode::of("async def go(self):\n    self.x = 1\n", 1).is_some());
    }
}
