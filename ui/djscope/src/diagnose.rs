//! `djscope diagnose`, `djscope why`, `djscope explain`: what is wrong, and why nothing happened.

use djscope_hub::rules::{self, Rule};
use djscope_hub::{Answer, Query, Status, TurnSummary};
use djscope_recording::model::{Finding, FindingCode, Outcome, Place, Severity, TurnId, View};
use djscope_report::{finding, units};

use crate::arguments::{DiagnoseArguments, ExplainArguments, WhyArguments};
use crate::asking::{self, Asking, unexpected};
use crate::failure::Failure;
use crate::terminal::{note, say, say_json};

/// Findings that are asked for at a time.
const PAGE: u32 = 500;

/// Prints the findings of a recording. False if there are any.
pub fn diagnose(options: &DiagnoseArguments) -> Result<bool, Failure> {
    if let Some(code) = &options.code {
        known(code)?;
    }
    let mut hub = asking::open(&options.recording)?;
    let status = asking::when_diagnosed(&mut hub)?;
    let (mut printed, mut hidden, mut from) = (0_u64, 0_u64, 0);
    loop {
        let query = Query::Findings {
            turn: None,
            from,
            limit: PAGE,
        };
        let Answer::Findings(found) = hub.query(query)? else {
            return Err(unexpected());
        };
        if found.is_empty() {
            break;
        }
        from += found.len() as u64;
        for finding in &found {
            if options
                .code
                .as_deref()
                .is_some_and(|code| code != finding.code.name())
            {
                continue;
            }
            // The order of severities: the worst is the least.
            if finding.severity > options.min_severity {
                hidden += 1;
                continue;
            }
            printed += 1;
            if options.json {
                say_json(finding);
            } else {
                print(finding);
            }
        }
    }
    if !options.json {
        let more = match hidden {
            0 => String::new(),
            hidden => format!(
                ", {hidden} below --min-severity {}",
                finding::word(options.min_severity)
            ),
        };
        note!("{}{more}", units::counted(printed, "finding", "findings"));
    }
    look_at_every_row(&mut hub)?;
    let is_well = say_damage(&mut hub, &status)?;
    Ok(printed == 0 && is_well)
}

/// What is damaged is known when somebody has read it: the rules pass over what they cannot read.
fn look_at_every_row(hub: &mut Asking) -> Result<(), Failure> {
    let mut after = 0;
    loop {
        let query = Query::TurnsAfter {
            filter: String::new(),
            after,
            limit: PAGE,
        };
        let Answer::Rows(rows) = hub.query(query)? else {
            return Err(unexpected());
        };
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.turn;
    }
}

/// Names what of the recording cannot be read: no rule has looked at it. True if all can.
fn say_damage(hub: &mut Asking, status: &Status) -> Result<bool, Failure> {
    if let Some(damage) = &status.damage {
        note!("{} is damaged: {damage}", status.path);
    }
    let Answer::Damage(found) = hub.query(Query::Damage)? else {
        return Err(unexpected());
    };
    let is_well = found.damaged == 0 && status.damage.is_none() && status.problems.is_empty();
    if !is_well {
        note!("what is damaged no rule has looked at; djscope show names each part");
    }
    Ok(is_well)
}

fn print(finding: &Finding) {
    let turn = finding.turn.map_or_else(String::new, |turn| turn.to_string());
    let mark = if finding.primary { ' ' } else { '+' };
    say(format!("{turn:>6} {mark} {}", finding::line(finding)));
}

/// Prints the one answer about a turn. False if something is wrong with it.
pub fn why(options: &WhyArguments) -> Result<bool, Failure> {
    let mut hub = asking::open(&options.recording)?;
    let status = asking::when_diagnosed(&mut hub)?;
    let turn = match options.turn {
        Some(turn) => turn,
        None => last(&mut hub)?,
    };
    let answer = hub.query(Query::Turn { turn });
    let is_well = say_damage(&mut hub, &status)?;
    let Answer::Turn(summary) = answer? else {
        return Err(unexpected());
    };
    if options.json {
        for finding in &summary.findings {
            say_json(finding);
        }
        return Ok(summary.findings.is_empty() && is_well);
    }
    say(head(&summary));
    let Some((first, others)) = summary.findings.split_first() else {
        say(quiet(&summary));
        // An error that no rule knows is no all-clear.
        return Ok(is_well && summary.left_out.is_empty() && summary.turn.outcome != Outcome::Error);
    };
    let view = view_of(&mut hub, turn);
    say_finding(first, view.as_deref());
    if !others.is_empty() {
        let codes: Vec<&str> = others.iter().map(|other| other.code.name()).collect();
        say(format!("also    {}", codes.join(", ")));
    }
    say(format!("more    djscope explain {}", first.code.name()));
    Ok(first.severity == Severity::Information)
}

/// The last event; the last turn if there was none.
fn last(hub: &mut Asking) -> Result<TurnId, Failure> {
    for filter in ["kind:event", ""] {
        let page = |from, limit| Query::Turns {
            filter: filter.to_owned(),
            from,
            limit,
        };
        let Answer::Turns(first) = hub.query(page(0, 1))? else {
            return Err(unexpected());
        };
        let Some(position) = first.total.checked_sub(1) else {
            continue;
        };
        let Answer::Turns(last) = hub.query(page(position, 1))? else {
            return Err(unexpected());
        };
        if let Some(row) = last.rows.last() {
            return Ok(row.turn);
        }
    }
    Err(Failure::new("there is no turn in this recording")
        .with_hint("no djust page was used while it was made"))
}

