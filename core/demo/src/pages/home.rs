//! What there is.

use djscope_live::Declared;
use djscope_template::value::{Dict, Value};

/// Path, title, what is to be seen there.
const PAGES: &[(&str, &str, &str)] = &[
    ("/counter/", "Counter", "One number, three handlers"),
    (
        "/products/",
        "Products",
        "Search, sort and remove in a keyed list",
    ),
    ("/chat/", "Chat", "Messages to every open window"),
    (
        "/contact/",
        "Contact form",
        "Checked while you type, with a draft",
    ),
    ("/tabs/", "Tabs", "State in the address"),
    (
        "/dashboard/",
        "Dashboard",
        "Ticks, pushes and work in the background",
    ),
    ("/upload/", "Upload", "Files in pieces over the connection"),
    (
        "/museum/",
        "Bug museum",
        "22 ways in which a page does not change",
    ),
];

pub fn view() -> Declared {
    let pages: Value = PAGES
        .iter()
        .map(|&(path, title, about)| {
            Value::from(Dict::from_iter([
                ("path", path),
                ("title", title),
                ("about", about),
            ]))
        })
        .collect();
    Declared::new("demo.views.Home", "home.html").state("pages", pages)
}
