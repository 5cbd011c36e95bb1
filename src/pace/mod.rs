//! Owns the licence's budgets: requests per second, items per minute, items per day.
//!
//! The deliver loop asks for [`Pace::room`] before it picks a batch and calls [`Pace::take`] when
//! the batch leaves. [`PaceState`] goes into the store with each settlement, so that a restart
//! does not refill a budget.
//!
//! `estimate` tells beforehand how long a full sync takes under the budgets, `licence` where they
//! can't be a licence's.
//!
//! Pure: the present is handed in. Must not know who sends what, nor why.

mod estimate;
mod governed;
mod licence;

use std::num::NonZeroU32;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::feed::Feed;
pub use estimate::{Bound, Estimate, FeedEstimate, estimate};
use governed::Governed;
pub use licence::{Doubt, LicenceUse, doubts_of_limits, doubts_of_use};

/// How long an item counts against its minute, in milliseconds. A little over a minute: a request
/// may take longer on its way than the one a minute later, and the service counts arrivals.
const WINDOW_MS: i64 = 60_250;

/// [`WINDOW_MS`] as a duration.
const WINDOW: Duration = Duration::from_millis(60_250);

/// How late a batch may leave without delaying the next one.
const LATE_MAX: Duration = Duration::from_millis(750);

/// The longest that the service can have delivery pause.
const PAUSE_MAX: Duration = Duration::from_hours(1);

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// The part of the day's products that a mass load leaves for changes: one in so many.
const DAY_RESERVE_DIVISOR: u32 = 20;

/// The shortest wait that is told.
const TICK: SignedDuration = SignedDuration::from_millis(1);

/// Items sent this long before midnight count for the next day too, in milliseconds.
const MIDNIGHT_MARGIN_MS: i64 = 2_000;

/// Below this request interval sends are noted in steps of [`COARSE_STEP_MS`], which bounds the
/// state to about 600 sends per family.
const FINE_INTERVAL: Duration = Duration::from_millis(100);

/// The step of a coarse note, in milliseconds.
const COARSE_STEP_MS: i64 = 100;

/// What the licence admits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The time between two requests; zero: no limit.
    pub request_interval: Duration,
    /// Products per minute, deletes included; at least 1.
    pub products_per_minute: u32,
    /// Products per UTC day, deletes included.
    pub products_per_day: u32,
    /// Prices per minute, deletes included; at least 1.
    pub prices_per_minute: u32,
}

/// Which item budget a send counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Products per minute and per day.
    Products,
    /// Prices per minute.
    Prices,
    /// None: the send costs one request only.
    RequestOnly,
}

impl Family {
    /// The family of a feed.
    pub const fn of(feed: Feed) -> Self {
        match feed {
            Feed::Products => Self::Products,
            Feed::Prices => Self::Prices,
            Feed::ProductAttributes
            | Feed::CategoryAttributes
            | Feed::Categories
            | Feed::PriceBooks => Self::RequestOnly,
        }
    }

    /// The family's number in the stored state: never change one.
    pub const fn code(self) -> u8 {
        match self {
            Self::Products => 1,
            Self::Prices => 2,
            Self::RequestOnly => 3,
        }
    }

    /// The family with this number.
    pub const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Products),
            2 => Some(Self::Prices),
            3 => Some(Self::RequestOnly),
            _ => None,
        }
    }
}

/// Items that left within the last minute. Stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecentSend {
    /// When, in Unix milliseconds.
    pub at_ms: i64,
    /// The budget they count against.
    pub family: Family,
    /// How many items.
    pub items: u32,
}

/// What was used of the budgets. Stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PaceState {
    /// The sends of the last minute, oldest first.
    pub sends: Vec<RecentSend>,
    /// The UTC day, in days since 1970-01-01.
    pub day: i64,
    /// Products sent on that day.
    pub products_sent: u32,
    /// The service wants to be left alone until then.
    pub closed_until: Option<Timestamp>,
}

/// How the minute's items may be spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spending {
    /// Up to half of them at once: for a change that somebody waits for.
    Burst,
    /// Spread over the minute: for a mass load, so that a change that comes up meanwhile finds room.
    Steady,
}

/// What the budgets admit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// One request with up to this many items, at least 1.
    Items(usize),
    /// Nothing before this instant; ask again then.
    Until(Timestamp),
}

/// The budgets and their use.
#[derive(Debug)]
pub struct Pace {
    limits: Limits,
    state: PaceState,
    seen: Timestamp,
    requests: Option<Governed>,
    products: Minute,
    prices: Minute,
}

