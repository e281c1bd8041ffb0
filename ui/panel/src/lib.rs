//! The panel: egui views over the hub's API, with no window of their own.
//!
//! [`Panel`] asks a [`Client`] and draws what it is told into one
//! [`egui::Ui`]. It opens no file, no socket and no window, and it asks for a
//! new picture only when something has changed.

mod choices;
mod commands;
mod detail;
mod empty;
mod fonts;
mod frames;
mod glyphs;
mod header;
mod json;
mod logs;
mod overview;
mod paint;
mod palette;
mod patches;
mod rerun;
mod rows;
mod split;
mod state;
mod status_bar;
mod store;
mod summary;
mod theme;
mod timing;
mod turns;
mod widgets;

pub use theme::{Theme, ThemeChoice, contrast};

use djscope_hub::{Client, ProjectPlace, RecordingState};
use egui::{CentralPanel, Frame, Ui};

use choices::{Choices, Overlay};
use commands::Command;
use store::{Edits, Store};

/// The panel over one recording.
pub struct Panel {
    client: Box<dyn Client>,
    store: Store,
    choices: Choices,
    documents: json::Documents,
    theme: Theme,
    is_applied: bool,
    /// The widget that had the keyboard in the last pass; egui forgets it as soon as Esc comes.
    last_focus: Option<egui::Id>,
}

impl Panel {
    /// A panel that asks `client`.
    pub fn new(client: Box<dyn Client>) -> Self {
        Self {
            client,
            store: Store::default(),
            choices: Choices::new(),
            documents: json::Documents::default(),
            theme: Theme::new(ThemeChoice::default()),
            is_applied: false,
            last_focus: None,
        }
    }

    /// Shows only the turns that match.
    pub fn set_filter(&mut self, filter: &str) {
        filter.clone_into(&mut self.choices.filter);
        self.choices.set_filter(filter, &mut self.store);
    }

    /// Selects a turn.
    pub fn select(&mut self, turn: u64) {
        self.choices.select(turn, None);
    }

    /// Says where the project is, if not where the recording says.
    pub fn set_place(&mut self, place: ProjectPlace) {
        self.store.set_place(place);
    }

    /// Uses a set of colours.
    pub fn set_theme(&mut self, choice: ThemeChoice) {
        self.choices.theme = choice;
        self.theme = Theme::new(choice);
        self.is_applied = false;
    }

    /// Draws it into the whole of `ui`.
    pub fn ui(&mut self, ui: &mut Ui) {
        if !self.is_applied {
            self.theme.apply(ui.ctx());
            self.is_applied = true;
            // Fonts and colours hold from the next pass on; until then there is nothing to draw with.
            ui.ctx().request_discard("theme");
            ui.ctx().request_repaint();
            return;
        }
        let now = ui.input(|input| input.time);
        self.store.receive(self.client.as_mut(), now);
        for command in self.typed(ui) {
            self.run(command, ui);
        }
        self.choices.resolve(&mut self.store);
        let mut clicked = self.frame(ui);
        clicked.extend(palette::ui(ui.ctx(), &self.theme, &self.store, &mut self.choices));
        for command in clicked {
            self.run(command, ui);
            ui.ctx().request_repaint();
        }
        self.last_focus = ui.memory(egui::Memory::focused);
        self.choices.resolve(&mut self.store);
        if self.store.send(self.client.as_mut()) {
            // A client that answers at once is heard in the next pass; others wake the panel themselves.
            ui.ctx().request_repaint();
        }
    }

