//! The pages of the site.

mod chat;
mod contact;
mod counter;
mod dashboard;
mod home;
mod products;
mod tabs;
mod upload;

use djscope_live::Application;
use djscope_template::TemplateError;

/// Puts all pages at their paths.
pub fn add(application: &mut Application) -> Result<(), TemplateError> {
    application.add("/", home::view())?;
    application.add("/counter/", counter::view())?;
    application.add("/products/", products::view())?;
    application.add("/chat/", chat::view())?;
    application.add("/contact/", contact::view())?;
    application.add("/tabs/", tabs::view())?;
    application.add("/dashboard/", dashboard::view())?;
    application.add("/upload/", upload::view())
}
