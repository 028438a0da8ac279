import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROCESS_LIMITS } from '../../src/net/system/process-calls.ts';
import { SOCKET_OPTIONS } from '../../src/net/system/socket-calls.ts';

/**
 * What a C compiler says against the numbers of the kernel's interface that src/net has: constants, options, and where fields
 * are in structures. Nothing, when they are those of the headers of the machine that it compiles for.
 */
export function complaintsOf(compiler: string): readonly string[] {
  const input = `${HEADERS.map((name) => `#include <${name}>\n`).join('')}${assertions().join('\n')}\n`;
  const options = ['-std=gnu11', '-D_GNU_SOURCE', '-fsyntax-only', '-x', 'c', '-'];
  const { error, stderr } = spawnSync(compiler, options, { input, encoding: 'utf8' });
  if (error !== undefined) throw error;
  return stderr.split('\n').filter((line) => / error: /.test(line));
}

/** One for each number. */
function assertions(): readonly string[] {
  const constants = sourcesBelow('src/net').flatMap((file) =>
    [
      ...readFileSync(file, 'utf8').matchAll(
        /^(?:export )?const ([A-Z][A-Z0-9_]+) = (0x[\da-f_]+|[\d_]+);/gm,
      ),
    ].flatMap(([, name = '', value = '']) => {
      const inC = IN_C[name] ?? (KERNEL_NAME.test(name) ? name : undefined);
      return inC === undefined ? [] : [equal(inC, Number(value.replaceAll('_', '')))];
    }),
  );
  const options = Object.entries(SOCKET_OPTIONS).flatMap(([own, { level, name }]) => {
    const [levelInC = own, nameInC = own] = OPTIONS_IN_C[own as keyof typeof SOCKET_OPTIONS];
    return [equal(levelInC, level), equal(nameInC, name)];
  });
  const limits = Object.entries(PROCESS_LIMITS).map(([own, value]) =>
    equal(LIMITS_IN_C[own as keyof typeof PROCESS_LIMITS], value),
  );
  return [...new Set([...constants, ...options, ...limits])];
}

function equal(expression: string, value: number): string {
  return `_Static_assert((${expression}) == ${value}, "${expression.replaceAll('"', '')} is not ${value}");`;
}

function sourcesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** Constants that are called as in the headers. */
const KERNEL_NAME =
  /^(AF|SOCK|MSG|CLONE|MS|MNT|NS|NLM|NLMSG|SOL|SCM|RT|RTM|RTN|RTA|RTPROT|FRA|FR|NFT|NFTA|NFNL|NETLINK|IPS|IPPROTO|IPCTNL|IFA|CTA)_|^E[A-Z]+$/;

/** Those that have names of our own. */
const IN_C: Readonly<Record<string, string>> = {
  TCP_TIME_WAIT: 'TCP_CONNTRACK_TIME_WAIT',
  TCP_CLOSE: 'TCP_CONNTRACK_CLOSE',
  IPSET_BUSY: 'IPSET_ERR_BUSY',
  ATTRIBUTE_TYPE_MASK: '0xffff & NLA_TYPE_MASK',
  NET_BYTE_ORDER: 'NLA_F_NET_BYTEORDER',
  NESTED: 'NLA_F_NESTED',
  ETH_P_ALL_IN_NETWORK_ORDER: '__builtin_bswap16(ETH_P_ALL)',
  HEADER: 'sizeof(struct nlmsghdr)',
  ATTRIBUTE_HEADER: 'sizeof(struct nlattr)',
  NFGENMSG: 'sizeof(struct nfgenmsg)',
  NFGENMSG_SIZE: 'sizeof(struct nfgenmsg)',
  IFADDRMSG: 'sizeof(struct ifaddrmsg)',
  SOCKADDR_LL_BYTES: 'sizeof(struct sockaddr_ll)',
  SIZE_4: 'sizeof(struct sockaddr_in)',
  SIZE_6: 'sizeof(struct sockaddr_in6)',
  PORT_OFFSET: 'offsetof(struct sockaddr_in6, sin6_port)',
  ADDRESS_OFFSET_4: 'offsetof(struct sockaddr_in, sin_addr)',
  ADDRESS_OFFSET_6: 'offsetof(struct sockaddr_in6, sin6_addr)',
  PATH_OFFSET: 'offsetof(struct sockaddr_un, sun_path)',
  LONGEST_PATH: 'sizeof(((struct sockaddr_un *)0)->sun_path) - 1',
  IOV: 'offsetof(struct msghdr, msg_iov)',
  IOV_LENGTH: 'offsetof(struct msghdr, msg_iovlen)',
  COOKIE_OFFSET: 'offsetof(struct inet_diag_req_v2, id.idiag_cookie)',
  MSG_CONTROL: 'offsetof(struct msghdr, msg_control)',
  MSG_CONTROL_LENGTH: 'offsetof(struct msghdr, msg_controllen)',
  MSG_FLAGS: 'offsetof(struct msghdr, msg_flags)',
  VECTOR: 'sizeof(struct msghdr)',
  CMSG_HEADER: 'sizeof(struct cmsghdr)',
  CMSG_LEVEL: 'offsetof(struct cmsghdr, cmsg_level)',
  CMSG_TYPE: 'offsetof(struct cmsghdr, cmsg_type)',
};

