//! The delivering steps over a real store, against a service that is a map: one by one, and at
//! random with crashes in between; the loop's naps; settings that change; what a person asks for; and the whole loop against the sandbox.

mod categories;
mod naps;
mod random;
mod resyncs;
mod sandboxed;
mod settings;
mod steps;
mod timers;
mod world;
