//! The tab State: before and after as one tree.

use djscope_hub::model::{ChangeKind, Scope, TurnDetail};
use egui::{Color32, CursorIcon, Rect, Role, Ui, pos2, vec2};

use crate::choices::StateChoices;
use crate::empty;
use crate::format;
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::store::Store;
use crate::theme::Theme;
use crate::tree::{self, Node, SEPARATOR, Shown};
use crate::value::Class;
use crate::widgets::{self, Rows};

const INDENT: f32 = 14.0;

/// Which of the two states are known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Both,
    Before,
    After,
}

/// Draws it.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &Store, detail: &TurnDetail, choices: &mut StateChoices) {
    let known = match (&detail.before, &detail.after) {
        (Some(_), Some(_)) => Known::Both,
        (Some(_), None) => Known::Before,
        (None, Some(_)) => Known::After,
        (None, None) => return empty::no_probe(ui, theme, store, "state"),
    };
    open_revealed(choices);
    update(detail, store.turn_revision(), choices);
    let head = widgets::head(ui, theme);
    head_words(ui, theme, head, known, choices);
    let (key, rows) = choices.rows.take().unwrap_or_default();
    if rows.is_empty() {
        let text = if choices.only_changes {
            "Only changes are shown"
        } else {
            "The view has no attributes of its own"
        };
        let headline = if choices.only_changes {
            "Nothing changed"
        } else {
            "No state"
        };
        empty::message(ui, theme, headline, text);
    }
    let reveal = choices.reveal.take().and_then(|path| {
        choices.selected = Some(path.clone());
        rows.iter()
            .position(|row| matches!(row, Node::Entry { path: other, .. } if *other == path))
    });
    Rows::new("state", rows.len(), theme.metrics.row)
        .reveal(reveal)
        .show(ui, |ui, index, rect| match &rows[index] {
            Node::Scope {
                scope,
                names,
                changed,
            } => scope_row(ui, theme, rect, *scope, *names, *changed),
            entry => entry_row(ui, theme, rect, entry, known, choices),
        });
    choices.rows = Some((key, rows));
}

/// Opens what holds the path that is to be shown.
fn open_revealed(choices: &mut StateChoices) {
    if let Some(path) = &choices.reveal {
        let ends = path.match_indices(SEPARATOR).map(|(end, _)| end);
        let parents: Vec<String> = ends.map(|end| path[..end].to_owned()).collect();
        if let Some((_, rows)) = &choices.rows {
            let closed = |path: &String| {
                rows.iter().any(|row| matches!(row, Node::Entry { path: other, is_open: Some(false), .. } if other == path))
            };
            for parent in parents.into_iter().filter(closed) {
                choices.flipped.insert(parent);
                choices.revision += 1;
            }
        }
    }
}

fn update(detail: &TurnDetail, turn_revision: u64, choices: &mut StateChoices) {
    let key = (turn_revision << 32) ^ (choices.revision << 1) ^ u64::from(choices.only_changes);
    if choices.rows.as_ref().is_none_or(|(made, _)| *made != key) {
        let (before, after) = (detail.before.as_ref(), detail.after.as_ref());
        choices.rows = Some((
            key,
            tree::rows(before, after, &choices.flipped, choices.only_changes),
        ));
    }
}

/// The columns: the name, before, after.
fn columns(rect: Rect, known: Known) -> [Rect; 3] {
    let inner = rect.with_min_x(rect.left() + 8.0).with_max_x(rect.right() - 18.0);
    let name = paint::column(inner, inner.left(), (inner.width() * 0.36).clamp(120.0, 300.0));
    let rest = inner.with_min_x(name.right() + 8.0);
    if known != Known::Both {
        return [name, rest, rest];
    }
    let half = (rest.width() - 8.0) / 2.0;
    [
        name,
        rest.with_max_x(rest.left() + half),
        rest.with_min_x(rest.right() - half),
    ]
}

