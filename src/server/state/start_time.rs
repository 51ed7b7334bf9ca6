//! The start time of a backup policy, as a real server reads and shows it.

/// The hour that stands for any hour.
const ANY_HOUR: i32 = 24;

/// The time of the day at which a backup may start. The numbers may make no sense: an add accepts any
/// text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StartTime {
    /// The hour.
    pub(super) hour: i32,
    /// The minute.
    pub(super) minute: i32,
}

impl StartTime {
    /// Returns the start time that an add makes of a text.
    pub(super) fn of_add(text: &str) -> StartTime {
        StartTime { hour: ANY_HOUR, minute: 0 }.read(text).0
    }

    /// Returns the start time that a change sets, or `None` if the change skips the text.
    pub(super) fn of_change(text: &str) -> Option<StartTime> {
        let (time, is_valid) = StartTime { hour: 0, minute: 0 }.read(text);
        is_valid.then_some(time)
    }

    /// Reads as much of the text as can be read. Also returns whether the text is a time.
    fn read(mut self, text: &str) -> (StartTime, bool) {
        // A NUL ends the text of a real server.
        let text = text.split('\0').next().unwrap_or_default();
        let Some((hour, rest)) = number(text) else { return (self, false) };
        self.hour = hour;
        let Some((minute, _)) = rest.strip_prefix(':').and_then(number) else {
            return (self, false);
        };
        self.minute = minute;
        let is_valid = hour < ANY_HOUR && minute < 60 || (hour, minute) == (ANY_HOUR, 0);
        if !is_valid {
            self = StartTime { hour: ANY_HOUR, minute: 0 };
        }
        (self, is_valid)
    }

    /// Returns whether a backup may start at that time.
    pub(super) fn permits(self, now_ms: i64) -> bool {
        let hour = now_ms.div_euclid(3_600_000).rem_euclid(24);
        self.hour == ANY_HOUR || i64::from(self.hour) == hour
    }
}

impl std::fmt::Display for StartTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:0>2}:{:0>2}", self.hour.to_string(), self.minute.to_string())
    }
}

/// Reads a number at the start of the text as `sscanf` reads `%d`. Returns the number and the rest.
fn number(text: &str) -> Option<(i32, &str)> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\u{b}', '\u{c}', '\r']);
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        return None;
    }
    let (text, rest) = text.split_at(text.len() - digits.len() + end);
    let number = text.parse::<i64>().unwrap_or(match text.starts_with('-') {
        true => i64::MIN,
        false => i64::MAX,
    });
    // The cast cuts off bits, as a real server does.
    Some((number as i32, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_add_accepts_any_text_and_a_change_skips_what_is_no_time() {
        for (text, added, changed) in [
            ("03:05", "03:05", Some("03:05")),
            ("3:5", "03:05", Some("03:05")),
            (" 03:07", "03:07", Some("03:07")),
            ("03: 07", "03:07", Some("03:07")),
            ("+3:+7", "03:07", Some("03:07")),
            ("03:08x", "03:08", Some("03:08")),
            ("03:08:09", "03:08", Some("03:08")),
            ("0:0", "00:00", Some("00:00")),
            ("23:59", "23:59", Some("23:59")),
            ("24:00", "24:00", Some("24:00")),
            ("-1:-1", "-1:-1", Some("-1:-1")),
            ("-100:5", "-100:05", Some("-100:05")),
            ("4294967299:0", "03:00", Some("03:00")),
            ("99999999999999999999:0", "-1:00", Some("-1:00")),
            ("-99999999999999999999:0", "00:00", Some("00:00")),
            ("24:01", "24:00", None),
            ("24:-1", "24:00", None),
            ("25:00", "24:00", None),
            ("05:60", "24:00", None),
            ("03", "03:00", None),
            ("25", "25:00", None),
            ("03:", "03:00", None),
            ("03 :07", "03:00", None),
            ("03\0:07", "03:00", None),
            ("", "24:00", None),
            ("x", "24:00", None),
            ("-", "24:00", None),
            (":07", "24:00", None),
        ] {
            assert_eq!(StartTime::of_add(text).to_string(), added, "{text:?}");
            let set = StartTime::of_change(text).map(|time| time.to_string());
            assert_eq!(set.as_deref(), changed, "{text:?}");
        }
    }

    #[test]
    fn only_the_hour_counts() {
        let at = |hour: i64, minute: i64| (hour * 60 + minute) * 60_000 + 86_400_000 * 20_000;
        for (text, hour, minute, permits) in [
            ("03:30", 3, 0, true),
            ("03:30", 3, 59, true),
            ("03:30", 2, 59, false),
            ("03:30", 4, 0, false),
            ("24:00", 17, 0, true),
            ("-1:-1", 23, 59, false),
            ("25", 1, 0, false),
        ] {
            assert_eq!(
                StartTime::of_add(text).permits(at(hour, minute)),
                permits,
                "{text} {hour}:{minute}"
            );
        }
    }
}
