//! Django's own filters: every call that Django's tests make of them, and calls with values drawn at random, made by
//! `tests/oracle/scripts/django_filters.py`. The first needs `DJSCOPE_DJANGO_SDIST` with an unpacked source distribution
//! of Django, which carries the tests.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::sync::Arc;

use djscope_template::Environment;
use djscope_template::environment::Formats;
use djscope_template::filters::{self, Call};
use djscope_template::value::{DateTime, PythonError, Value, Zone};
use serde_json::Value as Json;

/// Values of Django's tests of which the result cannot be the same, each with the filter and the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[(
    "urlize",
    "test test test test",
    "the test counts the calls of a method that it replaces by one that drops spaces",
)];

#[test]
fn every_call_of_djangos_own_tests_gives_the_same() {
    let excepted = check(
        &["suite".as_ref(), djscope_oracle::django_source().as_os_str()],
        2_400,
    );
    assert_eq!(
        excepted.len(),
        EXCEPTIONS.len(),
        "only {excepted:?} are exceptions"
    );
}

#[test]
fn calls_with_values_drawn_at_random_give_the_same() {
    let environment = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let seed = environment("DJSCOPE_FILTER_SEED", "1");
    let count = environment("DJSCOPE_FILTER_CALLS", "20000");
    let least = count.parse::<usize>().unwrap() / 3;
    check(&["random".as_ref(), seed.as_ref(), count.as_ref()], least);
}

/// Compares all calls that the script tells; gives the filters of those that are exceptions.
fn check(arguments: &[&OsStr], least: usize) -> BTreeSet<String> {
    let calls = djscope_oracle::lines("django_filters.py", arguments);
    assert!(calls.len() > least, "too few calls were told: {}", calls.len());
    let mut excepted = BTreeSet::new();
    let mut differences = Vec::new();
    for call in &calls {
        let Some(difference) = difference(call) else {
            continue;
        };
        let is_exception =
            |(filter, value, _): &&(&str, &str, &str)| call["filter"] == *filter && call["value"] == *value;
        match EXCEPTIONS.iter().find(is_exception) {
            Some((filter, ..)) => {
                excepted.insert((*filter).to_owned());
            }
            None => differences.push(difference),
        }
    }
    assert!(
        differences.is_empty(),
        "{} of {} calls differ:\n{}",
        differences.len(),
        calls.len(),
        differences.join("\n")
    );
    excepted
}

/// What differs between Django's result and ours. Of an exception the class has to be the same.
fn difference(told: &Json) -> Option<String> {
    let ours = apply(told);
    let is_same = match (&ours, told.get("result")) {
        (Ok(value), Some(expected)) => value.same(&Value::from_json(expected).unwrap()),
        (Err(error), None) => error.class == told["error"],
        _ => false,
    };
    if is_same {
        return None;
    }
    let ours = ours.map(|value| value.to_json().to_string());
    Some(format!("  call  {told}\n  got   {ours:?}"))
}

fn apply(told: &Json) -> Result<Value, PythonError> {
    let (library, name) = (
        told["library"].as_str().unwrap(),
        told["filter"].as_str().unwrap(),
    );
    let filter = match library {
        "" => filters::builtin(name),
        library => filters::of_library(library, name),
    };
    let argument = told
        .get("argument")
        .map(|argument| Value::from_json(argument).unwrap());
    (filter.unwrap().function)(&Call {
        value: &Value::from_json(&told["value"]).unwrap(),
        argument: argument.as_ref(),
        autoescape: told["autoescape"].as_bool().unwrap(),
        environment: &environment(&told["environment"]),
    })
}

fn environment(told: &Json) -> Environment {
    let moment = |name: &str| DateTime::parse(told[name].as_str().unwrap()).unwrap();
    let now = moment("now").timestamp_microseconds().unwrap();
    Environment {
        now: jiff::Timestamp::from_microsecond(now).unwrap(),
        time_zone: moment("time_zone").zone.unwrap(),
        default_time_zone: Zone::named(told["default_time_zone"].as_str().unwrap()).unwrap(),
        use_tz: told["use_tz"].as_bool().unwrap(),
        use_thousand_separator: told["use_thousand_separator"].as_bool().unwrap(),
        localized: Arc::new(formats(&told["localized"])),
        unlocalized: Arc::new(formats(&told["unlocalized"])),
        ..Environment::default()
    }
}

fn formats(told: &Json) -> Formats {
    let text = |name: &str| Cow::Owned(told[name].as_str().unwrap().to_owned());
    let size = |size: &Json| usize::try_from(size.as_u64().unwrap()).unwrap();
    let number_grouping = match &told["NUMBER_GROUPING"] {
        Json::Array(sizes) => sizes.iter().map(size).collect(),
        one => vec![size(one)],
    };
    Formats {
        date: text("DATE_FORMAT"),
        time: text("TIME_FORMAT"),
        datetime: text("DATETIME_FORMAT"),
        year_month: text("YEAR_MONTH_FORMAT"),
        month_day: text("MONTH_DAY_FORMAT"),
        short_date: text("SHORT_DATE_FORMAT"),
        short_datetime: text("SHORT_DATETIME_FORMAT"),
        decimal_separator: text("DECIMAL_SEPARATOR"),
        thousand_separator: text("THOUSAND_SEPARATOR"),
        number_grouping: Cow::Owned(number_grouping),
        first_day_of_week: 0,
    }
}
