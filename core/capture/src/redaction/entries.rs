//! Which fields of which entry can hold a secret, and as what each is read. Every entry has its line here.

use djscope_recording::model::{
    ClassData, Connection, Exception, Finding, Handler, HttpExchange, LogRecord, PatchRecord, ServerWork,
    SourceFile, Span, SpanKind, Turn, View,
};
use djscope_recording::{Entry, SnapshotDelta};

use super::marks::MARK;
use super::text::{self, Context, Statement};
use super::trees::{self, Style};
use super::{Redactor, bodies, headers, payloads};

/// Takes the secrets out of an entry. Doing it again changes nothing but what was learned since.
pub fn redact(redactor: &mut Redactor, entry: &mut Entry) {
    match entry {
        Entry::Frame(frame) => payloads::redact(redactor, frame),
        Entry::Turn(turn) => redact_turn(redactor, turn),
        Entry::Snapshot(delta) => redact_state(redactor, delta),
        Entry::Http(exchange) => redact_exchange(redactor, exchange),
        Entry::Spans { spans, .. } => spans.iter_mut().for_each(|span| redact_span(redactor, span)),
        Entry::Patches { patches, .. } => patches.iter_mut().for_each(|patch| redact_patch(redactor, patch)),
        Entry::Log(log) => redact_log(redactor, log),
        Entry::Keyframe(keyframe) => {
            redactor.clean(&mut keyframe.html, Context::Message);
        }
        Entry::Connection(connection) => redact_connection(redactor, connection),
        Entry::View(view) => redact_view(redactor, view),
        Entry::Source(source) => redact_source(redactor, source),
        Entry::Finding(finding) => redact_finding(redactor, finding),
        Entry::Meta { value, .. } => {
            trees::redact(redactor, value, Style::Text);
        }
        Entry::HttpTurn { .. } => {}
    }
}

fn redact_turn(redactor: &mut Redactor, turn: &mut Turn) {
    trees::redact(redactor, &mut turn.params, Style::Text);
    let texts = turn
        .error
        .iter_mut()
        .chain(&mut turn.event)
        .chain(&mut turn.missing)
        .chain(turn.changed_keys.iter_mut().flatten())
        .chain(
            turn.djust
                .iter_mut()
                .flat_map(|djust| &mut djust.changed)
                .flatten(),
        )
        .chain(
            turn.debug_state
                .iter_mut()
                .flat_map(|shown| &mut shown.changed)
                .flatten(),
        );
    for text in texts {
        redactor.clean(text, Context::Message);
    }
    redact_work(redactor, &mut turn.work);
    if let Some(exception) = &mut turn.exception {
        redact_exception(redactor, exception);
    }
}

fn redact_work(redactor: &mut Redactor, work: &mut ServerWork) {
    if let Some(mount) = &mut work.mount {
        trees::redact(redactor, &mut mount.user, Style::Typed);
        trees::redact(redactor, &mut mount.kwargs, Style::Typed);
        let texts = mount
            .url
            .iter_mut()
            .chain(&mut mount.language)
            .chain(&mut mount.time_zone);
        texts.for_each(|text| {
            redactor.clean(text, Context::Message);
        });
    }
    for push in &mut work.pushes {
        let texts = push.state.iter_mut().chain(&mut push.handler);
        for text in texts.chain([&mut push.target]) {
            redactor.clean(text, Context::Message);
        }
    }
    for task in work.tasks.iter_mut().chain(&mut work.task) {
        let texts = task.function.iter_mut().chain(task.wrote.iter_mut().flatten());
        for text in texts.chain([&mut task.name]) {
            redactor.clean(text, Context::Message);
        }
    }
    for thread in &mut work.threads {
        let texts = thread.target.iter_mut().chain(&mut thread.file);
        for text in texts.chain([&mut thread.name]) {
            redactor.clean(text, Context::Message);
        }
    }
}

fn redact_exception(redactor: &mut Redactor, exception: &mut Exception) {
    redactor.clean(&mut exception.message, Context::Message);
    redact_traceback(redactor, &mut exception.traceback);
    for source in exception
        .frames
        .iter_mut()
        .filter_map(|frame| frame.source.as_mut())
    {
        redactor.clean(source, Context::Code);
    }
}

/// A traceback as Python prints it: lines of code stand indented behind the line of their file.
fn redact_traceback(redactor: &mut Redactor, traceback: &mut String) {
    let mut out = String::with_capacity(traceback.len());
    let mut block = String::new();
    let mut is_code = false;
    let mut flush = |redactor: &mut Redactor, block: &mut String, context| {
        redactor.clean(block, context);
        out.push_str(block);
        block.clear();
    };
    for line in traceback.split_inclusive('\n') {
        let follows_file = block
            .lines()
            .next_back()
            .is_some_and(|last| last.trim_start().starts_with("File \""));
        let begins_code = !is_code && follows_file && line.starts_with("    ");
        let ends_code = is_code && !line.starts_with("    ");
        if begins_code || ends_code {
            flush(
                redactor,
                &mut block,
                if is_code { Context::Code } else { Context::Message },
            );
            is_code = begins_code;
        }
        block.push_str(line);
    }
    flush(
        redactor,
        &mut block,
        if is_code { Context::Code } else { Context::Message },
    );
    *traceback = out;
}

