#!/usr/bin/env bash
# Runs djust's own integration tests of its VDOM over djscope-dom.
#
# usage: run_djust_vdom_tests.sh [FOLDER]
#
# FOLDER, or DJSCOPE_DJUST_SDIST, is the unpacked source distribution of djust 1.2.6. Its tests are copied to a folder
# outside of the checkout and built there against the crate `djust_vdom` beside this script. Every test has to pass
# but those of excepted_djust_vdom_tests.txt, and those have to fail: what is excepted without need is an error as well.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
cache="${XDG_CACHE_HOME:-$HOME/.cache}/djscope"
sdist="${1:-${DJSCOPE_DJUST_SDIST:-$cache/sources/djust}}"
theirs="$sdist/crates/djust_vdom/tests"
[ -d "$theirs" ] || { echo "$theirs is missing: run ./dev setup" >&2; exit 2; }
excepted="$here/excepted_djust_vdom_tests.txt"
run="$cache/djust_vdom_tests"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$cache/target}/djust_vdom_tests"

rm -rf "$run"
mkdir -p "$run/tests"
cp -r "$theirs"/. "$run/tests"
# A file of which every test is excepted does not have to build.
awk '$2 == "*" { print $1 }' "$excepted" | while read -r file; do rm "$run/tests/$file.rs"; done
# The versions of the workspace where it has them.
cp "$here/../../../Cargo.lock" "$run/Cargo.lock"
mkdir "$run/src"
touch "$run/src/lib.rs"
cat > "$run/Cargo.toml" <<TOML
[package]
name = "djust_vdom_tests"
version = "0.0.0"
edition = "2021"
publish = false

[workspace]

[dev-dependencies]
djust_vdom = { path = "$here/djust_vdom" }
proptest = "1.11"
rmp-serde = "1.3"
serde = { version = "1.0", features = ["derive"] }
serde_json = "1.0"
tracing = "0.1"
tracing-subscriber = "0.3"

[profile.dev]
debug = "line-tables-only"
TOML

log="$run/output.txt"
(cd "$run" && cargo test --no-fail-fast --tests) > "$log" 2>&1 || true
grep -q '^test result' "$log" || { cat "$log" >&2; exit 1; }
awk -v log_file="$log" '
  FNR == NR { if (!/^#/ && NF) { file = $1; test = $2; $1 = $2 = ""; reason[file " " test] = $0; if (test == "*") left_out++ } next }
  /Running tests\// { file = $2; sub(/^tests\//, "", file); sub(/\.rs$/, "", file) }
  /^test result:/ { next }
  /^test .* \.\.\. ok$/ { run++; passed++; seen(file " " $2, 1) }
  /^test .* \.\.\. FAILED$/ { run++; seen(file " " $2, 0) }
  function seen(test, is_ok) {
    if (test in reason) { met[test] = 1; if (is_ok) { wrong = wrong "\n  passes, but is excepted: " test } else excepted++ }
    else if (!is_ok) wrong = wrong "\n  fails: " test
  }
  END {
    for (test in reason) if (!(test in met) && test !~ /\*$/) wrong = wrong "\n  is excepted, but not there: " test
    printf "tests of djust_vdom over djscope-dom: %d run, %d passed, %d excepted by name, %d files left out%s\n", \
      run, passed, excepted, left_out, wrong
    if (wrong != "") print "what they say: " log_file
    exit (wrong != "" || run == 0)
  }
' "$excepted" "$log"
