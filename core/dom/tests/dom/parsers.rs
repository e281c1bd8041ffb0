//! The fast parser never gives another tree than the reference parser.

use djscope_dom::tree::{IdCounter, Parser, parse, parse_content};
use proptest::prelude::*;

use crate::properties::html::{PIECES, element, parsers_agree};

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..24)) {
        parsers_agree(&pieces.concat());
        parsers_agree(&format!("<div dj-root>{}</div>", pieces.concat()));
    }

    #[test]
    fn whole_elements(elements in prop::collection::vec(element(), 1..4)) {
        parsers_agree(&format!("<main dj-root>{}</main>", elements.concat()));
        parsers_agree(&elements.concat());
    }

    #[test]
    fn any_text(text in "[<>/a-e =\"'&;!-]{0,40}") {
        parsers_agree(&text);
    }
}

#[test]
fn what_stands_in_an_element() {
    for (parent, source, html) in [
        (
            "body",
            "<p>a</p> <b>b</b> <i>c</i>",
            "<body><p dj-id=\"3\">a</p><b dj-id=\"4\">b</b> <i dj-id=\"5\">c</i></body>",
        ),
        ("pre", " a\n<b>b</b>\n", "<pre> a\n<b dj-id=\"3\">b</b>\n</pre>"),
        (
            "table",
            "<tr><td>1",
            "<table><tbody dj-id=\"3\"><tr dj-id=\"4\"><td dj-id=\"5\">1</td></tr></tbody></table>",
        ),
    ] {
        let read = parse_content(source, parent, IdCounter::starting_at(3), Parser::Fast).unwrap();
        assert_eq!(read.tree.to_html(), html);
    }
    parsers_agree(&"<div>".repeat(3000));
}

#[test]
fn templates_are_read_fast() {
    let pages = [
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>A &amp; b</title>\n<style>a > b {}</style>\n\
         <script src=\"/x.js\"></script></head>\n<body class=\"x\">\n<nav><a href=\"/\">Home</a></nav>\n<div dj-root dj-view=\"v\">\
         <h1>Hi</h1> <ul>\n<li dj-key=\"1\">a <b>b</b></li>\n</ul></div>\n<script>let a = 1 < 2;</script>\n</body>\n</html>\n",
        "<div dj-root><table class=\"t\"><thead><tr><th>a</th></tr></thead>\n<tbody>\n<tr dj-key=\"1\"><td>x</td></tr>\n</tbody></table></div>",
        "<div dj-root><form dj-submit=\"save\"><input type=\"hidden\" name=\"csrfmiddlewaretoken\" value=\"x\"><label>n <input name=n></label>\
         <select name=\"s\"><option value=\"1\" selected>a</option></select><textarea>t</textarea><button type=submit>Go</button></form></div>",
        "<div dj-root><svg viewBox=\"0 0 24 24\"><path d=\"M0 0\" stroke-linecap=\"round\"/></svg></div>",
        "<div dj-root>",
    ];
    for page in pages {
        let parsed = parse(page, IdCounter::default(), Parser::Fast).unwrap();
        assert!(parsed.is_fast, "{page}");
        parsers_agree(page);
    }
}
