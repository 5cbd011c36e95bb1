//! The last answers about each key, the newest ones only.

use jiff::Timestamp;

use crate::feed::{Digest, FeedKey};
use crate::ledger::ItemState;
use crate::store::batch::{Tree, WriteBatch};
use crate::store::codec::{Reader, Why, Writer, seal, unseal};
use crate::store::error::StoreError;
use crate::store::open::Store;
use crate::store::{keys, records};

/// Answers kept per key.
pub const HISTORY_MAX: usize = 10;
/// Longest message kept, in characters.
const MESSAGE_CHARS_MAX: usize = 300;

/// One answer about a key. Stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAnswer {
    /// When it was recorded.
    pub at: Timestamp,
    /// The digest of what was sent; `None` for a delete.
    pub digest: Option<Digest>,
    /// Where the key stood after it.
    pub state: ItemState,
    /// The HTTP status; 0 when there was none.
    pub code: u16,
    /// The service's or the transport's words; may be empty.
    pub message: String,
    /// `x-request-id`; empty when there was none.
    pub request_id: String,
}

impl Store {
    /// The last answers about a key, the oldest first.
    ///
    /// # Errors
    /// The store can't be read.
    pub fn history(&self, key: &FeedKey) -> Result<Vec<PastAnswer>, StoreError> {
        Ok(self.get(Tree::History, &keys::feed_key(key), decode)?.unwrap_or_default())
    }
}

impl WriteBatch {
    /// Adds an answer to those that are `known` of a key.
    pub fn history(&mut self, key: &FeedKey, mut known: Vec<PastAnswer>, answer: PastAnswer) {
        let message = answer.message.chars().take(MESSAGE_CHARS_MAX).collect();
        known.push(PastAnswer { message, ..answer });
        let gone = known.len().saturating_sub(HISTORY_MAX);
        known.drain(..gone);
        self.write(Tree::History, keys::feed_key(key), Some(encode(&known)));
    }
}

fn encode(answers: &[PastAnswer]) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(answers.len());
    for answer in answers {
        writer.signed(answer.at.as_millisecond());
        records::digest(&mut writer, answer.digest);
        writer.byte(records::state_code(answer.state)).number(u64::from(answer.code));
        writer.text(&answer.message).text(&answer.request_id);
    }
    seal(&writer.0)
}

fn decode(sealed: &[u8]) -> Result<Vec<PastAnswer>, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let count: usize = reader.number()?;
    let mut answers = Vec::new();
    for _ in 0..count {
        let at = Timestamp::from_millisecond(reader.signed()?);
        let at = at.map_err(|_lost| "an instant is out of range")?;
        let digest = records::parse_digest(&mut reader)?;
        let (state, code) = (records::parse_state(reader.byte()?)?, reader.number()?);
        let (message, request_id) = (reader.text()?, reader.text()?);
        answers.push(PastAnswer { at, digest, state, code, message, request_id });
    }
    reader.end()?;
    Ok(answers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(nth: u16) -> PastAnswer {
        PastAnswer {
            at: Timestamp::from_second(i64::from(nth)).unwrap(),
            digest: (!nth.is_multiple_of(3))
                .then_some(Digest([u8::try_from(nth % 250).unwrap(); 20])),
            state: ItemState::ALL[usize::from(nth % 5)],
            code: nth,
            message: "x".repeat(usize::from(nth) * 40),
            request_id: format!("r-{nth}"),
        }
    }

    #[test]
    fn history_is_read_back_and_keeps_the_newest_answers() {
        let mut known = Vec::new();
        for nth in 0..25 {
            let mut batch = WriteBatch::default();
            let key = FeedKey::new(crate::feed::Identity::PriceBook { id: "base".into() });
            batch.history(&key, known, answer(nth));
            let written = batch.writes.into_values().next().flatten().unwrap();
            known = decode(&written).unwrap();
        }
        assert_eq!(known.len(), HISTORY_MAX);
        let expected: Vec<u16> = (15..25).collect();
        assert_eq!(known.iter().map(|it| it.code).collect::<Vec<_>>(), expected);
        assert!(known.iter().all(|it| it.message.chars().count() == 300));
        assert_eq!(known[0].digest, answer(15).digest);
    }

    #[test]
    fn damaged_history_is_an_error() {
        let sealed = encode(&[answer(1), answer(2)]);
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(decode(&damaged).is_err(), "byte {at}");
        }
    }
}
