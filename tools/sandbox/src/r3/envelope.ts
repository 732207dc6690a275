import { statusText } from '../bank/status-code.ts';
import type { R3Reply } from './r3-method.ts';

/**
 * The JSON text of an answer (kaspi-qr.md §3, §13.1). `turn` is a running number: on errors `Data` is null and absent
 * in turns, on success it stands last and first in turns, as both have been seen in production.
 */
export function envelope(reply: R3Reply, noMessage: boolean, turn: number): string {
  const odd = turn % 2 === 1;
  const text = reply.message === undefined ? statusText(reply.code) : reply.message;
  const message = noMessage || text === null ? {} : { [reply.emulator === true ? 'message' : 'Message']: text };
  const head = { StatusCode: reply.code, ...message };
  if (reply.data === undefined) return JSON.stringify(reply.code !== 0 && odd ? { ...head, Data: null } : head);
  return JSON.stringify(odd ? { Data: reply.data, ...head } : { ...head, Data: reply.data });
}
