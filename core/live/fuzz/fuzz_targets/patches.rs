//! Two pages: the patches make of the one the other.
#![no_main]

use djscope_dom::diff::DiffOptions;
use djscope_live_fuzz::dom_properties::patches::{of_a_window, patches_lead_to_the_new_page};
use djscope_live_fuzz::{AnyPage, Change};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
enum New {
    Other(AnyPage),
    Changed(Change, Option<Change>),
}

fuzz_target!(|input: (AnyPage, New)| {
    let (AnyPage(old), new) = input;
    let new = match new {
        New::Other(AnyPage(new)) => new,
        New::Changed(first, second) => {
            let once = first.of(old.clone());
            match second {
                Some(second) => second.of(once),
                None => once,
            }
        }
    };
    patches_lead_to_the_new_page(&old.html(), &new.html(), DiffOptions::default());
    let options = DiffOptions {
        virtual_keys: true,
        ..DiffOptions::default()
    };
    patches_lead_to_the_new_page(&of_a_window(&old), &of_a_window(&new), options);
});
