import type { BoardSpec, PanelSpec } from './panel.ts';

const RATE = '[$__rate_interval]';

function line(
  title: string,
  description: string,
  unit: string,
  ...queries: readonly (readonly [string, string])[]
): PanelSpec {
  return { title, description, kind: 'timeseries', unit, queries };
}

function stat(title: string, description: string, unit: string, query: string): PanelSpec {
  return { title, description, kind: 'stat', unit, queries: [[query, '']], width: 6 };
}

/** Requests as waypoints count them; connections as the server's node does. */
const L7 = 'reporter="waypoint",destination_service_namespace=~"$namespace"';
const L4 = 'reporter="destination",destination_workload_namespace=~"$namespace"';

const quantile = (share: number, by: string): string =>
  `histogram_quantile(${share}, sum by (le, ${by}) (rate(istio_request_duration_milliseconds_bucket{${L7}}${RATE})))`;

const MESH: BoardSpec = {
  uid: 'nodemesh-mesh',
  title: 'nodemesh: golden signals',
  description: 'Traffic, errors, latency and refusals of services and workloads.',
  variables: {
    namespace: 'label_values(istio_tcp_connections_opened_total, destination_workload_namespace)',
  },
  rows: [
    {
      title: 'Now',
      panels: [
        stat('Requests', 'Through waypoints.', 'reqps', `sum(rate(istio_requests_total{${L7}}${RATE}))`),
        stat(
          'Success',
          'Requests without a 5xx.',
          'percentunit',
          `sum(rate(istio_requests_total{${L7},response_code!~"5.."}${RATE})) / sum(rate(istio_requests_total{${L7}}${RATE}))`,
        ),
        stat(
          'New connections',
          'Let through by the nodes of servers.',
          'cps',
          `sum(rate(istio_tcp_connections_opened_total{${L4}}${RATE}))`,
        ),
        stat('Refused', 'Connections and requests.', 'cps', `sum(rate(nodemesh_refusals_total${RATE}))`),
      ],
    },
    {
      title: 'Requests (waypoints)',
      panels: [
        line('Rate by service', 'Requests that are over.', 'reqps', [
          `sum by (destination_service_name) (rate(istio_requests_total{${L7}}${RATE}))`,
          '{{destination_service_name}}',
        ]),
        line('Share of 5xx by service', 'What clients saw fail.', 'percentunit', [
          `sum by (destination_service_name) (rate(istio_requests_total{${L7},response_code=~"5.."}${RATE})) / sum by (destination_service_name) (rate(istio_requests_total{${L7}}${RATE}))`,
          '{{destination_service_name}}',
        ]),
        line(
          'Latency by service',
          'From the head of a request to the last byte of its answer.',
          'ms',
          [quantile(0.5, 'destination_service_name'), 'p50 {{destination_service_name}}'],
          [quantile(0.99, 'destination_service_name'), 'p99 {{destination_service_name}}'],
        ),
      ],
    },
    {
      title: 'Connections (nodes)',
      panels: [
        line('Opened by workload', 'Per second, as the node of the server counts.', 'cps', [
          `sum by (destination_workload) (rate(istio_tcp_connections_opened_total{${L4}}${RATE}))`,
          '{{destination_workload}}',
        ]),
        line('Failed by workload', 'Refused ones among them.', 'cps', [
          'sum by (destination_workload, response_flags) (rate(istio_tcp_connections_failed_total[$__rate_interval]))',
          '{{destination_workload}} {{response_flags}}',
        ]),
        line(
          'Bytes by workload',
          'To and from clients.',
          'Bps',
          [
            `sum by (destination_workload) (rate(istio_tcp_sent_bytes_total{${L4}}${RATE}))`,
            'sent by {{destination_workload}}',
          ],
          [
            `sum by (destination_workload) (rate(istio_tcp_received_bytes_total{${L4}}${RATE}))`,
            'received by {{destination_workload}}',
          ],
        ),
      ],
    },
    {
      title: 'Security',
      panels: [
        line('Refusals', 'By reason and deciding policy.', 'cps', [
          `sum by (reason, policy) (rate(nodemesh_refusals_total${RATE}))`,
          '{{reason}} {{policy}}',
        ]),
        line('Share of mutual TLS', 'Of connections that nodes let in.', 'percentunit', [
          `sum(rate(istio_tcp_connections_opened_total{${L4},connection_security_policy="mutual_tls"}${RATE})) / sum(rate(istio_tcp_connections_opened_total{${L4}}${RATE}))`,
          'mutual TLS',
        ]),
        line('Round a waypoint', 'Connections that no L7 policy has seen.', 'cps', [
          `sum by (destination_workload, outcome) (rate(nodemesh_waypoint_bypass_total${RATE}))`,
          '{{destination_workload}} {{outcome}}',
        ]),
      ],
    },
  ],
};

