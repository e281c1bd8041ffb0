//! `djscope open`: a recording in the panel.

use djscope_recording::filter::Filter;

use crate::arguments::OpenArguments;
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
    };
    if let Some(path) = &options.screenshot {
        Failure::if_empty("the picture", path)?;
        return screenshot::write(&options.recording, &start, path);
    }
    if !window::has_display() {
        return Err(Failure::new("there is no display to open a window on").with_hint(
            "djscope show FILE prints the turns, djscope open FILE --screenshot PNG draws the panel",
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
