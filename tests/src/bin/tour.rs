//! `tour FOLDER COMMAND…`: starts `djscope run` in FOLDER and uses the test project as a visitor would.

#![allow(clippy::unwrap_used, reason = "a tour that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};

use djscope_tests::browser::{Browser, Page};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), Some(program)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: tour FOLDER COMMAND…");
        return ExitCode::from(2);
    };
    let mut djscope = Command::new(program)
        .args(arguments)
        .current_dir(folder)
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
        ("/counter/", &["#increment", "#increment", "#add", "#look"][..]),
        ("/tabs/", &["#tab-stock", "#tab-reviews", "#go"]),
        ("/push/", &["#start"]),
        ("/background/", &["#begin", "#notify"]),
        ("/queries/", &["#load", "#load-joined"]),
        ("/state/", &["#change"]),
        ("/causes/c-not-in-template/", &["#go"]),
        ("/causes/e2-in-place-object/", &["#go"]),
        ("/causes/k-forced-by-flag/", &["#go"]),
        ("/error/", &["#fail"]),
    ] {
        eprintln!("tour: {path}");
        page.open(&format!("{origin}{path}")).await;
        click_all(&mut page, selectors).await;
    }
    eprintln!("tour: /products/");
    page.open(&format!("{origin}/products/")).await;
    page.fill("#search", "bolt").await;
    page.settle().await;
    click_all(&mut page, &["#by-price", "#rows tr:nth-child(2) button"]).await;
}

async fn click_all(page: &mut Page, selectors: &[&str]) {
    for selector in selectors {
        if page
            .evaluate(&format!("document.querySelector('{selector}') !== null"))
            .await
            == serde_json::json!(true)
        {
            page.click(selector).await;
            page.settle().await;
        }
    }
}
