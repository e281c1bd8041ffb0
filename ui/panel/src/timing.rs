//! The tab Timing: the spans of a turn as a waterfall, and its SQL.

use std::collections::HashMap;

use djscope_hub::TurnSummary;
use djscope_hub::model::{Span, SpanKind};
use egui::{Rect, RichText, Role, ScrollArea, Stroke, Ui, pos2, vec2};
use serde_json::Value;

use crate::paint;
use crate::rows::Rows;
use crate::store::Store;
use crate::theme::Theme;
use crate::widgets;
use crate::{empty, split};
use djscope_report::{units, value};

/// A row of the waterfall.
struct Row<'a> {
    span: &'a Span,
    depth: usize,
    /// How often this SQL ran in the turn.
    times: usize,
}

/// Draws it.
pub fn ui(ui: &mut Ui, theme: &Theme, store: &Store, summary: &TurnSummary, selected: &mut Option<u32>) {
    if store.spans().total() == 0 {
        return empty::no_probe(ui, theme, store, "timing");
    }
    // Totals and the tree are those of all spans.
    store.want_spans();
    let spans = store.spans().rows();
    let rows = rows(spans);
    let end = spans
        .iter()
        .map(|span| span.start_us + span.duration_us.cast_signed())
        .max()
        .unwrap_or(0);
    let end = end
        .max(summary.turn.duration_us.unwrap_or(0).cast_signed())
        .max(1);
    totals(ui, theme, spans);
    let marked = selected.and_then(|wanted| rows.iter().position(|row| row.span.span == wanted));
    let waterfall = |ui: &mut Ui| {
        axis(ui, theme, end);
        let mut clicked = None;
        Rows::new("spans", rows.len(), theme.metrics.row).show(ui, |ui, index, rect| {
            if span_row(ui, theme, &rows[index], rect, end, marked == Some(index)) {
                clicked = Some(rows[index].span.span);
            }
        });
        clicked
    };
    let clicked = match marked {
        None => waterfall(ui),
        Some(index) => {
            let mut clicked = None;
            let wanted = split::share(rows.len(), theme);
            split::show(
                ui,
                theme,
                "spans",
                wanted,
                |ui| clicked = waterfall(ui),
                |ui, ()| {
                    span_detail(ui, theme, &rows[index]);
                },
            );
            clicked
        }
    };
    if let Some(span) = clicked {
        *selected = if *selected == Some(span) { None } else { Some(span) };
    }
}

fn rows(spans: &[Span]) -> Vec<Row<'_>> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for span in spans.iter().filter(|span| span.kind == SpanKind::Sql) {
        *times.entry(span.name.as_str()).or_default() += 1;
    }
    let mut children: HashMap<Option<u32>, Vec<&Span>> = HashMap::new();
    let is_known = |number: u32| spans.iter().any(|span| span.span == number);
    for span in spans {
        // A span whose parent was lost, or is itself, stands at the top.
        let parent = span
            .parent
            .filter(|parent| *parent < span.span && is_known(*parent));
        children.entry(parent).or_default().push(span);
    }
    let mut rows = Vec::with_capacity(spans.len());
    let mut open: Vec<(&Span, usize)> = children
        .remove(&None)
        .unwrap_or_default()
        .into_iter()
        .rev()
        .map(|span| (span, 0))
        .collect();
    while let Some((span, depth)) = open.pop() {
        let count = if span.kind == SpanKind::Sql {
            times.get(span.name.as_str()).copied().unwrap_or(1)
        } else {
            1
        };
        rows.push(Row {
            span,
            depth,
            times: count,
        });
        let inner = children.remove(&Some(span.span)).unwrap_or_default();
        open.extend(inner.into_iter().rev().map(|span| (span, depth + 1)));
    }
    rows
}

