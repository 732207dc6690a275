import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { ChainServer, type ChainServerInput, jsonOf } from './chain-server.ts';
import { eventAnswer, ToldBook } from './told.ts';

const WAIT_S = 5;
const AGAIN_MS = 500;
const page = z.looseObject({ data: z.array(eventAnswer), next: z.string() });

/** A back office that keeps its books by reading the events from the first one on, as docs/integrating.md tells it to. */
export class EventReader {
  readonly told = new ToldBook();
  /** Ids that the cursor gave more than once. */
  readonly twice: string[] = [];
  private readonly stopped = new AbortController();
  /** Of its own, so that only what tills had to repeat is counted there. */
  private readonly chain: ChainServer;
  private readonly reading: Promise<void>;

  constructor(input: ChainServerInput) {
    this.chain = new ChainServer({ ...input, signal: AbortSignal.any([input.signal, this.stopped.signal]) });
    this.reading = this.read();
  }

  async stop(): Promise<void> {
    this.stopped.abort();
    await this.reading;
    this.chain.close();
  }

  private async read(): Promise<void> {
    const { signal } = this.stopped;
    let after = '';
    while (!signal.aborted) {
      try {
        const path = `/v1/events?wait=${WAIT_S}&limit=100${after === '' ? '' : `&after=${after}`}`;
        const answer = await this.chain.request({ method: 'GET', path, waitSeconds: WAIT_S });
        const { data, next } = page.parse(jsonOf(path, answer));
        for (const event of data) {
          if (!this.told.take(event)) this.twice.push(event.id);
        }
        after = encodeURIComponent(next);
      } catch {
        // What cannot be read now is read later: whoever misses an event in the end sees it in the books.
        await pause(AGAIN_MS, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
