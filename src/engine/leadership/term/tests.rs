//! Random histories of processes that have met, and one lock server: killed connections, silent ones, frozen
//! processes, answers that come late, clocks that are set.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::*;
use crate::clock::ManualClock;

/// One tick of the simulation.
const TICK: Duration = Duration::from_millis(100);

/// Connections, and who holds the lock.
#[derive(Default)]
struct Server {
    now: Duration,
    /// The connection that holds the lock.
    holder: Option<u64>,
    /// By connection: whether it is open, and when it last asked something.
    connections: Vec<(bool, Duration)>,
}

impl Server {
    fn connect(&mut self) -> u64 {
        self.connections.push((true, self.now));
        u64::try_from(self.connections.len() - 1).unwrap()
    }

    fn at(&mut self, id: u64) -> &mut (bool, Duration) {
        &mut self.connections[usize::try_from(id).unwrap()]
    }

    fn kill(&mut self, id: u64) {
        self.at(id).0 = false;
        if self.holder == Some(id) {
            self.holder = None;
        }
    }

    /// Ends connections that were silent for too long.
    fn reap(&mut self) {
        for id in 0..u64::try_from(self.connections.len()).unwrap() {
            let (is_open, asked) = *self.at(id);
            if is_open && self.now.saturating_sub(asked) >= SILENCE {
                self.kill(id);
            }
        }
    }

    /// Takes or confirms the lock.
    fn ask(&mut self, id: u64) -> Word {
        let now = self.now;
        let connection = self.at(id);
        if !connection.0 {
            return Word::Closed;
        }
        connection.1 = now;
        if *self.holder.get_or_insert(id) == id { Word::Yes } else { Word::No }
    }
}

/// What the server says.
#[derive(Clone, Copy)]
enum Word {
    Yes,
    No,
    Closed,
}

/// A question on its way: `answer` is known once the server has it.
struct Asked {
    began: Moment,
    until: Duration,
    answer: Option<Word>,
}

struct Process {
    clock: ManualClock,
    term: Term,
    connection: Option<u64>,
    asked: Option<Asked>,
    next: Duration,
    is_frozen: bool,
    is_cut: bool,
    /// What is left to do before leading, in ticks, since it is unsure.
    doubts: Option<u32>,
    has_lock: bool,
    number: u64,
    /// When it last began to doubt all that it knows.
    doubted_at: Option<Duration>,
}

impl Process {
    fn new(has_peer: bool) -> Self {
        Self {
            clock: ManualClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1)),
            term: Term::new(has_peer),
            connection: None,
            asked: None,
            next: Duration::ZERO,
            is_frozen: false,
            is_cut: false,
            doubts: None,
            has_lock: false,
            number: 0,
            doubted_at: None,
        }
    }

    fn may_send(&self) -> bool {
        self.doubts.is_none() && self.term.may_send(self.number, Moment::of(&self.clock))
    }

    fn lose(&mut self) {
        self.term.lost();
        self.connection = None;
        self.asked = None;
        self.has_lock = false;
        self.doubts = None;
    }

    fn step(&mut self, server: &mut Server, delay: Duration) {
        let now = Moment::of(&self.clock);
        if !self.is_cut
            && let Some(asked) = &mut self.asked
            && asked.answer.is_none()
        {
            asked.answer = self.connection.map(|id| server.ask(id));
        }
        if self.is_frozen {
            return;
        }
        if let Some(doubts) = &mut self.doubts
            && self.term.settles_for(now).is_zero()
        {
            if *doubts == 3 {
                self.doubted_at = Some(now.passed);
            }
            *doubts = doubts.saturating_sub(1);
            if *doubts == 0 {
                self.doubts = None;
                assert!(self.term.led(self.number));
            }
        }
        if !self.has_lock {
            self.term.stands_by(now);
        }
        match &self.asked {
            Some(asked) if self.clock.passed() >= asked.until => match asked.answer {
                Some(Word::Yes) if self.has_lock => {
                    self.term.confirmed(asked.began);
                    self.asked = None;
                }
                Some(Word::Yes) => {
                    let Gained { number, belief } = self.term.gained(asked.began, now);
                    self.number = number;
                    self.has_lock = true;
                    self.asked = None;
                    match belief {
                        Belief::Sure => assert!(self.term.led(number)),
                        Belief::Unsure => self.doubts = Some(3),
                    }
                }
                Some(Word::No) if !self.has_lock => {
                    self.term.peer_seen();
                    self.asked = None;
                }
                Some(Word::No | Word::Closed) => self.lose(),
                // The limit of a question.
                None if self.clock.passed() >= asked.until + Duration::from_secs(2) => self.lose(),
                None => {}
            },
            None if self.clock.passed() >= self.next => {
                if self.connection.is_none() && self.is_cut {
                    return;
                }
                self.connection.get_or_insert_with(|| server.connect());
                self.asked =
                    Some(Asked { began: now, until: self.clock.passed() + delay, answer: None });
                self.next = self.clock.passed() + INTERVAL;
            }
            Some(_) | None => {}
        }
    }
}

