import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import type { Logger } from '@tolem/observability';
import { CLOSING, LOGGER } from '../tokens.ts';
import type { EventBell } from './event-bell.ts';
import type { CursorOwner } from './event-cursor.ts';
import type { EventPlace } from './event-row.ts';
import { EVENT_BELL, EVENT_SETTINGS, type EventSettings } from './event-settings.ts';
import { EventStore, type WaitingReader } from './event-store.ts';
import { EventWatch } from './event-watch.ts';

/** Readers asked about in one statement. */
const MAX_ASKED = 1_000;
/** How soon to look again for what is committed and cannot be read yet; doubles, because what it waits for may take long. */
const HELD_MS = 10;
const MAX_HELD_MS = 500;

/** One request that waits for events of its tenant and mode. */
export interface WaitingRequest {
  readonly watch: EventWatch;
  /** It has seen everything up to there; `held` where it knows of something that it cannot read yet. */
  sawUpTo(place: EventPlace, held: boolean): void;
  close(): void;
}

interface Reader {
  readonly owner: CursorOwner;
  readonly watch: EventWatch;
  place: EventPlace | undefined;
}

/**
 * Requests that wait for events. A commit anywhere rings for all of them; one statement then finds out whom it concerns,
 * so that a busy tenant does not wake the others. Their number is bounded, and all go home when the process closes.
 */
@Injectable()
export class EventReaders implements OnModuleDestroy {
  readonly #readers = new Set<Reader>();
  #stopListening: (() => void) | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #heldTimer: NodeJS.Timeout | undefined;
  #heldMs = HELD_MS;

  constructor(
    private readonly store: EventStore,
    @Inject(EVENT_BELL) private readonly bell: EventBell,
    @Inject(CLOSING) private readonly closing: AbortSignal,
    @Inject(EVENT_SETTINGS) private readonly settings: EventSettings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    closing.addEventListener('abort', () => {
      for (const { watch } of this.#readers) watch.end();
    });
  }

  async onModuleDestroy(): Promise<void> {
    clearTimeout(this.#heldTimer);
    await this.#looking;
  }

  /** How many requests wait now. */
  get count(): number {
    return this.#readers.size;
  }

  /** Headers of every answer: a client that waited must not hold the closing process by the connection it keeps. */
  farewell(): Record<string, string> {
    return this.closing.aborted ? { connection: 'close' } : {};
  }

  /**
   * Begins to listen; undefined where too many wait already. Whoever gets one closes it.
   * @param gone fires when the client has hung up
   */
  wait(owner: CursorOwner, waitMs: number, gone: AbortSignal): WaitingRequest | undefined {
    if (this.#readers.size >= this.settings.maxWaiters) return undefined;
    const watch = new EventWatch(waitMs, this.settings.rereadEveryMs);
    const reader: Reader = { owner, watch, place: undefined };
    const end = (): void => watch.end();
    gone.addEventListener('abort', end);
    this.#readers.add(reader);
    this.#stopListening ??= this.bell.onCommitAnywhere(() => this.#look());
    if (gone.aborted || this.closing.aborted) watch.end();
    return {
      watch,
      sawUpTo: (place, held) => {
        reader.place = place;
        if (held) this.#lookSoon();
      },
      close: () => {
        watch.close();
        gone.removeEventListener('abort', end);
        this.#leave(reader);
      },
    };
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
    clearTimeout(this.#heldTimer);
    this.#heldTimer = undefined;
  }

  /** One look at a time; what rings meanwhile is looked for once more. */
  #look(): void {
    if (this.#looking !== undefined) {
      this.#lookAgain = true;
      return;
    }
    this.#looking = this.#ringWhomItConcerns()
      // Everybody looks again by itself soon.
      .catch((error: unknown) => this.logger.warn({ err: error }, 'news for waiting readers could not be looked up'))
      .finally(() => {
        this.#looking = undefined;
        if (!this.#lookAgain) return;
        this.#lookAgain = false;
        this.#look();
      });
  }

  #lookSoon(): void {
    if (this.#heldTimer !== undefined) return;
    this.#heldTimer = setTimeout(() => {
      this.#heldTimer = undefined;
      this.#look();
    }, this.#heldMs);
    this.#heldMs = Math.min(MAX_HELD_MS, this.#heldMs * 2);
  }

  async #ringWhomItConcerns(): Promise<void> {
    const waiting: (WaitingReader & { readonly watch: EventWatch })[] = [];
    for (const { owner, watch, place } of this.#readers) {
      // Its first look is under way and may have begun before the commit.
      if (place === undefined) watch.ring();
      else waiting.push({ tenantId: owner.tenantId, mode: owner.mode, ...place, watch });
    }
    let isHeld = false;
    for (let from = 0; from < waiting.length; from += MAX_ASKED) {
      const asked = waiting.slice(from, from + MAX_ASKED);
      const news = await this.store.newsFor(asked);
      for (const [n, ready] of news) {
        if (ready) asked[n]?.watch.ring();
        else isHeld = true;
      }
    }
    if (isHeld && this.#readers.size > 0) this.#lookSoon();
    else this.#heldMs = HELD_MS;
  }
}
