//! The tab Patches: what was sent to change the page.

use djscope_hub::TurnSummary;
use djscope_hub::model::{Outcome, PatchRecord};
use egui::{Rect, Role, Ui, vec2};

use crate::choices::PatchChoices;
use crate::glyphs;
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
    choices: &mut PatchChoices,
    made: &mut Made<(u64, usize)>,
) {
    let patches = store.patches();
    if patches.total() == 0 {
        let (headline, text) = nothing(summary);
        return empty::message(ui, theme, &headline, &text);
    }
    choices.selected = choices.selected.min(patches.total() - 1);
    let share = split::share(patches.total(), theme);
    split::show(
        ui,
        theme,
        "patches",
        share,
        |ui| {
            head_words(ui, theme);
            Rows::new("patches", patches.total(), theme.metrics.row).show(ui, |ui, index, rect| {
                let Some(patch) = patches.rows().get(index) else {
                    return store.want_patches();
                };
                if row(ui, theme, patch, rect, index, choices.selected == index) {
                    choices.selected = index;
                }
            });
            choices.selected
        },
        |ui, selected| {
            let Some(patch) = patches.rows().get(selected) else {
                return store.want_patches();
            };
            let key = (store.turn_revision(), selected);
            let document = made.of(key, || Document::of_value(&patch.patch));
            let head = widgets::head(ui, theme).shrink2(vec2(12.0, 0.0));
            let title = format!("patch {} of frame {}", patch.index, patch.frame);
            paint::left(ui.painter(), head, &title, &theme.small(), theme.colors.text[2]);
            split::copy(ui, theme, head, document.text());
            document.show(ui, theme, "patch json");
        },
    );
}

fn nothing(summary: &TurnSummary) -> (String, String) {
    let turn = &summary.turn;
    let (headline, text) = match turn.outcome {
        Outcome::FullHtml => {
            let reason = turn
                .full_html
                .as_ref()
                .map(|full| full.reason.as_str())
                .filter(|reason| !reason.is_empty());
            let text = reason.map_or_else(
                || "The reason was not seen".to_owned(),
                |reason| format!("djust's reason: {reason}"),
            );
            ("No patches: the whole HTML was sent".to_owned(), text)
        }
        Outcome::Mounted => (
            "No patches: a mount sends the whole HTML".to_owned(),
            String::new(),
        ),
        Outcome::Recovered => (
            "No patches: the browser asked for the whole HTML".to_owned(),
            String::new(),
        ),
        Outcome::Noop => (
            "No patches: djust answered with noop".to_owned(),
            "It saw no change of state".to_owned(),
        ),
        Outcome::EmptyPatch => (
            "The patch frame holds no patches".to_owned(),
            "The rendered page is the same as before".to_owned(),
        ),
        Outcome::Error => (
            "No patches: the turn ended with an error".to_owned(),
            turn.error.clone().unwrap_or_default(),
        ),
        Outcome::Silent => ("No patches: the server sent nothing".to_owned(), String::new()),
        Outcome::Unanswered => ("No patches: there is no answer".to_owned(), String::new()),
        Outcome::Patched => (
            format!(
                "{} that cannot be shown",
                units::counted(turn.patches.unwrap_or(0).into(), "patch", "patches")
            ),
            "The frame was cut or not understood; Frames has what was kept".to_owned(),
        ),
        Outcome::Redirected | Outcome::Done => ("No patches in this turn".to_owned(), String::new()),
    };
    (headline, text)
}

/// Index, kind, path, target, summary.
fn columns(rect: Rect) -> [Rect; 5] {
    let inner = rect.with_min_x(rect.left() + 8.0).with_max_x(rect.right() - 18.0);
    let index = paint::column(inner, inner.left(), 32.0);
    let kind = paint::column(inner, index.right() + 12.0, 104.0);
    let path = paint::column(inner, kind.right() + 8.0, 84.0);
    let target = paint::column(inner, path.right() + 8.0, 44.0);
    [
        index,
        kind,
        path,
        target,
        inner.with_min_x((target.right() + 8.0).min(inner.right())),
    ]
}

fn head_words(ui: &mut Ui, theme: &Theme) {
    let rect = widgets::head(ui, theme);
    let [index, kind, path, target, summary] = columns(rect);
    let (font, color) = (theme.small(), theme.colors.text[2]);
    paint::right(ui.painter(), index, "#", &font, color);
    for (cell, word) in [
        (kind, "kind"),
        (path, "path"),
        (target, "dj-id"),
        (summary, "what it does"),
    ] {
        paint::left(ui.painter(), cell, word, &font, color);
    }
}

fn row(ui: &Ui, theme: &Theme, patch: &PatchRecord, rect: Rect, position: usize, is_selected: bool) -> bool {
    let label = format!("Patch {position}: {}", patch.summary);
    let id = ui.scope_id().with(("patch", position));
    let response = widgets::row(ui, theme, rect, id, Role::ListBoxOption, is_selected, &label);
    let [index, kind, path, target, summary] = columns(rect);
    let colors = &theme.colors;
    let data = theme.data();
    let steps = patch
        .path
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join("/");
    paint::right(ui.painter(), index, &position.to_string(), &data, colors.text[2]);
    let (glyph, color) = mark(theme, &patch.kind);
    glyphs::draw(
        ui.painter(),
        glyph,
        egui::pos2(kind.left() + 4.0, kind.center().y - 0.5),
        color,
    );
    paint::left(
        ui.painter(),
        paint::from_left(kind, 14.0),
        &patch.kind,
        &data,
        colors.text[0],
    );
    paint::left(
        ui.painter(),
        path,
        if steps.is_empty() { "root" } else { &steps },
        &data,
        colors.text[2],
    );
    paint::left(
        ui.painter(),
        target,
        patch.target.as_deref().unwrap_or("–"),
        &data,
        colors.text[1],
    );
    paint::left(ui.painter(), summary, &patch.summary, &data, colors.text[1]);
    let clicked = response.clicked();
    response.on_hover_text(&patch.summary);
    clicked
}

/// The same three marks as for state.
fn mark(theme: &Theme, kind: &str) -> (glyphs::Glyph, egui::Color32) {
    use djscope_hub::model::ChangeKind;
    let kind = if kind.contains("Insert") {
        ChangeKind::Added
    } else if kind.contains("Remove") {
        ChangeKind::Removed
    } else {
        ChangeKind::Changed
    };
    (glyphs::of_change(kind), theme.change(kind))
}
