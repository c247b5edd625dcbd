# One image for every part of Handcode: `web`, `worker`, `migrate` … are commands of it (see docker-compose.yml).
#   docker build --build-arg TORCH_INDEX=… -t handcode .

# ---- what the pages load ----
FROM node:24-trixie-slim AS pages
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY app/static app/static
RUN npm run build

# ---- the Python packages ----
FROM python:3.11-slim-trixie AS packages
# An extra package index for torch; without one the plain Linux build brings gigabytes of CUDA libraries.
ARG TORCH_INDEX=
WORKDIR /opt/handcode
COPY pyproject.toml constraints.txt ./
COPY scripts/install-packages scripts/
RUN python -m venv .venv && scripts/install-packages .venv/installed

# ---- the product ----
FROM python:3.11-slim-trixie
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends bubblewrap tini \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --user-group --uid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin handcode \
    && install -d -o handcode -g handcode -m 700 /var/lib/handcode
WORKDIR /opt/handcode
COPY --from=packages /opt/handcode/.venv .venv
COPY pyproject.toml ./
COPY migrations migrations
COPY templates templates
COPY judge judge
COPY app app
COPY --from=pages /build/app/static/dist app/static/dist
RUN .venv/bin/python -m judge learn && .venv/bin/python -m compileall -q app judge

# Code belongs to root and is never written; only the data folder belongs to the service.
ENV HANDCODE_HOST=0.0.0.0 \
    HANDCODE_DATA=/var/lib/handcode \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER handcode
EXPOSE 8000
ENTRYPOINT ["tini", "--", ".venv/bin/python", "-m", "app.cli"]
CMD ["web"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD [".venv/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
