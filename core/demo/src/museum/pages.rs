//! RC17, RC18 and RC20: pages whose browser and server do not come together.

use super::{Exhibit, Wire, broken, fixed_template, press_sets_value};

pub(super) fn exhibits() -> Vec<Exhibit> {
    vec![nameless_root(), changed_by_a_script(), not_allowed()]
}

/// `dj-view` is empty.
fn nameless_root() -> Exhibit {
    Exhibit {
        number: 17,
        title: "The root does not say which view it is",
        wire: Wire::NotMounted,
        broken: broken(17).handler(press_sets_value()),
        fixed: fixed_template(17).handler(press_sets_value()),
    }
}

/// The page is no longer what the server knows of it.
fn changed_by_a_script() -> Exhibit {
    Exhibit {
        number: 18,
        title: "A script changed the page",
        wire: Wire::Recovery,
        broken: broken(18).handler(press_sets_value()),
        fixed: fixed_template(18).handler(press_sets_value()),
    }
}

/// The page names a view that no browser may mount.
fn not_allowed() -> Exhibit {
    Exhibit {
        number: 20,
        title: "The view is not allowed",
        wire: Wire::NotMounted,
        broken: broken(20).handler(press_sets_value()),
        fixed: fixed_template(20).handler(press_sets_value()),
    }
}
