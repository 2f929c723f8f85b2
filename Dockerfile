# The site's images. Two are published: applayer (web, worker, beat and one-off commands are one image) and staticlayer (the
# front server). docs/reference/images.md says how they are built, named and run.
#
# Two builds of one commit give the same bytes, wherever they run: everything installed is locked with its hash, the stages
# that make files set modes and times, and the published stages only copy. Context: .dockerignore names what there is.

# --- What the site requires, in a virtual environment. It survives every change of code.
FROM python:3.13-slim-trixie AS requirements
RUN python -m venv --without-pip /opt/venv
# pip does not compile: its .pyc files hold the time of the installation. What only translators and compilers read
# is left out.
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements/image.txt,target=/tmp/image.txt \
    pip --disable-pip-version-check --python /opt/venv/bin/python install \
        --quiet --require-hashes --no-deps --no-compile -r /tmp/image.txt \
    && find /opt/venv \( -name '*.po' -o -name '*.c' -o -name '*.pyx' \) -delete \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/venv/lib \
    && mkdir -p /venv/opt && mv /opt/venv /venv/opt/ && ln -s /venv/opt/venv /opt/venv \
    && chmod -R u=rwX,go=rX /venv \
    && find /venv -exec touch --no-dereference --date=@0 {} +

# --- The client of motos. Node is needed here, and nowhere else.
FROM node:24-slim AS clientbuilder
WORKDIR /context/frontend
COPY frontend/package.json frontend/package-lock.json ./
RUN --mount=type=cache,target=/root/.npm,sharing=locked \
    npm ci --no-audit --no-fund --loglevel=error
COPY frontend ./
COPY src/website/static/website/site.css ../src/website/static/website/
RUN npm run build --silent \
    && chmod -R u=rwX,go=rX ../src/website/motos/static \
    && find ../src/website/motos/static -exec touch --no-dereference --date=@0 {} +

# --- What the client promises: its rules, its tests, and that it was generated from the API's description. Never published.
FROM clientbuilder AS clienttests
COPY docs/reference/openapi.json ../docs/reference/
RUN npm run lint --silent \
    && npm test --silent \
    && cp -r src/app/api /tmp/api && npm run api --silent && diff -r /tmp/api src/app/api

