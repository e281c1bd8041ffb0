//! The filters by their names.

use super::{
    Argument, Call, Filter, FilterError, arithmetic, case, dates, escaping, file_size, float_format,
    humanize, json, languages, lines, localization, logic, pretty, sequences, slice, sorting, string_format,
    strings, time_zones, truncate, truncate_html, unordered_list, url, urlize, wrap,
};
use crate::value::Value;

type Function = fn(&Call<'_>) -> Result<Value, FilterError>;

const fn filter(name: &'static str, argument: Argument, function: Function) -> Filter {
    Filter {
        name,
        argument,
        is_safe: false,
        needs_autoescape: false,
        expects_localtime: false,
        function,
    }
}

impl Filter {
    const fn safe(self) -> Filter {
        Filter {
            is_safe: true,
            ..self
        }
    }

    const fn escaping(self) -> Filter {
        Filter {
            needs_autoescape: true,
            ..self
        }
    }

    const fn local_time(self) -> Filter {
        Filter {
            expects_localtime: true,
            ..self
        }
    }
}

const NONE: Argument = Argument::None;
const OPTIONAL: Argument = Argument::Optional;
const REQUIRED: Argument = Argument::Required;

/// The filters of `django.template.defaultfilters`.
const DEFAULT: &[Filter] = &[
    filter("add", REQUIRED, arithmetic::add),
    filter("addslashes", NONE, strings::addslashes).safe(),
    filter("capfirst", NONE, case::capfirst).safe(),
    filter("center", REQUIRED, strings::center).safe(),
    filter("cut", REQUIRED, strings::cut),
    filter("date", OPTIONAL, dates::date).local_time(),
    filter("default", REQUIRED, logic::default),
    filter("default_if_none", REQUIRED, logic::default_if_none),
    filter("dictsort", REQUIRED, sorting::dictsort),
    filter("dictsortreversed", REQUIRED, sorting::dictsortreversed),
    filter("divisibleby", REQUIRED, arithmetic::divisibleby),
    filter("escape", NONE, escaping::escape).safe(),
    filter("escapejs", NONE, escaping::escapejs),
    filter("escapeseq", NONE, escaping::escapeseq).safe(),
    filter("filesizeformat", NONE, file_size::filesizeformat).safe(),
    filter("first", NONE, sequences::first),
    filter("floatformat", OPTIONAL, float_format::floatformat).safe(),
    filter("force_escape", NONE, escaping::force_escape).safe(),
    filter("get_digit", REQUIRED, arithmetic::get_digit),
    filter("iriencode", NONE, url::iriencode).safe(),
    filter("join", REQUIRED, sequences::join).safe().escaping(),
    filter("json_script", OPTIONAL, json::json_script).safe(),
    filter("last", NONE, sequences::last).safe(),
    filter("length", NONE, sequences::length),
    filter("linebreaks", NONE, lines::linebreaks).safe().escaping(),
    filter("linebreaksbr", NONE, lines::linebreaksbr)
        .safe()
        .escaping(),
    filter("linenumbers", NONE, lines::linenumbers).safe().escaping(),
    filter("ljust", REQUIRED, strings::ljust).safe(),
    filter("lower", NONE, case::lower).safe(),
    filter("make_list", NONE, sequences::make_list),
    filter("phone2numeric", NONE, strings::phone2numeric).safe(),
    filter("pluralize", OPTIONAL, logic::pluralize),
    filter("pprint", NONE, pretty::pprint).safe(),
    filter("random", NONE, sequences::random).safe(),
    filter("rjust", REQUIRED, strings::rjust).safe(),
    filter("safe", NONE, escaping::safe).safe(),
    filter("safeseq", NONE, escaping::safeseq).safe(),
    filter("slice", REQUIRED, slice::slice).safe(),
    filter("slugify", NONE, strings::slugify).safe(),
    filter("stringformat", REQUIRED, string_format::stringformat).safe(),
    filter("striptags", NONE, escaping::striptags).safe(),
    filter("time", OPTIONAL, dates::time).local_time(),
    filter("timesince", OPTIONAL, dates::timesince),
    filter("timeuntil", OPTIONAL, dates::timeuntil),
    filter("title", NONE, case::title).safe(),
    filter("truncatechars", REQUIRED, truncate::truncatechars).safe(),
    filter("truncatechars_html", REQUIRED, truncate_html::truncatechars_html).safe(),
    filter("truncatewords", REQUIRED, truncate::truncatewords).safe(),
    filter("truncatewords_html", REQUIRED, truncate_html::truncatewords_html).safe(),
    filter("unordered_list", NONE, unordered_list::unordered_list)
        .safe()
        .escaping(),
    filter("upper", NONE, case::upper),
    filter("urlencode", OPTIONAL, url::urlencode),
    filter("urlize", NONE, urlize::urlize).safe().escaping(),
    filter("urlizetrunc", REQUIRED, urlize::urlizetrunc)
        .safe()
        .escaping(),
    filter("wordcount", NONE, strings::wordcount),
    filter("wordwrap", REQUIRED, wrap::wordwrap).safe(),
    filter("yesno", OPTIONAL, logic::yesno),
];

/// The libraries that a template loads.
const LIBRARIES: &[(&str, &[Filter])] = &[
    (
        "humanize",
        &[
            filter("apnumber", NONE, humanize::apnumber).safe(),
            filter("intcomma", OPTIONAL, humanize::intcomma).safe(),
            filter("intword", NONE, humanize::intword),
            filter("naturalday", OPTIONAL, humanize::naturalday).local_time(),
            filter("naturaltime", NONE, humanize::naturaltime),
            filter("ordinal", NONE, humanize::ordinal).safe(),
        ],
    ),
    (
        "i18n",
        &[
            filter("language_bidi", NONE, languages::language_bidi),
            filter("language_name", NONE, languages::language_name),
            filter("language_name_local", NONE, languages::language_name_local),
            filter("language_name_translated", NONE, languages::language_name),
        ],
    ),
    (
        "l10n",
        &[
            filter("localize", NONE, localization::localize),
            filter("unlocalize", NONE, localization::unlocalize),
        ],
    ),
    (
        "tz",
        &[
            filter("localtime", NONE, time_zones::localtime),
            filter("timezone", REQUIRED, time_zones::timezone),
            filter("utc", NONE, time_zones::utc),
        ],
    ),
    // It has tags only.
    ("static", &[]),
];

fn by_name(filters: &'static [Filter], name: &str) -> Option<&'static Filter> {
    filters.iter().find(|filter| filter.name == name)
}

/// A filter that every template has.
pub fn builtin(name: &str) -> Option<&'static Filter> {
    by_name(DEFAULT, name)
}

/// A filter of a library that a template loads: `humanize`, `i18n`, `l10n` or `tz`.
pub fn of_library(library: &str, name: &str) -> Option<&'static Filter> {
    let (_, filters) = LIBRARIES.iter().find(|(own, _)| *own == library)?;
    by_name(filters, name)
}
