# syntax=docker/dockerfile:1

# ---- builder: an environment with exactly the locked packages, and Handraiser as a wheel
FROM python:3.11-slim AS builder

WORKDIR /src
COPY requirements-installer.lock ./
RUN python -m venv /opt/uv && /opt/uv/bin/pip install --no-cache-dir --require-hashes -r requirements-installer.lock

COPY requirements.lock ./
RUN python -m venv --without-pip /opt/handraiser \
    && /opt/uv/bin/uv pip sync --no-cache --python /opt/handraiser/bin/python --require-hashes requirements.lock

# The build's own tools are pinned by the development lock.
COPY pyproject.toml requirements-dev.lock README.md LICENSE ./
COPY app ./app
COPY migrations ./migrations
RUN /opt/uv/bin/uv pip install --no-cache --python /opt/handraiser/bin/python --no-deps \
        --build-constraints requirements-dev.lock --compile-bytecode .

# ---- the image: that environment, a user without rights, a folder for the data
FROM python:3.11-slim

RUN useradd --system --uid 10001 --no-create-home handraiser \
    && install --directory --owner handraiser --mode 700 /srv/handraiser/data
COPY --from=builder /opt/handraiser /opt/handraiser

ENV PATH=/opt/handraiser/bin:$PATH PYTHONUNBUFFERED=1 HANDRAISER_LOG_FORMAT=json
WORKDIR /srv/handraiser
USER handraiser
VOLUME /srv/handraiser/data
EXPOSE 8000

HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]

# An embedded SQLite is migrated at the start. PostgreSQL only on request: docker run ... handraiser migrate
CMD ["handraiser", "serve", "--host", "0.0.0.0", "--port", "8000"]
