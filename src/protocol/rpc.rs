//! The RPCs of a meta server: what there is to know of an RPC, and the macro that declares the table
//! of all of them. The table itself is in [`super::messages`], beside the messages.

use super::error_code::ErrorCode;
use super::generation::Generation;
use super::thrift::Wire;

/// A remote procedure of the meta server.
pub trait Rpc {
    /// What there is to know of the RPC.
    const INFO: RpcInfo;
    /// The code name of the RPC, which is the thrift method name.
    const NAME: &'static str = Self::INFO.code;
    /// The request struct.
    type Request: Wire;
    /// The response struct.
    type Response: Wire + ResponseStruct;
}

/// A response struct. Every one has an error code.
pub trait ResponseStruct {
    /// Returns the error code of the body, field 1.
    fn err(&self) -> &ErrorCode;

    /// Returns the response by which a server refuses a request before it looks at the request: all
    /// other fields are empty.
    fn refused(err: ErrorCode) -> Self;
}

/// A row of the table of RPCs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RpcInfo {
    /// The code name, `RPC_CM_...`.
    pub code: &'static str,
    /// The short name, as fault rules have it.
    pub short: &'static str,
    /// How the server handles requests of the RPC.
    pub kind: Kind,
    /// What the RPC is about.
    pub subject: Subject,
    /// The first generation of servers that handle the RPC.
    pub since: Generation,
    /// The documentation of the RPC.
    doc: &'static str,
}

impl RpcInfo {
    /// Returns a row. `macro rpcs` calls this.
    pub(super) const fn new(
        code: &'static str,
        short: &'static str,
        kind: Kind,
        subject: Subject,
        since: Generation,
        doc: &'static str,
    ) -> RpcInfo {
        RpcInfo { code, short, kind, subject, since, doc }
    }

    /// Returns the documentation of the RPC, on one line.
    pub fn help(&self) -> &'static str {
        self.doc.trim_start()
    }
}

/// How a server handles requests of an RPC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The server responds at once, and changes nothing.
    Read,
    /// The request waits in a queue for its turn. If it changes something, the server responds when
    /// the change is stored.
    Update,
    /// The request does not wait in the queue, nor for other requests of this kind. If it changes
    /// something, the server responds when the change is stored.
    Concurrent,
}

/// What an RPC is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Duplications. A server on which duplication is switched off refuses the request.
    Duplications,
    /// Backup policies. A server on which backups are switched off refuses the request.
    Backups,
    /// The rest of the cluster.
    Cluster,
}

/// Declares the table of RPCs. Each row has the documentation, the kind, the Rust type, the code name
/// and the short name; what the RPC is about; the first generation of servers that handle it; the
/// request struct; and the response struct, with the fields of a refusal.
///
/// Makes the types, the list `RPCS` of their [`RpcInfo`]s, and the macro `for_each_rpc`, which calls a
/// macro with the kinds and the types. The `($)` at the start stands for the dollar sign in that macro.
macro_rules! rpcs {
    (($dollar:tt) $(
        $(#[doc = $doc:literal])+
        $kind:ident $rpc:ident = $code:literal $short:literal {
            subject: $subject:ident,
            since: $since:ident,
            request: $request:ident,
            response: $response:ident { $($refused:tt)* },
        }
    )*) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            pub struct $rpc;

            impl $crate::protocol::rpc::Rpc for $rpc {
                const INFO: $crate::protocol::rpc::RpcInfo = $crate::protocol::rpc::RpcInfo::new(
                    $code,
                    $short,
                    $crate::protocol::rpc::Kind::$kind,
                    $crate::protocol::rpc::Subject::$subject,
                    $crate::protocol::generation::Generation::$since,
                    concat!($($doc),+),
                );
                type Request = $request;
                type Response = $response;
            }

            impl $crate::protocol::rpc::ResponseStruct for $response {
                fn err(&self) -> &$crate::protocol::error_code::ErrorCode {
                    &self.err
                }

                fn refused(err: $crate::protocol::error_code::ErrorCode) -> Self {
                    $response { err, $($refused)* }
                }
            }
        )*

        /// All RPCs.
        pub const RPCS: &[$crate::protocol::rpc::RpcInfo] =
            &[$( <$rpc as $crate::protocol::rpc::Rpc>::INFO ),*];

        /// Calls a macro with the kinds and the types of all RPCs.
        #[cfg(feature = "server")]
        macro_rules! for_each_rpc {
            ($dollar callback:ident) => {
                $dollar callback! { $( $kind $rpc )* }
            };
        }
        #[cfg(feature = "server")]
        pub(crate) use for_each_rpc;
    };
}
pub(super) use rpcs;
