//! One event of the binlog to what it means for the watched tables: decoder and framer in step, with
//! the payloads of compressed transactions taken apart. Pure. Server and files share it.

use std::collections::VecDeque;

use thiserror::Error;

use crate::decode::{
    DecodeError, Decoder, EventHeader, Payload, PayloadFault, RawEvent, event_type,
};
use crate::source::framing::{Framed, Framer, FramingError};

/// Why an event can't be read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// It can't be decoded.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It can't follow the events before it.
    #[error(transparent)]
    Framing(#[from] FramingError),
}

/// Decodes and frames the events of one stream, in order.
pub struct EventReader {
    decoder: Decoder,
    framer: Framer,
    payload: Option<OpenPayload>,
    /// The headers of the events in the last payload, as far as it was read.
    inner_headers: VecDeque<[u8; EventHeader::SIZE]>,
}

/// The payload that is being read.
struct OpenPayload {
    payload: Payload,
    /// Where the event around it ends: its events have no place of their own in the file.
    log_pos: u32,
    is_empty: bool,
}

impl EventReader {
    /// A reader for a stream that begins where the framer does.
    pub fn new(decoder: Decoder, framer: Framer) -> Self {
        Self { decoder, framer, payload: None, inner_headers: VecDeque::new() }
    }

    /// The decoder, to be told of new definitions.
    pub fn decoder(&mut self) -> &mut Decoder {
        &mut self.decoder
    }

    /// The framer, to be asked for positions.
    pub fn framer(&self) -> &Framer {
        &self.framer
    }

    /// Takes the next event, which is not to be one of a payload. When it returns
    /// [`Framed::Ddl`], the rest of a payload may be left: [`EventReader::go_on`] must be called, and
    /// return `None`, before the next event is given.
    ///
    /// # Errors
    /// What can't be read must not be passed over: the reader is spent.
    pub fn push(&mut self, event: &RawEvent<'_>) -> Result<Option<Framed>, ReadError> {
        if event.header.event_type != event_type::TRANSACTION_PAYLOAD {
            return self.push_plain(event);
        }
        let log_pos = event.header.log_pos;
        self.framer.pass(&event.header);
        let payload = Payload::open(event.body).map_err(|fault| self.broken(fault))?;
        self.inner_headers.clear();
        self.payload = Some(OpenPayload { payload, log_pos, is_empty: true });
        self.go_on()
    }

    /// Reads on in the payload of the last event, if there is more of it.
    ///
    /// # Errors
    /// As for [`EventReader::push`].
    pub fn go_on(&mut self) -> Result<Option<Framed>, ReadError> {
        while let Some(mut open) = self.payload.take() {
            let framed = match open.payload.next_event() {
                Ok(Some(event)) => {
                    // The file knows only the event around it.
                    let header =
                        EventHeader { log_pos: open.log_pos, event_size: 0, ..event.header };
                    let decoded = self.decoder.decode(&RawEvent { header, body: event.body })?;
                    self.inner_headers.push_back(*open.payload.last_header());
                    open.is_empty = false;
                    self.framer.push(&header, decoded)?
                }
                Ok(None) if open.is_empty => return Err(self.broken(PayloadFault::Empty)),
                Ok(None) => {
                    let at = self.framer.read_to().clone();
                    return Err(FramingError::PayloadWithoutEnd { at }.into());
                }
                Err(fault) => return Err(self.broken(fault)),
            };
            match framed {
                None => self.payload = Some(open),
                Some(framed @ Framed::Ddl { ended: None, .. }) => {
                    self.payload = Some(open);
                    return Ok(Some(framed));
                }
                // What ended the transaction must also end the payload, or it is not whole.
                Some(ended) => {
                    return match open.payload.next_event() {
                        Ok(None) => Ok(Some(ended)),
                        Ok(Some(_)) => {
                            let at = self.framer.read_to().clone();
                            Err(FramingError::PayloadGoesOn { at }.into())
                        }
                        Err(fault) => Err(self.broken(fault)),
                    };
                }
            }
        }
        Ok(None)
    }

    /// The header of the next event of the last payload, as the server wrote it: of each one once, in
    /// order.
    pub fn next_inner_header(&mut self) -> Option<[u8; EventHeader::SIZE]> {
        self.inner_headers.pop_front()
    }

    fn push_plain(&mut self, event: &RawEvent<'_>) -> Result<Option<Framed>, ReadError> {
        let header = self.placed(event.header);
        let decoded = self.decoder.decode(&RawEvent { header, body: event.body })?;
        Ok(self.framer.push(&header, decoded)?)
    }

    /// The header with the place where the event ends, which MariaDB from 11.4 on leaves out within a
    /// transaction: errors are to name it.
    fn placed(&self, header: EventHeader) -> EventHeader {
        let is_within = self.framer.is_within_transaction() && !header.is_artificial();
        // Of the others no place says something else.
        let is_plain = !matches!(
            header.event_type,
            event_type::ROTATE
                | event_type::FORMAT_DESCRIPTION
                | event_type::HEARTBEAT
                | event_type::HEARTBEAT_V2
        );
        if header.log_pos != 0 || !is_within || !is_plain {
            return header;
        }
        let end = self.framer.read_to().offset + u64::from(header.event_size);
        // Modulo 2^32, as the servers write it.
        let [b0, b1, b2, b3, ..] = end.to_le_bytes();
        EventHeader { log_pos: u32::from_le_bytes([b0, b1, b2, b3]), ..header }
    }

    fn broken(&self, fault: PayloadFault) -> ReadError {
        DecodeError::Payload { fault, at: self.framer.read_to().clone() }.into()
    }
}

#[cfg(test)]
mod tests;
