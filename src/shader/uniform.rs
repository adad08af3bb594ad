use bytemuck::{Pod, Zeroable};

/// A field of a uniform, named as in the shader.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub name: &'static str,
    pub offset: usize,
    pub size: usize,
}

/// The offset of a function's parameters after a uniform of this size.
pub(crate) const fn parameters_offset(size: usize) -> usize {
    size.next_multiple_of(16)
}

/// A uniform, followed by the parameters of a function. In the shader they are one struct.
pub(crate) fn with_parameters<U: Pod>(uniform: U, parameters: &[f32]) -> Vec<u8> {
    let mut bytes = bytemuck::bytes_of(&uniform).to_vec();
    bytes.resize(parameters_offset(bytes.len()), 0);
    bytes.extend_from_slice(bytemuck::cast_slice(parameters));
    // A function without parameters has one placeholder. Structs end at multiples of 16 bytes.
    bytes.resize(bytes.len().max(parameters_offset(size_of::<U>()) + 4).next_multiple_of(16), 0);
    bytes
}

macro_rules! uniform {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[repr(C)]
        #[derive(Debug, Clone, Copy, Default, Pod, Zeroable)]
        pub(crate) struct $name {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            pub(crate) const MEMBERS: &'static [Member] = &[$(Member {
                name: stringify!($field),
                offset: std::mem::offset_of!($name, $field),
                size: size_of::<$type>(),
            },)*];
        }
    };
}

uniform! {
    /// The uniform of elementwise kernels: `shaders/elementwise/uniform.wgsl`.
    ElementwiseUniform {
        /// Elements after the last whole vector.
        tail_elements: u32,
        /// The index of the first element within the whole array, in two words.
        first_element: u32,
        first_element_high: u32,
        channels: u32,
        /// Successive elements of one channel.
        channel_length: u32,
        /// The channel of the first element, and the number of that channel's elements before it.
        first_channel: u32,
        first_within: u32,
        _padding: u32,
        seed: [u32; 2],
    }
}

uniform! {
    /// The uniform of kernels by statistics of rows: `shaders/rowwise/contract.wgsl`.
    RowwiseUniform {
        /// The offsets of data, mask and gradients in their bindings, in elements.
        first: u32,
        /// The index of the first element within the whole array.
        first_element: u32,
        first_mask: u32,
        first_gradient: u32,
        rows: u32,
        first_row: u32,
        elements: u32,
        inner: u32,
        length: u32,
        /// The positions along the axis that the bindings hold.
        begin: u32,
        end: u32,
        /// The positions of a chunk, and the range of chunks.
        chunk: u32,
        first_chunk: u32,
        chunks: u32,
        all_chunks: u32,
        round: u32,
        seed: [u32; 2],
        inverse_temperature: [f32; 2],
        /// The number subtracted from a row's logarithm.
        subtracted: [f32; 2],
        hard: u32,
        tasks: u32,
        /// The number of times that the rows repeat among the chunks to combine.
        repeats: u32,
        channels: u32,
        channel_length: u32,
        /// The lanes of a subgroup that a row takes.
        width: u32,
        temperature_exponent: i32,
        temperature: f32,
        /// The index of the first row that statistics count within the whole array.
        base_row: u32,
        _padding: u32,
        /// The axes of a mask that repeats, the last first.
        mask_lengths: [u32; 8],
        mask_strides: [u32; 8],
    }
}

uniform! {
    /// The uniform of groupwise kernels: `shaders/groupwise/contract.wgsl`.
    GroupwiseUniform {
        /// The offset of the result in its binding, in elements.
        first: u32,
        elements: u32,
        /// The index of the result's first element within the whole result.
        begin: u32,
        length: u32,
        pieces: u32,
        gate_is_first: u32,
        /// The index of each input's first element in its binding, modulo 2³², and the distance between its rows.
        x_base: u32,
        x_stride: u32,
        second_base: u32,
        second_stride: u32,
        dy_base: u32,
        dy_stride: u32,
        limit: f32,
        value_addend: f32,
    }
}

uniform! {
    /// The uniform of the copy: `shaders/probes/copy.wgsl`.
    CopyUniform {
        vectors: u32,
        _padding: [u32; 3],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_begin_at_whole_16_bytes_and_one_has_room_where_there_is_none() {
        let bytes = with_parameters(CopyUniform { vectors: 7, ..CopyUniform::default() }, &[]);
        assert_eq!((bytes.len(), bytes[0]), (32, 7));
        let bytes = with_parameters(ElementwiseUniform::default(), &[1.0, 2.0]);
        assert_eq!(bytes.len(), 64);
        assert_eq!(bytemuck::pod_read_unaligned::<[f32; 2]>(&bytes[48..56]), [1.0, 2.0]);
    }
}
