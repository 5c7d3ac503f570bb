"""Building the guest, without a kernel's source: a small make file stands in for the kernel."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import subprocess
import time
from pathlib import Path

import pytest

from harness.base.errors import BackendError, SpecError
from harness.run.config_scripts import find_configs
from harness.run.guest import build, tools
from harness.run.guest.build import build_guest, guest_sources
from harness.run.guest.command import build_environment, run_step
from harness.run.guest.cpio import character_device, cpio_archive, directory, regular_file
from harness.run.guest.keeping import clean, kept_folders
from harness.run.guest.kernel import refused_options

MAKEFILE = """\
VERSION = 6
PATCHLEVEL = 1
SUBLEVEL = 7
ifdef M
modules:
\t@cat $(M)/harness_main.c $(HARNESS_ABI)/harness_device.h > $(M)/harness.ko
else
allnoconfig:
\t@mkdir -p $(O)
\t@cp $(KCONFIG_ALLCONFIG) $(O)/.config
vmlinux:
\t@echo "  CC      kernel.o"
\t@test ! -e $(CURDIR)/broken || { echo "error: kernel.c:1: broken"; false; }
\t@echo kernel > $(O)/vmlinux
\t@echo "0 T start" > $(O)/System.map
\t@echo built >> $(HOME)/builds
modules: vmlinux
endif
"""


class Stages:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def stage(self, text: str) -> None:
        self.texts.append(text)

    def notice(self, text: str) -> None:
        self.texts.append(text)

    def tick(self, tick: int, detail: str = "") -> None:
        raise AssertionError((tick, detail))


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is made like a kernel, chosen as the source, and an empty cache."""
    folder = tmp_path / "linux"
    (folder / "arch" / "x86").mkdir(parents=True)
    (folder / "Makefile").write_text(MAKEFILE)
    guest = tmp_path / "gem5_configs"
    shutil.copytree(find_configs() / "guest", guest / "guest")
    (guest / "se.py").touch()
    monkeypatch.setenv("HARNESS_GEM5_CONFIGS", str(guest))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HARNESS_KERNEL_SOURCE", str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(build, "require_tools", lambda: None)
    return folder


@pytest.fixture
def guest(kernel: Path) -> Path:
    return kernel.parent / "gem5_configs" / "guest"


needs_static_c = pytest.mark.skipif(
    any("static C library" in tool.name for tool in tools.missing_tools())
    or shutil.which("make") is None,
    reason="init needs make, gcc and a static C library",
)


