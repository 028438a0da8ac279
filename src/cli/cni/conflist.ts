import { elementPlaces, type Place } from './json-places.ts';

/** The `type` of our plugin, and the name of its program. */
export const PLUGIN_TYPE = 'nodemesh-cni';

/** What stands in a chain for our plugin. */
export interface PluginEntry {
  readonly socket: string;
  readonly passNamespaces: readonly string[];
}

/** A configuration of a network as its file has it. */
export type NetworkFile =
  | { readonly kind: 'chain'; readonly hasOurs: boolean }
  | { readonly kind: 'single' }
  | { readonly kind: 'unusable'; readonly problem: string };

/** What a file of a node's networks is to us. Whatever is in it, this does not throw: others wrote it. */
export function inspectNetwork(text: string): NetworkFile {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return { kind: 'unusable', problem: `it is no JSON (${error instanceof Error ? error.message : error})` };
  }
  if (!isObject(document)) return unusable('an object');
  if (typeof document.name !== 'string') return unusable('the name of a network');
  const { plugins } = document;
  if (plugins === undefined)
    return typeof document.type === 'string' ? { kind: 'single' } : unusable('plugins, or the type of one');
  if (!Array.isArray(plugins) || plugins.length === 0) return unusable('at least one plugin');
  return { kind: 'chain', hasOurs: plugins.some(isOurs) };
}

/**
 * The text of a chain with our plugin at its end, and everything else as it is, to the last space. The very same text
 * where it is there already.
 */
export function chainPlugin(text: string, entry: PluginEntry): string {
  const ours = JSON.stringify({ type: PLUGIN_TYPE, ...entry });
  const places = elementPlaces(text, 'plugins') ?? [];
  const last = places.at(-1);
  if (last !== undefined && text.slice(last.start, last.end) === ours && countOurs(text, places) === 1)
    return text;
  const without = unchainPlugin(text);
  const end = elementPlaces(without, 'plugins')?.at(-1)?.end;
  // Ours alone is no chain; inspectNetwork has said so.
  if (end === undefined) return text;
  return `${without.slice(0, end)},${ours}${without.slice(end)}`;
}

/** The text without our plugin: what it was before chainPlugin, if nobody else has changed it. */
export function unchainPlugin(text: string): string {
  const places = elementPlaces(text, 'plugins') ?? [];
  const index = places.findLastIndex((place) => isOursAt(text, place));
  const place = places[index];
  if (place === undefined) return text;
  const before = places[index - 1];
  const after = places[index + 1];
  const rest =
    before === undefined
      ? text.slice(0, place.start) + text.slice(after?.start ?? place.end)
      : text.slice(0, before.end) + text.slice(place.end);
  return unchainPlugin(rest);
}

/** A chain of the one plugin that `text` configures, and ours. */
export function chainOfSingle(text: string, entry: PluginEntry): string {
  const { name, cniVersion } = JSON.parse(text) as { readonly name: string; readonly cniVersion?: string };
  // Chains came with 0.3.0.
  const version = cniVersion === undefined || cniVersion < '0.3.0' ? '0.3.1' : cniVersion;
  const head = `{"cniVersion":${JSON.stringify(version)},"name":${JSON.stringify(name)},"plugins":[\n`;
  return chainPlugin(`${head}${text.trim()}\n]}\n`, entry);
}

/** Whether a chain is what chainOfSingle makes of `single`, whether our plugin is still in it or not any more. */
export function isChainOfSingle(chain: string, single: string): boolean {
  if (inspectNetwork(single).kind !== 'single') return false;
  const made = chainOfSingle(single, { socket: '', passNamespaces: [] });
  return unchainPlugin(chain) === unchainPlugin(made);
}

function countOurs(text: string, places: readonly Place[]): number {
  return places.filter((place) => isOursAt(text, place)).length;
}

function isOursAt(text: string, { start, end }: Place): boolean {
  return isOurs(JSON.parse(text.slice(start, end)));
}

function isOurs(plugin: unknown): boolean {
  return isObject(plugin) && plugin.type === PLUGIN_TYPE;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unusable(expected: string): NetworkFile {
  return { kind: 'unusable', problem: `expected ${expected} in it` };
}
