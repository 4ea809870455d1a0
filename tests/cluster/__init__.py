"""A real Kubernetes for the tests: control plane, KEDA, fake GPU nodes and a process kubelet.

Knows the programs that tests/tools/build.sh builds; the chart is known to the tests alone.
"""
