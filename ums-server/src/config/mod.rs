//! What the environment says, read once at start. Nothing else in the workspace reads the environment.

mod database_url;
mod error;
mod hashing;
mod keys;
mod messages;
mod trusted_proxies;
mod variables;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use ums_core::parse::Email;
use ums_core::{HashOptions, Password, PasswordPolicy, RegistrationMode, SecretKey, SigningKey};
use ums_http::{AllowedOrigin, HttpOptions};

pub use database_url::DatabaseUrl;
pub use error::{ConfigError, ConfigFault, Found};
pub use keys::PreviousKeys;
#[cfg(feature = "smtp")]
pub use messages::Smtp;
pub use messages::{Messages, NotifierChoice};
pub use trusted_proxies::TrustedProxies;
use variables::Variables;

/// How a server is to run. [`Config::from_variables`] lists the variables with their defaults.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// Where the data is (`DATABASE_URL`).
    pub database_url: DatabaseUrl,
    /// The secret that every key is made from (`SECRET_KEY`); `None` where the server is to keep one of its own.
    pub secret_key: Option<SecretKey>,
    /// The key pair that signs access tokens (`ALGORITHM`, `SIGNING_KEY_FILE`); `None` where the secret does (HS256).
    pub signing_key: Option<SigningKey>,
    /// The keys before these, whose tokens are still taken (`PREVIOUS_SECRET_KEY`, `PREVIOUS_SIGNING_KEY_FILE`,
    /// `PREVIOUS_KEY_UNTIL`).
    pub previous_keys: Option<PreviousKeys>,
    /// How long an access token is good for (`ACCESS_TOKEN_EXPIRE_MINUTES`).
    pub access_token_lifetime: Duration,
    /// How long a refresh token is good for (`REFRESH_TOKEN_EXPIRE_DAYS`).
    pub refresh_token_lifetime: Duration,
    /// How long a session lasts at most, however often its tokens are renewed (`SESSION_MAX_DAYS`).
    pub session_lifetime: Duration,
    /// How long what was read of a session may be kept in memory (`SESSION_CACHE_SECONDS`); zero for not at all.
    pub session_cache: Duration,
    /// Where to listen (`HOST`, `PORT`); port 0 takes any free one.
    pub address: SocketAddr,
    /// Where to serve `GET /metrics` to anybody (`METRICS_ADDRESS`); `None` where only administrators are to read it.
    pub metrics_address: Option<SocketAddr>,
    /// The directory of the log files (`LOG_DIR`).
    pub log_directory: PathBuf,
    /// How many days a log file is kept (`LOG_RETENTION_DAYS`).
    pub log_retention_days: u16,
    /// Which passwords may be set (`PASSWORD_MIN_LENGTH`).
    pub password_policy: PasswordPolicy,
    /// What hashing a password costs, and how much of it happens at once (`PASSWORD_HASH_MEMORY_KIB`,
    /// `PASSWORD_HASH_ITERATIONS`, `PASSWORD_HASH_CONCURRENCY`, `PASSWORD_HASH_QUEUE`).
    pub hashing: HashOptions,
    /// Who may make an account for themselves (`REGISTRATION`).
    pub registration: RegistrationMode,
    /// What is written to standard error, as `tracing_subscriber`'s `EnvFilter` reads it (`RUST_LOG`).
    pub trace_filter: String,
    /// The first administrator, made at start where the store has none (`ADMIN_EMAIL`, `ADMIN_PASSWORD`).
    pub administrator: Option<FirstAdministrator>,
    /// Whose `X-Forwarded-For` is believed (`TRUSTED_PROXIES`).
    pub trusted_proxies: TrustedProxies,
    /// Which pages of other origins may call the interface (`CORS_ORIGINS`).
    pub cors_origins: Vec<AllowedOrigin>,
    /// The most bytes of a JSON body (`MAX_BODY_BYTES`).
    pub body_limit: usize,
    /// The most bytes of an upload (`MAX_UPLOAD_BYTES`).
    pub upload_limit: usize,
    /// How messages go out.
    pub messages: Messages,
}

/// The administrator that a store without one gets at start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FirstAdministrator {
    /// The e-mail address, as the environment gives it.
    pub email: String,
    /// The password.
    pub password: Password,
}

