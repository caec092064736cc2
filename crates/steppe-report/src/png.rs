use std::sync::{Arc, LazyLock};

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, fontdb};

use crate::error::ReportError;
use crate::language::Language;
use crate::plot::{Format, Plot};

/// A subset of Liberation Sans (SIL Open Font License, `png/OFL.txt`), which has the widths of Arial, by `png/subset.py`:
/// Latin, Greek and Cyrillic with Kazakh. What fonts a machine has must not change a picture.
const FONT: &[u8] = include_bytes!("png/regular.ttf");
const FONT_NAME: &str = "Steppe Report Sans";

/// More pixels than this in one direction are a mistake.
const MOST: u32 = 20_000;

static FONTS: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FONT_NAME);
    Arc::new(fonts)
});

impl Plot {
    /// The plot as PNG, `scale` times as large as its SVG, on light ground. The same plot gives the same bytes on every
    /// machine: the font comes with the library.
    ///
    /// # Errors
    ///
    /// Where the scale gives no picture or too large a one.
    pub fn png(&self, format: Format, language: Language, scale: f32) -> Result<Vec<u8>, ReportError> {
        let svg = self.element(format, "plot", None, language).render();
        let tree = tree(&svg)?;
        let size = tree.size();
        let pixels = |length: f32| (length * scale).round() as u32;
        let (width, height) = (pixels(size.width()), pixels(size.height()));
        let wrong = || ReportError::Size { width, height };
        if width.max(height) > MOST {
            return Err(wrong());
        }
        let mut pixmap = Pixmap::new(width, height).ok_or_else(wrong)?;
        resvg::render(&tree, Transform::from_scale(scale, scale), &mut pixmap.as_mut());
        pixmap.encode_png().map_err(|error| ReportError::Png { message: error.to_string() })
    }
}

/// The picture with every text laid out.
fn tree(svg: &str) -> Result<Tree, ReportError> {
    let options =
        Options { font_family: FONT_NAME.to_owned(), fontdb: Arc::clone(&FONTS), ..Options::default() };
    Tree::from_str(svg, &options).map_err(|error| ReportError::Svg { message: error.to_string() })
}