#[derive(Debug, Clone)]
enum Happens {
    Nothing,
    Kill,
    Freeze(bool),
    Cut(bool),
    Set(i64),
    /// It dies and starts again, with what its store remembers.
    Restart,
}

fn happens() -> impl Strategy<Value = (usize, Happens, u64, u8)> {
    let what = prop_oneof![
        4 => Just(Happens::Nothing),
        2 => Just(Happens::Kill),
        2 => any::<bool>().prop_map(Happens::Freeze),
        2 => any::<bool>().prop_map(Happens::Cut),
        1 => (-10_000_i64..10_000).prop_map(Happens::Set),
        1 => Just(Happens::Restart),
    ];
    (0_usize..3, what, 0_u64..15, 1_u8..30)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None, cases: 1_500, ..ProptestConfig::default()
    })]

    #[test]
    fn never_may_two_send_and_a_sure_one_was_the_last(
        history in proptest::collection::vec(happens(), 1..60),
    ) {
        let mut server = Server::default();
        let mut processes: Vec<Process> = (0..3).map(|_| Process::new(true)).collect();
        let mut last_sent: Option<(usize, Duration)> = None;
        for (who, what, delay, ticks) in history {
            let process = &mut processes[who];
            match what {
                Happens::Nothing => {}
                Happens::Kill => {
                    if let Some(id) = process.connection {
                        server.kill(id);
                    }
                }
                Happens::Freeze(is_frozen) => process.is_frozen = is_frozen,
                Happens::Cut(is_cut) => process.is_cut = is_cut,
                Happens::Set(by_s) => {
                    let now = process.clock.now() + SignedDuration::from_secs(by_s);
                    process.clock.set(now);
                }
                Happens::Restart => {
                    if let Some(id) = process.connection {
                        server.kill(id);
                    }
                    let clock = process.clock.clone();
                    *process = Process { clock, ..Process::new(true) };
                }
            }
            for _ in 0..ticks {
                server.now += TICK;
                server.reap();
                for process in &mut processes {
                    process.clock.advance(TICK);
                    process.step(&mut server, Duration::from_millis(delay * 100));
                }
                let senders: Vec<usize> = (0..3).filter(|nth| processes[*nth].may_send()).collect();
                prop_assert!(senders.len() <= 1, "{senders:?} may send");
                let Some(sender) = senders.first().copied() else { continue };
                if let Some((_, at)) = last_sent.filter(|(last, _)| *last != sender) {
                    let doubted_at = processes[sender].doubted_at;
                    prop_assert!(doubted_at > Some(at), "{sender} believes what it knew before {at:?}");
                }
                last_sent = Some((sender, server.now));
            }
        }
    }
}

fn moment(clock: &ManualClock) -> Moment {
    Moment::of(clock)
}

