/** The service of __title__, for whoever hosts it. */
export { type __Name__Config, __name__Config } from './config.ts';
export { type __Name__Surroundings, start__Name__ } from './__name__.ts';
