//! The condition of `{% if %}` (`django/template/smartif.py`), read into a program for a small stack machine.
//!
//! Neither reading nor running it recurses, so a condition of any length is safe.

use super::TemplateError;
use super::expression::Expression;

/// A condition.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    /// What to do, in this order.
    pub instructions: Vec<Instruction>,
}

/// One step of a [`Condition`].
#[derive(Clone, Debug)]
pub(crate) enum Instruction {
    /// Puts the value of an expression on the stack.
    Push(Box<Expression>),
    /// `not` of the topmost value.
    Not,
    /// Compares the two topmost values.
    Compare(Comparison),
    /// Ends `or` at the given instruction if the topmost value is true; else takes it off.
    Or(usize),
    /// Ends `and` at the given instruction if the topmost value is false; else takes it off.
    And(usize),
    /// End of the right side of `or` or `and`: Django takes an exception there as false.
    Settle,
}

/// How two values are compared: each is the operator of Python that it is named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    In,
    NotIn,
    Is,
    IsNot,
    Equal,
    NotEqual,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// An operator of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Not,
    Compare(Comparison),
}

/// The operators, each with how tightly it binds.
const OPERATORS: [(&str, u8, Operator); 13] = [
    ("or", 6, Operator::Or),
    ("and", 7, Operator::And),
    ("not", 8, Operator::Not),
    ("in", 9, Operator::Compare(Comparison::In)),
    ("not in", 9, Operator::Compare(Comparison::NotIn)),
    ("is", 10, Operator::Compare(Comparison::Is)),
    ("is not", 10, Operator::Compare(Comparison::IsNot)),
    ("==", 10, Operator::Compare(Comparison::Equal)),
    ("!=", 10, Operator::Compare(Comparison::NotEqual)),
    (">", 10, Operator::Compare(Comparison::Greater)),
    (">=", 10, Operator::Compare(Comparison::GreaterOrEqual)),
    ("<", 10, Operator::Compare(Comparison::Less)),
    ("<=", 10, Operator::Compare(Comparison::LessOrEqual)),
];

enum Word {
    Operator(&'static str, u8, Operator),
    Operand(Box<Expression>, String),
}

impl Condition {
    /// Reads the words of a condition; `compile` reads an operand.
    ///
    /// # Errors
    ///
    /// `TemplateSyntaxError` with Django's text.
    pub fn parse(
        bits: &[String],
        mut compile: impl FnMut(&str) -> Result<Expression, TemplateError>,
    ) -> Result<Self, TemplateError> {
        let mut words = Vec::with_capacity(bits.len());
        let mut rest = bits;
        while let [first, after @ ..] = rest {
            let (word, length) = match (first.as_str(), after.first().map(String::as_str)) {
                ("is", Some("not")) => ("is not", 2),
                ("not", Some("in")) => ("not in", 2),
                (word, _) => (word, 1),
            };
            rest = &rest[length..];
            let operator = OPERATORS.iter().find(|(name, ..)| *name == word);
            words.push(match operator {
                Some(&(name, power, operator)) => Word::Operator(name, power, operator),
                None => Word::Operand(Box::new(compile(word)?), word.to_owned()),
            });
        }
        Builder::default().build(words)
    }

    /// The expressions that it reads.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.instructions
            .iter()
            .filter_map(|instruction| match instruction {
                Instruction::Push(expression) => Some(&**expression),
                _ => None,
            })
    }
}

/// Brings the words into the order in which they run: operators wait until their right side is complete.
#[derive(Default)]
struct Builder {
    instructions: Vec<Instruction>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    power: u8,
    operator: Operator,
    /// Where the jump of `or` and `and` stands.
    jump: usize,
}

impl Builder {
    fn build(mut self, words: Vec<Word>) -> Result<Condition, TemplateError> {
        let mut operand_is_next = true;
        for word in words {
            match (word, operand_is_next) {
                (Word::Operand(expression, _), true) => {
                    self.instructions.push(Instruction::Push(expression));
                    operand_is_next = false;
                }
                (Word::Operator(_, power, Operator::Not), true) => {
                    self.waiting.push(Waiting {
                        power,
                        operator: Operator::Not,
                        jump: 0,
                    });
                }
                (Word::Operator(name, ..), true) => {
                    return Err(TemplateError::syntax(format!(
                        "Not expecting '{name}' in this position in if tag."
                    )));
                }
                (Word::Operator(_, _, Operator::Not), false) => {
                    return Err(TemplateError::syntax(
                        "Not expecting 'not' as infix operator in if tag.",
                    ));
                }
                (Word::Operator(_, power, operator), false) => {
                    self.infix(power, operator);
                    operand_is_next = true;
                }
                (Word::Operand(_, text), false) => {
                    return Err(TemplateError::syntax(format!(
                        "Unused '{text}' at end of if expression."
                    )));
                }
            }
        }
        if operand_is_next {
            return Err(TemplateError::syntax("Unexpected end of expression in if tag."));
        }
        self.complete(0);
        Ok(Condition {
            instructions: self.instructions,
        })
    }

    fn infix(&mut self, power: u8, operator: Operator) {
        self.complete(power);
        let jump = self.instructions.len();
        match operator {
            Operator::Or => self.instructions.push(Instruction::Or(0)),
            Operator::And => self.instructions.push(Instruction::And(0)),
            Operator::Not | Operator::Compare(_) => {}
        }
        self.waiting.push(Waiting {
            power,
            operator,
            jump,
        });
    }

    /// Completes the operators that bind at least as tightly as `power`.
    fn complete(&mut self, power: u8) {
        while let Some(waiting) = self.waiting.pop_if(|waiting| waiting.power >= power) {
            match waiting.operator {
                Operator::Not => self.instructions.push(Instruction::Not),
                Operator::Compare(comparison) => self.instructions.push(Instruction::Compare(comparison)),
                Operator::Or | Operator::And => {
                    self.instructions.push(Instruction::Settle);
                    let end = self.instructions.len();
                    if let Instruction::Or(target) | Instruction::And(target) =
                        &mut self.instructions[waiting.jump]
                    {
                        *target = end;
                    }
                }
            }
        }
    }
}
