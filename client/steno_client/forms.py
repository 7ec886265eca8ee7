"""A recording and its options as one form: options first, so that a mistake is answered before the file. Pure."""

import json
import re
import secrets
from collections.abc import Mapping
from typing import Any


def form_of(options: Mapping[str, Any], file_name: str, recording: bytes) -> tuple[bytes, dict[str, str]]:
    """Give a form's body, and the header that says so; `file_name` may have any characters."""
    boundary = secrets.token_hex(16)
    pieces = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"\r\n\r\n{_text(value)}\r\n'.encode()
        for name, value in options.items()
    ]
    pieces.append(
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{_quoted(file_name)}"\r\n'
        "Content-Type: application/octet-stream\r\n\r\n".encode()
    )
    pieces += [recording, f"\r\n--{boundary}--\r\n".encode()]
    return b"".join(pieces), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def _quoted(text: str) -> str:
    """Escape as the HTML standard has browsers do it."""
    return re.sub(r'["\r\n]', lambda found: f"%{ord(found[0]):02X}", text)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
