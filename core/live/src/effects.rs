//! What a handler asks for beside changes of the state.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use djscope_wire::{
    Accessibility, Flash, Focus, Navigation, PageMetadata, PushEvent, ServerFrame, StreamFrame,
};
use serde_json::{Map, Value as Json, json};

use super::uploads::Upload;
use super::{Instance, Raised};
use djscope_template::value::{Dict, Value};

/// What is sent to all that have a view open.
#[derive(Clone, Debug)]
pub struct Push {
    /// The view: its path, or the last part of it.
    pub target: Arc<str>,
    /// What is to be done there.
    pub action: PushAction,
}

/// What a push does.
#[derive(Clone, Debug)]
pub enum PushAction {
    /// Sets public names of the state.
    Set(Dict),
    /// Calls a handler, which is decorated or begins with `handle_`.
    Call {
        /// Its name.
        handler: Arc<str>,
        /// Its arguments.
        payload: Dict,
    },
}

/// Work in the background; it does not see the state.
pub type Work = Box<dyn FnOnce() -> Result<Value, Raised> + Send>;

/// What becomes of the result of work in the background.
pub(super) type Done = Box<dyn FnOnce(&mut Instance, Result<Value, Raised>) -> Result<(), Raised> + Send>;

/// Work that a handler starts.
pub(super) struct Task {
    /// How long it waits before it begins.
    pub after: Duration,
    pub work: Work,
    pub done: Done,
}

impl fmt::Debug for Task {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Task")
    }
}

/// What was asked for in one turn.
#[derive(Debug, Default)]
pub(super) struct Effects {
    /// Frames in the order in which djust sends them: flash, metadata, navigation, accessibility.
    pub flash: Vec<ServerFrame>,
    pub metadata: Vec<ServerFrame>,
    pub navigation: Vec<ServerFrame>,
    pub accessibility: Vec<ServerFrame>,
    pub streams: Vec<ServerFrame>,
    pub pushed_events: Vec<ServerFrame>,
    /// The parameters of a `live_patch`.
    pub patched_params: Option<Dict>,
    pub tasks: Vec<Task>,
    pub pushes: Vec<Push>,
    pub pause: Duration,
    pub skip_render: bool,
    pub force_full_html: bool,
    pub changed_keys: Vec<Arc<str>>,
    pub reset_form: bool,
    pub clear_draft: bool,
}

