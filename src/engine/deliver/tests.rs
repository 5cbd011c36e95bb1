//! The delivering steps over a real store, against a service that is a map: one by one, and at
//! random with crashes in between; and the whole loop against the sandbox.

mod random;
mod sandboxed;
mod steps;
mod world;
