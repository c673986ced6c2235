"""Forms: what is asked, what is known, what is wrong. Values are nested `{"child": {"sex": …}}`, paths dotted."""

from procedures.forms.answers import most_rows, shape_faults
from procedures.forms.asking import composed, fields, required, tidy
from procedures.forms.checking import check, check_fields, check_tidy, missing_documents
from procedures.forms.days import earliest, latest
from procedures.forms.prefilling import Filled, changed_locked, prefill, values_of
from procedures.forms.schema import NOT_IN_SCHEMA, json_schema

__all__ = [
    "NOT_IN_SCHEMA",
    "Filled",
    "changed_locked",
    "check",
    "check_fields",
    "check_tidy",
    "composed",
    "earliest",
    "fields",
    "json_schema",
    "latest",
    "missing_documents",
    "most_rows",
    "prefill",
    "required",
    "shape_faults",
    "tidy",
    "values_of",
]
