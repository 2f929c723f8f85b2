"""Rows that requests leave behind, so that effects can be counted, and not only answers."""

from django.db import models


class Effect(models.Model):
    token = models.CharField(max_length=40)
