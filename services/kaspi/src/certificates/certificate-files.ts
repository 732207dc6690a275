import type { Clock } from '@tolem/domain';
import type { Logger } from '@tolem/observability';
import type { BringCertificate, CertificatePair } from '@tolem/provider-kit';
import type { CertificateFilesEntry } from './certificate-files.schema.ts';
import { fingerprintOfFiles, readCertificateFiles } from './read-certificate-files.ts';

/** File systems that tell of changes do not tell of all of them; looking costs a few system calls. */
const LOOK_EVERY_MS = 3_000;
/** Files that could not take over may do so later without being changed; each pause is twice the one before. */
const FIRST_PAUSE_MS = 3_600_000;
const LONGEST_PAUSE_MS = 86_400_000;

interface Watched {
  readonly id: string;
  readonly entry: CertificateFilesEntry;
  /** Of the files as they were when they were last read. */
  seen: string;
  /** What is wrong with them since then; null where nothing is. */
  flaw: string | null;
  /** When they are brought again although nothing has changed, by the monotonic clock, and how long the pause was. */
  againAt: number;
  pauseMs: number;
}

export interface CertificateFilesRooms {
  readonly bring: BringCertificate;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'error' | 'info'>;
  readonly lookEveryMs?: number;
}

/**
 * Certificates that lie in files. What changes there is read as a pair and brought into the vault as the next version,
 * which takes over when the bank has answered under it; what cannot be used changes nothing and is said once. Files that
 * stay as they are are brought again at long intervals: a pair that was refused then may be served now.
 */
export class CertificateFiles {
  readonly #watched: Watched[];
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;

  private constructor(
    watched: readonly Watched[],
    private readonly pairs: ReadonlyMap<string, CertificatePair>,
  ) {
    this.#watched = [...watched];
  }

  /** Reads all of them. Throws one error that names every file that cannot be used: better no start than half of one. */
  static async read(entries: Readonly<Record<string, CertificateFilesEntry>>, now: number): Promise<CertificateFiles> {
    const watched: Watched[] = [];
    const pairs = new Map<string, CertificatePair>();
    const flaws: string[] = [];
    for (const [id, entry] of Object.entries(entries)) {
      const seen = await fingerprintOfFiles(entry);
      const read = await readCertificateFiles(entry, now);
      watched.push({ id, entry, seen, flaw: null, againAt: Infinity, pauseMs: FIRST_PAUSE_MS });
      if (read.ok) pairs.set(id, read.pair);
      else flaws.push(`${id}: ${read.detail}`);
    }
    if (flaws.length === 0) return new CertificateFiles(watched, pairs);
    throw new Error(`TOLEM_KASPI_CERTIFICATE_FILES names certificates that cannot be used: ${flaws.join('; ')}`);
  }

  /** Brings what was read and begins to look for changes. */
  async start(rooms: CertificateFilesRooms): Promise<void> {
    for (const [id, pair] of this.pairs) await rooms.bring(id, pair, false);
    if (this.#watched.length === 0) return;
    for (const watched of this.#watched) watched.againAt = rooms.clock.monotonicMs() + watched.pauseMs;
    this.#timer = setInterval(() => {
      this.#looking ??= this.#look(rooms).finally(() => (this.#looking = undefined));
    }, rooms.lookEveryMs ?? LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(rooms: CertificateFilesRooms): Promise<void> {
    for (const watched of this.#watched) {
      try {
        await this.#lookAt(watched, rooms);
      } catch (error) {
        rooms.logger.error({ err: error, certificate: watched.id }, 'a changed certificate could not be kept');
      }
    }
  }

  async #lookAt(watched: Watched, { bring, clock, logger }: CertificateFilesRooms): Promise<void> {
    const found = await fingerprintOfFiles(watched.entry);
    const changed = found !== watched.seen || watched.flaw !== null;
    // A pair that is half written is read again with every look: its second half may come within the same tick.
    if (!changed && clock.monotonicMs() < watched.againAt) return;
    const read = await readCertificateFiles(watched.entry, clock.now());
    // Written to while it was read: it will be read again, as a whole.
    if ((await fingerprintOfFiles(watched.entry)) !== found) return;
    if (!read.ok) {
      if (watched.flaw !== read.detail) {
        logger.error({ certificate: watched.id, problem: read.detail }, 'changed certificate files cannot be used');
      }
      Object.assign(watched, { seen: found, flaw: read.detail });
      return;
    }
    const pauseMs = changed ? FIRST_PAUSE_MS : Math.min(watched.pauseMs * 2, LONGEST_PAUSE_MS);
    await bring(watched.id, read.pair, changed);
    Object.assign(watched, { seen: found, flaw: null, pauseMs, againAt: clock.monotonicMs() + pauseMs });
    if (changed) logger.info({ certificate: watched.id }, 'certificate files were read again');
  }
}