const OPTIONS_IN_C: Readonly<Record<keyof typeof SOCKET_OPTIONS, readonly [level: string, name: string]>> = {
  reuseAddress: ['SOL_SOCKET', 'SO_REUSEADDR'],
  error: ['SOL_SOCKET', 'SO_ERROR'],
  receiveBuffer: ['SOL_SOCKET', 'SO_RCVBUF'],
  keepAlive: ['SOL_SOCKET', 'SO_KEEPALIVE'],
  linger: ['SOL_SOCKET', 'SO_LINGER'],
  reusePort: ['SOL_SOCKET', 'SO_REUSEPORT'],
  receiveBufferForced: ['SOL_SOCKET', 'SO_RCVBUFFORCE'],
  receiveTimeout: ['SOL_SOCKET', 'SO_RCVTIMEO'],
  mark: ['SOL_SOCKET', 'SO_MARK'],
  transparent4: ['IPPROTO_IP', 'IP_TRANSPARENT'],
  bindAddressNoPort: ['IPPROTO_IP', 'IP_BIND_ADDRESS_NO_PORT'],
  originalDestination4: ['IPPROTO_IP', 'SO_ORIGINAL_DST'],
  v6Only: ['IPPROTO_IPV6', 'IPV6_V6ONLY'],
  transparent6: ['IPPROTO_IPV6', 'IPV6_TRANSPARENT'],
  originalDestination6: ['IPPROTO_IPV6', 'IP6T_SO_ORIGINAL_DST'],
  noDelay: ['IPPROTO_TCP', 'TCP_NODELAY'],
  keepAliveIdle: ['IPPROTO_TCP', 'TCP_KEEPIDLE'],
  keepAliveInterval: ['IPPROTO_TCP', 'TCP_KEEPINTVL'],
  keepAliveCount: ['IPPROTO_TCP', 'TCP_KEEPCNT'],
};

const LIMITS_IN_C: Readonly<Record<keyof typeof PROCESS_LIMITS, string>> = {
  fileSize: 'RLIMIT_FSIZE',
  dataBytes: 'RLIMIT_DATA',
  coreSize: 'RLIMIT_CORE',
  descriptors: 'RLIMIT_NOFILE',
};

const HEADERS = [
  ...['errno.h', 'sched.h', 'stddef.h', 'netinet/in.h', 'netinet/tcp.h', 'sys/mount.h', 'sys/resource.h'],
  ...['sys/socket.h', 'sys/time.h', 'sys/un.h', 'linux/fib_rules.h', 'linux/if_ether.h', 'linux/if_packet.h'],
  'linux/inet_diag.h',
  ...['linux/netfilter/ipset/ip_set.h', 'linux/netfilter/nf_conntrack_common.h'],
  ...['linux/netfilter/nf_conntrack_tcp.h', 'linux/netfilter/nf_tables.h', 'linux/netfilter/nfnetlink.h'],
  ...['linux/netfilter/nfnetlink_conntrack.h', 'linux/netfilter_ipv4.h'],
  ...['linux/netfilter_ipv6/ip6_tables.h', 'linux/netlink.h', 'linux/nsfs.h', 'linux/rtnetlink.h'],
  'linux/sock_diag.h',
];
