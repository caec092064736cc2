//! A gateway: people's SQL over Arrow Flight SQL and the Postgres wire, apart from the coordinator.
//!
//! Two processes: the [`parent`] holds the listening sockets and watches over the memory of its child, and the child
//! ([`process`]) serves. A statement that takes the child down takes nothing else with it, and connections wait for the
//! next child instead of being refused.
//!
//! Whatever the protocol, a statement goes one way: somebody known ([`door`]), a text within its caps, parsed and allowed,
//! planned on a thread of its own, run elsewhere, its rows counted, all of it recorded ([`statements`]). What there is to
//! see decides the engine's [`steppe_engine::sql::SqlService`]; with a policy that is [`governed`].

mod cohorts_file;
mod config;
mod door;
mod fault;
mod flight;
mod governed;
mod parent;
mod postgres;
mod process;
mod statements;

pub use config::{CohortData, GatewayConfig, GovernedData, Limits, Listeners, Served};
pub use parent::{bind, keep_alive};
pub use process::{inherited, run_gateway};
