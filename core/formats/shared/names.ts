/** How names of videos in annotation files are matched with videos of a project. */

const MEDIA_EXTENSION =
  /\.(?:mp4|m4v|mov|mkv|webm|avi|mpg|mpeg|mts|m2ts|ts|wmv|flv|ogv|3gp|mxf|vob|asf|gif|mp3|wav|m4a|flac|ogg)$/i;

/** The name without folders (either slash). */
export function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

/** The name without folder and media extension; other dots stay. */
export function videoStem(path: string): string {
  return baseName(path.trim()).replace(MEDIA_EXTENSION, '');
}

/** What two names of one video have in common: no folder, no media extension, no leading `v_`, composed unicode. */
export function matchKey(path: string): string {
  return videoStem(path).replace(/^v_/, '').normalize('NFC');
}
