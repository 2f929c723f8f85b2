# Two stages, wheels and then their installation: cookiecutter-django's documented way, for the same site and the same lock.
# What its start script does at every start (collectstatic) is done here once, so that both images hold the same.
# The client, which all three images hold, made in the same way.
FROM node:24-slim AS client-builder
WORKDIR /context/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY frontend ./
COPY src/website/static/website/site.css ../src/website/static/website/
RUN npm run build --silent

FROM python:3.13-slim-trixie AS python-build-stage
RUN apt-get update && apt-get install --no-install-recommends -y build-essential libpq-dev
COPY requirements/image.txt .
RUN pip wheel --wheel-dir /usr/src/app/wheels -r image.txt

FROM python:3.13-slim-trixie AS python-run-stage
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app/src:/app
WORKDIR /app
RUN groupadd --system django && useradd --system --gid django django
RUN apt-get update && apt-get install --no-install-recommends -y libpq-dev gettext wait-for-it \
    && apt-get purge -y --auto-remove -o APT::AutoRemove::RecommendsImportant=false \
    && rm -rf /var/lib/apt/lists/*
COPY --from=python-build-stage /usr/src/app/wheels /wheels/
RUN pip install --ignore-installed --no-cache-dir --no-index --find-links=/wheels/ /wheels/* && rm -rf /wheels/
COPY --chown=django:django . /app
COPY --chown=django:django --from=client-builder /context/src/website/motos/static /app/src/website/motos/static
RUN chown django:django /app
USER django
RUN DJANGO_SETTINGS_MODULE=settings.local DJANGO_DEBUG=false python manage.py compilemessages --verbosity 0 \
    && DJANGO_SETTINGS_MODULE=settings.local DJANGO_DEBUG=false python manage.py collectstatic --no-input --verbosity 0
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "3", "website.wsgi:application"]
