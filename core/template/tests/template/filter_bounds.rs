//! Filters of texts that are made to be slow: the time grows with the size, no filter panics.

use std::time::Duration;

use djscope_template::Environment;
use djscope_template::filters::{self, Call};
use djscope_template::value::Value;

use crate::effort::effort;

/// What is repeated.
const UNITS: &[&str] = &[
    "<",
    ">",
    "<a ",
    "<a x=\"",
    "<a x=\">",
    "<a x='",
    "<a b= ",
    "<!--",
    "<![CDATA[",
    "<?",
    "</",
    "</a",
    "<script>",
    "<b>",
    "</b>",
    "<b/>",
    "--",
    "]]",
    "&",
    "&#",
    "&#x",
    "&amp",
    "&a;",
    ";",
    "x&lt;",
    ").",
    "(.",
    "().",
    "a@",
    "@a.",
    "http://",
    "www.",
    ".com",
    "a.b;",
    "Σ.",
    "Σ",
    "ß",
    "\u{301}",
    "e\u{301}",
    "\n",
    "\r\n",
    "\n\n",
    " ",
    "\t",
    "a ",
    "-",
    "\\",
    "%",
    "%(",
    "'",
    "\0",
    "😀",
    "1",
    "1,",
];

/// What stands around it.
const AROUND: &[(&str, &str)] = &[("", ""), ("<", ">"), ("http://a/", ";"), ("<a ", ")")];

/// The filters of texts, each with an argument.
const FILTERS: &[(&str, Option<&str>)] = &[
    ("addslashes", None),
    ("capfirst", None),
    ("center", Some("10")),
    ("cut", Some("a")),
    ("escapejs", None),
    ("floatformat", None),
    ("force_escape", None),
    ("intcomma", None),
    ("iriencode", None),
    ("json_script", None),
    ("linebreaks", None),
    ("linebreaksbr", None),
    ("linenumbers", None),
    ("lower", None),
    ("make_list", None),
    ("phone2numeric", None),
    ("pprint", None),
    ("slice", Some("::-1")),
    ("slugify", None),
    ("stringformat", Some("s")),
    ("striptags", None),
    ("title", None),
    ("truncatechars", Some("1000000")),
    ("truncatechars_html", Some("1000000")),
    ("truncatewords", Some("1000000")),
    ("truncatewords_html", Some("1000000")),
    ("unordered_list", None),
    ("urlencode", None),
    ("urlize", None),
    ("urlizetrunc", Some("10")),
    ("wordcount", None),
    ("wordwrap", Some("10")),
];

const BYTES: usize = 16 << 10;
/// With this size, a time that grows with the square of it would be seconds in a build for tests.
const DEADLINE: Duration = Duration::from_secs(1);

#[test]
fn no_text_makes_a_filter_slow() {
    let environment = Environment::default();
    for (unit, (before, behind)) in UNITS
        .iter()
        .flat_map(|unit| AROUND.iter().map(move |around| (unit, around)))
    {
        let value = Value::from(format!("{before}{}{behind}", unit.repeat(BYTES / unit.len())));
        for (name, argument) in FILTERS {
            let filter = filters::builtin(name)
                .or_else(|| filters::of_library("humanize", name))
                .unwrap();
            let argument = argument.map(Value::from);
            let call = Call {
                value: &value,
                argument: argument.as_ref(),
                autoescape: true,
                environment: &environment,
            };
            let time = effort(|| {
                // An error is an answer, too.
                let _ = (filter.function)(&call);
            });
            assert!(
                time < DEADLINE,
                "{name} of {before:?} {unit:?} {behind:?} took {time:?}"
            );
        }
    }
}

/// Filter, value, argument, class of the error.
const TOO_LARGE: &[(&str, &str, &str, &str)] = &[
    ("ljust", "x", "1000000000000", "MemoryError"),
    ("center", "x", "100000000000000000000", "OverflowError"),
    ("stringformat", "5", "1000000000s", "MemoryError"),
    ("floatformat", "1.5", "1000000000", "InvalidOperation"),
];

#[test]
fn what_would_not_fit_into_memory_is_an_error() {
    let environment = Environment::default();
    for (name, value, argument, class) in TOO_LARGE {
        let call = Call {
            value: &Value::from(*value),
            argument: Some(&Value::from(*argument)),
            autoescape: true,
            environment: &environment,
        };
        let error = (filters::builtin(name).unwrap().function)(&call).unwrap_err();
        assert_eq!(error.class, *class, "{name}");
    }
}
