//! The whole recording in one strip: what came of its turns, how much SQL, where findings are.

use djscope_hub::model::OverviewColumn;
use egui::{Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::choices::Choices;
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::store::Store;
use crate::theme::Theme;
use djscope_report::units;

/// Width of a column, with its gap.
const COLUMN: f32 = 4.0;

/// Room for the length of the recording.
const LABEL: f32 = 56.0;

/// Height of the strip for SQL.
const SQL: f32 = 8.0;

/// Draws it.
pub fn ui(ui: &Ui, theme: &Theme, store: &mut Store, choices: &mut Choices) {
    let whole = ui.max_rect().shrink2(vec2(theme.metrics.space[3], 6.0));
    let rect = whole.with_max_x(whole.right() - LABEL);
    let count = (rect.width() / COLUMN).floor().max(1.0) as u32;
    let now = ui.input(|input| input.time);
    if let Some(wait) = store.want_overview(count, now) {
        ui.ctx().request_repaint_after_secs(wait as f32);
    }
    let response = ui.interact(rect, ui.scope_id().with("overview"), Sense::click_and_drag());
    response.widget_info(|| WidgetInfo::labeled(Role::Slider, true, "Overview of the recording"));
    let overview = store.overview();
    if overview.columns.is_empty() {
        return;
    }
    let width = rect.width() / overview.columns.len() as f32;
    bars(ui, theme, rect, width, &overview.columns);
    if overview.columns.iter().any(|column| column.first_turn.is_some()) {
        axis(ui, theme, rect, overview.span_us);
    }
    cursor(ui, theme, store, choices, rect);
    // While the cursor is dragged, the pointer may leave the strip.
    let Some(pointer) = response.interact_pointer_pos().or(response.hover_pos()) else {
        return;
    };
    let index = (((pointer.x - rect.left()) / width).max(0.0) as usize).min(overview.columns.len() - 1);
    let x = rect.left() + index as f32 * width;
    ui.painter().rect_filled(
        paint::column(rect, x, width),
        0,
        theme.colors.text[0].gamma_multiply(0.10),
    );
    if (response.clicked() || response.dragged())
        && let Some(turn) = nearest(&overview.columns, index)
    {
        if choices.turn != Some(turn) {
            choices.select(turn, None);
        }
        return;
    }
    let from = overview.span_us * index as i64 / overview.columns.len() as i64;
    let text = description(&overview.columns[index], from);
    response.on_hover_text_at_pointer(text);
}

/// The first turn of a column, or of the nearest one that has any.
fn nearest(columns: &[OverviewColumn], index: usize) -> Option<u64> {
    let with_turns = columns
        .iter()
        .enumerate()
        .filter_map(|(at, column)| Some((at.abs_diff(index), column.first_turn?)));
    with_turns.min().map(|(_, turn)| turn)
}

fn description(column: &OverviewColumn, from_us: i64) -> String {
    let turns = column.ok + column.quiet + column.warning + column.error;
    let mut text = format!(
        "{} s · {}",
        units::seconds(from_us),
        units::counted(turns.into(), "turn", "turns")
    );
    for (count, word) in [
        (column.error, "with an error"),
        (column.warning, "with full HTML"),
        (column.quiet, "quiet"),
    ] {
        if count > 0 {
            text.push_str(&format!("\n{count} {word}"));
        }
    }
    if column.queries > 0 {
        text.push_str(&format!(
            "\n{}",
            units::counted(column.queries.into(), "query", "queries")
        ));
    }
    if column.findings > 0 {
        text.push_str(&format!(
            "\n{}",
            units::counted(column.findings.into(), "finding", "findings")
        ));
    }
    text
}

fn bars(ui: &Ui, theme: &Theme, rect: Rect, width: f32, columns: &[OverviewColumn]) {
    let colors = &theme.colors.outcome;
    let stacks = |column: &OverviewColumn| {
        [
            (column.ok, colors.ok),
            (column.quiet, colors.muted),
            (column.warning, colors.warning),
            (column.error, colors.error),
        ]
    };
    let most = columns
        .iter()
        .map(|column| stacks(column).iter().map(|(count, _)| *count).sum::<u32>())
        .max();
    let most = most.unwrap_or(0).max(2) as f32;
    let most_queries = columns
        .iter()
        .map(|column| column.queries)
        .max()
        .unwrap_or(0)
        .max(1) as f32;
    let floor = rect.bottom() - SQL - 3.0;
    let room = floor - rect.top() - 8.0;
    for (index, column) in columns.iter().enumerate() {
        let x = (rect.left() + index as f32 * width).round();
        let bar = (width - 1.0).max(1.0).round();
        let mut bottom = floor;
        for (count, color) in stacks(column) {
            if count > 0 {
                let height = (room * count as f32 / most).max(2.0).round();
                ui.painter().rect_filled(
                    Rect::from_min_size(pos2(x, bottom - height), vec2(bar, height)),
                    0,
                    color,
                );
                bottom -= height;
            }
        }
        if column.queries > 0 {
            let share = (column.queries as f32 / most_queries).sqrt();
            let height = (SQL * share).max(2.0).round();
            let rect = Rect::from_min_size(pos2(x, rect.bottom() - height), vec2(bar, height));
            ui.painter().rect_filled(rect, 0, theme.colors.span.sql);
        }
        if column.findings > 0 {
            glyphs::draw(
                ui.painter(),
                Glyph::Triangle,
                pos2(x + bar / 2.0, rect.top() + 2.0),
                colors.warning,
            );
        }
    }
}

fn axis(ui: &Ui, theme: &Theme, rect: Rect, span_us: i64) {
    let y = rect.bottom() - SQL - 2.5;
    ui.painter()
        .hline(rect.x_range(), y, Stroke::new(1.0, theme.colors.line[0]));
    let end = format!("{} s", units::seconds(span_us));
    let place = Rect::from_min_max(pos2(rect.right(), y - 9.0), pos2(rect.right() + LABEL, y + 9.0));
    paint::right(
        ui.painter(),
        place,
        &end,
        &theme.small_data(),
        theme.colors.text[2],
    );
}

/// A line at the selected turn.
fn cursor(ui: &Ui, theme: &Theme, store: &Store, choices: &Choices, rect: Rect) {
    let Some(detail) = store
        .turn()
        .filter(|detail| Some(detail.turn.turn) == choices.turn)
    else {
        return;
    };
    let share = detail.turn.t_us.max(0) as f32 / store.overview().span_us.max(1) as f32;
    let x = (rect.left() + rect.width() * share.min(1.0)).round() + 0.5;
    let color = theme.colors.focus;
    ui.painter()
        .vline(x, rect.y_range().expand(4.0), Stroke::new(1.0, color));
    ui.painter().rect_filled(
        Rect::from_center_size(pos2(x, rect.top() - 3.0), vec2(7.0, 4.0)),
        1,
        color,
    );
}
