//! AWS, played by moto's server.
//!
//! [moto](https://docs.getmoto.org/en/latest/docs/server_mode.html) keeps a model of AWS in
//! memory behind AWS's own HTTP API. A test deploys against it with the real AWS provider, then asks
//! moto, not the product's own record, what exists.

#![expect(
    clippy::disallowed_methods,
    clippy::panic,
    reason = "test harness: it starts children, and a failure of it fails the test"
)]

mod venv;

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

use serde_json::{Value, json};

use crate::skip::Skip;

/// How long the server may take to say its port. Some seconds are Python importing moto for the
/// first time, on a machine that builds something else meanwhile.
const START_LIMIT: Duration = Duration::from_secs(120);

/// How long an answer to [`Moto::reset`] may take.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);

/// A running moto server. It ends when this value is dropped, and at the latest with the test
/// process: it holds the end of a pipe that closes then.
#[derive(Debug)]
pub struct Moto {
    child: Child,
    port: u16,
    python: PathBuf,
    directory: tempfile::TempDir,
}

impl Moto {
    /// The region that [`Moto::environment`] and the questions below are about.
    pub const REGION: &str = "sa-east-1";

    /// Starts a server of its own for the caller, on a free port of 127.0.0.1, and waits until it
    /// answers.
    ///
    /// The first call on a machine makes a Python venv with moto in the target folder, which takes
    /// about half a minute and needs a package index; later ones take about a second.
    ///
    /// # Errors
    ///
    /// [`Skip`] when there is no `python3` with `venv`, or moto cannot be installed.
    ///
    /// # Panics
    ///
    /// In the same cases with `CI=true`; and when the server does not start although moto is
    /// installed, with what it printed.
    pub fn start() -> Result<Self, Skip> {
        let python = venv::python().map_err(Skip::unless_ci)?;
        let directory = tempfile::tempdir().unwrap_or_else(|error| panic!("no folder: {error}"));
        match Self::serve(python, directory) {
            Ok(moto) => Ok(moto),
            Err(error) => panic!("moto's server does not start: {error}"),
        }
    }

    /// [`Moto::start`]; a [`Skip`] is reported as the one of `test`, which then returns.
    ///
    /// # Panics
    ///
    /// As [`Moto::start`].
    pub fn require(test: &str) -> Option<Self> {
        match Self::start() {
            Ok(moto) => Some(moto),
            Err(skip) => {
                skip.report(test);
                None
            }
        }
    }

