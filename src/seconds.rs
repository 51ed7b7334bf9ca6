//! Durations that people give as seconds, with the same error messages in every face.

use std::time::Duration;

/// A year. Nobody waits longer, and no clock overflows.
pub(crate) const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// Returns the duration of this many seconds, which may be a fraction or 0. The error says what is wrong.
pub(crate) fn from_f64(seconds: f64) -> Result<Duration, String> {
    if seconds.is_nan() {
        return Err("it must be a number of seconds".to_owned());
    }
    if seconds < 0.0 {
        return Err("it must not be below 0".to_owned());
    }
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if duration <= LONGEST => Ok(duration),
        Ok(_) | Err(_) => {
            Err(format!("it must be at most {} seconds, which is a year", LONGEST.as_secs()))
        }
    }
}

/// Returns the duration of this many seconds, which must be above 0.
pub(crate) fn above_zero(seconds: f64) -> Result<Duration, String> {
    match from_f64(seconds) {
        Ok(duration) if duration.is_zero() && seconds > 0.0 => {
            Err("it must be at least a nanosecond, 0.000000001".to_owned())
        }
        Ok(duration) if duration.is_zero() => Err("it must be above 0".to_owned()),
        Err(_) if seconds < 0.0 => Err("it must be above 0".to_owned()),
        other => other,
    }
}

/// Parses a number of seconds. [`from_f64`] or [`above_zero`] then checks the number.
#[cfg(feature = "cli")]
pub(crate) fn number(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| "it must be a number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mistake_has_its_message() {
        let wrong = |seconds| (from_f64(seconds).err(), above_zero(seconds).err());
        let both = |text: &str| (Some(text.to_owned()), Some(text.to_owned()));
        for long in [f64::INFINITY, 1e300, 1e18, 31_536_000.5] {
            assert_eq!(wrong(long), both("it must be at most 31536000 seconds, which is a year"));
        }
        assert_eq!(wrong(f64::NAN), both("it must be a number of seconds"));
        for below in [-1.0, -1e-30, f64::NEG_INFINITY] {
            let (either, above) = wrong(below);
            assert_eq!(either.as_deref(), Some("it must not be below 0"), "{below}");
            assert_eq!(above.as_deref(), Some("it must be above 0"), "{below}");
        }
        assert_eq!(wrong(0.0), (None, Some("it must be above 0".to_owned())));
        let (either, above) = wrong(1e-30);
        assert_eq!(either, None);
        assert_eq!(above.as_deref(), Some("it must be at least a nanosecond, 0.000000001"));
        assert_eq!(above_zero(0.25), Ok(Duration::from_millis(250)));
        assert_eq!(above_zero(31_536_000.0), Ok(LONGEST));
    }
}
