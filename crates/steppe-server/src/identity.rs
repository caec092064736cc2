//! Who somebody is, and what they may do. Processes of the cluster know each other by certificates ([`certificates`],
//! [`tls`]); people show a bearer token ([`token`]), whose roles decide ([`roles`]).

pub mod certificates;
pub mod members;
pub mod roles;
pub mod tls;
pub mod token;
