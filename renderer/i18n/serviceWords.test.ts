import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { SERVICE_SENTENCES, toChinese } from './serviceWords.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const read = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');

/** Texts of a source file, holes as `X`; those of thrown errors are left out. */
function textsOf(name: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText(file) === 'StudioError') return;
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node)) {
      found.push(node.head.text + node.templateSpans.map((span) => `X${span.literal.text}`).join(''));
    }
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest, true);
  visit(file);
  return found;
}

/** Where errors come from that reach the screen. */
const FOLDERS = [
  'electron/service',
  'electron/worker',
  'core/annotation',
  'core/data',
  'core/eval',
  'core/formats',
  'core/infer',
  'core/model',
  'core/timeline',
  'core/train',
];

/** Functions of the readers of weights that put a reason, their last argument, into a sentence. */
const REFUSALS = new Set(['damaged', 'bad', 'fail']);

const sourcesIn = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .map((name) => path.join(folder, name));

/** A text of the sources, holes as `X`; of a choice, both. */
function textOf(node: ts.Node | undefined): string[] {
  if (node === undefined) return [];
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return [node.text];
  if (ts.isTemplateExpression(node)) {
    return [node.head.text + node.templateSpans.map((span) => `X${span.literal.text}`).join('')];
  }
  // A long sentence in parts.
  if (ts.isBinaryExpression(node)) return [[...textOf(node.left), ...textOf(node.right)].join('')];
  return ts.isConditionalExpression(node) ? [...textOf(node.whenTrue), ...textOf(node.whenFalse)] : [];
}

/** Messages of a file's errors, holes as `X`; not those of broken calls and broken programs, which only a maintainer can mend. */
function errorsOf(name: string): string[] {
  const file = ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && node.expression.getText(file) === 'StudioError') {
      const [code, message] = node.arguments ?? [];
      if (!/'(?:internal|wrong-usage)'/.test(code?.getText(file) ?? '')) found.push(...textOf(message));
    } else if (
      name.startsWith('core/model/weights') &&
      ts.isCallExpression(node) &&
      REFUSALS.has(node.expression.getText(file))
    ) {
      found.push(...textOf(node.arguments.at(-1)));
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  // What is only holes is put together from what other files say.
  return found.filter((text) => /[a-z]{3}/.test(text.replaceAll('X', '')));
}

