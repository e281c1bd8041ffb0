//! The tab Re-run: the turn again, in the project's own Python, beside what was recorded.

mod differences;
mod what_if;

use djscope_hub::model::TurnId;
use djscope_hub::{HeldBack, ProjectFacts, RerunAnswer, RerunWord, TurnSummary};
use djscope_report::units;
use egui::{Color32, RichText, ScrollArea, Ui};

use crate::empty;
use crate::glyphs::Glyph;
use crate::store::{Edits, Rerun, RerunOutcome, Store};
use crate::theme::Theme;
use crate::widgets;

pub use what_if::WhatIf;

/// Draws it. The edits with which the user wants the turn to be run, if he does.
pub fn ui(
    ui: &mut Ui,
    theme: &Theme,
    store: &Store,
    summary: &TurnSummary,
    what_if: &mut WhatIf,
) -> Option<Edits> {
    store.want_project();
    what_if.begin(&summary.turn);
    let turn = summary.turn.turn;
    let project = match store.reruns().project() {
        Some(Ok(project)) => project,
        Some(Err(failure)) => {
            let hint = failure.hint.as_deref().unwrap_or_default();
            empty::message(ui, theme, &failure.message, hint);
            return None;
        }
        None => return None,
    };
    let mut wanted = None;
    ScrollArea::vertical()
        .id_salt("rerun")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            if store.reruns().is_agreed() {
                wanted = buttons(ui, theme, store, turn, what_if);
            } else if agreement(ui, theme, turn, project) {
                wanted = Some(Edits::default());
            }
            if let Some(rerun) = store.reruns().of(turn) {
                result(ui, theme, rerun);
            }
            if let Some(status) = store.status().filter(|status| !status.path.is_empty()) {
                widgets::section(ui, theme, "As a test");
                widgets::margin(ui, |ui| {
                    widgets::copyable(ui, theme, &test_command(&status.path, turn))
                });
            }
            ui.add_space(theme.metrics.space[4]);
        });
    wanted
}

/// The command that makes a test out of a turn: the panel itself writes no file.
fn test_command(recording: &str, turn: TurnId) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "/._-+:@~".contains(character);
    let file = match recording.chars().all(is_plain) {
        true => recording.to_owned(),
        false => format!("'{}'", recording.replace('\'', r"'\''")),
    };
    format!("djscope report {file} --format pytest --turn {turn} -o test_turn_{turn}.py")
}

/// What will run, before anything does. True if the user agrees.
fn agreement(ui: &mut Ui, theme: &Theme, turn: TurnId, project: &ProjectFacts) -> bool {
    ui.add_space(theme.metrics.space[3]);
    widgets::margin(ui, |ui| {
        ui.spacing_mut().item_spacing.y = theme.metrics.space[1];
        let headline = format!("Turn {turn} can be run again, in the project's own Python");
        ui.label(
            RichText::new(headline)
                .font(theme.strong())
                .color(theme.colors.text[0]),
        );
        let text = "Opening a recording runs nothing. Databases are copied; mail, files, processes and the network are held back.";
        ui.label(RichText::new(text).color(theme.colors.text[1]));
        ui.label(
            RichText::new(format!("It runs the code of {}", project.description)).color(theme.colors.text[0]),
        );
        if !project.missing_variables.is_empty() {
            let names = project.missing_variables.join(", ");
            let text = format!("The recorded server had variables that are not set here: {names}");
            ui.label(RichText::new(text).color(theme.colors.text[1]));
        }
        ui.add_space(theme.metrics.space[2]);
        widgets::button(ui, theme, Some(Glyph::Play), "Run it").clicked()
    })
}

fn buttons(ui: &mut Ui, theme: &Theme, store: &Store, turn: TurnId, what_if: &mut WhatIf) -> Option<Edits> {
    let running = store.reruns().running();
    let mut wanted = None;
    widgets::margin(ui, |ui| {
        ui.add_space(theme.metrics.space[2]);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = theme.metrics.space[2];
            if let Some(running) = running {
                let text = match running == turn {
                    true => "running …".to_owned(),
                    false => format!("turn {running} is running …"),
                };
                ui.label(RichText::new(text).color(theme.colors.text[1]));
                return;
            }
            if widgets::button(ui, theme, Some(Glyph::Play), "Run again").clicked() {
                wanted = Some(Edits::default());
            }
            if widgets::button(ui, theme, None, "What if …").clicked() {
                what_if.is_open = !what_if.is_open;
            }
        });
        if what_if.is_open && running.is_none() {
            wanted = what_if.ui(ui, theme).or(wanted.take());
        }
    });
    wanted
}

