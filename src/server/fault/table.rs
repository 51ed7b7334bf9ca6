//! The table of faults.

use std::fmt;
use std::str::FromStr;

use crate::protocol::error_code::ErrorCode;
use crate::server::parse::ParseError;

/// Declares the faults. The documentation of a fault is also its help text. The last word of a row says
/// which argument follows the fault's name: a time in milliseconds (`Ms`), a time that is 0 if it is
/// left out (`OptionalMs`), a number (`Count`), or an error code (`Code`).
macro_rules! faults {
    ($(
        $(#[doc = $doc:literal])+
        $fault:ident $(($payload:ty))? = $word:literal $argument:ident,
    )*) => {
        /// What goes wrong with a request. Times (MS) are in milliseconds.
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Fault {
            $( $(#[doc = $doc])+ $fault $(($payload))?, )*
        }

        /// All faults.
        pub(super) static ALL: &[Row] = &[$(
            Row {
                word: $word,
                argument: Argument::$argument(Fault::$fault),
                doc: concat!($($doc),+),
            },
        )*];

        impl Fault {
            /// Returns the name of the fault in rules, without its argument.
            fn word(&self) -> &'static str {
                match self {
                    $( Fault::$fault { .. } => $word, )*
                }
            }
        }
    };
}

faults! {
    /// The server executes the request and sends no response. The connection stays open.
    DropReply = "drop-reply" None,
    /// The server closes the connection without executing the request.
    CloseBefore = "close-before" None,
    /// The server executes the request and stores the result, then closes the connection instead of
    /// responding.
    CloseAfter = "close-after" None,
    /// The server executes the request at once, and responds MS later.
    Delay(u64) = "delay" Ms,
    /// The server looks at the request MS later. An update, such as an add, delays the updates
    /// behind it; queries overtake it.
    Hold(u64) = "hold" Ms,
    /// The server stores the change MS later. A new duplication is in DS_INIT for that time.
    SlowStore(u64) = "slow-store" Ms,
    /// The server cannot store the change.
    FailStore = "fail-store" None,
    /// The server sends the response twice.
    AnswerTwice = "answer-twice" None,
    /// The response has the number of another request.
    AnotherSeqid = "another-seqid" None,
    /// The server does not execute the request, and returns this error code in the body of the
    /// response.
    Refuse(ErrorCode) = "refuse" Code,
    /// The server does not execute the request, and returns ERR_HANDLER_NOT_FOUND, as a server that
    /// has no such RPC does.
    NoSuchRpc = "no-such-rpc" None,
    /// Before the server looks at the request, the next server of the group becomes the leader. If MS
    /// is given, the new leader serves for that time before it has read its duplications and backup
    /// policies back.
    ChangeLeader(u64) = "change-leader" OptionalMs,
    /// The same as change-leader, but after the response.
    ChangeLeaderAfter(u64) = "change-leader-after" OptionalMs,
    /// The server crashes before it stores anything of the change, and is back MS later.
    CrashBeforeStore(u64) = "crash-before-store" OptionalMs,
    /// The server crashes when it has stored the change, sends no response, and is back MS later.
    CrashAfterStore(u64) = "crash-after-store" OptionalMs,
    /// When the server has responded, the first N replica servers are alive, and the others are dead.
    AliveNodes(usize) = "alive-nodes" Count,
}

/// A row of the table of faults.
pub(super) struct Row {
    word: &'static str,
    argument: Argument,
    doc: &'static str,
}

/// The argument of a fault, and the fault, or the function that makes the fault from the argument.
enum Argument {
    None(Fault),
    Ms(fn(u64) -> Fault),
    OptionalMs(fn(u64) -> Fault),
    Count(fn(usize) -> Fault),
    Code(fn(ErrorCode) -> Fault),
}

impl Row {
    /// Returns how the fault is written, such as `delay:MS`.
    pub(super) fn syntax(&self) -> String {
        let argument = match self.argument {
            Argument::None(_) => "",
            Argument::Ms(_) => ":MS",
            Argument::OptionalMs(_) => "[:MS]",
            Argument::Count(_) => ":N",
            Argument::Code(_) => ":ERR_NAME",
        };
        format!("{}{argument}", self.word)
    }

    /// Returns what the fault does, on one line.
    pub(super) fn help(&self) -> &'static str {
        self.doc.trim_start()
    }

    /// Returns the fault with that argument, or `None` if the fault has no such argument.
    fn fault(&self, argument: Option<&str>) -> Option<Fault> {
        let ms = || argument.and_then(|ms| ms.parse().ok());
        match &self.argument {
            Argument::None(fault) => argument.is_none().then(|| fault.clone()),
            Argument::Ms(fault) => ms().map(fault),
            Argument::OptionalMs(fault) if argument.is_none() => Some(fault(0)),
            Argument::OptionalMs(fault) => ms().map(fault),
            Argument::Count(fault) => argument.and_then(|n| n.parse().ok()).map(fault),
            Argument::Code(fault) => argument
                .filter(|name| name.starts_with("ERR_"))
                .map(|name| fault(ErrorCode::from_name(name))),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        match self {
            Fault::DropReply
            | Fault::CloseBefore
            | Fault::CloseAfter
            | Fault::FailStore
            | Fault::AnswerTwice
            | Fault::AnotherSeqid
            | Fault::NoSuchRpc => Ok(()),
            Fault::Delay(ms)
            | Fault::Hold(ms)
            | Fault::SlowStore(ms)
            | Fault::ChangeLeader(ms)
            | Fault::ChangeLeaderAfter(ms)
            | Fault::CrashBeforeStore(ms)
            | Fault::CrashAfterStore(ms) => write!(f, ":{ms}"),
            Fault::AliveNodes(count) => write!(f, ":{count}"),
            Fault::Refuse(code) => write!(f, ":{code}"),
        }
    }
}

impl FromStr for Fault {
    type Err = ParseError;

    /// Parses `drop-reply`, `delay:MS`, `refuse:ERR_NAME` and so on.
    fn from_str(text: &str) -> Result<Fault, ParseError> {
        let (word, argument) = match text.split_once(':') {
            Some((word, argument)) => (word, Some(argument)),
            None => (text, None),
        };
        let row = ALL.iter().find(|row| row.word == word);
        row.and_then(|row| row.fault(argument)).ok_or_else(|| {
            let known: Vec<String> = ALL.iter().map(Row::syntax).collect();
            ParseError::new(format!("not a fault, which are {}:", known.join("|")), text)
        })
    }
}
