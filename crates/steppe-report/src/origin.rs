use crate::language::{Common, Language};
use crate::page::{Block, Column, Section, Table};

/// How results were made: what was run on what.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Origin {
    /// The command lines, in their order.
    pub commands: Vec<String>,
    /// Programs and reference data with their versions.
    pub versions: Vec<(String, String)>,
    /// Digests of inputs and outputs: what, and algorithm with digest.
    pub digests: Vec<(String, String)>,
    /// When the work ended, as it is to be shown.
    pub finished: String,
}

impl Origin {
    pub(crate) fn section(&self, language: Language) -> Section {
        let mut blocks = Vec::new();
        if !self.commands.is_empty() {
            blocks.push(Block::Paragraph(language.say(Common::Commands)));
            blocks.extend(self.commands.iter().map(|command| Block::Preformatted(command_lines(command))));
        }
        let table = |rows: &[(String, String)], caption: Common, columns: Vec<Column>| {
            let rows: Vec<Vec<String>> =
                rows.iter().map(|(what, value)| vec![what.clone(), value.clone()]).collect();
            let caption = language.say(caption);
            (!rows.is_empty()).then_some(Block::Table(Table { caption, columns, rows, highlighted: None }))
        };
        let text = |key| language.text(key);
        let programs = vec![Column::text(text(Common::Program)), Column::text(text(Common::Version))];
        blocks.extend(table(&self.versions, Common::Versions, programs));
        let files = vec![Column::text(text(Common::File)), Column::code(text(Common::Digest))];
        blocks.extend(table(&self.digests, Common::Inputs, files));
        Section { heading: language.say(Common::Origin), blocks }
    }

    /// The page's last line.
    pub(crate) fn footer(&self, language: Language) -> String {
        let version = self.versions.first().map(|(name, version)| format!("{name} {version}"));
        let finished = (!self.finished.is_empty())
            .then(|| language.fill(Common::Finished, &[("when", (&self.finished).into())]));
        version.into_iter().chain(finished).collect::<Vec<_>>().join(" · ")
    }
}

/// One option to a line, so that the shell still takes it; quotes could hold what looks like an option.
pub(crate) fn command_lines(command: &str) -> String {
    match command.contains(['\'', '"', '\\', '\n']) {
        true => command.to_owned(),
        false => command.replace(" --", " \\\n  --"),
    }
}
