//! `djscope open`: a recording in the panel.

use djscope_hub::Mailbox;
use djscope_recording::Reader;
use djscope_recording::filter::Filter;

use crate::arguments::OpenArguments;
use crate::failure::Failure;
use crate::{screenshot, window};

/// Opens the window, or writes a picture of it.
pub fn open(options: &OpenArguments) -> Result<(), Failure> {
    Filter::parse(&options.filter)?;
    Reader::open(&options.file)?;
    let start = window::Start {
        filter: options.filter.clone(),
        turn: options.turn,
    };
    if let Some(path) = &options.screenshot {
        return screenshot::write(&options.file, &start, path);
    }
    if !window::has_display() {
        return Err(Failure::new("there is no display to open a window on").with_hint(
            "djscope show FILE prints the turns, djscope open FILE --screenshot PNG draws the panel",
        ));
    }
    window::show(
        &options.file,
        None,
        Mailbox::default(),
        &start,
        &window::Closer::default(),
    )
}
