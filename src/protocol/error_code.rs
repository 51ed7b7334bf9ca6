//! Pegasus error codes. They travel as names, never as numbers. An unknown name is kept as it is.

use std::fmt;

use crate::escape::sentence;

macro_rules! error_codes {
    ($( $variant:ident = $name:literal ),* $(,)?) => {
        /// A Pegasus error code: a code that this library uses, or any other code by its name.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $( #[doc = concat!("`", $name, "`")] $variant, )*
            /// A code that this library does not use, by its name.
            Other(Box<str>),
        }

        impl ErrorCode {
            /// Returns the code with that name.
            pub fn from_name(name: &str) -> ErrorCode {
                match name {
                    $( $name => ErrorCode::$variant, )*
                    other => ErrorCode::Other(other.into()),
                }
            }

            /// Returns the name on the wire.
            pub fn name(&self) -> &str {
                match self {
                    $( ErrorCode::$variant => $name, )*
                    ErrorCode::Other(name) => name,
                }
            }
        }
    };
}

error_codes! {
    Ok = "ERR_OK",
    DupExist = "ERR_DUP_EXIST",
    InvalidParameters = "ERR_INVALID_PARAMETERS",
    AppNotExist = "ERR_APP_NOT_EXIST",
    ObjectNotFound = "ERR_OBJECT_NOT_FOUND",
    Busy = "ERR_BUSY",
    AclDeny = "ERR_ACL_DENY",
    ForwardToOthers = "ERR_FORWARD_TO_OTHERS",
    ServiceNotActive = "ERR_SERVICE_NOT_ACTIVE",
    UnderRecovery = "ERR_UNDER_RECOVERY",
    HandlerNotFound = "ERR_HANDLER_NOT_FOUND",
    NotImplemented = "ERR_NOT_IMPLEMENTED",
    InvalidState = "ERR_INVALID_STATE",
    AppExist = "ERR_APP_EXIST",
    BusyCreating = "ERR_BUSY_CREATING",
    BusyDropping = "ERR_BUSY_DROPPING",
    Splitting = "ERR_SPLITTING",
    StateFreezed = "ERR_STATE_FREEZED",
    Timeout = "ERR_TIMEOUT",
    Unknown = "ERR_UNKNOWN",
}

impl ErrorCode {
    /// Returns whether the code says that this server did nothing with the request, and that
    /// another server, or this server later, may accept the same request.
    pub fn says_not_applied(&self) -> bool {
        matches!(
            self,
            ErrorCode::ForwardToOthers | ErrorCode::ServiceNotActive | ErrorCode::UnderRecovery
        )
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(self.name()))
    }
}
