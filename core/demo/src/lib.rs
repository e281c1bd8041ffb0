//! The embedded demo: a small site of live views, written against the engine's `LiveView`, and a museum of the ways in
//! which a page does not change.
//!
//! It does no I/O: whoever serves it hands the application to a host.

pub mod museum;
mod pages;

use djscope_live::{Application, Settings};
use djscope_template::TemplateError;
use include_dir::{Dir, include_dir};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// The whole site.
///
/// # Errors
///
/// If a template has errors.
pub fn site(settings: Settings) -> Result<Application, TemplateError> {
    let mut application = Application::new(settings, templates(&TEMPLATES));
    pages::add(&mut application)?;
    museum::add(&mut application)?;
    Ok(application)
}

/// All templates of a folder, by their path in it.
fn templates(folder: &Dir<'static>) -> Vec<(String, String)> {
    let files = folder.files().filter_map(|file| {
        let name = file.path().to_str()?.replace('\\', "/");
        Some((name, file.contents_utf8()?.to_owned()))
    });
    let mut templates: Vec<_> = files.collect();
    for inner in folder.dirs() {
        templates.extend(self::templates(inner));
    }
    templates
}
