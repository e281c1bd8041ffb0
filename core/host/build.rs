//! Has the crate built again when a module of the browser client comes or goes.

fn main() {
    println!("cargo::rerun-if-changed=client");
}
