//! A TCP proxy on loopback that does to connections what networks do to them.
//!
//! It runs on a thread of its own, so that plain and async tests can use it alike. Every control
//! takes effect at once and returns at once. Bytes are counted from the server to the clients, over
//! all connections together.

use std::io;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener as StdListener, TcpStream as StdStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::servers::{Server, User, all_servers, trusting};

/// A running proxy; dropping it resets its connections and frees its port.
#[derive(Debug)]
pub(crate) struct FaultProxy {
    port: u16,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    orders: watch::Sender<Orders>,
    traffic: Mutex<Traffic>,
}

/// What the connections are to do.
#[derive(Debug, Clone, Copy)]
struct Orders {
    target: u16,
    refuse: bool,
    stall: bool,
    /// Connections with a lower number are reset.
    cut_below: u64,
    /// Connections with a lower number forward nothing any more.
    silent_below: u64,
    end: bool,
}

impl Orders {
    fn stalls(&self, number: u64) -> bool {
        self.stall || number < self.silent_below
    }

    fn cuts(&self, number: u64) -> bool {
        self.end || number < self.cut_below
    }
}

/// What has passed, and what is to happen at which byte.
#[derive(Debug, Default)]
struct Traffic {
    connections: u64,
    from_server: u64,
    stall_at: Option<u64>,
    corrupt_at: Option<u64>,
}

impl Traffic {
    /// How many bytes at the start of `chunk` may pass now, and whether a stall begins after them.
    /// The byte to corrupt is changed in place when it is among them.
    fn admit(&mut self, chunk: &mut [u8]) -> (usize, bool) {
        let distance = |at: u64| usize::try_from(at - self.from_server).unwrap_or(usize::MAX);
        let room = self.stall_at.map_or(usize::MAX, distance);
        let passing = chunk.len().min(room);
        if let Some(at) = self.corrupt_at
            && let Some(byte) = chunk.iter_mut().take(passing).nth(distance(at))
        {
            *byte ^= 0xff;
            self.corrupt_at = None;
        }
        self.from_server += u64::try_from(passing).expect("a length");
        let stalls = self.stall_at == Some(self.from_server);
        if stalls {
            self.stall_at = None;
        }
        (passing, stalls)
    }
}

impl FaultProxy {
    /// Listens on a free port of 127.0.0.1 and forwards to `target_port` there.
    pub(crate) fn start(target_port: u16) -> Self {
        let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener can be non-blocking");
        let port = listener.local_addr().expect("it is bound").port();
        let orders = Orders {
            target: target_port,
            refuse: false,
            stall: false,
            cut_below: 0,
            silent_below: 0,
            end: false,
        };
        let shared = Arc::new(Shared {
            orders: watch::Sender::new(orders),
            traffic: Mutex::new(Traffic::default()),
        });
        let served = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(serve(listener, &served));
        });
        Self { port, shared, thread: Some(thread) }
    }

    /// Where it listens on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many connections were made to it so far, refused ones included.
    pub(crate) fn connections(&self) -> u64 {
        self.shared.traffic().connections
    }

    /// How many bytes it has passed on from the server so far.
    pub(crate) fn bytes_from_server(&self) -> u64 {
        self.shared.traffic().from_server
    }

    /// Resets every connection there is, on both sides. New ones are served.
    pub(crate) fn cut(&self) {
        let connections = self.connections();
        self.shared.orders.send_modify(|orders| orders.cut_below = connections);
    }

    /// Whether new connections are closed as soon as they are made.
    pub(crate) fn refuse(&self, refuse: bool) {
        self.shared.orders.send_modify(|orders| orders.refuse = refuse);
    }

    /// Whether connections stay open while nothing is forwarded, in neither direction, not even their
    /// end. What was held back is forwarded when the stall ends.
    pub(crate) fn stall(&self, stall: bool) {
        self.shared.orders.send_modify(|orders| orders.stall = stall);
    }

    /// Stalls as soon as this many more bytes have come from the server.
    pub(crate) fn stall_after(&self, bytes: u64) {
        if bytes == 0 {
            return self.stall(true);
        }
        let mut traffic = self.shared.traffic();
        traffic.stall_at = Some(traffic.from_server + bytes);
    }

    /// Stalls every connection there is for good, as a firewall does that forgot them. New ones are
    /// served.
    pub(crate) fn silence(&self) {
        let connections = self.connections();
        self.shared.orders.send_modify(|orders| orders.silent_below = connections);
    }

    /// Sends new connections to another port of 127.0.0.1; those there are stay where they are.
    pub(crate) fn retarget(&self, target_port: u16) {
        self.shared.orders.send_modify(|orders| orders.target = target_port);
    }

    /// Inverts one byte from the server, the one that comes after `bytes` more.
    pub(crate) fn corrupt_byte_at(&self, bytes: u64) {
        let mut traffic = self.shared.traffic();
        traffic.corrupt_at = Some(traffic.from_server + bytes);
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.shared.orders.send_modify(|orders| orders.end = true);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            eprintln!("the fault proxy on port {} panicked", self.port);
        }
    }
}

