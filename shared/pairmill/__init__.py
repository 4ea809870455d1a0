"""Pairmill turns a pile of images into a universal multimodal retriever."""

__version__ = "0.1.0"
