/** Words of the Evaluate screen. */
import type { Messages } from './messages.ts';

export const evaluate = {
  'evaluate.empty.title': ['Nothing to evaluate yet', '还没有可评估的内容'],
  'evaluate.empty.text': [
    'Train a model first. It is then measured on labelled videos that it has not learned from.',
    '请先训练模型。之后会在其未学习过的已标注视频上进行评估。',
  ],
  'evaluate.models': ['Models', '模型'],
  'evaluate.subset': ['Measured on', '评估集'],
  'evaluate.subset.training': ['Training videos', '训练视频'],
  'evaluate.subset.validation': ['Validation videos', '验证视频'],
  'evaluate.subset.testing': ['Testing videos', '测试视频'],
  'evaluate.measuring': ['Measuring', '正在评估'],
  'evaluate.noVideos': [
    'There are no labelled videos with predictions in this subset. Put videos into it in the Library and predict on them.',
    '此集合中没有既有标注又有预测的视频。请在素材库中将视频放入该集合并进行预测。',
  ],
  'evaluate.summary': ['{segments} segments in {videos} videos', '{videos} 个视频中的 {segments} 个片段'],
  'evaluate.map': ['mAP over tIoU', '各 tIoU 下的 mAP'],
  'evaluate.mapHint': [
    'Share of actions found, at how much overlap with the truth. The band is a 95 % interval over videos for the average.',
    '在不同重叠度要求下找到动作的程度。区间为按视频重采样的 95% 置信区间。',
  ],
  'evaluate.interval': ['95 %: {low} to {high}', '95%：{low} 至 {high}'],
  'evaluate.labels': ['Average precision by label', '各标签平均精度'],
  'evaluate.pr': ['Precision and recall at tIoU .50', 'tIoU .50 下的精确率与召回率'],
  'evaluate.recall': ['recall', '召回率'],
  'evaluate.precision': ['precision', '精确率'],
  'evaluate.offsets': ['Boundary offsets', '边界偏移'],
  'evaluate.offsetsHint': [
    'How far predicted edges lie from true ones, in seconds.',
    '预测边界与真实边界之差（秒）。',
  ],
  'evaluate.offset': ['seconds late', '滞后秒数'],
  'evaluate.start': ['start', '开始'],
  'evaluate.end': ['end', '结束'],
  'evaluate.profile': ['What goes wrong (DETAD)', '错误分析（DETAD）'],
  'evaluate.profileHint': [
    'Predictions in order of confidence, in ten steps of as many predictions as there are segments.',
    '预测按置信度排序，每一档的数量等于片段总数，共十档。',
  ],
  'evaluate.kind.truePositive': ['right', '正确'],
  'evaluate.kind.doubleDetection': ['found twice', '重复检测'],
  'evaluate.kind.wrongLabel': ['wrong label', '标签错误'],
  'evaluate.kind.localization': ['edges off', '边界不准'],
  'evaluate.kind.confusion': ['label and edges off', '标签与边界均错'],
  'evaluate.kind.background': ['nothing there', '误检背景'],
  'evaluate.kind.missed': ['missed', '漏检'],
  'evaluate.clips': ['Clips', '片段'],
  'evaluate.clipsHint': [
    'Click a bar or a point to see the clips behind it.',
    '点击柱形或点，查看对应片段。',
  ],
  'evaluate.clipsOf': ['{count} clips: {what}', '{what}：{count} 个片段'],
  'evaluate.noClips': ['No clips of this kind', '没有此类片段'],
  'evaluate.all': ['All errors', '全部错误'],
} as const satisfies Messages;
