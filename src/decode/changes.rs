//! The row changes of one transaction, which may be millions.

use std::fmt;

use crate::decode::RowChange;
use crate::decode::codec::{Reader, Why, Writer};

/// So many changes wait as they are; then they are packed, to a twentieth of their size or less.
const UNPACKED_MAX: usize = 20_000;

/// Row changes in the order of the binlog. Where there are many, all but the last are packed, so that a
/// transaction of millions of rows fits into memory until it is committed.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Changes {
    packed: Vec<Pack>,
    last: Vec<RowChange>,
}

#[derive(Clone, PartialEq, Eq)]
struct Pack {
    count: usize,
    size: usize,
    bytes: Vec<u8>,
}

impl Changes {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.packed_count() + self.last.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty() && self.last.is_empty()
    }

    /// Adds changes behind the others.
    pub(crate) fn append(&mut self, changes: &mut Vec<RowChange>) {
        self.last.append(changes);
        if self.last.len() >= UNPACKED_MAX
            && let Some(pack) = Pack::of(&self.last)
        {
            self.packed.push(pack);
            self.last.clear();
        }
    }

    /// Takes out all but the first `count`, part by part, the last part first.
    pub(crate) fn cut(&mut self, count: usize, mut each: impl FnMut(RowChange)) {
        while self.packed_count() > count
            && let Some(pack) = self.packed.pop()
        {
            self.last.drain(..).for_each(&mut each);
            self.last = pack.unpacked();
        }
        let kept = count.saturating_sub(self.packed_count()).min(self.last.len());
        self.last.drain(kept..).for_each(each);
    }

    fn packed_count(&self) -> usize {
        self.packed.iter().map(|pack| pack.count).sum()
    }
}

impl Pack {
    /// `None` when nothing is gained.
    fn of(changes: &[RowChange]) -> Option<Self> {
        let mut writer = Writer::default();
        for change in changes {
            writer.change(change);
        }
        let bytes = zstd::bulk::compress(&writer.0, 1).ok()?;
        Some(Self { count: changes.len(), size: writer.0.len(), bytes })
    }

    #[expect(clippy::expect_used, reason = "these very bytes were packed by this process")]
    fn unpacked(&self) -> Vec<RowChange> {
        self.try_unpacked().expect("what was packed unpacks")
    }

    fn try_unpacked(&self) -> Result<Vec<RowChange>, Why> {
        let bytes = zstd::bulk::decompress(&self.bytes, self.size);
        let bytes = bytes.map_err(|_lost| "it does not inflate")?;
        let mut reader = Reader(&bytes);
        (0..self.count).map(|_| reader.change()).collect()
    }
}

impl From<Vec<RowChange>> for Changes {
    fn from(mut changes: Vec<RowChange>) -> Self {
        let mut all = Self::default();
        all.append(&mut changes);
        all
    }
}

impl IntoIterator for Changes {
    type Item = RowChange;
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter {
            packed: self.packed.into_iter(),
            last: Some(self.last),
            part: Vec::new().into_iter(),
        }
    }
}

/// The changes one by one; what is packed is unpacked part by part.
pub struct IntoIter {
    packed: std::vec::IntoIter<Pack>,
    last: Option<Vec<RowChange>>,
    part: std::vec::IntoIter<RowChange>,
}

impl Iterator for IntoIter {
    type Item = RowChange;

    fn next(&mut self) -> Option<RowChange> {
        loop {
            if let Some(change) = self.part.next() {
                return Some(change);
            }
            self.part = match self.packed.next() {
                Some(pack) => pack.unpacked().into_iter(),
                None => self.last.take()?.into_iter(),
            };
        }
    }
}

impl fmt::Debug for Changes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_list().entries(self.clone()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{TableId, Value};

    fn changes(numbers: std::ops::Range<usize>) -> Vec<RowChange> {
        let id = |number: usize| Value::Int(number.try_into().unwrap());
        let change = |number: usize| RowChange {
            table: TableId(3),
            before: number.is_multiple_of(3).then(|| vec![id(number), Value::Null]),
            after: Some(vec![Value::Text(format!("text {number}")), Value::Decimal(7.into())]),
            cascades: number.is_multiple_of(2),
        };
        numbers.map(change).collect()
    }

    fn all(count: usize) -> Changes {
        let mut all = Changes::default();
        for start in (0..count).step_by(1000) {
            all.append(&mut changes(start..(start + 1000).min(count)));
        }
        all
    }

    #[test]
    fn many_changes_come_out_as_they_went_in_and_take_little_room_meanwhile() {
        let many = all(110_000);
        assert_eq!(many.len(), 110_000);
        assert!(many.packed.len() == 5 && many.last.len() < UNPACKED_MAX);
        let packed: usize = many.packed.iter().map(|pack| pack.bytes.len()).sum();
        assert!(packed < 1_500_000, "{packed} bytes");
        assert!(many.into_iter().eq(changes(0..110_000)));
    }

    #[test]
    fn changes_are_cut_within_packed_parts_too() {
        for kept in [0, 1, 19_999, 20_000, 20_001, 40_000, 55_000, 60_000] {
            let mut some = all(60_000);
            let mut gone = 0;
            some.cut(kept, |_| gone += 1);
            assert_eq!((some.len(), gone), (kept, 60_000 - kept));
            assert!(some.into_iter().eq(changes(0..kept)), "{kept}");
        }
    }
}
