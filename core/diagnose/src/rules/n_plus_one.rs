//! `n-plus-one`: the same query was asked again and again from one line.

use std::collections::BTreeMap;

use djscope_recording::model::{Evidence, FindingCode, KnownEvidence, Severity, Span, SpanKind};
use djscope_report::units;
use serde_json::Value;

use super::{Explanation, Found, Rule};
use crate::facts::Facts;

pub(super) const RULE: Rule = Rule {
    code: FindingCode::NPlusOne,
    severity: Severity::Warning,
    candidates: "sql>4",
    explanation: Explanation {
        what: "The same query was asked again and again from one line.",
        decided: "Five or more queries of one turn have the same text and come from the same line of the project.",
        wrong: r#"for product in Product.objects.all():
    names.append(product.category.name)"#,
        right: r#"for product in Product.objects.select_related("category"):
    names.append(product.category.name)"#,
    },
    find,
};

/// As many that it is no accident.
const LEAST: usize = 5;

fn find(facts: &Facts<'_>) -> Option<Found> {
    let mut groups: BTreeMap<(&str, &str, u64), Vec<&Span>> = BTreeMap::new();
    for span in facts
        .spans(SpanKind::Sql)
        .filter(|span| span.name.trim_start().to_ascii_uppercase().starts_with("SELECT"))
    {
        let file = span
            .detail
            .get("file")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let line = span.detail.get("line").and_then(Value::as_u64).unwrap_or(0);
        groups.entry((&span.name, file, line)).or_default().push(span);
    }
    let ((statement, _, _), spans) = groups.into_iter().max_by_key(|(_, spans)| spans.len())?;
    if spans.len() < LEAST {
        return None;
    }
    let took: u64 = spans.iter().map(|span| span.duration_us).sum();
    let table = table(statement);
    let fix = match &table {
        Some(table) => format!(
            "fetch {table} with the first query: select_related() for a foreign key, prefetch_related() for many"
        ),
        None => "fetch them with one query".to_owned(),
    };
    Some(Found {
        place: facts.place_of_query(spans[0]).or_else(|| facts.handler_place()),
        evidence: vec![Evidence::from(KnownEvidence::Sql {
            span: spans[0].span,
            text: statement.to_owned(),
        })],
        ..Found::certain(
            format!(
                "{} asked the same query {} times, {} together",
                facts.event_name(),
                spans.len(),
                units::ms(took)
            ),
            fix,
        )
    })
}

/// The table that a query reads.
fn table(statement: &str) -> Option<String> {
    let (_, rest) = statement.split_once(" FROM ")?;
    let name = rest
        .split_whitespace()
        .next()?
        .trim_matches(|character| matches!(character, '"' | '`'));
    (!name.is_empty()).then(|| name.to_owned())
}
