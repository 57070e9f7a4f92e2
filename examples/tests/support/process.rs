//! The example server as a process.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long a program that hangs holds up the tests before they fail.
const HUNG: Duration = Duration::from_secs(120);

/// An example's program, which `cargo test` builds beside the tests. With the name of a test or of a target it does not,
/// and would run what was built before: that is noticed.
pub(crate) fn example(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let target = tests.parent().and_then(Path::parent).unwrap().join("examples");
    let program = target.join(name).with_extension(std::env::consts::EXE_EXTENSION);
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let built = modified(&program);
    let sources = std::fs::read_to_string(target.join(name).with_extension("d")).unwrap_or_default();
    let is_old = sources.split_whitespace().skip(1).any(|source| modified(Path::new(source)) > built);
    assert!(
        built.is_some() && !sources.is_empty() && !is_old,
        "{} is absent or older than its sources: run `cargo build --package ums-examples --examples` first, or \
         `cargo test` without naming a test",
        program.display()
    );
    program
}

/// An example's program with nothing in its environment.
pub(crate) fn command(name: &str, directory: &Path) -> Command {
    let mut command = Command::new(example(name));
    command.env_clear().current_dir(directory).stdin(Stdio::null());
    command
}

/// A running server. Killed when dropped.
pub(crate) struct Server {
    child: Child,
    trace: PathBuf,
    lines: Receiver<String>,
    /// What it said until it served.
    pub(crate) welcome: String,
    /// Where it serves, such as `http://127.0.0.1:34567`.
    pub(crate) url: String,
}

impl Server {
    /// Starts the server in this directory, where it keeps its data, on a free port and with nothing else configured.
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_with(directory, &[])
    }

    /// Starts the server with these variables besides.
    pub(crate) fn start_with(directory: &Path, variables: &[(&str, &str)]) -> Self {
        let trace = directory.join("stderr.txt");
        let mut child = command("server", directory)
            .env("PORT", "0")
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&trace).unwrap())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut server = Self { child, trace, lines, welcome: String::new(), url: String::new() };
        server.listen();
        server
    }

    fn listen(&mut self) {
        while self.url.is_empty() {
            let line = self
                .lines
                .recv_timeout(HUNG)
                .unwrap_or_else(|_| panic!("it does not serve: {}", self.traced()));
            if let Some((_, url)) = line.split_once("listens on ") {
                self.url = url.trim().to_owned();
            }
            self.welcome.push_str(&line);
            self.welcome.push('\n');
        }
    }

    /// Everything it has said, once it has ended.
    pub(crate) fn said(&self) -> String {
        let rest: Vec<String> = self.lines.iter().collect();
        self.welcome.clone() + &rest.join("\n")
    }

    /// What it and those before it in this directory have written to standard error.
    pub(crate) fn traced(&self) -> String {
        std::fs::read_to_string(&self.trace).unwrap()
    }

    /// Ends it as a power failure would: at once, with no chance to do anything about it.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// The process's id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop, as service managers do.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    /// Asks it to stop, as Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        self.signal("INT");
    }

    fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
