//! RC9 to RC13 and RC16: templates that do not show what changed.

use super::{Exhibit, Wire, broken, fixed, fixed_template, press, press_sets, press_sets_value};

pub(super) fn exhibits() -> Vec<Exhibit> {
    vec![
        not_used(),
        outside_of_the_root(),
        branch_not_taken(),
        same_text(),
        white_space(),
        ignored(),
    ]
}

/// The template shows another name.
fn not_used() -> Exhibit {
    let set_total = || press_sets("total", "after");
    Exhibit {
        number: 9,
        title: "The template does not use the name",
        wire: Wire::EmptyPatch,
        broken: broken(9).state("total", "before").handler(set_total()),
        fixed: fixed_template(9).state("total", "before").handler(set_total()),
    }
}

/// No patch ever goes there.
fn outside_of_the_root() -> Exhibit {
    Exhibit {
        number: 10,
        title: "Shown outside of the root",
        wire: Wire::EmptyPatch,
        broken: broken(10).handler(press_sets_value()),
        fixed: fixed_template(10).handler(press_sets_value()),
    }
}

/// The condition stays false.
fn branch_not_taken() -> Exhibit {
    Exhibit {
        number: 11,
        title: "In a branch that is not taken",
        wire: Wire::EmptyPatch,
        broken: broken(11).state("is_open", false).handler(press_sets_value()),
        fixed: fixed(11).state("is_open", false).handler(press(|instance, _| {
            instance.set("value", "after");
            instance.set("is_open", true);
            Ok(())
        })),
    }
}

/// A filter rounds the difference away.
fn same_text() -> Exhibit {
    let set_price = || press_sets("price", 1.2);
    Exhibit {
        number: 12,
        title: "Another value, the same text",
        wire: Wire::EmptyPatch,
        broken: broken(12).state("price", 1.1).handler(set_price()),
        fixed: fixed_template(12).state("price", 1.1).handler(set_price()),
    }
}

/// Blanks between elements are not compared.
fn white_space() -> Exhibit {
    Exhibit {
        number: 13,
        title: "Only white space changed",
        wire: Wire::EmptyPatch,
        broken: broken(13)
            .mount(|instance| {
                instance.set("value", " ");
                Ok(())
            })
            .handler(press_sets("value", "\n\n")),
        fixed: fixed_template(13).handler(press_sets_value()),
    }
}

/// `dj-update="ignore"`.
fn ignored() -> Exhibit {
    Exhibit {
        number: 16,
        title: "In a part that is not to be touched",
        wire: Wire::EmptyPatch,
        broken: broken(16).handler(press_sets_value()),
        fixed: fixed_template(16).handler(press_sets_value()),
    }
}
