//! Owns the timetable of repeated attempts: when an entry that met a passing failure goes again.
//!
//! Pure: the attempt's number, the present and a random number go in, an instant comes out. Must
//! not know what failed.

use std::time::Duration;

use jiff::Timestamp;

/// The waits after the first attempts, in milliseconds, before the steady rhythm.
const FIRST_WAITS_MS: [u64; 7] = [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000];

/// The wait after every later attempt, in milliseconds.
const STEADY_WAIT_MS: u64 = 300_000;

/// When to try again after `attempts` failed attempts (at least 1).
///
/// One second, doubling to one minute, then every five minutes for ever; each wait is spread by
/// a quarter to both sides. `jitter_per_mille` (0..=999) places it within that spread.
pub fn next_attempt_at(attempts: u32, now: Timestamp, jitter_per_mille: u32) -> Timestamp {
    let nth = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait_ms = FIRST_WAITS_MS.get(nth).copied().unwrap_or(STEADY_WAIT_MS);
    let per_mille = 750 + u64::from(jitter_per_mille.min(999)) / 2;
    let wait = Duration::from_millis(wait_ms * per_mille / 1_000);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// No attempt that failed by `now` has to wait longer than until this instant.
pub fn latest_next_attempt(now: Timestamp) -> Timestamp {
    next_attempt_at(u32::MAX, now, 999)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait_ms(attempts: u32, jitter: u32) -> i64 {
        let now = Timestamp::UNIX_EPOCH;
        next_attempt_at(attempts, now, jitter).as_millisecond()
    }

    #[test]
    fn waits_double_to_a_minute_and_then_stay_at_five_minutes() {
        let waits: Vec<i64> = (1..=9).map(|n| wait_ms(n, 500)).collect();
        assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 300_000, 300_000]);
        assert_eq!(wait_ms(u32::MAX, 500), 300_000);
    }

    #[test]
    fn jitter_spreads_a_wait_by_a_quarter_to_both_sides() {
        assert_eq!((wait_ms(1, 0), wait_ms(1, 999)), (750, 1_249));
        assert_eq!(wait_ms(1, u32::MAX), 1_249);
    }

    #[test]
    fn no_attempt_waits_longer_than_the_latest() {
        let now = Timestamp::UNIX_EPOCH;
        for (attempts, jitter) in [(1, 0), (7, 999), (8, 999), (1_000, 0), (u32::MAX, 999)] {
            assert!(next_attempt_at(attempts, now, jitter) <= latest_next_attempt(now));
        }
    }

    #[test]
    fn the_end_of_time_is_not_passed() {
        assert_eq!(next_attempt_at(9, Timestamp::MAX, 0), Timestamp::MAX);
    }
}
