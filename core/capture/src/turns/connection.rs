//! The turns of one connection, from its frames alone.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use djscope_recording::model::{
    Connection, ConnectionId, Micros, Outcome, Span, SpanKind, Turn, TurnId, TurnKind,
};
use djscope_wire::{ClientFrame, ClientMessage, ServerFrame, UploadPart};
use serde_json::{Value, json};

/// Turns that later frames and probe reports may still belong to.
const KEPT: usize = 512;

/// The last turns stay in any case: side frames and a browser's report may follow.
const KEPT_ALWAYS: usize = 16;

/// So long after its answer a probe's report of a turn may come.
const REPORT_WITHIN_US: Micros = 10_000_000;

/// A side frame this soon after an answer still belongs to it, even if the
/// server already has another event to work on: no handler is that quick.
const TRAILING_US: Micros = 2_000;

/// A turn that may still grow.
#[derive(Clone, Debug)]
pub struct LiveTurn {
    /// The turn.
    pub turn: Turn,
    /// True once the frame that ends it has been seen.
    pub answered: bool,
    /// True once a probe has reported it.
    pub is_reported: bool,
    /// Checked versions of its frames.
    pub versions: Vec<i64>,
    /// When its last frame from the server was read.
    pub last_frame_us: Option<Micros>,
    /// UUID of the upload that it is about.
    upload: Option<String>,
}

impl LiveTurn {
    /// True if nothing more is expected of the turn at `now_us`.
    fn is_over(&self, now_us: Micros) -> bool {
        let is_old = self
            .last_frame_us
            .is_some_and(|last| now_us.saturating_sub(last) > REPORT_WITHIN_US);
        self.answered && (self.is_reported || is_old)
    }
}

/// The turns of one connection.
#[derive(Debug)]
pub struct ConnectionTurns {
    /// The connection.
    pub record: Connection,
    /// Class of the view that was mounted last.
    pub view: Option<String>,
    /// The view instances that a probe reported of it.
    pub instances: BTreeSet<String>,
    turns: VecDeque<LiveTurn>,
}

/// The numbers of spans from here on are those of the browser.
const CLIENT_SPANS: u32 = 1 << 20;

/// What takes longer is no time that a browser took.
const LONGEST_CLIENT_US: u64 = 3_600_000_000;

/// A frame from the server, by what it does to turns.
enum Role {
    /// Belongs to no turn.
    Apart,
    /// Ends the turn with this `ref`.
    AnswersReference(i64),
    /// Ends the oldest open turn of a kind, or the oldest of all.
    Answers(Option<TurnKind>),
    /// Ends the oldest open event of this name.
    AnswersEvent(String),
    /// Goes with an upload.
    Upload(String, bool),
    /// Goes with the turn of this `ref`, or with the one that is being worked on.
    BesideReference(Option<i64>),
    /// Goes with the turn that is being worked on.
    Beside,
    /// Begins and ends a turn of its own.
    Own(TurnKind, Option<String>),
}

impl ConnectionTurns {
    /// A connection without turns.
    pub const fn new(record: Connection) -> Self {
        Self {
            record,
            view: None,
            instances: BTreeSet::new(),
            turns: VecDeque::new(),
        }
    }

    /// Its number.
    pub const fn number(&self) -> ConnectionId {
        self.record.connection
    }

    /// The turns that may still grow, oldest first.
    pub fn turns(&mut self) -> impl DoubleEndedIterator<Item = &mut LiveTurn> {
        self.turns.iter_mut()
    }

    /// The turn of that number.
    pub fn turn(&mut self, number: TurnId) -> Option<&mut LiveTurn> {
        self.turns.iter_mut().rev().find(|live| live.turn.turn == number)
    }

    /// Adds a turn.
    pub fn begin(&mut self, turn: Turn) -> &mut LiveTurn {
        while self.turns.len() >= KEPT_ALWAYS
            && self.turns.front().is_some_and(|oldest| oldest.is_over(turn.t_us))
        {
            self.turns.pop_front();
        }
        if self.turns.len() == KEPT {
            self.turns.pop_front();
        }
        self.turns.push_back(LiveTurn {
            turn,
            answered: false,
            is_reported: false,
            versions: Vec::new(),
            last_frame_us: None,
            upload: None,
        });
        self.turns.back_mut().expect("a turn was just added")
    }

