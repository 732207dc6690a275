import { choosePort } from './ports.ts';

const DEFAULT_PORTS = { gateway: 8080, management: 9090, sandboxControl: 8540, kaspiR3: 8545 };

export interface HousePorts {
  gateway: number;
  management: number;
  sandboxControl: number;
  kaspiR3: number;
}

/** The API's port as asked for; everything else, and the API's by default, gives way to programs that are there already. */
export async function chooseHousePorts(askedGatewayPort: number | undefined): Promise<HousePorts> {
  const taken = new Set<number>();
  const choose = async (wish: { asked: number } | { preferred: number }): Promise<number> => {
    const port = await choosePort(wish, taken);
    taken.add(port);
    return port;
  };
  return {
    gateway: await choose(
      askedGatewayPort === undefined ? { preferred: DEFAULT_PORTS.gateway } : { asked: askedGatewayPort },
    ),
    management: await choose({ preferred: DEFAULT_PORTS.management }),
    sandboxControl: await choose({ preferred: DEFAULT_PORTS.sandboxControl }),
    kaspiR3: await choose({ preferred: DEFAULT_PORTS.kaspiR3 }),
  };
}
