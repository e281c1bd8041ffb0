//! `mount-raised`: `mount()`, or what is called while a view is made, raised an exception.

use djscope_recording::model::{FindingCode, Severity};

use super::raised::{self, Origin};
use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::MountRaised,
    severity: Severity::Error,
    candidates: raised::CANDIDATES,
    explanation: Explanation {
        what: "`mount()`, or what is called while a view is made, raised an exception.",
        decided: "The turn is a mount, a probe saw the exception, and it was not raised by the render.",
        wrong: r#"self.user_name = request.user.profile.name   # nobody is logged in"#,
        right: r#"self.user_name = request.user.profile.name if request.user.is_authenticated else """#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let raised = raised::of(facts)?;
    (raised.origin == Origin::Mount).then(|| raised.found(facts, &format!("mounting {}", facts.view_name())))
}
