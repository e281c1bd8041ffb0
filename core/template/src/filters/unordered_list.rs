//! `unordered_list`.

use std::borrow::Cow;

use super::{Call, FilterError};
use crate::escape::conditional_escape_into;
use crate::value::Value;

/// `unordered_list`: items as `<li>`; a list behind an item holds what belongs below it.
pub(super) fn unordered_list(call: &Call<'_>) -> Result<Value, FilterError> {
    let mut out = String::new();
    write_items(call.value, call.autoescape, 1, &mut out)?;
    Ok(Value::safe(out))
}

fn write_items(list: &Value, autoescape: bool, tabs: usize, out: &mut String) -> Result<(), FilterError> {
    let mut items = list.items()?.peekable();
    let mut is_first = true;
    while let Some(item) = items.next() {
        if !is_first {
            out.push('\n');
        }
        is_first = false;
        let children = items.next_if(|next| next.as_sequence().is_some());
        push_tabs(tabs, out);
        out.push_str("<li>");
        if autoescape {
            conditional_escape_into(&item, out);
        } else {
            item.write_str(out);
        }
        if let Some(children) = children.map(Cow::into_owned).filter(Value::is_truthy) {
            write_children(&children, autoescape, tabs, out)?;
        }
        out.push_str("</li>");
    }
    Ok(())
}

fn write_children(
    children: &Value,
    autoescape: bool,
    tabs: usize,
    out: &mut String,
) -> Result<(), FilterError> {
    out.push('\n');
    push_tabs(tabs, out);
    out.push_str("<ul>\n");
    write_items(children, autoescape, tabs + 1, out)?;
    out.push('\n');
    push_tabs(tabs, out);
    out.push_str("</ul>\n");
    push_tabs(tabs, out);
    Ok(())
}

fn push_tabs(tabs: usize, out: &mut String) {
    out.extend(std::iter::repeat_n('\t', tabs));
}
