//! The stored forms of ledger records, outbox entries, dirty marks, ranges and budgets.

use jiff::Timestamp;

use crate::feed::{Digest, FeedKey};
use crate::ledger::{Cause, ItemState, LedgerRecord};
use crate::outbox::{Intent, Lane, OutboxEntry};
use crate::pace::{Family, PaceState, RecentSend};
use crate::store::batch::DirtyMark;
use crate::store::codec::{Reader, Why, Writer, seal, unseal};
use crate::store::read::Range;

pub(crate) fn encode_ledger(record: &LedgerRecord) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(record.owner).byte(state_code(record.state));
    digest(&mut writer, record.accepted);
    digest(&mut writer, record.refused);
    writer.number(record.code).text(&record.message).text(&record.request_id);
    writer.number(record.attempts);
    instant(&mut writer, record.first_at);
    instant(&mut writer, record.last_at);
    cause(&mut writer, &record.cause);
    seal(&writer.0)
}

pub(crate) fn decode_ledger(sealed: &[u8]) -> Result<LedgerRecord, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let record = LedgerRecord {
        owner: reader.number()?,
        state: parse_state(reader.byte()?)?,
        accepted: parse_digest(&mut reader)?,
        refused: parse_digest(&mut reader)?,
        code: reader.number()?,
        message: reader.text()?,
        request_id: reader.text()?,
        attempts: reader.number()?,
        first_at: parse_instant(&mut reader)?,
        last_at: parse_instant(&mut reader)?,
        cause: parse_cause(&mut reader)?,
    };
    reader.end()?;
    Ok(record)
}

pub(crate) fn encode_outbox(entry: &OutboxEntry) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(entry.owner);
    match entry.intent {
        Intent::Replace(replaced_by) => digest(&mut writer, Some(replaced_by)),
        Intent::Delete => digest(&mut writer, None),
    }
    writer.byte(lane_code(entry.lane)).byte(u8::from(entry.is_first)).number(entry.sequence);
    writer.number(entry.attempts);
    match entry.not_before {
        Some(at) => instant(writer.byte(1), at),
        None => drop(writer.byte(0)),
    }
    writer.number(entry.suspect_group);
    cause(&mut writer, &entry.cause);
    seal(&writer.0)
}

pub(crate) fn decode_outbox(key: FeedKey, sealed: &[u8]) -> Result<OutboxEntry, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let owner = reader.number()?;
    let intent = parse_digest(&mut reader)?.map_or(Intent::Delete, Intent::Replace);
    let lane = parse_lane(reader.byte()?)?;
    let is_first = reader.byte()? == 1;
    let sequence = reader.number()?;
    let attempts = reader.number()?;
    let not_before = match reader.byte()? {
        0 => None,
        _ => Some(parse_instant(&mut reader)?),
    };
    let suspect_group = reader.number()?;
    let cause = parse_cause(&mut reader)?;
    reader.end()?;
    Ok(OutboxEntry {
        key,
        owner,
        intent,
        lane,
        is_first,
        sequence,
        attempts,
        not_before,
        suspect_group,
        cause,
    })
}

pub(crate) fn encode_dirty(mark: &DirtyMark) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(mark.sequence);
    cause(&mut writer, &mark.cause);
    seal(&writer.0)
}

pub(crate) fn decode_dirty(sealed: &[u8]) -> Result<DirtyMark, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let mark = DirtyMark { sequence: reader.number()?, cause: parse_cause(&mut reader)? };
    reader.end()?;
    Ok(mark)
}

pub(crate) fn encode_range(range: &Range) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.number(range.sequence);
    optional(&mut writer, range.after.map(u64::from));
    cause(&mut writer, &range.cause);
    seal(&writer.0)
}

pub(crate) fn decode_range(sealed: &[u8]) -> Result<Range, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let sequence = reader.number()?;
    let after = parse_optional(&mut reader)?;
    let after = after.map(u32::try_from).transpose().map_err(|_lost| "a cursor is too large")?;
    let range = Range { sequence, after, cause: parse_cause(&mut reader)? };
    reader.end()?;
    Ok(range)
}

