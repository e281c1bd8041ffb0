//! The native window around the panel.

use std::sync::{Arc, Mutex, PoisonError};

use djscope_hub::{Client, ProjectPlace};
use djscope_panel::Panel;

use crate::failure::Failure;

/// What the panel shows first.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The filter; empty for all turns.
    pub filter: String,
    /// The selected turn.
    pub turn: Option<u64>,
    /// Where the project is, if not where the recording says.
    pub place: ProjectPlace,
}

/// Closes the window from another thread, also before it is open.
#[derive(Clone, Default)]
pub struct Closer(Arc<Mutex<Closing>>);

#[derive(Default)]
struct Closing {
    context: Option<egui::Context>,
    is_asked: bool,
}

impl Closer {
    /// Closes the window.
    pub fn close(&self) {
        let mut closing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        closing.is_asked = true;
        if let Some(context) = &closing.context {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
            context.request_repaint();
        }
    }

    fn attach(&self, context: &egui::Context) {
        let mut closing = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        closing.context = Some(context.clone());
        if closing.is_asked {
            context.send_viewport_cmd(egui::ViewportCommand::Close);
        }
    }
}

/// True if there is a screen to open a window on.
pub fn has_display() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(not(all(unix, not(target_os = "macos")))) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")
}

struct App {
    panel: Panel,
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        self.panel.ui(ui);
    }
}

/// What the hub calls when something has arrived.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// Opens the window over a recording called `name`, and returns when it is closed.
pub fn show(
    name: &str,
    connect: impl FnOnce(Wake) -> Result<Box<dyn Client>, Failure> + 'static,
    start: &Start,
    closer: &Closer,
) -> Result<(), Failure> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title(format!("djscope: {name}"))
            .with_app_id("djscope")
            .with_inner_size([1280.0, 800.0])
            .with_min_inner_size([720.0, 420.0]),
        ..eframe::NativeOptions::default()
    };
    let (start, closer) = (start.clone(), closer.clone());
    eframe::run_native(
        "djscope",
        options,
        Box::new(move |creation| {
            closer.attach(&creation.egui_ctx);
            let context = creation.egui_ctx.clone();
            let client = connect(Box::new(move || context.request_repaint()))
                .map_err(|failure| failure.to_string())?;
            Ok(Box::new(App {
                panel: panel(client, &start),
            }))
        }),
    )
    .map_err(|error| {
        Failure::new(format!("cannot open a window: {error}"))
            .with_hint("--headless records without one; djscope show FILE prints the turns")
    })
}

/// The panel over `client`, as `start` wants it.
pub fn panel(client: Box<dyn Client>, start: &Start) -> Panel {
    let mut panel = Panel::new(client);
    panel.set_filter(&start.filter);
    panel.set_place(start.place.clone());
    if let Some(turn) = start.turn {
        panel.select(turn);
    }
    panel
}
