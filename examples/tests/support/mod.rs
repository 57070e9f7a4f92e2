//! The example programs as processes, and clients that speak to the server over a socket.
#![allow(dead_code)]

pub mod client;
pub mod process;
pub mod store;

pub use client::Client;
pub use process::Server;

/// The password of every account made here.
pub const PASSWORD: &str = "StrongPassword123";
