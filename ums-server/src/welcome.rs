//! What a server says when it starts.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use ums_core::{PageRequest, RegistrationMode, Result, UserFilter};

use crate::config::{Config, NotifierChoice};
use crate::system::{SecretOrigin, System};

/// Where it listens, where things are, and, as long as there is no account, how to make the first one.
pub(crate) async fn text(config: &Config, system: &System, address: SocketAddr) -> Result<String> {
    let url = format!("http://{}", reachable(address));
    let secret = match system.secret_origin() {
        SecretOrigin::Environment => "from SECRET_KEY".to_owned(),
        SecretOrigin::File(path) => path.display().to_string(),
        SecretOrigin::Process => "made for this run; tokens end with it".to_owned(),
    };
    let proxies = match &config.trusted_proxies {
        proxies if proxies.is_empty() => "none (TRUSTED_PROXIES): a client is who connects".to_owned(),
        proxies => proxies.to_string(),
    };
    let mut text = format!(
        "UMS {} listens on {url}\n\
         \n  \
           docs    {url}/docs and {url}/redoc\n  \
           data    {}\n  \
           secret  {secret}\n  \
           log     {}\n  \
           mail    {}\n  \
           proxies {proxies}\n",
        env!("CARGO_PKG_VERSION"),
        config.database_url,
        config.log_directory.display(),
        match &config.messages.notifier {
            NotifierChoice::Directory(path) => path.display().to_string(),
            NotifierChoice::Log => "this output, for development".to_owned(),
            #[cfg(feature = "smtp")]
            NotifierChoice::Smtp(smtp) => format!("by SMTP, from {}", smtp.sender),
        },
    );
    let users =
        system.user_management().system().users(&UserFilter::default(), &PageRequest::default()).await?;
    if users.items.is_empty() {
        text.push_str(&first_account(config, &url));
    }
    Ok(text)
}

fn first_account(config: &Config, url: &str) -> String {
    const ADMINISTRATOR: &str =
        "There is no administrator: set ADMIN_EMAIL and ADMIN_PASSWORD and start again.";
    let introduction = match (config.registration, config.first_account_becomes_admin()) {
        (RegistrationMode::Closed, _) => return format!("\n{ADMINISTRATOR}\n"),
        (_, true) => "The first account becomes the administrator. Make it with".to_owned(),
        (_, false) => format!("{ADMINISTRATOR}\nWho reaches this address can make an account with"),
    };
    // As long as it has to be, whatever was configured.
    let password = "StrongPassword123";
    let length = password.len().max(config.password_policy.minimum_length());
    let password: String = password.chars().cycle().take(length).collect();
    format!(
        "\n{introduction}\n\n  \
           curl {url}/auth/register -H 'Content-Type: application/json' \\\n    \
             -d '{{\"full_name\": \"Ada Lovelace\", \"email\": \"ada@example.com\", \"password\": \"{password}\"}}'\n"
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
