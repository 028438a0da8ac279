import { readFileSync } from 'node:fs';

/*
 * A connection that we make in a client's name (with its address) must not get the port of a connection that this
 * client has to the same destination itself: one from before the pod was captured, or one whose plaintext was
 * redirected to us. The kernel cannot see the clash, because the other end of that one is elsewhere, and both would
 * share one entry of conntrack: its mark would turn the client's packets away, and both would hang (seen). Clients
 * take their ports from the kernel's range, so ours are taken from outside of it.
 */

/** Ports that are free for connections in a client's name, both ends included. */
export type PortRange = readonly [first: number, last: number];

/** What is left of the unprivileged ports beside the kernel's own range; empty when that is too little to live on. */
export function rangesBeside([first, last]: PortRange): readonly PortRange[] {
  const beside: readonly PortRange[] = [
    [FIRST_UNPRIVILEGED, first - 1],
    [last + 1, LAST],
  ];
  const usable = beside.filter((range) => sizeOf(range) > 0);
  return usable.reduce((sum, range) => sum + sizeOf(range), 0) < FEWEST ? [] : usable;
}

/** `random` is in [0, 1). Undefined for no ranges. */
export function pickPort(ranges: readonly PortRange[], random: number): number | undefined {
  let index = Math.floor(random * ranges.reduce((sum, range) => sum + sizeOf(range), 0));
  for (const range of ranges) {
    if (index < sizeOf(range)) return range[0] + index;
    index -= sizeOf(range);
  }
  return undefined;
}

/** A port for a connection in a client's name; undefined when the kernel is to choose one. */
export function chooseSourcePort(): number | undefined {
  ranges ??= rangesBeside(kernelRange());
  return pickPort(ranges, Math.random());
}

let ranges: readonly PortRange[] | undefined;

/** Of the calling process's namespace; the cluster's others are taken to have the same. */
function kernelRange(): PortRange {
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').trim().split(/\s+/);
    return [Number(first), Number(last)];
  } catch {
    // Not mounted: what Linux has unless it is told otherwise.
    return [32_768, 60_999];
  }
}

function sizeOf([first, last]: PortRange): number {
  return last - first + 1;
}

const FIRST_UNPRIVILEGED = 1_024;
const LAST = 65_535;
/** Ports stay taken for a minute after a connection. */
const FEWEST = 8_192;
