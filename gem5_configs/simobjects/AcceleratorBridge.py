# SPDX-License-Identifier: BSD-3-Clause
"""SimObjects of the accelerator bridge; what software sees is in guest/abi/harness_device.h."""

from m5.objects.ClockedObject import ClockedObject
from m5.objects.Device import BasicPioDevice
from m5.objects.IntPin import VectorIntSourcePin
from m5.objects.Probe import ProbeListenerObject
from m5.params import Param, RequestPort, VectorParam
from m5.proxy import Parent
from m5.SimObject import (
    PyBindMethod,
    SimObject,
)

try:  # gem5 v25 and newer
    from m5.objects.PciDevice import PciEndpoint as PciFunction
except ImportError:
    from m5.objects.PciDevice import PciDevice as PciFunction
from m5.objects.PciDevice import PciMemBar

try:
    from m5.objects.EmulatedDriver import EmulatedDriver
except ImportError:
    from m5.objects.Process import EmulatedDriver


class ModelSession(SimObject):
    """The connection to the process of an accelerator model."""

    type = "ModelSession"
    cxx_header = "model_session.hh"
    cxx_class = "gem5::ModelSession"

    endpoint = Param.String("", "ZeroMQ endpoint to bind, ipc://PATH; empty for no model")
    token = Param.String("", "the session's token, 32 hexadecimal digits")
    mode = Param.String("kernel", "how operand bytes reach the model: kernel or exact")
    parameters = Param.String("{}", "the model's parameters, a JSON object")
    seed = Param.UInt64(0, "seed of the model")
    instances = Param.Unsigned(1, "accelerators that the model plays")
    deadline = Param.Float(60.0, "host seconds that the model may take for one answer")
    model_pid = Param.Int(0, "the model's process, watched while waiting; 0 watches none")
    record = Param.String("", "trace file to write")
    replay = Param.String("", "trace file that answers in the model's place")


class Accelerator(ClockedObject):
    """Executes the operations of a model's commands through its memory ports."""

    type = "Accelerator"
    cxx_header = "accelerator.hh"
    cxx_class = "gem5::Accelerator"

    system = Param.System(Parent.any, "the system that its requestor ids belong to")
    dma = RequestPort("port of interface dma; fetches commands as well")
    acp = RequestPort("port of interface acp")
    cache = RequestPort("port of interface cache")
    tlb_entries = Param.Unsigned(0, "translations of page-list windows that it keeps; 0 for none")
    queue_depth = Param.Unsigned(16, "commands that its ring may hold")
    dma_burst_bytes = Param.Unsigned(64, "bytes of one request")
    dma_outstanding = Param.Unsigned(16, "requests in flight")
    dma_setup = Param.Latency("0ns", "before the first request of each transfer")
    acp_outstanding = Param.Unsigned(16, "requests in flight")
    cache_outstanding = Param.Unsigned(16, "requests in flight")


class AcceleratorBridge(BasicPioDevice):
    """The accelerators' registers and interrupt, as a platform device."""

    type = "AcceleratorBridge"
    cxx_header = "platform_bridge.hh"
    cxx_class = "gem5::AcceleratorBridge"
    cxx_exports = [  # noqa: RUF012 - SimObject reads it once, as a list
        PyBindMethod("currentStep"),
        PyBindMethod("functionalRead"),
        PyBindMethod("functionalWrite"),
    ]

    session = Param.ModelSession("connection to the model")
    accelerators = VectorParam.Accelerator("in the order of their numbers")
    is_coherent = Param.Bool(False, "accelerators see the CPUs' caches in every interface")
    timeline = Param.String("device_timeline.bin", "file of the output directory")
    interrupt = VectorIntSourcePin("pulsed when an accelerator asks for attention")


class AcceleratorBridgePci(PciFunction):
    """The same registers as a PCI function with INTx."""

    type = "AcceleratorBridgePci"
    cxx_header = "pci_bridge.hh"
    cxx_class = "gem5::AcceleratorBridgePci"
    cxx_exports = [  # noqa: RUF012 - SimObject reads it once, as a list
        PyBindMethod("currentStep"),
        PyBindMethod("functionalRead"),
        PyBindMethod("functionalWrite"),
    ]

    session = Param.ModelSession("connection to the model")
    accelerators = VectorParam.Accelerator("in the order of their numbers")
    is_coherent = Param.Bool(False, "accelerators see the CPUs' caches in every interface")
    timeline = Param.String("device_timeline.bin", "file of the output directory")

    VendorID = 0x4841
    DeviceID = 0x4831
    ClassCode = 0x12
    SubClassCode = 0x00
    BAR0 = PciMemBar(size="64KiB")
    InterruptPin = 0x01


class AcceleratorDriver(EmulatedDriver):
    """/dev/harness in syscall emulation: what the Linux driver does, without its time."""

    type = "AcceleratorDriver"
    cxx_header = "se_driver.hh"
    cxx_class = "gem5::AcceleratorDriver"

    filename = "harness"
    bridge = Param.AcceleratorBridge("the device")


class KernelTimeProbe(ProbeListenerObject):
    """Logs when a CPU enters and leaves the kernel, by the program counters it retires."""

    type = "KernelTimeProbe"
    cxx_header = "kernel_time_probe.hh"
    cxx_class = "gem5::KernelTimeProbe"

    log = Param.String("kernel_time.bin", "file of the output directory")
