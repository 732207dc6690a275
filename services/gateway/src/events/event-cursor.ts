import { createHash } from 'node:crypto';
import type { Mode } from '@tolem/contracts';
import { ApiProblem } from '../http/api-problem.ts';
import type { EventPlace } from './event-row.ts';

/** How long events are kept, and how old a cursor may be: what it stands behind may be gone. */
export const EVENTS_KEPT_MS = 30 * 86_400_000;

/** How far a reader has come. */
export interface EventCursor extends EventPlace {
  /** Time of the last event that it has seen, or of the moment when it had seen all; epoch milliseconds. */
  readonly atMs: number;
}

export interface CursorOwner {
  /** UUID. */
  readonly tenantId: string;
  readonly mode: Mode;
}

const FORM = /^1\.(\d{1,9})\.(\d{1,20})\.(\d{1,16})\.(\d{1,15})\.([0-9a-f]{16})$/;

/**
 * Opaque to the reader. The tag at its end finds the cursor of another tenant or mode, and one that lost a piece on its
 * way; it protects nothing, row-level security does.
 */
export function writeCursor(owner: CursorOwner, { era, txid, seq, atMs }: EventCursor): string {
  const text = `1.${era}.${txid}.${seq}.${atMs}`;
  return Buffer.from(`${text}.${tagOf(owner, text)}`, 'latin1').toString('base64url');
}

/** The place that a cursor stands for. 400 for what is none or is another's; 410 for one that is too old. */
export function readCursor(owner: CursorOwner, cursor: string, nowMs: number): EventCursor {
  const text = Buffer.from(cursor, 'base64url').toString('latin1');
  const [, era, txid, seq, atMs, tag] = FORM.exec(text) ?? [];
  if (txid === undefined || tag !== tagOf(owner, text.slice(0, text.lastIndexOf('.')))) throw invalidCursor();
  const place = { era: Number(era), txid, seq: Number(seq), atMs: Number(atMs) };
  if (place.atMs < nowMs - EVENTS_KEPT_MS)
    throw expiredCursor('This cursor is older than 30 days, and so events may be gone that you have not seen.');
  return place;
}

export function expiredCursor(why: string): ApiProblem {
  const detail = `${why} Read the lists of what you hold, then begin again without \`after\`, or with \`after=latest\`.`;
  return new ApiProblem(410, 'cursor_expired', detail, {
    errors: [{ pointer: '?after', code: 'cursor_expired', detail }],
  });
}

function invalidCursor(): ApiProblem {
  const detail = '`after` must be `latest`, or the `next` of an earlier answer to the same tenant and mode.';
  return new ApiProblem(400, 'invalid_cursor', detail, {
    errors: [{ pointer: '?after', code: 'invalid_cursor', detail }],
  });
}

function tagOf(owner: CursorOwner, text: string): string {
  return createHash('sha256').update(`${owner.tenantId} ${owner.mode} ${text}`).digest('hex').slice(0, 16);
}
