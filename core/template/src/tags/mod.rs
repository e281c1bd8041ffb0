//! Django's tags, one file for those that belong together
//! (<https://docs.djangoproject.com/en/5.2/ref/templates/builtins/>).

mod arguments;
mod block;
mod block_translate;
mod cache;
mod conditional;
mod custom;
mod cycle;
mod djust;
mod extends;
mod filtered;
mod for_loop;
mod ifchanged;
mod include;
mod inline_if;
mod languages;
mod lorem;
mod paths;
mod plain;
mod querystring;
mod settings;
mod translate;
mod url;
mod values;
mod with;

pub(crate) use block::Block;
pub(super) use custom::CustomTag;
pub(crate) use cycle::Cycle;
pub(crate) use extends::Extends;
pub(crate) use include::Include;
pub(crate) use inline_if::InlineIf;

use super::libraries::Compile;

/// The tags that are there without `{% load %}`.
const BUILTIN: &[(&str, Compile)] = &[
    ("autoescape", settings::compile_autoescape),
    ("block", block::compile),
    ("comment", plain::compile_comment),
    ("csrf_token", plain::compile_csrf_token),
    ("cycle", cycle::compile),
    ("debug", plain::compile_debug),
    ("extends", extends::compile),
    ("filter", filtered::compile_filter),
    ("firstof", values::compile_firstof),
    ("for", for_loop::compile),
    ("if", conditional::compile),
    ("ifchanged", ifchanged::compile),
    ("include", include::compile),
    ("load", plain::compile_load),
    ("lorem", lorem::compile),
    ("now", values::compile_now),
    ("querystring", querystring::compile),
    ("regroup", values::compile_regroup),
    ("resetcycle", cycle::compile_reset),
    ("spaceless", filtered::compile_spaceless),
    ("templatetag", plain::compile_templatetag),
    ("url", url::compile),
    ("verbatim", plain::compile_verbatim),
    ("widthratio", values::compile_widthratio),
    ("with", with::compile),
];

/// The tags of the libraries that come with Django, and djust's.
const LIBRARIES: &[(&str, &[(&str, Compile)])] = &[
    ("cache", &[("cache", cache::compile)]),
    (
        "i18n",
        &[
            ("blocktrans", block_translate::compile),
            ("blocktranslate", block_translate::compile),
            ("get_available_languages", languages::compile_available),
            ("get_current_language", languages::compile_current),
            ("get_current_language_bidi", languages::compile_current),
            ("get_language_info", languages::compile_info),
            ("get_language_info_list", languages::compile_info_list),
            ("language", settings::compile_language),
            ("trans", translate::compile),
            ("translate", translate::compile),
        ],
    ),
    (
        "djust",
        &[
            ("dj_flash", djust::compile_flash),
            ("djust_audio", djust::compile_unanswered),
            ("djust_client_config", djust::compile_unanswered),
            ("djust_markdown", djust::compile_unanswered),
            ("djust_offline_indicator", djust::compile_unanswered),
            ("djust_pwa_head", djust::compile_unanswered),
            ("djust_pwa_manifest", djust::compile_unanswered),
            ("djust_sw_register", djust::compile_unanswered),
            ("live_render", djust::compile_unanswered),
        ],
    ),
    ("l10n", &[("localize", settings::compile_localize)]),
    (
        "static",
        &[
            ("get_media_prefix", url::compile_prefix),
            ("get_static_prefix", url::compile_prefix),
            ("static", url::compile_static),
        ],
    ),
    (
        "tz",
        &[
            ("get_current_timezone", languages::compile_timezone),
            ("localtime", settings::compile_localtime),
            ("timezone", settings::compile_timezone),
        ],
    ),
];

/// What reads a tag that is there without `{% load %}`.
pub(super) fn builtin(name: &str) -> Option<Compile> {
    find(BUILTIN, name)
}

/// What reads a tag of one of Django's libraries.
pub(super) fn of_library(library: &str, name: &str) -> Option<Compile> {
    let (_, tags) = LIBRARIES.iter().find(|(own, _)| *own == library)?;
    find(tags, name)
}

fn find(tags: &[(&str, Compile)], name: &str) -> Option<Compile> {
    tags.iter()
        .find(|(own, _)| *own == name)
        .map(|(_, compile)| *compile)
}
