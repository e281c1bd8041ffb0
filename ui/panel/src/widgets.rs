//! The few widgets that all views share: rows, buttons, tabs, strips.

use egui::{
    Align2, Color32, CursorIcon, Id, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo,
    pos2, vec2,
};

use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::theme::Theme;

/// What a row looks like behind its cells, and how it answers.
pub fn row(
    ui: &Ui,
    theme: &Theme,
    rect: Rect,
    id: Id,
    role: Role,
    is_selected: bool,
    label: &str,
) -> Response {
    let response = ui.interact(rect, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(role, true, label));
    ui.ctx()
        .accesskit_node_builder(response.id, |node| node.set_selected(is_selected));
    let painter = ui.painter();
    if is_selected {
        painter.rect_filled(rect, 0, theme.colors.selection);
        painter.rect_filled(rect.with_max_x(rect.left() + 2.0), 0, theme.colors.focus);
    } else if response.hovered() {
        painter.rect_filled(rect, 0, theme.colors.surface[2]);
    }
    focus_ring(ui, theme, &response);
    response
}

/// A row that only shows: in the accessibility tree, and nothing to click.
pub fn plain_row(ui: &Ui, rect: Rect, id: Id, role: Role, label: &str) -> Response {
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(role, true, label));
    response
}

fn focus_ring(ui: &Ui, theme: &Theme, response: &Response) {
    if response.has_focus() {
        ui.painter().rect_stroke(
            response.rect,
            theme.metrics.radius,
            Stroke::new(1.5, theme.colors.focus),
            StrokeKind::Inside,
        );
    }
}

/// A square button with a drawn icon.
pub fn icon_button(
    ui: &Ui,
    theme: &Theme,
    rect: Rect,
    glyph: Glyph,
    is_on: bool,
    name: &str,
    key: &str,
) -> Response {
    let response = ui.interact(rect, ui.scope_id().with(("icon", name)), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_toggled(if is_on {
            egui::accesskit::Toggled::True
        } else {
            egui::accesskit::Toggled::False
        });
    });
    let colors = &theme.colors;
    let (fill, ink) = match (is_on, response.hovered()) {
        (true, _) => (colors.selection, colors.text[0]),
        (false, true) => (colors.surface[3], colors.text[0]),
        (false, false) => (Color32::TRANSPARENT, colors.text[1]),
    };
    ui.painter().rect_filled(rect, theme.metrics.radius, fill);
    glyphs::draw(ui.painter(), glyph, rect.center() - Vec2::splat(0.5), ink);
    focus_ring(ui, theme, &response);
    let tip = if key.is_empty() {
        name.to_owned()
    } else {
        format!("{name}  ({key})")
    };
    response
        .on_hover_text(tip)
        .on_hover_cursor(CursorIcon::PointingHand)
}

