import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  certificateCreateCsr,
  certificateInstall,
  certificateState,
  type CertificateState,
  type Envelope,
  EVENTS_TOPIC,
  produce,
} from '@tolem/contracts';
import { certificateRequest } from '@tolem/egress';
import type { GatewayHarness } from '../../test/gateway-harness.ts';
import { PROVIDER } from '../../test/gateway-harness.ts';

const KEYS = 4;

/** What a provider's service answers about certificates: it makes keys and takes what was issued, unless told otherwise. */
export class StandInService {
  readonly keys = new Map<string, KeyObject>();
  /** False: it is silent, as if it were down. */
  answers = true;
  #seq = 0;
  readonly #made: KeyObject[] = [];

  constructor(private readonly house: GatewayHarness) {
    house.onCommand((command) => {
      if (this.answers) this.#answer(command);
    });
  }

  /** Public half of the key behind a request. */
  publicKey(certificate: string): KeyObject {
    const key = this.keys.get(certificate);
    if (key === undefined) throw new Error(`${certificate} has no key`);
    return createPublicKey(key);
  }

  requestOf(certificate: string): string {
    const key = this.keys.get(certificate);
    if (key === undefined) throw new Error(`${certificate} has no key`);
    return certificateRequest(key, { subject: [{ type: 'CN', value: 'spec' }], keyUsage: ['digitalSignature'] });
  }

  tell(certificate: string, state: Partial<CertificateState>): void {
    const time = new Date(this.house.clock.now()).toISOString();
    const address = {
      id: this.house.ids.next('msg'),
      source: PROVIDER.name,
      subject: certificate,
      time,
      tenant: null,
      mode: 'live' as const,
      topic: EVENTS_TOPIC,
      key: certificate,
    };
    const body = {
      subject_id: certificate,
      seq: (this.#seq += 1),
      op_id: null,
      observed_at: time,
      version: 1,
      state: 'active' as const,
      csr: null,
      certificate: null,
      failure: null,
      ...state,
    };
    this.house.tell(produce(certificateState, address, body as CertificateState & { state: 'active' }));
  }

  /** Few keys in turn, because making one takes long: two requests that follow each other have two. */
  #nextKey(): KeyObject {
    const key =
      this.#made.length < KEYS ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : this.#made.shift();
    if (key === undefined) throw new Error('there is a key by now');
    this.#made.push(key);
    return key;
  }

  #answer(command: Envelope): void {
    if (command.type === certificateCreateCsr.type) {
      const { subject_id: id, version } = certificateCreateCsr.consume.parse(command.body);
      this.keys.set(id, this.#nextKey());
      this.tell(id, { version, state: 'requested', csr: this.requestOf(id) });
    }
    if (command.type === certificateInstall.type) {
      const { subject_id: id, version, certificate } = certificateInstall.consume.parse(command.body);
      this.tell(id, { version, state: 'active', certificate });
    }
  }
}
