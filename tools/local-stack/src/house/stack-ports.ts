import { choosePort } from '../processes/ports.ts';
import { GATEWAY } from '../services/stack-env.ts';
import type { ServicePorts } from './service-replicas.ts';
import { type KaspiScheme, type PreferredPorts, USUAL_PORTS } from './usual-ports.ts';

/** What the processes of a house listen on; 0: any free port. */
export interface StackPorts {
  sandboxControl(): Promise<number>;
  kaspi(scheme: KaspiScheme): Promise<number>;
  /** Of the proxy that calls to the bank leave through. */
  egressProxy(): Promise<number>;
  /** Of one more replica. */
  service(name: string): Promise<ServicePorts>;
}

/** The first gateway's port as asked for; everything else gives way to programs that are there already. */
export class UsualPorts implements StackPorts {
  private readonly taken = new Set<number>();
  /** One after the other: two that looked at the same moment would find the same port free. */
  private last: Promise<unknown> = Promise.resolve();
  /** Kept for the first gateway from the beginning, so that a port that is taken is named before anything starts. */
  private first: number | undefined;
  private readonly preferred: PreferredPorts;

  private constructor(preferred: PreferredPorts) {
    this.preferred = preferred;
  }

  /** @throws PlainFailure when the port that was asked for is taken */
  static async from(
    askedGatewayPort: number | undefined,
    preferred: PreferredPorts = USUAL_PORTS,
  ): Promise<UsualPorts> {
    const ports = new UsualPorts(preferred);
    ports.first = await ports.choose(
      askedGatewayPort === undefined ? { preferred: preferred.gateway } : { asked: askedGatewayPort },
    );
    return ports;
  }

  sandboxControl(): Promise<number> {
    return this.choose({ preferred: this.preferred.sandboxControl });
  }

  kaspi(scheme: KaspiScheme): Promise<number> {
    return this.choose({ preferred: this.preferred.kaspi[scheme] });
  }

  egressProxy(): Promise<number> {
    return this.choose({ preferred: this.preferred.egressProxy });
  }

  async service(name: string): Promise<ServicePorts> {
    const management = this.choose({ preferred: this.preferred.management });
    const gateway = name === GATEWAY ? this.gateway() : Promise.resolve(0);
    const [managementPort, gatewayPort] = await Promise.all([management, gateway]);
    return { gatewayPort, managementPort };
  }

  private gateway(): Promise<number> {
    const { first } = this;
    this.first = undefined;
    return first === undefined ? this.choose({ preferred: this.preferred.gateway }) : Promise.resolve(first);
  }

  private choose(wish: { asked: number } | { preferred: number }): Promise<number> {
    const chosen = this.last.then(async () => {
      const port = await choosePort(wish, this.taken);
      this.taken.add(port);
      return port;
    });
    this.last = chosen.catch(() => undefined);
    return chosen;
  }
}

const anyPort = (): Promise<number> => Promise.resolve(0);

export const ANY_PORTS: StackPorts = {
  sandboxControl: anyPort,
  kaspi: anyPort,
  egressProxy: anyPort,
  service: () => Promise.resolve({ gatewayPort: 0, managementPort: 0 }),
};
