//! Drawn shapes: outcomes, changes, levels and icons. No font decides how they look.

use djscope_hub::model::{ChangeKind, Outcome, TurnKind};
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, Vec2, pos2, vec2};

use crate::theme::Theme;

/// A shape of about 9 by 9 points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Glyph {
    Diamond,
    DiamondHollow,
    Disc,
    Circle,
    HalfDisc,
    Frame,
    Triangle,
    Cycle,
    DottedCircle,
    Dot,
    Square,
    Lock,
    ArrowUp,
    ArrowDown,
    ArrowRight,
    ChevronRight,
    ChevronDown,
    Search,
    Pause,
    Play,
    Follow,
    Contrast,
    Copy,
    Plus,
    Minus,
    Changed,
    Cross,
    Check,
}

/// How the outcome of a turn is drawn; shape and colour say the same.
pub const fn of_turn(theme: &Theme, kind: TurnKind, outcome: Outcome) -> (Glyph, Color32) {
    let colors = &theme.colors.outcome;
    match (outcome, kind) {
        (Outcome::Error, _) => (Glyph::Triangle, colors.error),
        (Outcome::FullHtml, _) => (Glyph::Frame, colors.warning),
        (Outcome::Recovered, _) | (_, TurnKind::Recovery) => (Glyph::Cycle, colors.warning),
        (Outcome::Unanswered, _) => (Glyph::DottedCircle, colors.muted),
        (Outcome::EmptyPatch, _) => (Glyph::HalfDisc, colors.notice),
        (Outcome::Noop | Outcome::Silent, TurnKind::Tick | TurnKind::Push | TurnKind::Async) => {
            (Glyph::DiamondHollow, colors.muted)
        }
        (Outcome::Noop | Outcome::Silent, _) => (Glyph::Circle, colors.muted),
        (_, TurnKind::Tick | TurnKind::Push | TurnKind::Async) => (Glyph::DiamondHollow, colors.info),
        (Outcome::Mounted, _) => (Glyph::Disc, colors.ok),
        (Outcome::Patched, _) => (Glyph::Diamond, colors.ok),
        (Outcome::Redirected, _) => (Glyph::ArrowRight, colors.info),
        (Outcome::Done, _) => (Glyph::Dot, colors.info),
    }
}

/// How a difference is drawn.
pub const fn of_change(kind: ChangeKind) -> Glyph {
    match kind {
        ChangeKind::Added => Glyph::Plus,
        ChangeKind::Removed => Glyph::Minus,
        ChangeKind::Changed => Glyph::Changed,
    }
}

/// How a level of Python's `logging` is drawn.
pub fn of_level(theme: &Theme, level: &str) -> (Glyph, Color32) {
    let colors = &theme.colors.outcome;
    match level {
        "CRITICAL" | "ERROR" | "FATAL" => (Glyph::Triangle, colors.error),
        "WARNING" | "WARN" => (Glyph::Diamond, colors.warning),
        "INFO" => (Glyph::Circle, colors.info),
        _ => (Glyph::Dot, colors.muted),
    }
}

/// Draws `glyph` around `center`.
pub fn draw(painter: &Painter, glyph: Glyph, center: Pos2, color: Color32) {
    let center = pos2(center.x.round() + 0.5, center.y.round() + 0.5);
    match glyph {
        Glyph::Pause
        | Glyph::Play
        | Glyph::Search
        | Glyph::Follow
        | Glyph::Contrast
        | Glyph::Copy
        | Glyph::Lock => {
            icon(painter, glyph, center, color);
        }
        Glyph::Diamond | Glyph::DiamondHollow | Glyph::Frame | Glyph::Triangle | Glyph::Square => {
            polygon(painter, glyph, center, color);
        }
        Glyph::Disc | Glyph::Circle | Glyph::HalfDisc | Glyph::Cycle | Glyph::DottedCircle | Glyph::Dot => {
            round(painter, glyph, center, color);
        }
        _ => strokes(painter, glyph, center, color),
    }
}

fn diamond(center: Pos2, radius: f32) -> Vec<Pos2> {
    [
        vec2(0.0, -radius),
        vec2(radius, 0.0),
        vec2(0.0, radius),
        vec2(-radius, 0.0),
    ]
    .map(|by| center + by)
    .to_vec()
}

