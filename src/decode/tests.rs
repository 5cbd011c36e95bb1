//! Tests of decoding, on hand-built events and recorded binlogs.
