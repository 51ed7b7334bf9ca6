//! Reads the files that a command line names. Each file has a limit, so that endless input is not read
//! forever.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Reads a file or a pipe (`--config <(...)`) of at most `longest` bytes.
pub(super) fn file(path: &Path, longest: u64) -> io::Result<String> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    text(file, longest)
}

/// Does the same as [`file`], and reads stdin if the path is `-`.
pub(super) fn file_or_stdin(path: &Path, longest: u64) -> io::Result<String> {
    match path.as_os_str() == "-" {
        true => text(io::stdin().lock(), longest),
        false => file(path, longest),
    }
}

fn text(from: impl Read, longest: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    from.take(longest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > longest {
        let wrong = format!("it is longer than {longest} bytes");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, wrong));
    }
    String::from_utf8(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8"))
}
