"""The modules that are imported by name while migrations run, even if they were imported long before."""

from __future__ import annotations

import builtins
import contextlib
import importlib.util
from collections.abc import Iterator
from importlib.util import resolve_name
from typing import Any

__all__ = ["asked_for"]


@contextlib.contextmanager
def asked_for(names: set[str]) -> Iterator[None]:
    """Adds to *names* the modules that are imported meanwhile, by statement or function, and those of real models.

    A migration should use ``apps.get_model`` of its own argument. One that uses a real model is heard here.
    """
    from django.apps import apps
    from django.utils import module_loading

    bootstrap: Any = importlib._bootstrap
    real_import, real_gcd_import = builtins.__import__, bootstrap._gcd_import
    real_get_model, real_get_app_config = apps.get_model, apps.get_app_config
    real_find_spec = importlib.util.find_spec
    # Before Django 4.0 there is none: each import by name goes through importlib, which is heard.
    real_cached = getattr(module_loading, "cached_import", None)

    def heard_import(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
        with contextlib.suppress(ImportError, ValueError, TypeError):
            base = resolve_name("." * level + name, (globals or {}).get("__package__")) if level else name
            names.update((base, *(f"{base}.{part}" for part in fromlist or ())))
        return real_import(name, globals, locals, fromlist, level)

    def heard_gcd_import(name: str, package: str | None = None, level: int = 0) -> Any:
        with contextlib.suppress(ImportError, ValueError, TypeError):
            names.add(resolve_name("." * level + name, package) if level else name)
        return real_gcd_import(name, package, level)

    def heard_cached(module_path: str, class_name: str) -> Any:
        names.add(module_path)
        assert real_cached is not None
        return real_cached(module_path, class_name)

    def heard_find_spec(name: str, package: str | None = None) -> Any:
        with contextlib.suppress(ImportError, ValueError, TypeError):
            names.add(resolve_name(name, package))
        return real_find_spec(name, package)

    def heard_get_app_config(app_label: str) -> Any:
        config = real_get_app_config(app_label)
        names.update(base.__module__ for base in type(config).__mro__)
        return config

    def heard_get_model(*arguments: Any, **options: Any) -> Any:
        model = real_get_model(*arguments, **options)
        names.update(base.__module__ for base in model.__mro__)
        return model

    builtins.__import__ = heard_import
    bootstrap._gcd_import = heard_gcd_import
    if real_cached is not None:
        module_loading.cached_import = heard_cached
    vars(apps)["get_model"] = heard_get_model
    vars(apps)["get_app_config"] = heard_get_app_config
    importlib.util.find_spec = heard_find_spec
    try:
        yield
    finally:
        builtins.__import__ = real_import
        bootstrap._gcd_import = real_gcd_import
        importlib.util.find_spec = real_find_spec
        if real_cached is not None:
            module_loading.cached_import = real_cached
        del vars(apps)["get_model"], vars(apps)["get_app_config"]
