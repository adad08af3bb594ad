//! How a kernel over vectors is laid out over invocations.

use crate::shader::Part;

/// Invocations of a workgroup, and the vectors of four elements that each of them handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub workgroup: u32,
    pub vectors: u32,
}

impl Shape {
    /// What every adapter takes. More vectors an invocation gained nothing on llvmpipe.
    pub(crate) const PORTABLE: Shape = Shape { workgroup: 256, vectors: 1 };

    /// SwiftShader begins an invocation dearly: eight vectors in each brought relu from 0.55 to 0.87 of a copy.
    const SWIFTSHADER: Shape = Shape { workgroup: 256, vectors: 8 };

    /// The shape in which elementwise kernels are fastest on an adapter, by measurement.
    pub(crate) fn of(info: &wgpu::AdapterInfo) -> Shape {
        if info.driver.starts_with("SwiftShader") { Self::SWIFTSHADER } else { Self::PORTABLE }
    }

    /// The constants of a module.
    pub(crate) fn part(self) -> Part {
        let Shape { workgroup, vectors } = self;
        let text = format!("const WORKGROUP: u32 = {workgroup}u;\nconst VECTORS: u32 = {vectors}u;\n");
        Part { file: "(shape of the kernel)", text: text.into() }
    }

    /// Workgroups for so many vectors.
    pub(crate) fn workgroups(self, vectors: u64) -> u64 {
        vectors.div_ceil(u64::from(self.workgroup) * u64::from(self.vectors))
    }
}
