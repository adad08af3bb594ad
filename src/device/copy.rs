//! Copies between the host's memory and mapped memory of the device. Beside a GPU two threads share a large copy,
//! because one does not reach the rate of the memory. Beside a device on the CPU one thread copies: llvmpipe uses every
//! core, and with two of them slices were 5 to 10 % slower there.

use crate::device::lock::lock;
use std::sync::Mutex;
#[cfg(not(target_arch = "wasm32"))]
use wgpu::WriteOnly;

/// The bytes that a thread copies at a time.
const CHUNK: usize = 1 << 20;
/// The fewest chunks that are worth a thread: to start one takes as long as to copy some 200 kB.
const FEWEST_CHUNKS: usize = 4;

/// How many threads copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copying {
    OneThread,
    TwoThreads,
}

#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn copy_to_device(to: WriteOnly<'_, [u8]>, from: &[u8], copying: Copying) {
    let (whole, rest) = from.as_chunks::<CHUNK>();
    let (to_whole, mut to_rest) = to.into_chunks::<CHUNK>();
    to_rest.copy_from_slice(rest);
    share(copying, to_whole.into_iter().zip(whole).collect(), |(to, from)| {
        WriteOnly::<[u8]>::from(to).copy_from_slice(from);
    });
}

pub(crate) fn copy_to_host(to: &mut [u8], from: &[u8], copying: Copying) {
    share(copying, to.chunks_mut(CHUNK).zip(from.chunks(CHUNK)).collect(), |(to, from)| to.copy_from_slice(from));
}

/// Copies all chunks. Each thread takes the next one when it has copied one.
fn share<C: Send>(copying: Copying, chunks: Vec<C>, copy: impl Fn(C) + Sync) {
    let is_shared = copying == Copying::TwoThreads && chunks.len() >= FEWEST_CHUNKS;
    let chunks = Mutex::new(chunks.into_iter());
    let next = || lock(&chunks).next();
    let work = || std::iter::from_fn(next).for_each(&copy);
    std::thread::scope(|scope| {
        if is_shared {
            // Where no thread is to be had, this one copies everything.
            let _ = std::thread::Builder::new().name("gpu-activations".to_owned()).spawn_scoped(scope, work);
        }
        work();
    });
}
