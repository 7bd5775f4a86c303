"""A bundle's folder: read as one piece, written as one piece."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import hashlib
import os
import shutil
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load, save

from .errors import BundleError
from .manifest import counts_of, encode, manifest_of, parse
from .model import Bundle
from .tensors import bundle_of, tensors_of

MANIFEST = "manifest.json"
TENSORS = "tensors.safetensors"
_NO_REPLACE, _EXCHANGE = 1, 2
_AT_FDCWD = -100
# How often a folder is opened again that is replaced while its files are being opened.
_OPEN_TRIES = 100


def read_bundle(path: str) -> Bundle:
    """Reads and checks a folder."""
    manifest_path, tensors_path = os.path.join(path, MANIFEST), os.path.join(path, TENSORS)
    manifest_bytes, data = _read_both(path)
    manifest = parse(manifest_bytes, manifest_path)
    digest = hashlib.sha256(data).hexdigest()
    if digest != manifest.digest:
        raise BundleError(
            tensors_path, f"damaged: its SHA-256 is {digest}, the manifest says {manifest.digest}"
        )
    try:
        tensors = load(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise BundleError(tensors_path, f"is no safetensors file: {error}") from None
    bundle = bundle_of(tensors, manifest, tensors_path)
    if manifest.counts is not None and manifest.counts != counts_of(bundle):
        raise BundleError(
            manifest_path, f'"counts" do not agree with the tensors: {counts_of(bundle)}'
        )
    return bundle


def _read_both(path: str) -> tuple[bytes, bytes]:
    """Both files of one bundle, even where the folder is replaced meanwhile."""
    for attempt in range(_OPEN_TRIES):
        try:
            folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        except OSError as error:
            raise BundleError(path, f"cannot open: {error.strerror}") from None
        try:
            contents = []
            for name in (MANIFEST, TENSORS):
                with open(os.open(name, os.O_RDONLY, dir_fd=folder), "rb") as file:
                    contents.append(file.read())
            return contents[0], contents[1]
        except OSError as error:
            was_replaced = os.fstat(folder).st_ino != _inode(path)
            if not was_replaced or attempt == _OPEN_TRIES - 1:
                raise BundleError(
                    os.path.join(path, name), f"cannot read: {error.strerror}"
                ) from None
        finally:
            os.close(folder)
    raise AssertionError("unreachable")


def _inode(path: str) -> int:
    try:
        return os.stat(path).st_ino
    except OSError:
        return -1


def write_bundle(bundle: Bundle, path: str, replace: bool) -> str:
    """Writes a hidden folder beside ``path``, which then takes the name in one step."""
    tensors = tensors_of(bundle, path)
    bundle_of(tensors, manifest_of(bundle, "", path), path)
    target = os.path.abspath(path)
    check_target(target, replace)
    data = save(tensors)
    digest = hashlib.sha256(data).hexdigest()
    manifest = encode(manifest_of(bundle, digest, path), path)
    parent, name = os.path.split(target)
    hidden = ""
    try:
        hidden, lock = _make_hidden(parent, name)
        try:
            _write(os.path.join(hidden, TENSORS), data)
            _write(os.path.join(hidden, MANIFEST), manifest)
            os.fsync(lock)
            _publish(hidden, target, replace)
            _synchronize(parent)
        finally:
            os.close(lock)
    except OSError as error:
        raise BundleError(path, f"cannot write: {error.strerror}") from None
    finally:
        # What is left of a failure, or the bundle that was replaced.
        shutil.rmtree(hidden, ignore_errors=True)
    return digest


def check_target(path: str, replace: bool) -> None:
    """Only a folder that holds a bundle and nothing else may be replaced.

    Raises:
        BundleError: a bundle could not be written there.
    """
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise BundleError(path, f"its folder {parent} does not exist")
    if not os.path.lexists(path):
        return
    if not replace:
        raise BundleError(path, "exists already")
    if os.path.islink(path) or not os.path.isdir(path):
        raise BundleError(path, "is not replaced, because it is no folder")
    for name in sorted(os.listdir(path)):
        if name not in (MANIFEST, TENSORS):
            raise BundleError(path, f"is not replaced, because it holds another file, {name}")


def _make_hidden(parent: str, name: str) -> tuple[str, int]:
    """A folder locked by its maker; one without a lock is left over from a killed one, and the server's programs remove it."""
    for attempt in range(1000):
        hidden = os.path.join(parent, f".{name}.{os.getpid()}.{attempt}.partial")
        try:
            os.mkdir(hidden)
            # Another maker may have found it before it was locked, and be removing it.
            lock = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY)
        except (FileExistsError, FileNotFoundError):
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        if os.fstat(lock).st_ino == _inode(hidden):
            return hidden, lock
        os.close(lock)
    raise OSError(errno.EEXIST, "all hidden folders are taken")


def _publish(hidden: str, target: str, replace: bool) -> None:
    if _rename(hidden, target, _NO_REPLACE):
        return
    if ctypes.get_errno() == errno.EEXIST and replace:
        check_target(target, replace=True)
        if _rename(hidden, target, _EXCHANGE):
            return
    failure = ctypes.get_errno()
    if failure not in (errno.EINVAL, errno.ENOSYS):
        raise OSError(failure, os.strerror(failure))
    # A file system that knows no such flags: not in one step.
    if os.path.lexists(target):
        check_target(target, replace)
        aside = hidden + ".old"
        os.rename(target, aside)
        try:
            os.rename(hidden, target)
        except OSError:
            os.rename(aside, target)
            raise
        shutil.rmtree(aside)
    else:
        os.rename(hidden, target)


def _rename(source: str, target: str, flags: int) -> bool:
    """``renameat2``, which Python lacks."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        ctypes.set_errno(errno.ENOSYS)
        return False
    status: int = libc.renameat2(
        _AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), ctypes.c_uint(flags)
    )
    return status == 0


def _write(path: str, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _synchronize(folder: str) -> None:
    descriptor = os.open(Path(folder), os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
