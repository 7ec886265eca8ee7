"""Say which environment variables a part's settings are at odds with.

Called by the entry points of operator, gateway and worker with what pydantic-settings raised. Gives names and what is
wrong, never a value, which may be a secret.
"""

from pydantic import BaseModel, ValidationError


def environment_faults(error: ValidationError, *models: type[BaseModel]) -> list[str]:
    """Give one line per fault, each beginning with its variable's name; `models` are those that may have failed."""
    (model,) = (model for model in models if model.__name__ == error.title)
    prefix = str(model.model_config.get("env_prefix", ""))
    lines = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        field, *inner = (str(part) for part in fault["loc"]) if fault["loc"] else ("",)
        # An alias is the variable's whole name.
        variable = f"{prefix}{field}".upper() if field in model.model_fields else field
        path = f" ({'.'.join(inner)})" if inner else ""
        unset = fault["type"] == "missing" and not inner
        lines.append(f"{variable} is not set" if unset else f"{variable}{path}: {fault['msg']}")
    return lines