fn head(summary: &TurnSummary) -> String {
    let turn = &summary.turn;
    let length = turn.duration_us.map(units::ms);
    let facts = [
        Some(format!("turn {}", turn.turn)),
        Some(summary.subject.clone()),
        turn.view.clone().filter(|view| *view != summary.subject),
        Some(turn.outcome.name().to_owned()),
        length,
    ];
    let facts: Vec<String> = facts
        .into_iter()
        .flatten()
        .filter(|fact| !fact.is_empty())
        .collect();
    facts.join("  ")
}

/// What is said of a turn without a finding.
fn quiet(summary: &TurnSummary) -> String {
    if !summary.left_out.is_empty() {
        return format!(
            "a part of it cannot be read, so that nothing can be said: {}",
            summary.left_out.join("; ")
        );
    }
    let unseen = match summary.was_probed {
        true => "",
        false => "; no probe reported of it, so that state and code are not known",
    };
    if summary.turn.outcome == Outcome::Error {
        let text = summary.turn.error.as_deref().unwrap_or("an error");
        return format!(
            "the server answered: {}; there is no rule for this error{unseen}",
            units::one_line(text, 300)
        );
    }
    match &summary.verdict {
        Some(verdict) => format!(
            "{}: no rule finds anything wrong with that{unseen}",
            verdict.headline
        ),
        None => format!("no rule finds anything wrong{unseen}"),
    }
}

fn say_finding(found: &Finding, view: Option<&View>) {
    let severity = finding::word(found.severity);
    say(format!(
        "{severity:<7} {} ({})",
        found.code.name(),
        finding::sureness(found)
    ));
    say(format!("        {}", found.message));
    if let Some(place) = &found.place {
        let line = template_line(place, view);
        say(format!("at      {}", finding::place(place, line)));
    }
    for line in finding::evidence(found) {
        say(format!("        {line}"));
    }
    say(format!("fix     {}", found.fix));
}

/// The view of a turn with its templates; none if no probe has reported it.
fn view_of(hub: &mut Asking, turn: TurnId) -> Option<Box<View>> {
    match hub.query(Query::Code { turn }) {
        Ok(Answer::Code(view)) => Some(view),
        _ => None,
    }
}

/// The line of a place in a template.
fn template_line(place: &Place, view: Option<&View>) -> Option<u32> {
    let Place::Template {
        template,
        position: Some(position),
    } = place
    else {
        return None;
    };
    let sources = &view?.template.as_ref()?.sources;
    let named = sources
        .iter()
        .find(|source| source.name.as_ref() == Some(template));
    let source = named.or_else(|| sources.iter().find(|source| source.role == "self"))?;
    Some(finding::line_of(&source.source, *position))
}

/// Prints what a rule is about, or the list of all.
pub fn explain(options: &ExplainArguments) -> Result<(), Failure> {
    let Some(code) = &options.code else {
        for rule in rules::ALL {
            say(format!(
                "{:<11} {:<22} {}",
                finding::word(rule.severity),
                rule.code.name(),
                rule.explanation.what
            ));
        }
        return Ok(());
    };
    for line in explanation(known(code)?).lines() {
        say(line);
    }
    Ok(())
}

/// What a rule is about, as text.
fn explanation(rule: &Rule) -> String {
    let explanation = &rule.explanation;
    let indented = |code: &str| -> String { code.lines().map(|line| format!("    {line}\n")).collect() };
    format!(
        "{} ({})\n\n{}\n\nHow it is decided: {}\n\nWrong:\n{}\nRight:\n{}",
        rule.code.name(),
        finding::word(rule.severity),
        explanation.what,
        explanation.decided,
        indented(explanation.wrong),
        indented(explanation.right)
    )
}

fn known(code: &str) -> Result<&'static Rule, Failure> {
    rules::rule(&FindingCode::from(code.to_owned())).ok_or_else(|| {
        Failure::new(format!("there is no rule {code}")).with_hint("djscope explain lists them")
    })
}

#[cfg(test)]
mod tests {
    use djscope_recording::filter::Filter;

    use super::*;

    #[test]
    fn every_rule_can_be_filtered_and_explained() {
        for rule in rules::ALL {
            Filter::parse(&format!("finding:{}", rule.code.name())).unwrap();
            assert!(explanation(rule).starts_with(rule.code.name()));
            assert!(known(rule.code.name()).is_ok());
        }
        assert!(known("no-such-rule").is_err());
    }

    /// `docs/findings.md` is made from the rules: `UPDATE_DOCS=1` writes it anew.
    #[test]
    fn the_page_of_findings_is_what_the_rules_say() {
        let mut page = "# Findings\n\nEvery rule, in the order in which they decide: the first that holds is the turn's \
                        own, the others are listed behind it. What a turn costs is said only where nothing is wrong. \
                        `djscope explain CODE` prints the same. **Certain** is what the recording leaves no other \
                        explanation for; all else is **likely**.\n\nThis page is made from `core/diagnose/src/rules`.\n"
            .to_owned();
        for rule in rules::ALL {
            let explanation = &rule.explanation;
            page.push_str(&format!(
                "\n## `{}`\n\n{} ({})\n\n{}\n\n```text\n{}\n```\n\nbetter\n\n```text\n{}\n```\n",
                rule.code.name(),
                explanation.what,
                finding::word(rule.severity),
                explanation.decided,
                explanation.wrong,
                explanation.right
            ));
        }
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/findings.md");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let written = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            written == page,
            "docs/findings.md is old: UPDATE_DOCS=1 cargo nextest run -p djscope writes it anew"
        );
    }
}
