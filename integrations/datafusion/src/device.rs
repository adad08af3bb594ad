//! The contexts that all partitions of a process share.

use crate::options::{Device, Options};
use datafusion::error::DataFusionError;
use gpu_activations::{Error, GpuActivations};
use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// By the words of the adapter's name. That there is no such adapter is kept for a while, too, because looking for it takes
/// long.
type Contexts = HashMap<Option<String>, (Result<GpuActivations, Error>, Instant)>;

/// After this time a missing adapter is looked for again. A driver that resets a device may list none meanwhile.
const MISSING: Duration = Duration::from_secs(10);

static CONTEXTS: LazyLock<Mutex<Contexts>> = LazyLock::new(Mutex::default);

/// What computes a batch.
pub(crate) enum Processor {
    Device(GpuActivations),
    Reference,
}

/// The context that all functions with these options share in this process. It is made at the first call, and anew after
/// its device was lost.
///
/// # Errors
/// As [`gpu_activations::Builder::build`].
pub fn shared_context(options: &Options) -> Result<GpuActivations, Error> {
    let mut contexts = CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((known, since)) = contexts.get(&options.adapter)
        && (known.is_ok() || since.elapsed() < MISSING)
    {
        return known.clone();
    }
    let builder = options.adapter.iter().fold(GpuActivations::builder(), |builder, name| builder.adapter(name));
    let made = builder.build();
    if matches!(made, Ok(_) | Err(Error::NoAdapter { .. })) {
        contexts.insert(options.adapter.clone(), (made.clone(), Instant::now()));
    }
    made
}

/// The processor that the options ask for.
pub(crate) fn processor(options: &Options) -> Result<Processor, DataFusionError> {
    if options.device == Device::Reference {
        return Ok(Processor::Reference);
    }
    match shared_context(options) {
        Ok(context) => Ok(Processor::Device(context)),
        Err(Error::NoAdapter { .. }) if options.device == Device::AdapterOrReference => Ok(Processor::Reference),
        Err(error) => Err(execution_error(options, None, error)),
    }
}

/// An error of a computation on a context, if it was on one, as DataFusion reports it. A lost device is given up, so that the
/// next call makes another; as an I/O error it lets Ballista try the task again.
pub(crate) fn execution_error(options: &Options, on: Option<&GpuActivations>, error: Error) -> DataFusionError {
    let place = options.node.as_ref().map_or_else(String::new, |node| format!("{node}: "));
    let text = format!("{place}{error}");
    match error {
        Error::DeviceLost { .. } => {
            let mut contexts = CONTEXTS.lock().unwrap_or_else(PoisonError::into_inner);
            // Another partition may have made a new one by now. Clones share the device, and so its address.
            if let (Some(lost), Some((Ok(known), _))) = (on, contexts.get(&options.adapter))
                && std::ptr::eq(known.device(), lost.device())
            {
                contexts.remove(&options.adapter);
            }
            DataFusionError::IoError(std::io::Error::other(text))
        }
        Error::OutOfMemory { .. } => DataFusionError::ResourcesExhausted(text),
        _ => DataFusionError::Execution(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_adapter_is_looked_for_again_after_a_while() {
        let of = |adapter: &str| Options { adapter: Some(adapter.to_owned()), ..Options::default() };
        let missing = shared_context(&of("no such adapter")).err().unwrap();
        let options = of(&shared_context(&Options::default()).unwrap().adapter_info().name);
        let found_missing = |since| {
            CONTEXTS.lock().unwrap().insert(options.adapter.clone(), (Err(missing.clone()), since));
        };
        found_missing(Instant::now());
        assert_eq!(shared_context(&options).err(), Some(missing.clone()));
        found_missing(Instant::now().checked_sub(MISSING).unwrap());
        assert!(shared_context(&options).is_ok());
    }

    #[test]
    fn a_late_report_of_a_lost_device_leaves_the_next_one() {
        let options = Options::default();
        let lost = || Error::DeviceLost { reason: "for a test".to_owned() };
        let first = shared_context(&options).unwrap();
        execution_error(&options, Some(&first), lost());
        let second = shared_context(&options).unwrap();
        assert!(!std::ptr::eq(second.device(), first.device()));
        execution_error(&options, Some(&first), lost());
        assert!(std::ptr::eq(shared_context(&options).unwrap().device(), second.device()));
    }
}
