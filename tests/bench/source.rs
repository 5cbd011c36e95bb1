//! How fast the source reads and skips, beside the transport's own decoding in the same run.
//!
//! `cargo bench --bench source [-- [--rows N] [--single-rows N] [--rounds N] [--only TEXT]]`
//!
//! Starts private servers through `tests/servers`, which stay until
//! `tests/servers stop target/bench-servers`, so that the next run finds its binlogs there. Every
//! figure is of a process of its own, over loopback TLS with the server's name verified and CRC-32
//! checksums, from the first wait for an event to the last event of the stretch. The readers of a
//! stretch take turns; machines differ and are busy, so read the ratios.

#![expect(clippy::expect_used, reason = "a benchmark that can't go on says so by panicking")]
#![expect(clippy::panic, reason = "a benchmark that can't go on says so by panicking")]
#![expect(clippy::print_stdout, reason = "its report")]

mod reading;
mod servers;
mod stretch;

use reading::{Figures, Reader, Task};
use servers::Server;
use stretch::{Plan, Stretch};

fn main() {
    // `cargo bench` says so to every benchmark.
    let arguments: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [child, task] = arguments.as_slice()
        && child == reading::CHILD
    {
        println!("{}", reading::read(&Task::decode(task)).encode());
        return;
    }
    let options = Options::of(&arguments);
    for flavour in ["mariadb", "mysql"] {
        let Some(server) = Server::start(flavour) else { continue };
        println!("\n{flavour} {}", server.version);
        for plan in Plan::all(options.rows, options.single_rows) {
            if plan.name.contains(options.only.as_str()) {
                let stretch = stretch::written(&server, &plan);
                measure(&server, &plan, &stretch, options.rounds);
            }
        }
    }
}

struct Options {
    rows: u64,
    single_rows: u64,
    rounds: usize,
    only: String,
}

impl Options {
    fn of(arguments: &[String]) -> Self {
        let mut options =
            Self { rows: 1_000_000, single_rows: 200_000, rounds: 3, only: String::new() };
        let (pairs, rest) = arguments.as_chunks::<2>();
        assert!(rest.is_empty(), "an option without its value: {rest:?}");
        for [name, value] in pairs {
            let number = || value.parse::<u64>().expect("a number");
            match name.as_str() {
                "--rows" => options.rows = number(),
                "--single-rows" => options.single_rows = number(),
                "--rounds" => options.rounds = usize::try_from(number()).expect("a few"),
                "--only" => options.only.clone_from(value),
                _ => panic!("no such option: {name}"),
            }
        }
        options
    }
}

/// Measures every reader of a stretch in turn, and prints what they did.
fn measure(server: &Server, plan: &Plan, stretch: &Stretch, rounds: usize) {
    println!("\n  {} ({} rows)", plan.name, stretch.rows);
    let readers: Vec<Reader> =
        Reader::ALL.into_iter().filter(|reader| reader.fits(server, plan)).collect();
    let mut measured = vec![Vec::new(); readers.len()];
    for _round in 0..rounds {
        for (reader, figures) in readers.iter().zip(&mut measured) {
            figures.push(reading::in_child(*reader, server, stretch));
        }
    }
    let of = |wanted: Reader| {
        let place = readers.iter().position(|reader| *reader == wanted)?;
        measured.get(place)
    };
    let events =
        of(Reader::Transport).and_then(|figures| figures.first()).map_or(0, |of| of.events);
    for (reader, figures) in readers.iter().zip(&measured) {
        let rows = spread(figures.iter().map(|one| one.per_second(stretch.rows)));
        let per_event = spread(figures.iter().map(|one| one.per_second(events)));
        let peak = figures.iter().map(|one| one.peak_kb).max().unwrap_or_default() / 1024;
        println!("    {:<22} {rows} rows/s   {per_event} events/s   peak {peak} MB", reader.name());
        if let (Reader::Source, Some(counted)) = (reader, figures.first()) {
            assert_eq!(counted.rows, if plan.is_watched { stretch.rows } else { 0 }, "rows read");
        }
    }
    for (name, other) in [("own decoding", Reader::Driver), ("bare transport", Reader::Transport)] {
        if let (Some(ours), Some(theirs)) = (of(Reader::Source), of(other)) {
            let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| {
                theirs.elapsed_ns.saturating_mul(100) / ours.elapsed_ns.max(1)
            });
            println!("    source / {name:<13} {} %", spread(ratios));
        }
    }
}

impl Figures {
    fn per_second(&self, count: u64) -> u64 {
        let per_second = u128::from(count) * 1_000_000_000 / u128::from(self.elapsed_ns.max(1));
        u64::try_from(per_second).unwrap_or(u64::MAX)
    }
}

/// The smallest, the middle and the largest.
fn spread(figures: impl Iterator<Item = u64>) -> String {
    let mut sorted: Vec<u64> = figures.collect();
    sorted.sort_unstable();
    let at = |place: usize| sorted.get(place).copied().unwrap_or_default();
    let (first, middle) = (at(0), at(sorted.len() / 2));
    format!("{first:>9} {middle:>9} {:>9}", sorted.last().copied().unwrap_or_default())
}
