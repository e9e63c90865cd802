/**
 * What an import or export says of single rows, in Chinese: what is wrong, then what was done about it. The fifth part of the list in
 * `serviceWords.ts`, same rules.
 */

/** What is wrong with a row or a video. */
const FINDINGS: readonly (readonly [string, string])[] = [
  ['the row names no video', '该行没有视频名称'],
  ['“video start end” was expected, got “{line}”', '应为“视频 开始 结束”，实际为“{line}”'],
  [
    'the video {name} stands here twice; the segments of both are kept',
    '视频 {name} 出现两次，两处的片段都会保留',
  ],
  ['a label is not an object', '有标签不是对象'],
  [
    'neither "support": [first, last] nor "timestamps": [start, stop]',
    '既没有 "support": [首帧, 末帧] 也没有 "timestamps": [开始, 结束]',
  ],
  ['the video is not an object', '该视频不是对象'],
  ['the segments are not a list', '片段不是列表'],
  ['a segment has no "segment": [start, end]', '有片段缺少 "segment": [开始, 结束]'],
  ['a time is not a number', '有时间不是数值'],
  ['the score is not a number', '分数不是数值'],
  ['the segment has no label', '片段没有标签'],
  ['the end ({end} s) is before the start ({start} s)', '结束（{end} 秒）早于开始（{start} 秒）'],
  ['the segment starts before the video ({start} s)', '片段开始于视频之前（{start} 秒）'],
  [
    "the segment ends at {end} s, after the video's end ({last} s)",
    '片段结束于 {end} 秒，晚于视频结尾（{last} 秒）',
  ],
  ['the same segment stands here twice', '同一片段出现两次'],
  ['the segment lies outside {video}, which is {length} s long', '片段超出 {video} 的范围（长 {length} 秒）'],
  [
    '{count} videos of the project have this name; the labels go to {path}',
    '项目中有 {count} 个视频使用此名称，标注归入 {path}',
  ],
];

/** What was done about it. */
const DONE: readonly (readonly [string, string])[] = [
  ['left out', '已略过'],
  ['swapped', '已交换'],
  ['cut at 0', '已从 0 截断'],
  ['cut at the end', '已在结尾处截断'],
  ['cut to fit', '已截断'],
  ['kept once', '保留一个'],
];

/** English sentences with their Chinese. */
export const IMPORT_SENTENCES: readonly (readonly [string, string])[] = [
  ['the project has this segment; kept once', '项目中已有此片段，保留一个'],
  ...FINDINGS,
  ...DONE,
  // Of an export
  ['spaces in the name became underscores', '名称中的空格改为下划线'],
  [
    'THUMOS14 has the subsets val and test; {given}, written as val',
    'THUMOS14 只有 val 和 test 两个集合；{given}，写为 val',
  ],
  ['none was given', '未给出集合'],
  ['a video without segments has no place in THUMOS14', 'THUMOS14 无法记录没有片段的视频'],
  ['the label “{label}” became “{name}”, as it names a file', '标签“{label}”用作文件名，改为“{name}”'],
  [
    'written as seconds; give --fps and --duration for frames',
    '以秒写出；要以帧写出请给出 --fps 和 --duration',
  ],
  [
    'the label became “{label}”: spaces and semicolons separate actions here',
    '标签改为“{label}”：空格和分号在此用于分隔动作',
  ],
  ['{what} is unknown; give --duration and --fps', '{what} 未知，请给出 --duration 和 --fps'],
  [
    'verbs and nouns were numbered by first appearance, not as in EPIC_100_verb_classes.csv',
    '动词和名词按首次出现编号，与 EPIC_100_verb_classes.csv 不同',
  ],
  ['a video without segments has no place in this format', '此格式无法记录没有片段的视频'],
  ['frames were left empty; give --fps', '帧号留空，请给出 --fps'],
  // Where, and titles of formats
  ['line {number}', '第 {number} 行'],
  ['CSV table (video, label, start, end)', 'CSV 表格（视频、标签、开始、结束）'],
  ['THUMOS14 (folder of texts)', 'THUMOS14（文本文件夹）'],
  ['FiftyOne temporal detections (labels.json)', 'FiftyOne 时序检测（labels.json）'],
  // What is wrong, and what was done about it
  ['{finding}; {done}', '{finding}；{done}'],
];
