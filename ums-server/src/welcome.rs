//! What a server says when it starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ums_core::{PageRequest, Result, UserFilter};

use crate::config::Config;
use crate::system::{SecretOrigin, System};

/// Where it listens, where things are, and, as long as there is no account, how to make the first one.
pub(crate) async fn text(config: &Config, system: &System, address: SocketAddr) -> Result<String> {
    let url = format!("http://{}", reachable(address));
    let secret = match system.secret_origin() {
        SecretOrigin::Environment => "from SECRET_KEY".to_owned(),
        SecretOrigin::File(path) => path.display().to_string(),
        SecretOrigin::Process => "made for this run; tokens end with it".to_owned(),
    };
    let mut text = format!(
        "UMS {} listens on {url}\n\
         \n  \
           docs    {url}/docs and {url}/redoc\n  \
           data    {}\n  \
           secret  {secret}\n  \
           log     {}\n",
        env!("CARGO_PKG_VERSION"),
        config.database_url,
        config.log_directory.display(),
    );
    let users =
        system.user_management().system().users(&UserFilter::default(), &PageRequest::default()).await?;
    if users.items.is_empty() {
        text.push_str(&first_account(config, &url));
    }
    Ok(text)
}

fn first_account(config: &Config, url: &str) -> String {
    let becomes = if config.first_account_becomes_admin() {
        "The first account becomes the administrator. Make it"
    } else {
        "No administrator: set ADMIN_EMAIL and ADMIN_PASSWORD and start again. Anyone who reaches this address can \
         make an account"
    };
    format!(
        "\n{becomes} with\n\n  \
           curl {url}/auth/register -H 'Content-Type: application/json' \\\n    \
             -d '{{\"full_name\": \"Ada Lovelace\", \"email\": \"ada@example.com\", \"password\": \"StrongPassword123\"}}'\n"
    )
}

/// An address that a client on this machine can use.
fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port())
    } else {
        address
    }
}
