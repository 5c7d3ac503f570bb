"""Where the bytes of a stats.txt come from: a file, a compressed one, or text in memory."""

from __future__ import annotations

import bz2
import importlib
import lzma
import os
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from harness.base.errors import StatsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

BLOCK_BYTES = 1 << 18
_COMPRESSED_BLOCK_BYTES = 1 << 16
_GZIP_WINDOW = 31
_NAMES = ("stats.txt", "stats.txt.gz", "stats.txt.xz", "stats.txt.bz2", "stats.txt.zst")


class _Decoder(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def locate_stats(path: str | Path) -> Path:
    """Return the statistics file that a path means: itself, or the one in a run's directory.

    In a directory, `stats.txt` (or a compressed one) counts, then the one in its `m5out`.

    Raises:
        StatsError: There is nothing, or a directory without statistics.
    """
    path = Path(path)
    if not path.is_dir():
        if path.exists():
            return path
        raise StatsError("cannot read statistics: no such file or directory", where=str(path))
    for folder in (path, path / "m5out"):
        for name in _NAMES:
            if (folder / name).is_file():
                return folder / name
    raise StatsError(
        "the directory holds no statistics",
        where=str(path),
        expected=f"{' or '.join(_NAMES[:2])}, here or in m5out",
        way_out="name the file itself if it is called otherwise",
    )


class Source:
    """The bytes of one stats.txt, read in blocks; decompressed where they are compressed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.where = str(path)
        head = b"".join(map(bytes, self._stored_blocks(0, 8)))
        self._decoder = next((make for magic, make in _DECODERS if head.startswith(magic)), None)
        self.is_compressed = self._decoder is not None

    def blocks(self, begin: int = 0, end: int | None = None) -> Iterator[bytes | memoryview]:
        """Yield the bytes of [begin, end); a compressed file can only be read whole.

        A block is valid until the next one is asked for.

        A compressed stream that stops in its middle, as a killed run leaves it, ends there.
        """
        if self._decoder is None:
            return self._stored_blocks(begin, end)
        stored = self._stored_blocks(0, None, _COMPRESSED_BLOCK_BYTES)
        return _decompressed(stored, self._decoder, self.where)

    def size(self) -> int:
        """Return the stored size, in bytes."""
        try:
            return self.path.stat().st_size
        except OSError as error:
            raise _unreadable(self.where, error) from error

    def _stored_blocks(
        self, begin: int, end: int | None, block_bytes: int = BLOCK_BYTES
    ) -> Iterator[bytes | memoryview]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY)
        except OSError as error:
            raise _unreadable(self.where, error) from error
        try:
            if begin:
                os.lseek(descriptor, begin, os.SEEK_SET)
            buffer = memoryview(bytearray(block_bytes))
            left = end - begin if end is not None else None
            while left is None or left > 0:
                room = buffer if left is None else buffer[: min(left, block_bytes)]
                count = os.readv(descriptor, [room])
                if not count:
                    return
                left = None if left is None else left - count
                yield room[:count]
        except OSError as error:
            raise _unreadable(self.where, error) from error
        finally:
            os.close(descriptor)


class TextSource(Source):
    """Statistics that are in memory already."""

    def __init__(self, text: str, where: str) -> None:
        self._bytes = text.encode("utf-8", "surrogateescape")
        self.where = where
        self.is_compressed = False

    def blocks(self, begin: int = 0, end: int | None = None) -> Iterator[bytes | memoryview]:
        """Yield the bytes of [begin, end)."""
        return iter([self._bytes[begin:end]])

    def size(self) -> int:
        """Return the size, in bytes."""
        return len(self._bytes)


def head_of(source: Source, size_bytes: int) -> bytes:
    """Return the first bytes."""
    head = b""
    for block in source.blocks(0, None if source.is_compressed else size_bytes):
        head += block
        if len(head) >= size_bytes:
            break
    return head[:size_bytes]


def _unreadable(where: str, error: OSError) -> StatsError:
    return StatsError(f"cannot read statistics: {error.strerror or error}", where=where)


def _decompressed(
    stored: Iterable[bytes | memoryview], make: Callable[[], _Decoder], where: str
) -> Iterator[bytes | memoryview]:
    decoder: _Decoder | None = None
    for block in stored:
        data = bytes(block)
        while data:
            decoder = decoder or make()
            try:
                plain = decoder.decompress(data)
            except (zlib.error, lzma.LZMAError, OSError, ValueError) as error:
                raise StatsError(f"cannot decompress: {error}", where=where) from error
            if plain:
                yield plain
            data = decoder.unused_data if decoder.eof else b""
            decoder = None if decoder.eof else decoder


def _gzip_decoder() -> _Decoder:
    return zlib.decompressobj(_GZIP_WINDOW)


def _zstd_decoder() -> _Decoder:
    try:
        zstd = importlib.import_module("compression.zstd")
    except ImportError as error:
        raise StatsError(
            "reading .zst needs Python 3.14 or later",
            way_out="decompress it first: zstd -d, or use gzip, xz or bzip2",
        ) from error
    decoder: _Decoder = zstd.ZstdDecompressor()
    return decoder


_DECODERS: tuple[tuple[bytes, Callable[[], _Decoder]], ...] = (
    (b"\x1f\x8b", _gzip_decoder),
    (b"\xfd7zXZ\x00", lzma.LZMADecompressor),
    (b"BZh", bz2.BZ2Decompressor),
    (b"\x28\xb5\x2f\xfd", _zstd_decoder),
)
