import { providerPackage } from '@tolem/provider-kit';
import { __name__Config } from './config.ts';
import { start__Name__ } from './__name__.ts';

/** The service of __title__, for whoever hosts it. */
export const service = providerPackage('__name__', __name__Config, start__Name__);
