//! Tests of framing into source transactions.
