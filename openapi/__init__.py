"""What is promised to clients: `openapi.json`, and the script that writes it from the app."""

from pathlib import Path

PROMISED = Path(__file__).with_name("openapi.json")
