"""How dossiers stand, for the many who ask by receipt code: what is asked while an answer is under way goes together in the next."""

from dossiers import store
from kit.db import Database
from kit.together import Together


class Lookups:
    """One per process, with a connection of its own. Nobody's question can be told from another's by what it costs."""

    def __init__(self, db: Database) -> None:
        self._line = db.line()
        self._asked: Together[tuple[str, bytes], store.Standing | None] = Together(self._read)

    async def by_code(self, code: str, second_fact: bytes) -> store.Standing | None:
        """None for a wrong second fact as for a wrong code. Raises psycopg.Error."""
        return await self._asked.ask((code, second_fact))

    async def close(self) -> None:
        await self._line.close()

    async def _read(self, asked: list[tuple[str, bytes]]) -> list[store.Standing | None]:
        return await store.standings_by_code(self._line, asked)
