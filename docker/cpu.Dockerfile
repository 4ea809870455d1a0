# One of Pairmill's services, for nodes without a GPU:
#   docker build -f docker/cpu.Dockerfile --build-arg SERVICE=miner -t pairmill/pairmill-miner:0.1.0 .
#
# Services with models (embedder, gatekeeper, trainer, evaluator, indexer, retriever) share the layers of
# torch, which come before the argument; the others have none. Every package is pinned by hash. No
# index stands here: pip takes its own settings, from the base image or from
#   --secret id=pip,src=$HOME/.config/pip/pip.conf

ARG BASE=python:3.11.14-slim-bookworm
ARG SERVICE

FROM ${BASE} AS base
ENV PATH=/opt/pairmill/bin:$PATH \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_NO_CACHE_DIR=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
RUN useradd --uid 10001 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin pairmill \
    && install -d -o 10001 -g 10001 /var/cache/pairmill \
    && python3 -m venv /opt/pairmill

FROM base AS torch
COPY locks/towers.txt /locks/towers.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    pip install --require-hashes -r /locks/towers.txt

FROM base AS on-gateway
FROM base AS on-coordinator
FROM base AS on-ingestor
FROM base AS on-miner
FROM base AS on-editor
FROM base AS on-describer
FROM base AS on-instructor
FROM torch AS on-embedder
FROM torch AS on-gatekeeper
FROM torch AS on-trainer
FROM torch AS on-evaluator
FROM torch AS on-indexer
FROM torch AS on-retriever

FROM base AS code
ARG SERVICE
COPY shared/pairmill /app/pairmill
COPY services/__init__.py /app/services/__init__.py
COPY services/${SERVICE} /app/services/${SERVICE}
RUN printf '#!/opt/pairmill/bin/python\nimport runpy\nrunpy.run_module("services.%s", run_name="__main__", alter_sys=True)\n' "${SERVICE}" > /app/serve \
    && chmod 755 /app/serve \
    && python -m compileall -q /app/pairmill /app/services

FROM on-${SERVICE}
ARG SERVICE
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="pairmill-${SERVICE}" \
      org.opencontainers.image.description="Turns a pile of images into a universal multimodal retriever" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY locks/${SERVICE}.txt /locks/${SERVICE}.txt
RUN --mount=type=secret,id=pip,target=/etc/pip.conf \
    pip install --require-hashes -r /locks/${SERVICE}.txt
COPY --from=code /app /app
# The root may be read-only: what is written goes to /tmp and to the cache, both of them mounts.
ENV HOME=/tmp \
    PAIRMILL_CACHE=/var/cache/pairmill \
    PYTHONPATH=/app
WORKDIR /app
USER 10001:10001
ENTRYPOINT ["/app/serve"]
