//! What the host has and what the leader takes of it.

use qoin_core::api::admin::network::DiskView;
use std::fs;
use std::path::Path;

/// The disk on which the ledger is; none where the system does not tell.
#[cfg(unix)]
pub fn disk(ledger: &Path) -> Option<DiskView> {
    use std::os::unix::fs::MetadataExt;
    // What it takes, not how long it is: the file has holes.
    let ledger_bytes = fs::metadata(ledger).ok()?.blocks().saturating_mul(512);
    let system = rustix::fs::statvfs(ledger).ok()?;
    Some(DiskView {
        ledger_bytes,
        free_bytes: system.f_bavail.saturating_mul(system.f_frsize),
        total_bytes: system.f_blocks.saturating_mul(system.f_frsize),
    })
}

/// The disk on which the ledger is; none where the system does not tell.
#[cfg(not(unix))]
pub fn disk(_: &Path) -> Option<DiskView> {
    None
}

/// How much memory this process has, in bytes; none where the system does not tell.
pub fn memory_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_of_this_host_is_measured() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), vec![7; 100_000]).unwrap();
        file.as_file().sync_all().unwrap();
        let disk = disk(file.path()).unwrap();
        assert!((90_000..1_000_000).contains(&disk.ledger_bytes), "{disk:?}");
        assert!(disk.free_bytes <= disk.total_bytes && disk.total_bytes > 1_000_000, "{disk:?}");
        assert!(memory_bytes().unwrap() > 1_000_000);
        assert!(super::disk(Path::new("/nowhere/at/all")).is_none());
    }
}
