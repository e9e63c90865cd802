/**
 * Updates: off unless somebody set a feed, and even then only when the person asks. No request is made before that.
 */
import { app, dialog } from 'electron';
import type { Log } from './log.ts';
import type { Words } from './words.ts';

/** Looks for a newer version, asks before fetching it, and installs it when the program quits. */
export async function lookForUpdates(feed: string, words: Words, log: Log): Promise<void> {
  const { autoUpdater } = await import('electron-updater');
  autoUpdater.autoDownload = false;
  autoUpdater.autoInstallOnAppQuit = true;
  autoUpdater.logger = null;
  autoUpdater.setFeedURL({ provider: 'generic', url: feed });
  try {
    const found = await autoUpdater.checkForUpdates();
    if (found === null) {
      // Started from a checkout or from an unpacked folder: there is nothing that an installer could replace.
      await dialog.showMessageBox({ message: words('updateByHand'), detail: feed });
      return;
    }
    if (!found.isUpdateAvailable) {
      await dialog.showMessageBox({ message: words('upToDate'), detail: app.getVersion() });
      return;
    }
    const { response } = await dialog.showMessageBox({
      message: words('updateReady', { version: found.updateInfo.version }),
      buttons: [words('download'), words('stay')],
      cancelId: 1,
    });
    if (response === 0) await autoUpdater.downloadUpdate();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    log.write('main', `update failed: ${reason}`);
    await dialog.showMessageBox({ type: 'warning', message: words('updateFailed', { reason }) });
  }
}
