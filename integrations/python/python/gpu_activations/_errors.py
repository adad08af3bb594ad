"""What the device may fail with."""


class DeviceError(RuntimeError):
    """There is no adapter, the device refused an operation, or it was lost."""

    __module__ = "gpu_activations"


class DeviceMemoryError(DeviceError, MemoryError):
    """The device has no memory left."""

    __module__ = "gpu_activations"
