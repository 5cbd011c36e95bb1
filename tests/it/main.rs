//! The one integration test binary: tests of the whole program, of its rooms together, and of the house.
//!
//! `servers` gives a test a private database on MariaDB and MySQL, `fault_proxy` breaks the connections
//! to it, `program` runs the built binary, `shop` puts a shop, the program and a stand-in for the
//! service together.
//! Run everything with `tests/run`; one test with `cargo nextest run NAME`.

#![expect(clippy::expect_used, reason = "a test reports what it did not expect by panicking")]
#![expect(clippy::panic, reason = "a test reports what it did not expect by panicking")]
#![expect(clippy::print_stderr, reason = "the test runner captures it and shows it on failure")]

mod architecture;
mod commands;
mod copy;
mod dba_live;
mod delivery_live;
mod demo;
mod documents;
mod editions;
mod estimate_live;
mod events_live;
mod explain;
mod fault_proxy;
mod followed;
mod generator_live;
mod identity_live;
mod init;
mod interruptions;
mod interruptions_account_live;
mod interruptions_live;
mod interruptions_lost_live;
mod interruptions_snapshot_live;
mod kill_live;
mod matrix_live;
mod pair_live;
mod preflight_live;
mod program;
mod random;
mod reconcile_live;
mod recordings;
mod refusals;
mod replay;
mod resync;
mod resync_live;
mod secrets_live;
mod servers;
mod shop;
mod snapshot_live;
mod source_live;
mod stream_live;
mod unwatched_live;
mod values_live;
