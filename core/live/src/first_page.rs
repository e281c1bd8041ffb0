//! The page as it is first sent: the whole document, with what brings it to life.

use serde_json::Value as Json;

use super::mounted::Mounted;
use djscope_dom::tree::{IdCounter, Parser, Tree, parse};
use djscope_template::escape::escape;

impl Mounted {
    /// The whole page as it is first sent, with the scripts that bring it to life. Its root says which view it is.
    pub fn whole_page(&self, scripts: &str) -> String {
        let Some(page) = self.page() else {
            return String::new();
        };
        let mut html = page.source().to_owned();
        let (tree, path) = (page.tree(), &self.registered.declaration().path);
        let mut naming = String::new();
        if let Some(start_tag) = tree.start_tag_range(&[]) {
            let end = html[start_tag.clone()].trim_end_matches(['>', '/']).len();
            html.insert_str(start_tag.start + end, &missing_attributes(tree, path));
        } else if tree.attribute(tree.root(), "dj-view").is_none() {
            // Where the root stands in a source that leaves tags out, only the browser knows.
            naming = naming_script(path);
        }
        let place = html.rfind("</body>").unwrap_or(html.len());
        html.insert_str(place, scripts);
        html.insert_str(place, &naming);
        html
    }

    /// The title that the page has in front of its root.
    pub fn title(&self) -> Option<String> {
        let source = self.page()?.source();
        let start = source.find("<title")?;
        let end = start + source[start..].find("</title>")?;
        // Of a whole page the parser keeps the root only.
        let title = format!("<div>{}</title></div>", &source[start..end]);
        let tree = parse(&title, IdCounter::default(), Parser::Fast).ok()?.tree;
        let text = tree.at(&[0, 0])?;
        Some(tree.text(text).to_owned())
    }
}

/// What the root lacks of `dj-view` and `dj-root`.
fn missing_attributes(tree: &Tree, path: &str) -> String {
    let lacks = |name: &str| tree.attribute(tree.root(), name).is_none();
    let mut missing = String::new();
    if lacks("dj-view") {
        missing.push_str(&format!(" dj-view=\"{}\"", escape(path)));
    }
    if lacks("dj-root") {
        missing.push_str(" dj-root");
    }
    missing
}

/// A script that says which view the root of a page is.
fn naming_script(path: &str) -> String {
    let path = Json::from(path).to_string().replace('<', "\\u003c");
    format!(
        "<script>(document.querySelector('[dj-root]') ?? document.body.firstElementChild)\
         .setAttribute('dj-view', {path});</script>"
    )
}
