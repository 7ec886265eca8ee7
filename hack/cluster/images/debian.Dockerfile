# What debootstrap made, with this machine's CA certificates: pip in a build needs them, and so does whoever speaks TLS.
FROM scratch
ADD debian.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
CMD ["bash"]
