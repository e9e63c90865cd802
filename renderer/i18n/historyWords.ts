/**
 * Steps of the history in the person's language. The service names them in English (`core/annotation/historyText.ts`); the
 * patterns of those names are turned round here, and a name that no pattern knows stays as it is.
 */
import { locale } from './i18n.svelte.ts';

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  [/^Add (\d+) segments?$/, '添加 $1 个片段'],
  [/^Add a segment$/, '添加片段'],
  [/^Add (\d+) labels$/, '添加 $1 个标签'],
  [/^Add label (.+)$/, '添加标签 $1'],
  [/^Add (.+)$/, '添加 $1'],
  [/^Delete (\d+) segments?$/, '删除 $1 个片段'],
  [/^Delete label (.+) and its (\d+) segments?$/, '删除标签 $1 及其 $2 个片段'],
  [/^Delete label (.+)$/, '删除标签 $1'],
  [/^Delete (.+)$/, '删除 $1'],
  [/^Change (\d+) segments?$/, '更改 $1 个片段'],
  [/^Change label (.+)$/, '更改标签 $1'],
  [/^Label (.+)$/, '标注 $1'],
  [/^Import (\d+) segments? from (.+)$/, '从 $2 导入 $1 个片段'],
  [/^Restore to (.+)$/, '恢复到 $1'],
  [/^Rename (.+) to (.+)$/, '将 $1 重命名为 $2'],
  [/^Order labels$/, '调整标签顺序'],
  [/^Change (.+) to (.+)$/, '将 $1 改为 $2'],
  [/^Move start of (.+) by (\S+) frames?, end by (\S+) frames?$/, '$1 的开头移动 $2 帧，结尾移动 $3 帧'],
  [/^Move start of (.+) by (\S+) frames?$/, '$1 的开头移动 $2 帧'],
  [/^Move end of (.+) by (\S+) frames?$/, '$1 的结尾移动 $2 帧'],
  [/^Move (.+) by (\S+) frames?$/, '$1 移动 $2 帧'],
  [/^Edit note of (.+)$/, '编辑 $1 的备注'],
  [/^Edit attributes of (.+)$/, '编辑 $1 的属性'],
  [/^Split (.+)$/, '分割 $1'],
  [/^Merge (\d+) segments$/, '合并 $1 个片段'],
  [/^Clear covered ranges of (.+)$/, '清除 $1 的完整标注区间'],
  [/^Set covered ranges of (.+)$/, '设置 $1 的完整标注区间'],
  [/^Use (.+) for training$/, '将 $1 用于训练'],
  [/^Use (.+) for validation$/, '将 $1 用于验证'],
  [/^Use (.+) for testing$/, '将 $1 用于测试'],
  [/^Accept (?:(\d+) )?predictions?$/, '接受预测 $1'],
  [/^Reject (?:(\d+) )?predictions?$/, '拒绝预测 $1'],
  [/^Adjust (?:(\d+) )?predictions?$/, '调整预测 $1'],
  [/^Reopen (?:(\d+) )?predictions?$/, '重新打开预测 $1'],
  [/^Review (?:(\d+) )?predictions?$/, '审阅预测 $1'],
];

/** A step's name in the present language. */
export function historyText(text: string): string {
  if (locale() === 'en') {
    return text;
  }
  const pattern = PATTERNS.find(([english]) => english.test(text));
  return pattern === undefined ? text : text.replace(pattern[0], pattern[1]).trim();
}
