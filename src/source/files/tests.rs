//! Tests of reading binlog files.