fn totals(ui: &mut Ui, theme: &Theme, spans: &[Span]) {
    let queries: Vec<&Span> = spans.iter().filter(|span| span.kind == SpanKind::Sql).collect();
    let mut distinct: Vec<&str> = queries.iter().map(|span| span.name.as_str()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let repeated = queries.len() - distinct.len();
    let mut text = units::counted(queries.len() as u64, "query", "queries");
    if !queries.is_empty() {
        let sum: u64 = queries.iter().map(|span| span.duration_us).sum();
        text.push_str(&format!(", {}", units::ms(sum)));
    }
    let size = vec2(ui.available_width(), theme.metrics.row);
    let (rect, response) = ui.allocate_exact_size(size, egui::Sense::hover());
    let room = rect.shrink2(vec2(12.0, 0.0));
    let place = paint::left(ui.painter(), room, &text, &theme.words(), theme.colors.text[1]);
    if repeated > 0 {
        let again = format!("{} of them the same SQL again", units::count(repeated as u64));
        text = format!("{text}, {again}");
        let rest = room.with_min_x(place.right() + 12.0);
        paint::left(
            ui.painter(),
            rest,
            &again,
            &theme.words(),
            theme.colors.outcome.notice,
        );
    }
    response.widget_info(|| egui::WidgetInfo::labeled(Role::Label, true, &text));
}

/// Name, bar, length.
fn columns(rect: Rect) -> [Rect; 3] {
    let inner = rect.with_min_x(rect.left() + 8.0).with_max_x(rect.right() - 18.0);
    let name = paint::column(inner, inner.left() + 4.0, inner.width() * 0.42);
    let length = paint::column(inner, inner.right() - 56.0, 56.0);
    let bar = paint::column(
        inner,
        name.right() + 8.0,
        length.left() - 12.0 - name.right() - 8.0,
    );
    [name, bar, length]
}

/// A round distance between ticks, so that there are at most six.
fn tick(end_us: i64) -> i64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if end_us / (step * factor) <= 5 {
                return step * factor;
            }
        }
        step *= 10;
    }
}

fn tick_text(at_us: i64, step_us: i64) -> String {
    let millis = at_us as f64 / 1000.0;
    match step_us {
        1000.. => units::thousands(at_us / 1000),
        100.. => format!("{millis:.1}"),
        10.. => format!("{millis:.2}"),
        _ => format!("{millis:.3}"),
    }
}

fn ticks(bar: Rect, end: i64) -> impl Iterator<Item = (f32, i64)> {
    let step = tick(end);
    (0..=end / step).map(move |index| {
        let at = index * step;
        (
            (bar.left() + bar.width() * at as f32 / end as f32).round() + 0.5,
            at,
        )
    })
}

fn axis(ui: &mut Ui, theme: &Theme, end: i64) {
    let rect = widgets::head(ui, theme);
    let [name, bar, length] = columns(rect);
    let (font, color) = (theme.small_data(), theme.colors.text[2]);
    paint::left(ui.painter(), name, "span", &theme.small(), color);
    paint::right(ui.painter(), length, "ms", &theme.small(), color);
    for (x, at) in ticks(bar, end) {
        let text = tick_text(at, tick(end));
        let room = Rect::from_x_y_ranges((x + 3.0)..=bar.right().max(x + 4.0), rect.y_range());
        if paint::width(ui.painter(), &text, &font) + 3.0 <= room.width() {
            paint::left(ui.painter(), room, &text, &font, color);
        }
        let stroke = Stroke::new(1.0, theme.colors.line[0]);
        ui.painter()
            .vline(x, (rect.bottom() - 6.0)..=rect.bottom(), stroke);
    }
}

fn title(span: &Span) -> String {
    if span.name.is_empty() {
        span.kind.name().to_owned()
    } else {
        units::one_line(&span.name, 200)
    }
}

fn span_row(ui: &Ui, theme: &Theme, row: &Row<'_>, rect: Rect, end: i64, is_selected: bool) -> bool {
    let span = row.span;
    let title = title(span);
    let label = format!("{} {title}, {}", span.kind.name(), units::ms(span.duration_us));
    let id = ui.scope_id().with(("span", span.span));
    let response = widgets::row(ui, theme, rect, id, Role::ListBoxOption, is_selected, &label);
    let [name, bar, length] = columns(rect);
    let (painter, colors) = (ui.painter(), &theme.colors);
    for (x, _) in ticks(bar, end) {
        painter.vline(x, rect.y_range(), Stroke::new(1.0, colors.line[0]));
    }
    let mut room = name.with_min_x((name.left() + row.depth as f32 * 12.0).min(name.right() - 20.0));
    let chip = Rect::from_center_size(pos2(room.left() + 4.0, rect.center().y), vec2(8.0, 8.0));
    painter.rect_filled(chip, 1, theme.span(span.kind));
    if row.times > 1 {
        let times = format!("×{}", row.times);
        let place = paint::right(painter, room, &times, &theme.small_data(), colors.outcome.notice);
        room.max.x = place.left() - 6.0;
    }
    paint::left(
        painter,
        paint::from_left(room, 14.0),
        &title,
        &theme.data(),
        colors.text[0],
    );
    let x = |at: i64| bar.left() + bar.width() * (at.clamp(0, end) as f32 / end as f32);
    let (from, to) = (
        x(span.start_us),
        x(span.start_us + span.duration_us.cast_signed()),
    );
    let block = Rect::from_min_max(
        pos2(from.round(), rect.top() + 5.0),
        pos2(to.round().max(from.round() + 2.0), rect.bottom() - 5.0),
    );
    painter.rect_filled(block, 1, theme.span(span.kind));
    paint::right(
        painter,
        length,
        &units::millis(span.duration_us),
        &theme.data(),
        colors.text[1],
    );
    response.clone().on_hover_ui(|ui| {
        for (word, text) in facts(row) {
            ui.label(RichText::new(format!("{word}  {text}")).color(colors.text[1]));
        }
        ui.label(
            RichText::new(units::one_line(&span.name, 400))
                .font(theme.data())
                .color(colors.text[0]),
        );
    });
    response.clicked()
}

