"""Worker, agency and mail server killed at random while dossiers run: what must be true afterwards (SECURITY.md §5.3 rows 4, 35, 41)."""
