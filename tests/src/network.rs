//! Hosts under test: network namespaces that are joined by a switch, so that each program sees the others under
//! addresses of other hosts, and nothing of it reaches a real network.

use anyhow::{Context, Result, ensure};
use std::fs::File;
use std::net::Ipv4Addr;
use std::os::fd::AsFd;
use std::process::Command;

/// Hosts on one wire: the test's own, 10.77.0.1, and others from 10.77.0.2 on. They are gone when this is dropped.
pub struct Network {
    prefix: String,
    hosts: Vec<String>,
    own: String,
}

impl Network {
    /// Makes hosts of these names, and puts the calling thread on one of its own: what it connects to from here on is
    /// reached from there.
    ///
    /// # Errors
    /// When this user may not: it takes root.
    pub fn join(hosts: &[&str]) -> Result<Self> {
        let prefix = format!("qoin-{}", std::process::id());
        let network =
            Self { own: format!("{prefix}-own"), hosts: hosts.iter().map(|host| (*host).to_owned()).collect(), prefix };
        let own = &network.own;
        ip(&format!("netns add {own}"))?;
        ip(&format!("-n {own} link add wire type bridge"))?;
        ip(&format!("-n {own} addr add 10.77.0.1/24 dev wire"))?;
        for device in ["lo", "wire"] {
            ip(&format!("-n {own} link set {device} up"))?;
        }
        for (place, host) in hosts.iter().enumerate() {
            let (space, address) = (network.namespace(host), network.address(host)?);
            ip(&format!("netns add {space}"))?;
            ip(&format!("-n {own} link add port{place} type veth peer name wire netns {space}"))?;
            ip(&format!("-n {own} link set port{place} master wire up"))?;
            ip(&format!("-n {space} addr add {address}/24 dev wire"))?;
            for device in ["lo", "wire"] {
                ip(&format!("-n {space} link set {device} up"))?;
            }
        }
        enter(own)?;
        Ok(network)
    }

    /// The address of a host.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn address(&self, host: &str) -> Result<Ipv4Addr> {
        let place = self.hosts.iter().position(|known| known == host);
        let place = place.with_context(|| format!("there is no host {host}"))?;
        Ok(Ipv4Addr::new(10, 77, 0, u8::try_from(place + 2)?))
    }

    /// What to put before a command line, to have it run on a host.
    pub fn on(&self, host: &str) -> Vec<String> {
        ["ip", "netns", "exec", &self.namespace(host)].map(str::to_owned).to_vec()
    }

    /// Does something on a host, with this thread.
    ///
    /// # Errors
    /// When it cannot get there or back, or what `act` says.
    pub async fn visit<T>(&self, host: &str, act: impl AsyncFnOnce() -> Result<T>) -> Result<T> {
        enter(&self.namespace(host))?;
        let done = act().await;
        enter(&self.own)?;
        done
    }

    fn namespace(&self, host: &str) -> String {
        format!("{}-{host}", self.prefix)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let hosts = self.hosts.iter().map(|host| self.namespace(host));
        for namespace in hosts.chain([self.own.clone()]) {
            // What was never made cannot be taken away, which is as good.
            let _ = ip(&format!("netns del {namespace}"));
        }
    }
}

fn enter(namespace: &str) -> Result<()> {
    let file = File::open(format!("/run/netns/{namespace}")).context("opening a namespace")?;
    let kind = Some(rustix::thread::LinkNameSpaceType::Network);
    rustix::thread::move_into_link_name_space(file.as_fd(), kind).with_context(|| format!("entering {namespace}"))
}

fn ip(arguments: &str) -> Result<()> {
    let output = Command::new("ip").args(arguments.split(' ')).output().context("starting ip (Debian: iproute2)")?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    ensure!(
        output.status.success(),
        "ip {arguments}: {said} (this test makes hosts of its own, for which it has to be root)"
    );
    Ok(())
}
