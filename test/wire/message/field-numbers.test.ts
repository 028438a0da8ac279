import type { DescMessage } from '@bufbuild/protobuf';
import { test } from 'tap';
import * as authorization from '../../../src/wire/generated/authorization_pb.js';
import * as certificate from '../../../src/wire/generated/certificate_pb.js';
import * as core from '../../../src/wire/generated/core_pb.js';
import * as discovery from '../../../src/wire/generated/discovery_pb.js';
import * as check from '../../../src/wire/generated/external_authorization_pb.js';
import * as status from '../../../src/wire/generated/status_pb.js';
import * as workload from '../../../src/wire/generated/workload_pb.js';

/** Field numbers as wire.md §2.2, §2.3 and §2.8 and Envoy's published API give them, not as our .proto files do. */
const NUMBERS: readonly (readonly [DescMessage, string, string])[] = [
  [workload.AddressSchema, 'istio.workload.Address', 'workload=1 service=2'],
  [
    workload.ServiceSchema,
    'istio.workload.Service',
    'name=1 namespace=2 hostname=3 addresses=4 ports=5 subject_alt_names=6 waypoint=7 load_balancing=8 ip_families=9 extensions=10 canonical=11 ingress_use_waypoint=12 weighted_waypoints=13 visibility=14',
  ],
  [
    workload.LoadBalancingSchema,
    'istio.workload.LoadBalancing',
    'routing_preference=1 mode=2 health_policy=3',
  ],
  [
    workload.WorkloadSchema,
    'istio.workload.Workload',
    'name=1 namespace=2 addresses=3 network=4 tunnel_protocol=5 trust_domain=6 service_account=7 waypoint=8 node=9 canonical_name=10 canonical_revision=11 workload_type=12 workload_name=13 native_tunnel=14 authorization_policies=16 status=17 cluster_id=18 network_gateway=19 uid=20 hostname=21 services=22 application_tunnel=23 locality=24 network_mode=25 extensions=26 capacity=27',
  ],
  [workload.LocalitySchema, 'istio.workload.Locality', 'region=1 zone=2 subzone=3'],
  [workload.PortListSchema, 'istio.workload.PortList', 'ports=1'],
  [workload.PortSchema, 'istio.workload.Port', 'service_port=1 target_port=2 app_protocol=3'],
  [workload.ApplicationTunnelSchema, 'istio.workload.ApplicationTunnel', 'protocol=1 port=2'],
  [workload.GatewayAddressSchema, 'istio.workload.GatewayAddress', 'hostname=1 address=2 hbone_mtls_port=3'],
  [workload.WeightedWaypointSchema, 'istio.workload.WeightedWaypoint', 'destination=1 weight=2'],
  [workload.NetworkAddressSchema, 'istio.workload.NetworkAddress', 'network=1 address=2 length=3'],
  [workload.NamespacedHostnameSchema, 'istio.workload.NamespacedHostname', 'namespace=1 hostname=2'],
  [workload.ExtensionSchema, 'istio.workload.Extension', 'name=1 config=2'],
  [
    authorization.AuthorizationSchema,
    'istio.security.Authorization',
    'name=1 namespace=2 scope=3 action=4 rules=5 dry_run=6 extensions=7',
  ],
  [authorization.RuleSchema, 'istio.security.Rule', 'clauses=1'],
  [authorization.ClauseSchema, 'istio.security.Clause', 'matches=2'],
  [
    authorization.MatchSchema,
    'istio.security.Match',
    'namespaces=1 not_namespaces=2 principals=3 not_principals=4 source_ips=5 not_source_ips=6 destination_ips=7 not_destination_ips=8 destination_ports=9 not_destination_ports=10 service_accounts=11 not_service_accounts=12 extensions=13',
  ],
  [authorization.AddressSchema, 'istio.security.Address', 'address=1 length=2'],
  [
    authorization.ServiceAccountMatchSchema,
    'istio.security.ServiceAccountMatch',
    'namespace=1 serviceAccount=2',
  ],
  [authorization.StringMatchSchema, 'istio.security.StringMatch', 'exact=1 prefix=2 suffix=3 presence=4'],
  [
    discovery.DeltaDiscoveryRequestSchema,
    'envoy.service.discovery.v3.DeltaDiscoveryRequest',
    'node=1 type_url=2 resource_names_subscribe=3 resource_names_unsubscribe=4 initial_resource_versions=5 response_nonce=6 error_detail=7',
  ],
  [
    discovery.DeltaDiscoveryResponseSchema,
    'envoy.service.discovery.v3.DeltaDiscoveryResponse',
    'system_version_info=1 resources=2 type_url=4 nonce=5 removed_resources=6',
  ],
  [discovery.ResourceSchema, 'envoy.service.discovery.v3.Resource', 'version=1 resource=2 name=3 aliases=4'],
  [core.NodeSchema, 'envoy.config.core.v3.Node', 'id=1 cluster=2 metadata=3'],
  [core.AddressSchema, 'envoy.config.core.v3.Address', 'socket_address=1'],
  [core.SocketAddressSchema, 'envoy.config.core.v3.SocketAddress', 'address=2 port_value=3'],
  [core.HeaderValueSchema, 'envoy.config.core.v3.HeaderValue', 'key=1 value=2 raw_value=3'],
  [
    core.HeaderValueOptionSchema,
    'envoy.config.core.v3.HeaderValueOption',
    'header=1 append=2 append_action=3',
  ],
  [core.QueryParameterSchema, 'envoy.config.core.v3.QueryParameter', 'key=1 value=2'],
  [check.CheckRequestSchema, 'envoy.service.auth.v3.CheckRequest', 'attributes=1'],
  [
    check.AttributeContextSchema,
    'envoy.service.auth.v3.AttributeContext',
    'source=1 destination=2 request=4 context_extensions=10 tls_session=12',
  ],
  [
    check.AttributeContext_PeerSchema,
    'envoy.service.auth.v3.AttributeContext.Peer',
    'address=1 service=2 labels=3 principal=4 certificate=5',
  ],
  [check.AttributeContext_RequestSchema, 'envoy.service.auth.v3.AttributeContext.Request', 'time=1 http=2'],
  [
    check.AttributeContext_HttpRequestSchema,
    'envoy.service.auth.v3.AttributeContext.HttpRequest',
    'id=1 method=2 headers=3 path=4 host=5 scheme=6 query=7 fragment=8 size=9 protocol=10 body=11 raw_body=12',
  ],
  [check.AttributeContext_TLSSessionSchema, 'envoy.service.auth.v3.AttributeContext.TLSSession', 'sni=1'],
  [
    check.CheckResponseSchema,
    'envoy.service.auth.v3.CheckResponse',
    'status=1 denied_response=2 ok_response=3',
  ],
  [check.DeniedHttpResponseSchema, 'envoy.service.auth.v3.DeniedHttpResponse', 'status=1 headers=2 body=3'],
  [
    check.OkHttpResponseSchema,
    'envoy.service.auth.v3.OkHttpResponse',
    'headers=2 headers_to_remove=5 response_headers_to_add=6 query_parameters_to_set=7 query_parameters_to_remove=8',
  ],
  [status.StatusSchema, 'google.rpc.Status', 'code=1 message=2 details=3'],
  [
    certificate.IstioCertificateRequestSchema,
    'istio.v1.auth.IstioCertificateRequest',
    'csr=1 validity_duration=3 metadata=4',
  ],
  [certificate.IstioCertificateResponseSchema, 'istio.v1.auth.IstioCertificateResponse', 'cert_chain=1'],
];