fn head_words(ui: &Ui, theme: &Theme, rect: Rect, known: Known, choices: &mut StateChoices) {
    let [name, before, after] = columns(rect, known);
    let (font, color) = (theme.small(), theme.colors.text[2]);
    paint::left(
        ui.painter(),
        name.with_min_x(name.left() + 20.0),
        "name",
        &font,
        color,
    );
    match known {
        Known::Both => {
            paint::left(ui.painter(), before, "before", &font, color);
            paint::left(ui.painter(), after, "after", &font, color);
            let (response, _) = widgets::toggle(ui, theme, after, "Only changes", "", choices.only_changes);
            if response.clicked() {
                choices.only_changes = !choices.only_changes;
            }
        }
        Known::Before => {
            paint::left(
                ui.painter(),
                before,
                "before (the state after is not known)",
                &font,
                color,
            );
        }
        Known::After => {
            paint::left(
                ui.painter(),
                after,
                "after (there is no state before)",
                &font,
                color,
            );
        }
    }
}

fn scope_row(ui: &Ui, theme: &Theme, rect: Rect, scope: Scope, names: usize, changed: usize) {
    let colors = &theme.colors;
    let word = match scope {
        Scope::Public => "public",
        Scope::Private => "private",
    };
    let mut text = format!("{word}, {}", format::counted(names as u64, "name", "names"));
    if changed > 0 {
        text.push_str(&format!(", {changed} changed"));
    }
    widgets::plain_row(
        ui,
        rect,
        ui.scope_id().with(("scope", word)),
        Role::Heading,
        &text,
    );
    ui.painter().rect_filled(rect, 0, colors.surface[2]);
    let mut room = rect.with_min_x(rect.left() + 12.0);
    if scope == Scope::Private {
        glyphs::draw(
            ui.painter(),
            Glyph::Lock,
            pos2(room.left() + 4.0, room.center().y - 1.0),
            colors.text[2],
        );
        room = paint::from_left(room, 16.0);
    }
    paint::left(ui.painter(), room, &text, &theme.small(), colors.text[1]);
}

fn entry_row(ui: &Ui, theme: &Theme, rect: Rect, entry: &Node, known: Known, choices: &mut StateChoices) {
    let Node::Entry {
        depth,
        scope,
        name,
        path,
        change,
        is_open,
        before,
        after,
    } = entry
    else {
        return;
    };
    let label = spoken(name, *change, before.as_ref(), after.as_ref());
    let is_selected = choices.selected.as_ref() == Some(path);
    let id = ui
        .scope_id()
        .with(("entry", path, matches!(scope, Scope::Private)));
    let response = widgets::row(ui, theme, rect, id, Role::TreeItem, is_selected, &label);
    if let Some(is_open) = is_open {
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_expanded(*is_open));
    }
    if let Some(change) = change
        && !is_selected
        && !response.hovered()
        && is_open != &Some(true)
    {
        ui.painter()
            .rect_filled(rect, 0, theme.wash(theme.change(*change)).gamma_multiply(0.6));
    }
    let [name_cell, before_cell, after_cell] = columns(rect, known);
    name_column(ui, theme, name_cell, *depth, name, *change, *is_open);
    values(
        ui,
        theme,
        [before_cell, after_cell],
        *change,
        before.as_ref(),
        after.as_ref(),
        is_open == &Some(true),
    );
    let text = |shown: &Option<Shown>| shown.as_ref().map(|shown| shown.text.clone()).unwrap_or_default();
    if response.clicked() {
        choices.selected = Some(path.clone());
        if is_open.is_some() {
            if !choices.flipped.remove(path) {
                choices.flipped.insert(path.clone());
            }
            choices.revision += 1;
        }
    }
    let response = if is_open.is_some() {
        response.on_hover_cursor(CursorIcon::PointingHand)
    } else {
        response
    };
    if text(before).len() + text(after).len() > 40 || name.len() > 16 {
        response.on_hover_ui(|ui| {
            let path =
                crate::summary::path_text(&path.split(SEPARATOR).map(str::to_owned).collect::<Vec<_>>());
            ui.label(
                egui::RichText::new(path)
                    .font(theme.strong_data())
                    .color(theme.colors.value.name),
            );
            for (word, shown) in [("before", before), ("after", after)] {
                if let Some(shown) = shown {
                    ui.label(
                        egui::RichText::new(word)
                            .font(theme.small())
                            .color(theme.colors.text[2]),
                    );
                    ui.label(
                        egui::RichText::new(&shown.text)
                            .font(theme.data())
                            .color(theme.colors.text[0]),
                    );
                }
            }
        });
    }
}

