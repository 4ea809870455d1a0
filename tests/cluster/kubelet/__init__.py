"""The process kubelet: plays one CPU node and runs each container as a process of this machine.

A container gets a mount, a process and a network namespace, a root of its own made of read-only
parts of this machine, its own user, and no capability. Images are not run: a table maps each one
to the program that it would hold (images.py).
"""
