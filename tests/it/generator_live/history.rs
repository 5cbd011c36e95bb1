//! One random history of a shop, and what is done to the program meanwhile.

use std::fmt::Write as _;

use aco_stream::catalog::Table;
use aco_stream::engine::Activity;
use aco_stream::source::SourceParams;
use aco_stream::store::{Reread, WriteBatch};

use super::definitions::redefine;
use super::rows::{change, restock};
use super::tables::{Shape, shapes};
use crate::fault_proxy::FaultProxy;
use crate::followed::{Followed, MARKED_TABLE, following};
use crate::matrix_live::Form;
use crate::program::{Aco, COMMAND_LIMIT, Running, eventually};
use crate::random::Random;
use crate::servers::{Database, OddServer, Server, Session, User};
use crate::shop::{Service, config};
use crate::source_live::params;

/// What is done to who follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chaos {
    /// Nothing: the tables are redefined more often instead.
    Calm,
    /// Connections are cut, following is stopped and begun again, the server's binlog changes.
    Rough,
    /// The built program follows, and is killed.
    Killed,
}

/// The statements of a history and what became of them.
#[derive(Default)]
pub(crate) struct Log {
    pub(crate) seed: u64,
    pub(crate) lines: Vec<String>,
    pub(crate) sent: u64,
    pub(crate) refused: u64,
}

impl Log {
    fn note(&mut self, what: &str) {
        self.lines.push(format!("-- {what}"));
    }
}

/// A shop that lives through one history after the other.
pub(crate) struct Generator<'a> {
    odd: &'a OddServer,
    database: Database,
    shapes: Vec<Shape>,
    params: SourceParams,
    proxy: FaultProxy,
    chaos: Chaos,
    random: Random,
    session: Session,
    followed: Followed,
    program: Option<Running>,
    service: Service,
    /// Transactions that are prepared: their names, and the connections that they were made on.
    prepared: Vec<(String, String)>,
    /// Whether one of them may hold locks where the comparison writes its mark.
    holds_the_mark: bool,
    pub(crate) log: Log,
}

impl<'a> Generator<'a> {
    pub(crate) fn new(
        odd: &'a OddServer,
        database: Database,
        followed: Followed,
        chaos: Chaos,
    ) -> Self {
        let proxy = FaultProxy::start(odd.server.port);
        let params = following(params(&odd.server, &database.schema));
        let params = SourceParams { port: proxy.port(), ..params };
        Self {
            odd,
            session: writer(&database),
            shapes: shapes(followed.layout),
            database,
            params,
            proxy,
            chaos,
            random: Random(0),
            followed,
            program: None,
            service: Service::unlimited(),
            prepared: Vec::new(),
            holds_the_mark: false,
            log: Log::default(),
        }
    }

