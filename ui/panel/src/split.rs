//! A list above and what is selected in it below.

use egui::{Frame, Panel, Rect, Ui, pos2};

use crate::glyphs::Glyph;
use crate::theme::Theme;
use crate::widgets;

/// The height that a list of so many rows asks for.
pub fn share(rows: usize, theme: &Theme) -> f32 {
    (rows + 1) as f32 * theme.metrics.row + 6.0
}

/// Draws the list, as high as it asks for or at most half, and below it the selected.
pub fn show<T>(
    ui: &mut Ui,
    theme: &Theme,
    salt: &'static str,
    wanted: f32,
    list: impl FnOnce(&mut Ui) -> T,
    selected: impl FnOnce(&mut Ui, T),
) {
    let room = ui.available_height();
    let list = Panel::top(salt)
        .frame(Frame::new().fill(theme.colors.surface[1]))
        .resizable(true)
        .default_size(wanted.min(room * 0.5).max(60.0))
        .size_range(44.0..=(room - 80.0).max(60.0))
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            list(ui)
        });
    ui.spacing_mut().item_spacing.y = 0.0;
    selected(ui, list.inner);
}

/// A copy button at the right end of a head. Gives where it begins.
pub fn copy(ui: &Ui, theme: &Theme, head: Rect, text: &str) -> f32 {
    let rect = Rect::from_center_size(pos2(head.right() - 8.0, head.center().y), egui::Vec2::splat(20.0));
    if widgets::icon_button(ui, theme, rect, Glyph::Copy, false, "Copy", "").clicked() {
        ui.ctx().copy_text(text.to_owned());
    }
    rect.left()
}
