//! What is tidied up at night: tombstones that the service accepted long ago are forgotten.
//!
//! It happens at two o'clock local time, or at the next start after that was slept through, a page at
//! a time between other work. When it was last done is in the store.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::clock::since;
use crate::engine::EngineError;
use crate::feed::{Feed, FeedKey, FeedOwner};
use crate::ledger::{ItemState, LedgerRecord};
use crate::outbox::Outbox;
use crate::store::{Store, WriteBatch};

/// The hour at which it is done, local time.
const HOUR: i8 = 2;
/// How long an accepted tombstone is kept.
const KEPT: Duration = Duration::from_hours(7 * 24);
/// Ledger records that are looked at in one go.
const RECORDS_PER_PAGE: usize = 1000;

/// The next time to tidy up after `last`. On a day without that hour it is the hour after it.
pub(crate) fn next_after(last: Timestamp, zone: &TimeZone) -> Timestamp {
    let time = Time::constant(HOUR, 0, 0, 0);
    let on = |day: Date| zone.to_timestamp(day.to_datetime(time)).ok();
    let day = zone.to_datetime(last).date();
    let tomorrow = || on(day.tomorrow().ok()?);
    let a_day_later = || last.checked_add(SignedDuration::from_hours(24)).unwrap_or(Timestamp::MAX);
    on(day).filter(|at| *at > last).or_else(tomorrow).unwrap_or_else(a_day_later)
}

/// A walk over the ledger, a page at a time.
#[derive(Debug, Default)]
pub(crate) struct Nightly {
    /// Feed and key up to which this night's walk has come; `None`: none is under way.
    walked: Option<(Feed, Option<FeedKey>)>,
    forgotten: usize,
}

impl Nightly {
    /// Begins a walk when it is time, and takes it a page further. Whether there may be more to do now.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) fn step(
        &mut self,
        store: &Store,
        outbox: &Outbox,
        zone: &TimeZone,
        now: Timestamp,
    ) -> Result<bool, EngineError> {
        let Some((feed, after)) = self.walked.take() else {
            let last = store.tidied_at().map_err(EngineError::Store)?;
            // The first night of a store is the next one. One in the future is of a wrong clock.
            let is_due = last.filter(|last| *last <= now).map(|last| next_after(last, zone) <= now);
            if is_due == Some(true) {
                self.walked = Feed::ALL.first().map(|feed| (*feed, None));
                self.forgotten = 0;
            } else if is_due.is_none() {
                note(store, now)?;
            }
            return Ok(self.walked.is_some());
        };
        let page = store.ledger_page(feed, after.as_ref(), RECORDS_PER_PAGE);
        let page = page.map_err(EngineError::Store)?;
        let last = page.last().map(|(key, _)| key.clone());
        self.forgotten += forget(store, outbox, page, now)?;
        self.walked = match last {
            Some(last) => Some((feed, Some(last))),
            None => Feed::ALL.into_iter().skip_while(|it| *it != feed).nth(1).map(|it| (it, None)),
        };
        if self.walked.is_none() {
            note(store, now)?;
            tracing::info!(tombstones = self.forgotten, "tidied up; old tombstones are forgotten");
        }
        Ok(self.walked.is_some())
    }
}

fn note(store: &Store, now: Timestamp) -> Result<(), EngineError> {
    let mut batch = WriteBatch::default();
    batch.tidied_at(now);
    store.commit(batch).map_err(EngineError::Store)
}

/// Forgets what is old among these records, and about which nothing is to be decided.
fn forget(
    store: &Store,
    outbox: &Outbox,
    page: Vec<(FeedKey, LedgerRecord)>,
    now: Timestamp,
) -> Result<usize, EngineError> {
    let (mut batch, mut count) = (WriteBatch::default(), 0);
    for (key, record) in page {
        let is_old = record.state == ItemState::Deleted && since(now, record.last_at) >= KEPT;
        // What was tried since may have arrived.
        if !is_old || record.attempts > 0 || outbox.get(&key).is_some() {
            continue;
        }
        let dirty = store.dirty(key.feed, record.owner, 1).map_err(EngineError::Store)?;
        let owner = FeedOwner { feed: key.feed, id: record.owner };
        if dirty.first().is_none_or(|(first, _)| *first != owner) {
            batch.forget(&key, record.owner);
            count += 1;
        }
    }
    store.commit(batch).map_err(EngineError::Store)?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(last: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let next = next_after(last.parse().unwrap(), &zone);
        format!("{} {}", zone.to_datetime(next), zone.to_offset(next))
    }

    #[test]
    fn it_is_done_at_two_oclock_local_time() {
        let berlin = "Europe/Berlin";
        assert_eq!(next("2026-06-10T12:00:00Z", berlin), "2026-06-11T02:00:00 +02");
        assert_eq!(next("2026-06-10T23:30:00Z", berlin), "2026-06-11T02:00:00 +02");
        assert_eq!(next("2026-06-11T00:00:00Z", berlin), "2026-06-12T02:00:00 +02");
    }

    #[test]
    fn days_without_that_hour_and_with_two_of_them_have_it_once() {
        let berlin = "Europe/Berlin";
        let spring = next("2026-03-28T12:00:00Z", berlin);
        assert_eq!(spring, "2026-03-29T03:00:00 +02");
        let autumn = next("2026-10-24T12:00:00Z", berlin);
        assert_eq!(autumn, "2026-10-25T02:00:00 +02");
        assert_eq!(next("2026-10-25T00:00:00Z", berlin), "2026-10-26T02:00:00 +01");
        assert_eq!(next("2026-03-29T01:00:00Z", berlin), "2026-03-30T02:00:00 +02");
    }
}
