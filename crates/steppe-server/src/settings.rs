//! The settings of `steppe coordinator`, `steppe worker` and `steppe gateway`: what a flag says goes before what a variable says, that
//! before what the file says, that before the default.
//!
//! The [`registry`] is the one list of them. The flags, the readers of variables and files, the checks, the example
//! files and the documentation are all made from it.

mod coordinator;
mod document;
mod error;
mod example;
mod file;
mod gateway;
mod key;
mod layers;
mod listing;
mod loading;
pub mod registry;
mod resolved;
mod rules;
mod shared;
mod sources;
mod tls;
mod tokens;
mod values;
mod variables;
mod worker;

pub use coordinator::CoordinatorSettings;
pub use document::document;
pub use error::{Place, SettingsError};
pub use example::example;
pub use gateway::{GatewayData, GatewayLimits, GatewaySettings};
pub use key::{Fallback, Key, Kind, Member, Section};
pub use listing::Effective;
pub use loading::Loaded;
pub use shared::{LogFormat, LogSettings, TraceSettings};
pub use sources::{CONFIG_VARIABLE, FlagValues, Sources};
pub use tls::{CertificateFiles, TlsSettings};
pub use tokens::{TokenKeys, TokenSources};
pub use values::{Host, HostPort, Secret, Size};
pub use worker::WorkerSettings;
