"""`On-Behalf-Of`: the mandate a request is made under."""

from identity.http import OnBehalfOf

__all__ = ["OnBehalfOf"]