/// A button with words, at the cursor of `ui`.
pub fn button(ui: &mut Ui, theme: &Theme, glyph: Option<Glyph>, text: &str) -> Response {
    let text_width = paint::width(ui.painter(), text, &theme.words());
    let glyph_width = if glyph.is_some() { 16.0 } else { 0.0 };
    let (rect, response) =
        ui.allocate_exact_size(vec2(text_width + glyph_width + 16.0, 24.0), Sense::click());
    paint_button(ui, theme, rect, &response, glyph, text);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

fn paint_button(ui: &Ui, theme: &Theme, rect: Rect, response: &Response, glyph: Option<Glyph>, text: &str) {
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let colors = &theme.colors;
    let (fill, line) = if response.hovered() {
        (colors.surface[3], colors.line[1])
    } else {
        (colors.surface[2], colors.line[0])
    };
    ui.painter().rect(
        rect,
        theme.metrics.radius,
        fill,
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
    let mut inner = rect.shrink2(vec2(8.0, 0.0));
    if let Some(glyph) = glyph {
        glyphs::draw(
            ui.painter(),
            glyph,
            pos2(inner.left() + 4.0, rect.center().y - 0.5),
            colors.text[1],
        );
        inner = paint::from_left(inner, 16.0);
    }
    paint::left(ui.painter(), inner, text, &theme.words(), colors.text[0]);
    focus_ring(ui, theme, response);
}

/// A small switch with words at the right end of `rect`. Gives its answer and the room that is left.
pub fn toggle(ui: &Ui, theme: &Theme, rect: Rect, text: &str, key: &str, is_on: bool) -> (Response, Rect) {
    let width = paint::width(ui.painter(), text, &theme.small()) + 28.0;
    let place = Align2::RIGHT_CENTER.align_size_within_rect(vec2(width, 20.0), rect);
    let response = ui.interact(place, ui.scope_id().with(("toggle", text)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, true, is_on, text));
    let colors = &theme.colors;
    let ink = if response.hovered() || is_on {
        colors.text[0]
    } else {
        colors.text[1]
    };
    let mark = Rect::from_center_size(pos2(place.left() + 10.0, place.center().y), Vec2::splat(11.0));
    let line = if is_on { colors.focus } else { colors.line[1] };
    ui.painter()
        .rect_stroke(mark, 2, Stroke::new(1.0, line), StrokeKind::Inside);
    if is_on {
        glyphs::draw(
            ui.painter(),
            Glyph::Check,
            mark.center() - Vec2::splat(0.5),
            colors.focus,
        );
    }
    paint::left(
        ui.painter(),
        place.with_min_x(place.left() + 22.0),
        text,
        &theme.small(),
        ink,
    );
    focus_ring(ui, theme, &response);
    let response = if key.is_empty() {
        response
    } else {
        response.on_hover_text(key)
    };
    (
        response.on_hover_cursor(CursorIcon::PointingHand),
        rect.with_max_x(place.left() - 8.0),
    )
}

/// A strip that says one thing: a shape, a headline and what follows from it.
pub fn strip(
    ui: &mut Ui,
    theme: &Theme,
    glyph: Glyph,
    color: Color32,
    headline: &str,
    text: &str,
) -> Response {
    let colors = &theme.colors;
    let response = egui::Frame::new()
        .fill(theme.wash(color))
        .corner_radius(theme.metrics.radius)
        .inner_margin(egui::Margin {
            left: 28,
            right: 12,
            top: 8,
            bottom: 8,
        })
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.spacing_mut().item_spacing.y = 2.0;
            ui.label(
                egui::RichText::new(headline)
                    .font(theme.strong())
                    .color(colors.text[0]),
            );
            if !text.is_empty() {
                ui.label(egui::RichText::new(text).color(colors.text[1]));
            }
        })
        .response;
    let rect = response.rect;
    ui.painter()
        .rect_filled(rect.with_max_x(rect.left() + 2.0), 0, color);
    glyphs::draw(
        ui.painter(),
        glyph,
        pos2(rect.left() + 15.0, rect.top() + 15.0),
        color,
    );
    response
}

/// The head of a table or a part: small words above a hairline.
pub fn head(ui: &mut Ui, theme: &Theme) -> Rect {
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), theme.metrics.row), Sense::hover());
    ui.painter().rect_filled(rect, 0, theme.colors.surface[1]);
    paint::underline(ui.painter(), rect, theme.colors.line[0]);
    rect
}

/// A line that says what the part below it is, where that is not what one would expect.
pub fn note(ui: &mut Ui, theme: &Theme, text: &str) {
    let colors = &theme.colors;
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme.metrics.row), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    ui.painter()
        .rect_filled(rect, 0, theme.wash(colors.outcome.notice));
    let words = rect
        .with_min_x(rect.left() + 12.0)
        .with_max_x(rect.right() - 12.0);
    paint::left(ui.painter(), words, text, &theme.small(), colors.text[0]);
    response.on_hover_text(text);
}

/// Text to copy, with its button; for commands and addresses.
pub fn copyable(ui: &mut Ui, theme: &Theme, text: &str) -> Response {
    let colors = &theme.colors;
    let room = (ui.available_width() - 90.0).max(80.0);
    let width = (paint::width(ui.painter(), text, &theme.data()) + 16.0).min(room);
    ui.horizontal(|ui| {
        let (rect, shown) = ui.allocate_exact_size(vec2(width, 24.0), Sense::hover());
        shown.widget_info(|| WidgetInfo::labeled(Role::Code, true, text));
        ui.painter().rect(
            rect,
            theme.metrics.radius,
            colors.surface[0],
            Stroke::new(1.0, colors.line[0]),
            StrokeKind::Inside,
        );
        paint::left(
            ui.painter(),
            rect.shrink2(vec2(8.0, 0.0)),
            text,
            &theme.data(),
            colors.text[0],
        );
        let response = button(ui, theme, Some(Glyph::Copy), "Copy");
        if response.clicked() {
            ui.ctx().copy_text(text.to_owned());
        }
        response
    })
    .inner
}

/// Puts the margin of a page around what is added.
pub fn margin<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    egui::Frame::new()
        .inner_margin(egui::Margin::symmetric(12, 2))
        .show(ui, add)
        .inner
}

/// The heading of a part of a page.
pub fn section(ui: &mut Ui, theme: &Theme, name: &str) {
    ui.add_space(12.0);
    let rect = head(ui, theme);
    plain_row(
        ui,
        rect,
        ui.scope_id().with(("section", name)),
        Role::Heading,
        name,
    );
    paint::left(
        ui.painter(),
        rect.shrink2(vec2(12.0, 0.0)),
        name,
        &theme.small(),
        theme.colors.text[2],
    );
    ui.add_space(6.0);
}
