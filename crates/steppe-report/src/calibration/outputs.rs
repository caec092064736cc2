use super::CalibrationReport;
use crate::error::ReportError;
use crate::language::Language;
use crate::plot::{Format, Plot};

impl CalibrationReport {
    /// The report as one HTML document that loads nothing.
    pub fn html(&self, language: Language) -> String {
        self.page(language).html()
    }

    /// The plots that the data allow, each with a name for its file: `pca`, `distribution-1` (by score), `reliability`,
    /// `expected-observed`, `slope`, `intercept`, `transfer`, `deciles`.
    pub fn plots(&self, language: Language) -> Vec<(String, Plot)> {
        let distributions = self.distributions.iter().enumerate().map(|(index, score)| {
            (format!("distribution-{}", index + 1), self.distribution_plot(score, language))
        });
        let one = |name: &str, plot: Option<Plot>| (name.to_owned(), plot);
        let calibration =
            self.calibration_plots(language).into_iter().map(|(name, plot)| one(name, Some(plot)));
        [one("pca", self.pca_plot(language))]
            .into_iter()
            .chain(distributions)
            .chain([one("reliability", self.reliability_plot(language))])
            .chain(calibration)
            .chain([
                one("transfer", self.transfer_plot(language)),
                one("deciles", self.decile_plot(language)),
            ])
            .filter_map(|(name, plot)| Some((name, plot?)))
            .collect()
    }

    /// The plots as SVG files: name without ending, and content.
    pub fn svgs(&self, language: Language) -> Vec<(String, String)> {
        let plots = self.plots(language).into_iter();
        plots.map(|(name, plot)| (name, plot.svg_in(Format::Wide, language))).collect()
    }

    /// The plots as PNG files, `scale` times as large as their SVG: name without ending, and content.
    ///
    /// # Errors
    ///
    /// Where a plot cannot be drawn at this scale.
    pub fn pngs(&self, language: Language, scale: f32) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
        let plots = self.plots(language).into_iter();
        plots.map(|(name, plot)| Ok((name, plot.png(Format::Wide, language, scale)?))).collect()
    }
}
