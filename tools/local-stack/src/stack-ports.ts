import { choosePort } from './ports.ts';
import type { ServicePorts } from './service-replicas.ts';
import { GATEWAY } from './stack-env.ts';

/** What the processes of a house listen on; 0: any free port. */
export interface StackPorts {
  sandboxControl(): Promise<number>;
  kaspiR3(): Promise<number>;
  /** Of one more replica. */
  service(name: string): Promise<ServicePorts>;
}

const DEFAULTS = { gateway: 8080, management: 9090, sandboxControl: 8540, kaspiR3: 8545 };

/** The first gateway's port as asked for; everything else gives way to programs that are there already. */
export class UsualPorts implements StackPorts {
  private readonly taken = new Set<number>();
  /** One after the other: two that looked at the same moment would find the same port free. */
  private last: Promise<unknown> = Promise.resolve();
  /** Kept for the first gateway from the beginning, so that a port that is taken is named before anything starts. */
  private first: number | undefined;

  /** @throws PlainFailure when the port that was asked for is taken */
  static async from(askedGatewayPort: number | undefined): Promise<UsualPorts> {
    const ports = new UsualPorts();
    ports.first = await ports.choose(
      askedGatewayPort === undefined ? { preferred: DEFAULTS.gateway } : { asked: askedGatewayPort },
    );
    return ports;
  }

  sandboxControl(): Promise<number> {
    return this.choose({ preferred: DEFAULTS.sandboxControl });
  }

  kaspiR3(): Promise<number> {
    return this.choose({ preferred: DEFAULTS.kaspiR3 });
  }

  async service(name: string): Promise<ServicePorts> {
    const management = this.choose({ preferred: DEFAULTS.management });
    const gateway = name === GATEWAY ? this.gateway() : Promise.resolve(0);
    const [managementPort, gatewayPort] = await Promise.all([management, gateway]);
    return { gatewayPort, managementPort };
  }

  private gateway(): Promise<number> {
    const { first } = this;
    this.first = undefined;
    return first === undefined ? this.choose({ preferred: DEFAULTS.gateway }) : Promise.resolve(first);
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
  kaspiR3: anyPort,
  service: () => Promise.resolve({ gatewayPort: 0, managementPort: 0 }),
};
