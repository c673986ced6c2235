"""The register of breaches of personal data, and the clock that runs from when each was known."""
