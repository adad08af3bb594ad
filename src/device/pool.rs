use std::collections::VecDeque;
use wgpu::BufferUsages as Usage;

/// Freed buffers, kept for reuse.
#[derive(Debug)]
pub(crate) struct Pool {
    /// The oldest first.
    buffers: VecDeque<wgpu::Buffer>,
    bytes: u64,
    most_bytes: u64,
}

/// Bytes for a buffer of at least this size: a power of two, so that calls of similar sizes share buffers, unless that
/// exceeds the limit.
pub(crate) fn pooled_bytes(bytes: u64, limit: u64) -> u64 {
    if bytes > limit / 2 { bytes } else { bytes.next_power_of_two() }
}

impl Pool {
    /// The most buffers kept, which bounds a search.
    const MOST_BUFFERS: usize = 1024;

    pub(crate) fn new(most_bytes: u64) -> Pool {
        Pool { buffers: VecDeque::new(), bytes: 0, most_bytes }
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn take(&mut self, bytes: u64, usage: Usage) -> Option<wgpu::Buffer> {
        let fits = |buffer: &wgpu::Buffer| buffer.size() == bytes && buffer.usage() == usage;
        let found = self.buffers.iter().rposition(fits)?;
        self.bytes -= bytes;
        self.buffers.remove(found)
    }

    /// A buffer too large to keep does not displace the others.
    pub(crate) fn put(&mut self, buffer: wgpu::Buffer) {
        if buffer.size() > self.most_bytes {
            return;
        }
        self.bytes += buffer.size();
        self.buffers.push_back(buffer);
        while self.bytes > self.most_bytes || self.buffers.len() > Self::MOST_BUFFERS {
            self.bytes -= self.buffers.pop_front().map_or(0, |oldest| oldest.size());
        }
    }

    pub(crate) fn clear(&mut self) {
        self.buffers.clear();
        self.bytes = 0;
    }
}
