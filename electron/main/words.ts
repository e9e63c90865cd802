/**
 * The words of native menus and questions, in the studio's languages. The page has its own, larger list: this one exists because menus are drawn
 * before a page is there.
 */

/** English is the list of what there is. */
const ENGLISH = {
  file: 'File',
  newProject: 'New Project…',
  openProject: 'Open Project…',
  openRecent: 'Open Recent',
  openSample: 'Open the Sample Project',
  addVideos: 'Add Videos…',
  closeProject: 'Close Project',
  quit: 'Quit LoFi Studio',
  edit: 'Edit',
  cut: 'Cut',
  copy: 'Copy',
  paste: 'Paste',
  selectAll: 'Select All',
  go: 'Go',
  playback: 'Playback',
  annotate: 'Annotate',
  review: 'Review',
  view: 'View',
  fullScreen: 'Full Screen',
  zoomIn: 'Larger',
  zoomOut: 'Smaller',
  zoomReset: 'Normal Size',
  help: 'Help',
  paper: 'The LoFi Paper',
  diagnostics: 'Copy Diagnostics',
  diagnosticsCopied: 'Diagnostics are on the clipboard. They hold no path and no label.',
  showLog: 'Show the Log',
  updates: 'Look for Updates…',
  upToDate: 'This is the newest version.',
  updateReady: 'Version {version} is there. Download it now? It is installed when LoFi Studio quits.',
  updateFailed: 'The update could not be fetched: {reason}',
  updateByHand: 'This copy of LoFi Studio cannot replace itself. Fetch a newer one from where it came from.',
  download: 'Download',
  show: 'Open LoFi Studio',
  jobRuns: 'A job is running',
  jobsRun: '{count} job(s) are still running. What should happen to them?',
  keepRunning: 'Keep Running in the Background',
  pauseAndQuit: 'Pause and Quit',
  cancelAndQuit: 'Cancel Them and Quit',
  stay: 'Stay',
  background: 'LoFi Studio works on in the background.',
  jobsEnded: 'All jobs have ended.',
  hangs: 'The window does not answer.',
  wait: 'Wait',
  reload: 'Reload the Window',
  crashes: 'The window keeps failing. The log says more; everything that was saved is safe.',
  chooseFolder: 'Choose a folder for the project',
  videoFiles: 'Videos',
  annotationFiles: 'Annotations',
  allFiles: 'All Files',
};

export type WordKey = keyof typeof ENGLISH;

const CHINESE: Readonly<Record<WordKey, string>> = {
  file: '文件',
  newProject: '新建项目…',
  openProject: '打开项目…',
  openRecent: '最近的项目',
  openSample: '打开示例项目',
  addVideos: '添加视频…',
  closeProject: '关闭项目',
  quit: '退出 LoFi Studio',
  edit: '编辑',
  cut: '剪切',
  copy: '复制',
  paste: '粘贴',
  selectAll: '全选',
  go: '转到',
  playback: '播放',
  annotate: '标注',
  review: '审阅',
  view: '视图',
  fullScreen: '全屏',
  zoomIn: '放大',
  zoomOut: '缩小',
  zoomReset: '原始大小',
  help: '帮助',
  paper: 'LoFi 论文',
  diagnostics: '复制诊断信息',
  diagnosticsCopied: '诊断信息已复制到剪贴板，其中不含任何路径或标签。',
  showLog: '显示日志',
  updates: '检查更新…',
  upToDate: '已是最新版本。',
  updateReady: '发现新版本 {version}。现在下载吗？退出 LoFi Studio 时安装。',
  updateFailed: '无法获取更新：{reason}',
  updateByHand: '此 LoFi Studio 副本无法自行更新，请从原来的来源获取新版本。',
  download: '下载',
  show: '打开 LoFi Studio',
  jobRuns: '任务正在运行',
  jobsRun: '仍有 {count} 个任务在运行。如何处理？',
  keepRunning: '在后台继续运行',
  pauseAndQuit: '暂停并退出',
  cancelAndQuit: '取消任务并退出',
  stay: '留在这里',
  background: 'LoFi Studio 正在后台继续工作。',
  jobsEnded: '所有任务均已结束。',
  hangs: '窗口没有响应。',
  wait: '等待',
  reload: '重新载入窗口',
  crashes: '窗口反复出错。详情见日志；已保存的内容都是安全的。',
  chooseFolder: '选择项目文件夹',
  videoFiles: '视频',
  annotationFiles: '标注',
  allFiles: '所有文件',
};

export type Words = (key: WordKey, values?: Readonly<Record<string, string | number>>) => string;

/** Words of a language. @param language of the settings @param systemLocale for `system` */
export function wordsOf(language: 'system' | 'en' | 'zh-CN', systemLocale: string): Words {
  const chinese =
    language === 'zh-CN' || (language === 'system' && systemLocale.toLowerCase().startsWith('zh'));
  const list = chinese ? CHINESE : ENGLISH;
  return (key, values = {}) =>
    list[key].replace(/\{(\w+)\}/g, (_whole, name: string) => String(values[name] ?? ''));
}
