//! The bug museum: one exhibit for each cause of a page that does not do what one expects, with its repaired twin.
//!
//! Every page has a button `#press` and a text `#value`, which says `before` until it works.

mod handlers;
mod pages;
mod state;
mod templates;

use djscope_live::{Application, Arguments, Declared, Handler, Instance, Raised};
use djscope_template::TemplateError;
use djscope_template::value::{Dict, Value};

/// One cause, with its repaired twin.
#[derive(Debug)]
pub struct Exhibit {
    /// Number of the cause: 5 is `RC5`.
    pub number: u8,
    /// What happens.
    pub title: &'static str,
    /// What is to be seen on the wire.
    pub wire: Wire,
    /// The broken view.
    pub broken: Declared,
    /// The repaired one.
    pub fixed: Declared,
}

/// What a broken exhibit shows on the wire when its button is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// An `error` frame.
    Error,
    /// A `noop`.
    Noop,
    /// A `patch` without patches.
    EmptyPatch,
    /// A patch that the browser cannot apply, and a recovery.
    Recovery,
    /// The whole page.
    Html,
    /// Nothing at all.
    Nothing,
    /// The view is not even mounted.
    NotMounted,
    /// The answer comes late, and no ticks before it.
    NoTicks,
}

impl Wire {
    fn text(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Noop => "noop",
            Self::EmptyPatch => "patch without patches",
            Self::Recovery => "patch, request_html, html_recovery",
            Self::Html => "html_update",
            Self::Nothing => "no frame",
            Self::NotMounted => "error instead of mount",
            Self::NoTicks => "no ticks for three seconds",
        }
    }
}

impl Exhibit {
    /// Its path; the repaired twin is at `fixed/` below.
    pub fn path(&self) -> String {
        path(self.number)
    }
}

fn path(number: u8) -> String {
    format!("/museum/rc{number:02}/")
}

/// All exhibits in order.
pub fn exhibits() -> Vec<Exhibit> {
    let mut all: Vec<Exhibit> = [
        handlers::exhibits(),
        state::exhibits(),
        templates::exhibits(),
        pages::exhibits(),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.sort_by_key(|exhibit| exhibit.number);
    all
}

/// Puts the museum at its paths.
pub(crate) fn add(application: &mut Application) -> Result<(), TemplateError> {
    let exhibits = exhibits();
    let list: Value = exhibits
        .iter()
        .map(|exhibit| {
            Value::from(Dict::from_iter([
                ("code", Value::from(format!("RC{}", exhibit.number))),
                ("path", Value::from(exhibit.path())),
                ("title", Value::from(exhibit.title)),
                ("wire", Value::from(exhibit.wire.text())),
            ]))
        })
        .collect();
    application.add(
        "/museum/",
        Declared::new("museum.views.Index", "museum/index.html").state("exhibits", list),
    )?;
    for exhibit in exhibits {
        let path = exhibit.path();
        application.add(&format!("{path}fixed/"), exhibit.fixed)?;
        application.add(&path, exhibit.broken)?;
    }
    Ok(())
}

/// The broken view of an exhibit, without what is special of it.
fn broken(number: u8) -> Declared {
    view(number, "", &format!("museum/rc{number:02}.html"), false)
}

/// The repaired view, which renders the same template.
fn fixed(number: u8) -> Declared {
    view(number, "Fixed", &format!("museum/rc{number:02}.html"), true)
}

/// The repaired view, where it is the template that was wrong.
fn fixed_template(number: u8) -> Declared {
    view(number, "Fixed", &format!("museum/rc{number:02}_fixed.html"), true)
}

fn view(number: u8, suffix: &str, template: &str, is_fixed: bool) -> Declared {
    Declared::new(&format!("museum.views.RC{number}{suffix}"), template)
        .state("value", "before")
        .state("is_fixed", is_fixed)
        .state("path", path(number))
}

/// The handler behind the button.
fn press(run: impl Fn(&mut Instance, &Arguments) -> Result<(), Raised> + Send + Sync + 'static) -> Handler {
    Handler::new("press").run(run)
}

/// The handler behind the button that sets one name.
fn press_sets(name: &'static str, value: impl Into<Value>) -> Handler {
    let value = value.into();
    press(move |instance, _| {
        instance.set(name, value.clone());
        Ok(())
    })
}

/// The handler behind the button that does what it should.
fn press_sets_value() -> Handler {
    press_sets("value", "after")
}

/// Shows what work in the background has come to.
fn show(instance: &mut Instance, result: Result<Value, Raised>) -> Result<(), Raised> {
    instance.set("value", result?);
    Ok(())
}