impl Shared {
    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn serve(listener: StdListener, shared: &Arc<Shared>) {
    let listener = TcpListener::from_std(listener).expect("a listening socket");
    let mut orders = shared.orders.subscribe();
    let mut relays = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (client, _) = accepted.expect("loopback accepts");
                let mut traffic = shared.traffic();
                let number = traffic.connections;
                traffic.connections += 1;
                if !shared.orders.borrow().refuse {
                    relays.spawn(relay(client, number, Arc::clone(shared)));
                }
            }
            ended = relays.join_next(), if !relays.is_empty() => {
                ended.expect("there is one").expect("a relay does not panic");
            }
            end = orders.wait_for(|orders| orders.end) => {
                drop(end);
                break;
            }
        }
    }
    drop(listener);
    // Each resets its connection now.
    relays.join_all().await;
}

/// Serves one connection until both sides have closed it, or one of them broke, or it is cut.
async fn relay(mut client: TcpStream, number: u64, shared: Arc<Shared>) {
    let mut server = None;
    let mut orders = shared.orders.subscribe();
    let outcome = tokio::select! {
        biased;
        _ = orders.wait_for(|orders| orders.cuts(number)) => Err(io::ErrorKind::ConnectionReset.into()),
        outcome = forward(&mut client, &mut server, number, &shared) => outcome,
    };
    if let Err(error) = outcome {
        eprintln!("connection {number} through the fault proxy: {error}");
        for side in [Some(client), server].into_iter().flatten() {
            // Without it the peer would see an orderly end.
            side.set_zero_linger().expect("a socket has this option");
        }
    }
}

async fn forward(
    client: &mut TcpStream,
    server: &mut Option<TcpStream>,
    number: u64,
    shared: &Shared,
) -> io::Result<()> {
    flowing(number, shared).await;
    let target = shared.orders.borrow().target;
    let server = server.insert(TcpStream::connect((Ipv4Addr::LOCALHOST, target)).await?);
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let upstream =
        pass(&mut from_client, &mut to_server, number, shared, |chunk| (chunk.len(), false));
    let downstream = pass(&mut from_server, &mut to_client, number, shared, |chunk| {
        shared.traffic().admit(chunk)
    });
    tokio::try_join!(upstream, downstream).map(|((), ())| ())
}

/// Passes on what comes from one side until that side ends, and then its end. `admit` says how many
/// bytes of a chunk may pass, and whether a stall begins after them.
async fn pass(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    number: u64,
    shared: &Shared,
    admit: impl Fn(&mut [u8]) -> (usize, bool),
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        let mut chunk = buffer.get_mut(..count).expect("no more than the buffer holds");
        while !chunk.is_empty() {
            flowing(number, shared).await;
            let (passing, stalls) = admit(chunk);
            if stalls {
                shared.orders.send_modify(|orders| orders.stall = true);
            }
            let (now, later) = chunk.split_at_mut(passing);
            to.write_all(now).await?;
            chunk = later;
        }
        if count == 0 {
            flowing(number, shared).await;
            return to.shutdown().await;
        }
    }
}

