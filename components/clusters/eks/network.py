"""The VPC of a cluster: made here, or one that exists."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi

from components import contracts, registration
from components.clusters.eks import account, encryption, logs, roles, subnets
from stacks import managed, regions, resolution

ENDPOINTS: Final = ("ec2", "ecr.api", "ecr.dkr", "eks-auth", "logs", "sts")
"""What nodes and pods of a cluster ask AWS for all the time; `eks-auth` is Pod Identity."""

_ANYWHERE: Final = "0.0.0.0/0"
_FLOW_LOG_SECONDS: Final = 600
"""How much one record sums up; the other choice, 60, costs up to ten times as much."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Network:
    """What the rest of a cluster needs of its network."""

    vpc: pulumi.Input[str]
    nodes: Mapping[str, pulumi.Input[str]]
    """Subnet of the nodes by zone."""
    control_plane: Sequence[pulumi.Input[str]]
    public: Sequence[pulumi.Input[str]] = ()
    """Subnets of public load balancers."""
    addresses: Sequence[pulumi.Output[str]] = ()
    """Where nodes' traffic to the internet comes from, as far as this stack knows."""
    egress: tuple[registration.Resource, ...] = ()
    """What nodes can't start without, and can't be emptied without."""

    @property
    def facts(self) -> contracts.NetworkFacts:
        """What the layers above are told about it."""
        return contracts.NetworkFacts(
            id=pulumi.Output.from_input(self.vpc),
            private_subnets=tuple(pulumi.Output.from_input(subnet) for subnet in self.nodes.values()),
            public_subnets=tuple(pulumi.Output.from_input(subnet) for subnet in self.public),
            egress_addresses=tuple(self.addresses),
        )


def create(
    target: account.Account, wanted: resolution.Managed[managed.EksOptions], *, key: encryption.Key | None
) -> Network:
    """The network that the settings describe."""
    if wanted.options.network is not None:
        return _existing(wanted.options.network, zones=wanted.network.zones)
    return _Builder(target, wanted).build(key)


def _existing(given: managed.EksNetwork, *, zones: tuple[str, ...]) -> Network:
    """A VPC that exists; its owner answers for egress, endpoints, flow logs and tags. Subnets are in zones' order."""
    return Network(
        vpc=given.vpc,
        nodes=dict(zip(zones, given.private_subnets, strict=False)),
        control_plane=given.control_plane_subnets or given.private_subnets,
        public=given.public_subnets,
    )


def plan(wanted: resolution.Managed[managed.EksOptions]) -> subnets.Plan:
    """The subnets that the settings come to."""
    return subnets.plan(
        wanted.network.cidr,
        zones=wanted.network.zones,
        region_zones=regions.zones(wanted.vendor, wanted.region) or wanted.network.zones,
        # Auto Mode starts its nodes in the subnets that the cluster has.
        own_control_plane=wanted.compute == "pools",
    )


