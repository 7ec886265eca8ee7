"""What the chart makes in a tenant's namespace: enough for its workers, and no way out of it."""

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from control_plane.chart.rendering import accepted, environment, helm_template, rendered
from control_plane.conftest import new_namespace
from local_cluster.control_plane import ControlPlane
from support.kubernetes_api import Api

Raw = dict[str, Any]

TENANTS: Raw = {
    "store": {"bucket": "talks", "existingSecret": "steno-store"},
    "tenants": [
        {
            "name": "newsroom",
            "storeSecret": "newsroom-store",
            "serviceAccountAnnotations": {"iam.example/role": "newsroom"},
            "quota": {"requests.nvidia.com/gpu": "2", "count/jobs.batch": 50},
        },
        {"name": "archive"},
    ],
    "networkPolicy": {
        "store": {"to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "minio"}}}]},
        "extraEgress": [{"to": [{"ipBlock": {"cidr": "10.1.0.0/16"}}], "ports": [{"port": 8443}]}],
    },
}


@pytest.fixture
def values(tmp_path: Path) -> Path:
    """Values of an installation with two tenants."""
    written = tmp_path / "values.yaml"
    written.write_text(yaml.safe_dump(TENANTS))
    return written


def objects_in(namespace: str, values: Path, *flags: str) -> dict[str, Raw]:
    """Render the chart and give what lies in a namespace, as ``Kind/name``."""
    done = helm_template("--values", str(values), *flags)
    assert 0 == done.returncode, done.stderr
    documents = [document for document in yaml.safe_load_all(done.stdout) if document]
    here = [each for each in documents if each["metadata"].get("namespace") == namespace]
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in here}


def test_each_tenant_gets_what_its_jobs_need(values: Path) -> None:
    """The workers' account, a quota where one is asked for, rights for operator and gateway; and no namespace."""
    newsroom, archive = (objects_in(tenant, values) for tenant in ("newsroom", "archive"))

    common = {
        "ServiceAccount/steno-worker",
        "NetworkPolicy/steno-worker",
        "Role/steno-operator",
        "RoleBinding/steno-operator",
        "Role/steno-gateway",
        "RoleBinding/steno-gateway",
    }
    assert common | {"ResourceQuota/steno-worker"} == newsroom.keys()
    assert common == archive.keys()
    account = newsroom["ServiceAccount/steno-worker"]
    assert ({"iam.example/role": "newsroom"}, False) == (
        account["metadata"]["annotations"],
        account["automountServiceAccountToken"],
    )
    assert {"requests.nvidia.com/gpu": "2", "count/jobs.batch": 50} == newsroom["ResourceQuota/steno-worker"]["spec"][
        "hard"
    ]


def test_only_operator_and_gateway_of_this_release_are_bound(values: Path) -> None:
    """The accounts of the release's namespace, each to its own Role; the workers to none."""
    found = objects_in("newsroom", values, "--namespace", "steno")

    for part in ("operator", "gateway"):
        binding = found[f"RoleBinding/steno-{part}"]
        assert ("Role", f"steno-{part}") == (binding["roleRef"]["kind"], binding["roleRef"]["name"])
        account = {"kind": "ServiceAccount", "name": f"steno-{part}", "namespace": "steno"}
        assert [account] == binding["subjects"]


@pytest.mark.parametrize(
    ("flags", "watched"),
    [
        pytest.param((), "default,newsroom,archive", id="its own and the tenants"),
        pytest.param(("--set", "operator.watchNamespaces={talks,archive}"), "talks,archive,newsroom", id="a list"),
        pytest.param(("--set", "operator.watchNamespaces={*}"), "*", id="all"),
    ],
)
def test_operator_and_gateway_are_told_of_the_tenants(values: Path, flags: tuple[str, ...], watched: str) -> None:
    """The one watches them beside what it is told to, the other serves them."""
    objects = rendered("--values", str(values), *flags)

    operator, gateway = (environment(objects, f"steno-{part}") for part in ("operator", "gateway"))
    assert (watched, {"newsroom": "newsroom-store"}) == (
        operator["STENO_WATCH_NAMESPACES"],
        json.loads(operator["STENO_STORE_SECRETS"]),
    )
    assert "newsroom,archive" == gateway["STENO_NAMESPACES"]


