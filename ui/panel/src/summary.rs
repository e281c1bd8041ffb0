//! The tab Summary: the verdict, the cause chain, the traceback, and what was not seen.

use djscope_hub::TurnSummary;
use djscope_hub::chain::{Line, Link, LinkState};
use djscope_hub::model::{ChangeKind, Exception, Finding, Outcome, Place, Scope, Severity};
use djscope_hub::parts::path_of;
use djscope_report::path;
use egui::{
    Color32, CursorIcon, Rect, RichText, Role, ScrollArea, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2,
};

use crate::choices::Choices;
use crate::commands::Tab;
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::store::Store;
use crate::theme::Theme;
use crate::{empty, widgets};
use djscope_report::units;

const LINE: f32 = 20.0;
const RAIL: f32 = 20.0;
const NAME: f32 = 36.0;
const TITLE: f32 = 104.0;
const TIME: f32 = 72.0;
const BAR: f32 = 64.0;

/// Room for the scroll bar.
const RIGHT: f32 = 18.0;

/// Draws it.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &Store, summary: &TurnSummary, choices: &mut Choices) {
    ScrollArea::vertical()
        .id_salt("summary")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if let Some(first) = summary.findings.first() {
                ui.add_space(10.0);
                finding(ui, theme, first);
            } else if let Some(verdict) = &summary.verdict {
                let (glyph, color) = glyphs::of_turn(theme, summary.turn.kind, summary.turn.outcome);
                let has_raised = summary.turn.exception.is_some();
                let (glyph, color) = if has_raised {
                    (Glyph::Triangle, theme.colors.outcome.error)
                } else {
                    (glyph, color)
                };
                widgets::margin(ui, |ui| {
                    ui.add_space(10.0);
                    widgets::strip(ui, theme, glyph, color, &verdict.headline, &verdict.text);
                });
            }
            ui.add_space(8.0);
            links(ui, theme, summary, choices);
            if let [_, others @ ..] = summary.findings.as_slice()
                && !others.is_empty()
            {
                widgets::section(ui, theme, "Also");
                for found in others {
                    finding(ui, theme, found);
                }
            }
            if let Some(exception) = &summary.turn.exception {
                traceback(ui, theme, exception);
            }
            if !summary.turn.missing.is_empty() {
                widgets::section(ui, theme, "Not seen");
                for sentence in &summary.turn.missing {
                    widgets::margin(ui, |ui| {
                        ui.label(RichText::new(sentence).color(theme.colors.text[1]))
                    });
                }
            }
            if !summary.left_out.is_empty() {
                widgets::section(ui, theme, "Left out");
                for sentence in &summary.left_out {
                    widgets::margin(ui, |ui| {
                        ui.label(RichText::new(sentence).color(theme.colors.outcome.error))
                    });
                }
            }
            if !summary.was_probed {
                let missing = match summary.state_source {
                    Some(_) => "private state, handler or SQL",
                    None => "state, handler or SQL",
                };
                empty::no_probe(ui, theme, store, missing);
            }
            ui.add_space(16.0);
        });
}

/// What a rule has found: what is wrong, what to do, and how sure that is.
fn finding(ui: &mut Ui, theme: &Theme, finding: &Finding) {
    let (glyph, color) = match finding.severity {
        Severity::Error => (Glyph::Triangle, theme.colors.outcome.error),
        Severity::Warning => (Glyph::Triangle, theme.colors.outcome.warning),
        Severity::Information => (Glyph::Circle, theme.colors.outcome.info),
    };
    let place = finding.place.as_ref().map(|place| match place {
        Place::Code { file, line, .. } => units::place(file, line.map(u64::from)),
        Place::Template { template, .. } => template.clone(),
    });
    // What to do often names the place already.
    let place = place.filter(|place| !finding.fix.contains(place.as_str()));
    let sureness = if finding.certain { "certain" } else { "likely" };
    let facts = [
        Some(finding.fix.clone()),
        place,
        Some(format!("{}, {sureness}", finding.code.name())),
    ];
    let text = facts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    widgets::margin(ui, |ui| {
        widgets::strip(ui, theme, glyph, color, &finding.message, &text)
    });
}

fn links(ui: &mut Ui, theme: &Theme, summary: &TurnSummary, choices: &mut Choices) {
    let links = &summary.chain;
    let has_failed = summary.turn.outcome == Outcome::Error || summary.turn.exception.is_some();
    let total_us = summary
        .turn
        .duration_us
        .unwrap_or_else(|| links.iter().filter_map(|link| link.us).sum());
    let mut above = None;
    for link in links {
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 26.0), Sense::hover());
        let time = link
            .us
            .map(|us| format!(", {}", units::ms(us)))
            .unwrap_or_default();
        let is_broken = if link.state == LinkState::Broken {
            ", broken"
        } else {
            ""
        };
        response.widget_info(|| {
            let note = if link.note.is_empty() {
                String::new()
            } else {
                format!(", {}", link.note)
            };
            WidgetInfo::labeled(
                Role::ListItem,
                true,
                format!("{}: {}{note}{time}{is_broken}", link.name, link.title),
            )
        });
        rail(ui, theme, rect, link.state, has_failed, above);
        head(ui, theme, rect, link, total_us, has_failed);
        above = Some(rect.center().y);
        for line in &link.lines {
            draw_line(ui, theme, line, choices);
        }
        ui.add_space(6.0);
    }
}