impl Config {
    /// Reads the environment, and the file `.env` of the working directory where there is one. A variable that
    /// stands in both has the value of the environment.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every fault, as for [`Config::from_variables`]; also for a `.env` that can't be read
    /// and a value that is not UTF-8.
    pub fn from_environment() -> Result<Self, ConfigError> {
        Self::from_parts(Variables::from_environment())
    }

    /// Reads variables given as name and value; of two with one name, the later stands. Names that are not listed
    /// here are passed over. A variable that is set to nothing is a fault: it is more often a slip than a wish for
    /// the default.
    ///
    /// | variable | default | allowed |
    /// | --- | --- | --- |
    /// | `DATABASE_URL` | `redb://./data/ums.redb` | `memory:`, `redb://PATH` |
    /// | `SECRET_KEY` | none: the server keeps one of its own | at least 32 bytes |
    /// | `ALGORITHM` | `HS256` | `HS256`, `EdDSA`, `ES256` |
    /// | `SIGNING_KEY_FILE` | none | with `EdDSA` and `ES256`: a file with an Ed25519 or P-256 private key in PEM (PKCS#8), for its owner alone |
    /// | `PREVIOUS_SECRET_KEY` | none | the secret before |
    /// | `PREVIOUS_SIGNING_KEY_FILE` | none | a file with a public or private key in PEM |
    /// | `PREVIOUS_KEY_UNTIL` | none | needed with one of those two: an RFC 3339 time |
    /// | `ACCESS_TOKEN_EXPIRE_MINUTES` | 60 | 1 to 1440 |
    /// | `REFRESH_TOKEN_EXPIRE_DAYS` | 2 | 1 to 365, at most `SESSION_MAX_DAYS` |
    /// | `SESSION_MAX_DAYS` | 30 | 1 to 365 |
    /// | `SESSION_CACHE_SECONDS` | 0 | 0 to 60: within how long a session that ends through another instance ends here, too |
    /// | `HOST`, `PORT` | `127.0.0.1`, 8000 | an IP address or `localhost`; 0 to 65535 |
    /// | `METRICS_ADDRESS` | none | a loopback or private IP address with a port, such as `127.0.0.1:9090`: whoever reaches it reads `/metrics` |
    /// | `LOG_DIR` | `./logs` | a path |
    /// | `LOG_RETENTION_DAYS` | 90 | 1 to 3650 |
    /// | `PASSWORD_MIN_LENGTH` | 15 | 8 to 64 |
    /// | `PASSWORD_HASH_MEMORY_KIB` | 19456 | 7168 to 1048576: what one hash fills |
    /// | `PASSWORD_HASH_ITERATIONS` | 2 | 1 to 10, at least as OWASP recommends for the memory: 1 from 47104 KiB on, 2 from 19456, 3 from 12288, 4 from 9216, else 5 |
    /// | `PASSWORD_HASH_CONCURRENCY` | as many as cores | 1 to 1024: hashes at once, each with its memory |
    /// | `PASSWORD_HASH_QUEUE` | 256 | 0 to 1000000: hashes that may wait; past it, `503` |
    /// | `REGISTRATION` | `open` | `open`, `approval`, `closed` |
    /// | `RUST_LOG` | `info` | directives as `tracing_subscriber`'s `EnvFilter` reads them |
    /// | `ADMIN_EMAIL`, `ADMIN_PASSWORD` | none | both or neither; the password as long as `PASSWORD_MIN_LENGTH` asks |
    /// | `TRUSTED_PROXIES` | none | addresses and networks (CIDR) with commas between, such as `127.0.0.1, 10.0.0.0/8` |
    /// | `CORS_ORIGINS` | none | origins with commas between, such as `https://app.example.com` |
    /// | `MAX_BODY_BYTES` | 1048576 (1 MiB) | 1024 to 16777216 (16 MiB) |
    /// | `MAX_UPLOAD_BYTES` | 67108864 (64 MiB) | 1024 to 4294967296 (4 GiB) |
    /// | `NOTIFIER` | `directory` | `directory`, `smtp` (needs `SMTP_URL` and `MAIL_FROM`), or for development `log` |
    /// | `MESSAGE_DIR` | `messages` beside the data | a path |
    /// | `SMTP_URL` | none | `smtp://USER:PASSWORD@HOST:PORT` (STARTTLS) or `smtps://…` (TLS); `?tls=none` for localhost alone |
    /// | `SMTP_CA_FILE` | none | a file with a certificate (PEM) that is trusted besides those of the machine |
    /// | `MAIL_FROM` | none | whom messages come from: `noreply@example.com`, `Tech Corp <noreply@example.com>` |
    /// | `PUBLIC_URL` | `http://HOST:PORT` | an `http` or `https` URL: what links in messages begin with |
    /// | `RESET_PASSWORD_PATH`, `VERIFY_EMAIL_PATH`, `ACCEPT_INVITATION_PATH` | `/reset-password`, `/verify-email`, `/accept-invitation` | paths below `PUBLIC_URL` that a frontend serves, with `{token}` where it is not to go to the end |
    /// | `SERVICE_NAME` | `UMS` | what messages call the deployment, up to 100 characters |
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every fault: the variable's name, its value unless secret, and what is allowed.
    pub fn from_variables(
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        Self::from_parts(variables.into_iter().collect())
    }

