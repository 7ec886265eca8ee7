# kube-proxy writes the node's rules with these programs; the other control plane images need none.
FROM steno.local/debian:bookworm
RUN apt-get update --quiet \
    && apt-get install --yes --quiet --no-install-recommends conntrack iptables kmod nftables \
    && rm -rf /var/lib/apt/lists/*
COPY kube /usr/local/bin/kube
RUN ln -s kube /usr/local/bin/kube-proxy
