import { createHash } from 'node:crypto';
import type { PreferredPorts } from '../../src/house/usual-ports.ts';

/** Ports that follow from a folder, so that its house finds them again although houses of other specs come and go. */
export function ownPorts(folder: string): PreferredPorts {
  const first = 20_000 + (createHash('sha256').update(folder).digest().readUInt16BE() % 240) * 50;
  return {
    ...{ gateway: first, management: first + 10, sandboxControl: first + 20 },
    kaspi: { r1: first + 30, r2: first + 33, r3: first + 36 },
    egressProxy: first + 40,
  };
}
