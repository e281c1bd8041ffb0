//! A picture of the panel without a window.

use std::fs::File;
use std::io::Read;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::time::{Duration, Instant};

use djscope_panel::Panel;
use egui_kittest::Harness;

use crate::failure::Failure;
use crate::hub::Place;
use crate::terminal::note;
use crate::window::{self, Start};

const SIZE: egui::Vec2 = egui::Vec2::new(1280.0, 800.0);

/// Every PNG begins with this.
const PNG: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// How long answers of the hub may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Draws the panel over a recording and writes a PNG to `path`.
pub fn write(recording: &Place, start: &Start, path: &Path) -> Result<(), Failure> {
    check_place(path)?;
    let client = recording.client(|| {})?;
    let mut panel = window::panel(client, start);
    // Without any graphics driver the renderer gives up by panicking; its own words are no help.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let drawn = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut harness = Harness::builder()
            .with_size(SIZE)
            .with_pixels_per_point(1.0)
            .allow_missing_glyphs()
            .wgpu()
            .build_ui(|ui| draw(&mut panel, ui));
        settle(&mut harness);
        harness.render()
    }));
    std::panic::set_hook(hook);
    let image = drawn
        .map_err(|_| {
            Failure::new("cannot draw: no graphics driver")
                .with_hint("on Debian: apt install mesa-vulkan-drivers")
        })?
        .map_err(|error| Failure::new(format!("cannot draw: {error}")))?;
    image
        .save(path)
        .map_err(|error| Failure::new(format!("cannot write {}: {error}", path.display())))?;
    note!("wrote {}", path.display());
    Ok(())
}

/// A picture replaces a picture, and nothing else.
fn check_place(path: &Path) -> Result<(), Failure> {
    let refused = |found: &str| {
        Err(
            Failure::new(format!("{} {found}: only a picture is replaced", path.display()))
                .with_hint("name another file with --screenshot"),
        )
    };
    match std::fs::metadata(path) {
        Ok(found) if !found.is_file() => refused("is not a plain file"),
        Ok(found) if found.len() > 0 => {
            let mut start = [0; PNG.len()];
            let is_picture = File::open(path)
                .and_then(|mut file| file.read_exact(&mut start))
                .is_ok()
                && start == PNG;
            if is_picture {
                Ok(())
            } else {
                refused("is not a PNG")
            }
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Draws over the margin that the harness leaves around its content.
fn draw(panel: &mut Panel, ui: &mut egui::Ui) {
    let whole = egui::Rect::from_min_size(egui::Pos2::ZERO, SIZE);
    ui.scope_builder(egui::UiBuilder::new().max_rect(whole), |ui| panel.ui(ui));
}

/// Steps until the hub has answered and the picture stands still.
fn settle(harness: &mut Harness<'_>) {
    let since = Instant::now();
    let mut quiet = 0;
    while quiet < 10 && since.elapsed() < PATIENCE {
        harness.step();
        std::thread::sleep(Duration::from_millis(20));
        quiet = if harness.ctx.has_requested_repaint() {
            0
        } else {
            quiet + 1
        };
    }
}
