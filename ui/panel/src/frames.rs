//! The tab Frames: what travelled, both ways.

use djscope_hub::model::{Direction, FrameId, Opcode};
use djscope_hub::{FrameRow, TurnSummary};
use egui::{Rect, Role, Ui, pos2, vec2};

use crate::choices::FrameChoices;
use crate::glyphs::{self, Glyph};
use crate::json::{Document, Made};
use crate::paint;
use crate::rows::Rows;
use crate::store::Store;
use crate::theme::Theme;
use crate::widgets;
use crate::{empty, split};
use djscope_report::units;

/// Draws it.
pub fn ui(
    ui: &mut Ui,
    theme: &Theme,
    store: &Store,
    summary: &TurnSummary,
    choices: &mut FrameChoices,
    made: &mut Made<(u64, FrameId, bool, usize)>,
) {
    let frames = store.frames();
    if frames.total() == 0 {
        let text = summary.http.as_ref().map_or_else(
            || "This turn sent nothing over the socket".to_owned(),
            |http| format!("It went over plain HTTP: {http}"),
        );
        return empty::message(ui, theme, "No frames", &text);
    }
    let Some(first) = frames.rows().first() else {
        return store.want_frames();
    };
    let is_known = |wanted| frames.rows().iter().any(|frame| frame.frame == wanted);
    let selected = choices
        .selected
        .filter(|wanted| is_known(*wanted))
        .unwrap_or(first.frame);
    choices.selected = Some(selected);
    let share = split::share(frames.total(), theme);
    split::show(
        ui,
        theme,
        "frames",
        share,
        |ui| {
            head_words(ui, theme);
            let mut clicked = selected;
            Rows::new("frames", frames.total(), theme.metrics.row).show(ui, |ui, index, rect| {
                let Some(frame) = frames.rows().get(index) else {
                    return store.want_frames();
                };
                if row(ui, theme, summary, frame, rect, frame.frame == selected) {
                    clicked = frame.frame;
                }
            });
            clicked
        },
        |ui, selected| {
            choices.selected = Some(selected);
            if let Some(frame) = frames.rows().iter().find(|frame| frame.frame == selected) {
                payload(ui, theme, store, frame, choices, made);
            }
        },
    );
}

/// Direction, time, kind, size, notes.
fn columns(rect: Rect) -> [Rect; 5] {
    let inner = rect.with_min_x(rect.left() + 8.0).with_max_x(rect.right() - 18.0);
    let direction = paint::column(inner, inner.left() + 4.0, 84.0);
    let time = paint::column(inner, direction.right() + 4.0, 78.0);
    let kind_left = time.right() + 16.0;
    let size = paint::column(inner, inner.right() - 76.0, 76.0);
    let rest = (size.left() - 8.0 - kind_left).max(0.0);
    let kind = paint::column(inner, kind_left, rest * 0.6);
    let notes = paint::column(inner, kind.right() + 8.0, rest * 0.4 - 8.0);
    [direction, time, kind, size, notes]
}

fn head_words(ui: &mut Ui, theme: &Theme) {
    let rect = widgets::head(ui, theme);
    let [direction, time, kind, size, _] = columns(rect);
    let (font, color) = (theme.small(), theme.colors.text[2]);
    paint::left(ui.painter(), direction, "to", &font, color);
    paint::right(ui.painter(), time, "ms", &font, color);
    paint::left(ui.painter(), kind, "type", &font, color);
    paint::right(ui.painter(), size, "size", &font, color);
}

const fn opcode_word(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::Text => "text",
        Opcode::Binary => "binary",
        Opcode::Ping => "ping",
        Opcode::Pong => "pong",
        Opcode::Close => "close",
    }
}

fn notes(frame: &FrameRow) -> String {
    let mut notes = Vec::new();
    if !frame.redacted.is_empty() {
        notes.push(format!("{} redacted", frame.redacted.len()));
    }
    if frame.cut {
        notes.push("cut".to_owned());
    }
    notes.join(", ")
}

