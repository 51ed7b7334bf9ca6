//! A folder with the files of a fleet, and a server.

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::support::{Ran, Served, program, run};

/// A server with the tables `temp`, `other`, `app_1`, `app_2` and `app_tmp`, and a folder.
pub struct Fleet {
    pub served: Served,
    folder: TempDir,
}

impl Fleet {
    #[track_caller]
    pub fn start(options: &[&str]) -> Fleet {
        let tables = ["--table", "app_1", "--table", "app_2", "--table", "app_tmp"];
        let served = Served::start(&[&tables, options].concat());
        Fleet { served, folder: tempfile::tempdir().expect("a folder") }
    }

    /// Writes a file that names the server, and returns its path.
    pub fn file(&self, name: &str, declarations: &str) -> PathBuf {
        self.write(name, &format!("meta = {:?}\n{declarations}", self.served.address))
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("written");
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns a command line that runs in the folder. It does not name the server.
    pub fn command(&self, line: &str) -> Command {
        let mut command = program();
        command.current_dir(self.folder.path()).args(line.split_whitespace());
        command
    }

    /// Runs a command line in the folder, and checks its exit code.
    #[track_caller]
    pub fn expect(&self, code: i32, line: &str) -> Ran {
        let ran = run(&mut self.command(line));
        assert_eq!(ran.code, Some(code), "{line}: {ran:?}");
        ran
    }

    /// Runs a command line of a client, and checks its exit code.
    #[track_caller]
    pub fn client(&self, code: i32, line: &str) -> Ran {
        crate::cli::support::expect(&self.served, code, line)
    }
}

/// Declares duplications of tables to `target`, with more keys.
pub fn declared(tables: &str, keys: &str) -> String {
    format!("[[duplication]]\ntable = {tables:?}\ncluster = \"target\"\n{keys}\n")
}

/// Returns the number of duplications that the last event counts under a name.
#[track_caller]
pub fn count(ran: &Ran, name: &str) -> i64 {
    let events = ran.events();
    let last = events.last().expect("an event");
    last["counts"][name].as_i64().unwrap_or_else(|| panic!("{name}: {last}"))
}

/// Returns `TABLE:VALUE` for each event of a kind, in the order of the tables.
pub fn by_table(ran: &Ran, event: &str, key: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut all: Vec<String> = ran
        .events()
        .iter()
        .filter(|one| one["event"] == event)
        .map(|one| format!("{}:{}", text(&one["table"]), text(&one[key])))
        .collect();
    all.sort();
    all
}
