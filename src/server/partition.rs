//! Partitions that lag or stick. Like faults, they are set by rules that are data.

use std::fmt;
use std::str::FromStr;

use super::parse::ParseError;

/// How the confirmed decree of a partition is held back, instead of following the committed decree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HoldBack {
    /// The confirmed decree stays at least that many decrees behind the committed decree.
    Lag(i64),
    /// The confirmed decree never exceeds that decree.
    Stick(i64),
}

impl HoldBack {
    /// Returns the confirmed decree to show.
    pub(crate) fn confirmed(self, confirmed: i64, committed: i64) -> i64 {
        // An unknown decree stays unknown.
        if confirmed < 0 {
            return confirmed;
        }
        match self {
            HoldBack::Lag(decrees) => confirmed.min(committed.saturating_sub(decrees)).max(0),
            HoldBack::Stick(decree) => confirmed.min(decree),
        }
    }
}

/// A rule: how one partition of every duplication of a table is held back.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartitionRule {
    /// The name of the table.
    pub table: String,
    /// The index of the partition.
    pub partition: i32,
    /// How the partition is held back.
    pub hold_back: HoldBack,
}

impl fmt::Display for PartitionRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}=", self.table, self.partition)?;
        match self.hold_back {
            HoldBack::Lag(decrees) => write!(f, "lag:{decrees}"),
            HoldBack::Stick(decree) => write!(f, "stick:{decree}"),
        }
    }
}

impl FromStr for PartitionRule {
    type Err = ParseError;
    /// Parses `TABLE:PARTITION=lag:DECREES` or `TABLE:PARTITION=stick:DECREE`.
    fn from_str(text: &str) -> Result<PartitionRule, ParseError> {
        let wrong =
            || ParseError::new("a partition rule is TABLE:PARTITION=lag:N or =stick:N:", text);
        let (which, what) = text.rsplit_once('=').ok_or_else(wrong)?;
        let (table, partition) = which.rsplit_once(':').ok_or_else(wrong)?;
        let (word, number) = what.split_once(':').ok_or_else(wrong)?;
        let number = number.parse().ok().filter(|&number| number >= 0).ok_or_else(wrong)?;
        let partition = partition.parse().ok().filter(|&index| index >= 0).ok_or_else(wrong)?;
        let hold_back = match word {
            "lag" => HoldBack::Lag(number),
            "stick" => HoldBack::Stick(number),
            _ => return Err(wrong()),
        };
        if table.is_empty() {
            return Err(wrong());
        }
        Ok(PartitionRule { table: table.to_owned(), partition, hold_back })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_parsed_from_what_it_is_displayed_as() {
        for text in ["temp:3=lag:100", "temp:0=stick:0", "a:b=c:12=lag:5"] {
            assert_eq!(text.parse::<PartitionRule>().unwrap().to_string(), text);
        }
        for text in
            ["", "temp", "temp=lag:1", "temp:x=lag:1", "temp:-1=lag:1", "temp:1=lag", ":1=lag:1"]
        {
            assert!(text.parse::<PartitionRule>().is_err(), "{text}");
        }
        assert!("temp:1=lag:-1".parse::<PartitionRule>().is_err());
    }

    #[test]
    fn an_unknown_decree_stays_unknown_and_no_decree_is_negative() {
        assert_eq!(HoldBack::Lag(10).confirmed(-1, 50), -1);
        assert_eq!(HoldBack::Lag(10).confirmed(50, 50), 40);
        assert_eq!(HoldBack::Lag(10).confirmed(20, 50), 20);
        assert_eq!(HoldBack::Lag(100).confirmed(50, 50), 0);
        assert_eq!(HoldBack::Stick(7).confirmed(50, 50), 7);
        assert_eq!(HoldBack::Stick(7).confirmed(3, 50), 3);
    }
}
