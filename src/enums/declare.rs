//! The macro that declares enums, and the form in which the generator of the faces reads them.

/// An enum, as the generator of the faces sees it.
#[derive(Debug)]
pub struct Enum {
    /// The name of the Rust type.
    pub name: &'static str,
    /// The documentation of the type.
    pub doc: &'static str,
    /// The variants, in the order of their numbers.
    pub members: &'static [Member],
    /// The variant for numbers without a name, if the enum has one.
    pub other: Option<Member>,
}

/// A variant of an [`Enum`].
#[derive(Debug)]
pub struct Member {
    /// The name of the Rust variant.
    pub variant: &'static str,
    /// The name in JSON, in Python and in messages.
    pub name: &'static str,
    /// The number in the C interface. Numbers are never reused.
    pub number: i32,
    /// The documentation of the variant.
    pub doc: &'static str,
}

impl Member {
    /// Returns the name of the Python exception for an error kind: the name of the variant, except
    /// where Python has another class of that name.
    pub fn exception(&self) -> &'static str {
        match self.variant {
            "Protocol" => "ProtocolError",
            variant => variant,
        }
    }
}

/// The number that the C interface returns for a value that has no name, `PEGASUS_DUP_UNNAMED`.
pub const UNNAMED: i32 = -2;

/// An enum whose variants have numbers in the C interface.
#[cfg(feature = "capi")]
pub(crate) trait Numbered: Copy + 'static {
    /// All variants that have a name.
    const NAMED: &'static [Self];

    /// Returns the number in the C interface.
    fn abi_number(self) -> i32;

    /// Returns the name as static text for C.
    fn abi_name(self) -> &'static std::ffi::CStr;

    /// Returns the variant that has this number in the C interface.
    fn from_abi_number(number: i32) -> Option<Self> {
        Self::NAMED.iter().copied().find(|variant| variant.abi_number() == number)
    }
}

/// Declares the enums. Each variant has a number for C and a name for all other faces. An enum whose
/// values come from a server may end in `else`, with the variant for numbers that have no name. The
/// word `default` marks the default of an enum that derives `Default`.
macro_rules! shared_enums {
    ($(
        $(#[doc = $doc:literal])+
        #[derive($($derive:ident),*)]
        pub enum $enum:ident {
            $(
                $(#[doc = $member_doc:literal])+ $variant:ident = $number:literal => $name:literal
                $($default:ident)?,
            )+
            $(else $(#[doc = $other_doc:literal])+ $other:ident => $other_name:literal,)?
        }
    )+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, $($derive),*)]
            #[non_exhaustive]
            pub enum $enum {
                $($(#[doc = $member_doc])+ $(#[$default])? $variant,)+
                $($(#[doc = $other_doc])+ $other(i32),)?
            }

            impl $enum {
                /// All variants that have a name, in the order of their numbers.
                pub const ALL: [$enum; [$($number),+].len()] = [$($enum::$variant),+];

                /// The declaration, for the generator of the faces.
                #[doc(hidden)]
                pub const DECLARATION: Enum = Enum {
                    name: stringify!($enum),
                    doc: concat!($($doc, "\n"),+),
                    members: &[$(Member {
                        variant: stringify!($variant),
                        name: $name,
                        number: $number,
                        doc: concat!($($member_doc, "\n"),+),
                    }),+],
                    other: shared_enums!(@other $($other, $other_name, $($other_doc)+)?),
                };

                /// Returns the name that JSON, Python and messages use.
                pub const fn name(self) -> &'static str {
                    match self {
                        $($enum::$variant => $name,)+
                        $($enum::$other(_) => $other_name,)?
                    }
                }
            }

            impl std::fmt::Display for $enum {
                fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    match self {
                        $($enum::$variant => f.write_str($name),)+
                        $($enum::$other(number) => write!(f, concat!($other_name, "({})"), number),)?
                    }
                }
            }

            /// Writes the name.
            #[cfg(feature = "fleet")]
            impl serde::Serialize for $enum {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            /// Reads the name.
            #[cfg(feature = "fleet")]
            impl<'de> serde::Deserialize<'de> for $enum {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$enum, D::Error> {
                    let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    if let Some(named) = $enum::ALL.into_iter().find(|one| one.name() == name) {
                        return Ok(named);
                    }
                    $(
                        let number = name.strip_prefix(concat!($other_name, "("));
                        let number = number.and_then(|text| text.strip_suffix(')')?.parse().ok());
                        if let Some(number) = number {
                            return Ok($enum::$other(number));
                        }
                    )?
                    Err(serde::de::Error::unknown_variant(&name, &[$($name),+]))
                }
            }

            #[cfg(feature = "capi")]
            impl Numbered for $enum {
                const NAMED: &'static [$enum] = &$enum::ALL;

                fn abi_number(self) -> i32 {
                    match self {
                        $($enum::$variant => $number,)+
                        $($enum::$other(_) => shared_enums!(@unnamed $other),)?
                    }
                }

                fn abi_name(self) -> &'static std::ffi::CStr {
                    match self {
                        $($enum::$variant => shared_enums!(@c_text $name),)+
                        $($enum::$other(_) => shared_enums!(@c_text $other_name),)?
                    }
                }
            }
        )+

        /// All enums of this file.
        pub const ENUMS: &[Enum] = &[$($enum::DECLARATION),+];
    };
    (@other) => { None };
    (@other $other:ident, $name:literal, $($doc:literal)+) => {
        Some(Member {
            variant: stringify!($other),
            name: $name,
            number: UNNAMED,
            doc: concat!($($doc, "\n"),+),
        })
    };
    (@unnamed $other:ident) => { UNNAMED };
    (@c_text $text:literal) => {
        const {
            match std::ffi::CStr::from_bytes_with_nul(concat!($text, "\0").as_bytes()) {
                Ok(text) => text,
                Err(_) => panic!("a name must not hold a NUL"),
            }
        }
    };
}
pub(super) use shared_enums;
