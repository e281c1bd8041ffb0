//! What djust and the engine say otherwise, each beside what was recorded.

use djscope_hub::{RerunDifference, Witness};
use djscope_report::value;
use egui::{Rect, Role, Sense, Ui, WidgetInfo, vec2};

use crate::paint;
use crate::theme::Theme;
use crate::widgets;

/// Rows that are drawn; `djscope rerun --json` has all.
const MAX_ROWS: usize = 200;

/// Bytes of a value in a cell, and in the text over it.
const CELL_BYTES: usize = 200;
const HOVER_BYTES: usize = 4000;

/// A place, and what everybody says of it.
struct Row<'a> {
    path: &'a str,
    recorded: String,
    djust: Option<String>,
    engine: Option<String>,
}

/// Draws the table; nothing if nobody says otherwise.
pub fn ui(ui: &mut Ui, theme: &Theme, differences: &[RerunDifference]) {
    if differences.is_empty() {
        return;
    }
    ui.add_space(theme.metrics.space[3]);
    let head = widgets::head(ui, theme);
    for (cell, word) in columns(head)
        .into_iter()
        .zip(["where", "recorded", "djust", "engine"])
    {
        paint::left(ui.painter(), cell, word, &theme.small(), theme.colors.text[2]);
    }
    for row in rows(differences, CELL_BYTES).iter().take(MAX_ROWS) {
        draw(ui, theme, row, differences);
    }
    if let Some(more) = differences.len().checked_sub(MAX_ROWS + 1) {
        widgets::note(
            ui,
            theme,
            &format!("{} more are in djscope rerun --json", more + 1),
        );
    }
}

/// Differences at the same place stand in one row.
fn rows(differences: &[RerunDifference], bytes: usize) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for difference in differences {
        let recorded = value::repr(&difference.recorded, bytes);
        let got = Some(value::repr(&difference.got, bytes));
        let same = rows
            .iter()
            .position(|row| row.path == difference.path && row.recorded == recorded);
        let at = same.unwrap_or_else(|| {
            rows.push(Row {
                path: &difference.path,
                recorded,
                djust: None,
                engine: None,
            });
            rows.len() - 1
        });
        match difference.witness {
            Witness::Djust => rows[at].djust = got,
            Witness::Engine => rows[at].engine = got,
        }
    }
    rows
}

fn columns(rect: Rect) -> [Rect; 4] {
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let width = (inner.width() / 4.0).floor();
    [0.0, 1.0, 2.0, 3.0].map(|index| paint::column(inner, inner.left() + index * width, width - 8.0))
}

fn draw(ui: &mut Ui, theme: &Theme, row: &Row<'_>, differences: &[RerunDifference]) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme.metrics.row), Sense::hover());
    let cell = |text: &Option<String>| text.clone().unwrap_or_else(|| "the same".to_owned());
    let (djust, engine) = (cell(&row.djust), cell(&row.engine));
    let label = format!(
        "{}: recorded {}, djust {djust}, engine {engine}",
        row.path, row.recorded
    );
    response.widget_info(|| WidgetInfo::labeled(Role::ListItem, true, &label));
    let colors = &theme.colors;
    let ink = |text: &Option<String>| match text {
        Some(_) => colors.diff.added,
        None => colors.text[2],
    };
    let [path, recorded, first, second] = columns(rect);
    for (cell, text, color) in [
        (path, row.path, colors.value.name),
        (recorded, row.recorded.as_str(), colors.diff.removed),
        (first, djust.as_str(), ink(&row.djust)),
        (second, engine.as_str(), ink(&row.engine)),
    ] {
        paint::left(ui.painter(), cell, text, &theme.data(), color);
    }
    response.on_hover_ui(|ui| {
        for whole in rows(differences, HOVER_BYTES)
            .iter()
            .filter(|whole| whole.path == row.path)
        {
            ui.label(egui::RichText::new(hover(whole)).font(theme.data()));
        }
    });
}

fn hover(row: &Row<'_>) -> String {
    let mut text = format!("{}\nrecorded  {}", row.path, row.recorded);
    for (name, value) in [("djust   ", &row.djust), ("engine  ", &row.engine)] {
        if let Some(value) = value {
            text.push_str(&format!("\n{name}  {value}"));
        }
    }
    text
}