impl Pace {
    /// The budgets with what was used of them before.
    pub fn new(limits: Limits, state: PaceState, now: Timestamp) -> Self {
        let last_ms = state.sends.iter().map(|send| send.at_ms).max();
        let last = last_ms.and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
        let last = last.map(|last| last.min(now));
        let mut requests =
            Governed::new(limits.request_interval, NonZeroU32::MIN, last.unwrap_or(now));
        if let (Some(requests), Some(last)) = (&mut requests, last) {
            requests.charge(NonZeroU32::MIN, last);
        }
        let products = Minute::new(Feed::Products, limits.products_per_minute, now);
        let prices = Minute::new(Feed::Prices, limits.prices_per_minute, now);
        Self { limits, state, seen: now, requests, products, prices }
    }

    /// What the budgets admit for a feed now.
    ///
    /// A burst may use all that is left while at most half of the minute's items are used. Beyond
    /// that, and for steady spending from the start, batches are spread over the minute: the next full
    /// batch is admitted when it is due and fits, so that a change that comes up during a mass load
    /// waits for seconds, not for the rest of the minute, and no request is wasted on a few items. A
    /// smaller batch may go whenever a full one might.
    pub fn room(&mut self, feed: Feed, spending: Spending, now: Timestamp) -> Room {
        self.advance(now);
        if let Some(until) = self.state.closed_until {
            return Room::Until(until);
        }
        let requests = self.requests.as_mut().and_then(|it| it.free_at(NonZeroU32::MIN, now));
        let items = match Family::of(feed) {
            Family::Products => {
                let day = self.day_room(spending, now);
                earlier(day, self.products.room(&self.state.sends, spending, now))
            }
            Family::Prices => self.prices.room(&self.state.sends, spending, now),
            Family::RequestOnly => Room::Items(feed.batch_items_max()),
        };
        requests.map_or(items, |at| earlier(Room::Until(at), items))
    }

    /// Notes that a request with `items` items of a feed leaves.
    pub fn take(&mut self, feed: Feed, items: usize, now: Timestamp) {
        self.advance(now);
        let family = Family::of(feed);
        let items = u32::try_from(items).unwrap_or(u32::MAX);
        if let Some(requests) = &mut self.requests {
            requests.charge(NonZeroU32::MIN, now);
        }
        match family {
            Family::Products => {
                self.products.charge(items, now);
                self.state.products_sent = self.state.products_sent.saturating_add(items);
            }
            Family::Prices => self.prices.charge(items, now),
            Family::RequestOnly => {}
        }
        self.note(family, items, now);
    }

    /// Closes every budget until an instant; a later one that was given before stays.
    pub fn close_until(&mut self, until: Timestamp) {
        self.state.closed_until = self.state.closed_until.max(Some(until));
    }

    /// What was used, to be stored.
    pub fn state(&self) -> &PaceState {
        &self.state
    }

    fn note(&mut self, family: Family, items: u32, now: Timestamp) {
        let is_fine = self.limits.request_interval >= FINE_INTERVAL;
        let step_ms = if is_fine { 1 } else { COARSE_STEP_MS };
        // Rounded up, so that no item is forgotten before its minute is over.
        let at_ms = (now.as_millisecond().div_euclid(step_ms) + 1) * step_ms;
        let same = self
            .state
            .sends
            .iter_mut()
            .rev()
            .take_while(|send| send.at_ms == at_ms)
            .find(|send| send.family == family);
        match same {
            Some(send) => send.items = send.items.saturating_add(items),
            None => self.state.sends.push(RecentSend { at_ms, family, items }),
        }
    }

    /// Forgets what no longer counts.
    fn advance(&mut self, now: Timestamp) {
        if now < self.seen {
            // The clock was set back: nothing may be noted in the future, or it would count for
            // longer than its minute.
            for send in &mut self.state.sends {
                send.at_ms = send.at_ms.min(now.as_millisecond());
            }
            *self = Self::new(self.limits.clone(), std::mem::take(&mut self.state), now);
        }
        self.seen = now;
        let now_ms = now.as_millisecond();
        let today = now_ms.div_euclid(DAY_MS);
        if today > self.state.day {
            let from_ms = today * DAY_MS - MIDNIGHT_MARGIN_MS;
            self.state.products_sent = self
                .state
                .sends
                .iter()
                .filter(|send| send.family == Family::Products && send.at_ms >= from_ms)
                .fold(0, |sum, send| sum.saturating_add(send.items));
            self.state.day = today;
        } else if today < self.state.day - 1 {
            self.state.day = today;
        }
        self.state.sends.retain(|send| send.at_ms + WINDOW_MS > now_ms);
        // A pause beyond the longest was given before the clock was set back.
        let latest = now.checked_add(PAUSE_MAX).unwrap_or(Timestamp::MAX);
        let closed_until = self.state.closed_until.filter(|until| *until > now);
        self.state.closed_until = closed_until.map(|until| until.min(latest));
    }

