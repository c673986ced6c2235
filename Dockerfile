# syntax=docker/dockerfile:1
FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PROJECT_ENVIRONMENT=/srv/motcua/.venv
RUN pip install --no-cache-dir 'uv==0.13.9'
WORKDIR /srv/motcua
# The locked packages change seldom: their layer comes before the code's.
COPY pyproject.toml uv.lock README.md ./
RUN uv sync --frozen --no-dev --no-install-project
COPY . .
RUN uv sync --frozen --no-dev --no-editable

FROM python:3.13-slim-bookworm
RUN apt-get update \
 && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --create-home --home-dir /var/lib/motcua --shell /usr/sbin/nologin motcua \
 && install -d -o motcua -g motcua -m 0700 /var/lib/motcua-personal
COPY --from=build --chown=root:root /srv/motcua /srv/motcua
ENV PATH=/srv/motcua/.venv/bin:$PATH \
    MOTCUA_ENVIRONMENT=production \
    MOTCUA_HOME=/var/lib/motcua \
    PYTHONUNBUFFERED=1 \
    OMP_NUM_THREADS=2
WORKDIR /srv/motcua
USER motcua
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=40s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/health', timeout=2)"]
CMD ["motcua", "serve", "--host", "0.0.0.0", "--port", "8000"]
