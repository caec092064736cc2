use thiserror::Error;

/// What can go wrong with a picture.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// The picture could not be read back.
    #[error("the plot is not SVG that can be drawn: {message}; report this with the data of the plot")]
    Svg {
        /// What the library says.
        message: String,
    },
    /// The picture would have no pixels, or too many.
    #[error("a picture of {width} by {height} pixels cannot be made; choose a scale between 0.1 and 10")]
    Size {
        /// Width in pixels.
        width: u32,
        /// Height in pixels.
        height: u32,
    },
    /// The pixels could not be written as PNG.
    #[error("the picture could not be written as PNG: {message}; choose a smaller scale")]
    Png {
        /// What the library says.
        message: String,
    },
}
