//! The header: what is recorded, the filter, and the few switches.

use djscope_hub::{RecordingState, Status};
use egui::{
    Align2, Color32, Id, Rect, Role, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use crate::choices::{Choices, Overlay};
use crate::commands::{self, Command};
use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::store::Store;
use crate::theme::Theme;
use crate::widgets;
use djscope_report::units;

const BUTTON: f32 = 26.0;

/// The id of the filter box.
pub fn filter_id() -> Id {
    Id::unique("djscope filter")
}

/// Draws it; gives the commands that were clicked.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &mut Store, choices: &mut Choices) -> Vec<Command> {
    let rect = ui.max_rect();
    let inner = rect.shrink2(vec2(theme.metrics.space[3], 0.0));
    let name = paint::left(
        ui.painter(),
        inner,
        "djscope",
        &theme.strong(),
        theme.colors.text[0],
    );
    let mut left = inner.with_min_x(name.right() + theme.metrics.space[4]);
    if let Some(status) = store.status().filter(|status| !status.path.is_empty()) {
        let narrow = rect.width() < 1000.0;
        left = recording(ui, theme, store, status, left);
        left = addresses(ui, theme, status, left, narrow);
    }
    let (right, clicked) = buttons(ui, theme, store, choices, inner);
    let room = Rect::from_min_max(
        pos2(left.left() + 8.0, rect.top() + 6.0),
        pos2(right - 12.0, rect.bottom() - 6.0),
    );
    filter(ui, theme, store, choices, room);
    clicked
}

fn recording(ui: &Ui, theme: &Theme, store: &Store, status: &Status, rect: Rect) -> Rect {
    let colors = &theme.colors;
    let (glyph, color, word) = match status.recording {
        RecordingState::Live => (Glyph::Disc, colors.outcome.error, "rec"),
        RecordingState::Paused => (Glyph::Pause, colors.outcome.notice, "paused"),
        RecordingState::Saved => (Glyph::Square, colors.outcome.muted, "saved"),
    };
    let clock = units::clock(running_us(ui, store, status));
    glyphs::draw(
        ui.painter(),
        glyph,
        pos2(rect.left() + 4.0, rect.center().y - 0.5),
        color,
    );
    let text = paint::from_left(rect, 15.0);
    let word_end = paint::left(ui.painter(), text, word, &theme.words(), colors.text[1]).right();
    let time = text.with_min_x(word_end + 6.0);
    let end = paint::left(ui.painter(), time, &clock, &theme.data(), colors.text[0]).right();
    let response = ui.interact(
        rect.with_max_x(end),
        ui.scope_id().with("recording"),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, format!("{word} {clock}")));
    response.on_hover_text(status.path.as_str());
    rect.with_min_x(end + theme.metrics.space[4])
}

/// How long the recording is by now. A live one is drawn again at the next full second.
fn running_us(ui: &Ui, store: &Store, status: &Status) -> i64 {
    if status.recording != RecordingState::Live {
        return status.duration_us;
    }
    let since = ui.input(|input| input.time) - store.status_at();
    let running = status.duration_us + (since.max(0.0) * 1e6) as i64;
    let rest = 1_000_000 - running.rem_euclid(1_000_000);
    ui.ctx()
        .request_repaint_after(std::time::Duration::from_micros(rest.unsigned_abs().max(10_000)));
    running
}

fn without_scheme(address: &str) -> &str {
    address.split_once("://").map_or(address, |(_, rest)| rest)
}

