"""djust's own check of the arguments of an event: JSON lines in, JSON lines out.

{"parameters": [{"name", "annotation", "required"}], "takes_any", "sent", "positional", "coerce"}
    -> {"valid", "error", "values"}
"""

import inspect
import json
import logging
import sys
from decimal import Decimal
from typing import List, Optional, Union
from uuid import UUID

from djust.validation import validate_handler_params

# Near misses are warned of; here only answers count.
logging.disable()

ANNOTATIONS = {
    "any": inspect.Parameter.empty, "int": int, "float": float, "bool": bool, "str": str, "Decimal": Decimal,
    "UUID": UUID, "list": list, "dict": dict, "List[int]": List[int], "Optional[int]": Optional[int],
    "Union[float, str]": Union[float, str], "List[bool]": List[bool],
}


def handler(parameters, takes_any):
    """A function of this signature."""
    kind = inspect.Parameter.KEYWORD_ONLY
    listed = [
        inspect.Parameter(p["name"], kind, annotation=ANNOTATIONS[p["annotation"]],
                          default=inspect.Parameter.empty if p["required"] else None)
        for p in parameters
    ]
    if takes_any:
        listed.append(inspect.Parameter("kwargs", inspect.Parameter.VAR_KEYWORD))

    def function(**kwargs):
        pass

    function.__signature__ = inspect.Signature(listed)
    function.__annotations__ = {p.name: p.annotation for p in listed if p.annotation is not inspect.Parameter.empty}
    return function


def typed(value):
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, UUID):
        return {"$uuid": str(value)}
    if isinstance(value, float) and value - value != 0:
        return {"$float": str(value)}
    if isinstance(value, int) and not -2**63 <= value < 2**63:
        return {"$int": str(value)}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {name: typed(item) for name, item in value.items()}
    return value


for line in sys.stdin:
    asked = json.loads(line)
    result = validate_handler_params(
        handler(asked["parameters"], asked["takes_any"]), asked["sent"], "pick", asked["coerce"], asked["positional"]
    )
    print(json.dumps({"valid": result["valid"], "error": result["error"], "values": typed(result["coerced_params"])}),
          flush=True)
