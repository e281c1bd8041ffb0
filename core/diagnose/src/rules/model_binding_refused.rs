//! `model-binding-refused`: `dj-model` may not set the name.

use djscope_recording::model::{Evidence, FindingCode, KnownEvidence, Severity};
use serde_json::Value;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::ModelBindingRefused,
    severity: Severity::Error,
    candidates: "event:update_model",
    explanation: Explanation {
        what: "`dj-model` may not set the name.",
        decided: "djust logs that it has blocked the attempt (djust/mixins/model_binding.py).",
        wrong: r#"<input dj-model.lazy="note">   <!-- bound with a modifier only -->"#,
        right: r#"class NoteView(LiveView):
    allowed_model_fields = ["note"]"#,
    },
    find,
};

fn find(facts: &Facts<'_>) -> Option<Found> {
    let log = facts
        .detail
        .logs
        .iter()
        .find(|log| log.message.starts_with("[dj-model] Blocked attempt"))?;
    let field = facts
        .turn
        .params
        .get("field")
        .and_then(Value::as_str)
        .unwrap_or("the name");
    let evidence = KnownEvidence::Log {
        level: log.level.clone(),
        message: log.message.clone(),
    };
    Some(Found {
        place: facts.template_place(field),
        evidence: vec![Evidence::from(evidence)],
        ..Found::certain(
            format!("dj-model may not set {field}"),
            format!(
                "bind it as dj-model=\"{field}\", or put it into allowed_model_fields of {}",
                facts.view_name()
            ),
        )
    })
}
