"""What the device may fail with."""


class DeviceError(RuntimeError):
    """There is no adapter, the device refused an operation, or it was lost."""


class DeviceMemoryError(DeviceError, MemoryError):
    """The device has no memory left."""


for error in (DeviceError, DeviceMemoryError):
    error.__module__ = "gpu_activations"