#[test]
fn process_that_is_alone_leads_at_once_and_believes_its_ledger_for_ever() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let mut term = Term::new(false);
    assert_eq!(term.gained(moment(&clock), moment(&clock)).belief, Belief::Sure);
    assert!(term.may_send(term.number, moment(&clock)));
    assert!(term.led(term.number));
    term.lost();
    assert!(!term.may_send(term.number, moment(&clock)));
    clock.advance(Duration::from_hours(1));
    assert_eq!(term.gained(moment(&clock), moment(&clock)).belief, Belief::Sure);
    assert!(!term.may_send(term.number, moment(&clock)), "somebody new may have come and gone");
    clock.advance(SETTLING);
    term.confirmed(moment(&clock));
    assert!(term.may_send(term.number, moment(&clock)));
}

#[test]
fn one_of_a_pair_believes_its_ledger_only_when_nobody_can_have_led_meanwhile() {
    for (gap_ms, belief) in [(900, Belief::Sure), (1_000, Belief::Unsure)] {
        let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
        let mut term = Term::new(true);
        assert_eq!(term.gained(moment(&clock), moment(&clock)).belief, Belief::Unsure);
        assert_eq!(term.settles_for(moment(&clock)), SETTLING);
        clock.advance(SETTLING);
        assert!(term.led(term.number));
        term.confirmed(moment(&clock));
        assert!(term.may_send(term.number, moment(&clock)));
        term.lost();
        clock.advance(Duration::from_millis(gap_ms));
        assert_eq!(term.gained(moment(&clock), moment(&clock)).belief, belief, "{gap_ms} ms");
        assert_eq!(term.may_send(term.number, moment(&clock)), belief == Belief::Sure);
    }
}

#[test]
fn doubts_that_were_not_settled_are_not_forgotten() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let mut term = Term::new(true);
    term.gained(moment(&clock), moment(&clock));
    assert!(term.led(term.number));
    term.lost();
    clock.advance(Duration::from_mins(1));
    for _ in 0..2 {
        assert_eq!(term.gained(moment(&clock), moment(&clock)).belief, Belief::Unsure);
        term.lost();
    }
}

#[test]
fn what_was_begun_before_the_lock_was_lost_does_not_go_on_when_it_is_back() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let mut term = Term::new(true);
    let first = term.gained(moment(&clock), moment(&clock)).number;
    clock.advance(SETTLING);
    term.confirmed(moment(&clock));
    assert!(term.may_send(first, moment(&clock)));
    term.lost();
    let second = term.gained(moment(&clock), moment(&clock)).number;
    clock.advance(SETTLING);
    term.confirmed(moment(&clock));
    assert!(!term.may_send(first, moment(&clock)) && term.may_send(second, moment(&clock)));
    assert!(!term.led(first) && !term.has_led, "it was done for another time");
}

#[test]
fn one_that_has_stood_by_does_not_believe_its_ledger() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH);
    let mut term = Term::new(false);
    term.gained(moment(&clock), moment(&clock));
    assert!(term.led(term.number));
    term.lost();
    clock.advance(Duration::from_secs(1));
    assert!(!term.stands_by(moment(&clock)), "it is alone");
    assert!(term.peer_seen() && !term.peer_seen());
    term.confirmed = Some(moment(&clock));
    assert!(!term.stands_by(moment(&clock)), "nobody else can have sent");
    clock.advance(Duration::from_secs(1));
    assert!(term.stands_by(moment(&clock)));
    assert_eq!(term.gained(moment(&clock), moment(&clock)).belief, Belief::Unsure);
}

#[test]
fn whoever_was_frozen_or_has_a_clock_that_jumped_sends_nothing_until_it_is_confirmed() {
    let clock = ManualClock::at(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(2));
    let mut term = Term::new(false);
    term.gained(moment(&clock), moment(&clock));
    clock.set(Timestamp::UNIX_EPOCH);
    assert!(term.may_send(term.number, moment(&clock)), "set back: as if nothing had happened");
    clock.advance(VALID);
    assert!(!term.may_send(term.number, moment(&clock)), "set back, and time passed");
    term.confirmed(moment(&clock));
    assert!(term.may_send(term.number, moment(&clock)));
    clock.set(Timestamp::UNIX_EPOCH + SignedDuration::from_hours(9));
    assert!(!term.may_send(term.number, moment(&clock)), "as after a sleep of the machine");
}
