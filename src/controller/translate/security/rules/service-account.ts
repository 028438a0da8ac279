import type { ServiceAccountMatch } from '../../../../model/index.ts';

/** Reads `namespace/account`, or an account of `namespace`; undefined for what is neither, wildcards among it. */
export function readServiceAccount(namespace: string): (value: string) => ServiceAccountMatch | undefined {
  return (value) => {
    const [first = '', second, more] = value.split('/');
    const match =
      second === undefined
        ? { namespace, serviceAccount: first }
        : { namespace: first, serviceAccount: second };
    const isReadable =
      more === undefined && match.namespace !== '' && match.serviceAccount !== '' && !value.includes('*');
    return isReadable ? match : undefined;
  };
}
