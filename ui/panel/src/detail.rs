//! The right side: one turn, in tabs.

use djscope_hub::TurnSummary;
use egui::{CursorIcon, Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use crate::choices::Choices;
use crate::commands::Tab;
use crate::glyphs;
use crate::json::Documents;
use crate::paint;
use crate::store::{Edits, Store};
use crate::theme::Theme;
use crate::{empty, frames, logs, patches, rerun, state, summary, timing};
use djscope_report::{units, words};

const TITLE: f32 = 48.0;
const TABS: f32 = 30.0;

/// Draws it. The edits with which the user wants the turn to be run again, if he does.
pub fn ui(
    ui: &mut Ui,
    theme: &Theme,
    store: &Store,
    choices: &mut Choices,
    documents: &mut Documents,
) -> Option<Edits> {
    let Some(summary) = store.turn() else {
        nothing(ui, theme, store);
        return None;
    };
    title(ui, theme, summary);
    tabs(ui, theme, summary, choices);
    let body = ui.available_rect_before_wrap();
    let builder = UiBuilder::new().max_rect(body).id_salt(choices.tab.name());
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(body.intersect(ui.clip_rect()));
        match choices.tab {
            Tab::Summary => summary::ui(ui, theme, store, summary, choices),
            Tab::State => state::ui(ui, theme, store, summary, &mut choices.state),
            Tab::Patches => patches::ui(
                ui,
                theme,
                store,
                summary,
                &mut choices.patches,
                &mut documents.patch,
            ),
            Tab::Timing => timing::ui(ui, theme, store, summary, &mut choices.span),
            Tab::Frames => frames::ui(
                ui,
                theme,
                store,
                summary,
                &mut choices.frames,
                &mut documents.payload,
            ),
            Tab::Logs => logs::ui(ui, theme, store, summary, &mut choices.open_logs),
            Tab::Rerun => return rerun::ui(ui, theme, store, summary, &mut choices.what_if),
        }
        None
    })
    .inner
}

fn nothing(ui: &mut Ui, theme: &Theme, store: &Store) {
    match store.failure() {
        Some(failure) if store.total() > 0 => {
            empty::message(
                ui,
                theme,
                &failure.message,
                failure.hint.as_deref().unwrap_or_default(),
            );
        }
        _ if store.total() > 0 => empty::message(
            ui,
            theme,
            "No turn selected",
            "Each turn is shown here with its cause and all that followed",
        ),
        _ => {}
    }
}

fn title(ui: &mut Ui, theme: &Theme, summary: &TurnSummary) {
    let turn = &summary.turn;
    let colors = &theme.colors;
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), TITLE), Sense::hover());
    let name = if summary.subject.is_empty() {
        words::kind(turn.kind).to_owned()
    } else {
        summary.subject.clone()
    };
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, format!("Turn {}: {name}", turn.turn)));
    let inner = rect.shrink2(vec2(theme.metrics.space[3], 5.0));
    let (first, second) = inner.split_top_bottom_at_fraction(0.55);
    let length = turn
        .duration_us
        .map(|micros| format!("   {}", units::ms(micros)))
        .unwrap_or_default();
    let numbers = format!(
        "#{}   {} s{length}",
        units::count(turn.turn),
        units::seconds(turn.t_us)
    );
    let facts_place = paint::right(ui.painter(), first, &numbers, &theme.data(), colors.text[1]);
    let (glyph, color) = glyphs::of_turn(theme, turn.kind, turn.outcome);
    glyphs::draw(
        ui.painter(),
        glyph,
        pos2(first.left() + 5.0, first.center().y),
        color,
    );
    let room = Rect::from_min_max(
        first.min + vec2(18.0, 0.0),
        pos2(facts_place.left() - 12.0, first.max.y),
    );
    let font = egui::FontId::new(theme.metrics.title - 1.0, crate::fonts::strong_data());
    paint::left(ui.painter(), room, &name, &font, colors.text[0]);
    let mut facts = vec![
        words::kind(turn.kind).to_owned(),
        words::outcome(turn.outcome).to_owned(),
    ];
    facts.extend(turn.view.clone().filter(|view| *view != name));
    facts.extend(
        turn.connection
            .map(|connection| format!("connection {connection}")),
    );
    let line = facts.join(" · ");
    paint::left(
        ui.painter(),
        second.with_min_x(room.left()),
        &line,
        &theme.small(),
        colors.text[2],
    );
    response.on_hover_text(format!("{line}\n{}", units::exact(turn.t_us)));
}

fn tabs(ui: &mut Ui, theme: &Theme, summary: &TurnSummary, choices: &mut Choices) {
    let (bar, _) = ui.allocate_exact_size(vec2(ui.available_width(), TABS), Sense::hover());
    ui.painter().hline(
        bar.x_range(),
        bar.bottom() - 0.5,
        egui::Stroke::new(1.0, theme.colors.line[0]),
    );
    let mut left = bar.left() + theme.metrics.space[2];
    let is_narrow = bar.width() < 480.0;
    for (index, tab) in Tab::ALL.into_iter().enumerate() {
        let count = count(summary, tab).filter(|_| !is_narrow);
        let font = if choices.tab == tab {
            theme.strong()
        } else {
            theme.words()
        };
        let name_width = paint::width(ui.painter(), tab.name(), &theme.strong());
        let count_width = count.as_ref().map_or(0.0, |count| {
            paint::width(ui.painter(), count, &theme.small_data()) + 5.0
        });
        let rect = paint::column(bar, left, name_width + count_width + 16.0);
        let response = ui.interact(rect, ui.scope_id().with(("tab", index)), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Tab, true, tab.name()));
        let is_selected = choices.tab == tab;
        ui.ctx()
            .accesskit_node_builder(response.id, |node| node.set_selected(is_selected));
        let ink = match (is_selected, response.hovered()) {
            (true, _) => theme.colors.text[0],
            (false, true) => theme.colors.text[1],
            (false, false) => theme.colors.text[2],
        };
        let text = rect.shrink2(vec2(8.0, 0.0));
        paint::left(
            ui.painter(),
            text.with_max_x(text.left() + name_width + 2.0),
            tab.name(),
            &font,
            ink,
        );
        if let Some(count) = count {
            let place = text.with_min_x(text.left() + name_width + 5.0);
            paint::left(
                ui.painter(),
                place.expand2(vec2(2.0, 0.0)),
                &count,
                &theme.small_data(),
                theme.colors.text[2],
            );
        }
        if is_selected || response.has_focus() {
            let line = Rect::from_min_max(
                pos2(rect.left() + 8.0, bar.bottom() - 2.0),
                pos2(rect.right() - 8.0, bar.bottom()),
            );
            ui.painter().rect_filled(line, 0, theme.colors.focus);
        }
        let tip = format!("{}  ({})", tab.name(), index + 1);
        if response
            .on_hover_text(tip)
            .on_hover_cursor(CursorIcon::PointingHand)
            .clicked()
        {
            choices.tab = tab;
        }
        left = rect.right() + 2.0;
    }
}

fn count(summary: &TurnSummary, tab: Tab) -> Option<String> {
    let counts = &summary.counts;
    let count = match tab {
        Tab::Summary => 0,
        Tab::State => counts.changes,
        Tab::Patches => counts.patches,
        Tab::Timing => counts.spans,
        Tab::Frames => counts.frames,
        Tab::Logs => counts.logs,
        Tab::Rerun => 0,
    };
    (count > 0).then(|| units::count(count))
}
