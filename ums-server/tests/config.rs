//! The environment, from variables to configuration.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::path::Path;
use std::time::Duration;

use ums_core::{HashOptions, RegistrationMode};
use ums_server::config::{Config, ConfigError, DatabaseUrl, Found, NotifierChoice};

#[test]
fn nothing_set_gives_the_defaults() {
    let config = read(&[]).unwrap();
    assert_eq!(config.database_url, DatabaseUrl::Redb("./data/ums.redb".into()));
    assert!(config.secret_key.is_none());
    assert!(config.signing_key.is_none() && config.previous_keys.is_none());
    assert_eq!(config.access_token_lifetime, Duration::from_secs(60 * 60));
    assert_eq!(config.refresh_token_lifetime, Duration::from_secs(2 * 86_400));
    assert_eq!(config.session_lifetime, Duration::from_secs(30 * 86_400));
    assert_eq!(config.session_cache, Duration::ZERO);
    assert_eq!(config.address, "127.0.0.1:8000".parse().unwrap());
    assert_eq!(config.metrics_address, None);
    assert_eq!(config.log_directory, Path::new("./logs"));
    assert_eq!(config.log_retention_days, 90);
    assert_eq!(config.password_policy.minimum_length(), 15);
    assert_eq!(config.hashing, HashOptions::new());
    assert_eq!(config.registration, RegistrationMode::Open);
    assert_eq!(config.trace_filter, "info");
    assert!(config.administrator.is_none());
    assert!(config.trusted_proxies.is_empty() && config.cors_origins.is_empty());
    assert_eq!((config.body_limit, config.upload_limit), (1 << 20, 64 << 20));
}

#[test]
fn every_variable_is_read() {
    let config = read(&[
        ("DATABASE_URL", "memory:"),
        ("SECRET_KEY", "0123456789abcdef0123456789abcdef"),
        ("ALGORITHM", "HS256"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "5"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "7"),
        ("SESSION_MAX_DAYS", "7"),
        ("SESSION_CACHE_SECONDS", "60"),
        ("HOST", "::1"),
        ("PORT", "0"),
        ("METRICS_ADDRESS", "[::1]:9090"),
        ("LOG_DIR", "/var/log/ums"),
        ("LOG_RETENTION_DAYS", "1"),
        ("PASSWORD_MIN_LENGTH", "8"),
        ("PASSWORD_HASH_MEMORY_KIB", "7168"),
        ("PASSWORD_HASH_ITERATIONS", "5"),
        ("PASSWORD_HASH_CONCURRENCY", "3"),
        ("PASSWORD_HASH_QUEUE", "0"),
        ("REGISTRATION", "approval"),
        ("ADMIN_EMAIL", "root@example.com"),
        ("ADMIN_PASSWORD", "12345678"),
        ("RUST_LOG", "warn,ums_server=debug"),
        ("TRUSTED_PROXIES", "127.0.0.1, 10.0.0.0/8"),
        ("CORS_ORIGINS", "https://app.example.com,http://localhost:5173"),
        ("MAX_BODY_BYTES", "65536"),
        ("MAX_UPLOAD_BYTES", "1048576"),
        ("PATH", "none of our business"),
    ])
    .unwrap();
    assert_eq!(config.database_url, DatabaseUrl::Memory);
    assert!(config.secret_key.is_some());
    assert_eq!(config.access_token_lifetime, Duration::from_secs(5 * 60));
    assert_eq!(config.refresh_token_lifetime, Duration::from_secs(7 * 86_400));
    assert_eq!(config.session_lifetime, Duration::from_secs(7 * 86_400));
    assert_eq!(config.session_cache, Duration::from_secs(60));
    assert_eq!(config.address, "[::1]:0".parse().unwrap());
    assert_eq!(config.metrics_address, "[::1]:9090".parse().ok());
    assert_eq!(config.log_directory, Path::new("/var/log/ums"));
    assert_eq!(config.log_retention_days, 1);
    assert_eq!(config.password_policy.minimum_length(), 8);
    let hashing = HashOptions::new().memory_kibibytes(7168).iterations(5).concurrency(3).queue(0);
    assert_eq!(config.hashing, hashing);
    assert_eq!(config.registration, RegistrationMode::Approval);
    assert_eq!(config.trace_filter, "warn,ums_server=debug");
    assert!(config.trusted_proxies.contains("10.1.2.3".parse().unwrap()));
    assert!(!config.trusted_proxies.contains("192.0.2.1".parse().unwrap()));
    assert_eq!(config.cors_origins.len(), 2);
    assert_eq!((config.body_limit, config.upload_limit), (65_536, 1_048_576));
    let served = format!("{:?}", config.http_options());
    assert!(served.contains("body_limit: 65536") && served.contains("localhost:5173"), "{served}");
    assert_eq!(config.administrator.unwrap().email, "root@example.com");
    assert_eq!(read(&[("HOST", "localhost")]).unwrap().address.ip(), read(&[]).unwrap().address.ip());
    assert_eq!(read(&[("REGISTRATION", "closed")]).unwrap().registration, RegistrationMode::Closed);
}

