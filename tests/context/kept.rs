//! Objects that a context keeps: memory, and pipelines, also from one run to the next.

use crate::common::own_context;
use gpu_activations::{Activation, Error, GpuActivations, wgpu};

#[test]
fn prepared_pipelines_are_those_of_the_calls() {
    let context = own_context();
    let x = context.upload(&[-1.0_f32, 1.0]).unwrap();
    assert_eq!(context.memory().pipelines, 0);
    context.prepare(|recording| recording.forward(Activation::Relu, &x, &x)).unwrap();
    assert_eq!(context.download(&x).unwrap(), [-1.0, 1.0]);
    assert_eq!(context.memory().pipelines, 1);
    context.forward_in_place(Activation::Relu, &x).unwrap();
    assert_eq!(context.download(&x).unwrap(), [0.0, 1.0]);
    assert_eq!(context.memory().pipelines, 1);
    let wrong = Activation::Elu { alpha: f32::NAN };
    let error = context.prepare(|recording| recording.forward(wrong, &x, &x)).unwrap_err();
    assert!(matches!(error, Error::ParameterOutOfRange { .. }), "{error}");
}

#[test]
fn buffers_of_a_batch_are_used_again_once_it_is_submitted() {
    let context = own_context();
    let [x, y] = [(); 2].map(|()| context.upload(&[-1.0_f32; 1000]).unwrap());
    context.batch(|recording| recording.forward(Activation::Relu, &x, &y)).unwrap();
    drop((x, y));
    assert_eq!(context.memory().pooled, 2 * 4000);
    // Not so for a buffer in commands that the caller submits at any time.
    let x = context.upload(&[-1.0_f32; 1000]).unwrap();
    let mut encoder = context.device().create_command_encoder(&Default::default());
    context.record(&mut encoder).forward(Activation::Relu, &x, &x).unwrap();
    drop(x);
    assert_eq!(context.memory().pooled, 4000);
    // Nor for a buffer dropped while the batch is recorded: another upload would overwrite it before the batch runs.
    let y = context.allocate::<f32>(1000).unwrap();
    let batch = |recording: &mut gpu_activations::Recording<'_, '_>| {
        let between = context.upload(&[-2.0_f32; 1000])?;
        recording.forward(Activation::Identity, &between, &y)?;
        drop(between);
        context.upload(&[7.0_f32; 1000]).map(drop)
    };
    context.batch(batch).unwrap();
    assert_eq!(context.download(&y).unwrap(), [-2.0; 1000]);
}

#[test]
fn memory_is_counted_and_given_back() {
    let context = own_context();
    let x = context.upload(&vec![1.0_f32; 1000]).unwrap();
    let y = context.allocate::<f32>(1000).unwrap();
    context.forward_into(Activation::Elu { alpha: 0.5 }, &x, &y).unwrap();
    let memory = context.memory();
    assert_eq!((memory.buffers, memory.pooled), (2 * 4000, 0), "{memory:?}");
    assert!(memory.parameters > 0, "{memory:?}");
    drop((x, y));
    let memory = context.memory();
    assert_eq!((memory.buffers, memory.pooled), (0, 2 * 4000), "{memory:?}");
    context.release_memory();
    let memory = context.memory();
    assert_eq!((memory.buffers, memory.pooled, memory.parameters), (0, 0, 0), "{memory:?}");
    let y = context.forward_slice(Activation::Elu { alpha: 0.5 }, &[1.0_f32]).unwrap();
    assert_eq!(y, [1.0]);
}

#[test]
fn the_pool_keeps_to_its_limit() {
    let context = GpuActivations::builder().pool_limit(6000).build().expect("tests need an adapter");
    let buffers = [0; 3].map(|_| context.allocate::<f32>(1000).unwrap());
    drop(buffers);
    assert_eq!(context.memory().pooled, 4000);
    // Slices need more than the limit. A buffer too large to keep does not displace the others.
    context.forward_slice(Activation::Relu, &vec![1.0_f32; 1 << 20]).unwrap();
    assert_eq!(context.memory().pooled, 4000);
}

#[test]
fn pipelines_are_kept_from_one_run_to_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let pipelines = folder.path().join("pipelines");
    let with_folder =
        || GpuActivations::builder().pipeline_directory(&pipelines).build().expect("tests need an adapter");
    let evaluate = |context: &GpuActivations| context.forward_slice(Activation::Relu, &[-1.0_f32, 2.0]).unwrap();
    let context = with_folder();
    assert_eq!(evaluate(&context), [0.0, 2.0]);
    context.save_pipelines().unwrap();
    let files = || std::fs::read_dir(&pipelines).map_or(0, Iterator::count);
    let has_cache = context.device().features().contains(wgpu::Features::PIPELINE_CACHE);
    assert_eq!(files(), usize::from(has_cache));
    assert_eq!(evaluate(&with_folder()), [0.0, 2.0]);
    let Some(name) = wgpu::util::pipeline_cache_key(&context.adapter_info()).filter(|_| has_cache) else { return };

    // The file keeps the pipelines that a run begins with.
    let length = || std::fs::metadata(pipelines.join(&name)).unwrap().len();
    let before = length();
    with_folder().save_pipelines().unwrap();
    assert!(length() >= before, "{} bytes of {before}", length());

    // Other files are ignored and replaced.
    std::fs::write(pipelines.join(&name), b"something else").unwrap();
    let context = with_folder();
    assert_eq!(evaluate(&context), [0.0, 2.0]);
    context.save_pipelines().unwrap();
    assert_ne!(std::fs::read(pipelines.join(&name)).unwrap(), b"something else");
    assert_eq!(files(), 1);

    std::fs::remove_dir_all(&pipelines).unwrap();
    std::fs::write(&pipelines, b"a file").unwrap();
    let error = context.save_pipelines().unwrap_err();
    assert!(matches!(&error, Error::PipelineFile { path, .. } if path.ends_with(&name)), "{error}");
}
