"""Pictures of records, without torch. The module can be called: ``landscape.render(surface, "wide.pdf")``."""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    # ``landscape.render`` is a room and the verb of that room; importing the room would hide a function of its name.
    def __call__(self, *args: Any, **options: Any) -> Any:
        from landscape.render.figure import render

        return render(*args, **options)


sys.modules[__name__].__class__ = _Callable
