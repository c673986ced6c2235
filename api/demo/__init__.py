"""The main job, told: two photos in, results out, every step through the public API of a server of its own."""

from api.demo.telling import run

__all__ = ["run"]