    /// A turn that is still without content.
    pub fn blank(&self, number: TurnId, kind: TurnKind, t_us: Micros) -> Turn {
        Turn {
            connection: Some(self.number()),
            view: self.view.clone(),
            ..Turn::begun(number, kind, t_us)
        }
    }

    /// Takes a frame from the browser. Gives the turn that it belongs to.
    pub fn browser_sent(
        &mut self,
        t_us: Micros,
        message: &ClientMessage,
        next: &mut TurnId,
    ) -> Option<TurnId> {
        let frame = match message {
            ClientMessage::Text(parsed) | ClientMessage::Packed(parsed) => &parsed.frame,
            ClientMessage::Upload(upload) => {
                let of = |live: &&mut LiveTurn| live.upload.as_deref() == Some(upload.reference.as_str());
                let live = self.turns.iter_mut().rev().find(of)?;
                if upload.part == UploadPart::Cancel {
                    live.answered = true;
                    live.turn.outcome = Outcome::Done;
                }
                return Some(live.turn.turn);
            }
            ClientMessage::Binary(_) => return None,
        };
        if let ClientFrame::ClientApplied(applied) = frame {
            return self.of_version(applied.version?).map(|live| live.turn.turn);
        }
        let kind = kind_of(frame)?;
        *next += 1;
        let mut turn = self.blank(*next, kind, t_us);
        let mut upload = None;
        match frame {
            ClientFrame::Mount(body) => {
                turn.view = Some(body.view.clone());
                turn.params =
                    json!({"url": body.url, "params": body.params, "has_prerendered": body.has_prerendered});
            }
            ClientFrame::MountBatch(body) => {
                turn.view = body.views.first().map(|view| view.view.clone());
                turn.params = json!({"views": body.views});
            }
            ClientFrame::LiveRedirectMount(body) => {
                turn.view = Some(body.view.clone());
                turn.event = Some("live_redirect".to_owned());
                turn.params = json!({"url": body.url, "params": body.params});
            }
            ClientFrame::Event(body) => {
                turn.event = Some(body.event.clone());
                turn.params = Value::Object(body.params.clone());
                turn.reference = body.reference;
            }
            ClientFrame::UrlChange(body) => {
                turn.event = Some("url_change".to_owned());
                turn.params = json!({"uri": body.uri, "params": body.params});
            }
            ClientFrame::UploadRegister(body) => {
                turn.event = Some(body.upload_name.clone());
                turn.params =
                    json!({"name": body.client_name, "type": body.client_type, "size": body.client_size});
                upload = Some(body.reference.clone());
            }
            ClientFrame::UploadResume(body) => upload = Some(body.reference.clone()),
            ClientFrame::TimeTravelJump(body) => {
                turn.params = json!({"index": body.index, "which": body.which});
            }
            ClientFrame::ForwardReplay(body) => turn.params = json!({"from_index": body.from_index}),
            _ => {}
        }
        if turn.event.is_none() && matches!(kind, TurnKind::TimeTravel | TurnKind::Other | TurnKind::Recovery)
        {
            turn.event = Some(frame.kind().to_owned());
        }
        self.begin(turn).upload = upload;
        Some(*next)
    }

    fn of_version(&self, version: i64) -> Option<&LiveTurn> {
        self.turns
            .iter()
            .rev()
            .find(|live| live.versions.contains(&version))
    }

