# One statically linked program; images.py adds the entry point.
FROM scratch
COPY root/ /
ENV PATH=/usr/local/bin HOME=/tmp
ARG RUN_AS
USER ${RUN_AS}
