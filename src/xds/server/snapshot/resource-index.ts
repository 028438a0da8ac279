import { Fingerprint } from '../../fingerprint.ts';
import type { ResourceUpsert } from './scoped-resource.ts';

/** Ticks off which of the resources that there are now a client holds in the version that they have. */
export interface HeldComparison {
  /** False: there is no such resource in such a version, or it is not for this audience. */
  tick(fingerprint: Fingerprint): boolean;
  /** Those for everybody that were not ticked off. */
  unticked(): Iterable<ResourceUpsert>;
  isTicked(resource: ResourceUpsert): boolean;
}

/**
 * Finds resources by the fingerprint of name and version. Numbers in a few arrays: a thousand clients that name a hundred thousand
 * resources each must not touch as many objects.
 */
export interface ResourceIndex {
  add(resource: ResourceUpsert): void;
  remove(resource: ResourceUpsert): void;
  /** To be used up before the next change. */
  compare(isVisible: (scoped: ResourceUpsert) => boolean): HeldComparison;
}

/** Without a resource. Grows by doubling and never shrinks. */
export function createResourceIndex(): ResourceIndex {
  /** By place: the resource, or nothing where there was one. */
  const resources: (ResourceUpsert | undefined)[] = [];
  const freePlaces: number[] = [];
  let table = makeTable(FIRST_PLACES);
  const fingerprint = new Fingerprint();

  const find = ({ high, low }: Fingerprint): number => {
    const { heads, next, highs, lows } = table;
    let place = heads[low & table.mask] ?? NONE;
    while (place !== NONE && (highs[place] !== high || lows[place] !== low)) place = next[place] ?? NONE;
    return place;
  };
  const link = (place: number, { high, low }: Pick<Fingerprint, 'high' | 'low'>): void => {
    const bucket = low & table.mask;
    table.highs[place] = high;
    table.lows[place] = low;
    table.next[place] = table.heads[bucket] ?? NONE;
    table.heads[bucket] = place;
  };
  const unlink = (place: number): void => {
    const bucket = (table.lows[place] ?? 0) & table.mask;
    const after = table.next[place] ?? NONE;
    let before = table.heads[bucket] ?? NONE;
    if (before === place) {
      table.heads[bucket] = after;
      return;
    }
    while (table.next[before] !== place) before = table.next[before] ?? NONE;
    table.next[before] = after;
  };
  const grow = (): void => {
    const { highs, lows, scoped } = table;
    table = makeTable(highs.length * 2);
    table.scoped.set(scoped);
    for (const [place, high] of highs.entries()) link(place, { high, low: lows[place] ?? 0 });
  };

  return {
    add(resource) {
      const place = freePlaces.pop() ?? resources.length;
      if (place === table.highs.length) grow();
      resources[place] = resource;
      table.scoped[place] = resource.audiences === undefined ? 0 : 1;
      fingerprint.set(resource.name, resource.version);
      link(place, fingerprint);
    },
    remove(resource) {
      fingerprint.set(resource.name, resource.version);
      const place = find(fingerprint);
      if (place === NONE) return;
      unlink(place);
      resources[place] = undefined;
      freePlaces.push(place);
    },
    compare(isVisible) {
      const ticked = new Uint8Array(resources.length);
      return {
        tick(held) {
          const place = find(held);
          if (place === NONE) return false;
          if (table.scoped[place] === 1) {
            const resource = resources[place];
            if (resource === undefined || !isVisible(resource)) return false;
          }
          ticked[place] = 1;
          return true;
        },
        *unticked() {
          for (let place = 0; place < ticked.length; place++) {
            if (ticked[place] === 1 || table.scoped[place] === 1) continue;
            const resource = resources[place];
            if (resource !== undefined) yield resource;
          }
        },
        isTicked(resource) {
          fingerprint.set(resource.name, resource.version);
          const place = find(fingerprint);
          return place !== NONE && ticked[place] === 1;
        },
      };
    },
  };
}

/** Chains of places whose fingerprints end in the same bits. */
interface Table {
  readonly mask: number;
  readonly heads: Int32Array;
  readonly next: Int32Array;
  readonly highs: Int32Array;
  readonly lows: Int32Array;
  /** 1: not for everybody. */
  readonly scoped: Uint8Array;
}

/** `places` is a power of two. */
function makeTable(places: number): Table {
  return {
    mask: places - 1,
    heads: new Int32Array(places).fill(NONE),
    next: new Int32Array(places),
    highs: new Int32Array(places),
    lows: new Int32Array(places),
    scoped: new Uint8Array(places),
  };
}

const NONE = -1;
const FIRST_PLACES = 64;
