#!/usr/bin/env bash
# Build the servers and tools that the tests run for real, each at a pinned version.
#   usage: build.sh TOOL...   (none: all of them); prints the folder that holds them
#          build.sh --where   prints that folder and builds nothing
# Everything comes from the Go module proxy; what is built is kept between runs.
set -euo pipefail

MINIO=v0.0.0-20260212201848-7aac2a2c5b7c
HELM=v4.3.1
GRPCURL=v1.9.4
KUBECONFORM=v0.8.0
ETCD=v3.6.16
KUBERNETES=1.35.4
KWOK=v0.8.0
KEDA=v2.20.2
ALL=(minio grpcurl kubeconform helm etcd kube-apiserver kube-controller-manager kube-scheduler kwok keda-operator keda-adapter)

kept="${PAIRMILL_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/pairmill-tools}"
bin="$kept/$(grep -E '^[A-Z]+=' "$0" | sha256sum | cut -c1-16)"  # one folder a set of versions
mkdir -p "$bin"
if [ "${1:-}" = --where ]; then echo "$bin"; exit; fi

say() { echo "build: $*" >&2; }

# install PACKAGE VERSION: a module that `go install` takes as it is
install() { GOBIN="$bin" GOFLAGS=-mod=mod go install -ldflags="-s -w" "$1@$2"; }

# module NAME: a folder for a module of our own that only requires another one
module() { work="$kept/modules/$1"; rm -rf "$work"; mkdir -p "$work"; cd "$work"; }

# built PACKAGE NAME [LDFLAGS]: build one program of the module in the current folder
built() { GOFLAGS=-mod=mod go build -p 2 -ldflags "-s -w ${3:-}" -o "$bin/$2" "$1"; }

etcd() {
  module etcd
  printf 'module tools\n\ngo 1.26\n\nrequire go.etcd.io/etcd/server/v3 %s\n' "$ETCD" > go.mod
  printf 'package main\n\nimport "go.etcd.io/etcd/server/v3/etcdmain"\nimport "os"\n\nfunc main() { etcdmain.Main(os.Args) }\n' > main.go
  built . etcd
}

kubernetes() {  # Kubernetes replaces its own parts by folders; outside, by the modules published from them
  module kubernetes
  GOFLAGS=-mod=mod go mod download "k8s.io/kubernetes@v$KUBERNETES"
  local theirs; theirs="$(go env GOMODCACHE)/k8s.io/kubernetes@v$KUBERNETES"
  { printf 'module tools\n\ngo 1.26\n\nrequire k8s.io/kubernetes v%s\n\nreplace (\n' "$KUBERNETES"
    sed -n 's|^\t\(k8s.io/[a-z0-9-]*\) => ./staging.*|\t\1 => \1 v0.'"${KUBERNETES#1.}"'|p' "$theirs/go.mod"
    printf ')\n'; } > go.mod
  printf '//go:build tools\n\npackage tools\n\nimport _ "k8s.io/kubernetes/cmd/%s"\n' "$1" > tools.go
  local version="-X k8s.io/component-base/version.gitVersion=v$KUBERNETES"
  version+=" -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=${KUBERNETES:2:2}"
  built "k8s.io/kubernetes/cmd/$1" "$1" "$version"
}

keda() {  # KEDA's own replacements must hold here too, so `go install` refuses it
  module keda
  GOFLAGS=-mod=mod go mod download "github.com/kedacore/keda/v2@$KEDA"
  local theirs; theirs="$(go env GOMODCACHE)/github.com/kedacore/keda/v2@$KEDA"
  { printf 'module tools\n\ngo 1.26\n\nrequire github.com/kedacore/keda/v2 %s\n\n' "$KEDA"
    sed -n '/^replace (/,/^)/p; /^replace [^(]/p' "$theirs/go.mod"; } > go.mod
  built "github.com/kedacore/keda/v2/cmd/$1" "keda-$1"
}

build() {
  case "$1" in
    minio) install github.com/minio/minio "$MINIO" ;;
    grpcurl) install github.com/fullstorydev/grpcurl/cmd/grpcurl "$GRPCURL" ;;
    kubeconform) install github.com/yannh/kubeconform/cmd/kubeconform "$KUBECONFORM" ;;
    helm) install helm.sh/helm/v4/cmd/helm "$HELM" ;;
    etcd) etcd ;;
    kube-*) kubernetes "$1" ;;
    kwok) install sigs.k8s.io/kwok/cmd/kwok "$KWOK" ;;
    keda-*) keda "${1#keda-}" ;;
    *) say "no tool named $1; wanted: ${ALL[*]}"; exit 2 ;;
  esac
}

for tool in "${@:-${ALL[@]}}"; do
  [ -x "$bin/$tool" ] && continue
  command -v go > /dev/null || { say "$tool is built with Go, which is not on the PATH"; exit 1; }
  say "$tool"
  start=$SECONDS
  (build "$tool") || { say "$tool could not be built"; exit 1; }
  say "$tool done in $((SECONDS - start)) s"
done
echo "$bin"
