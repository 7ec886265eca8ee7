# The base of Steno's own images: build them with PYTHON_IMAGE set to it.
FROM steno.local/debian:bookworm
RUN apt-get update --quiet \
    && apt-get install --yes --quiet --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/* /usr/share/doc \
    && ln -s python3 /usr/bin/python
