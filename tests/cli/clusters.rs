//! Tests `--cluster` and `--clusters`: meta servers by the name of their cluster, from a file of the Pegasus shell.

use std::path::PathBuf;

use super::support::{Ran, Served, program, run};

/// Variables of the environment, options, and parts of the message.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], &'a [&'a str]);

/// A file of the Pegasus shell.
struct File {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn with(text: &str) -> File {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.ini");
        std::fs::write(&path, text).expect("write");
        File { _folder: folder, path }
    }

    /// Returns a file like the one that comes with the shell, with this cluster among others.
    fn of_shell(cluster: &str, metas: &str) -> File {
        File::with(&format!(
            "; a comment\n[core]\ntool = nativerun\n\n[pegasus.clusters]\n  other = 127.0.0.1:1 ; down\n  \
             {cluster} = {metas} # up\n  template = %{{cluster.metas}}\n\n[network]\n{cluster} = no\n"
        ))
    }

    fn path(&self) -> &str {
        self.path.to_str().expect("UTF-8")
    }
}

/// Runs a command line with variables of the environment.
fn with(variables: &[(&str, &str)], words: &[&str]) -> Ran {
    run(program().envs(variables.iter().copied()).args(words))
}

#[test]
fn the_meta_servers_of_a_named_cluster() {
    let served = Served::start(&["--clock", "stopped"]);
    let file = File::of_shell("onebox", &served.address);
    let file = file.path();
    for words in [
        &["--cluster", "onebox", "--clusters", file, "--json", "info"][..],
        &["--json", "info", "--clusters", file, "--cluster", "onebox"],
        &["--cluster", "onebox", "--json", "info", "--clusters", file],
    ] {
        let ran = with(&[], words);
        assert_eq!(ran.code, Some(0), "{words:?}: {ran:?}");
        assert_eq!(ran.report()["value"]["leader"], served.address.as_str(), "{words:?}");
    }
    let known = [("PEGASUS_DUP_CLUSTERS", file)];
    let ran = with(&known, &["--cluster", "onebox", "list"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    // A command may also have an argument that is the name of a remote cluster.
    let ran = with(&known, &["add", "temp", "target", "--cluster", "onebox"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("cluster=target"), "{ran:?}");
}

#[test]
fn an_option_takes_precedence_over_the_environment() {
    let served = Served::start(&["--clock", "stopped"]);
    let file = File::of_shell("onebox", &served.address);
    let wrong = File::of_shell("onebox", "127.0.0.1:1");
    let down = ("PEGASUS_DUP_META", "127.0.0.1:1");
    for (variables, words) in [
        (&[down, ("PEGASUS_DUP_CLUSTERS", file.path())][..], &["--cluster", "onebox", "list"][..]),
        (
            &[down, ("PEGASUS_DUP_CLUSTERS", wrong.path())],
            &["--cluster", "onebox", "--clusters", file.path(), "list"],
        ),
        // The file is not read if no cluster is named.
        (&[("PEGASUS_DUP_CLUSTERS", "/no/such/file")], &["--meta", &served.address, "list"]),
        (
            &[("PEGASUS_DUP_META", &served.address), ("PEGASUS_DUP_CLUSTERS", "/no/such/file")],
            &["list"],
        ),
    ] {
        let ran = with(variables, words);
        assert_eq!(ran.code, Some(0), "{variables:?} {words:?}: {ran:?}");
    }
}

#[test]
fn what_is_wrong_is_said_and_the_exit_code_is_2() {
    let file = File::of_shell("onebox", "127.0.0.1:1");
    let file = file.path();
    let without = File::with("[core]\ntool = nativerun\n");
    let twice = File::with("[pegasus.clusters]\na = h:1\na = h:2\nb = h\nc =\n");
    let no_file = ("PEGASUS_DUP_CLUSTERS", "");
    let cases: [Case; 12] = [
        (
            &[],
            &["--cluster", "onebox"],
            &["no file is given", "--clusters FILE", "PEGASUS_DUP_CLUSTERS"],
        ),
        (&[no_file], &["--cluster", "onebox"], &["no file is given"]),
        (
            &[],
            &["--cluster", "nobox", "--clusters", file],
            &["no such cluster: cluster=nobox", file, "known clusters: other, onebox, template"],
        ),
        (
            &[],
            &["--cluster", "onebox", "--clusters", "/no/such/file"],
            &["cannot be read", "No such file", "file=/no/such/file"],
        ),
        (
            &[],
            &["--cluster", "a", "--clusters", without.path()],
            &["no section [pegasus.clusters]", "file="],
        ),
        (
            &[],
            &["--cluster", "a", "--clusters", twice.path()],
            &["defined twice: cluster=a lines=2,3"],
        ),
        (
            &[],
            &["--cluster", "b", "--clusters", twice.path()],
            &["cluster=b line=4", "the port is missing"],
        ),
        (
            &[],
            &["--cluster", "c", "--clusters", twice.path()],
            &["no meta servers: cluster=c line=5"],
        ),
        (
            &[],
            &["--cluster", "template", "--clusters", file],
            &["cluster=template line=8", "template"],
        ),
        (
            &[],
            &["--cluster", "onebox", "--clusters", file, "--meta", "127.0.0.1:1"],
            &["--meta and --cluster both"],
        ),
        (
            &[("PEGASUS_DUP_META", "127.0.0.1:1")],
            &["--clusters", file],
            &["give --cluster NAME too"],
        ),
        (&[], &[], &["no meta servers are given", "--cluster NAME"]),
    ];
    for (variables, options, parts) in cases {
        let ran = with(variables, &[options, &["--json", "query", "temp"]].concat());
        assert_eq!(ran.code, Some(2), "{options:?}: {ran:?}");
        assert_eq!(ran.report()["error"]["kind"], "invalid_argument", "{options:?}");
        for part in parts {
            assert!(ran.stderr.contains(part), "{options:?} {part}: {ran:?}");
        }
    }
    let ran = with(&[], &["serve", "--cluster", "onebox"]);
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains("--cluster-name"), "{ran:?}");
}