const NODES: BoardSpec = {
  uid: 'nodemesh-nodes',
  title: 'nodemesh: node proxies',
  description: 'What the ztunnels do and what that costs.',
  variables: { instance: 'label_values(istio_build{component="ztunnel"}, instance)' },
  rows: [
    {
      title: 'Load',
      panels: [
        line('Processor', 'Cores in use.', 'short', [
          'rate(process_cpu_seconds_total{instance=~"$instance"}[$__rate_interval])',
          '{{instance}}',
        ]),
        line('Memory', 'Resident.', 'bytes', [
          'process_resident_memory_bytes{instance=~"$instance"}',
          '{{instance}}',
        ]),
        line('Busy', 'Share of time in which the event loop had work. Near 1: saturated.', 'percentunit', [
          'nodemesh_event_loop_utilization{instance=~"$instance"}',
          '{{instance}}',
        ]),
        line('Open connections', 'By who reports.', 'short', [
          'istio_tcp_sockets_open{instance=~"$instance"}',
          '{{instance}} {{reporter}}',
        ]),
        line('File descriptors', 'Open, as a share of what is allowed.', 'percentunit', [
          'process_open_fds{instance=~"$instance"} / process_max_fds{instance=~"$instance"}',
          '{{instance}}',
        ]),
        line('Label sets', 'Held by the metrics of traffic.', 'short', [
          'nodemesh_traffic_series{instance=~"$instance"}',
          '{{instance}}',
        ]),
      ],
    },
    {
      title: 'Tunnels',
      panels: [
        line(
          'Handshakes',
          'TCP and TLS together, of new tunnels.',
          's',
          [
            'histogram_quantile(0.5, sum by (le) (rate(nodemesh_tunnel_handshake_seconds_bucket{instance=~"$instance"}[$__rate_interval])))',
            'p50',
          ],
          [
            'histogram_quantile(0.99, sum by (le) (rate(nodemesh_tunnel_handshake_seconds_bucket{instance=~"$instance"}[$__rate_interval])))',
            'p99',
          ],
        ),
        line('Sessions', 'Tunnels open now, as their clients have them.', 'short', [
          'nodemesh_tunnel_sessions{instance=~"$instance"}',
          '{{instance}}',
        ]),
        line('Failed handshakes', 'By what went wrong.', 'cps', [
          'sum by (reason) (rate(nodemesh_tunnel_handshake_failures_total{instance=~"$instance"}[$__rate_interval]))',
          '{{reason}}',
        ]),
      ],
    },
    {
      title: 'Membership and certificates',
      panels: [
        line('Pods', 'Enrolled, and on their way.', 'short', [
          'workload_manager_active_proxy_count{instance=~"$instance"}',
          '{{instance}} enrolled',
        ]),
        line(
          'Certificates: part of life used',
          'Renewed at about half. Past 0.75: no CA answers.',
          'percentunit',
          [
            'max by (instance) ((time() - nodemesh_svid_not_before_seconds{instance=~"$instance"}) / (nodemesh_svid_not_after_seconds{instance=~"$instance"} - nodemesh_svid_not_before_seconds{instance=~"$instance"}))',
            '{{instance}}',
          ],
        ),
        line('Renewals', 'By outcome.', 'cps', [
          'sum by (outcome) (rate(nodemesh_svid_renewals_total{instance=~"$instance"}[$__rate_interval]))',
          '{{outcome}}',
        ]),
      ],
    },
  ],
};

const WAYPOINTS: BoardSpec = {
  uid: 'nodemesh-waypoints',
  title: 'nodemesh: waypoints',
  description: 'Retries, endpoints and limits of backends.',
  variables: { backend: 'label_values(nodemesh_upstream_connections, backend)' },
  rows: [
    {
      title: 'Backends',
      panels: [
        line('Active requests', 'Not answered to the end.', 'short', [
          'nodemesh_upstream_active_requests{backend=~"$backend"}',
          '{{backend}}',
        ]),
        line('Connections', 'To endpoints.', 'short', [
          'nodemesh_upstream_connections{backend=~"$backend"}',
          '{{backend}}',
        ]),
        line('Endpoints by health', 'Left out of choice, and why.', 'short', [
          'sum by (backend, health) (nodemesh_upstream_endpoints{backend=~"$backend"})',
          '{{backend}} {{health}}',
        ]),
      ],
    },
    {
      title: 'Resilience',
      panels: [
        line('Retries', 'Made, and what forbade them.', 'reqps', [
          `sum by (outcome) (rate(nodemesh_retries_total${RATE}))`,
          '{{outcome}}',
        ]),
        line('Processor', 'Cores in use.', 'short', [
          'rate(process_cpu_seconds_total[$__rate_interval]) * on (instance) group_left istio_build{component="waypoint"}',
          '{{instance}}',
        ]),
        line('Memory', 'Resident.', 'bytes', [
          'process_resident_memory_bytes * on (instance) group_left istio_build{component="waypoint"}',
          '{{instance}}',
        ]),
      ],
    },
  ],
};

const CONTROLLER: BoardSpec = {
  uid: 'nodemesh-controller',
  title: 'nodemesh: controller',
  description: 'What proxies are told, how fast they take it, and how long roots last.',
  variables: {},
  rows: [
    {
      title: 'Mesh',
      panels: [
        line('Workloads', 'That proxies are told of.', 'short', [
          'nodemesh_controller_workloads',
          'workloads',
        ]),
        line('Services', 'That proxies are told of.', 'short', ['nodemesh_controller_services', 'services']),
        line('Policies', 'By whether they were understood.', 'short', [
          'nodemesh_controller_policies',
          'understood: {{understood}}',
        ]),
      ],
    },
    {
      title: 'Proxies',
      panels: [
        line('Proxies by state', 'Stale: something told long ago is not acknowledged.', 'short', [
          'nodemesh_controller_proxies',
          '{{state}}',
        ]),
        line(
          'Push latency',
          'From the moment a proxy is told to its acknowledgement.',
          's',
          [
            'histogram_quantile(0.5, sum by (le) (rate(nodemesh_controller_push_seconds_bucket[$__rate_interval])))',
            'p50',
          ],
          [
            'histogram_quantile(0.99, sum by (le) (rate(nodemesh_controller_push_seconds_bucket[$__rate_interval])))',
            'p99',
          ],
        ),
        line('Certificate authorities: days left', 'Roots and intermediates.', 'd', [
          '(nodemesh_controller_ca_not_after_seconds - time()) / 86400',
          '{{kind}} {{subject}}',
        ]),
      ],
    },
  ],
};

export const BOARDS: readonly BoardSpec[] = [MESH, NODES, WAYPOINTS, CONTROLLER];
