//! The answers to queries, read from the recording; what was read last is kept.

use std::sync::Arc;

use djscope_diagnose::page::{PageAfter, page_after};
use djscope_recording::filter::Filter;
use djscope_recording::model::{FrameId, FrameRecord, TurnId, TurnTexts};

use super::{Desk, rerun};
use crate::api::{
    Answer, Damage, ErrorCode, HubError, PagePiece, PayloadPiece, Query, SourcePiece, StateView, TurnPage,
    TurnSummary,
};
use crate::parts::{self, StateTree};

/// Turns that are kept, because their parts are asked for one after the other.
const KEPT_TURNS: usize = 3;

/// Most views that are named of one moment.
const MAX_VIEWS: usize = 1_000;

/// Most failed patches that are named beside a page.
const MAX_FAILED: usize = 100;

/// What was read last.
#[derive(Default)]
pub(super) struct Kept {
    /// The newest last.
    turns: Vec<(TurnId, Arc<TurnTexts>)>,
    tree: Option<(TurnId, StateView, StateTree)>,
    frame: Option<FrameRecord>,
    page: Option<KeptPage>,
}

struct KeptPage {
    turn: TurnId,
    since: TurnId,
    page: PageAfter,
}

impl Kept {
    /// Forgets what is about turns that were committed again.
    pub fn forget(&mut self, turns: &[TurnId]) {
        let has_changed = |turn: TurnId| turns.contains(&turn);
        self.turns.retain(|(turn, _)| !has_changed(*turn));
        self.tree.take_if(|(turn, _, _)| has_changed(*turn));
        // It is made of the turns before it as well.
        self.page
            .take_if(|kept| turns.iter().any(|turn| *turn <= kept.turn));
    }
}

impl Desk {
    pub(super) fn answer(&mut self, query: &Query) -> Result<Answer, HubError> {
        Ok(match query {
            Query::Status => Answer::Status(Box::new(self.status()?)),
            Query::Turns { filter, from, limit } => {
                let found = self.reader.turns(&parsed(filter)?, *from, *limit)?;
                Answer::Turns(TurnPage {
                    filter: filter.clone(),
                    from: *from,
                    total: found.total,
                    rows: found.rows,
                })
            }
            Query::TurnsAfter { filter, after, limit } => {
                Answer::Rows(self.reader.turns_after(&parsed(filter)?, *after, *limit)?)
            }
            Query::Position { filter, turn } => self.position(&parsed(filter)?, *turn)?,
            Query::Turn { turn } => Answer::Turn(Box::new(self.summary(*turn)?)),
            Query::State {
                turn,
                view,
                from,
                limit,
            } => Answer::State(self.tree(*turn, view)?.page(*from, *limit)),
            Query::Payload { frame, from } => Answer::Payload(PayloadPiece {
                frame: *frame,
                piece: parts::text_piece(&self.frame(*frame)?.payload, *from),
            }),
            Query::Page { turn, from } => Answer::Page(self.page(*turn, *from)?),
            Query::ViewsAt { turn } => {
                let mut views = self.reader.views_at(*turn)?;
                views.truncate(MAX_VIEWS);
                Answer::ViewsAt(views)
            }
            Query::Code { turn } => {
                let texts = self.texts(*turn)?;
                let view = texts.detail.view.as_ref().ok_or_else(|| {
                    HubError::new(
                        ErrorCode::NotFound,
                        format!("no probe reported the code of turn {turn}"),
                    )
                })?;
                Answer::Code(Box::new(parts::code(view)))
            }
            Query::Processes { from } => Answer::Processes(parts::processes(&self.reader.meta()?, *from)),
            Query::Source { hash, from } => Answer::Source(self.source(hash, *from)?),
            Query::WholeTurn { turn } => self.whole_turn(*turn)?,
            Query::Findings {
                turn: Some(turn),
                from,
                limit,
            } => {
                let found = self.reader.findings_of_turn(*turn)?;
                let from = usize::try_from(*from).unwrap_or(usize::MAX);
                Answer::Findings(found.into_iter().skip(from).take(*limit as usize).collect())
            }
            Query::Findings {
                turn: None,
                from,
                limit,
            } => Answer::Findings(self.reader.findings(*from, *limit)?),
            Query::Overview { columns } => {
                let overview = self.reader.overview(*columns)?;
                Answer::Overview {
                    columns: overview.columns,
                    span_us: overview.span_us,
                }
            }
            Query::Http { from, limit } => {
                let page = self.reader.http(*from, *limit)?;
                Answer::Http {
                    from: *from,
                    total: page.total,
                    rows: page.rows,
                }
            }
            Query::Project { place } => Answer::Project(rerun::facts(&self.reader, place)?),
            Query::Damage => {
                let left_out = self.reader.left_out();
                Answer::Damage(Damage {
                    damaged: left_out.damaged,
                    too_much: left_out.too_much,
                    problems: self.reader.problems(),
                })
            }
            Query::Patches { turn, .. }
            | Query::Frames { turn, .. }
            | Query::Spans { turn, .. }
            | Query::Logs { turn, .. }
            | Query::Value { turn, .. }
            | Query::FindInState { turn, .. } => parts::answer(&*self.texts(*turn)?, query)?,
        })
    }

