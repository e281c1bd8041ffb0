//! A panel on a stage: steps, keys, what is on screen.

use djscope_panel::{Panel, ThemeChoice};
use egui::{Event, Key};
use egui_kittest::kittest::{NodeT, Queryable as _};
use egui_kittest::{Harness, SnapshotOptions};

use crate::preview::Preview;

/// The size that most pictures have.
pub const WIDE: egui::Vec2 = egui::Vec2::new(1280.0, 800.0);

/// The size below which the window does not go by much.
pub const NARROW: egui::Vec2 = egui::Vec2::new(900.0, 600.0);

/// A panel over a recording in memory.
pub struct Stage {
    /// The harness around it.
    pub harness: Harness<'static, Panel>,
}

/// The harness leaves a margin; a window does not.
fn draw(ui: &mut egui::Ui, panel: &mut Panel) {
    let whole = ui.ctx().content_rect();
    ui.scope_builder(egui::UiBuilder::new().max_rect(whole), |ui| {
        ui.set_clip_rect(whole);
        panel.ui(ui);
    });
}

impl Stage {
    /// A wide, dark panel.
    pub fn new(preview: &Preview) -> Self {
        Self::with(preview, WIDE, ThemeChoice::Dark)
    }

    /// A panel of some size and colours.
    pub fn with(preview: &Preview, size: egui::Vec2, theme: ThemeChoice) -> Self {
        let mut panel = Panel::new(Box::new(preview.clone()));
        panel.set_theme(theme);
        let harness = Harness::builder()
            .with_size(size)
            .with_pixels_per_point(1.0)
            .with_os(egui::os::OperatingSystem::Nix)
            .with_max_steps(40)
            // The clock stands still for as long as a test takes.
            .with_step_dt(1.0 / 240.0)
            .build_ui_state(draw, panel);
        let mut stage = Self { harness };
        stage.run();
        stage
    }

    /// Steps until the picture stands still.
    pub fn run(&mut self) -> u64 {
        self.harness.run()
    }

    /// Selects a turn.
    pub fn select(&mut self, turn: u64) -> &mut Self {
        self.harness.state_mut().select(turn);
        self.run();
        self
    }

    /// Presses a key.
    pub fn key(&mut self, key: Key) -> &mut Self {
        self.harness.key_press(key);
        self.run();
        self
    }

    /// Types a text, as the system tells it.
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.harness.event(Event::Text(text.to_owned()));
        self.run();
        self
    }

    /// Clicks what has this label.
    pub fn click(&mut self, label: &str) -> &mut Self {
        self.harness.get_by_label(label).click();
        self.run();
        self
    }

    /// Clicks what has a label with this part.
    pub fn click_part(&mut self, part: &str) -> &mut Self {
        self.harness.get_by_label_contains(part).click();
        self.run();
        self
    }

    /// Every label and value on screen.
    pub fn words(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive().collect::<Vec<_>>();
        nodes
            .iter()
            .map(NodeT::accesskit_node)
            .flat_map(|node| [node.label(), node.value()])
            .flatten()
            .collect()
    }

    /// True if some label or value holds `part`.
    pub fn shows(&self, part: &str) -> bool {
        self.words().iter().any(|word| word.contains(part))
    }

    /// Fails unless each part is on screen.
    #[track_caller]
    pub fn expect(&self, parts: &[&str]) {
        let words = self.words();
        for part in parts {
            assert!(
                words.iter().any(|word| word.contains(part)),
                "{part:?} is not among {words:#?}"
            );
        }
    }

    /// The labels of what is selected.
    pub fn selected(&self) -> Vec<String> {
        let nodes = self.harness.root().children_recursive().collect::<Vec<_>>();
        let selected = nodes
            .iter()
            .map(NodeT::accesskit_node)
            .filter(|node| node.is_selected() == Some(true));
        selected.filter_map(|node| node.label()).collect()
    }

    /// Compares with the picture of that name.
    #[track_caller]
    pub fn picture(&mut self, name: &str) {
        self.harness.remove_cursor();
        self.run();
        let options = SnapshotOptions::new()
            .output_path("tests/panel/snapshots")
            .threshold(1.6)
            .max_failed_pixels(1_500_usize);
        if let Err(difference) = self.harness.try_snapshot_options(name, &options) {
            panic!("{difference}");
        }
    }
}