/// What is known of a span beside its name.
fn facts(row: &Row<'_>) -> Vec<(&'static str, String)> {
    let span = row.span;
    let detail = &span.detail;
    let mut facts = vec![
        ("kind", span.kind.name().to_owned()),
        (
            "start",
            format!("+{}", units::ms(span.start_us.max(0).unsigned_abs())),
        ),
        ("length", units::ms(span.duration_us)),
    ];
    if let Some(file) = detail["file"].as_str() {
        let function = detail["function"]
            .as_str()
            .map(|function| format!(" in {function}()"))
            .unwrap_or_default();
        facts.push((
            "place",
            format!("{}{function}", units::place(file, detail["line"].as_u64())),
        ));
    }
    if !detail["params"].is_null() {
        facts.push(("params", value::repr(&detail["params"], 400)));
    }
    for (key, word) in [("rows", "rows"), ("alias", "database")] {
        match &detail[key] {
            Value::String(text) => facts.push((word, text.clone())),
            Value::Number(number) => facts.push((word, number.to_string())),
            _ => {}
        }
    }
    if row.times > 1 {
        facts.push(("times", format!("{} in this turn", row.times)));
    }
    facts
}

fn span_detail(ui: &mut Ui, theme: &Theme, row: &Row<'_>) {
    let colors = &theme.colors;
    let head = widgets::head(ui, theme).shrink2(vec2(12.0, 0.0));
    paint::left(
        ui.painter(),
        head,
        row.span.kind.name(),
        &theme.small(),
        colors.text[2],
    );
    split::copy(ui, theme, head, &row.span.name);
    ScrollArea::vertical()
        .id_salt("span")
        .auto_shrink(false)
        .show(ui, |ui| {
            egui::Frame::new()
                .inner_margin(egui::Margin::symmetric(12, 8))
                .show(ui, |ui| {
                    ui.spacing_mut().item_spacing.y = 4.0;
                    for (word, text) in facts(row) {
                        let (rect, response) =
                            ui.allocate_exact_size(vec2(ui.available_width(), 16.0), egui::Sense::hover());
                        response.widget_info(|| {
                            egui::WidgetInfo::labeled(Role::Label, true, format!("{word} {text}"))
                        });
                        paint::left(ui.painter(), rect, word, &theme.small(), colors.text[2]);
                        paint::left(
                            ui.painter(),
                            paint::from_left(rect, 64.0),
                            &text,
                            &theme.data(),
                            colors.text[1],
                        );
                    }
                    ui.add_space(4.0);
                    let name = RichText::new(&row.span.name)
                        .font(theme.data())
                        .color(colors.text[0]);
                    ui.add(egui::Label::new(name).wrap().selectable(true));
                });
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_few() {
        for (end, step) in [
            (3_900, 1_000),
            (18_200, 5_000),
            (420, 100),
            (1, 1),
            (60_000_000, 20_000_000),
        ] {
            assert_eq!(tick(end), step, "{end}");
        }
        assert_eq!(tick_text(1_500, 500), "1.5");
        assert_eq!(tick_text(50_000_000, 50_000_000), "50\u{2009}000");
    }

    #[test]
    fn a_span_without_its_parent_stands_at_the_top() {
        let span = |number, parent| Span {
            span: number,
            parent,
            kind: SpanKind::Other,
            name: String::new(),
            start_us: 0,
            duration_us: 1,
            detail: Value::Null,
        };
        let spans = [
            span(0, None),
            span(1, Some(0)),
            span(2, Some(9)),
            span(3, Some(3)),
            span(4, Some(1)),
        ];
        let depths: Vec<(u32, usize)> = rows(&spans)
            .iter()
            .map(|row| (row.span.span, row.depth))
            .collect();
        assert_eq!(depths, [(0, 0), (1, 1), (4, 2), (2, 0), (3, 0)]);
    }
}