fn addresses(ui: &Ui, theme: &Theme, status: &Status, rect: Rect, narrow: bool) -> Rect {
    let colors = &theme.colors;
    let upstream = status.upstream.as_deref().map(without_scheme).unwrap_or_default();
    let (text, name) = match &status.proxy {
        Some(proxy) => {
            let proxy = without_scheme(proxy);
            let host = proxy.rsplit_once(':').map_or(proxy, |(host, _)| host);
            let short = upstream
                .strip_prefix(host)
                .filter(|port| port.starts_with(':'))
                .unwrap_or(upstream);
            (
                format!("{proxy} → {short}"),
                format!("proxy {proxy} to server {upstream}"),
            )
        }
        None => {
            let file = status
                .path
                .rsplit(['/', '\\'])
                .next()
                .unwrap_or_default()
                .to_owned();
            (file.clone(), file)
        }
    };
    let room = rect.with_max_x(rect.left() + if narrow { 190.0 } else { 300.0 });
    let end = paint::left(ui.painter(), room, &text, &theme.data(), colors.text[1]).right();
    let response = ui.interact(
        rect.with_max_x(end),
        ui.scope_id().with("addresses"),
        Sense::hover(),
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
    let command = status
        .command
        .as_deref()
        .map(|command| format!("\n{command}"))
        .unwrap_or_default();
    response.on_hover_text(format!("{}\nserver {upstream}{command}", status.path));
    rect.with_min_x(end + 8.0)
}

/// The buttons at the right; gives where they begin.
fn buttons(ui: &Ui, theme: &Theme, store: &Store, choices: &Choices, rect: Rect) -> (f32, Vec<Command>) {
    let is_mac = ui.ctx().os().is_mac();
    let mut right = rect.right();
    let mut clicked = Vec::new();
    let mut place = |width: f32| {
        let slot = Rect::from_min_max(pos2(right - width, rect.top()), pos2(right, rect.bottom()));
        right -= width + 2.0;
        Align2::CENTER_CENTER.align_size_within_rect(vec2(width, BUTTON), slot)
    };
    let key = |command| commands::key_of(command, is_mac);
    if word_button(
        ui,
        theme,
        place(BUTTON),
        "?",
        "All keys",
        choices.overlay == Overlay::Help,
    ) {
        clicked.push(Command::Help);
    }
    let theme_name = format!("Theme: {}", choices.theme.name());
    let theme_key = key(Command::NextTheme);
    if widgets::icon_button(
        ui,
        theme,
        place(BUTTON),
        Glyph::Contrast,
        false,
        &theme_name,
        &theme_key,
    )
    .clicked()
    {
        clicked.push(Command::NextTheme);
    }
    let palette = key(Command::Palette);
    let width = paint::width(ui.painter(), &palette, &theme.small()) + 16.0;
    let is_open = matches!(choices.overlay, Overlay::Palette { .. });
    if word_button(ui, theme, place(width), &palette, "Commands", is_open) {
        clicked.push(Command::Palette);
    }
    let recording = store
        .status()
        .map_or(RecordingState::Saved, |status| status.recording);
    if recording != RecordingState::Saved {
        let is_paused = recording == RecordingState::Paused;
        let (glyph, name) = if is_paused {
            (Glyph::Play, "Go on recording")
        } else {
            (Glyph::Pause, "Pause")
        };
        if widgets::icon_button(
            ui,
            theme,
            place(BUTTON),
            glyph,
            is_paused,
            name,
            &key(Command::Pause),
        )
        .clicked()
        {
            clicked.push(Command::Pause);
        }
        let name = "Follow the newest turn";
        let response = widgets::icon_button(
            ui,
            theme,
            place(BUTTON),
            Glyph::Follow,
            choices.follow,
            name,
            &key(Command::Follow),
        );
        if response.clicked() {
            clicked.push(Command::Follow);
        }
    }
    (right, clicked)
}

fn word_button(ui: &Ui, theme: &Theme, rect: Rect, text: &str, name: &str, is_on: bool) -> bool {
    let response = ui.interact(rect, ui.scope_id().with(("word", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    let colors = &theme.colors;
    let fill = match (is_on, response.hovered()) {
        (true, _) => colors.selection,
        (false, true) => colors.surface[3],
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, theme.metrics.radius, fill);
    if response.has_focus() {
        let stroke = Stroke::new(1.5, colors.focus);
        ui.painter()
            .rect_stroke(rect, theme.metrics.radius, stroke, StrokeKind::Inside);
    }
    paint::center(ui.painter(), rect, text, &theme.words(), colors.text[1]);
    response.on_hover_text(name).clicked()
}

fn filter(ui: &mut Ui, theme: &Theme, store: &mut Store, choices: &mut Choices, room: Rect) {
    let colors = &theme.colors;
    let rect = room.with_max_x(room.right().min(room.left() + 420.0).max(room.left() + 40.0));
    let rect = rect.translate(vec2(room.right() - rect.right(), 0.0));
    let has_focus = ui.memory(|memory| memory.has_focus(filter_id()));
    let line = match (store.filter_error().is_some(), has_focus) {
        (true, _) => colors.outcome.error,
        (false, true) => colors.focus,
        (false, false) => colors.line[0],
    };
    ui.painter().rect(
        rect,
        theme.metrics.radius,
        colors.surface[1],
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
    glyphs::draw(
        ui.painter(),
        Glyph::Search,
        pos2(rect.left() + 12.0, rect.center().y - 0.5),
        colors.text[2],
    );
    let mut text_rect = Rect::from_min_max(
        pos2(rect.left() + 24.0, rect.top() + 1.0),
        rect.max - vec2(6.0, 1.0),
    );
    if choices.filter.is_empty() {
        if !has_focus {
            let hint = text_rect.with_max_x(text_rect.right() - 2.0);
            text_rect.max.x = paint::key(ui.painter(), theme, hint, "/").left() - 4.0;
        }
    } else {
        let clear = Rect::from_center_size(pos2(rect.right() - 12.0, rect.center().y), vec2(18.0, 18.0));
        text_rect.max.x = clear.left();
        if widgets::icon_button(ui, theme, clear, Glyph::Cross, false, "Clear the filter", "").clicked() {
            choices.filter.clear();
            choices.set_filter("", store);
        }
    }
    let edit = TextEdit::singleline(&mut choices.filter)
        .id(filter_id())
        .font(theme.data())
        .text_color(colors.text[0])
        .hint_text(
            egui::RichText::new("Filter turns…")
                .font(theme.words())
                .color(colors.text[2]),
        )
        .frame(egui::Frame::NONE)
        .align(Align2::LEFT_CENTER)
        .min_size(text_rect.size())
        .margin(egui::Margin::symmetric(2, 0))
        .desired_width(text_rect.width());
    let response = ui.put(text_rect, edit);
    if std::mem::take(&mut choices.focus_filter) {
        response.request_focus();
    }
    if response.changed() {
        let text = choices.filter.clone();
        choices.set_filter(&text, store);
    }
}
