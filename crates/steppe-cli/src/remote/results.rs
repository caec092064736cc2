use std::{fs, io::Write, path::Path};

use futures::StreamExt;
use steppe_server::{
    client::answer,
    wire::job::{DownloadRequest, ResultFile, ResultsRequest, ResultsResponse},
};

use super::Remote;
use crate::exit::Usage;

/// What a job has made.
pub(crate) fn results(remote: &Remote, id: &str) -> anyhow::Result<ResultsResponse> {
    let request = ResultsRequest { id: id.to_owned() };
    let results = remote.runtime.block_on(async { remote.connection.jobs().results(request).await });
    Ok(results.map_err(answer)?.into_inner())
}

/// Refuses a folder that is not empty.
pub(crate) fn refuse_occupied(folder: &Path) -> anyhow::Result<()> {
    let occupied =
        folder.exists() && fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_some());
    if occupied {
        return Err(Usage::refuse(
            format!("{}: something is there already", folder.display()),
            "name a folder that does not exist",
        ));
    }
    Ok(())
}

/// Brings all files of a result to a folder, which appears when it is whole.
pub(crate) fn download(remote: &Remote, results: &ResultsResponse, folder: &Path) -> anyhow::Result<()> {
    refuse_occupied(folder)?;
    let parent = folder.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let staging = tempfile::Builder::new().prefix(".steppe-download-").tempdir_in(parent)?;
    for file in &results.files {
        remote.runtime.block_on(fetch(remote, &results.id, file, staging.path()))?;
    }
    if folder.exists() {
        fs::remove_dir(folder)?;
    }
    let whole = staging.keep();
    fs::rename(&whole, folder)?;
    Ok(())
}

async fn fetch(remote: &Remote, id: &str, file: &ResultFile, folder: &Path) -> anyhow::Result<()> {
    // The name is the coordinator's: it must not lead out of the folder.
    let name = Path::new(&file.name).file_name().filter(|name| *name == file.name.as_str());
    let Some(name) = name else {
        return Err(Usage::refuse(
            format!("{:?} is no name of a file", file.name),
            "ask who runs the coordinator",
        ));
    };
    let request = DownloadRequest { id: id.to_owned(), name: file.name.clone() };
    let mut parts = remote.connection.jobs().download(request).await.map_err(answer)?.into_inner();
    let mut out = std::io::BufWriter::new(fs::File::create(folder.join(name))?);
    let mut hasher = blake3::Hasher::new();
    while let Some(part) = parts.next().await {
        let part = part.map_err(answer)?.content;
        hasher.update(&part);
        out.write_all(&part)?;
    }
    out.flush()?;
    let found = hasher.finalize().to_hex();
    if found.as_str() != file.blake3 {
        anyhow::bail!(
            "{}: it arrived with BLAKE3 {found}, not {}; download it again",
            file.name,
            file.blake3
        );
    }
    Ok(())
}
