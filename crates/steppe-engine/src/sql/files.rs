use std::{path::Path, sync::Arc};

use datafusion::{
    arrow::datatypes::{DataType, Field, Schema},
    common::TableReference,
    error::DataFusionError,
    prelude::{CsvReadOptions, DataFrame, ParquetReadOptions, SessionContext},
};
use steppe_store::Location;
use url::Url;

use crate::EngineError;

/// Columns of text tables that hold ids, whatever they look like: an id `007` is not the number 7.
const ID_COLUMNS: [&str; 8] = ["fid", "iid", "#fid", "#iid", "id", "family_id", "sample_id", "sample"];

/// Environment variables of object stores start with one of these.
const STORE_PREFIXES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// The kinds of files that become tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FileKind {
    Parquet,
    Delimited(u8),
}

impl FileKind {
    fn of(extension: &str) -> Option<Self> {
        match extension {
            "parquet" => Some(Self::Parquet),
            "csv" => Some(Self::Delimited(b',')),
            "tsv" | "txt" | "sscore" | "afreq" => Some(Self::Delimited(b'\t')),
            _ => None,
        }
    }
}

/// Registers one file as a table.
pub(super) async fn register(
    context: &SessionContext,
    name: &str,
    file: &Location,
) -> Result<(), EngineError> {
    let rows = read(context, file).await?;
    context.register_table(TableReference::bare(name), rows.into_view())?;
    Ok(())
}

/// A file as rows; nothing but its schema is read yet.
pub(super) async fn read(context: &SessionContext, file: &Location) -> Result<DataFrame, EngineError> {
    let shown = file.to_string();
    let extension = Path::new(&shown).extension().unwrap_or_default().to_string_lossy().into_owned();
    let dotted = format!(".{extension}");
    let url = mount(context, file)?;
    match FileKind::of(&extension) {
        Some(FileKind::Parquet) => {
            let options = ParquetReadOptions::default().parquet_pruning(true);
            Ok(context.read_parquet(url.as_str(), options).await?)
        }
        Some(FileKind::Delimited(delimiter)) => {
            let options = CsvReadOptions::new().has_header(true).delimiter(delimiter).file_extension(&dotted);
            let inferred = context.read_csv(url.as_str(), options.clone()).await?;
            let schema = with_text_ids(inferred.schema().as_arrow());
            Ok(context.read_csv(url.as_str(), options.schema(&schema)).await?)
        }
        None => Err(EngineError::refused(
            format!("{shown}: the extension {dotted:?} is not that of a table"),
            "give a .parquet or .csv file, or tab-separated text in .tsv, .txt, .sscore or .afreq",
        )),
    }
}

fn with_text_ids(inferred: &Schema) -> Schema {
    let as_text = |field: &Field| {
        let is_id = ID_COLUMNS.contains(&field.name().to_ascii_lowercase().as_str());
        let kind = if is_id { DataType::Utf8 } else { field.data_type().clone() };
        Field::new(field.name(), kind, true)
    };
    Schema::new(inferred.fields().iter().map(|field| as_text(field)).collect::<Vec<_>>())
}

/// Makes a location's storage known to the session, and gives the URL to read it by.
fn mount(context: &SessionContext, file: &Location) -> Result<Url, EngineError> {
    let not_a_url = || {
        EngineError::refused(
            format!("{file}: it can not be read as a table"),
            "give a path or an object-store URL",
        )
    };
    if let Some(path) = file.local_path() {
        let absolute = std::path::absolute(path).map_err(EngineError::write(file.to_string()))?;
        if !absolute.is_file() {
            return Err(EngineError::refused(format!("{file}: there is no such file"), "check the path"));
        }
        return Url::from_file_path(absolute).map_err(|()| not_a_url());
    }
    let url = Url::parse(&file.to_string()).map_err(|_| not_a_url())?;
    let (store, _) = object_store::parse_url_opts(&url, settings()).map_err(DataFusionError::from)?;
    context.register_object_store(&url, Arc::from(store));
    Ok(url)
}

/// The settings and credentials of object stores in the environment.
fn settings() -> impl Iterator<Item = (String, String)> {
    let known = |name: &str| STORE_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(move |(name, _)| known(name))
}