    /// Whether the first account of an empty store becomes its administrator: only where no administrator is configured
    /// and nobody but this machine can reach the server.
    #[must_use]
    pub fn first_account_becomes_admin(&self) -> bool {
        self.administrator.is_none() && self.address.ip().is_loopback()
    }

    /// How the HTTP interface is served.
    #[must_use]
    pub fn http_options(&self) -> HttpOptions {
        let proxies = self.trusted_proxies.clone();
        let options = HttpOptions::new()
            .body_limit(self.body_limit)
            .upload_limit(self.upload_limit)
            .trust_proxies(move |peer| proxies.contains(peer));
        self.cors_origins.iter().cloned().fold(options, HttpOptions::allow_origin)
    }

    fn from_parts(mut variables: Variables) -> Result<Self, ConfigError> {
        let password_policy = variables.read("PASSWORD_MIN_LENGTH", read_policy).unwrap_or_default();
        let refresh_days = variables.number("REFRESH_TOKEN_EXPIRE_DAYS", 2, 1, 365);
        let session_days = variables.number("SESSION_MAX_DAYS", 30, 1, 365);
        if refresh_days > session_days {
            variables.refuse(
                "REFRESH_TOKEN_EXPIRE_DAYS",
                Some(refresh_days.to_string()),
                format!("at most SESSION_MAX_DAYS, which is {session_days}"),
            );
        }
        let database_url = variables
            .read("DATABASE_URL", str::parse)
            .unwrap_or_else(|| DatabaseUrl::Redb("./data/ums.redb".into()));
        let address = SocketAddr::new(
            variables.read("HOST", read_host).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            variables.number("PORT", 8000, 0, u16::MAX),
        );
        let config = Self {
            messages: Messages::read(&mut variables, &database_url, address),
            database_url,
            secret_key: variables.read_secret("SECRET_KEY", keys::read_secret),
            signing_key: keys::read_signing_key(&mut variables),
            previous_keys: keys::read_previous_keys(&mut variables),
            access_token_lifetime: minutes(variables.number("ACCESS_TOKEN_EXPIRE_MINUTES", 60, 1, 24 * 60)),
            refresh_token_lifetime: days(refresh_days),
            session_lifetime: days(session_days),
            session_cache: Duration::from_secs(variables.number("SESSION_CACHE_SECONDS", 0, 0, 60).into()),
            address,
            metrics_address: variables.read("METRICS_ADDRESS", read_metrics_address),
            log_directory: variables
                .read("LOG_DIR", |value| Ok(PathBuf::from(value)))
                .unwrap_or_else(|| PathBuf::from("./logs")),
            log_retention_days: variables.number("LOG_RETENTION_DAYS", 90, 1, 3650),
            password_policy,
            hashing: hashing::read(&mut variables),
            registration: variables.read("REGISTRATION", read_registration).unwrap_or(RegistrationMode::Open),
            trace_filter: variables.read("RUST_LOG", read_trace_filter).unwrap_or_else(|| "info".to_owned()),
            administrator: read_administrator(&mut variables, password_policy),
            trusted_proxies: variables.read("TRUSTED_PROXIES", str::parse).unwrap_or_default(),
            cors_origins: variables.read("CORS_ORIGINS", read_origins).unwrap_or_default(),
            body_limit: variables.bytes("MAX_BODY_BYTES", MEBIBYTE, 16 * MEBIBYTE),
            upload_limit: variables.bytes("MAX_UPLOAD_BYTES", 64 * MEBIBYTE, 4096 * MEBIBYTE),
        };
        variables.finish()?;
        Ok(config)
    }
}

