import { isIP } from 'node:net';
import type { ApiClient } from '../../api/index.ts';

/** What `tap` was asked to follow. */
export interface TapNames {
  readonly namespace: string | undefined;
  readonly workload: string | undefined;
}

/**
 * A sentence about a name that nobody in the mesh has: whoever misspelt it would wait for ever. Undefined where all is well, and
 * where nobody can say.
 */
export async function strangers(
  api: Pick<ApiClient, 'get'>,
  { namespace, workload }: TapNames,
): Promise<string | undefined> {
  if (namespace === undefined && workload === undefined) return undefined;
  try {
    const [{ workloads }, { services }] = await Promise.all([
      api.get('/api/v1/workloads'),
      api.get('/api/v1/services'),
    ]);
    const names = [
      ...workloads.flatMap((each) => [
        { namespace: each.namespace, name: each.name },
        { namespace: each.namespace, name: each.workload },
      ]),
      ...services,
    ];
    if (namespace !== undefined && !names.some((each) => each.namespace === namespace))
      return `nothing in the mesh is in namespace ${namespace}: waiting all the same`;
    // Addresses are of clients outside.
    if (workload !== undefined && isIP(workload) === 0 && !names.some(({ name }) => name === workload))
      return `nothing in the mesh is called ${workload}: waiting all the same`;
    return undefined;
  } catch {
    return undefined;
  }
}
