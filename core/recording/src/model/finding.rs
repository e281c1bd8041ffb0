use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DebugSource, FrameId, Scope, TurnId};

/// One diagnosed problem. Findings are derived: the same recording and the same rules give the same ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which rule found it.
    pub code: FindingCode,
    /// How bad it is.
    pub severity: Severity,
    /// True if the recording leaves no other explanation.
    pub certain: bool,
    /// True if it is the one that decides how its turn ended.
    pub primary: bool,
    /// The turn that shows it; none if it is about the whole recording.
    pub turn: Option<TurnId>,
    /// Dotted path of the view class.
    pub view: Option<String>,
    /// Event or handler name.
    pub event: Option<String>,
    /// Where to look in the project.
    pub place: Option<Place>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do.
    pub fix: String,
    /// What it was concluded from.
    pub evidence: Vec<Evidence>,
    /// Version of the rules that found it.
    pub rules: u32,
}

macro_rules! finding_codes {
    ($($(#[$doc:meta])* $code:ident = $name:literal),+ $(,)?) => {
        /// Which rule made a finding.
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum FindingCode {
            $($(#[$doc])* $code,)+
            /// A rule that this version does not have.
            Other(String),
        }

        impl FindingCode {
            /// Every code of this version, in the order in which they decide what a turn's problem is.
            pub const ALL: &[Self] = &[$(Self::$code),+];

            /// The name in JSON, in the database and in filters.
            pub fn name(&self) -> &str {
                match self {
                    $(Self::$code => $name,)+
                    Self::Other(name) => name,
                }
            }
        }
    };
}

finding_codes! {
    /// The message was larger than djust takes.
    FrameTooLarge = "frame-too-large",
    /// The event's name is none that djust calls.
    UnsafeEventName = "unsafe-event-name",
    /// The event came before the view was mounted.
    ViewNotMounted = "view-not-mounted",
    /// The view has no method of the event's name.
    HandlerNotFound = "handler-not-found",
    /// The method has no `@event_handler`.
    HandlerNotDecorated = "handler-not-decorated",
    /// The user may not call the handler.
    HandlerDenied = "handler-denied",
    /// The handler was called too often.
    HandlerRateLimited = "handler-rate-limited",
    /// The parameters do not fit the handler's signature.
    HandlerBadParams = "handler-bad-params",
    /// An upload was refused.
    UploadRejected = "upload-rejected",
    /// `dj-model` may not set the name.
    ModelBindingRefused = "model-binding-refused",
    /// `mount()` raised an exception.
    MountRaised = "mount-raised",
    /// A handler, or what it called, raised an exception.
    HandlerRaised = "handler-raised",
    /// The render raised an exception.
    RenderRaised = "render-raised",
    /// The server never answered.
    Unanswered = "unanswered",
    /// A parameter has nearly the name of one of the handler, and was swallowed.
    NearMissParam = "near-miss-param",
    /// The session was changed and not saved.
    SessionNotSaved = "session-not-saved",
    /// Progress of a long handler came all at once at its end.
    FlushAtEnd = "flush-at-end",
    /// The handler asked for no render.
    RenderSkipped = "render-skipped",
    /// The attribute has a name that djust keeps for itself.
    ReservedName = "reserved-name",
    /// The attribute was set before `super().__init__()`.
    SetBeforeInit = "set-before-init",
    /// The attribute belongs to the class, not to the view.
    ClassAttribute = "class-attribute",
    /// The attribute is one of `static_assigns`.
    StaticAssign = "static-assign",
    /// An object was changed in place, and djust compares which object it is.
    UnseenMutation = "unseen-mutation",
    /// The view pushes to its own class, and djust passes over the sender.
    OwnBroadcastSkipped = "own-broadcast-skipped",
    /// Only the database was written.
    DatabaseOnly = "database-only",
    /// A value was set and set back in one handler.
    TransientValue = "transient-value",
    /// The handler assigns nothing to the view.
    NoAssignment = "no-assignment",
    /// The handler returned before it assigned anything.
    GuardReturned = "guard-returned",
    /// The assigned value is the one that was there.
    SameValue = "same-value",
    /// A `state()` or `@computed` value is no JSON, so the template never gets it.
    DroppedFromContext = "dropped-from-context",
    /// Only private names changed, and nothing on the page depends on them.
    PrivateOnly = "private-only",
    /// The name is shown outside the view's root only.
    OutsideRoot = "outside-root",
    /// The template does not use the name.
    UnusedInTemplate = "unused-in-template",
    /// What uses the name stands in a branch that was not taken.
    BranchNotTaken = "branch-not-taken",
    /// The new value is shown with the same text.
    SameText = "same-text",
    /// The work waited for something else.
    QueueWait = "queue-wait",
    /// The handler took long.
    SlowHandler = "slow-handler",
    /// The same query was asked again and again.
    NPlusOne = "n-plus-one",
    /// The event came over HTTP.
    HttpFallback = "http-fallback",
    /// A component of the view sends the whole page.
    ComponentHtml = "component-html",
    /// The code asked for the whole page.
    ForcedHtml = "forced-html",
    /// So much changed that the whole page was sent.
    HtmlInsteadOfPatch = "html-instead-of-patch",
}

impl From<String> for FindingCode {
    fn from(name: String) -> Self {
        let known = Self::ALL.iter().find(|code| code.name() == name);
        known.cloned().unwrap_or(Self::Other(name))
    }
}

impl From<FindingCode> for String {
    fn from(code: FindingCode) -> Self {
        code.name().to_owned()
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Something did not work.
    Error,
    /// Something worked in a way that the user hardly wanted.
    Warning,
    /// Worth knowing; also what an unknown severity is read as.
    #[serde(other)]
    Information,
}

impl Severity {
    /// The name in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Information => "information",
        }
    }

    /// The severity of that name, or [`Severity::Information`].
    pub fn from_name(name: &str) -> Self {
        [Self::Error, Self::Warning]
            .into_iter()
            .find(|severity| severity.name() == name)
            .unwrap_or(Self::Information)
    }
}

/// A place in the user's project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Place {
    /// In a source file.
    Code {
        /// Its path.
        file: String,
        /// From 1.
        line: Option<u32>,
        /// From 1.
        column: Option<u32>,
    },
    /// In a template.
    Template {
        /// Its name.
        template: String,
        /// Offset in bytes.
        position: Option<u32>,
    },
}

/// What a finding was concluded from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Evidence {
    /// Something that this version can show.
    Known(KnownEvidence),
    /// Something that a later version wrote.
    Other(Value),
}

/// Evidence, by kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KnownEvidence {
    /// A part of the state, with its values.
    State {
        /// Public or private.
        scope: Scope,
        /// Names and list indices from the top.
        path: Vec<String>,
        /// The value before the turn.
        before: Option<Value>,
        /// The value after it.
        after: Option<Value>,
        /// Where the values come from, if it was not a probe that reported them: then they prove nothing alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<DebugSource>,
    },
    /// A span of the turn.
    Span {
        /// Its number within the turn.
        span: u32,
    },
    /// A WebSocket message.
    Frame {
        /// Its number.
        frame: FrameId,
    },
    /// A query.
    Sql {
        /// The number of its span within the turn.
        span: u32,
        /// The statement.
        text: String,
    },
    /// A log record.
    Log {
        /// Name of the level.
        level: String,
        /// The message.
        message: String,
    },
    /// A line of the user's code.
    Code {
        /// Its file.
        file: String,
        /// From 1.
        line: u32,
        /// The function around it.
        function: String,
        /// The line itself, if it is known.
        source: Option<String>,
    },
    /// A node of a template.
    Template {
        /// Name of the template.
        template: String,
        /// Offset in bytes.
        position: u32,
        /// The node as it is written.
        source: String,
    },
}

