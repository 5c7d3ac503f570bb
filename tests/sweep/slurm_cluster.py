"""A real Slurm of one node in a private folder, of Debian's packages slurm-wlm and munge.

Everything that it writes is below the folder: key, sockets, states, logs. Its daemons are started
by hand and ended with the test.
"""

from __future__ import annotations

import os
import platform
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
_START_S = 30
_CONFIG = """\
ClusterName=harness{number}
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=5
CredType=cred/munge
SlurmctldPort={controller}
SlurmdPort={daemon}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ReturnToService=2
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_min_interval=100000,bf_interval=5
MaxArraySize=60
DefMemPerCPU=150
MinJobAge=300
KillWait=5
JobRequeue=1
SlurmdParameters=config_overrides
{tracking}
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
NodeName={host} NodeAddr=127.0.0.1 NodeHostname={host} CPUs={cores} RealMemory=6000
PartitionName=debug Nodes=ALL Default=YES PriorityTier=5 PreemptMode=OFF MaxTime=60
PartitionName=low Nodes=ALL PriorityTier=1 PreemptMode=REQUEUE GraceTime=3 MaxTime=60
PartitionName=high Nodes=ALL PriorityTier=10 PreemptMode=OFF MaxTime=60
"""
_CGROUPS = """\
ProctrackType=proctrack/cgroup
TaskPlugin=task/cgroup
JobAcctGatherType=jobacct_gather/cgroup"""
_NO_CGROUPS = """\
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill"""
_CGROUP_CONFIG = """\
CgroupPlugin=cgroup/v1
CgroupAutomount=no
ConstrainRAMSpace=yes
ConstrainCores=no
ConstrainDevices=no
ConstrainSwapSpace=no
AllowedRAMSpace=100
"""


def obstacle() -> str:
    """Say why no Slurm can be started here; empty if one can."""
    if os.geteuid() != 0:
        return "only root can start Slurm's daemons"
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    missing = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    return f"no {', '.join(missing)} (Debian: slurm-wlm, munge)" if missing else ""


class SlurmCluster:
    """The daemons, and the environment in which Slurm's commands find them."""

    def __init__(self, folder: Path, cores: int = 6) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "SLURM_CONF": str(folder / "slurm.conf"),
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
        }
        self._cores = cores
        self._daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Write the configuration and start munged, slurmctld and slurmd."""
        folder = self.folder
        folder.mkdir(parents=True)
        folder.chmod(0o755)
        for name in ("state", "spool"):
            (folder / name).mkdir()
        tracking = _CGROUPS if Path("/sys/fs/cgroup/memory").is_dir() else _NO_CGROUPS
        controller, daemon = _free_ports(2)
        text = _CONFIG.format(
            folder=folder,
            number=controller,
            host=platform.node(),
            controller=controller,
            daemon=daemon,
            cores=self._cores,
            tracking=tracking,
        )
        (folder / "slurm.conf").write_text(text)
        (folder / "cgroup.conf").write_text(_CGROUP_CONFIG)
        self._start_munge()
        self._daemon("slurmctld", "-D")
        self._daemon("slurmd", "-D", "-N", platform.node())
        self._await(lambda: "idle" in self.say("sinfo", "-h", "-o", "%T"), "the node to be idle")

    def _start_munge(self) -> None:
        folder = self.folder
        key = folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        places = {"key-file": key, "socket": folder / "munge.socket"}
        places |= {f"{n}-file": folder / f"munge.{n}" for n in ("pid", "log", "seed")}
        self._daemon(
            "munged", "--foreground", "--force", *(f"--{k}={v}" for k, v in places.items())
        )
        self._await((folder / "munge.socket").exists, "munged's socket")

    def _daemon(self, *argv: str) -> None:
        with (self.folder / f"{argv[0]}.out").open("wb") as out:
            self._daemons.append(
                subprocess.Popen(argv, env=self.environment, stdout=out, stderr=out)
            )

    def _await(self, condition: object, what: str) -> None:
        end_s = time.monotonic() + _START_S
        while not condition():  # type: ignore[operator]
            dead = [each.args for each in self._daemons if each.poll() is not None]
            if dead or time.monotonic() > end_s:
                logs = "\n".join(p.read_text()[-1500:] for p in self.folder.glob("*.out"))
                raise RuntimeError(f"waited for {what}; ended: {dead}\n{logs}")
            time.sleep(0.1)

    def say(self, *argv: str) -> str:
        """Run one of Slurm's commands and return what it printed."""
        done = subprocess.run(
            argv, env=self.environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    def stop(self) -> None:
        """Cancel all jobs and end the daemons."""
        self.say("scancel", "--user=root")
        end_s = time.monotonic() + 15
        while self.say("squeue", "-h").strip() and time.monotonic() < end_s:
            time.sleep(0.2)
        for daemon in reversed(self._daemons):
            daemon.terminate()
        for daemon in reversed(self._daemons):
            with suppress(subprocess.TimeoutExpired):
                daemon.wait(10)
            if daemon.poll() is None:
                daemon.send_signal(signal.SIGKILL)
                daemon.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
