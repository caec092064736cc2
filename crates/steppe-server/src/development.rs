//! What a development cluster needs beside a coordinator and workers.

mod s3;

pub use s3::serve_s3;
