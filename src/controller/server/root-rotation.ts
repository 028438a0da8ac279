import { type Authority, IdentityError, type RootStatus } from '../../identity/index.ts';
import type { AdminResponse } from '../../telemetry/index.ts';

/**
 * One step of a root's rotation. `add`: a new root is trusted. `activate`: it signs (the one named, else the one added
 * last). `remove`: one that does not sign is trusted no more (the one named, else the first retired one).
 */
export async function rotateRoot(authority: Authority, query: URLSearchParams): Promise<AdminResponse> {
  const step = query.get('step');
  try {
    switch (step) {
      case 'add':
        return { body: await authority.addRoot() };
      case 'activate': {
        const name = query.get('name') ?? nameOf(authority.roots(), 'added');
        return name === undefined
          ? { status: 409, body: 'no root has been added; begin with ?step=add\n' }
          : { body: await authority.activateRoot(name) };
      }
      case 'remove': {
        const name = query.get('name') ?? nameOf(authority.roots(), 'retired');
        if (name === undefined) return { status: 409, body: 'no root is retired; activate another first\n' };
        await authority.removeRoot(name, { force: query.get('force') === 'true' });
        return { body: authority.roots() };
      }
      default:
        return { status: 400, body: 'say which: ?step=add, ?step=activate or ?step=remove\n' };
    }
  } catch (error) {
    // A step out of turn is the operator's to correct.
    if (error instanceof IdentityError && error.code === 'ERR_IDENTITY_ROOT_STEP') {
      return { status: 409, body: `${error.message}\n` };
    }
    throw error;
  }
}

function nameOf(roots: readonly RootStatus[], state: RootStatus['state']): string | undefined {
  return roots.filter((root) => root.state === state).at(-1)?.name;
}
