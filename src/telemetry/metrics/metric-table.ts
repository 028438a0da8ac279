// One long table on purpose: whoever looks for a metric, its help or its labels finds all of them here.

/** What docs/metrics.md says about a metric. */
export interface MetricDescription {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
}

/** Of every `istio_tcp_*` metric; the names that dashboards and Kiali know (wire.md §5.1). */
export const TRAFFIC_LABELS = [
  'reporter',
  'source_workload',
  'source_canonical_service',
  'source_canonical_revision',
  'source_workload_namespace',
  'source_principal',
  'source_app',
  'source_version',
  'source_cluster',
  'destination_service',
  'destination_service_namespace',
  'destination_service_name',
  'destination_workload',
  'destination_canonical_service',
  'destination_canonical_revision',
  'destination_workload_namespace',
  'destination_principal',
  'destination_app',
  'destination_version',
  'destination_cluster',
  'request_protocol',
  'response_flags',
  'connection_security_policy',
] as const;

/** Of the metrics of HTTP requests. */
export const REQUEST_LABELS = [...TRAFFIC_LABELS, 'response_code', 'grpc_response_status'] as const;

/** Every metric of nodemesh. docs/metrics.md repeats this table, and a test holds the two together. */
export const METRICS = {
  tcpConnectionsOpened: counter(
    'istio_tcp_connections_opened_total',
    'Connections that were let through and reached their other end',
    TRAFFIC_LABELS,
  ),
  tcpConnectionsClosed: counter(
    'istio_tcp_connections_closed_total',
    'Opened connections that have ended, in whatever way',
    TRAFFIC_LABELS,
  ),
  tcpConnectionsFailed: counter(
    'istio_tcp_connections_failed_total',
    'Connections that never opened: refused, or their other end could not be reached',
    TRAFFIC_LABELS,
  ),
  tcpSentBytes: counter('istio_tcp_sent_bytes_total', 'Bytes sent to clients (responses)', TRAFFIC_LABELS),
  tcpReceivedBytes: counter(
    'istio_tcp_received_bytes_total',
    'Bytes received from clients (requests)',
    TRAFFIC_LABELS,
  ),
  requests: counter('istio_requests_total', 'HTTP and gRPC requests that are over', REQUEST_LABELS),
  requestDuration: histogram(
    'istio_request_duration_milliseconds',
    'From the head of a request to the last byte of its answer, in milliseconds',
    REQUEST_LABELS,
  ),
  requestBytes: histogram('istio_request_bytes', 'Bytes of request bodies', REQUEST_LABELS),
  responseBytes: histogram('istio_response_bytes', 'Bytes of response bodies', REQUEST_LABELS),
  requestSeriesDropped: counter(
    'nodemesh_request_series_dropped_total',
    'Label sets of the request metrics that were dropped because there were too many; their counts begin anew',
    [],
  ),
  tcpSocketsOpen: gauge('istio_tcp_sockets_open', 'Connections open now', ['reporter']),
  build: gauge('istio_build', 'Always 1; the labels tell what runs', ['component', 'tag']),
  xdsConnectionTerminations: counter(
    'istio_xds_connection_terminations_total',
    'Ends of the stream to the control plane, by reason: ConnectionError, Error, Reconnect, Complete',
    ['reason'],
  ),
  xdsMessages: counter('istio_xds_message_total', 'Messages received from the control plane, by type URL', [
    'url',
  ]),
  xdsMessageBytes: counter(
    'istio_xds_message_bytes_total',
    'Bytes of messages received from the control plane, by type URL',
    ['url'],
  ),
  activeProxies: gauge('workload_manager_active_proxy_count', 'Pods of this node that are enrolled', []),
  pendingProxies: gauge(
    'workload_manager_pending_proxy_count',
    'Pods of this node that wait to be enrolled',
    [],
  ),
  proxiesStarted: counter('workload_manager_proxies_started_total', 'Enrolments that have begun', []),
  proxiesStopped: counter('workload_manager_proxies_stopped_total', 'Enrolments that have ended', []),
  cniCalls: counter('nodemesh_cni_calls_total', 'Calls of the CNI plugin answered, by command and outcome', [
    'command',
    'outcome',
  ]),
  openFds: gauge('process_open_fds', 'File descriptors open now', []),
  maximumFds: gauge('process_max_fds', 'File descriptors that may be open (soft limit)', []),
  cpuSeconds: counter('process_cpu_seconds_total', 'Processor time used, in seconds', []),
  residentBytes: gauge('process_resident_memory_bytes', 'Resident memory, in bytes', []),
  startTime: gauge('process_start_time_seconds', 'When the process started, in seconds since 1970', []),
  heapBytes: gauge('nodemesh_heap_used_bytes', 'Memory used by the JavaScript heap, in bytes', []),
  externalBytes: gauge('nodemesh_external_bytes', 'Memory used by buffers outside the heap, in bytes', []),
  eventLoopUtilization: gauge(
    'nodemesh_event_loop_utilization',
    'Share of the time since the last scrape in which the event loop was busy, 0 to 1',
    [],
  ),
  refusals: counter(
    'nodemesh_refusals_total',
    'Connections, and requests at waypoints, that a proxy refused or gave up, by reporter, error code or reason, and deciding policy (empty when none)',
    ['reporter', 'reason', 'policy'],
  ),
  waypointBypass: counter(
    'nodemesh_waypoint_bypass_total',
    'Connections that came to a pod round the waypoint of it or its service, and what became of them (allowed, refused)',
    [
      'destination_service',
      'destination_service_namespace',
      'destination_workload',
      'destination_workload_namespace',
      'connection_security_policy',
      'outcome',
    ],
  ),
  dryRun: counter(
    'nodemesh_policy_dry_run_total',
    'Connections judged by dry-run policies, by what enforcing the policy would have done',
    ['policy', 'verdict', 'differs'],
  ),
  retries: counter(
    'nodemesh_retries_total',
    'Requests of a waypoint that were tried again (made), or would have been (over_budget, body_not_kept)',
    ['outcome'],
  ),
  mirroredRequests: counter(
    'nodemesh_mirrored_requests_total',
    'Copies of requests that a waypoint sent to mirrors, by what became of them (answered, failed, dropped)',
    ['result'],
  ),
  upstreamEjections: counter(
    'nodemesh_upstream_ejections_total',
    'Endpoints that a waypoint left out of choice for a while, by why; spared: it would have, if not too many had been out',
    ['backend', 'reason', 'outcome'],
  ),
  upstreamConnectFailures: counter(
    'nodemesh_upstream_connect_failures_total',
    'Connections to endpoints that failed before anything was sent',
    ['backend'],
  ),
  upstreamOverflows: counter(
    'nodemesh_upstream_overflows_total',
    'Requests refused because a limit of the backend was reached, by which one',
    ['backend', 'reason'],
  ),
  upstreamEndpoints: gauge('nodemesh_upstream_endpoints', 'Endpoints of backends in use, by their health', [
    'backend',
    'health',
  ]),
  upstreamConnections: gauge('nodemesh_upstream_connections', 'Connections to endpoints open now', [
    'backend',
  ]),
  upstreamActiveRequests: gauge(
    'nodemesh_upstream_active_requests',
    'Requests that endpoints have not answered to the end',
    ['backend'],
  ),
  upstreamPendingRequests: gauge(
    'nodemesh_upstream_pending_requests',
    'Requests that wait for a connection or for their turn',
    ['backend'],
  ),
  rateLimited: counter(
    'nodemesh_rate_limited_total',
    'Requests refused by a RateLimit, by the rule that counted them',
    ['policy', 'rule'],
  ),
  rateLimitUnchecked: counter(
    'nodemesh_rate_limit_unchecked_total',
    'Requests that the server of a global RateLimit gave no answer for, by what became of them: passed, refused',
    ['policy', 'outcome'],
  ),
  rateLimitOverflows: counter(
    'nodemesh_rate_limit_overflows_total',
    'Requests counted together because a limit keeps too many counters for one of their own',
    ['policy'],
  ),
  faults: counter(
    'nodemesh_faults_total',
    'Faults injected, by kind: delay, abort; or skipped, because as many requests were held up as may be',
    ['policy', 'kind'],
  ),
  heldUpRequests: gauge('nodemesh_fault_held_requests', 'Requests that injected delays hold up now', []),
  authorizerAnswers: counter(
    'nodemesh_authorizer_answers_total',
    'Questions of waypoints to authorizers, by outcome: allowed, denied; or without an answer: passed (failOpen), refused',
    ['authorizer', 'outcome'],
  ),
  tokenKeys: gauge('nodemesh_token_keys', 'Keys held that tokens of an issuer are checked with', ['issuer']),
  tokenKeysFetched: gauge(
    'nodemesh_token_keys_fetched_seconds',
    'When the keys of an issuer were last fetched, in seconds since 1970; absent while they never were',
    ['issuer'],
  ),
  filterCalls: counter(
    'nodemesh_filter_calls_total',
    'Messages that filters were to see, by what came of it: ok, answered, failed, timed-out, crashed, overloaded, unavailable, body-too-long',
    ['filter', 'hook', 'outcome'],
  ),
  filterEnds: counter(
    'nodemesh_filter_ends_total',
    'Ends of filters’ processes, by reason: closed, crashed, memory, stuck, rogue; and modules that could not be loaded: broken',
    ['filter', 'reason'],
  ),
  runningFilters: gauge('nodemesh_filters_running', 'Filters with a process in force', []),
  rateLimitKeys: gauge('nodemesh_rate_limit_keys', 'Counters of rate limits held', []),
  workloadConnects: counter(
    'nodemesh_workload_connects_total',
    'Connections that the proxy made or refused for a workload of its node',
    ['namespace', 'workload'],
  ),
  workloadBytes: counter(
    'nodemesh_workload_bytes_total',
    'Bytes that the proxy carried for a workload of its node, both ways',
    ['namespace', 'workload'],
  ),
  workloadCpuSeconds: counter(
    'nodemesh_workload_cpu_seconds_total',
    'Processor time of the proxy that is put down to a workload of its node, estimated, in seconds',
    ['namespace', 'workload'],
  ),
  svidNotAfter: gauge(
    'nodemesh_svid_not_after_seconds',
    'When the certificate of an identity expires, in seconds since 1970',
    ['identity'],
  ),
  svidNotBefore: gauge(
    'nodemesh_svid_not_before_seconds',
    'From when the certificate of an identity is good, in seconds since 1970',
    ['identity'],
  ),
  svidRenewals: counter(
    'nodemesh_svid_renewals_total',
    'Attempts to get a certificate, by outcome: issued, failed',
    ['outcome'],
  ),
  tunnelHandshake: histogram(
    'nodemesh_tunnel_handshake_seconds',
    'TCP and TLS handshakes of tunnels that were opened, in seconds',
    [],
  ),
  tunnelHandshakeFailures: counter(
    'nodemesh_tunnel_handshake_failures_total',
    'Tunnels that could not be opened, by error code',
    ['reason'],
  ),
  tunnelSessions: gauge('nodemesh_tunnel_sessions', 'Tunnels to peers open now, as their client', []),
  svids: gauge('nodemesh_svids', 'Certificates held, by state', ['state']),
  revocationListsNotAfter: gauge(
    'nodemesh_revocation_lists_not_after_seconds',
    'When the first of the revocation lists in use ends, in seconds since 1970; absent while there are none',
    [],
  ),
  trafficSeries: gauge('nodemesh_traffic_series', 'Label sets held by the istio_tcp metrics', []),
  trafficSeriesLost: counter(
    'nodemesh_traffic_series_lost_total',
    'Connections counted under unknown labels because there were too many label sets',
    [],
  ),
  logLinesDropped: counter(
    'nodemesh_log_lines_dropped_total',
    'Log lines lost because their reader was too slow',
    [],
  ),
  telemetryExports: counter(
    'nodemesh_telemetry_exports_total',
    'Spans and access-log records for the collector, by what became of them: exported, dropped (no room to wait), failed (the collector did not take them)',
    ['signal', 'outcome'],
  ),
  controllerWorkloads: gauge('nodemesh_controller_workloads', 'Workloads that proxies are told of', []),
  controllerServices: gauge('nodemesh_controller_services', 'Services that proxies are told of', []),
  controllerPolicies: gauge(
    'nodemesh_controller_policies',
    'Authorization policies, by whether they were understood',
    ['understood'],
  ),
  controllerEnrolments: gauge('nodemesh_controller_enrolments', 'Pods that are to be enrolled', []),
  controllerForeignAddresses: gauge(
    'nodemesh_controller_foreign_addresses',
    'Pods that claim the address of a pod on another node: that node has been taken over, or addresses are handed out twice',
    [],
  ),
  controllerProxies: gauge(
    'nodemesh_controller_proxies',
    'Proxies by state: current, stale (does not acknowledge), rejecting',
    ['state'],
  ),
  controllerPush: histogram(
    'nodemesh_controller_push_seconds',
    'From sending a proxy something to its acknowledgement, in seconds',
    [],
  ),
  controllerAuthorities: gauge(
    'nodemesh_controller_ca_not_after_seconds',
    'When a root or intermediate certificate of the mesh expires, in seconds since 1970',
    ['kind', 'subject'],
  ),
  controllerAuthorityRefused: gauge(
    'nodemesh_controller_ca_refused',
    '1 while the authority that is handed in cannot be used, or is gone, and the one before goes on, or has ended, else 0',
    [],
  ),
  controllerPeersAway: gauge(
    'nodemesh_controller_peers_away',
    'Other replicas that for ten seconds have taken no reports of what proxies see, and know less of the mesh until they do',
    [],
  ),
  controllerRootsUnwritten: gauge(
    'nodemesh_controller_roots_unwritten',
    '1 while the ConfigMap nodemesh-root-cert cannot be written, which holds up the rotation of the root, else 0',
    [],
  ),
  controllerManifestProblems: gauge('nodemesh_controller_manifest_problems', 'Faults in the manifests', [
    'severity',
  ]),
  controllerSourceObjects: gauge(
    'nodemesh_controller_source_objects',
    'Objects of a kind that are known from the API server',
    ['kind'],
  ),
  controllerSourceLists: counter(
    'nodemesh_controller_source_lists_total',
    'Times that all objects of a kind were listed: once at the start, and whenever a watch could not go on',
    ['kind'],
  ),
  controllerSourceWatchRestarts: counter(
    'nodemesh_controller_source_watch_restarts_total',
    'Watches of a kind that were opened after the first: every few minutes each, more often where they are cut',
    ['kind'],
  ),
  controllerSourceHeard: gauge(
    'nodemesh_controller_source_heard_seconds',
    'When the API server last said something of a kind, in seconds since 1970; it does every minute or so',
    ['kind'],
  ),
  controllerRefusedCalls: counter(
    'nodemesh_controller_refused_calls_total',
    'Calls refused because a limit was reached, by call (certificate, stream, node-report, reading) and by whose limit it was: caller, all',
    ['call', 'limit'],
  ),
  controllerStreams: gauge('nodemesh_controller_streams', 'Discovery streams that are open', []),
  controllerWaitingForSigning: gauge(
    'nodemesh_controller_waiting_for_signing',
    'Requests for certificates that wait for their turn',
    [],
  ),
  controllerReviews: counter(
    'nodemesh_controller_reviews_total',
    'Objects that the admission webhook was asked about, by outcome: allowed, refused, unjudged (not in time), malformed (no review)',
    ['outcome'],
  ),
  controllerReviewObjects: gauge(
    'nodemesh_controller_review_objects',
    'Objects that the admission webhook keeps to judge others by; pods of one making count as one',
    [],
  ),
  controllerLeads: gauge(
    'nodemesh_controller_leads',
    '1 on the replica that writes statuses and waypoints, else 0',
    [],
  ),
  controllerWaitingWrites: gauge(
    'nodemesh_controller_waiting_writes',
    'Annotations, conditions and events not written yet',
    [],
  ),
} as const satisfies Readonly<Record<string, MetricDescription>>;

function counter<const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
): MetricDescription & { readonly type: 'counter'; readonly labels: L } {
  return { name, type: 'counter', help, labels };
}

function histogram<const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
): MetricDescription & { readonly type: 'histogram'; readonly labels: L } {
  return { name, type: 'histogram', help, labels };
}

function gauge<const L extends readonly string[]>(
  name: string,
  help: string,
  labels: L,
): MetricDescription & { readonly type: 'gauge'; readonly labels: L } {
  return { name, type: 'gauge', help, labels };
}