# --- What the site stands on in the image, and seldom changes: the account it runs as, known by name; its folders; how it is
# started; the client's page; and of ecluse what `ecluse wait` needs.
FROM python:3.13-slim-trixie AS surroundings
RUN --mount=type=bind,source=src/ecluse,target=/ecluse \
    --mount=type=bind,source=ops/container,target=/container \
    --mount=type=bind,from=clientbuilder,source=/context/src/website/motos/static/motos/client,target=/client \
    mkdir -p /site/etc /site/run/website /site/srv/media /site/srv/static /site/usr/local/bin \
    && cp /etc/passwd /etc/group /site/etc/ \
    && echo 'app:x:10001:10001::/tmp:/usr/sbin/nologin' >>/site/etc/passwd \
    && echo 'app:x:10001:' >>/site/etc/group \
    && install -D --mode=644 --target-directory=/site/app/ops/container /container/gunicorn.conf.py /container/gate.py \
    && install -D --mode=644 --target-directory=/site/app/src/ecluse /ecluse/*.py \
    && install -D --mode=644 --target-directory=/site/app/src/ecluse/cli /ecluse/cli/__init__.py /ecluse/cli/wait.py \
    && install -D --mode=644 --target-directory=/site/app/src/ecluse/definition /ecluse/definition/__init__.py \
        /ecluse/definition/backups.py /ecluse/definition/environment.py /ecluse/definition/front_server.py \
        /ecluse/definition/model.py /ecluse/definition/monitoring.py /ecluse/definition/release_spec.py \
        /ecluse/definition/words.py \
    && install -D --mode=644 --target-directory=/site/app/src/ecluse/machine /ecluse/machine/__init__.py \
        /ecluse/machine/process.py /ecluse/machine/reaper.py /ecluse/machine/refusals.py /ecluse/machine/streams.py \
    && install -D --mode=644 --target-directory=/site/app/src/ecluse/probes /ecluse/probes/*.py \
    && install -D --mode=644 /client/index.html /site/app/src/website/motos/static/motos/client/index.html \
    && python -m compileall -q --invalidation-mode unchecked-hash -s /site -p / /site/app \
    && cp /container/ecluse /site/usr/local/bin/ \
    && chmod -R u=rwX,go=rX /site && chmod 755 /site/usr/local/bin/ecluse && chown 10001:10001 /site/run/* /site/srv/* \
    && find /site -exec touch --no-dereference --date=@0 {} +

# --- The site, compiled: what a change of a view makes anew. From the bare base: where there are fewer files, BuildKit is
# sooner done with telling what has changed.
FROM python:3.13-slim-trixie AS appbuilder
RUN --mount=type=bind,source=manage.py,target=/context/manage.py \
    --mount=type=bind,source=settings,target=/context/settings \
    --mount=type=bind,source=src/website,target=/context/src/website \
    mkdir /site && cp -r /context /site/app \
    && find /site -name '*.po' -delete \
    && python -m compileall -q --invalidation-mode unchecked-hash -s /site -p / /site/app \
    && chmod -R u=rwX,go=rX /site \
    && find /site -exec touch --no-dereference --date=@0 {} +

# --- Static files, in two steps: the second is repeated only when what the first finds has another content.
FROM python:3.13-slim-trixie AS staticsources
WORKDIR /context
RUN --mount=type=bind,source=settings,target=settings \
    --mount=type=bind,source=src/website,target=src/website \
    mkdir /sources \
    && find settings src/website \( -path '*/static/*' -o -path 'settings/*.py' \) -type f \
        -exec cp --parents --target-directory=/sources {} +
COPY --from=clientbuilder /context/src/website/motos/static /sources/src/website/motos/static

FROM requirements AS staticbuilder
WORKDIR /app
COPY --from=staticsources /sources .
COPY ops/container/content_times.py /usr/local/lib/
RUN DJANGO_STATIC_ROOT=/static/app/staticfiles PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 \
    /opt/venv/bin/python -m django collectstatic --settings settings.static --no-input --verbosity 0 \
    && chmod -R u=rwX,go=rX /static \
    && python /usr/local/lib/content_times.py /static

FROM python:3.13-slim-trixie AS frontfiles
RUN --mount=type=bind,source=ops/nginx,target=/context \
    --mount=type=bind,from=staticbuilder,source=/static/app/staticfiles,target=/static \
    mkdir -p /front/etc/nginx /front/usr/local/bin /front/srv/media /front/srv/static \
    && cp -r /context /front/etc/nginx/front && mv /front/etc/nginx/front/front /front/usr/local/bin/ \
    && chmod -R u=rwX,go=rX /front && chmod 755 /front/usr/local/bin/front \
    && find /front -exec touch --no-dereference --date=@0 {} + \
    && cp --archive /static/. /front/srv/static && touch --date=@0 /front/srv \
    && chown --recursive 10001:10001 /front/srv/*

# --- What runs: web by default; worker, beat and one-off commands by another command (docker-compose.live.yml).
FROM python:3.13-slim-trixie AS applayer
COPY --from=requirements /venv/ /
COPY --from=surroundings /site/ /
COPY --from=staticbuilder /static/ /
# It is there already. What changes most is copied last.
WORKDIR /app
COPY --from=appbuilder /site/ /
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONPATH=/app/src:/app \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp \
    DJANGO_SETTINGS_MODULE=settings.production \
    DJANGO_MEDIA_ROOT=/srv/media
USER 10001:10001
EXPOSE 8000
# The process is alive. Whether it may be given requests is asked by who gives them: /readiness/.
HEALTHCHECK --interval=10s --timeout=30s --start-period=30s --start-interval=1s \
    CMD ["ecluse", "wait", "--timeout", "25", "http://127.0.0.1:8000/ping/"]
# An init that reaps what is orphaned, and passes a signal to the one process it starts: that one knows its children.
ENTRYPOINT ["dumb-init", "--single-child", "--"]
CMD ["gunicorn", "--config", "/app/ops/container/gunicorn.conf.py", "website.wsgi:application"]
# The release that the site reports. A rollout may say it in other words at run time.
ARG ECLUSE_RELEASE=development
ENV ECLUSE_RELEASE=$ECLUSE_RELEASE

# --- The front server: static files, media, TLS, and everything else from applayer's containers.
FROM nginx:1.28-trixie AS staticlayer
COPY --from=frontfiles /front/ /
USER 10001:10001
EXPOSE 8080 8443
HEALTHCHECK --interval=10s --timeout=30s --start-period=30s --start-interval=1s \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:8080/front-ping/"]
STOPSIGNAL SIGQUIT
ENTRYPOINT ["front"]
CMD ["nginx", "-c", "/etc/nginx/front/nginx.conf", "-g", "daemon off;"]

# --- What tests the image, from outside and on its real services. Never published.
FROM applayer AS tests
USER 0:0
RUN --mount=type=cache,target=/root/.cache/pip \
    --mount=type=bind,source=requirements/tests.txt,target=/tmp/tests.txt \
    pip --disable-pip-version-check --python /opt/venv/bin/python install \
        --quiet --require-hashes --no-deps -r /tmp/tests.txt
COPY tests tests
USER 10001:10001
HEALTHCHECK NONE
CMD ["pytest", "-p", "no:cacheprovider", "tests/image"]
