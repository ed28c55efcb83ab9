# syntax=docker/dockerfile:1
# One image for web, worker, beat and the one-shot setup; the command decides.

FROM python:3.11-slim-bookworm AS build
ENV UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
RUN pip install --no-cache-dir 'uv>=0.13,<0.14'
WORKDIR /srv/portal
COPY requirements.lock ./
RUN python -m venv /opt/venv && \
    uv pip install --no-cache --python /opt/venv/bin/python --require-hashes -r requirements.lock
COPY . .
# Texts and static files belong to the image: the running file system is read-only.
# The key only lets the settings load here; it is in no layer of the final image.
RUN export SECRET_KEY=build FIELD_KEYS=MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE= STATIC_ROOT=/srv/static && \
    /opt/venv/bin/python manage.py compile_texts && \
    /opt/venv/bin/python manage.py collectstatic --no-input -v 0 && \
    /opt/venv/bin/python -m compileall -q .

FROM python:3.11-slim-bookworm
RUN apt-get update && \
    apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 && \
    rm -rf /var/lib/apt/lists/* && \
    useradd --system --uid 10001 --home-dir /var/lib/portal --create-home --shell /usr/sbin/nologin portal
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/static /srv/static
COPY --from=build /srv/portal /srv/portal
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=prm.settings \
    STATIC_ROOT=/srv/static \
    DATA_DIR=/var/lib/portal/data \
    XDG_CACHE_HOME=/tmp \
    PORT=8000
WORKDIR /srv/portal
# New volumes take their owner from these folders; the set-up service mounts them first.
RUN install -d -o portal -g portal -m 0700 /var/lib/portal/data /var/lib/portal/backups
USER 10001:10001
VOLUME /var/lib/portal/data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=4 CMD ["python", "-m", "prm.stack.healthy"]
CMD ["gunicorn", "prm.wsgi:application", "--config", "prm/stack/gunicorn.py"]
