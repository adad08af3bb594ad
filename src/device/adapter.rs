//! Selection of adapters.

use crate::error::Error;

/// The storage buffers of a kernel, but for a few. A sum over xielu's elements reads x, dy, both alphas, input_bias and
/// output_factor, and writes the statistics of chunks beside those of rows. With input_factor too it needs one more, which a
/// device with eight refuses; so does a double backward pass with four parameters from buffers, its addend apart.
const STORAGE_BUFFERS: u32 = 8;

/// The invocations of the largest workgroup, along one dimension.
const INVOCATIONS: u32 = 256;

/// The adapters of this machine.
#[derive(Debug)]
#[non_exhaustive]
pub struct Survey {
    /// Adapters that can run the kernels, the best first.
    pub usable: Vec<wgpu::Adapter>,
    /// Adapters that cannot, each with what it lacks.
    pub unusable: Vec<(wgpu::AdapterInfo, String)>,
}

fn instance() -> Result<Option<wgpu::Instance>, Error> {
    if let Ok(value) = std::env::var("WGPU_BACKEND") {
        let unknown = |name: &&str| wgpu::Backends::from_comma_list(name).is_empty();
        if let Some(name) = value.split(',').map(str::trim).find(unknown) {
            return Err(Error::UnknownBackend { name: name.to_owned(), value });
        }
    }
    let any = cfg!(any(feature = "vulkan", feature = "metal", feature = "dx12", feature = "gles", feature = "webgpu"));
    // Instance::new panics without a backend.
    Ok(any.then(|| wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle_from_env())))
}

/// The rank of an adapter; lower is better. Hardware comes before software, and GL last among each, because it has the
/// fewest features.
fn rank(info: &wgpu::AdapterInfo, low_power: bool) -> (u8, bool) {
    let kind = match info.device_type {
        wgpu::DeviceType::DiscreteGpu => u8::from(low_power),
        wgpu::DeviceType::IntegratedGpu => u8::from(!low_power),
        wgpu::DeviceType::VirtualGpu => 2,
        wgpu::DeviceType::Other => 3,
        wgpu::DeviceType::Cpu => 4,
    };
    (kind, info.backend == wgpu::Backend::Gl)
}

/// Returns what an adapter lacks to run the kernels, if anything.
fn lack(flags: wgpu::DownlevelFlags, limits: &wgpu::Limits) -> Option<String> {
    if !flags.contains(wgpu::DownlevelFlags::COMPUTE_SHADERS) {
        return Some("it has no compute shaders".to_owned());
    }
    let buffers = limits.max_storage_buffers_per_shader_stage;
    if buffers < STORAGE_BUFFERS {
        return Some(format!("it binds {buffers} storage buffers at once, kernels need {STORAGE_BUFFERS}"));
    }
    let invocations = limits.max_compute_invocations_per_workgroup.min(limits.max_compute_workgroup_size_x);
    (invocations < INVOCATIONS)
        .then(|| format!("its workgroups have {invocations} invocations, kernels need {INVOCATIONS}"))
}

/// Finds all adapters. `WGPU_BACKEND` restricts them to its backends; `WGPU_POWER_PREF=low` puts integrated before
/// discrete ones.
///
/// ```
/// let survey = pollster::block_on(gpu_activations::survey())?;
/// for (info, reason) in &survey.unusable {
///     println!("{} cannot be used: {reason}", info.name);
/// }
/// # Ok::<(), gpu_activations::Error>(())
/// ```
///
/// # Errors
/// [`Error::UnknownBackend`].
pub async fn survey() -> Result<Survey, Error> {
    let mut survey = Survey { usable: Vec::new(), unusable: Vec::new() };
    let Some(instance) = instance()? else { return Ok(survey) };
    for adapter in instance.enumerate_adapters(wgpu::Backends::all()).await {
        match lack(adapter.get_downlevel_capabilities().flags, &adapter.limits()) {
            Some(reason) => survey.unusable.push((adapter.get_info(), reason)),
            None => survey.usable.push(adapter),
        }
    }
    let low_power = wgpu::PowerPreference::from_env() == Some(wgpu::PowerPreference::LowPower);
    survey.usable.sort_by_key(|adapter| rank(&adapter.get_info(), low_power));
    Ok(survey)
}

/// Returns the adapters that can run the kernels, the best first, as [`survey`] finds them. Returns none if
/// `WGPU_BACKEND` names an unknown backend.
pub async fn adapters() -> Vec<wgpu::Adapter> {
    survey().await.map_or_else(|_| Vec::new(), |survey| survey.usable)
}

/// The name of an adapter in messages, by which [`Builder::adapter`](crate::Builder::adapter) finds it.
pub(crate) fn shown(info: &wgpu::AdapterInfo) -> String {
    format!("{} on {}", info.name, info.backend.to_str())
}

