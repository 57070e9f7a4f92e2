//! Where one request ends and the next begins, looked at before the HTTP library does.
//!
//! The library is lenient where RFC 9112 lets it: it takes a bare line feed for an end of line, a second `Host`, and
//! a `Content-Length` beside a `Transfer-Encoding`. A proxy in front of it may read such bytes otherwise and so be
//! made to pass on a request that it never saw. Here they are refused.

/// The most bytes of a request's head: its request line and headers.
const HEAD_BYTES: usize = 16 * 1024;

/// Follows the bytes of a connection.
#[derive(Debug)]
pub(super) struct Framing {
    part: Part,
}

#[derive(Debug)]
enum Part {
    Head(Head),
    /// A body with this many bytes to come; more than 0.
    Body(u64),
    /// A chunked body. The connection closes after it, so its end need not be found.
    Chunked,
    Refused,
}

#[derive(Debug, Default)]
struct Head {
    bytes: usize,
    line: Vec<u8>,
    is_begun: bool,
    needs_host: bool,
    has_host: bool,
    content_length: Option<u64>,
    is_chunked: bool,
}

/// What an end of line has shown.
enum Line {
    Fine,
    Last,
    Wrong,
}

impl Framing {
    pub(super) fn new() -> Self {
        Self { part: Part::Head(Head::default()) }
    }

    /// Whether bytes of a body are still to come.
    pub(super) fn is_in_body(&self) -> bool {
        matches!(self.part, Part::Body(_) | Part::Chunked)
    }

    pub(super) fn is_refused(&self) -> bool {
        matches!(self.part, Part::Refused)
    }

    /// Looks at the next bytes. How many may be passed on: all, or those before the first that may not. With those
    /// alone, the head that they belong to is never complete.
    pub(super) fn accept(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while let Some((&byte, after)) = rest.split_first() {
            match &mut self.part {
                Part::Head(head) => match head.accept(byte) {
                    Line::Fine => rest = after,
                    Line::Last => {
                        self.part = head.body();
                        rest = after;
                    }
                    Line::Wrong => self.part = Part::Refused,
                },
                Part::Body(left) => {
                    let here = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    rest = rest.get(here..).unwrap_or_default();
                    *left = left.saturating_sub(here as u64);
                    if *left == 0 {
                        self.part = Part::Head(Head::default());
                    }
                }
                Part::Chunked => return bytes.len(),
                Part::Refused => return bytes.len() - rest.len(),
            }
        }
        bytes.len()
    }
}

impl Head {
    fn accept(&mut self, byte: u8) -> Line {
        self.bytes += 1;
        if self.bytes > HEAD_BYTES {
            return Line::Wrong;
        }
        if byte != b'\n' {
            self.line.push(byte);
            return Line::Fine;
        }
        let mut line = std::mem::take(&mut self.line);
        if line.pop() != Some(b'\r') {
            return Line::Wrong;
        }
        let seen = self.end_line(&line);
        line.clear();
        self.line = line;
        seen
    }

    fn end_line(&mut self, line: &[u8]) -> Line {
        let is_fine = if !self.is_begun {
            // Empty lines before a request are passed over (RFC 9112, section 2.2).
            self.is_begun = !line.is_empty();
            self.needs_host = !line.ends_with(b"HTTP/1.0");
            true
        } else if line.is_empty() {
            return if self.has_host || !self.needs_host { Line::Last } else { Line::Wrong };
        } else {
            self.header(line)
        };
        if is_fine { Line::Fine } else { Line::Wrong }
    }

    /// Whether the header may stand beside those before it.
    fn header(&mut self, line: &[u8]) -> bool {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { return false };
        let (name, value) = line.split_at(colon);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"host") {
            !std::mem::replace(&mut self.has_host, true)
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let length = read_length(value);
            let is_first = self.content_length.is_none() && !self.is_chunked;
            self.content_length = length;
            is_first && length.is_some()
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let is_first = self.content_length.is_none() && !self.is_chunked;
            self.is_chunked = true;
            is_first && value.eq_ignore_ascii_case(b"chunked")
        } else {
            true
        }
    }

    fn body(&self) -> Part {
        match (self.is_chunked, self.content_length) {
            (true, _) => Part::Chunked,
            (false, None | Some(0)) => Part::Head(Self::default()),
            (false, Some(length)) => Part::Body(length),
        }
    }
}

/// Digits alone: no sign, no list.
fn read_length(value: &[u8]) -> Option<u64> {
    if !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many bytes pass, whatever pieces they come in.
    fn passed(bytes: &[u8]) -> usize {
        let whole = Framing::new().accept(bytes);
        let mut framing = Framing::new();
        let single = bytes.iter().take_while(|byte| framing.accept(&[**byte]) == 1).count();
        assert_eq!(whole, single, "{}", bytes.escape_ascii());
        whole
    }

    #[test]
    fn passes_what_is_well_formed() {
        for request in [
            &b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n",
            b"\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n",
            b"GET / HTTP/1.0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:5\r\n\r\na\nb\nc",
            b"POST / HTTP/1.1\r\nHost: a\r\ncontent-LENGTH: 2 \r\n\r\n\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\nwhatever\n",
        ] {
            assert_eq!(passed(request), request.len(), "{}", request.escape_ascii());
        }
    }

    #[test]
    fn stops_before_the_end_of_what_is_not() {
        for request in [
            &b"GET / HTTP/1.1\nHost: a\r\n\r\n"[..],
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
            b"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nHOST: a\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
            b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1GET / HTTP/1.1\n\r\n\r\n",
        ] {
            let passed = passed(request);
            assert!(passed < request.len(), "{}", request.escape_ascii());
            assert_eq!(request.get(passed), Some(&b'\n'), "{}", request.escape_ascii());
        }
    }

    #[test]
    fn bounds_a_head() {
        let mut request = b"GET / HTTP/1.1\r\nHost: a\r\nX: ".to_vec();
        request.resize(HEAD_BYTES - 4, b'x');
        request.extend(b"\r\n\r\n");
        assert_eq!(passed(&request), HEAD_BYTES);
        request.insert(20, b'x');
        assert_eq!(passed(&request), HEAD_BYTES);
        assert_eq!(passed(&[b'x'; HEAD_BYTES + 1]), HEAD_BYTES);
    }

    #[test]
    fn knows_when_a_body_is_to_come() {
        let mut framing = Framing::new();
        framing.accept(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n");
        assert!(framing.is_in_body());
        framing.accept(b"12");
        assert!(framing.is_in_body());
        framing.accept(b"3");
        assert!(!framing.is_in_body());
        framing.accept(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert!(framing.is_in_body());
    }
}