describe('words of the service', () => {
  it('are sentences that the sources still hold', () => {
    const sources = ['electron/service', 'electron/worker', 'electron/web', 'core'].flatMap((folder) =>
      sourcesIn(folder).map(read),
    );
    const gone = SERVICE_SENTENCES.filter((sentence) => {
      // A piece of a few letters is everywhere; a step's sentence comes from two files.
      const pieces = sentence.split(/\{\w+\}|(?=, epoch)/).filter((piece) => piece.length > 8);
      return !pieces.every((piece) => sources.some((source) => source.includes(piece)));
    });
    expect(gone).toEqual([]);
  });

  it('has every reason, warning, choice and remedy of a training in Chinese', () => {
    const files = ['preflight', 'plan', 'remedy'].map((name) => `electron/service/jobs/${name}.ts`);
    files.push('core/train/planner.ts');
    const sentences = files.flatMap(textsOf).filter((text) => /^\S.* .*[.}X]$/.test(text) && text !== 'X: X');
    expect(sentences.length).toBeGreaterThan(15);
    const english = sentences.filter((text) => !/[一-鿿]/.test(toChinese(text)));
    expect(english).toEqual([]);
  });

  it('has every title and step of a job in Chinese', () => {
    const said: string[] = [];
    for (const name of ['electron/service', 'electron/worker', 'core/train'].flatMap(sourcesIn)) {
      const file = ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node): void => {
        if (ts.isPropertyAssignment(node) && /^(?:text|title|reason|remedy)$/.test(node.name.getText(file)))
          said.push(...textOf(node.initializer));
        else if (ts.isCallExpression(node) && node.expression.getText(file) === 'say')
          said.push(...textOf(node.arguments[1]));
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
    const sentences = said.filter((text) => /^[A-Z]/.test(text) && /[a-z]{4}/.test(text));
    expect(sentences.length).toBeGreaterThan(25);
    const english = sentences.filter((text) => !/[一-鿿]/.test(toChinese(text)));
    // Steps of the history have a list of their own, `historyWords.ts`.
    expect(english.filter((text) => !text.startsWith('Restore to '))).toEqual([]);
  });

  it('has every reason and remedy of an engine in Chinese', () => {
    const files = ['probe', 'choose', 'webgpu/device', 'tensorflow/install'];
    const sentences = files
      .flatMap((name) => textsOf(`electron/service/engines/${name}.ts`))
      .filter((text) => /^[A-Z].* .*[.]$/.test(text));
    expect(sentences.length).toBeGreaterThan(9);
    expect(sentences.filter((text) => !/[一-鿿]/.test(toChinese(text)))).toEqual([]);
  });

  it('has what an import says of rows and videos in Chinese', () => {
    const said: string[] = [];
    for (const name of [...sourcesIn('core/formats'), 'electron/service/handlers/exchange.ts']) {
      const file = ts.createSourceFile(name, read(name), ts.ScriptTarget.Latest, true);
      const visit = (node: ts.Node): void => {
        if (ts.isCallExpression(node) && /^log\.(?:note|problem)$/.test(node.expression.getText(file))) {
          said.push(...textOf(node.arguments[1]), ...textOf(node.arguments[3]));
        } else if (
          (ts.isPropertyAssignment(node) || ts.isVariableDeclaration(node)) &&
          node.name.getText(file) === 'message'
        ) {
          said.push(...textOf(node.initializer));
        }
        ts.forEachChild(node, visit);
      };
      visit(file);
    }
    const sentences = said.filter((text) => /[a-z]{3}/.test(text.replaceAll('X', '')));
    expect(sentences.length).toBeGreaterThan(30);
    expect(sentences.filter((text) => !/[一-鿿]/.test(toChinese(text)))).toEqual([]);
    expect(toChinese('the end (4 s) is before the start (5 s); swapped')).toBe(
      '结束（4 秒）早于开始（5 秒）；已交换',
    );
  });

  it('has what every badge of a video means in Chinese', () => {
    const files = ['media/index/badges', 'media/index/seekCost', 'handlers/videos'];
    const sentences = files
      .flatMap((name) => textsOf(`electron/service/${name}.ts`))
      .filter((text) => /^\s?\S.* .*[.X]$/.test(text));
    expect(sentences.length).toBeGreaterThan(13);
    expect(sentences.filter((text) => !/[一-鿿]/.test(toChinese(text)))).toEqual([]);
    expect(
      toChinese(
        'The clock starts anew 2 times inside the file (recordings joined by copying); the parts are counted on, one behind the other. Jumping is slow: a playable copy helps.',
      ),
    ).toContain('重新开始了 2 次（');
  });

  it('has every error that a person can do something about in Chinese', () => {
    const english = FOLDERS.flatMap((folder) =>
      sourcesIn(folder).flatMap((name) => errorsOf(name).filter((text) => !/[一-鿿]/.test(toChinese(text)))),
    );
    expect(english).toEqual([]);
  });

  it('keeps what filled the holes, and speaks Chinese inside them', () => {
    expect(toChinese('"jump" has only 1 segment; ten or more work better.')).toBe(
      '“jump”只有 1 个片段，十个以上效果更好。',
    );
    expect(toChinese('Predict 12 videos with Model 3 (frozen encoder)')).toBe(
      '用模型 3（冻结编码器）预测 12 个视频',
    );
    expect(toChinese('My own model')).toBe('My own model');
    expect(
      toChinese(
        'LoFi is kept: average mAP 34.2 % against 30.1 % of the frozen encoder on held-out videos (4.1 points more, 80 % interval 1.2 to 7.0, 30 segments).',
      ),
    ).toBe(
      '保留 LoFi：留出视频上的平均 mAP 为 34.2 %，冻结编码器为 30.1 %（高 4.1 个百分点，80% 区间 1.2 至 7.0，30 个片段）。',
    );
    expect(
      toChinese(
        'LoFi is kept: average mAP 14.3 % against 33.4 % of the frozen encoder on held-out videos (19.1 points less, too few for an interval, 2 segments). That is within chance, where LoFi is kept; the frozen encoder stays in the list of models. So few say little: set more labelled videos aside.',
      ),
    ).toBe(
      '保留 LoFi：留出视频上的平均 mAP 为 14.3 %，冻结编码器为 33.4 %（低 19.1 个百分点，片段太少，无法给出区间，2 个片段）。差异可能出于偶然，此时保留 LoFi；冻结编码器的模型仍在模型列表中。片段太少，说服力有限：请多留出一些已标注的视频。',
    );
    expect(
      toChinese(
        'r50.pth does not fit this encoder (missing: a, b, c and 4 more; of another shape: d [1] instead of [2], e [3] instead of [4]). Choose a checkpoint of this encoder.',
      ),
    ).toBe(
      'r50.pth 与此编码器不符（缺少：a, b, c 等（另有 4 个）；形状不同：d [1]（应为）[2], e [3]（应为）[4]）。请选择此编码器的检查点。',
    );
    expect(
      toChinese(
        'a.pt cannot be read: “data.pkl” is cut off. It is damaged or was not copied whole; fetch it again.',
      ),
    ).toBe('无法读取 a.pt：“data.pkl”不完整。文件已损坏或没有完整复制，请重新获取。');
    expect(
      toChinese('No video is in the validation subset: 1 training video of 5 were held out to measure on.'),
    ).toBe('验证集中没有视频：从 5 个训练视频中留出 1 个训练视频 用于评估。');
  });
});
