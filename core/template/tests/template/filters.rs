//! A table of cases for every filter, each with the section of Django's documentation that it is about.

use std::collections::BTreeMap;

use djscope_template::filters;

use crate::table::Table;

const TABLE: Table = Table::new(include_str!("../cases/filters.jsonl"));

/// The filters of each library; those without one are there in every template.
const FILTERS: &[(&str, &str)] = &[
    (
        "",
        "add addslashes capfirst center cut date default default_if_none dictsort dictsortreversed divisibleby escape \
        escapejs escapeseq filesizeformat first floatformat force_escape get_digit iriencode join json_script last \
        length linebreaks linebreaksbr linenumbers ljust lower make_list phone2numeric pluralize pprint random rjust \
        safe safeseq slice slugify stringformat striptags time timesince timeuntil title truncatechars \
        truncatechars_html truncatewords truncatewords_html unordered_list upper urlencode urlize urlizetrunc \
        wordcount wordwrap yesno",
    ),
    (
        "humanize",
        "apnumber intcomma intword naturalday naturaltime ordinal",
    ),
    (
        "i18n",
        "language_bidi language_name language_name_local language_name_translated",
    ),
    ("l10n", "localize unlocalize"),
    ("tz", "localtime timezone utc"),
];

/// At least so many cases for each.
const CASES_OF_A_FILTER: usize = 3;

#[test]
fn every_case_of_the_table_is_as_django_has_it() {
    TABLE.check();
}

#[test]
fn every_filter_has_cases_with_their_source() {
    let mut counts: BTreeMap<String, usize> =
        TABLE.names("filter").into_iter().map(|name| (name, 0)).collect();
    for case in TABLE.cases() {
        *counts.get_mut(case["filter"].as_str().unwrap()).unwrap() += 1;
    }
    let names = FILTERS.iter().flat_map(|(_, names)| names.split_whitespace());
    let missing: Vec<&str> = names
        .clone()
        .filter(|name| counts.get(*name).is_none_or(|count| *count < CASES_OF_A_FILTER))
        .collect();
    assert!(missing.is_empty(), "too few cases: {missing:?}");
    assert_eq!(
        counts.len(),
        names.count(),
        "cases of filters that Django does not have"
    );
}

#[test]
fn filters_belong_to_their_library_alone() {
    for (library, names) in FILTERS {
        for name in names.split_whitespace() {
            assert_eq!(filters::builtin(name).is_some(), library.is_empty(), "{name}");
            let is_of_library = FILTERS
                .iter()
                .filter(|(own, _)| filters::of_library(own, name).is_some());
            assert_eq!(is_of_library.count(), usize::from(!library.is_empty()), "{name}");
        }
    }
}