    /// The commands that the keyboard gave; an open overlay keeps most keys for itself.
    fn typed(&self, ui: &Ui) -> Vec<Command> {
        if self.choices.overlay == Overlay::None {
            return commands::typed(ui.ctx());
        }
        let mut typed = Vec::new();
        ui.input_mut(|input| {
            if input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)
                || input.consume_key(egui::Modifiers::COMMAND, egui::Key::K)
            {
                typed.push(Command::Close);
            }
        });
        typed
    }

    fn frame(&mut self, ui: &mut Ui) -> Vec<Command> {
        let metrics = self.theme.metrics.clone();
        let colors = self.theme.colors.clone();
        let (theme, store, choices) = (&self.theme, &mut self.store, &mut self.choices);
        let documents = &mut self.documents;
        let bar = Frame::new().fill(colors.surface[0]);
        let pane = Frame::new().fill(colors.surface[1]);
        let clicked = egui::Panel::top("header")
            .frame(bar)
            .exact_size(metrics.header)
            .resizable(false)
            .show(ui, |ui| header::ui(ui, theme, store, choices))
            .inner;
        egui::Panel::top("overview")
            .frame(bar)
            .exact_size(metrics.overview)
            .resizable(false)
            .show(ui, |ui| overview::ui(ui, theme, store, choices));
        egui::Panel::bottom("status")
            .frame(bar)
            .exact_size(metrics.status)
            .resizable(false)
            .show(ui, |ui| status_bar::ui(ui, theme, store));
        let width = ui.available_width();
        egui::Panel::left("turns")
            .frame(pane)
            .default_size((width * 0.43).round().clamp(320.0, 560.0))
            .size_range(280.0..=(width - 320.0).max(300.0))
            .resizable(true)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing.y = 0.0;
                turns::ui(ui, theme, store, choices);
            });
        let detail = CentralPanel::no_frame().frame(pane).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            detail::ui(ui, theme, store, choices, documents)
        });
        if let Some(edits) = detail.inner {
            store.run_again(edits);
        }
        clicked
    }

    fn run(&mut self, command: Command, ui: &Ui) {
        if !command.is_available(&self.store) {
            return;
        }
        let total = self.store.total();
        let page = self.choices.visible_rows.max(2).cast_signed() - 1;
        match command {
            Command::PreviousTurn => self.choices.step(-1, total),
            Command::NextTurn => self.choices.step(1, total),
            Command::PageUp => self.choices.step(-page, total),
            Command::PageDown => self.choices.step(page, total),
            Command::FirstTurn => self.choices.select_row(0),
            Command::LastTurn => self.choices.select_row(total - 1),
            Command::Follow => self.choices.follow = !self.choices.follow,
            Command::Pause => self.pause(),
            Command::Filter => self.choices.focus_filter = true,
            Command::ClearFilter => self.set_filter(""),
            Command::Show(tab) => self.choices.tab = tab,
            Command::OnlyChanges => {
                self.choices.tab = commands::Tab::State;
                self.choices.state.only_changes = !self.choices.state.only_changes;
            }
            Command::RawFrames => {
                self.choices.tab = commands::Tab::Frames;
                self.choices.frames.is_raw = !self.choices.frames.is_raw;
            }
            Command::RunAgain => self.run_again(),
            Command::CopyAddress => self.copy_address(ui),
            Command::NextTheme => self.set_theme(self.choices.theme.next()),
            Command::Theme(choice) => self.set_theme(choice),
            Command::Palette => {
                self.choices.overlay = Overlay::Palette {
                    query: String::new(),
                    row: 0,
                }
            }
            Command::Help => self.choices.overlay = Overlay::Help,
            Command::Close => self.close(ui),
        }
    }

    fn pause(&mut self) {
        if let Some(status) = self.store.status() {
            let is_live = status.recording == RecordingState::Live;
            self.store.pause(is_live);
        }
    }

    /// Runs the selected turn again, once the user has agreed that the project's code runs; else it is asked for.
    fn run_again(&mut self) {
        self.choices.tab = commands::Tab::Rerun;
        if self.store.reruns().is_agreed() {
            self.store.run_again(Edits::default());
        }
    }

    fn copy_address(&self, ui: &Ui) {
        if let Some(proxy) = self.store.status().and_then(|status| status.proxy.clone()) {
            ui.ctx().copy_text(proxy);
        }
    }

    /// Esc: first what lies over the panel, then the filter box, then the filter.
    fn close(&mut self, ui: &Ui) {
        let focused = self.last_focus;
        if self.choices.overlay != Overlay::None {
            self.choices.overlay = Overlay::None;
        } else if let Some(id) = focused {
            ui.memory_mut(|memory| memory.surrender_focus(id));
        } else if !self.choices.filter.is_empty() {
            self.set_filter("");
        }
    }
}
