use serde::{Deserialize, Serialize};

use crate::model::{Exception, FullHtml, SentFrame, Turn};

/// What of a turn only its own page shows, as stored in `turn_details`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TurnRest {
    pub context: Option<Vec<String>>,
    pub rendered: Option<Vec<String>>,
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
            exception: turn.exception.clone(),
            full_html: turn.full_html.clone(),
            sent: turn.sent.clone(),
            missing: turn.missing.clone(),
        }
    }
}
