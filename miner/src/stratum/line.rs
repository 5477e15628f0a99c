//! Lines of bounded length.

use std::io;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

/// The longest line that a server may send, in bytes with its end.
pub const LINE_BYTES_MAX: usize = 64 * 1024;

/// Reads lines.
pub struct Lines<R> {
    reader: BufReader<R>,
    /// What has come of the next line; or the whole of the last one, which `next` gave out.
    line: Vec<u8>,
    given: bool,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Reads the lines of `reader`.
    pub fn new(reader: R) -> Self {
        Self { reader: BufReader::new(reader), line: Vec::new(), given: false }
    }

    /// The next line without its end; `None` when the other side has closed the connection.
    ///
    /// May be dropped while it waits: what has come is kept.
    ///
    /// # Errors
    /// When the connection breaks, or a line is longer than [`LINE_BYTES_MAX`].
    pub async fn next(&mut self) -> io::Result<Option<&[u8]>> {
        if self.given {
            self.line.clear();
            self.given = false;
        }
        let room = (LINE_BYTES_MAX - self.line.len()) as u64;
        (&mut self.reader).take(room).read_until(b'\n', &mut self.line).await?;
        if self.line.last() == Some(&b'\n') {
            self.given = true;
            return Ok(Some(self.line.trim_ascii_end()));
        }
        if self.line.len() >= LINE_BYTES_MAX {
            let message = format!("a line is longer than {LINE_BYTES_MAX} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        // Neither an end nor the full length: the other side closed, and half a line is none.
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::Future, pin::pin, task::Context};
    use tokio::io::AsyncWriteExt;

    #[tokio::test]
    async fn lines_come_one_by_one_and_half_a_line_is_none() {
        let mut lines = Lines::new(&b"one\r\n\ntwo\nhalf"[..]);
        for expected in ["one", "", "two"] {
            assert_eq!(lines.next().await.unwrap(), Some(expected.as_bytes()));
        }
        assert_eq!(lines.next().await.unwrap(), None);
    }

    #[tokio::test]
    async fn the_longest_line_is_read_and_a_longer_one_refused() {
        let mut longest = vec![b'x'; LINE_BYTES_MAX - 1];
        longest.push(b'\n');
        assert_eq!(Lines::new(&longest[..]).next().await.unwrap().map(<[u8]>::len), Some(LINE_BYTES_MAX - 1));
        longest.insert(0, b'x');
        assert!(Lines::new(&longest[..]).next().await.is_err());
        assert!(Lines::new(tokio::io::repeat(b'x')).next().await.is_err());
    }

    #[tokio::test]
    async fn an_abandoned_wait_loses_nothing() {
        let (mut far, near) = tokio::io::duplex(64);
        let mut lines = Lines::new(near);
        far.write_all(b"first ").await.unwrap();
        {
            let waiting = pin!(lines.next());
            assert!(waiting.poll(&mut Context::from_waker(std::task::Waker::noop())).is_pending());
        }
        far.write_all(b"half\n").await.unwrap();
        assert_eq!(lines.next().await.unwrap(), Some(&b"first half"[..]));
    }
}
