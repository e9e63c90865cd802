/** The studio's specs in Chromium, on the browser shell. */
import { endToEnd } from './shared.config.ts';

export default endToEnd(['specs/studio/**/*.spec.ts', 'specs/browser/**/*.spec.ts'], 'browser');
