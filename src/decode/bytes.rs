//! Reading little-endian fields from bytes that may end too early.

/// The bytes ended before the field did, or a length makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Short;

/// What is left to read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Short> {
        let (head, tail) = self.0.split_at_checked(count).ok_or(Short)?;
        self.0 = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let (head, tail) = self.0.split_first_chunk::<N>().ok_or(Short)?;
        self.0 = tail;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Short> {
        self.array().map(u8::from_le_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Short> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Short> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Short> {
        self.array().map(u64::from_le_bytes)
    }

    /// An unsigned integer of 1 to 8 bytes.
    pub(crate) fn uint(&mut self, width: usize) -> Result<u64, Short> {
        let mut wide = [0; 8];
        wide.get_mut(..width).ok_or(Short)?.copy_from_slice(self.take(width)?);
        Ok(u64::from_le_bytes(wide))
    }

    /// A length-encoded integer; the NULL marker and 0xFF are refused.
    pub(crate) fn length(&mut self) -> Result<usize, Short> {
        let wide = match self.u8()? {
            0xFC => self.uint(2)?,
            0xFD => self.uint(3)?,
            0xFE => self.uint(8)?,
            0xFB | 0xFF => return Err(Short),
            small => u64::from(small),
        };
        usize::try_from(wide).map_err(|_too_wide| Short)
    }

    /// Bytes behind their length-encoded length.
    pub(crate) fn prefixed(&mut self) -> Result<&'a [u8], Short> {
        let length = self.length()?;
        self.take(length)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How many bytes a bitmap of `bits` takes.
pub(crate) fn bitmap_width(bits: usize) -> usize {
    bits.div_ceil(8)
}
