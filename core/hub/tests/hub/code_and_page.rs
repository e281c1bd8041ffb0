//! What a turn's view looked like, and what it is made of.

use djscope_hub::model::{Handler, Outcome, PatchRecord, SourceFile, Template, TemplateSource, View};
use djscope_hub::{Answer, ErrorCode, MAX_ANSWER_BYTES, Query};
use djscope_recording::{Entry, Keyframe};
use serde_json::json;

use crate::stand::{BOTH, Stand, tick};

fn recording() -> Vec<Entry> {
    let turn = |number| {
        let mut turn = tick(number);
        (turn.connection, turn.view_id, turn.outcome) = (Some(1), Some(1), Outcome::Patched);
        Entry::Turn(Box::new(turn))
    };
    let patch = |frame: u64, id: &str, text: &str| PatchRecord {
        frame,
        index: 0,
        kind: "SetText".to_owned(),
        path: vec![0],
        target: Some(id.to_owned()),
        summary: String::new(),
        patch: json!({"type": "SetText", "path": [7, 7], "d": id, "text": text}),
    };
    let rows: String = (0..20_000)
        .map(|row| format!("<p dj-id=\"{row}\">row {row}</p>"))
        .collect();
    vec![
        Entry::View(View {
            view: 1,
            connection: Some(1),
            class: "shop.views.Cart".to_owned(),
            handlers: vec![Handler {
                name: "add".to_owned(),
                source: Some("x".repeat(200_000)),
                ..Handler::default()
            }],
            template: Some(Template {
                name: None,
                sources: vec![TemplateSource {
                    source: "<p>{{ n }}</p>".to_owned(),
                    ..TemplateSource::default()
                }],
            }),
            ..View::default()
        }),
        Entry::Source(Box::new(SourceFile {
            hash: "abc".to_owned(),
            module: "shop.views".to_owned(),
            file: "/app/shop/views.py".to_owned(),
            text: "é".repeat(MAX_ANSWER_BYTES),
        })),
        Entry::Turn(Box::new(tick(1))),
        turn(2),
        Entry::Keyframe(Keyframe {
            turn: 2,
            connection: Some(1),
            view_id: Some(1),
            html: rows,
        }),
        turn(3),
        Entry::Patches {
            turn: 3,
            patches: vec![patch(1, "7", "seven")],
        },
        turn(4),
        Entry::Patches {
            turn: 4,
            patches: vec![patch(2, "8", "eight"), patch(2, "none", "lost")],
        },
    ]
}

#[test]
fn the_page_of_a_turn_is_what_was_sent_up_to_it() {
    for transport in BOTH {
        let stand = Stand::of(recording());
        let mut user = stand.user(transport);
        let mut page = |turn| {
            let mut html = String::new();
            loop {
                let from = html.len() as u64;
                let Answer::Page(page) = user.query(Query::Page { turn, from }).unwrap() else {
                    panic!()
                };
                html.push_str(&page.piece.text);
                if html.len() as u64 == page.piece.total {
                    return (html, page.since, page.failed.len());
                }
            }
        };
        let (html, since, failed) = page(3);
        assert!(html.contains("<p dj-id=\"7\">seven</p><p dj-id=\"8\">row 8</p>"));
        assert!(html.len() > MAX_ANSWER_BYTES && html.ends_with("row 19999</p>"));
        assert_eq!((since, failed), (2, 0));
        let (html, since, failed) = page(4);
        assert!(html.contains("<p dj-id=\"7\">seven</p><p dj-id=\"8\">eight</p>"));
        assert_eq!((since, failed), (2, 1));
        assert!(page(2).0.contains("<p dj-id=\"7\">row 7</p>"));
        let missing = user.query(Query::Page { turn: 1, from: 0 }).unwrap_err();
        assert_eq!(missing.code, ErrorCode::NotFound);
    }
}

#[test]
fn the_code_of_a_turn_comes_cut_and_its_modules_in_pieces() {
    for transport in BOTH {
        let stand = Stand::of(recording());
        let mut user = stand.user(transport);
        let Answer::Code(view) = user.query(Query::Code { turn: 3 }).unwrap() else {
            panic!()
        };
        assert_eq!(view.class, "shop.views.Cart");
        assert!(
            view.handlers[0]
                .source
                .as_ref()
                .unwrap()
                .ends_with("… (200000 bytes)")
        );
        assert_eq!(view.template.unwrap().sources[0].source, "<p>{{ n }}</p>");
        assert_eq!(
            user.query(Query::Code { turn: 1 }).unwrap_err().code,
            ErrorCode::NotFound
        );
        let source = |from| Query::Source {
            hash: "abc".to_owned(),
            from,
        };
        let Answer::Source(first) = user.query(source(0)).unwrap() else {
            panic!()
        };
        assert_eq!(
            (first.module.as_str(), first.piece.total),
            ("shop.views", 2 * MAX_ANSWER_BYTES as u64)
        );
        let Answer::Source(second) = user.query(source(first.piece.text.len() as u64)).unwrap() else {
            panic!()
        };
        assert!(second.piece.text.starts_with('é'));
        let unknown = Query::Source {
            hash: "none".to_owned(),
            from: 0,
        };
        assert_eq!(user.query(unknown).unwrap_err().code, ErrorCode::NotFound);
    }
}