class _Builder:
    """Registers a VPC piece by piece."""

    def __init__(self, target: account.Account, wanted: resolution.Managed[managed.EksOptions]) -> None:
        self._target = target
        self._wanted = wanted
        self._plan = plan(wanted)
        self._vpc = target.register(
            "ec2/vpc:Vpc",
            "vpc",
            {
                "cidrBlock": wanted.network.cidr,
                # The private endpoint of the API is found by both.
                "enableDnsSupport": True,
                "enableDnsHostnames": True,
                "tags": {"Name": wanted.name},
            },
            opts=pulumi.ResourceOptions(protect=wanted.protection != "off"),
        )

    def build(self, key: encryption.Key | None) -> Network:
        # Without rules: what is started without a group of its own reaches nothing.
        self._register("ec2/defaultSecurityGroup:DefaultSecurityGroup", "default", {})
        if self._wanted.network.flow_logs:
            self._flow_logs(key)
        public, way_out = self._public()
        gateways = self._nat(public, way_out)
        nodes, tables, egress = self._private(gateways)
        control_plane = self._subnets("control-plane", self._plan.control_plane, role=None)
        endpoints = self._endpoints(nodes, tables)
        return Network(
            vpc=self._vpc.id,
            nodes={zone: subnet.id for zone, subnet in nodes.items()},
            control_plane=[subnet.id for subnet in (control_plane or nodes).values()],
            public=[subnet.id for subnet in public.values()],
            addresses=[gateway.output("publicIp") for gateway in gateways.values()],
            egress=(*gateways.values(), *egress, *endpoints),
        )

    def _register(
        self,
        token: str,
        part: str,
        properties: Mapping[str, Any],
        *,
        outputs: Sequence[str] = (),
        depends_on: Sequence[pulumi.Resource] = (),
        vpc: bool = True,
    ) -> registration.Resource:
        owner = {"vpcId": self._vpc.id} if vpc else {}
        opts = pulumi.ResourceOptions(depends_on=list(depends_on))
        return self._target.register(token, part, {**owner, **properties}, outputs=outputs, opts=opts)

    def _subnets(
        self, kind: str, planned: Sequence[subnets.Subnet], *, role: str | None
    ) -> dict[str, registration.Resource]:
        return {subnet.zone: self._subnet(kind, subnet, role=role) for subnet in planned}

    def _subnet(self, kind: str, subnet: subnets.Subnet, *, role: str | None) -> registration.Resource:
        part = f"{kind}-{self._target.place.short(subnet.zone)}"
        # By the first tag load balancers find their subnets, by the second they know which cluster's they are.
        found_by = {f"kubernetes.io/role/{role}": "1", f"kubernetes.io/cluster/{self._wanted.name}": "shared"}
        return self._register(
            "ec2/subnet:Subnet",
            part,
            {
                "cidrBlock": subnet.cidr,
                "availabilityZone": subnet.zone,
                "mapPublicIpOnLaunch": False,
                "tags": {"Name": f"{self._wanted.name}-{part}", **(found_by if role else {})},
            },
        )

    def _table(
        self, part: str, subnet_ids: Mapping[str, pulumi.Input[str]], *, to: Mapping[str, Any]
    ) -> tuple[registration.Resource, tuple[registration.Resource, ...]]:
        """A route table, and what makes it one: its way out and its subnets."""
        name = {"Name": f"{self._wanted.name}-{part}"}
        table = self._register("ec2/routeTable:RouteTable", part, {"tags": name})
        way = {"routeTableId": table.id, "destinationCidrBlock": _ANYWHERE, **to}
        route = self._register("ec2/route:Route", part, way, vpc=False)
        associations = [
            self._register(
                "ec2/routeTableAssociation:RouteTableAssociation",
                name,
                {"routeTableId": table.id, "subnetId": subnet},
                vpc=False,
            )
            for name, subnet in subnet_ids.items()
        ]
        return table, (route, *associations)

    def _public(self) -> tuple[dict[str, registration.Resource], tuple[registration.Resource, ...]]:
        gateway = self._register(
            "ec2/internetGateway:InternetGateway", "internet", {"tags": {"Name": self._wanted.name}}
        )
        public = self._subnets("public", self._plan.public, role="elb")
        by_name = {f"public-{self._target.place.short(zone)}": subnet.id for zone, subnet in public.items()}
        _, routes = self._table("public", by_name, to={"gatewayId": gateway.id})
        return public, routes

    def _nat(
        self, public: Mapping[str, registration.Resource], way_out: Sequence[pulumi.Resource]
    ) -> dict[str, registration.Resource]:
        """Gateways by zone: one in each, or one alone, which is cheaper and a single point of failure."""
        zones = list(public) if self._wanted.network.egress == "per-zone" else list(public)[:1]
        return {zone: self._gateway(zone, public[zone], way_out) for zone in zones}

    def _gateway(
        self, zone: str, subnet: registration.Resource, way_out: Sequence[pulumi.Resource]
    ) -> registration.Resource:
        part = f"nat-{self._target.place.short(zone)}"
        tags = {"Name": f"{self._wanted.name}-{part}"}
        address = self._register("ec2/eip:Eip", part, {"domain": "vpc", "tags": tags}, vpc=False)
        properties = {"allocationId": address.id, "subnetId": subnet.id, "tags": tags}
        return self._register(
            "ec2/natGateway:NatGateway", part, properties, outputs=("publicIp",), depends_on=way_out, vpc=False
        )

    def _private(
        self, gateways: Mapping[str, registration.Resource]
    ) -> tuple[dict[str, registration.Resource], list[registration.Resource], list[registration.Resource]]:
        """Subnets by zone, their tables, and their ways out. A table each, so that more gateways move no subnet."""
        private = self._subnets("private", self._plan.private, role="internal-elb")
        tables: list[registration.Resource] = []
        ways: list[registration.Resource] = []
        only = next(iter(gateways.values()))
        for zone, subnet in private.items():
            part = f"private-{self._target.place.short(zone)}"
            table, routes = self._table(part, {part: subnet.id}, to={"natGatewayId": gateways.get(zone, only).id})
            tables.append(table)
            ways.extend(routes)
        return private, tables, ways

    def _endpoints(
        self, private: Mapping[str, registration.Resource], tables: Sequence[registration.Resource]
    ) -> list[registration.Resource]:
        """Ways to AWS that do not pass the gateways: to S3 (images, backups) always, because it costs nothing."""
        region = self._wanted.region
        to_s3 = self._register(
            "ec2/vpcEndpoint:VpcEndpoint",
            "s3",
            {
                "serviceName": f"com.amazonaws.{region}.s3",
                "vpcEndpointType": "Gateway",
                "routeTableIds": [table.id for table in tables],
                "tags": {"Name": f"{self._wanted.name}-s3"},
            },
        )
        if not self._wanted.options.interface_endpoints:
            return [to_s3]
        group = self._endpoint_group()
        interfaces = [
            self._register(
                "ec2/vpcEndpoint:VpcEndpoint",
                service.replace(".", "-"),
                {
                    "serviceName": f"com.amazonaws.{region}.{service}",
                    "vpcEndpointType": "Interface",
                    "privateDnsEnabled": True,
                    "subnetIds": [subnet.id for subnet in private.values()],
                    "securityGroupIds": [group.id],
                    "tags": {"Name": f"{self._wanted.name}-{service}"},
                },
            )
            for service in ENDPOINTS
        ]
        return [to_s3, *interfaces]

    def _endpoint_group(self) -> registration.Resource:
        group = self._register(
            "ec2/securityGroup:SecurityGroup",
            "endpoints",
            {
                "description": f"Endpoints of AWS services for EKS cluster {self._wanted.name}",
                "tags": {"Name": f"{self._wanted.name}-endpoints"},
            },
        )
        self._register(
            "vpc/securityGroupIngressRule:SecurityGroupIngressRule",
            "endpoints",
            {
                "securityGroupId": group.id,
                "description": "HTTPS from the network",
                "cidrIpv4": self._wanted.network.cidr,
                "ipProtocol": "tcp",
                "fromPort": 443,
                "toPort": 443,
            },
            vpc=False,
        )
        return group

    def _flow_logs(self, key: encryption.Key | None) -> None:
        group = logs.group(self._target, self._wanted, "flow-logs", name=self._target.place.flow_logs, key=key)
        source = {"StringEquals": {"aws:SourceAccount": self._target.place.account}}
        role = roles.register(
            self._target,
            "flow-logs",
            trusted=roles.trust("vpc-flow-logs.amazonaws.com", condition=source),
            own_policy=logs.writer(self._target.place.log_group_arn(self._target.place.flow_logs)),
        )
        properties = {
            "trafficType": "ALL",
            "logDestination": group.output("arn"),
            "iamRoleArn": role.arn,
            "maxAggregationInterval": _FLOW_LOG_SECONDS,
            "tags": {"Name": self._wanted.name},
        }
        self._register("ec2/flowLog:FlowLog", "flow-logs", properties, depends_on=role.permissions)
