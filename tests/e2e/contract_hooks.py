"""What schemathesis cannot know from a description: keys that exist, pictures that are large enough."""

import io
import os

import schemathesis
from PIL import Image

KEYS = {
    "/api/motos/motorcycles/": int(os.environ["CONTRACT_MOTORCYCLE"]),
    "/api/motos/pictures/": int(os.environ["CONTRACT_PICTURE"]),
}
MODEL = int(os.environ["CONTRACT_MODEL"])


def _photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (80, 60), "teal").save(buffer, "PNG")
    return buffer.getvalue()


PHOTO = _photo()


@schemathesis.hook
def before_call(context, case, kwargs):
    """Half of the keys are of something that exists, so that more than "not found" is tried."""
    key = (case.path_parameters or {}).get("id")
    if isinstance(key, int) and key % 2 == 0:
        case.path_parameters["id"] = next(KEYS[path] for path in KEYS if case.operation.path.startswith(path))
    if isinstance(case.body, dict):
        if type(case.body.get("model")) is int:
            case.body["model"] = MODEL
        if "image" in case.body and not isinstance(case.body["image"], dict | list | int | float | None):
            case.body["image"] = PHOTO
    # The session is schemathesis's to give, or to leave out and see what happens; without this cookie all is refused.
    case.cookies = {**(case.cookies or {}), "csrftoken": os.environ["CONTRACT_CSRF"]}


@schemathesis.hook
def filter_query(context, query):
    """Servers before the API refuse longer addresses on their own (414)."""
    return len(str(query)) < 1500
