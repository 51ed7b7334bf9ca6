//! The part of HTTP that a meta server speaks on its RPC port: GET requests without a body, and
//! responses in plain text.

use std::collections::BTreeMap;

use httparse::Status;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;

/// The first bytes of an HTTP connection.
pub(super) const GET: &[u8] = b"GET ";
/// The greatest length of a request's head.
const MAX_HEAD: usize = 8 * 1024;
/// The greatest number of header lines in a request.
const MAX_HEADERS: usize = 64;

/// The bytes are not an HTTP request that the server handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadHttp {
    #[error("the head is too long")]
    TooLong,
    #[error("the head cannot be parsed: {0}")]
    Nonsense(#[from] httparse::Error),
    #[error("the request is not a GET of a page")]
    NoPage,
    #[error("the request has a body")]
    Body,
}

/// A request for a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    /// The path and the query.
    pub(super) target: String,
    /// The number of bytes of the request.
    pub(super) length: usize,
    /// Whether the connection stays open after the response.
    pub(super) keep_alive: bool,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    /// The status: 200, 400 or 404.
    pub(crate) status: u16,
    /// The text.
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

/// Reads the request at the front of `bytes`. Returns `None` while the request is incomplete.
pub(super) fn parse(bytes: &[u8]) -> Result<Option<PageRequest>, BadHttp> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let looked_at = &bytes[..bytes.len().min(MAX_HEAD)];
    let length = match head.parse(looked_at)? {
        Status::Complete(length) => length,
        Status::Partial if bytes.len() > MAX_HEAD => return Err(BadHttp::TooLong),
        Status::Partial => return Ok(None),
    };
    let target = match (head.method, head.path) {
        (Some("GET"), Some(target)) if target.starts_with('/') => target.to_owned(),
        _ => return Err(BadHttp::NoPage),
    };
    // HTTP 1.1 keeps connections open by default, and HTTP 1.0 on request.
    let mut keep_alive = head.version == Some(1);
    let mut closes = false;
    for header in head.headers {
        let value = header.value.trim_ascii();
        if header.name.eq_ignore_ascii_case("connection") {
            let mut options = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            closes |= options.clone().any(|option| option.eq_ignore_ascii_case(b"close"));
            keep_alive |= options.any(|option| option.eq_ignore_ascii_case(b"keep-alive"));
        }
        let body = header.name.eq_ignore_ascii_case("transfer-encoding")
            || (header.name.eq_ignore_ascii_case("content-length") && value != b"0");
        if body {
            return Err(BadHttp::Body);
        }
    }
    Ok(Some(PageRequest { target, length, keep_alive: keep_alive && !closes }))
}

/// The target of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The path without slashes at its ends and without empty parts, with `A` for `%41`.
    pub(super) path: String,
    /// The arguments in the query, with their values.
    pub(super) arguments: BTreeMap<String, String>,
}

impl Target {
    /// Reads a target. The error is the page that says what is wrong with the target.
    pub(super) fn parse(target: &str) -> Result<Target, Page> {
        let wrong = |what: String| Page {
            status: 400,
            body: format!("failed to parse request: ERR_INVALID_PARAMETERS: {what}"),
        };
        let target = target.split('#').next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = unescaped(path).map_err(wrong)?;
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let mut arguments = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let key = unescaped(key).map_err(wrong)?;
            let value = unescaped(value).map_err(wrong)?;
            if arguments.insert(key.clone(), value).is_some() {
                return Err(wrong(format!("duplicate parameter: {key}")));
            }
        }
        Ok(Target { path: parts.join("/"), arguments })
    }
}

/// Returns the text with `A` for `%41`. The error says which escape sequence is wrong.
fn unescaped(text: &str) -> Result<String, String> {
    for (at, _) in text.match_indices('%') {
        let escape = text.as_bytes().get(at + 1..at + 3);
        let escape = escape.ok_or("Encountered partial escape sequence at end of string")?;
        if !escape.iter().all(u8::is_ascii_hexdigit) {
            return Err(format!(
                "The characters {} do not form a hex value. Please escape it or pass a valid hex \
                 value",
                String::from_utf8_lossy(escape)
            ));
        }
    }
    Ok(percent_decode_str(text).decode_utf8_lossy().into_owned())
}

/// Returns a time in seconds since 1970 as `2026-11-24 22:59:18`, in UTC.
pub(super) fn date_time(seconds: i64) -> String {
    // A clock that is moved by hand can go beyond the year 9999, which has no text of this form.
    let bounds = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let time = Timestamp::from_second(seconds.clamp(bounds.0, bounds.1)).unwrap_or_default();
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
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
        assert!(date_time(i64::MAX).starts_with("9999-12-3"));
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
        for (version, options, keeps) in [
            ("1.1", "Connection: foo, close\r\n", false),
            ("1.1", "Connection: close,foo\r\n", false),
            ("1.1", "Connection: foo\r\nConnection: \tCLOSE ,\r\n", false),
            ("1.1", "Connection: close\r\nConnection: keep-alive\r\n", false),
            ("1.1", "Connection: closer, foo\r\n", true),
            ("1.0", "Connection: foo, Keep-Alive\r\n", true),
            ("1.0", "Connection: keep-alive, close\r\n", false),
            ("1.0", "Connection: foo\r\n", false),
        ] {
            let request = format!("GET / HTTP/{version}\r\n{options}\r\n");
            let request = parse(request.as_bytes()).unwrap().unwrap();
            assert_eq!(request.keep_alive, keeps, "{version} {options}");
        }
        for bad in [
            &b"GET / HTTP/2\r\n\r\n"[..],
            b"GET /a b HTTP/1.1\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nnonsense\r\n\r\n",
            &[b"GET / HTTP/1.1\r\n".as_slice(), &b"a: b\r\n".repeat(MAX_HEADERS + 1), b"\r\n"]
                .concat(),
        ] {
            assert!(matches!(parse(bad), Err(BadHttp::Nonsense(_))), "{}", bad.escape_ascii());
        }
        assert_eq!(parse(b"GET version HTTP/1.1\r\n\r\n"), Err(BadHttp::NoPage));
        let body = b"GET / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(parse(body), Err(BadHttp::Body));
        let long = [b"GET /".as_slice(), &[b'a'; MAX_HEAD]].concat();
        assert_eq!(parse(&long), Err(BadHttp::TooLong));
    }

    #[test]
    fn targets() {
        let parsed = |text: &str| {
            let target = Target::parse(text).unwrap();
            (target.path, target.arguments.into_iter().collect::<Vec<_>>())
        };
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let name = |value| vec![pair("name", value)];
        for (text, path, arguments) in [
            ("/a/b?name=x%20y", "a/b", name("x y")),
            ("//a//b//?name", "a/b", name("")),
            ("/%61?name=a=b#c", "a", name("a=b")),
            ("/a?z=1&&name=%74", "a", vec![pair("name", "t"), pair("z", "1")]),
            ("/?", "", vec![]),
        ] {
            assert_eq!(parsed(text), (path.to_owned(), arguments), "{text}");
        }
        for (text, what) in [
            ("/a%", "Encountered partial escape sequence at end of string"),
            ("/a?b=%4", "Encountered partial escape sequence at end of string"),
            ("/a?b=%zz", "The characters zz do not form a hex value"),
            ("/a?b=1&b=1", "duplicate parameter: b"),
        ] {
            let page = Target::parse(text).unwrap_err();
            assert_eq!(page.status, 400);
            assert!(page.body.contains(what), "{}", page.body);
        }
    }
}
