use std::net::SocketAddr;

use super::database::Database;
use crate::app::App;

pub struct Keys;

pub async fn load(_: &App, _: &Database) -> anyhow::Result<Keys> {
    Ok(Keys)
}

pub fn print(_: &App, _: SocketAddr, _: &Keys) {}
