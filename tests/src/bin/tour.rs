//! `tour COMMAND…`: starts `djscope demo` and uses its pages as a visitor would.

#![allow(clippy::unwrap_used, reason = "a tour that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use djscope_tests::browser::{Browser, Page};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let Some(program) = arguments.next() else {
        eprintln!("usage: tour COMMAND…");
        return ExitCode::from(2);
    };
    let mut djscope = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(djscope.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    if let Some(origin) = line.trim().strip_prefix("proxy ") {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(visit(origin));
    }
    let _ = Command::new("kill")
        .args(["-INT", &djscope.id().to_string()])
        .status();
    let status = djscope.wait().unwrap();
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}

async fn visit(origin: &str) {
    let browser = Browser::start();
    let mut page = browser.page().await;
    for (path, selectors) in [
        (
            "/counter/",
            &["button.main", "button.main", "[dj-click='add(10)']"][..],
        ),
        (
            "/tabs/",
            &[
                "[dj-patch='?tab=orders']",
                "#panel [dj-patch]",
                "[dj-patch='?tab=settings']",
            ],
        ),
        ("/dashboard/", &["[dj-click=report]"]),
        ("/museum/rc01/", &["#press"]),
        ("/museum/rc05/", &["#press"]),
        ("/museum/rc09/", &["#press"]),
        ("/museum/rc18/", &["#press"]),
        ("/museum/rc22/", &["#press"]),
    ] {
        eprintln!("tour: {path}");
        page.open(&format!("{origin}{path}")).await;
        click_all(&mut page, selectors).await;
    }
    eprintln!("tour: /products/");
    page.open(&format!("{origin}/products/")).await;
    page.fill("input[type=search]", "bolt").await;
    page.settle().await;
    click_all(&mut page, &["[data-by=price]", "tbody tr:nth-child(2) button"]).await;
}

async fn click_all(page: &mut Page, selectors: &[&str]) {
    for selector in selectors {
        page.click(selector).await;
        page.settle().await;
    }
}
