use serde::{Deserialize, Serialize};

use crate::model::{
    Decision, Evidence, Exception, Finding, FullHtml, Place, SentFrame, ServerWork, SnapshotId, Turn,
};

/// What of a turn only its own page shows, as stored in `turn_details`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TurnRest {
    // Absent rather than null: readers from before they could be absent take them for empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rendered: Option<Vec<String>>,
    // Since 1.2; a turn that has none of it reads as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub djust: Option<Decision>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub handed: Option<SnapshotId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_keys: Option<Vec<String>>,
    #[serde(skip_serializing_if = "is_unseen")]
    pub work: ServerWork,
    pub exception: Option<Exception>,
    pub full_html: Option<FullHtml>,
    pub sent: Vec<SentFrame>,
    pub missing: Vec<String>,
}

impl TurnRest {
    pub(crate) fn of(turn: &Turn) -> Self {
        Self {
            context: turn.context.clone(),
            rendered: turn.rendered.clone(),
            djust: turn.djust.clone(),
            handed: turn.handed,
            changed_keys: turn.changed_keys.clone(),
            work: turn.work.clone(),
            exception: turn.exception.clone(),
            full_html: turn.full_html.clone(),
            sent: turn.sent.clone(),
            missing: turn.missing.clone(),
        }
    }
}

/// What of a finding no column of its own holds, as stored in `findings.detail`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct FindingRest {
    pub certain: bool,
    pub primary: bool,
    pub view: Option<String>,
    pub event: Option<String>,
    pub place: Option<Place>,
    pub evidence: Vec<Evidence>,
    pub rules: u32,
}

impl FindingRest {
    pub(crate) fn of(finding: &Finding) -> Self {
        Self {
            certain: finding.certain,
            primary: finding.primary,
            view: finding.view.clone(),
            event: finding.event.clone(),
            place: finding.place.clone(),
            evidence: finding.evidence.clone(),
            rules: finding.rules,
        }
    }
}

fn is_unseen(work: &ServerWork) -> bool {
    *work == ServerWork::unseen()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_of_a_render_that_was_none_are_absent() {
        let written = serde_json::to_value(TurnRest::default()).unwrap();
        assert!(written.get("context").is_none() && written.get("rendered").is_none());
        let read = |value: Value| serde_json::from_value::<TurnRest>(value).unwrap();
        assert_eq!(read(written), TurnRest::default());
        let old = read(json!({"context": [], "rendered": ["count"]}));
        assert_eq!(
            (old.context, old.rendered),
            (Some(Vec::new()), Some(vec!["count".to_owned()]))
        );
    }
}
