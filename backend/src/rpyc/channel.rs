//! Frames: a length, whether it is compressed, the content, and a line feed.

use super::limits::{FRAME_ARRIVAL, FRAME_BYTES_MAX, IDLE, WRITE};
use flate2::{Compression, read::ZlibDecoder, write::ZlibEncoder};
use std::io::{self, Read, Write};
use thiserror::Error;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::timeout,
};

/// Length (u32, big endian) and the byte that tells compression.
const HEADER_BYTES: usize = 5;
/// What follows every frame.
const FLUSHER: u8 = b'\n';
/// Frames that are longer go out compressed, as Python's do.
const COMPRESSED_FROM: usize = 3_000;

/// Why no further frame comes.
#[derive(Debug, Error)]
pub enum ChannelError {
    /// The other side has gone.
    #[error("the client closed it")]
    Closed,
    /// It went in the middle of a frame.
    #[error("a frame ends early")]
    Short,
    /// A frame above the limit.
    #[error("a frame of {0} bytes, at most {FRAME_BYTES_MAX} are allowed")]
    TooLong(usize),
    /// A frame that is above the limit once it is inflated.
    #[error("a compressed frame holds more than {FRAME_BYTES_MAX} bytes")]
    Bomb,
    /// A frame that cannot be inflated.
    #[error("a compressed frame is damaged")]
    Inflate,
    /// Nothing came.
    #[error("the client said nothing for too long")]
    Idle,
    /// A frame came too slowly.
    #[error("a frame did not arrive in time")]
    Slow,
    /// What is written is not taken.
    #[error("the client does not read its answers")]
    NotRead,
    /// The connection broke.
    #[error(transparent)]
    Io(io::Error),
}

/// Reads a frame's content. A limit is held against its length before anything is read for it.
///
/// # Errors
/// When there is none, or the client takes too long.
pub async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, ChannelError> {
    let mut header = [0; HEADER_BYTES];
    let first = timeout(IDLE, stream.read(&mut header[..1])).await.map_err(|_| ChannelError::Idle)?;
    if first.map_err(ChannelError::Io)? == 0 {
        return Err(ChannelError::Closed);
    }
    let rest = async {
        stream.read_exact(&mut header[1..]).await.map_err(short)?;
        let [a, b, c, d, compressed] = header;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        if length > FRAME_BYTES_MAX {
            return Err(ChannelError::TooLong(length));
        }
        let mut content = vec![0; length + 1];
        stream.read_exact(&mut content).await.map_err(short)?;
        content.pop();
        if compressed == 0 { Ok(content) } else { inflate(&content) }
    };
    timeout(FRAME_ARRIVAL, rest).await.map_err(|_| ChannelError::Slow)?
}

fn short(error: io::Error) -> ChannelError {
    if error.kind() == io::ErrorKind::UnexpectedEof { ChannelError::Short } else { ChannelError::Io(error) }
}

fn inflate(content: &[u8]) -> Result<Vec<u8>, ChannelError> {
    let mut inflated = Vec::new();
    let limited = ZlibDecoder::new(content).take(FRAME_BYTES_MAX as u64 + 1).read_to_end(&mut inflated);
    limited.map_err(|_| ChannelError::Inflate)?;
    if inflated.len() > FRAME_BYTES_MAX { Err(ChannelError::Bomb) } else { Ok(inflated) }
}

/// Writes a frame.
///
/// # Errors
/// When the client does not take it in time.
pub async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), content: &[u8]) -> Result<(), ChannelError> {
    let frame = frame(content).map_err(ChannelError::Io)?;
    let written = async {
        stream.write_all(&frame).await?;
        stream.flush().await
    };
    timeout(WRITE, written).await.map_err(|_| ChannelError::NotRead)?.map_err(ChannelError::Io)
}

/// The bytes of a frame.
fn frame(content: &[u8]) -> io::Result<Vec<u8>> {
    let is_long = content.len() > COMPRESSED_FROM;
    let mut frame = Vec::with_capacity(HEADER_BYTES + content.len().min(COMPRESSED_FROM) + 1);
    frame.extend([0, 0, 0, 0, u8::from(is_long)]);
    if is_long {
        let mut encoder = ZlibEncoder::new(&mut frame, Compression::fast());
        encoder.write_all(content)?;
        encoder.finish()?;
    } else {
        frame.extend(content);
    }
    let length = u32::try_from(frame.len() - HEADER_BYTES).map_err(io::Error::other)?;
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame.push(FLUSHER);
    Ok(frame)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(mut bytes: &[u8]) -> Result<Vec<u8>, ChannelError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(read_frame(&mut bytes))
    }

    fn compressed(content: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(content).unwrap();
        let inner = encoder.finish().unwrap();
        let mut frame = u32::try_from(inner.len()).unwrap().to_be_bytes().to_vec();
        frame.push(1);
        frame.extend(inner);
        frame.push(FLUSHER);
        frame
    }

    #[test]
    fn a_frame_is_what_rpyc_writes() {
        assert_eq!(frame(b"abc").unwrap(), b"\0\0\0\x03\0abc\n");
        assert_eq!(read(b"\0\0\0\x03\0abc\n").unwrap(), b"abc");
        assert_eq!(read(&compressed(b"abc")).unwrap(), b"abc");
    }

    #[test]
    fn what_is_no_frame_or_too_large_is_refused() {
        assert!(matches!(read(b""), Err(ChannelError::Closed)));
        assert!(matches!(read(b"\0\0\0"), Err(ChannelError::Short)));
        assert!(matches!(read(b"\0\0\0\x03\0abc"), Err(ChannelError::Short)));
        assert!(matches!(read(b"\xff\xff\xff\xff\0"), Err(ChannelError::TooLong(0xffff_ffff))));
        assert!(matches!(read(b"\0\0\0\x03\x01abc\n"), Err(ChannelError::Inflate)));
        let largest = vec![7; FRAME_BYTES_MAX];
        assert_eq!(read(&compressed(&largest)).unwrap(), largest);
        // A hundred megabytes in a hundred kilobytes.
        assert!(matches!(read(&compressed(&vec![0; 100 << 20])), Err(ChannelError::Bomb)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_frame_is_read_as_it_was_written(content in proptest::collection::vec(any::<u8>(), 0..10_000)) {
            prop_assert_eq!(read(&frame(&content).unwrap()).unwrap(), content);
        }

        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
            let _ = read(&bytes);
        }
    }
}
