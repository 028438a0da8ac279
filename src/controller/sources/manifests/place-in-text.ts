import { type Document, isNode, type LineCounter, type ParsedNode } from 'yaml';
import type { FieldPath } from '../../objects/index.ts';

/** Line and column, from 1, of a field, or of the nearest thing around it that is in the text. */
export function placeInText(
  document: Document.Parsed,
  path: FieldPath,
  lines: LineCounter,
): { readonly line: number; readonly col: number } {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : keyOrValue(document, path.slice(0, length));
    if (isNode(node) && node.range !== null && node.range !== undefined) return lines.linePos(node.range[0]);
  }
  return lines.linePos(document.range[0]);
}

/** A map's value starts a line below its key; people look for the key. */
function keyOrValue(document: Document.Parsed, path: FieldPath): unknown {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (typeof parent === 'object' && parent !== null && 'items' in parent && Array.isArray(parent.items)) {
    const pair = (parent.items as { readonly key?: ParsedNode | null }[]).find(
      (item) => isNode(item.key) && 'value' in item.key && String(item.key.value) === String(last),
    );
    if (pair !== undefined) return pair.key;
  }
  return document.getIn([...path], true);
}