    /// How long the browser took for a frame, if that is what the message says, and the turn of that frame.
    pub fn client_span(&self, t_us: Micros, message: &ClientMessage) -> Option<(&LiveTurn, Span)> {
        let (ClientMessage::Text(parsed) | ClientMessage::Packed(parsed)) = message else {
            return None;
        };
        let ClientFrame::ClientApplied(applied) = &parsed.frame else {
            return None;
        };
        let version = applied.version?;
        let live = self.of_version(version)?;
        // A browser can say what it likes; nobody waits longer than an hour.
        let length = Duration::try_from_secs_f64(applied.milliseconds / 1000.0).ok()?;
        let duration_us = u64::try_from(length.as_micros())
            .ok()
            .filter(|us| *us < LONGEST_CLIENT_US)?;
        let span = Span {
            // Beside the numbers that a probe gives.
            span: CLIENT_SPANS.saturating_add(u32::try_from(version).unwrap_or_default()),
            parent: None,
            kind: SpanKind::Client,
            name: "browser".to_owned(),
            start_us: t_us.saturating_sub_unsigned(duration_us) - live.turn.t_us,
            duration_us,
            detail: json!({"failed": applied.failed, "element": applied.element}),
        };
        Some((live, span))
    }

    /// Takes a frame from the server. Gives the turn that it belongs to.
    pub fn server_sent(&mut self, t_us: Micros, frame: &ServerFrame, next: &mut TurnId) -> Option<TurnId> {
        let ends;
        let found = match role(frame) {
            Role::Apart => return None,
            Role::AnswersReference(reference) => {
                ends = true;
                let known = self.position(|live| live.turn.reference == Some(reference));
                Some(known.unwrap_or_else(|| self.begin_unseen(reference, frame, t_us, next)))
            }
            Role::Answers(kind) => {
                ends = true;
                self.oldest_open(|turn| kind.is_none_or(|kind| turn.kind == kind))
            }
            Role::AnswersEvent(name) => {
                ends = true;
                self.oldest_open(|turn| turn.event.as_deref() == Some(name.as_str()))
                    .or_else(|| self.oldest_open(|turn| turn.kind == TurnKind::Event && name.is_empty()))
            }
            Role::Upload(reference, complete) => {
                ends = complete;
                self.position(|live| live.upload.as_deref() == Some(reference.as_str()))
            }
            Role::BesideReference(Some(reference)) => {
                ends = false;
                self.position(|live| live.turn.reference == Some(reference))
                    .or_else(|| self.worked_on(t_us))
            }
            Role::Beside | Role::BesideReference(None) => {
                ends = false;
                self.worked_on(t_us)
            }
            Role::Own(kind, event) => {
                ends = true;
                Some(self.begin_own(kind, event, t_us, next))
            }
        };
        let index = found.unwrap_or_else(|| self.begin_own(TurnKind::Push, name_of(frame), t_us, next));
        let live = &mut self.turns[index];
        apply(live, frame, t_us);
        live.answered |= ends || live.turn.kind == TurnKind::Push;
        let number = live.turn.turn;
        if let ServerFrame::Mount(body) = frame {
            if !body.view.is_empty() {
                live.turn.view = Some(body.view.clone());
            }
            self.view.clone_from(&live.turn.view);
        }
        Some(number)
    }

    /// An answer to an event that was sent before djscope was there.
    fn begin_unseen(
        &mut self,
        reference: i64,
        frame: &ServerFrame,
        t_us: Micros,
        next: &mut TurnId,
    ) -> usize {
        *next += 1;
        let mut turn = self.blank(*next, TurnKind::Event, t_us);
        turn.reference = Some(reference);
        turn.event = name_of(frame);
        turn.missing.push("the event itself was not seen".to_owned());
        self.begin(turn);
        self.turns.len() - 1
    }

    fn begin_own(&mut self, kind: TurnKind, event: Option<String>, t_us: Micros, next: &mut TurnId) -> usize {
        *next += 1;
        let mut turn = self.blank(*next, kind, t_us);
        turn.event = event;
        self.begin(turn);
        self.turns.len() - 1
    }

    fn position(&self, fits: impl Fn(&LiveTurn) -> bool) -> Option<usize> {
        self.turns.iter().rposition(fits)
    }

    fn oldest_open(&self, fits: impl Fn(&Turn) -> bool) -> Option<usize> {
        self.turns
            .iter()
            .position(|live| !live.answered && fits(&live.turn))
    }