pub(crate) fn encode_pace(state: &PaceState) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.length(state.sends.len());
    for send in &state.sends {
        writer.signed(send.at_ms).byte(send.family.code()).number(send.items);
    }
    writer.signed(state.day).number(state.products_sent);
    match state.closed_until {
        Some(until) => instant(writer.byte(1), until),
        None => drop(writer.byte(0)),
    }
    seal(&writer.0)
}

pub(crate) fn decode_pace(sealed: &[u8]) -> Result<PaceState, Why> {
    let payload = unseal(sealed)?;
    let mut reader = Reader(&payload);
    let send_count: usize = reader.number()?;
    let mut state = PaceState::default();
    for _ in 0..send_count {
        let at_ms = reader.signed()?;
        let family = Family::from_code(reader.byte()?).ok_or("a family is unknown")?;
        state.sends.push(RecentSend { at_ms, family, items: reader.number()? });
    }
    state.day = reader.signed()?;
    state.products_sent = reader.number()?;
    if reader.byte()? != 0 {
        state.closed_until = Some(parse_instant(&mut reader)?);
    }
    reader.end()?;
    Ok(state)
}

pub(crate) fn encode_assembly(fingerprint: Digest) -> Vec<u8> {
    seal(&fingerprint.0)
}

pub(crate) fn decode_assembly(sealed: &[u8]) -> Result<Digest, Why> {
    let digest = <[u8; 20]>::try_from(unseal(sealed)?.as_slice());
    digest.map(Digest).map_err(|_lost| "it is no digest")
}

pub(crate) fn digest(writer: &mut Writer, digest: Option<Digest>) {
    match digest {
        Some(digest) => writer.byte(1).0.extend_from_slice(&digest.0),
        None => drop(writer.byte(0)),
    }
}

pub(crate) fn parse_digest(reader: &mut Reader<'_>) -> Result<Option<Digest>, Why> {
    if reader.byte()? == 0 {
        return Ok(None);
    }
    let (digest, rest) = reader.0.split_first_chunk::<20>().ok_or("it ends too early")?;
    reader.0 = rest;
    Ok(Some(Digest(*digest)))
}

pub(crate) fn optional(writer: &mut Writer, number: Option<u64>) {
    match number {
        Some(number) => writer.byte(1).number(number),
        None => writer.byte(0),
    };
}

pub(crate) fn parse_optional(reader: &mut Reader<'_>) -> Result<Option<u64>, Why> {
    match reader.byte()? {
        0 => Ok(None),
        _ => reader.number().map(Some),
    }
}

fn instant(writer: &mut Writer, at: Timestamp) {
    writer.signed(at.as_millisecond());
}

fn parse_instant(reader: &mut Reader<'_>) -> Result<Timestamp, Why> {
    Timestamp::from_millisecond(reader.signed()?).map_err(|_lost| "an instant is out of range")
}

fn cause(writer: &mut Writer, cause: &Cause) {
    let Cause { table, key, position, committed_at_s } = cause;
    writer.text(table).text(key).text(position).signed(*committed_at_s);
}

fn parse_cause(reader: &mut Reader<'_>) -> Result<Cause, Why> {
    let (table, key, position) = (reader.text()?, reader.text()?, reader.text()?);
    Ok(Cause { table, key, position, committed_at_s: reader.signed()? })
}

pub(crate) const fn state_code(state: ItemState) -> u8 {
    match state {
        ItemState::Pending => 0,
        ItemState::Accepted => 1,
        ItemState::Deleted => 2,
        ItemState::Retrying => 3,
        ItemState::Parked => 4,
    }
}

pub(crate) fn parse_state(code: u8) -> Result<ItemState, Why> {
    Ok(match code {
        0 => ItemState::Pending,
        1 => ItemState::Accepted,
        2 => ItemState::Deleted,
        3 => ItemState::Retrying,
        4 => ItemState::Parked,
        _ => return Err("a state is unknown"),
    })
}

const fn lane_code(lane: Lane) -> u8 {
    match lane {
        Lane::Live => 0,
        Lane::Mass => 1,
    }
}

fn parse_lane(code: u8) -> Result<Lane, Why> {
    match code {
        0 => Ok(Lane::Live),
        1 => Ok(Lane::Mass),
        _ => Err("a lane is unknown"),
    }
}
