//! Grouping against a naive oracle.
