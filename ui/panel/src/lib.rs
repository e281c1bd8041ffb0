//! The panel: egui views over the hub's API, with no window of their own.

use djscope_hub::Client;

/// The panel over one recording.
pub struct Panel {
    client: Box<dyn Client>,
}

impl Panel {
    /// A panel that asks `client`.
    pub fn new(client: Box<dyn Client>) -> Self {
        Self { client }
    }

    /// Shows only the turns that match.
    pub fn set_filter(&mut self, _filter: &str) {}

    /// Selects a turn.
    pub fn select(&mut self, _turn: u64) {}

    /// Draws it into the whole of `ui`.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        for answer in self.client.answers() {
            ui.label(format!("{answer:?}"));
        }
    }
}
