//! The page of a view after a turn, made from what was sent to the browser.

use djscope_dom::apply::apply;
use djscope_dom::tree::{ParseError, parse_sent};
use djscope_recording::model::{FrameId, PatchRecord};
use djscope_wire::Patch;
use serde::{Deserialize, Serialize};

/// A page, and what could not be done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageAfter {
    /// What is inside the view's root.
    pub html: String,
    /// Patches that found nothing to change, in the order sent.
    pub failed: Vec<FailedPatch>,
}

/// A patch that found nothing to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedPatch {
    /// The frame that carried it.
    pub frame: FrameId,
    /// Its place in the batch, from 0.
    pub index: u32,
}

/// Applies batches of patches to the HTML inside a view's root, as djust's client does. What the client would change by
/// itself is not in it. Attributes come out in the order of their names, and comments that are no marks of djust are left
/// out.
///
/// # Errors
///
/// If the HTML is more than a tree may hold.
pub fn page_after<'a>(
    html: &str,
    batches: impl IntoIterator<Item = (FrameId, &'a [PatchRecord])>,
) -> Result<PageAfter, ParseError> {
    let mut tree = parse_sent(&format!("<div dj-root>{html}</div>"))?.tree;
    let mut failed = Vec::new();
    for (frame, records) in batches {
        let mut patches = Vec::with_capacity(records.len());
        let mut indices = Vec::with_capacity(records.len());
        for record in records {
            match serde_json::from_value::<Patch>(record.patch.clone()) {
                Ok(patch) if !matches!(patch, Patch::Other(_)) => {
                    patches.push(patch);
                    indices.push(record.index);
                }
                _ => failed.push(FailedPatch {
                    frame,
                    index: record.index,
                }),
            }
        }
        let applied = apply(&mut tree, &patches);
        failed.extend(applied.failed.into_iter().map(|place| FailedPatch {
            frame,
            index: indices[place],
        }));
    }
    Ok(PageAfter {
        html: tree.inner_html(),
        failed,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn batch(frame: FrameId, patches: &[Value]) -> (FrameId, Vec<PatchRecord>) {
        let record = |(index, patch): (usize, &Value)| PatchRecord {
            frame,
            index: index as u32,
            kind: String::new(),
            path: Vec::new(),
            target: None,
            summary: String::new(),
            patch: patch.clone(),
        };
        (frame, patches.iter().enumerate().map(record).collect())
    }

    #[test]
    fn patches_of_several_frames_follow_each_other() {
        let html = r#"<p dj-id="1">one</p><ul dj-id="2"><li dj-id="3">a</li></ul>"#;
        let batches = [
            batch(
                7,
                &[json!({"type": "SetText", "path": [0, 0], "d": null, "text": "two"})],
            ),
            batch(
                9,
                &[
                    json!({"type": "SetAttr", "path": [1], "d": "2", "key": "class", "value": "x"}),
                    json!({"type": "SetText", "path": [8, 8], "d": "99", "text": "nowhere"}),
                    json!({"type": "Unheard"}),
                ],
            ),
        ];
        let page = page_after(
            html,
            batches.iter().map(|(frame, records)| (*frame, &records[..])),
        )
        .unwrap();
        assert_eq!(
            page.html,
            r#"<p dj-id="1">two</p><ul class="x" dj-id="2"><li dj-id="3">a</li></ul>"#
        );
        let failed: Vec<_> = page
            .failed
            .iter()
            .map(|patch| (patch.frame, patch.index))
            .collect();
        assert_eq!(failed, [(9, 2), (9, 1)]);
    }

    #[test]
    fn a_page_without_patches_is_as_it_was() {
        let html = "text <b dj-id=\"1\">&amp;</b><i>no id</i>";
        assert_eq!(page_after(html, []).unwrap().html, html);
    }
}