fn result(ui: &mut Ui, theme: &Theme, rerun: &Rerun) {
    let answer = match &rerun.outcome {
        RerunOutcome::Answer(answer) => answer,
        RerunOutcome::Failure(failure) => {
            widgets::margin(ui, |ui| {
                ui.add_space(theme.metrics.space[2]);
                let hint = failure.hint.as_deref().unwrap_or_default();
                let color = theme.colors.outcome.error;
                widgets::strip(ui, theme, Glyph::Triangle, color, &failure.message, hint);
            });
            return;
        }
    };
    widgets::margin(ui, |ui| {
        ui.add_space(theme.metrics.space[2]);
        let (glyph, color) = mark(theme, answer.word());
        widgets::strip(
            ui,
            theme,
            glyph,
            color,
            &headline(rerun, answer),
            &witnesses(answer),
        );
    });
    differences::ui(ui, theme, &answer.differs);
    let unsteady = answer
        .unsteady
        .iter()
        .map(|place| format!("{}: {}", place.path, place.why));
    let held_back: Vec<String> = answer.held_back.iter().map(HeldBack::text).collect();
    for (name, lines) in [
        ("Because", &answer.reasons),
        ("Differs from run to run", &unsteady.collect()),
        ("Held back", &held_back),
        ("Besides", &answer.notes),
    ] {
        lines_of(ui, theme, name, lines);
    }
}

/// What the turn did again, in one line.
fn headline(rerun: &Rerun, answer: &RerunAnswer) -> String {
    let took = units::ms(answer.duration_us);
    let count = answer.differs.len();
    match (answer.word(), rerun.is_what_if) {
        (RerunWord::Same, true) => format!("It would have done the same, in {took}"),
        (RerunWord::Same, false) => format!("It does the same again, in {took}"),
        (_, true) => format!(
            "With these values it does otherwise in {}",
            units::counted(count as u64, "place", "places")
        ),
        (RerunWord::Differs, false) => format!(
            "It does otherwise now in {}",
            units::counted(count as u64, "place", "places")
        ),
        (RerunWord::CannotTell, false) => "Whether it does the same cannot be told".to_owned(),
    }
}

fn witnesses(answer: &RerunAnswer) -> String {
    let word = |word: Option<RerunWord>| word.map_or("says nothing", RerunWord::name);
    format!(
        "recorded: {} · djust: {} · engine: {}",
        answer.recorded,
        word(answer.djust),
        word(answer.engine)
    )
}

const fn mark(theme: &Theme, word: RerunWord) -> (Glyph, Color32) {
    let colors = &theme.colors.outcome;
    match word {
        RerunWord::Same => (Glyph::Check, colors.ok),
        RerunWord::Differs => (Glyph::Triangle, colors.error),
        RerunWord::CannotTell => (Glyph::DottedCircle, colors.notice),
    }
}

fn lines_of(ui: &mut Ui, theme: &Theme, name: &str, lines: &Vec<String>) {
    if lines.is_empty() {
        return;
    }
    widgets::section(ui, theme, name);
    for line in lines {
        widgets::margin(ui, |ui| ui.label(RichText::new(line).color(theme.colors.text[1])));
    }
}

#[cfg(test)]
mod tests {
    use super::test_command;

    #[test]
    fn a_command_can_be_pasted_into_a_shell() {
        assert_eq!(
            test_command("/tmp/a.djscope", 7),
            "djscope report /tmp/a.djscope --format pytest --turn 7 -o test_turn_7.py"
        );
        assert!(
            test_command("/tmp/it's $(here).djscope", 7)
                .contains(r"report '/tmp/it'\''s $(here).djscope' --format")
        );
    }
}
