//! A small SMTP server that says what it is told to, and remembers what it heard.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, pem::PemObject};

/// What a server does other than take everything.
#[derive(Clone, Debug, Default)]
pub(crate) struct Manners {
    /// It begins with TLS.
    pub(crate) is_wrapped: bool,
    /// It does not offer STARTTLS.
    pub(crate) is_plain: bool,
    /// It knows addresses beyond ASCII.
    pub(crate) is_international: bool,
    /// What it answers to a command that begins so; several are answers to one after the other.
    pub(crate) answers: BTreeMap<&'static str, Vec<&'static str>>,
}

/// What a server was told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard {
    /// Every command, in order, with `TLS` where the conversation became encrypted.
    pub(crate) commands: Vec<String>,
    /// Every letter that was taken, as it came over the wire: dots stuffed.
    pub(crate) letters: Vec<String>,
}

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The certificate, for who is to trust it.
    pub(crate) pem: String,
    heard: Arc<Mutex<Heard>>,
}

impl Server {
    pub(crate) async fn start(manners: Manners) -> Self {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certified = rcgen::generate_simple_self_signed(names).unwrap();
        let key = PrivateKeyDer::from_pem_slice(certified.signing_key.serialize_pem().as_bytes()).unwrap();
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![certified.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let (answers, said) = (Arc::new(Mutex::new(manners.answers.clone())), heard.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manners, acceptor) = (manners.clone(), acceptor.clone());
                let talk = Talk { manners, answers: answers.clone(), heard: said.clone() };
                // One that is broken off is seen by who broke it off.
                tokio::spawn(async move { talk.serve(stream, acceptor).await.ok() });
            }
        });
        Self { address, pem: certified.cert.pem(), heard }
    }

    pub(crate) fn heard(&self) -> Heard {
        self.heard.lock().unwrap().clone()
    }
}

struct Talk {
    manners: Manners,
    answers: Arc<Mutex<BTreeMap<&'static str, Vec<&'static str>>>>,
    heard: Arc<Mutex<Heard>>,
}

impl Talk {
    async fn serve(self, stream: TcpStream, acceptor: TlsAcceptor) -> std::io::Result<()> {
        if self.manners.is_wrapped {
            let stream = acceptor.accept(stream).await?;
            self.note("TLS");
            return self.converse(&mut BufReader::new(stream), true, true).await.map(drop);
        }
        let mut stream = BufReader::new(stream);
        if self.converse(&mut stream, true, false).await? {
            let stream = acceptor.accept(stream.into_inner()).await?;
            self.note("TLS");
            self.converse(&mut BufReader::new(stream), false, true).await?;
        }
        Ok(())
    }

    /// Talks until the end; `true` where it is to go on encrypted.
    async fn converse(
        &self,
        stream: &mut BufReader<impl AsyncRead + AsyncWrite + Unpin>,
        greets: bool,
        encrypted: bool,
    ) -> std::io::Result<bool> {
        if greets {
            let greeting = self.answer("CONNECT", "220 mail.example.com");
            say(stream, &greeting).await?;
        }
        let mut line = String::new();
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(false);
            }
            let command = line.trim_end().to_owned();
            self.note(&command);
            let verb = command.split([' ', ':']).next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => say(stream, &self.abilities(encrypted)).await?,
                "STARTTLS" => {
                    say(stream, "220 go ahead").await?;
                    return Ok(true);
                }
                "AUTH" => say(stream, &self.answer("AUTH", "235 welcome")).await?,
                "MAIL" => say(stream, &self.answer("MAIL", "250 ok")).await?,
                "RCPT" => say(stream, &self.answer("RCPT", "250 ok")).await?,
                "DATA" => {
                    say(stream, "354 go on").await?;
                    let letter = read_letter(stream).await?;
                    let answer = self.answer("DATA", "250 taken");
                    if answer.starts_with('2') {
                        self.heard.lock().unwrap().letters.push(letter);
                    }
                    say(stream, &answer).await?;
                }
                "QUIT" => {
                    say(stream, "221 bye").await?;
                    return Ok(false);
                }
                _ => say(stream, "500 what?").await?,
            }
        }
    }

    fn abilities(&self, encrypted: bool) -> String {
        let mut lines = vec!["250-mail.example.com"];
        if !encrypted && !self.manners.is_plain {
            lines.push("250-STARTTLS");
        }
        if self.manners.is_international {
            lines.push("250-SMTPUTF8");
        }
        lines.extend(["250-8BITMIME", "250 AUTH PLAIN LOGIN"]);
        lines.join("\r\n")
    }

    fn answer(&self, verb: &str, otherwise: &str) -> String {
        let mut answers = self.answers.lock().unwrap();
        match answers.get_mut(verb) {
            Some(several) if !several.is_empty() => several.remove(0).to_owned(),
            _ => otherwise.to_owned(),
        }
    }

    fn note(&self, command: &str) {
        self.heard.lock().unwrap().commands.push(command.to_owned());
    }
}

async fn say(stream: &mut (impl AsyncWrite + Unpin), text: &str) -> std::io::Result<()> {
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.flush().await
}

async fn read_letter(stream: &mut (impl AsyncBufReadExt + Unpin)) -> std::io::Result<String> {
    let mut letter = Vec::new();
    while !letter.ends_with(b"\r\n.\r\n") {
        if stream.read_until(b'\n', &mut letter).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
    letter.truncate(letter.len() - 3);
    Ok(String::from_utf8(letter).unwrap())
}
