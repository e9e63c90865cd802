/** Words of the Models screen. */
import type { Messages } from './messages.ts';

export const models = {
  'models.empty.title': ['No models yet', '还没有模型'],
  'models.empty.text': [
    'Every training leaves two: the frozen baseline and the one that LoFi tuned. The better one on the validation videos is used.',
    '每次训练产生两个模型：冻结基线和经 LoFi 调优的模型。在验证视频上更好的那个会被使用。',
  ],
  'models.toTrain': ['Go to Train', '前往训练'],
  'models.name': ['Model', '模型'],
  'models.variant': ['Kind', '类型'],
  'models.created': ['Made', '创建时间'],
  'models.learned': ['Learned from', '学习自'],
  'models.learnedFrom': ['{segments} segments, {videos} videos', '{segments} 个片段，{videos} 个视频'],
  'models.size': ['Size', '大小'],
  'models.use': ['Use', '使用'],
  'models.inUse': ['In use', '使用中'],
  'models.export': ['Export', '导出'],
  'models.exported': ['Saved to {path}', '已保存到 {path}'],
  'models.exportTo': ['Folder to save the model in', '保存模型的文件夹'],
  'models.rename': ['Rename', '重命名'],
  'models.delete': ['Delete', '删除'],
  'models.deleteTitle': ['Delete {name}?', '删除 {name}？'],
  'models.deleteText': [
    'Its prediction goes with it. Segments that you accepted stay. This cannot be undone. || Its {count} predictions go with it. Segments that you accepted stay. This cannot be undone.',
    '它的 {count} 个预测将一并删除。您已接受的片段会保留。此操作无法撤销。',
  ],
  'models.deleteCurrent': [
    'It is in use. {name} will be used instead.',
    '该模型正在使用，之后将改用{name}。',
  ],
  'models.deleteLast': [
    'It is the only model: there will be none to predict with.',
    '这是唯一的模型，删除后将无法预测。',
  ],
  'models.deleteChildren': [
    'Models trained from it keep working: {names}.',
    '由它继续训练得到的模型不受影响：{names}。',
  ],
  'models.compare': ['Compare two models', '比较两个模型'],
  'models.compareHint': ['Tick two models to see them side by side.', '勾选两个模型进行并排比较。'],
  'models.difference': ['Difference', '差值'],
  'models.setting': ['Setting', '设置'],
  'models.settingsDiffer': ['Settings that differ', '不同的设置'],
  'models.same': ['Both were trained with the same settings.', '两者的训练设置相同。'],
  'models.stage': ['Stage', '阶段'],
  'models.seconds': ['Seconds', '秒'],
  'models.peak': ['Peak memory', '峰值内存'],
  'models.predict': ['Predict', '预测'],
  'models.labels': ['Labels', '标签'],
} as const satisfies Messages;
