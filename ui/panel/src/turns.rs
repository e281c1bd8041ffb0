//! The list of turns: the spine of the panel.

use djscope_hub::model::{Outcome, TurnRow};
use djscope_hub::{RecordingState, Status};
use egui::{Rect, Role, Ui, pos2};

use crate::choices::Choices;
use crate::empty;
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::rows::Rows;
use crate::store::{Position, Store};
use crate::theme::Theme;
use crate::widgets;
use djscope_report::{units, words};

/// Width of a digit of the data face, rounded up.
const DIGIT: f32 = 7.3;

/// Room for the scroll bar.
const RIGHT: f32 = 18.0;

/// Where the cells of a row are, left to right.
struct Columns {
    number: Rect,
    time: Rect,
    glyph: Rect,
    cause: Rect,
    keys: Rect,
    patches: Rect,
    length: Rect,
}

impl Columns {
    /// `digits` is how many characters the largest number has.
    fn of(rect: Rect, digits: usize) -> Self {
        let is_narrow = rect.width() < 440.0;
        let number_width = (digits as f32 * DIGIT).max(if is_narrow { 30.0 } else { 48.0 });
        let number = paint::column(rect, rect.left() + 8.0, number_width);
        let time = paint::column(rect, number.right() + 8.0, if is_narrow { 52.0 } else { 60.0 });
        let glyph = paint::column(rect, time.right() + 10.0, 16.0);
        let length = paint::column(rect, rect.right() - RIGHT - 50.0, 50.0);
        let patches = paint::column(rect, length.left() - 8.0 - 32.0, 32.0);
        let left = glyph.right() + 4.0;
        let room = patches.left() - 8.0 - left;
        // Without room for both, the cause is what tells turns apart.
        let share = if is_narrow { 0.34 } else { 0.4 };
        let keys_width = if room < 120.0 {
            0.0
        } else {
            (room * share).clamp(40.0, 220.0)
        };
        let keys = paint::column(rect, patches.left() - 8.0 - keys_width, keys_width);
        let cause = paint::column(rect, left, keys.left() - 8.0 - left);
        Self {
            number,
            time,
            glyph,
            cause,
            keys,
            patches,
            length,
        }
    }
}

/// Draws the list.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &mut Store, choices: &mut Choices) {
    filter_error(ui, theme, store);
    let head = widgets::head(ui, theme);
    let turns = store.status().map_or(0, |status| status.turns).max(store.total());
    let digits = units::count(turns).chars().count();
    head_words(ui, theme, head, digits);
    if empty::turns(ui, theme, store, choices) {
        return;
    }
    let total = usize::try_from(store.total()).unwrap_or(usize::MAX);
    let reveal = match choices.position {
        Some(Position::At(row) | Position::Missing(row)) if std::mem::take(&mut choices.reveal_turn) => {
            usize::try_from(row).ok()
        }
        _ => None,
    };
    let mut clicked = None;
    let shared: &Store = store;
    let visible = Rows::new("turns", total, theme.metrics.row)
        .reveal(reveal)
        .show(ui, |ui, index, rect| {
            let position = index as u64;
            match shared.row(position) {
                Some(row) => {
                    if turn(ui, theme, row, rect, digits, choices.turn == Some(row.turn)) {
                        clicked = Some((row.turn, position));
                    }
                }
                None => waiting(ui, theme, rect, digits, position),
            }
        });
    choices.visible_rows = visible.len() as u64;
    store.want_rows(visible.start as u64, visible.end as u64);
    if let Some((turn, position)) = clicked {
        choices.select(turn, Some(position));
    }
}

fn filter_error(ui: &mut Ui, theme: &Theme, store: &Store) {
    if let Some(error) = store.filter_error() {
        widgets::strip(
            ui,
            theme,
            Glyph::Triangle,
            theme.colors.outcome.error,
            error,
            "No turn is shown until the filter is understood",
        );
    }
}

fn head_words(ui: &Ui, theme: &Theme, rect: Rect, digits: usize) {
    let columns = Columns::of(rect, digits);
    let font = theme.small();
    let color = theme.colors.text[2];
    for (cell, word, is_number) in [
        (columns.number, "#", true),
        (columns.time, "t", true),
        (columns.cause, "cause", false),
        (columns.keys, "keys", false),
        (columns.patches, "Δ", true),
        (columns.length, "ms", true),
    ] {
        let put = if is_number { paint::right } else { paint::left };
        if cell.width() > 0.0 {
            put(ui.painter(), cell, word, &font, color);
        }
    }
}

fn waiting(ui: &Ui, theme: &Theme, rect: Rect, digits: usize, position: u64) {
    let columns = Columns::of(rect, digits);
    paint::right(
        ui.painter(),
        columns.number,
        &units::count(position + 1),
        &theme.data(),
        theme.colors.text[2],
    );
    paint::left(
        ui.painter(),
        columns.cause,
        "…",
        &theme.data(),
        theme.colors.text[2],
    );
}