const fn color_of(theme: &Theme, state: LinkState, has_failed: bool) -> Color32 {
    match state {
        LinkState::Broken if !has_failed => theme.colors.outcome.notice,
        LinkState::Ran => theme.colors.outcome.ok,
        LinkState::Costly => theme.colors.outcome.warning,
        LinkState::Broken => theme.colors.outcome.error,
        LinkState::Idle | LinkState::Unknown => theme.colors.text[2],
    }
}

/// The mark of a link, and the line that leads to it from the one above.
fn rail(ui: &Ui, theme: &Theme, rect: Rect, state: LinkState, has_failed: bool, above: Option<f32>) {
    let x = rect.left() + RAIL;
    let y = rect.center().y;
    let painter = ui.painter();
    if let Some(from) = above {
        let points = [pos2(x + 0.5, from + 8.0), pos2(x + 0.5, y - 8.0)];
        match state {
            LinkState::Ran | LinkState::Costly => {
                painter.line_segment(points, Stroke::new(1.5, theme.colors.line[1]));
            }
            LinkState::Broken => {
                let stroke = Stroke::new(1.5, color_of(theme, state, has_failed));
                let middle = f32::midpoint(points[0].y, points[1].y).round();
                painter.line_segment(
                    [points[0], pos2(points[0].x, middle - 3.0)],
                    Stroke::new(1.5, theme.colors.line[1]),
                );
                for gap in [-2.0, 2.0] {
                    painter.line_segment(
                        [
                            pos2(x - 4.0, middle + gap + 2.0),
                            pos2(x + 5.0, middle + gap - 2.0),
                        ],
                        stroke,
                    );
                }
                painter.extend(Shape::dashed_line(
                    &[pos2(points[0].x, middle + 5.0), points[1]],
                    stroke,
                    2.0,
                    3.0,
                ));
            }
            LinkState::Idle | LinkState::Unknown => {
                let stroke = Stroke::new(1.0, theme.colors.line[1]);
                painter.extend(Shape::dashed_line(&points, stroke, 2.0, 4.0));
            }
        }
    }
    let glyph = match state {
        LinkState::Ran => Glyph::Disc,
        LinkState::Costly => Glyph::Frame,
        LinkState::Broken => Glyph::Cross,
        LinkState::Idle => Glyph::Dot,
        LinkState::Unknown => Glyph::DottedCircle,
    };
    glyphs::draw(painter, glyph, pos2(x, y), color_of(theme, state, has_failed));
}

/// The link's share of the turn.
fn bar(ui: &Ui, theme: &Theme, rect: Rect, left: f32, link: &Link, total_us: u64) {
    let Some((us, kind)) = link.us.zip(link.kind) else {
        return;
    };
    let share = (us as f32 / total_us.max(1) as f32).clamp(0.0, 1.0);
    let track = Rect::from_min_size(pos2(left.round(), rect.center().y.round() - 3.0), vec2(BAR, 6.0));
    ui.painter().rect_filled(track, 1, theme.colors.surface[2]);
    let filled = track.with_max_x(track.left() + (BAR * share).round().max(1.0));
    ui.painter().rect_filled(filled, 1, theme.span(kind));
}

fn head(ui: &Ui, theme: &Theme, rect: Rect, link: &Link, total_us: u64, has_failed: bool) {
    let colors = &theme.colors;
    let painter = ui.painter();
    paint::left(
        painter,
        paint::from_left(rect, NAME),
        &link.name,
        &theme.small(),
        colors.text[2],
    );
    let end = rect.right() - RIGHT;
    let time = Rect::from_x_y_ranges((end - TIME)..=end, rect.y_range());
    if let Some(us) = link.us {
        paint::right(painter, time, &units::ms(us), &theme.data(), colors.text[1]);
    }
    let mut room = Rect::from_x_y_ranges((rect.left() + TITLE)..=(time.left() - 8.0), rect.y_range());
    if rect.width() > 520.0 {
        room.max.x -= BAR + 8.0;
        bar(ui, theme, rect, time.left() - BAR, link, total_us);
    }
    let ink = match link.state {
        LinkState::Ran => colors.text[0],
        LinkState::Idle | LinkState::Unknown => colors.text[2],
        state => color_of(theme, state, has_failed),
    };
    let font = if matches!(link.state, LinkState::Idle | LinkState::Unknown) {
        theme.data()
    } else {
        theme.strong_data()
    };
    let title = paint::left(painter, room, &link.title, &font, ink);
    let rest = room.with_min_x(title.right() + 12.0);
    if !link.note.is_empty() && rest.width() > 30.0 {
        paint::left(painter, rest, &link.note, &theme.small(), colors.text[2]);
    }
}

