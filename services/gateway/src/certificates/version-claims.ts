import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { CLOCK, WORKER_DATABASE } from '../tokens.ts';

const CLAIM = `
WITH newest AS (
  SELECT version, pair FROM certificate_version_claim WHERE certificate_id = $1 AND version >= $2 ORDER BY version DESC LIMIT 1
)
INSERT INTO certificate_version_claim (certificate_id, version, pair, claimed_at)
SELECT $1, coalesce((SELECT version + CASE WHEN pair = $3 THEN 0 ELSE 1 END FROM newest), $2), $3, $4
ON CONFLICT (certificate_id, version) DO UPDATE SET claimed_at = EXCLUDED.claimed_at
 WHERE certificate_version_claim.pair = EXCLUDED.pair
RETURNING version`;
const MAX_TRIES = 20;

/**
 * Numbers of versions, each for one pair. A number is given in a transaction of its own, so that it stays given although
 * the work that asked for it is rolled back: by then its pair may lie in the vault, where the first one stays.
 */
@Injectable()
export class VersionClaims {
  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /**
   * The number of this pair: the newest that was given, where it was given to it, or the next one.
   * @param from the lowest that is free by what the certificate's versions say
   */
  async claim(certificateId: string, from: number, pair: string): Promise<number> {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const [row] = await this.db.query<{ version: number }>(CLAIM, [
        certificateId,
        from,
        pair,
        new Date(this.clock.now()),
      ]);
      // None: another pair got the number while we looked for one.
      if (row !== undefined) return row.version;
    }
    throw new Error(`${MAX_TRIES} numbers of versions went to others`);
  }
}
