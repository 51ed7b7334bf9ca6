//! The macro that declares the operations of a client.

/// Declares the operations of a client. Each declaration says what kind of resource the result has, whether
/// the operation `reads` or `changes`, and what it does with a [`Call`](super::core::Call). An argument has
/// two types: the one that an [`Operation`](super::Operation) owns, and the one that a method takes.
///
/// The macro makes the methods of [`Client`](super::Client) and of
/// [`BlockingClient`](super::blocking::BlockingClient), and for the other faces the enum `Operation`.
macro_rules! operations {
    ($(
        $(#[$doc:meta])+
        $variant:ident ($effect:ident $resource:ident):
        fn $name:ident($($arg:ident: $owned:ty as $lent:ty),*) -> $result:ty
        = |$call:ident| $body:expr;
    )+) => {
        impl Client {
            $(
                $(#[$doc])+
                pub async fn $name(&self $(, $arg: $lent)*) -> Result<$result> {
                    history::as_a_call(async {
                        let result: Result<$result> = async {
                            $($arg.check(stringify!($arg))?;)*
                            let $call = self.call();
                            $body.await
                        }
                        .await;
                        history::conclude(|| text::conclusion(&result));
                        result
                    })
                    .await
                }
            )+
        }

        impl blocking::BlockingClient {
            $(
                #[doc = concat!(
                    "Calls [`Client::", stringify!($name), "`] and blocks until the call ends."
                )]
                ///
                /// # Errors
                ///
                #[doc = concat!("Fails like [`Client::", stringify!($name), "`] and like")]
                /// [`BlockingClient::block_on`](blocking::BlockingClient::block_on).
                pub fn $name(&self $(, $arg: $lent)*) -> Result<$result> {
                    self.block_on(self.client().$name($($arg),*))?
                }
            )+
        }

        /// An operation with its arguments, for faces that describe an operation in one place and run it
        /// in another.
        #[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
        #[derive(Debug, Clone)]
        pub(crate) enum Operation {
            $($variant($($owned),*)),+
        }

        #[cfg(any(feature = "capi", feature = "cli", feature = "python"))]
        impl Operation {
            /// Returns the kind of the value that the operation's outcome has.
            pub(crate) fn resource(&self) -> ResourceKind {
                match self {
                    $(Operation::$variant(..) => ResourceKind::$resource),+
                }
            }

            /// Returns whether the operation may change something.
            #[cfg(any(feature = "cli", feature = "python"))]
            pub(crate) fn changes(&self) -> bool {
                match self {
                    $(Operation::$variant(..) => declare::operations!(@$effect)),+
                }
            }

            /// Returns the name of the table that the operation is about.
            #[cfg(feature = "cli")]
            pub(crate) fn table(&self) -> Option<&str> {
                match self {
                    $(Operation::$variant($($arg),*) => {
                        let tables: &[Option<&str>] = &[$($arg.table(stringify!($arg))),*];
                        tables.iter().copied().flatten().next()
                    })+
                }
            }

            /// Returns the names of the table and of the duplication that the operation is about, as
            /// `table=temp dupid=7`.
            #[cfg(feature = "cli")]
            pub(crate) fn target(&self) -> String {
                let table = format!("table={}", name(self.table().unwrap_or_default()));
                match self {
                    $(Operation::$variant($($arg),*) => {
                        let selections: &[Option<String>] = &[$($arg.selection()),*];
                        let words = selections.iter().flatten().map(String::as_str);
                        std::iter::once(table.as_str()).chain(words).collect::<Vec<_>>().join(" ")
                    })+
                }
            }

            /// Returns an error if the arguments are wrong whatever the server is.
            #[cfg(feature = "cli")]
            pub(crate) fn check(&self) -> Result<()> {
                match self {
                    $(Operation::$variant($($arg),*) => {
                        $($arg.check(stringify!($arg))?;)*
                    })+
                }
                Ok(())
            }

            /// Runs the operation.
            pub(crate) async fn run(&self, client: &Client) -> Result<OperationResult> {
                Ok(match self {
                    $(Operation::$variant($($arg),*) => {
                        client.$name($($arg.lend()),*).await?.into()
                    })+
                })
            }
        }
    };
    (@reads) => { false };
    (@changes) => { true };
}
pub(super) use operations;
