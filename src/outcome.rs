//! The outcomes of adds, changes and removals. They are generic over the resource.

use std::fmt;

pub use crate::enums::{Evidence, FailMode, Property, Status};
use crate::resource::{Described, FieldValue};
use crate::text;

impl Property {
    /// Returns why this property could not be compared with the request.
    pub fn why_unverified(self) -> &'static str {
        match self {
            Property::Checkpoint => "the status does not say whether a checkpoint was shipped",
            _ => "the server does not report it",
        }
    }
}

/// A field in which the existing resource differs from the request.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Difference {
    /// The field.
    pub field: Property,
    /// The requested value. A request without a remote table requests the table's own name.
    pub asked: FieldValue,
    /// The value of the existing resource.
    pub existing: FieldValue,
}

impl Difference {
    /// Makes a difference.
    pub fn new(
        field: Property,
        asked: impl Into<FieldValue>,
        existing: impl Into<FieldValue>,
    ) -> Difference {
        Difference { field, asked: asked.into(), existing: existing.into() }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (asked, existing) = (self.asked.shown(), self.existing.shown());
        write!(f, "{}: asked={asked} existing={existing}", self.field)
    }
}

/// The outcome of an add. The third possibility, an error, is a [`crate::Error`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an add that created nothing is not an error: look at the outcome"]
pub enum Outcome<T> {
    /// The resource did not exist before the call, and exists now.
    Created {
        /// The resource that was created.
        value: T,
        /// The properties that were requested and could not be compared. Empty if the outcome is
        /// certain. See [`Outcome::unverified`].
        unverified: Vec<Property>,
        /// How the outcome is known.
        evidence: Evidence,
        /// Additional information for the user.
        warning: Option<String>,
    },
    /// The resource existed before the call. The call created nothing.
    AlreadyExists {
        /// The resource that exists.
        existing: T,
        /// The fields in which the existing resource differs from the request. The resource is as
        /// requested if both `differences` and `unverified` are empty.
        differences: Vec<Difference>,
        /// The properties that were requested and could not be compared. See
        /// [`Outcome::unverified`].
        unverified: Vec<Property>,
        /// How the outcome is known.
        evidence: Evidence,
        /// Additional information for the user, for example that the duplication is paused.
        warning: Option<String>,
    },
}

impl<T> Outcome<T> {
    /// Returns whether this call created the resource, with certainty or without.
    pub fn created(&self) -> bool {
        matches!(self, Outcome::Created { .. })
    }

    /// Returns how the outcome is known.
    pub fn evidence(&self) -> Evidence {
        match self {
            Outcome::Created { evidence, .. } | Outcome::AlreadyExists { evidence, .. } => {
                *evidence
            }
        }
    }

    /// Returns whether the outcome is certain. Only [`Evidence::AppearedDuringCall`] is not.
    pub fn certain(&self) -> bool {
        self.evidence().certain()
    }

    /// Returns the resource that was created, or that exists.
    pub fn value(&self) -> &T {
        match self {
            Outcome::Created { value, .. } => value,
            Outcome::AlreadyExists { existing, .. } => existing,
        }
    }

    /// Returns the fields in which the existing resource differs from the request. Empty for
    /// [`Outcome::Created`].
    pub fn differences(&self) -> &[Difference] {
        match self {
            Outcome::Created { .. } => &[],
            Outcome::AlreadyExists { differences, .. } => differences,
        }
    }

    /// Returns the properties that were requested and could not be compared, because the server does
    /// not report them. Only properties that the request names are listed: a checkpoint, a remote
    /// table (even if it is the table's own name), and a replica count above 0.
    pub fn unverified(&self) -> &[Property] {
        match self {
            Outcome::Created { unverified, .. } | Outcome::AlreadyExists { unverified, .. } => {
                unverified
            }
        }
    }

    /// Returns additional information for the user.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Outcome::Created { warning, .. } | Outcome::AlreadyExists { warning, .. } => {
                warning.as_deref()
            }
        }
    }

    /// Returns the same outcome with another value, for example with a
    /// [`Resource`](crate::Resource) made of a duplication.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Outcome::Created { value, unverified, evidence, warning } => {
                Outcome::Created { value: to(value), unverified, evidence, warning }
            }
            Outcome::AlreadyExists { existing, differences, unverified, evidence, warning } => {
                let existing = to(existing);
                Outcome::AlreadyExists { existing, differences, unverified, evidence, warning }
            }
        }
    }
}

/// Writes the outcome and its warnings for people, a line each, without a line end after the last line.
impl<T: Described> fmt::Display for Outcome<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::outcome(self).fmt(f)
    }
}

/// The outcome of a change, such as a start, a pause or a new fail mode.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Change<T> {
    /// The call changed the resource.
    Changed {
        /// The resource before the change.
        before: T,
        /// The resource after the change.
        after: T,
        /// Additional information for the user.
        warning: Option<String>,
    },
    /// The resource was as requested already. The call changed nothing.
    Unchanged {
        /// The resource as it is.
        current: T,
        /// Additional information for the user.
        warning: Option<String>,
    },
}

impl<T> Change<T> {
    /// Returns whether the call changed anything.
    pub fn changed(&self) -> bool {
        matches!(self, Change::Changed { .. })
    }

    /// Returns the resource as it is now.
    pub fn value(&self) -> &T {
        match self {
            Change::Changed { after, .. } => after,
            Change::Unchanged { current, .. } => current,
        }
    }

    /// Returns additional information for the user.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Change::Changed { warning, .. } | Change::Unchanged { warning, .. } => {
                warning.as_deref()
            }
        }
    }

    /// Returns the same outcome with other values.
    pub fn map<U>(self, to: impl Fn(T) -> U) -> Change<U> {
        match self {
            Change::Changed { before, after, warning } => {
                Change::Changed { before: to(before), after: to(after), warning }
            }
            Change::Unchanged { current, warning } => {
                Change::Unchanged { current: to(current), warning }
            }
        }
    }
}

/// Writes the outcome and its warning for people, a line each, without a line end after the last line.
impl<T: Described> fmt::Display for Change<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::change(self).fmt(f)
    }
}

/// The outcome of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Removal<T> {
    /// The resource existed when the call began, and no longer exists.
    Removed {
        /// The resource that was removed: a table as it is listed afterwards if it could be read, and any
        /// other resource as it was before.
        was: T,
        /// How the outcome is known.
        evidence: Evidence,
        /// Additional information for the user.
        warning: Option<String>,
    },
    /// There was nothing to remove. Nothing was changed.
    NotFound,
}

impl<T> Removal<T> {
    /// Returns how the outcome is known. A removal that found nothing has no evidence.
    pub fn evidence(&self) -> Option<Evidence> {
        match self {
            Removal::Removed { evidence, .. } => Some(*evidence),
            Removal::NotFound => None,
        }
    }

    /// Returns additional information for the user.
    pub fn warning(&self) -> Option<&str> {
        match self {
            Removal::Removed { warning, .. } => warning.as_deref(),
            Removal::NotFound => None,
        }
    }

    /// Returns the same outcome with another value.
    pub fn map<U>(self, to: impl FnOnce(T) -> U) -> Removal<U> {
        match self {
            Removal::Removed { was, evidence, warning } => {
                Removal::Removed { was: to(was), evidence, warning }
            }
            Removal::NotFound => Removal::NotFound,
        }
    }
}

/// Writes the outcome and its warning for people, a line each, without a line end after the last line.
impl<T: Described> fmt::Display for Removal<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::removal(self).fmt(f)
    }
}
