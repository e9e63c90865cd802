/**
 * What is said of a video's file, in Chinese: the words behind its badges. The fourth part of the list in `serviceWords.ts`, same rules.
 */

/** English sentences with their Chinese. */
export const BADGE_SENTENCES: readonly (readonly [string, string])[] = [
  [
    'The file is not where it was ({path}). Its labels are safe; show where it is now.',
    '文件不在原来的位置（{path}）。其标注完好，请指出它现在的位置。',
  ],
  [
    'Damaged from {from} to {to} (frames {first} to {last}); those frames are not shown.',
    '{from} 至 {to}（第 {first} 至 {last} 帧）已损坏，这些帧不显示。',
  ],
  [
    'The file is damaged or incomplete: readable from 0.00 s to {to}, faulty from {from}.{missing}',
    '文件已损坏或不完整：0.00 s 至 {to} 可读，自 {from} 起有误。{missing}',
  ],
  [' {count} frames are missing.', '缺少 {count} 帧。'],
  [
    '{count} packet{s} in the file make no picture (cut before a key frame) and are not counted.',
    '文件中有 {count} 个数据包不产生画面（在关键帧之前被截断），不计入帧数。',
  ],
  [
    'Variable frame rate: every frame keeps its own timestamp; frame numbers are not time × rate.',
    '可变帧率：每一帧保留自己的时间戳，帧号不等于时间 × 帧率。',
  ],
  ['{count} frame{s} the same timestamp as the one before.', '有 {count} 帧与前一帧的时间戳相同。'],
  [
    '{count} gap{s} without frames, the longest of {length} at {at}.',
    '有 {count} 处没有画面，最长的为 {length}，位于 {at}。',
  ],
  [
    'The clock starts anew {times} inside the file (recordings joined by copying); the parts are counted on, one behind the other. Jumping is slow: a playable copy helps.',
    '文件内的时钟重新开始了{times}（由多段录像直接拼接而成），各段按先后连续计时。跳转较慢，可播放副本会有帮助。',
  ],
  ['once', '一次'],
  ['{count} times', ' {count} 次'],
  [
    'The file’s edit list hides {count} frame{s}; they are hidden here too, as in a player.',
    '文件的编辑列表隐藏了 {count} 帧，此处与播放器一样不显示。',
  ],
  [
    'Interlaced: a frame holds two moments, so moving edges look like combs.',
    '隔行扫描：一帧包含两个时刻，运动边缘呈梳状。',
  ],
  [
    'Not every key frame can be started from (open GOP or intra refresh), so the built-in player fails when it jumps. Every frame is shown all the same; a playable copy plays with sound.',
    '并非每个关键帧都能作为起点（开放 GOP 或帧内刷新），因此内置播放器跳转时会失败。每一帧仍可显示；可播放副本可带声音播放。',
  ],
  [
    'Stored turned; shown rotated by {degrees}°, as in a player.',
    '画面存储时带有旋转，按 {degrees}° 旋转后显示，与播放器一致。',
  ],
];