    fn server(&self) -> &'a Server {
        &self.odd.server
    }

    /// Plays the history of a seed: it goes on from the shop that the last one left, with an empty
    /// store, so that it begins with a snapshot.
    pub(crate) fn play(&mut self, seed: u64) {
        self.random = Random(seed);
        self.log.seed = seed;
        self.log.lines.clear();
        self.session = writer(&self.database);
        self.program = None;
        self.end_prepared();
        for statement in restock(&self.shapes, &mut self.random) {
            self.send(&statement);
        }
        self.followed = Followed::new(self.followed.layout);
        self.begin();
        let steps = 14 + self.random.up_to(20);
        let quiet_at = self.random.up_to(steps * 2);
        for step in 0..steps {
            self.step();
            if step == quiet_at {
                self.settle();
            }
        }
        self.end_prepared();
        self.settle();
        self.followed.stop().expect("it follows well");
    }

    /// Begins to follow.
    fn begin(&mut self) {
        self.log.note("following begins");
        if self.chaos == Chaos::Killed {
            self.start_program();
        } else {
            self.followed.start_at_once(&self.params);
        }
    }

    fn start_program(&mut self) {
        let config = config(self.server(), &self.database.schema, &self.service);
        let config = config.replace("chunk_rows = 500", "chunk_rows = 40");
        let aco = Aco::new(self.followed.close(), &config)
            .env("ACO_STREAM_SOURCE_PASSWORD", &User::Cdc.password());
        self.program = Some(aco.start(&["run", "--dry-run"]));
    }

    /// Waits until all is absorbed, and compares.
    fn settle(&mut self) {
        self.log.note("the copy is compared");
        if let Some(mut program) = self.program.take() {
            assert!(program.is_running(), "it ended by itself: {}", program.stderr());
            program.kill();
            self.followed.reopen();
            self.followed.start_at_once(&self.params);
        }
        if self.holds_the_mark {
            self.end_prepared();
        }
        let what = format!("seed {}", self.log.seed);
        self.followed.assert_copy_equals(&self.database, &what);
    }

    fn step(&mut self) {
        let is_rough = self.chaos != Chaos::Calm;
        match self.random.up_to(20) {
            15..=16 if is_rough => self.disturb(),
            1..=7 | 15..=16 => self.send_change(),
            8..=10 => self.transaction(),
            11 => self.without_foreign_keys(),
            12 => self.side_by_side(),
            13 => self.prepare(),
            14 => self.end_prepared(),
            _ => self.redefine(),
        }
    }

    /// Sends a statement; the server may refuse it.
    fn send(&mut self, statement: &str) -> bool {
        let answer = self.session.try_query(statement).err();
        self.told(statement, answer.as_deref())
    }

    fn told(&mut self, statement: &str, refusal: Option<&str>) -> bool {
        self.log.sent += 1;
        let mut line = format!("{statement};");
        if let Some(refusal) = refusal {
            self.log.refused += 1;
            write!(line, " -- refused: {refusal}").expect("a String takes all");
        }
        self.log.lines.push(line);
        refusal.is_none()
    }

    fn send_change(&mut self) {
        let statement = change(&self.shapes, &mut self.random);
        self.send(&statement);
    }

    fn transaction(&mut self) {
        self.send("START TRANSACTION");
        for _ in 0..self.random.up_to(5) {
            match self.random.up_to(8) {
                1 => self.send("SAVEPOINT a"),
                2 => self.send("ROLLBACK TO SAVEPOINT a"),
                3 => self.send("SAVEPOINT b"),
                4 => self.send("RELEASE SAVEPOINT a"),
                _ => {
                    let statement = change(&self.shapes, &mut self.random);
                    self.send(&statement)
                }
            };
        }
        let end = if self.random.up_to(5) == 1 { "ROLLBACK" } else { "COMMIT" };
        self.send(end);
    }

    fn without_foreign_keys(&mut self) {
        self.send("SET foreign_key_checks = 0");
        for _ in 0..self.random.up_to(2) {
            self.send_change();
        }
        self.send("SET foreign_key_checks = 1");
    }

    /// Two transactions that overlap.
    fn side_by_side(&mut self) {
        let other = writer(&self.database);
        for statement in ["START TRANSACTION".to_owned(), change(&self.shapes, &mut self.random)] {
            let answer = other.try_query(&statement).err();
            self.told(&format!("/* other */ {statement}"), answer.as_deref());
        }
        self.send_change();
        let answer = other.try_query("COMMIT").err();
        self.told("/* other */ COMMIT", answer.as_deref());
    }

    /// The first phase of a distributed transaction, on a connection that may go away after it.
    fn prepare(&mut self) {
        let other = writer(&self.database);
        let name = format!("'x{}','b',7", self.log.sent);
        let connection = other.query("SELECT CONNECTION_ID()").into_iter().flatten().flatten();
        let connection: String = connection.collect();
        let send = |this: &mut Self, statement: String| {
            let answer = other.try_query(&statement).err();
            this.told(&format!("/* other */ {statement}"), answer.as_deref())
        };
        send(self, format!("XA START {name}"));
        let mut holds_the_mark = false;
        for _ in 0..self.random.up_to(3) {
            let statement = change(&self.shapes, &mut self.random);
            holds_the_mark |= statement.contains(MARKED_TABLE);
            send(self, statement);
        }
        let is_sound = send(self, format!("XA END {name}"));
        match self.random.up_to(4) {
            1 if is_sound => {
                send(self, format!("XA COMMIT {name} ONE PHASE"));
            }
            _ if is_sound && send(self, format!("XA PREPARE {name}")) => {
                self.prepared.push((name, connection));
                self.holds_the_mark |= holds_the_mark;
            }
            _ => {
                send(self, format!("XA ROLLBACK {name}"));
            }
        }
    }

    /// The second phase of those that are prepared, on another connection.
    fn end_prepared(&mut self) {
        self.holds_the_mark = false;
        for (name, connection) in std::mem::take(&mut self.prepared) {
            // Until the connection is gone, nobody else may end it. One that changed nothing may be
            // gone with it.
            eventually("a connection is gone", COMMAND_LIMIT, || {
                let open = self.session.query("SHOW PROCESSLIST");
                !open.iter().any(|row| row.first().cloned().flatten() == Some(connection.clone()))
            });
            let verb = if self.random.up_to(3) == 1 { "ROLLBACK" } else { "COMMIT" };
            self.send(&format!("XA {verb} {name}"));
        }
    }

    fn redefine(&mut self) {
        // A prepared transaction holds its tables as they are.
        self.end_prepared();
        self.await_beginning();
        let flavour = self.server().flavour;
        let group = redefine(&self.shapes, flavour, &self.session, &mut self.random);
        for statement in group {
            self.send(&statement);
        }
    }

    /// A server that can't be reached at the very start, or a shop that lacks tables, is for the
    /// operator.
    fn await_beginning(&self) {
        eventually("it has begun", COMMAND_LIMIT, || match &self.program {
            Some(program) => {
                let told = program.stderr();
                told.contains("snapshot begins")
                    || told.contains("snapshot resumes")
                    || told.contains("following the binlog")
            }
            None => !self.followed.is_running() || self.followed.activity() != Activity::Starting,
        });
    }

    fn disturb(&mut self) {
        match (self.chaos, self.random.up_to(8)) {
            (Chaos::Killed, 1..=5) => {
                if let Some(mut program) = self.program.take() {
                    self.log.note("the program is killed and starts again");
                    assert!(program.is_running(), "it ended by itself: {}", program.stderr());
                    program.kill();
                    self.start_program();
                }
            }
            (Chaos::Calm | Chaos::Rough, 1..=2) => {
                self.log.note("following stops, and begins again with the store that was");
                self.followed.stop().expect("it follows well");
                for _ in 0..self.random.up_to(3) {
                    self.step_within_a_pause();
                }
                self.followed.reopen();
                self.followed.start_at_once(&self.params);
            }
            (Chaos::Calm | Chaos::Rough, 3) => {
                self.await_beginning();
                self.log.note("connections are cut");
                self.proxy.cut();
            }
            (Chaos::Calm | Chaos::Rough, 4..=5) => {
                let tables: Vec<Table> = Table::of_layout(self.followed.layout).collect();
                let table = *self.random.of(&tables);
                self.log.note(&format!("{} is to be read again", table.name()));
                let mut batch = WriteBatch::default();
                batch.reread(table.id(), Some(&Reread::default()));
                self.followed.store().commit(batch).expect("the store takes it");
            }
            (_, 6) => {
                self.log.note("the binlog goes on in another file");
                self.server().session(User::Root, "").exec("FLUSH BINARY LOGS");
            }
            _ => {
                let metadata = *self.random.of(&["FULL", "MINIMAL"]);
                let form = Form { metadata, is_compressed: self.random.up_to(2) == 1 };
                self.log.note(&format!("the binlog is written in another form: {form:?}"));
                form.set(self.server());
                self.session = writer(&self.database);
            }
        }
    }

    fn step_within_a_pause(&mut self) {
        match self.random.up_to(3) {
            1 => self.redefine(),
            2 => self.transaction(),
            _ => self.send_change(),
        }
    }
}

/// A connection that writes rows: nothing waits for long, and values that do not fit are cut.
fn writer(database: &Database) -> Session {
    let session = database.session(User::App);
    session.exec(
        "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00', lock_wait_timeout = 5, \
         innodb_lock_wait_timeout = 1",
    );
    session
}
