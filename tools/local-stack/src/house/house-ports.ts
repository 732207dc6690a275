import { choosePort } from '../processes/ports.ts';
import type { KaspiPorts, PreferredPorts } from './usual-ports.ts';

export interface HousePorts {
  gateway: number;
  management: number;
  sandboxControl: number;
  kaspi: KaspiPorts;
}

/** The API's port as asked for; everything else, and the API's by default, gives way to programs that are there already. */
export async function chooseHousePorts(
  askedGatewayPort: number | undefined,
  preferred: PreferredPorts,
): Promise<HousePorts> {
  const taken = new Set<number>();
  const choose = async (wish: { asked: number } | { preferred: number }): Promise<number> => {
    const port = await choosePort(wish, taken);
    taken.add(port);
    return port;
  };
  return {
    gateway: await choose(
      askedGatewayPort === undefined ? { preferred: preferred.gateway } : { asked: askedGatewayPort },
    ),
    management: await choose({ preferred: preferred.management }),
    sandboxControl: await choose({ preferred: preferred.sandboxControl }),
    kaspi: {
      r1: await choose({ preferred: preferred.kaspi.r1 }),
      r2: await choose({ preferred: preferred.kaspi.r2 }),
      r3: await choose({ preferred: preferred.kaspi.r3 }),
    },
  };
}