/// One operation on the element of a stream.
#[derive(Clone, Copy, Debug)]
pub enum StreamOperation<'a> {
    /// It begins.
    Start,
    /// Text is added.
    Text(&'a str),
    /// HTML is added at the end.
    Append(&'a str),
    /// HTML is added at the beginning.
    Prepend(&'a str),
    /// HTML takes the place of what is there.
    Replace(&'a str),
    /// It failed.
    Error(&'a str),
    /// It is complete.
    Done,
}

impl Instance {
    /// An event for hooks in the browser.
    pub fn push_event(&mut self, event: &str, payload: Json) {
        self.effects.pushed_events.push(ServerFrame::PushEvent(PushEvent {
            event: event.to_owned(),
            payload,
            ..PushEvent::default()
        }));
    }

    /// Shows a message.
    pub fn put_flash(&mut self, level: &str, message: &str) {
        self.effects.flash.push(ServerFrame::Flash(Flash {
            action: "put".to_owned(),
            level: Some(level.to_owned()),
            message: Some(message.to_owned()),
            ..Flash::default()
        }));
    }

    /// Removes messages, of one level or all.
    pub fn clear_flash(&mut self, level: Option<&str>) {
        self.effects.flash.push(ServerFrame::Flash(Flash {
            action: "clear".to_owned(),
            level: level.map(str::to_owned),
            ..Flash::default()
        }));
    }

    /// Sets the title of the page.
    pub fn set_title(&mut self, title: &str) {
        self.effects
            .metadata
            .push(ServerFrame::PageMetadata(PageMetadata {
                action: "title".to_owned(),
                value: Some(title.to_owned()),
                ..PageMetadata::default()
            }));
    }

    /// Sets a meta element of the page.
    pub fn set_meta(&mut self, name: &str, content: &str) {
        self.effects
            .metadata
            .push(ServerFrame::PageMetadata(PageMetadata {
                action: "meta".to_owned(),
                name: Some(name.to_owned()),
                content: Some(content.to_owned()),
                ..PageMetadata::default()
            }));
    }

    /// Changes the query of the address; `handle_params` is called with it.
    pub fn live_patch(&mut self, params: Dict, replace: bool) {
        let shown: Map<String, Json> = params
            .iter()
            .map(|(name, value)| {
                (
                    name.to_str().into_owned(),
                    Json::String(value.to_str().into_owned()),
                )
            })
            .collect();
        self.effects.navigation.push(ServerFrame::Navigation(Navigation {
            action: "live_patch".to_owned(),
            replace,
            params: Some(shown),
            ..Navigation::default()
        }));
        self.effects.patched_params = Some(params);
    }

    /// Goes to another view.
    pub fn live_redirect(&mut self, path: &str, replace: bool) {
        self.effects.navigation.push(ServerFrame::Navigation(Navigation {
            action: "live_redirect".to_owned(),
            replace,
            path: Some(path.to_owned()),
            ..Navigation::default()
        }));
    }

    /// Tells screen readers something.
    pub fn announce(&mut self, message: &str) {
        self.effects
            .accessibility
            .push(ServerFrame::Accessibility(Accessibility {
                announcements: vec![json!([message, "polite"])],
                ..Accessibility::default()
            }));
    }

    /// Moves the keyboard focus to the first element that a selector finds.
    pub fn focus(&mut self, selector: &str) {
        self.effects.accessibility.push(ServerFrame::Focus(Focus {
            selector: selector.to_owned(),
            options: json!({}),
            ..Focus::default()
        }));
    }

    /// Changes the element of a stream, `[dj-stream="name"]`, without a render.
    pub fn stream(&mut self, name: &str, operation: StreamOperation<'_>) {
        let target = format!("[dj-stream='{name}']");
        let operation = match operation {
            StreamOperation::Start => json!({"op": "start", "target": target}),
            StreamOperation::Text(text) => {
                json!({"op": "text", "target": target, "text": text, "mode": "append"})
            }
            StreamOperation::Append(html) => json!({"op": "append", "target": target, "html": html}),
            StreamOperation::Prepend(html) => json!({"op": "prepend", "target": target, "html": html}),
            StreamOperation::Replace(html) => json!({"op": "replace", "target": target, "html": html}),
            StreamOperation::Error(error) => json!({"op": "error", "target": target, "error": error}),
            StreamOperation::Done => json!({"op": "done", "target": target}),
        };
        self.effects.streams.push(ServerFrame::Stream(StreamFrame {
            stream: name.to_owned(),
            ops: vec![operation],
            ..StreamFrame::default()
        }));
    }

    /// `start_async`: works in the background; the result changes the state when it is there, in a turn of its own.
    pub fn start(
        &mut self,
        work: impl FnOnce() -> Result<Value, Raised> + Send + 'static,
        done: impl FnOnce(&mut Instance, Result<Value, Raised>) -> Result<(), Raised> + Send + 'static,
    ) {
        self.start_after(Duration::ZERO, work, done);
    }

    /// The same after some time, in which no thread waits.
    pub fn start_after(
        &mut self,
        after: Duration,
        work: impl FnOnce() -> Result<Value, Raised> + Send + 'static,
        done: impl FnOnce(&mut Instance, Result<Value, Raised>) -> Result<(), Raised> + Send + 'static,
    ) {
        self.effects.tasks.push(Task {
            after,
            work: Box::new(work),
            done: Box::new(done),
        });
    }

    /// `assign_async`: a name of the state that says how far the work is: `{loading, ok, failed, result, error}`.
    pub fn assign_async(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<Value, Raised> + Send + 'static,
    ) {
        self.set(name, async_result(true, None));
        let name: Arc<str> = name.into();
        self.start(work, move |instance, result| {
            instance.set(&name, async_result(false, Some(result)));
            Ok(())
        });
    }

    /// `push_to_view`: changes every open instance of a view but this one.
    pub fn push_to_view(&mut self, target: &str, action: PushAction) {
        self.effects.pushes.push(Push {
            target: target.into(),
            action,
        });
    }

    /// `self._skip_render = True`.
    pub fn skip_render(&mut self) {
        self.effects.skip_render = true;
    }

    /// `self._force_full_html = True`: the whole page is sent.
    pub fn force_full_html(&mut self) {
        self.effects.force_full_html = true;
    }

    /// `self.set_changed_keys(…)`: these changed, whatever the comparison says. The whole page is sent.
    pub fn set_changed_keys(&mut self, names: &[&str]) {
        self.effects.force_full_html = true;
        self.effects
            .changed_keys
            .extend(names.iter().map(|&name| Arc::from(name)));
    }

    /// Empties the form that was submitted.
    pub fn reset_form(&mut self) {
        self.effects.reset_form = true;
    }

    /// Lets the browser throw away the draft that it keeps of the form.
    pub fn clear_draft(&mut self) {
        self.effects.clear_draft = true;
    }

    /// The files that were sent for a slot, whole ones and such that are still on their way.
    pub fn uploads<'a>(&'a self, slot: &'a str) -> impl Iterator<Item = &'a Upload> {
        self.uploads.of(slot)
    }

    /// Takes the files of a slot that are complete.
    pub fn take_uploads(&mut self, slot: &str) -> Vec<Upload> {
        self.uploads.take_complete(slot)
    }
}

fn async_result(loading: bool, result: Option<Result<Value, Raised>>) -> Dict {
    let (value, error) = match result {
        Some(Ok(value)) => (Some(value), None),
        Some(Err(error)) => (None, Some(error.message)),
        None => (None, None),
    };
    Dict::from_iter([
        ("loading", Value::from(loading)),
        ("ok", Value::from(value.is_some())),
        ("failed", Value::from(error.is_some())),
        ("result", Value::from(value)),
        ("error", Value::from(error)),
    ])
}
