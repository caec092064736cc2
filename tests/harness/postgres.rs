//! A client of the Postgres wire that says exactly what a test wants said, right or wrong.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    time::Duration,
};

/// A connection that is let in.
#[derive(Debug)]
pub struct PostgresClient {
    stream: TcpStream,
    /// The number and secret that cancel its statements.
    key: Vec<u8>,
}

/// What a server says is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresError {
    /// `ERROR` or `FATAL`; empty where the connection broke off.
    pub severity: String,
    /// SQLSTATE.
    pub code: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// What a statement gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PostgresAnswer {
    /// The numbers of the columns' types.
    pub types: Vec<u32>,
    /// Values as texts.
    pub rows: Vec<Vec<Option<String>>>,
    /// What the server noted.
    pub notices: Vec<String>,
    /// How each statement ended.
    pub tags: Vec<String>,
}

type Answered = Result<PostgresAnswer, PostgresError>;

impl From<io::Error> for PostgresError {
    fn from(error: io::Error) -> Self {
        let (severity, code, hint) = (String::new(), String::new(), String::new());
        Self { severity, code, message: error.to_string(), hint }
    }
}

impl PostgresClient {
    /// Connects under a name, with a password if there is one.
    ///
    /// # Errors
    /// What the server says.
    pub fn connect(port: u16, user: &str, password: Option<&str>) -> Result<Self, PostgresError> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(120)))?;
        let mut client = Self { stream, key: Vec::new() };
        let mut startup = 196_608u32.to_be_bytes().to_vec();
        for text in ["user", user, "database", "steppe"] {
            startup.extend_from_slice(text.as_bytes());
            startup.push(0);
        }
        startup.push(0);
        client.send(None, &startup)?;
        loop {
            let (kind, body) = client.receive()?;
            match kind {
                b'R' if body[..4] == 3u32.to_be_bytes() => {
                    let Some(password) = password else {
                        return Err(io::Error::other("a password is asked for").into());
                    };
                    client.send(Some(b'p'), &[password.as_bytes(), &[0]].concat())?;
                }
                b'K' => client.key = body,
                b'E' => return Err(error(&body)),
                b'Z' => return Ok(client),
                _ => {}
            }
        }
    }

    /// Runs a text by the simple protocol.
    ///
    /// # Errors
    /// What the server says.
    pub fn simple(&mut self, sql: &str) -> Answered {
        self.send(Some(b'Q'), &[sql.as_bytes(), &[0]].concat())?;
        self.answer()
    }

    /// Runs a statement by the extended protocol, with texts for its parameters.
    ///
    /// # Errors
    /// What the server says.
    pub fn extended(&mut self, sql: &str, parameters: &[&str]) -> Answered {
        let mut parse = vec![0];
        parse.extend_from_slice(sql.as_bytes());
        parse.extend_from_slice(&[0, 0, 0]);
        self.send(Some(b'P'), &parse)?;
        let mut bind = vec![0, 0, 0, 0];
        bind.extend_from_slice(&u16::try_from(parameters.len()).unwrap_or(0).to_be_bytes());
        for value in parameters {
            bind.extend_from_slice(&u32::try_from(value.len()).unwrap_or(0).to_be_bytes());
            bind.extend_from_slice(value.as_bytes());
        }
        bind.extend_from_slice(&[0, 0]);
        self.send(Some(b'B'), &bind)?;
        self.send(Some(b'D'), b"P\0")?;
        self.send(Some(b'E'), &[0, 0, 0, 0, 0])?;
        self.send(Some(b'S'), &[])?;
        self.answer()
    }

    /// Begins a statement by the simple protocol and does not wait for its answer.
    ///
    /// # Errors
    /// A broken connection.
    pub fn begin(&mut self, sql: &str) -> io::Result<()> {
        self.send(Some(b'Q'), &[sql.as_bytes(), &[0]].concat())
    }

    /// Waits for what a statement gives that was begun.
    ///
    /// # Errors
    /// What the server says.
    pub fn answer(&mut self) -> Answered {
        let (mut answer, mut failed) = (PostgresAnswer::default(), None);
        loop {
            let (kind, body) = match self.receive() {
                Ok(message) => message,
                // A failure that ends the connection came before its end.
                Err(broken) => return Err(failed.unwrap_or_else(|| broken.into())),
            };
            match kind {
                b'T' => answer.types = types(&body),
                b'D' => answer.rows.push(row(&body)),
                b'C' => answer.tags.push(text(&body)),
                b'N' => answer.notices.push(error(&body).message),
                b'E' => failed = Some(error(&body)),
                b'Z' => return failed.map_or(Ok(answer), Err),
                _ => {}
            }
        }
    }

    /// Asks the server to end what this connection runs.
    ///
    /// # Errors
    /// A server that can not be reached.
    pub fn cancel(&self) -> io::Result<()> {
        let mut other = TcpStream::connect(self.stream.peer_addr()?)?;
        let body = [&80_877_102u32.to_be_bytes()[..], &self.key].concat();
        let length = u32::try_from(body.len() + 4).unwrap_or(0).to_be_bytes();
        other.write_all(&[&length[..], &body].concat())
    }

    /// Sends a message; the first of a connection has no kind.
    ///
    /// # Errors
    /// A broken connection.
    pub fn send(&mut self, kind: Option<u8>, body: &[u8]) -> io::Result<()> {
        let mut message: Vec<u8> = kind.into_iter().collect();
        message.extend_from_slice(&u32::try_from(body.len() + 4).unwrap_or(0).to_be_bytes());
        message.extend_from_slice(body);
        self.stream.write_all(&message)
    }

    fn receive(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head)?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let mut body = vec![0; length.saturating_sub(4)];
        self.stream.read_exact(&mut body)?;
        Ok((head[0], body))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default()).into_owned()
}

/// The types in a description of rows.
fn types(body: &[u8]) -> Vec<u32> {
    let count = usize::from(u16::from_be_bytes([body[0], body[1]]));
    let mut rest = &body[2..];
    let mut types = Vec::new();
    while types.len() < count {
        // A name and its end, a table's number and a column's, then the type's; its length, modifier and format.
        let name = rest.iter().position(|byte| *byte == 0).unwrap_or_default();
        let at = &rest[name + 1 + 6..];
        types.push(u32::from_be_bytes([at[0], at[1], at[2], at[3]]));
        rest = &at[4 + 8..];
    }
    types
}

fn row(body: &[u8]) -> Vec<Option<String>> {
    let count = u16::from_be_bytes([body[0], body[1]]);
    let mut rest = &body[2..];
    let mut values = Vec::new();
    for _ in 0..count {
        let length = i32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]);
        rest = &rest[4..];
        let Ok(length) = usize::try_from(length) else {
            values.push(None);
            continue;
        };
        values.push(Some(String::from_utf8_lossy(&rest[..length]).into_owned()));
        rest = &rest[length..];
    }
    values
}

fn error(body: &[u8]) -> PostgresError {
    let field = |kind: u8| {
        let found = body.split(|byte| *byte == 0).find(|field| field.first() == Some(&kind));
        found.map_or(String::new(), |field| String::from_utf8_lossy(&field[1..]).into_owned())
    };
    PostgresError { severity: field(b'S'), code: field(b'C'), message: field(b'M'), hint: field(b'H') }
}
