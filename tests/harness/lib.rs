//! What the black-box tests share: the binary, the data, and a shell's way of calling one with the other.

mod command;
mod data;
mod table;

pub use command::{Call, Run, steppe, steppe_binary};
pub use data::{data_folder, skip};
pub use table::Table;
