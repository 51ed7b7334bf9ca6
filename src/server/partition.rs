//! Partitions that lag or stick on request: rules as data, like faults.

use std::fmt;
use std::str::FromStr;

use super::parse::ParseError;

/// What one partition's confirmed decree does instead of following the committed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HoldBack {
    /// It stays at least that many decrees behind.
    Lag(i64),
    /// It never gets beyond that decree.
    Stick(i64),
}

impl HoldBack {
    /// The confirmed decree to show.
    pub(crate) fn confirmed(self, confirmed: i64, committed: i64) -> i64 {
        // What isn't known stays so.
        if confirmed < 0 {
            return confirmed;
        }
        match self {
            HoldBack::Lag(decrees) => confirmed.min(committed.saturating_sub(decrees)).max(0),
            HoldBack::Stick(decree) => confirmed.min(decree),
        }
    }
}

/// A rule: that partition of every duplication of that table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartitionRule {
    /// The table.
    pub table: String,
    /// The partition's index.
    pub partition: i32,
    /// What it does.
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
    /// `TABLE:PARTITION=lag:DECREES` or `TABLE:PARTITION=stick:DECREE`.
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
    fn rules_read_as_they_are_written() {
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
    fn what_is_not_known_stays_so_and_nothing_goes_below_0() {
        assert_eq!(HoldBack::Lag(10).confirmed(-1, 50), -1);
        assert_eq!(HoldBack::Lag(10).confirmed(50, 50), 40);
        assert_eq!(HoldBack::Lag(10).confirmed(20, 50), 20);
        assert_eq!(HoldBack::Lag(100).confirmed(50, 50), 0);
        assert_eq!(HoldBack::Stick(7).confirmed(50, 50), 7);
        assert_eq!(HoldBack::Stick(7).confirmed(3, 50), 3);
    }
}
