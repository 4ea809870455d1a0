"""Describers: a pair of images becomes a description."""