const ENUMS: readonly (readonly [object, string])[] = [
  [workload.Visibility, 'PUBLIC=0 NAMESPACE=1'],
  [workload.IPFamilies, 'AUTOMATIC=0 IPV4_ONLY=1 IPV6_ONLY=2 DUAL=3'],
  [workload.NetworkMode, 'STANDARD=0 HOST_NETWORK=1'],
  [workload.LoadBalancing_Scope, 'UNSPECIFIED_SCOPE=0 REGION=1 ZONE=2 SUBZONE=3 NODE=4 CLUSTER=5 NETWORK=6'],
  [workload.LoadBalancing_Mode, 'UNSPECIFIED_MODE=0 STRICT=1 FAILOVER=2 PASSTHROUGH=3'],
  [workload.LoadBalancing_HealthPolicy, 'ONLY_HEALTHY=0 ALLOW_ALL=1'],
  [workload.WorkloadStatus, 'HEALTHY=0 UNHEALTHY=1'],
  [workload.WorkloadType, 'DEPLOYMENT=0 CRONJOB=1 POD=2 JOB=3'],
  [workload.AppProtocol, 'UNKNOWN=0 HTTP11=1 HTTP2=2 GRPC=3 TCP=4 TLS=5'],
  [workload.TunnelProtocol, 'NONE=0 HBONE=1 LEGACY_ISTIO_MTLS=2'],
  [workload.ApplicationTunnel_Protocol, 'NONE=0 PROXY=1'],
  [authorization.Scope, 'GLOBAL=0 NAMESPACE=1 WORKLOAD_SELECTOR=2'],
  [authorization.Action, 'ALLOW=0 DENY=1'],
  [
    core.HeaderValueOption_HeaderAppendAction,
    'APPEND_IF_EXISTS_OR_ADD=0 ADD_IF_ABSENT=1 OVERWRITE_IF_EXISTS_OR_ADD=2 OVERWRITE_IF_EXISTS=3',
  ],
];

test('messages have the field numbers of the API that they speak', (t) => {
  for (const [schema, typeName, numbers] of NUMBERS) {
    t.equal(schema.typeName, typeName);
    t.equal(schema.fields.map((field) => `${field.name}=${field.number}`).join(' '), numbers, typeName);
  }
  t.end();
});

test('enums have the numbers of the API that they speak', (t) => {
  for (const [numbers, expected] of ENUMS) {
    const names = Object.entries(numbers).filter(([, value]) => typeof value === 'number');
    t.equal(names.map(([name, value]) => `${name}=${value}`).join(' '), expected);
  }
  t.end();
});