def test_without_tenants_nothing_is_told() -> None:
    """The release's own namespace needs no setting."""
    objects = rendered()

    assert "STENO_NAMESPACES" not in environment(objects, "steno-gateway")
    assert not {"STENO_WATCH_NAMESPACES", "STENO_STORE_SECRETS"} & environment(objects, "steno-operator").keys()


def test_objects_are_accepted_by_the_api_server(
    control_plane: ControlPlane, api: Api, values: Path, tmp_path: Path
) -> None:
    """Every object passes the server's own validation, in namespaces that are there."""
    tenants = [new_namespace(control_plane).namespace for _ in range(2)]
    told = yaml.safe_load(values.read_text())
    for tenant, name in zip(told["tenants"], tenants, strict=True):
        tenant["name"] = name
    written = tmp_path / "there.yaml"
    written.write_text(yaml.safe_dump(told))

    applied = accepted(api, "--values", str(written))

    assert 0 == applied.returncode, applied.stderr
    assert 2 == applied.stdout.count("networkpolicy.networking.k8s.io/steno-worker serverside-applied")


def policy(values: Path, *flags: str) -> Raw:
    """Give what the NetworkPolicy of a tenant says."""
    spec: Raw = objects_in("newsroom", values, *flags)["NetworkPolicy/steno-worker"]["spec"]
    return spec


def test_workers_reach_what_they_need_and_nobody_reaches_them(values: Path) -> None:
    """Name servers, the store, the operator's port, public addresses on the ports of the web, and what is listed."""
    spec = policy(values, "--namespace", "steno")

    dns, store, operator, public, extra = spec["egress"]
    assert (["Ingress", "Egress"], False) == (spec["policyTypes"], "ingress" in spec)
    assert {("UDP", 53), ("TCP", 53)} == {(port["protocol"], port["port"]) for port in dns["ports"]}
    assert ("minio", 9000) == (
        store["to"][0]["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
        store["ports"][0]["port"],
    )
    (peer,) = operator["to"]
    assert ("steno", "steno-operator", 8081) == (
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"],
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/name"],
        operator["ports"][0]["port"],
    )
    assert [80, 443] == [port["port"] for port in public["ports"]]
    assert TENANTS["networkPolicy"]["extraEgress"] == [extra]


def test_its_pods_are_the_workers(values: Path) -> None:
    """By the labels that the operator gives them, and not those of other pods in the namespace."""
    assert {"app.kubernetes.io/name": "steno-worker", "app.kubernetes.io/managed-by": "steno"} == policy(values)[
        "podSelector"
    ]["matchLabels"]


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07::1", True),
        ("10.96.0.1", False),
        ("172.31.255.255", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("0.0.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
    ],
)
def test_only_public_addresses_are_reached(values: Path, address: str, reached: bool) -> None:  # noqa: FBT001 -- a parameter
    """No private range, no metadata service, and no IPv6 that stands for either."""
    (public,) = (rule for rule in policy(values)["egress"] if rule["to"][0].get("ipBlock", {}).get("except"))
    where = ipaddress.ip_address(address)
    blocks = [peer["ipBlock"] for peer in public["to"]]

    assert reached is any(
        where in ipaddress.ip_network(block["cidr"])
        and not any(where in ipaddress.ip_network(shut) for shut in block["except"])
        for block in blocks
        if ipaddress.ip_network(block["cidr"]).version == where.version
    )


@pytest.mark.parametrize(
    ("flag", "rules"),
    [
        pytest.param("networkPolicy.publicPorts=null", 4, id="no public addresses"),
        pytest.param("operator.progress.enabled=false", 4, id="no progress"),
        pytest.param("networkPolicy.store.to=null", 4, id="a store at a public address"),
    ],
)
def test_what_is_not_needed_is_shut(values: Path, flag: str, rules: int) -> None:
    """Each rule goes with what it is for."""
    assert rules == len(policy(values, "--set", flag)["egress"])


def test_a_cluster_may_have_policies_of_its_own(values: Path) -> None:
    """Switched off, the chart makes none."""
    assert "NetworkPolicy/steno-worker" not in objects_in("newsroom", values, "--set", "networkPolicy.enabled=false")