    fn whole_turn(&self, turn: TurnId) -> Result<Answer, HubError> {
        let detail = self.reader.turn(turn)?;
        let left_out = match &detail {
            Some(detail) => detail.left_out.clone(),
            None => self.reader.take_left_out(),
        };
        Ok(Answer::WholeTurn {
            detail: detail.map(Box::new),
            findings: self.reader.findings_of_turn(turn)?,
            left_out,
        })
    }

    fn position(&self, filter: &Filter, turn: TurnId) -> Result<Answer, HubError> {
        let position = self.reader.turn_position(turn, filter)?;
        let next = self.reader.turn_after(turn.saturating_sub(1), filter)?;
        Ok(Answer::Position {
            position,
            matches: next == Some(turn),
        })
    }

    /// A turn with all that belongs to it.
    fn texts(&mut self, turn: TurnId) -> Result<Arc<TurnTexts>, HubError> {
        if let Some((_, texts)) = self.kept.turns.iter().find(|(kept, _)| *kept == turn) {
            return Ok(Arc::clone(texts));
        }
        let Some(texts) = self.reader.turn_with_texts(turn)? else {
            let message = format!("there is no turn {turn} in this recording");
            return Err(HubError::new(ErrorCode::NotFound, message));
        };
        let texts = Arc::new(texts);
        if self.kept.turns.len() >= KEPT_TURNS {
            self.kept.turns.remove(0);
        }
        self.kept.turns.push((turn, Arc::clone(&texts)));
        Ok(texts)
    }

    pub(super) fn summary(&mut self, turn: TurnId) -> Result<TurnSummary, HubError> {
        let texts = self.texts(turn)?;
        let findings = self.reader.findings_of_turn(turn)?;
        Ok(parts::summary(&texts, findings))
    }

    fn tree(&mut self, turn: TurnId, view: &StateView) -> Result<&StateTree, HubError> {
        let is_kept = matches!(&self.kept.tree, Some((kept, of, _)) if *kept == turn && of == view);
        if !is_kept {
            let tree = StateTree::of(self.texts(turn)?, view);
            self.kept.tree = Some((turn, view.clone(), tree));
        }
        self.kept
            .tree
            .as_ref()
            .map(|(_, _, tree)| tree)
            .ok_or_else(|| HubError::new(ErrorCode::NotFound, format!("turn {turn} has no state")))
    }

    fn frame(&mut self, frame: FrameId) -> Result<&FrameRecord, HubError> {
        if self.kept.frame.as_ref().is_none_or(|kept| kept.frame != frame) {
            self.kept.frame = self.reader.frames(frame..=frame, 1)?.pop();
        }
        self.kept.frame.as_ref().ok_or_else(|| {
            HubError::new(
                ErrorCode::NotFound,
                format!("there is no frame {frame} in this recording"),
            )
        })
    }

    fn page(&mut self, turn: TurnId, from: u64) -> Result<PagePiece, HubError> {
        if self.kept.page.as_ref().is_none_or(|kept| kept.turn != turn) {
            let Some(source) = self.reader.dom(turn)? else {
                let message = format!("no page of the view of turn {turn} was recorded before it");
                return Err(HubError::new(ErrorCode::NotFound, message));
            };
            let batches = source
                .batches
                .iter()
                .map(|batch| (batch.frame, &batch.patches[..]));
            let page = page_after(&source.html, batches).map_err(|error| {
                HubError::new(ErrorCode::Unreadable, format!("page of turn {turn}: {error}"))
            })?;
            self.kept.page = Some(KeptPage {
                turn,
                since: source.turn,
                page,
            });
        }
        let missing = || HubError::new(ErrorCode::NotFound, format!("turn {turn} has no page"));
        let kept = self.kept.page.as_ref().ok_or_else(missing)?;
        Ok(PagePiece {
            turn,
            since: kept.since,
            failed: kept.page.failed.iter().take(MAX_FAILED).copied().collect(),
            piece: parts::text_piece(&kept.page.html, from),
        })
    }

    fn source(&self, hash: &str, from: u64) -> Result<SourcePiece, HubError> {
        let Some(source) = self.reader.source(hash)? else {
            let message = format!("the source {hash} is not in this recording");
            return Err(HubError::new(ErrorCode::NotFound, message));
        };
        Ok(SourcePiece {
            piece: parts::text_piece(&source.text, from),
            module: source.module,
            file: source.file,
        })
    }
}

fn parsed(filter: &str) -> Result<Filter, HubError> {
    Filter::parse(filter).map_err(|error| HubError::new(ErrorCode::BadFilter, error.to_string()))
}
