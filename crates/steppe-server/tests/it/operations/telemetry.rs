//! Log lines and traces. A process can start telemetry once, so every test that needs it starts processes: this test
//! program again, in the part of [`child`].

mod child;
mod collector;
mod lines;
mod settings;
mod trace_id;
mod traces;
mod unreachable;
