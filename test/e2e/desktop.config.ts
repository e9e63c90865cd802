/** The same specs in the desktop program, and those for what only the desktop has. */
import { endToEnd } from './shared.config.ts';

export default endToEnd(['specs/studio/**/*.spec.ts', 'specs/desktop/**/*.spec.ts'], 'desktop');
