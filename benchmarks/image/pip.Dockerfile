# One stage and pip, as in the projects that the site's applications come from, for the same site and the same lock.
# What their start commands do at every start (collectstatic) is done here once, so that both images hold the same.
# The client, which all three images hold, made in the same way.
FROM node:24-slim AS client-builder
WORKDIR /context/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN npm ci --no-audit --no-fund --loglevel=error
COPY frontend ./
COPY src/website/static/website/site.css ../src/website/static/website/
RUN npm run build --silent

FROM python:3.13-slim-trixie
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/app/src:/app
WORKDIR /app
RUN apt-get update && apt-get install -y build-essential gcc libpq-dev && apt-get clean && rm -rf /var/lib/apt/lists/*
COPY requirements/image.txt .
RUN pip install --ignore-installed --no-cache-dir -r image.txt
COPY . .
COPY --from=client-builder /context/src/website/motos/static /app/src/website/motos/static
RUN DJANGO_SETTINGS_MODULE=settings.local DJANGO_DEBUG=false python manage.py collectstatic --no-input --verbosity 0
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "3", "website.wsgi:application"]
