//! The example programs as processes, and clients that speak to the server over a socket.
#![allow(dead_code, unused_imports)]

pub(crate) mod client;
pub(crate) mod process;
pub(crate) mod store;

pub(crate) use client::Client;
pub(crate) use process::Server;

/// The password of every account made here.
pub(crate) const PASSWORD: &str = "StrongPassword123";