    /// What is left of the day's products. Steady spending leaves some for changes that come up later in
    /// the day: the less, the less is left of the day, so that by midnight all may be used.
    fn day_room(&self, spending: Spending, now: Timestamp) -> Room {
        let ends_ms = (self.state.day + 1) * DAY_MS;
        let left = self.limits.products_per_day.saturating_sub(self.state.products_sent);
        let reserve = u64::from(self.limits.products_per_day / DAY_RESERVE_DIVISOR);
        if left == 0 {
            return Room::Until(from_ms(ends_ms));
        }
        if spending == Spending::Burst || reserve == 0 {
            return Room::Items(count(left));
        }
        let day_ms = DAY_MS.unsigned_abs();
        let rest_ms = u64::try_from(ends_ms - now.as_millisecond()).unwrap_or(0).min(day_ms);
        let kept = u32::try_from(reserve * rest_ms / day_ms).unwrap_or(u32::MAX);
        let least = self.products.full.get().min(left);
        match left.saturating_sub(kept) {
            free if free >= least => Room::Items(count(free)),
            _ => {
                // When so little is kept that a full batch is free.
                let rest_ms = u64::from(left - least) * day_ms / reserve;
                Room::Until(from_ms(ends_ms - i64::try_from(rest_ms).unwrap_or(0)).max(now + TICK))
            }
        }
    }
}

/// The items-per-minute budget of one family.
#[derive(Debug)]
struct Minute {
    family: Family,
    items_max: u32,
    /// The size of a full batch: as near to the feed's as divides the minute's items well.
    full: NonZeroU32,
    spread: Option<Governed>,
}

impl Minute {
    fn new(feed: Feed, items_max: u32, now: Timestamp) -> Self {
        let items_max = items_max.max(1);
        let batch_max = u32::try_from(feed.batch_items_max()).unwrap_or(u32::MAX);
        let slots_min = items_max.div_ceil(batch_max).max(10);
        let slots = (slots_min..=slots_min.saturating_mul(2))
            .min_by_key(|slots| items_max % (items_max / slots).max(1))
            .unwrap_or(slots_min);
        let full = NonZeroU32::new(items_max / slots).unwrap_or(NonZeroU32::MIN);
        let interval = WINDOW / items_max;
        // A batch that leaves a little late does not delay the next one. More would be used up at the
        // start of a load, and missing at the end of its first minute.
        let late = LATE_MAX.as_nanos() / interval.as_nanos().max(1);
        let late = u32::try_from(late).unwrap_or(u32::MAX).min(full.get().div_ceil(2));
        let spread = Governed::new(interval, full.saturating_add(late), now);
        Self { family: Family::of(feed), items_max, full, spread }
    }

    fn room(&mut self, sends: &[RecentSend], spending: Spending, now: Timestamp) -> Room {
        let mine = || sends.iter().filter(|send| send.family == self.family);
        let used = mine().fold(0, |sum: u32, send| sum.saturating_add(send.items));
        let mut free = self.items_max.saturating_sub(used);
        let full = self.full.get();
        let is_half_free = used.saturating_add(full) <= self.items_max / 2;
        if spending == Spending::Burst && is_half_free {
            return Room::Items(count(free));
        }
        // A few items for a request of a mass load would waste it; a change goes with what there is.
        let least = if spending == Spending::Burst { 1 } else { full };
        let mut fits_at = None;
        for send in mine() {
            if free >= least {
                break;
            }
            free = free.saturating_add(send.items);
            fits_at = Some(from_ms(send.at_ms + WINDOW_MS));
        }
        let due_at = self.spread.as_mut().and_then(|spread| spread.free_at(self.full, now));
        fits_at.max(due_at).map_or(Room::Items(count(full.min(free))), Room::Until)
    }

    fn charge(&mut self, items: u32, now: Timestamp) {
        if let (Some(spread), Some(items)) = (&mut self.spread, NonZeroU32::new(items)) {
            spread.charge(items, now);
        }
    }
}

/// What two budgets admit together.
fn earlier(one: Room, other: Room) -> Room {
    match (one, other) {
        (Room::Items(one), Room::Items(other)) => Room::Items(one.min(other)),
        (Room::Until(one), Room::Until(other)) => Room::Until(one.max(other)),
        (Room::Until(until), Room::Items(_)) | (Room::Items(_), Room::Until(until)) => {
            Room::Until(until)
        }
    }
}

fn from_ms(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).unwrap_or(Timestamp::MAX)
}

fn count(items: u32) -> usize {
    usize::try_from(items).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
