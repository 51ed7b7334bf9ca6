//! Requests in odd forms that a real server accepts. The embedded server sends the same responses.
//! Each request was tried on real servers of all generations.

use pegasus_dup::protocol::frame::encode_request;
use pegasus_dup::protocol::messages::{
    AddDuplication, NEGOTIATION, QueryConfig, QueryConfigRequest, QueryDuplication, QueryRequest,
    Rpc,
};
use pegasus_dup::server::{Behaviour, MetaGroup};
use pegasus_dup::{ErrorCode, Status};

use super::support::frames::{nested, text, with_body, with_header_1, with_struct, with_word};
use crate::common::embedded;
use crate::common::peer::{Peer, add};
use crate::common::wire::unhex;

/// Queries `temp` in every form to which real servers of all generations respond.
#[tokio::test]
async fn odd_forms_of_a_request_get_the_usual_response() {
    let server = embedded::start(embedded::still(Behaviour::DupExist)).await;
    let mut peer = Peer::connect(server.address()).await;
    let query = QueryRequest { app_name: "temp".to_owned() };
    let body = encode_request::<QueryDuplication>(&query, 7, 1000)[48..].to_vec();
    let name = QueryDuplication::NAME;
    let args = 4 + 4 + name.len() + 4;
    let (start, end) = (&body[..args], &body[args + 3..body.len() - 1]);
    let of = |parts: &[&[u8]]| with_body(&parts.concat());
    let named = |text: &[u8]| {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        of(&[&[0x80, 1, 0, 1], &length, text, &body[args - 4..]])
    };
    let app_id = |id: i32| [&[8, 0, 1], &id.to_be_bytes()[..], &[0]].concat();
    let forms = [
        ("the usual one", with_body(&body)),
        ("header version 1", with_header_1(&app_id(0), &body)),
        ("header version 1 with an empty struct", with_header_1(&[0], &body)),
        ("bytes after the struct of header version 1", with_header_1(&[0, 0xff, 0xff], &body)),
        ("an app id of another type", with_header_1(&[6, 0, 1, 0, 1, 0], &body)),
        ("a negative app id", with_word(with_body(&body), 24, u32::MAX)),
        ("a partition", with_word(with_body(&body), 28, 5)),
        ("the envelope without a version", of(&[&body[4..args - 4], &[1], &body[args - 4..]])),
        ("bytes after the message", of(&[&body, b"xyz"])),
        ("another field of the envelope", of(&[start, &[12, 0, 7], end, &[0]])),
        ("another type in the envelope", of(&[start, &[11, 0, 1], end, &[0]])),
        ("a type that thrift has not, in the envelope", of(&[start, &[99, 0, 1], end, &[0]])),
        ("no field in the envelope", of(&[start, &[0], end, &[0]])),
        ("a field instead of the last stop", of(&[start, &[12, 0, 1], end, &[11, 0, 1]])),
        ("a name that a NUL ends", named(&[name.as_bytes(), b"\0abc"].concat())),
        ("structs 64 deep", with_body(&nested(63))),
    ];
    let usual = peer.query("temp").await;
    assert_eq!(usual.appid, Some(3));
    for (what, bytes) in forms {
        peer.send_bytes(&bytes).await;
        let framed = peer.receive().await.unwrap_or_else(|| panic!("{what}: closed"));
        assert_eq!(
            (framed.name.as_str(), framed.seqid),
            ("RPC_CM_QUERY_DUPLICATION_ACK", 7),
            "{what}"
        );
        assert_eq!(framed.response::<QueryDuplication>(), usual, "{what}");
    }
    assert_eq!(server.would_have_died(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_known_field_of_another_type_counts_as_absent_and_any_bytes_are_text() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let mut peer = Peer::connect(server.address()).await;
        let mut ask = async |bytes: Vec<u8>| {
            peer.send_bytes(&bytes).await;
            peer.receive().await.expect("an answer")
        };
        // The name of the table is sent as a number, so there is no name.
        let number = with_struct::<QueryDuplication>(&[8, 0, 1, 0, 0, 0, 7]);
        let answer = ask(number).await.response::<QueryDuplication>();
        assert_eq!((answer.err, answer.appid), (ErrorCode::AppNotExist, Some(0)), "{behaviour}");
        // Field 3 counts as absent if it is an i32, and as true if it is a bool that is neither 0
        // nor 1.
        let both = |table: &[u8], cluster| [text(1, table), text(2, cluster)].concat();
        let absent = [both(b"temp", b"target"), vec![8, 0, 3, 0, 0, 0, 0]].concat();
        let answer = ask(with_struct::<AddDuplication>(&absent)).await.response::<AddDuplication>();
        assert_eq!(answer.err, ErrorCode::Ok, "{behaviour}");
        let odd = [both(b"dup_src", b"target"), vec![2, 0, 3, 2]].concat();
        let answer = ask(with_struct::<AddDuplication>(&odd)).await.response::<AddDuplication>();
        assert_eq!(answer.err, ErrorCode::Ok, "{behaviour}");
        let status = |answer: pegasus_dup::protocol::messages::QueryResponse| {
            behaviour.generation().status(answer.entry_list.expect("a list")[0].status)
        };
        let query = |table: &str| with_struct::<QueryDuplication>(&text(1, table.as_bytes()));
        let temp = status(ask(query("temp")).await.response::<QueryDuplication>());
        let dup_src = status(ask(query("dup_src")).await.response::<QueryDuplication>());
        let freezed = behaviour == Behaviour::Freezed;
        let expected = if freezed {
            (Status::Start, Status::Pause)
        } else {
            (Status::Prepare, Status::Prepare)
        };
        assert_eq!((temp, dup_src), expected, "{behaviour}");
        // No table or cluster has a name that is not UTF-8.
        let odd = with_struct::<AddDuplication>(&both(b"a\xffb", b"target"));
        let answer = ask(odd).await.response::<AddDuplication>();
        assert_eq!(answer.err, ErrorCode::AppNotExist, "{behaviour}");
        let odd = with_struct::<AddDuplication>(&both(b"temp", b"a\xffb"));
        assert_eq!(ask(odd).await.response::<AddDuplication>().err, ErrorCode::InvalidParameters);
        // The element type of a list is ignored.
        let list = [text(1, b"temp"), vec![15, 0, 2, 3, 0, 0, 0, 1, 0, 0, 0, 5]].concat();
        let answer = ask(with_struct::<QueryConfig>(&list)).await.response::<QueryConfig>();
        assert_eq!(answer.partitions.expect("partitions")[0].pid.partition_index, 5);
        assert_eq!(server.would_have_died(), 0);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_nul_ends_a_name_that_a_real_server_treats_as_a_c_string() {
    for behaviour in Behaviour::ALL {
        let server = embedded::start(embedded::still(behaviour)).await;
        let mut peer = Peer::connect(server.address()).await;
        let request =
            QueryConfigRequest { app_name: "temp\0abc".to_owned(), partition_indices: vec![] };
        let old = matches!(behaviour, Behaviour::Freezed | Behaviour::Checkpoint);
        let err = if old { ErrorCode::Ok } else { ErrorCode::ObjectNotFound };
        assert_eq!(peer.call::<QueryConfig>(&request).await.err, err, "{behaviour}");
        assert_eq!(peer.query("temp\0abc").await.err, ErrorCode::AppNotExist, "{behaviour}");
        assert_eq!(peer.add(&add("temp\0x", "target")).await.err, ErrorCode::AppNotExist);
        let hint = peer.add(&add("temp", "target\0x")).await.hint.expect("a hint");
        assert!(hint.starts_with("get_duplication_cluster_id(target\0x) failed"), "{hint}");
        assert!(hint.ends_with("<< target"), "{hint}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_client_that_begins_to_authenticate_learns_that_it_need_not() {
    let group =
        MetaGroup::start(vec![embedded::still(Behaviour::Freezed); 2]).await.expect("started");
    for server in group.servers() {
        let mut peer = Peer::connect(server.address()).await;
        // The body has the status SASL_LIST_MECHANISMS and an empty message.
        let mut body = vec![0x80, 1, 0, 1, 0, 0, 0, 15];
        body.extend_from_slice(NEGOTIATION.as_bytes());
        body.extend_from_slice(&[
            0, 0, 0, 7, 12, 0, 1, 8, 0, 1, 0, 0, 0, 1, 12, 0, 2, 0, 0, 0, 0, 0, 0,
        ]);
        peer.send_bytes(&with_body(&body)).await;
        let framed = peer.receive().await.expect("an answer");
        // Real servers of each generation without Kerberos send this response.
        let recorded = "000000064552525f4f4b80010002000000135250435f4e45474f54494154494f4e5f41434b\
                        000000070c0000080001000000090c0002000000000000";
        assert_eq!(framed.payload, unhex(recorded));
    }
    group.stop().await;
}