/// One row; true if it was clicked.
fn turn(ui: &Ui, theme: &Theme, row: &TurnRow, rect: Rect, digits: usize, is_selected: bool) -> bool {
    let label = spoken(row);
    let id = ui.scope_id().with(("turn", row.turn));
    let response = widgets::row(ui, theme, rect, id, Role::ListBoxOption, is_selected, &label);
    let columns = Columns::of(rect, digits);
    let painter = ui.painter();
    let colors = &theme.colors;
    let data = theme.data();
    paint::right(
        painter,
        columns.number,
        &units::count(row.turn),
        &data,
        colors.text[2],
    );
    paint::right(
        painter,
        columns.time,
        &format!("{} s", units::seconds(row.t_us)),
        &data,
        colors.text[1],
    );
    let (glyph, color) = glyphs::of_turn(theme, row.kind, row.outcome);
    glyphs::draw(painter, glyph, columns.glyph.center(), color);
    let mut cause = columns.cause;
    if row.findings > 0 {
        let place = pos2(cause.right() - 6.0, cause.center().y - 0.5);
        glyphs::draw(painter, Glyph::Triangle, place, colors.outcome.warning);
        cause.max.x -= 16.0;
    }
    let quiet = matches!(row.outcome, Outcome::Noop | Outcome::Silent | Outcome::Unanswered);
    let ink = if quiet && !is_selected {
        colors.text[1]
    } else {
        colors.text[0]
    };
    paint::left(painter, cause, &row.cause, &data, ink);
    let (keys, ink) = match (row.changed.as_deref(), row.likely_changed.as_deref()) {
        (None, Some(names)) if !names.is_empty() => (likely(names).join(" "), colors.text[2]),
        (Some([]) | None, _) => ("–".to_owned(), colors.text[2]),
        (Some(names), _) => (names.join(" "), colors.text[1]),
    };
    if columns.keys.width() > 0.0 {
        paint::left(painter, columns.keys, &keys, &data, ink);
    }
    patches(ui, theme, row, columns.patches);
    let length = row.duration_us.map_or_else(|| "–".to_owned(), units::millis);
    paint::right(painter, columns.length, &length, &data, colors.text[1]);
    response.clone().on_hover_ui(|ui| tooltip(ui, theme, row));
    response.clicked()
}

/// Names that changed as far as djust itself showed it.
fn likely(names: &[String]) -> Vec<String> {
    let mark = djscope_report::turn::LIKELY;
    names.iter().map(|name| format!("{mark}{name}")).collect()
}

fn patches(ui: &Ui, theme: &Theme, row: &TurnRow, rect: Rect) {
    let colors = &theme.colors;
    if row.outcome == Outcome::Error {
        glyphs::draw(
            ui.painter(),
            Glyph::Cross,
            pos2(rect.right() - 4.0, rect.center().y - 0.5),
            colors.outcome.error,
        );
        return;
    }
    let (text, color) = match row.patches {
        Some(0) => ("0".to_owned(), colors.text[2]),
        Some(count) => (units::count(count.into()), colors.text[0]),
        None if row.outcome == Outcome::FullHtml => ("html".to_owned(), colors.outcome.warning),
        None => ("–".to_owned(), colors.text[2]),
    };
    paint::right(ui.painter(), rect, &text, &theme.data(), color);
}

fn spoken(row: &TurnRow) -> String {
    let keys = match (row.changed.as_deref(), row.likely_changed.as_deref()) {
        (None, None) => "keys unknown".to_owned(),
        (Some([]), _) => "no key changed".to_owned(),
        (Some(names), _) => format!("changed {}", names.join(", ")),
        (None, Some([])) => "likely no key changed".to_owned(),
        (None, Some(names)) => format!("likely changed {}", names.join(", ")),
    };
    let patches = row
        .patches
        .map(|count| format!(", {}", units::counted(count.into(), "patch", "patches")));
    let length = row.duration_us.map(|micros| format!(", {}", units::ms(micros)));
    format!(
        "Turn {} at {} s: {} {}, {}, {keys}{}{}",
        row.turn,
        units::seconds(row.t_us),
        words::kind(row.kind),
        row.cause,
        words::outcome(row.outcome),
        patches.unwrap_or_default(),
        length.unwrap_or_default()
    )
}

fn tooltip(ui: &mut Ui, theme: &Theme, row: &TurnRow) {
    let colors = &theme.colors;
    ui.label(
        egui::RichText::new(&row.cause)
            .font(theme.strong_data())
            .color(colors.text[0]),
    );
    let mut lines = vec![
        format!("{} · {}", words::kind(row.kind), words::outcome(row.outcome)),
        units::exact(row.t_us),
    ];
    lines.extend(row.view.clone());
    if let Some(changed) = row.changed.as_deref().filter(|changed| !changed.is_empty()) {
        lines.push(format!("changed {}", changed.join(", ")));
    } else if let (None, Some(likely)) = (&row.changed, &row.likely_changed)
        && !likely.is_empty()
    {
        lines.push(format!("likely changed {}", likely.join(", ")));
    }
    lines.push(units::counted(row.queries.into(), "query", "queries"));
    if row.findings > 0 {
        lines.push(units::counted(row.findings.into(), "finding", "findings"));
    }
    for line in lines {
        ui.label(egui::RichText::new(line).color(colors.text[1]));
    }
    if let Some(error) = row.damage.as_ref().or(row.error.as_ref()) {
        ui.label(egui::RichText::new(error).color(colors.outcome.error));
    }
}

/// True if there can be more turns.
pub const fn can_grow(status: &Status) -> bool {
    !matches!(status.recording, RecordingState::Saved)
}