def parse_cpio(archive: bytes) -> dict[str, tuple[int, bytes, tuple[int, int]]]:
    """Read an archive by the format's own rules."""
    entries, offset = {}, 0
    while True:
        assert offset % 4 == 0
        assert archive[offset : offset + 6] == b"070701"
        fields = [int(archive[offset + 6 + 8 * i : offset + 14 + 8 * i], 16) for i in range(13)]
        name = archive[offset + 110 : offset + 110 + fields[11] - 1].decode()
        begin = -(-(offset + 110 + fields[11]) // 4) * 4
        data = archive[begin : begin + fields[6]]
        offset = -(-(begin + fields[6]) // 4) * 4
        if name == "TRAILER!!!":
            assert offset == len(archive)
            return entries
        entries[name] = (fields[1], data, (fields[9], fields[10]))


def test_an_archive_holds_what_was_put_in() -> None:
    archive = cpio_archive(
        [
            directory("dev"),
            character_device("dev/console", 5, 1),
            regular_file("init", b"program", 0o755),
            regular_file("empty", b"", 0o644),
        ]
    )
    entries = parse_cpio(archive)
    assert list(entries) == ["dev", "dev/console", "init", "empty"]
    assert stat.S_ISDIR(entries["dev"][0])
    assert entries["dev/console"] == (stat.S_IFCHR | 0o600, b"", (5, 1))
    assert entries["init"] == (stat.S_IFREG | 0o755, b"program", (0, 0))
    assert entries["empty"][1] == b""


@pytest.mark.skipif(shutil.which("cpio") is None, reason="there is no cpio program to compare with")
def test_cpio_reads_our_archives(tmp_path: Path) -> None:
    archive = cpio_archive([directory("a"), regular_file("a/b", b"12345", 0o600)])
    subprocess.run(["cpio", "-i", "--quiet"], input=archive, cwd=tmp_path, check=True)
    assert (tmp_path / "a" / "b").read_bytes() == b"12345"


@needs_static_c
def test_a_guest_has_a_kernel_and_an_initramfs_with_init_and_driver(kernel: Path) -> None:
    images = build_guest(Stages())
    assert images.version == "6.1.7"
    assert images.kernel.read_text() == "kernel\n"
    assert images.symbols.read_text() == "0 T start\n"
    entries = parse_cpio(images.initramfs.read_bytes())
    assert set(entries) == {"dev", "dev/console", "init", "harness.ko"}
    assert entries["init"][1][:4] == b"\x7fELF"
    (kind,) = struct.unpack_from("<H", entries["init"][1], 16)
    assert kind in {2, 3}  # an executable, position independent or not
    assert b"HARNESS_ABI_VERSION" in entries["harness.ko"][1]
    assert not list(images.kernel.parent.glob("driver*"))
    assert (kernel.parent / "builds").read_text() == "built\n"


@needs_static_c
def test_a_built_guest_is_not_built_again(kernel: Path) -> None:
    first = build_guest(Stages())
    stages = Stages()
    assert build_guest(stages) == first
    assert stages.texts == []
    assert (kernel.parent / "builds").read_text() == "built\n"


@needs_static_c
def test_the_same_sources_give_the_same_initramfs(kernel: Path) -> None:
    first = build_guest(Stages()).initramfs.read_bytes()
    clean(Stages())
    second = build_guest(Stages())
    assert second.initramfs.read_bytes() == first
    assert kernel.is_dir()


@needs_static_c
def test_a_changed_driver_keeps_the_kernel(kernel: Path, guest: Path) -> None:
    first = build_guest(Stages())
    with (guest / "driver" / "harness_main.c").open("a") as file:
        file.write("/* changed */\n")
    second = build_guest(Stages())
    assert second.key != first.key
    assert second.initramfs.read_bytes() != first.initramfs.read_bytes()
    assert second.kernel.read_bytes() == first.kernel.read_bytes()
    assert (kernel.parent / "builds").read_text() == "built\n"


@needs_static_c
def test_a_kernel_that_does_not_build_shows_its_last_lines_and_builds_once_it_is_right(
    kernel: Path,
) -> None:
    (kernel / "broken").touch()
    with pytest.raises(BackendError, match=r"kernel\.c:1: broken") as caught:
        build_guest(Stages())
    assert Path(caught.value.where).is_file()
    assert not any(folder.is_whole for folder in kept_folders())
    (kernel / "broken").unlink()
    assert build_guest(Stages()).kernel.is_file()


@needs_static_c
def test_an_interrupted_build_leaves_no_images_and_goes_on_later(
    kernel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> bytes:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(build, "_build_init", interrupt)
        with pytest.raises(KeyboardInterrupt):
            build_guest(Stages())
    assert build.kept_guest(guest_sources()) is None
    assert build_guest(Stages()).initramfs.is_file()
    assert (kernel.parent / "builds").read_text() == "built\n"  # the kernel had been whole


@needs_static_c
def test_cleaning_removes_all_folders(kernel: Path) -> None:
    build_guest(Stages())
    assert len(kept_folders()) == 2
    assert all(folder.is_whole for folder in kept_folders())
    assert clean(Stages()) > 0
    assert kept_folders() == []
    assert kernel.is_dir()


@pytest.mark.usefixtures("kernel")
def test_the_name_of_a_guest_depends_on_its_configuration_and_headers(guest: Path) -> None:
    first = guest_sources()
    with (guest / "kernel" / "harness.config").open("a") as file:
        file.write("# changed\n")
    second = guest_sources()
    assert second.kernel_key != first.kernel_key
    with (guest / "abi" / "harness_device.h").open("a") as file:
        file.write("/* changed */\n")
    third = guest_sources()
    assert third.kernel_key == second.kernel_key
    assert len({first.key, second.key, third.key}) == 3


@pytest.mark.usefixtures("kernel")
def test_the_name_of_a_guest_does_not_depend_on_the_runtime(guest: Path) -> None:
    first = guest_sources().key
    (guest / "runtime").mkdir(exist_ok=True)
    (guest / "runtime" / "another.cc").write_text("int x;\n")
    assert guest_sources().key == first


@pytest.mark.usefixtures("kernel")
def test_a_broken_tarball_is_refused(tmp_path: Path) -> None:
    tarball = tmp_path / "linux-6.1.tar.xz"
    tarball.write_bytes(b"this is no archive")
    with pytest.raises(BackendError, match="unpacking the kernel source failed"):
        build_guest(Stages(), kernel_source=tarball)


@needs_static_c
def test_a_tarball_is_unpacked_and_built_and_only_headers_are_kept(
    kernel: Path, tmp_path: Path
) -> None:
    for folder in ("drivers", "include/linux", "arch/arm"):
        (kernel / folder).mkdir(parents=True)
    tarball = tmp_path / "linux-6.1.tar.gz"
    subprocess.run(["tar", "-czf", str(tarball), "-C", str(tmp_path), kernel.name], check=True)
    stages = Stages()
    assert build_guest(stages, kernel_source=tarball).version == "6.1.7"
    assert any("unpacking" in text for text in stages.texts)
    assert (kernel / "drivers").is_dir()
    unpacked = next(guest_sources(tarball).tree.glob("source"))
    assert {path.name for path in unpacked.iterdir() if path.is_dir()} == {"arch", "include"}
    assert [path.name for path in (unpacked / "arch").iterdir()] == ["x86"]
    assert (kernel / "drivers").is_dir()


def test_options_that_a_kernel_does_not_take_are_named(tmp_path: Path) -> None:
    fragment, made = tmp_path / "fragment", tmp_path / "made"
    fragment.write_text("# words\nCONFIG_A=y\nCONFIG_B=16\nCONFIG_C=y\n# CONFIG_D is not set\n")
    made.write_text("CONFIG_A=y\nCONFIG_B=8\nCONFIG_D=y\n")
    refused = list(refused_options(fragment, made))
    assert refused == ["CONFIG_B=16", "CONFIG_C=y", "CONFIG_D is set"]


def test_the_users_make_variables_do_not_reach_the_build(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAKEFLAGS", "-j99")
    monkeypatch.setenv("ARCH", "arm64")
    environment = build_environment()
    assert "MAKEFLAGS" not in environment
    assert "ARCH" not in environment
    assert environment["PATH"] == os.environ["PATH"]


def test_an_interrupted_step_leaves_no_process(tmp_path: Path) -> None:
    processes: list[int] = []

    def interrupt(line: str) -> None:
        processes.append(int(line))
        raise KeyboardInterrupt

    command = ["sh", "-c", "sleep 60 & echo $!; wait"]
    with pytest.raises(KeyboardInterrupt):
        run_step("sleeping", command, tmp_path / "log", interrupt)
    assert _ends(processes[0])


def _ends(process: int) -> bool:
    """Wait until a process that is not our child is gone, or only its name is left."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.gem5
@pytest.mark.timeout(3600)
def test_the_real_guest_builds() -> None:
    """In the user's cache, where it is needed anyway: it takes minutes, once."""
    try:
        guest_sources()
        tools.require_tools()
    except SpecError as error:
        pytest.skip(str(error))
    images = build_guest(Stages())
    assert images.kernel.read_bytes()[:4] == b"\x7fELF"
    assert " T _text\n" in images.symbols.read_text()
    entries = parse_cpio(images.initramfs.read_bytes())
    version = f"vermagic={images.version} SMP mod_unload".encode()
    assert version in entries["harness.ko"][1]
