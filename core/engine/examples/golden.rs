use std::time::Instant;
fn strip(v: &serde_json::Value, ids: &mut Vec<String>) -> String {
    let _ = ids;
    v.to_string()
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(path).unwrap();
    let t = Instant::now();
    let clock = || t.elapsed().as_secs_f64() * 1e6;
    let _ = strip;
    use djscope_engine::lines::*;
    for line in text.lines() {
        println!("{}", answer(Request::Session, line.as_bytes(), &clock));
    }
}