#[test]
fn what_is_not_allowed_is_told_with_what_is() {
    for (name, value, allowed) in [
        ("DATABASE_URL", "sqlite://ums.db", "redb://PATH"),
        ("DATABASE_URL", "dynamodb://users?region=eu-west-1", "dynamodb:// is not built in"),
        ("ALGORITHM", "none", "HS256, EdDSA or ES256"),
        ("ALGORITHM", "hs256", "HS256, EdDSA or ES256"),
        ("ALGORITHM", "HS512", "HS256, EdDSA or ES256"),
        ("SIGNING_KEY_FILE", "/nowhere/key.pem", "unset, since ALGORITHM is HS256"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "0", "1 to 1440"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1441", "1 to 1440"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "60 ", "1 to 1440"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "-1", "1 to 365"),
        ("REFRESH_TOKEN_EXPIRE_DAYS", "31", "at most SESSION_MAX_DAYS, which is 30"),
        ("SESSION_MAX_DAYS", "366", "1 to 365"),
        ("SESSION_CACHE_SECONDS", "61", "0 to 60"),
        ("SESSION_MAX_DAYS", "1e2", "1 to 365"),
        ("HOST", "example.com", "an IP address"),
        ("PORT", "65536", "0 to 65535"),
        ("PORT", "eighty", "0 to 65535"),
        ("METRICS_ADDRESS", "9090", "a loopback or private IP address with a port"),
        ("METRICS_ADDRESS", "0.0.0.0:9090", "a loopback or private IP address with a port"),
        ("METRICS_ADDRESS", "192.0.2.1:9090", "a loopback or private IP address with a port"),
        ("METRICS_ADDRESS", "[2001:db8::1]:9090", "a loopback or private IP address with a port"),
        ("LOG_RETENTION_DAYS", "3651", "1 to 3650"),
        ("PASSWORD_MIN_LENGTH", "7", "8 to 64"),
        ("PASSWORD_MIN_LENGTH", "65", "8 to 64"),
        ("PASSWORD_HASH_MEMORY_KIB", "7167", "7168 to 1048576"),
        ("PASSWORD_HASH_MEMORY_KIB", "1048577", "7168 to 1048576"),
        ("PASSWORD_HASH_ITERATIONS", "0", "1 to 10"),
        ("PASSWORD_HASH_ITERATIONS", "11", "1 to 10"),
        ("PASSWORD_HASH_ITERATIONS", "1", "at least 2 with 19456 KiB"),
        ("PASSWORD_HASH_CONCURRENCY", "0", "1 to 1024"),
        ("PASSWORD_HASH_CONCURRENCY", "1025", "1 to 1024"),
        ("PASSWORD_HASH_QUEUE", "-1", "0 to 1000000"),
        ("PASSWORD_HASH_QUEUE", "1000001", "0 to 1000000"),
        ("RUST_LOG", "ums=loud", "a filter such as info"),
        ("REGISTRATION", "Open", "open, approval or closed"),
        ("TRUSTED_PROXIES", "proxy, 10.0.0.1,0.0.0.0/0", r#"not "proxy", "0.0.0.0/0""#),
        ("CORS_ORIGINS", "*", "https://app.example.com"),
        ("CORS_ORIGINS", "https://a.example/, http://b.example, c", r#"not "https://a.example/", "c""#),
        ("MAX_BODY_BYTES", "1023", "1024 to 16777216"),
        ("MAX_BODY_BYTES", "1 MiB", "1024 to 16777216"),
        ("MAX_UPLOAD_BYTES", "4294967297", "1024 to 4294967296"),
    ] {
        let fault = fault_of(name, value);
        assert!(fault.contains(allowed), "{fault}");
        assert!(fault.contains(&format!("{value:?}")), "{fault}");
    }
}

#[test]
fn every_fault_is_told_at_once() {
    let error =
        read(&[("PORT", "x"), ("HOST", "y"), ("SECRET_KEY", "short"), ("REGISTRATION", "z")]).unwrap_err();
    let named: Vec<_> = error.faults().iter().map(|fault| fault.variable.as_str()).collect();
    assert_eq!(named, ["HOST", "PORT", "SECRET_KEY", "REGISTRATION"]);
    assert_eq!(error.to_string().lines().count(), 5);
}

#[test]
fn no_secret_is_shown() {
    for (name, value) in [("SECRET_KEY", "hush-hush"), ("ADMIN_PASSWORD", "hush-hush")] {
        let error = read(&[(name, value), ("ADMIN_EMAIL", "root@example.com")]).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hush"), "{error}");
    }
    let shown = fault_of("DATABASE_URL", "postgres://ada:hush@db.example.com/ums");
    assert!(shown.contains("postgres://…@db.example.com/ums") && !shown.contains("hush"), "{shown}");

    let secret = "hush-hush-hush-hush-hush-hush-hush-hush";
    let config =
        read(&[("SECRET_KEY", secret), ("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", secret)])
            .unwrap();
    assert!(!format!("{config:?}").contains("hush"), "{config:?}");
}

#[test]
fn set_to_nothing_is_a_fault() {
    for name in ["DATABASE_URL", "SECRET_KEY", "PORT", "LOG_DIR", "ALGORITHM"] {
        let error = read(&[(name, "")]).unwrap_err();
        assert!(matches!(error.faults(), [fault] if fault.found == Found::Empty), "{error}");
    }
}

#[test]
fn a_first_administrator_needs_address_and_password() {
    let long = "StrongPassword123";
    for (variables, variable) in [
        (&[("ADMIN_EMAIL", "root@example.com")][..], "ADMIN_PASSWORD"),
        (&[("ADMIN_PASSWORD", long)], "ADMIN_EMAIL"),
        (&[("ADMIN_EMAIL", "root"), ("ADMIN_PASSWORD", long)], "ADMIN_EMAIL"),
        (&[("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", "fourteen chars")], "ADMIN_PASSWORD"),
    ] {
        let error = read(variables).unwrap_err();
        assert!(matches!(error.faults(), [fault] if fault.variable == variable), "{error}");
    }
    assert!(read(&[("ADMIN_EMAIL", "root@example.com"), ("ADMIN_PASSWORD", "fifteen chars ü")]).is_ok());
}

#[test]
fn less_memory_for_a_hash_asks_for_more_iterations() {
    for (memory, least) in [
        ("7168", 5),
        ("9215", 5),
        ("9216", 4),
        ("12287", 4),
        ("12288", 3),
        ("19455", 3),
        ("19456", 2),
        ("47104", 1),
    ] {
        for iterations in 1..=10 {
            let number = iterations.to_string();
            let variables = [("PASSWORD_HASH_MEMORY_KIB", memory), ("PASSWORD_HASH_ITERATIONS", &number)];
            let allowed = read(&variables);
            assert_eq!(allowed.is_ok(), iterations >= least, "{memory} {iterations}: {allowed:?}");
        }
    }
    // The iterations that stand there unset are held to it as well.
    let error = read(&[("PASSWORD_HASH_MEMORY_KIB", "12288")]).unwrap_err().to_string();
    assert!(error.contains("PASSWORD_HASH_ITERATIONS") && error.contains("at least 3"), "{error}");
}

#[test]
fn of_two_values_the_later_stands() {
    assert_eq!(read(&[("PORT", "1"), ("PORT", "2")]).unwrap().address.port(), 2);
}

#[test]
fn a_long_value_is_cut() {
    let shown = fault_of("PORT", &"9".repeat(10_000));
    assert!(shown.len() < 250, "{shown}");
}

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
}

/// What is said of the one variable that is wrong.
fn fault_of(name: &str, value: &str) -> String {
    let error = read(&[(name, value)]).expect_err(name);
    match error.faults() {
        [fault] => {
            assert_eq!(fault.variable, name);
            fault.to_string()
        }
        faults => panic!("{name}={value}: {faults:?}"),
    }
}

#[test]
fn messages_go_to_a_directory_beside_the_data_unless_told_otherwise() {
    let directory = |variables: &[(&str, &str)]| match read(variables).unwrap().messages.notifier {
        NotifierChoice::Directory(path) => path,
        other => panic!("{other:?}"),
    };
    assert_eq!(directory(&[]), Path::new("./data/messages"));
    assert_eq!(directory(&[("DATABASE_URL", "redb:///var/lib/ums.redb")]), Path::new("/var/lib/messages"));
    assert_eq!(directory(&[("DATABASE_URL", "memory:")]), Path::new("./data/messages"));
    let given = [("NOTIFIER", "directory"), ("MESSAGE_DIR", "/var/spool/ums")];
    assert_eq!(directory(&given), Path::new("/var/spool/ums"));
    let log = read(&[("NOTIFIER", "log")]).unwrap().messages.notifier;
    assert!(matches!(log, NotifierChoice::Log), "{log:?}");
}

#[test]
fn links_begin_with_the_public_url() {
    use ums_core::notify::MessageOptions;

    let options = |variables: &[(&str, &str)]| read(variables).unwrap().messages.options;
    assert_eq!(options(&[]), MessageOptions::new("http://127.0.0.1:8000").unwrap());
    let ipv6 = options(&[("HOST", "::1"), ("PORT", "81")]);
    assert_eq!(ipv6, MessageOptions::new("http://[::1]:81").unwrap());
    let given = options(&[
        ("PUBLIC_URL", "https://users.example.com/app/"),
        ("RESET_PASSWORD_PATH", "/#/reset?code={token}"),
        ("VERIFY_EMAIL_PATH", "/verify"),
        ("ACCEPT_INVITATION_PATH", "/welcome"),
        ("SERVICE_NAME", "Tech Corp"),
    ]);
    let link = |text: &str| text.parse().unwrap();
    let expected = MessageOptions::new("https://users.example.com/app")
        .unwrap()
        .reset_link(link("https://users.example.com/app/#/reset?code={token}"))
        .verification_link(link("https://users.example.com/app/verify"))
        .invitation_link(link("https://users.example.com/app/welcome"))
        .service("Tech Corp");
    assert_eq!(given, expected);
    for (name, value, allowed) in [
        ("PUBLIC_URL", "users.example.com", "https://users.example.com"),
        ("PUBLIC_URL", "https://users.example.com/?a=b", "without query"),
        ("RESET_PASSWORD_PATH", "reset", "a path such as /reset-password"),
        ("VERIFY_EMAIL_PATH", "/a b", "a path such as"),
        ("ACCEPT_INVITATION_PATH", "/{token}{token}", "a path such as"),
        ("SERVICE_NAME", " Tech", "no white space around"),
        ("NOTIFIER", "pigeon", "directory (files in MESSAGE_DIR), smtp"),
    ] {
        let fault = fault_of(name, value);
        assert!(fault.contains(allowed), "{fault}");
    }
}

#[cfg(feature = "smtp")]
#[test]
fn smtp_needs_a_server_and_a_sender() {
    let config = read(&[
        ("NOTIFIER", "smtp"),
        ("SMTP_URL", "smtps://ada:hush@mail.example.com"),
        ("MAIL_FROM", "Tech Corp <noreply@example.com>"),
        ("SMTP_CA_FILE", "/etc/ssl/corp.pem"),
    ])
    .unwrap();
    let NotifierChoice::Smtp(smtp) = &config.messages.notifier else { panic!("{:?}", config.messages) };
    assert_eq!(smtp.sender.to_string(), "Tech Corp <noreply@example.com>");
    assert_eq!(smtp.certificate_file.as_deref(), Some(Path::new("/etc/ssl/corp.pem")));
    assert!(!format!("{config:?}").contains("hush"));

    let told = read(&[("NOTIFIER", "smtp")]).unwrap_err().to_string();
    assert!(told.contains("SMTP_URL is not set") && told.contains("MAIL_FROM is not set"), "{told}");
    let told = read(&[("SMTP_URL", "smtp://ada:hush@"), ("MAIL_FROM", "nobody")]).unwrap_err().to_string();
    assert!(told.contains("SMTP_URL (a secret, not shown)") && told.contains("MAIL_FROM is"), "{told}");
    assert!(!told.contains("hush"), "{told}");
}
