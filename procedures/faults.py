"""How the catalogue's data is refused."""

from pathlib import Path


class CatalogueFault(ValueError):
    """The data cannot be law: names the file, the key, what is wrong and what to do. Raised at start-up, before anybody is served."""

    def __init__(self, file: Path, key: str | None, what: str, do: str) -> None:
        self.file, self.key = file, key
        super().__init__(f"{file}: {key}: {what}. {do}." if key else f"{file}: {what}. {do}.")
