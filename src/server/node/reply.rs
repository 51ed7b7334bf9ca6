//! The response to a call, as it is sent.

use super::call::Call;
use crate::protocol::bare::Blob;
use crate::protocol::error_code::ErrorCode;
use crate::protocol::frame::{answer_name, encode_answer, encode_framework_error};
use crate::protocol::messages::{Answer, NegotiationAnswer};
use crate::protocol::thrift::Wire;

/// The status of [`NegotiationAnswer`] by which a server says that it wants no authentication.
const AUTHENTICATION_OFF: i32 = 9;

/// An answer's frame, and what it says.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) err: ErrorCode,
    pub(super) bytes: Vec<u8>,
    /// Where in the frame the seqid stands.
    seqid_at: usize,
}

impl Reply {
    pub(super) fn new<A: Wire + Answer>(answer: &A, call: &Call) -> Reply {
        Reply {
            err: answer.err().clone(),
            bytes: encode_answer(answer, &call.rpc, call.seqid),
            seqid_at: seqid_at(&ErrorCode::Ok, &call.rpc),
        }
    }

    /// Nobody has to authenticate here.
    pub(super) fn no_authentication(call: &Call) -> Reply {
        let answer = NegotiationAnswer { status: AUTHENTICATION_OFF, msg: Blob::default() };
        Reply {
            err: ErrorCode::Ok,
            bytes: encode_answer(&answer, &call.rpc, call.seqid),
            seqid_at: seqid_at(&ErrorCode::Ok, &call.rpc),
        }
    }

    pub(super) fn framework(err: ErrorCode, call: &Call) -> Reply {
        Reply {
            bytes: encode_framework_error(&err, &call.rpc, call.seqid),
            seqid_at: seqid_at(&err, &call.rpc),
            err,
        }
    }

    /// The same answer under another seqid.
    pub(super) fn with_seqid(mut self, seqid: i32) -> Reply {
        self.bytes[self.seqid_at..self.seqid_at + 4].copy_from_slice(&seqid.to_be_bytes());
        self
    }
}

/// Length, framework code, version word, the answer's name: then comes the seqid.
fn seqid_at(framework: &ErrorCode, rpc: &str) -> usize {
    4 + 4 + framework.name().len() + 4 + 4 + answer_name(rpc).len()
}
