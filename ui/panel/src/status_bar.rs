//! The status bar: totals, the probe, and what went wrong.

use djscope_hub::{ProbeState, Status};
use egui::{Color32, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::glyphs::{self, Glyph};
use crate::paint;
use crate::store::Store;
use crate::theme::Theme;
use djscope_report::units;

/// Draws it.
pub fn ui(ui: &Ui, theme: &Theme, store: &Store) {
    let rect = ui.max_rect().shrink2(vec2(theme.metrics.space[3], 0.0));
    let Some(status) = store.status() else { return };
    let mut left = rect.left();
    for (text, color, hint) in parts(theme, store, status) {
        if left > rect.left() {
            let dot = paint::column(rect, left, 17.0);
            paint::center(ui.painter(), dot, "·", &theme.small(), theme.colors.text[2]);
            left = dot.right();
        }
        let place = paint::left(ui.painter(), rect.with_min_x(left), &text, &theme.small(), color);
        let cell = Rect::from_x_y_ranges(place.x_range(), rect.y_range());
        let response = ui.interact(cell, ui.scope_id().with(("status", left as i32)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
        if !hint.is_empty() {
            response.on_hover_text(hint);
        }
        left = place.right();
    }
    problems(ui, theme, store, status, rect.with_min_x(left + 24.0));
}

fn parts(theme: &Theme, store: &Store, status: &Status) -> Vec<(String, Color32, String)> {
    let colors = &theme.colors;
    let plain = colors.text[1];
    let turns = if store.filter().is_empty() || !store.has_total() {
        units::counted(status.turns, "turn", "turns")
    } else {
        format!(
            "{} of {}",
            units::count(store.total()),
            units::counted(status.turns, "turn", "turns")
        )
    };
    let findings_color = if status.findings > 0 {
        colors.outcome.warning
    } else {
        plain
    };
    let dropped_color = if status.dropped > 0 {
        colors.outcome.error
    } else {
        plain
    };
    let (probe, probe_color, hint) = probe(theme, &status.probe);
    let mut parts = vec![
        (turns, plain, units::counted(status.frames, "frame", "frames")),
        (
            units::counted(status.findings, "finding", "findings"),
            findings_color,
            String::new(),
        ),
        (units::size(status.size_bytes), plain, status.path.clone()),
        (probe, probe_color, hint),
        (
            format!("{} dropped", units::count(status.dropped)),
            dropped_color,
            "Frames, states or bodies that could not be kept".to_owned(),
        ),
    ];
    parts.extend(status.memory.map(|memory| {
        let is_tight = memory.used_bytes > memory.budget_bytes / 4;
        let color = if is_tight { colors.outcome.warning } else { plain };
        // In the units of --memory, so that what was asked for is what is shown.
        let text = format!(
            "{} of {} MB memory",
            memory.used_bytes >> 20,
            memory.budget_bytes >> 20
        );
        let hint = "What was seen and is not written yet, of what the recorder may use; --memory sets it";
        (text, color, hint.to_owned())
    }));
    parts
}

fn probe(theme: &Theme, probe: &ProbeState) -> (String, Color32, String) {
    let colors = &theme.colors;
    match probe {
        ProbeState::Absent => {
            let hint = "Private state, SQL, logs and handler times are missing; djscope run adds them, and djscope attach for \
                        servers that are started after djscope probe install";
            ("no probe".to_owned(), colors.outcome.notice, hint.to_owned())
        }
        ProbeState::Waiting => (
            "probe waiting".to_owned(),
            colors.text[1],
            "It reports when the server has loaded djust".to_owned(),
        ),
        ProbeState::Silent { reason } => ("probe silent".to_owned(), colors.outcome.warning, reason.clone()),
        ProbeState::Gone => (
            "probe gone".to_owned(),
            colors.outcome.warning,
            "Its process has ended".to_owned(),
        ),
        ProbeState::Connected { djust, missing } => {
            let version = djust
                .as_deref()
                .map(|version| format!("djust {version}"))
                .unwrap_or_default();
            if missing.is_empty() {
                ("probe ok".to_owned(), colors.text[1], version)
            } else {
                let lines = format!("{version}\n{}", missing.join("\n"));
                (
                    format!("probe ok, {} missing", missing.len()),
                    colors.outcome.notice,
                    lines.trim().to_owned(),
                )
            }
        }
    }
}

fn problems(ui: &Ui, theme: &Theme, store: &Store, status: &Status, rect: Rect) {
    let lost = store.lost();
    // What failed for want of a connection needs no word of its own.
    let failure = store.failure().filter(|_| lost.is_none());
    let all: Vec<&str> = lost
        .into_iter()
        .chain(status.problems.iter().map(String::as_str))
        .chain(failure.map(|failure| failure.message.as_str()))
        .collect();
    let Some(first) = all.first() else { return };
    let color = theme.colors.outcome.error;
    let text = if all.len() > 1 {
        format!("{first} (and {} more)", all.len() - 1)
    } else {
        (*first).to_owned()
    };
    let galley = paint::line(ui.painter(), rect.width() - 16.0, &text, &theme.small(), color);
    let place = Rect::from_x_y_ranges((rect.right() - galley.size().x)..=rect.right(), rect.y_range());
    paint::place(ui.painter(), place, egui::Align2::LEFT_CENTER, galley);
    glyphs::draw(
        ui.painter(),
        Glyph::Triangle,
        pos2(place.left() - 10.0, place.center().y - 0.5),
        color,
    );
    let response = ui.interact(place, ui.scope_id().with("problems"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &text));
    response.on_hover_text(all.join("\n"));
}
