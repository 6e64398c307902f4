//! Whether the lengths that a file tells can be true. The decoder takes the memory that they ask for before it reads what is there, and memory
//! that cannot be had ends the process.

use std::io::{Read, Seek, SeekFrom};

use arrow::error::ArrowError;
use arrow::ipc::{Block, Message, RecordBatch, root_as_footer, root_as_message};

use crate::io::location::Handle;

/// The bytes before and after a footer: its length and the magic.
const TAIL: u64 = 10;

/// What stands before the length of a message, but not in old files.
const CONTINUED: [u8; 4] = [0xff; 4];

/// A byte of a compressed buffer cannot stand for more of them: zstd's block of one repeated byte, which is the shortest that there is.
const LARGEST_RATIO: u64 = 1 << 15;

/// What any compressed buffer may hold, however short it is: one block of zstd.
const SMALL: u64 = 1 << 17;

/// Checks the blocks of a file with a footer.
pub(super) fn file(file: &mut Handle) -> Result<(), ArrowError> {
    let size = file.seek(SeekFrom::End(0))?;
    let Some(end) = size.checked_sub(TAIL) else { return Err(impossible("there is no footer")) };
    let length = u64::from(u32::from_le_bytes(bytes(file, end)?));
    if length > end {
        return Err(impossible("its footer is longer than the file"));
    }
    let footer = some(file, end - length, length)?;
    let footer = root_as_footer(&footer).map_err(|e| impossible(&format!("its footer is damaged: {e}")))?;
    for block in footer.dictionaries().into_iter().flatten().chain(footer.recordBatches().into_iter().flatten()) {
        one_block(file, block, size)?;
    }
    Ok(())
}

fn one_block(file: &mut Handle, block: &Block, size: u64) -> Result<(), ArrowError> {
    let outside = || impossible("a block lies outside of the file");
    let number = |n: i64| u64::try_from(n).map_err(|_| outside());
    let (start, head, body) = (number(block.offset())?, number(block.metaDataLength().into())?, number(block.bodyLength())?);
    let begin = start.checked_add(head).ok_or_else(outside)?;
    if begin.checked_add(body).is_none_or(|end| end > size) {
        return Err(outside());
    }
    let text = some(file, start, head)?;
    let text = text.strip_prefix(&CONTINUED).unwrap_or(&text);
    let message =
        root_as_message(text.get(4..).unwrap_or_default()).map_err(|e| impossible(&format!("a block is damaged: {e}")))?;
    buffers(file, &message, begin, body)
}

/// Checks the messages of a stream.
pub(super) fn stream(file: &mut Handle) -> Result<(), ArrowError> {
    let size = file.seek(SeekFrom::End(0))?;
    let mut at = 0;
    while at + 4 <= size {
        let mut length: [u8; 4] = bytes(file, at)?;
        at += 4;
        if length == CONTINUED {
            if at + 4 > size {
                break;
            }
            length = bytes(file, at)?;
            at += 4;
        }
        let length = u64::from(u32::from_le_bytes(length));
        if length == 0 {
            break;
        }
        let outside = || impossible("a message is longer than the file");
        if at + length > size {
            return Err(outside());
        }
        let text = some(file, at, length)?;
        let message = root_as_message(&text).map_err(|e| impossible(&format!("a message is damaged: {e}")))?;
        at += length;
        let body = u64::try_from(message.bodyLength()).map_err(|_| outside())?;
        if at.checked_add(body).is_none_or(|end| end > size) {
            return Err(outside());
        }
        buffers(file, &message, at, body)?;
        at += body;
    }
    Ok(())
}

/// Compressed buffers begin with the number of bytes that they stand for.
fn buffers(file: &mut Handle, message: &Message<'_>, begin: u64, body: u64) -> Result<(), ArrowError> {
    let data: Option<RecordBatch<'_>> =
        message.header_as_record_batch().or_else(|| message.header_as_dictionary_batch().and_then(|d| d.data()));
    let Some(data) = data.filter(|data| data.compression().is_some()) else { return Ok(()) };
    for buffer in data.buffers().into_iter().flatten() {
        let outside = || impossible("a buffer lies outside of its block");
        let (start, length) =
            (u64::try_from(buffer.offset()).map_err(|_| outside())?, u64::try_from(buffer.length()).map_err(|_| outside())?);
        if start.checked_add(length).is_none_or(|end| end > body) {
            return Err(outside());
        }
        if length < 8 {
            continue;
        }
        let told = i64::from_le_bytes(bytes(file, begin + start)?);
        // Less than zero says that the buffer is not compressed after all.
        if u64::try_from(told).is_ok_and(|told| told > length.saturating_mul(LARGEST_RATIO).saturating_add(SMALL)) {
            return Err(impossible("a buffer claims to hold more than its bytes can"));
        }
    }
    Ok(())
}

fn bytes<const N: usize>(file: &mut Handle, at: u64) -> Result<[u8; N], ArrowError> {
    let mut found = [0; N];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut found)?;
    Ok(found)
}

fn some(file: &mut Handle, at: u64, length: u64) -> Result<Vec<u8>, ArrowError> {
    file.seek(SeekFrom::Start(at))?;
    let mut found = Vec::new();
    file.take(length).read_to_end(&mut found)?;
    Ok(found)
}

fn impossible(why: &str) -> ArrowError {
    ArrowError::IpcError(why.to_owned())
}
