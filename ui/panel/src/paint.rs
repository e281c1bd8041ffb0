//! Text and lines at exact places: what every view draws with.

use std::borrow::Cow;
use std::sync::Arc;

use egui::text::{LayoutJob, TextFormat, TextWrapping};
use egui::{Align2, Color32, FontId, Galley, Painter, Pos2, Rect, Stroke, pos2};

use crate::theme::Theme;
use djscope_report::units;

/// Characters of a line that are laid out at most; no screen is wider.
const MAX_LINE: usize = 2_000;

/// `text` without line breaks, and not longer than any line can be.
fn plain(text: &str) -> Cow<'_, str> {
    if text.len() <= MAX_LINE && !text.contains(char::is_control) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(units::one_line(text, MAX_LINE))
    }
}

/// Lays out one line, cut with `…` where it would not fit.
pub fn line(painter: &Painter, width: f32, text: &str, font: &FontId, color: Color32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(plain(text).into_owned(), font.clone(), color);
    job.wrap = cut_at(width);
    painter.layout_job(job)
}

/// Room for one line of `width`.
pub fn cut_at(width: f32) -> TextWrapping {
    TextWrapping {
        max_width: width.max(1.0),
        max_rows: 1,
        break_anywhere: true,
        ..TextWrapping::default()
    }
}

/// Puts a laid-out text into `rect`; vertically always in the middle.
pub fn place(painter: &Painter, rect: Rect, align: Align2, galley: Arc<Galley>) -> Rect {
    let placed = align.align_size_within_rect(galley.size(), rect);
    let min = pos2(placed.min.x.round(), placed.min.y.round());
    painter.galley(min, galley, Color32::PLACEHOLDER);
    placed
}

/// Text at the left of `rect`, cut where it would not fit. Gives the place it took.
pub fn left(painter: &Painter, rect: Rect, text: &str, font: &FontId, color: Color32) -> Rect {
    let galley = line(painter, rect.width(), text, font, color);
    place(painter, rect, Align2::LEFT_CENTER, galley)
}

/// Text at the right of `rect`, cut where it would not fit.
pub fn right(painter: &Painter, rect: Rect, text: &str, font: &FontId, color: Color32) -> Rect {
    let galley = line(painter, rect.width(), text, font, color);
    place(painter, rect, Align2::RIGHT_CENTER, galley)
}

/// Text in the middle of `rect`.
pub fn center(painter: &Painter, rect: Rect, text: &str, font: &FontId, color: Color32) -> Rect {
    let galley = line(painter, rect.width(), text, font, color);
    place(painter, rect, Align2::CENTER_CENTER, galley)
}

/// One line of several pieces, cut where it would not fit.
pub fn pieces(painter: &Painter, rect: Rect, pieces: &[(&str, &FontId, Color32)]) -> Rect {
    let mut job = LayoutJob {
        wrap: cut_at(rect.width()),
        break_on_newline: false,
        ..LayoutJob::default()
    };
    for (text, font, color) in pieces {
        let mut format = TextFormat::simple((*font).clone(), *color);
        format.valign = egui::Align::Center;
        job.append(&plain(text), 0.0, format);
    }
    let galley = painter.layout_job(job);
    place(painter, rect, Align2::LEFT_CENTER, galley)
}

/// How wide a text is.
pub fn width(painter: &Painter, text: &str, font: &FontId) -> f32 {
    painter
        .layout_no_wrap(text.to_owned(), font.clone(), Color32::PLACEHOLDER)
        .size()
        .x
}

/// A hairline below `rect`.
pub fn underline(painter: &Painter, rect: Rect, color: Color32) {
    painter.hline(rect.x_range(), rect.bottom() - 0.5, Stroke::new(1.0, color));
}

/// A key as it is printed on a keyboard. Gives the place it took, right-aligned in `rect`.
pub fn key(painter: &Painter, theme: &Theme, rect: Rect, text: &str) -> Rect {
    let font = theme.small();
    let galley = line(painter, rect.width(), text, &font, theme.colors.text[2]);
    let size = egui::vec2((galley.size().x + 8.0).max(18.0), 16.0);
    let placed = Align2::RIGHT_CENTER.align_size_within_rect(size, rect);
    painter.rect(
        placed,
        theme.metrics.radius,
        theme.colors.surface[2],
        Stroke::new(1.0, theme.colors.line[0]),
        egui::StrokeKind::Inside,
    );
    place(painter, placed, Align2::CENTER_CENTER, galley);
    placed
}

/// `rect` without so much at its left.
pub fn from_left(rect: Rect, width: f32) -> Rect {
    rect.with_min_x((rect.left() + width).min(rect.right()))
}

/// A column of `rect` that begins at `x`.
pub fn column(rect: Rect, x: f32, width: f32) -> Rect {
    Rect::from_min_max(
        Pos2::new(x, rect.top()),
        Pos2::new(x + width.max(0.0), rect.bottom()),
    )
}
