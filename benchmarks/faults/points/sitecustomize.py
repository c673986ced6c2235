"""Kills the process at a named point: Python imports this at its start when the folder stands in PYTHONPATH.

`FAULT_POINT` names the point, `FAULT_ONCE` a file: the first process to come there takes the file away and dies, so that the
one started in its place lives. Nothing of this is in the program itself.
"""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def _die() -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(os.environ["FAULT_ONCE"])
        os.kill(os.getpid(), signal.SIGKILL)


def _after(function: Callable[..., Any]) -> Callable[..., Any]:
    async def dies_after(*args: Any, **kwargs: Any) -> Any:
        done = await function(*args, **kwargs)
        _die()
        return done

    return dies_after


def _commit(before: bool) -> Callable[[ModuleType], None]:
    """Around the commit of the transaction that wrote a submission: marked by what wrote it."""

    def patch(module: ModuleType) -> None:
        import psycopg

        submit, commit = module.submit, psycopg.AsyncConnection.commit
        writing: set[int] = set()

        async def marked(conn: Any, *args: Any) -> None:
            await submit(conn, *args)
            writing.add(id((await conn.get_raw_connection()).driver_connection))

        async def committed(self: Any) -> None:
            mine = id(self) in writing
            writing.discard(id(self))
            if mine and before:
                _die()
            await commit(self)
            if mine and not before:
                _die()

        module.submit, psycopg.AsyncConnection.commit = marked, committed  # type: ignore[method-assign]

    return patch


def _wrap(name: str) -> Callable[[ModuleType], None]:
    def patch(module: ModuleType) -> None:
        owner, _, attribute = name.rpartition(".")
        holder = getattr(module, owner) if owner else module
        setattr(holder, attribute, _after(getattr(holder, attribute)))

    return patch


POINTS: dict[str, tuple[str, Callable[[ModuleType], None]]] = {
    "after-insert": ("dossiers.store", _wrap("submit")),
    "before-commit": ("dossiers.store", _commit(before=True)),
    "after-commit-before-reply": ("dossiers.store", _commit(before=False)),
    "after-outbox-read": ("notifications.store", _wrap("take_waiting")),
    "after-sent-before-mark": ("notifications.sandbox", _wrap("SandboxChannel.send")),
    "after-piece-before-offset": ("uploads.vault", _wrap("Vault.put_piece")),
    "after-last-offset-before-file": ("uploads.store", _wrap("append_piece")),
    "after-file-before-row": ("uploads.vault", _wrap("Vault.put")),
}


class _Patching(importlib.abc.MetaPathFinder):
    def __init__(self, module: str, patch: Callable[[ModuleType], None]) -> None:
        self._module, self._patch = module, patch

    def find_spec(self, name: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        if name != self._module:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.loader is not None
        load = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            self._patch(module)

        spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


if os.environ.get("FAULT_POINT"):
    sys.meta_path.insert(0, _Patching(*POINTS[os.environ["FAULT_POINT"]]))
