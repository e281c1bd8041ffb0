use std::time::Instant;
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let t = Instant::now();
    let clock = || t.elapsed().as_secs_f64() * 1e6;
    let (mut ok, mut bad, mut fast, mut total, mut wrongfast) = (0, 0, 0, 0, 0);
    for line in text.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        let got = djscope_engine::lines::answer(djscope_engine::lines::Request::Diff, line, &clock);
        if got["patches"] == case["patches"] {
            ok += 1
        } else {
            bad += 1;
            if bad < 4 {
                println!(
                    "old {}\nnew {}\nexp {}\ngot {}\n",
                    case["old"].as_str().unwrap(),
                    case["new"].as_str().unwrap(),
                    case["patches"],
                    got
                )
            }
        }
        for side in ["old", "new"] {
            use djscope_engine::tree::*;
            let html = case[side].as_str().unwrap();
            let a = parse(html, IdCounter::default(), Parser::Fast).unwrap();
            let b = parse(html, IdCounter::default(), Parser::Reference).unwrap();
            total += 1;
            if a.is_fast {
                fast += 1;
                if a.tree != b.tree || a.ids != b.ids {
                    wrongfast += 1;
                    if wrongfast < 4 {
                        println!("FAST {html}\n {}\n {}", a.tree.to_html(), b.tree.to_html())
                    }
                }
            }
        }
    }
    println!("ok {ok} bad {bad} fast {fast}/{total} wrong {wrongfast}");
}
