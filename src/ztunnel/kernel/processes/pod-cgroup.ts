/**
 * The uid of the pod that a process belongs to, from its `/proc/PID/cgroup`; undefined: of none. Knows what container
 * runtimes make of a uid, with cgroups of either version:
 *
 * - `kubepods-burstable-pod8f6c6a52_3f1e_4b5e_9a0f_0d3c5b1f7e10.slice/cri-containerd-….scope` (systemd's driver; `crio-….scope` too)
 * - `kubepods/burstable/pod8f6c6a52-3f1e-4b5e-9a0f-0d3c5b1f7e10/…` (the driver that is called cgroupfs)
 * - `system.slice/containerd.service/kubepods-…-pod8f6c6a52_….slice:cri-containerd:…` (systemd's names, no systemd)
 * - `/../../kubepods-…` (seen from a cgroup namespace), and uids of static pods, which are a hash without dashes.
 */
export function podUidOf(cgroup: string): string | undefined {
  for (const line of cgroup.split('\n')) {
    // The last: in a cluster inside a pod of another one, the inner pod is the one that this process is of.
    const [, uid] = line.match(LAST_POD) ?? [];
    if (uid !== undefined) return uid.replaceAll('_', '-');
  }
  return undefined;
}

const LAST_POD =
  /^.*[/-]pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?:\.slice)?(?=[/:]|$)/;
