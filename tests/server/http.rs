//! Compares the pages of the embedded server with those of real meta servers. The text must be the
//! same, apart from times, ids and addresses.

use std::net::SocketAddr;

use pegasus_dup::ErrorCode;
use pegasus_dup::protocol::messages::{
    AddBackupPolicy, AddBackupPolicyRequest, AddRequest, ModifyBackupPolicy,
    ModifyBackupPolicyRequest, ModifyRequest,
};
use pegasus_dup::server::{Behaviour, Limits, MetaGroup, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::support::policies::{change, policy};
use crate::common::embedded;
use crate::common::peer::{Peer, add, set_status};

/// Requests a page over a new connection. The result is empty if the server closes the connection
/// without a response.
pub(super) async fn get(address: SocketAddr, target: &str) -> String {
    raw(address, &format!("GET {target} HTTP/1.1\r\nHost: meta\r\nConnection: close\r\n\r\n")).await
}

async fn raw(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = Vec::new();
    let read = stream.read_to_end(&mut answer);
    let read = tokio::time::timeout(std::time::Duration::from_secs(20), read).await;
    // A reset also ends the connection.
    let _ = read.expect("the server answers or closes");
    String::from_utf8(answer).expect("text")
}

/// A recorded page.
#[derive(Debug)]
struct Recorded {
    target: String,
    status: String,
    body: String,
}

/// Returns the pages of a recording. Two pages lack the line that names them.
fn recorded(file: &str) -> Vec<Recorded> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire").join(file);
    let text = std::fs::read_to_string(path).expect("read").replace("\r\n", "\n");
    let mut pages = Vec::new();
    for part in text.split("HTTP/1.1 ").skip(1) {
        let (head, rest) = part.split_once("\n\n").expect("a head");
        let (status, headers) = head.split_once('\n').expect("a status line");
        let (kind, length) = headers.split_once('\n').expect("two headers");
        assert_eq!(kind, "Content-Type: text/plain");
        let length: usize =
            length.trim().strip_prefix("Content-Length: ").expect("a length").parse().unwrap();
        pages.push(Recorded {
            target: String::new(),
            status: status.to_owned(),
            body: rest[..length].to_owned(),
        });
    }
    let mut named = 0;
    for (page, before) in pages.iter_mut().zip(text.split("HTTP/1.1 ")) {
        if let Some(target) = before.trim_end().rsplit('\n').next().unwrap().strip_prefix("== GET ")
        {
            page.target = target.to_owned();
            named += 1;
        } else {
            let temp = page.body.contains(r#""appid":3}"#);
            let table = if temp { "temp" } else { "dup_src" };
            page.target = format!("/meta/app/duplication?name={table}");
        }
    }
    assert!(named >= 10);
    pages
}

/// Replaces the parts that differ from day to day. Numbers with four digits and more are years,
/// dupids or ports, and numbers with two digits are parts of times. Counts have one digit.
fn blur(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some(start) = rest.find(|letter: char| letter.is_ascii_digit()) {
        out.push_str(&rest[..start]);
        rest = &rest[start..];
        let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
        let (digits, after) = rest.split_at(end);
        match digits.len() {
            1 | 3 => out.push_str(digits),
            2 => out.push_str("<2 digits>"),
            _ => out.push_str("<number>"),
        }
        rest = after;
    }
    out + rest
}

async fn show_as_recorded(file: &str, behaviour: Behaviour) {
    let partitions = if behaviour == Behaviour::DupExist { 8 } else { 4 };
    let tables = [format!("dup_src:{partitions}"), format!("dup_src2:{partitions}"), "temp".into()];
    let config = ServerConfig {
        tables: tables.iter().map(|table| table.parse().unwrap()).collect(),
        ..embedded::config(behaviour)
    };
    let server = embedded::start(config).await;
    let mut peer = Peer::connect(server.address()).await;
    let mut asked = 0;
    for page in recorded(file) {
        // Creates the duplications that existed when these pages were recorded.
        if page.body.contains("\"dupid\"") && peer.query("temp").await.entry_list == Some(vec![]) {
            fill(&mut peer, behaviour).await;
        }
        let got = get(server.address(), &page.target).await;
        let (head, body) = got.split_once("\r\n\r\n").expect("a head");
        let expected = format!(
            "HTTP/1.1 {}\r\nContent-Type: text/plain\r\nContent-Length: {}",
            page.status,
            body.len()
        );
        assert_eq!(head, expected, "{}", page.target);
        let names = |body: &str| body.replace("localhost:", "127.0.0.1:");
        assert_eq!(blur(&names(body)), blur(&names(&page.body)), "{}", page.target);
        if !page.body.contains("127.0.0.1") && !page.body.contains("\"partition_states\"") {
            assert_eq!(body.len(), page.body.len(), "{}", page.target);
        }
        asked += 1;
    }
    assert!(asked >= 11, "{asked}");
    server.stop().await;
}

async fn fill(peer: &mut Peer, behaviour: Behaviour) {
    if behaviour == Behaviour::Freezed {
        let request = AddRequest { is_duplicating_checkpoint: None, ..add("dup_src", "target") };
        assert_eq!(peer.add(&request).await.err, ErrorCode::Ok);
        // This duplication of a table that no page shows marks that the function has run.
        assert_eq!(peer.add(&add("temp", "target")).await.err, ErrorCode::Ok);
        return;
    }
    assert_eq!(peer.add(&add("dup_src", "target2")).await.err, ErrorCode::Ok);
    let prepare = AddRequest { is_duplicating_checkpoint: None, ..add("dup_src", "target") };
    assert_eq!(peer.add(&prepare).await.err, ErrorCode::Ok);
    let app = AddRequest { is_duplicating_checkpoint: None, ..add("temp", "target2") };
    let dupid = peer.add(&app).await.dupid.expect("a dupid");
    let skip = ModifyRequest { fail_mode: Some(1), ..set_status("temp", dupid, 2) };
    assert_eq!(peer.modify(&skip).await.err, ErrorCode::Ok);
}

#[tokio::test]
async fn pages_are_those_of_a_real_2_3_0() {
    show_as_recorded("meta-2.3-http.txt", Behaviour::Freezed).await;
}

#[tokio::test]
async fn pages_are_those_of_a_real_2_5_0() {
    show_as_recorded("meta-2.5-http.txt", Behaviour::Checkpoint).await;
}

#[tokio::test]
async fn pages_are_those_of_a_real_server_of_2026() {
    show_as_recorded("meta-modern-http.txt", Behaviour::DupExist).await;
}

/// Each target was tried on real servers of all three versions.
#[tokio::test]
async fn odd_targets_get_the_responses_of_real_servers() {
    for behaviour in [Behaviour::Freezed, Behaviour::Checkpoint, Behaviour::DupExist] {
        let server = embedded::start(embedded::still(behaviour)).await;
        let old = behaviour != Behaviour::DupExist;
        let no_name = if old {
            ("404 Not Found", "table not found: \"\"")
        } else {
            ("400 Bad Request", "app name shouldn't be empty")
        };
        let blank_at_the_end = if behaviour == Behaviour::Freezed { "x \n" } else { "x" };
        let nul_in_it = if behaviour == Behaviour::Freezed { "x \0y" } else { "x" };
        let nul_after_it = if behaviour == Behaviour::Freezed { "temp\\u0000 " } else { "temp" };
        let missing = |name: &str| ("404 Not Found", format!("service not found for \"{name}\""));
        let unparsed = |what: &str| {
            let body = format!("failed to parse request: ERR_INVALID_PARAMETERS: {what}");
            ("400 Bad Request", body)
        };
        let fixed = |(status, body): (&'static str, &str)| (status, body.to_owned());
        for (target, (status, body)) in [
            ("/version/x", missing("version/x")),
            ("/Version", missing("Version")),
            ("/nosuch/", missing("nosuch")),
            ("/meta", missing("meta")),
            ("/a%22b", missing("a\"b")),
            ("/meta/app", fixed(no_name)),
            ("/meta/app/", fixed(no_name)),
            ("/meta/app?name=", fixed(no_name)),
            ("/meta/app?name=nosuch", fixed(("404 Not Found", "table not found: \"nosuch\""))),
            (
                "/meta/app?name=x%20%0A",
                ("404 Not Found", format!("table not found: \"{blank_at_the_end}\"")),
            ),
            (
                "/meta/app?name=x%20%00y",
                ("404 Not Found", format!("table not found: \"{nul_in_it}\"")),
            ),
            (
                "/meta/app?name=temp%00%20",
                (
                    "200 OK",
                    format!(
                        "{{\"general\":{{\"app_name\":\"{nul_after_it}\",\"app_id\":\"3\",\
                         \"partition_count\":\"8\",\"max_replica_count\":\"3\"}}}}\n"
                    ),
                ),
            ),
            ("/meta/app?nam=temp", fixed(("400 Bad Request", ""))),
            ("/meta/apps?x=1", fixed(("400 Bad Request", ""))),
            ("/meta/nodes?x", fixed(("400 Bad Request", ""))),
            ("/meta/app/duplication", fixed(("400 Bad Request", "name should not be empty"))),
            ("/meta/app/duplication?name=", fixed(("404 Not Found", "ERR_APP_NOT_EXIST"))),
            ("/meta/app/duplication?name=nosuch", fixed(("404 Not Found", "ERR_APP_NOT_EXIST"))),
            ("/meta/app/duplication/?x=1&name=t%65mp", fixed(("200 OK", "null"))),
            ("/meta/app_envs", fixed(("400 Bad Request", "app name shouldn't be empty"))),
            ("/meta/app_envs?name=nosuch", fixed(("200 OK", "{}\n"))),
            ("/meta/backup_policy", fixed(("200 OK", "{}\n"))),
            ("/meta/backup_policy?x=1", fixed(("400 Bad Request", "Invalid parameter"))),
            ("/version?a=1&a=2", unparsed("duplicate parameter: a")),
            ("/version%", unparsed("Encountered partial escape sequence at end of string")),
        ] {
            let page = get(server.address(), target).await;
            let (head, got) = page.split_once("\r\n\r\n").expect("a head");
            assert!(
                head.starts_with(&format!("HTTP/1.1 {status}\r\n")),
                "{behaviour} {target} {head}"
            );
            assert_eq!(got, body, "{behaviour} {target}");
        }
        let usual = get(server.address(), "/version").await;
        assert!(usual.contains("\"Version\""), "{usual}");
        for same in ["/version/", "//version//", "/version/?x=1", "/%76ersion", "/version#x"] {
            assert_eq!(get(server.address(), same).await, usual, "{same}");
        }
        server.stop().await;
    }
}

#[tokio::test]
async fn a_request_that_arrives_in_pieces_gets_a_response() {
    let server = embedded::start(embedded::still(Behaviour::DupExist)).await;
    let request = "GET /version HTTP/1.1\r\nHost: meta\r\nConnection: close\r\n\r\n";
    let whole = raw(server.address(), request).await;
    assert!(whole.starts_with("HTTP/1.1 200 OK\r\n"), "{whole}");
    for size in [1, 2, 5, 30] {
        let mut stream = TcpStream::connect(server.address()).await.expect("connected");
        stream.set_nodelay(true).expect("set");
        for piece in request.as_bytes().chunks(size) {
            stream.write_all(piece).await.expect("sent");
            // Each piece is sent in a segment of its own.
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert_eq!(answer, whole, "{size}");
    }
    server.stop().await;
}

#[tokio::test]
async fn the_version_shows_the_generation() {
    let ours = format!("pegasus-dup {}", env!("CARGO_PKG_VERSION"));
    for (behaviour, version, commit) in [
        (Behaviour::Freezed, "2.3.0", "2b0c6c7e4683f0d40e6a9d53ec065398b12cc69a"),
        (Behaviour::Checkpoint, "2.5.0", "0ca31b70eac7321bb17fb034105695597245d47b"),
        (Behaviour::RemoteName, "2.6.0-SNAPSHOT", ours.as_str()),
        (Behaviour::DupExist, "2.6.0-SNAPSHOT", "db756dcdf24e2af6169659a67548501ed61f106c"),
        (Behaviour::Idempotent, "2.6.0-SNAPSHOT", ours.as_str()),
    ] {
        let server = embedded::start(embedded::config(behaviour)).await;
        let page = get(server.address(), "/version").await;
        let body = format!("{{\"Version\":\"{version}\",\"GitCommit\":\"{commit}\"}}\n");
        assert!(page.ends_with(&format!("\r\n\r\n{body}")), "{page}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_server_without_duplication_has_no_page_about_it() {
    for (behaviour, option) in [
        (Behaviour::Freezed, "duplication_enabled"),
        (Behaviour::Checkpoint, "FLAGS_duplication_enabled"),
        (Behaviour::DupExist, "FLAGS_duplication_enabled"),
    ] {
        let mut config = embedded::config(behaviour);
        config.duplication_enabled = false;
        let server = embedded::start(config).await;
        let page = get(server.address(), "/meta/app/duplication?name=temp").await;
        assert!(page.starts_with("HTTP/1.1 404 Not Found\r\n"), "{page}");
        assert!(page.ends_with(&format!("duplication is not enabled [{option}=false]")), "{page}");
        let page = get(server.address(), "/meta/apps").await;
        assert!(page.contains("\"app_name\":\"temp\""), "{page}");
        server.stop().await;
    }
}

#[tokio::test]
async fn the_page_of_backup_policies() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::config(behaviour)).await;
        let mut peer = Peer::connect(server.address()).await;
        let daily = AddBackupPolicyRequest { app_ids: vec![3, 1, 2], ..policy("daily") };
        for request in [daily, AddBackupPolicyRequest { app_ids: vec![], ..policy("off") }] {
            assert_eq!(peer.call::<AddBackupPolicy>(&request).await.err, ErrorCode::Ok);
        }
        let disable = ModifyBackupPolicyRequest { is_disable: Some(true), ..change("off") };
        assert_eq!(peer.call::<ModifyBackupPolicy>(&disable).await.err, ErrorCode::Ok);
        let row = |name: &str, tables: &str, status: &str| {
            format!(
                "\"{name}\":{{\"name\":\"{name}\",\"backup_provider_type\":\"local_service\",\
                 \"backup_interval\":\"86400\",\"app_ids\":\"{tables}\",\"start_time\":\"03:30\",\
                 \"status\":\"{status}\",\"backup_history_count\":\"3\"}}"
            )
        };
        let (daily, off) = (row("daily", "[1,2,3]", "enabled"), row("off", "[]", "disabled"));
        for (target, rows) in [
            ("", format!("{daily},{off}")),
            ("?name=off", off),
            ("?name=", String::new()),
            ("?name=nosuch", String::new()),
        ] {
            let page = get(server.address(), &format!("/meta/backup_policy{target}")).await;
            assert!(page.ends_with(&format!("\r\n\r\n{{{rows}}}\n")), "{behaviour} {page}");
        }
        server.stop().await;

        let config = ServerConfig { backup_enabled: false, ..embedded::config(behaviour) };
        let server = embedded::start(config).await;
        for target in ["", "?x=1", "?name=a%7Bb"] {
            let page = get(server.address(), &format!("/meta/backup_policy{target}")).await;
            assert!(page.starts_with("HTTP/1.1 404 Not Found\r\n"), "{behaviour} {page}");
            assert!(page.ends_with("\r\n\r\ncold_backup_disabled"), "{behaviour} {page}");
        }
        assert_eq!(server.would_have_died(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_followers_pages_say_less_and_one_of_them_ends_a_real_2_5_0() {
    for behaviour in [Behaviour::Checkpoint, Behaviour::DupExist] {
        let group = MetaGroup::start(vec![embedded::config(behaviour); 2]).await.expect("started");
        let follower = &group.servers()[1];
        let page = get(follower.address(), "/meta/app/duplication?name=temp").await;
        assert!(page.starts_with("HTTP/1.1 404 Not Found\r\n"), "{page}");
        assert!(page.ends_with("duplication is not enabled [FLAGS_duplication_enabled=false]"));
        let page = get(follower.address(), "/meta/apps").await;
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{page}");
        assert!(page.ends_with("{\"general_info\":{},\"summary\":{\"total_app_count\":\"0\"}}\n"));
        assert!(get(follower.address(), "/version").await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(follower.would_have_died(), 0);
        let page = get(follower.address(), "/meta/cluster").await;
        if behaviour == Behaviour::Checkpoint {
            assert_eq!(page, "");
            assert_eq!(follower.would_have_died(), 1);
        } else {
            let leader = format!("localhost:{}", group.servers()[0].address().port());
            assert!(page.contains(&format!("\"primary_meta_server\":\"{leader}\"")), "{page}");
            assert_eq!(follower.would_have_died(), 0);
        }
        group.stop().await;
    }
}

#[tokio::test]
async fn one_connection_requests_many_pages_and_bad_requests_end_it() {
    let limits =
        Limits { frame_timeout: std::time::Duration::from_millis(200), ..Limits::default() };
    let server =
        embedded::start(ServerConfig { limits, ..embedded::config(Behaviour::DupExist) }).await;
    let two = "GET /version HTTP/1.1\r\n\r\nGET /nosuch HTTP/1.1\r\nConnection: foo, close\r\n\r\n";
    let answers = raw(server.address(), two).await;
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 2, "{answers}");
    assert!(answers.ends_with("service not found for \"nosuch\""));
    let missing = get(server.address(), "/meta/app/duplication?name=%74emp").await;
    assert!(missing.ends_with("\r\n\r\nnull"), "{missing}");
    for bad in [
        "GET\r\n\r\n",
        "GET /version HTTP/9\r\n\r\n",
        "GET /version HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        "GET version HTTP/1.1\r\n\r\n",
        "GET /version",
        "GE",
        "POST /version HTTP/1.1\r\n\r\n",
        &format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(9_000)),
    ] {
        assert_eq!(raw(server.address(), bad).await, "", "{bad}");
    }
    // A connection that has begun with RPC must continue with RPC.
    let mut peer = Peer::connect(server.address()).await;
    assert_eq!(peer.query("temp").await.err, ErrorCode::Ok);
    peer.send_bytes(b"GET /version HTTP/1.1\r\n\r\n").await;
    peer.closed().await;
    assert_eq!(server.would_have_died(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_backup_policy_with_a_brace_in_its_name_is_counted_as_the_end_of_a_real_2_6() {
    for (behaviour, name, ends) in [
        (Behaviour::DupExist, "a{b", true),
        (Behaviour::DupExist, "a%7Db", true),
        (Behaviour::DupExist, "ab", false),
        (Behaviour::RemoteName, "a{b", true),
        (Behaviour::Checkpoint, "a{b", false),
        (Behaviour::Freezed, "a{b", false),
        (Behaviour::Idempotent, "a{b", false),
    ] {
        let server = embedded::start(embedded::config(behaviour)).await;
        let page = get(server.address(), &format!("/meta/backup_policy?name={name}")).await;
        assert_eq!(page.is_empty(), ends, "{behaviour} {name}: {page}");
        assert_eq!(server.would_have_died(), u64::from(ends), "{behaviour} {name}");
        server.stop().await;
    }
}