    /// The turn that the server is busy with, or has just ended.
    fn worked_on(&self, t_us: Micros) -> Option<usize> {
        let last = self
            .turns
            .iter()
            .enumerate()
            .filter(|(_, live)| live.answered && live.last_frame_us.is_some())
            .max_by_key(|(_, live)| live.last_frame_us)
            .map(|(index, live)| (index, t_us - live.last_frame_us.unwrap_or(t_us)));
        let open = self
            .turns
            .iter()
            .position(|live| !live.answered && live.upload.is_none());
        match (last, open) {
            (Some((index, age)), _) if age <= TRAILING_US => Some(index),
            (_, Some(index)) => Some(index),
            // An event pushed after the answer, while nothing else is asked for.
            (Some((index, age)), None) if age <= 100 * TRAILING_US => Some(index),
            _ => None,
        }
    }
}

fn kind_of(frame: &ClientFrame) -> Option<TurnKind> {
    Some(match frame {
        ClientFrame::Mount(_) | ClientFrame::MountBatch(_) | ClientFrame::LiveRedirectMount(_) => {
            TurnKind::Mount
        }
        ClientFrame::Event(_) => TurnKind::Event,
        ClientFrame::UrlChange(_) => TurnKind::UrlChange,
        ClientFrame::RequestHtml(_) => TurnKind::Recovery,
        ClientFrame::UploadRegister(_) | ClientFrame::UploadResume(_) => TurnKind::Upload,
        ClientFrame::TimeTravelJump(_)
        | ClientFrame::TimeTravelComponentJump(_)
        | ClientFrame::ForwardReplay(_)
        | ClientFrame::BugCaptureShare(_) => TurnKind::TimeTravel,
        ClientFrame::Ping(_)
        | ClientFrame::PresenceHeartbeat(_)
        | ClientFrame::CursorMove(_)
        | ClientFrame::DebugPanelOpen(_)
        | ClientFrame::DebugPanelClose(_)
        | ClientFrame::ClientApplied(_) => return None,
        ClientFrame::Unknown { .. } => TurnKind::Other,
    })
}

fn role(frame: &ServerFrame) -> Role {
    if !matches!(frame, ServerFrame::TimeTravelEvent(_))
        && let Some(reference) = frame.reference()
    {
        return Role::AnswersReference(reference);
    }
    match frame {
        ServerFrame::Connect(_) | ServerFrame::Pong(_) => Role::Apart,
        ServerFrame::Mount(_) | ServerFrame::MountBatch(_) => Role::Answers(Some(TurnKind::Mount)),
        ServerFrame::HtmlRecovery(_) => Role::Answers(Some(TurnKind::Recovery)),
        ServerFrame::Error(_) | ServerFrame::Navigate(_) | ServerFrame::RateLimitExceeded(_) => {
            Role::Answers(None)
        }
        ServerFrame::Patch(body) if body.hotreload == Some(true) => Role::Own(TurnKind::HotReload, None),
        ServerFrame::Patch(body) => sourced(body.source.as_deref(), body.event_name.as_deref()),
        ServerFrame::HtmlUpdate(body) => sourced(body.source.as_deref(), body.event_name.as_deref()),
        ServerFrame::Noop(body) => Role::AnswersEvent(body.event_name.clone().unwrap_or_default()),
        ServerFrame::BugCaptureShareResult(_) => Role::Answers(Some(TurnKind::TimeTravel)),
        ServerFrame::UploadRegistered(body) => Role::Upload(body.reference.clone(), false),
        ServerFrame::UploadProgress(body) => Role::Upload(body.reference.clone(), body.status != "uploading"),
        ServerFrame::UploadResumed(body) => Role::Upload(body.reference.clone(), body.status != "resumed"),
        ServerFrame::TimeTravelEvent(body) => Role::BesideReference(body.entry.reference),
        ServerFrame::Reload(_) | ServerFrame::HotViewReplaced(_) => Role::Own(TurnKind::HotReload, None),
        ServerFrame::PresenceEvent(body) => Role::Own(TurnKind::Push, Some(body.event.clone())),
        _ => Role::Beside,
    }
}

