/** The studio's specs in the desktop program's development build, and those for what only the desktop has. */
import { endToEnd } from './shared.config.ts';

export default endToEnd(['specs/studio/**/*.spec.ts', 'specs/desktop/**/*.spec.ts'], 'desktop');
