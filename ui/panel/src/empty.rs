//! What is said where there is nothing to show: what is missing, and what to do.

use djscope_hub::{ProbeState, Status};
use egui::{RichText, Ui};

use crate::choices::Choices;
use crate::glyphs::Glyph;
use crate::store::Store;
use crate::theme::Theme;
use crate::turns::can_grow;
use crate::widgets;

/// Draws the empty state of the list. False if there are turns to draw.
pub fn turns(ui: &mut Ui, theme: &Theme, store: &mut Store, choices: &mut Choices) -> bool {
    if let Some(failure) = store.failure().cloned().filter(|_| store.total() == 0) {
        message(
            ui,
            theme,
            &failure.message,
            failure.hint.as_deref().unwrap_or_default(),
        );
        return true;
    }
    if store.total() > 0 {
        return false;
    }
    if !store.has_total() {
        store.want_rows(0, 1);
        return true;
    }
    if store.filter_error().is_some() {
        return true;
    }
    if !store.filter().is_empty() {
        no_match(ui, theme, store, choices);
        return true;
    }
    store.want_rows(0, 1);
    let Some(status) = store.status() else { return true };
    match &status.proxy {
        Some(proxy) if can_grow(status) => {
            message(ui, theme, "No turn yet", &format!("Open {proxy} in your browser"));
            indented(ui, theme, |ui| widgets::copyable(ui, theme, proxy));
        }
        _ if !status.path.is_empty() => {
            message(
                ui,
                theme,
                "No turn in this recording",
                "No djust page was used while it was made",
            );
        }
        _ => no_server(ui, theme),
    }
    true
}

fn no_server(ui: &mut Ui, theme: &Theme) {
    message(
        ui,
        theme,
        "No server",
        "Start one with the probe, attach to one that runs, or open a recording",
    );
    for command in [
        "djscope run -- python manage.py runserver",
        "djscope attach http://127.0.0.1:8000",
        "djscope open FILE",
    ] {
        indented(ui, theme, |ui| widgets::copyable(ui, theme, command));
    }
}

fn no_match(ui: &mut Ui, theme: &Theme, store: &mut Store, choices: &mut Choices) {
    message(ui, theme, "No turn matches", "");
    let filter = store.filter().to_owned();
    indented(ui, theme, |ui| {
        ui.label(
            RichText::new(&filter)
                .font(theme.data())
                .color(theme.colors.text[0]),
        );
        ui.add_space(4.0);
        if widgets::button(ui, theme, Some(Glyph::Cross), "Clear").clicked() {
            choices.filter.clear();
            choices.set_filter("", store);
        }
    });
}

fn indented<R>(ui: &mut Ui, theme: &Theme, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        ui.add_space(16.0);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = theme.metrics.space[1];
            add(ui)
        })
        .inner
    })
    .inner
}

/// A headline and what to do, at the top left of what is empty.
pub fn message(ui: &mut Ui, theme: &Theme, headline: &str, text: &str) {
    let colors = &theme.colors;
    ui.add_space(16.0);
    indented(ui, theme, |ui| {
        ui.label(RichText::new(headline).font(theme.strong()).color(colors.text[0]));
        if !text.is_empty() {
            ui.label(RichText::new(text).color(colors.text[1]));
        }
    });
    ui.add_space(4.0);
}

/// Says why the probe has nothing about this turn, and the commands that add it.
pub fn no_probe(ui: &mut Ui, theme: &Theme, store: &Store, what: &str) {
    let status = store.status();
    let (headline, text) = match status.map(|status| &status.probe) {
        Some(ProbeState::Absent) | None => (
            format!("No {what}: there is no probe in this server"),
            "Start the server under djscope, or put a probe into its environment, start it again and attach",
        ),
        Some(ProbeState::Waiting) => (
            format!("No {what} yet: the probe has not been heard of"),
            "It reports when the server has loaded djust",
        ),
        Some(ProbeState::Silent { reason }) => (
            format!("No {what}: no probe was heard from this server"),
            reason.as_str(),
        ),
        Some(ProbeState::Gone) => (
            format!("No {what}: the probe's process has ended"),
            "It reports again when the server runs",
        ),
        Some(ProbeState::Connected { .. }) => (
            format!("No {what} of this turn"),
            "The probe reports, and told nothing about this turn",
        ),
    };
    message(ui, theme, &headline, text);
    if matches!(
        status.map(|status| &status.probe),
        Some(ProbeState::Absent) | None
    ) {
        for command in [run_command(status), "djscope probe install".to_owned()] {
            indented(ui, theme, |ui| widgets::copyable(ui, theme, &command));
        }
    }
}

/// The command that starts the server with the probe.
fn run_command(status: Option<&Status>) -> String {
    let command = status
        .and_then(|status| status.command.as_deref())
        .unwrap_or("python manage.py runserver");
    format!("djscope run -- {command}")
}
