//! Embeds the app that trunk left in frontend/dist: every file as it is and compressed, with a hash of its content.
//! Never builds the app itself: a cargo started from here would wait for the lock of the one that started it.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Stands in for the app where it was not built.
const NOT_BUILT: &str = "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>Qoin</title>\n\
    <h1>The app is not in this program</h1>\n\
    <p>This <code>qoin</code> was built before the app was. Run <code>cargo xtask run</code>, which builds both.</p>\n\
    </html>\n";

fn main() -> io::Result<()> {
    let dist = PathBuf::from(env("CARGO_MANIFEST_DIR")?).join("../frontend/dist");
    let out = PathBuf::from(env("OUT_DIR")?);
    println!("cargo::rerun-if-changed=build.rs");
    // A watched path that does not exist would make every build run this again, so the folder is made for trunk.
    std::fs::create_dir_all(&dist)?;
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, &dist, &mut files)?;
        files.sort();
    } else {
        files.push(("index.html".to_owned(), NOT_BUILT.as_bytes().to_vec()));
    }
    let mut table = String::from("&[\n");
    for (path, content) in &files {
        embed(path, content, &out, &mut table)?;
    }
    table.push_str("]\n");
    std::fs::write(out.join("assets.rs"), table)
}

fn env(name: &str) -> io::Result<String> {
    std::env::var(name).map_err(|error| io::Error::other(format!("{name}: {error}")))
}

/// All files below `folder` with their paths from `root`, but for hidden ones.
fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((name, std::fs::read(&path)?));
        }
    }
    Ok(())
}

/// Writes a file's variants to `out` and its line to `table`. A variant is named by the content's hash, so that one
/// made by an earlier run is used again.
fn embed(path: &str, content: &[u8], out: &Path, table: &mut String) -> io::Result<()> {
    let hash = hex::encode(Sha256::digest(content));
    let plain = out.join(&hash);
    std::fs::write(&plain, content)?;
    let brotli = smaller(content, &out.join(format!("{hash}.br")), brotli)?;
    let gzip = smaller(content, &out.join(format!("{hash}.gz")), gzip)?;
    let variant = |file: Option<PathBuf>| match file {
        Some(file) => format!("Some(include_bytes!({file:?}))"),
        None => "None".to_owned(),
    };
    writeln!(
        table,
        "    Asset {{ path: {path:?}, hash: {hash:?}, plain: include_bytes!({plain:?}), brotli: {}, gzip: {} }},",
        variant(brotli),
        variant(gzip),
    )
    .map_err(io::Error::other)
}

/// The compressed file, unless it saves less than a twentieth.
fn smaller(content: &[u8], file: &Path, compress: fn(&[u8]) -> io::Result<Vec<u8>>) -> io::Result<Option<PathBuf>> {
    let length = match std::fs::metadata(file) {
        Ok(metadata) => metadata.len() as usize,
        Err(_) => {
            let compressed = compress(content)?;
            // Renamed into place, so that a build that was interrupted leaves no half of it.
            let part = file.with_extension("part");
            std::fs::write(&part, &compressed)?;
            std::fs::rename(&part, file)?;
            compressed.len()
        }
    };
    Ok((length < content.len() - content.len() / 20).then(|| file.to_owned()))
}

fn brotli(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut compressed = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &content[..], &mut compressed, &params)?;
    Ok(compressed)
}

fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}
