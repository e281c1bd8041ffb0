//! A table of cases for every tag, each with the section of Django's documentation that it is about.

use serde_json::Value as Json;

use crate::table::{Table, render};

const TABLE: Table = Table::new(include_str!("../cases/tags.jsonl"));

/// Django's tags, and the variables and comments that are no tags.
const TAGS: &str = "autoescape block blocktranslate cache comment csrf_token cycle debug extends filter firstof for \
    get_available_languages get_current_language get_current_language_bidi get_current_timezone get_language_info \
    get_language_info_list get_media_prefix get_static_prefix if ifchanged include language load localize localtime \
    lorem now querystring regroup resetcycle spaceless static templatetag timezone translate url variables verbatim \
    widthratio with";

#[test]
fn every_case_of_the_table_is_as_django_has_it() {
    TABLE.check();
}

#[test]
fn every_error_has_its_place() {
    let is_error = |case: &Json| case["error"].is_string();
    for case in TABLE.cases().filter(is_error) {
        let error = render(&case).unwrap_err();
        assert!(
            error.template.is_some() && error.position.is_some(),
            "{error} of {case}"
        );
    }
}

#[test]
fn every_tag_has_cases_with_their_source() {
    let tags: Vec<String> = TABLE.names("tag").into_iter().collect();
    assert_eq!(tags, TAGS.split_whitespace().collect::<Vec<_>>());
}
