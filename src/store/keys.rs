//! Keys: big-endian and order-preserving, so that a tree is walked in the order of its words.

use jiff::Timestamp;

use crate::catalog::{Owner, Reference};
use crate::feed::{Feed, FeedKey, FeedOwner};
use crate::position::Xid;
use crate::store::batch::PREPARED;

pub(crate) fn owner(owner: Owner) -> [u8; 5] {
    let [a, b, c, d] = owner.id().to_be_bytes();
    [owner.kind(), a, b, c, d]
}

pub(crate) fn reference(reference: Reference) -> [u8; 5] {
    let [a, b, c, d] = reference.id().to_be_bytes();
    [reference.kind(), a, b, c, d]
}

pub(crate) fn reference_entry(from: Reference, product: u32) -> [u8; 9] {
    let mut key = [0; 9];
    let parts = reference(from).into_iter().chain(product.to_be_bytes());
    for (place, byte) in key.iter_mut().zip(parts) {
        *place = byte;
    }
    key
}

pub(crate) fn feed_owner(owner: FeedOwner) -> [u8; 5] {
    let [a, b, c, d] = owner.id.to_be_bytes();
    [owner.feed.code(), a, b, c, d]
}

/// The instant's Unix second, then the feed owner. Instants before 1970 are as due as 1970.
pub(crate) fn timer(at: Timestamp, owner: FeedOwner) -> [u8; 13] {
    let mut key = [0; 13];
    let second = u64::try_from(at.as_second()).unwrap_or(0);
    let parts = second.to_be_bytes().into_iter().chain(feed_owner(owner));
    for (place, byte) in key.iter_mut().zip(parts) {
        *place = byte;
    }
    key
}

pub(crate) fn parse_timer(key: &[u8]) -> Option<(Timestamp, FeedOwner)> {
    let (second, owner) = key.split_first_chunk::<8>()?;
    let second = i64::try_from(u64::from_be_bytes(*second)).ok()?;
    Some((Timestamp::from_second(second).ok()?, parse_feed_owner(owner)?))
}

/// A feed key, then the owner that claims it.
pub(crate) fn claim(key: &FeedKey, owner: u32) -> Vec<u8> {
    [&feed_key(key)[..], &owner.to_be_bytes()].concat()
}

pub(crate) fn parse_feed_owner(key: &[u8]) -> Option<FeedOwner> {
    let (code, id) = key.split_first()?;
    let id = u32::from_be_bytes(id.try_into().ok()?);
    Some(FeedOwner { feed: Feed::from_code(*code)?, id })
}

/// Where a prepared transaction's changes are kept.
pub(crate) fn prepared(xid: &Xid) -> Vec<u8> {
    let mut key = PREPARED.to_vec();
    key.extend(xid.format.to_be_bytes());
    // At most 64 bytes, says the protocol.
    key.push(u8::try_from(xid.global.len()).unwrap_or(u8::MAX));
    key.extend(&xid.global);
    key.extend(&xid.branch);
    key
}

/// The last four bytes as an id: the owner's, or the referring product's.
pub(crate) fn last_id(key: &[u8]) -> Option<u32> {
    key.last_chunk::<4>().map(|id| u32::from_be_bytes(*id))
}

/// Feed code, then each part followed by `00 01`; a zero byte within a part becomes `00 ff`.
pub(crate) fn feed_key(key: &FeedKey) -> Vec<u8> {
    parts(key.feed, key.parts())
}

/// What the keys of a feed begin with that have these parts first.
pub(crate) fn parts(feed: Feed, parts: &[String]) -> Vec<u8> {
    let mut bytes = vec![feed.code()];
    for part in parts {
        push_part(&mut bytes, part);
    }
    bytes
}

/// How the keys of a feed begin whose first part is this.
pub(crate) fn first_part(feed: Feed, part: &str) -> Vec<u8> {
    let mut bytes = vec![feed.code()];
    push_part(&mut bytes, part);
    bytes
}

fn push_part(bytes: &mut Vec<u8>, part: &str) {
    for byte in part.bytes() {
        bytes.push(byte);
        if byte == 0 {
            bytes.push(0xff);
        }
    }
    bytes.extend([0, 1]);
}

pub(crate) fn parse_feed_key(bytes: &[u8]) -> Option<FeedKey> {
    let (code, mut rest) = bytes.split_first()?;
    let mut parts = Vec::new();
    let mut part = Vec::new();
    while let Some((byte, tail)) = rest.split_first() {
        rest = tail;
        if *byte != 0 {
            part.push(*byte);
            continue;
        }
        let (mark, tail) = rest.split_first()?;
        rest = tail;
        match mark {
            0xff => part.push(0),
            1 => parts.push(String::from_utf8(std::mem::take(&mut part)).ok()?),
            _ => return None,
        }
    }
    if !part.is_empty() {
        return None;
    }
    FeedKey::from_parts(Feed::from_code(*code)?, parts)
}

/// An entry of the index owner → keys.
pub(crate) fn owned_key(owner: FeedOwner, key: &FeedKey) -> Vec<u8> {
    let mut bytes = feed_owner(owner).to_vec();
    bytes.extend(feed_key(key));
    bytes
}
