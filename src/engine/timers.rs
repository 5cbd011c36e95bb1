//! Timers: owners whose items change at an instant, though no row does.
//!
//! Whatever assembles an owner learns until when the result holds, and a timer for that instant is
//! stored with it. A timer that has rung makes the owner dirty; what was slept through rings at
//! once. The clock may be set back: nothing is assembled for an earlier instant than before, unless
//! the clock was plainly wrong, and then everything is assembled again.

use std::time::Duration;

use jiff::Timestamp;

use crate::clock::since;
use crate::engine::EngineError;
use crate::engine::absorb::mark_everything;
use crate::ledger::Cause;
use crate::store::{DirtyMark, Store, WriteBatch};

/// Timers that ring in one commit.
const TIMERS_PER_COMMIT: usize = 1000;
/// A clock that was set back by no more than this is waited for.
const SET_BACK_MAX: Duration = Duration::from_hours(1);

/// The table that a timer's cause names: none was written.
const CAUSE: &str = "(time)";

/// The instant to assemble for: `now`, or the latest there was if the clock was set back a little.
/// If it was set back further, everything becomes dirty.
///
/// # Errors
/// The store failed.
pub(crate) fn assembly_instant(store: &Store, now: Timestamp) -> Result<Timestamp, EngineError> {
    let latest = store.assembled_for().map_err(EngineError::Store)?;
    let Some(latest) = latest.filter(|latest| *latest > now) else { return Ok(now) };
    if since(latest, now) <= SET_BACK_MAX {
        return Ok(latest);
    }
    tracing::warn!(%latest, %now, "the clock was set back: everything is assembled again");
    let mut batch = WriteBatch::default();
    batch.assembled_for(now);
    mark_everything(store, &mut batch);
    store.commit(batch).map_err(EngineError::Store)?;
    Ok(now)
}

/// Makes the owners dirty whose timers have rung by `now`. Whether there were any.
///
/// # Errors
/// The store failed.
pub(crate) fn ring(store: &Store, now: Timestamp) -> Result<bool, EngineError> {
    let mut has_rung = false;
    loop {
        let mut timers = store.timers(TIMERS_PER_COMMIT).map_err(EngineError::Store)?;
        timers.retain(|(at, _)| *at <= now);
        if timers.is_empty() {
            return Ok(has_rung);
        }
        let mut batch = WriteBatch::default();
        for (at, owner) in timers {
            let cause = Cause {
                table: CAUSE.to_owned(),
                key: String::new(),
                position: String::new(),
                committed_at_s: at.as_second(),
            };
            batch.mark_dirty(owner, &DirtyMark { sequence: store.next_sequence(), cause });
            batch.timer_rang(at, owner);
        }
        store.commit(batch).map_err(EngineError::Store)?;
        has_rung = true;
    }
}

/// When the next timer rings.
///
/// # Errors
/// The store failed.
pub(crate) fn next(store: &Store) -> Result<Option<Timestamp>, EngineError> {
    let timers = store.timers(1).map_err(EngineError::Store)?;
    Ok(timers.first().map(|(at, _)| *at))
}
