use djscope_engine::diff::*;
use djscope_engine::tree::*;
use std::time::Instant;
fn list(n: usize, order: impl Fn(usize) -> usize, cls: &str, edit: bool) -> String {
    let mut s = String::from("<div dj-root dj-view=\"app.V\"><h1>T</h1><ul id=\"list\">\n");
    for i in 0..n {
        let i = order(i);
        let label = if edit && i == n / 2 {
            "CHANGED label here".into()
        } else {
            format!("Item number {i}")
        };
        s += &format!(
            "<li dj-key=\"{i}\" class=\"{cls}\"><span class=\"name\">{label}</span> <button dj-click=\"pick\" dj-value-id=\"{i}\">Pick</button></li>\n"
        );
    }
    s += &format!("</ul><p>{n} rows</p></div>");
    s
}
fn main() {
    pages();
    let n = 1000;
    let a = list(n, |i| i, "row", false);
    for (name, b) in [
        ("edit", list(n, |i| i, "row", true)),
        ("rev", list(n, |i| n - 1 - i, "row", false)),
        ("attr", list(n, |i| i, "row active", false)),
    ] {
        let mut best = [f64::MAX; 5];
        for _ in 0..60 {
            let t = Instant::now();
            let pa = parse(&a, IdCounter::default(), Parser::Fast).unwrap();
            let t1 = Instant::now();
            let pb = parse(&b, IdCounter::default(), Parser::Fast).unwrap();
            let t2 = Instant::now();
            let patches = diff(&pa.tree, &pb.tree, DiffOptions::default());
            let t3 = Instant::now();
            let j = serde_json::to_string(&patches).unwrap();
            let t4 = Instant::now();
            let h = pb.tree.to_html();
            let t5 = Instant::now();
            std::hint::black_box((j, h));
            for (b, d) in best.iter_mut().zip([t1 - t, t2 - t1, t3 - t2, t4 - t3, t5 - t4]) {
                *b = b.min(d.as_secs_f64() * 1e3);
            }
            assert!(pa.is_fast);
        }
        println!(
            "{name}: parse {:.3} {:.3} diff {:.3} json {:.3} html {:.3}  ({} bytes)",
            best[0],
            best[1],
            best[2],
            best[3],
            best[4],
            a.len()
        );
    }
}
#[allow(dead_code)]
fn pages() {
    use djscope_engine::view::*;
    for n in [100, 1000, 10000] {
        let a = list(n, |i| i, "row", false);
        for (name, b) in [
            ("edit", list(n, |i| i, "row", true)),
            ("append", list(n + 1, |i| i, "row", false)),
            ("rev", list(n, |i| n - 1 - i, "row", false)),
            ("attr", list(n, |i| i, "row active", false)),
        ] {
            for work in [Work::Changed, Work::All] {
                let mut page = Page::new(a.clone(), DiffOptions::default()).unwrap();
                let mut best = f64::MAX;
                for i in 0..40 {
                    let s = if i % 2 == 0 { b.clone() } else { a.clone() };
                    let t = Instant::now();
                    let p = page.update(s, work).unwrap();
                    let d = t.elapsed().as_secs_f64() * 1e3;
                    if i % 2 == 0 {
                        best = best.min(d);
                    }
                    std::hint::black_box(p);
                }
                println!("{n} {name} {work:?} {best:.4}");
            }
        }
    }
}