fn redact_state(redactor: &mut Redactor, delta: &mut SnapshotDelta) {
    trees::redact_map(redactor, &mut delta.public, Style::Typed);
    trees::redact_map(redactor, &mut delta.private, Style::Typed);
}

fn redact_exchange(redactor: &mut Redactor, exchange: &mut HttpExchange) {
    headers::redact(redactor, &mut exchange.request_headers);
    headers::redact(redactor, &mut exchange.response_headers);
    redactor.clean(&mut exchange.url, Context::Message);
    if let Some(error) = &mut exchange.error {
        redactor.clean(error, Context::Message);
    }
    bodies::redact(redactor, &mut exchange.request_body, &exchange.request_headers);
    bodies::redact(redactor, &mut exchange.response_body, &exchange.response_headers);
}

/// The parameters of a query that uses a secret column are all secrets: which is which cannot be told for sure.
fn redact_span(redactor: &mut Redactor, span: &mut Span) {
    let is_secret_query =
        span.kind == SpanKind::Sql && text::statement(&redactor.scanner, &span.name) == Statement::UsesSecret;
    if is_secret_query && let Some(params) = span.detail.get_mut("params") {
        trees::redact_each(redactor, params);
    }
    redactor.clean(&mut span.name, Context::Message);
    trees::redact(redactor, &mut span.detail, Style::Text);
}

fn redact_patch(redactor: &mut Redactor, patch: &mut PatchRecord) {
    if redactor.clean_frame == Some((patch.frame, redactor.memory.generation())) {
        return;
    }
    let has_changed = !trees::redact(redactor, &mut patch.patch, Style::Text).is_empty();
    if has_changed {
        patch.summary = format!("{} {MARK}]", patch.kind);
    } else {
        redactor.clean(&mut patch.summary, Context::Message);
    }
}

fn redact_log(redactor: &mut Redactor, log: &mut LogRecord) {
    redactor.clean(&mut log.message, Context::Message);
    if let Some(traceback) = &mut log.traceback {
        redact_traceback(redactor, traceback);
    }
}

fn redact_connection(redactor: &mut Redactor, connection: &mut Connection) {
    redactor.clean(&mut connection.path, Context::Message);
    let reason = connection.close.as_mut().map(|close| &mut close.reason);
    for text in reason.into_iter().chain(&mut connection.problem) {
        redactor.clean(text, Context::Message);
    }
}

fn redact_view(redactor: &mut Redactor, view: &mut View) {
    view.handlers
        .iter_mut()
        .for_each(|handler| redact_handler(redactor, handler));
    if let Some(data) = &mut view.class_data {
        redact_class(redactor, data);
    }
    for source in view
        .template
        .iter_mut()
        .flat_map(|template| &mut template.sources)
    {
        redactor.clean(&mut source.source, Context::Message);
    }
}

fn redact_class(redactor: &mut Redactor, data: &mut ClassData) {
    trees::redact_map(redactor, &mut data.attributes, Style::Typed);
    let lists = [
        &mut data.state_fields,
        &mut data.computed,
        &mut data.static_assigns,
        &mut data.temporary_assigns,
        &mut data.reserved,
        &mut data.before_init,
        &mut data.dropped,
    ];
    let components = data.components.iter_mut();
    let components = components.flat_map(|each| [&mut each.name, &mut each.class]);
    let sources = data.sources.iter_mut();
    let sources = sources.flat_map(|each| [&mut each.module, &mut each.file]);
    for text in lists.into_iter().flatten().chain(components).chain(sources) {
        redactor.clean(text, Context::Message);
    }
}

fn redact_source(redactor: &mut Redactor, source: &mut SourceFile) {
    redactor.clean(&mut source.text, Context::Code);
    redactor.clean(&mut source.module, Context::Message);
    redactor.clean(&mut source.file, Context::Message);
}

fn redact_handler(redactor: &mut Redactor, handler: &mut Handler) {
    if let Some(source) = &mut handler.source {
        redactor.clean(source, Context::Code);
    }
    trees::redact(redactor, &mut handler.decorators, Style::Text);
    for param in &mut handler.params {
        let Some(default) = &mut param.default else {
            continue;
        };
        // As it would stand in the source: `password: str = 'x'`.
        let literal = format!("{}={default}", param.name);
        if let Some(clean) = redactor.cleaned(&literal, Context::Code)
            && let Some((_, value)) = clean.split_once('=')
        {
            value.clone_into(default);
        }
    }
}

fn redact_finding(redactor: &mut Redactor, finding: &mut Finding) {
    redactor.clean(&mut finding.message, Context::Message);
    redactor.clean(&mut finding.fix, Context::Message);
    for evidence in &mut finding.evidence {
        let Ok(mut value) = serde_json::to_value(&*evidence) else {
            continue;
        };
        trees::redact(redactor, &mut value, Style::Text);
        if let Ok(redacted) = serde_json::from_value(value) {
            *evidence = redacted;
        }
    }
}
