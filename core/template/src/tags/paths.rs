//! Names of templates that are relative to the template they stand in (`construct_relative_path`).

use std::borrow::Cow;

use super::super::TemplateError;

/// The full name for a name that begins with `./` or `../`, in quotes if it is; any other name as it is.
pub(super) fn relative_path<'a>(
    template: Option<&str>,
    name: &'a str,
    allow_recursion: bool,
) -> Result<Cow<'a, str>, TemplateError> {
    let bare = name.trim_matches(['\'', '"']);
    if !bare.starts_with("./") && !bare.starts_with("../") {
        return Ok(Cow::Borrowed(name));
    }
    let Some(template) = template else {
        let message = "'NoneType' object has no attribute 'lstrip'";
        return Err(TemplateError::new("AttributeError", message));
    };
    let own = template.trim_start_matches('/');
    let directory = own.rsplit_once('/').map_or("", |(directory, _)| directory);
    let full = normalize(directory, bare);
    if full.starts_with("../") {
        return Err(TemplateError::syntax(format!(
            "The relative path '{name}' points outside the file hierarchy that template '{template}' is in."
        )));
    }
    if !allow_recursion && own == full {
        return Err(TemplateError::syntax(format!(
            "The relative path '{name}' was translated to template name '{template}', the same template in \
             which the tag appears."
        )));
    }
    let is_quoted = name.starts_with(['\'', '"']) && name.chars().next() == name.chars().next_back();
    Ok(Cow::Owned(if is_quoted { format!("\"{full}\"") } else { full }))
}

/// `posixpath.normpath` of a path below a directory.
fn normalize(directory: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    if parts.is_empty() {
        ".".to_owned()
    } else {
        parts.join("/")
    }
}
