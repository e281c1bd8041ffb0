//! Lists of equal rows of which only the visible ones are drawn.

use std::ops::Range;

use egui::containers::scroll_area::{self, ScrollSource};
use egui::style::ScrollAnimation;
use egui::{Rect, ScrollArea, Ui, pos2, vec2};

/// Up to this height a scroll area places rows to the pixel: beyond it `f32` has no room for fractions of one.
const EXACT: f32 = 4_000_000.0;

/// A list of equal rows of which only the visible ones are drawn.
pub struct Rows {
    salt: &'static str,
    count: usize,
    height: f32,
    reveal: Option<usize>,
    is_wide: Option<f32>,
}

impl Rows {
    /// `count` rows of `height`; `salt` tells lists apart.
    pub const fn new(salt: &'static str, count: usize, height: f32) -> Self {
        Self {
            salt,
            count,
            height,
            reveal: None,
            is_wide: None,
        }
    }

    /// Scrolls as little as needed to show a row.
    pub const fn reveal(mut self, row: Option<usize>) -> Self {
        self.reveal = row;
        self
    }

    /// Rows of at least this width, with a scroll bar if there is less room.
    pub const fn wide(mut self, width: f32) -> Self {
        self.is_wide = Some(width);
        self
    }

    /// Draws the visible rows and gives their range.
    pub fn show(self, ui: &mut Ui, draw: impl FnMut(&mut Ui, usize, Rect)) -> Range<usize> {
        if self.count as f64 * f64::from(self.height) > f64::from(EXACT) {
            self.show_long(ui, draw)
        } else {
            self.show_short(ui, draw)
        }
    }

    fn show_short(self, ui: &mut Ui, mut draw: impl FnMut(&mut Ui, usize, Rect)) -> Range<usize> {
        let area = if self.is_wide.is_some() {
            ScrollArea::both()
        } else {
            ScrollArea::vertical()
        };
        let mut visible = 0..0;
        // Rows go on below the scroll bar, so that columns stand below their heads whether there is one or not.
        let outer = ui.available_width();
        area.id_salt(self.salt)
            .auto_shrink(false)
            .animated(false)
            .min_scrolled_height(0.0)
            .show_viewport(ui, |ui, viewport| {
                let width = self.is_wide.map_or(outer, |wide| wide.max(outer));
                let reach = self.is_wide.unwrap_or_default().max(ui.available_width());
                ui.set_min_size(vec2(reach, self.count as f32 * self.height));
                let origin = ui.min_rect().min;
                let place = |row: usize| {
                    let top = origin.y + row as f32 * self.height;
                    Rect::from_min_size(pos2(origin.x, top.round()), vec2(width, self.height))
                };
                let first = (viewport.min.y / self.height).floor().max(0.0) as usize;
                let last = ((viewport.max.y / self.height).ceil().max(0.0) as usize).min(self.count);
                visible = first.min(last)..last;
                if let Some(row) = self.reveal.filter(|row| *row < self.count) {
                    ui.scroll_to_rect_animation(place(row), None, ScrollAnimation::none());
                }
                for row in visible.clone() {
                    draw(ui, row, place(row));
                }
            });
        visible
    }

    /// The place in the list is kept as a row, and the scroll area only moves its bar.
    fn show_long(self, ui: &mut Ui, mut draw: impl FnMut(&mut Ui, usize, Rect)) -> Range<usize> {
        let id = ui.make_persistent_id((self.salt, "first row"));
        let area = ui.available_rect_before_wrap();
        let mut view = LongView {
            first: ui
                .data(|data| data.get_temp(id))
                .unwrap_or_else(|| self.first_as_short(ui)),
            rows: f64::from(area.height() / self.height),
            count: self.count as f64,
        };
        if ui.rect_contains_pointer(area) {
            view.first -= f64::from(ui.input(egui::InputState::smooth_scroll_delta).y / self.height);
        }
        if let Some(row) = self.reveal.filter(|row| *row < self.count) {
            view.reveal(row as f64);
        }
        view.first = view.first.clamp(0.0, view.last_first());
        let room = EXACT - area.height();
        let offset = (view.share() * f64::from(room)) as f32;
        let width = self.is_wide.unwrap_or_default().max(area.width());
        let visible = view.visible(self.count);
        let salt = (self.salt, "long");
        let scroll = ScrollArea::vertical()
            .id_salt(salt)
            .auto_shrink(false)
            .animated(false);
        let shown = scroll
            .scroll_source(ScrollSource::SCROLL_BAR)
            .vertical_scroll_offset(offset)
            .show_viewport(ui, |ui, _| {
                ui.set_min_size(vec2(ui.available_width(), EXACT));
                for row in visible.clone() {
                    let top = area.top() + ((row as f64 - view.first) * f64::from(self.height)) as f32;
                    let rect = Rect::from_min_size(pos2(area.left(), top.round()), vec2(width, self.height));
                    draw(ui, row, rect);
                }
            });
        let dragged_to = shown.state.clamped_offset().y;
        if (dragged_to - offset).abs() > 0.5 {
            view.first = f64::from(dragged_to / room) * view.last_first();
            ui.request_repaint();
        }
        ui.data_mut(|data| data.insert_temp(id, view.first));
        visible
    }

    /// Where the list stood when it was still short.
    fn first_as_short(&self, ui: &Ui) -> f64 {
        let state = scroll_area::State::load(ui.ctx(), ui.make_persistent_id(egui::IdSalt::new(self.salt)));
        state.map_or(0.0, |state| f64::from(state.clamped_offset().y / self.height))
    }
}

/// Which rows of a long list are in view, in rows.
struct LongView {
    /// The first, with the part of it that is above.
    first: f64,
    /// How many fit.
    rows: f64,
    /// How many there are.
    count: f64,
}

impl LongView {
    /// The first row when the end of the list is in view.
    fn last_first(&self) -> f64 {
        (self.count - self.rows).max(0.0)
    }

    /// How much of the list is above, from 0 to 1.
    fn share(&self) -> f64 {
        self.first / self.last_first().max(1.0)
    }

    /// Moves as little as needed to show a row whole.
    fn reveal(&mut self, row: f64) {
        self.first = self.first.clamp((row + 1.0 - self.rows).min(row), row);
    }

    fn visible(&self, count: usize) -> Range<usize> {
        let first = self.first.floor() as usize;
        let end = (self.first + self.rows).ceil() as usize;
        first.min(count)..end.min(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_moves_as_little_as_needed() {
        let mut view = LongView {
            first: 0.0,
            rows: 20.5,
            count: 40_000_000.0,
        };
        view.reveal(30_000_000.0);
        assert_eq!(view.first, 29_999_980.5);
        assert_eq!(view.visible(40_000_000), 29_999_980..30_000_001);
        view.reveal(29_999_990.0);
        assert_eq!(view.first, 29_999_980.5);
        view.reveal(29_999_979.0);
        assert_eq!(view.first, 29_999_979.0);
        view.reveal(39_999_999.0);
        assert_eq!(view.first, view.last_first());
        assert_eq!(view.share(), 1.0);
    }
}
