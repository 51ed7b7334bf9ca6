//! As much HTTP as a meta server speaks on its RPC port: GET, without a body, answered with plain
//! text.

use std::fmt::Write;

/// What the first bytes of an HTTP connection are.
pub(super) const GET: &[u8] = b"GET ";
/// The longest head of a request.
const MAX_HEAD: usize = 8 * 1024;

/// Bytes that are no HTTP request of the kind that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadHttp {
    #[error("the head is too long")]
    TooLong,
    #[error("the request line makes no sense")]
    BadLine,
    #[error("a body, which a GET has not")]
    Body,
}

/// A request for a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    /// The path and what follows it.
    pub(super) target: String,
    /// Bytes that it takes.
    pub(super) length: usize,
    /// Whether more may follow.
    pub(super) keep_alive: bool,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// 200, 400 or 404.
    pub(crate) status: u16,
    /// What stands in it.
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn ok(body: String) -> Page {
        Page { status: 200, body }
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            400 => "Bad Request",
            _ => "Not Found",
        };
        format!(
            "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{}",
            self.status,
            self.body.len(),
            self.body
        )
        .into_bytes()
    }
}

/// Reads the request at the front of `bytes`; `None` = it is not whole yet.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<PageRequest>, BadHttp> {
    let end = bytes.windows(4).take(MAX_HEAD).position(|window| window == b"\r\n\r\n");
    let Some(end) = end else {
        return if bytes.len() > MAX_HEAD { Err(BadHttp::TooLong) } else { Ok(None) };
    };
    let head = std::str::from_utf8(&bytes[..end]).map_err(|_| BadHttp::BadLine)?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some("GET"), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BadHttp::BadLine);
    };
    let mut keep_alive = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ => return Err(BadHttp::BadLine),
    };
    if !target.starts_with('/') {
        return Err(BadHttp::BadLine);
    }
    for line in lines {
        let (name, value) = line.split_once(':').ok_or(BadHttp::BadLine)?;
        let value = value.trim();
        if name.eq_ignore_ascii_case("connection") {
            keep_alive = !value.eq_ignore_ascii_case("close")
                && (keep_alive || value.eq_ignore_ascii_case("keep-alive"));
        }
        let body = name.eq_ignore_ascii_case("transfer-encoding")
            || (name.eq_ignore_ascii_case("content-length") && value != "0");
        if body {
            return Err(BadHttp::Body);
        }
    }
    Ok(Some(PageRequest { target: target.to_owned(), length: end + 4, keep_alive }))
}

/// The path, and the value of the argument `name`, if it is there.
pub(super) fn split<'a>(target: &'a str, name: &str) -> (&'a str, Option<String>) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let value = query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| unescape(value))
    });
    (path, value)
}

/// Takes `%41` for `A`. What is no such escape, or makes no UTF-8, stays or is replaced.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = bytes
            .get(at + 1..at + 3)
            .filter(|_| byte == b'%')
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `2026-11-24 22:59:18`, in UTC.
pub(super) fn date_time(seconds: i64) -> String {
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Years begin in March here, so that the leap day is the last.
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let mut text = String::new();
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date_time(0), "1970-01-01 00:00:00");
        assert_eq!(date_time(951_782_399), "2000-02-28 23:59:59");
        assert_eq!(date_time(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(date_time(951_868_800), "2000-03-01 00:00:00");
        assert_eq!(date_time(1_795_561_158), "2026-11-24 22:59:18");
        assert_eq!(date_time(4_107_542_399), "2100-02-28 23:59:59");
        assert_eq!(date_time(4_107_542_400), "2100-03-01 00:00:00");
    }

    #[test]
    fn requests() {
        let whole = b"GET /version HTTP/1.1\r\nHost: x\r\n\r\nGET";
        let request = parse(whole).unwrap().expect("whole");
        assert_eq!((request.target.as_str(), request.length), ("/version", whole.len() - 3));
        assert!(request.keep_alive);
        for end in 0..whole.len() - 3 {
            assert_eq!(parse(&whole[..end]), Ok(None), "{end}");
        }
        let closing = parse(b"GET / HTTP/1.1\r\nconnection: Close\r\n\r\n").unwrap().unwrap();
        assert!(!closing.keep_alive);
        assert!(!parse(b"GET / HTTP/1.0\r\n\r\n").unwrap().unwrap().keep_alive);
        for bad in [
            &b"GET / HTTP/2\r\n\r\n"[..],
            b"GET version HTTP/1.1\r\n\r\n",
            b"GET /a b HTTP/1.1\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nnonsense\r\n\r\n",
        ] {
            assert_eq!(parse(bad), Err(BadHttp::BadLine));
        }
        let body = b"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(parse(body), Err(BadHttp::Body));
        let long = [b"GET /".as_slice(), &[b'a'; MAX_HEAD]].concat();
        assert_eq!(parse(&long), Err(BadHttp::TooLong));
    }

    #[test]
    fn arguments() {
        assert_eq!(split("/a?name=x%20y&z=1", "name"), ("/a", Some("x y".to_owned())));
        assert_eq!(split("/a?z=1", "name"), ("/a", None));
        assert_eq!(split("/a?name", "name"), ("/a", Some(String::new())));
        assert_eq!(split("/a?name=%4", "name"), ("/a", Some("%4".to_owned())));
        assert_eq!(split("/a", "name"), ("/a", None));
    }
}
