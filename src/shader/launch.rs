use crate::shader::compose::Part;

/// The invocations of a workgroup of an elementwise kernel, and the vectors of four elements that each invocation
/// handles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct LaunchShape {
    pub workgroup: u32,
    pub vectors: u32,
}

impl LaunchShape {
    /// The shape that every adapter accepts. More vectors an invocation gained nothing on llvmpipe.
    pub(crate) const PORTABLE: LaunchShape = LaunchShape { workgroup: 256, vectors: 1 };

    /// SwiftShader is slow to start an invocation: eight vectors in each took relu from 0.55 to 0.87 of a copy.
    const SWIFTSHADER: LaunchShape = LaunchShape { workgroup: 256, vectors: 8 };

    /// The shape that measured fastest on an adapter.
    pub(crate) fn of(info: &wgpu::AdapterInfo) -> LaunchShape {
        if info.driver.starts_with("SwiftShader") { Self::SWIFTSHADER } else { Self::PORTABLE }
    }

    /// The constants of a module.
    pub(crate) fn part(self) -> Part {
        let LaunchShape { workgroup, vectors } = self;
        let text = format!("const WORKGROUP: u32 = {workgroup}u;\nconst VECTORS: u32 = {vectors}u;\n");
        Part::made("(launch shape)", text)
    }

    /// The number of workgroups for `vectors` vectors.
    pub(crate) fn workgroups(self, vectors: u64) -> u64 {
        vectors.div_ceil(u64::from(self.workgroup) * u64::from(self.vectors))
    }
}