/// Waits until this connection may forward.
async fn flowing(number: u64, shared: &Shared) {
    let mut orders = shared.orders.subscribe();
    let flows = orders.wait_for(|orders| !orders.stalls(number)).await;
    flows.map(drop).expect("the proxy holds the sender");
}

/// How long a test watches that nothing comes.
const SILENCE: Duration = Duration::from_millis(150);
/// How long what must come may take.
const ARRIVAL: Duration = Duration::from_secs(30);

/// A server that greets each connection with its name and then sends back what it is sent.
fn echo(name: &'static [u8]) -> u16 {
    let listener = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut output = connection.expect("a connection");
            let mut input = output.try_clone().expect("a second handle");
            thread::spawn(move || {
                output.write_all(name).and_then(|()| io::copy(&mut input, &mut output).map(drop))
            });
        }
    });
    port
}

struct Client(StdStream);

impl Client {
    fn connect(proxy: &FaultProxy) -> Self {
        Self(StdStream::connect((Ipv4Addr::LOCALHOST, proxy.port())).expect("the proxy accepts"))
    }

    fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).expect("the proxy takes it");
    }

    /// What has come when `count` bytes have, or the connection has ended, or nothing more comes.
    fn receive(&mut self, count: usize, limit: Duration) -> Vec<u8> {
        self.try_receive(count, limit).1
    }

    fn try_receive(&mut self, count: usize, limit: Duration) -> (Option<io::ErrorKind>, Vec<u8>) {
        self.0.set_read_timeout(Some(limit)).expect("a limit above zero");
        let (mut bytes, wanted) = (Vec::new(), u64::try_from(count).expect("a length"));
        let outcome = (&mut self.0).take(wanted).read_to_end(&mut bytes);
        (outcome.err().map(|error| error.kind()), bytes)
    }

    fn is_silent(&mut self) -> bool {
        self.try_receive(1, SILENCE) == (Some(io::ErrorKind::WouldBlock), Vec::new())
    }

    fn was_reset(&mut self) -> bool {
        self.try_receive(1, ARRIVAL) == (Some(io::ErrorKind::ConnectionReset), Vec::new())
    }

    fn was_closed(&mut self) -> bool {
        self.try_receive(1, ARRIVAL) == (None, Vec::new())
    }
}

#[test]
fn bytes_pass_unchanged_both_ways_and_are_counted() {
    let proxy = FaultProxy::start(echo(b"A"));
    let sent: Vec<u8> = (0..=u8::MAX).cycle().take(1_000_000).collect();
    for count in 1..=3 {
        let mut client = Client::connect(&proxy);
        let mut writer = Client(client.0.try_clone().expect("a second handle"));
        assert_eq!(client.receive(1, ARRIVAL), b"A");
        let written = sent.clone();
        let writing = thread::spawn(move || {
            writer.send(&written);
            writer.0.shutdown(Shutdown::Write).expect("open");
        });
        assert!(client.receive(sent.len(), ARRIVAL) == sent, "the same bytes");
        writing.join().expect("it writes all");
        assert!(client.was_closed(), "the end passes, too");
        assert_eq!((proxy.connections(), proxy.bytes_from_server()), (count, count * 1_000_001));
    }
}

#[test]
fn cut_resets_the_connections_there_are() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut clients = [Client::connect(&proxy), Client::connect(&proxy)];
    for client in &mut clients {
        assert_eq!(client.receive(1, ARRIVAL), b"A");
    }
    proxy.cut();
    assert!(clients.iter_mut().all(Client::was_reset));
    assert_eq!(Client::connect(&proxy).receive(1, ARRIVAL), b"A");
}

