//! HTML, and that the fast parser never gives another tree than the reference parser.

use djscope_dom::tree::{IdCounter, Parser, parse, parse_content};
use proptest::prelude::*;

/// Pieces of pages: what templates write, and what the tree builder has rules for.
pub const PIECES: &[&str] = &[
    "<div>",
    "</div>",
    "<div class=\"a\" id=b>",
    "<p>",
    "</p>",
    "<span>",
    "</span>",
    "<b>",
    "</b>",
    "<a href=\"?a=1&b=2\">",
    "</a>",
    "<ul>",
    "</ul>",
    "<li dj-key=\"k\">",
    "</li>",
    "<table>",
    "</table>",
    "<tbody>",
    "</tbody>",
    "<thead>",
    "</thead>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "</th>",
    "<colgroup>",
    "</colgroup>",
    "<col>",
    "<caption>",
    "</caption>",
    "<select>",
    "</select>",
    "<option selected>",
    "</option>",
    "<optgroup>",
    "</optgroup>",
    "<textarea>",
    "</textarea>",
    "<textarea>\n",
    "<pre>",
    "<pre>\n",
    "</pre>",
    "<script>",
    "</script>",
    "<script>if(a<b&&c){}</script>",
    "<style>a>b{}</style>",
    "<svg viewBox=\"0 0 1 1\">",
    "<svg>",
    "</svg>",
    "<path pathlength=\"2\" d=\"M0\"/>",
    "<g>",
    "</g>",
    "<title>",
    "</title>",
    "<circle r=1>",
    "</circle>",
    "<foreignObject>",
    "</foreignObject>",
    "<br>",
    "<br/>",
    "<hr>",
    "<img src=x alt='a \"b\"'>",
    "<input disabled value=\"v\">",
    "<button>",
    "</button>",
    "<form>",
    "</form>",
    "<h1>",
    "</h1>",
    "<h2>",
    "</h2>",
    "<dl>",
    "</dl>",
    "<dt>",
    "</dt>",
    "<dd>",
    "</dd>",
    "<my-tag>",
    "</my-tag>",
    "<html>",
    "</html>",
    "<head>",
    "</head>",
    "<body>",
    "</body>",
    "<!doctype html>",
    "<meta charset=x>",
    "<link rel=x>",
    "<noscript>",
    "</noscript>",
    "<iframe>",
    "</iframe>",
    "<template>",
    "</template>",
    "<ruby>",
    "<rt>",
    "<math>",
    "<!-- c -->",
    "<!--dj-if-->",
    "<!--dj-if id=\"if-1-0\"-->",
    "<!--/dj-if-->",
    "<!-->",
    "<!--x--!>",
    "text",
    " ",
    "\n  ",
    "\t",
    "a & b",
    "&amp;",
    "&lt;",
    "&nbsp;",
    "&hellip;",
    "&amp",
    "&copy2",
    "&#39;",
    "&#x80;",
    "\u{a0}",
    "\u{2003}",
    "é",
    "\0",
    "\r\n",
    "<",
    ">",
    "\"",
    "<div dj-root>",
    "<section dj-view=\"v\">",
    "</section>",
    "<DIV>",
    "<image>",
    "<nobr>",
    "<center>",
    "</center>",
    "<dialog>",
    "<object>",
    "</object>",
    "<details><summary>",
    "</summary></details>",
    "<frameset>",
    "<x y=z/>",
    "<a b",
    "<div a=1 a=2 dj-id=\"zz\">",
];

/// Whole elements, which fit into each other: most of what the fast parser reads.
pub fn element() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["x", "a &amp; b", " ", "\n  ", "<br>", "<!-- c -->", "<!--dj-if-->", "<input value=\"v\">", "é"]),
        1 => prop::sample::select(vec![
            "<table><tr><td>1</td></tr> <tr><th>2</th></tr></table>",
            "<table> <thead><tr><th>h</th></tr></thead><tbody><!-- c --><tr><td><p>x</p></td></tr></tbody></table>",
            "<select><option value=1>a</option> <option selected>b &lt;</option></select>",
            "<svg viewBox=\"0 0 1 1\"><path pathLength=\"2\" d=\"M0\"/><g fill=x><circle r=1></circle></g></svg>",
            "<textarea>\n a </textarea>", "<pre>\n a\n b </pre>", "<script>a<b && c</script>", "<noscript>n &amp; m</noscript>",
        ]),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(5, 60, 5, |inner| {
        let name = prop::sample::select(vec![
            "div", "p", "ul", "li", "section", "h2", "b", "i", "span", "a", "button", "my-tag", "form",
            "code", "label", "dl", "dt", "dd", "em",
        ]);
        let attributes = prop::sample::select(vec![
            "",
            " class=\"a b\"",
            " dj-key=\"1\"",
            " title='&quot;'",
            " dj-update=\"ignore\" disabled",
            " b=1 a=2",
        ]);
        (name, attributes, prop::collection::vec(inner, 0..5)).prop_map(|(name, attributes, children)| {
            format!("<{name}{attributes}>{}</{name}>", children.concat())
        })
    })
}

/// Fails unless both parsers make the same of `source`, as a page and as the content of a body.
pub fn parsers_agree(source: &str) {
    let page = |parser| parse(source, IdCounter::starting_at(3), parser);
    let body = |parser| parse_content(source, "body", IdCounter::starting_at(3), parser);
    for (fast, reference) in [
        (page(Parser::Fast), page(Parser::Reference)),
        (body(Parser::Fast), body(Parser::Reference)),
    ] {
        match (fast, reference) {
            (Ok(fast), Ok(reference)) => {
                assert_eq!(fast.tree.to_html(), reference.tree.to_html(), "{source}");
                assert!(fast.tree == reference.tree, "{}", source);
                assert_eq!(fast.ids, reference.ids, "{source}");
            }
            (fast, reference) => assert_eq!(fast.err(), reference.err()),
        }
    }
}
