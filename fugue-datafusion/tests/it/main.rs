//! What is promised of the DataFusion engine: the suite, plans, files, errors, memory.

mod conformance;