fn polygon(painter: &Painter, glyph: Glyph, center: Pos2, color: Color32) {
    match glyph {
        Glyph::Diamond => {
            painter.add(Shape::convex_polygon(diamond(center, 5.0), color, Stroke::NONE));
        }
        Glyph::DiamondHollow => {
            painter.add(Shape::closed_line(diamond(center, 4.3), Stroke::new(1.4, color)));
        }
        Glyph::Triangle => {
            let points = vec![
                center + vec2(0.0, -4.8),
                center + vec2(5.2, 4.2),
                center + vec2(-5.2, 4.2),
            ];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Glyph::Square => {
            painter.rect_filled(Rect::from_center_size(center, Vec2::splat(8.0)), 1, color);
        }
        _ => {
            let outer = Rect::from_center_size(center, Vec2::splat(9.0));
            painter.rect_stroke(outer, 1, Stroke::new(1.4, color), StrokeKind::Inside);
            painter.rect_filled(outer.shrink(2.7), 0, color);
        }
    }
}

fn arc(center: Pos2, radius: f32, from: f32, to: f32) -> Vec<Pos2> {
    (0..=20)
        .map(|step| center + Vec2::angled(from + (to - from) * step as f32 / 20.0) * radius)
        .collect()
}

fn round(painter: &Painter, glyph: Glyph, center: Pos2, color: Color32) {
    use std::f32::consts::{FRAC_PI_2, TAU};
    let stroke = Stroke::new(1.4, color);
    match glyph {
        Glyph::Disc => {
            painter.circle_filled(center, 4.4, color);
        }
        Glyph::Circle => {
            painter.circle_stroke(center, 3.8, stroke);
        }
        Glyph::HalfDisc => {
            painter.circle_stroke(center, 3.8, stroke);
            let half = arc(center, 4.2, FRAC_PI_2, FRAC_PI_2 + TAU / 2.0);
            painter.add(Shape::convex_polygon(half, color, Stroke::NONE));
        }
        Glyph::Dot => {
            painter.circle_filled(center, 2.2, color);
        }
        Glyph::DottedCircle => {
            for part in 0..4 {
                let from = TAU / 4.0 * part as f32;
                painter.add(Shape::line(arc(center, 3.8, from, from + TAU / 8.0), stroke));
            }
        }
        _ => {
            painter.add(Shape::line(arc(center, 3.8, -0.4, TAU * 0.72), stroke));
            let tip = center + Vec2::angled(-0.4) * 3.8;
            let points = vec![tip + vec2(-3.2, 0.6), tip + vec2(2.4, 1.4), tip + vec2(1.2, -3.6)];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
    }
}

fn strokes(painter: &Painter, glyph: Glyph, center: Pos2, color: Color32) {
    let stroke = Stroke::new(1.4, color);
    let lines: &[&[(f32, f32)]] = match glyph {
        Glyph::ArrowUp => &[
            &[(0.0, 4.5), (0.0, -4.0)],
            &[(-3.2, -0.8), (0.0, -4.2), (3.2, -0.8)],
        ],
        Glyph::ArrowDown => &[&[(0.0, -4.5), (0.0, 4.0)], &[(-3.2, 0.8), (0.0, 4.2), (3.2, 0.8)]],
        Glyph::ArrowRight => &[&[(-4.5, 0.0), (4.0, 0.0)], &[(0.8, -3.2), (4.2, 0.0), (0.8, 3.2)]],
        Glyph::ChevronRight => &[&[(-1.8, -3.4), (1.8, 0.0), (-1.8, 3.4)]],
        Glyph::ChevronDown => &[&[(-3.4, -1.8), (0.0, 1.8), (3.4, -1.8)]],
        Glyph::Plus => &[&[(-3.5, 0.0), (3.5, 0.0)], &[(0.0, -3.5), (0.0, 3.5)]],
        Glyph::Minus => &[&[(-3.5, 0.0), (3.5, 0.0)]],
        Glyph::Changed => &[&[(-3.5, -1.8), (3.5, -1.8)], &[(-3.5, 1.8), (3.5, 1.8)]],
        Glyph::Check => &[&[(-3.6, 0.2), (-1.0, 3.0), (3.8, -3.2)]],
        _ => &[&[(-3.2, -3.2), (3.2, 3.2)], &[(-3.2, 3.2), (3.2, -3.2)]],
    };
    for points in lines {
        painter.line(
            points.iter().map(|(x, y)| center + vec2(*x, *y)).collect(),
            stroke,
        );
    }
}

fn icon(painter: &Painter, glyph: Glyph, center: Pos2, color: Color32) {
    let stroke = Stroke::new(1.4, color);
    match glyph {
        Glyph::Pause => {
            for x in [-2.5, 2.5] {
                painter.rect_filled(
                    Rect::from_center_size(center + vec2(x, 0.0), vec2(2.6, 9.0)),
                    0,
                    color,
                );
            }
        }
        Glyph::Play => {
            let points = vec![
                center + vec2(-3.2, -4.6),
                center + vec2(4.6, 0.0),
                center + vec2(-3.2, 4.6),
            ];
            painter.add(Shape::convex_polygon(points, color, Stroke::NONE));
        }
        Glyph::Search => {
            painter.circle_stroke(center + vec2(-1.2, -1.2), 3.5, stroke);
            painter.line_segment([center + vec2(1.4, 1.4), center + vec2(4.8, 4.8)], stroke);
        }
        Glyph::Follow => {
            strokes(painter, Glyph::ArrowDown, center - vec2(0.0, 1.5), color);
            painter.line_segment([center + vec2(-4.0, 5.0), center + vec2(4.0, 5.0)], stroke);
        }
        Glyph::Contrast => {
            painter.circle_stroke(center, 5.0, stroke);
            let half = arc(
                center,
                5.0,
                -std::f32::consts::FRAC_PI_2,
                std::f32::consts::FRAC_PI_2,
            );
            painter.add(Shape::convex_polygon(half, color, Stroke::NONE));
        }
        Glyph::Copy => {
            let size = vec2(7.0, 8.0);
            painter.rect_stroke(
                Rect::from_min_size(center + vec2(-1.5, -2.5), size),
                1,
                stroke,
                StrokeKind::Inside,
            );
            let back = [
                vec2(-2.8, 2.2),
                vec2(-4.6, 2.2),
                vec2(-4.6, -5.0),
                vec2(1.6, -5.0),
                vec2(1.6, -3.8),
            ];
            painter.line(back.map(|by| center + by).to_vec(), stroke);
        }
        _ => {
            painter.rect_filled(
                Rect::from_min_size(center + vec2(-4.0, -0.8), vec2(8.0, 5.6)),
                1,
                color,
            );
            painter.add(Shape::line(
                arc(
                    center + vec2(0.0, -1.0),
                    2.6,
                    std::f32::consts::PI,
                    std::f32::consts::TAU,
                ),
                stroke,
            ));
        }
    }
}
