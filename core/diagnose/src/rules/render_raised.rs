//! `render-raised`: the render raised an exception: `get_context_data()`, a template, or what they call.

use djscope_recording::model::{FindingCode, Severity};

use super::raised::{self, Origin};
use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::RenderRaised,
    severity: Severity::Error,
    candidates: raised::CANDIDATES,
    explanation: Explanation {
        what: "The render raised an exception: `get_context_data()`, a template, or what they call.",
        decided: "A probe saw the exception, its traceback leads through the render, and not through the handler or `mount()`.",
        wrong: r#"def get_context_data(self, **kwargs):
    return {"first": self.rows[0]}   # rows is empty"#,
        right: r#"return {"first": self.rows[0] if self.rows else None}"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let raised = raised::of(facts)?;
    (raised.origin == Origin::Render)
        .then(|| raised.found(facts, &format!("the render of {}", facts.view_name())))
}