#[test]
fn refused_connection_is_closed_at_once_and_counted() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut before = Client::connect(&proxy);
    assert_eq!(before.receive(1, ARRIVAL), b"A");
    proxy.refuse(true);
    assert!(Client::connect(&proxy).was_closed());
    before.send(b"x");
    assert_eq!(before.receive(1, ARRIVAL), b"x", "those there are go on");
    proxy.refuse(false);
    assert_eq!(Client::connect(&proxy).receive(1, ARRIVAL), b"A");
    assert_eq!(proxy.connections(), 3);
}

#[test]
fn stalled_connection_stays_open_and_silent_until_the_stall_ends() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut client = Client::connect(&proxy);
    assert_eq!(client.receive(1, ARRIVAL), b"A");
    proxy.stall(true);
    client.send(b"x");
    let mut late = Client::connect(&proxy);
    assert!(client.is_silent() && late.is_silent());
    proxy.stall(false);
    assert_eq!((client.receive(1, ARRIVAL), late.receive(1, ARRIVAL)), (b"x".into(), b"A".into()));
}

#[test]
fn stall_begins_at_the_byte_it_was_set_for() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut client = Client::connect(&proxy);
    assert_eq!(client.receive(1, ARRIVAL), b"A");
    proxy.stall_after(5);
    client.send(b"0123456789");
    assert_eq!(client.receive(5, ARRIVAL), b"01234");
    assert!(client.is_silent());
    assert_eq!(proxy.bytes_from_server(), 6);
    proxy.stall(false);
    assert_eq!(client.receive(5, ARRIVAL), b"56789");
}

#[test]
fn silenced_connection_never_speaks_again_but_a_new_one_does() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut client = Client::connect(&proxy);
    assert_eq!(client.receive(1, ARRIVAL), b"A");
    proxy.silence();
    client.send(b"x");
    assert_eq!(Client::connect(&proxy).receive(1, ARRIVAL), b"A");
    assert!(client.is_silent());
    proxy.cut();
    assert!(client.was_reset(), "it can still be cut");
}

#[test]
fn new_connections_go_to_the_new_target() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut before = Client::connect(&proxy);
    assert_eq!(before.receive(1, ARRIVAL), b"A");
    proxy.retarget(echo(b"B"));
    assert_eq!(Client::connect(&proxy).receive(1, ARRIVAL), b"B");
    before.send(b"x");
    assert_eq!(before.receive(1, ARRIVAL), b"x");
}

#[test]
fn target_that_is_gone_resets_the_client() {
    let closed = StdListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = closed.local_addr().expect("it is bound").port();
    drop(closed);
    assert!(Client::connect(&FaultProxy::start(port)).was_reset());
}

#[test]
fn one_byte_is_corrupted_and_no_other() {
    let proxy = FaultProxy::start(echo(b"A"));
    let mut client = Client::connect(&proxy);
    assert_eq!(client.receive(1, ARRIVAL), b"A");
    proxy.corrupt_byte_at(3);
    client.send(&[0; 8]);
    assert_eq!(client.receive(8, ARRIVAL), [0, 0, 0, 0xff, 0, 0, 0, 0]);
    client.send(&[0; 8]);
    assert_eq!(client.receive(8, ARRIVAL), [0; 8]);
}

#[test]
fn database_is_reached_through_the_proxy_until_it_is_cut() {
    all_servers(|server| {
        let proxy = FaultProxy::start(server.port);
        let tls = || trusting(&server.ca_file);
        let session = Server::tls_session(proxy.port(), tls(), User::Cdc, "").expect("it passes");
        assert_eq!(session.query("SELECT 1"), vec![vec![Some("1".to_owned())]]);
        proxy.cut();
        session.try_query("SELECT 1").expect_err("the connection is gone");
        proxy.refuse(true);
        assert!(Server::tls_session(proxy.port(), tls(), User::Cdc, "").is_err());
        assert_eq!(proxy.connections(), 2);
    });
}