impl Evidence {
    /// True if it rests on what djust itself showed of a state, which is less than the state: it makes a finding likely
    /// at most.
    pub const fn is_weak(&self) -> bool {
        matches!(self, Self::Known(KnownEvidence::State { source: Some(_), .. }))
    }
}

impl From<KnownEvidence> for Evidence {
    fn from(evidence: KnownEvidence) -> Self {
        Self::Known(evidence)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_a_later_version_wrote_survives() {
        let written = json!({
            "code": "handler-slept", "severity": "fatal", "certain": false, "primary": true, "turn": 3,
            "view": null, "event": "save", "place": {"template": "a.html", "position": 7},
            "message": "m", "fix": "f", "rules": 9,
            "evidence": [{"kind": "span", "span": 2}, {"kind": "dream", "of": [1]}],
        });
        let read: Finding = serde_json::from_value(written.clone()).unwrap();
        assert_eq!(read.code, FindingCode::Other("handler-slept".to_owned()));
        assert_eq!(read.severity, Severity::Information);
        assert_eq!(
            read.evidence[1],
            Evidence::Other(json!({"kind": "dream", "of": [1]}))
        );
        let again = serde_json::to_value(&read).unwrap();
        for field in ["code", "place", "evidence"] {
            assert_eq!(again[field], written[field]);
        }
    }

    #[test]
    fn codes_and_severities_have_names() {
        for code in FindingCode::ALL {
            assert_eq!(FindingCode::from(code.name().to_owned()), *code);
        }
        for severity in [Severity::Error, Severity::Warning, Severity::Information] {
            assert_eq!(Severity::from_name(severity.name()), severity);
        }
    }
}
