//! The file by which a running leader tells the commands on its host where it is.

use crate::leader::keys::DataFolder;
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use zeroize::Zeroizing;

/// The most that such a file has, in bytes.
const FILE_BYTES_MAX: u64 = 4096;

/// What the file says, as JSON.
#[derive(Serialize, Deserialize)]
pub(super) struct Announced {
    /// Where the API is on this host.
    pub api: SocketAddr,
    /// The token of this run.
    pub token: String,
}

/// A file in the data folder that is there while the leader runs. Dropped, it is removed.
pub struct Announcement {
    path: PathBuf,
}

impl Announcement {
    pub(super) fn write(folder: &DataFolder, api: SocketAddr, token: &str) -> io::Result<Self> {
        let path = folder.operator();
        let content = Announced { api: on_this_host(api), token: token.to_owned() };
        let text = Zeroizing::new(serde_json::to_vec(&content)?);
        let part = path.with_extension("part");
        // What a killed leader left behind: a file that is made anew has the rights that it is made with.
        let _ = fs::remove_file(&part);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&part)?.write_all(&text)?;
        fs::rename(&part, &path)?;
        Ok(Self { path })
    }

    pub(super) fn read(folder: &DataFolder) -> io::Result<Option<Announced>> {
        let path = folder.operator();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.len() <= FILE_BYTES_MAX => {
                let text = Zeroizing::new(fs::read(&path)?);
                Ok(Some(serde_json::from_slice(&text)?))
            }
            Ok(_) => Err(io::ErrorKind::InvalidData.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Drop for Announcement {
    fn drop(&mut self) {
        // Left behind, it leads to a door that is closed, and its token opens none.
        let _ = fs::remove_file(&self.path);
    }
}

/// An address at which this host reaches what listens at `address`.
fn on_this_host(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_as_long_as_the_leader_and_only_for_the_owner() {
        let root = tempfile::tempdir().unwrap();
        let folder = DataFolder::open(root.path()).unwrap();
        assert!(Announcement::read(&folder).unwrap().is_none());
        let announcement = Announcement::write(&folder, "0.0.0.0:5002".parse().unwrap(), "token").unwrap();
        let read = Announcement::read(&folder).unwrap().unwrap();
        assert_eq!((read.api.to_string(), &*read.token), ("127.0.0.1:5002".to_owned(), "token"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(folder.operator()).unwrap().permissions().mode() & 0o777, 0o600);
        }
        drop(announcement);
        assert!(Announcement::read(&folder).unwrap().is_none());
    }

    #[test]
    fn every_address_has_one_on_this_host() {
        let on = |text: &str| on_this_host(text.parse().unwrap()).to_string();
        assert_eq!(on("[::]:1"), "[::1]:1");
        assert_eq!(on("192.0.2.1:1"), "192.0.2.1:1");
    }
}
