//! Tests how the client uses `GET /version`, and that a proxy never sees the request.

use std::process::{Command, Stdio};
use std::time::Duration;

use pegasus_dup::{Client, DuplicationSpec, ErrorKind};
use tokio::net::TcpListener;

use crate::common::fake::{CUT, Fake, Pages, SILENCE, World};

fn page(status: &str, head: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\n{head}Content-Length: {length}\r\n\r\n{body}")
}

async fn server(pages: Pages) -> Fake {
    let world = World::old();
    Fake::with_pages(pages, move |seen| world.answer(seen)).await
}

/// Returns the generation that a refusal names.
async fn generation(metas: &[&Fake]) -> String {
    let metas: Vec<String> = metas.iter().map(|fake| fake.address.to_string()).collect();
    let client =
        Client::builder().meta(metas.join(",")).timeout(Duration::from_secs(5)).build().unwrap();
    let spec = DuplicationSpec {
        remote_table: Some("other".into()),
        ..DuplicationSpec::new("temp", "target")
    };
    let error = client.add(&spec).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    error.message().rsplit_once("generation=").unwrap().1.to_owned()
}

#[tokio::test]
async fn versions_that_can_be_parsed_are_used() {
    for (pages, expected) in [
        (
            (|_| page("200 OK", "", r#"{"Version":"2.5.0","GitCommit":"0ca31b70"}"#)) as Pages,
            "checkpoint",
        ),
        (|_| page("200 OK", "", r#"{"Version":"2.4.3","GitCommit":""}"#), "checkpoint"),
        (|_| page("200 OK", "", r#"{"Version":"2.6.0-SNAPSHOT"}"#), "snapshot-2.6"),
        (|_| page("200 OK", "", r#"{"Version":"2.50.0"}"#), "snapshot-2.6"),
    ] {
        assert_eq!(generation(&[&server(pages).await]).await, expected);
    }
}

/// The client must send its head in one segment, which 2.5.0 needs. The fake server closes the
/// connection otherwise.
#[tokio::test]
async fn a_page_that_arrives_in_pieces_is_read() {
    fn cut(size: usize) -> String {
        let page = page("200 OK", "Content-Type: text/plain\r\n", r#"{"Version":"2.5.0"}"#);
        let pieces: Vec<&str> =
            page.as_bytes().chunks(size).map(|piece| std::str::from_utf8(piece).unwrap()).collect();
        pieces.join(&CUT.to_string())
    }
    for pages in [(|_| cut(1)) as Pages, |_| cut(3), |_| cut(20)] {
        assert_eq!(generation(&[&server(pages).await]).await, "checkpoint");
    }
}

#[tokio::test]
async fn pages_without_a_version_are_not_used() {
    for pages in [
        (|_| page("200 OK", "", "null")) as Pages,
        |_| page("200 OK", "", ""),
        |_| page("200 OK", "", "not json"),
        |_| page("200 OK", "", r#"{"Version":7}"#),
        |_| page("404 Not Found", "", r#"{"Version":"2.5.0"}"#),
        |_| page("200 OK", "", &format!(r#"{{"Version":"2.5.0","x":"{}"}}"#, "x".repeat(70_000))),
        |_| "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"Version\"".to_owned(),
        |_| "garbage\r\n\r\n".to_owned(),
        |_| String::new(),
    ] {
        assert_eq!(generation(&[&server(pages).await]).await, "snapshot-2.6");
    }
}

#[tokio::test]
async fn one_redirect_is_followed_and_only_to_a_listed_server() {
    use std::sync::OnceLock;
    static LISTED: OnceLock<String> = OnceLock::new();
    static UNLISTED: OnceLock<String> = OnceLock::new();
    let telling: Pages = |target| match target {
        "/moved-again" => page("302 Found", "Location: /version\r\n", ""),
        _ => page("200 OK", "", r#"{"Version":"2.5.0"}"#),
    };
    let (listed, unlisted) = (server(telling).await, server(telling).await);
    LISTED.set(listed.address.to_string()).unwrap();
    UNLISTED.set(unlisted.address.to_string()).unwrap();
    for (pages, expected) in [
        (
            (|_| {
                let to = LISTED.get().unwrap();
                page("302 Found", &format!("Location: http://{to}/version\r\n"), "")
            }) as Pages,
            "checkpoint",
        ),
        (
            |_| {
                let to = UNLISTED.get().unwrap();
                page("302 Found", &format!("Location: http://{to}/version\r\n"), "")
            },
            "snapshot-2.6",
        ),
        (
            |_| {
                let to = LISTED.get().unwrap();
                page("302 Found", &format!("Location: http://{to}/moved-again\r\n"), "")
            },
            "snapshot-2.6",
        ),
    ] {
        let first = server(pages).await;
        assert_eq!(generation(&[&first, &listed]).await, expected);
    }
}

#[tokio::test]
async fn a_server_whose_http_is_silent_does_not_use_up_the_deadline() {
    assert_eq!(generation(&[&server(|_| SILENCE.to_owned()).await]).await, "snapshot-2.6");
}

#[tokio::test]
async fn a_proxy_from_the_environment_never_sees_the_request() {
    let proxy = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let fake = server(|_| page("200 OK", "", r#"{"Version":"2.5.0"}"#)).await;
    let mut command = Command::new(env!("CARGO_BIN_EXE_pegasus-dup"));
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"] {
        command.env(name, &address);
    }
    let meta = fake.address.to_string();
    command.args(["--meta", &meta, "add", "temp", "target", "-a", "other"]).stdin(Stdio::null());
    let run = tokio::task::spawn_blocking(move || command.output());
    tokio::select! {
        biased;
        seen = proxy.accept() => panic!("the proxy was used: {seen:?}"),
        output = run => {
            let said = String::from_utf8(output.unwrap().unwrap().stderr).unwrap();
            assert!(said.contains("generation=checkpoint"), "the version was looked up: {said}");
        }
    }
}