    fn serve(python: PathBuf, directory: tempfile::TempDir) -> io::Result<Self> {
        let log = directory.path().join("server.log");
        let mut child = Command::new(&python)
            .args(["-c", include_str!("moto/server.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&log)?)
            .spawn()?;
        // The port is read by a thread because a read cannot be given a limit.
        let (sender, receiver) = mpsc::channel();
        let stdout = child.stdout.take();
        std::thread::spawn(move || {
            let mut line = String::new();
            let read = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
            let _ = sender.send(read.map(|_| line));
        });
        let line = receiver
            .recv_timeout(START_LIMIT)
            .ok()
            .flatten()
            .unwrap_or_default();
        let port = line.trim().parse().unwrap_or(0);
        let moto = Self {
            child,
            port,
            python,
            directory,
        };
        if port == 0 {
            // `moto` is dropped, which ends a server that is only slow.
            return Err(io::Error::other(format!(
                "it printed {line:?} and {}",
                moto.log()
            )));
        }
        moto.request("GET", "/moto-api/data.json")?;
        Ok(moto)
    }

    /// `http://127.0.0.1:<port>`, without a slash at the end: the value for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The variables that lead an AWS client to this server: the AWS provider, an SDK, a command
    /// line. A child must not inherit other `AWS_*` variables, which could name a profile.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_DEFAULT_REGION", Self::REGION.to_owned()),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_REGION", Self::REGION.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
            // A proxy cannot reach this machine's loopback.
            ("NO_PROXY", "127.0.0.1".to_owned()),
            ("no_proxy", "127.0.0.1".to_owned()),
        ]
    }

    /// Makes the server forget everything that exists in it.
    ///
    /// # Panics
    ///
    /// When the server does not answer.
    pub fn reset(&self) {
        if let Err(error) = self.request("POST", "/moto-api/reset") {
            panic!("moto cannot be reset: {error}; {}", self.log());
        }
    }

    /// The answer to an AWS operation without parameters; see [`Moto::aws_json_with`].
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn aws_json(&self, service: &str, operation: &str) -> Value {
        self.aws_json_with(service, operation, &json!({}))
    }

    /// The answer to an AWS operation, with all its pages put together: the names are boto3's
    /// (`sqs`, `list_queues`), parameters and answer are AWS's own (`{"QueueUrls": […]}`).
    ///
    /// # Panics
    ///
    /// When the operation fails, with what boto3 says about it.
    #[must_use]
    pub fn aws_json_with(&self, service: &str, operation: &str, parameters: &Value) -> Value {
        self.aws_json_in(Self::REGION, service, operation, parameters)
    }

    /// The same in another region than [`Moto::REGION`].
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn aws_json_in(
        &self,
        region: &str,
        service: &str,
        operation: &str,
        parameters: &Value,
    ) -> Value {
        let mut command = Command::new(&self.python);
        command.args(["-c", include_str!("moto/query.py"), service, operation]);
        command.arg(parameters.to_string()).stdin(Stdio::null());
        let names = std::env::vars_os().map(|(name, _)| name);
        for name in names.filter(|name| name.to_string_lossy().starts_with("AWS_")) {
            command.env_remove(name);
        }
        command.envs(self.environment());
        command
            .env("AWS_DEFAULT_REGION", region)
            .env("AWS_REGION", region);
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => panic!("{} cannot be started: {error}", self.python.display()),
        };
        let errors = String::from_utf8_lossy(&output.stderr);
        match serde_json::from_slice(&output.stdout) {
            Ok(answer) if output.status.success() => answer,
            _ => panic!("{service} {operation} failed: {}", errors.trim_end()),
        }
    }

    /// The names of all SNS topics, sorted.
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        names(
            &self.aws_json("sns", "list_topics")["Topics"],
            |topic| &topic["TopicArn"],
            ':',
        )
    }

    /// The names of all SQS queues, sorted.
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn queues(&self) -> Vec<String> {
        names(
            &self.aws_json("sqs", "list_queues")["QueueUrls"],
            |url| url,
            '/',
        )
    }

    /// The names of all SSM parameters, sorted.
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn parameters(&self) -> Vec<String> {
        self.parameters_in(Self::REGION)
    }

    /// The same in another region.
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn parameters_in(&self, region: &str) -> Vec<String> {
        let answer = self.aws_json_in(region, "ssm", "describe_parameters", &json!({}));
        names(&answer["Parameters"], |parameter| &parameter["Name"], '\0')
    }

    /// The value of an SSM parameter, or `None` when there is no such parameter.
    ///
    /// # Panics
    ///
    /// As [`Moto::aws_json_with`].
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<String> {
        let question = json!({"Names": [name], "WithDecryption": true});
        let answer = self.aws_json_with("ssm", "get_parameters", &question);
        answer["Parameters"][0]["Value"].as_str().map(str::to_owned)
    }

    /// What the server has printed so far, for the message of a failure: a line for each request.
    #[must_use]
    pub fn log(&self) -> String {
        let text = std::fs::read(self.directory.path().join("server.log")).unwrap_or_default();
        format!("its log is:\n{}", String::from_utf8_lossy(&text))
    }

    /// One request of moto's own API (`/moto-api/…`), which must be answered with 200.
    fn request(&self, method: &str, path: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(ANSWER_LIMIT))?;
        stream.set_write_timeout(Some(ANSWER_LIMIT))?;
        let head =
            format!("{method} {path} HTTP/1.0\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n");
        stream.write_all(head.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        match answer.split(' ').nth(1) {
            Some("200") => Ok(()),
            _ => Err(io::Error::other(format!(
                "{method} {path} was answered with {answer:?}"
            ))),
        }
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last part, after `separator`, of the text that `field` finds in each item; sorted.
fn names(items: &Value, field: impl Fn(&Value) -> &Value, separator: char) -> Vec<String> {
    let items = items.as_array().into_iter().flatten();
    let texts = items.filter_map(|item| field(item).as_str());
    let mut names: Vec<String> = texts
        .filter_map(|text| text.rsplit(separator).next())
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}
