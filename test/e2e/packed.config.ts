/** All specs of the desktop on the packed program (`LOFI_PACKED`, `LOFI_PACKED_DIR`), and those for what only a packed one has. */
import { endToEnd } from './shared.config.ts';

export default endToEnd(['specs/studio/**/*.spec.ts', 'specs/desktop/**/*.spec.ts'], 'desktop');