/// The role of a patch or HTML frame without `ref`.
fn sourced(source: Option<&str>, event: Option<&str>) -> Role {
    let name = || event.map(str::to_owned);
    match (source, event) {
        (Some("tick"), _) => Role::Own(TurnKind::Tick, name()),
        (Some("broadcast"), _) => Role::Own(TurnKind::Push, name()),
        (Some("async"), _) => Role::Own(TurnKind::Async, name()),
        (_, Some("url_change")) => Role::Answers(Some(TurnKind::UrlChange)),
        (_, Some("__time_travel_jump__" | "__time_travel_component_jump__" | "__forward_replay__")) => {
            Role::Answers(Some(TurnKind::TimeTravel))
        }
        (_, Some(event)) => Role::AnswersEvent(event.to_owned()),
        // `push_state()` in the middle of a handler.
        (_, None) => Role::Beside,
    }
}

fn name_of(frame: &ServerFrame) -> Option<String> {
    match frame {
        ServerFrame::Patch(body) => body.event_name.clone(),
        ServerFrame::HtmlUpdate(body) => body.event_name.clone(),
        ServerFrame::Noop(body) => body.event_name.clone(),
        ServerFrame::EmbeddedUpdate(body) => body.event_name.clone(),
        ServerFrame::PushEvent(body) => Some(body.event.clone()),
        ServerFrame::TimeTravelEvent(body) => Some(body.entry.event_name.clone()),
        other => Some(other.kind().to_owned()),
    }
}

/// What a frame says of the turn that it belongs to.
fn apply(live: &mut LiveTurn, frame: &ServerFrame, t_us: Micros) {
    let turn = &mut live.turn;
    live.last_frame_us = Some(t_us);
    turn.duration_us = Some(u64::try_from(t_us - turn.t_us).unwrap_or(0));
    if let Some(version) = frame.version() {
        live.versions.push(version);
        turn.version = Some(version);
    }
    let outcome = match frame {
        ServerFrame::Mount(_) | ServerFrame::MountBatch(_) => Outcome::Mounted,
        ServerFrame::Patch(body) => {
            let count = u32::try_from(body.patches.len()).unwrap_or(u32::MAX);
            turn.patches = Some(turn.patches.unwrap_or(0).saturating_add(count));
            if turn.patches == Some(0) {
                Outcome::EmptyPatch
            } else {
                Outcome::Patched
            }
        }
        ServerFrame::ChildUpdate(body) | ServerFrame::StickyUpdate(body) => {
            let count = u32::try_from(body.patches.len()).unwrap_or(u32::MAX);
            turn.patches = Some(turn.patches.unwrap_or(0).saturating_add(count));
            Outcome::Patched
        }
        ServerFrame::HtmlUpdate(_) | ServerFrame::EmbeddedUpdate(_) | ServerFrame::Reload(_) => {
            Outcome::FullHtml
        }
        ServerFrame::HtmlRecovery(_) => Outcome::Recovered,
        ServerFrame::Noop(_) => Outcome::Noop,
        ServerFrame::Error(body) => {
            turn.error = Some(body.error.clone());
            if turn.event.is_none() {
                turn.event.clone_from(&body.event);
            }
            Outcome::Error
        }
        ServerFrame::RateLimitExceeded(body) => {
            turn.error = Some(body.message.clone());
            Outcome::Error
        }
        ServerFrame::UploadProgress(body) => {
            turn.error.clone_from(&body.error);
            if body.status == "error" {
                Outcome::Error
            } else {
                Outcome::Done
            }
        }
        ServerFrame::Navigate(_) => Outcome::Redirected,
        ServerFrame::Navigation(body) if body.action == "live_redirect" => Outcome::Redirected,
        _ => Outcome::Done,
    };
    if weight(outcome) >= weight(turn.outcome) {
        turn.outcome = outcome;
    }
}

/// Which of several outcomes a turn is known by.
const fn weight(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Unanswered => 0,
        Outcome::Done | Outcome::Silent => 1,
        Outcome::Noop => 2,
        Outcome::EmptyPatch => 3,
        Outcome::Redirected => 4,
        Outcome::Patched => 5,
        Outcome::FullHtml => 6,
        Outcome::Recovered | Outcome::Mounted => 7,
        Outcome::Error => 8,
    }
}
