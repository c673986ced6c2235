"""`python -m api` is `motcua`."""

from api.cli import main

main()
