//! The `LiveView` engine: a template with a state, rendered again and again, of which each change reaches the browser as
//! the smallest patches.
//!
//! ```
//! use std::sync::Arc;
//!
//! use djscope_dom::diff::DiffOptions;
//! use djscope_dom::page::Work;
//! use djscope_engine::view::View;
//! use djscope_template::value::Value;
//! use djscope_template::{Environment, Libraries, NoTemplates, Template};
//!
//! let source = "<div dj-root><p>{{ count }}</p><b>{{ name }}</b></div>";
//! let template = Template::parse(None, source, &Libraries::djust())?;
//! let mut view = View::new(template, Arc::new(NoTemplates), Environment::default(), DiffOptions::default());
//! view.update_state([("count".into(), Value::Int(1)), ("name".into(), Value::from("Ada"))]);
//! assert!(view.render(None, Work::Changed)?.html.contains("<p dj-id=\"1\">1</p>"));
//!
//! view.update_state([("count".into(), Value::Int(2))]);
//! let rendered = view.render(Some(&["count"]), Work::Changed)?;
//! assert_eq!(rendered.patches.map(|patches| patches.len()), Some(1));
//! # Ok::<(), djscope_engine::view::ViewError>(())
//! ```
//!
//! `view` joins `djscope-template` and `djscope-dom`: which parts of the template are rendered again, what of the page is
//! read again, and which node of the template caused which patch. `lines` answers other tools (`djscope engine`).
//!
//! Its results are those of djust 1.2.6 and of Django 5.2, case by case, so that a debugger that renders a recorded
//! state again gets what the server got. It does no I/O, reads no clock, starts no thread, and will never call a handler:
//! who changes the state is not its matter.

pub mod lines;
pub mod view;
