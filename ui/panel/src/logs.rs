//! The tab Logs: what Python logged during the turn.

use std::collections::HashSet;

use djscope_hub::TurnSummary;
use djscope_hub::model::LogRecord;
use egui::{CursorIcon, Rect, Role, Ui, pos2};

use crate::empty;
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::rows::Rows;
use crate::store::Store;
use crate::theme::Theme;
use crate::widgets;
use djscope_report::units;

/// A message that is longer than its column can be opened, as a traceback can.
const LONG: usize = 60;

/// Characters of a line of an opened message.
const WRAP: usize = 100;

enum Row<'a> {
    Record(usize, &'a LogRecord),
    Line(&'a str),
}

/// Draws it.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &Store, summary: &TurnSummary, open: &mut HashSet<usize>) {
    if store.logs().total() == 0 {
        if summary.was_probed {
            empty::message(ui, theme, "Nothing was logged in this turn", "");
        } else {
            empty::no_probe(ui, theme, store, "logs");
        }
        return;
    }
    let mut rows = Vec::new();
    // Where a row stands depends on which of those above it are open.
    store.want_logs();
    for (index, record) in store.logs().rows().iter().enumerate() {
        rows.push(Row::Record(index, record));
        if open.contains(&index) {
            rows.extend(opened(record));
        }
    }
    let head = widgets::head(ui, theme);
    head_words(ui, theme, head);
    let mut clicked = None;
    Rows::new("logs", rows.len(), theme.metrics.row).show(ui, |ui, index, rect| match &rows[index] {
        Row::Record(number, record) => {
            if record_row(ui, theme, summary, record, rect, *number, open.contains(number)) {
                clicked = Some(*number);
            }
        }
        Row::Line(line) => {
            widgets::plain_row(
                ui,
                rect,
                ui.scope_id().with(("traceback", index)),
                Role::Paragraph,
                line,
            );
            ui.painter().rect_filled(rect, 0, theme.colors.surface[0]);
            paint::left(
                ui.painter(),
                rect.with_min_x(rect.left() + 32.0),
                line,
                &theme.data(),
                theme.colors.text[1],
            );
        }
    });
    if let Some(number) = clicked
        && !open.remove(&number)
    {
        open.insert(number);
    }
}

fn is_long(record: &LogRecord) -> bool {
    record.message.len() > LONG || record.message.contains('\n')
}

fn can_open(record: &LogRecord) -> bool {
    record.traceback.is_some() || is_long(record)
}

/// The whole message if it is long, and the traceback.
fn opened(record: &LogRecord) -> Vec<Row<'_>> {
    let message = if is_long(record) {
        record.message.as_str()
    } else {
        ""
    };
    let traceback = record.traceback.as_deref().unwrap_or_default();
    let lines = message
        .lines()
        .flat_map(|line| broken(line, WRAP))
        .chain(traceback.lines());
    lines.map(Row::Line).collect()
}

/// `line` in pieces of so many characters.
fn broken(line: &str, width: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((end, _)) = rest.char_indices().nth(width) {
        let (piece, after) = rest.split_at(end);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// Level, time, logger, message, place.
fn columns(rect: Rect) -> [Rect; 5] {
    let inner = rect
        .with_min_x(rect.left() + 24.0)
        .with_max_x(rect.right() - 18.0);
    let level = paint::column(inner, inner.left(), 78.0);
    let time = paint::column(inner, level.right() + 4.0, 52.0);
    let logger = paint::column(
        inner,
        time.right() + 12.0,
        (inner.width() * 0.16).clamp(60.0, 140.0),
    );
    let place_width = (inner.width() * 0.22).clamp(80.0, 170.0);
    let place = paint::column(inner, inner.right() - place_width, place_width);
    let message = paint::column(
        inner,
        logger.right() + 8.0,
        place.left() - 12.0 - logger.right() - 8.0,
    );
    [level, time, logger, message, place]
}

fn head_words(ui: &Ui, theme: &Theme, rect: Rect) {
    let [level, time, logger, message, place] = columns(rect);
    let (font, color) = (theme.small(), theme.colors.text[2]);
    paint::right(ui.painter(), time, "ms", &font, color);
    for (cell, word) in [(level, "level"), (logger, "logger"), (message, "message")] {
        paint::left(ui.painter(), cell, word, &font, color);
    }
    paint::right(ui.painter(), place, "place", &font, color);
}

fn record_row(
    ui: &Ui,
    theme: &Theme,
    summary: &TurnSummary,
    record: &LogRecord,
    rect: Rect,
    number: usize,
    is_open: bool,
) -> bool {
    let label = format!("{} {}: {}", record.level, record.logger, record.message);
    let id = ui.scope_id().with(("log", number));
    let response = widgets::row(ui, theme, rect, id, Role::ListItem, false, &label);
    let (painter, colors) = (ui.painter(), &theme.colors);
    let [level, time, logger, message, place] = columns(rect);
    let (glyph, color) = glyphs::of_level(theme, &record.level);
    if can_open(record) {
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(is_open));
        let chevron = if is_open {
            Glyph::ChevronDown
        } else {
            Glyph::ChevronRight
        };
        glyphs::draw(
            painter,
            chevron,
            pos2(rect.left() + 13.0, rect.center().y - 0.5),
            colors.text[2],
        );
    }
    glyphs::draw(
        painter,
        glyph,
        pos2(level.left() + 5.0, level.center().y - 0.5),
        color,
    );
    let word = record.level.to_lowercase();
    paint::left(
        painter,
        paint::from_left(level, 16.0),
        &word,
        &theme.data(),
        color,
    );
    let since = (record.t_us - summary.turn.t_us).max(0).unsigned_abs();
    let data = theme.data();
    paint::right(
        painter,
        time,
        &format!("+{}", units::millis(since)),
        &data,
        colors.text[1],
    );
    paint::left(painter, logger, &record.logger, &data, colors.text[2]);
    paint::left(
        painter,
        message,
        &units::one_line(&record.message, 400),
        &data,
        colors.text[0],
    );
    if let Some(file) = &record.file {
        let name = if rect.width() < 560.0 {
            file.rsplit(['/', '\\']).next().unwrap_or(file)
        } else {
            file
        };
        let text = units::place(name, record.line.map(u64::from));
        paint::right(painter, place, &text, &data, colors.text[2]);
    }
    let clicked = response.clicked() && can_open(record);
    let tip = format!("{}\n{}", record.message, units::exact(record.t_us));
    let response = response.on_hover_text(tip);
    if can_open(record) {
        response.on_hover_cursor(CursorIcon::PointingHand);
    }
    clicked
}
