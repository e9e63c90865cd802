/** All specs of the desktop program on the packed program, and those of the package and its installers themselves. */
import { endToEnd } from './shared.config.ts';

export default endToEnd(
  ['specs/packed/**/*.spec.ts', 'specs/studio/**/*.spec.ts', 'specs/desktop/**/*.spec.ts'],
  'desktop',
);