const MEBIBYTE: u64 = 1024 * 1024;

fn minutes(count: u16) -> Duration {
    Duration::from_secs(u64::from(count) * 60)
}

fn days(count: u16) -> Duration {
    Duration::from_secs(u64::from(count) * 24 * 60 * 60)
}

fn read_host(value: &str) -> Result<IpAddr, String> {
    if value == "localhost" {
        return Ok(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    value.parse().map_err(|_| {
        "an IP address such as 127.0.0.1 (this machine only) or 0.0.0.0 (every network), or localhost"
            .to_owned()
    })
}

/// The page is open there, so it is no address that the world can reach.
fn read_metrics_address(value: &str) -> Result<SocketAddr, String> {
    let is_near = |address: &SocketAddr| match address.ip() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local(),
    };
    value.parse().ok().filter(is_near).ok_or_else(|| {
        "a loopback or private IP address with a port, such as 127.0.0.1:9090: whoever reaches it reads /metrics"
            .to_owned()
    })
}

fn read_registration(value: &str) -> Result<RegistrationMode, String> {
    match value {
        "open" => Ok(RegistrationMode::Open),
        "approval" => Ok(RegistrationMode::Approval),
        "closed" => Ok(RegistrationMode::Closed),
        _ => Err("open, approval or closed".to_owned()),
    }
}

fn read_policy(value: &str) -> Result<PasswordPolicy, String> {
    let policy = value.parse().ok().and_then(|length| PasswordPolicy::new(length).ok());
    policy.ok_or_else(|| "a whole number from 8 to 64".to_owned())
}

fn read_trace_filter(value: &str) -> Result<String, String> {
    match EnvFilter::try_new(value) {
        Ok(_) => Ok(value.to_owned()),
        Err(error) => Err(format!("a filter such as info or warn,ums_server=debug ({error})")),
    }
}

fn read_origins(value: &str) -> Result<Vec<AllowedOrigin>, String> {
    let allowed = "origins such as https://app.example.com, http://localhost:5173, with no path and no `*`";
    read_list(value, allowed, |entry| entry.parse().ok())
}

/// What stands between commas. `Err` says what is allowed, and names every entry that is not.
fn read_list<T>(value: &str, allowed: &str, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, String> {
    let mut refused = Vec::new();
    let mut list = Vec::new();
    for entry in value.split(',').map(str::trim) {
        match read(entry) {
            Some(item) => list.push(item),
            None => refused.push(format!("{entry:?}")),
        }
    }
    if refused.is_empty() {
        return Ok(list);
    }
    Err(format!("{allowed}, with commas between; not {}", refused.join(", ")))
}

fn read_administrator(variables: &mut Variables, policy: PasswordPolicy) -> Option<FirstAdministrator> {
    let (has_email, has_password) = (variables.is_set("ADMIN_EMAIL"), variables.is_set("ADMIN_PASSWORD"));
    let email = variables.read("ADMIN_EMAIL", |value| {
        Email::parse(value)
            .map(Email::into_string)
            .map_err(|fault| format!("an e-mail address; it {}", fault))
    });
    let password = variables.read_secret("ADMIN_PASSWORD", |value| {
        let (length, least, most) =
            (value.chars().count(), policy.minimum_length(), PasswordPolicy::MAXIMUM_LENGTH);
        if (least..=most).contains(&length) {
            Ok(Password::new(value))
        } else {
            Err(format!("{least} (PASSWORD_MIN_LENGTH) to {most} characters, not {length}"))
        }
    });
    match (has_email, has_password) {
        (true, false) => variables.refuse_unset("ADMIN_PASSWORD", "a password, since ADMIN_EMAIL is set"),
        (false, true) => {
            variables.refuse_unset("ADMIN_EMAIL", "an e-mail address, since ADMIN_PASSWORD is set")
        }
        _ => {}
    }
    Some(FirstAdministrator { email: email?, password: password? })
}
