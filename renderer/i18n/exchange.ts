/** Words of import, export and backups. */
import type { Messages } from './messages.ts';

export const exchange = {
  'exchange.exportHint': [
    'Times are written exactly, from the frame table of each video. What was imported comes out digit for digit.',
    '时间依据每个视频的帧表精确写出；导入的数据会原样导出。',
  ],
  'exchange.content': ['What to export', '导出内容'],
  'exchange.content.labels': ['Segments that people marked or accepted', '人工标注或接受的片段'],
  'exchange.content.predictions': ['Predictions of a model', '模型的预测'],
  'exchange.format': ['Format', '格式'],
  'exchange.save': ['Save file', '保存文件'],
  'exchange.saveFolder': ['Save folder', '保存文件夹'],
  'exchange.exported': ['Saved to {path}', '已保存到 {path}'],
  'exchange.noModel': ['There is no model yet.', '还没有模型。'],
  'exchange.importHint': [
    'Videos are found by their names. You see what would change before anything does, and can undo it as one step.',
    '按名称匹配视频。导入前可预览所有更改，导入后可一步撤销。',
  ],
  'exchange.chooseFile': ['Choose a file', '选择文件'],
  'exchange.chooseFolder': ['Choose a folder', '选择文件夹'],
  'exchange.policy': ['What does not fit', '不合规的数据'],
  'exchange.policy.repair': ['Repair it where that is clear', '能明确修正的就修正'],
  'exchange.policy.skip': ['Leave it out', '略过'],
  'exchange.policy.stop': ['Stop at the first', '遇到第一处即停止'],
  'exchange.segments': ['Segments to add', '将添加的片段'],
  'exchange.matched': ['Videos found', '匹配的视频'],
  'exchange.missing': ['Videos not in the project', '项目中没有的视频'],
  'exchange.newLabels': ['New labels', '新标签'],
  'exchange.warnings': ['1 remark || {count} remarks', '{count} 条说明'],
  'exchange.import': ['Import 1 segment || Import {count} segments', '导入 {count} 个片段'],
  'exchange.imported': ['1 segment imported || {count} segments imported', '已导入 {count} 个片段'],

  'backups.hint': [
    'Copies of the project, made while you work. The videos themselves are never touched.',
    '工作期间自动制作的项目副本。视频文件本身不会改动。',
  ],
  'backups.none': [
    'No backups yet. The first is made within minutes of work.',
    '还没有备份。开始工作几分钟后会自动生成。',
  ],
  'backups.restore': ['Go back to this', '恢复到此'],
  'backups.title': ['Go back to {when}?', '恢复到 {when}？'],
  'backups.text': [
    'The project as it is now becomes a backup first, so you can come back.',
    '当前项目会先存为备份，您可以随时恢复回来。',
  ],
  'backups.restored': ['The project is as it was: {when}', '项目已恢复到 {when}'],
} as const satisfies Messages;