fn draw_line(ui: &mut Ui, theme: &Theme, line: &Line, choices: &mut Choices) {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
    let room = Rect::from_x_y_ranges((rect.left() + TITLE)..=(rect.right() - 12.0), rect.y_range());
    let colors = &theme.colors;
    let (text, font) = match line {
        Line::Change {
            scope,
            path,
            kind,
            before,
            after,
        } => {
            let values = (before.as_deref(), after.as_deref());
            if change_line(ui, theme, (rect, room), *scope, path, *kind, values) {
                choices.tab = Tab::State;
                choices.state.reveal = Some(path_of(path));
            }
            return;
        }
        Line::Data(text) => (text, theme.data()),
        Line::Words(text) => (text, theme.words()),
    };
    widgets::plain_row(
        ui,
        room,
        ui.scope_id().with(("line", rect.top() as i32)),
        Role::Paragraph,
        text,
    );
    paint::left(ui.painter(), room, text, &font, colors.text[1]);
}

/// A change, old and new; true if it was clicked.
fn change_line(
    ui: &Ui,
    theme: &Theme,
    (row, room): (Rect, Rect),
    scope: Scope,
    parts: &[String],
    kind: ChangeKind,
    (before, after): (Option<&str>, Option<&str>),
) -> bool {
    let colors = &theme.colors;
    let path = path::text(parts);
    let label = format!(
        "{path}: {} → {}",
        before.unwrap_or("absent"),
        after.unwrap_or("absent")
    );
    let hover = row.with_min_x(room.left() - 22.0).with_max_x(row.right() - 4.0);
    let response = ui.interact(hover, ui.scope_id().with(("change", &path)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, &label));
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(hover, theme.metrics.radius, colors.surface[2]);
    }
    let place = pos2(room.left() - 12.0, room.center().y - 0.5);
    glyphs::draw(ui.painter(), glyphs::of_change(kind), place, theme.change(kind));
    let data = theme.data();
    let is_private = scope == Scope::Private;
    let room = if is_private {
        glyphs::draw(
            ui.painter(),
            Glyph::Lock,
            pos2(room.left() + 4.0, room.center().y - 1.0),
            colors.text[2],
        );
        paint::from_left(room, 14.0)
    } else {
        room
    };
    let mut pieces = vec![
        (path.as_str(), &data, colors.value.name),
        ("  ", &data, colors.text[2]),
    ];
    if let Some(before) = before {
        pieces.push((before, &data, colors.diff.removed));
    }
    if before.is_some() && after.is_some() {
        pieces.push((" → ", &data, colors.text[2]));
    }
    if let Some(after) = after {
        pieces.push((after, &data, colors.diff.added));
    }
    paint::pieces(ui.painter(), room, &pieces);
    response
        .on_hover_text("Show in State")
        .on_hover_cursor(CursorIcon::PointingHand)
        .clicked()
}

fn traceback(ui: &mut Ui, theme: &Theme, exception: &Exception) {
    let colors = &theme.colors;
    widgets::section(ui, theme, "Traceback, innermost last");
    for (index, frame) in exception.frames.iter().enumerate() {
        let is_dim = units::is_library(&frame.file);
        let place = units::place(&frame.file, Some(frame.line.into()));
        let source = frame.source.as_deref().unwrap_or_default().trim();
        let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), Sense::hover());
        let label = format!("{place} in {}: {source}", frame.function);
        response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &label));
        let is_last = index + 1 == exception.frames.len();
        let ink = match (is_dim, is_last) {
            (true, _) => colors.text[2],
            (false, true) => colors.outcome.error,
            (false, false) => colors.text[0],
        };
        let room = rect.shrink2(vec2(12.0, 0.0));
        let left = room.with_max_x(room.left() + room.width() * 0.45);
        let (data, small) = (theme.data(), theme.small_data());
        let function = format!("  {}", frame.function);
        paint::pieces(
            ui.painter(),
            left,
            &[(&place, &data, ink), (&function, &small, colors.text[2])],
        );
        let ink = if is_dim { colors.text[2] } else { colors.text[0] };
        paint::left(
            ui.painter(),
            room.with_min_x(left.right() + 12.0),
            source,
            &data,
            ink,
        );
        response.on_hover_text(format!("{}:{}", frame.file, frame.line));
    }
    widgets::margin(ui, |ui| {
        ui.add_space(4.0);
        let text = format!("{}: {}", exception.class, exception.message);
        ui.label(RichText::new(text).font(theme.data()).color(colors.outcome.error));
        ui.add_space(6.0);
        if widgets::button(ui, theme, Some(Glyph::Copy), "Copy the traceback").clicked() {
            ui.ctx().copy_text(exception.traceback.clone());
        }
    });
}
