//! The delivering steps over a real store, against a service that is a map: one by one, and at
//! random with crashes in between; the pure parts against a model; what a first sync and a live change
//! may take; what a new leader of a pair believes; the loop's naps; settings that change; what a
//! person asks for; and the whole loop against the sandbox.

mod categories;
mod first_sync;
mod hostile;
mod model;
mod naps;
mod pair;
mod pair_random;
mod power;
mod price_books;
mod random;
mod records;
mod resyncs;
mod sandboxed;
mod settings;
mod shut_out;
mod steps;
mod timers;
mod turns;
mod world;
