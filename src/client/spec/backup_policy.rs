//! The arguments of operations on backup policies.

use super::{Argument, check_name};
use crate::error::{Error, Result};
use crate::escape::name;

/// The description of a backup policy to add.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BackupPolicySpec {
    /// The name of the policy. Servers of 2.6 accept letters, digits and underscores, and no digit at the
    /// beginning.
    pub policy: String,
    /// The storage to which the backups are written: the name of a section `block_service.NAME` in the
    /// configuration of the meta servers.
    pub provider: String,
    /// The names of the tables. There must be at least one, and each must be available.
    pub tables: Vec<String>,
    /// The time between two backups, in seconds, which must be above 0. Servers of 2.6 require at least a day.
    pub interval_seconds: i64,
    /// The number of backups that are kept, which must be above 0.
    pub history_count: i32,
    /// The time of day at which a backup starts, as `HH:MM` from `00:00` to `23:59` in the server's local
    /// time. Servers only use the hour.
    pub start_time: String,
}

impl Argument for BackupPolicySpec {
    fn check(&self, _: &str) -> Result<()> {
        check_name("policy", &self.policy)?;
        check_name("provider", &self.provider)?;
        if self.policy.contains('/') {
            return Err(Error::invalid(format!(
                "the name of a backup policy contains a slash, which terminates a meta server of 2.5 and older: policy={}",
                name(&self.policy)
            ))
            .with_hint("use letters, digits and underscores"));
        }
        if self.tables.is_empty() {
            return Err(Error::invalid("a backup policy needs at least one table")
                .with_hint("give the names of the tables to back up"));
        }
        self.tables.iter().try_for_each(|table| check_name("table", table))?;
        if self.interval_seconds <= 0 {
            return Err(Error::invalid(format!(
                "the time between two backups must be above 0: interval_seconds={}",
                self.interval_seconds
            ))
            .with_hint("give at least a day, which is 86400 seconds"));
        }
        if self.history_count <= 0 {
            return Err(Error::invalid(format!(
                "the number of backups that are kept must be above 0: history_count={}",
                self.history_count
            )));
        }
        if !is_time_of_day(&self.start_time) {
            return Err(Error::invalid(format!(
                "the start time is not a time of day as HH:MM, and a server might misread it: start_time={}",
                name(&self.start_time)
            ))
            .with_hint("write the start time as HH:MM, from 00:00 to 23:59"));
        }
        Ok(())
    }
}

/// Returns whether a text is a time of day as `HH:MM`. Servers accept any text and understand most of it otherwise.
fn is_time_of_day(text: &str) -> bool {
    let &[h1 @ b'0'..=b'9', h2 @ b'0'..=b'9', b':', b'0'..=b'5', b'0'..=b'9'] = text.as_bytes()
    else {
        return false;
    };
    (h1 - b'0') * 10 + (h2 - b'0') < 24
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_has_two_digits_each_and_exists() {
        for (hour, minute) in (0..30).flat_map(|hour| (0..70).map(move |minute| (hour, minute))) {
            let text = format!("{hour:02}:{minute:02}");
            assert_eq!(is_time_of_day(&text), hour < 24 && minute < 60, "{text}");
        }
        for text in
            ["", "03", "3:30", "03:3", " 3:30", "03:30 ", "-1:30", "03-30", "0\u{663}:00", "003:30"]
        {
            assert!(!is_time_of_day(text), "{text}");
        }
    }
}
