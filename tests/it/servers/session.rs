//! One connection to a server, for tests.

use std::sync::mpsc;
use std::thread;

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Opts, Row, Value};

/// What a query answered: rows of values in the server's own text form, `None` for NULL.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// One connection, on a thread of its own, so that plain and async tests can use it alike.
pub(crate) struct Session {
    requests: mpsc::Sender<Request>,
}

struct Request {
    sql: String,
    answer: mpsc::Sender<Result<Rows, String>>,
}

impl Session {
    /// Connects; the error is the connector's own words.
    pub(crate) fn open(options: Opts) -> Result<Self, String> {
        let (requests, inbox) = mpsc::channel::<Request>();
        let (opened, opening) = mpsc::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async move {
                let mut connection = match Conn::new(options).await {
                    Ok(connection) => connection,
                    Err(error) => return opened.send(Err(error.to_string())).expect("awaited"),
                };
                opened.send(Ok(())).expect("awaited");
                while let Ok(request) = inbox.recv() {
                    let rows = answer(&mut connection, &request.sql).await;
                    request.answer.send(rows.map_err(|error| error.to_string())).expect("awaited");
                }
                connection.disconnect().await.unwrap_or_else(|error| eprintln!("{error}"));
            });
        });
        opening.recv().expect("the thread answers").map(|()| Self { requests })
    }

    /// Runs statements.
    pub(crate) fn exec(&self, sql: &str) {
        self.query(sql);
    }

    /// Runs statements and gives the rows of the first.
    pub(crate) fn query(&self, sql: &str) -> Rows {
        self.try_query(sql).unwrap_or_else(|error| panic!("{error}, in: {sql:.200}"))
    }

    /// Like `query`, with the server's refusal as a value.
    pub(crate) fn try_query(&self, sql: &str) -> Result<Rows, String> {
        let (answer, answered) = mpsc::channel();
        let request = Request { sql: sql.to_owned(), answer };
        self.requests.send(request).expect("the session's thread lives");
        answered.recv().expect("the session's thread answers")
    }
}

async fn answer(connection: &mut Conn, sql: &str) -> Result<Rows, mysql_async::Error> {
    let mut result = connection.query_iter(sql).await?;
    let rows: Vec<Row> = result.collect().await?;
    result.drop_result().await?;
    Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
}

/// The text protocol answers in text only, and NULL.
fn text(value: Value) -> Option<String> {
    match value {
        Value::NULL => None,
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Value::Int(_)
        | Value::UInt(_)
        | Value::Float(_)
        | Value::Double(_)
        | Value::Date(..)
        | Value::Time(..) => panic!("the text protocol has no {value:?}"),
    }
}
