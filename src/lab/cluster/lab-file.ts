import { LabError } from '../errors.ts';
import {
  childField,
  FieldProblem,
  fieldOf,
  itemFields,
  checkString,
  requireString,
  checkStringMap,
} from './checks.ts';
import type { ManifestObject } from './manifests.ts';
import { type NodeDescription, REGION_LABEL, type StringMap, ZONE_LABEL } from './objects/index.ts';

/** What a `kind: Lab` document says about the machines that the lab plays. */
export interface LabFile {
  readonly name: string;
  readonly nodes: readonly NodeDescription[];
}

export const LAB_KIND = 'Lab';

/** Reads `{kind: Lab, metadata: {name}, spec: {nodes: [{name, zone, region, labels}]}}`. Throws LabError. */
export function parseLabFile(object: ManifestObject): LabFile {
  try {
    const nodes = itemFields(childField(childField(fieldOf(object, ''), 'spec'), 'nodes'), true).map(
      (node) => {
        for (const name of ['zone', 'region']) checkString(childField(node, name));
        requireString(childField(node, 'name'));
        checkStringMap(childField(node, 'labels'));
        // Checked just above.
        return nodeDescription(node.value as NodeInFile, node.path);
      },
    );
    return { name: object.metadata.name, nodes };
  } catch (cause) {
    if (!(cause instanceof FieldProblem)) throw cause;
    throw new LabError({
      code: 'ERR_LAB_MANIFEST',
      blame: 'downstream',
      message: `Lab ${object.metadata.name}: ${cause.message}`,
      cause,
    });
  }
}

/** `node-1`, `node-2`, …; every second one in another zone, so that locality has something to do. */
export function numberedNodes(count: number): readonly NodeDescription[] {
  return Array.from({ length: count }, (_, index) => ({
    name: `node-${index + 1}`,
    labels: { [ZONE_LABEL]: index % 2 === 0 ? 'lab-a' : 'lab-b' },
  }));
}

interface NodeInFile {
  readonly name: string;
  readonly zone?: string;
  readonly region?: string;
  readonly labels?: StringMap;
}

function nodeDescription({ name, zone, region, labels = {} }: NodeInFile, path: string): NodeDescription {
  // The name is also that of a network namespace, where a dot tells pods from nodes.
  if (!/^[a-z0-9]([a-z0-9-]{0,60}[a-z0-9])?$/.test(name))
    throw new FieldProblem(
      `${path}.name`,
      `expected lower-case letters, digits and '-', got ${JSON.stringify(name)}`,
    );
  return {
    name,
    labels: {
      ...labels,
      ...(zone === undefined ? {} : { [ZONE_LABEL]: zone }),
      ...(region === undefined ? {} : { [REGION_LABEL]: region }),
    },
  };
}
