//! Pages for property tests: what a template with conditions, loops and keys writes.

use proptest::prelude::*;

/// A part of a page.
#[derive(Clone, Debug)]
pub enum Part {
    /// A text, not yet escaped.
    Text(&'static str),
    /// An element.
    Element {
        /// Its name.
        name: &'static str,
        /// The number in its `class`.
        class: Option<u8>,
        /// The number in its `title`.
        title: Option<u8>,
        /// What is in it.
        parts: Vec<Part>,
    },
    /// `{% if %}`: its number, and what is shown if it is true.
    Condition(u8, Option<Vec<Part>>),
    /// Rows with keys, and what each says.
    Rows(Vec<(u8, u8)>),
    /// HTML as it is.
    Raw(&'static str),
}

/// A page.
#[derive(Clone, Debug)]
pub struct Page(pub Vec<Part>);

/// Names of elements.
pub const NAMES: &[&str] = &["div", "section", "span", "b", "my-tag", "article"];
/// Texts, not yet escaped.
pub const TEXTS: &[&str] = &[
    "x", "hello", "a & b", "1 < 2", " lead", "é\u{a0}", "\u{2003}", "0",
];
/// HTML of which nothing changes.
pub const RAW: &[&str] = &[
    "<pre> a\n b </pre>",
    "<textarea> t </textarea>",
    "<script>if(a<b&&c){}</script>",
    "<br>",
    "<input value=\"v\">",
    "<table><tr><td>1</td></tr></table>",
    "<svg viewbox=\"0 0 1 1\"><path d=\"M0\"/></svg>",
    "<!-- c -->",
    "<!--dj-if-->",
    "<select><option>o</option></select>",
    "<noscript>n &amp; m</noscript>",
];

fn part() -> impl Strategy<Value = Part> {
    let rows = prop::sample::subsequence((0..9_u8).collect::<Vec<_>>(), 0..7)
        .prop_shuffle()
        .prop_flat_map(|keys| {
            let count = keys.len();
            prop::collection::vec(0..4_u8, count)
                .prop_map(move |texts| Part::Rows(keys.iter().copied().zip(texts).collect()))
        });
    let leaf = prop_oneof![
        3 => prop::sample::select(TEXTS).prop_map(Part::Text),
        2 => rows,
        1 => prop::sample::select(RAW).prop_map(Part::Raw),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        let parts = prop::collection::vec(inner.clone(), 0..4);
        prop_oneof![
            3 => (prop::sample::select(NAMES), prop::option::of(0..3_u8), prop::option::of(0..3_u8), parts.clone())
                .prop_map(|(name, class, title, parts)| Part::Element { name, class, title, parts }),
            1 => (0..40_u8, prop::option::weighted(0.6, parts)).prop_map(|(id, parts)| Part::Condition(id, parts)),
        ]
    })
}

/// Any page.
pub fn page() -> impl Strategy<Value = Page> {
    prop::collection::vec(part(), 0..5).prop_map(Page)
}

impl Page {
    /// Its source.
    pub fn html(&self) -> String {
        format!("<div dj-root>{}</div>", self.inner_html())
    }

    /// What is in its root.
    pub fn inner_html(&self) -> String {
        let mut html = String::new();
        write_all(&self.0, "", &mut html);
        html
    }

    /// The same page after some of its parts changed.
    pub fn changed(self) -> impl Strategy<Value = Page> {
        let count = self.0.len();
        (Just(self), 0..count.max(1), part(), 0..4_u8)
            .prop_map(|(page, at, new, how)| page.with_change(at, new, how))
    }

    /// The same page with another part at `at`, with one more, with one less, or with something new in every part.
    pub fn with_change(self, at: usize, new: Part, how: u8) -> Page {
        let mut parts = self.0;
        match how {
            0 if at < parts.len() => parts[at] = new,
            1 => parts.insert(at.min(parts.len()), new),
            2 if at < parts.len() => {
                parts.remove(at);
            }
            _ => parts.iter_mut().for_each(turn),
        }
        Page(parts)
    }
}

/// Conditions turn, rows are put in another order, classes change.
fn turn(part: &mut Part) {
    match part {
        Part::Condition(id, parts) => {
            *parts = if parts.is_some() {
                None
            } else {
                Some(vec![Part::Text("now"), Part::Rows(vec![(*id % 5, 1)])])
            }
        }
        Part::Rows(rows) => {
            rows.reverse();
            if let Some(row) = rows.first_mut() {
                row.1 = row.1.wrapping_add(1);
            }
        }
        Part::Element {
            class, title, parts, ..
        } => {
            *class = class.map(|class| class.wrapping_add(1));
            *title = if title.is_some() { None } else { Some(1) };
            parts.iter_mut().for_each(turn);
        }
        Part::Text(_) | Part::Raw(_) => {}
    }
}

/// A condition of a template has one place in the page, so its id tells where it is.
fn write_all(parts: &[Part], place: &str, html: &mut String) {
    for (index, part) in parts.iter().enumerate() {
        let plain = |id: u8| format!("if-{id}{place}-{}", conditions_before(parts, index));
        // No two conditions of a page have one id.
        let mark = |id: u8, html: &str| {
            format!(
                "{}-{}",
                plain(id),
                html.matches(&format!("\"{}-", plain(id))).count()
            )
        };
        write(part, mark, place, html);
    }
}

fn conditions_before(parts: &[Part], index: usize) -> usize {
    parts[..index]
        .iter()
        .filter(|part| matches!(part, Part::Condition(..)))
        .count()
}

fn write(part: &Part, mark: impl Fn(u8, &str) -> String, place: &str, html: &mut String) {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    match part {
        Part::Text(text) => html.push_str(&escaped(text)),
        Part::Raw(raw) => html.push_str(raw),
        Part::Element {
            name,
            class,
            title,
            parts,
        } => {
            html.push_str(&format!("<{name}"));
            if let Some(class) = class {
                html.push_str(&format!(" class=\"c{class}\""));
            }
            if let Some(title) = title {
                html.push_str(&format!(" title=\"t{title}\""));
            }
            html.push('>');
            let space = if *name == "div" {
                "
  "
            } else {
                " "
            };
            html.push_str(space);
            write_all(parts, &format!("{place}-{name}"), html);
            html.push_str(space);
            html.push_str(&format!("</{name}>"));
        }
        Part::Condition(id, parts) => {
            let mark = mark(*id, html);
            html.push_str(&format!("<!--dj-if id=\"{mark}\"-->"));
            if let Some(parts) = parts {
                write_all(parts, &format!("{place}-if{id}"), html);
            }
            html.push_str("<!--/dj-if-->");
        }
        Part::Rows(rows) => {
            html.push_str("<ul>");
            for (key, text) in rows {
                html.push_str(&format!("<li dj-key=\"{key}\"><i>{text}</i> row</li>"));
            }
            html.push_str("</ul>");
        }
    }
}
