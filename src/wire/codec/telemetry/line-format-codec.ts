import { create } from '@bufbuild/protobuf';
import type { LineFormat, LinePiece } from '../../../model/index.ts';
import {
  JsonFormatSchema,
  type LogOutput,
  type Piece,
  PieceSchema,
  StartTimeSchema,
  TextFormatSchema,
} from '../../generated/telemetry_pb.js';

/** The case `format` of `nodemesh.telemetry.LogOutput`. */
export function encodeFormat(format: LineFormat): LogOutput['format'] {
  if (format.kind === 'text')
    return { case: 'text', value: create(TextFormatSchema, { pieces: format.pieces.map(encodePiece) }) };
  const fields = format.fields.map(({ name, pieces }) => ({ name, pieces: pieces.map(encodePiece) }));
  return { case: 'json', value: create(JsonFormatSchema, { fields }) };
}

/** Undefined: none, or one that this version does not know. */
export function decodeFormat(format: LogOutput['format']): LineFormat | undefined {
  switch (format.case) {
    case 'text':
      return { kind: 'text', pieces: format.value.pieces.map(decodePiece) };
    case 'json': {
      const fields = format.value.fields.map(({ name, pieces }) => ({
        name,
        pieces: pieces.map(decodePiece),
      }));
      return { kind: 'json', fields };
    }
    default:
      return undefined;
  }
}

function encodePiece(piece: LinePiece): Piece {
  if ('text' in piece) return create(PieceSchema, { content: { case: 'text', value: piece.text } });
  if ('time' in piece)
    return create(PieceSchema, { content: { case: 'startTime', value: create(StartTimeSchema) } });
  return create(PieceSchema, {
    content: { case: 'expression', value: piece.expression },
    maxLength: piece.maxLength ?? 0,
  });
}

function decodePiece({ content, maxLength }: Piece): LinePiece {
  switch (content.case) {
    case 'expression':
      return { expression: content.value, maxLength: maxLength === 0 ? undefined : maxLength };
    case 'startTime':
      return { time: 'start' };
    default:
      return { text: content.value ?? '' };
  }
}
