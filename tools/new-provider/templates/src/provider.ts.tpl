import type { Egress } from '@tolem/egress';
import type { Provider } from '@tolem/provider-kit';
import { __Name__Client } from './client/__name__.client.ts';
import type { __Name__Config } from './config.ts';
import { __name__Qr } from './__name__-qr.ts';
import { verify__Name__ } from './verify-__name__.ts';

/**
 * __title__ on one page: a purchase by QR, asked about until it is paid or its time is over. The provider knows no
 * devices, so a desk needs nothing registered.
 *
 * ASSUMPTION: its whole HTTP interface (client/) is an example; it gives way to what the provider's document says.
 */
export function __name__Provider(egress: Pick<Egress, 'request'>, config: __Name__Config): Provider {
  const client = new __Name__Client(egress, config);
  return {
    name: '__name__',
    methods: [__name__Qr(client)],
    refunds: null,
    devices: null,
    questions: [],
    verify: verify__Name__(client),
  };
}