fn spoken(name: &str, change: Option<ChangeKind>, before: Option<&Shown>, after: Option<&Shown>) -> String {
    let text = |shown: Option<&Shown>| {
        shown
            .map(|shown| format::one_line(&shown.text, 80))
            .unwrap_or_default()
    };
    match change {
        None => format!("{name}: {}", text(after.or(before))),
        Some(ChangeKind::Added) => format!("{name}: added {}", text(after)),
        Some(ChangeKind::Removed) => format!("{name}: removed {}", text(before)),
        Some(ChangeKind::Changed) => format!("{name}: changed {} → {}", text(before), text(after)),
    }
}

fn name_column(
    ui: &Ui,
    theme: &Theme,
    cell: Rect,
    depth: usize,
    name: &str,
    change: Option<ChangeKind>,
    is_open: Option<bool>,
) {
    let painter = ui.painter();
    let y = cell.center().y - 0.5;
    if let Some(change) = change {
        glyphs::draw(
            painter,
            glyphs::of_change(change),
            pos2(cell.left() + 5.0, y),
            theme.change(change),
        );
    }
    let left = cell.left() + 16.0 + depth as f32 * INDENT;
    if let Some(is_open) = is_open {
        let glyph = if is_open {
            Glyph::ChevronDown
        } else {
            Glyph::ChevronRight
        };
        glyphs::draw(painter, glyph, pos2(left + 4.0, y), theme.colors.text[2]);
    }
    let room = cell.with_min_x((left + 14.0).min(cell.right()));
    paint::left(painter, room, name, &theme.data(), theme.colors.value.name);
}

const fn ink(theme: &Theme, class: Class) -> Color32 {
    let colors = &theme.colors;
    match class {
        Class::Text => colors.value.text,
        Class::Number => colors.value.number,
        Class::Keyword => colors.value.keyword,
        Class::Container => colors.text[1],
        Class::Opaque | Class::Redacted => colors.text[2],
    }
}

fn values(
    ui: &Ui,
    theme: &Theme,
    cells: [Rect; 2],
    change: Option<ChangeKind>,
    before: Option<&Shown>,
    after: Option<&Shown>,
    is_open: bool,
) {
    let [before_cell, after_cell] = cells;
    match change {
        // The same on both sides is said once, over both columns.
        None => {
            if let Some(shown) = after.or(before) {
                shown_value(
                    ui,
                    theme,
                    before_cell.union(after_cell),
                    shown,
                    ink(theme, shown.class),
                );
            }
        }
        // What an open container holds says better how it differs.
        Some(ChangeKind::Changed) if is_open => {
            for (cell, shown) in [(before_cell, before), (after_cell, after)] {
                if let Some(shown) = shown {
                    shown_value(ui, theme, cell, shown, theme.colors.text[2]);
                }
            }
        }
        Some(_) => {
            for (cell, shown, color) in [
                (before_cell, before, theme.colors.diff.removed),
                (after_cell, after, theme.colors.diff.added),
            ] {
                match shown {
                    Some(shown) => shown_value(ui, theme, cell, shown, color),
                    None => {
                        paint::left(ui.painter(), cell, "–", &theme.data(), theme.colors.text[2]);
                    }
                }
            }
        }
    }
}

fn shown_value(ui: &Ui, theme: &Theme, cell: Rect, shown: &Shown, color: Color32) {
    let painter = ui.painter();
    if shown.class == Class::Redacted {
        let center = pos2(cell.left() + 5.0, cell.center().y - 1.0);
        glyphs::draw(painter, Glyph::Lock, center, theme.colors.text[2]);
        let room = cell.translate(vec2(14.0, 0.0)).with_max_x(cell.right());
        paint::left(
            painter,
            room,
            "redacted before it was written",
            &theme.small(),
            theme.colors.text[2],
        );
        return;
    }
    paint::left(painter, cell, &shown.text, &theme.data(), color);
}
