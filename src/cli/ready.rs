//! `sallyport ready`: asks the service of these settings for `/readyz`. An image without a shell
//! has nothing else that its health check could run.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::Context;

use super::Failure;
use crate::config::Config;

/// Above the two seconds in which `/readyz` answers.
const PATIENCE: Duration = Duration::from_secs(4);

pub fn run(config: &Config) -> Result<(), Failure> {
    let status = ask(reachable(config.http.listen)).context("the service does not answer")?;
    if status.contains(" 200 ") {
        return Ok(());
    }
    Err(anyhow::anyhow!("not ready: {}", status.trim()).into())
}

/// A listener on every address is asked on the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let host = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(host, listen.port())
}

/// The status line of `GET /readyz`.
fn ask(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n"
    )?;
    let mut answer = Vec::new();
    stream.take(4096).read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.lines().next().unwrap_or_default().to_owned())
}
