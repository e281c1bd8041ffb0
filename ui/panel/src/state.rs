//! The tab State: before and after as one tree.

use djscope_hub::model::{ChangeKind, DebugSource, Scope};
use djscope_hub::parts::SEPARATOR;
use djscope_hub::{Node, Shown, StateView, TurnSummary};
use egui::{Color32, CursorIcon, Rect, Role, Ui, pos2, vec2};

use crate::choices::StateChoices;
use crate::empty;
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::rows::Rows;
use crate::store::Store;
use crate::theme::Theme;
use crate::widgets;
use djscope_report::units;
use djscope_report::value::Class;

const INDENT: f32 = 14.0;

/// Which of the two states are known.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    Both,
    Before,
    After,
}

/// Draws it.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &Store, summary: &TurnSummary, choices: &mut StateChoices) {
    let known = match (summary.counts.has_before, summary.counts.has_after) {
        (true, true) => Known::Both,
        (true, false) => Known::Before,
        (false, true) => Known::After,
        (false, false) => return empty::no_probe(ui, theme, store, "state"),
    };
    if let Some(source) = summary.state_source {
        widgets::note(ui, theme, &provenance(summary, source));
    }
    let head = widgets::head(ui, theme);
    head_words(ui, theme, head, known, choices);
    let rows = store.state();
    let (view, reveal) = revealed(store, choices);
    if !rows.is_known() {
        return store.want_state(&view, 0, 1);
    }
    if rows.total() == 0 {
        let (headline, text) = if choices.only_changes {
            ("Nothing changed", "Only changes are shown")
        } else {
            ("No state", "The view has no attributes of its own")
        };
        empty::message(ui, theme, headline, text);
    }
    let visible = Rows::new("state", rows.total(), theme.metrics.row)
        .reveal(reveal)
        .show(ui, |ui, index, rect| match rows.row(index) {
            Some(Node::Scope {
                scope,
                names,
                changed,
            }) => scope_row(ui, theme, rect, *scope, *names, *changed),
            Some(entry) => entry_row(ui, theme, rect, entry, known, choices),
            // It is on its way.
            None => {}
        });
    store.want_state(&view, visible.start as u64, visible.end as u64);
}

/// What a state is that no probe has reported.
fn provenance(summary: &TurnSummary, source: DebugSource) -> String {
    let shown = summary.turn.debug_state.as_ref();
    let before = shown
        .and_then(|shown| shown.before_turn)
        .map(|turn| format!("; before: as turn {turn} ended"));
    format!("No probe: {}{}", source.words(), before.unwrap_or_default())
}

/// What is open and shown; and the row of a path that was to be found, once the hub has said where it is.
fn revealed(store: &Store, choices: &mut StateChoices) -> (StateView, Option<usize>) {
    let view = choices.view();
    let Some((flipped, row)) = store.state().revealed(&view) else {
        return (view, None);
    };
    choices.flipped = flipped.iter().cloned().collect();
    choices.selected = choices.reveal.take();
    (choices.view(), row.and_then(|row| usize::try_from(row).ok()))
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
    let mut text = format!("{word}, {}", units::counted(names as u64, "name", "names"));
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
        if is_open.is_some() && !choices.flipped.remove(path) {
            choices.flipped.insert(path.clone());
        }
    }
    let response = if is_open.is_some() {
        response.on_hover_cursor(CursorIcon::PointingHand)
    } else {
        response
    };
    if text(before).len() + text(after).len() > 40 || name.len() > 16 {
        response.on_hover_ui(|ui| {
            let parts: Vec<String> = path.split(SEPARATOR).map(str::to_owned).collect();
            let path = djscope_report::path::text(&parts);
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
            .map(|shown| units::one_line(&shown.text, 80))
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
