//! The delivering steps over a real store, against a service that is a map: one by one, and at
//! random with crashes in between; what a new leader of a pair believes; the loop's naps; settings that change; and the whole loop against the sandbox.

mod categories;
mod naps;
mod pair;
mod random;
mod sandboxed;
mod settings;
mod steps;
mod timers;
mod world;
