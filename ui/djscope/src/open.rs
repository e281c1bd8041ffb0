//! `djscope open`: a recording in the panel.

use std::path::PathBuf;

use djscope_hub::ProjectPlace;
use djscope_recording::filter::Filter;

use crate::arguments::{OpenArguments, ProjectArguments};
use crate::failure::Failure;
use crate::{screenshot, window};

/// Opens the window, or writes a picture of it.
pub fn open(options: &OpenArguments) -> Result<(), Failure> {
    Filter::parse(&options.filter)?;
    // What cannot be opened is said before there is a window.
    drop(options.recording.client(|| {})?);
    let start = window::Start {
        filter: options.filter.clone(),
        turn: options.turn,
        place: place(&options.project),
    };
    if let Some(path) = &options.screenshot {
        Failure::if_empty("the picture", path)?;
        return screenshot::write(&options.recording, &start, path);
    }
    if !window::has_display() {
        return Err(Failure::new("there is no display to open a window on").with_hint(
            "djscope open FILE --screenshot PNG draws the panel, and djscope show FILE prints the turns",
        ));
    }
    let place = options.recording.clone();
    window::show(
        &place.name(),
        move |wake| place.client(wake),
        &start,
        &window::Closer::default(),
    )
}

fn place(project: &ProjectArguments) -> ProjectPlace {
    let text = |path: &PathBuf| path.display().to_string();
    ProjectPlace {
        folder: project.folder.as_ref().map(text),
        python: project.python.as_ref().map(text),
        settings: project.settings.clone(),
    }
}