/// Checks whether each word of `wanted` occurs in "name on backend". A last word after "on" must occur in the backend.
fn matches(wanted: &str, info: &wgpu::AdapterInfo) -> bool {
    let (wanted, shown) = (wanted.to_lowercase(), shown(info).to_lowercase());
    let words: Vec<&str> = wanted.split_whitespace().collect();
    let backend = match words.as_slice() {
        [.., "on", backend] => info.backend.to_str().contains(backend),
        _ => true,
    };
    backend && words.iter().all(|word| shown.contains(word))
}

/// Returns the adapters to try, the best first: the one wanted by `name`, else by `WGPU_ADAPTER_NAME`, else all.
pub(crate) async fn candidates(name: Option<&str>) -> Result<Vec<wgpu::Adapter>, Error> {
    let wanted = name
        .map(str::to_owned)
        .or_else(|| std::env::var("WGPU_ADAPTER_NAME").ok().filter(|name| !name.trim().is_empty()));
    let Survey { mut usable, unusable } = survey().await?;
    let found = usable.iter().map(|adapter| shown(&adapter.get_info())).collect();
    if let Some(wanted) = &wanted {
        usable.retain(|adapter| matches(wanted, &adapter.get_info()));
        // One adapter's name may be the beginning of another's.
        usable.sort_by_key(|adapter| !shown(&adapter.get_info()).eq_ignore_ascii_case(wanted));
        usable.truncate(1);
    }
    if !usable.is_empty() {
        return Ok(usable);
    }
    let unusable = unusable.iter().map(|(info, reason)| format!("{} ({reason})", shown(info))).collect();
    let backend = std::env::var("WGPU_BACKEND").ok();
    Err(Error::NoAdapter { wanted, found, unusable, backend })
}

/// Returns the first success among the candidates, else the error of the first candidate, which is the best.
pub(crate) async fn first_working<A, R, F: Future<Output = Result<R, Error>>>(
    candidates: Vec<A>,
    attempt: impl Fn(A) -> F,
) -> Result<R, Error> {
    let mut failed = None;
    for candidate in candidates {
        match attempt(candidate).await {
            Ok(result) => return Ok(result),
            Err(error) => {
                log::warn!("an adapter gives no device that works: {error}");
                failed.get_or_insert(error);
            }
        }
    }
    Err(failed.unwrap_or_else(|| Error::Refused { reason: "there is no adapter to try".to_owned() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(name: &str, backend: wgpu::Backend) -> wgpu::AdapterInfo {
        let mut info = wgpu::AdapterInfo::new(wgpu::DeviceType::Cpu, backend);
        info.name = name.to_owned();
        info
    }

    #[test]
    fn an_adapter_is_found_by_words_of_its_name_and_backend() {
        let vulkan = info("llvmpipe (LLVM 15.0.6, 256 bits)", wgpu::Backend::Vulkan);
        for wanted in ["llvmpipe on vulkan", "on vulkan", "Vulkan", "LLVM 15", "llvmpipe vulkan", "", "on"] {
            assert!(matches(wanted, &vulkan), "{wanted}");
        }
        assert!(matches(&shown(&vulkan), &vulkan));
        for wanted in ["llvmpipe on gl", "gl", "swiftshader", "llvmpipe swiftshader"] {
            assert!(!matches(wanted, &vulkan), "{wanted}");
        }
        // An adapter's name may contain the letters of a backend.
        let angle = info("ANGLE (Google, Vulkan 1.3)", wgpu::Backend::Gl);
        assert!(
            matches("angle on gl", &angle) && !matches("angle on vulkan", &angle) && matches("angle vulkan", &angle)
        );
    }

    #[test]
    fn an_adapter_that_cannot_run_the_kernels_says_what_it_lacks() {
        let (all, limits) = (wgpu::DownlevelFlags::all(), wgpu::Limits::default());
        assert_eq!(lack(all, &limits), None);
        let reason = lack(all - wgpu::DownlevelFlags::COMPUTE_SHADERS, &limits).unwrap();
        assert_eq!(reason, "it has no compute shaders");
        let few = wgpu::Limits { max_storage_buffers_per_shader_stage: 4, ..limits.clone() };
        assert_eq!(lack(all, &few).unwrap(), "it binds 4 storage buffers at once, kernels need 8");
        let small = wgpu::Limits { max_compute_workgroup_size_x: 128, ..limits };
        assert_eq!(lack(all, &small).unwrap(), "its workgroups have 128 invocations, kernels need 256");
    }

    #[test]
    fn the_next_adapter_is_tried_where_the_best_gives_no_device() {
        let attempt = |works: bool| async move {
            let refused = || Error::Refused { reason: "no device".to_owned() };
            works.then_some("a device").ok_or_else(refused)
        };
        let outcome = |candidates: &[bool]| pollster::block_on(first_working(candidates.to_vec(), attempt));
        assert_eq!(outcome(&[false, true, false]), Ok("a device"));
        assert!(matches!(outcome(&[false, false]), Err(Error::Refused { reason }) if reason == "no device"));
    }
}
