/**
 * What the service says in English sentences, in Chinese: reasons, warnings, titles of jobs, steps of a training, errors.
 *
 * The service and the command line share these sentences, so the English one is the key, as in gettext; `{holes}` stand for what the service
 * filled in. A test holds every sentence against the sources, and every reason of the pre-flight against this list. What is not listed is
 * shown in English.
 */

import { BADGE_SENTENCES } from './badgeWords.ts';
import { ERROR_SENTENCES } from './serviceErrors.ts';
import { IMPORT_SENTENCES } from './importWords.ts';
import { WEIGHT_SENTENCES } from './weightErrors.ts';

/** English sentences with their Chinese. Longer ones first where one begins like another. */
const SENTENCES: readonly (readonly [string, string])[] = [
  // Pre-flight
  ['The project cannot be changed. {reason}', '项目无法更改。{reason}'],
  ['There are no videos. Add some.', '还没有视频，请先添加。'],
  ['There are no labels. Create one for each kind of action.', '还没有标签。请为每一种动作建立一个标签。'],
  [
    'No training video has a segment. Mark when actions start and end in at least one video of the training subset.',
    '训练集中的视频还没有片段。请至少在一个训练视频中标出动作的开始和结束。',
  ],
  [
    '{name} is not where it was ({path}). Find it again or remove it.',
    '{name} 不在原来的位置（{path}）。请重新定位或将其移除。',
  ],
  ['No compute engine runs here. {reasons}', '没有可用的计算引擎。{reasons}'],
  [
    'No video is set aside for validation: a part of the training videos is held out to choose the better model. Put some labelled videos into the validation subset to measure on whole ones.',
    '没有留作验证的视频：将留出训练视频的一部分来选择更好的模型。将几个已标注的视频放入验证集，即可在完整视频上评估。',
  ],
  [
    '"{label}" has only {count} segment{s}; ten or more work better.',
    '“{label}”只有 {count} 个片段，十个以上效果更好。',
  ],
  [
    '"{label}" has no segments in training videos and will not be learned.',
    '“{label}”在训练视频中没有片段，不会被学习。',
  ],
  [
    'The training may need more memory than this machine has. Choose speed, or a memory limit.',
    '训练所需内存可能超过本机内存。请选择“更快”，或设置内存上限。',
  ],
  [
    'The disk has {free} MB free; the training needs about {needed} MB.',
    '磁盘剩余 {free} MB，训练约需 {needed} MB。',
  ],
  // Plan
  ['The encoder of the model that you chose goes on learning.', '在所选模型的编码器上继续学习。'],
  ['{aim}; pictures of {side}×{side2} pixels.', '{aim}；画面为 {side}×{side2} 像素。'],
  ['For speed: half the steps', '更快：步数减半'],
  ['Balanced', '均衡'],
  ['For accuracy: one and a half times the steps', '更准：步数为 1.5 倍'],
  ['You set {setting} to {value}.', '您将 {setting} 设为 {value}。'],
  [
    '{count} snippets a video, at most {sec} apart: at least {number} fall on each of your short actions ({length}, 10th percentile).',
    '每个视频 {count} 个小段，间隔至多 {sec}：您的每个短动作（{length}，第 10 百分位）至少落入 {number} 个。',
  ],
  [
    'Snippets lie {sec} apart: some actions last {longest}, so that a quarter of your short ones ({short}) would be too fine for one window.',
    '小段间隔 {sec}：有的动作长达 {longest}，若按短动作（{short}）的四分之一取间隔，一个窗口容纳不下。',
  ],
  [
    'Snippets lie {sec} apart, a quarter of your short actions ({short}, 10th percentile).',
    '小段间隔 {sec}，为您的短动作（{short}，第 10 百分位）的四分之一。',
  ],
  [
    'Videos longer than {sec} go through in overlapping windows of {count} snippets, and what is found in them is joined.',
    '超过 {sec} 的视频用 {count} 个小段的重叠窗口逐段处理，再合并结果。',
  ],
  ['Every video goes through whole: {count} snippets at most.', '每个视频整段处理：至多 {count} 个小段。'],
  [
    'How fast this machine trains is not measured yet; until then the time limit cannot be kept.',
    '尚未测得本机的训练速度，在此之前无法保证时间上限。',
  ],
  ['Chosen: {point}; about {needs}.', '方案：{point}；约需 {needs}。'],
  [
    'Chosen for {limits}: {point}; about {needs}. {whole} would take {more}.',
    '按 {limits} 的限制选定：{point}；约需 {needs}。{whole} 则需 {more}。',
  ],
  [
    'Nothing fits: even {point} takes about {needs}. That is what will be tried.',
    '没有符合限制的方案：即使 {point} 也约需 {needs}。将按此尝试。',
  ],
  [
    'Gradients are computed {count} snippets at a time: the same result in less memory.',
    '每次计算 {count} 个小段的梯度：结果相同，占用内存更少。',
  ],
  ['{point}, {percent} % of the epochs', '{point}，轮数减为 {percent}%'],
  [
    '{count} snippets × {frames} frames at {side}×{side2}, batch {batch}',
    '{count} 个小段 × {frames} 帧，{side}×{side2} 像素，批大小 {batch}',
  ],
  ['{memory} GB and {time} min', '{memory} GB 内存、{time} 分钟'],
  ['{memory} GB and {time} s', '{memory} GB 内存、{time} 秒'],
  ['{memory} MB and {time} min', '{memory} MB 内存、{time} 分钟'],
  ['{memory} MB and {time} s', '{memory} MB 内存、{time} 秒'],
  // What a training says
  [
    'There are too few segments to hold some out: nothing can tell which model is better.',
    '片段太少，无法留出一部分：没有依据判断哪个模型更好。',
  ],
  [
    'No video is in the validation subset: {held} of {count} were held out to measure on.',
    '验证集中没有视频：从 {count} 个训练视频中留出 {held} 用于评估。',
  ],
  [
    'No video is in the validation subset, and there are few: the last part of {videos} ({segments}) was held out to measure on.',
    '验证集中没有视频，且视频较少：留出了 {videos} 的最后一部分（{segments}）用于评估。',
  ],
  [
    'Some stretches have several labels: G-TAD’s proposals may get several, too.',
    '有些时段带有多个标签：G-TAD 的候选片段也可以得到多个标签。',
  ],
  ['{count} training videos', '{count} 个训练视频'],
  ['{count} training video', '{count} 个训练视频'],
  ['1 video', '1 个视频'],
  ['{count} segments', '{count} 个片段'],
  ['{count} segment', '{count} 个片段'],
  [
    'Stage 2 stops after epoch {at}, nothing gained any more: the encoder of epoch {best} is kept ({map}).',
    '第 2 阶段在第 {at} 轮后停止，已不再提高：保留第 {best} 轮的编码器（{map}）。',
  ],
  [
    'Stage 2, epoch {at}: average mAP {map} on held-out videos.',
    '第 2 阶段第 {at} 轮：留出视频上的平均 mAP 为 {map}。',
  ],
  [
    'Encoder rate {rate}: average mAP {map} on held-out videos.',
    '编码器学习率 {rate}：留出视频上的平均 mAP 为 {map}。',
  ],
  [
    '{winner} is kept: average mAP {own} against {other} of {loser} on held-out videos ({difference}, {interval}, {count} segments).{caution}',
    '保留 {winner}：留出视频上的平均 mAP 为 {own}，{loser}为 {other}（{difference}，{interval}，{count} 个片段）。{caution}',
  ],
  ['{points} points more', '高 {points} 个百分点'],
  ['{points} points less', '低 {points} 个百分点'],
  ['{share} % interval {low} to {high}', '{share}% 区间 {low} 至 {high}'],
  ['too few for an interval', '片段太少，无法给出区间'],
  [
    ' That is within chance, where LoFi is kept; the frozen encoder stays in the list of models.{caution}',
    '差异可能出于偶然，此时保留 LoFi；冻结编码器的模型仍在模型列表中。{caution}',
  ],
  [' So few say little: set more labelled videos aside.', '片段太少，说服力有限：请多留出一些已标注的视频。'],
  ['The frozen encoder', '冻结编码器'],
  ['the frozen encoder', '冻结编码器'],
  [
    'No labelled video was held out, so nothing says which is better. LoFi is kept.',
    '没有留出已标注的视频，无法比较优劣。保留 LoFi。',
  ],
  ['Only {which} was trained.', '只训练了{which}。'],
  // Remedies
  [
    'Compute gradients {count} snippets at a time: the same result, less memory, a little slower.',
    '每次只计算 {count} 个小段的梯度：结果相同，占用内存更少，速度略慢。',
  ],
  ['Train with batches of {batch} instead of {former}.', '批大小由 {former} 改为 {batch}。'],
  [
    'Train on pictures of {side}×{side2} instead of {former}×{former2} pixels.',
    '画面由 {former}×{former2} 缩至 {side}×{side2} 像素。',
  ],
  ['Train on {count} snippets per video instead of {former}.', '每个视频的小段数由 {former} 减为 {count}。'],
  // Titles of jobs
  ['Train {name}', '训练 {name}'],
  ['Predict {what} with {model}', '用{model}预测 {what}'],
  ['Fetch the weights {name}', '下载权重 {name}'],
  ['Install the engine {name}', '安装引擎 {name}'],
  ['Make a playable copy of {name}', '为 {name} 制作可播放副本'],
  ['Copy of {name} for quick jumps', '{name} 的快速跳转副本'],
  ['Making a playable copy of {name}', '正在为 {name} 制作可播放副本'],
  [
    'Up to {frames} frames ({seconds} s) build on one another, so a jump may take about {wait}. With a playable copy a picture is there at once and the exact frame follows. The copy is made by itself when jumps turn out slow, or on request from the Library.',
    '最多有 {frames} 帧（{seconds} 秒）相互依赖，因此一次跳转可能需要约 {wait}。有可播放副本时，画面立即显示，精确帧随后显示。跳转较慢时会自动制作副本，也可在视频库中请求制作。',
  ],
  [
    'The copy of {name} became larger than copies may be ({size} GB) and was given up. Allow more in the settings.',
    '{name} 的副本超出了允许的大小（{size} GB），已放弃制作。可在设置中放宽限制。',
  ],
  ['{count} videos', '{count} 个视频'],
  // Steps of an installation and of a download
  ['Downloading {what} {version} ({done} of {total} MB)', '正在下载 {what} {version}（{done} / {total} MB）'],
  ['Unpacking TensorFlow', '正在解压 TensorFlow'],
  ['Downloading the CUDA libraries', '正在下载 CUDA 库'],
  ['Compiling the binding', '正在编译绑定'],
  ['Checking the installation', '正在检查安装'],
  ['Native TensorFlow is installed', '原生 TensorFlow 已安装'],
  ['Self-test of the engine', '正在自检引擎'],
  ['It fails its self-test ({why}).', '未通过自检（{why}）。'],
  ['its process ended with {signal}', '其进程因 {signal} 终止'],
  ['{done} of {total} MiB', '{done} / {total} MiB'],
  // Names that the service gives
  ['{name} (frozen encoder)', '{name}（冻结编码器）'],
  ['TensorFlow (native)', 'TensorFlow（原生）'],
  ['WebGPU (graphics card)', 'WebGPU（显卡）'],
  ['TF.js (reference)', 'TF.js（参考实现）'],
  ['Model {number}', '模型 {number}'],
  // Steps
  ['Decoding', '正在解码'],
  ['Features, {name}', '提取特征：{name}'],
  ['frozen encoder', '冻结编码器'],
  ['tuned encoder', '调优后的编码器'],
  ['videos', '视频'],
  ['Classifying segments', '对片段分类'],
  ['Stage 2 of 3, LoFi, epoch {at}/{count}', '第 2 阶段（共 3 个），LoFi，第 {at}/{count} 轮'],
  ['Stage 2 of 3, warming the head', '第 2 阶段（共 3 个），预热检测头'],
  ['Baseline, head on frozen features', '基线，在冻结特征上训练检测头'],
  ['Stage 3 of 3, head on tuned features', '第 3 阶段（共 3 个），在调优特征上训练检测头'],
  [
    '{stage}, rate {rate}/{rates}, all classes as one, epoch {at}/{count}',
    '{stage}，第 {rate}/{rates} 个学习率，所有类别合为一类，第 {at}/{count} 轮',
  ],
  [
    '{stage}, rate {rate}/{rates}, epoch {at}/{count}',
    '{stage}，第 {rate}/{rates} 个学习率，第 {at}/{count} 轮',
  ],
  ['{stage}, epoch {at}/{count}', '{stage}，第 {at}/{count} 轮'],
  ['Localising', '正在定位动作'],
  [
    'torchvision (BSD-3-Clause; ImageNet’s and Kinetics’ own terms apply to the data)',
    'torchvision（BSD-3-Clause；数据另受 ImageNet 和 Kinetics 各自条款约束）',
  ],
  // Engines
  ['{cpu}, {count} threads', '{cpu}，{count} 线程'],
  ['CPU, one thread (WebAssembly)', 'CPU，单线程（WebAssembly）'],
  [
    'Native TensorFlow is not installed. Install it with "engine install tensorflow" or in Settings › Engines.',
    '尚未安装原生 TensorFlow。点击“安装”，或运行 "engine install tensorflow"。',
  ],
  [
    'Native TensorFlow can be installed on Linux x64; this is {platform}.',
    '原生 TensorFlow 只能安装在 Linux x64 上，本机为 {platform}。',
  ],
  ['The npm package @tensorflow/tfjs-node-gpu is not there.', '缺少 npm 包 @tensorflow/tfjs-node-gpu。'],
  [
    'Run "npm install" with optional dependencies in the source; this package was made without it.',
    '请在源码中运行 "npm install" 并包含可选依赖；此安装包不含该组件。',
  ],
  ['Native TensorFlow is not installed.', '尚未安装原生 TensorFlow。'],
  ['Install it again; use the default engine until then.', '请重新安装；在此之前请使用默认引擎。'],
  [
    'Update the driver or the engine, then test it again; use the default engine until then.',
    '请更新驱动或引擎后再次测试；在此之前请使用默认引擎。',
  ],
  [
    'Installing it fetches {fetched} MB with Python’s pip and takes {taken} GB of disk.',
    '安装时会用 Python 的 pip 下载 {fetched} MB，占用 {taken} GB 磁盘空间。',
  ],
  ['No graphics adapter with WebGPU was found.', '没有找到支持 WebGPU 的显卡。'],
  ['No Vulkan driver is installed here.', '本机没有安装 Vulkan 驱动。'],
  ['WebGPU (Dawn) does not load on {platform}.', 'WebGPU（Dawn）无法在 {platform} 上加载。'],
  [
    'The only WebGPU adapter here is a software one ({title}), slower than the default engine.',
    '本机只有软件 WebGPU 适配器（{title}），比默认引擎慢。',
  ],
  [
    'Install the graphics driver of your card (on Linux its Vulkan driver). The default engine needs none.',
    '请安装显卡驱动（Linux 上为 Vulkan 驱动）。默认引擎不需要显卡。',
  ],
  [
    'Only a software adapter was found ({title}), slower than the default engine.',
    '只找到软件渲染设备（{title}），比默认引擎慢。',
  ],
  // Errors
  [
    '{url} could not be reached ({reason}). Is there a network? Nothing was changed.',
    '无法连接 {url}（{reason}）。是否有网络？没有任何改动。',
  ],
  [
    '{url} gave another file than was published: {problem}. Nothing was kept; try again.',
    '{url} 给出的文件与发布的不同：{problem}。没有保留任何内容，请重试。',
  ],
  ['{name} is on this machine already, in {folder}.', '{name} 已在本机：{folder}。'],
  ['{name} is being fetched already.', '{name} 正在下载。'],
  [
    'No labelled video is in the {subset} subset. Label some, or choose another subset.',
    '该集合（{subset}）中没有已标注的视频。请标注一些，或选择其他集合。',
  ],
  [
    '{model} has not predicted on {videos} yet. Run a prediction first.',
    '{model} 尚未对 {videos} 进行预测。请先运行预测。',
  ],
  ['There is no model yet. Train one first.', '还没有模型，请先训练。'],
  ['There are no videos to predict on. Add some.', '没有可预测的视频，请先添加。'],
  [
    '{file} is a single picture: nothing starts or ends in it. Add a video of two frames or more.',
    '{file} 只有一帧画面，其中没有动作的开始或结束。请添加至少两帧的视频。',
  ],
  [
    'The program was closed while this job ran. Resume it when you like.',
    '任务运行时程序被关闭。可随时继续。',
  ],
  [
    'The program ended while this job ran. Resume it from its last checkpoint.',
    '任务运行时程序意外结束。可从上个检查点继续。',
  ],
  [
    'The worker ran out of memory. Train at a smaller fidelity, or close other programs.',
    '内存不足。请降低保真度训练，或关闭其他程序。',
  ],
  [
    'The system killed the worker, most likely because memory ran out. Train at a smaller fidelity, or close other programs.',
    '系统终止了训练进程，多半因为内存不足。请降低保真度训练，或关闭其他程序。',
  ],
  ['The disk is full. Free some space and resume the job.', '磁盘已满。请腾出空间后继续任务。'],
  ...ERROR_SENTENCES,
  ...WEIGHT_SENTENCES,
  ...BADGE_SENTENCES,
  ...IMPORT_SENTENCES,
];

interface Rule {
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly chinese: string;
}

const escape = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const rules: readonly Rule[] = SENTENCES.map(([english, chinese]) => {
  const parts = english.split(/\{(\w+)\}/);
  const source = parts.map((part, at) => (at % 2 === 0 ? escape(part) : '(.*?)')).join('');
  return { pattern: new RegExp(`^${source}$`, 's'), names: parts.filter((_, at) => at % 2 === 1), chinese };
});

/** English sentences of the list, with their holes: for the tests. */
export const SERVICE_SENTENCES: readonly string[] = SENTENCES.map(([english]) => english);

/** A sentence of the service in Chinese; what filled the holes is put into Chinese too. Unknown ones come back as they are. */
export function toChinese(text: string): string {
  for (const { pattern, names, chinese } of rules) {
    const match = pattern.exec(text);
    if (match !== null) {
      return chinese.replace(/\{(\w+)\}/g, (_, name: string) => {
        const value = match[names.indexOf(name) + 1] ?? '';
        return value === text ? value : toChinese(value);
      });
    }
  }
  return text;
}
