//! Gathers the Python sources that are packed into the binary: no tests, no bytecode.

use std::path::Path;
use std::{env, fs, io};

const PACKED: [&str; 2] = ["djscope_probe", "startup"];
const WORKER: [&str; 2] = ["djscope_probe", "djscope_rerun"];
const DORMANT: &str = "dormant";
/// What both ways in use; the dormant package has it as a module of its own.
const ENTRANCE: [&str; 2] = ["startup/djscope_entrance.py", "entrance.py"];

fn main() -> io::Result<()> {
    let output = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("OUT_DIR is not set"))?;
    pack(&PACKED, &Path::new(&output).join("packed"))?;
    pack(&WORKER, &Path::new(&output).join("worker"))?;
    let dormant = Path::new(&output).join(DORMANT);
    if dormant.exists() {
        fs::remove_dir_all(&dormant)?;
    }
    println!("cargo::rerun-if-changed={DORMANT}");
    copy(Path::new(DORMANT), &dormant)?;
    let [from, to] = ENTRANCE;
    fs::copy(from, dormant.join(to)).map(drop)
}

fn pack(names: &[&str], packed: &Path) -> io::Result<()> {
    if packed.exists() {
        fs::remove_dir_all(packed)?;
    }
    for name in names {
        println!("cargo::rerun-if-changed={name}");
        copy(Path::new(name), &packed.join(name))?;
    }
    Ok(())
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let Some(name) = path.file_name() else {
            continue;
        };
        if path.is_dir() && name != "__pycache__" {
            copy(&path, &to.join(name))?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
