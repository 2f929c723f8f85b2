from __future__ import annotations

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

__all__ = ["StaffOrReadOnly", "UsersOrReadOnly"]


class UsersOrReadOnly(BasePermission):
    """Anyone may read; users may write. A method that the view lacks is answered with 405 for all."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or request.method not in view.allowed_methods or self.may_write(request)

    def may_write(self, request: Request) -> bool:
        return bool(request.user and request.user.is_authenticated)


class StaffOrReadOnly(UsersOrReadOnly):
    """Anyone reads; staff write."""

    def may_write(self, request: Request) -> bool:
        return bool(request.user and request.user.is_staff)