fn row(
    ui: &Ui,
    theme: &Theme,
    summary: &TurnSummary,
    frame: &FrameRow,
    rect: Rect,
    is_selected: bool,
) -> bool {
    let kind = if frame.kind.is_empty() {
        opcode_word(frame.opcode)
    } else {
        &frame.kind
    };
    let (glyph, word) = match frame.direction {
        Direction::ToServer => (Glyph::ArrowUp, "server"),
        Direction::ToBrowser => (Glyph::ArrowDown, "browser"),
    };
    let label = format!(
        "Frame {} to {word}: {kind}, {}",
        frame.frame,
        units::size(frame.length)
    );
    let id = ui.scope_id().with(("frame", frame.frame));
    let response = widgets::row(ui, theme, rect, id, Role::ListBoxOption, is_selected, &label);
    let [direction, time, kind_cell, size, notes_cell] = columns(rect);
    let colors = &theme.colors;
    let data = theme.data();
    let color = if frame.direction == Direction::ToServer {
        colors.outcome.info
    } else {
        colors.outcome.ok
    };
    glyphs::draw(
        ui.painter(),
        glyph,
        pos2(direction.left() + 5.0, direction.center().y - 0.5),
        color,
    );
    paint::left(
        ui.painter(),
        paint::from_left(direction, 16.0),
        word,
        &data,
        colors.text[1],
    );
    let since = (frame.t_us - summary.turn.t_us).max(0).unsigned_abs();
    paint::right(
        ui.painter(),
        time,
        &format!("+{}", units::millis(since)),
        &data,
        colors.text[1],
    );
    paint::left(ui.painter(), kind_cell, kind, &data, colors.text[0]);
    paint::right(
        ui.painter(),
        size,
        &units::size(frame.length),
        &data,
        colors.text[1],
    );
    paint::right(
        ui.painter(),
        notes_cell,
        &notes(frame),
        &theme.small(),
        colors.outcome.notice,
    );
    let clicked = response.clicked();
    response.on_hover_text(units::exact(frame.t_us));
    clicked
}

fn payload(
    ui: &mut Ui,
    theme: &Theme,
    store: &Store,
    frame: &FrameRow,
    choices: &mut FrameChoices,
    made: &mut Made<(u64, FrameId, bool, usize)>,
) {
    let Some(text) = store.payload(frame.frame) else {
        return;
    };
    let colors = &theme.colors;
    let digit = paint::width(ui.painter(), "0", &theme.data());
    let columns = (((ui.available_width() - 70.0) / digit) as usize).max(20);
    let key = (
        store.turn_revision(),
        frame.frame,
        choices.is_raw,
        if choices.is_raw { columns } else { 0 },
    );
    let document = made.of(key, || {
        let json = if choices.is_raw {
            None
        } else {
            Document::of_json(text)
        };
        json.unwrap_or_else(|| Document::of_text(text, columns))
    });
    let head = widgets::head(ui, theme).shrink2(vec2(12.0, 0.0));
    let right = split::copy(ui, theme, head, document.text());
    let (toggle, left) = widgets::toggle(
        ui,
        theme,
        head.with_max_x(right - 8.0),
        "Raw",
        "As it travelled",
        choices.is_raw,
    );
    if toggle.clicked() {
        choices.is_raw = !choices.is_raw;
    }
    let lines = units::counted(document.lines() as u64, "line", "lines");
    let title = format!(
        "frame {} on connection {}, {lines}",
        frame.frame, frame.connection
    );
    paint::left(ui.painter(), left, &title, &theme.small(), colors.text[2]);
    for (is_shown, glyph, text) in [
        (
            !frame.redacted.is_empty(),
            Glyph::Lock,
            format!("Redacted before it was written: {}", frame.redacted.join("  ")),
        ),
        (
            frame.cut,
            Glyph::Triangle,
            format!(
                "Cut: only the beginning of {} was kept",
                units::size(frame.length)
            ),
        ),
        (
            frame.opcode == Opcode::Binary,
            Glyph::Circle,
            "Binary, shown as base64".to_owned(),
        ),
    ] {
        if is_shown {
            note(ui, theme, glyph, &text);
        }
    }
    document.show(ui, theme, "payload");
}

fn note(ui: &mut Ui, theme: &Theme, glyph: Glyph, text: &str) {
    let size = vec2(ui.available_width(), theme.metrics.row);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Label, true, text));
    let color = theme.colors.outcome.notice;
    ui.painter().rect_filled(rect, 0, theme.wash(color));
    glyphs::draw(
        ui.painter(),
        glyph,
        pos2(rect.left() + 17.0, rect.center().y - 1.0),
        color,
    );
    let room = rect
        .with_min_x(rect.left() + 30.0)
        .with_max_x(rect.right() - 12.0);
    paint::left(ui.painter(), room, text, &theme.small(), theme.colors.text[0]);
    response.on_hover_text(text);
}
